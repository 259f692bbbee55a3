//! The wires that the bank speaks: the one list of them, and what each has to say about itself.
//!
//! To add one: write `dialect/NAME.rs` (and its folder) with a type that implements [`Wire`] and
//! [`Server`] from the provider's document, then add its `mod` line and its line in the list below,
//! at the end: the position gives the port and is part of the seed. Nothing else in the sandbox
//! knows dialects by name but the scenarios that are about one provider (`scenario.rs`). Its tests
//! want a client in `tests/NAME.rs` and a line in the list of clients (`tests/fixture.rs`).

pub(super) mod artha;
pub(super) mod banana;
pub(super) mod enkash;
pub(super) mod ibanera;

use std::borrow::Cow;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::bank::{Bank, Programme, Progress, Row};
use super::call::{Call, Reply};
use super::config::ConfigEntry;
use super::scenario::Scenario;
use crate::domain::money::Currency;

/// Makes the enum, [`Dialect::ALL`] and [`Dialect::wire`] out of the list.
macro_rules! dialects {
    ($($(#[$doc:meta])+ $name:ident: $wire:expr,)+) => {
        /// A wire that the bank speaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Dialect {
            $($(#[$doc])+ $name,)+
        }

        impl Dialect {
            /// All of them, in the order of their ports.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            pub(super) fn wire(self) -> &'static dyn Wire {
                match self {
                    $(Self::$name => &$wire,)+
                }
            }
        }
    };
}

dialects! {
    /// Gen-1 "Cards API": RSA signed headers, tasks.
    Artha: artha::Artha,
    /// Encrypted and signed bodies, everything is a POST.
    Banana: banana::Banana,
    /// OAuth token, encrypted envelope, rupees.
    Enkash: enkash::Enkash,
    /// Login and a one-time code on every call, dollars.
    Ibanera: ibanera::Ibanera,
}

impl Dialect {
    /// The provider's name, in the configuration and on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.wire().name()
    }
}

/// What differs from wire to wire: the facts of a provider's document, and the programme behind it.
/// Has no state; that is its [`Server`]'s.
pub(super) trait Wire: Sync {
    /// The provider's name in the configuration: `artha`.
    fn name(&self) -> &'static str;

    /// Cardholders, currencies and habits of the programme behind the wire.
    fn programme(&self) -> &'static Programme;

    /// Its table in the written configuration. `base` is `http://host:port` of its server.
    fn config_entry(&self, base: &str, scenarios: &[Scenario]) -> ConfigEntry;

    /// A server in its first state: no logins, no nonces, no tasks.
    fn server(&self) -> Box<dyn Server>;

    /// What a request to this path is for.
    fn request_kind(&self, path: &str) -> RequestKind;

    /// The answer to credentials that are wrong.
    fn unauthorized(&self) -> Reply;

    /// Ids of the card at this position and of its holder. They may draw from the bank's random
    /// numbers, and are in the form that [`Wire::canonical_id`] gives.
    fn card_ids(&self, bank: &mut Bank, card: usize) -> CardIds;

    /// A row's id as the provider writes it.
    fn row_id(&self, bank: &Bank, row: &Row) -> String;

    /// The form of a card's id that all its spellings have in common. Without blanks around it.
    fn canonical_id<'a>(&self, id: &'a str) -> Cow<'a, str>;

    /// Another spelling of a card's id that means the same.
    fn alternate_id(&self, id: &str) -> String;

    /// Whether lists of transactions have rows that got so far.
    fn lists(&self, progress: Progress) -> bool {
        let _ = progress;
        true
    }

    /// The fee of a top-up of this sum.
    fn top_up_fee(&self, sum: Decimal, currency: Currency) -> Decimal {
        let _ = (sum, currency);
        Decimal::ZERO
    }

    /// The reference that another system gives its top-up with this number, where the wire has one.
    fn foreign_reference(&self, number: usize) -> Option<String> {
        let _ = number;
        None
    }
}

/// One provider's server: who has logged in, which nonces were used, which tasks are under way.
pub(super) trait Server: Send {
    /// Checks who calls, does what is asked, answers.
    fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply;
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// Asks for a token.
    Login,
    Read,
    /// Changes money, state or a PIN.
    Write,
}

/// Ids of a new card.
pub(super) struct CardIds {
    pub(super) card: String,
    pub(super) holder: String,
}
