//! What was found in chunks, by what was asked: a filter that is asked again looks at nothing, and
//! one that is narrower than another looks among what that found.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::asked::Asked;
use super::chunk::Chunk;
use super::frequencies::Tallies;
use super::mask::Mask;
use super::totals::Sums;
use super::vocabulary::Vocabulary;

/// Most filters of which results are kept beside that which is asked: as many letters as are typed
/// and taken back. Each takes one bit for a row.
const OTHERS: usize = 8;

/// What is known of a chunk for one filter, whatever the time range.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Held, so that no other chunk gets its address.
    pub(super) chunk: Arc<Chunk>,
    pub(super) rows: Arc<Mask>,
    /// How many those are.
    pub(super) count: usize,
    /// Rows that were seen in time, where not all were.
    pub(super) seen: Option<Mask>,
    pub(super) sums: Sums,
    pub(super) tallies: Arc<Tallies>,
}

/// What was found in chunks before, by the address of the chunk.
type KeptOf = ByChunk<Kept>;

type ByChunk<T> = HashMap<usize, T, foldhash::fast::FixedState>;

/// Results of the filter that is asked, and of those before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Results {
    asked: Option<Asked>,
    kept: KeptOf,
    others: Vec<Other>,
    /// Sums of all rows of a chunk.
    whole: ByChunk<(Arc<Chunk>, Sums)>,
}

/// Results of another filter; the latest come first.
#[derive(Clone, Debug)]
struct Other {
    asked: Asked,
    kept: KeptOf,
    /// Whether it accepts every row that is accepted by the filter that is asked.
    is_wider: bool,
}

impl Results {
    /// What is asked.
    pub(super) const fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Asks something in these chunks, perhaps the same again. What was found in chunks that are
    /// gone or changed is forgotten.
    pub(super) fn ask(&mut self, asked: Asked, chunks: &[Arc<Chunk>]) {
        if self.asked.as_ref() != Some(&asked) || asked.ages() {
            self.set_aside();
            if let Some(known) = self.others.iter().position(|other| other.asked == asked) {
                self.kept = self.others.remove(known).kept;
            }
            self.others.truncate(OTHERS);
            for other in &mut self.others {
                other.is_wider = asked.narrows(&other.asked);
            }
        }
        self.asked = Some(asked);
        let current: HashSet<usize, foldhash::fast::FixedState> =
            chunks.iter().map(address).collect();
        self.kept.retain(|address, _| current.contains(address));
        self.whole.retain(|address, _| current.contains(address));
        for other in &mut self.others {
            other.kept.retain(|address, _| current.contains(address));
        }
    }

    /// Puts the results of the filter that was asked to those of others. What was counted in them
    /// is dropped: it may take more room than they do.
    fn set_aside(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        let Some(asked) = self.asked.take().filter(|asked| !asked.ages()) else { return };
        kept.values_mut().for_each(|kept| kept.tallies = Arc::default());
        if !kept.is_empty() {
            self.others.insert(0, Other { asked, kept, is_wider: false });
        }
    }

    /// What was found in a chunk.
    pub(super) fn of(&self, chunk: &Arc<Chunk>) -> Option<&Kept> {
        self.kept.get(&address(chunk))
    }

    /// The fewest rows that a wider filter found in a chunk.
    pub(super) fn wider(&self, chunk: &Arc<Chunk>) -> Option<&Mask> {
        let wider = self.others.iter().filter(|other| other.is_wider);
        let found = wider.filter_map(|other| other.kept.get(&address(chunk)));
        found.min_by_key(|kept| kept.count).map(|kept| &*kept.rows)
    }

    /// Keeps what was found in a chunk, and adds it up.
    pub(super) fn keep(
        &mut self,
        chunk: &Arc<Chunk>,
        rows: Mask,
        seen: Option<Mask>,
        vocabulary: &Vocabulary,
    ) {
        let count = rows.count();
        let left_out = chunk.len() - count;
        let sums = if left_out < count {
            let whole = self.whole.entry(address(chunk)).or_insert_with(|| {
                let all = Mask::all(chunk.len());
                (Arc::clone(chunk), Sums::of(chunk, &all, vocabulary))
            });
            let left_out = Mask::all(chunk.len()).without(&rows);
            whole.1.without(&Sums::of(chunk, &left_out, vocabulary), chunk, &rows)
        } else {
            Sums::of(chunk, &rows, vocabulary)
        };
        let (rows, tallies) = (Arc::new(rows), Arc::default());
        let kept = Kept { chunk: Arc::clone(chunk), rows, count, seen, sums, tallies };
        self.kept.insert(address(chunk), kept);
    }
}

fn address(chunk: &Arc<Chunk>) -> usize {
    Arc::as_ptr(chunk).addr()
}
