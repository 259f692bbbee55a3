//! A card that a filter is asked about: as it was read, or as it is kept.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::contract::Value;
use crate::domain::card::{Card, CardKey, CardKind, CardRecord, Standing};

/// A card that a filter is asked about.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on the stack; a box would be made and let go of for every card"
)]
pub enum AskedCard<'a> {
    /// As it was read.
    Read(&'a Card),
    /// As it is kept. The card is made from it once a filter asks for one of its fields: most
    /// filters are words, which are searched in a text that is kept beside it.
    Kept(&'a CardRecord, OnceCell<Card>),
}

/// Whether a card is one of some.
#[derive(Clone, Copy, Debug)]
pub enum Membership<'a> {
    /// It is known.
    Known(bool),
    /// Where it is one of these, which is only looked up where a filter asks for it.
    Of(&'a BTreeSet<CardKey>),
}

impl Membership<'_> {
    pub(super) fn has(self, card: &AskedCard<'_>) -> bool {
        match self {
            Self::Known(is_one) => is_one,
            Self::Of(keys) => !keys.is_empty() && keys.contains(&card.key()),
        }
    }
}

impl AskedCard<'_> {
    /// The card.
    pub fn card(&self) -> &Card {
        match self {
            Self::Read(card) => card,
            Self::Kept(record, card) => card.get_or_init(|| record.card()),
        }
    }

    /// Which card it is.
    #[must_use]
    pub fn key(&self) -> CardKey {
        match self {
            Self::Read(card) => card.key.clone(),
            Self::Kept(record, _) => record.key(),
        }
    }

    /// What it is urgent by.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self {
            Self::Read(card) => card.standing(),
            Self::Kept(record, _) => record.standing(),
        }
    }

    /// The value of a field that is found without making the card; `None` for the others, which
    /// filters seldom ask for.
    pub(super) fn value(&self, field: &str) -> Option<Value<'_>> {
        let Self::Kept(record, _) = self else { return None };
        Some(match field {
            "provider" => record.provider().name().into(),
            "id" => record.id().into(),
            "last4" => record.last4().into(),
            "holder" => Value::known(record.holder()),
            "state" => record.state().as_str().into(),
            "state_as_of" => record.state_at().into(),
            "kind" => record.kind().map(CardKind::as_str).into(),
            "currency" => record.currency().into(),
            "available" => record.available().into(),
            "as_of" => record.figures_at().into(),
            "labels" => Value::Texts(record.labels()),
            "card" => Value::Card {
                provider: record.provider(),
                id: Some(record.id()),
                last4: record.last4(),
            },
            "owner" => record.owner().into(),
            _ => return None,
        })
    }

    pub(super) fn holder(&self) -> &str {
        match self {
            Self::Read(card) => &card.holder,
            Self::Kept(record, _) => record.holder(),
        }
    }
}

impl<'a> From<&'a Card> for AskedCard<'a> {
    fn from(card: &'a Card) -> Self {
        Self::Read(card)
    }
}

impl<'a> From<&'a CardRecord> for AskedCard<'a> {
    fn from(record: &'a CardRecord) -> Self {
        Self::Kept(record, OnceCell::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Record;
    use crate::domain::card::{Balance, CardKey, CardKind, CardState, ProviderId, Reading};
    use crate::domain::money::Money;

    #[test]
    fn a_card_as_it_is_kept_has_the_values_of_the_card_as_it_was_read() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let available = Money::parse_wire("-7.15", "USD".parse().expect("a currency")).ok();
        let value = Balance { available, ..Balance::default() };
        let key = CardKey::new(&ProviderId::new("acme"), "c9");
        let bare = Card::unread(key);
        let full = Card {
            owner: Some("77".into()),
            holder: "Mara Lindqvist".into(),
            last4: "0042".parse().ok(),
            state: CardState::Frozen,
            provider_state: "L".into(),
            state_at: Some(at),
            kind: Some(CardKind::Physical),
            currency: "EUR".parse().ok(),
            balance: Reading::At { value, at },
            expires: Some("2027-09".into()),
            labels: vec!["vip".into()].into(),
            ..bare.clone()
        };
        for card in [bare, full] {
            let record = CardRecord::from(card.clone());
            let kept = AskedCard::from(&record);
            for field in Card::FIELDS {
                let read = format!("{:?}", field.value((&card).into()));
                if let Some(value) = kept.value(field.name) {
                    assert_eq!(format!("{value:?}"), read, "{}", field.name);
                }
                assert_eq!(
                    format!("{:?}", field.value(kept.card().into())),
                    read,
                    "{}",
                    field.name
                );
            }
            let quick = Card::FIELDS.iter().filter(|field| kept.value(field.name).is_some());
            assert_eq!(quick.count(), 13, "every one that is found without the card is a field");
        }
    }
}
