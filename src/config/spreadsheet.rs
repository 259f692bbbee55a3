//! A CSV as spreadsheets write it: commas, semicolons or tabs, UTF-8 or UTF-16, a separator in a
//! line of its own. Each line is read by itself, so that a bad one spoils no other.

/// A table whose first line names the columns.
pub struct Spreadsheet<'a> {
    header: &'a str,
    delimiter: u8,
    text: &'a str,
    /// How many lines that are not blank stand before the rows.
    head: usize,
}

impl<'a> Spreadsheet<'a> {
    /// The table in a text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let mut lines = lines(text).map(|(_, line)| line).peekable();
        // Spreadsheets write the separator into a line of its own.
        let separator_line =
            lines.next_if(|line| line.trim().to_ascii_lowercase().starts_with("sep="));
        let header = lines.next().unwrap_or_default();
        let delimiter = separator_line
            .and_then(|line| line.trim().as_bytes().get(4).copied())
            .unwrap_or_else(|| delimiter(header));
        Self { header, delimiter, text, head: 1 + usize::from(separator_line.is_some()) }
    }

    /// The names of the columns.
    ///
    /// # Errors
    /// What is wrong with the first line, in words behind it.
    pub fn header(&self) -> Result<csv::StringRecord, String> {
        fields(self.header, self.delimiter)
    }

    /// The other lines, each with its number in the file; one that cannot be read says why.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Result<csv::StringRecord, String>)> {
        let rows = lines(self.text).skip(self.head);
        rows.map(|(number, line)| (number, fields(line, self.delimiter)))
    }
}

/// The lines that are not blank, each with its number from 1.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

/// The text of a file that a spreadsheet wrote: UTF-8 or UTF-16, with a byte order mark or without.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(unit).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [_, 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, _, ..] => wide(bytes, u16::from_be_bytes),
        // Bytes that are not UTF-8 spoil the letters of one name at most: the other lines count.
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => Some(String::from_utf8_lossy(rest).into_owned()),
    }
}

/// What separates the columns: the commonest of comma, semicolon and tab in the first line; of two
/// that are as common, the one named first.
fn delimiter(header: &str) -> u8 {
    let count = |sign: u8| header.bytes().filter(|byte| *byte == sign).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

/// The fields of one line. No field goes over several lines, so a quote that is not closed spoils
/// only its own.
fn fields(line: &str, delimiter: u8) -> Result<csv::StringRecord, String> {
    if line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        return Err("has a quote that is not closed".to_owned());
    }
    if !line.contains('"') {
        // A reader is not made for each of a hundred thousand lines.
        return Ok(line.split(char::from(delimiter)).map(str::trim).collect());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|_| "cannot be read".to_owned())?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_line_without_a_quote_is_read_as_any_other(line in "[a-z ,;\u{a0}\tµ]{0,40}") {
            let quoted = format!("{line},\"\"");
            let mut plain = fields(&line, b',').expect("fields");
            plain.push_field("");
            proptest::prop_assert_eq!(fields(&quoted, b',').expect("fields"), plain);
        }
    }
}
