//! The fields and the table of what is compared: an operation of ours, a credit of theirs, or both.

use jiff::Timestamp;

use super::operation;
use super::table::{Cell, Column, Paint};
use super::{Field, Kind, Record};
use crate::domain::card::{CardKey, Last4, digits};
use crate::domain::operation::Operation;
use crate::domain::transaction::Transaction;

/// A top-up of ours and a credit of the provider's list that belong together, or one of both.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// How they belong together.
    pub matching: Matching,
    /// Ours.
    pub ours: Option<Operation>,
    /// Theirs.
    pub theirs: Option<Transaction>,
}

/// How a top-up and a credit belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// The journal or the provider names the one for the other.
    Named,
    /// Neither does: the sum, the card and the time fit, and nothing else does.
    BySum,
    /// One is named for the other, and they are of different sums.
    DifferentSums,
    /// No credit of the list is this top-up's.
    OursOnly,
    /// No operation of the journal has this credit.
    TheirsOnly,
}

impl Matching {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Named, Self::BySum, Self::DifferentSums, Self::OursOnly, Self::TheirsOnly];

    /// Its word in JSON and CSV.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Named => "matched",
            Self::BySum => "matched-by-sum",
            Self::DifferentSums => "different-sums",
            Self::OursOnly => "ours-only",
            Self::TheirsOnly => "theirs-only",
        }
    }

    /// Whether both sides say the same.
    #[must_use]
    pub const fn is_equal(self) -> bool {
        matches!(self, Self::Named | Self::BySum)
    }
}

impl Reconciled {
    /// The card.
    #[must_use]
    pub fn card(&self) -> Option<CardKey> {
        let ours = self.ours.as_ref().map(|operation| operation.card.clone());
        ours.or_else(|| self.theirs.as_ref()?.card())
    }

    /// When it was asked, else when it came.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        let ours = self.ours.as_ref().map(|operation| operation.created_at);
        ours.or_else(|| self.theirs.as_ref().map(|row| row.at))
    }

    fn provider(&self) -> &str {
        let ours = self.ours.as_ref().map(|operation| &operation.card.provider);
        let provider = ours.or_else(|| self.theirs.as_ref().map(|row| &row.provider));
        provider.map_or("", |provider| provider.name())
    }

    fn last4(&self) -> Option<Last4> {
        let ours = self.ours.as_ref().and_then(|operation| operation.last4);
        ours.or_else(|| self.theirs.as_ref().and_then(|row| row.last4))
    }
}

impl Record for Reconciled {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("match", Kind::Word(words), MATCH, |row| {
            row.record.matching.as_str().into()
        })
        .not_filtered(),
        Field::<Self>::new("provider", Kind::Text, "the provider account", |row| {
            row.record.provider().into()
        })
        .not_filtered(),
        Field::<Self>::new("card_id", Kind::Text, "the card's id in its canonical form", |row| {
            row.record.card().map(|card| card.id.to_string()).into()
        })
        .null("the credit does not say it")
        .not_filtered(),
        Field::<Self>::new("last4", Kind::Text, "the last four digits of the card number", |row| {
            row.record.last4().into()
        })
        .null("they are not known")
        .not_filtered(),
        Field::<Self>::new("operation", Kind::Text, "id of our operation", |row| {
            row.record.ours.as_ref().map(|ours| ours.id).into()
        })
        .null(NO_OURS)
        .not_filtered(),
        Field::<Self>::new("state", Kind::Word(operation::states), "how far ours got", |row| {
            row.record.ours.as_ref().map(|ours| ours.state.as_str()).into()
        })
        .null(NO_OURS)
        .not_filtered(),
        Field::<Self>::new("asked_at", Kind::Time, "when ours was asked", |row| {
            row.record.ours.as_ref().map(|ours| ours.created_at).into()
        })
        .null(NO_OURS)
        .not_filtered(),
        Field::<Self>::new("amount", Kind::Money, "the amount that was asked", |row| {
            row.record.ours.as_ref().and_then(|ours| ours.amount).into()
        })
        .null(NO_OURS)
        .not_filtered(),
        Field::<Self>::new("reference", Kind::Text, "our reference", |row| {
            row.record.ours.as_ref().map(|ours| &ours.reference).into()
        })
        .null(NO_OURS)
        .not_filtered(),
        Field::<Self>::new("transaction", Kind::Text, "id of their credit", |row| {
            row.record.theirs.as_ref().map(|row| &row.id).into()
        })
        .null(NO_THEIRS)
        .not_filtered(),
        Field::<Self>::new("at", Kind::Time, "when it came, by the provider's clock", |row| {
            row.record.theirs.as_ref().map(|row| row.at).into()
        })
        .null(NO_THEIRS)
        .not_filtered(),
        Field::<Self>::new("credited", Kind::Money, "the amount that their list shows", |row| {
            row.record.theirs.as_ref().map(|row| row.amount).into()
        })
        .null(NO_THEIRS)
        .not_filtered(),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("MATCH", |row, _| {
            let matching = row.record.matching;
            let paint = if matching.is_equal() { Paint::Good } else { Paint::Caution };
            Cell::painted(matching.as_str(), paint)
        }),
        Column::left("PROVIDER", |row, _| row.record.provider().to_owned().into()),
        Column::left("CARD", |row, _| digits(row.record.last4()).into()),
        Column::right("OURS", |row, _| {
            let amount = row.record.ours.as_ref().and_then(|ours| ours.amount);
            amount.map(|amount| amount.to_string()).unwrap_or_default().into()
        }),
        Column::left("STATE", |row, _| {
            row.record.ours.as_ref().map_or("", |ours| ours.state.as_str()).into()
        }),
        Column::left("ASKED", |row, view| {
            let at = row.record.ours.as_ref().map(|ours| view.time(ours.created_at));
            at.unwrap_or_default().into()
        }),
        Column::left("OPERATION", |row, _| {
            row.record.ours.as_ref().map(|ours| ours.id.to_string()).unwrap_or_default().into()
        }),
        Column::right("THEIRS", |row, _| {
            row.record.theirs.as_ref().map(|row| row.amount.to_string()).unwrap_or_default().into()
        }),
        Column::left("CAME", |row, view| {
            row.record.theirs.as_ref().map(|row| view.time(row.at)).unwrap_or_default().into()
        }),
        Column::left("TRANSACTION", |row, _| {
            row.record.theirs.as_ref().map_or("", |row| &*row.id).into()
        }),
    ];
}

const MATCH: &str = "`matched`: the journal or the provider names the one for the other; \
                     `matched-by-sum`: only card, sum and time fit; `different-sums`: named for \
                     each other, and not equal; `ours-only`: no credit of the list is it; \
                     `theirs-only`: no operation of the journal has it";

const NO_OURS: &str = "it is theirs only";

const NO_THEIRS: &str = "it is ours only";

fn words() -> Vec<&'static str> {
    Matching::ALL.map(Matching::as_str).to_vec()
}
