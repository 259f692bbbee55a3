//! `ops check OP`: looks for the fate of an operation, and never sends.

use clap::Args;

use crate::cli::failure::Outcome;
use crate::cli::global::Global;
use crate::cli::session::Session;
use crate::cli::{Run, find, operation};
use crate::clock::Clock;

/// Look for the fate of an operation now; only reads
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The operation's id, or the four characters that lists show
    op: String,
}

impl Run for Check {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let session = Session::open(global, clock).await?;
        let outcome = check(&session, &self.op).await;
        session.engine.stop().await;
        outcome
    }
}

async fn check(session: &Session, word: &str) -> Outcome {
    let id = find::operation(word, &session.journal().await?)?.id;
    match session.engine.check(id).await {
        Ok(found) => operation::report(session, &found),
        Err(refused) => Err(operation::failure(&refused)),
    }
}
