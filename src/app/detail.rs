//! The pane of one card: which card, and the rows of its timeline.

mod timeline;

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::entry::Entry;
use super::list::List;
use super::loaded::Loaded;
use super::memo::{DataVersion, Memo, Movement};
use super::portfolio::Portfolio;
use super::present::Line;
use crate::domain::card::CardKey;
use crate::domain::operation::{ActionKind, Operation};
use crate::ledger::CardSelection;
use timeline::Timeline;

/// Which rows of the timeline are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    All,
    Holds,
    Declines,
    /// Money in.
    TopUps,
    /// What operators did.
    Audit,
}

impl Tab {
    /// Every tab, from left to right.
    pub(crate) const ALL: [Self; 5] =
        [Self::All, Self::Holds, Self::Declines, Self::TopUps, Self::Audit];

    /// The word on screen.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Holds => "holds",
            Self::Declines => "declines",
            Self::TopUps => "top-ups",
            Self::Audit => "audit",
        }
    }

    /// The transactions that it shows; none where that is not set.
    const fn transactions(self) -> Option<CardSelection> {
        match self {
            Self::All => Some(CardSelection::All),
            Self::Holds => Some(CardSelection::Holds),
            Self::Declines => Some(CardSelection::Declined),
            Self::TopUps => Some(CardSelection::TopUps),
            Self::Audit => None,
        }
    }

    fn shows(self, operation: &Operation) -> bool {
        match self {
            Self::All | Self::Audit => true,
            Self::TopUps => operation.action_kind == ActionKind::TopUp,
            Self::Holds | Self::Declines => false,
        }
    }
}

/// The pane of one card.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    pub(crate) card: Option<CardKey>,
    pub(crate) list: List<Entry, Timeline>,
    pub(crate) tab: Tab,
    /// Rows that the tab hides.
    pub(crate) hidden: usize,
    /// How much was loaded when the rows were made.
    pub(crate) loaded: Loaded,
    /// The lines above the timeline as the last update made them, and the area that they are for.
    pub(crate) summary: Option<(Rect, Vec<Line>)>,
    /// The card and the tab.
    memo: Memo<(Option<CardKey>, Tab)>,
}

impl Detail {
    /// Shows a card, with the cursor on its newest row.
    pub(crate) fn show(&mut self, card: Option<CardKey>) {
        if self.card != card {
            self.card = card;
            self.list.follow_first();
        }
    }

    /// Makes the rows again where something they depend on has changed. The portfolio must know
    /// which card is shown: [`Portfolio::show`].
    pub(crate) fn refresh_rows(&mut self, portfolio: &Portfolio, movement: Movement) {
        let data = DataVersion::of_shown(portfolio);
        if !self.memo.renew(data, (self.card.clone(), self.tab), movement) {
            return;
        }
        self.loaded = Loaded::now(portfolio);
        let Some(key) = self.card.as_ref() else {
            self.list.change(|rows| *rows = Timeline::default());
            return;
        };
        // An operation that a transaction proves is left out: the transaction stands for it. The
        // audit names the operation itself.
        let none = BTreeSet::new();
        let proven = match self.tab {
            Tab::Audit => &none,
            Tab::All | Tab::Holds | Tab::Declines | Tab::TopUps => portfolio.transactions.proven(),
        };
        let of_card = portfolio.operations_of(key).filter(|row| !proven.contains(&row.id));
        let of_card: Vec<&Operation> = of_card.collect();
        let rows = portfolio.shown_rows();
        let total = rows.len(CardSelection::All) + of_card.len();
        let shown = of_card.into_iter().filter(|operation| self.tab.shows(operation));
        let timeline = Timeline::new(rows, self.tab.transactions(), shown);
        self.list.change(|rows| *rows = timeline);
        self.hidden = total - self.list.len();
    }
}
