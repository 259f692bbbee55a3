//! The feed: transactions and operations in one list, newest first, with its filter, its time range
//! and its totals.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::list::{Direction, List, Motion};
use super::memo::{DataVersion, Memo, Movement};
use super::portfolio::Portfolio;
use super::search::Search;
use super::work::{Work, count};
use crate::contract::{OperationRow, Rows, TransactionRow};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::filter::Filter;
use crate::domain::money::{Currency, Money};
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// A row by identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A transaction. Its time is part of the key, so that it is found by binary search.
    Transaction {
        at: Timestamp,
        id: Arc<str>,
        provider: ProviderId,
        /// Its card, where it names one.
        card: Option<Arc<str>>,
    },
    Operation(OperationId),
}

/// A row as it is known now.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'a> {
    Transaction(&'a Transaction),
    Operation(&'a Operation),
}

impl Entry {
    fn of_transaction(row: &Transaction) -> Self {
        Self::Transaction {
            at: row.at,
            id: Arc::clone(&row.id),
            provider: row.provider.clone(),
            card: row.card_id.clone(),
        }
    }

    /// The row as it is known now; `None` when it was dropped.
    pub(crate) fn known<'a>(&self, portfolio: &'a Portfolio) -> Option<Known<'a>> {
        match self {
            Self::Transaction { at, id, provider, card } => portfolio
                .transactions
                .get(*at, id, provider, card.as_deref())
                .map(Known::Transaction),
            Self::Operation(id) => portfolio.operation(*id).map(Known::Operation),
        }
    }
}

impl Known<'_> {
    /// The card it is about.
    pub(crate) fn card(&self) -> Option<CardKey> {
        match self {
            Self::Transaction(row) => row.card(),
            Self::Operation(operation) => Some(operation.card.clone()),
        }
    }

    /// Whether `e` stops here: a decline, or an operation that failed or is in doubt.
    pub(crate) fn is_trouble(&self) -> bool {
        match self {
            Self::Transaction(row) => row.state == TransactionState::Declined,
            Self::Operation(operation) => {
                matches!(operation.state, OperationState::Unknown | OperationState::Failed)
            }
        }
    }

    /// When it happened, or was requested.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Transaction(row) => row.at,
            Self::Operation(operation) => operation.created_at,
        }
    }

    fn entry(&self) -> Entry {
        match self {
            Self::Transaction(row) => Entry::of_transaction(row),
            Self::Operation(operation) => Entry::Operation(operation.id),
        }
    }
}

/// Transactions and operations by time, newest first. An operation that a transaction proves is
/// left out: the transaction stands for it.
pub(crate) fn merged<'a>(
    transactions: impl Iterator<Item = &'a Transaction>,
    operations: impl Iterator<Item = &'a Operation>,
    proven: &BTreeSet<OperationId>,
) -> Vec<Known<'a>> {
    let mut transactions = transactions.map(Known::Transaction).peekable();
    let mut operations = operations
        .filter(|operation| !proven.contains(&operation.id))
        .map(Known::Operation)
        .peekable();
    let mut rows = Vec::new();
    loop {
        let next = match (transactions.peek(), operations.peek()) {
            (Some(row), Some(operation)) if row.at() > operation.at() => transactions.next(),
            (_, Some(_)) => operations.next(),
            (Some(_), None) => transactions.next(),
            (None, None) => return rows,
        };
        rows.extend(next);
    }
}

pub(crate) fn entries(rows: &[Known<'_>]) -> Vec<Entry> {
    rows.iter().map(Known::entry).collect()
}

/// Time ranges that `[` and `]` step through.
const RANGES: [(&str, Option<SignedDuration>); 8] = [
    ("15m", Some(SignedDuration::from_mins(15))),
    ("1h", Some(SignedDuration::from_hours(1))),
    ("5h", Some(SignedDuration::from_hours(5))),
    ("24h", Some(SignedDuration::from_hours(24))),
    ("2d", Some(SignedDuration::from_hours(48))),
    ("7d", Some(SignedDuration::from_hours(168))),
    ("30d", Some(SignedDuration::from_hours(720))),
    ("ever", None),
];

/// The stretch of time that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// As long as this word says: `24h`.
    Last(&'static str),
    /// Everything.
    Ever,
    /// The filter says it: since this time, or all that it accepts.
    OfFilter(Option<Timestamp>),
}

/// Sums of one currency over the rows that are shown. A sum too large to be exact is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Total {
    pub(crate) currency: Currency,
    pub(crate) rows: usize,
    /// Spent, holds included.
    pub(crate) out: Option<Money>,
    /// Received.
    pub(crate) into: Option<Money>,
    /// Asked and refused.
    pub(crate) declined: Option<Money>,
}

/// The pane of the feed.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) list: List<Entry>,
    pub(crate) search: Search,
    pub(crate) totals: Vec<Total>,
    /// The cursor stays on the newest row.
    pub(crate) follow: bool,
    /// The row under the cursor is explained below the list even where there is little room.
    pub(crate) explain: bool,
    /// Rows of this time range that the filter hides.
    pub(crate) hidden: usize,
    /// Rows that came since the screen was paused.
    pub(crate) waiting: usize,
    /// Index into [`RANGES`].
    range: usize,
    /// Revision of the filter, and the range.
    memo: Memo<(u64, usize)>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            list: List::default(),
            search: Search::new(Rows::Feed),
            totals: Vec::new(),
            follow: true,
            explain: false,
            hidden: 0,
            waiting: 0,
            range: 3,
            memo: Memo::default(),
        }
    }
}

impl Feed {
    /// Which rows are shown, but for what the filter says of anything but time.
    pub(crate) fn range(&self) -> Range {
        let filter = self.search.filter();
        match (filter.since(), RANGES.get(self.range)) {
            (Some(at), _) => Range::OfFilter(Some(at)),
            (None, _) if filter.names_time() => Range::OfFilter(None),
            (None, Some((word, Some(_)))) => Range::Last(word),
            (None, Some((_, None)) | None) => Range::Ever,
        }
    }

    /// Shows more time (forward), or less.
    pub(crate) fn step_range(&mut self, direction: Direction) {
        self.range = match direction {
            Direction::Forward => (self.range + 1).min(RANGES.len() - 1),
            Direction::Backward => self.range.saturating_sub(1),
        };
    }

    /// Moves the cursor; away from the first row nothing is followed any more.
    pub(crate) fn go(&mut self, motion: Motion) {
        self.list.go(motion);
        self.follow = self.list.at() == 0;
        if self.follow {
            self.list.follow_first();
        }
    }

    /// Stays on the row under the cursor instead of following the newest.
    pub(crate) const fn hold(&mut self) {
        self.follow = false;
        self.list.hold();
    }

    /// Stays on the newest row from now on.
    pub(crate) fn follow(&mut self) {
        self.follow = true;
        self.list.follow_first();
    }

    /// Makes the rows again where something they depend on has changed. `paused` is when the
    /// screen was.
    pub(crate) fn refresh_rows(
        &mut self,
        portfolio: &Portfolio,
        movement: Movement,
        paused: Option<Timestamp>,
    ) {
        let data = DataVersion::of_history(portfolio);
        if self.search.chip().is_some() && self.memo.is_of_another_minute(data) {
            self.search.reread(portfolio.now, &portfolio.zone);
        }
        self.waiting = paused.map_or(0, |since| {
            let transactions =
                portfolio.transactions.iter().inspect(|_| count(Work::HistoryVisited));
            transactions.filter(|row| row.seen_at > since).count()
        });
        if !self.memo.renew(data, (self.search.revision, self.range), movement) {
            return;
        }
        let range = self.range;
        let rows = |filter: &Filter| {
            let all = in_range(since(filter, range, portfolio.now), portfolio, paused);
            let total = all.len();
            let rows = all.into_iter().filter(|row| is_wanted(row, filter, portfolio));
            (rows.collect::<Vec<Known<'_>>>(), total)
        };
        let ((rows, total), set_aside) = self.search.choose(rows, |(rows, _)| rows.is_empty());
        self.search.set_aside(set_aside);
        self.hidden = total - rows.len();
        self.totals = totals(&rows);
        let rows = entries(&rows);
        self.list.change_for(self.search.take_cause(), |keys| *keys = rows);
    }
}

/// From when on rows are shown: what the filter says goes before the range.
fn since(filter: &Filter, range: usize, now: Timestamp) -> Timestamp {
    let of_range = || {
        let (_, range) = RANGES.get(range)?;
        now.checked_sub((*range)?).ok()
    };
    filter
        .since()
        .or_else(|| if filter.names_time() { None } else { of_range() })
        .unwrap_or(Timestamp::MIN)
}

/// Rows since a time. On a paused screen, those that were known then.
fn in_range(since: Timestamp, portfolio: &Portfolio, paused: Option<Timestamp>) -> Vec<Known<'_>> {
    let was_known = |at: Timestamp| paused.is_none_or(|since| at <= since);
    merged(
        portfolio
            .transactions
            .iter()
            .inspect(|_| count(Work::HistoryVisited))
            .take_while(|row| row.at >= since)
            .filter(|row| was_known(row.seen_at)),
        portfolio
            .operations
            .iter()
            .inspect(|_| count(Work::HistoryVisited))
            .take_while(|row| row.created_at >= since)
            .filter(|row| was_known(row.created_at)),
        portfolio.transactions.proven(),
    )
}

fn is_wanted(row: &Known<'_>, filter: &Filter, portfolio: &Portfolio) -> bool {
    if filter.is_empty() {
        return true;
    }
    let (card, now) = (row.card(), portfolio.now);
    let holder = card.as_ref().map_or("", |card| portfolio.holder(card));
    match row {
        Known::Transaction(transaction) => {
            filter.matches(&TransactionRow { transaction, holder, now })
        }
        Known::Operation(operation) => filter.matches(&OperationRow { operation, holder, now }),
    }
}

/// Sums per currency, never across. Operations move no money until a transaction shows it, so they
/// do not count.
fn totals(rows: &[Known<'_>]) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    for row in rows {
        let Known::Transaction(row) = row else { continue };
        let currency = row.amount.currency();
        let index =
            totals.iter().position(|total| total.currency == currency).unwrap_or_else(|| {
                let zero = Some(Money::zero(currency));
                totals.push(Total { currency, rows: 0, out: zero, into: zero, declined: zero });
                totals.len() - 1
            });
        let Some(total) = totals.get_mut(index) else { continue };
        total.rows += 1;
        let sum = match (row.state, row.kind) {
            (TransactionState::Declined, _) => &mut total.declined,
            (
                TransactionState::Failed | TransactionState::Reversed | TransactionState::Unknown,
                _,
            ) => continue,
            (_, TransactionKind::Purchase | TransactionKind::Fee | TransactionKind::Withdrawal) => {
                &mut total.out
            }
            (_, TransactionKind::Refund | TransactionKind::Reversal | TransactionKind::TopUp) => {
                &mut total.into
            }
            (_, TransactionKind::Adjustment | TransactionKind::Other)
                if row.amount.is_negative() =>
            {
                &mut total.out
            }
            (_, TransactionKind::Adjustment | TransactionKind::Other) => &mut total.into,
        };
        *sum = sum.and_then(|sum| sum.checked_add(row.amount.abs()).ok());
    }
    totals.sort_by_key(|total| total.currency);
    totals
}
