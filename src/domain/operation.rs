//! Changes asked of a provider: what may be asked, what was asked, and how far it got.
//!
//! A state only moves along [`OperationState::may_become`]. DONE means that the effect was read
//! back; doubt is UNKNOWN.

mod action;
mod capabilities;
pub mod id;
mod pin;
mod policy;
mod refusal;
mod state;
mod step;
mod unavailable;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::card::{Balance, CardKey, CardState, Last4};
use super::money::Money;
use super::proof::{Baseline, Credit, ProvenBy};
use super::transaction::{Transaction, TransactionKind};
pub use action::{Action, ActionKind};
pub use capabilities::{Capabilities, PinRule, Proof, Support, TopUpSafety};
pub use id::{OperationId, OperationIdError};
pub use pin::{Pin, PinError, is_weak_pin};
pub use policy::{OnConflict, check_action};
pub use refusal::Refusal;
pub use state::OperationState;
pub use step::{Step, StepKind};
pub use unavailable::{Unavailable, UnavailableCause};

/// The record of one action: what was asked of which card, by whom, and what is known of it.
///
/// More than twelve fields: the record of the journal, one field a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Made by the program the operator touches, before anything is sent.
    pub id: OperationId,
    /// What was asked.
    pub action_kind: ActionKind,
    /// Of which card.
    pub card: CardKey,
    /// The card's last four digits.
    pub last4: Option<Last4>,
    /// The amount of a top-up.
    pub amount: Option<Money>,
    /// How far it got.
    pub state: OperationState,
    /// The operator's reason (`lost`, `cover decline …`).
    pub reason: Option<Arc<str>>,
    /// Our own reference, stored before sending and sent where the wire has a field for it.
    pub reference: Arc<str>,
    /// What the provider answered with to find it again: a task id or transaction id.
    pub provider_reference: Option<Arc<str>>,
    /// Who asked: the system user.
    pub operator: Arc<str>,
    /// When the intent was saved.
    pub created_at: Timestamp,
    /// When the state or what is known of it last changed.
    pub updated_at: Timestamp,
    /// The last thing known, in words: the proof of DONE, the refusal of FAILED, what was looked
    /// at for UNKNOWN.
    pub detail: Option<Arc<str>>,
    /// The card as it was read just before sending.
    pub before: Before,
    /// How DONE can be established.
    pub proof: Proof,
    /// How often its fate was looked for.
    pub looks: u32,
    /// When it will be looked for again by itself.
    pub next_look: Option<Timestamp>,
    /// What the card's list showed just before a top-up was sent. Operations of earlier cardtops
    /// have none, and no list proves them.
    pub baseline: Option<Baseline>,
    /// Who says how it ended.
    pub proven_by: Option<ProvenBy>,
    /// A person settled it as failed, and it is looked for all the same until then.
    pub watched_until: Option<Timestamp>,
    /// What was seen that contradicts a person's word.
    pub alarm: Option<Arc<str>>,
}

/// What was known of the card when the operation was sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// The provider's id of the cardholder, where its calls want one.
    pub owner: Option<Arc<str>>,
    /// The card's state.
    pub state: Option<CardState>,
    /// The card's balance.
    pub balance: Option<Balance>,
}

impl Operation {
    /// Whether a change of the same card has to wait for this one.
    ///
    /// A top-up waits for every unsettled top-up, since sending twice pays twice. A state or PIN is
    /// set to what is asked, so repeating it does no harm: it waits only while the earlier one is
    /// on its way.
    #[must_use]
    pub fn blocks(&self, asked: ActionKind) -> bool {
        match (self.action_kind, asked) {
            (ActionKind::TopUp, ActionKind::TopUp) => self.is_open(),
            (ActionKind::SetPin, ActionKind::SetPin)
            | (
                ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close,
                ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close,
            ) => self.state == OperationState::Sent,
            _ => false,
        }
    }

    /// Whether its effect is still in doubt or outstanding.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            OperationState::Sent | OperationState::Unknown => true,
            OperationState::Accepted => self.proof != Proof::AnswerOnly,
            OperationState::Done | OperationState::Failed => false,
        }
    }

    /// Whether a row of the card's list may be this top-up: a top-up of its sum that did not fail
    /// and is new. Without a baseline its time decides, give or take ten minutes.
    #[must_use]
    pub fn may_be(&self, row: &Transaction) -> bool {
        let is_new = match &self.baseline {
            Some(baseline) => baseline.classify_row(row, self.created_at) == Credit::New,
            None => row
                .at
                .saturating_add(SignedDuration::from_mins(10))
                .is_ok_and(|at| at >= self.created_at),
        };
        row.kind == TransactionKind::TopUp
            && !row.state.has_failed()
            && is_new
            && self.amount.is_some_and(|sum| row.is_of_sum(sum))
    }

    /// Whether it is looked for: it is open, or a person's word on it is not old enough to be
    /// relied on.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.is_open() || self.watched_until.is_some()
    }

    /// `top-up 30.00 USD`, `freeze lost`, `PIN`: the change in one phrase, without the card.
    #[must_use]
    pub fn phrase(&self) -> String {
        let mut phrase = self.action_kind.phrase().to_owned();
        if let Some(amount) = self.amount {
            phrase.push_str(&format!(" {amount}"));
        }
        if let Some(reason) =
            self.reason.as_deref().filter(|_| self.action_kind != ActionKind::TopUp)
        {
            phrase.push_str(&format!(" {reason}"));
        }
        phrase
    }
}

/// What other operations already have of a provider's credits, when one operation is looked for: a
/// credit settles at most one.
///
/// Equal sums to one card cannot be told apart, and need not be: what counts is that no more
/// operations are DONE than credits came.
#[derive(Clone, Debug, Default)]
pub struct MatchedCredits {
    /// Transactions that already show what became of another operation.
    pub credits: BTreeSet<Arc<str>>,
    /// Equal top-ups that have, or will have, a credit of their own that is not named yet: one
    /// credit each is theirs.
    pub reserved: usize,
    /// Equal top-ups that are as much in doubt as this one.
    pub open: usize,
    /// Equal top-ups that failed about then without a transaction being named: a failed one in the
    /// list may be theirs.
    pub failed: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time of the test")
    }

    #[test]
    fn ids_print_read_back_and_sort_by_time() {
        let first = OperationId::new(at(1_700_000_000), u64::MAX, 7);
        let second = OperationId::new(at(1_700_000_001), 0, 0);
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(first.to_string().to_lowercase().parse(), Ok(first));
        assert!(first < second && first.to_string() < second.to_string());
        assert_eq!(first.reference().len(), 28);
        assert_eq!(first.uuid().len(), 36);
        assert!("8F2K".parse::<OperationId>().is_err());
        assert!("ZZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<OperationId>().is_err());
    }

    #[test]
    fn ids_of_one_session_look_different_to_people() {
        let shorts: std::collections::BTreeSet<_> =
            (0..50).map(|i| OperationId::new(at(1_700_000_000), 42, i).short()).collect();
        assert!(shorts.len() > 48, "{shorts:?}");
    }

    #[test]
    fn weak_pins_are_known_by_their_shape() {
        let weak =
            |digits: &str| Pin::typed(digits.to_owned()).expect("a PIN of the test").is_weak();
        for digits in ["1234", "0000", "9999", "4321", "123456", "777777"] {
            assert!(weak(digits), "{digits}");
        }
        for digits in ["9078", "1212", "1235", "8642", "826419"] {
            assert!(!weak(digits), "{digits}");
        }
        assert!(!is_weak_pin(b"") && !is_weak_pin(b"1"), "too short to tell");
    }

    #[test]
    fn a_pin_is_four_to_six_digits_and_prints_as_stars() {
        for wrong in ["123", "1234567", "12a4", ""] {
            assert!(Pin::typed(wrong.into()).is_err());
        }
        let pin = Pin::typed("9078".into()).expect("four digits");
        assert_eq!(format!("{pin:?}"), "Pin(****)");
        assert!(!format!("{:?}", Action::SetPin { new: Some(pin), old: None }).contains("9078"));
    }

    fn any_state() -> impl Strategy<Value = OperationState> {
        proptest::sample::select(OperationState::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn a_final_state_never_moves_and_doubt_is_never_resent(
            steps in proptest::collection::vec(any_state(), 0..20),
        ) {
            let mut state = OperationState::Sent;
            let mut ended = None;
            for next in steps {
                if state.may_become(next) {
                    prop_assert!(ended.is_none(), "moved after {ended:?}");
                    prop_assert!(next != OperationState::Sent);
                    state = next;
                    if matches!(state, OperationState::Done | OperationState::Failed) {
                        ended = Some(state);
                    }
                }
            }
        }
    }
}
