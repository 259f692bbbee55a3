//! The configuration: what the operator wrote, checked, with every default filled in.
//!
//! A [`Config`] cannot be wrong: names, kinds, addresses, durations and settings were checked when
//! the file was read. Secrets are not in it, only where to get them.

mod file;
mod paths;
pub mod proxy;
pub mod roster;
pub mod secret;
mod table;
pub mod wires;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::card::{Ids, ProviderId};
use crate::domain::text;
use crate::files::{self, Refused};
pub use file::ConfigError;
use secret::Source;
use wires::{BytesText, Lists, Signature, Spelling};

/// Most bytes of a configuration file.
const LONGEST: u64 = 4 << 20;

impl Config {
    /// Reads and checks a configuration file: this one, else `CARDTOP_CONFIG`'s, else the
    /// platform's.
    ///
    /// # Errors
    /// One sentence with file and line; where there is no file, how to get one.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path.map(Path::to_owned).or_else(default_path) else {
            return Err(ConfigError(
                "this system has no configuration folder: name a file with --config".to_owned(),
            ));
        };
        let wrong = |words: &str| ConfigError(format!("{} {words}", text::of_path(&path)));
        let bytes = files::read_configuration(&path, LONGEST).map_err(|refused| match refused {
            Refused::Missing => ConfigError(format!(
                "there is no configuration file {}: `cardtop init` writes one, `cardtop demo` \
                 needs none",
                text::of_path(&path)
            )),
            Refused::Because(words) => wrong(&words),
        })?;
        let text =
            String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 text: save it as UTF-8"))?;
        Self::parse(&text, &path)
    }

    /// Checks a configuration that is in memory; `path` stands in sentences, and relative paths are
    /// relative to its folder.
    ///
    /// # Errors
    /// The first mistake, in one sentence with file and line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        // Some editors write a byte order mark.
        file::parse(text.trim_start_matches('\u{feff}'), path)
    }
}

/// The file that is read when none is named: `CARDTOP_CONFIG` where it is set and not empty, else
/// `config.toml` in the platform's configuration folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CARDTOP_CONFIG").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    Some(directories::ProjectDirs::from("", "", "cardtop")?.config_dir().join("config.toml"))
}

/// The folder of the data file: this one, else the platform's data folder.
///
/// # Errors
/// One sentence, when the system has none.
pub fn data_dir(named: Option<&Path>) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    directories::ProjectDirs::from("", "", "cardtop")
        .map(|folders| folders.data_dir().to_owned())
        .ok_or_else(|| {
            ConfigError("this system has no data folder: name one with --data".to_owned())
        })
}

/// The folder of what is noted outside the data file: `CARDTOP_STATE`, else the platform's folder
/// for state, else its local data folder; `None` on a system that has neither.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the environment is read here")]
pub fn state_dir() -> Option<PathBuf> {
    if let Some(path) = std::env::var("CARDTOP_STATE").ok().filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let folders = directories::ProjectDirs::from("", "", "cardtop")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
}

/// What somebody probably meant who wrote a word that is not known: `did you mean …?`, or all that
/// are known.
#[must_use]
pub fn meant(word: &str, known: &[&str]) -> String {
    table::meant(word, known)
}

/// A duration as it is written: `20s`, `2m`, `1h`, `500ms`.
#[must_use]
pub fn read_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = (text.get(..split)?.parse::<u64>().ok()?, text.get(split..)?);
    match unit.trim() {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" | "min" => count.checked_mul(60).map(Duration::from_secs),
        "h" => count.checked_mul(3_600).map(Duration::from_secs),
        "d" => count.checked_mul(86_400).map(Duration::from_secs),
        _ => None,
    }
}

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
    /// Other keys than the board's own.
    pub keys: Vec<Keys>,
}

/// A line of `[board.keys]`: the keys of a command, as they are written. The board's table of
/// commands knows whether there are such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The command's name.
    pub command: String,
    /// Its keys; none turns it off.
    pub chords: Vec<String>,
    /// Where it is written: file and line.
    pub place: String,
}

impl Keys {
    /// Reads a file that has nothing but such lines.
    ///
    /// # Errors
    /// One sentence with file and line.
    pub fn read(text: &str, path: &Path) -> Result<Vec<Self>, ConfigError> {
        file::only_keys(text, path)
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            glyphs: Glyphs::Auto,
            timezone: "local".to_owned(),
            lock_after: Duration::from_secs(900),
            mouse: false,
            keys: Vec::new(),
        }
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
    pub const fn as_str(self) -> &'static str {
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
    /// Other systems of the merchant top up the same cards: an equal credit after a lost answer
    /// may be theirs.
    pub others_top_up: bool,
    /// SHA-256 of the server's public key, when pinned.
    pub pin_certificate: Option<[u8; 32]>,
    /// What it spells otherwise than its wire's document.
    pub spelling: Spelling,
    /// How its lists are asked for.
    pub lists: Lists,
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

    /// The forms of its ids.
    #[must_use]
    pub const fn ids(&self) -> Ids {
        match self.account {
            Account::Artha(_) => wires::artha::IDS,
            Account::Banana(_) => wires::banana::IDS,
            Account::Enkash(_) => wires::enkash::IDS,
            Account::Ibanera(_) => wires::ibanera::IDS,
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

impl Account {
    /// Where the secrets that it needs come from.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Source> {
        match self {
            Self::Artha(account) => vec![&account.token, &account.private_key],
            Self::Banana(account) => vec![&account.secret_key],
            Self::Enkash(account) => {
                vec![
                    &account.client_id,
                    &account.client_secret,
                    &account.username,
                    &account.password,
                    &account.encryption_key,
                ]
            }
            Self::Ibanera(account) => {
                vec![&account.username, &account.password, &account.shared_secret]
            }
        }
    }
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
    /// How requests are signed.
    pub signature: Signature,
    /// Most decimals of an amount that is sent.
    pub amount_decimals: u32,
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
    /// How it becomes the bytes that sign, where that is another way.
    pub hmac_key_encoding: Option<KeyEncoding>,
    /// How encrypted bytes become text.
    pub payload_text: BytesText,
    /// How a signature becomes text.
    pub hmac_text: BytesText,
    /// What a call without parameters sends.
    pub empty_body: EmptyBody,
}

/// What a Banana Tech call without parameters sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyBody {
    /// An encrypted `{}`.
    #[default]
    Object,
    /// No body; the signature is that of no bytes.
    Nothing,
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
    pub encryption: BodyWrapping,
    /// Which pair of words a load carries.
    pub load: Load,
    /// How the encryption key's text becomes bytes.
    pub key_derivation: KeyDerivation,
    /// The field that an encrypted request is sent in.
    pub envelope_field: String,
    /// Calls that are sent in plain all the same, by their key in `paths`; never the PIN.
    pub unencrypted: Vec<String>,
    /// How a new PIN is written inside the encrypted body.
    pub pin_block: PinBlock,
    /// What `otpRequired` says: whether the cardholder is to confirm a change by a one-time
    /// password.
    pub otp_required: bool,
}

/// How EnKash takes a new PIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PinBlock {
    /// Its digits.
    #[default]
    Plain,
    /// The PIN block of ISO 9564-1 in format 2, in hexadecimal: the one that needs no card number.
    Iso2,
}

/// How EnKash's encryption key becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyDerivation {
    /// The first 16 bytes of its SHA-256.
    #[default]
    Sha256,
    /// The text's own bytes.
    Own,
}

/// How EnKash requests are wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyWrapping {
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
    /// Whose account pays for top-ups. Without it there are none: the documents do not say which
    /// of the two is right.
    pub pays: Option<Pays>,
    /// The manager's own customer id, where the manager pays; else it is asked.
    pub manager_id: Option<String>,
    /// The payer's account that pays; found among the payer's accounts when absent and unique.
    pub asset_account_id: Option<String>,
    /// Path of the call that freezes.
    pub deactivate_path: String,
}

/// Whose account pays for a top-up at Ibanera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// The customer's whose card it is.
    Customer,
    /// The manager's: the one whose credentials cardtop has.
    Manager,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn files(folder: &str) -> Vec<(PathBuf, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a text file");
            (path, text)
        };
        let files: Vec<_> =
            std::fs::read_dir(folder).expect("the folder of the test").map(read).collect();
        assert!(files.len() > 2);
        files
    }

    /// The configuration, its keys given to the board.
    fn checked(text: &str, path: &Path) -> Result<Config, String> {
        let config = Config::parse(text, path).map_err(|error| error.to_string())?;
        crate::app::keymap::Keymap::default()
            .with(&config.board.keys)
            .map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn good_files_load() {
        for (path, text) in files("good") {
            if let Err(error) = checked(&text, &path) {
                panic!("{error}");
            }
        }
    }

    #[test]
    fn each_bad_file_is_one_sentence_with_its_line() {
        for (path, text) in files("bad") {
            let expected = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("# error: "))
                .expect("the expected sentence");
            let error = checked(&text, Path::new("c.toml")).expect_err(&path.display().to_string());
            assert_eq!(error, format!("c.toml {expected}"), "{}", path.display());
        }
    }

    #[test]
    fn scheme_and_host_of_an_address_are_the_same_in_any_case() {
        let text = include_str!("../tests/configs/good/localhost-in-capitals.toml");
        let config = Config::parse(text, Path::new("c.toml")).expect("it is good");
        assert_eq!(
            config.providers.first().map(|provider| provider.base_url.as_str()),
            Some("http://localhost:8080/Api")
        );
    }

    #[test]
    fn broken_toml_names_its_line() {
        let error = Config::parse("[board]\nglyphs = \n", Path::new("c.toml"))
            .expect_err("it is broken")
            .to_string();
        assert!(error.starts_with("c.toml line 2: ") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn the_example_loads_and_shows_the_defaults() {
        let example = include_str!("../config.example.toml");
        let config = Config::parse(example, Path::new("/etc/cardtop/config.toml"))
            .expect("the example is good");
        let names: Vec<&str> =
            config.providers.iter().map(|provider| provider.name.name()).collect();
        assert_eq!(
            names,
            ["acme-eu", "bravo", "prepaid-in", "us"],
            "the order of the file is kept"
        );
        assert_eq!(
            config.providers.iter().map(ProviderConfig::kind).collect::<Vec<_>>(),
            ["artha", "banana", "enkash", "ibanera"]
        );
        let first = config.providers.first().expect("an account");
        assert_eq!(first.roster.as_deref(), Some(Path::new("/etc/cardtop/acme-cards.csv")));

        let mut credentials = false;
        let kept = |line: &&str| {
            if line.starts_with('[') {
                credentials = line.contains(".credentials]");
            }
            !line.contains(" = ")
                || credentials
                || line.starts_with("kind")
                || line.contains("# you")
        };
        let bare: Vec<&str> = example.lines().filter(kept).collect();
        assert!(bare.len() + 10 < example.lines().count(), "most settings are left out");
        let bare = Config::parse(&bare.join("\n"), Path::new("/etc/cardtop/config.toml"))
            .expect("the rest is good");
        assert_eq!(
            format!("{config:#?}"),
            format!("{bare:#?}"),
            "what the example shows is what is so without it"
        );
    }

    #[test]
    fn every_setting_of_every_kind_is_read() {
        let text = include_str!("../tests/configs/good/every-kind.toml");
        let config =
            Config::parse(text, Path::new("/etc/cardtop/config.toml")).expect("it is good");
        let [artha, banana, enkash, ibanera, spelt @ ..] = config.providers.as_slice() else {
            panic!("four accounts")
        };
        assert_eq!(
            (config.board.glyphs, config.board.lock_after),
            (Glyphs::Unicode, Duration::from_secs(3_600))
        );
        assert_eq!(config.listen.map(|addr| addr.to_string()), Some("[::1]:0".into()));
        assert_eq!(
            (artha.environment, artha.rate_limit, artha.read_only),
            (Environment::Sandbox, 5, true)
        );
        assert_eq!(
            (artha.poll.balances, artha.poll.transactions),
            (Duration::from_secs(120), Duration::from_millis(500))
        );
        assert_eq!(artha.timeout, Duration::from_secs(120));
        assert!(
            artha.pin_certificate.is_some() && artha.pin_certificate == banana.pin_certificate,
            "base64 and hexadecimal"
        );
        assert_eq!(enkash.base_url, "https://pay.example.com", "without the slash at its end");
        let Account::Artha(artha) = &artha.account else { panic!("artha") };
        assert_eq!(
            (artha.customer_token, artha.all_transactions_path.as_deref()),
            (false, Some("Card/AllTransactions"))
        );
        let Source::File(key) = &artha.private_key else { panic!("a file") };
        assert_eq!(key, Path::new("/etc/cardtop/key.pem"), "an absolute path stays");
        let moved = &banana.spelling;
        let Account::Banana(banana) = &banana.account else { panic!("banana") };
        assert_eq!(banana.secret_key_encoding, KeyEncoding::Base64);
        assert_eq!(moved.path(wires::banana::CONFIRM_3DS), "/card/confirm_3ds");
        let Account::Enkash(enkash) = &enkash.account else { panic!("enkash") };
        assert_eq!(
            (enkash.encryption, enkash.load, &*enkash.card_account_id),
            (BodyWrapping::Off, Load::LoadMoney, "42")
        );
        let Account::Ibanera(ibanera) = &ibanera.account else { panic!("ibanera") };
        assert_eq!(
            (ibanera.secret_encoding, ibanera.asset_account_id.as_deref()),
            (SecretEncoding::Ascii, Some("8204"))
        );
        assert_eq!(
            (ibanera.pays, ibanera.manager_id.as_deref()),
            (Some(Pays::Customer), Some("14380"))
        );
        assert_eq!(ibanera.deactivate_path, "/api/v1/customer/cards/suppress");

        let [artha, banana, enkash, ibanera] = spelt else { panic!("four more") };
        assert_eq!(
            artha.lists,
            Lists {
                first_page: 0,
                page_size: 10,
                span: Duration::from_secs(7 * 86_400),
                dates: wires::Dates::UnixMillis,
                time_zone: "Asia/Kolkata".into(),
                ..Lists::default()
            }
        );
        assert_eq!(artha.spelling.path(wires::artha::TOP_UP), "Card/TopUp");
        assert_eq!(
            artha.spelling.path(wires::artha::FREEZE),
            "CardFreeze",
            "what is not set stays"
        );
        assert_eq!(
            (artha.spelling.ours("TXTIME"), artha.spelling.theirs("cardStatus")),
            (Some("date"), "state")
        );
        assert_eq!(
            artha.spelling.card_state("in use"),
            Some(crate::domain::card::CardState::Active)
        );
        let Account::Artha(artha) = &artha.account else { panic!("artha") };
        assert_eq!(artha.signature.headers, ["timestamp", "nonce"]);
        assert_eq!((artha.signature.padding, artha.amount_decimals), (wires::Padding::Pss, 3));
        assert_eq!((banana.lists.page_size, banana.lists.dates), (10, wires::Dates::Day));
        let Account::Banana(banana) = &banana.account else { panic!("banana") };
        assert_eq!(
            (banana.hmac_key_encoding, banana.hmac_text),
            (Some(KeyEncoding::Utf8), BytesText::HexUpper)
        );
        assert_eq!(enkash.lists.time_zone, "UTC");
        let Account::Enkash(enkash) = &enkash.account else { panic!("enkash") };
        assert_eq!(
            (enkash.key_derivation, enkash.otp_required, &*enkash.envelope_field),
            (KeyDerivation::Own, true, "data")
        );
        assert_eq!(enkash.pin_block, PinBlock::Iso2);
        assert_eq!(enkash.unencrypted, ["search", "transactions"]);
        assert_eq!((ibanera.lists.page_size, ibanera.lists.outgoing), (25, wires::Sign::Positive));
    }

    #[test]
    fn no_mistake_repeats_what_may_be_a_secret() {
        for (path, text) in files("bad").into_iter().filter(|(_, text)| text.contains("hunter2")) {
            let error = checked(&text, &path).expect_err("it is bad");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_damaged_the_answer_is_one_sentence_with_a_line(at in 0_usize..4_000, cut in 0_usize..40, put in "\\PC{0,6}|[\\[\\]{}=\".#a-z\n -]{0,12}") {
            let example = include_str!("../config.example.toml");
            let from = (0..=at.min(example.len())).rev().find(|at| example.is_char_boundary(*at)).unwrap_or(0);
            let to = (from + cut..=example.len()).find(|at| example.is_char_boundary(*at)).unwrap_or(example.len());
            let text = format!("{}{put}{}", &example[..from], &example[to..]);
            if let Err(ConfigError(words)) = Config::parse(&text, Path::new("c.toml")) {
                let line = words.strip_prefix("c.toml line ").and_then(|rest| rest.split_once(": "));
                let line: Option<usize> = line.and_then(|(line, _)| line.parse().ok());
                prop_assert!(line.is_some_and(|line| line <= text.matches('\n').count() + 1) && !words.contains('\n'), "{}", words);
            }
        }
    }
}
