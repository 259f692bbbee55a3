//! `doctor`: what is wrong with the set-up, and what to do about it.
//!
//! It looks at everything that can be looked at, whatever else is wrong. What it prints may be
//! pasted into a ticket: there is no secret in it, no card number, no name, and of a provider's
//! words only those for states that are not mapped.

mod account;
mod machine;
mod reads;
mod report;

use clap::Args;

use super::exit::warn;
use super::failure::{Failure, Outcome};
use super::global::{Format, Global};
use super::session::only;
use super::{Run, print};
use crate::clock::Clock;
use crate::config::{Board, Listen};
use crate::contract::{Finding, Row, csv, json};
use crate::domain::card::ProviderId;
use report::{Findings, Found};

/// Check the set-up: configuration, secrets, data file, network, certificates, clocks, and one
/// reading of each kind from every provider
#[derive(Debug, Args)]
#[command(after_help = "\
The first line names the worst fault. Exit code 0: all is well; 1: something is to be mended; 2: \
the configuration cannot be used; 3: a provider cannot be reached, or refuses the credentials. \
Nothing is changed. What is printed has no secret, no card number and no name in it.")]
pub(crate) struct Doctor {}

impl Run for Doctor {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut machine = Findings::default();
        let config = machine::config(global, &mut machine);
        let wanted = config.as_ref().map(|config| only(global, config)).transpose()?.flatten();
        let mut unmapped = machine::data(global, config.as_ref(), &clock, &mut machine).await;
        let listen = config.as_ref().map_or_else(Listen::default, |config| config.listen);
        let board = config.as_ref().map_or_else(Board::default, |config| config.board.clone());
        if config.is_some() {
            machine::receiver(listen, &mut machine).await;
        }
        machine::terminal(global, &board, &mut machine);
        let accounts = config.into_iter().flat_map(|config| config.providers);
        let accounts = accounts.filter(|account| {
            wanted.as_ref().is_none_or(|wanted: &ProviderId| *wanted == account.name)
        });
        let checks = accounts.map(|account| {
            let (name, clock) = (account.name.clone(), clock.clone());
            let words = unmapped.remove(&name).unwrap_or_default();
            async move {
                let mut findings = account::check(account, clock, listen.enabled).await;
                machine::unmapped(&words, &mut findings);
                findings
            }
        });
        let accounts = futures::future::join_all(checks).await;
        let found: Vec<Found> =
            std::iter::once(machine).chain(accounts).flat_map(Findings::into_found).collect();
        show(&found, global.format())?;
        Ok(report::exit(&found))
    }
}

/// Prints all findings, the worst fault first.
fn show(found: &[Found], format: Format) -> Result<(), Failure> {
    let headline = report::headline(found);
    if format == Format::Table {
        return Ok(print::put(&format!("{headline}\n\n{}", report::lines(found)))?);
    }
    // For whoever looks at it: the documents have it in the first record.
    warn(&headline);
    let worst = report::worst(found);
    let others = found.iter().map(|found| &found.finding);
    let others = others.filter(|finding| !worst.is_some_and(|worst| std::ptr::eq(worst, *finding)));
    let rows: Vec<&Finding> = worst.into_iter().chain(others).collect();
    let rows = rows.into_iter().map(Row::from);
    let text = if format == Format::Csv { csv::document(rows) } else { json::array(rows) };
    Ok(print::put(&text)?)
}
