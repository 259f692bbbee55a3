//! A file of top-ups, read and checked whole: a CSV with the columns `card` and `amount`, and if
//! wanted `currency` and `reason`.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::cli::change::capabilities;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::find::{self, KnownCards};
use crate::cli::session::Session;
use crate::config::spreadsheet::{self, Spreadsheet};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Capabilities, check_action};
use crate::domain::text;
use crate::files;

/// Most bytes of a file.
const LONGEST: u64 = 8 << 20;

const COLUMNS: [&str; 4] = ["card", "amount", "currency", "reason"];

/// A line that may be sent.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) card: Arc<Card>,
    pub(super) amount: Money,
    pub(super) reason: Option<String>,
}

/// Every line of the file.
///
/// # Errors
/// Usage, where the file cannot be read or any line is wrong: all of them are named. Unreachable,
/// where a card is not known and its provider cannot be read.
pub(super) async fn read(session: &Session, path: &Path) -> Result<Vec<Line>, Failure> {
    let name = text::of_path(path);
    let bytes = files::read_roster(path, LONGEST)
        .map_err(|error| Failure::usage(format!("--from: {name} {error}")))?;
    let text = spreadsheet::decode(&bytes).ok_or_else(|| {
        Failure::usage(format!("--from: {name} is neither UTF-8 nor UTF-16: save it as CSV UTF-8"))
    })?;
    let sheet = Spreadsheet::of(&text);
    let columns = columns(&sheet).map_err(|why| Failure::usage(format!("--from: {name} {why}")))?;
    let known = KnownCards::of(session).await;
    let mut reader =
        Reader { session, known, capabilities: HashMap::new(), listed: BTreeSet::new() };
    let (mut lines, mut wrong): (Vec<Line>, Vec<(u64, String)>) = (Vec::new(), Vec::new());
    let mut first: HashMap<(CardKey, String), u64> = HashMap::new();
    for (number, row) in sheet.rows() {
        let read = match row {
            Ok(row) => reader.line(number, &row, &columns).await?,
            Err(why) => Err(format!("the line {why}")),
        };
        match read {
            Ok(line) => {
                let payment = (line.card.key.clone(), line.amount.to_string());
                match first.insert(payment, number) {
                    None => lines.push(line),
                    Some(earlier) => wrong.push((number, equal(earlier))),
                }
            }
            Err(why) => wrong.push((number, why)),
        }
    }
    if wrong.is_empty() && !lines.is_empty() {
        return Ok(lines);
    }
    let count = wrong.len();
    let message = match count {
        0 => format!("--from: {name} has no line to pay"),
        1 => format!("--from: 1 line of {name} is wrong"),
        _ => format!("--from: {count} lines of {name} are wrong"),
    };
    let failure = wrong.iter().fold(Failure::usage(message), |failure, (number, why)| {
        failure.hint(format!("line {number}: {why}"))
    });
    Err(failure)
}

fn equal(earlier: u64) -> String {
    format!(
        "the same card and amount as line {earlier}: equal lines cannot be told apart when the \
         file is run again; make one of both, or pay one in a file of its own with --batch"
    )
}

/// Where the columns are, in the order of [`COLUMNS`].
struct Columns {
    places: [Option<usize>; 4],
    /// How many the first line names.
    count: usize,
}

/// Where the columns are.
fn columns(sheet: &Spreadsheet<'_>) -> Result<Columns, String> {
    let header = sheet.header().map_err(|why| format!("has a first line that {why}"))?;
    for name in header.iter().filter(|name| !name.is_empty()) {
        if !COLUMNS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(format!(
                "has a column {}: the columns are {}",
                text::clean(name),
                COLUMNS.join(", ")
            ));
        }
        if header.iter().filter(|other| other.eq_ignore_ascii_case(name)).count() > 1 {
            return Err(format!("has two columns {}: which one counts?", text::clean(name)));
        }
    }
    let place = |name: &str| header.iter().position(|field| field.eq_ignore_ascii_case(name));
    for needed in ["card", "amount"] {
        if place(needed).is_none() {
            return Err(format!("has no column {needed}: its first line names the columns"));
        }
    }
    Ok(Columns { places: COLUMNS.map(place), count: header.len() })
}

/// Reads lines, and asks each account once what it can do.
struct Reader<'a> {
    session: &'a Session,
    known: KnownCards,
    capabilities: HashMap<CardKey, Capabilities>,
    /// Accounts whose lists were read; `None` where all were.
    listed: BTreeSet<Option<ProviderId>>,
}

impl Reader<'_> {
    /// A line, or what is wrong with it.
    async fn line(
        &mut self,
        number: u64,
        row: &csv::StringRecord,
        columns: &Columns,
    ) -> Result<Result<Line, String>, Failure> {
        if row.len() > columns.count {
            let (found, named) = (row.len(), columns.count);
            return Ok(Err(format!(
                "has {found} fields, and the first line names {named} columns: write an amount \
                 without separators of thousands, or in quotes"
            )));
        }
        let [word, amount, currency, reason] =
            columns.places.map(|at| at.and_then(|at| row.get(at)).unwrap_or_default());
        if word.is_empty() || amount.is_empty() {
            let lacks = if word.is_empty() { "card" } else { "amount" };
            return Ok(Err(format!("has no {lacks}")));
        }
        let card = match self.card(word).await? {
            Ok(card) => card,
            Err(why) => return Ok(Err(why)),
        };
        let capabilities = self.offers(&card).await?;
        let Some(known) = card.currency else {
            return Ok(Err(format!("the currency of {} is not known", card.key)));
        };
        if !currency.is_empty() && !currency.eq_ignore_ascii_case(known.code()) {
            let currency = text::clean(currency);
            return Ok(Err(format!("currency is {currency}, that of {} is {known}", card.key)));
        }
        let quoted = text::clean(amount);
        let amount = match capabilities.typed_amount(amount, known) {
            Ok(amount) => amount,
            Err(why) => return Ok(Err(format!("amount {quoted}: {why}"))),
        };
        if let Err(refusal) = check_action(ActionKind::TopUp, &card, &capabilities, &[]) {
            return Ok(Err(format!("{}: {}", card.key, refusal.reason())));
        }
        let reason = Some(text::clean(reason)).filter(|reason| !reason.is_empty());
        Ok(Ok(Line { number, card, amount, reason }))
    }

    /// The card that a word means. The providers' lists are read once, where one is not known.
    async fn card(&mut self, word: &str) -> Result<Result<Arc<Card>, String>, Failure> {
        let found = match self.known.card(word) {
            Ok(Some(card)) => Ok(card),
            Ok(None) => self.unknown(word).await,
            Err(failure) => Err(failure),
        };
        let card = match found {
            Ok(card) => card,
            // What the provider does not have, or refuses to read, is a mistake of this line.
            Err(failure) if failure.exit != Exit::Unreachable => {
                return Ok(Err(failure.sentence()));
            }
            Err(failure) => return Err(failure),
        };
        match find::ensure_no_other_fits(self.session, word, &card).await {
            Ok(()) => {}
            Err(failure) if failure.exit == Exit::Usage => return Ok(Err(failure.sentence())),
            Err(failure) => return Err(failure),
        }
        if card.currency.is_some() {
            return Ok(Ok(card));
        }
        let read = self.session.engine.read_card(&card.key).await;
        let read = read.map_err(|error| Failure::unread(&error).of_card(&card.key))?;
        Ok(Ok(Arc::new(read)))
    }

    /// A card that is not known yet.
    async fn unknown(&mut self, word: &str) -> Result<Arc<Card>, Failure> {
        let account = find::account_of(self.session, word);
        if self.listed.contains(&None) || self.listed.contains(&account) {
            let found = find::unlisted(self.session, word).await?;
            self.known.add(&found);
            return Ok(found);
        }
        self.listed.insert(account);
        let found = find::card(self.session, word).await;
        self.known = KnownCards::of(self.session).await;
        found
    }

    async fn offers(&mut self, card: &Card) -> Result<Capabilities, Failure> {
        let known = self.capabilities.iter().find(|(key, _)| key.provider == card.key.provider);
        if let Some((_, known)) = known {
            return Ok(*known);
        }
        let found = capabilities(self.session, card).await?;
        self.capabilities.insert(card.key.clone(), found);
        Ok(found)
    }
}
