//! The configuration: what the operator wrote, checked, with every default filled in.
//!
//! A [`Config`] cannot be wrong: names, kinds, addresses, durations and settings were checked when
//! the file was read. Secrets are not in it, only where to get them. No provider is known here by
//! name: what a kind of provider has for settings is said by its [`ProviderKind`].

mod account;
mod address;
mod board;
mod duration;
pub mod endpoint;
mod error;
mod file;
mod kind;
pub mod lists;
mod page;
mod plain;
pub mod proxy;
mod question;
pub mod roster;
mod routes;
pub mod secret;
pub mod spelling;
pub mod spreadsheet;
mod suggestion;
mod table;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::domain::text;
use crate::files::{self, FileError};
pub use account::{Environment, Poll, ProviderConfig, is_account_name};
pub use address::parse as read_address;
pub use board::{Board, Clipboard, Glyphs, InMemory, Keys, Seconds, ThemeChoice};
pub use duration::read_duration;
pub use error::ConfigError;
pub use kind::{AccountTable, ProviderKind};
pub use question::{Question, Wants};
pub use suggestion::{meant, nearest};
pub use table::Table;

/// Most bytes of a configuration file.
const LONGEST: u64 = 4 << 20;

/// Everything cardtop is told by its configuration file. `A` is what the kinds of providers read
/// their own settings into.
#[derive(Clone, Debug)]
pub struct Config<A: 'static> {
    /// How the board looks and behaves.
    pub board: Board,
    /// The provider accounts, in the order of the file.
    pub providers: Vec<ProviderConfig<A>>,
    /// Where webhooks are received.
    pub listen: Listen,
    /// The file it was read from.
    pub path: Option<PathBuf>,
}

/// `[listen]`: where webhooks are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Whether the board receives them; `cardtop listen` always does.
    pub enabled: bool,
    /// Where. Nothing is encrypted there, so what is not on this machine comes through a reverse
    /// proxy or a tunnel.
    pub addr: SocketAddr,
}

impl Default for Listen {
    fn default() -> Self {
        Self { enabled: false, addr: SocketAddr::from(([127, 0, 0, 1], 8787)) }
    }
}

impl<A> Config<A> {
    /// Reads and checks a configuration file: this one, else `CARDTOP_CONFIG`'s, else the
    /// platform's. Its accounts are of the given kinds.
    ///
    /// # Errors
    /// One sentence with file and line; where there is no file, how to get one.
    pub fn load_with(
        path: Option<&Path>,
        kinds: &[&'static ProviderKind<A>],
    ) -> Result<Self, ConfigError> {
        let Some(path) = path.map(Path::to_owned).or_else(default_path) else {
            return Err(ConfigError(
                "this system has no configuration folder: name a file with --config".to_owned(),
            ));
        };
        Self::parse_with(&text_of(&path)?, &path, kinds)
    }

    /// Checks a configuration that is in memory; `path` stands in sentences, and relative paths are
    /// relative to its folder. Its accounts are of the given kinds.
    ///
    /// # Errors
    /// The first mistake, in one sentence with file and line.
    pub fn parse_with(
        text: &str,
        path: &Path,
        kinds: &[&'static ProviderKind<A>],
    ) -> Result<Self, ConfigError> {
        file::parse(without_mark(text), path, kinds)
    }
}

impl Board {
    /// Reads `[board]` of a configuration file and nothing else of it: whether its accounts and
    /// other tables are right does not count. The defaults where it has no `[board]`.
    ///
    /// # Errors
    /// One sentence with file and line, when the file is not TOML or `[board]` is wrong; where
    /// there is no file, how to get one.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        file::parse_board(without_mark(&text_of(path)?), path)
    }
}

/// The text of a configuration file that only its owner and root can write.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    let wrong = |words: &str| ConfigError(format!("{} {words}", text::of_path(path)));
    let bytes = files::read_configuration(path, LONGEST).map_err(|refused| match refused {
        FileError::Missing => ConfigError(format!(
            "there is no configuration file {}: `cardtop init KIND` writes one, `cardtop demo` \
             needs none",
            text::of_path(path)
        )),
        FileError::Unusable(words) => wrong(&words),
    })?;
    String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 text: save it as UTF-8"))
}

/// Some editors write a byte order mark.
fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// A path as it stands in a configuration file: relative to the file's folder; `~/` is the home
/// folder.
#[must_use]
pub fn path_in(file: &Path, path: &str) -> PathBuf {
    page::Page { text: "", path: file }.file(path)
}

/// The file that is read when none is named: `CARDTOP_CONFIG` where it is set and not empty, else
/// `config.toml` in the platform's configuration folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CARDTOP_CONFIG").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    Some(directories::ProjectDirs::from("", "", "cardtop")?.config_dir().join("config.toml"))
}

/// The folder of the data file: this one, else the platform's data folder.
///
/// # Errors
/// One sentence, when the system has none.
pub fn data_dir(named: Option<&Path>) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    directories::ProjectDirs::from("", "", "cardtop")
        .map(|folders| folders.data_dir().to_owned())
        .ok_or_else(|| {
            ConfigError("this system has no data folder: name one with --data".to_owned())
        })
}

/// The folder of what is noted outside the data file: `CARDTOP_STATE`, else the platform's folder
/// for state, else its local data folder; `None` on a system that has neither.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the environment is read here")]
pub fn state_dir() -> Option<PathBuf> {
    if let Some(path) = std::env::var("CARDTOP_STATE").ok().filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let folders = directories::ProjectDirs::from("", "", "cardtop")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
}

#[cfg(test)]
mod tests;
