//! `cards`: by provider in the order of the configuration, then by id.

use clap::Args;

use super::failure::Outcome;
use super::global::Global;
use super::incomplete::Missing;
use super::listing::{finish_list, joined};
use super::session::Session;
use super::{Run, print};
use crate::clock::Clock;
use crate::contract::{CardRow, Row};
use crate::domain::card::CardKey;
use crate::domain::operation::OperationState;

/// List cards with their balances, read now
#[derive(Debug, Args)]
pub(crate) struct Cards {}

impl Run for Cards {
    fn takes_filter(&self) -> bool {
        true
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open_to_read(global, clock.clone()).await?;
        let (mut cards, completeness) = joined(session.engine.list_cards().await);
        let now = clock.now();
        session.view.now = now;
        let unknown = cards_in_doubt(&session).await;
        cards.retain(|card| {
            // What the board keeps of an operator (watched, marked, a low mark) is not known here.
            session.filter.matches(&CardRow {
                card,
                now,
                watched: false,
                marked: false,
                low: false,
                unknown: unknown.contains(&card.key),
            })
        });
        cards.sort_by(|a, b| {
            let rank = |key: &CardKey| session.rank(&key.provider);
            (rank(&a.key), &a.key.id).cmp(&(rank(&b.key), &b.key.id))
        });
        let missing = Missing::of(completeness).with_states_of(&cards);
        let text = print::list(cards.iter().map(Row::from), session.format, &session.view);
        finish_list(&session, &text, cards.is_empty().then_some("no cards"), &missing).await
    }
}

/// Cards with an operation whose outcome is UNKNOWN.
async fn cards_in_doubt(session: &Session) -> Vec<CardKey> {
    let operations = session.engine.operations().await.unwrap_or_default();
    operations
        .into_iter()
        .filter(|operation| operation.state == OperationState::Unknown)
        .map(|operation| operation.card)
        .collect()
}
