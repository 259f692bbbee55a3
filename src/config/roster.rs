//! Cards of a provider that has no list: a CSV with a header. A bad line is named and skipped, the
//! rest counts.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};

use hashbrown::HashTable;

use crate::config::spreadsheet::{self, Spreadsheet};
use crate::domain::card::{Card, CardKind, CardRecord, IdForm, ProviderId};
use crate::domain::text::{self, clean};
use crate::files::{self, FileError};

/// Most bytes of a roster: far more than a hundred thousand cards.
const LONGEST: u64 = 64 << 20;

/// The columns beside `id`, in the order in which a row is read.
const OTHERS: [&str; 7] = ["user_id", "holder", "last4", "currency", "kind", "label", "account"];

/// What a roster says.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// The cards, each with what its line says.
    pub cards: Vec<CardRecord>,
    /// Lines that were skipped.
    pub bad: Vec<RosterLineError>,
}

/// A line that was skipped, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterLineError {
    /// The roster.
    pub path: PathBuf,
    /// Number of the line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for RosterLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} line {}: {}; the line is skipped",
            text::of_path(&self.path),
            self.line,
            self.why
        )
    }
}

/// Why a roster cannot be used at all.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct RosterError(String);

/// Reads the roster of a provider.
///
/// # Errors
/// One sentence, when the file cannot be read or has no `id` column.
pub fn read(provider: &ProviderId, form: IdForm, path: &Path) -> Result<Roster, RosterError> {
    let mut cards = Vec::new();
    let bad = read_each(provider, form, path, |card| cards.push(card.into()))?;
    Ok(Roster { cards, bad })
}

/// Reads the roster of a provider and hands each card over, so that no list of all is made. Returns
/// the lines that were skipped.
///
/// # Errors
/// One sentence, when the file cannot be read or has no `id` column: then no card is handed over.
pub fn read_each(
    provider: &ProviderId,
    form: IdForm,
    path: &Path,
    mut take: impl FnMut(Card),
) -> Result<Vec<RosterLineError>, RosterError> {
    let wrong = |words: &str| wrong(provider, path, words);
    let text = text(provider, path)?;
    let sheet = Spreadsheet::of(&text);
    let (id, columns) = columns(&sheet).map_err(|words| wrong(&words))?;
    let mut bad = Vec::new();
    let mut seen = Ids::default();
    for (number, row) in sheet.rows() {
        let why = match row.and_then(|row| read_row(provider, form, &row, id, columns)) {
            Ok(card) if seen.insert(&card.key.id) => {
                take(card);
                continue;
            }
            Ok(card) => format!("the card {} is there twice, the first line counts", card.key.id),
            Err(why) => why,
        };
        bad.push(RosterLineError { path: path.to_owned(), line: number, why });
    }
    Ok(bad)
}

/// The columns of a roster that cardtop does not know, each with the one that may be meant.
///
/// # Errors
/// One sentence, when the file cannot be read or has no `id` column.
pub fn unknown_columns(
    provider: &ProviderId,
    path: &Path,
) -> Result<Vec<(String, Option<&'static str>)>, RosterError> {
    let text = text(provider, path)?;
    let sheet = Spreadsheet::of(&text);
    columns(&sheet).map_err(|words| wrong(provider, path, &words))?;
    let header = sheet.header().unwrap_or_default();
    let known = || ["id"].into_iter().chain(OTHERS);
    let unknown = header
        .iter()
        .filter(|name| !name.is_empty() && !known().any(|known| known.eq_ignore_ascii_case(name)));
    let all: Vec<&'static str> = known().collect();
    Ok(unknown.map(|name| (clean(name), super::nearest(name, &all))).collect())
}

fn wrong(provider: &ProviderId, path: &Path, words: &str) -> RosterError {
    RosterError(format!(
        "the roster {} of {provider} {}",
        text::of_path(path),
        text::one_line(words)
    ))
}

fn text(provider: &ProviderId, path: &Path) -> Result<String, RosterError> {
    let bytes = files::read_roster(path, LONGEST).map_err(|refused| match refused {
        FileError::Missing => wrong(provider, path, "cannot be read: there is no such file"),
        FileError::Unusable(words) => wrong(provider, path, &words),
    })?;
    spreadsheet::decode(&bytes).ok_or_else(|| {
        wrong(provider, path, "is neither UTF-8 nor UTF-16 text: save it as CSV UTF-8")
    })
}

/// Where the first line has the column `id`, and where the others.
fn columns(sheet: &Spreadsheet<'_>) -> Result<(usize, [Option<usize>; 7]), String> {
    let header = sheet.header().map_err(|why| format!("has a first line that {why}"))?;
    let column = |name: &str| header.iter().position(|field| field.eq_ignore_ascii_case(name));
    if let Some(name) = header
        .iter()
        .enumerate()
        .find_map(|(index, name)| (column(name)? < index && !name.is_empty()).then_some(name))
    {
        return Err(format!("has two columns `{}`: which one counts?", clean(name)));
    }
    let Some(id) = column("id") else {
        return Err("has no column `id`: its first line names the columns, such as \
                    id,user_id,holder,last4,currency,kind,label"
            .to_owned());
    };
    Ok((id, OTHERS.map(column)))
}

/// The ids of the lines that were read, in one text: of a million lines none has an allocation of
/// its own.
#[derive(Default)]
struct Ids {
    all: String,
    /// Where each is.
    places: HashTable<(u32, u32)>,
    hasher: RandomState,
}

impl Ids {
    /// Takes in an id; whether it was not there yet.
    fn insert(&mut self, id: &str) -> bool {
        let Self { all, places, hasher } = self;
        let hash = hasher.hash_one(id);
        if places.find(hash, |place| part(all, *place) == id).is_some() {
            return false;
        }
        // A roster has at most `LONGEST` bytes.
        let at = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let place = (at(all.len()), at(all.len() + id.len()));
        all.push_str(id);
        places.insert_unique(hash, place, |place| hasher.hash_one(part(all, *place)));
        true
    }
}

fn part(all: &str, (from, to): (u32, u32)) -> &str {
    let at = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
    all.get(at(from)..at(to)).unwrap_or_default()
}

/// The card of one row. `id` is the index of the column `id`, `columns` those of the others.
fn read_row(
    provider: &ProviderId,
    form: IdForm,
    row: &csv::StringRecord,
    id: usize,
    columns: [Option<usize>; 7],
) -> Result<Card, String> {
    let field = |index: Option<usize>| {
        index.and_then(|index| row.get(index)).map(clean).filter(|text| !text.is_empty())
    };
    // An id may look like a card number and must reach the provider as it is: it is not masked,
    // only refused when it cannot be one.
    let id = row.get(id).filter(|id| !id.is_empty()).ok_or("has no id")?;
    if id.len() > 100 || id.chars().any(|c| c == ' ' || !text::is_safe(c)) {
        return Err("its id has blanks or invisible characters, or is longer than 100".to_owned());
    }
    let [user, holder, last4, currency, kind, label, account] = columns.map(field);
    let mut card = Card::spelled(provider, form, id);
    // An id, too: it is sent as it is written there, not cleaned.
    card.owner = user
        .and(columns.first().copied().flatten())
        .and_then(|index| row.get(index))
        .map(text::printable)
        .map(Into::into);
    card.account = account.map(Into::into);
    card.holder = holder.unwrap_or_default().into();
    card.last4 = last4
        .map(|digits| digits.parse().map_err(|_| format!("last4 is \"{digits}\", not four digits")))
        .transpose()?;
    card.currency = currency
        .map(|code| {
            code.parse().map_err(|_| format!("currency \"{code}\" is not a code such as USD"))
        })
        .transpose()?;
    card.kind = kind
        .map(|word| {
            word.parse::<CardKind>()
                .ok()
                .ok_or(format!("kind is \"{word}\", not virtual or physical"))
        })
        .transpose()?;
    card.labels = label
        .iter()
        .flat_map(|labels| labels.split(';'))
        .map(str::trim)
        .filter(|label| !label.is_empty())
        .map(Into::into)
        .collect();
    Ok(card)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::card::digits;

    fn roster(text: &str) -> Result<Roster, RosterError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roster.csv");
        std::fs::write(&path, text).expect("writing");
        read(&ProviderId::new("acme"), IdForm::Opaque, &path)
    }

    #[test]
    fn good_lines_are_cards_and_bad_ones_are_named_and_skipped() {
        let roster = roster(
            "\u{feff}id,user_id,holder,last4,currency,kind,label\n\
             c1, 77, Mara Lindqvist,4242,usd,Physical,vip;eu\n\
             c2,,,,,,\n\
             ,1,Nobody,,,,\n\
             c3,1,X,42,,,\n\
             c4,1,X,,dollars,,\n\
             c1,1,Again,,,,\n\
             c5,1,\u{1b}[31mred\u{202e},,,plastic,\n\
             c\u{202e}6,,,,,,\n\
             c\u{200b}7,,,,,,\n\
             \n\
             c8,,,8,,,\n\
             c8,,\u{1b}[31mRed\u{202e},0042,,,; vip ;\n\
             c9,,\"Mara,,,,\n\
             c10,,,,,,\n",
        )
        .expect("a roster");
        assert_eq!(
            roster.cards.iter().map(|card| &**card.id()).collect::<Vec<_>>(),
            ["c1", "c2", "c8", "c10"]
        );
        let first = roster.cards.first().expect("a card").card();
        assert_eq!(
            (first.owner.as_deref(), &*first.holder, first.labels.len()),
            (Some("77"), "Mara Lindqvist", 2)
        );
        assert_eq!(
            roster.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(),
            [4, 5, 6, 7, 8, 9, 10, 12, 14]
        );
        let last = roster.cards.get(2).expect("a card").card();
        assert_eq!((&*last.holder, &*last.labels), ("?Red?", &["vip".into()][..]));
        assert_eq!(last.last4.map(|digits| digits.to_string()), Some("0042".into()));
        assert!(
            roster
                .bad
                .iter()
                .all(|bad| !bad.to_string().contains(['\u{1b}', '\u{202e}', '\u{200b}']))
        );
        assert!(
            roster
                .bad
                .iter()
                .any(|bad| bad.to_string().contains("not four digits; the line is skipped"))
        );
    }

    #[test]
    fn rosters_of_every_spreadsheet_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roster.csv");
        let wide = |text: &str, mark: &[u8], unit: fn(u16) -> [u8; 2]| {
            [mark.to_vec(), text.encode_utf16().flat_map(unit).collect::<Vec<u8>>()].concat()
        };
        let plain = "id;holder;last4\r\nc1;Zoë Müller;4242\r\nc2;\"Nord; Süd\";0042\r\n";
        for bytes in [
            plain.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            [b"sep=;\r\n", plain.as_bytes()].concat(),
            plain.replace(';', "\t").replace("Nord\t Süd", "Nord; Süd").into_bytes(),
            wide(plain, b"\xff\xfe", u16::to_le_bytes),
            wide(plain, b"\xfe\xff", u16::to_be_bytes),
            wide(plain, b"", u16::to_le_bytes),
        ] {
            std::fs::write(&path, &bytes).expect("writing");
            let roster = read(&ProviderId::new("acme"), IdForm::Opaque, &path)
                .unwrap_or_else(|error| panic!("{error}"));
            let cards: Vec<(&str, &str, String)> = roster
                .cards
                .iter()
                .map(|card| (&**card.id(), card.holder(), digits(card.last4())))
                .collect();
            let wanted = [
                ("c1", "Zoë Müller", "..4242".to_owned()),
                ("c2", "Nord; Süd", "..0042".to_owned()),
            ];
            assert_eq!((cards.as_slice(), roster.bad.len()), (wanted.as_slice(), 0), "{bytes:?}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_spoils_its_own_line_and_no_other() {
        let roster = roster("id,holder\nc1,\"Mara\nc2,Ana\nc3,\"Bo, Li\"\n").expect("a roster");
        assert_eq!(roster.cards.iter().map(|card| &**card.id()).collect::<Vec<_>>(), ["c2", "c3"]);
        let said: Vec<String> = roster.bad.iter().map(ToString::to_string).collect();
        assert!(
            said[0].ends_with(
                "roster.csv line 2: has a quote that is not closed; the line is skipped"
            ),
            "{said:?}"
        );
    }

    #[test]
    fn a_card_that_the_roster_spells_in_two_ways_is_one_card() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roster.csv");
        let text =
            "id\n3F2504E0-4F89-11D3-9A0C-0305E82C3301\n3f2504e0-4f89-11d3-9a0c-0305e82c3301\n";
        std::fs::write(&path, text).expect("writing");
        let roster = read(&ProviderId::new("acme"), IdForm::Guid, &path).expect("a roster");
        let [card] = roster.cards.as_slice() else { panic!("one card: {:?}", roster.cards) };
        let card = card.card();
        assert_eq!(&*card.key.id, "3f2504e0-4f89-11d3-9a0c-0305e82c3301");
        assert_eq!(
            &*card.wire_id, "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
            "requests keep the spelling"
        );
        assert!(
            roster.bad.iter().any(|bad| bad.why.contains("is there twice")),
            "{:?}",
            roster.bad
        );
    }

    #[test]
    fn the_account_that_pays_for_a_card_is_the_rosters_word() {
        let roster = roster("id,account\n1749, 8204\n1750,\n").expect("a roster");
        let accounts: Vec<Option<Arc<str>>> =
            roster.cards.iter().map(|card| card.card().account).collect();
        assert_eq!(accounts, [Some("8204".into()), None]);
    }

    #[test]
    fn ids_that_look_like_card_numbers_are_kept_and_free_text_is_cut() {
        let roster = roster(
            "id,user_id,holder,label\n4111111111111111,5555555555554444,Mara \
             4111-1111-1111-1111,x 4111111111111111\n",
        );
        let card = roster.expect("a roster").cards.into_iter().next().expect("a card").card();
        assert_eq!(
            (&*card.key.id, card.owner.as_deref()),
            ("4111111111111111", Some("5555555555554444"))
        );
        assert_eq!((&*card.holder, &*card.labels), ("Mara ..1111", &["x ..1111".into()][..]));
    }

    #[test]
    fn a_roster_without_ids_is_refused_in_one_sentence() {
        assert!(
            roster("holder,last4\nMara,4242\n")
                .expect_err("no id")
                .to_string()
                .contains("no column `id`")
        );
        assert!(roster("").expect_err("empty").to_string().contains("no column `id`"));
        assert!(
            roster("id,holder,ID\nc1,Mara,c2\n")
                .expect_err("two ids")
                .to_string()
                .contains("two columns `ID`")
        );
        let none = read(&ProviderId::new("acme"), IdForm::Opaque, Path::new("/nowhere/roster.csv"))
            .expect_err("no file")
            .to_string();
        assert!(none.contains("cannot be read"), "{none}");
    }
}
