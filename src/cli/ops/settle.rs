//! `ops settle`: a person's word on an operation that nothing that can be read settles. It writes
//! into the journal and sends nothing.

use std::sync::Arc;

use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::global::Global;
use crate::cli::session::Session;
use crate::cli::shutdown::Shutdown;
use crate::cli::{Run, find, operation};
use crate::clock::Clock;
use crate::domain::card::digits;
use crate::domain::operation::Operation;
use crate::domain::text;
use crate::engine::{Refused, Verdict};

/// Say what became of an operation that nothing that can be read settles; kept in the journal
/// as a person's word
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// The operation's id, or the four characters that lists show
    #[arg(value_name = "OP")]
    op: String,
    #[command(flatten)]
    verdict: VerdictArguments,
    /// Why you say so
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// With --done: the id of the transaction that is its own; without, one is kept free for it
    #[arg(long, value_name = "ID", conflicts_with = "failed")]
    transaction: Option<String>,
    /// With --failed: a transaction of the card's list that is somebody else's, although it looks
    /// like this one's (may be repeated)
    #[arg(long, value_name = "ID", conflicts_with = "done")]
    not_its: Vec<String>,
    /// With --failed: the card's last four digits
    #[arg(long, value_name = "LAST4", conflicts_with = "done")]
    confirm: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct VerdictArguments {
    /// It happened: its credit is on the card
    #[arg(long)]
    done: bool,
    /// It did not happen. It is looked for 48 hours more, and a credit that comes late raises an
    /// alarm
    #[arg(long)]
    failed: bool,
}

impl Run for Settle {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let session = Session::open(global, clock).await?;
        let outcome = settle(&session, self).await;
        session.engine.stop().await;
        outcome
    }
}

async fn settle(session: &Session, command: Settle) -> Outcome {
    let operations = session.journal().await?;
    let operation = find::operation(&command.op, &operations)?;
    let verdict = verdict(session, &command, operation)?;
    let settling = async { Ok(session.engine.settle(verdict).await) };
    let settled = match Shutdown::listen()?.or_interrupted(settling).await {
        Ok(settled) => settled.map_err(|refused| not_settled(&refused, operation)),
        Err(interrupted) => Err(interrupted.now(
            "whether the verdict is in the journal is shown by \
                                                 cardtop ops show",
        )),
    };
    match settled {
        Ok(settled) => {
            operation::print(session, &settled)?;
            // What was asked for is done, whichever it was.
            Ok(Exit::Done)
        }
        Err(failure) => {
            let now = session.operation(operation.id).await;
            let now = operation::state_now(now.as_ref().unwrap_or(operation));
            let failure = failure.of_card(&operation.card).of_operation(operation.id);
            Err(failure.and_now(&now))
        }
    }
}

fn verdict(session: &Session, command: &Settle, operation: &Operation) -> Result<Verdict, Failure> {
    let reason = text::clean(&command.reason);
    if reason.is_empty() {
        return Err(Failure::usage(
            "--reason: say why; it is kept in the journal; nothing was changed",
        ));
    }
    let ids = session
        .providers
        .iter()
        .find(|info| info.id == operation.card.provider)
        .map(|info| info.ids.transactions);
    let canonical =
        |id: &String| ids.map_or_else(|| Arc::from(id.trim()), |form| form.canonical(id));
    Ok(Verdict {
        id: operation.id,
        done: command.verdict.done,
        credit: command.transaction.as_ref().map(canonical),
        not_its: command.not_its.iter().map(canonical).collect(),
        reason: reason.into(),
        typed: command.confirm.as_deref().map(|typed| typed.trim().to_owned()),
    })
}

fn not_settled(refused: &Refused, operation: &Operation) -> Failure {
    match refused {
        Refused::NotConfirmed { wanted } => Failure::usage(format!(
            "{} of {} {}: to settle it as failed, look at the card's transactions and add \
             --confirm {wanted}; nothing was changed",
            operation.phrase(),
            operation.card,
            digits(operation.last4),
        )),
        Refused::Unread(error) => Failure::unread(error).not_changed(),
        Refused::Denied(_)
        | Refused::Repeats { .. }
        | Refused::NotSettled(_)
        | Refused::NoSuchOperation(_)
        | Refused::Journal(_)
        | Refused::TooLate(_)
        | Refused::Died(_) => operation::failure(refused),
    }
}
