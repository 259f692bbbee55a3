//! A column of the rows of two, copied in runs: to make a chunk again with a page of rows takes as
//! long as to copy it, and not as long as to make each of its rows.

use std::ops::Range;

use super::{Codes, Numbers, Sparse, distance};
use crate::ledger::runs::{Run, rows_of};

impl Codes {
    /// The codes of the rows of two columns, run by run.
    pub(in crate::ledger) fn interleaved(first: &Self, second: &Self, runs: &[Run]) -> Self {
        if let (Self::Same { code, .. }, Self::Same { code: other, .. }) = (first, second)
            && code == other
        {
            return Self::Same { code: *code, len: rows_of(runs) };
        }
        let copy = (first, second, runs);
        match first.width().max(second.width()) {
            1 => Self::Bytes(copied(copy, |code| u8::try_from(code).unwrap_or_default())),
            2 => Self::Shorts(copied(copy, |code| u16::try_from(code).unwrap_or_default())),
            _ => Self::Words(copied(copy, |code| code)),
        }
    }

    /// How many bytes a code takes, where each row has its own.
    fn width(&self) -> usize {
        match self {
            Self::Same { code, .. } => match (u8::try_from(*code), u16::try_from(*code)) {
                (Ok(_), _) => 1,
                (Err(_), Ok(_)) => 2,
                (Err(_), Err(_)) => 4,
            },
            Self::Bytes(_) => 1,
            Self::Shorts(_) => 2,
            Self::Words(_) => 4,
        }
    }
}

fn copied<T: Copy>(
    (first, second, runs): (&Codes, &Codes, &[Run]),
    to: impl Fn(u32) -> T,
) -> Vec<T> {
    let mut all = Vec::with_capacity(rows_of(runs));
    for Run { of, rows } in runs {
        match of.pick(first, second) {
            Codes::Same { code, .. } => all.extend(std::iter::repeat_n(to(*code), rows.len())),
            Codes::Bytes(codes) => all.extend(part(codes, rows).iter().map(|it| to((*it).into()))),
            Codes::Shorts(codes) => all.extend(part(codes, rows).iter().map(|it| to((*it).into()))),
            Codes::Words(codes) => all.extend(part(codes, rows).iter().map(|code| to(*code))),
        }
    }
    all
}

fn part<'a, T>(column: &'a [T], rows: &Range<usize>) -> &'a [T] {
    column.get(rows.clone()).unwrap_or_default()
}

impl Numbers {
    /// The numbers of the rows of two columns, run by run.
    pub(in crate::ledger) fn interleaved(first: &Self, second: &Self, runs: &[Run]) -> Self {
        let mut numbers: Vec<i64> = Vec::with_capacity(rows_of(runs));
        for Run { of, rows } in runs {
            match of.pick(first, second) {
                Self::Near { base, distances } => numbers.extend(
                    part(distances, rows)
                        .iter()
                        .map(|distance| base.saturating_add(i64::from(*distance))),
                ),
                Self::Far(all) => numbers.extend_from_slice(part(all, rows)),
            }
        }
        let base = numbers.iter().copied().min().unwrap_or_default();
        let near: Option<Vec<u32>> = numbers.iter().map(|number| distance(base, *number)).collect();
        near.map_or(Self::Far(numbers), |distances| Self::Near { base, distances })
    }
}

impl<T: Clone> Sparse<T> {
    /// What the rows of two columns have, run by run.
    pub(in crate::ledger) fn interleaved(first: &Self, second: &Self, runs: &[Run]) -> Self {
        let mut all = Self::default();
        if first.rows.is_empty() && second.rows.is_empty() {
            return all;
        }
        let mut row = 0;
        for Run { of, rows } in runs {
            let from = of.pick(first, second);
            let index = |row: usize| from.rows.partition_point(|known| usize::from(*known) < row);
            let has = index(rows.start)..index(rows.end);
            let place = |known: &u16| u16::try_from(usize::from(*known) - rows.start + row).ok();
            all.rows.extend(part(&from.rows, &has).iter().filter_map(place));
            all.values.extend_from_slice(part(&from.values, &has));
            row += rows.len();
        }
        all
    }
}
