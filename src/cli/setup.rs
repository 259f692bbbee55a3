//! The commands around the program itself: a first configuration, completions, the manual, and the
//! log file.
//!
//! Nothing here opens the data file or talks to a provider.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use clap::CommandFactory;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Cli, Exit, Failure, Global, Outcome, print};
use crate::config;
use crate::domain::text;
use crate::files;

/// The configuration that `init` writes: every key, with one account of each kind.
const EXAMPLE: &str = include_str!("../../config.example.toml");

/// `init`: writes the commented example, for its owner only, and never over another file.
pub(super) fn init(global: &Global) -> Outcome {
    let path = global.config.clone().or_else(config::default_path).ok_or_else(|| {
        Failure::usage("this system has no folder for configurations: say where with --config FILE")
    })?;
    write_example(&path)?;
    let shown = text::of_path(&path);
    print::put(&format!(
        "{shown} is written, for your eyes only.\n\nNext: remove the accounts that you do not \
         have, fill in the others, and say where their secrets are\n(never the secrets \
         themselves). Then: cardtop providers\n"
    ))?;
    Ok(Exit::Done)
}

fn write_example(path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} exists: it is left as it is", text::of_path(path)))
        }
        _ => Failure::usage(format!("{} cannot be written: {error}", text::of_path(path))),
    };
    if let Some(folder) =
        path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(EXAMPLE.as_bytes()).map_err(failed)
}

/// `completions SHELL`.
pub(super) fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cardtop", &mut script);
    print::put(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// `man [COMMAND]`.
pub(super) fn manual(command: Option<&str>) -> Outcome {
    print::put(&page(command)?)?;
    Ok(Exit::Done)
}

fn page(command: Option<&str>) -> Result<String, Failure> {
    let mut whole = Cli::command();
    whole.build();
    let wanted = match command {
        None => whole,
        Some(name) => whole
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::usage(format!("there is no command {name}")))?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(wanted).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Logs into a file that only its owner may read, as much as `CARDTOP_LOG` says; `info` when it is
/// unset.
///
/// # Errors
/// A usage failure, when the file cannot be opened or a log is already being written.
pub(super) fn log_to(path: &Path) -> Result<(), Failure> {
    let file = files::open_log(path).map_err(|refused| {
        Failure::usage(format!("--log-file: {} {refused}", text::of_path(path)))
    })?;
    #[expect(clippy::disallowed_methods, reason = "the environment is read here")]
    let much = log_levels(std::env::var("CARDTOP_LOG").ok().as_deref())?;
    // Of the libraries below nothing is written: at their finest they would show headers, and with
    // them credentials.
    let own = filter_fn(|about| about.target().starts_with("cardtop"));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(CleanLines(file)))
        .with_filter(own);
    tracing_subscriber::registry()
        .with(much)
        .with(lines)
        .try_init()
        .map_err(|error| Failure::usage(format!("--log-file: {error}")))
}

/// Writes lines of the log without anything that steers the terminal that they are read in, and
/// without card numbers.
struct CleanLines<W>(W);

impl<W: Write> Write for CleanLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        self.0.write_all(
            format!("{}\n", text::mask_card_numbers(&text::one_line(line))).as_bytes(),
        )?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// How much is logged: a level, or `cardtop::provider=debug,info`.
fn log_levels(wish: Option<&str>) -> Result<Targets, Failure> {
    let wish = wish.map(str::trim).filter(|wish| !wish.is_empty()).unwrap_or("info");
    wish.parse().map_err(|_| {
        Failure::usage(format!(
            "CARDTOP_LOG is \"{wish}\": write a level such as debug, or \
             cardtop::provider=debug,info"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_line_of_the_log_is_one_line_and_steers_no_terminal() {
        let mut log = CleanLines(Vec::new());
        log.write_all("a\x1b]0;PWN\x07b\u{202e}\nfake line \u{9b}2J 4111111111111111\n".as_bytes())
            .expect("memory");
        assert_eq!(String::from_utf8(log.0).expect("text"), "a?b? fake line ? ..1111\n");
    }

    #[test]
    fn a_first_configuration_is_for_its_owner_only_and_never_overwrites() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("new").join("config.toml");
        write_example(&path).expect("a new file");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).expect("readable"), EXAMPLE);
        fs::write(&path, "mine").expect("writing");
        let failure = write_example(&path).expect_err("it exists");
        assert_eq!(
            (failure.exit, fs::read_to_string(&path).expect("readable")),
            (Exit::Usage, "mine".to_owned())
        );
    }

    #[test]
    fn how_much_is_logged_is_a_level_or_a_list() {
        for good in
            [None, Some(""), Some("debug"), Some("cardtop::provider=trace,info"), Some("off")]
        {
            assert!(log_levels(good).is_ok(), "{good:?}");
        }
        let failure = log_levels(Some("cardtop=loud")).expect_err("no level");
        assert!(
            failure.says.contains("CARDTOP_LOG") && failure.says.contains("loud"),
            "{}",
            failure.says
        );
    }

    #[test]
    fn there_is_a_manual_page_of_the_whole_and_of_each_command() {
        let whole = page(None).expect("a page");
        for word in ["cardtop", "EXIT", "topup", "exit codes"] {
            assert!(whole.to_lowercase().contains(&word.to_lowercase()), "{word}");
        }
        assert!(page(Some("topup")).expect("a page").contains("AMOUNT"));
        assert_eq!(page(Some("watch")).expect_err("not built").exit, Exit::Usage);
    }

    #[test]
    fn completions_know_the_commands() {
        let mut script = Vec::new();
        clap_complete::generate(
            clap_complete::Shell::Bash,
            &mut Cli::command(),
            "cardtop",
            &mut script,
        );
        let script = String::from_utf8(script).expect("text");
        for word in ["topup", "--pin-stdin", "transactions"] {
            assert!(script.contains(word), "{word}");
        }
    }
}
