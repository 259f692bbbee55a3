//! The log file of `--log-file`.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::failure::Failure;
use crate::domain::text;
use crate::files;

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
    let levels = log_levels(std::env::var("CARDTOP_LOG").ok().as_deref())?;
    // Of the libraries below nothing is written: at their finest they would show headers, and with
    // them credentials.
    let own = filter_fn(|about| about.target().starts_with("cardtop"));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(CleanLines(file)))
        .with_filter(own);
    tracing_subscriber::registry()
        .with(levels)
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
fn log_levels(setting: Option<&str>) -> Result<Targets, Failure> {
    let setting = setting.map(str::trim).filter(|setting| !setting.is_empty()).unwrap_or("info");
    setting.parse().map_err(|_| {
        Failure::usage(format!(
            "CARDTOP_LOG is \"{setting}\": write a level such as debug, or \
             cardtop::provider=debug,info"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_one_line_and_steers_no_terminal() {
        let mut log = CleanLines(Vec::new());
        log.write_all("a\x1b]0;PWN\x07b\u{202e}\nfake line \u{9b}2J 4111111111111111\n".as_bytes())
            .expect("memory");
        assert_eq!(String::from_utf8(log.0).expect("text"), "a?b? fake line ? ..1111\n");
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
            failure.words().contains("CARDTOP_LOG") && failure.words().contains("loud"),
            "{}",
            failure.words()
        );
    }
}
