//! The file beside a file of top-ups that says what became of each line.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::contract::{BulkLine, Row, csv};
use crate::files;

/// `pay.results.csv` beside `pay.csv`.
pub(super) fn place(path: &Path) -> PathBuf {
    let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let mut name = if is_csv { path.with_extension("") } else { path.to_owned() }.into_os_string();
    name.push(".results.csv");
    name.into()
}

/// Writes all lines anew, for their owner only: who reads has the old file or the new one.
///
/// # Errors
/// Why it cannot be written; the old one is still there.
pub(super) fn write(path: &Path, lines: &[BulkLine]) -> io::Result<()> {
    let text = csv::document(lines.iter().map(Row::from));
    files::replace_private(path, |to: &mut dyn Write| to.write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_stand_beside_the_file() {
        for (file, results) in [
            ("a/pay.csv", "a/pay.results.csv"),
            ("pay.CSV", "pay.results.csv"),
            ("pay", "pay.results.csv"),
            ("pay.txt", "pay.txt.results.csv"),
        ] {
            assert_eq!(place(Path::new(file)), Path::new(results));
        }
    }
}
