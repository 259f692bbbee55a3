//! A card that a filter is asked about: as it was read, or as it is kept.

use std::cell::OnceCell;

use crate::domain::card::{Card, CardKey, CardRecord, Standing};

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
