//! `card CARD`: one card, read now.

use std::sync::Arc;

use clap::Args;

use super::failure::Outcome;
use super::global::Global;
use super::incomplete::Missing;
use super::kept::{self, Refresh, Refreshing};
use super::session::Session;
use super::{Run, find, print};
use crate::clock::Clock;
use crate::domain::completeness::Completeness;
use crate::engine;

/// Show one card, read now
#[derive(Debug, Args)]
pub(crate) struct Card {
    /// provider/id, a unique beginning of an id, or the last four digits
    card: String,
    #[command(flatten)]
    refreshing: Refreshing,
}

impl Run for Card {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open_to_read(global, clock.clone()).await?;
        let outcome = show(&mut session, &self, &clock).await;
        session.engine.stop().await;
        outcome
    }
}

/// A card that cannot be read is printed as it is known, and named as missing.
async fn show(session: &mut Session, asked: &Card, clock: &Clock) -> Outcome {
    let word = &asked.card;
    if asked.refreshing.refresh == Refresh::Never {
        let card = find::known(session, word).await?;
        session.view.now = clock.now();
        let mut of_card = kept::of_cards(session, std::slice::from_ref(&card));
        of_card.retain(|account| account.provider == card.key.provider);
        let missing = Missing::of(Completeness::default()).with_data_file(of_card);
        print::put(&print::one(&*card, session.format))?;
        missing.print(session.format, &session.view);
        return Ok(missing.exit());
    }
    let known = find::card(session, word).await?;
    let mut completeness = Completeness::complete(clock.now());
    let card = match session.engine.read_card(&known.key).await {
        Ok(card) => Arc::new(card),
        Err(error) => {
            let key = &known.key;
            completeness.add_unread_part(engine::unread_part(&key.provider, Some(key), &error));
            let cards = session.known_cards().await;
            cards.into_iter().find(|card| card.key == known.key).unwrap_or(known)
        }
    };
    session.view.now = clock.now();
    let missing = Missing::of(completeness).with_states_of([&*card]);
    print::put(&print::one(&*card, session.format))?;
    missing.print(session.format, &session.view);
    Ok(missing.exit())
}
