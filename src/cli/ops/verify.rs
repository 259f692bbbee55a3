//! `ops verify`: whether every line of the journal is as it was written.

use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::global::{Format, Global};
use crate::cli::listing::finish;
use crate::cli::session::Session;
use crate::cli::{Run, print};
use crate::clock::Clock;
use crate::contract::JournalCheck;
use crate::engine::Verified;

/// Check that nothing in the journal was changed or removed
#[derive(Debug, Args)]
pub(crate) struct Verify {}

impl Run for Verify {
    /// A journal that is not intact is a failure.
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let session = Session::open_journal(global, clock).await?;
        let verified = session.engine.verify().await;
        let Verified { lines, last_hash, noted } = verified.map_err(Failure::data_file)?;
        let check = JournalCheck { lines, last_hash, noted };
        let text = match session.format {
            Format::Table => sentences(&check),
            Format::Json | Format::Csv => print::one(&check, session.format),
        };
        finish(&session, &text, None, Exit::Done).await
    }
}

fn sentences(check: &JournalCheck) -> String {
    let JournalCheck { lines, last_hash, noted } = check;
    let end = match noted {
        Some(noted) => {
            format!("as far as line {noted} it is the one noted outside the data file")
        }
        None => "nothing outside the data file notes where it ended: keep the last hash to compare"
            .to_owned(),
    };
    format!(
        "the journal is intact: {lines} lines, each follows from the one before\nlast hash \
         {last_hash}\n{end}\n"
    )
}
