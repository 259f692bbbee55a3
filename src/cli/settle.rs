//! `ops settle`: a person's word on an operation that nothing that can be read settles. It writes
//! into the journal and sends nothing.

use std::sync::Arc;

use super::session::Session;
use super::{Exit, Failure, Global, Outcome, SettleArgs, change, read};
use crate::clock::Clock;
use crate::domain::text;
use crate::engine::{Refused, Verdict, confirmation};

/// Settles an operation as done or as failed.
pub(super) async fn settle(global: &Global, args: SettleArgs, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let outcome = ask(&session, args).await;
    session.engine.stop().await;
    outcome
}

async fn ask(session: &Session, args: SettleArgs) -> Outcome {
    let operations = read::journal(session).await?;
    let operation = super::find::operation(&args.op, &operations)?;
    let reason = text::clean(&args.reason);
    if reason.is_empty() {
        return Err(Failure::usage(
            "--reason: say why; it is kept in the journal; nothing was changed",
        ));
    }
    let wanted = confirmation(operation);
    if args.verdict.failed && args.confirm.as_deref().map(str::trim) != Some(&wanted) {
        return Err(Failure::usage(format!(
            "{} of {} {}: to settle it as failed, look at the card's transactions and add \
             --confirm {wanted}; nothing was changed",
            operation.phrase(),
            operation.card,
            crate::domain::card::digits(operation.last4),
        )));
    }
    let ids = session
        .providers
        .iter()
        .find(|info| info.id == operation.card.provider)
        .map(|info| info.ids.transactions);
    let canonical =
        |id: &String| ids.map_or_else(|| Arc::from(id.trim()), |form| form.canonical(id));
    let verdict = Verdict {
        id: operation.id,
        done: args.verdict.done,
        credit: args.transaction.as_ref().map(canonical),
        not_its: args.not_its.iter().map(canonical).collect(),
        reason: reason.into(),
        typed: args.confirm,
    };
    match session.engine.settle(verdict).await {
        Ok(settled) => {
            change::print_operation(session, &settled)?;
            // What was wanted is done, whichever it was.
            Ok(Exit::Done)
        }
        Err(Refused::Unread(error)) => {
            Err(Failure::new(Exit::of_error(&error), format!("{error}; nothing was changed")))
        }
        Err(refused) => Err(Failure::new(Exit::Refused, refused.to_string())),
    }
}
