//! Where a secret comes from, and reading it. Secrets are never written in the configuration, and
//! no sentence here holds one.

mod entry;
mod file;
mod program;

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroize;

use crate::domain::text;
use crate::files;

/// How long a program may take to print a secret: it may ask the operator for a fingerprint or a
/// password.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most bytes of a secret.
const LONGEST: u64 = 64 << 10;

/// Where a secret comes from.
#[derive(Clone)]
pub enum Source {
    /// An environment variable.
    Env(String),
    /// A file that only its owner may read; absolute.
    File(PathBuf),
    /// What a program prints.
    Command(Vec<String>),
    /// The platform's keyring, `service/account`.
    Keyring(String),
    /// Given by the program itself (tests); it has no spelling in the file.
    Given(SecretString),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {}", text::of_path(path)),
            Self::Command(words) => {
                write!(f, "command {}", text::one_line(words.first().map_or("", String::as_str)))
            }
            Self::Keyring(entry) => write!(f, "keyring {}", text::one_line(entry)),
            Self::Given(_) => f.write_str("given"),
        }
    }
}

/// Why a secret could not be had; the sentence names the source, never the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

impl Source {
    /// An environment variable; `None` where this is not the name of one.
    #[must_use]
    pub fn variable(name: &str) -> Option<Self> {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
        plain.then(|| Self::Env(name.to_owned()))
    }

    /// An entry of the platform's keyring; `None` where this is not `service/account`.
    #[must_use]
    pub fn keyring_entry(entry: &str) -> Option<Self> {
        let (service, account) = entry.split_once('/')?;
        (!service.is_empty() && !account.is_empty()).then(|| Self::Keyring(entry.to_owned()))
    }

    /// Reads the secret now. May run a program or read a file, and then blocks this thread, for 30
    /// s at most.
    ///
    /// # Errors
    /// A sentence that names the source and what to do.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        // Its paths and words stand in the configuration, and may be anything.
        self.fetch().map_err(|SecretError(words)| SecretError(text::one_line(&words)))
    }

    fn fetch(&self) -> Result<SecretString, SecretError> {
        let mut secret = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::Env(name) => from_environment(name)?,
            Self::File(path) => {
                files::follow(path).map_err(|refused| {
                    SecretError(format!("the secret file {} {refused}", text::of_path(path)))
                })?;
                file::read(path)?
            }
            Self::Command(words) => program::read(words, PATIENCE)?,
            Self::Keyring(entry) => from_keyring(entry)?,
        };
        // Some editors write a byte order mark.
        if secret.starts_with('\u{feff}') {
            secret.remove(0);
        }
        if secret.is_empty() {
            return Err(SecretError(format!("the secret of {self:?} is empty")));
        }
        Ok(SecretString::from(secret))
    }

    /// What is waited for while it is read, and for how long at most; `None` where nothing is
    /// waited for.
    #[must_use]
    pub fn wait(&self) -> Option<String> {
        let at_most = |limit: Duration| Some(format!("{self:?}, at most {} s", limit.as_secs()));
        match self {
            Self::Given(_) | Self::Env(_) => None,
            Self::File(path) if files::is_pipe(path) => at_most(file::PIPE_PATIENCE),
            Self::File(_) => None,
            Self::Command(_) | Self::Keyring(_) => at_most(PATIENCE),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a secret may come from the environment, and this is where"
)]
fn from_environment(name: &str) -> Result<String, SecretError> {
    std::env::var(name).map_err(|_| {
        SecretError(format!(
            "the environment variable {name} is not set: set it before starting cardtop"
        ))
    })
}

/// Text of at most 64 KiB, without the one line break at its end; `None` where it is longer, or no
/// text.
fn read_limited(from: &mut dyn Read) -> Option<String> {
    // Large enough at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(LONGEST).unwrap_or(0) + 1);
    from.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
    if u64::try_from(bytes.len()).ok()? > LONGEST {
        bytes.zeroize();
        return None;
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|error| {
            let mut bytes = error.into_bytes();
            bytes.zeroize();
        })
        .ok()?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Some(text)
}

/// Asks the platform's own tool, so that no keyring library is linked.
fn from_keyring(entry: &str) -> Result<String, SecretError> {
    let Some((service, account)) = entry.split_once('/') else {
        return Err(SecretError(format!("keyring \"{entry}\" is not \"service/account\"")));
    };
    let words: Vec<&str> = if cfg!(target_os = "macos") {
        vec!["security", "find-generic-password", "-s", service, "-a", account, "-w"]
    } else if cfg!(windows) {
        return Err(SecretError(
            "on Windows the keyring is not read yet: use { command = […] } instead".to_owned(),
        ));
    } else {
        vec!["secret-tool", "lookup", "service", service, "account", account]
    };
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    program::read(&words, PATIENCE).map_err(|SecretError(words)| {
        SecretError(format!("the keyring entry {entry} cannot be had: {words}"))
    })
}

fn forget(secret: Option<String>) {
    if let Some(mut secret) = secret {
        secret.zeroize();
    }
}

#[cfg(test)]
mod tests;
