//! `transactions`: newest first.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::failure::Outcome;
use super::global::Global;
use super::incomplete::Missing;
use super::listing::{finish_list, holders, joined};
use super::session::Session;
use super::{Run, find, print};
use crate::clock::Clock;
use crate::contract::{Row, Rows, TransactionRow};
use crate::domain::card::{Card, CardKey};
use crate::domain::completeness::Completeness;
use crate::domain::transaction::Transaction;

/// How far back transactions are read when the filter does not say.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How far back they are looked for where there were none in [`WINDOW`].
const WIDE_WINDOW: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A provider's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// List transactions, newest first: of the last 30 days, or from `since:` of the filter
#[derive(Debug, Args)]
#[command(visible_alias = "tx")]
pub(crate) struct Transactions {
    /// Only of this card
    #[arg(long, value_name = "CARD")]
    card: Option<String>,
    /// At most this many rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Run for Transactions {
    fn filtered(&self) -> Option<Rows> {
        Some(Rows::Transactions)
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open_to_read(global, clock.clone()).await?;
        let card = match &self.card {
            Some(word) => Some(find::card(&session, word).await?),
            None => None,
        };
        let (mut transactions, completeness, since) =
            read(&session, card.as_deref(), clock.now()).await;
        let now = clock.now();
        session.view.now = now;
        transactions.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let cards = session.known_cards().await;
        let holders = holders(&cards);
        let holder = |key: Option<CardKey>| {
            key.and_then(|key| holders.get(&key).copied()).unwrap_or_default()
        };
        let rows: Vec<Row<'_, Transaction>> = transactions
            .iter()
            .map(|record| Row { record, holder: holder(record.card()) })
            .filter(|row| {
                let Row { record: transaction, holder } = *row;
                session.filter.matches(&TransactionRow { transaction, holder, now })
            })
            .take(self.limit.unwrap_or(usize::MAX))
            .collect();
        let nothing = format!("no transactions since {}", session.view.time(since));
        let nothing = rows.is_empty().then_some(nothing.as_str());
        let text = print::list(rows, session.format, &session.view);
        finish_list(&session, &text, nothing, &Missing::of(completeness)).await
    }
}

/// The transactions from the filter's `since:`; else of [`WIDE_WINDOW`] where it names a time in
/// another way; else of [`WINDOW`], and where that has none, of [`WIDE_WINDOW`]. Also what is
/// missing of them, and the time from which they were read.
pub(super) async fn read(
    session: &Session,
    card: Option<&Card>,
    now: Timestamp,
) -> (Vec<Transaction>, Completeness, Timestamp) {
    let key = card.map(|card| &card.key);
    let until = now.checked_add(AHEAD).unwrap_or(now);
    let back = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let window = if session.filter.names_time() { WIDE_WINDOW } else { WINDOW };
    let since = session.filter.since().unwrap_or_else(|| back(window));
    let (rows, completeness) = joined(session.engine.list_transactions(since, until, key).await);
    if session.filter.names_time() || !rows.is_empty() || !completeness.is_complete() {
        return (rows, completeness, since);
    }
    let since = back(WIDE_WINDOW);
    let (rows, completeness) = joined(session.engine.list_transactions(since, until, key).await);
    (rows, completeness, since)
}
