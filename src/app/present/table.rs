//! Tables as data: a table is a list of [`Column`]s, and a column is one entry in that list.
//!
//! Which columns fit, and how wide each is, is decided where they are drawn (`ui::table`).

use super::Role;
use super::time::TimeFormat;
use crate::app::portfolio::Portfolio;
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
    /// Columns with a higher number are hidden first where not all fit; 0 never is. Numbers need
    /// not follow each other.
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
}

/// Words that may be cut.
pub(crate) const fn words(least: usize, good: usize, most: usize) -> Width {
    Width { least, good, most, alignment: Alignment::Words }
}

/// Short words that mean nothing when cut.
pub(crate) const fn whole(least: usize, most: usize) -> Width {
    Width { least, good: least, most, alignment: Alignment::Whole }
}

/// Figures.
pub(crate) const fn figures(least: usize, most: usize) -> Width {
    Width { least, good: least, most, alignment: Alignment::Figure }
}

/// The cells of one row.
pub(crate) fn cells<R>(columns: &[Column<R>], context: &Context<'_>, row: &R) -> Vec<Cell> {
    count(Work::RowFormatted);
    columns.iter().map(|column| (column.cell)(context, row)).collect()
}

/// One row as plain text: its cells with two blanks between them.
pub(crate) fn plain<R>(columns: &[Column<R>], portfolio: &Portfolio, row: &R) -> String {
    let cells = cells(columns, &Context { portfolio, time: TimeFormat::Full }, row);
    let cells: Vec<&str> =
        cells.iter().map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
    cells.join("  ")
}
