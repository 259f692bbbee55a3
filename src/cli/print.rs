//! Records in the format that was asked for, and the one way to standard output.
//!
//! What a record consists of is in its contract. A closed pipe is no error.

use std::io::{self, BufWriter, Write};

use super::global::{Format, Layout};
use crate::contract::{Record, Row, View, csv, json, markdown, table};

/// A list: a table, a JSON array with a line a record, or CSV.
pub(crate) fn list<'a, T: Record>(
    rows: impl IntoIterator<Item = Row<'a, T>>,
    format: Format,
    view: &View,
) -> String {
    match format {
        Format::Table => table::table(rows, view),
        Format::Csv => csv::document(rows),
        Format::Json => json::array(rows),
    }
}

/// One record: its fields below each other, a JSON object, or CSV with one line.
pub(crate) fn one<T: Record>(record: &T, format: Format) -> String {
    match format {
        Format::Table => csv::sheet(record),
        Format::Csv => csv::document([Row::from(record)]),
        Format::Json => json::object(record) + "\n",
    }
}

/// A list that is written while it is read: whatever its length, it takes no memory.
pub(crate) struct Stream<W: Write> {
    to: W,
    layout: Layout,
    count: usize,
}

impl Stream<BufWriter<io::Stdout>> {
    /// A list on standard output, in a format that needs no widths: a table needs all its rows
    /// first.
    pub(crate) fn new(format: Format) -> Option<Self> {
        let to = BufWriter::new(io::stdout());
        match format {
            Format::Table => None,
            Format::Json => Some(Self::into(to, Layout::Json)),
            Format::Csv => Some(Self::into(to, Layout::Csv)),
        }
    }
}

impl<W: Write> Stream<W> {
    /// A list that goes into this file. A table is one in Markdown.
    pub(crate) const fn into(to: W, layout: Layout) -> Self {
        Self { to, layout, count: 0 }
    }

    /// Where it goes.
    pub(crate) const fn target(&self) -> &W {
        &self.to
    }

    /// How many rows it has.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Writes one more row; `false` where nobody reads on.
    ///
    /// # Errors
    /// When it cannot be written: a full disk.
    pub(crate) fn add<T: Record>(&mut self, row: Row<'_, T>, view: &View) -> io::Result<bool> {
        let text = match (self.layout, self.count) {
            (Layout::Csv, 0) => csv::document([row]),
            (Layout::Csv, _) => csv::line(row),
            (Layout::Json, 0) => format!("[\n{}", json::object(row)),
            (Layout::Json, _) => format!(",\n{}", json::object(row)),
            (Layout::Jsonl, _) => json::object(row) + "\n",
            (Layout::Table | Layout::Markdown, 0) => {
                markdown::header::<T>() + &markdown::line(row, view)
            }
            (Layout::Table | Layout::Markdown, _) => markdown::line(row, view),
        };
        self.count += 1;
        match self.to.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Writes the end of the list; an empty one reads as [`list`] prints it. Returns where it went.
    ///
    /// # Errors
    /// When it cannot be written: a full disk.
    pub(crate) fn end<T: Record>(mut self) -> io::Result<W> {
        let text = match (self.layout, self.count) {
            (Layout::Csv, 0) => csv::header::<T>(),
            (Layout::Json, 0) => "[]\n".to_owned(),
            (Layout::Json, _) => "\n]\n".to_owned(),
            (Layout::Table | Layout::Markdown, 0) => markdown::header::<T>(),
            (Layout::Csv | Layout::Jsonl | Layout::Table | Layout::Markdown, _) => String::new(),
        };
        forgiving(self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush()))?;
        Ok(self.to)
    }
}

/// Writes to standard output, at once. A pipe that its reader closed is no error.
///
/// # Errors
/// When it cannot be written for another reason: a full disk.
pub(crate) fn put(text: &str) -> io::Result<()> {
    let mut to = BufWriter::new(io::stdout().lock());
    forgiving(to.write_all(text.as_bytes()).and_then(|()| to.flush()))
}

/// The same; `false` where nobody reads any more.
///
/// # Errors
/// When it cannot be written for another reason: a full disk.
pub(crate) fn put_or_closed(text: &str) -> io::Result<bool> {
    let mut to = io::stdout().lock();
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// The same result, with a pipe that was closed early counted as success.
///
/// # Errors
/// Any other error.
pub(crate) fn forgiving(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Ok(()) | Err(_) => result,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::app::fixture;
    use crate::app::{Effect, Model};

    /// What `y j` puts on the clipboard.
    fn copied(model: &mut Model) -> Option<String> {
        fixture::press(model, "y j").into_iter().find_map(|effect| match effect {
            Effect::Copy(request) => Some(request.text + "\n"),
            Effect::Ask(_) | Effect::Suspend | Effect::Redraw | Effect::Quit => None,
        })
    }

    #[test]
    fn the_board_copies_the_json_that_the_command_line_prints() {
        let mut model = fixture::board((120, 40));
        let mut count = 0;
        for _ in 0..model.portfolio.cards.len() {
            let key = model.subject().expect("a selected card");
            let card = model.portfolio.cards.get(&key).expect("a card of the board");
            assert_eq!(copied(&mut model), Some(one(&card, Format::Json)));
            count += 1;
            fixture::press(&mut model, "j");
        }
        assert!(count > 10, "the fixture has cards in every state");
    }

    #[test]
    fn the_board_copies_transactions_and_operations_as_the_command_line_prints_them() {
        let mut model = fixture::board((120, 40));
        let mut lines: BTreeSet<String> =
            model.portfolio.operations.iter().map(|row| one(row, Format::Json)).collect();
        let operations = lines.len();
        lines.extend(model.portfolio.transactions.iter().map(|row| one(&row, Format::Json)));
        for (pane, least) in [("2", operations + 5), ("3", operations)] {
            fixture::press(&mut model, pane);
            fixture::press(&mut model, "g");
            let mut seen = BTreeSet::new();
            for _ in 0..lines.len() {
                let text = copied(&mut model).expect("a row is selected");
                assert!(lines.contains(&text), "{text}");
                seen.insert(text);
                fixture::press(&mut model, "j");
            }
            assert!(seen.len() >= least, "{pane}: {} of {}", seen.len(), lines.len());
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert!(forgiving(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(forgiving(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
