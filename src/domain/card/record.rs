//! A card as it is kept: in a third of the memory that a [`Card`] takes, which is made from it when
//! somebody looks at it.
//!
//! What many cards have alike is in memory once ([`SharedTerms`]), the texts of one card stand one
//! behind the other, and amounts and times are plain numbers. A copy copies no text.

mod figures;
mod terms;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Balance, Card, CardKey, CardKind, CardState, Last4, ProviderId, Reading, Standing};
use crate::domain::money::{Currency, Money};
use figures::{Amounts, Moment, ShortLast4};
pub use terms::SharedTerms;
use terms::Terms;

/// Why the figures of an earlier run may be old, before anything else is known.
pub const NOT_READ_YET: &str = "not read yet since the start";

/// Why figures may be old of which a push told that they changed, until they are read. No attempt
/// to read them failed, so they are no more urgent than before ([`Standing::is_stale`]).
pub const PUSHED: &str = "something was pushed that was not read yet";

/// One card of one provider, as last read, in little memory. It says exactly what the [`Card`] said
/// that it was made from.
#[derive(Clone)]
pub struct CardRecord(Form);

#[derive(Clone)]
enum Form {
    Compact(Compact),
    /// What does not fit into the other form: figures of two currencies, amounts of more than 18
    /// digits, texts of more than 65,535 bytes, times before 1678 or after 2262.
    Whole(Box<Card>),
}

#[derive(Clone)]
struct Compact {
    terms: Arc<Terms>,
    id: Arc<str>,
    /// The name of the cardholder, the owner, and the spelling of the id where that is not `id`.
    text: Arc<str>,
    /// Why the figures may be old.
    why: Option<Arc<str>>,
    state_at: Moment,
    /// When the figures were read.
    figures_at: Moment,
    amounts: Amounts,
    last4: ShortLast4,
    /// Where in `text` the name ends.
    holder_end: u16,
    /// Where in `text` the owner ends; the card has none where the name ends there, too.
    owner_end: u16,
}

impl CardRecord {
    /// The card.
    #[must_use]
    pub fn card(&self) -> Card {
        match &self.0 {
            Form::Compact(compact) => compact.card(),
            Form::Whole(card) => Card::clone(card),
        }
    }

    /// Which card of which provider.
    #[must_use]
    pub fn key(&self) -> CardKey {
        CardKey { provider: self.provider().clone(), id: Arc::clone(self.id()) }
    }

    /// The provider account.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        match &self.0 {
            Form::Compact(compact) => &compact.terms.provider,
            Form::Whole(card) => &card.key.provider,
        }
    }

    /// The card's id in its canonical form.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        match &self.0 {
            Form::Compact(compact) => &compact.id,
            Form::Whole(card) => &card.key.id,
        }
    }

    /// Whether it is the card of this key.
    #[must_use]
    pub fn has_key(&self, key: &CardKey) -> bool {
        *self.id() == key.id && *self.provider() == key.provider
    }

    /// The order of the keys of two cards.
    #[must_use]
    pub fn compare_keys(&self, other: &Self) -> Ordering {
        self.provider().cmp(other.provider()).then_with(|| self.id().cmp(other.id()))
    }

    /// Name of the cardholder; empty where the provider and the roster have none.
    #[must_use]
    pub fn holder(&self) -> &str {
        match &self.0 {
            Form::Compact(compact) => compact.texts().0,
            Form::Whole(card) => &card.holder,
        }
    }

    /// The provider's id of the cardholder or customer.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        match &self.0 {
            Form::Compact(compact) => compact.texts().1,
            Form::Whole(card) => card.owner.as_deref(),
        }
    }

    /// Labels of the roster.
    #[must_use]
    pub fn labels(&self) -> &Arc<[Arc<str>]> {
        match &self.0 {
            Form::Compact(compact) => &compact.terms.labels,
            Form::Whole(card) => &card.labels,
        }
    }

    /// Last four digits of the card number.
    #[must_use]
    pub fn last4(&self) -> Option<Last4> {
        match &self.0 {
            Form::Compact(compact) => compact.last4.digits(),
            Form::Whole(card) => card.last4,
        }
    }

    /// State in our words.
    #[must_use]
    pub fn state(&self) -> CardState {
        match &self.0 {
            Form::Compact(compact) => compact.terms.state,
            Form::Whole(card) => card.state,
        }
    }

    /// When the state was read.
    #[must_use]
    pub fn state_at(&self) -> Option<Timestamp> {
        match &self.0 {
            Form::Compact(compact) => compact.state_at.time(),
            Form::Whole(card) => card.state_at,
        }
    }

    /// Virtual or physical, where known.
    #[must_use]
    pub fn kind(&self) -> Option<CardKind> {
        match &self.0 {
            Form::Compact(compact) => compact.terms.kind,
            Form::Whole(card) => card.kind,
        }
    }

    /// The card's currency, where known.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        match &self.0 {
            Form::Compact(compact) => compact.terms.currency,
            Form::Whole(card) => card.currency,
        }
    }

    /// What can be spent, if it was ever read and the provider says it.
    #[must_use]
    pub fn available(&self) -> Option<Money> {
        match &self.0 {
            Form::Compact(compact) => compact.amounts.available(compact.terms.figures_in),
            Form::Whole(card) => card.available(),
        }
    }

    /// When the figures were read.
    #[must_use]
    pub fn figures_at(&self) -> Option<Timestamp> {
        match &self.0 {
            Form::Compact(compact) => compact.figures_at.time(),
            Form::Whole(card) => card.balance.at(),
        }
    }

    /// Why the figures may be old, if a later attempt failed; empty for the reason of the account.
    #[must_use]
    pub fn why_stale(&self) -> Option<&str> {
        match &self.0 {
            Form::Compact(compact) => compact.why.as_deref(),
            Form::Whole(card) => card.balance.why_stale(),
        }
    }

    /// What it is urgent by.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match &self.0 {
            Form::Compact(compact) => Standing {
                state: compact.terms.state,
                state_at: compact.state_at.time(),
                available: compact.amounts.available(compact.terms.figures_in),
                figures_at: compact.figures_at.time(),
                is_stale: compact.why.as_deref().is_some_and(|why| why != PUSHED),
            },
            Form::Whole(card) => card.standing(),
        }
    }

    /// See [`Standing::state_grows_old_at`].
    #[must_use]
    pub fn state_grows_old_at(&self) -> Option<Timestamp> {
        self.standing().state_grows_old_at()
    }

    /// The card, with the reason of its account where its figures may be old for that
    /// ([`Self::stale_as_account`]).
    #[must_use]
    pub fn card_with(&self, why: &Arc<str>) -> Card {
        let mut card = self.card();
        if self.is_stale_as_account() {
            card.balance = card.balance.stale(why);
        }
        card
    }

    /// The same card, its figures known to be possibly old for a reason that all cards of its
    /// account share, and that is kept once: an outage makes no record anew that was old before.
    /// The record itself gives no words for it.
    #[must_use]
    pub fn stale_as_account(self) -> Self {
        self.stale(&Arc::default())
    }

    /// Whether the figures may be old for the reason of the account.
    #[must_use]
    pub fn is_stale_as_account(&self) -> bool {
        self.why_stale() == Some("")
    }

    /// The same card, its figures known to be possibly old, where it has any.
    #[must_use]
    pub fn stale(self, why: &Arc<str>) -> Self {
        match self.0 {
            Form::Compact(mut compact) => {
                compact.why = compact.figures_at.time().map(|_| Arc::clone(why));
                Self(Form::Compact(compact))
            }
            Form::Whole(mut card) => {
                card.balance = std::mem::take(&mut card.balance).stale(why);
                Self(Form::Whole(card))
            }
        }
    }

    /// As if it had been read at this moment where it says a later one: a clock that was ahead has
    /// no say.
    #[must_use]
    pub fn not_after(self, now: Timestamp) -> Self {
        let is_after = |at: Option<Timestamp>| at.is_some_and(|at| at > now);
        if is_after(self.state_at()) || is_after(self.figures_at()) {
            return self.card().not_after(now).into();
        }
        self
    }

    /// Takes over the memory of what an older record of the same card says alike.
    pub fn share_with(&mut self, older: &Self) {
        match (&mut self.0, &older.0) {
            (Form::Compact(compact), Form::Compact(older)) => {
                share(&mut compact.id, &older.id);
                share(&mut compact.text, &older.text);
            }
            (Form::Compact(compact), Form::Whole(older)) => share(&mut compact.id, &older.key.id),
            (Form::Whole(card), _) => {
                share(&mut card.key.id, older.id());
                let Card { wire_id, key, .. } = &mut **card;
                share(wire_id, &key.id);
            }
        }
    }

    /// Takes over the memory of what other cards of the account say alike.
    pub fn share_terms(&mut self, known: &mut SharedTerms) {
        match &mut self.0 {
            Form::Compact(compact) => known.share(&mut compact.terms),
            Form::Whole(_) => {}
        }
    }
}

fn share(text: &mut Arc<str>, same: &Arc<str>) {
    if text == same {
        *text = Arc::clone(same);
    }
}

impl From<Card> for CardRecord {
    fn from(card: Card) -> Self {
        Self(Compact::of(&card).map_or_else(|| Form::Whole(card.into()), Form::Compact))
    }
}

impl From<Card> for Arc<CardRecord> {
    fn from(card: Card) -> Self {
        Self::new(card.into())
    }
}

impl fmt::Debug for CardRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.card().fmt(f)
    }
}

impl Compact {
    /// `None` where something of it would be lost.
    fn of(card: &Card) -> Option<Self> {
        let Card {
            key,
            wire_id,
            owner,
            account,
            holder,
            last4,
            state,
            provider_state,
            state_at,
            kind,
            currency,
            balance,
            expires,
            labels,
        } = card;
        let (amounts, figures_in) = Amounts::of(balance.value().copied().unwrap_or_default())?;
        let owner = match owner.as_deref() {
            Some("") => return None,
            owner => owner.unwrap_or_default(),
        };
        let spelling = match &**wire_id {
            "" => return None,
            same if *same == *key.id => "",
            other => other,
        };
        let why = match balance {
            Reading::Stale { why, .. } => Some(Arc::clone(why)),
            Reading::Never | Reading::At { .. } => None,
        };
        let terms = Terms {
            provider: key.provider.clone(),
            state: *state,
            provider_state: Arc::clone(provider_state),
            kind: *kind,
            currency: *currency,
            figures_in,
            expires: expires.clone(),
            labels: Arc::clone(labels),
            account: account.clone(),
        };
        Some(Self {
            terms: Arc::new(terms),
            id: Arc::clone(&key.id),
            text: [holder, owner, spelling].concat().into(),
            why,
            state_at: Moment::of(*state_at)?,
            figures_at: Moment::of(balance.at())?,
            amounts,
            last4: ShortLast4::of(*last4),
            holder_end: u16::try_from(holder.len()).ok()?,
            owner_end: u16::try_from(holder.len() + owner.len()).ok()?,
        })
    }

    fn card(&self) -> Card {
        let Terms {
            provider,
            state,
            provider_state,
            kind,
            currency,
            figures_in,
            expires,
            labels,
            account,
        } = &*self.terms;
        let key = CardKey { provider: provider.clone(), id: Arc::clone(&self.id) };
        let (holder, owner, spelling) = self.texts();
        Card {
            key,
            wire_id: spelling.map_or_else(|| Arc::clone(&self.id), Into::into),
            owner: owner.map(Into::into),
            account: account.clone(),
            holder: holder.into(),
            last4: self.last4.digits(),
            state: *state,
            provider_state: Arc::clone(provider_state),
            state_at: self.state_at.time(),
            kind: *kind,
            currency: *currency,
            balance: self.balance(*figures_in),
            expires: expires.clone(),
            labels: Arc::clone(labels),
        }
    }

    fn balance(&self, currency: Option<Currency>) -> Reading<Balance> {
        let Some(at) = self.figures_at.time() else { return Reading::Never };
        let value = self.amounts.balance(currency);
        match &self.why {
            Some(why) => Reading::Stale { value, at, why: Arc::clone(why) },
            None => Reading::At { value, at },
        }
    }

    /// The name of the cardholder, the owner, and the spelling of the id where it is another.
    fn texts(&self) -> (&str, Option<&str>, Option<&str>) {
        let part = |from: u16, to: usize| {
            let part = self.text.get(usize::from(from)..to).unwrap_or_default();
            Some(part).filter(|part| !part.is_empty())
        };
        let name = part(0, usize::from(self.holder_end)).unwrap_or_default();
        let owner = part(self.holder_end, usize::from(self.owner_end));
        (name, owner, part(self.owner_end, self.text.len()))
    }
}

#[cfg(test)]
mod tests;
