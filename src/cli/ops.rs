//! `ops`: the journal of operations, newest first, and what can be done with one.

mod check;
mod settle;
mod show;
mod verify;

use std::collections::BTreeSet;

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::listing::{finish, holders, say_cut};
use super::session::Session;
use super::{Run, print};
use crate::clock::Clock;
use crate::contract::{OperationRow, Row, Rows};
use crate::domain::card::CardKey;
use crate::domain::operation::Operation;

/// List the journal of operations, newest first; look again for the fate of one
#[derive(Debug, Args)]
pub(crate) struct Ops {
    /// What to do with the journal; lists it when absent.
    #[command(subcommand)]
    command: Option<Command>,
    /// At most this many rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Show(show::Show),
    Settle(settle::Settle),
    Verify(verify::Verify),
}

impl Run for Ops {
    fn filtered(&self) -> Option<Rows> {
        self.command.is_none().then_some(Rows::Operations)
    }

    fn may_be_interrupted(&self) -> bool {
        match &self.command {
            // It says itself what became of the verdict.
            Some(Command::Settle(_)) => false,
            Some(Command::Check(_) | Command::Show(_) | Command::Verify(_)) | None => true,
        }
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        match self.command {
            None => list(global, self.limit, clock).await,
            Some(Command::Check(command)) => command.run(global, clock).await,
            Some(Command::Show(command)) => command.run(global, clock).await,
            Some(Command::Settle(command)) => command.run(global, clock).await,
            Some(Command::Verify(command)) => command.run(global, clock).await,
        }
    }
}

/// No provider is asked.
async fn list(global: &Global, limit: Option<usize>, clock: Clock) -> Outcome {
    let session = Session::open_journal(global, clock).await?;
    let mut operations = chosen(&session, global).await?;
    let found = operations.len();
    operations.truncate(limit.unwrap_or(usize::MAX));
    let nothing = operations.is_empty().then_some("no operations");
    let text = print::list(operations.iter().map(Row::from), session.format, &session.view);
    let ended = finish(&session, &text, nothing, Exit::Done).await;
    say_cut(operations.len(), found, "operations");
    ended
}

/// The operations that the filter accepts, newest first.
///
/// # Errors
/// When the journal or the data file cannot be read.
pub(super) async fn chosen(session: &Session, global: &Global) -> Result<Vec<Operation>, Failure> {
    let now = session.view.now;
    let mut operations = session.journal().await?;
    let of: BTreeSet<CardKey> = operations.iter().map(|row| row.card.clone()).collect();
    let cards = session.engine.kept_cards(of).await.map_err(Failure::data_file)?;
    let holders = holders(&cards);
    operations.retain(|operation| {
        let holder = holders.get(&operation.card).copied().unwrap_or_default();
        let provider = operation.card.provider.name();
        global.provider.as_ref().is_none_or(|name| provider == name)
            && session.filter.matches(&OperationRow { operation, holder, now })
    });
    Ok(operations)
}
