//! The commands that stay: the board, the board on made-up data, and the built-in providers alone.
//!
//! It starts and stops; what is drawn and what is read is decided elsewhere.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::session::{self, configuration, data_folder, only, operator};
use super::{Exit, Failure, Global, Outcome, SandboxArgs, WorldArgs, print};
use crate::clock::Clock;
use crate::domain::text;
use crate::engine::{Engine, Setup};
use crate::provider::Config;
use crate::run::{self, Start};
use crate::sandbox::{Dialect, Options, Sandbox, Serving};

/// `cardtop`: the board of the configured accounts.
pub(super) async fn board(global: &Global, clock: Clock) -> Outcome {
    let config = configuration(global)?;
    let data = data_folder(global.data.as_deref())?;
    show(global, config, data, crate::config::state_dir(), clock).await
}

/// `cardtop demo`: the board, a data folder of its own, and four providers on loopback in this
/// process.
pub(super) async fn demo(global: &Global, world: &WorldArgs, clock: Clock) -> Outcome {
    needs_terminal()?;
    let folder = match &global.data {
        Some(data) => Scratch::kept(&data.join("demo"))?,
        None => Scratch::fresh("cardtop-demo")?,
    };
    let file = folder.path.join("cardtop.toml");
    let (_serving, config) = serve(world, None, &file, &clock).await?;
    show(global, config, folder.path.join("data"), None, clock).await
}

/// `cardtop sandbox`: the four providers until it is told to stop. The line `ready` says that they
/// answer.
pub(super) async fn sandbox(args: &SandboxArgs, clock: Clock) -> Outcome {
    let mut ending = Ending::watch()?;
    let (_folder, file) = match &args.write_config {
        Some(file) => {
            let file = std::path::absolute(file).map_err(|error| unusable(file, &error))?;
            may_be_replaced(&file)?;
            (None, file)
        }
        None => {
            let folder = Scratch::fresh("cardtop-sandbox")?;
            let file = folder.path.join("cardtop.toml");
            (Some(folder), file)
        }
    };
    let (serving, _) = serve(&args.world, args.port, &file, &clock).await?;
    print::put(&greeting(&serving, &file))?;
    ending.came().await;
    Ok(Exit::Done)
}

async fn show(
    global: &Global,
    config: Config,
    data: PathBuf,
    notes: Option<PathBuf>,
    clock: Clock,
) -> Outcome {
    needs_terminal()?;
    let only = only(global, &config)?;
    let board = config.board.clone();
    let zone = session::zone(&board.timezone)?;
    let keymap = session::keymap(&config)?;
    let operator = operator();
    let setup = Setup {
        config,
        data,
        notes,
        read_only: global.read_only,
        only,
        operator: operator.clone(),
        clock: clock.clone(),
        polling: true,
        transport: None,
    };
    let (engine, events) = Engine::open(setup).await.map_err(Failure::usage)?;
    let start = Start {
        engine,
        events,
        board,
        zone,
        keymap,
        read_only: global.read_only,
        operator,
        clock,
        color: session::board_color(global.color),
    };
    run::board(start).await.map_err(|error| Failure::new(Exit::Refused, format!("{error:#}")))?;
    Ok(Exit::Done)
}

fn needs_terminal() -> Result<(), Failure> {
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "the board needs a terminal; for scripts there are: cardtop cards --json, and cardtop \
         --help",
    ))
}

/// Starts the bank, writes the configuration that leads to it, and reads that as any other.
async fn serve(
    world: &WorldArgs,
    port: Option<u16>,
    file: &Path,
    clock: &Clock,
) -> Result<(Serving, Config), Failure> {
    let sandbox = Sandbox::new(options(world), clock.clone());
    let serving = sandbox.serve(port).await.map_err(|error| {
        Failure::usage(format!(
            "the built-in providers could not open their ports on loopback: {error}"
        ))
    })?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    }
    sandbox
        .write_config(&|dialect| base(&serving, dialect), file)
        .map_err(|error| unusable(file, &error))?;
    let config = Config::load(Some(file)).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((serving, config))
}

fn base(serving: &Serving, dialect: Dialect) -> String {
    format!("http://{}", serving.addr(dialect))
}

fn options(world: &WorldArgs) -> Options {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Options {
        seed: world.seed,
        cards: size(world.cards),
        transactions: size(world.transactions),
        scenarios: world.scenario.clone(),
        busy: !world.still,
    }
}

fn greeting(serving: &Serving, file: &Path) -> String {
    let mut words = String::new();
    for dialect in Dialect::ALL {
        words.push_str(&format!("{:8} {}\n", dialect.name(), base(serving, dialect)));
    }
    let quoted = |path: &Path| format!("'{}'", text::of_path(path).replace('\'', "'\\''"));
    let call = format!(
        "cardtop --config {} --data {}",
        quoted(file),
        quoted(&file.with_extension("data"))
    );
    words.push_str(&format!(
        "\nconfiguration: {}\n\nTry, in another terminal:\n\n",
        text::of_path(file)
    ));
    for (command, what) in [
        ("", "the board"),
        (" cards", "every card with its balance"),
        (" transactions --filter status:declined", "declines of the last 30 days"),
        (" providers --json", "how the providers are"),
        (" ops", "what was changed"),
    ] {
        words.push_str(&format!("  {call}{command}    # {what}\n"));
    }
    words + "\nCtrl-C stops them.\nready\n"
}

/// A file that leads to real money is not replaced by one for the sandbox.
fn may_be_replaced(file: &Path) -> Result<(), Failure> {
    let refused = || {
        Failure::usage(format!(
            "{} exists and was not written by cardtop sandbox: it is left as it is",
            text::of_path(file)
        ))
    };
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unusable(file, &error)),
        Ok(text) if text.contains("http://127.0.0.1:") && !text.contains("\"production\"") => {
            Ok(())
        }
        Ok(_) => Err(refused()),
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{} cannot be used: {error}", text::of_path(path)))
}

/// The signals by which the system asks this program to end, caught from when this is made.
pub(super) struct Ending([Signal; 3]);

impl Ending {
    /// Catches Ctrl-C, SIGTERM and the end of the terminal.
    ///
    /// # Errors
    /// When the system does not let signals be caught.
    pub(super) fn watch() -> Result<Self, Failure> {
        let catch = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Exit::Refused, format!("signals cannot be caught: {error}"))
            })
        };
        Ok(Self([
            catch(SignalKind::interrupt())?,
            catch(SignalKind::terminate())?,
            catch(SignalKind::hangup())?,
        ]))
    }

    /// Waits until one comes.
    pub(super) async fn came(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// A folder that is empty at the start, and only its owner may look into.
struct Scratch {
    path: PathBuf,
    remove: bool,
}

impl Scratch {
    /// A new folder among the system's temporary files, removed at the end.
    fn fresh(name: &str) -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        for number in 0..1_000 {
            let path = parent.join(format!("{name}-{}-{number}", std::process::id()));
            match create_private(&path) {
                Ok(()) => return Ok(Self { path, remove: true }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(&path, &error)),
            }
        }
        Err(Failure::usage(format!("{} is full of old folders of cardtop", text::of_path(&parent))))
    }

    /// A folder that stays at the end; what an earlier demonstration left there is removed at the
    /// start, and nothing else.
    fn kept(path: &Path) -> Result<Self, Failure> {
        const MARK: &str = ".cardtop-demo";
        let lost = |error: io::Error| unusable(path, &error);
        if path.exists() {
            let empty = fs::read_dir(path).map_err(lost)?.next().is_none();
            if !empty && !path.join(MARK).exists() {
                return Err(Failure::usage(format!(
                    "{} was not made by cardtop demo: it is left as it is",
                    text::of_path(path)
                )));
            }
            fs::remove_dir_all(path).map_err(lost)?;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(lost)?;
        }
        create_private(path).map_err(lost)?;
        fs::write(
            path.join(MARK),
            "Made by cardtop demo, which empties this folder at its start.\n",
        )
        .map_err(lost)?;
        Ok(Self { path: path.to_owned(), remove: false })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.remove {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_demonstration_leaves_nothing_behind_and_nobody_else_looks_in() {
        let scratch = Scratch::fresh("cardtop-test").expect("a folder");
        let path = scratch.path.clone();
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o700);
        fs::write(path.join("data"), "x").expect("writing");
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn only_a_folder_of_an_earlier_demonstration_is_emptied() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("demo");
        let first = Scratch::kept(&path).expect("a new one");
        fs::write(path.join("old"), "x").expect("writing");
        drop(first);
        Scratch::kept(&path).expect("its own");
        assert!(path.exists() && !path.join("old").exists());
        let other = home.path().join("photos");
        fs::create_dir(&other).expect("a folder");
        fs::write(other.join("one"), "x").expect("writing");
        assert_eq!(Scratch::kept(&other).map(|_| ()).expect_err("not ours").exit, Exit::Usage);
        assert!(other.join("one").exists());
    }

    #[test]
    fn a_configuration_with_real_accounts_is_never_replaced() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("config.toml");
        assert!(may_be_replaced(&file).is_ok());
        fs::write(
            &file,
            "base_url = \"http://127.0.0.1:4000/api/v1\"\nenvironment = \"sandbox\"\n",
        )
        .expect("writing");
        assert!(may_be_replaced(&file).is_ok());
        for text in [
            "base_url = \"https://api.example.com\"",
            "a = \"http://127.0.0.1:1\"\nenvironment = \"production\"",
        ] {
            fs::write(&file, text).expect("writing");
            assert_eq!(may_be_replaced(&file).expect_err(text).exit, Exit::Usage);
        }
    }
}
