//! `cards`: by provider in the order of the configuration, then by id.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::exit::warn;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::incomplete::Missing;
use super::kept::{self, Refresh, Refreshing};
use super::listing::{finish_list, joined};
use super::session::Session;
use super::{Run, print, transactions};
use crate::clock::Clock;
use crate::contract::{CardRow, History, Membership, Row, Rows};
use crate::domain::card::{Card, CardKey};
use crate::domain::completeness::Completeness;
use crate::domain::operation::OperationState;
use crate::domain::transaction::Transaction;

/// List cards with their balances, read now. Where the filter asks for transactions, such as
/// merchant:~rewe, those with such a transaction in the last 30 days, or since `since:`
#[derive(Debug, Args)]
pub(crate) struct Cards {
    #[command(flatten)]
    refreshing: Refreshing,
}

impl Run for Cards {
    fn filtered(&self) -> Option<Rows> {
        Some(Rows::ReadCards)
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open_to_read(global, clock.clone()).await?;
        let listed = list(&mut session, &clock, self.refreshing.refresh).await?;
        let Listed { cards, missing, all, since } = listed;
        let text =
            print::list(cards.iter().map(|card| Row::from(&**card)), session.format, &session.view);
        let since = since.map(|since| session.view.time(since));
        if let Some(since) = since.as_ref().filter(|_| !cards.is_empty()) {
            warn(&format!("these cards are chosen by their transactions since {since}"));
        }
        let nothing = match (all, since) {
            (0, _) => "no cards".to_owned(),
            (all, None) => format!("the filter accepts none of {all} cards"),
            (all, Some(since)) => {
                format!("the filter accepts none of {all} cards; transactions since {since}")
            }
        };
        let nothing = cards.is_empty().then_some(nothing.as_str());
        finish_list(&session, &text, nothing, &missing).await
    }
}

/// The cards that the filter accepts, in order.
pub(super) struct Listed {
    pub(super) cards: Vec<Arc<Card>>,
    pub(super) missing: Missing,
    /// How many there are, with those that it does not accept.
    all: usize,
    /// From when on transactions were looked at, where the filter asks for them.
    since: Option<Timestamp>,
}

/// Reads the cards, or takes those of the data file, and chooses by the filter.
///
/// # Errors
/// When the data file or the journal cannot be read.
pub(super) async fn list(
    session: &mut Session,
    clock: &Clock,
    refresh: Refresh,
) -> Result<Listed, Failure> {
    let (mut cards, mut missing) = if refresh == Refresh::Never {
        let cards = session.known_cards().await;
        let missing = Missing::of(Completeness::default());
        let of_cards = kept::of_cards(session, &cards);
        (cards, missing.with_data_file(of_cards))
    } else {
        let (cards, completeness) = joined(session.engine.list_cards().await);
        (cards, Missing::of(completeness))
    };
    let history = if session.filter.asks_related() {
        let read = transactions::read(session, None, clock.now(), refresh).await?;
        missing.join(read.missing);
        Some((ReadHistory::of(read.rows), read.since))
    } else {
        None
    };
    let now = clock.now();
    session.view.now = now;
    let unknown = cards_in_doubt(session).await?;
    let none = ReadHistory::default();
    let all = cards.len();
    cards.retain(|card| {
        session.filter.matches(&CardRow {
            card: (&**card).into(),
            now,
            // Kept by the board, so that no filter of a command asks for them.
            watched: Membership::Known(false),
            marked: Membership::Known(false),
            unknown: unknown.contains(&card.key),
            history: history.as_ref().map_or(&none, |(history, _)| history),
            searched: None,
        })
    });
    cards.sort_by(|a, b| {
        let rank = |key: &CardKey| session.rank(&key.provider);
        (rank(&a.key), &a.key.id).cmp(&(rank(&b.key), &b.key.id))
    });
    let missing = missing.with_states_of(cards.iter().map(|card| &**card));
    Ok(Listed { cards, missing, all, since: history.map(|(_, since)| since) })
}

/// The transactions that were read, by card.
#[derive(Debug, Default)]
struct ReadHistory(HashMap<CardKey, Vec<Transaction>>);

impl ReadHistory {
    fn of(rows: Vec<Transaction>) -> Self {
        let mut history = Self::default();
        for row in rows {
            if let Some(card) = row.card() {
                history.0.entry(card).or_default().push(row);
            }
        }
        history
    }
}

impl History for ReadHistory {
    fn any_transaction(&self, card: &CardKey, test: &mut dyn FnMut(&Transaction) -> bool) -> bool {
        self.0.get(card).is_some_and(|rows| rows.iter().any(test))
    }
}

/// Cards with an operation whose outcome is UNKNOWN.
///
/// # Errors
/// When the journal cannot be read.
async fn cards_in_doubt(session: &Session) -> Result<HashSet<CardKey>, Failure> {
    let operations = session.journal().await?;
    Ok(operations
        .into_iter()
        .filter(|operation| operation.state == OperationState::Unknown)
        .map(|operation| operation.card)
        .collect())
}
