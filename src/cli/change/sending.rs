//! A change that is sent, and what it ends with.

use super::{Change, name, phrase};
use crate::cli::exit::{Exit, warn};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::operation;
use crate::cli::session::Session;
use crate::cli::shutdown::Shutdown;
use crate::contract::FailureKind;
use crate::domain::card::Card;
use crate::domain::operation::{ActionKind, Operation, OperationId, Refusal};
use crate::engine::{ChangeRequest, Refused};

/// Sends a change and waits for its effect. A signal ends the waiting, and never the sending.
pub(super) async fn send(
    session: &Session,
    change: &dyn Change,
    card: &Card,
    request: ChangeRequest,
    shutdown: &mut Shutdown,
) -> Outcome {
    let id = request.id;
    let changed = tokio::select! {
        changed = session.engine.change(request, change.arguments().wait) => Some(changed),
        _ = shutdown.requested() => None,
    };
    match changed {
        Some(Ok(operation)) => operation::report(session, &operation),
        Some(Err(refused @ Refused::Died(_))) => match session.operation(id).await {
            Some(operation) => {
                warn(&refused.to_string());
                operation::report(session, &operation)
            }
            None => Err(operation::failure(&refused).of_operation(id)),
        },
        Some(Err(refused)) => Err(refusal(change, card, &refused)),
        None => {
            session.engine.stop().await;
            match session.operation(id).await {
                Some(operation) => operation::report(session, &operation),
                None => Err(interrupted(id)),
            }
        }
    }
}

/// A change of which nothing was sent.
pub(super) fn refusal(change: &dyn Change, card: &Card, refused: &Refused) -> Failure {
    match refused {
        Refused::Denied(why) => denied(change, card, why),
        Refused::Repeats { words, .. } => {
            let second = phrase("SECOND", card);
            Failure::refused(not_sent(change, card, words))
                .hint(format!("if another one is wanted: add --second \"{second}\""))
                .now("nothing was sent")
        }
        Refused::Unread(_)
        | Refused::Journal(_)
        | Refused::TooLate(_)
        | Refused::Died(_)
        | Refused::NotSettled(_)
        | Refused::NotConfirmed { .. }
        | Refused::NoSuchOperation(_) => operation::failure(refused),
    }
}

/// Why nothing was sent, and what can be done about it.
fn denied(change: &dyn Change, card: &Card, why: &Refusal) -> Failure {
    let failure = Failure::refused(not_sent(change, card, &why.reason())).now("nothing was sent");
    match why.rival() {
        Some(rival) if rival.blocks(change.kind()) => in_the_way(failure, change, card, rival),
        Some(rival) => failure.of_operation(rival.id).and_now(&operation::state_now(rival)),
        None => failure,
    }
}

fn in_the_way(failure: Failure, change: &dyn Change, card: &Card, rival: &Operation) -> Failure {
    let (id, state) = (rival.id, operation::state_now(rival));
    let failure = failure
        .of_operation(id)
        .and_now(&format!("{state} and blocks another {}", change.kind().phrase()))
        .hint(format!("look again for its fate: cardtop ops check {id}"));
    if change.kind() != ActionKind::TopUp {
        return failure;
    }
    let second = phrase("SECOND", card);
    failure
        .hint(format!("to send one more although that one may arrive: add --second \"{second}\""))
}

/// What was not sent, of which card, and why.
pub(super) fn not_sent(change: &dyn Change, card: &Card, why: &str) -> String {
    format!("{} of {} was not sent: {why}", change.kind().phrase(), name(card))
}

fn interrupted(id: OperationId) -> Failure {
    let message =
        format!("interrupted; whether operation {id} was sent says: cardtop ops show {id}");
    Failure::new(Exit::Unknown, FailureKind::UnknownOutcome, message)
        .of_operation(id)
        .now(format!("whether operation {id} was sent is not known"))
}
