//! Rows leave the memory at the oldest end.

use std::sync::Arc;

use jiff::Timestamp;

use super::Ledger;
use super::chunk::Chunk;

impl Ledger {
    /// Lets go of the rows that happened before a time, and tells how many those were. A chunk that
    /// the time divides is made anew.
    pub fn drop_before(&mut self, at: Timestamp) -> usize {
        let before = self.len;
        let is_older = |chunk: &Arc<Chunk>| chunk.before(at) == chunk.len();
        let chunks = self.chunks.partition_point(is_older);
        self.chunks.drain(..chunks);
        if let Some(first) = self.chunks.first().filter(|first| first.before(at) > 0) {
            let rows = first.before(at)..first.len();
            let kept: Vec<_> = rows.filter_map(|row| first.row(row, &self.vocabulary)).collect();
            self.chunks.remove(0);
            self.insert_chunks(0, &kept);
        }
        self.count();
        let dropped = before - self.len;
        if dropped > 0 {
            self.proven = Arc::new(self.operations().collect());
        }
        dropped
    }

    /// When the first row of a chunk happened before which whole chunks can be let go: those that
    /// are not among the newest `rows`, and those whose rows all happened before `since`. A whole
    /// millisecond, of which no row is older; `None` where no chunk can go.
    #[must_use]
    pub fn droppable_before(&self, rows: usize, since: Timestamp) -> Option<Timestamp> {
        let milliseconds = |at: Timestamp| at.as_millisecond();
        let first = |index: usize| Some(milliseconds(self.chunks.get(index)?.at.get(0)));
        let last = |index: usize| {
            let chunk = self.chunks.get(index)?;
            Some(milliseconds(chunk.at.get(chunk.len().checked_sub(1)?)))
        };
        let may_go = |index: &usize| {
            let newer = self.starts.get(index + 1).map(|start| self.len - start);
            newer.is_some_and(|newer| newer >= rows) || last(*index) < Some(milliseconds(since))
        };
        let beyond = (0..self.chunks.len().saturating_sub(1)).take_while(may_go).last()?;
        let is_divided = |index: &usize| last(*index) < first(index + 1);
        let index = (0..=beyond).rev().find(is_divided)?;
        first(index + 1).and_then(|at| Timestamp::from_millisecond(at).ok())
    }
}
