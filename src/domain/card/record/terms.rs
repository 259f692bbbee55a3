//! What many cards of an account have alike.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::domain::card::{CardKind, CardState, ProviderId};
use crate::domain::money::Currency;

/// What many cards of an account have alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) provider: ProviderId,
    pub(super) state: CardState,
    pub(super) provider_state: Arc<str>,
    pub(super) kind: Option<CardKind>,
    /// The card's own.
    pub(super) currency: Option<Currency>,
    /// That of the figures: a roster may call the card by another.
    pub(super) figures_in: Option<Currency>,
    pub(super) expires: Option<Arc<str>>,
    pub(super) labels: Arc<[Arc<str>]>,
    pub(super) account: Option<Arc<str>>,
}

/// Most terms and words that are kept to be shared: states, labels and months are few, and where
/// they are not, nothing is gained by looking for them.
const MOST: usize = 4_096;

/// What cards of an account have alike, so that cards that say the same share its memory.
#[derive(Default)]
pub struct SharedTerms {
    terms: HashSet<Arc<Terms>>,
    /// Words that different terms have.
    words: BTreeSet<Arc<str>>,
    /// Labels that different terms have together.
    labels: BTreeSet<Arc<[Arc<str>]>>,
    provider: Option<ProviderId>,
}

impl SharedTerms {
    /// Makes terms the same memory as equal ones that are known, or known where there are none.
    pub(super) fn share(&mut self, terms: &mut Arc<Terms>) {
        if let Some(known) = self.terms.get(terms) {
            *terms = Arc::clone(known);
            return;
        }
        let new = Arc::make_mut(terms);
        let provider = self.provider.get_or_insert_with(|| new.provider.clone());
        if *provider == new.provider {
            new.provider.clone_from(provider);
        }
        let words = [&mut new.provider_state].into_iter().chain(&mut new.expires);
        for word in words.chain(&mut new.account) {
            share(&mut self.words, word);
        }
        share(&mut self.labels, &mut new.labels);
        if self.terms.len() < MOST {
            self.terms.insert(Arc::clone(terms));
        }
    }
}

/// Makes a value the same memory as an equal one that is known, or known where there is none.
fn share<T: Ord + ?Sized>(known: &mut BTreeSet<Arc<T>>, value: &mut Arc<T>) {
    match known.get(&*value) {
        Some(same) => *value = Arc::clone(same),
        None if known.len() < MOST => drop(known.insert(Arc::clone(value))),
        None => {}
    }
}
