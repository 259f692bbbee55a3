//! Changes asked of a provider: what may be asked, what was asked, and how far it got.
//!
//! A state only moves along [`OperationState::may_become`]. DONE means that the effect was read
//! back; doubt is UNKNOWN.

mod step;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

use super::UnknownWord;
use super::card::{Balance, Card, CardKey, CardKind, CardState, Last4};
use super::money::{Currency, Money, MoneyError};
use super::proof::{Baseline, Credit, ProvenBy};
use super::transaction::{Transaction, TransactionKind};
pub use step::{Step, StepKind};

/// The record of one action: what was asked of which card, by whom, and what is known of it.
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
            Some(baseline) => baseline.judge_row(row, self.created_at) == Credit::New,
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

/// Name of an operation: 128 bits, of which the first 48 are milliseconds since 1970, so that ids
/// sort by time.
///
/// Printed as 26 characters of Crockford's base 32, which any wire takes as a reference; as a UUID
/// where one is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(u128);

const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl OperationId {
    /// The `count`th id of a session, whose 64 random bits were drawn once at its start.
    #[must_use]
    pub fn new(at: Timestamp, session: u64, count: u16) -> Self {
        let millis = u128::from(u64::try_from(at.as_millisecond()).unwrap_or(0)) & 0xffff_ffff_ffff;
        Self(millis << 80 | u128::from(session) << 16 | u128::from(count))
    }

    /// Four characters for people: `8F2K`. Not unique; lists show it, nothing is decided by it.
    #[must_use]
    pub fn short(self) -> String {
        let mut mixed = self.0 ^ (self.0 >> 64);
        mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        (0..4).map(|i| letter(mixed >> (100 + 5 * i))).collect()
    }

    /// In the form of a UUID, for wires that want one.
    #[must_use]
    pub fn uuid(self) -> String {
        let hex = format!("{:032x}", self.0);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }

    /// Our reference for a change: `ct` and the id, 28 letters and digits.
    #[must_use]
    pub fn reference(self) -> Arc<str> {
        format!("ct{self}").into()
    }
}

fn letter(bits: u128) -> char {
    let index = usize::try_from(bits & 31).unwrap_or(0);
    char::from(BASE32.get(index).copied().unwrap_or(b'0'))
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = (0..26).rev().map(|i| letter(self.0 >> (5 * i))).collect();
        f.pad(&text)
    }
}

/// Not an operation's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an operation id: 26 letters and digits")]
pub struct OperationIdError;

impl FromStr for OperationId {
    type Err = OperationIdError;

    fn from_str(text: &str) -> Result<Self, OperationIdError> {
        if text.len() != 26 {
            return Err(OperationIdError);
        }
        let mut bits: u128 = 0;
        for byte in text.bytes() {
            let digit = BASE32
                .iter()
                .position(|b| *b == byte.to_ascii_uppercase())
                .ok_or(OperationIdError)?;
            bits = bits.checked_mul(32).ok_or(OperationIdError)?
                | u128::try_from(digit).map_err(|_| OperationIdError)?;
        }
        Ok(Self(bits))
    }
}

/// How far an operation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationState {
    /// The intent is saved, and it is being sent, or was.
    Sent,
    /// The provider answered that it will do it.
    Accepted,
    /// Its effect was read back.
    Done,
    /// It did not happen, and will not.
    Failed,
    /// Nobody can tell yet. Looked for, never sent again.
    Unknown,
}

impl OperationState {
    /// Every state, in the order of the vocabulary.
    pub const ALL: [Self; 5] =
        [Self::Sent, Self::Accepted, Self::Done, Self::Failed, Self::Unknown];

    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::Accepted => "ACCEPTED",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether the journal may move from this state to `next`. A final state never moves; nothing
    /// goes back to SENT.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Sent => !matches!(next, Self::Sent),
            Self::Accepted => matches!(next, Self::Done | Self::Failed | Self::Unknown),
            Self::Unknown => matches!(next, Self::Accepted | Self::Done | Self::Failed),
            Self::Done | Self::Failed => false,
        }
    }
}

impl FromStr for OperationState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}

/// What is done to a card, with its data.
#[derive(Debug)]
pub enum Action {
    /// Stop the card; can be undone.
    Freeze,
    /// Start it again.
    Unfreeze,
    /// Send it money from the float.
    TopUp(Money),
    /// Set or change its PIN.
    SetPin {
        /// The PIN wanted; `None` where the provider chooses it.
        new: Option<Pin>,
        /// The PIN until now, where the provider wants it.
        old: Option<Pin>,
    },
    /// Close it for good.
    Close,
}

impl Action {
    /// The action's name without its data.
    #[must_use]
    pub const fn action_kind(&self) -> ActionKind {
        match self {
            Self::Freeze => ActionKind::Freeze,
            Self::Unfreeze => ActionKind::Unfreeze,
            Self::TopUp(_) => ActionKind::TopUp,
            Self::SetPin { .. } => ActionKind::SetPin,
            Self::Close => ActionKind::Close,
        }
    }

    /// The amount of a top-up.
    #[must_use]
    pub const fn amount(&self) -> Option<Money> {
        match self {
            Self::TopUp(amount) => Some(*amount),
            Self::Freeze | Self::Unfreeze | Self::SetPin { .. } | Self::Close => None,
        }
    }
}

/// An action's name, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Stop the card.
    Freeze,
    /// Start it again.
    Unfreeze,
    /// Send it money.
    TopUp,
    /// Set or change its PIN.
    SetPin,
    /// Close it for good.
    Close,
}

impl ActionKind {
    /// Every deed, in the order of the vocabulary.
    pub const ALL: [Self; 5] =
        [Self::Freeze, Self::Unfreeze, Self::TopUp, Self::SetPin, Self::Close];

    /// The word of JSON and the command line: `topup`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::TopUp => "topup",
            Self::SetPin => "pin",
            Self::Close => "close",
        }
    }

    /// The word in sentences: `top-up`.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::TopUp => "top-up",
            Self::SetPin => "set PIN",
            Self::Close => "close",
        }
    }
}

impl FromStr for ActionKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|action_kind| action_kind.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}

/// A PIN of 4 to 6 digits. Shown as stars, wiped on drop; in no snapshot, log or database.
pub struct Pin(SecretString);

/// Whether anybody would guess these digits: one of them repeated, or a run up or down such as 1234
/// and 6543. Board and command line refuse such a PIN by the same rule; the board asks while it is
/// being typed.
#[must_use]
pub fn is_weak_pin(digits: &[u8]) -> bool {
    let all = |step: i16| {
        digits
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if i16::from(*b) - i16::from(*a) == step))
    };
    digits.len() > 1 && (all(0) || all(1) || all(-1))
}

/// Not a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN is 4 to 6 digits")]
pub struct PinError;

impl Pin {
    /// The PIN that was typed; the buffer is wiped.
    ///
    /// # Errors
    /// When it is not 4 to 6 digits.
    pub fn typed(mut digits: String) -> Result<Self, PinError> {
        if (4..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(SecretString::from(digits)))
        } else {
            digits.zeroize();
            Err(PinError)
        }
    }

    /// Whether anybody would guess it.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        is_weak_pin(self.expose().as_bytes())
    }

    /// How many digits it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.expose_secret().len()
    }

    /// Never: a PIN has at least four digits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The digits, for the one request that carries them.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

/// Whether a provider offers something; `No` carries the sentence that the screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Yes,
    /// It does not, and why.
    No(&'static str),
}

impl Support {
    /// Whether it is offered.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// How DONE can be established for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The provider finds it by a reference that we chose.
    ByReference,
    /// The provider tells the fate of a task id that it answered with.
    ByTask,
    /// Found again in the transaction list by amount and time.
    ByListing,
    /// The card's state or balance shows it.
    ByState,
    /// The answer is all there is: this provider cannot be asked.
    AnswerOnly,
}

impl Proof {
    /// The word in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByReference => "reference",
            Self::ByTask => "task",
            Self::ByListing => "listing",
            Self::ByState => "state",
            Self::AnswerOnly => "answer",
        }
    }

    /// What the screen says of it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ByReference => "looked up by our reference",
            Self::ByTask => "the provider tells the task's fate",
            Self::ByListing => "found in the transaction list by amount and time",
            Self::ByState => "read back from the card",
            Self::AnswerOnly => "answer only: this provider cannot be asked",
        }
    }
}

impl FromStr for Proof {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::ByReference, Self::ByTask, Self::ByListing, Self::ByState, Self::AnswerOnly]
            .into_iter()
            .find(|proof| proof.as_str() == word)
            .ok_or(UnknownWord)
    }
}

/// What protects a top-up from being executed twice, as each adapter declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopUpSafety {
    /// K: an idempotency key, documented with its window.
    Key,
    /// R: a reference by which it can be looked up.
    Reference,
    /// N: neither. Sent at most once; only reading and the operator decide.
    Neither,
}

impl TopUpSafety {
    /// The letter in the documents.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Key => "K",
            Self::Reference => "R",
            Self::Neither => "N",
        }
    }
}

/// How a provider lets a PIN be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinRule {
    /// Digits of a PIN the operator chooses, least and most; `None` where the provider chooses the
    /// PIN.
    pub digits: Option<(usize, usize)>,
    /// The PIN until now is asked for.
    pub needs_old: bool,
    /// Only cards with plastic have one.
    pub physical_only: bool,
    /// The rule in one sentence, shown in the dialog.
    pub sentence: &'static str,
}

/// What a provider can do, as data: the board shows the impossible as disabled with the reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capabilities {
    /// It can list its cards.
    pub list_cards: Support,
    /// It can list the transactions of all cards at once.
    pub list_all_transactions: Support,
    /// It tells the float.
    pub float: Support,
    /// It quotes the fee of a top-up.
    pub quote: Support,
    /// Freeze.
    pub freeze: Support,
    /// Unfreeze.
    pub unfreeze: Support,
    /// Top-up.
    pub top_up: Support,
    /// Its quote names the account that pays, and whether that account can: to be looked at before
    /// a top-up is sent.
    pub names_payer: bool,
    /// Close.
    pub close: Support,
    /// Setting a PIN, and its rule; or why not.
    pub pin: Result<PinRule, &'static str>,
    /// How a top-up is proven.
    pub top_up_proof: Proof,
    /// How freeze, unfreeze and close are proven.
    pub state_proof: Proof,
    /// How a PIN is proven.
    pub pin_proof: Proof,
    /// What protects a top-up from being executed twice.
    pub class: TopUpSafety,
    /// Least amount of a top-up, in the card's currency, where one is known.
    pub top_up_min: Option<Decimal>,
    /// Most decimals that the wire takes in an amount, where it takes fewer than the currency has.
    pub top_up_decimals: Option<u32>,
    /// Most rows a page may have.
    pub page_max: u16,
}

impl Capabilities {
    /// Whether a deed is offered at all.
    #[must_use]
    pub const fn offers(&self, action_kind: ActionKind) -> Support {
        match action_kind {
            ActionKind::Freeze => self.freeze,
            ActionKind::Unfreeze => self.unfreeze,
            ActionKind::TopUp => self.top_up,
            ActionKind::Close => self.close,
            ActionKind::SetPin => match self.pin {
                Ok(_) => Support::Yes,
                Err(why) => Support::No(why),
            },
        }
    }

    /// Which reading proves a deed.
    #[must_use]
    pub const fn proof(&self, action_kind: ActionKind) -> Proof {
        match action_kind {
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => self.state_proof,
            ActionKind::TopUp => self.top_up_proof,
            ActionKind::SetPin => self.pin_proof,
        }
    }

    /// An amount that a person typed for a top-up of a card of this provider.
    ///
    /// # Errors
    /// A sentence, when it is not an amount, too precise, or below the provider's least.
    pub fn typed_amount(&self, text: &str, currency: Currency) -> Result<Money, String> {
        let money =
            Money::parse_input(text, currency).map_err(|error: MoneyError| error.to_string())?;
        if let Some(allowed) =
            self.top_up_decimals.filter(|allowed| money.amount().normalize().scale() > *allowed)
        {
            return Err(format!("this provider takes at most {allowed} decimals"));
        }
        match self.top_up_min {
            Some(least) if money.amount() < least => {
                Err(format!("the least this provider takes is {}", Money::new(least, currency)))
            }
            _ => Ok(money),
        }
    }
}

/// Why something may not be asked now.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The provider does not offer it.
    #[error("{0}")]
    NotOffered(&'static str),
    /// The card is closed.
    #[error("the card is closed")]
    Closed,
    /// The card is in a state where it makes no sense.
    #[error("the card is {}", .0.as_str())]
    State(CardState),
    /// The issuer blocked it; we cannot undo that.
    #[error("the issuer blocked this card: only the issuer can undo it")]
    Blocked,
    /// Only plastic has a PIN.
    #[error("this card is virtual: it has no PIN")]
    Virtual,
    /// Another operation of the same kind is not settled.
    #[error("not sent: {} of this card is still {} (op {})", .0.phrase(), .0.state.as_str(), .0.id.short())]
    Open(Box<Operation>),
    /// The currency is not known yet.
    #[error("the card's currency is not known yet: wait for its first reading")]
    NoCurrency,
}

/// Whether `action_kind` may be asked of `card` now: one function for the key, the menu, the command line
/// and the engine.
///
/// `open` are the operations of this card that are not settled.
///
/// # Errors
/// The reason why not.
pub fn check_action(
    action_kind: ActionKind,
    card: &Card,
    capabilities: &Capabilities,
    open: &[Operation],
) -> Result<(), Denied> {
    if let Support::No(why) = capabilities.offers(action_kind) {
        return Err(Denied::NotOffered(why));
    }
    if card.state == CardState::Closed {
        return Err(Denied::Closed);
    }
    match (action_kind, card.state) {
        (ActionKind::Freeze, CardState::Frozen) | (ActionKind::Unfreeze, CardState::Active) => {
            return Err(Denied::State(card.state));
        }
        (ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::TopUp, CardState::Blocked) => {
            return Err(Denied::Blocked);
        }
        (ActionKind::TopUp, CardState::Expired) => return Err(Denied::State(card.state)),
        _ => {}
    }
    if action_kind == ActionKind::TopUp && card.currency.is_none() {
        return Err(Denied::NoCurrency);
    }
    if action_kind == ActionKind::SetPin
        && card.kind == Some(CardKind::Virtual)
        && capabilities.pin.is_ok_and(|rule| rule.physical_only)
    {
        return Err(Denied::Virtual);
    }
    open.iter()
        .find(|op| op.card == card.key && op.blocks(action_kind))
        .map_or(Ok(()), |op| Err(Denied::Open(Box::new(op.clone()))))
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
        fn a_final_state_never_moves_and_doubt_is_never_resent(steps in proptest::collection::vec(any_state(), 0..20)) {
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
