//! A change that is not confirmed: every check is made, and what would be sent is said.

use std::sync::Arc;

use super::terms::Terms;
use super::{Change, name, sending};
use crate::cli::exit::{Exit, warn};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::global::Format;
use crate::cli::print;
use crate::cli::session::Session;
use crate::cli::shutdown::Shutdown;
use crate::contract::{PlannedChange, Row, csv, json};
use crate::domain::card::Card;
use crate::engine::ChangeRequest;

/// A change of which flags are missing that confirm it.
pub(super) struct Rehearsal<'a> {
    pub(super) change: &'a dyn Change,
    pub(super) request: ChangeRequest,
    pub(super) terms: Terms,
    /// What has to be added before anything is sent.
    pub(super) missing_flags: Vec<String>,
}

impl Rehearsal<'_> {
    /// Makes the checks, and says what would be sent and what has to be added.
    pub(super) async fn run(self, session: &Session, shutdown: &mut Shutdown) -> Outcome {
        let rehearsing = async { Ok(session.engine.rehearse(&self.request).await) };
        let rehearsed = shutdown.or_interrupted(rehearsing).await.map_err(Failure::not_sent)?;
        let card = match rehearsed {
            Ok((_, card)) => card,
            Err(refused) => {
                let key = &self.request.card;
                let known = session.known_card(key).await;
                let card = known.unwrap_or_else(|| Arc::new(Card::unread(key.clone())));
                return Err(sending::refusal(self.change, &card, &refused));
            }
        };
        let planned = self.planned(card);
        match session.format {
            Format::Table => {}
            Format::Json => print::put(&(json::named("would", &planned) + "\n"))?,
            Format::Csv => print::put(&csv::document([Row::from(&planned)]))?,
        }
        warn(&self.sentence(&planned));
        // What was asked for was not done, because of how it was asked.
        Ok(Exit::Usage)
    }

    pub(super) fn planned(&self, card: Card) -> PlannedChange {
        PlannedChange {
            action: self.change.kind(),
            card,
            amount: self.request.action.amount(),
            fee: self.terms.fee,
            payer: self.terms.payer.as_ref().map(ToString::to_string),
            reason: self.request.reason.clone(),
            missing_flags: self.missing_flags.clone(),
        }
    }

    /// `this would top up 30.00 USD to ..4242 Mara Lindqvist (acme/c-1), fee 0.50 USD; nothing was
    /// sent: add --yes to do it`.
    pub(super) fn sentence(&self, planned: &PlannedChange) -> String {
        let intention = self.change.intention(&self.request.action);
        let mut sentence = format!("this would {intention} {}", name(&planned.card));
        if let Some(fee) = self.terms.fee {
            sentence.push_str(&format!(", fee {fee}"));
        }
        if let Some(why) = &self.terms.fee_unread {
            sentence.push_str(&format!(", fee not known ({why})"));
        }
        if let Some(payer) = &self.terms.payer {
            sentence.push_str(&format!(", paid by {payer}"));
        }
        let flags = self.missing_flags.join(" and ");
        sentence + &format!("; nothing was sent: add {flags} to do it")
    }
}
