//! `ops show OP`: an operation and its journal, oldest line first.

use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::global::{Format, Global};
use crate::cli::listing::finish;
use crate::cli::session::Session;
use crate::cli::{Run, find};
use crate::clock::Clock;
use crate::contract::{Row, csv, json, table};

/// Show an operation with every line of its journal
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The operation's id, or the four characters that lists show
    op: String,
}

impl Run for Show {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let session = Session::open_journal(global, clock).await?;
        let operations = session.journal().await?;
        let operation = find::operation(&self.op, &operations)?;
        let steps = session.engine.steps(operation.id).await;
        let steps = steps.map_err(Failure::data_file)?;
        let lines = steps.iter().map(Row::from);
        let text = match session.format {
            Format::Json => json::object_with_list(operation, "steps", &steps) + "\n",
            Format::Csv => csv::document(lines),
            Format::Table => {
                format!("{}\n{}", csv::sheet(operation), table::table(lines, &session.view))
            }
        };
        finish(&session, &text, None, Exit::Done).await
    }
}
