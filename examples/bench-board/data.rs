//! A folder with everything that a board of a given size is started on: its data file, made through
//! the store, its configuration, and the same rows as files for other programs.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use cardtop::clock::Clock;
use cardtop::domain::card::ProviderId;
use cardtop::domain::coverage::{Coverage, Stretch};
use cardtop::domain::transaction::Transaction;
use cardtop::sandbox::{Dialect, Sandbox};
use cardtop::store::Store;
use jiff::SignedDuration;
use tokio::time::Instant;

use super::rows::{self, Matches};

/// Rows that are kept at once.
const BATCH: usize = 50_000;

/// The port that stands in the configuration until the silent bank's is known.
const NO_PORT: &str = "127.0.0.1:9";

/// Data is made anew after so many seconds: the feed shows rows by their age.
const KEEPS: i64 = 6 * 3600;

/// How far back an account reads that says nothing of it.
const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How much is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) cards: usize,
    pub(crate) rows: usize,
    pub(crate) merchants: usize,
}

/// What was made.
pub(crate) struct Data {
    pub(crate) folder: PathBuf,
    pub(crate) size: Size,
    pub(crate) matches: Matches,
    /// How long the rows took to keep, and how many bytes the file has; none when it was there.
    pub(crate) made: Option<(Duration, u64)>,
    /// A bank that takes connections and never answers: every account waits for its first answer,
    /// and nothing else is due.
    silent: TcpListener,
}

impl Data {
    /// Makes it, or finds what was made a short while ago.
    pub(crate) fn at(root: &Path, size: Size) -> anyhow::Result<Self> {
        let Size { cards, rows, merchants } = size;
        let folder = root.join(format!("{cards}-cards-{rows}-rows-{merchants}-merchants"));
        let silent = TcpListener::bind("127.0.0.1:0").context("a port on loopback")?;
        let mut data = Self { folder, size, matches: Matches::default(), made: None, silent };
        match data.found() {
            Some(matches) => data.matches = matches,
            None => data.make()?,
        }
        data.write_configuration()?;
        Ok(data)
    }

    /// The folder of the data file.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("quiet.toml")
    }

    /// The rows as comma-separated values, newest last.
    pub(crate) fn csv(&self) -> PathBuf {
        self.folder.join("rows.csv")
    }

    /// What was counted when it was made, if that is not long ago.
    fn found(&self) -> Option<Matches> {
        let text = fs::read_to_string(self.folder.join("made")).ok()?;
        let mut numbers = text.split_ascii_whitespace().map(str::parse::<i64>);
        let mut next = || numbers.next()?.ok();
        let (at, coff, declined) = (next()?, next()?, next()?);
        let fresh = Clock::real().now().as_second() - at < KEEPS;
        let count = |number| usize::try_from(number).ok();
        fresh.then_some(Matches { coff: count(coff)?, declined: count(declined)? })
    }

    fn make(&mut self) -> anyhow::Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).context("what an earlier run made")?;
        }
        fs::create_dir_all(self.folder.join("state"))?;
        let now = Clock::real().now();
        let bank = Sandbox::new(rows::bank(self.size.cards, 0), Clock::real());
        bank.write_config(&|_| format!("http://{NO_PORT}"), &self.folder.join("cardtop.toml"))
            .context("a configuration")?;
        let cards = rows::cards(&bank, self.size.cards, now)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = Store::open(&self.store()).map_err(|why| anyhow::anyhow!(why.words))?;
        for batch in cards.chunks(BATCH) {
            let batch = batch.iter().cloned().map(Into::into).collect();
            runtime.block_on(store.keep_cards(batch, now))?;
        }
        let mut csv = BufWriter::new(File::create(self.csv())?);
        writeln!(csv, "id,card,provider,amount,currency,kind,state,at,merchant")?;
        // As if the providers had been read: what is stored is all there is.
        let window = Stretch::new(now - HISTORY, now).context("a window of time")?;
        for dialect in Dialect::ALL {
            let (account, read) = (ProviderId::new(dialect.name()), Coverage::of([window]));
            runtime.block_on(store.set_coverage(account, None, read, now))?;
        }
        let mut took = Duration::ZERO;
        let Size { rows, merchants, .. } = self.size;
        let mut batch = Vec::with_capacity(BATCH.min(rows));
        let mut all = rows::transactions(&cards, rows, merchants, now).peekable();
        while let Some(row) = all.next() {
            self.matches.count(&row);
            write_row(&mut csv, &row)?;
            batch.push(row);
            if batch.len() == BATCH || all.peek().is_none() {
                let began = Instant::now();
                runtime.block_on(store.keep_transactions(std::mem::take(&mut batch)))?;
                took += began.elapsed();
            }
        }
        csv.flush()?;
        drop(store);
        let bytes = fs::metadata(self.store().join(cardtop::store::FILE))?.len();
        self.made = Some((took, bytes));
        let Matches { coff, declined } = self.matches;
        fs::write(self.folder.join("made"), format!("{} {coff} {declined}\n", now.as_second()))?;
        Ok(())
    }

    /// The configuration that leads to the silent bank.
    fn write_configuration(&self) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.folder.join("cardtop.toml"))?;
        let text = text
            .replace(NO_PORT, &self.silent.local_addr()?.to_string())
            .replace("rate_limit = ", "timeout = \"24h\"\nrate_limit = ");
        fs::write(self.configuration(), text).context("a configuration")
    }
}

fn write_row(csv: &mut impl Write, row: &Transaction) -> std::io::Result<()> {
    writeln!(
        csv,
        "{},{},{},{},{},{},{},{},{}",
        row.id,
        row.card_id.as_deref().unwrap_or_default(),
        row.provider.name(),
        row.amount.amount(),
        row.amount.currency().code(),
        row.kind.as_str(),
        row.state.as_str(),
        row.at,
        row.merchant.as_deref().unwrap_or_default()
    )
}
