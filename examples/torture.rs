//! The torture: thousands of top-ups over the four wires while the network lies about every third exchange and the program is killed.
//!
//! ```text
//! cargo run --release --example torture -- --operations 10000 --seed 7
//! ```
//!
//! Prints a table and ends with 1 when money was doubled or lost, or an operation says what is not true. The bank and the lying network
//! live in this process; what is killed is a second one, this program again, with a data folder of its own.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal, not a part of cardtop")]

#[path = "torture/driver.rs"]
mod driver;
#[path = "../tests/it/proxy.rs"]
mod proxy;
#[path = "torture/worker.rs"]
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use cardtop::clock::Clock;
use clap::{Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};

/// Top-ups under fire.
#[derive(Parser, Debug)]
struct Wish {
    /// Top-ups that have to be in the journal at the end.
    #[arg(long, default_value_t = 2_000)]
    operations: u64,
    /// Which lies, cards, sums and moments of death.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Cards at each provider.
    #[arg(long, default_value_t = 200)]
    cards: usize,
    /// Top-ups under way at once.
    #[arg(long, default_value_t = 24)]
    at_once: usize,
    /// A SIGKILL after so many top-ups, on average.
    #[arg(long, default_value_t = 50)]
    kill_every: u64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand, Debug)]
enum Role {
    /// Tops up what its input says. Started by the driver, and killed by it.
    #[command(hide = true)]
    Worker(WorkerArgs),
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

/// How much faster than the world's the bank's and cardtop's common clock goes: what takes a provider seconds should not take us any.
const FASTER: i32 = 10;

/// How long cardtop waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The common clock of the driver's bank and the worker's cardtop.
fn fast_clock(began: i64) -> Clock {
    let real = Clock::real();
    let began = Timestamp::from_millisecond(began).unwrap_or(Timestamp::UNIX_EPOCH);
    Clock::of(move || {
        let passed: SignedDuration = real.now().duration_since(began);
        cardtop::clock::millis(began.saturating_add(passed * FASTER).unwrap_or(Timestamp::MAX))
    })
}

fn main() -> ExitCode {
    let wish = Wish::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("torture: {error}");
            return ExitCode::from(2);
        }
    };
    let ended = match &wish.role {
        Some(Role::Worker(args)) => runtime.block_on(worker::work(args)).map(|()| true),
        None => runtime.block_on(driver::drive(&wish)),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::from(2)
        }
    }
}
