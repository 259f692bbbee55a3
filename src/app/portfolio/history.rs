//! How transactions come to what is known: by news, and all of the data file at once.

use std::collections::BTreeSet;

use super::Portfolio;
use super::card_news::Affected;
use crate::domain::card::CardKey;
use crate::domain::transaction::{RowName, RowNews, Transaction};
use crate::ledger::Ledger;

/// What has to be remembered of the rows that have come.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    /// Whether the transactions are all that the data file has: the older ones are loaded behind
    /// the first frame.
    is_history_loaded: bool,
    /// Names that were gone before that: the history may have been read before they were.
    gone: Vec<RowName>,
    /// Names of rows that the data file has not taken. It does not know which rows take their
    /// place.
    unsaved: BTreeSet<RowName>,
}

impl Portfolio {
    /// Takes in rows that are new or changed.
    pub(super) fn put_rows(&mut self, news: &RowNews) {
        let gone = news.gone.as_deref().unwrap_or_default();
        let cards = news.rows.iter().filter_map(Transaction::card);
        self.history_changed(cards.chain(gone.iter().filter_map(card)));
        let unassigned = news.rows.iter().any(|row| row.card_id.is_none())
            || gone.iter().any(|name| name.card.is_none());
        if unassigned {
            self.kept.card_news.unassigned = true;
            self.kept.shown.outdate();
        }
        let arrival = &mut self.kept.arrival;
        if news.gone.is_none() {
            self.transactions.apply(&news.rows);
            arrival.unsaved.extend(news.rows.iter().map(RowName::from));
            return;
        }
        if !arrival.is_history_loaded {
            arrival.gone.extend_from_slice(gone);
        }
        self.transactions.remove(gone);
        if !arrival.unsaved.is_empty() {
            for row in &news.rows {
                arrival.unsaved.remove(&RowName::from(row));
                let replaced = RowName::earlier(row).filter(|name| arrival.unsaved.remove(name));
                self.transactions.remove(&replaced.collect::<Vec<RowName>>());
            }
        }
        self.transactions.apply_kept(&news.rows);
    }

    /// Takes in all that the data file has. What was told before is newer than its reading, or as
    /// new, whichever process wrote it (`EngineEvent::History`), so it is taken in over it.
    pub(super) fn put_history(&mut self, ledger: &Ledger) {
        self.history_changed([]);
        self.kept.card_news.history = Affected::All;
        self.kept.shown.outdate();
        let arrival = &mut self.kept.arrival;
        let newer = std::mem::replace(&mut self.transactions, ledger.clone());
        self.transactions.remove(&std::mem::take(&mut arrival.gone));
        let is_unsaved = |row: &Transaction| arrival.unsaved.contains(&RowName::from(row));
        let (unsaved, kept): (Vec<_>, Vec<_>) = newer.iter().partition(is_unsaved);
        self.transactions.apply_kept(&kept);
        self.transactions.apply(&unsaved);
        arrival.is_history_loaded = true;
    }

    /// Whether the transactions are all that the data file has.
    #[must_use]
    pub const fn is_history_loaded(&self) -> bool {
        self.kept.arrival.is_history_loaded
    }
}

fn card(name: &RowName) -> Option<CardKey> {
    Some(CardKey { provider: name.provider.clone(), id: name.card.clone()? })
}
