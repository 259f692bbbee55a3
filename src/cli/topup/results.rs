//! The file beside a file of top-ups that says what became of each line.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::contract::{BulkLine, Row, csv};
use crate::files;

/// A file of at most so many lines is written after each of them; of a longer one this share.
const OFTEN: usize = 10_000;

/// The results and how much of them is not written yet. Each line is put into words when something
/// becomes of it, and not whenever the file is written.
pub(super) struct Results {
    path: PathBuf,
    header: String,
    lines: Vec<String>,
    /// After so many lines the file is written.
    every: usize,
    unwritten: usize,
}

impl Results {
    /// Those of a file of top-ups, as its lines are before any is sent.
    pub(super) fn of(file: &Path, lines: &[BulkLine]) -> Self {
        Self {
            path: place(file),
            header: csv::header::<BulkLine>(),
            lines: lines.iter().map(|line| csv::line(Row::from(line))).collect(),
            every: lines.len().div_ceil(OFTEN),
            unwritten: 0,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Something became of a line.
    pub(super) fn note(&mut self, at: usize, line: &BulkLine) {
        if let Some(text) = self.lines.get_mut(at) {
            *text = csv::line(Row::from(line));
            self.unwritten += 1;
        }
    }

    /// Whether so much became of them that they are to be written.
    pub(super) const fn are_due(&self) -> bool {
        self.unwritten >= self.every
    }

    /// Writes all lines anew, for their owner only: who reads has the old file or the new one.
    /// False where another process that pays the same file is just writing them: they stay due.
    ///
    /// # Errors
    /// Why it cannot be written; the old one is still there.
    pub(super) fn write(&mut self) -> io::Result<bool> {
        let written = files::replace_private(&self.path, |to: &mut dyn Write| {
            to.write_all(self.header.as_bytes())?;
            self.lines.iter().try_for_each(|line| to.write_all(line.as_bytes()))
        });
        match written {
            Ok(()) => self.unwritten = 0,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }
}

/// `pay.results.csv` beside `pay.csv`.
fn place(path: &Path) -> PathBuf {
    let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let mut name = if is_csv { path.with_extension("") } else { path.to_owned() }.into_os_string();
    name.push(".results.csv");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Fate, samples};

    #[test]
    fn a_line_is_written_at_once_and_a_long_file_in_shares() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pay.csv");
        let line = samples::bulk_line();
        let mut results = Results::of(&file, &[line.clone(), line.clone()]);
        assert!(!results.are_due(), "nothing became of them yet");
        let sent = BulkLine { fate: Fate::Sent, ..line.clone() };
        results.note(1, &sent);
        assert!(results.are_due());
        assert!(results.write().expect("writing"));
        assert!(!results.are_due());
        let text = std::fs::read_to_string(results.path()).expect("the results");
        let whole = csv::document([Row::from(&line), Row::from(&sent)]);
        assert_eq!(text, whole);

        let mut long = Results::of(&file, &vec![line; 25_000]);
        for at in [0, 1] {
            long.note(at, &sent);
            assert!(!long.are_due());
        }
        long.note(2, &sent);
        assert!(long.are_due(), "after each third of 25,000");
    }

    #[test]
    fn results_that_another_process_is_writing_stay_due() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = samples::bulk_line();
        let mut results = Results::of(&folder.path().join("pay.csv"), std::slice::from_ref(&line));
        results.note(0, &line);
        let theirs = folder.path().join("pay.results.csv.new");
        let theirs = std::fs::File::create(theirs).expect("a file");
        theirs.lock().expect("the lock");
        assert!(!results.write().expect("no fault") && results.are_due());
        assert!(!results.path().exists());
        drop(theirs);
        assert!(results.write().expect("writing") && !results.are_due());
    }

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
