//! What `freeze`, `unfreeze`, `topup`, `pin` and `close` share.
//!
//! The engine checks, journals and sends, as for the board; here is only what was asked, whether it
//! was confirmed, and how the outcome is reported. Without `--yes` nothing is asked and nothing is
//! sent.

mod payer;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use self::payer::PayerCheck;
use super::exit::{Exit, Failure, Outcome, warn};
use super::global::Global;
use super::session::Session;
use super::shutdown::Shutdown;
use super::{find, operation};
use crate::clock::Clock;
use crate::config;
use crate::domain::card::Card;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, OnConflict, Operation, OperationId,
};
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

    /// What would be done, up to the card's name: `freeze`. The card is not known when its word
    /// fits none.
    fn intention(&self, card: Option<&Card>) -> String;

    /// The flags that are to be added to do it.
    fn flags(&self, _card: Option<&Card>) -> String {
        "--yes".to_owned()
    }

    /// Whether something is not known of the card that [`Self::action`] needs.
    fn needs_reading(&self, _card: &Card) -> bool {
        false
    }

    /// The amount that was typed, of a top-up.
    fn amount(&self) -> Option<&str> {
        None
    }

    fn on_conflict(&self) -> OnConflict {
        OnConflict::Refuse
    }
}

/// Makes the change, waits for its effect and reports the outcome.
pub(crate) async fn run(change: &dyn Change, global: &Global, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let outcome = if change.arguments().yes {
        confirmed(&session, change).await
    } else {
        Err(unconfirmed(&session, change).await)
    };
    session.engine.stop().await;
    outcome
}

/// What would be done, and what to add to do it.
async fn unconfirmed(session: &Session, change: &dyn Change) -> Failure {
    let word = &change.arguments().card;
    let card = match find::known_card(session, word).await {
        Ok(card) => card,
        Err(ambiguous) => return ambiguous,
    };
    let mut message = would(change, card.as_ref(), word);
    if let Some(card) = &card
        && let Some(payer) = payer::check(session, card, change).await
    {
        message.push_str(&format!("\n  {payer}"));
    }
    Failure::usage(message)
}

fn would(change: &dyn Change, card: Option<&Card>, word: &str) -> String {
    let name = card.map_or_else(|| format!("the card {}", text::clean(word)), name);
    let (intention, flags) = (change.intention(card), change.flags(card));
    format!("this would {intention} {name}. Nothing was sent: add {flags} to do it")
}

async fn confirmed(session: &Session, change: &dyn Change) -> Outcome {
    let arguments = change.arguments();
    let card = card(session, change).await?;
    let capabilities = capabilities(session, &card).await?;
    let action = change.action(&card, &capabilities)?;
    let payer = payer::check(session, &card, change).await;
    let account = match &payer {
        Some(PayerCheck::Nobody(why)) => {
            return Err(Failure::new(Exit::Refused, not_sent(change, &card, why, None)));
        }
        Some(PayerCheck::Payer(payer)) => payer.account.clone(),
        // What could not be read is read again just before sending, and decides there.
        Some(PayerCheck::Unread(_)) | None => None,
    };
    if let Some(payer) = payer {
        warn(&payer.to_string());
    }
    let reason = arguments.reason.as_deref().map(text::clean).filter(|reason| !reason.is_empty());
    let request = ChangeRequest {
        id: session.engine.new_operation_id(),
        card: card.key.clone(),
        action,
        reason: reason.map(Arc::from),
        shown: Expected::default(),
        on_conflict: change.on_conflict(),
        recent_credit: None,
        payer: account,
    };
    send(session, change, &card, request).await
}

/// The card that is meant and no other, with what the change needs to know of it.
async fn card(session: &Session, change: &dyn Change) -> Result<Card, Failure> {
    let word = &change.arguments().card;
    let card = find::card(session, word).await?;
    find::ensure_no_other_fits(session, word, &card).await?;
    if !change.needs_reading(&card) {
        return Ok(card);
    }
    let read = session.engine.read_card(&card.key).await;
    read.map_err(|error| Failure::not_sent(Exit::of_error(&error), error))
}

async fn capabilities(session: &Session, card: &Card) -> Result<Capabilities, Failure> {
    if let Some(capabilities) = session.engine.capabilities(&card.key.provider).await {
        return Ok(capabilities);
    }
    // A read fails with the reason why the account could not be set up.
    let why = match session.engine.read_card(&card.key).await {
        Err(error) => error.to_string(),
        Ok(_) => format!("{} could not be set up: see cardtop providers", card.key.provider),
    };
    Err(Failure::not_sent(Exit::Unreachable, why))
}

async fn send(
    session: &Session,
    change: &dyn Change,
    card: &Card,
    request: ChangeRequest,
) -> Outcome {
    let id = request.id;
    let mut shutdown = Shutdown::listen()?;
    let changed = tokio::select! {
        changed = session.engine.change(request, change.arguments().wait) => Some(changed),
        () = shutdown.requested() => None,
    };
    let refused = match changed {
        Some(Ok(operation)) => return operation::report(session, &operation),
        Some(Err(refused)) => refused,
        None => {
            session.engine.stop().await;
            return match journaled(session, id).await {
                Some(operation) => operation::report(session, &operation),
                None => Err(interrupted(id)),
            };
        }
    };
    match refused {
        Refused::Died(_) => match journaled(session, id).await {
            Some(operation) => {
                warn(&refused.to_string());
                operation::report(session, &operation)
            }
            None => Err(operation::failure(&refused)),
        },
        Refused::Denied(why) => {
            let blocking = blocking(session, card, change.kind()).await;
            let message = not_sent(change, card, &why.reason(), blocking.as_ref());
            Err(Failure::new(Exit::Refused, message))
        }
        Refused::Repeats { words, .. } => {
            let phrase = phrase("SECOND", card);
            let hint = format!("\n  if another one is wanted: add --second \"{phrase}\"");
            let message = not_sent(change, card, &words, None) + &hint;
            Err(Failure::new(Exit::Refused, message))
        }
        Refused::Unread(_)
        | Refused::Journal(_)
        | Refused::NotSettled(_)
        | Refused::NoSuchOperation(_) => Err(operation::failure(&refused)),
    }
}

fn interrupted(id: OperationId) -> Failure {
    let message =
        format!("interrupted; whether operation {id} was sent says: cardtop ops show {id}");
    Failure::new(Exit::Unknown, message)
}

/// The operation as the journal has it.
async fn journaled(session: &Session, id: OperationId) -> Option<Operation> {
    session.engine.operations().await.ok()?.into_iter().find(|operation| operation.id == id)
}

/// The unsettled operation that the same change of this card has to wait for.
async fn blocking(session: &Session, card: &Card, kind: ActionKind) -> Option<Operation> {
    let operations = session.engine.operations().await.ok()?;
    operations.into_iter().find(|operation| operation.card == card.key && operation.blocks(kind))
}

/// Why nothing was sent, of which card, and what can be done about it.
fn not_sent(change: &dyn Change, card: &Card, why: &str, blocking: Option<&Operation>) -> String {
    let mut message = format!("{} of {} was not sent: {why}", change.kind().phrase(), name(card));
    if let Some(blocking) = blocking {
        let id = blocking.id;
        message.push_str(&format!("\n  look again for its fate: cardtop ops check {id}"));
        if change.kind() == ActionKind::TopUp {
            message.push_str(&format!(
                "\n  to send one more although that one may arrive: add --second \"{}\"",
                phrase("SECOND", card)
            ));
        }
    }
    message
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
    let why = format!("{key} {digits}: to do this, add {flag} \"{wanted}\"");
    Err(Failure::not_sent(Exit::Usage, why))
}

/// A time to wait: `30s`, `2m`, `500ms`, `0s`.
fn duration(text: &str) -> Result<Duration, String> {
    match config::read_duration(text) {
        Some(time) if time <= Duration::from_secs(86_400) => Ok(time),
        Some(_) => Err("at most 24h".to_owned()),
        None => Err("write a number and ms, s, m or h, such as 30s".to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
