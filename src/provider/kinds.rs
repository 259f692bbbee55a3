//! The one list of the providers that cardtop knows. Adding a provider is its folder and its line
//! here.

use std::path::Path;

use super::{Config, ProviderKind, artha, banana, enkash, ibanera};
use crate::config::ConfigError;

/// Every kind of provider, in the order in which mistakes list them.
pub static KINDS: &[&ProviderKind] = &[&artha::KIND, &banana::KIND, &enkash::KIND, &ibanera::KIND];

/// Here and not beside `load_with`, because the configuration knows no provider.
impl Config {
    /// Reads and checks a configuration file whose accounts are of the [`KINDS`]: this one, else
    /// `CARDTOP_CONFIG`'s, else the platform's.
    ///
    /// # Errors
    /// One sentence with file and line; where there is no file, how to get one.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(path, KINDS)
    }

    /// Checks a configuration that is in memory and whose accounts are of the [`KINDS`]; `path`
    /// stands in sentences, and relative paths are relative to its folder.
    ///
    /// # Errors
    /// The first mistake, in one sentence with file and line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        Self::parse_with(text, path, KINDS)
    }
}
