//! How fast, how small and how quiet the board is: measured from outside, on a pseudo-terminal,
//! beside the programs of the terminal that are installed here.
//!
//! ```text
//! cargo run --release --example bench-board -- --quick
//! cargo run --release --example bench-board -- --growth --markdown
//! ```
//!
//! docs/performance.md says what each figure means, and holds what the second line printed. Data is
//! made below `target/bench-board` and used again for some hours. The board that is measured is
//! built first, with the profile of this program, unless `--cardtop` names another.
//!
//! A figure alone says little: machines differ, and so do hours. What counts is the ratio to another
//! program in the same run.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal, not a part of cardtop"
)]

#[path = "bench-board/board.rs"]
mod board;
#[path = "bench-board/data.rs"]
mod data;
#[path = "bench-board/document.rs"]
mod document;
#[path = "bench-board/floor.rs"]
mod floor;
#[path = "bench-board/growth.rs"]
mod growth;
#[path = "bench-board/idle.rs"]
mod idle;
#[path = "bench-board/keys.rs"]
mod keys;
#[path = "bench-board/live.rs"]
mod live;
#[path = "bench-board/long.rs"]
mod long;
#[path = "bench-board/machine.rs"]
mod machine;
#[path = "bench-board/memory.rs"]
mod memory;
#[path = "bench-board/peers.rs"]
mod peers;
#[path = "bench-board/plot.rs"]
mod plot;
#[path = "bench-board/process.rs"]
mod process;
#[path = "bench-board/queries.rs"]
mod queries;
#[path = "bench-board/reading.rs"]
mod reading;
#[path = "bench-board/rows.rs"]
mod rows;
#[path = "bench-board/samples.rs"]
mod samples;
#[path = "bench-board/search.rs"]
mod search;
#[path = "bench-board/table.rs"]
mod table;
#[path = "bench-board/terminal.rs"]
mod terminal;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use self::board::Board;
use self::data::{Data, Size};
use self::growth::Growth;
use self::live::Lives;
use self::table::Finding;

/// How fast, how small and how quiet the board is, beside the programs that are installed here.
#[derive(Parser, Debug)]
#[command(name = "bench-board")]
struct Wish {
    /// A minute or two: less data, fewer keys
    #[arg(long)]
    quick: bool,
    /// Only these, separated by commas
    #[arg(long, value_name = "P1,P6", value_delimiter = ',', ignore_case = true)]
    only: Vec<Goals>,
    /// Transactions in the data file [default: 1000000, with --quick 20000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    rows: Option<u32>,
    /// Cards in the data file [default: 100000, with --quick 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(64..=1_000_000))]
    cards: Option<u32>,
    /// Measure how time and memory grow, to 10,000,000 rows and 1,000,000 cards (with --quick a
    /// hundredth of that)
    #[arg(long)]
    growth: bool,
    /// Write the tables into this document between its marks, and the plot beside it; with --only
    /// that of the growth alone, so that no part takes the place of all
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        default_missing_value = "docs/performance.md"
    )]
    markdown: Option<PathBuf>,
    /// The cardtop that is measured, instead of the one that is built now
    #[arg(long, value_name = "FILE")]
    cardtop: Option<PathBuf>,
}

/// What can be asked for. P10 comes with the webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Goals {
    /// Start
    P1,
    /// Row keys
    P2,
    /// Pages and ends of a list
    P3,
    /// Lines at the edge
    P4,
    /// Bytes
    P5,
    /// Filter
    P6,
    /// Sort
    P7,
    /// Memory
    P8,
    /// Idle
    P9,
    /// Rows that come in
    P11,
    /// Cards that come in
    P12,
    /// Quit and resize
    P13,
    /// A long run
    P14,
}

impl Goals {
    /// Those that one run of the programs measures.
    const LIVE: [Self; 6] = [Self::P1, Self::P2, Self::P3, Self::P4, Self::P5, Self::P13];

    const fn id(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
            Self::P5 => "P5",
            Self::P6 => "P6",
            Self::P7 => "P7",
            Self::P8 => "P8",
            Self::P9 => "P9",
            Self::P11 => "P11",
            Self::P12 => "P12",
            Self::P13 => "P13",
            Self::P14 => "P14",
        }
    }
}

/// What every measurement needs.
struct Bench {
    board: Board,
    /// Where data is made.
    root: PathBuf,
    /// The peers' home.
    home: PathBuf,
    quick: bool,
    rows: usize,
    cards: usize,
    /// Starts of each program.
    runs: usize,
    /// Keys of each kind.
    keys: usize,
    idle_seconds: u64,
    long_seconds: u64,
    made: RefCell<BTreeMap<(usize, usize, usize), Rc<Data>>>,
}

impl Bench {
    fn new(wish: &Wish) -> anyhow::Result<Self> {
        let root = machine::target_folder()?.join("bench-board");
        let quick = wish.quick;
        let count = |asked: Option<u32>, usual: usize| -> anyhow::Result<usize> {
            asked.map_or(Ok(usual), usize::try_from).context("a number of rows or cards")
        };
        Ok(Self {
            board: Board { binary: machine::cardtop(wish.cardtop.as_deref())? },
            home: peers::home(&root)?,
            root,
            quick,
            rows: count(wish.rows, if quick { 20_000 } else { 1_000_000 })?,
            cards: count(wish.cards, if quick { 2_000 } else { 100_000 })?,
            runs: if quick { 2 } else { 5 },
            keys: if quick { 40 } else { 200 },
            // What is left of a start takes less.
            idle_seconds: 30,
            long_seconds: if quick { 20 } else { 480 },
            made: RefCell::default(),
        })
    }

    /// Data of this size, made once.
    fn data(&self, cards: usize, rows: usize, merchants: usize) -> anyhow::Result<Rc<Data>> {
        let key = (cards, rows, merchants);
        if let Some(data) = self.made.borrow().get(&key) {
            return Ok(Rc::clone(data));
        }
        self.say(&format!("data: {} cards, {} rows", live::words(cards), live::words(rows)));
        let data = Rc::new(Data::at(&self.root, Size { cards, rows, merchants })?);
        self.made.borrow_mut().insert(key, Rc::clone(&data));
        Ok(data)
    }

    /// The data on which most is measured.
    fn full(&self) -> anyhow::Result<Rc<Data>> {
        self.data(self.cards, self.rows, 1_000)
    }

    /// What a peer gave; a peer that does not do as it usually does is left out, with a word.
    fn or_without<T>(&self, peer: anyhow::Result<T>) -> Option<T> {
        peer.inspect_err(|error| self.say(&format!("a peer is left out: {error:#}"))).ok()
    }

    /// What is done now.
    fn say(&self, words: &str) {
        say(words);
    }
}

fn main() -> ExitCode {
    match measure(&Wish::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn measure(wish: &Wish) -> anyhow::Result<()> {
    if let Some(file) = &wish.markdown {
        document::check(file)?;
    }
    let bench = Bench::new(wish)?;
    let about = machine::about(&bench.board.binary, &bench.root);
    print!("{about}\n{}\n", machine::peers());
    let findings = findings(&bench, &wish.only);
    print!("{}", table::text(&findings));
    match &wish.markdown {
        Some(file) if wish.only.is_empty() => {
            document::write_findings(file, &about, &findings)?;
        }
        Some(file) => {
            say(&format!(
                "the figures of {} stay as they are, since --only is a part",
                file.display()
            ));
        }
        None => {}
    }
    if wish.growth {
        let part = if wish.quick { 100 } else { 1 };
        let growth = Growth::measure(&bench, 10_000_000 / part, 1_000_000 / part);
        print!("\n{}", growth.text());
        if let Some(file) = &wish.markdown {
            document::write_growth(file, &about, &growth)?;
        }
    }
    Ok(())
}

/// Measures some goals.
type Measure = fn(&Bench) -> anyhow::Result<Vec<Finding>>;

/// Goals and what measures them.
const MEASURES: [(&[Goals], Measure); 8] = [
    (&Goals::LIVE, |bench| Ok(Lives::measure(bench)?.findings(bench))),
    (&[Goals::P6], search::filter_findings),
    (&[Goals::P7], search::sort_findings),
    (&[Goals::P8], memory::findings),
    (&[Goals::P9], idle::findings),
    (&[Goals::P11], reading::ingest_findings),
    (&[Goals::P12], reading::card_findings),
    (&[Goals::P14], long::findings),
];

/// What was asked for, in the order of the goals. What cannot be measured is a line of its own.
fn findings(bench: &Bench, only: &[Goals]) -> Vec<Finding> {
    let wanted = |goal: &Goals| only.is_empty() || only.contains(goal);
    let mut all = Vec::new();
    for (goals, measure) in MEASURES {
        let goals: Vec<Goals> = goals.iter().copied().filter(wanted).collect();
        if goals.is_empty() {
            continue;
        }
        match measure(bench) {
            Ok(found) => all.extend(found.into_iter().filter(|finding| {
                goals.iter().any(|goal| goal.id().eq_ignore_ascii_case(finding.id))
            })),
            Err(error) => {
                bench.say(&format!("{error:#}"));
                let why = error.to_string().lines().next().unwrap_or_default().to_owned();
                all.extend(goals.iter().map(|goal| {
                    Finding::new(goal.id(), "could not be measured", None, "").note(why.as_str())
                }));
            }
        }
    }
    all.sort_by_key(|finding| finding.id.trim_start_matches('P').parse::<u8>().unwrap_or(0));
    all
}

/// Tells the person at the terminal, on standard error.
fn say(words: &str) {
    eprintln!("bench-board: {words}");
}

/// The project's folder.
fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
