//! The configuration: what the operator wrote, checked, with every default filled in.
//!
//! A [`Config`] cannot be wrong: names, kinds, addresses, durations and settings were checked when the file was read.
//! Secrets are not in it, only where to get them.

pub mod roster;
pub mod secret;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::card::ProviderId;
use secret::Source;

/// Everything cardtop is told by its configuration file.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the board looks and behaves.
    pub board: Board,
    /// The provider accounts, in the order of the file.
    pub providers: Vec<ProviderConfig>,
    /// Where webhooks will be received (reserved: nothing listens yet).
    pub listen: Option<SocketAddr>,
    /// The file it was read from.
    pub path: Option<PathBuf>,
}

/// `[board]`.
#[derive(Clone, Debug)]
pub struct Board {
    /// Which characters frames are drawn with.
    pub glyphs: Glyphs,
    /// Name of the time zone to show times in; `local` is the machine's.
    pub timezone: String,
    /// Idle time after which the board locks (reserved).
    pub lock_after: Duration,
    /// Whether the mouse is captured.
    pub mouse: bool,
}

impl Default for Board {
    fn default() -> Self {
        Self { glyphs: Glyphs::Auto, timezone: "local".to_owned(), lock_after: Duration::from_secs(900), mouse: false }
    }
}

/// Which characters frames are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing where the locale is UTF-8 and not CJK, else ASCII.
    #[default]
    Auto,
    /// Box drawing.
    Unicode,
    /// `+`, `-` and `|`.
    Ascii,
}

/// Whether real money is behind an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Real cards and money.
    Production,
    /// A provider's test system, or the built-in one.
    Sandbox,
}

impl Environment {
    /// The word in the top line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Production => "PROD",
            Self::Sandbox => "SANDBOX",
        }
    }
}

/// `[providers.NAME]`.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The name in the file.
    pub name: ProviderId,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// Address that paths are appended to; no slash at its end; https, or http on loopback.
    pub base_url: String,
    /// CSV of card ids, for providers without a list; absolute.
    pub roster: Option<PathBuf>,
    /// Requests a minute at most.
    pub rate_limit: u32,
    /// Refuse every change to this account.
    pub read_only: bool,
    /// How long one request may take.
    pub timeout: Duration,
    /// How often figures are read.
    pub poll: Poll,
    /// SHA-256 of the server's public key, when pinned.
    pub pin_certificate: Option<[u8; 32]>,
    /// Which wire it speaks, its settings and where its credentials are.
    pub account: Account,
}

impl ProviderConfig {
    /// The kind's word: `artha`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.account {
            Account::Artha(_) => "artha",
            Account::Banana(_) => "banana",
            Account::Enkash(_) => "enkash",
            Account::Ibanera(_) => "ibanera",
        }
    }
}

/// `[providers.NAME.poll]`.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// Between two readings of a visible card's balance.
    pub balances: Duration,
    /// Between two readings of the newest transactions.
    pub transactions: Duration,
}

impl Default for Poll {
    fn default() -> Self {
        Self { balances: Duration::from_secs(30), transactions: Duration::from_secs(15) }
    }
}

/// A wire with its settings and credentials.
#[derive(Clone, Debug)]
pub enum Account {
    /// artha, gen-1 Cards API.
    Artha(Artha),
    /// Banana Tech.
    Banana(Banana),
    /// EnKash prepaid cards.
    Enkash(Enkash),
    /// Ibanera Customer API.
    Ibanera(Ibanera),
}

/// Settings of an artha account.
#[derive(Clone, Debug)]
pub struct Artha {
    /// Bearer token.
    pub token: Source,
    /// Our RSA private key, PEM, PKCS#1 or PKCS#8, any size.
    pub private_key: Source,
    /// artha's public key for callbacks, PEM.
    pub callback_public_key: Option<Source>,
    /// Also send the token as the `customerToken` header.
    pub customer_token: bool,
    /// Path of "All Cards Transactions"; not called when absent.
    pub all_transactions_path: Option<String>,
}

/// Settings of a Banana Tech account.
#[derive(Clone, Debug)]
pub struct Banana {
    /// The one key for encryption and signing.
    pub secret_key: Source,
    /// The merchant's UUID.
    pub merchant_id: String,
    /// How the key's text becomes bytes.
    pub secret_key_encoding: KeyEncoding,
    /// Path of each operation, by the last part of its default path (`get_balance` -> `/card/get_balance`).
    pub paths: std::collections::BTreeMap<String, String>,
}

/// How a key's text becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyEncoding {
    /// The text's own bytes.
    #[default]
    Utf8,
    /// Hexadecimal.
    Hex,
    /// Base64.
    Base64,
}

/// Settings of an EnKash account.
#[derive(Clone, Debug)]
pub struct Enkash {
    /// OAuth client id.
    pub client_id: Source,
    /// OAuth client secret.
    pub client_secret: Source,
    /// The partner's mobile number or e-mail.
    pub username: Source,
    /// Password.
    pub password: Source,
    /// Secret that the payload key is derived from.
    pub encryption_key: Source,
    /// The whole address of the token call, on its own host.
    pub token_url: String,
    /// `partnerId` header.
    pub partner_id: String,
    /// Company.
    pub company_id: String,
    /// Account that funds the cards.
    pub card_account_id: String,
    /// How requests are wrapped.
    pub encryption: Envelope,
    /// Which pair of words a load carries.
    pub load: Load,
}

/// How EnKash requests are wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Envelope {
    /// `{"request":"<base64>"}`.
    #[default]
    Envelope,
    /// A bare JSON string of base64.
    Bare,
    /// Plain JSON.
    Off,
}

/// Which pair of words an EnKash load carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// `ALLOCATE_FUND` and `ALLOCATION`.
    #[default]
    AllocateFund,
    /// `LOAD_MONEY` and `PRINCIPLE`.
    LoadMoney,
}

/// Settings of an Ibanera account.
#[derive(Clone, Debug)]
pub struct Ibanera {
    /// Login name.
    pub username: Source,
    /// Password.
    pub password: Source,
    /// Shared secret of the one-time passwords.
    pub shared_secret: Source,
    /// How the shared secret's text becomes bytes.
    pub secret_encoding: SecretEncoding,
    /// Account that pays for top-ups; found from the accounts when absent and unique.
    pub asset_account_id: Option<String>,
    /// Path of the call that freezes.
    pub deactivate_path: String,
}

/// How Ibanera's shared secret becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretEncoding {
    /// RFC 4648 base 32.
    #[default]
    Base32,
    /// The text's own bytes.
    Ascii,
}
