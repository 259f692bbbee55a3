//! The top-ups in a card's list, and what they prove of one that we sent: for wires on which a
//! top-up has no name of its own.
//!
//! Pure: the list is read by [`pages`](super::pages). It never guesses: what cannot be told apart
//! is not proof.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::pages::ListRead;
use super::{Evidence, Lookup, MatchedCredits, Result, Window};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::{Credit, UNMEASURED};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// A top-up that was sent is in the list within this.
const WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// How long before an operation a credit of somebody else may have come and is told for what it is.
const SHORTLY: SignedDuration = SignedDuration::from_mins(10);

/// The top-ups of one card's list.
#[derive(Clone, Debug, Default)]
pub struct Credits {
    /// Each once, in the order of the list.
    pub rows: Vec<Transaction>,
    /// Ids of all rows of the list and of their tasks, whatever their kind, also of rows that
    /// could not be read.
    pub ids: BTreeSet<Arc<str>>,
    /// Rows that could not be read.
    pub unread: usize,
    /// Of those, the ones that have no id.
    pub nameless: usize,
    /// The list may have more than was read.
    pub cut: bool,
}

impl Credits {
    /// The top-ups of a list that was read.
    ///
    /// # Errors
    /// What ended the reading early.
    pub(super) fn of(list: ListRead<Transaction>) -> Result<Self> {
        if let Some(error) = list.error {
            return Err(error);
        }
        let of_rows = list.rows.iter().flat_map(|row| [Some(&row.id), row.task.as_ref()]);
        let ids = of_rows
            .chain(list.unread.iter().map(|row| row.id.as_ref()))
            .flatten()
            .cloned()
            .collect();
        let nameless = list.unread.iter().filter(|row| row.id.is_none()).count();
        let mut rows: Vec<Transaction> = Vec::new();
        for row in list.rows.into_iter().filter(|row| row.kind == TransactionKind::TopUp) {
            if !rows.iter().any(|known| known.is_same_row(&row)) {
                rows.push(row);
            }
        }
        Ok(Self { rows, ids, unread: list.unread.len(), nameless, cut: list.gap.is_some() })
    }

    /// The newest top-up of a card and a sum that came at `since` or later, by the provider's
    /// clock, and did not fail.
    #[must_use]
    pub fn newest_of(&self, amount: Money, since: Timestamp) -> Option<&Transaction> {
        let equal = self.rows.iter().filter(|row| !row.state.has_failed() && row.is_of_sum(amount));
        equal.filter(|row| row.at >= since).max_by_key(|row| row.at)
    }
}

/// The part of a card's list that is read for its top-ups: from `since`, by the provider's clock,
/// to whatever it calls now.
pub(super) fn search_window(card: &Card, since: Timestamp, now: Timestamp) -> Window {
    let until = now.max(since).saturating_add(UNMEASURED).unwrap_or(Timestamp::MAX);
    Window { card: Some(card.clone()), since, until }
}

/// From when on the list is read for an operation, by the provider's clock.
pub(super) fn search_start(operation: &Operation) -> Timestamp {
    let earliest = match &operation.baseline {
        Some(baseline) => baseline.earliest(operation.created_at),
        None => operation.created_at,
    };
    // What came shortly before is told, too.
    earliest.saturating_sub(SHORTLY).unwrap_or(earliest)
}

/// What an account's list can prove.
#[derive(Clone, Copy, Debug)]
pub(super) struct MatchRules {
    /// Where the fee goes.
    pub(super) fee: FeePlacement,
    /// Other systems of the merchant top up the same cards.
    pub(super) others_top_up: bool,
}

/// Where a provider's fee for a top-up goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeePlacement {
    /// It is taken out of the sum: the list may show what is left.
    Deducted,
    /// It is paid beside the sum: the card receives all of it.
    OnTop,
}

/// What a list says of a top-up that has no name of its own in it.
///
/// Only a *new* top-up of the same sum can be ours: one that the baseline does not have and that is
/// not from before the intent. Credits that prove others, or belong to equal top-ups that are surer
/// than this one, are not proof; with more left than equal top-ups in doubt, somebody else sent
/// one. It is DONE when more have arrived than the surer ones have coming, and FAILED only when a
/// row that failed can be no other operation's.
///
/// Where other systems top up the same cards, an equal credit after the intent may always be
/// theirs: then a lost answer is never DONE or FAILED by a list, and one that the provider accepted
/// is DONE by exactly one new credit.
pub(super) fn match_top_up(
    credits: &Credits,
    operation: &Operation,
    claimed: &MatchedCredits,
    rules: MatchRules,
) -> Lookup {
    if credits.cut {
        return Lookup::not_found(format!(
            "only the first {} top-ups of a list that goes on",
            credits.rows.len()
        ));
    }
    let seen = match_rows(&credits.rows, operation, claimed, rules);
    match seen {
        Lookup::NotFound { looked, candidate } if credits.unread > 0 => Lookup::NotFound {
            looked: format!("{looked}, and {} rows could not be read", credits.unread),
            candidate,
        },
        seen => seen,
    }
}

fn match_rows(
    rows: &[Transaction],
    operation: &Operation,
    claimed: &MatchedCredits,
    rules: MatchRules,
) -> Lookup {
    let Some(amount) = operation.amount else {
        return Lookup::not_found("it has no amount to look for");
    };
    let Some(baseline) = &operation.baseline else {
        return Lookup::not_found(
            "an earlier cardtop sent it and kept no list to compare with, so no list proves it",
        );
    };
    let asked = baseline.provider_time(operation.created_at);
    // What a person settled is looked for as long as it is watched.
    let latest = asked.saturating_add(WITHIN).unwrap_or(Timestamp::MAX);
    let latest =
        operation.watched_until.map_or(latest, |until| latest.max(baseline.provider_time(until)));
    let free = || {
        rows.iter().filter(|row| {
            row.kind == TransactionKind::TopUp
                && row.card_id.as_deref().is_none_or(|card| *card == *operation.card.id)
                && !claimed.credits.contains(&row.id)
                && row.at <= latest
        })
    };
    let is_new = |row: &&Transaction| baseline.judge_row(row, operation.created_at) == Credit::New;
    let mut new: Vec<&Transaction> =
        free().filter(is_new).filter(|row| row.amount.abs() == amount).collect();
    if rules.fee == FeePlacement::Deducted && new.is_empty() {
        new = free().filter(is_new).filter(|row| row.is_of_sum(amount)).collect();
    }
    new.sort_by_key(|row| row.at.duration_since(asked).abs());
    let clocks = baseline.about_clocks();
    let Some(nearest) = new.first() else {
        let earlier = free()
            .filter(|row| row.amount.abs() == amount && !row.state.has_failed() && !is_new(row))
            .max_by_key(|row| row.at);
        let earlier = earlier.filter(|row| asked.duration_since(row.at) <= SHORTLY).map_or_else(
            String::new,
            |row| {
                format!(
                    "; one came {} (id {}): it may be somebody else's",
                    distance(row.at, asked),
                    row.id
                )
            },
        );
        return Lookup::not_found(format!(
            "no new top-up of {amount} in the list since {}{earlier}{clocks}",
            clock(asked)
        ));
    };
    let told = |row: &Transaction| {
        format!("a top-up of {amount} {} (id {})", distance(row.at, asked), row.id)
    };
    let arrived: Vec<&&Transaction> =
        new.iter().filter(|row| row.state == TransactionState::Cleared).collect();
    let is_coming = |row: &&&Transaction| {
        matches!(row.state, TransactionState::Hold | TransactionState::Unknown)
    };
    let coming: Vec<&&Transaction> = new.iter().filter(is_coming).collect();
    let failures = new.iter().filter(|row| row.state.has_failed()).count();
    let alone = claimed.reserved == 0 && claimed.open == 0;
    if baseline.unread > 0 {
        let looked = format!(
            "{}, but the list just before it had {} rows that could not be read: it may be one of \
             those",
            told(nearest),
            baseline.unread
        );
        return Lookup::NotFound { looked, candidate: Some(Arc::clone(&nearest.id)) };
    }
    if rules.others_top_up {
        let answered = operation.state == OperationState::Accepted;
        return match (answered && alone, new.as_slice(), arrived.as_slice(), coming.as_slice()) {
            (true, [_], [row], []) => done(row, amount),
            (true, [_], [], [row]) => Lookup::Pending {
                looked: format!("in the list as {}, id {}", row.provider_state, row.id),
            },
            _ => {
                let more = if new.len() > 1 {
                    format!(" and {} more", new.len() - 1)
                } else {
                    String::new()
                };
                let looked = format!(
                    "{}{more}, but other systems top up this card too: whose it is cannot be \
                     told, a person has to settle it{clocks}",
                    told(nearest)
                );
                Lookup::NotFound { looked, candidate: Some(Arc::clone(&nearest.id)) }
            }
        };
    }
    let ambiguous =
        |looked: String| Lookup::NotFound { looked, candidate: Some(Arc::clone(&nearest.id)) };
    if new.len().saturating_sub(claimed.reserved) > claimed.open + 1 {
        return ambiguous(format!(
            "{} new top-ups of {amount} in the list, cannot tell which is ours{clocks}",
            new.len()
        ));
    }
    match (arrived.first(), coming.first()) {
        (Some(row), _) if arrived.len() > claimed.reserved => done(row, amount),
        (_, Some(row)) if arrived.len() + coming.len() > claimed.reserved => Lookup::Pending {
            looked: format!("in the list as {}, id {}", row.provider_state, row.id),
        },
        (None, None) if alone && failures > claimed.failed => {
            let why =
                nearest.decline_reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            let why = format!("the list says {}{why}, id {}", nearest.provider_state, nearest.id);
            Lookup::Failed { why, row: Some(Arc::clone(&nearest.id)) }
        }
        (None, None) => Lookup::not_found(format!(
            "{} failed, cannot tell whether it was ours{clocks}",
            told(nearest)
        )),
        (_, _) => Lookup::not_found(format!(
            "every new top-up of {amount} in the list is another operation's{clocks}"
        )),
    }
}

fn done(row: &Transaction, amount: Money) -> Lookup {
    let proof = format!("+{amount} in the list, id {}", row.id);
    Lookup::Done { proof, credit: Some(Arc::clone(&row.id)), by: Evidence::List }
}

/// `12 s before`, `3 s after`: of the moment when the operation was asked.
fn distance(at: Timestamp, asked: Timestamp) -> String {
    let seconds = at.duration_since(asked).as_secs();
    if seconds < 0 {
        format!("{} s before it was asked", -seconds)
    } else {
        format!("{seconds} s after it was asked")
    }
}

fn clock(at: Timestamp) -> jiff::fmt::strtime::Display<'static> {
    at.strftime("%H:%M:%S UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::CardKey;
    use crate::domain::card::ProviderId;
    use crate::domain::operation::{ActionKind, Before, OperationId, Proof};
    use crate::domain::proof::{Baseline, ClockOffset};
    use std::collections::BTreeSet;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    fn money(text: &str) -> Money {
        Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
    }

    /// A list that had these top-ups; the clocks agree to half a second.
    fn baseline(credits: &[&str]) -> Baseline {
        Baseline {
            read_at: at(0),
            since: at(-600),
            credits: credits.iter().map(|id| Arc::from(*id)).collect(),
            newest: None,
            unread: 0,
            clock: Some(ClockOffset {
                offset: SignedDuration::ZERO,
                uncertainty: SignedDuration::from_millis(500),
            }),
        }
    }

    /// Nobody else tops up: the list alone may decide.
    const ALONE: MatchRules = MatchRules { fee: FeePlacement::Deducted, others_top_up: false };

    /// Other systems top up, too.
    const OTHERS: MatchRules = MatchRules { fee: FeePlacement::Deducted, others_top_up: true };

    fn match_by(
        rows: &[Transaction],
        operation: &Operation,
        claimed: &MatchedCredits,
        fee: FeePlacement,
    ) -> Lookup {
        match_rows(rows, operation, claimed, MatchRules { fee, ..ALONE })
    }

    fn operation() -> Operation {
        let id = OperationId::new(at(0), 7, 1);
        Operation {
            id,
            action_kind: ActionKind::TopUp,
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
            baseline: Some(baseline(&[])),
            proven_by: None,
            watched_until: None,
            alarm: None,
        }
    }

    fn row(id: &str, amount: &str, second: i64) -> Transaction {
        Transaction {
            provider: ProviderId::new("acme"),
            id: id.into(),
            task: None,
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
            listed: crate::domain::transaction::Listed::Still,
        }
    }

    fn done(rows: &[Transaction], claimed: &[&str]) -> Option<String> {
        let claimed = MatchedCredits {
            credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
            ..MatchedCredits::default()
        };
        match match_by(rows, &operation(), &claimed, FeePlacement::Deducted) {
            Lookup::Done { credit, .. } => credit.map(|id| id.to_string()),
            Lookup::Failed { .. } | Lookup::Pending { .. } | Lookup::NotFound { .. } => None,
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
        assert_eq!(
            done(&[row("7", "30", -60)], &[]),
            None,
            "it was there before, as the clocks say"
        );
        assert_eq!(
            done(&[Transaction { kind: TransactionKind::Refund, ..row("7", "30", 5) }], &[]),
            None
        );
        assert_eq!(
            done(&[Transaction { fee: Some(money("0.30")), ..row("7", "29.70", 5) }], &[]),
            Some("7".into())
        );
    }

    #[test]
    fn equal_top_ups_share_credits_but_never_one() {
        let found = |credits: usize, reserved: usize, open: usize| {
            let rows: Vec<Transaction> =
                ["7", "8", "9"].iter().take(credits).map(|id| row(id, "30", 5)).collect();
            matches!(
                match_by(
                    &rows,
                    &operation(),
                    &MatchedCredits { reserved, open, ..MatchedCredits::default() },
                    FeePlacement::Deducted
                ),
                Lookup::Done { .. }
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
        assert!(matches!(
            match_by(&[hold], &operation(), &MatchedCredits::default(), FeePlacement::Deducted),
            Lookup::Pending { .. }
        ));
        let failed = Transaction { state: TransactionState::Failed, ..row("7", "30", 5) };
        assert!(matches!(
            match_by(&[failed], &operation(), &MatchedCredits::default(), FeePlacement::Deducted),
            Lookup::Failed { .. }
        ));
    }

    #[test]
    fn a_smaller_top_up_and_its_fee_are_not_this_one() {
        let smaller = Transaction { fee: Some(money("1.00")), ..row("7", "29", 5) };
        let look = |rows: &[Transaction], fee| {
            match_by(rows, &operation(), &MatchedCredits::default(), fee)
        };
        assert!(
            matches!(
                look(std::slice::from_ref(&smaller), FeePlacement::OnTop),
                Lookup::NotFound { .. }
            ),
            "the fee was paid beside it"
        );
        assert!(
            matches!(
                look(std::slice::from_ref(&smaller), FeePlacement::Deducted),
                Lookup::Done { .. }
            ),
            "the fee was taken out of it"
        );
        let exact = row("8", "30", 9);
        let Lookup::Done { credit, .. } = look(&[smaller, exact], FeePlacement::Deducted) else {
            panic!("the sum itself is there")
        };
        assert_eq!(credit.as_deref(), Some("8"));
    }

    #[test]
    fn an_equal_top_up_that_has_arrived_does_not_prove_one_that_is_still_coming() {
        let hold = || Transaction { state: TransactionState::Hold, ..row("8", "30", 5) };
        let failed = || Transaction { state: TransactionState::Failed, ..row("8", "30", 5) };
        let look = |rows: &[Transaction], reserved, open| {
            match_by(
                rows,
                &operation(),
                &MatchedCredits { reserved, open, ..MatchedCredits::default() },
                FeePlacement::Deducted,
            )
        };
        // The other one is surer: what has arrived is its credit, even where its row is nearer to
        // us in time.
        assert!(matches!(look(&[row("7", "30", 1), hold()], 1, 0), Lookup::Pending { .. }));
        assert!(matches!(look(&[row("7", "30", 1), row("8", "30", 5)], 1, 0), Lookup::Done { .. }));
        assert!(matches!(look(&[row("7", "30", 1), failed()], 1, 0), Lookup::NotFound { .. }));
        // Two in doubt: one credit is one DONE, and a failure is nobody's.
        assert!(matches!(look(&[row("7", "30", 1), hold()], 0, 1), Lookup::Done { .. }));
        assert!(
            matches!(look(&[failed()], 0, 1), Lookup::NotFound { .. }),
            "the other one's failure is not ours"
        );
        assert!(matches!(look(&[failed()], 1, 0), Lookup::NotFound { .. }));
        assert!(
            matches!(look(&[failed()], 0, 0), Lookup::Failed { row: Some(id), .. } if &*id == "8")
        );
        let claimed =
            MatchedCredits { credits: BTreeSet::from(["8".into()]), ..MatchedCredits::default() };
        let seen = match_by(&[failed()], &operation(), &claimed, FeePlacement::Deducted);
        assert!(
            matches!(seen, Lookup::NotFound { .. }),
            "a failure is one operation's only: {seen:?}"
        );
        // An equal one was refused shortly before, and their clock is ahead: the row may be that
        // one's.
        let claimed = MatchedCredits { failed: 1, ..MatchedCredits::default() };
        let seen =
            |rows: &[Transaction]| match_by(rows, &operation(), &claimed, FeePlacement::Deducted);
        assert!(matches!(seen(&[failed()]), Lookup::NotFound { .. }));
        assert!(
            matches!(seen(&[failed(), row("9", "30", 5)]), Lookup::NotFound { .. }),
            "it may as well be somebody else's"
        );
    }

    #[test]
    fn a_failure_beside_a_credit_takes_no_credit_away() {
        let failed =
            |second| Transaction { state: TransactionState::Failed, ..row("8", "30", second) };
        let look = |rows: &[Transaction], open| {
            match_by(
                rows,
                &operation(),
                &MatchedCredits { open, ..MatchedCredits::default() },
                FeePlacement::Deducted,
            )
        };
        let both = [failed(4), row("7", "30", 9)];
        assert!(
            matches!(look(&both, 1), Lookup::Done { credit: Some(id), .. } if &*id == "7"),
            "one of the two arrived"
        );
        assert!(matches!(look(&both, 0), Lookup::NotFound { .. }), "somebody else sent one, too");
        assert!(matches!(look(&[failed(-60)], 0), Lookup::NotFound { .. }), "an earlier try's");
        assert!(
            matches!(look(&[failed(-60), row("7", "30", 9)], 0), Lookup::Done { .. }),
            "an earlier try's failure, and ours"
        );
    }

    fn list(rows: Vec<Transaction>, unread: usize, gap: Option<&str>) -> Credits {
        let provider = ProviderId::new("acme");
        let odd = |raw: usize| {
            super::super::pages::unread(
                &provider,
                None,
                None,
                &raw.to_string(),
                &super::super::json::RowError::new("has no date"),
            )
        };
        let unread = (0..unread).map(odd).collect();
        Credits::of(ListRead { rows, unread, gap: gap.map(Into::into), error: None })
            .expect("no error")
    }

    #[test]
    fn rows_of_other_cards_and_of_later_days_are_not_ours() {
        assert_eq!(
            done(&[Transaction { card_id: Some("c2".into()), ..row("7", "30", 5) }], &[]),
            None
        );
        assert_eq!(done(&[row("7", "30", 3 * 86_400)], &[]), None);
        let found = list(
            vec![
                row("7", "30", 5),
                Transaction { kind: TransactionKind::Refund, ..row("8", "30", 5) },
            ],
            0,
            None,
        );
        assert_eq!(found.rows.len(), 1, "only top-ups count");
    }

    #[test]
    fn a_list_that_goes_on_or_cannot_be_read_says_so() {
        let looked = |found: &Credits| match super::match_top_up(
            found,
            &operation(),
            &MatchedCredits::default(),
            ALONE,
        ) {
            Lookup::NotFound { looked, .. } => looked,
            seen => panic!("{seen:?}"),
        };
        let odd = looked(&list(vec![], 1, None));
        assert!(odd.ends_with("1 rows could not be read"), "{odd}");
        let cut = looked(&list(vec![row("1", "30", 5)], 0, Some("its list has no end")));
        assert!(cut.contains("a list that goes on"), "{cut}");
    }

    #[test]
    fn somebody_elses_credit_from_before_the_intent_proves_nothing() {
        let with =
            |credits: &[&str]| Operation { baseline: Some(baseline(credits)), ..operation() };
        let look = |rows: &[Transaction], operation: &Operation| {
            match_rows(rows, operation, &MatchedCredits::default(), ALONE)
        };
        let Lookup::NotFound { looked, candidate: None } = look(&[row("7", "30", -12)], &with(&[]))
        else {
            panic!("it came before")
        };
        assert!(
            looked.contains("one came 12 s before it was asked (id 7): it may be somebody else's"),
            "{looked}"
        );
        assert!(
            matches!(
                look(&[row("7", "30", 0)], &with(&["7"])),
                Lookup::NotFound { candidate: None, .. }
            ),
            "it was in the list"
        );
        assert!(
            matches!(
                look(&[row("7", "30", 0)], &with(&[])),
                Lookup::Done { by: Evidence::List, .. }
            ),
            "the list did not have it"
        );
        let old = Operation { baseline: None, ..operation() };
        assert!(
            matches!(look(&[row("7", "30", 5)], &old), Lookup::NotFound { candidate: None, .. }),
            "nothing to compare with"
        );
    }

    #[test]
    fn where_others_top_up_a_lost_answer_is_left_to_a_person() {
        let look = |rows: &[Transaction], state, claimed: &MatchedCredits| {
            match_rows(rows, &Operation { state, ..operation() }, claimed, OTHERS)
        };
        let alone = MatchedCredits::default();
        let failed = || Transaction { state: TransactionState::Failed, ..row("7", "30", 5) };
        for lost in [OperationState::Unknown, OperationState::Sent] {
            let Lookup::NotFound { looked, candidate: Some(id) } =
                look(&[row("7", "30", 5)], lost, &alone)
            else {
                panic!("{lost:?}")
            };
            assert_eq!(&*id, "7");
            assert!(looked.contains("a person has to settle it"), "{looked}");
            assert!(
                matches!(look(&[failed()], lost, &alone), Lookup::NotFound { .. }),
                "it may be the others' that failed"
            );
        }
        let accepted = OperationState::Accepted;
        assert!(
            matches!(look(&[row("7", "30", 5)], accepted, &alone), Lookup::Done { credit: Some(id), .. } if &*id == "7")
        );
        assert!(matches!(
            look(&[row("7", "30", 5), row("8", "30", 9)], accepted, &alone),
            Lookup::NotFound { candidate: Some(_), .. }
        ));
        assert!(matches!(
            look(&[failed()], accepted, &alone),
            Lookup::NotFound { candidate: Some(_), .. }
        ));
        let rival = MatchedCredits { open: 1, ..MatchedCredits::default() };
        assert!(
            matches!(look(&[row("7", "30", 5)], accepted, &rival), Lookup::NotFound { .. }),
            "another of ours is as much in doubt"
        );
    }
}
