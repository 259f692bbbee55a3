//! What the adapters' readings have in common: lists and their pages, a top-up found again in a list, a change read from a card's
//! state, and the words and dates that several wires share.
//!
//! Pure. It never guesses: what cannot be told apart is not proof.

use std::collections::BTreeSet;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use super::crypto::sha256;
use super::fields::{Fields, Odd, list, raw_text};
use super::pages::{self, ListRead};
use super::times::plausible;
use super::{Claimed, Error, Seen, Window};
pub(super) use crate::config::wires::plain;
use crate::config::wires::{Dates, Lists, Sign, Spelling};
use crate::domain::card::{Card, CardState, ProviderId};
use crate::domain::completeness::UnreadRow;
use crate::domain::money::Money;
use crate::domain::operation::{Deed, Operation, Pin};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// How far the provider's clock may be behind or ahead of ours.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// A top-up that was sent is in the list within this.
const WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// The earliest time that the row of an operation may carry.
pub(super) fn earliest(operation: &Operation) -> Timestamp {
    operation.created_at.saturating_sub(SKEW).unwrap_or(operation.created_at)
}

/// The latest time that the row of an operation may carry.
fn latest(operation: &Operation) -> Timestamp {
    operation.created_at.saturating_add(WITHIN).unwrap_or(Timestamp::MAX)
}

/// The part of a card's list in which an operation can stand, as seen now.
pub(super) fn window(card: &Card, operation: &Operation, now: Timestamp) -> Window {
    let until = now.max(operation.created_at).min(latest(operation));
    Window { card: Some(card.clone()), since: earliest(operation), until: until.saturating_add(SKEW).unwrap_or(until) }
}

/// The part of a list that one look has read.
#[derive(Debug, Default)]
pub(super) struct Found {
    rows: Vec<Transaction>,
    unread: usize,
    cut: bool,
}

impl Found {
    /// What was read, unless it ended in an error.
    pub(super) fn of(list: ListRead<Transaction>) -> Result<Self, Error> {
        match list.error {
            Some(error) => Err(error),
            None => Ok(Self { rows: list.rows, unread: list.unread.len(), cut: list.gap.is_some() }),
        }
    }

    /// The row of this id.
    pub(super) fn row(&self, id: &str) -> Option<&Transaction> {
        self.rows.iter().find(|row| row.id.eq_ignore_ascii_case(id))
    }

    /// What the rows say of a top-up.
    pub(super) fn judge(&self, operation: &Operation, claimed: &Claimed, fee: Fee) -> Seen {
        if self.cut {
            return Seen::Nowhere { looked: format!("only the first {} rows of a list that goes on", self.rows.len()) };
        }
        match judge(&self.rows, operation, claimed, fee) {
            Seen::Nowhere { looked } if self.unread > 0 => {
                Seen::Nowhere { looked: format!("{looked}, and {} rows could not be read", self.unread) }
            }
            seen => seen,
        }
    }
}

/// Where a provider's fee for a top-up goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fee {
    /// It is taken out of the sum: the list may show what is left.
    Inside,
    /// It is paid beside the sum: the card receives all of it.
    Beside,
}

/// What rows say of a top-up. Credits that prove others, or belong to equal top-ups that are surer than this one, are not proof; with
/// more credits left than equal top-ups in doubt, somebody else sent one, and nobody can tell which is ours.
///
/// Rows are counted by their state, since equal ones have no names: it is DONE when more have arrived than the surer ones have coming, and
/// FAILED only when a row that failed can be no other operation's. What a fee left of a sum counts only where the fee is taken out of it,
/// and only where no row has the sum itself: else a smaller top-up and its fee would prove a larger one.
pub(super) fn judge(rows: &[Transaction], operation: &Operation, claimed: &Claimed, fee: Fee) -> Seen {
    let (since, until) = (earliest(operation), latest(operation));
    let nowhere = |looked: String| Seen::Nowhere { looked };
    let Some(amount) = operation.amount else { return nowhere("it has no amount to look for".to_owned()) };
    let mut ids = BTreeSet::new();
    let free: Vec<&Transaction> = rows
        .iter()
        .filter(|row| {
            row.kind == TransactionKind::TopUp
                && row.card_id.as_deref().is_none_or(|card| card.eq_ignore_ascii_case(&operation.card.id))
                && (since..=until).contains(&row.at)
                && !claimed.credits.contains(&row.id)
                && ids.insert(&row.id)
        })
        .collect();
    let mut candidates: Vec<&Transaction> = free.iter().copied().filter(|row| row.amount.size() == amount).collect();
    if fee == Fee::Inside && candidates.is_empty() {
        candidates = free.into_iter().filter(|row| is_what_is_left(row, amount)).collect();
    }
    let all = candidates.len();
    // A failure before the intent was saved is an earlier try's.
    candidates.retain(|row| !has_failed(row) || row.at >= operation.created_at);
    candidates.sort_by_key(|row| row.at.duration_since(operation.created_at).abs());
    let Some(nearest) = candidates.first() else {
        let what = if all == 0 { "no top-up" } else { "only an older failed top-up" };
        return nowhere(format!("{what} of {amount} in the list since {}", clock(since)));
    };
    let failures = candidates.iter().filter(|row| has_failed(row)).count();
    let left = candidates.len().saturating_sub(claimed.reserved);
    if left > claimed.open + 1 {
        return nowhere(format!("{left} top-ups of {amount} in the list, cannot tell which is ours"));
    }
    let arrived: Vec<&&Transaction> = candidates.iter().filter(|row| row.state == TransactionState::Cleared).collect();
    let coming: Vec<&&Transaction> =
        candidates.iter().filter(|row| matches!(row.state, TransactionState::Hold | TransactionState::Unknown)).collect();
    let alone = claimed.reserved == 0 && claimed.open == 0;
    match (arrived.first(), coming.first()) {
        (Some(row), _) if arrived.len() > claimed.reserved => {
            Seen::Done { proof: format!("+{amount} in the list, id {}", row.id), credit: Some(Arc::clone(&row.id)) }
        }
        (_, Some(row)) if arrived.len() + coming.len() > claimed.reserved => {
            Seen::NotYet { looked: format!("in the list as {}, id {}", row.provider_state, row.id) }
        }
        (None, None) if alone && failures > claimed.failed => {
            let why = nearest.decline_reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            let why = format!("the list says {}{why}, id {}", nearest.provider_state, nearest.id);
            Seen::Failed { why, row: Some(Arc::clone(&nearest.id)) }
        }
        (None, None) => nowhere(format!("a top-up of {amount} failed, id {}, cannot tell whether it was ours", nearest.id)),
        (_, _) => nowhere(format!("every top-up of {amount} in the list since {} is another operation's", clock(since))),
    }
}

fn clock(at: Timestamp) -> jiff::fmt::strtime::Display<'static> {
    at.strftime("%H:%M:%S UTC")
}

/// The row is what is left of a sum after the fee that it names.
fn is_what_is_left(row: &Transaction, amount: Money) -> bool {
    row.fee.and_then(|fee| row.amount.plus(fee.size()).ok()).is_some_and(|sum| sum.size() == amount)
}

const fn has_failed(row: &Transaction) -> bool {
    match row.state {
        TransactionState::Declined | TransactionState::Reversed | TransactionState::Failed => true,
        TransactionState::Cleared | TransactionState::Hold | TransactionState::Unknown => false,
    }
}

/// What a fresh reading of the card says of a freeze, unfreeze or close.
pub(super) fn state(deed: Deed, card: &Card) -> Seen {
    let word = if card.state == CardState::Unknown { &*card.provider_state } else { card.state.word() };
    if word.is_empty() {
        return Seen::Nowhere { looked: "the card came without a state".to_owned() };
    }
    match (deed, card.state) {
        (Deed::Freeze, CardState::Frozen) | (Deed::Unfreeze, CardState::Active) | (Deed::Close, CardState::Closed) => {
            Seen::Done { proof: format!("seen {word}"), credit: None }
        }
        (Deed::Freeze | Deed::Unfreeze, CardState::Blocked | CardState::Closed) => {
            Seen::Failed { why: format!("the card reads {word}"), row: None }
        }
        (
            Deed::Freeze | Deed::Unfreeze | Deed::Close,
            CardState::Active
            | CardState::Frozen
            | CardState::Blocked
            | CardState::Pending
            | CardState::Expired
            | CardState::Unknown,
        ) => Seen::NotYet { looked: format!("the card reads {word}") },
        (Deed::TopUp | Deed::SetPin, _) => Seen::Nowhere { looked: "the card's state does not show it".to_owned() },
    }
}

/// The same error without the PIN, should the provider repeat it in its words: they go into the journal.
pub(super) fn without(error: Error, pins: &[&Pin]) -> Error {
    let said = pins.iter().fold(error.said.to_string(), |said, pin| said.replace(pin.expose(), "****"));
    Error { said: said.into(), ..error }
}

/// The rows of a list. How many there are in all is not read where it is said: it may count the page.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) rows: Vec<Box<RawValue>>,
}

/// Finds the list in an answer whose wrapping is not documented: a bare array, an object that holds one, or one level deeper.
///
/// # Errors
/// When there is none, with the words that came in its place.
pub(super) fn rows(answer: &RawValue) -> Result<Rows, Odd> {
    if answer.get().starts_with('[') {
        let rows = list(answer).ok_or_else(|| Odd::new("answered a list that cannot be read"))?;
        return Ok(Rows { rows });
    }
    let outer = Fields::read(answer).map_err(|_| Odd::new("answered no list"))?;
    let inner = outer.names().filter_map(|name| outer.object(name)).find(|inner| inner.any_list().is_some());
    let holder = if outer.any_list().is_some() { &outer } else { inner.as_ref().unwrap_or(&outer) };
    let total = ["total", "totalCount", "totalRecords", "count"]
        .iter()
        .find_map(|name| holder.integer(name).or_else(|| outer.integer(name)))
        .and_then(|total| u64::try_from(total).ok());
    if let Some(rows) = holder.any_list() {
        return Ok(Rows { rows });
    }
    // Some servers write an empty list as null.
    const LISTS: [&str; 6] = ["data", "items", "records", "transactions", "result", "list"];
    let absent = outer.names().any(|name| LISTS.iter().any(|list| list.eq_ignore_ascii_case(name)) && outer.get(name).is_none());
    let said = outer.first_text(&["message", "error", "remarks", "title", "detail"]);
    if total == Some(0) || absent && said.is_none() {
        return Ok(Rows { rows: Vec::new() });
    }
    let said = said.map_or_else(String::new, |said| format!(": {said}"));
    Err(Odd::new(&format!("answered no list{said}")))
}

/// The object that has one of these keys: the answer itself, or its `data`.
pub(super) fn unwrapped(answer: Fields, known: &[&str]) -> Option<Fields> {
    let has = |fields: &Fields| fields.names().any(|name| known.iter().any(|known| known.eq_ignore_ascii_case(name)));
    if has(&answer) { Some(answer) } else { answer.object("data").filter(has) }
}

/// The provider's words in the body of a refusal: what `words` finds in an object, else the text that it is.
pub(super) fn reason(json: &RawValue, words: impl FnOnce(&Fields) -> Option<Arc<str>>) -> String {
    const NONE: &str = "no reason given";
    match Fields::read(json) {
        Ok(fields) => words(&fields).as_deref().unwrap_or(NONE).to_owned(),
        Err(_) => raw_text(json).unwrap_or_else(|| NONE.to_owned()),
    }
}

/// The first of these fields that is there and reads well; an error only when one was there and none did.
///
/// # Errors
/// What was wrong with the first that was there.
pub(super) fn first<T>(names: &[&str], read: impl Fn(&str) -> Result<Option<T>, Odd>) -> Result<Option<T>, Odd> {
    let mut odd = None;
    for name in names {
        match read(name) {
            Ok(Some(value)) => return Ok(Some(value)),
            Ok(None) => {}
            Err(error) => odd = odd.or(Some(error)),
        }
    }
    odd.map_or(Ok(None), Err)
}

/// `YYYY-MM` of an expiry: `2025-10-01` and what begins so, `10/25` or `10/2025`.
pub(super) fn expires(text: &str) -> Option<Arc<str>> {
    let (year, month) = match text.split_once('/') {
        Some((month, year)) if year.len() == 2 => (format!("20{year}"), month),
        Some((month, year)) => (year.to_owned(), month),
        None => (text.get(..4)?.to_owned(), text.get(4..)?.strip_prefix('-')?.get(..2)?),
    };
    let month: u8 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    let year: u16 = year.parse().ok().filter(|year| (2000..2200).contains(year))?;
    Some(format!("{year}-{month:02}").into())
}

/// The card that a row names; the card whose list it is where it names none. An odd name is kept as text, so that its row never counts
/// as another card's.
pub(super) fn card_id(row: &Fields, names: &[&str], of: Option<&Card>) -> Option<Arc<str>> {
    row.first_id(names).or_else(|| row.first_text(names)).or_else(|| of.map(|card| Arc::clone(&card.key.id)))
}

/// Where a row names its card and itself, for a row that cannot be read otherwise.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) card: &'static [&'static str],
    pub(super) row: &'static [&'static str],
}

/// A row, or which one could not be read: it names its card and itself as far as it can.
pub(super) fn named<T>(
    raw: &RawValue,
    reader: &Reader<'_>,
    of: Option<&Card>,
    names: Names,
    read: Result<T, Odd>,
) -> Result<T, UnreadRow> {
    read.map_err(|why| {
        let row = Fields::read(raw).unwrap_or_default();
        let card = card_id(&row, names.card, of);
        pages::unread(reader.provider, card, row.first_id(names.row), raw.get(), &why)
    })
}

/// What the reading of a row needs to know of its account.
pub(super) struct Reader<'a> {
    pub(super) provider: &'a ProviderId,
    pub(super) spelling: &'a Spelling,
    /// Of times that name none.
    pub(super) zone: TimeZone,
    /// The sign of an amount that leaves the card.
    pub(super) outgoing: Sign,
    /// When the answer came.
    pub(super) at: Timestamp,
}

impl<'a> Reader<'a> {
    pub(super) fn new(provider: &'a ProviderId, spelling: &'a Spelling, lists: &Lists, at: Timestamp) -> Self {
        Self { provider, spelling, zone: lists.zone(), outgoing: lists.outgoing, at }
    }
}

impl Reader<'_> {
    /// When a row happened: the first of these fields that is a time, as long as that is plausible.
    ///
    /// # Errors
    /// When none is there, none can be read, or the time is before 2000 or more than a day ahead.
    pub(super) fn happened(&self, row: &Fields, names: &[&str]) -> Result<Timestamp, Odd> {
        let read = |name: &str| row.time(name, &self.zone)?.map(|at| plausible(name, at, self.at)).transpose();
        first(names, read)?.ok_or_else(|| Odd::new("has no time"))
    }
}

/// A moment as a list takes it.
pub(super) fn moment(second: i64, dates: Dates) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    match dates {
        Dates::Rfc3339 => at.to_string(),
        Dates::Unix => second.to_string(),
        Dates::UnixMillis => at.as_millisecond().to_string(),
        Dates::Day => at.strftime("%Y-%m-%d").to_string(),
    }
}

/// Words for a movement that mean one thing only, on whatever wire.
pub(super) fn kind_of_word(word: &str) -> TransactionKind {
    match plain(word).as_str() {
        "purchase" | "consume" | "consumption" | "payment" | "spend" | "auth" | "authorization" => TransactionKind::Purchase,
        "recharge" | "topup" | "deposit" => TransactionKind::TopUp,
        "refund" => TransactionKind::Refund,
        "reversal" | "reverse" | "void" => TransactionKind::Reversal,
        "fee" => TransactionKind::Fee,
        "withdrawal" | "withdraw" | "atm" | "cash" => TransactionKind::Withdrawal,
        "correction" | "adjustment" => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}

/// The provider's words for a row: its state, with the kind where that is a word of its own.
pub(super) fn words(kind: TransactionKind, kind_word: &str, state_word: &str) -> Arc<str> {
    let own = match kind {
        TransactionKind::Other | TransactionKind::Adjustment => kind_word,
        TransactionKind::Purchase
        | TransactionKind::Refund
        | TransactionKind::Reversal
        | TransactionKind::Fee
        | TransactionKind::TopUp
        | TransactionKind::Withdrawal => "",
    };
    [own, state_word].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").into()
}

/// An amount as the domain keeps it: without a sign where the kind says the direction.
pub(super) fn signed(kind: TransactionKind, amount: Money) -> Money {
    match kind {
        TransactionKind::Adjustment | TransactionKind::Other => amount,
        TransactionKind::Purchase
        | TransactionKind::Refund
        | TransactionKind::Reversal
        | TransactionKind::Fee
        | TransactionKind::TopUp
        | TransactionKind::Withdrawal => amount.size(),
    }
}

/// An id for a row that has none: the same row gives the same id.
pub(super) fn made_id(parts: &[&str]) -> Arc<str> {
    let hash = HEXLOWER.encode(&sha256(parts.join("\n").as_bytes()));
    format!("made-{}", hash.get(..24).unwrap_or(&hash)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{CardKey, ProviderId};
    use crate::domain::operation::{Before, OperationId, OperationState, Proof};
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    fn money(text: &str) -> Money {
        Money::read(text, "USD".parse().expect("a currency")).expect("an amount")
    }

    fn operation() -> Operation {
        let id = OperationId::new(at(0), 7, 1);
        Operation {
            id,
            deed: Deed::TopUp,
            card: CardKey::new(&ProviderId::new("acme"), "c1"),
            last4: None,
            amount: Some(money("30.00")),
            state: OperationState::Unknown,
            reason: None,
            reference: id.reference(),
            provider_reference: None,
            operator: "anay".into(),
            created_at: at(0),
            updated_at: at(0),
            detail: None,
            before: Before::default(),
            proof: Proof::ByListing,
            looks: 0,
            next_look: None,
        }
    }

    fn row(id: &str, amount: &str, second: i64) -> Transaction {
        Transaction {
            provider: ProviderId::new("acme"),
            id: id.into(),
            card_id: Some("c1".into()),
            last4: None,
            kind: TransactionKind::TopUp,
            state: TransactionState::Cleared,
            provider_state: "RECHARGE SUCCESS".into(),
            amount: money(amount),
            fee: None,
            merchant: None,
            mcc: None,
            country: None,
            decline_reason: None,
            description: None,
            at: at(second),
            seen_at: at(second),
            operation: None,
        }
    }

    fn done(rows: &[Transaction], claimed: &[&str]) -> Option<String> {
        let claimed = Claimed { credits: claimed.iter().map(|id| Arc::from(*id)).collect(), ..Claimed::default() };
        match judge(rows, &operation(), &claimed, Fee::Inside) {
            Seen::Done { credit, .. } => credit.map(|id| id.to_string()),
            Seen::Failed { .. } | Seen::NotYet { .. } | Seen::Nowhere { .. } => None,
        }
    }

    #[test]
    fn exactly_one_credit_that_proves_nothing_else_is_proof() {
        assert_eq!(done(&[row("7", "30", 5)], &[]), Some("7".into()));
        assert_eq!(done(&[row("7", "30", 5), row("8", "30", 9)], &[]), None, "two are no proof");
        assert_eq!(done(&[row("7", "30", 5), row("8", "30", 9)], &["7"]), Some("8".into()));
        assert_eq!(done(&[row("7", "30", 5)], &["7"]), None, "a credit proves one operation");
        assert_eq!(done(&[row("7", "30.01", 5)], &[]), None);
        assert_eq!(done(&[row("7", "30", -600)], &[]), None, "it is older than the operation");
        assert_eq!(done(&[row("7", "30", -60)], &[]), Some("7".into()), "clocks differ a little");
        assert_eq!(done(&[Transaction { kind: TransactionKind::Refund, ..row("7", "30", 5) }], &[]), None);
        assert_eq!(done(&[Transaction { fee: Some(money("0.30")), ..row("7", "29.70", 5) }], &[]), Some("7".into()));
    }

    #[test]
    fn equal_top_ups_share_credits_but_never_one() {
        let found = |credits: usize, reserved: usize, open: usize| {
            let rows: Vec<Transaction> = ["7", "8", "9"].iter().take(credits).map(|id| row(id, "30", 5)).collect();
            matches!(
                judge(&rows, &operation(), &Claimed { reserved, open, ..Claimed::default() }, Fee::Inside),
                Seen::Done { .. }
            )
        };
        assert!(!found(1, 1, 0), "the only credit is the surer one's");
        assert!(found(2, 1, 0));
        assert!(found(1, 0, 1), "one of two in doubt happened");
        assert!(found(2, 0, 1), "both happened");
        assert!(!found(3, 0, 1), "somebody else sent one, too");
        assert!(!found(3, 1, 0));
    }

    #[test]
    fn a_pending_row_is_not_yet_and_a_failed_one_failed() {
        let hold = Transaction { state: TransactionState::Hold, ..row("7", "30", 5) };
        assert!(matches!(judge(&[hold], &operation(), &Claimed::default(), Fee::Inside), Seen::NotYet { .. }));
        let failed = Transaction { state: TransactionState::Failed, ..row("7", "30", 5) };
        assert!(matches!(judge(&[failed], &operation(), &Claimed::default(), Fee::Inside), Seen::Failed { .. }));
    }

    #[test]
    fn a_smaller_top_up_and_its_fee_are_not_this_one() {
        let smaller = Transaction { fee: Some(money("1.00")), ..row("7", "29", 5) };
        let look = |rows: &[Transaction], fee| judge(rows, &operation(), &Claimed::default(), fee);
        assert!(matches!(look(std::slice::from_ref(&smaller), Fee::Beside), Seen::Nowhere { .. }), "the fee was paid beside it");
        assert!(matches!(look(std::slice::from_ref(&smaller), Fee::Inside), Seen::Done { .. }), "the fee was taken out of it");
        let exact = row("8", "30", 9);
        let Seen::Done { credit, .. } = look(&[smaller, exact], Fee::Inside) else { panic!("the sum itself is there") };
        assert_eq!(credit.as_deref(), Some("8"));
    }

    #[test]
    fn an_equal_top_up_that_has_arrived_does_not_prove_one_that_is_still_coming() {
        let hold = || Transaction { state: TransactionState::Hold, ..row("8", "30", 5) };
        let failed = || Transaction { state: TransactionState::Failed, ..row("8", "30", 5) };
        let look = |rows: &[Transaction], reserved, open| {
            judge(rows, &operation(), &Claimed { reserved, open, ..Claimed::default() }, Fee::Inside)
        };
        // The other one is surer: what has arrived is its credit, even where its row is nearer to us in time.
        assert!(matches!(look(&[row("7", "30", 1), hold()], 1, 0), Seen::NotYet { .. }));
        assert!(matches!(look(&[row("7", "30", 1), row("8", "30", 5)], 1, 0), Seen::Done { .. }));
        assert!(matches!(look(&[row("7", "30", 1), failed()], 1, 0), Seen::Nowhere { .. }));
        // Two in doubt: one credit is one DONE, and a failure is nobody's.
        assert!(matches!(look(&[row("7", "30", 1), hold()], 0, 1), Seen::Done { .. }));
        assert!(matches!(look(&[failed()], 0, 1), Seen::Nowhere { .. }), "the other one's failure is not ours");
        assert!(matches!(look(&[failed()], 1, 0), Seen::Nowhere { .. }));
        assert!(matches!(look(&[failed()], 0, 0), Seen::Failed { row: Some(id), .. } if &*id == "8"));
        let claimed = Claimed { credits: BTreeSet::from(["8".into()]), ..Claimed::default() };
        let seen = judge(&[failed()], &operation(), &claimed, Fee::Inside);
        assert!(matches!(seen, Seen::Nowhere { .. }), "a failure is one operation's only: {seen:?}");
        // An equal one was refused shortly before, and their clock is ahead: the row may be that one's.
        let claimed = Claimed { failed: 1, ..Claimed::default() };
        let seen = |rows: &[Transaction]| judge(rows, &operation(), &claimed, Fee::Inside);
        assert!(matches!(seen(&[failed()]), Seen::Nowhere { .. }));
        assert!(matches!(seen(&[failed(), row("9", "30", 5)]), Seen::Nowhere { .. }), "it may as well be somebody else's");
    }

    #[test]
    fn a_failure_beside_a_credit_takes_no_credit_away() {
        let failed = |second| Transaction { state: TransactionState::Failed, ..row("8", "30", second) };
        let look = |rows: &[Transaction], open| judge(rows, &operation(), &Claimed { open, ..Claimed::default() }, Fee::Inside);
        let both = [failed(4), row("7", "30", 9)];
        assert!(matches!(look(&both, 1), Seen::Done { credit: Some(id), .. } if &*id == "7"), "one of the two arrived");
        assert!(matches!(look(&both, 0), Seen::Nowhere { .. }), "somebody else sent one, too");
        assert!(matches!(look(&[failed(-60)], 0), Seen::Nowhere { .. }), "an earlier try's");
        assert!(matches!(look(&[failed(-60), row("7", "30", 9)], 0), Seen::Done { .. }), "an earlier try's failure, and ours");
    }

    #[test]
    fn rows_of_other_cards_and_of_later_days_are_not_ours() {
        assert_eq!(done(&[Transaction { card_id: Some("c2".into()), ..row("7", "30", 5) }], &[]), None);
        assert_eq!(done(&[row("7", "30", 3 * 86_400)], &[]), None);
        assert_eq!(done(&[row("7", "30", 5), row("7", "30", 5)], &[]), Some("7".into()), "a row that is sent twice is one");
    }

    #[test]
    fn a_list_that_goes_on_or_cannot_be_read_says_so() {
        let list = |gap: Option<&str>, unread: usize| {
            let provider = ProviderId::new("acme");
            let odd = |raw: usize| pages::unread(&provider, None, None, &raw.to_string(), &Odd::new("has no date"));
            let unread = (0..unread).map(odd).collect();
            Found::of(ListRead { rows: vec![], unread, gap: gap.map(Into::into), error: None }).expect("no error")
        };
        let looked = |found: &Found| match found.judge(&operation(), &Claimed::default(), Fee::Inside) {
            Seen::Nowhere { looked } => looked,
            seen => panic!("{seen:?}"),
        };
        assert!(looked(&list(None, 1)).ends_with("1 rows could not be read"), "{}", looked(&list(None, 1)));
        assert!(looked(&list(Some("its list has no end"), 0)).contains("a list that goes on"));
    }

    #[test]
    fn a_pin_that_the_provider_repeats_does_not_reach_the_journal() {
        let pin = Pin::typed("9078".into()).expect("four digits");
        let said = "PIN 9078 is too easy (9078)";
        let error = without(Error::new(&ProviderId::new("acme"), crate::provider::Kind::Refused, said), &[&pin]);
        assert_eq!(&*error.said, "PIN **** is too easy (****)");
    }

    #[test]
    fn lists_are_found_in_every_wrapping() {
        let count = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).expect("JSON");
            rows(&raw).map(|list| list.rows.len()).ok()
        };
        assert_eq!(count("[{},{}]"), Some(2));
        assert_eq!(count(r#"{"items":[{}],"totalCount":9}"#), Some(1));
        assert_eq!(count(r#"{"code":0,"data":{"total":3,"page":1,"records":[{},{},{}]}}"#), Some(3));
        assert_eq!(count(r#"{"data":null,"total":0}"#), Some(0));
        assert_eq!(count(r#"{"data":null}"#), Some(0));
        assert_eq!(count(r#"{"message":"no such card"}"#), None);
        assert_eq!(count("3"), None);
    }

    #[test]
    fn expiries_are_read_in_the_forms_that_wires_use() {
        for (text, read) in [
            ("2025-10-01", Some("2025-10")),
            ("2027-03-31T00:00:00", Some("2027-03")),
            ("09/28", Some("2028-09")),
            ("7/2029", Some("2029-07")),
            ("13/25", None),
            ("2025-13-01", None),
            ("soon", None),
        ] {
            assert_eq!(expires(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn a_state_is_read_back_from_the_card() {
        let key = CardKey::new(&ProviderId::new("acme"), "c1");
        let seen = |deed, state| super::state(deed, &Card { state, ..Card::unread(key.clone()) });
        assert_eq!(seen(Deed::Freeze, CardState::Frozen), Seen::Done { proof: "seen FROZEN".into(), credit: None });
        assert_eq!(seen(Deed::Freeze, CardState::Active), Seen::NotYet { looked: "the card reads ACTIVE".into() });
        assert!(matches!(seen(Deed::Unfreeze, CardState::Closed), Seen::Failed { .. }));
        assert!(matches!(seen(Deed::Close, CardState::Closed), Seen::Done { .. }));
        assert!(matches!(seen(Deed::Close, CardState::Blocked), Seen::NotYet { .. }), "blocked is not closed");
        assert!(matches!(seen(Deed::Freeze, CardState::Unknown), Seen::Nowhere { .. }), "no word at all says nothing");
    }
}
