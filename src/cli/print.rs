//! Rows as a table, JSON or CSV, and the one way to standard output.
//!
//! It knows nothing of cards: what a row says is a [`Record`]. A reader that went away is no error.

use std::io::{self, BufWriter, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Format;
use crate::domain::text;

/// Something that is printed as a row of a table, a line of CSV and an object of JSON.
pub(crate) trait Record {
    /// Columns of the table.
    const COLUMNS: &'static [Column];
    /// Header of the CSV; also the labels when one record is shown alone.
    const FIELDS: &'static [&'static str];
    /// One cell a column.
    fn cells(&self, view: &View) -> Vec<Cell>;
    /// One field a header.
    fn fields(&self) -> Vec<Field>;
    /// The JSON object, on one line.
    fn json(&self) -> String;
}

/// How something is printed.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Table, JSON or CSV.
    pub(crate) format: Format,
    /// Whether tables are coloured.
    pub(crate) color: bool,
    /// Whether a person reads it: then long texts are cut.
    pub(crate) terminal: bool,
    /// The time that ages are counted from.
    pub(crate) now: Timestamp,
    /// The zone that tables show times in; JSON and CSV are always UTC.
    pub(crate) zone: TimeZone,
}

impl View {
    /// A time for people: `2026-04-03 14:05:09+02:00`.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
    }

    /// How long ago, or `-` for never.
    pub(crate) fn age(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| "-".to_owned(), |at| text::age(self.now, at))
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    name: &'static str,
    align: Align,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

impl Column {
    /// For words.
    pub(crate) const fn left(name: &'static str) -> Self {
        Self { name, align: Align::Left }
    }

    /// For figures.
    pub(crate) const fn right(name: &'static str) -> Self {
        Self { name, align: Align::Right }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

/// What a colour means; the word is always there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
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
    pub(crate) fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self { text: text.into(), paint }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Paint::Plain)
    }
}

/// A field of CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Foreign or our own text: neutralised, so that no spreadsheet runs it.
    Text(String),
    /// A number of ours, sign and digits: kept as it is.
    Number(String),
}

impl Field {
    /// Text; absent is empty.
    pub(crate) fn text(text: Option<&str>) -> Self {
        Self::Text(text.unwrap_or_default().to_owned())
    }

    /// What can be printed, as text; absent is empty.
    pub(crate) fn shown(value: Option<impl std::fmt::Display>) -> Self {
        Self::Text(value.map(|value| value.to_string()).unwrap_or_default())
    }

    fn plain(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }

    /// The field as a spreadsheet may get it: a text that it would run as a formula begins with an
    /// apostrophe. Some spreadsheets split a line at semicolons or tabs, and then each piece is a
    /// field: a piece that would be run gets its apostrophe, too.
    fn neutral(&self) -> String {
        let Self::Text(text) = self else { return self.plain().to_owned() };
        let mut out = String::with_capacity(text.len());
        let mut begins = true;
        for c in text.chars() {
            if begins && runs(c) {
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

/// Whether a field that begins so is a formula: also in the full-width forms, which some
/// spreadsheets read alike.
fn runs(c: char) -> bool {
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
    ) || matches!(c, '\u{fe66}' | '\u{fe6b}')
}

/// Longest cell of a table on a terminal, in columns.
const WIDEST: usize = 44;

/// A list: a table, a JSON array with a line a row, or CSV.
pub(crate) fn list<R: Record>(rows: &[R], view: &View) -> String {
    match view.format {
        Format::Table => table(rows, view),
        Format::Csv => csv_of(rows),
        Format::Json if rows.is_empty() => "[]\n".to_owned(),
        Format::Json => {
            format!("[\n{}\n]\n", rows.iter().map(Record::json).collect::<Vec<_>>().join(",\n"))
        }
    }
}

/// One record: its fields below each other, a JSON object, or CSV with one line.
pub(crate) fn one<R: Record>(row: &R, view: &View) -> String {
    match view.format {
        Format::Table => sheet(row),
        Format::Csv => csv_of(std::slice::from_ref(row)),
        Format::Json => row.json() + "\n",
    }
}

fn sheet<R: Record>(row: &R) -> String {
    let widest = R::FIELDS.iter().map(|label| text::width(label)).max().unwrap_or(0);
    let mut out = String::new();
    for (label, field) in R::FIELDS.iter().zip(row.fields()) {
        let value = if field.plain().is_empty() { "-" } else { field.plain() };
        out.push_str(&format!("{}  {value}\n", text::left(label, widest)));
    }
    out
}

fn csv_of<R: Record>(rows: &[R]) -> String {
    let mut to = csv::Writer::from_writer(Vec::new());
    let in_memory = "writing to memory does not fail, and every row has one field a header";
    to.write_record(R::FIELDS).expect(in_memory);
    for row in rows {
        to.write_record(row.fields().iter().map(Field::neutral)).expect(in_memory);
    }
    let bytes = to.into_inner().expect(in_memory);
    String::from_utf8(bytes).expect("made of text only")
}

fn table<R: Record>(rows: &[R], view: &View) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut lines: Vec<Vec<Cell>> =
        vec![R::COLUMNS.iter().map(|column| Cell::from(column.name)).collect()];
    lines.extend(rows.iter().map(|row| row.cells(view)));
    if view.terminal {
        for cell in lines.iter_mut().flatten() {
            cell.text = text::fit(&cell.text, WIDEST);
        }
    }
    let width_of = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| text::width(&cell.text)).max()
    };
    let widths: Vec<usize> =
        (0..R::COLUMNS.len()).map(|column| width_of(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        let mut drawn = String::new();
        let mut blanks = 0;
        for ((cell, column), width) in line.iter().zip(R::COLUMNS).zip(&widths) {
            let room = width.saturating_sub(text::width(&cell.text));
            let (before, after) = match column.align {
                Align::Left => (0, room),
                Align::Right => (room, 0),
            };
            // Blanks are only written once something follows them, so that no line ends in blanks.
            if !cell.text.is_empty() {
                drawn.extend(std::iter::repeat_n(' ', blanks + before));
                blanks = 0;
                match cell.paint.sequence().filter(|_| view.color) {
                    Some(sequence) => drawn.push_str(&format!("{sequence}{}\x1b[0m", cell.text)),
                    None => drawn.push_str(&cell.text),
                }
                blanks += after + 2;
            } else {
                blanks += width + 2;
            }
        }
        if number == 0 && view.color {
            drawn = format!("\x1b[1m{drawn}\x1b[0m");
        }
        out.push_str(&drawn);
        out.push('\n');
    }
    out
}

/// Writes to standard output, at once. That nobody reads it any more is no error.
///
/// # Errors
/// When it cannot be written for another reason: a full disk.
pub(crate) fn put(text: &str) -> io::Result<()> {
    let mut to = BufWriter::new(io::stdout().lock());
    forgiving(to.write_all(text.as_bytes()).and_then(|()| to.flush()))
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
    use super::*;

    struct Row(&'static str, &'static str);

    impl Record for Row {
        const COLUMNS: &'static [Column] =
            &[Column::left("WHO"), Column::right("AMOUNT"), Column::left("NOTE")];
        const FIELDS: &'static [&'static str] = &["who", "amount"];

        fn cells(&self, _view: &View) -> Vec<Cell> {
            vec![self.0.into(), Cell::painted(self.1, Paint::Danger), "".into()]
        }

        fn fields(&self) -> Vec<Field> {
            vec![Field::text(Some(self.0)), Field::Number(self.1.to_owned())]
        }

        fn json(&self) -> String {
            format!("{{\"who\":\"{}\"}}", self.0)
        }
    }

    fn view(format: Format) -> View {
        View {
            format,
            color: false,
            terminal: false,
            now: Timestamp::UNIX_EPOCH,
            zone: TimeZone::UTC,
        }
    }

    #[test]
    fn tables_are_aligned_by_display_column_and_no_line_ends_in_blanks() {
        let rows = [Row("Mara", "12.40"), Row("日本", "1,234.00")];
        assert_eq!(
            list(&rows, &view(Format::Table)),
            "WHO     AMOUNT  NOTE\nMara     12.40\n日本  1,234.00\n"
        );
    }

    #[test]
    fn colours_are_only_written_when_wanted() {
        let rows = [Row("Mara", "-1")];
        assert!(!list(&rows, &view(Format::Table)).contains('\x1b'));
        assert!(
            list(&rows, &View { color: true, ..view(Format::Table) })
                .contains("\x1b[1;31m-1\x1b[0m")
        );
        assert!(!list(&rows, &View { color: true, ..view(Format::Csv) }).contains('\x1b'));
    }

    #[test]
    fn long_texts_are_cut_for_people_only() {
        let rows =
            [Row("a name that is far longer than anybody would want to read in a table", "1")];
        assert!(list(&rows, &view(Format::Table)).contains("in a table"));
        assert!(list(&rows, &View { terminal: true, ..view(Format::Table) }).contains("~  "));
    }

    #[test]
    fn json_is_one_document_with_a_line_a_row() {
        assert_eq!(list::<Row>(&[], &view(Format::Json)), "[]\n");
        assert_eq!(
            list(&[Row("a", ""), Row("b", "")], &view(Format::Json)),
            "[\n{\"who\":\"a\"},\n{\"who\":\"b\"}\n]\n"
        );
        assert_eq!(one(&Row("a", ""), &view(Format::Json)), "{\"who\":\"a\"}\n");
    }

    #[test]
    fn no_text_in_csv_is_run_by_a_spreadsheet_and_negative_numbers_stay_numbers() {
        let rows = [
            Row("=1+1", "-12.40"),
            Row("+49 30", "5"),
            Row("-x", "1"),
            Row("@a,b", "2"),
            Row("ok", "3"),
        ];
        let wanted = "who,amount\n'=1+1,-12.40\n'+49 30,5\n'-x,1\n\"'@a,b\",2\nok,3\n";
        assert_eq!(list(&rows, &view(Format::Csv)), wanted);
    }

    #[test]
    fn no_cell_is_run_by_a_spreadsheet_that_splits_at_semicolons_or_reads_full_width_signs() {
        for (text, neutral) in [
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
            assert_eq!(Field::text(Some(text)).neutral(), neutral, "{text}");
        }
        assert_eq!(Field::Number("-12.40".to_owned()).neutral(), "-12.40");
    }

    #[test]
    fn one_record_shows_a_dash_for_what_is_not_known() {
        assert_eq!(one(&Row("Mara", ""), &view(Format::Table)), "who     Mara\namount  -\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert!(forgiving(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(forgiving(Err(io::ErrorKind::StorageFull.into())).is_err());
    }

    #[test]
    fn times_are_shown_with_their_offset() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            View { zone, ..view(Format::Table) }.time(Timestamp::UNIX_EPOCH),
            "1970-01-01 02:00:00+02:00"
        );
    }
}
