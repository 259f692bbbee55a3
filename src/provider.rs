//! The one trait that every provider is driven through, and what its calls answer with.
//!
//! Adapters turn wires into the domain's words. They never retry a change, never keep card numbers,
//! and know nothing of the store, the engine or the screen. A provider is a folder of one shape,
//! `NAME/{settings,requests,wire,tests}.rs` beside `NAME.rs`, and its line in [`kinds`].

pub mod artha;
pub mod banana;
mod credits;
pub mod crypto;
pub mod encoding;
pub mod enkash;
pub mod error;
pub mod http;
pub mod ibanera;
pub mod json;
pub mod kinds;
mod listing;
mod lookup;
pub mod pages;
#[cfg(test)]
mod script;
mod states;
pub mod times;
mod tls;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::config::secret::Source;
use crate::domain::card::Card;
use crate::domain::money::Money;
pub use crate::domain::operation::MatchedCredits;
use crate::domain::operation::{Capabilities, Operation};
use crate::domain::transaction::Transaction;
use crate::store::Permit;
pub use credits::Credits;
pub use error::{Error, ErrorKind, Outcome, Result};
use http::Http;
pub use lookup::{Evidence, Lookup};
pub use pages::{Page, PageCursor, Pager, Paging};

/// One provider account.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What it can do, and how its changes are proven. Never changes while it runs.
    fn capabilities(&self) -> Capabilities;

    /// How its lists are cut into pages, and what was learnt of them.
    fn pagers(&self) -> &Pagers;

    /// A page of all its cards, with balances where the list has them. `NotOffered` where there is
    /// no list. Which pages there are is for [`pages`] to find out.
    async fn cards(&self, page: PageCursor) -> Result<Page<Card>>;

    /// Details, state and balance of one card now. What the wire does not say is left empty: the
    /// caller keeps what it had.
    async fn card(&self, card: &Card) -> Result<Card>;

    /// A page of transactions of the window, in any order. Where `window.card` is `None` all cards'
    /// (or `NotOffered`). Which pages there are is for [`pages`] to find out.
    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>>;

    /// The top-ups in a card's list, whoever made them, from a moment of the provider's clock on:
    /// what a top-up is compared with before it is sent, and found in afterwards.
    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits>;

    /// The operator asks to try credentials again that were refused and rest. Asks nobody itself.
    async fn try_credentials_again(&self) {}

    /// The merchant's own money, one sum a currency.
    async fn float(&self) -> Result<Vec<Money>>;

    /// What a top-up would cost. Moves nothing.
    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote>;

    /// Asks for a change, once: the only method that changes anything. The permit is given by the
    /// store that has saved the change, and is used up here. Never retries.
    async fn act(&self, permit: Permit) -> Result<Ack>;

    /// Looks for the fate of an operation by reading only. A transaction in `claimed` already
    /// belongs to another operation.
    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup>;
}

/// The configuration, with accounts that an adapter can be built for.
pub type Config = config::Config<Arc<dyn AccountSettings>>;

/// One account of it.
pub type ProviderConfig = config::ProviderConfig<Arc<dyn AccountSettings>>;

/// A kind of provider: what the configuration has for it, and how its accounts are built.
pub type ProviderKind = config::ProviderKind<Arc<dyn AccountSettings>>;

/// The settings that only one kind of provider has, as its `settings.rs` reads them.
pub trait AccountSettings: Any + Debug + Send + Sync {
    /// Where the secrets that the adapter needs come from.
    fn secrets(&self) -> Vec<&Source>;

    /// Addresses beside `base_url` that requests go to.
    fn other_addresses(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether a connection may be kept for the next reading. One that is kept holds the head of
    /// its last request in a buffer: one copy of a token is borne for what that saves, two are
    /// not.
    fn keeps_connections(&self) -> bool {
        true
    }

    /// The adapter. Reads the secrets, so it may block for as long as [`Source::wait`] says: call
    /// it off the drawing task.
    ///
    /// # Errors
    /// A sentence that begins with the account's name and says which setting or secret is wrong
    /// and what to do.
    fn build(
        &self,
        config: &ProviderConfig,
        http: Http,
    ) -> std::result::Result<Box<dyn Provider>, String>;
}

impl ProviderConfig {
    /// The settings, where they are of this type.
    #[must_use]
    pub fn settings_as<S: AccountSettings>(&self) -> Option<&S> {
        let settings: &dyn Any = &*self.settings;
        settings.downcast_ref()
    }
}

/// The adapter for a configured account. Reads its secrets: call it off the drawing task.
///
/// # Errors
/// A sentence that says which setting or secret is wrong and what to do; other accounts are not
/// touched by it.
pub fn build(
    config: &ProviderConfig,
    http: Http,
) -> std::result::Result<Box<dyn Provider>, String> {
    config.settings.build(config, http)
}

/// The lists of an account, as their pages are read.
#[derive(Debug)]
pub struct Pagers {
    /// Its cards.
    pub cards: Pager,
    /// Its transactions.
    pub transactions: Pager,
}

impl Pagers {
    /// Where both lists are cut into answers in the same way.
    #[must_use]
    const fn both(paging: Paging, span: Option<SignedDuration>) -> Self {
        Self { cards: Pager::new(paging, None), transactions: Pager::new(paging, span) }
    }
}

/// Which transactions are wanted.
#[derive(Clone, Debug)]
pub struct Window {
    /// Of one card, or of all.
    pub card: Option<Card>,
    /// Not older than this.
    pub since: Timestamp,
    /// Not newer than this.
    pub until: Timestamp,
}

/// What a top-up would cost; what the provider does not say is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// The provider's fee.
    pub fee: Option<Money>,
    /// What arrives on the card.
    pub receives: Option<Money>,
    /// What the float, or the account that pays, pays.
    pub debited: Option<Money>,
    /// The account that would pay, where the provider has several; `None` where the float pays.
    pub payer: Option<Payer>,
    /// When it was quoted.
    pub at: Timestamp,
}

/// The account that pays for a top-up, as it stood when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Which one, such as `account 8204 of customer 16221`; whose is wanted, where there is none.
    pub who: String,
    /// Its id, where there is one: the account that is named for the top-up, so that no other
    /// pays.
    pub account: Option<Arc<str>>,
    /// What it holds, in its own currency, where that is told.
    pub holds: Option<Money>,
    /// Why it cannot pay, in a sentence; `None` when nothing is known against it.
    pub trouble: Option<String>,
}

impl std::fmt::Display for Payer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.holds {
            Some(holds) => write!(f, "{}, {holds}", self.who),
            None => f.write_str(&self.who),
        }
    }
}

/// The provider's answer to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ack {
    /// It will be done; `reference` is what its fate can be asked by.
    Accepted {
        /// Task or transaction id.
        reference: Option<Arc<str>>,
    },
    /// The answer itself shows the effect.
    Done {
        /// Task or transaction id.
        reference: Option<Arc<str>>,
        /// What in the answer shows it.
        proof: String,
    },
}

/// A header value that is not printed, compressed or kept by the client.
fn sensitive(text: &str) -> std::result::Result<::http::HeaderValue, ::http::Error> {
    let mut value = ::http::HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// An id of a provider as one part of a path: what could leave the part is percent-encoded.
fn path_segment(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    push_segment(&mut out, id);
    out
}

/// Percent-encodes all but the unreserved characters of RFC 3986 at the end of a text.
fn push_segment(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}
