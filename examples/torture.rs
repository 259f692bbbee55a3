//! The torture: thousands of top-ups over the four wires while the network lies about every third
//! exchange and processes are killed.
//!
//! ```text
//! cargo run --release --example torture -- --operations 10000 --seed 7
//! ```
//!
//! Prints a table and ends with 1 when money was doubled or lost, or an operation says what is not
//! true. The bank and the lying network live in this process; what is killed are others, this
//! program again, two at each wire, with one data folder for all. The same seed is the same run,
//! down to the fingerprint at the end, whatever else the machine does: `tests/it/torture.rs` says
//! how.
//!
//! With `--wild` nothing is in turn: one process with two dozen top-ups under way, real timers, and
//! kills whenever they fall. It is not repeatable, and meets what nobody thought of.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal, not a part of cardtop"
)]

#[path = "../tests/it/proxy.rs"]
mod proxy;
#[path = "../tests/it/torture.rs"]
mod torture;
#[path = "torture/wild.rs"]
mod wild;
#[path = "torture/wild_worker.rs"]
mod wild_worker;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

/// Top-ups under fire.
#[derive(Parser, Debug)]
struct Wish {
    /// Top-ups that have to be in the journal at the end.
    #[arg(long, default_value_t = 2_000)]
    operations: u64,
    /// Decides everything; with --wild, the lies, the cards and the sums.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Cards at each provider.
    #[arg(long, default_value_t = 200)]
    cards: usize,
    /// A SIGKILL after so many top-ups, on average.
    #[arg(long, default_value_t = 50)]
    kill_every: u64,
    /// Other systems top up the same cards with the same sums, clocks are wrong, each process has
    /// a data file of its own.
    #[arg(long, conflicts_with = "wild")]
    hostile: bool,
    /// Name every operation that stays UNKNOWN, and why.
    #[arg(long)]
    list: bool,
    /// By the wall clock and all at once: not repeatable.
    #[arg(long)]
    wild: bool,
    /// Top-ups under way at once, with --wild.
    #[arg(long, default_value_t = 24)]
    at_once: usize,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand, Debug)]
enum Role {
    /// Tops up what its input says. Started by the wild driver, and killed by it.
    #[command(hide = true)]
    WildWorker(WorkerArgs),
}

#[derive(clap::Args, Debug)]
struct WorkerArgs {
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    data: PathBuf,
    /// When the common clock began, in milliseconds since 1970.
    #[arg(long)]
    began: i64,
}

fn main() -> ExitCode {
    match play() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whatever part this process has. False when something is wrong with the money.
fn play() -> anyhow::Result<bool> {
    if torture::worker::work()? {
        return Ok(true);
    }
    let wish = Wish::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("a runtime")?;
    match &wish.role {
        Some(Role::WildWorker(args)) => runtime.block_on(wild_worker::work(args)).map(|()| true),
        None if wish.wild => runtime.block_on(wild::drive(&wish)),
        None => runtime.block_on(in_turn(&wish)),
    }
}

/// The torture that repeats.
async fn in_turn(wish: &Wish) -> anyhow::Result<bool> {
    let from = tokio::time::Instant::now();
    let &Wish { operations, seed, cards, kill_every, hostile, .. } = wish;
    let report = torture::run(&torture::Wish {
        operations,
        seed,
        cards,
        kill_every,
        hostile,
        words: &[],
        beside: None,
    })
    .await?;
    print!("{}", report.text);
    let mode = if hostile { " --hostile" } else { "" };
    println!(
        "fingerprint {}; repeat with --operations {operations} --seed {seed}{mode}",
        report.fingerprint
    );
    println!("{} s", from.elapsed().as_secs());
    for unknown in report.unknown.iter().filter(|_| wish.list) {
        println!("{unknown}");
    }
    if let Some(kept) = &report.kept {
        println!("the journal is kept in {}", kept.display());
    }
    Ok(report.good)
}
