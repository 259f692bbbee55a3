//! Columns of times, to the nanosecond.

use std::cmp::Ordering;
use std::io;

use jiff::Timestamp;

use super::columns::{Codes, Numbers};
use super::mask::Mask;
use super::runs::Run;
use super::stored::{Input, Output, Stored};

/// A column of times: milliseconds, and what is beyond them in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    millis: Numbers,
    nanos: Codes,
}

const NANOS: i64 = 1_000_000;

impl Times {
    pub(super) const fn len(&self) -> usize {
        self.millis.len()
    }

    pub(super) fn get(&self, row: usize) -> Timestamp {
        joined(self.millis.get(row), self.nanos.get(row))
    }

    pub(super) fn insert(&mut self, row: usize, at: Timestamp) {
        let (millis, nanos) = parts(at);
        self.millis.insert(row, millis);
        self.nanos.insert(row, nanos);
    }

    pub(super) fn set(&mut self, row: usize, at: Timestamp) {
        let (millis, nanos) = parts(at);
        self.millis.set(row, millis);
        self.nanos.set(row, nanos);
    }

    pub(super) fn remove(&mut self, row: usize) {
        self.millis.remove(row);
        self.nanos.remove(row);
    }

    /// Milliseconds of a row, and the nanoseconds beyond them.
    pub(super) fn parts(&self, row: usize) -> (i64, u32) {
        (self.millis.get(row), self.nanos.get(row))
    }

    pub(super) fn compare(&self, row: usize, with: (i64, u32)) -> Ordering {
        self.parts(row).cmp(&with)
    }

    /// The rows whose time compares with another in a way that a test accepts.
    pub(super) fn select(
        &self,
        among: &Mask,
        with: Timestamp,
        test: impl Fn(Ordering) -> bool,
    ) -> Mask {
        let (millis, nanos) = parts(with);
        self.millis.select(among, |row, number| {
            test(number.cmp(&millis).then_with(|| self.nanos.get(row).cmp(&nanos)))
        })
    }

    /// The times of the rows of two columns, run by run.
    pub(super) fn interleaved(first: &Self, second: &Self, runs: &[Run]) -> Self {
        Self {
            millis: Numbers::interleaved(&first.millis, &second.millis, runs),
            nanos: Codes::interleaved(&first.nanos, &second.nanos, runs),
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.millis.bytes() + self.nanos.bytes()
    }

    pub(super) fn shrink(&mut self) {
        self.millis.shrink();
        self.nanos.shrink();
    }
}

/// Milliseconds, and the nanoseconds beyond them.
pub(super) fn parts(at: Timestamp) -> (i64, u32) {
    let (mut seconds, mut nanos) = (at.as_second(), i64::from(at.subsec_nanosecond()));
    if nanos < 0 {
        (seconds, nanos) = (seconds - 1, nanos + 1_000 * NANOS);
    }
    (seconds * 1_000 + nanos / NANOS, u32::try_from(nanos % NANOS).unwrap_or_default())
}

fn joined(millis: i64, nanos: u32) -> Timestamp {
    let nanos = i128::from(millis) * i128::from(NANOS) + i128::from(nanos);
    Timestamp::from_nanosecond(nanos).unwrap_or_default()
}

impl Stored for Times {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        self.millis.write(to)?;
        self.nanos.write(to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        Some(Self { millis: Stored::read(from)?, nanos: Stored::read(from)? })
    }
}
