//! The one trait that every provider is driven through, and what its calls answer with.
//!
//! Adapters turn wires into the domain's terms. They never retry a change, never keep card numbers,
//! and know nothing of the store, the engine or the screen. A provider is a folder of one shape,
//! `NAME/{settings,requests,wire,webhooks,tests}.rs` beside `NAME.rs`, and its line in [`kinds`].

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
mod row_error;
#[cfg(test)]
mod script;
mod states;
pub mod times;
mod tls;
pub mod webhooks;

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
use http::{Http, path_segment, push_segment, sensitive};
pub use lookup::{Evidence, Lookup};
pub use pages::{Page, PageCursor, Pager, Paging};
pub use webhooks::{WebhookRecords, Webhooks};

/// One provider account, as its adapter drives it.
///
/// What holds for every adapter:
///
/// - Only [`act`](Self::act) changes anything at the provider, and no change is ever repeated. (A
///   request that the provider itself refused for a login that has ended was not executed; only it
///   is sent again, after a new login.) Reads may be repeated, by the adapter and by the caller.
/// - Each method asks the provider anew; nothing is cached but logins and what was learnt of lists.
///   Two calls may run at once.
/// - Times are UTC. `Timestamp`s in arguments are of our clock unless the method says otherwise;
///   those of transactions are the provider's own, whose offset is measured
///   ([`Http::clock_offset`](http::Http::clock_offset)).
/// - Money keeps the digits and the currency that the wire sent. Card numbers are cut to their last
///   four digits where they are read.
/// - An error is about this account alone, and of a change it says whether it may have happened
///   ([`Outcome`]). `NotOffered` is answered without asking the provider.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What it can do, and how its changes are proven. Never changes while it runs.
    fn capabilities(&self) -> Capabilities;

    /// How its lists are cut into pages, and what was learnt of them.
    fn pagers(&self) -> &Pagers;

    /// One page of the list of all its cards, with balances where the list has them. Which pages
    /// there are is for [`pages`] to find out.
    ///
    /// # Errors
    /// `NotOffered` where the wire has no such list; a row that cannot be read is no error but is
    /// in [`Page::skipped`].
    async fn cards(&self, page: PageCursor) -> Result<Page<Card>>;

    /// Details, state and balance of one card now. What the wire does not say is left empty: the
    /// caller keeps what it had.
    ///
    /// # Errors
    /// `NotFound` where the provider does not know the card, `BadReply` where the answer is about
    /// another card.
    async fn card(&self, card: &Card) -> Result<Card>;

    /// One page of the transactions of a window, in any order; rows that lie outside of it are
    /// allowed. Which pages there are is for [`pages`] to find out.
    ///
    /// # Errors
    /// `NotOffered` where `window.card` is `None` and the wire has no list of all cards'
    /// transactions.
    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>>;

    /// The top-ups in a card's list, whoever made them, from `since` on, by the provider's clock:
    /// what a top-up is compared with before it is sent, and found in afterwards.
    ///
    /// # Errors
    /// Where the list could not be read. One that may have more than was read is
    /// [`Credits::is_cut`], and proves nothing.
    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits>;

    /// Lets credentials that were refused be tried again with the next request, because the
    /// operator asks for it. Sends nothing itself.
    async fn try_credentials_again(&self) {}

    /// Verifies and decodes what the provider pushes to the account.
    ///
    /// # Errors
    /// Why nothing that is pushed can be believed, as a sentence part: no secret is configured, or
    /// it cannot be read.
    fn webhooks(&self) -> std::result::Result<&dyn Webhooks, &str> {
        Err("cardtop knows no webhooks of this kind of provider")
    }

    /// What the provider keeps of the webhooks that it sent since then, behind so many records,
    /// newest first: what was pushed while nobody received. `None` where the wire has no such list,
    /// which is answered without asking.
    ///
    /// # Errors
    /// Where the list could not be read.
    async fn webhook_records(
        &self,
        _since: Timestamp,
        _offset: u64,
    ) -> Result<Option<WebhookRecords>> {
        Ok(None)
    }

    /// The merchant's own money, one sum a currency.
    ///
    /// # Errors
    /// `NotOffered` where the wire does not tell it.
    async fn float(&self) -> Result<Vec<Money>>;

    /// What a top-up of a card by this sum, in the card's currency, would cost, and which account
    /// would pay. Moves nothing.
    ///
    /// # Errors
    /// `NotOffered` where the wire has neither.
    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote>;

    /// Asks for a change, once: the only method that changes anything. The permit is given by the
    /// store that has saved the change, and is used up here. Never retries.
    ///
    /// # Errors
    /// With `Outcome::NotDone` only where the change provably did not happen.
    async fn act(&self, permit: Permit) -> Result<Ack>;

    /// Looks for the fate of an operation by reading only. Transactions in `claimed` already belong
    /// to other operations and are never offered again.
    ///
    /// # Errors
    /// Where nothing could be read. That says nothing of the operation.
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

    /// The adapter. Reads the secrets, so it may block for as long as [`Source::wait`] says: call
    /// it off the drawing task.
    ///
    /// # Errors
    /// A sentence without the account's name that says which setting or secret is wrong and what to
    /// do.
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
/// A sentence without the account's name that says which setting or secret is wrong and what to do;
/// other accounts are not touched by it.
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
    /// Where both lists are cut into answers in the same way; `longest_window` is the longest time
    /// that one list of transactions may cover.
    #[must_use]
    pub const fn both(paging: Paging, longest_window: Option<SignedDuration>) -> Self {
        Self { cards: Pager::new(paging, None), transactions: Pager::new(paging, longest_window) }
    }
}

/// Which transactions are wanted. Both ends are included, by the provider's clock.
#[derive(Clone, Debug)]
pub struct Window {
    /// Of one card; `None` for all cards'.
    pub card: Option<Card>,
    /// The oldest time.
    pub since: Timestamp,
    /// The newest time.
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
