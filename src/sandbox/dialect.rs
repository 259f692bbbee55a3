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

mod config_entry;

use jiff::Timestamp;

use super::bank::{Bank, Occurrence};
pub(super) use super::bank::{CardIds, ProgrammeRules};
use super::call::{Call, Reply};
use super::letter::{Letter, Message, Rules, Sealing, WebhookOptions};
use super::random::Random;
use super::scenario::Scenario;
pub(super) use config_entry::{ConfigEntry, Credential, Roster, Setting};

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

/// What differs from wire to wire in what is asked and answered: the facts of a provider's
/// document. Has no state; that is its [`Server`]'s. How its programme keeps cards and rows is in
/// [`ProgrammeRules`].
pub(super) trait Wire: ProgrammeRules {
    /// The provider's name in the configuration: `artha`.
    fn name(&self) -> &'static str;

    /// Its table in the written configuration. `base` is `http://host:port` of its server.
    fn config_entry(&self, base: &str, scenarios: &[Scenario]) -> ConfigEntry;

    /// A server in its first state: no logins, no nonces, no tasks.
    fn server(&self) -> Box<dyn Server>;

    /// What a request to this path is for.
    fn request_kind(&self, path: &str) -> RequestKind;

    /// The answer to credentials that are wrong.
    fn unauthorized(&self) -> Reply;

    /// Seals a webhook for one sending: encrypts it, signs it, adds the secret.
    fn seal_webhook(&self, message: &Message, sealing: Sealing<'_>) -> Letter;

    /// What acknowledges a webhook, and what happens without.
    fn webhook_rules(&self) -> &'static Rules;

    /// What a receiver proves webhooks with, beside the credentials that it has anyway.
    fn webhook_credential(&self, options: &WebhookOptions) -> Option<Credential>;
}

/// One provider's server: who has logged in, which nonces were used, which tasks are under way.
pub(super) trait Server: Send {
    /// Checks who calls, does what is asked, answers.
    fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply;

    /// What is pushed of something that happened; `None` where the document has nothing for it.
    /// `random` is of this webhook alone. Asked once of each, in their order, whether it arrives or
    /// not.
    fn webhook(&mut self, bank: &Bank, occurrence: &Occurrence, random: Random) -> Option<Message>;
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
