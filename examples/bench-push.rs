//! How soon a push is on the screen, and what 2,000 pushes a second do to a board: measured from
//! outside, on a pseudo-terminal, beside `less +F`.
//!
//! ```text
//! cargo run --release --example bench-push
//! cargo run --release --example bench-push -- --seconds 60 --markdown
//! ```
//!
//! A bank in this process makes the webhooks, signed as its providers' documents say, and this
//! program posts them to a board that runs beside it. docs/performance.md says what each figure
//! means. The board is the `cardtop` that was built with the same profile (`cargo build --release`),
//! unless `--cardtop` names another.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal, not a part of cardtop"
)]

#[path = "bench-push/load.rs"]
mod load;
#[path = "bench-push/post.rs"]
mod post;
#[expect(dead_code, reason = "shared with bench-board, which uses more of it")]
#[path = "bench-board/process.rs"]
mod process;
#[path = "bench-board/queries.rs"]
mod queries;
#[path = "bench-push/rest.rs"]
mod rest;
#[expect(dead_code, reason = "shared with bench-board, which uses more of it")]
#[path = "bench-board/samples.rs"]
mod samples;
#[expect(dead_code, reason = "shared with bench-board, which uses more of it")]
#[path = "bench-board/table.rs"]
mod table;
#[expect(dead_code, reason = "shared with bench-board, which uses more of it")]
#[path = "bench-board/terminal.rs"]
mod terminal;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use cardtop::clock::Clock;
use cardtop::sandbox::{Dialect, Options, Sandbox, Serving, WebhookOptions};
use clap::Parser;

use self::table::Finding;
use self::terminal::{Command, Terminal};

/// How soon a push is on the screen, and what many of them do to a board.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program to measure, instead of the one that was built with the same profile
    #[arg(long, value_name = "FILE")]
    cardtop: Option<PathBuf>,
    /// Pushes whose way to the screen is measured
    #[arg(long, value_name = "N", default_value_t = 200)]
    samples: usize,
    /// How long 2,000 pushes a second come
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Print a table for docs/performance.md
    #[arg(long)]
    markdown: bool,
}

/// Cards of each provider.
const CARDS: usize = 100;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-push: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    // target/release/examples/bench-push
    let own = std::env::current_exe().context("where this program is")?;
    let profile = own.parent().and_then(Path::parent).context("where this program is")?;
    let binary = arguments.cardtop.clone().unwrap_or_else(|| profile.join("cardtop"));
    let root = profile.join("bench-push");
    let runtime = tokio::runtime::Runtime::new().context("a runtime")?;
    let _entered = runtime.enter();
    let bench = runtime.block_on(Bench::open(binary, &root))?;
    let mut findings = rest::measure(&bench, &runtime, arguments.samples)?;
    findings.extend(load::measure(&bench, &runtime, arguments.seconds)?);
    let text: fn(&[Finding]) -> String =
        if arguments.markdown { table::markdown } else { table::text };
    println!("{}", text(&findings));
    Ok(())
}

/// A bank that serves and makes webhooks, and where a board finds it.
struct Bench {
    binary: PathBuf,
    sandbox: Sandbox,
    _serving: Serving,
    folder: PathBuf,
    /// Where the board receives.
    to: SocketAddr,
}

impl Bench {
    async fn open(binary: PathBuf, root: &Path) -> anyhow::Result<Self> {
        if root.exists() {
            std::fs::remove_dir_all(root).context("the data of an earlier run")?;
        }
        std::fs::create_dir_all(root).context("a folder")?;
        let to = free_port()?;
        let options = Options {
            cards: CARDS,
            transactions: 1_000,
            busy: false,
            webhooks: Some(WebhookOptions { to: Some(to), ..WebhookOptions::default() }),
            ..Options::default()
        };
        let sandbox = Sandbox::new(options, Clock::real());
        let serving = sandbox.serve(None).await.context("ports for the bank")?;
        let base = |dialect: Dialect| serving.base(dialect);
        sandbox.write_config(&base, &root.join("cardtop.toml")).context("a configuration")?;
        Ok(Self { binary, sandbox, _serving: serving, folder: root.to_owned(), to })
    }

    /// The board, once it shows all accounts.
    fn board(&self) -> anyhow::Result<Terminal> {
        let command = Command::new(&self.binary)
            .arg("--config")
            .arg(self.folder.join("cardtop.toml"))
            .arg("--data")
            .arg(self.folder.join("data"))
            .env("CARDTOP_STATE", self.folder.join("state"));
        let mut terminal = Terminal::start(&command)?;
        terminal.wait("the board", std::time::Duration::from_secs(20), |screen| {
            screen.contents().matches(" OK ").count() >= Dialect::ALL.len()
        })?;
        Ok(terminal)
    }
}

/// A port that nobody has now.
fn free_port() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("a free port")?;
    listener.local_addr().context("its address")
}
