//! The board under test, and the bank that it reads when it is to read one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use vt100::Screen;

use super::data::{Data, Size};
use super::process::Meter;
use super::rows;
use super::terminal::{Command, Terminal};

/// How long a board may take until its rows are there: a large data file in a debug build.
const START: Duration = Duration::from_secs(60);

/// The program that is measured.
pub(crate) struct Board {
    pub(crate) binary: PathBuf,
}

impl Board {
    /// The board on this data, beside a bank that never answers.
    pub(crate) fn command(&self, data: &Data) -> Command {
        self.with(&data.configuration(), &data.store(), &data.folder.join("state"))
    }

    /// The board on other folders.
    pub(crate) fn with(&self, configuration: &Path, store: &Path, state: &Path) -> Command {
        Command::new(&self.binary)
            .arg("--config")
            .arg(configuration)
            .arg("--data")
            .arg(store)
            .env("CARDTOP_STATE", state)
    }

    /// A board whose first full frame is there; the time until then. One that does not start as it
    /// should is started once more, with a word: one bad start of hundreds is not to cost a run of
    /// an hour.
    pub(crate) fn open(&self, data: &Data) -> anyhow::Result<(Terminal, Duration)> {
        self.start(data).or_else(|error| {
            super::say(&format!("the board is started once more: {error:#}"));
            self.start(data)
        })
    }

    fn start(&self, data: &Data) -> anyhow::Result<(Terminal, Duration)> {
        let mut terminal = Terminal::start(&self.command(data))?;
        let wanted = rows_on_screen(data.size);
        let took = terminal.wait("a full frame", START, |screen| shown_rows(screen) >= wanted)?;
        Ok((terminal, took))
    }

    /// A board that has also done everything that it does behind its first frame.
    pub(crate) fn ready(&self, data: &Data) -> anyhow::Result<Terminal> {
        let (mut terminal, _) = self.open(data)?;
        until_idle(&mut terminal, START)?;
        Ok(terminal)
    }
}

/// Cards and transactions that a frame of the usual size has room for: fewer where there are fewer.
fn rows_on_screen(size: Size) -> usize {
    size.cards.min(16) + size.rows.min(6)
}

/// Lines that show a card's last digits.
pub(crate) fn shown_rows(screen: &Screen) -> usize {
    screen.contents().lines().filter(|line| has_digits(line)).count()
}

/// Whether `..` and four digits stand in a line.
fn has_digits(line: &str) -> bool {
    line.split("..").skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        digits == 4
    })
}

/// Waits until a program has done what it does at its start: it used less than a fiftieth of one
/// processor for half a second.
pub(crate) fn until_idle(terminal: &mut Terminal, limit: Duration) -> anyhow::Result<()> {
    const LOOK: Duration = Duration::from_millis(500);
    let mut meter = Meter::of(terminal.pid()?);
    let mut before = 0;
    for _ in 0..limit.as_millis() / LOOK.as_millis() {
        terminal.pass(LOOK);
        let now = meter.look().cpu;
        if u128::from(now - before) * 50 < LOOK.as_nanos() {
            return Ok(());
        }
        before = now;
    }
    anyhow::bail!("the program was not idle within {} s:\n{}", limit.as_secs(), terminal.text())
}

/// What a bank in another process has, and how it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BankSize {
    pub(crate) cards: usize,
    /// Transactions of each of the four providers.
    pub(crate) transactions: usize,
    /// Cardholders spend by themselves.
    pub(crate) busy: bool,
    /// `[providers.NAME.poll]`: balances, transactions.
    pub(crate) polls: (&'static str, &'static str),
    pub(crate) rate_limit: &'static str,
}

/// `cardtop sandbox` in a process of its own; dropping it ends it.
pub(crate) struct Bank {
    _process: Terminal,
    pub(crate) folder: PathBuf,
}

impl Bank {
    /// Starts it, with its configuration in a fresh folder.
    pub(crate) fn open(board: &Board, folder: PathBuf, size: BankSize) -> anyhow::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder).context("the folder of an earlier bank")?;
        }
        fs::create_dir_all(folder.join("state"))?;
        let written = folder.join("bank.toml");
        let bank = rows::bank(size.cards, size.transactions);
        let mut command = Command::new(&board.binary)
            .arg("sandbox")
            .args(["--cards", &bank.cards.max(1).to_string()])
            .args(["--transactions", &bank.transactions.to_string()])
            .args(["--seed", &bank.seed.to_string()])
            .arg("--write-config")
            .arg(&written);
        if !size.busy {
            command = command.arg("--still");
        }
        let mut process = Terminal::start(&command)?;
        process.wait("a bank that is ready", Duration::from_secs(300), |screen| {
            screen.contents().lines().any(|line| line.trim() == "ready")
        })?;
        let text = fs::read_to_string(&written)?;
        let (balances, transactions) = size.polls;
        let text: Vec<String> = text
            .lines()
            .map(|line| match line.split_once(" = ") {
                Some(("balances", _)) => format!("balances = \"{balances}\""),
                Some(("transactions", _)) => format!("transactions = \"{transactions}\""),
                Some(("rate_limit", _)) => format!("rate_limit = \"{}\"", size.rate_limit),
                _ => line.to_owned(),
            })
            .collect();
        fs::write(folder.join("polled.toml"), text.join("\n"))?;
        Ok(Self { _process: process, folder })
    }

    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("polled.toml")
    }

    /// The board on this bank, with a data folder of the bank's own.
    pub(crate) fn board(&self, board: &Board) -> Command {
        board.with(&self.configuration(), &self.store(), &self.folder.join("state"))
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("data")
    }
}
