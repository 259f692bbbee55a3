//! `report`: what happened in a shift, to be handed over: changes, what is not settled, declines,
//! the float. From the data file; only the float is asked for.

mod collect;
mod taken;
mod words;

use clap::Args;

use super::failure::{Failure, Outcome};
use super::global::{Format, Global, Layout};
use super::incomplete::Missing;
use super::kept::Refreshing;
use super::session::Session;
use super::since::since;
use super::{Run, print};
use crate::clock::Clock;
use crate::contract::json;
use crate::domain::completeness::Completeness;

/// Say what happened in a shift: changes, what is not settled, declines by reason, the float and
/// how long it lasts. Without names of holders and merchants, and cards by their last four digits
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// When the shift began: 8h, today, 2026-04-01T13:00
    #[arg(long, value_name = "TIME", default_value = "8h")]
    since: String,
    #[command(flatten)]
    refreshing: Refreshing,
}

impl Run for Report {
    fn layouts(&self) -> &'static [Layout] {
        &[Layout::Markdown]
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        if global.layout() == Some(Layout::Csv) {
            return Err(Failure::usage(
                "report is no list: it writes markdown or json; its rows are in export",
            ));
        }
        let mut session = Session::open(global, clock.clone()).await?;
        session.view.now = clock.now();
        let since = since(&self.since, &session.view)?;
        let (report, unread) = collect::report(&session, since, self.refreshing.refresh).await?;
        let completeness = unread.into_iter().fold(Completeness::default(), |mut all, part| {
            all.add_unread_part(part);
            all
        });
        let missing = Missing::of(completeness).with_data_file(report.read.clone());
        let text = match session.format {
            Format::Json => json::object(&report) + "\n",
            Format::Table | Format::Csv => words::markdown(&report, &session.view),
        };
        let printed = print::put(&text);
        session.engine.stop().await;
        printed?;
        missing.print(session.format, &session.view);
        Ok(missing.exit())
    }
}
