//! Cards of a provider that has no list: a CSV with a header. A bad line is named and skipped, the rest counts.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::domain::card::{Card, CardKind, IdForm, ProviderId};
use crate::domain::text::{self, clean};
use crate::files::{self, Refused};

/// Most bytes of a roster: far more than a hundred thousand cards.
const LONGEST: u64 = 64 << 20;

/// What a roster says.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// The cards, each with what its line says.
    pub cards: Vec<Card>,
    /// Lines that were skipped.
    pub bad: Vec<BadLine>,
}

/// A line that was skipped, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The roster.
    pub path: PathBuf,
    /// Number of the line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}; the line is skipped", text::of_path(&self.path), self.line, self.why)
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
    let wrong = |words: &str| RosterError(format!("the roster {} of {provider} {}", text::of_path(path), text::one_line(words)));
    let bytes = files::read_roster(path, LONGEST).map_err(|refused| match refused {
        Refused::Missing => wrong("cannot be read: there is no such file"),
        Refused::Because(words) => wrong(&words),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut csv = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = csv.headers().map_err(|error| wrong(&format!("has no header that can be read: {error}")))?.clone();
    let column = |name: &str| header.iter().position(|field| field.eq_ignore_ascii_case(name));
    if let Some(name) = header.iter().enumerate().find_map(|(at, name)| (column(name)? < at && !name.is_empty()).then_some(name))
    {
        return Err(wrong(&format!("has two columns `{}`: which one counts?", clean(name))));
    }
    let Some(id) = column("id") else {
        return Err(wrong(
            "has no column `id`: its first line names the columns, such as id,user_id,holder,last4,currency,kind,label",
        ));
    };
    let columns = ["user_id", "holder", "last4", "currency", "kind", "label", "account"].map(column);
    let mut roster = Roster::default();
    let mut seen = BTreeSet::new();
    for record in csv.records() {
        let (at, row) = match &record {
            Ok(row) => (row.position(), one(provider, form, row, id, columns)),
            Err(error) => (error.position(), Err("cannot be read".to_owned())),
        };
        let bad = match row {
            Ok(card) if seen.insert(card.key.id.clone()) => {
                roster.cards.push(card);
                continue;
            }
            Ok(card) => format!("the card {} is there twice, the first line counts", card.key.id),
            Err(why) => why,
        };
        roster.bad.push(BadLine { path: path.to_owned(), line: at.map_or(0, |at| line(text, at)), why: bad });
    }
    Ok(roster)
}

/// The line of a row. The CSV reader counts from where the last row ended, empty lines before the row included.
fn line(text: &str, at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte()).ok().and_then(|start| text.as_bytes().get(start..)).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    at.line() + u64::try_from(empty).unwrap_or(0)
}

fn one(
    provider: &ProviderId,
    form: IdForm,
    row: &csv::StringRecord,
    id: usize,
    columns: [Option<usize>; 7],
) -> Result<Card, String> {
    let field = |index: Option<usize>| index.and_then(|index| row.get(index)).map(clean).filter(|text| !text.is_empty());
    if row.iter().any(|text| text.contains(['\n', '\r'])) {
        return Err("goes over several lines: a quote is not closed, and the lines up to the next quote are lost".to_owned());
    }
    // An id may look like a card number and must reach the provider as it is: it is not masked, only refused when it cannot be one.
    let id = row.get(id).filter(|id| !id.is_empty()).ok_or("has no id")?;
    if id.len() > 100 || id.chars().any(|c| c == ' ' || !text::is_safe(c)) {
        return Err("its id has blanks or invisible characters, or is longer than 100".to_owned());
    }
    let [user, holder, last4, currency, kind, label, account] = columns.map(field);
    let mut card = Card::spelled(provider, form, id);
    // An id, too: it is sent as it stands there.
    card.owner = user.and(columns.first().copied().flatten()).and_then(|at| row.get(at)).map(text::printable).map(Into::into);
    card.account = account.map(Into::into);
    card.holder = holder.unwrap_or_default().into();
    card.last4 = last4.map(|digits| digits.parse().map_err(|_| format!("last4 is \"{digits}\", not four digits"))).transpose()?;
    card.currency =
        currency.map(|code| code.parse().map_err(|_| format!("currency \"{code}\" is not a code such as USD"))).transpose()?;
    card.kind =
        kind.map(|word| CardKind::of_word(&word).ok_or(format!("kind is \"{word}\", not virtual or physical"))).transpose()?;
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
    use super::*;

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
        assert_eq!(roster.cards.iter().map(|card| &*card.key.id).collect::<Vec<_>>(), ["c1", "c2", "c8"]);
        let first = roster.cards.first().expect("a card");
        assert_eq!((first.owner.as_deref(), &*first.holder, first.labels.len()), (Some("77"), "Mara Lindqvist", 2));
        assert_eq!(roster.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9, 10, 12, 14]);
        let last = roster.cards.last().expect("a card");
        assert_eq!((&*last.holder, last.labels.as_slice()), ("?Red?", &["vip".into()][..]));
        assert_eq!(last.last4.map(|digits| digits.to_string()), Some("0042".into()));
        assert!(roster.bad.iter().all(|bad| !bad.to_string().contains(['\u{1b}', '\u{202e}', '\u{200b}'])));
        assert!(roster.bad.iter().any(|bad| bad.to_string().contains("not four digits; the line is skipped")));
    }

    #[test]
    fn a_card_that_the_roster_spells_in_two_ways_is_one_card() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roster.csv");
        let text = "id\n3F2504E0-4F89-11D3-9A0C-0305E82C3301\n3f2504e0-4f89-11d3-9a0c-0305e82c3301\n";
        std::fs::write(&path, text).expect("writing");
        let roster = read(&ProviderId::new("acme"), IdForm::Guid, &path).expect("a roster");
        let [card] = roster.cards.as_slice() else { panic!("one card: {:?}", roster.cards) };
        assert_eq!(&*card.key.id, "3f2504e0-4f89-11d3-9a0c-0305e82c3301");
        assert_eq!(&*card.wire_id, "3F2504E0-4F89-11D3-9A0C-0305E82C3301", "requests keep the spelling");
        assert!(roster.bad.iter().any(|bad| bad.why.contains("is there twice")), "{:?}", roster.bad);
    }

    #[test]
    fn the_account_that_pays_for_a_card_is_the_rosters_word() {
        let roster = roster("id,account\n1749, 8204\n1750,\n").expect("a roster");
        let accounts: Vec<Option<&str>> = roster.cards.iter().map(|card| card.account.as_deref()).collect();
        assert_eq!(accounts, [Some("8204"), None]);
    }

    #[test]
    fn ids_that_look_like_card_numbers_are_kept_and_free_text_is_cut() {
        let roster =
            roster("id,user_id,holder,label\n4111111111111111,5555555555554444,Mara 4111-1111-1111-1111,x 4111111111111111\n");
        let card = roster.expect("a roster").cards.into_iter().next().expect("a card");
        assert_eq!((&*card.key.id, card.owner.as_deref()), ("4111111111111111", Some("5555555555554444")));
        assert_eq!((&*card.holder, card.labels.as_slice()), ("Mara ..1111", &["x ..1111".into()][..]));
    }

    #[test]
    fn a_roster_without_ids_is_refused_in_one_sentence() {
        assert!(roster("holder,last4\nMara,4242\n").expect_err("no id").to_string().contains("no column `id`"));
        assert!(roster("").expect_err("empty").to_string().contains("no column `id`"));
        assert!(roster("id,holder,ID\nc1,Mara,c2\n").expect_err("two ids").to_string().contains("two columns `ID`"));
        let none =
            read(&ProviderId::new("acme"), IdForm::Opaque, Path::new("/nowhere/roster.csv")).expect_err("no file").to_string();
        assert!(none.contains("cannot be read"), "{none}");
    }
}
