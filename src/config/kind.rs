//! What a kind of provider tells the configuration: the keys of its table, and how its own settings
//! are read.
//!
//! The configuration knows no provider by name. It is given a list of kinds, and hands through what
//! each makes of its own settings.

use std::fmt;

use super::endpoint::{Effect, Endpoint};
use super::error::ConfigError;
use super::lists::{ListSetting, Lists};
use super::question::Question;
use super::routes::Route;
use super::spelling::WordTable;
use super::table::Table;
use crate::domain::card::Ids;

/// A kind of provider, as `kind = "NAME"` selects it. `A` is what its own settings are read into.
pub struct ProviderKind<A> {
    /// The word after `kind =`.
    pub name: &'static str,
    /// The forms of its ids: in rosters, on the command line and in the data file.
    pub ids: Ids,
    /// Keys of `[providers.NAME]` that only this kind has.
    pub settings: &'static [&'static str],
    /// Keys of `[providers.NAME.credentials]`. Each names where a secret is, never the secret.
    pub credentials: &'static [&'static str],
    /// What of these only the operator can say, in the order in which it is asked.
    pub questions: &'static [Question],
    /// The calls of its wire; their keys are those of `[providers.NAME.paths]`.
    pub endpoints: &'static [Endpoint],
    /// The document's names of the fields that are read: the keys of `[providers.NAME.fields]`.
    pub fields: &'static [&'static str],
    /// The tables of `[providers.NAME.words]` that it has.
    pub words: &'static [WordTable],
    /// The keys of `[providers.NAME.lists]` that it has.
    pub list_settings: &'static [ListSetting],
    /// How its lists are asked for where the file says nothing.
    pub lists: fn() -> Lists,
    /// Reads `settings` and `credentials`.
    pub read: fn(&mut AccountTable<'_>) -> Result<A, ConfigError>,
}

impl<A> fmt::Debug for ProviderKind<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The two tables of an account that its kind reads by itself. What the file has beside the keys
/// that the kind names was refused before.
pub struct AccountTable<'a> {
    /// `[providers.NAME]`.
    pub settings: Table<'a>,
    /// `[providers.NAME.credentials]`; empty where the file has none.
    pub credentials: Table<'a>,
    routes: Vec<Route>,
}

impl<'a> AccountTable<'a> {
    pub(super) const fn new(settings: Table<'a>, credentials: Table<'a>) -> Self {
        Self { settings, credentials, routes: Vec::new() }
    }

    /// The path of a call that is a setting of its own, and is not called where it is not set. It
    /// is kept apart from the other calls as those of [`ProviderKind::endpoints`] are.
    ///
    /// # Errors
    /// One sentence, when it is no path below `base_url`.
    pub fn path(
        &mut self,
        key: &str,
        effect: Effect,
        example: &str,
    ) -> Result<Option<String>, ConfigError> {
        let path = self.settings.path(key, example)?;
        self.routes.extend(path.iter().map(|path| Route {
            key: key.to_owned(),
            path: path.clone(),
            effect,
        }));
        Ok(path)
    }

    /// The same for a call that has a path where the file says nothing.
    ///
    /// # Errors
    /// One sentence, when it is no path below `base_url`.
    pub fn path_or(
        &mut self,
        key: &str,
        effect: Effect,
        default: &str,
    ) -> Result<String, ConfigError> {
        let path = self.settings.path(key, default)?.unwrap_or_else(|| default.to_owned());
        self.routes.push(Route { key: key.to_owned(), path: path.clone(), effect });
        Ok(path)
    }

    pub(super) fn into_parts(self) -> (Table<'a>, Vec<Route>) {
        (self.settings, self.routes)
    }
}
