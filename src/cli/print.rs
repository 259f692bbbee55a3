//! Records in the format that was asked for, and the one way to standard output.
//!
//! What a record consists of is in its contract. A closed pipe is no error.

use std::io::{self, BufWriter, Write};

use super::global::Format;
use crate::contract::{Record, Row, View, csv, json, table};

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

/// A list that is printed while it is read: JSON and CSV, whatever its length, take no memory.
pub(crate) struct Stream {
    to: BufWriter<io::Stdout>,
    format: Format,
    count: usize,
}

impl Stream {
    /// A list in a format that needs no widths: a table needs all its rows first.
    pub(crate) fn new(format: Format) -> Option<Self> {
        match format {
            Format::Table => None,
            Format::Json | Format::Csv => {
                Some(Self { to: BufWriter::new(io::stdout()), format, count: 0 })
            }
        }
    }

    /// Prints one more row; `false` where nobody reads on.
    ///
    /// # Errors
    /// When it cannot be written: a full disk.
    pub(crate) fn add<T: Record>(&mut self, row: Row<'_, T>) -> io::Result<bool> {
        let text = match (self.format, self.count) {
            (Format::Csv, 0) => csv::document([row]),
            (Format::Csv, _) => csv::line(row),
            (Format::Json | Format::Table, 0) => format!("[\n{}", json::object(row)),
            (Format::Json | Format::Table, _) => format!(",\n{}", json::object(row)),
        };
        self.count += 1;
        match self.to.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Prints the end of the list; an empty one prints as [`list`] prints it.
    ///
    /// # Errors
    /// When it cannot be written: a full disk.
    pub(crate) fn end<T: Record>(mut self) -> io::Result<()> {
        let text = match (self.format, self.count) {
            (Format::Csv, 0) => csv::header::<T>(),
            (Format::Csv, _) => String::new(),
            (Format::Json | Format::Table, 0) => "[]\n".to_owned(),
            (Format::Json | Format::Table, _) => "\n]\n".to_owned(),
        };
        forgiving(self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush()))
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
