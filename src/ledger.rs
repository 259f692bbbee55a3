//! The transactions that are known, newest first.
//!
//! A stand-in with the interface of the columnar ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{CardKey, ProviderId};
use crate::domain::filter::{Filter, Schema};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::OperationId;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// A row by identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// When it happened.
    pub at: Timestamp,
    /// The provider's id.
    pub id: Arc<str>,
    /// The account.
    pub provider: ProviderId,
    /// Its card, where it names one.
    pub card: Option<Arc<str>>,
}

impl From<&Transaction> for RowKey {
    fn from(row: &Transaction) -> Self {
        Self {
            at: row.at,
            id: Arc::clone(&row.id),
            provider: row.provider.clone(),
            card: row.card_id.clone(),
        }
    }
}

/// Transactions by time and id, newest first.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: Arc<Vec<Arc<Transaction>>>,
    by_id: Arc<HashMap<(ProviderId, Arc<str>), Vec<RowKey>>>,
    by_card: Arc<BTreeMap<CardKey, BTreeSet<RowKey>>>,
    proven: Arc<BTreeSet<OperationId>>,
}

impl Ledger {
    /// Takes in rows that are new or changed, in any order.
    pub fn apply(&mut self, rows: &[Transaction]) {
        for row in rows {
            self.insert(row);
        }
    }

    /// Of rows in any order.
    #[must_use]
    pub fn from_rows(rows: impl IntoIterator<Item = Transaction>) -> Self {
        let mut ledger = Self::default();
        for row in rows {
            ledger.insert(&row);
        }
        ledger
    }

    fn insert(&mut self, row: &Transaction) {
        if let Some(key) = self.replaced_by(row)
            && let Some(at) = self.position(&key)
        {
            Arc::make_mut(&mut self.rows).remove(at);
            let of_id = Arc::make_mut(&mut self.by_id);
            if let Some(keys) = of_id.get_mut(&(key.provider.clone(), Arc::clone(&key.id))) {
                keys.retain(|known| *known != key);
            }
            if let Some(card) = &key.card {
                let card = CardKey { provider: key.provider.clone(), id: Arc::clone(card) };
                if let Some(keys) = Arc::make_mut(&mut self.by_card).get_mut(&card) {
                    keys.remove(&key);
                }
            }
        }
        let key = RowKey::from(row);
        let at = self.rows.partition_point(|known| (known.at, &known.id) > (row.at, &row.id));
        Arc::make_mut(&mut self.rows).insert(at, Arc::new(row.clone()));
        let id = (row.provider.clone(), Arc::clone(&row.id));
        Arc::make_mut(&mut self.by_id).entry(id).or_default().push(key.clone());
        if let Some(card) = row.card() {
            Arc::make_mut(&mut self.by_card).entry(card).or_default().insert(key);
        }
        if let Some(operation) = row.operation {
            Arc::make_mut(&mut self.proven).insert(operation);
        }
    }

    fn replaced_by(&self, row: &Transaction) -> Option<RowKey> {
        let known = self.by_id.get(&(row.provider.clone(), Arc::clone(&row.id)))?;
        let of_same_card = known.iter().find(|key| key.card == row.card_id);
        let of_no_card = || {
            known.iter().find(|key| key.card.is_none() || row.card_id.is_none() && known.len() == 1)
        };
        of_same_card.or_else(of_no_card).cloned()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at a position; 0 is the newest.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<Transaction> {
        self.rows.get(position).map(|row| (**row).clone())
    }

    /// The row of this key.
    #[must_use]
    pub fn get(&self, key: &RowKey) -> Option<Transaction> {
        self.row(self.position(key)?)
    }

    /// Where the row of this key is.
    #[must_use]
    pub fn position(&self, key: &RowKey) -> Option<usize> {
        let from = self.rows.partition_point(|row| (row.at, &row.id) > (key.at, &key.id));
        let same = self.rows.get(from..)?.iter().take_while(|row| row.at == key.at);
        let mut same = same.take_while(|row| row.id == key.id);
        same.position(|row| RowKey::from(&**row) == *key).map(|further| from + further)
    }

    /// The key at a position.
    #[must_use]
    pub fn key(&self, position: usize) -> Option<RowKey> {
        self.rows.get(position).map(|row| RowKey::from(&**row))
    }

    /// Positions of the rows of a card, newest first.
    #[must_use]
    pub fn of_card(&self, card: &CardKey) -> Vec<usize> {
        let keys = self.by_card.get(card).into_iter().flatten().rev();
        keys.filter_map(|key| self.position(key)).collect()
    }

    /// All, newest first.
    pub fn iter(&self) -> impl Iterator<Item = Transaction> {
        self.rows.iter().map(|row| (**row).clone())
    }

    /// When the newest happened.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.rows.first().map(|row| row.at)
    }

    /// When the oldest happened.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.rows.last().map(|row| row.at)
    }

    /// Operations that a row proves.
    #[must_use]
    pub fn proven(&self) -> &BTreeSet<OperationId> {
        &self.proven
    }
}

/// A column that rows can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderBy {
    /// When they happened.
    #[default]
    Time,
    /// The provider account.
    Provider,
    /// The last four digits of the card.
    Card,
    /// The name of the cardholder.
    Holder,
    /// [`Transaction::what`].
    What,
    /// The amount, whatever its currency.
    Amount,
    /// The currency.
    Currency,
    /// Where it happened.
    Merchant,
    /// [`Transaction::in_plain_words`].
    Words,
}

/// In which order rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The column.
    pub by: OrderBy,
    /// The greatest first.
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { by: OrderBy::Time, descending: true }
    }
}

/// What is looked for.
pub struct Query<'a> {
    /// The filter.
    pub filter: &'a Filter,
    /// What its fields are.
    pub schema: &'a Schema,
    /// Rows since then.
    pub since: Timestamp,
    /// Rows that were seen until then.
    pub seen_until: Option<Timestamp>,
    /// How they are ordered.
    pub order: Order,
    /// The row filter of the contract.
    pub accepts: &'a dyn Fn(&Transaction) -> bool,
    /// Who holds a card.
    pub holder: &'a dyn Fn(&CardKey) -> Option<Arc<str>>,
    /// Grows whenever a holder changes.
    pub revision_of_holders: u64,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// At its end.
    Done,
    /// There is more.
    More {
        /// Rows looked at.
        visited: usize,
        /// Rows in all.
        of: usize,
    },
}

/// A search over a ledger.
#[derive(Debug, Default)]
pub struct Search {
    found: Found,
    next: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    ledger: Ledger,
    rows: Vec<usize>,
    in_range: usize,
    totals: Vec<Total>,
    complete: bool,
}

/// Sums of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The currency.
    pub currency: Currency,
    /// Rows that have it.
    pub rows: usize,
    /// Spent; `None` where it is too large to sum.
    pub out: Option<Money>,
    /// Came in.
    pub into: Option<Money>,
    /// Refused.
    pub declined: Option<Money>,
}

impl Search {
    /// Begins again.
    pub fn renew(&mut self, ledger: &Ledger, _query: &Query<'_>) {
        self.found = Found { ledger: ledger.clone(), ..Found::default() };
        self.next = 0;
    }

    /// Looks at some more rows.
    pub fn step(&mut self, query: &Query<'_>, most_rows: usize) -> Progress {
        let all = self.found.ledger.len();
        let until = (self.next + most_rows).min(all);
        for position in self.next..until {
            let Some(row) = self.found.ledger.row(position) else { continue };
            if row.at < query.since || query.seen_until.is_some_and(|until| row.seen_at > until) {
                continue;
            }
            self.found.in_range += 1;
            if query.filter.is_empty() || (query.accepts)(&row) {
                self.found.rows.push(position);
                add(&mut self.found.totals, &row);
            }
        }
        self.next = until;
        if until < all {
            return Progress::More { visited: until, of: all };
        }
        self.found.complete = true;
        self.found.totals.sort_by_key(|total| total.currency);
        let ledger = self.found.ledger.clone();
        let word = |position: &usize| {
            let row = ledger.row(*position);
            row.map(|row| match query.order.by {
                OrderBy::Merchant => row.merchant.as_deref().unwrap_or("").to_lowercase(),
                OrderBy::Card => row.last4.map(|last4| last4.to_string()).unwrap_or_default(),
                OrderBy::Provider => row.provider.to_string(),
                OrderBy::What => row.what().to_owned(),
                _ => String::new(),
            })
        };
        if query.order == Order::default() {
            return Progress::Done;
        }
        if query.order.by == OrderBy::Amount {
            let amount = |position: &usize| ledger.row(*position).map(|row| row.amount.amount());
            self.found.rows.sort_by_key(amount);
        } else if query.order.by != OrderBy::Time {
            self.found.rows.sort_by_key(word);
        }
        if query.order.descending || query.order.by == OrderBy::Time {
            self.found.rows.reverse();
        }
        Progress::Done
    }

    /// What was found so far.
    #[must_use]
    pub const fn found(&self) -> &Found {
        &self.found
    }
}

impl Found {
    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The position of the row at an index.
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<usize> {
        self.rows.get(index).copied()
    }

    /// The index of a row.
    ///
    /// # Errors
    /// Where it would be.
    pub fn rank(&self, position: usize) -> Result<usize, usize> {
        match self.rows.iter().position(|known| *known == position) {
            Some(index) => Ok(index),
            None => Err(self.rows.partition_point(|known| *known < position)),
        }
    }

    /// Rows of the time range.
    #[must_use]
    pub const fn in_range(&self) -> usize {
        self.in_range
    }

    /// The cards of the rows that were found, each once.
    pub fn cards(&self) -> impl Iterator<Item = CardKey> {
        let card = |position: &usize| self.ledger.row(*position)?.card();
        self.rows.iter().filter_map(card).collect::<BTreeSet<_>>().into_iter()
    }

    /// Sums by currency.
    #[must_use]
    pub fn totals(&self) -> &[Total] {
        &self.totals
    }

    /// Whether every row was looked at.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// What was searched.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

fn add(totals: &mut Vec<Total>, row: &Transaction) {
    let currency = row.amount.currency();
    let index = totals.iter().position(|total| total.currency == currency).unwrap_or_else(|| {
        let zero = Some(Money::zero(currency));
        totals.push(Total { currency, rows: 0, out: zero, into: zero, declined: zero });
        totals.len() - 1
    });
    let Some(total) = totals.get_mut(index) else { return };
    total.rows += 1;
    let sum = match (row.state, row.kind) {
        (TransactionState::Declined, _) => &mut total.declined,
        (TransactionState::Failed | TransactionState::Reversed | TransactionState::Unknown, _) => {
            return;
        }
        (_, TransactionKind::Purchase | TransactionKind::Fee | TransactionKind::Withdrawal) => {
            &mut total.out
        }
        (_, TransactionKind::Refund | TransactionKind::Reversal | TransactionKind::TopUp) => {
            &mut total.into
        }
        (_, TransactionKind::Adjustment | TransactionKind::Other) if row.amount.is_negative() => {
            &mut total.out
        }
        (_, TransactionKind::Adjustment | TransactionKind::Other) => &mut total.into,
    };
    *sum = sum.and_then(|sum| sum.checked_add(row.amount.abs()).ok());
}
