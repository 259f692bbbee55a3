//! One push at a time, to a board at rest: when it is told, and when the row that it is about is on
//! the screen. Between each two, a line for `less +F`, so that both have the same machine.

#![expect(clippy::float_arithmetic, reason = "times and bytes; no money")]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use cardtop::sandbox::{Dialect, Merchant};
use tokio::runtime::Runtime;

use super::Bench;
use super::post::{Post, request};
use super::samples::Samples;
use super::table::{Finding, Goal};
use super::terminal::{Command, Terminal};

/// Between two pushes.
const PAUSE: Duration = Duration::from_millis(600);

/// What the board says of a push until it is read.
const NOT_READ: &str = "a push not read yet";

/// How long a push may take to be on the screen.
const LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn measure(
    bench: &Bench,
    runtime: &Runtime,
    samples: usize,
) -> anyhow::Result<Vec<Finding>> {
    eprintln!("bench-push: one push at a time");
    let mut board = bench.board()?;
    board.pass(Duration::from_secs(40));
    let mut post = runtime.block_on(Post::to(bench.to))?;
    board.send(b"2")?;
    board.settle(Duration::from_millis(200));
    let mut less = Less::start(bench)?;
    let mut taken = Taken::default();
    for number in 0..samples {
        push(bench, runtime, &mut board, &mut post, number, &mut taken)?;
        if let Some(less) = &mut less {
            taken.less.push(milliseconds(less.line(number)?));
        }
    }
    drop(board);
    let Taken { told, rows, less } = taken;
    let beside = || [("less +F", less.median())];
    let two = || Goal::AtMostTimes(2.0);
    let finding = |what, value| Finding::new("P10", what, value, "ms");
    Ok(vec![
        finding("a push until the board says so", told.median()).beside(beside()).goal(two()),
        finding("the same, p99", told.percentile(99)).goal(Goal::AtMost(50.0)),
        finding("a push until its row was read and is on the screen", rows.median())
            .beside(beside())
            .goal(two()),
        finding("the same, p99", rows.percentile(99)).goal(Goal::AtMost(50.0)),
    ])
}

/// Milliseconds of each sample.
#[derive(Default)]
struct Taken {
    /// From a POST until the board says that something was pushed.
    told: Samples,
    /// From a POST until the row that it is about is on the screen.
    rows: Samples,
    /// From a line in a file until `less +F` shows it; empty where it is not installed.
    less: Samples,
}

/// Posts what a purchase makes the bank push, after a pause.
fn push(
    bench: &Bench,
    runtime: &Runtime,
    board: &mut Terminal,
    post: &mut Post,
    number: usize,
    taken: &mut Taken,
) -> anyhow::Result<()> {
    board.pass(PAUSE);
    if board.text().contains(NOT_READ) {
        bail!("the push before was not read in {} ms:\n{}", PAUSE.as_millis(), board.text());
    }
    let cards = bench.sandbox.card_ids(Dialect::Enkash);
    let name = format!("PUSHED {number:05}");
    let card = cards.get(number % cards.len()).context("a card")?;
    bench.sandbox.spend(Dialect::Enkash, card, 1.into(), Merchant::new(&name, "5411", "IN"));
    let due = bench.sandbox.take_webhooks(Dialect::Enkash);
    let Some(delivery) = due.first() else { bail!("the bank pushed nothing") };
    // Sends no key: only the clock starts.
    board.send(b"")?;
    let status = runtime.block_on(post.send(&request(delivery)))?;
    if status != 200 {
        bail!("a genuine push was answered by {status}");
    }
    // Both may come with one frame.
    let is_told = |screen: &vt100::Screen| {
        let text = screen.contents();
        text.contains(NOT_READ) || text.contains(&name)
    };
    let told = board.wait("the push", LIMIT, is_told)?;
    let row = if board.text().contains(&name) {
        told
    } else {
        board.wait(&name, LIMIT, |screen| screen.contents().contains(&name))?
    };
    taken.told.push(milliseconds(told));
    taken.rows.push(milliseconds(row));
    Ok(())
}

/// `less +F`, which follows a file.
struct Less {
    file: File,
    terminal: Terminal,
}

impl Less {
    /// `None` where it is not installed.
    fn start(bench: &Bench) -> anyhow::Result<Option<Self>> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let mut programs = std::env::split_paths(&folders).map(|folder| folder.join("less"));
        let Some(program) = programs.find(|program| program.is_file()) else { return Ok(None) };
        let path = bench.folder.join("lines");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let mut file = file.context("a file for less")?;
        writeln!(file, "the first line").context("a line for less")?;
        let mut terminal = Terminal::start(&Command::new(program).arg("+F").arg(&path))?;
        terminal.wait("less", LIMIT, |screen| screen.contents().contains("first line"))?;
        Ok(Some(Self { file, terminal }))
    }

    /// From a line that is added to the file until it is on the screen, after the same pause.
    fn line(&mut self, number: usize) -> anyhow::Result<Duration> {
        self.terminal.pass(PAUSE);
        let name = format!("LINE {number:05}");
        // Sends no key: only the clock starts.
        self.terminal.send(b"")?;
        writeln!(self.file, "{name}").context("a line for less")?;
        self.terminal.wait(&name, LIMIT, |screen| screen.contents().contains(&name))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
