//! Tables as data: a table is a list of [`Column`]s, and a column is one entry in that list.
//!
//! Which columns fit, and how wide each is, is decided in [`widths`].

pub(crate) mod widths;

use super::Role;
use super::time::TimeFormat;
use crate::app::portfolio::Portfolio;
use crate::app::widest::Widest;
use crate::app::work::{Work, count};

/// A cell: its words and what they mean.
pub(crate) type Cell = (Role, String);

/// A column of a table whose rows are `R`.
pub(crate) struct Column<R> {
    /// Its heading, with shorter ones behind `|` for where there is little room: headings are
    /// shown whole or not at all.
    pub(crate) title: &'static str,
    /// How wide it is.
    pub(crate) width: Width,
    /// Columns with a higher number are hidden first where not all fit. 0 is never hidden, 1 only
    /// where the table would not fit even with its words cut short. Numbers need not follow each
    /// other.
    pub(crate) hide_order: u8,
    /// What it says of a row.
    pub(crate) cell: fn(&Context<'_>, &R) -> Cell,
}

/// What every cell may look at, beside its row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// What is known, and the time.
    pub(crate) portfolio: &'a Portfolio,
    /// How times are written in this table.
    pub(crate) time: TimeFormat,
    /// The full words of this cell do not fit into its column: a shorter form is wanted, where
    /// there is one. Its last word is the sum, where the full words end with one.
    pub(crate) brief: bool,
}

impl<'a> Context<'a> {
    /// In full.
    pub(crate) const fn full(portfolio: &'a Portfolio) -> Self {
        Self { portfolio, time: TimeFormat::Full, brief: false }
    }
}

/// How wide a column is, in terminal columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Width {
    /// At least.
    pub(crate) least: usize,
    /// What it gets before any column gets more than it needs.
    pub(crate) good: usize,
    /// At most.
    pub(crate) most: usize,
    /// How its cells are aligned, and whether they may be cut.
    pub(crate) alignment: Alignment,
    /// What its cells are as wide as.
    pub(crate) holds: Holds,
}

/// How the cells of a column are aligned, and whether they may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alignment {
    /// To the left, cut with a `~`.
    Words,
    /// To the left, never cut.
    Whole,
    /// To the right, never cut.
    Figure,
    /// Times: wide enough for [`TimeFormat::Full`] or else for [`TimeFormat::Brief`].
    Time,
}

/// What is known of the contents of a column before its rows are: with it the widths of columns
/// depend neither on the rows that happen to be on screen nor on how many those are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Nothing.
    Anything,
    /// Names of cardholders: it need not be wider than the widest.
    Holders,
    /// Balances of cards: it is as wide as the widest.
    Balances,
    /// Amounts of transactions and changes, with their sign: it is as wide as the widest.
    Amounts,
    /// Words that may end with a sum, which is never cut.
    Sums,
    /// The same with the currency of the sum.
    SumsWithCurrency,
}

impl Width {
    /// The same for such contents.
    pub(crate) const fn holding(self, holds: Holds) -> Self {
        Self { holds, ..self }
    }

    /// Less than this is never enough, whatever has to be hidden for it.
    fn floor(&self, widest: &Widest) -> usize {
        let floor = match self.alignment {
            Alignment::Words => SHORTEST_WORDS,
            Alignment::Whole | Alignment::Figure | Alignment::Time => self.least,
        };
        match self.holds {
            Holds::Anything | Holds::Holders => floor,
            Holds::Balances => floor.max(widest.balance()),
            Holds::Amounts => floor.max(widest.amount()),
            // A `~`, a blank and the sum.
            Holds::Sums => floor.max(widest.sum() + 2),
            Holds::SumsWithCurrency => floor.max(widest.amount() + 2 + 4),
        }
    }

    /// More than this is never of use.
    fn ceiling(&self, widest: &Widest) -> usize {
        match self.holds {
            Holds::Holders => self.most.min(widest.holder().max(self.good)),
            Holds::Anything
            | Holds::Balances
            | Holds::Amounts
            | Holds::Sums
            | Holds::SumsWithCurrency => self.most,
        }
    }
}

/// Words are cut to this many columns where nothing else helps.
const SHORTEST_WORDS: usize = 4;

/// Words that may be cut.
pub(crate) const fn words(least: usize, good: usize, most: usize) -> Width {
    Width { least, good, most, alignment: Alignment::Words, holds: Holds::Anything }
}

/// Short words that mean nothing when cut.
pub(crate) const fn whole(least: usize, most: usize) -> Width {
    Width { least, good: least, most, alignment: Alignment::Whole, holds: Holds::Anything }
}

/// Figures.
pub(crate) const fn figures(least: usize, most: usize) -> Width {
    Width { least, good: least, most, alignment: Alignment::Figure, holds: Holds::Anything }
}

/// Times, all of one format.
pub(crate) const fn times() -> Width {
    let (least, most) = (TimeFormat::Brief.columns(), TimeFormat::Full.columns());
    Width { least, good: least, most, alignment: Alignment::Time, holds: Holds::Anything }
}

/// The cells of one row.
pub(crate) fn cells<R>(columns: &[Column<R>], context: &Context<'_>, row: &R) -> Vec<Cell> {
    count(Work::RowFormatted);
    columns.iter().map(|column| (column.cell)(context, row)).collect()
}

/// One row as plain text: its cells with two blanks between them.
pub(crate) fn plain<R>(columns: &[Column<R>], portfolio: &Portfolio, row: &R) -> String {
    let cells = cells(columns, &Context::full(portfolio), row);
    let cells: Vec<&str> =
        cells.iter().map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
    cells.join("  ")
}
