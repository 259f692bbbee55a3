//! Records as a table for people: columns aligned by display width, times in the operator's zone.
//!
//! The table is no contract: columns may change.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Record, Row};
use crate::domain::text;

/// A column of a table.
#[derive(Debug)]
pub struct Column<T> {
    heading: &'static str,
    align: Align,
    cell: for<'a> fn(Row<'a, T>, &View) -> Cell,
}

/// How a table is printed.
#[derive(Clone, Debug)]
pub struct View {
    /// Whether it is coloured.
    pub color: bool,
    /// Whether it goes to a terminal: then long texts are cut.
    pub terminal: bool,
    /// The time that ages are counted from.
    pub now: Timestamp,
    /// The zone that times are shown in; JSON and CSV are always UTC.
    pub zone: TimeZone,
}

impl View {
    /// A time for people: `2026-04-03 14:05:09+02:00`.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
    }

    /// How long ago, or `-` for never.
    #[must_use]
    pub fn age(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| "-".to_owned(), |at| text::age(self.now, at))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

impl<T> Column<T> {
    /// A column of words.
    #[must_use]
    pub const fn left(heading: &'static str, cell: for<'a> fn(Row<'a, T>, &View) -> Cell) -> Self {
        Self { heading, align: Align::Left, cell }
    }

    /// A column of figures.
    #[must_use]
    pub const fn right(heading: &'static str, cell: for<'a> fn(Row<'a, T>, &View) -> Cell) -> Self {
        Self { heading, align: Align::Right, cell }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    paint: Paint,
}

/// What a colour means; the word is always there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Nothing special.
    Plain,
    /// DONE, OK.
    Good,
    /// UNKNOWN, SLOW, possibly old.
    Caution,
    /// FAILED, DOWN, negative.
    Danger,
}

impl Paint {
    const fn sequence(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("\x1b[32m"),
            Self::Caution => Some("\x1b[1;35m"),
            Self::Danger => Some("\x1b[1;31m"),
        }
    }
}

impl Cell {
    /// A coloured cell.
    #[must_use]
    pub fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self { text: text.into(), paint }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Paint::Plain)
    }
}

/// The headings of a record's table, with whether the column has figures.
pub(super) fn headings<T: Record>() -> impl Iterator<Item = (&'static str, bool)> {
    T::COLUMNS.iter().map(|column| (column.heading, column.align == Align::Right))
}

/// The texts of one line of its table.
pub(super) fn texts<T: Record>(row: Row<'_, T>, view: &View) -> impl Iterator<Item = String> {
    T::COLUMNS.iter().map(move |column| (column.cell)(row, view).text)
}

/// Longest cell of a table on a terminal, in columns.
const WIDEST: usize = 44;

/// A heading and a line a record; nothing at all without records.
#[must_use]
pub fn table<'a, T: Record>(rows: impl IntoIterator<Item = Row<'a, T>>, view: &View) -> String {
    let headings = T::COLUMNS.iter().map(|column| Cell::from(column.heading)).collect();
    let mut lines: Vec<Vec<Cell>> = vec![headings];
    let cells = |row| T::COLUMNS.iter().map(|column| (column.cell)(row, view)).collect();
    lines.extend(rows.into_iter().map(cells));
    if lines.len() == 1 {
        return String::new();
    }
    if view.terminal {
        for cell in lines.iter_mut().flatten() {
            cell.text = text::fit(&cell.text, WIDEST);
        }
    }
    let shape: Vec<(Align, usize)> = T::COLUMNS
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = lines.iter().filter_map(|line| line.get(index));
            let width = cells.map(|cell| text::width(&cell.text)).max().unwrap_or(0);
            (column.align, width)
        })
        .collect();
    let mut table = String::new();
    for (index, cells) in lines.iter().enumerate() {
        let line = line(cells, &shape, view);
        if index == 0 && view.color {
            table.push_str(&format!("\x1b[1m{line}\x1b[0m\n"));
        } else {
            table.push_str(&line);
            table.push('\n');
        }
    }
    table
}

/// One line. Blanks are only written once something follows them, so that no line ends in blanks.
fn line(cells: &[Cell], shape: &[(Align, usize)], view: &View) -> String {
    let mut line = String::new();
    let mut blanks = 0;
    for (cell, (align, width)) in cells.iter().zip(shape) {
        if cell.text.is_empty() {
            blanks += width + 2;
            continue;
        }
        let room = width.saturating_sub(text::width(&cell.text));
        let (before, after) = match align {
            Align::Left => (0, room),
            Align::Right => (room, 0),
        };
        line.extend(std::iter::repeat_n(' ', blanks + before));
        match cell.paint.sequence().filter(|_| view.color) {
            Some(sequence) => line.push_str(&format!("{sequence}{}\x1b[0m", cell.text)),
            None => line.push_str(&cell.text),
        }
        blanks = after + 2;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Field;

    struct Sample(&'static str, &'static str);

    impl Record for Sample {
        const FIELDS: &'static [Field<Self>] = &[];
        const COLUMNS: &'static [Column<Self>] = &[
            Column::left("WHO", |row, _| row.record.0.into()),
            Column::right("AMOUNT", |row, _| Cell::painted(row.record.1, Paint::Danger)),
            Column::left("NOTE", |_, _| "".into()),
        ];
    }

    fn view() -> View {
        View { color: false, terminal: false, now: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC }
    }

    fn print(rows: &[Sample], view: &View) -> String {
        table(rows.iter().map(Row::from), view)
    }

    #[test]
    fn tables_are_aligned_by_display_column_and_no_line_ends_in_blanks() {
        let rows = [Sample("Mara", "12.40"), Sample("日本", "1,234.00")];
        let table = "WHO     AMOUNT  NOTE\nMara     12.40\n日本  1,234.00\n";
        assert_eq!(print(&rows, &view()), table);
        assert_eq!(print(&[], &view()), "");
    }

    #[test]
    fn colours_are_only_written_when_wanted() {
        let rows = [Sample("Mara", "-1")];
        assert!(!print(&rows, &view()).contains('\x1b'));
        let colored = print(&rows, &View { color: true, ..view() });
        assert!(colored.contains("\x1b[1;31m-1\x1b[0m"), "{colored}");
    }

    #[test]
    fn long_texts_are_cut_for_people_only() {
        let rows =
            [Sample("a name that is far longer than anybody would want to read in a table", "1")];
        assert!(print(&rows, &view()).contains("in a table"));
        assert!(print(&rows, &View { terminal: true, ..view() }).contains("~  "));
    }

    #[test]
    fn times_are_shown_with_their_offset() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            View { zone, ..view() }.time(Timestamp::UNIX_EPOCH),
            "1970-01-01 02:00:00+02:00"
        );
    }
}
