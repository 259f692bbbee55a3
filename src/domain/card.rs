//! A card as the board knows it, and figures that carry the time they were read.

mod available;
mod id;
mod last4;
mod record;
mod standing;
mod state;

use std::sync::Arc;

use jiff::Timestamp;

use super::money::{Currency, Money};
pub use super::reading::Reading;
pub use available::Available;
pub use id::{CardKey, IdForm, Ids, ProviderId};
pub use last4::{Last4, Last4Error};
pub use record::{CardRecord, NOT_READ_YET, PUSHED, SharedTerms};
pub use standing::Standing;
pub use state::{CardKind, CardState};

/// One card of one provider, as last read.
///
/// More than twelve fields: one for each thing that providers tell of a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Which card of which provider.
    pub key: CardKey,
    /// The card's id as the provider (or the roster) spells it: what requests carry. `key.id` is
    /// its canonical form.
    pub wire_id: Arc<str>,
    /// The provider's id of the cardholder or customer, where its calls want one beside the card's
    /// (banana `user_id`, ibanera `customersId`).
    pub owner: Option<Arc<str>>,
    /// The account that is to pay for this card's top-ups, where the roster names one (ibanera).
    /// Not in the data file: the roster says it anew at every start.
    pub account: Option<Arc<str>>,
    /// Name of the cardholder; empty where the provider and the roster have none.
    pub holder: Arc<str>,
    /// Last four digits of the card number; the rest is dropped where it is parsed.
    pub last4: Option<Last4>,
    /// State in our words.
    pub state: CardState,
    /// State in the provider's words; empty where it has none.
    pub provider_state: Arc<str>,
    /// When the state was read. Some providers tell it by another call than the figures, and one
    /// may fail without the other.
    pub state_at: Option<Timestamp>,
    /// Virtual or physical, where known.
    pub kind: Option<CardKind>,
    /// The card's currency, where known.
    pub currency: Option<Currency>,
    /// Balance, with the time it was read.
    pub balance: Reading<Balance>,
    /// Expiry as `YYYY-MM`, where known.
    pub expires: Option<Arc<str>>,
    /// Labels of the roster.
    pub labels: Arc<[Arc<str>]>,
}

impl Card {
    /// A card of which nothing but its id is known.
    #[must_use]
    pub fn unread(key: CardKey) -> Self {
        Self {
            wire_id: Arc::clone(&key.id),
            key,
            owner: None,
            account: None,
            holder: Arc::default(),
            last4: None,
            state: CardState::Unknown,
            provider_state: Arc::default(),
            state_at: None,
            kind: None,
            currency: None,
            balance: Reading::Never,
            expires: None,
            labels: Arc::default(),
        }
    }

    /// A card of which nothing is known but how its id is spelled.
    #[must_use]
    pub fn spelled(provider: &ProviderId, form: IdForm, spelling: &str) -> Self {
        let key = CardKey { provider: provider.clone(), id: form.canonical(spelling) };
        Self { wire_id: spelling.trim().into(), ..Self::unread(key) }
    }

    /// What can be spent, if it was ever read and the provider says it.
    #[must_use]
    pub fn available(&self) -> Option<Money> {
        self.balance.value()?.available
    }

    /// As if it had been read at this moment where it says a later one: a clock that was ahead has
    /// no say.
    #[must_use]
    pub fn not_after(self, now: Timestamp) -> Self {
        Self {
            balance: self.balance.not_after(now),
            state_at: self.state_at.map(|at| at.min(now)),
            ..self
        }
    }

    /// What it is urgent by.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            state: self.state,
            state_at: self.state_at,
            available: self.available(),
            figures_at: self.balance.at(),
            is_stale: self.balance.why_stale().is_some_and(|why| why != PUSHED),
        }
    }

    /// See [`Standing::old_state`].
    #[must_use]
    pub fn old_state(&self, now: Timestamp) -> Option<Timestamp> {
        self.standing().old_state(now)
    }

    /// When the state was read, where that was before the figures: what comes by two calls of one
    /// reading comes after them, so the newest reading did not tell it, and it may be another one
    /// by now.
    #[must_use]
    pub fn state_lags(&self) -> Option<Timestamp> {
        let (read, figures) = (self.state_at?, self.balance.at()?);
        (read < figures).then_some(read)
    }

    /// When it was read: its figures, or its state where it has none.
    #[must_use]
    pub fn read_at(&self) -> Option<Timestamp> {
        self.balance.at().or(self.state_at)
    }

    /// `..4242`, or `..----` where the digits are not known.
    #[must_use]
    pub fn digits(&self) -> String {
        digits(self.last4)
    }

    /// This reading over an older one: what this one does not say is kept from the older.
    ///
    /// A figure only gives way to one that was read at the same time or later, so answers may
    /// arrive in any order.
    #[must_use]
    pub fn over(self, older: &Self) -> Self {
        let balance = match (self.balance.at(), older.balance.at()) {
            (Some(new), Some(old)) if new < old => older.balance.clone(),
            (None, _) => older.balance.clone(),
            (Some(_), _) => self.balance,
        };
        let silent = self.state == CardState::Unknown && self.provider_state.is_empty();
        let (state, provider_state, state_at) = if silent || self.state_at < older.state_at {
            (older.state, Arc::clone(&older.provider_state), older.state_at)
        } else {
            (self.state, self.provider_state, self.state_at)
        };
        let holder = if self.holder.is_empty() { Arc::clone(&older.holder) } else { self.holder };
        Self {
            key: self.key,
            wire_id: self.wire_id,
            owner: self.owner.or_else(|| older.owner.clone()),
            account: self.account.or_else(|| older.account.clone()),
            holder,
            last4: self.last4.or(older.last4),
            state,
            provider_state,
            state_at,
            kind: self.kind.or(older.kind),
            currency: self.currency.or(older.currency),
            balance,
            expires: self.expires.or_else(|| older.expires.clone()),
            labels: if self.labels.is_empty() { Arc::clone(&older.labels) } else { self.labels },
        }
    }
}

/// The digits of a card that is named as it is shown, `..4242`; any other word as it is.
#[must_use]
pub fn as_digits(word: &str) -> &str {
    let digits = word
        .strip_prefix("..")
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    digits.unwrap_or(word)
}

/// `..4242`, or `..----` where the digits are not known.
#[must_use]
pub fn digits(last4: Option<Last4>) -> String {
    last4.map_or_else(|| "..----".to_owned(), |last4| format!("..{last4}"))
}

/// Figures of one card at one time, as the provider sent them. What it does not send is `None`,
/// never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    /// What can be spent now.
    pub available: Option<Money>,
    /// The booked total, holds included.
    pub current: Option<Money>,
    /// Sum of holds.
    pub pending: Option<Money>,
}

impl Balance {
    /// The currency of the figures, where there are any.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.available.or(self.current).or(self.pending).map(Money::currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last4_is_four_digits() {
        assert_eq!("4242".parse::<Last4>().map(|l| l.to_string()), Ok("4242".into()));
        for text in ["424", "42a2", "42424", ""] {
            assert_eq!(text.parse::<Last4>(), Err(Last4Error));
        }
    }

    #[test]
    fn of_a_card_number_only_the_last_four_digits_are_kept() {
        for number in ["4111111111111111", "XXXX XXXX XXXX 1111", "1111", "2004 01XX-1111"] {
            assert_eq!(
                Last4::of_number(number).map(|l| l.to_string()),
                Some("1111".into()),
                "{number}"
            );
        }
        assert_eq!(Last4::of_number("2004 01XX XXXX XX87"), None);
    }

    #[test]
    fn one_id_in_two_spellings_is_one_id() {
        let guid = "3F2504E0-4F89-11D3-9A0C-0305E82C3301";
        for (form, one, other, same) in [
            (IdForm::Guid, guid, "3f2504e0-4f89-11d3-9a0c-0305e82c3301", true),
            (IdForm::Guid, guid, " {3f2504e0-4f89-11d3-9a0c-0305e82c3301} ", true),
            (IdForm::Guid, "KIT-1", "kit-1", false),
            (IdForm::Guid, "3F25", "3f25", false),
            (IdForm::Number, "007", "7", true),
            (IdForm::Number, "+42", " 42", true),
            (IdForm::Number, "000", "0", true),
            (IdForm::Number, "-7", "7", false),
            (IdForm::Number, "7a", "07a", false),
            (IdForm::Opaque, "EKC1 ", "EKC1", true),
            (IdForm::Opaque, "EKC1", "ekc1", false),
            (IdForm::Opaque, "007", "7", false),
        ] {
            assert_eq!(form.same(one, other), same, "{form:?}: {one} and {other}");
        }
        let card = Card::spelled(&ProviderId::new("acme"), IdForm::Number, " 0017 ");
        assert_eq!((&*card.key.id, &*card.wire_id), ("17", "0017"), "requests keep the spelling");
    }

    #[test]
    fn a_newer_reading_keeps_what_it_does_not_say_and_an_older_figure_never_wins() {
        let key = CardKey::new(&ProviderId::new("acme"), "c1");
        let at = |second| Timestamp::from_second(second).expect("a time of the test");
        let usd: Currency = "USD".parse().expect("a currency");
        let reading = |amount: i64, second| Reading::At {
            value: Balance {
                available: Some(Money::new(amount.into(), usd)),
                ..Balance::default()
            },
            at: at(second),
        };
        let old =
            Card { holder: "Mara".into(), balance: reading(1, 20), ..Card::unread(key.clone()) };
        let new = Card {
            state: CardState::Active,
            provider_state: "ACTIVE".into(),
            balance: reading(2, 10),
            ..Card::unread(key)
        };
        let both = new.over(&old);
        assert_eq!((&*both.holder, both.state), ("Mara", CardState::Active));
        assert_eq!(both.available().map(Money::digits), Some("1.00".into()));
    }

    #[test]
    fn a_state_that_was_not_read_with_the_figures_keeps_its_own_age() {
        let at = |second| Timestamp::from_second(second).expect("a time of the test");
        let key = CardKey::new(&ProviderId::new("acme"), "c1");
        let balance = |second| Reading::At { value: Balance::default(), at: at(second) };
        let whole = Card {
            state: CardState::Active,
            provider_state: "ACTIVE".into(),
            state_at: Some(at(0)),
            balance: balance(0),
            ..Card::unread(key.clone())
        };
        assert_eq!(whole.old_state(at(999)), None);
        let figures = |second| Card { balance: balance(second), ..Card::unread(key.clone()) };
        let soon = figures(60).over(&whole);
        assert_eq!(
            (soon.state, soon.state_at, soon.old_state(at(999))),
            (CardState::Active, Some(at(0)), None)
        );
        let later = figures(300).over(&soon);
        assert_eq!(
            (later.state, later.old_state(at(999))),
            (CardState::Active, Some(at(0))),
            "its state is five minutes old"
        );
        let bare = Card { balance: Reading::Never, ..later.clone() };
        assert_eq!(
            (bare.old_state(at(300)), bare.old_state(at(700))),
            (None, Some(at(0))),
            "without figures its age is its own"
        );
        assert_eq!(bare.read_at(), Some(at(0)));
        let frozen = Card {
            state: CardState::Frozen,
            provider_state: "L".into(),
            state_at: Some(at(310)),
            ..Card::unread(key)
        };
        let read = frozen.clone().over(&later);
        assert_eq!((read.state, read.old_state(at(999))), (CardState::Frozen, None));
        assert_eq!(
            later.over(&frozen).state,
            CardState::Frozen,
            "an older state never wins, whatever the order of arrival"
        );
    }
}
