//! Which cards something has happened to since that was last asked, so that nobody has to look
//! through all of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::card::{CardKey, CardRecord};

/// Where transactions of more than one card in this many came, all count as affected: going through
/// the newest transactions once is cheaper than through so many cards one by one.
const SHARE: usize = 16;

/// So few never count as all: they are a page of transactions.
const FEW: usize = 256;

/// What has happened to cards.
#[derive(Debug, Default)]
pub(crate) struct CardNews {
    /// Cards that came, that were read, or that are watched now or not any more.
    pub(crate) cards: BTreeSet<CardKey>,
    /// Cards of which transactions or operations came or changed.
    pub(crate) history: Affected,
    /// Cards of the data file and of rosters that get their places once all of them have come.
    pub(crate) loaded: Vec<Arc<CardRecord>>,
    /// All of them have come.
    pub(crate) are_all_loaded: bool,
    /// A transaction came without a card: it may stand for one that had a card.
    pub(crate) unassigned: bool,
}

/// Cards that something has happened to.
#[derive(Clone, Debug)]
pub(crate) enum Affected {
    /// These.
    These(BTreeSet<CardKey>),
    /// So many that all count as affected.
    All,
}

impl Default for Affected {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Affected {
    /// Something has happened to these, of so many cards that are known.
    pub(super) fn add(&mut self, affected: impl IntoIterator<Item = CardKey>, of: usize) {
        let most = (of / SHARE).max(FEW);
        for card in affected {
            match self {
                Self::These(cards) if cards.len() <= most => _ = cards.insert(card),
                Self::These(_) => *self = Self::All,
                Self::All => return,
            }
        }
    }
}
