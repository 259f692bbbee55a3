//! Everything that rows share: the texts of each column, the cards, the currencies.

use std::io;
use std::sync::Arc;

use super::cards::{CardEntry, Cards};
use super::dictionary::Dictionary;
use super::name_order::NameOrder;
use super::stored::{Input, Output, Stored};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// A column of texts that are kept once each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextColumn {
    Merchant,
    Description,
    ProviderState,
    Mcc,
    Country,
    DeclineReason,
}

impl TextColumn {
    pub(super) const ALL: [Self; 6] = [
        Self::Merchant,
        Self::Description,
        Self::ProviderState,
        Self::Mcc,
        Self::Country,
        Self::DeclineReason,
    ];
}

/// The dictionaries of a ledger. They grow, and a code never gets another meaning.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    texts: [Dictionary; TextColumn::ALL.len()],
    merchant_order: NameOrder,
    pub(super) cards: Cards,
    /// Currencies, each with the decimals that amounts came with.
    units: Arc<Vec<(Currency, u32)>>,
}

impl Vocabulary {
    pub(super) const fn texts(&self, column: TextColumn) -> &Dictionary {
        let [merchant, description, state, mcc, country, reason] = &self.texts;
        match column {
            TextColumn::Merchant => merchant,
            TextColumn::Description => description,
            TextColumn::ProviderState => state,
            TextColumn::Mcc => mcc,
            TextColumn::Country => country,
            TextColumn::DeclineReason => reason,
        }
    }

    /// The code of what a row has in a column.
    pub(super) fn text_code(&mut self, column: TextColumn, row: &Transaction) -> u32 {
        let [merchant, description, state, mcc, country, reason] = &mut self.texts;
        match column {
            TextColumn::Merchant => merchant.code(row.merchant.as_deref()),
            TextColumn::Description => description.code(row.description.as_deref()),
            TextColumn::ProviderState => state.code(Some(&row.provider_state)),
            TextColumn::Mcc => mcc.code(row.mcc.as_deref()),
            TextColumn::Country => country.code(row.country.as_deref()),
            TextColumn::DeclineReason => reason.code(row.decline_reason.as_deref()),
        }
    }

    pub(super) fn card(&mut self, row: &Transaction) -> u32 {
        self.cards.code(&CardEntry {
            provider: row.provider.clone(),
            id: row.card_id.clone(),
            last4: row.last4,
        })
    }

    /// The currency of a unit, and its decimals.
    pub(super) fn unit(&self, code: u32) -> Option<(Currency, u32)> {
        self.units.get(code as usize).copied()
    }

    pub(super) fn units(&self) -> &[(Currency, u32)] {
        &self.units
    }

    pub(super) fn unit_code(&mut self, money: Money) -> u32 {
        let unit = (money.currency(), money.amount().scale());
        let known = self.units.iter().position(|known| *known == unit);
        let index = known.unwrap_or_else(|| {
            Arc::make_mut(&mut self.units).push(unit);
            self.units.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Puts new names in their order, where there are many.
    pub(super) fn keep_order(&mut self) {
        let [merchants, ..] = &self.texts;
        self.merchant_order.extend(merchants);
    }

    /// The rank of each merchant by its code, and what all are less than: [`NameOrder::ranks`].
    pub(super) fn merchant_ranks(&self) -> (Vec<u32>, u32) {
        self.merchant_order.ranks(self.texts(TextColumn::Merchant))
    }

    /// Many rows follow, until [`Self::end_many`].
    pub(super) fn begin_many(&mut self) {
        self.texts.iter_mut().for_each(Dictionary::begin_many);
        self.cards.begin_many();
    }

    pub(super) fn end_many(&mut self) {
        self.texts.iter_mut().for_each(Dictionary::end_many);
        self.cards.end_many();
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.iter().map(Dictionary::bytes).sum::<usize>()
            + self.merchant_order.bytes()
            + self.cards.bytes()
    }
}

/// Kind and state of a row in one code, below [`WHATS`].
pub(super) fn what_code(kind: TransactionKind, state: TransactionState) -> u32 {
    let known = WHATS.iter().position(|what| *what == (kind, state));
    known.and_then(|code| u32::try_from(code).ok()).unwrap_or_default()
}

pub(super) fn what_of(code: u32) -> (TransactionKind, TransactionState) {
    let unknown = (TransactionKind::Other, TransactionState::Unknown);
    WHATS.get(code as usize).copied().unwrap_or(unknown)
}

/// Every kind with every state.
pub(super) const WHATS: [(TransactionKind, TransactionState); 48] = {
    let mut all = [(TransactionKind::Other, TransactionState::Unknown); 48];
    let mut at = 0;
    while at < all.len() {
        let states = TransactionState::ALL.len();
        all[at] = (TransactionKind::ALL[at / states], TransactionState::ALL[at % states]);
        at += 1;
    }
    all
};

impl Stored for Vocabulary {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        for texts in &self.texts {
            texts.write(to)?;
        }
        self.cards.write(to)?;
        (self.units.len() as u64).write(to)?;
        for (currency, scale) in &*self.units {
            currency.write(to)?;
            scale.write(to)?;
        }
        Ok(())
    }

    fn read(from: &mut Input) -> Option<Self> {
        let mut vocabulary = Self::default();
        for texts in &mut vocabulary.texts {
            *texts = Stored::read(from)?;
        }
        vocabulary.cards = Stored::read(from)?;
        let mut units = Vec::new();
        for _ in 0..from.count(1)? {
            units.push((Stored::read(from)?, Stored::read(from)?));
        }
        vocabulary.units = Arc::new(units);
        Some(vocabulary)
    }
}
