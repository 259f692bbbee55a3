//! An operation as a command ends with it: a line, advice on standard error, and an exit code.

use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::global::Format;
use super::print as output;
use super::session::Session;
use crate::contract::FailureKind;
use crate::domain::card::digits;
use crate::domain::operation::{Operation, OperationState, Proof};
use crate::engine::Refused;

/// Prints an operation and what to do about it, and returns its exit code.
pub(crate) fn report(session: &Session, operation: &Operation) -> Outcome {
    print(session, operation)?;
    if let Some(advice) = advice(operation) {
        warn(&advice);
    }
    Ok(exit_of(operation))
}

/// Prints an operation.
///
/// # Errors
/// When standard output cannot be written: what is true of the operation is said all the same.
pub(crate) fn print(session: &Session, operation: &Operation) -> Result<(), Failure> {
    let text = match session.format {
        Format::Table => sentence(operation) + "\n",
        Format::Json | Format::Csv => output::one(operation, session.format),
    };
    output::put(&text).map_err(|error| {
        Failure::from(error)
            .now(state_now(operation))
            .of_card(&operation.card)
            .of_operation(operation.id)
    })
}

/// `operation 01K… is UNKNOWN`.
pub(crate) fn state_now(operation: &Operation) -> String {
    format!("operation {} is {}", operation.id, operation.state.as_str())
}

/// A change, a look or a verdict that the engine refused, or that broke.
pub(crate) fn failure(refused: &Refused) -> Failure {
    let words = refused.to_string();
    match refused {
        Refused::Denied(_) | Refused::Repeats { .. } | Refused::TooLate(_) => {
            Failure::refused(words).now("nothing was sent")
        }
        Refused::NotSettled(_) | Refused::NotConfirmed { .. } => Failure::refused(words),
        Refused::NoSuchOperation(id) => {
            Failure::new(Exit::Refused, FailureKind::NotFound, words).of_operation(*id)
        }
        Refused::Journal(_) => Failure::data_file(words).now("nothing was sent"),
        Refused::Died(_) => Failure::new(Exit::Unknown, FailureKind::UnknownOutcome, words)
            .now("whether it was sent is not known: cardtop ops lists what the journal has"),
        Refused::Unread(error) => Failure::unread(error).not_sent(),
    }
}

/// What the state of an operation means to a script.
const fn exit_of(operation: &Operation) -> Exit {
    match (operation.state, operation.proof) {
        (OperationState::Done, _) | (OperationState::Accepted, Proof::AnswerOnly) => Exit::Done,
        (OperationState::Failed, _) => Exit::Refused,
        (
            OperationState::Accepted,
            Proof::ByReference | Proof::ByTask | Proof::ByListing | Proof::ByState,
        ) => Exit::Accepted,
        // SENT here: saved as on its way, and the process that sent it recorded no more. It may
        // have happened.
        (OperationState::Sent | OperationState::Unknown, _) => Exit::Unknown,
    }
}

/// One line for people: what, of which card, how far, by which sign, and the id.
fn sentence(operation: &Operation) -> String {
    let detail =
        operation.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!(
        "{}  {} on {} ({}){detail}  op {}",
        operation.state.as_str(),
        operation.phrase(),
        digits(operation.last4),
        operation.card,
        operation.id
    )
}

/// What to do about an outcome that is not a plain success.
fn advice(operation: &Operation) -> Option<String> {
    let id = operation.id;
    match exit_of(operation) {
        Exit::Unknown => Some(format!(
            "the outcome of operation {id} is not known: it may have happened. Do not send it \
             again; look with: cardtop ops check {id}\n  if nothing that can be read tells: \
             cardtop ops settle {id} --done|--failed --reason TEXT"
        )),
        Exit::Accepted => Some(format!(
            "operation {id} was accepted, but its effect was not yet seen; look again with: \
             cardtop ops check {id}"
        )),
        Exit::Refused => Some(format!(
            "{} did not happen: {}",
            operation.phrase(),
            operation.detail.as_deref().unwrap_or("no reason was given")
        )),
        Exit::Done if operation.state == OperationState::Accepted => {
            Some(format!("operation {id} was accepted; {}", operation.proof.sentence()))
        }
        Exit::Done | Exit::Matched | Exit::Usage | Exit::Unreachable | Exit::Interrupted(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::operation;
    use crate::domain::card::ProviderId;
    use crate::domain::operation::Refusal;
    use crate::provider::{Error, ErrorKind};

    #[test]
    fn the_exit_code_follows_from_state_and_proof() {
        use OperationState::{Accepted, Done, Failed, Sent, Unknown};
        for (state, proof, exit) in [
            (Done, Proof::ByState, Exit::Done),
            (Done, Proof::AnswerOnly, Exit::Done),
            (Accepted, Proof::AnswerOnly, Exit::Done),
            (Accepted, Proof::ByReference, Exit::Accepted),
            (Accepted, Proof::ByTask, Exit::Accepted),
            (Accepted, Proof::ByListing, Exit::Accepted),
            (Accepted, Proof::ByState, Exit::Accepted),
            (Failed, Proof::ByTask, Exit::Refused),
            (Unknown, Proof::ByListing, Exit::Unknown),
            (Sent, Proof::AnswerOnly, Exit::Unknown),
        ] {
            assert_eq!(
                exit_of(&Operation { state, proof, ..operation() }),
                exit,
                "{state:?} {proof:?}"
            );
        }
    }

    #[test]
    fn a_change_that_was_not_sent_is_refused_or_unreachable() {
        let unread =
            |kind| Refused::Unread(Error::new(&ProviderId::new("acme"), kind, "no answer"));
        assert_eq!(failure(&Refused::Denied(Refusal::Closed)).exit, Exit::Refused);
        assert_eq!(failure(&Refused::Journal("disk full".to_owned())).exit, Exit::Refused);
        assert_eq!(failure(&unread(ErrorKind::Unreachable)).exit, Exit::Unreachable);
        assert_eq!(failure(&unread(ErrorKind::Auth)).exit, Exit::Unreachable);
        assert_eq!(failure(&unread(ErrorKind::NotFound)).exit, Exit::Refused);
    }

    #[test]
    fn every_outcome_is_said_with_its_id() {
        let done = Operation { state: OperationState::Done, ..operation() };
        let id = done.id;
        assert!(
            sentence(&done).starts_with("DONE  top-up 5.000 KWD on ..4242 (acme/c-1): "),
            "{}",
            sentence(&done)
        );
        assert!(sentence(&done).ends_with(&format!("op {id}")));
        assert_eq!(advice(&done), None);
        let unknown = Operation { state: OperationState::Unknown, ..operation() };
        assert!(advice(&unknown).is_some_and(
            |words| words.contains("Do not send it again") && words.contains(&id.to_string())
        ));
        let accepted =
            Operation { state: OperationState::Accepted, proof: Proof::AnswerOnly, ..operation() };
        assert!(
            advice(&accepted).is_some_and(|words| words.contains("this provider cannot be asked"))
        );
    }
}
