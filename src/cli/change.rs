//! What `freeze`, `unfreeze`, `topup`, `pin` and `close` share.
//!
//! The engine checks, journals and sends, as for the board; here is only what was asked, whether it
//! was confirmed, and how the outcome is reported. Without `--yes` the same checks are made, and
//! nothing is sent.

mod rehearsal;
mod sending;
pub(crate) mod terms;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use self::rehearsal::Rehearsal;
use self::terms::Terms;
use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::find;
use super::global::Global;
use super::session::Session;
use super::shutdown::Shutdown;
use crate::clock::Clock;
use crate::config;
use crate::contract::FailureKind;
use crate::domain::card::{Card, CardKey};
use crate::domain::operation::{Action, ActionKind, Capabilities, OnConflict, Refusal, Support};
use crate::domain::text;
use crate::engine::{ChangeRequest, Expected, Refused};

/// What every change takes.
#[derive(Debug, Args)]
pub(crate) struct ChangeArguments {
    /// provider/id, a unique beginning of an id, or the last four digits
    #[arg(value_name = "CARD")]
    pub(crate) card: String,
    /// Do it. Without this, cardtop says what it would do and sends nothing
    #[arg(long)]
    pub(crate) yes: bool,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// How long to wait until the effect is seen: 30s, 2m, 500ms, 0s
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) wait: Duration,
}

/// A subcommand that changes a card.
pub(crate) trait Change {
    fn kind(&self) -> ActionKind;

    fn arguments(&self) -> &ChangeArguments;

    /// The action, once everything typed is right.
    ///
    /// # Errors
    /// What is wrong with what was typed, or why the provider or the card does not allow it.
    fn action(&self, card: &Card, capabilities: &Capabilities) -> Result<Action, Failure>;

    /// The action while flags are missing: nothing is asked for that would not be sent.
    ///
    /// # Errors
    /// As of [`Self::action`].
    fn unconfirmed_action(
        &self,
        card: &Card,
        capabilities: &Capabilities,
    ) -> Result<Action, Failure> {
        self.action(card, capabilities)
    }

    /// What would be done, up to the card's name: `freeze`.
    fn intention(&self, action: &Action) -> String;

    /// What has to be added to confirm it beside `--yes`.
    fn missing_confirmation(&self, _card: &Card) -> Option<String> {
        None
    }

    /// Whether something is not known of the card that [`Self::action`] needs.
    fn needs_reading(&self, _card: &Card) -> bool {
        false
    }

    fn on_conflict(&self) -> OnConflict {
        OnConflict::Refuse
    }
}

/// Makes the change, waits for its effect and reports the outcome; while flags are missing that
/// confirm it, checks it and says what would be sent.
pub(crate) async fn run(change: &dyn Change, global: &Global, clock: Clock) -> Outcome {
    let mut shutdown = Shutdown::listen()?;
    let session = shutdown.or_interrupted(Session::open(global, clock)).await;
    let session = session.map_err(|failure| failure.now("nothing was sent"))?;
    let outcome = match shutdown.or_interrupted(card(&session, change)).await {
        Ok(card) => match check_and_send(&session, change, &card, &mut shutdown).await {
            Err(failure) => Err(about(&session, &card.key, failure).await),
            done => done,
        },
        Err(failure) => Err(failure.not_sent()),
    };
    session.engine.stop().await;
    outcome
}

/// The failure of a change of this card, with what is known of the card by now.
async fn about(session: &Session, key: &CardKey, failure: Failure) -> Failure {
    let failure = failure.of_card(key);
    let card = session.known_card(key).await;
    match card.and_then(|card| Some((card.state, card.state_at?))) {
        Some((state, at)) => failure.and_now(&format!("the card was {} at {at}", state.as_str())),
        None => failure,
    }
}

async fn check_and_send(
    session: &Session,
    change: &dyn Change,
    card: &Card,
    shutdown: &mut Shutdown,
) -> Outcome {
    let capabilities = shutdown.or_interrupted(capabilities(session, card)).await;
    let capabilities = capabilities.map_err(Failure::not_sent)?;
    // What is not offered at all is not asked for: no phrase, no PIN.
    if let Support::No(why) = capabilities.offers(change.kind()) {
        let refused = Refused::Denied(Refusal::NotOffered(why));
        return Err(sending::refusal(change, card, &refused));
    }
    let missing_flags = missing_flags(change, card);
    let confirmed = missing_flags.is_empty();
    let planning = plan(session, change, card, &capabilities, confirmed);
    let planned = shutdown.or_interrupted(planning).await;
    let Plan { request, terms } = planned.map_err(Failure::not_sent)?;
    if let Some(trouble) = terms.payer.as_ref().and_then(|payer| payer.trouble.as_ref()) {
        let message = sending::not_sent(change, card, trouble);
        return Err(Failure::refused(message).now("nothing was sent"));
    }
    if !confirmed {
        let rehearsal = Rehearsal { change, request, terms, missing_flags };
        return rehearsal.run(session, shutdown).await;
    }
    if let Some(payer) = terms.payer {
        warn(&format!("paid by {payer}"));
    }
    sending::send(session, change, card, request, shutdown).await
}

/// The flags that have to be added before anything is sent.
fn missing_flags(change: &dyn Change, card: &Card) -> Vec<String> {
    let yes = (!change.arguments().yes).then(|| "--yes".to_owned());
    yes.into_iter().chain(change.missing_confirmation(card)).collect()
}

/// What is to be asked, once everything typed is right.
struct Plan {
    request: ChangeRequest,
    terms: Terms,
}

async fn plan(
    session: &Session,
    change: &dyn Change,
    card: &Card,
    capabilities: &Capabilities,
    confirmed: bool,
) -> Result<Plan, Failure> {
    let arguments = change.arguments();
    let action = if confirmed {
        change.action(card, capabilities)?
    } else {
        change.unconfirmed_action(card, capabilities)?
    };
    let terms = terms::terms(session, card, &action, capabilities, !confirmed).await?;
    let reason = arguments.reason.as_deref().map(text::clean).filter(|reason| !reason.is_empty());
    let request = ChangeRequest {
        id: session.engine.new_operation_id(),
        card: card.key.clone(),
        action,
        reason: reason.map(Arc::from),
        shown: Expected::default(),
        on_conflict: change.on_conflict(),
        recent_credit: None,
        payer: terms.payer.as_ref().and_then(|payer| payer.account.clone()),
    };
    Ok(Plan { request, terms })
}

/// The card that is meant and no other, with what the change needs to know of it.
async fn card(session: &Session, change: &dyn Change) -> Result<Arc<Card>, Failure> {
    let word = &change.arguments().card;
    let card = find::card(session, word).await?;
    find::ensure_no_other_fits(session, word, &card).await?;
    if !change.needs_reading(&card) {
        return Ok(card);
    }
    let read = session.engine.read_card(&card.key).await;
    read.map(Arc::new).map_err(|error| Failure::unread(&error).of_card(&card.key))
}

pub(crate) async fn capabilities(session: &Session, card: &Card) -> Result<Capabilities, Failure> {
    if let Some(capabilities) = session.engine.capabilities(&card.key.provider).await {
        return Ok(capabilities);
    }
    // A read fails with the reason why the account could not be set up.
    match session.engine.read_card(&card.key).await {
        Err(error) => {
            let mut failure = Failure::unread(&error);
            failure.exit = Exit::Unreachable;
            Err(failure)
        }
        Ok(_) => {
            let message =
                format!("{} could not be set up: see cardtop providers", card.key.provider);
            Err(Failure::new(Exit::Unreachable, FailureKind::Credentials, message))
        }
    }
}

/// A card in a sentence: its digits, its holder and its key.
fn name(card: &Card) -> String {
    let holder = if card.holder.is_empty() { String::new() } else { format!(" {}", card.holder) };
    format!("{}{holder} ({})", card.digits(), card.key)
}

/// What confirms a change of this card and of no other: the verb and the last four digits; where
/// they are not known, the last four characters of the card's id.
pub(crate) fn phrase(verb: &str, card: &Card) -> String {
    if let Some(last4) = card.last4 {
        return format!("{verb} {last4}");
    }
    let length = card.key.id.chars().count();
    let tail: String = card.key.id.chars().skip(length.saturating_sub(4)).collect();
    format!("{verb} {tail}")
}

/// # Errors
/// A usage failure with the phrase, when another one was typed.
pub(crate) fn require_phrase(
    flag: &str,
    typed: &str,
    verb: &str,
    card: &Card,
) -> Result<(), Failure> {
    let wanted = phrase(verb, card);
    if typed == wanted {
        return Ok(());
    }
    let (key, digits) = (&card.key, card.digits());
    Err(Failure::usage(format!("{key} {digits}: to do this, add {flag} \"{wanted}\"")))
}

/// A time to wait: `30s`, `2m`, `500ms`, `0s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match config::read_duration(text) {
        Some(time) if time <= Duration::from_secs(86_400) => Ok(time),
        Some(_) => Err("at most 24h".to_owned()),
        None => Err("write a number and ms, s, m or h, such as 30s".to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
