//! In which order the rows of two chunks follow each other.

use std::ops::Range;

/// Rows of one of two chunks that stay together, in the order in which they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) of: Source,
    pub(super) rows: Range<usize>,
}

/// Which of two chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    First,
    Second,
}

impl Source {
    pub(super) const fn pick<'a, T: ?Sized>(self, first: &'a T, second: &'a T) -> &'a T {
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

/// How many rows there are in all.
pub(super) fn rows_of(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.rows.len()).sum()
}

/// The same rows in so many parts of like size.
pub(super) fn parts(runs: Vec<Run>, count: usize) -> Vec<Vec<Run>> {
    let size = rows_of(&runs).div_ceil(count.max(1)).max(1);
    let (mut parts, mut part, mut room) = (Vec::new(), Vec::new(), size);
    for Run { of, mut rows } in runs {
        while rows.len() >= room {
            let end = rows.start + room;
            part.push(Run { of, rows: rows.start..end });
            parts.push(std::mem::take(&mut part));
            (rows.start, room) = (end, size);
        }
        if !rows.is_empty() {
            room -= rows.len();
            part.push(Run { of, rows });
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_all_rows_in_their_order_and_are_of_like_size() {
        let run = |of, rows: Range<usize>| Run { of, rows };
        let runs =
            vec![run(Source::First, 0..5), run(Source::Second, 0..1), run(Source::First, 5..11)];
        let rows = |runs: &[Run]| -> Vec<(Source, usize)> {
            runs.iter().flat_map(|run| run.rows.clone().map(|row| (run.of, row))).collect()
        };
        for (count, sizes) in [(1, vec![12]), (3, vec![4, 4, 4]), (5, vec![3; 4]), (7, vec![2; 6])]
        {
            let parts = parts(runs.clone(), count);
            assert_eq!(parts.iter().map(|part| rows_of(part)).collect::<Vec<_>>(), sizes);
            assert_eq!(parts.iter().flat_map(|part| rows(part)).collect::<Vec<_>>(), rows(&runs));
        }
        assert!(parts(Vec::new(), 2).is_empty());
    }
}
