//! `export`: the rows of a filter as a file, from the data file: transactions, however many, cards
//! or operations. No provider is asked.

mod counter;
mod target;

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use jiff::Timestamp;

use self::counter::Counter;
use self::target::Target;
use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::global::{Global, Layout};
use super::incomplete::Missing;
use super::kept::{Kept, Refresh, Seen};
use super::print::Stream;
use super::session::Session;
use super::transactions::{Chosen, accounts_of};
use super::{Run, cards, find, ops};
use crate::clock::Clock;
use crate::contract::{Record, Row, Rows};
use crate::domain::completeness::Completeness;
use crate::domain::operation::Operation;
use crate::domain::text::{self, thousands};
use crate::domain::transaction::Transaction;

/// Write the rows of a filter as CSV, JSON, JSON lines or Markdown, from the data file: all that it
/// has, or from `since:` of the filter. No provider is asked
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Which rows
    #[arg(long, value_name = "WHICH", default_value = "transactions")]
    rows: Which,
    /// Only transactions of this card
    #[arg(long, value_name = "CARD")]
    card: Option<String>,
    /// Write into this new file, for your eyes only, instead of standard output. Its ending says
    /// the format where --format does not: .csv, .json, .jsonl or .md
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Replace FILE where it exists
    #[arg(long, requires = "out")]
    force: bool,
}

/// Which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Newest first
    Transactions,
    /// As they were read last
    Cards,
    /// The journal, newest first
    Operations,
}

impl Which {
    const fn words(self) -> &'static str {
        match self {
            Self::Transactions => "transactions",
            Self::Cards => "cards",
            Self::Operations => "operations",
        }
    }
}

impl Run for Export {
    fn filtered(&self) -> Option<Rows> {
        Some(match self.rows {
            Which::Transactions => Rows::Transactions,
            Which::Cards => Rows::ReadCards,
            Which::Operations => Rows::Operations,
        })
    }

    fn layouts(&self) -> &'static [Layout] {
        &[Layout::Jsonl, Layout::Markdown]
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let layout = layout(global.layout(), self.out.as_deref())?;
        if self.card.is_some() && self.rows != Which::Transactions {
            return Err(Failure::usage("--card is for transactions; choose others by --filter"));
        }
        // What stands in the way of the file is said before anything is read. A data file that
        // cannot be used is a failure and no empty list.
        let target = Target::begin(self.out.as_deref(), self.force)?;
        let out = Out { stream: Stream::into(target, layout), which: self.rows };
        match self.rows {
            Which::Transactions => transactions(self.card.as_deref(), global, clock, out).await,
            Which::Cards => {
                let mut session = Session::open(global, clock.clone()).await?;
                let listed = cards::list(&mut session, &clock, Refresh::Never).await?;
                let rows = listed.cards.iter().map(|card| Row::from(&**card));
                out.write(&session, rows, Some(&listed.missing)).await
            }
            Which::Operations => {
                let session = Session::open_journal(global, clock).await?;
                let operations: Vec<Operation> = ops::chosen(&session, global).await?;
                out.write(&session, operations.iter().map(Row::from), None).await
            }
        }
    }
}

/// The format that was asked for, or that the name of the file ends with; else CSV.
///
/// # Errors
/// Usage, where a table was asked for.
fn layout(asked: Option<Layout>, out: Option<&std::path::Path>) -> Result<Layout, Failure> {
    let ending = || {
        let ending = out?.extension()?.to_str()?.to_ascii_lowercase();
        match &*ending {
            "json" => Some(Layout::Json),
            "jsonl" | "ndjson" => Some(Layout::Jsonl),
            "md" | "markdown" => Some(Layout::Markdown),
            _ => None,
        }
    };
    match asked {
        Some(Layout::Table) => Err(Failure::usage(
            "export writes csv, json, jsonl or markdown: a table is what the commands print \
             without it",
        )),
        Some(layout) => Ok(layout),
        None => Ok(ending().unwrap_or(Layout::Csv)),
    }
}

/// What is being written.
struct Out {
    stream: Stream<Target>,
    which: Which,
}

/// Transactions, page by page: no more than one page is in memory.
async fn transactions(card: Option<&str>, global: &Global, clock: Clock, mut out: Out) -> Outcome {
    let mut session = Session::open(global, clock.clone()).await?;
    let card = match card {
        Some(word) => Some(find::known(&session, word).await?),
        None => None,
    };
    let card = card.as_ref().map(|card| &card.key);
    session.view.now = clock.now();
    let (session, asked_from) = (&session, session.filter.since());
    let cards = session.known_cards().await;
    let chosen = Chosen::of(session, &cards);
    let kept = Kept::of(session).await?;
    let mut seen = Seen::of(accounts_of(session, card));
    let mut counter = Counter::new(out.stream.target().is_watched());
    kept.each_row(card, asked_from.unwrap_or(Timestamp::MIN), |row| {
        seen.add(&row);
        counter.add(out.stream.count());
        match chosen.accept(&row) {
            Some(accepted) => out.add(accepted, session),
            None => Ok(true),
        }
    })
    .await?;
    drop(counter);
    let missing = Missing::of(Completeness::default());
    let missing = missing.with_data_file(seen.told(&kept, card, asked_from));
    out.finish::<Transaction>(session, Some(&missing)).await
}

impl Out {
    fn add<T: Record>(&mut self, row: Row<'_, T>, session: &Session) -> Result<bool, Failure> {
        let added = self.stream.add(row, &session.view);
        added.map_err(|error| self.stream.target().failed(&error))
    }

    /// Writes these rows, and ends.
    async fn write<'a, T: Record>(
        mut self,
        session: &Session,
        rows: impl IntoIterator<Item = Row<'a, T>>,
        missing: Option<&Missing>,
    ) -> Outcome {
        for row in rows {
            if !self.add(row, session)? {
                break;
            }
        }
        self.finish::<T>(session, missing).await
    }

    /// Ends the file, and says what it covers and how many rows it has.
    async fn finish<T: Record>(self, session: &Session, missing: Option<&Missing>) -> Outcome {
        let (count, which) = (self.stream.count(), self.which.words());
        let name = self.stream.target().name();
        let cannot = self.stream.target().failing();
        let ended = self.stream.end::<T>().and_then(Target::finish);
        session.engine.stop().await;
        let bytes = ended.map_err(|error| cannot(&error))?;
        if let Some(missing) = missing {
            missing.print(session.format, &session.view);
        }
        let rows = format!("{} {which}", thousands(count));
        match (name, bytes) {
            (Some(name), Some(bytes)) => {
                let bytes = thousands(usize::try_from(bytes).unwrap_or(usize::MAX));
                warn(&format!("{rows} are in {}: {bytes} bytes", text::one_line(&name)));
            }
            _ => warn(&format!("{rows} are printed")),
        }
        Ok(missing.map_or(Exit::Done, Missing::exit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_format_is_the_one_that_was_asked_for_or_the_ending_of_the_name() {
        for (asked, name, expected) in [
            (None, None, Layout::Csv),
            (None, Some("rows.csv"), Layout::Csv),
            (None, Some("rows"), Layout::Csv),
            (None, Some("rows.JSON"), Layout::Json),
            (None, Some("rows.jsonl"), Layout::Jsonl),
            (None, Some("rows.md"), Layout::Markdown),
            (Some(Layout::Csv), Some("rows.json"), Layout::Csv),
            (Some(Layout::Markdown), None, Layout::Markdown),
        ] {
            let found = layout(asked, name.map(Path::new)).expect("a format");
            assert_eq!(found, expected, "{asked:?} {name:?}");
        }
        let failure = layout(Some(Layout::Table), None).expect_err("a table is no file");
        assert_eq!(failure.exit, Exit::Usage);
    }
}
