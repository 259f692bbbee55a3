//! How many of the rows that were found happened in each of some stretches of time.
//!
//! Rows of a chunk are sorted by time, so only bounds are looked for and bits are counted: nothing
//! needs to be kept.

use jiff::Timestamp;

use super::Found;

/// Rows by time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Rows before the first bound.
    pub earlier: usize,
    /// Rows from each bound on, before the next one: one less than there are bounds.
    pub buckets: Vec<usize>,
    /// Rows from the last bound on.
    pub later: usize,
}

impl Found {
    /// How many of the rows that were found so far happened between each two neighbouring bounds,
    /// such as the beginnings of hours or days in the operator's time zone. The bounds must be in
    /// ascending order.
    #[must_use]
    pub fn histogram(&self, bounds: &[Timestamp]) -> Histogram {
        // How many rows happened before each bound: counted from the first that is behind a chunk.
        let mut before = vec![0; bounds.len()];
        let mut whole = vec![0; bounds.len() + 1];
        for (part, chunk) in self.parts.iter().zip(self.ledger.chunks.iter().rev()) {
            let Some(last) = chunk.len().checked_sub(1) else { continue };
            let (first, last) = (chunk.at.get(0), chunk.at.get(last));
            let from = bounds.partition_point(|bound| *bound <= first);
            let to = from + bounds[from..].partition_point(|bound| *bound <= last);
            for (count, bound) in before[from..to].iter_mut().zip(&bounds[from..to]) {
                *count += part.rows.rank(chunk.before(*bound));
            }
            whole[to] += part.rows.count();
        }
        let mut passed = 0;
        for (count, whole) in before.iter_mut().zip(&whole) {
            passed += whole;
            *count += passed;
        }
        let buckets = before.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let last = before.last().copied().unwrap_or_default();
        let earlier = before.first().copied().unwrap_or_default();
        Histogram { earlier, buckets, later: self.len() - last }
    }
}
