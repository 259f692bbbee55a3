//! What the configuration has for a pebble account.

use std::sync::Arc;

use cardtop::config::Question;
use cardtop::config::endpoint::Endpoint;
use cardtop::config::lists::Lists;
use cardtop::config::secret::Source;
use cardtop::config::spelling::WordTable;
use cardtop::domain::card::{IdForm, Ids};
use cardtop::provider::http::Http;
use cardtop::provider::{AccountSettings, Provider, ProviderConfig, ProviderKind};

use super::requests::Pebble;

/// `kind = "pebble"`: the line in the list of providers.
pub(crate) static KIND: ProviderKind = ProviderKind {
    name: "pebble",
    ids: Ids { cards: IdForm::Number, transactions: IdForm::Opaque },
    settings: &[],
    credentials: &["token"],
    questions: &[Question::secret("token", "the token")],
    endpoints: &[CARDS, SET_STATUS],
    fields: &["id", "name", "digits", "status", "left", "currency"],
    words: &[WordTable::CardStates],
    list_settings: &[],
    lists: Lists::default,
    read: |account| Ok(Arc::new(Settings { token: account.credentials.need_secret("token")? })),
};

/// All cards on one page.
pub(super) const CARDS: Endpoint = Endpoint::reads("cards", "/cards");

/// Stops a card, or starts it again.
pub(super) const SET_STATUS: Endpoint = Endpoint::changes("set_status", "/set-status");

#[derive(Debug)]
struct Settings {
    token: Source,
}

impl AccountSettings for Settings {
    fn secrets(&self) -> Vec<&Source> {
        vec![&self.token]
    }

    fn build(&self, config: &ProviderConfig, http: Http) -> Result<Box<dyn Provider>, String> {
        let token =
            self.token.read().map_err(|error| format!("{}: token: {error}", config.name))?;
        Ok(Box::new(Pebble::new(config, http, token)))
    }
}
