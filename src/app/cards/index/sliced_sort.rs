//! Sorting a piece at a time, so that keys are answered meanwhile.

use std::cmp::Ordering;

/// Items that are sorted at once at first; then the sorted runs are merged.
const RUN: usize = 1_024;

/// Items that are being sorted.
#[derive(Debug)]
pub(super) struct SlicedSort<T> {
    /// In runs of `width`, each of which is sorted; at first up to `done` only.
    items: Vec<T>,
    /// The next runs, twice as long, as far as they are merged.
    merged: Vec<T>,
    width: usize,
    /// How many items of this pass are done, which all are in runs of `width`.
    done: usize,
    /// How many items of the two runs that are being merged are taken.
    taken: (usize, usize),
}

impl<T: Copy> SlicedSort<T> {
    pub(super) const fn new(items: Vec<T>) -> Self {
        Self { items, merged: Vec::new(), width: 0, done: 0, taken: (0, 0) }
    }

    /// Goes on with at most about so many items; answers how many it was. `compare` must be the
    /// same each time, and tell any two items apart.
    pub(super) fn step(&mut self, most: usize, compare: impl Fn(&T, &T) -> Ordering) -> usize {
        if self.width == 0 { self.sort_runs(most, compare) } else { self.merge(most, compare) }
    }

    /// Whether all are sorted.
    pub(super) const fn is_done(&self) -> bool {
        self.width >= self.items.len() && (self.width > 0 || self.items.is_empty())
    }

    /// The items in order, once all are sorted.
    pub(super) fn into_sorted(self) -> Vec<T> {
        self.items
    }

    fn sort_runs(&mut self, most: usize, compare: impl Fn(&T, &T) -> Ordering) -> usize {
        let from = self.done;
        while self.done < self.items.len() && self.done - from < most {
            let end = self.items.len().min(self.done + RUN);
            if let Some(run) = self.items.get_mut(self.done..end) {
                run.sort_unstable_by(&compare);
            }
            self.done = end;
        }
        let steps = self.done - from;
        if self.done == self.items.len() {
            (self.width, self.done) = (RUN, 0);
        }
        steps
    }

    fn merge(&mut self, most: usize, compare: impl Fn(&T, &T) -> Ordering) -> usize {
        self.merged.reserve_exact(self.items.len().saturating_sub(self.merged.len()));
        let before = self.merged.len();
        while self.merged.len() - before < most && self.merged.len() < self.items.len() {
            let (a, b) = self.heads();
            let first = match (a, b) {
                (Some(a), Some(b)) if compare(b, a).is_lt() => (*b, false),
                (Some(a), _) => (*a, true),
                (None, Some(b)) => (*b, false),
                (None, None) => {
                    self.done += 2 * self.width;
                    self.taken = (0, 0);
                    continue;
                }
            };
            self.merged.push(first.0);
            let taken = if first.1 { &mut self.taken.0 } else { &mut self.taken.1 };
            *taken += 1;
        }
        let steps = self.merged.len() - before;
        if self.merged.len() == self.items.len() {
            std::mem::swap(&mut self.items, &mut self.merged);
            self.merged.clear();
            (self.width, self.done, self.taken) = (2 * self.width, 0, (0, 0));
        }
        steps
    }

    /// The next items of the two runs that are being merged.
    fn heads(&self) -> (Option<&T>, Option<&T>) {
        let head = |start: usize, taken: usize| {
            (taken < self.width).then(|| self.items.get(start + taken)).flatten()
        };
        (head(self.done, self.taken.0), head(self.done + self.width, self.taken.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_items_are_sorted_in_slices_of_any_size(
            numbers in proptest::collection::vec(0_u32..5_000, 0..6_000),
            most in 1_usize..3_000,
        ) {
            let items: Vec<(u32, usize)> = numbers.iter().copied().zip(0..).collect();
            let mut sort = SlicedSort::new(items.clone());
            while !sort.is_done() {
                let steps = sort.step(most, Ord::cmp);
                prop_assert!(steps > 0 && steps < most + RUN, "{steps} of {most}");
            }
            let mut sorted = items;
            sorted.sort_unstable();
            prop_assert_eq!(sort.into_sorted(), sorted);
        }
    }
}
