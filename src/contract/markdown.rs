//! Records as a table in Markdown: for people, in tickets and pages, and no contract.
//!
//! No text of a provider is left that would be a link, a picture, an element of HTML or the end of
//! its cell.

use super::table::{View, headings, texts};
use super::{Record, Row};

/// The headings, and the line below them that says which columns have figures.
#[must_use]
pub fn header<T: Record>() -> String {
    let names: Vec<&str> = headings::<T>().map(|(name, _)| name).collect();
    let rules: Vec<&str> =
        headings::<T>().map(|(_, figures)| if figures { "---:" } else { "---" }).collect();
    format!("| {} |\n| {} |\n", names.join(" | "), rules.join(" | "))
}

/// The line of one record.
#[must_use]
pub fn line<T: Record>(row: Row<'_, T>, view: &View) -> String {
    cells(texts(row, view))
}

/// A line of these cells.
#[must_use]
pub fn cells(texts: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = texts.into_iter().map(|text| escaped(&text)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A text that means in Markdown what it says: signs that mean something there are preceded by a
/// backslash, and it stays on its line.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '<' | '>' | '[' | ']' | '*' | '_' | '`' | '~' | '#' | '&' | '!')
        {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    // An address is made a link by some readers, without any sign around it.
    out.replace("://", ":\\/\\/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::{at, transaction};
    use crate::domain::transaction::Transaction;
    use jiff::tz::TimeZone;

    #[test]
    fn a_transaction_is_a_line_under_the_headings_of_its_table() {
        let view = View {
            color: true,
            terminal: true,
            now: at("2026-04-03T12:08:12Z"),
            zone: TimeZone::UTC,
        };
        let hostile =
            Transaction { merchant: Some("a|b <img src=x> [c](http://d)".into()), ..transaction() };
        let row = Row { record: &hostile, holder: "Mara" };
        assert_eq!(
            header::<Transaction>().lines().next(),
            Some(
                "| TIME | PROVIDER | CARD | HOLDER | WHAT | AMOUNT | CCY | MERCHANT | IN PLAIN \
                 WORDS |"
            )
        );
        let line = line(row, &view);
        assert!(line.contains(r"| a\|b \<img src=x\> \[c\](http:\/\/d) |"), "{line}");
        assert!(line.contains("| 5,000 | JPY |"), "{line}");
        assert!(!line.contains('\x1b'), "no colour in a file");
    }
}
