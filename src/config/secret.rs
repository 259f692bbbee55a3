//! Where a secret comes from, and reading it. Secrets are never written in the configuration.

use std::path::PathBuf;

use secrecy::SecretString;

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
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(words) => write!(f, "command {}", words.first().map_or("", String::as_str)),
            Self::Keyring(entry) => write!(f, "keyring {entry}"),
            Self::Given(_) => f.write_str("given"),
        }
    }
}

/// Why a secret could not be had; the sentence names the source, never the secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoSecret(pub String);

impl Source {
    /// Reads the secret now. May run a program or read a file: call it off the drawing task.
    ///
    /// # Errors
    /// A sentence that names the source and what to do.
    pub fn read(&self) -> Result<SecretString, NoSecret> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::Env(_) | Self::File(_) | Self::Command(_) | Self::Keyring(_) => Err(NoSecret("not read yet".to_owned())),
        }
    }
}
