//! Records as CSV, and a single record as a sheet of the same fields.
//!
//! Times are UTC, and money is two columns: its digits, and its currency. No text is left that a
//! spreadsheet would run as a formula.

use super::{Csv, Field, Kind, Record, Row, Value};
use crate::domain::text;

/// A header and a line a record.
#[must_use]
pub fn document<'a, T: Record>(rows: impl IntoIterator<Item = Row<'a, T>>) -> String {
    let mut to = csv::Writer::from_writer(Vec::new());
    let in_memory = "writing to memory does not fail, and every row has one cell a header";
    to.write_record(headers::<T>()).expect(in_memory);
    for row in rows {
        to.write_record(cells(row).iter().map(Cell::neutral)).expect(in_memory);
    }
    let bytes = to.into_inner().expect(in_memory);
    String::from_utf8(bytes).expect("made of text only")
}

/// The line of the headers.
#[must_use]
pub fn header<T: Record>() -> String {
    document(std::iter::empty::<Row<'_, T>>())
}

/// The line of one record.
#[must_use]
pub fn line<T: Record>(row: Row<'_, T>) -> String {
    let with_header = document([row]);
    with_header.split_at(header::<T>().len()).1.to_owned()
}

/// One field a line, with its name; `-` for what is not known.
#[must_use]
pub fn sheet<'a, T: Record>(row: impl Into<Row<'a, T>>) -> String {
    let headers = headers::<T>();
    let widest = headers.iter().map(|header| text::width(header)).max().unwrap_or(0);
    let mut sheet = String::new();
    for (header, cell) in headers.iter().zip(cells(row.into())) {
        let value = if cell.text().is_empty() { "-" } else { cell.text() };
        sheet.push_str(&format!("{}  {value}\n", text::pad_right(header, widest)));
    }
    sheet
}

/// The names of the columns.
pub(super) fn headers<T: Record>() -> Vec<String> {
    T::FIELDS.iter().flat_map(headers_of).collect()
}

/// Whether a field has a column, or two.
#[cfg(test)]
pub(super) fn is_column<T>(field: &Field<T>) -> bool {
    field.csv != Csv::No
}

fn headers_of<T>(field: &Field<T>) -> Vec<String> {
    let name = field.name.to_owned();
    match (field.csv, field.kind) {
        (Csv::No, _) => Vec::new(),
        (Csv::Yes, Kind::Money) => {
            let currency = match field.name {
                "amount" => "currency".to_owned(),
                name => format!("{name}_currency"),
            };
            vec![name, currency]
        }
        (Csv::Yes | Csv::Digits, _) => vec![name],
    }
}

/// The cells of a record, one a header.
fn cells<T: Record>(row: Row<'_, T>) -> Vec<Cell> {
    T::FIELDS.iter().flat_map(|field| cells_of(field, row)).collect()
}

fn cells_of<T>(field: &Field<T>, row: Row<'_, T>) -> Vec<Cell> {
    if field.csv == Csv::No {
        return Vec::new();
    }
    let value = field.value(row);
    let cell = match value {
        Value::Money(_) | Value::Count(_) => Cell::Number(value.text()),
        _ => Cell::Text(value.text()),
    };
    match (field.csv, field.kind) {
        (Csv::Yes, Kind::Money) => {
            let currency = match value {
                Value::Money(money) => money.currency().to_string(),
                _ => String::new(),
            };
            vec![cell, Cell::Text(currency)]
        }
        _ => vec![cell],
    }
}

/// A cell of CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    /// Foreign or our own text: neutralised, so that no spreadsheet runs it.
    Text(String),
    /// A number of ours, sign and digits: kept as it is.
    Number(String),
}

impl Cell {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    /// The cell as a spreadsheet may get it: a text that it would run as a formula begins with an
    /// apostrophe. Some spreadsheets split a line at semicolons or tabs, and then each piece is a
    /// cell: a piece that would be run gets its apostrophe, too.
    fn neutral(&self) -> String {
        let Self::Text(text) = self else { return self.text().to_owned() };
        let mut out = String::with_capacity(text.len());
        let mut begins = true;
        for c in text.chars() {
            if begins && begins_formula(c) {
                out.push('\'');
            }
            // Blanks and quotes before a formula are skipped by some.
            begins = matches!(c, ';' | '\t' | '\r' | '\n')
                || begins && (c.is_whitespace() || matches!(c, '"' | '\''));
            out.push(c);
        }
        out
    }
}

/// Whether a cell that begins so is a formula: also in the full-width forms, which some
/// spreadsheets read alike.
fn begins_formula(c: char) -> bool {
    matches!(
        c,
        '=' | '+'
            | '-'
            | '@'
            | '\u{ff1d}'
            | '\u{ff0b}'
            | '\u{ff0d}'
            | '\u{ff20}'
            | '\u{2212}'
            | '\u{fe62}'
            | '\u{fe63}'
            | '\u{fe66}'
            | '\u{fe6b}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample(&'static str, u64);

    impl Record for Sample {
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("who", Kind::Text, "a name", |row| row.record.0.into()),
            Field::<Self>::new("count", Kind::Count, "a number", |row| row.record.1.into()),
        ];
    }

    #[test]
    fn no_text_in_csv_is_run_by_a_spreadsheet() {
        let rows = [Sample("=1+1", 5), Sample("-x", 1), Sample("@a,b", 2), Sample("ok", 3)];
        let wanted = "who,count\n'=1+1,5\n'-x,1\n\"'@a,b\",2\nok,3\n";
        assert_eq!(document(rows.iter().map(Row::from)), wanted);
    }

    #[test]
    fn no_cell_is_run_by_a_spreadsheet_that_splits_at_semicolons_or_reads_full_width_signs() {
        for (text, neutral) in [
            ("+49 30", "'+49 30"),
            ("a;=1+1", "a;'=1+1"),
            ("a; =1+1", "a; '=1+1"),
            ("a;\"=1+1", "a;\"'=1+1"),
            ("a;;-1;@x", "a;;'-1;'@x"),
            ("a\t=1", "a\t'=1"),
            (" =1", " '=1"),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠x", "'＠x"),
            ("\u{2212}1", "'\u{2212}1"),
            ("REWE - Markt; 5=5", "REWE - Markt; 5=5"),
            ("'=1", "''=1"),
            ("", ""),
        ] {
            assert_eq!(Cell::Text(text.to_owned()).neutral(), neutral, "{text}");
        }
        assert_eq!(Cell::Number("-12.40".to_owned()).neutral(), "-12.40");
    }

    #[test]
    fn one_record_shows_a_dash_for_what_is_not_known() {
        assert_eq!(sheet(&Sample("", 1)), "who    -\ncount  1\n");
    }
}
