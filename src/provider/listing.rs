//! What the adapters' looks have in common: finding a top-up in a list of transactions, and reading a change from a card's state.
//!
//! Pure but for the pages it asks the adapter for. It never guesses: two possible credits are no proof.

use std::sync::Arc;

use jiff::SignedDuration;

use super::crypto::sha256;
use super::{Claimed, Cursor, Provider, Result, Seen, Window};
use crate::domain::card::{Card, CardState};
use crate::domain::money::Money;
use crate::domain::operation::{Deed, Operation};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// How far the provider's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// A top-up that was sent is in the list within this.
const WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// Most pages that one look reads.
const MOST_PAGES: usize = 40;

/// Looks for a top-up in the card's transactions by kind, amount and time.
///
/// # Errors
/// What the provider said to the reads.
pub(super) async fn look(provider: &dyn Provider, card: &Card, operation: &Operation, claimed: &Claimed) -> Result<Seen> {
    let since = operation.created_at.saturating_sub(SKEW).unwrap_or(operation.created_at);
    let until = operation.created_at.saturating_add(WITHIN).unwrap_or(operation.created_at);
    let window = Window { card: Some(card.clone()), since, until };
    let mut rows = Vec::new();
    let mut after: Option<Cursor> = None;
    for _ in 0..MOST_PAGES {
        let page = provider.transactions(&window, after.clone()).await?;
        rows.extend(page.items);
        if page.next.is_none() || page.next == after {
            break;
        }
        after = page.next;
    }
    // Where a fee is quoted it is taken out of the sum (artha wire notes, 2.8); else the card receives all of it (banana wire notes, 5).
    Ok(judge(&rows, operation, claimed, provider.can().quote.is_yes()))
}

/// What the rows say of a top-up. Credits that prove others, or belong to equal top-ups that are surer than this one, are not proof; with
/// more credits left than equal top-ups in doubt, somebody else sent one, and nobody can tell which is ours.
///
/// Rows are counted by their state, since equal ones have no names: it is DONE when more have arrived than the surer ones have coming, and
/// FAILED only when the one row that failed can be nobody else's.
///
/// With `fee_inside` the provider takes its fee out of the sum, and may list what is left: such a row counts where none has the sum itself.
pub(super) fn judge(rows: &[Transaction], operation: &Operation, claimed: &Claimed, fee_inside: bool) -> Seen {
    let since = operation.created_at.saturating_sub(SKEW).unwrap_or(operation.created_at);
    let Some(amount) = operation.amount else { return Seen::Nowhere { looked: "it has no amount to look for".to_owned() } };
    let ours = |row: &&Transaction| row.kind == TransactionKind::TopUp && row.at >= since && !claimed.credits.contains(&row.id);
    let mut candidates: Vec<&Transaction> = rows.iter().filter(ours).filter(|row| row.amount.size() == amount).collect();
    if fee_inside && candidates.is_empty() {
        candidates = rows.iter().filter(ours).filter(|row| is_what_is_left(row, amount)).collect();
    }
    candidates.sort_by_key(|row| row.at.duration_since(operation.created_at).abs());
    let nowhere = |looked: String| Seen::Nowhere { looked };
    let Some(nearest) = candidates.first() else {
        return nowhere(format!("no top-up of {amount} in the list since {}", clock(since)));
    };
    let left = candidates.len().saturating_sub(claimed.reserved);
    if left > claimed.open + 1 {
        return nowhere(format!("{left} top-ups of {amount} in the list, cannot tell which is ours"));
    }
    let (mut arrived, mut coming) = (Vec::new(), Vec::new());
    for row in &candidates {
        match row.state {
            TransactionState::Cleared => arrived.push(row),
            TransactionState::Hold => coming.push(row),
            TransactionState::Declined | TransactionState::Reversed | TransactionState::Failed => {}
        }
    }
    let alone = claimed.reserved == 0 && claimed.open == 0;
    match (arrived.first(), coming.first()) {
        (Some(row), _) if arrived.len() > claimed.reserved => {
            Seen::Done { proof: format!("+{amount} in the list, id {}", row.id), credit: Some(Arc::clone(&row.id)) }
        }
        (_, Some(row)) if arrived.len() + coming.len() > claimed.reserved => {
            Seen::NotYet { looked: format!("in the list as {}, id {}", row.provider_state, row.id) }
        }
        (None, None) if alone => Seen::Failed { why: format!("the list says {}, id {}", nearest.provider_state, nearest.id) },
        (None, None) => nowhere(format!("a top-up of {amount} failed, id {}, cannot tell whether it was ours", nearest.id)),
        (_, _) => nowhere(format!("every top-up of {amount} in the list since {} is another operation's", clock(since))),
    }
}

fn clock(at: jiff::Timestamp) -> jiff::fmt::strtime::Display<'static> {
    at.strftime("%H:%M:%S UTC")
}

/// The row is what is left of a sum after the fee that it names.
fn is_what_is_left(row: &Transaction, amount: Money) -> bool {
    row.fee.and_then(|fee| row.amount.plus(fee.size()).ok()).is_some_and(|sum| sum.size() == amount)
}

/// What a fresh reading of the card says of a freeze, unfreeze or close.
pub(super) fn state(operation: &Operation, card: &Card) -> Seen {
    let word = if card.provider_state.is_empty() { card.state.word() } else { &*card.provider_state };
    let done = match operation.deed {
        Deed::Freeze => card.state == CardState::Frozen,
        Deed::Unfreeze => card.state == CardState::Active,
        // A wire that has one word for "blocked" closes with it.
        Deed::Close => matches!(card.state, CardState::Closed | CardState::Blocked),
        Deed::TopUp | Deed::SetPin => return Seen::Nowhere { looked: "the card's state does not show it".to_owned() },
    };
    if done {
        return Seen::Done { proof: format!("seen {}", card.state.word()), credit: None };
    }
    match (operation.deed, card.state) {
        (Deed::Freeze | Deed::Unfreeze, CardState::Closed | CardState::Expired) => {
            Seen::Failed { why: format!("the card reads {word}") }
        }
        (Deed::Unfreeze, CardState::Blocked) => Seen::Failed { why: format!("the card reads {word}: the issuer blocked it") },
        _ => Seen::NotYet { looked: format!("the card reads {word}") },
    }
}

/// A foreign word without case, blanks and signs, to be compared with ours.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The provider's words for a kind and a state, as they came.
pub(super) fn words(words: &[&str]) -> Arc<str> {
    words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ").into()
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
    let hash = data_encoding::HEXLOWER.encode(&sha256(parts.join("\n").as_bytes()));
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
        match judge(rows, &operation(), &claimed, true) {
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
            matches!(judge(&rows, &operation(), &Claimed { reserved, open, ..Claimed::default() }, true), Seen::Done { .. })
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
        assert!(matches!(judge(&[hold], &operation(), &Claimed::default(), true), Seen::NotYet { .. }));
        let failed = Transaction { state: TransactionState::Failed, ..row("7", "30", 5) };
        assert!(matches!(judge(&[failed], &operation(), &Claimed::default(), true), Seen::Failed { .. }));
    }

    #[test]
    fn a_smaller_top_up_and_its_fee_are_not_this_one() {
        let smaller = Transaction { fee: Some(money("1.00")), ..row("7", "29", 5) };
        let look = |rows: &[Transaction], fee_inside| judge(rows, &operation(), &Claimed::default(), fee_inside);
        assert!(matches!(look(&[smaller.clone()], false), Seen::Nowhere { .. }), "the fee was paid beside it");
        assert!(matches!(look(&[smaller.clone()], true), Seen::Done { .. }), "the fee was taken out of it");
        let exact = row("8", "30", 9);
        let Seen::Done { credit, .. } = look(&[smaller, exact], true) else { panic!("the sum itself is there") };
        assert_eq!(credit.as_deref(), Some("8"));
    }

    #[test]
    fn an_equal_top_up_that_has_arrived_does_not_prove_one_that_is_still_coming() {
        let hold = || Transaction { state: TransactionState::Hold, ..row("8", "30", 5) };
        let failed = || Transaction { state: TransactionState::Failed, ..row("8", "30", 5) };
        let look = |rows: &[Transaction], reserved, open| {
            judge(rows, &operation(), &Claimed { reserved, open, ..Claimed::default() }, true)
        };
        // The other one is surer: what has arrived is its credit, even where its row is nearer to us in time.
        assert!(matches!(look(&[row("7", "30", 1), hold()], 1, 0), Seen::NotYet { .. }));
        assert!(matches!(look(&[row("7", "30", 1), row("8", "30", 5)], 1, 0), Seen::Done { .. }));
        assert!(matches!(look(&[row("7", "30", 1), failed()], 1, 0), Seen::Nowhere { .. }));
        // Two in doubt: one credit is one DONE, and a failure is nobody's.
        assert!(matches!(look(&[row("7", "30", 1), hold()], 0, 1), Seen::Done { .. }));
        assert!(matches!(look(&[failed()], 0, 1), Seen::Nowhere { .. }), "the other one's failure is not ours");
        assert!(matches!(look(&[failed()], 1, 0), Seen::Nowhere { .. }));
        assert!(matches!(look(&[failed()], 0, 0), Seen::Failed { .. }));
    }

    #[test]
    fn a_state_is_read_back_from_the_card() {
        let key = CardKey::new(&ProviderId::new("acme"), "c1");
        let seen = |deed, state| {
            super::state(&Operation { deed, amount: None, ..operation() }, &Card { state, ..Card::unread(key.clone()) })
        };
        assert_eq!(seen(Deed::Freeze, CardState::Frozen), Seen::Done { proof: "seen FROZEN".into(), credit: None });
        assert_eq!(seen(Deed::Freeze, CardState::Active), Seen::NotYet { looked: "the card reads ACTIVE".into() });
        assert!(matches!(seen(Deed::Unfreeze, CardState::Closed), Seen::Failed { .. }));
        assert!(matches!(seen(Deed::Close, CardState::Closed), Seen::Done { .. }));
    }
}
