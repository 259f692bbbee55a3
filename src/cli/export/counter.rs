//! How far an export is: one line on a terminal, written over itself.

use std::io::{self, Write};

use crate::domain::text::thousands;

/// Rows that are looked at between two lines.
const STEP: usize = 20_000;

/// The line. It is gone when this is dropped.
pub(super) struct Counter {
    is_shown: bool,
    looked_at: usize,
}

impl Counter {
    pub(super) const fn new(is_shown: bool) -> Self {
        Self { is_shown, looked_at: 0 }
    }

    /// One more row was looked at, and so many were written.
    pub(super) fn add(&mut self, written: usize) {
        self.looked_at += 1;
        if self.is_shown && self.looked_at.is_multiple_of(STEP) {
            put(&line(self.looked_at, written));
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if self.is_shown && self.looked_at >= STEP {
            put("\r\x1b[K");
        }
    }
}

fn line(looked_at: usize, written: usize) -> String {
    format!("\r\x1b[K{} rows read, {} written", thousands(looked_at), thousands(written))
}

/// That it cannot be written is no reason to fail.
fn put(text: &str) {
    let mut to = io::stderr().lock();
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_many_rows_were_read_and_written() {
        assert_eq!(line(40_000, 1_234), "\r\x1b[K40,000 rows read, 1,234 written");
    }
}
