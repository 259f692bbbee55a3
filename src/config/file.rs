//! The file as written, checked into a [`Config`]. Every mistake is one sentence that names the file, the line and what to write.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::secret::Source;
use super::{
    Account, Artha, Banana, Board, Config, Enkash, Envelope, Environment, Glyphs, Ibanera, KeyEncoding, Keys, Load, Poll,
    ProviderConfig, SecretEncoding,
};
use crate::domain::card::ProviderId;

/// What is wrong with a configuration, in one sentence with its file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Checks a configuration. Relative paths in it are relative to its own folder.
///
/// # Errors
/// The first mistake.
pub(super) fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let page = Page { text, path };
    let parsed = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        match (error.message().trim(), text.get(span.clone())) {
            ("duplicate key", Some(key)) => page.wrong(span, &format!("`{key}` is written twice: keep one")),
            (words, _) => page.wrong(span, words),
        }
    })?;
    let mut top = Table::new(&page, String::new(), parsed.span(), parsed.get_ref());
    top.only(&["board", "providers", "listen"])?;
    let board = match top.table("board")? {
        Some(table) => board(table)?,
        None => Board::default(),
    };
    let listen = match top.table("listen")? {
        Some(mut table) => {
            table.only(&["addr"])?;
            table.read("addr", "an address such as \"127.0.0.1:8787\"", |text| text.parse::<SocketAddr>().ok())?
        }
        None => None,
    };
    let mut providers = Vec::new();
    if let Some(table) = top.table("providers")? {
        for (name, span, value) in table.rest() {
            let DeValue::Table(entries) = value else {
                return Err(page.wrong(span, &format!("providers.{name} is not a table: write [providers.{name}]")));
            };
            providers.push((span.start, provider(&page, &name, Table::new(&page, format!("providers.{name}"), span, entries))?));
        }
    }
    providers.sort_by_key(|(at, _)| *at);
    Ok(Config {
        board,
        providers: providers.into_iter().map(|(_, provider)| provider).collect(),
        listen,
        path: Some(path.to_owned()),
    })
}

fn board(mut table: Table<'_>) -> Result<Board, ConfigError> {
    table.only(&["glyphs", "timezone", "lock_after", "mouse", "keys"])?;
    let default = Board::default();
    let glyphs = table.word("glyphs", &[("auto", Glyphs::Auto), ("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)])?;
    let timezone = table.read("timezone", "\"local\", \"UTC\" or a name such as \"Europe/Stockholm\"", |text| {
        (text == "local" || jiff::tz::TimeZone::get(text).is_ok()).then(|| text.to_owned())
    })?;
    let lock_after = table.duration("lock_after")?;
    let mouse = table.flag("mouse")?;
    let keys = table.table("keys")?.map(keys).transpose()?;
    Ok(Board {
        glyphs: glyphs.unwrap_or(default.glyphs),
        timezone: timezone.unwrap_or(default.timezone),
        lock_after: lock_after.unwrap_or(default.lock_after),
        mouse: mouse.unwrap_or(default.mouse),
        keys: keys.unwrap_or_default(),
    })
}

/// A file that has nothing but keys.
pub(super) fn only_keys(text: &str, path: &Path) -> Result<Vec<Keys>, ConfigError> {
    let page = Page { text, path };
    let parsed = DeTable::parse(text).map_err(|error| page.wrong(error.span().unwrap_or(0..0), error.message().trim()))?;
    keys(Table::new(&page, String::new(), parsed.span(), parsed.get_ref()))
}

/// What the names and the chords mean is known by the board alone.
fn keys(table: Table<'_>) -> Result<Vec<Keys>, ConfigError> {
    let page = table.page;
    let mut keys = Vec::new();
    for (command, span, value) in table.rest() {
        let text = |value: &DeValue<'_>| if let DeValue::String(text) = value { Some(text.to_string()) } else { None };
        let chords = match value {
            DeValue::Array(several) => several.iter().map(|value| text(value.get_ref())).collect(),
            one => text(one).map(|chord| vec![chord]),
        };
        let Some(chords) = chords else {
            let words = format!(
                "board.keys.{command} is not a key: write one such as \"x\", several such as [\"x\", \"f2\"], or none: []"
            );
            return Err(page.wrong(span, &words));
        };
        keys.push((span.start, Keys { place: page.place(span), command, chords }));
    }
    keys.sort_by_key(|(at, _)| *at);
    Ok(keys.into_iter().map(|(_, keys)| keys).collect())
}

/// The wires, with the keys that only they have.
#[derive(Clone, Copy)]
enum Kind {
    Artha,
    Banana,
    Enkash,
    Ibanera,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Artha, Self::Banana, Self::Enkash, Self::Ibanera];

    const fn word(self) -> &'static str {
        match self {
            Self::Artha => "artha",
            Self::Banana => "banana",
            Self::Enkash => "enkash",
            Self::Ibanera => "ibanera",
        }
    }

    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Artha => &["customer_token", "all_transactions_path"],
            Self::Banana => &["merchant_id", "secret_key_encoding", "paths"],
            Self::Enkash => &["token_url", "partner_id", "company_id", "card_account_id", "encryption", "load"],
            Self::Ibanera => &["secret_encoding", "asset_account_id", "deactivate_path"],
        }
    }

    const fn credentials(self) -> &'static [&'static str] {
        match self {
            Self::Artha => &["token", "private_key", "callback_public_key"],
            Self::Banana => &["secret_key"],
            Self::Enkash => &["client_id", "client_secret", "username", "password", "encryption_key"],
            Self::Ibanera => &["username", "password", "shared_secret"],
        }
    }
}

const COMMON: [&str; 10] =
    ["kind", "environment", "base_url", "roster", "rate_limit", "read_only", "timeout", "poll", "pin_certificate", "credentials"];

fn provider(page: &Page<'_>, name: &str, mut table: Table<'_>) -> Result<ProviderConfig, ConfigError> {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain {
        return Err(page.wrong(table.span.clone(), &format!("providers.\"{name}\": a name has only letters, digits, - and _")));
    }
    let kind = match table.word("kind", &Kind::ALL.map(|kind| (kind.word(), kind)))? {
        Some(kind) => kind,
        None => {
            // A mistyped `kind` is the likelier mistake than a forgotten one.
            table.only(&[&COMMON[..], &Kind::ALL.map(Kind::settings).concat()].concat())?;
            let words = Kind::ALL.map(|kind| format!("\"{}\"", kind.word())).join(", ");
            return Err(table.missing("kind", &format!(": write one of {words}")));
        }
    };
    // A mistyped key is named before the key that it leaves missing.
    if let Some(key) = kind.credentials().iter().find(|key| table.entries.iter().any(|(name, ..)| name == *key)) {
        let place = format!(" is a secret: it belongs in [{}.credentials]", table.name);
        return Err(table.misplaced(key, &place));
    }
    table.only(&[&COMMON[..], kind.settings()].concat())?;
    let environment = table
        .word("environment", &[("production", Environment::Production), ("sandbox", Environment::Sandbox)])?
        .unwrap_or(Environment::Production);
    let base_url = table.need_address("base_url")?;
    let roster = table.some_text("roster")?.map(|text| page.file(&text));
    let rate_limit = table
        .read("rate_limit", "a rate of at least one a minute, such as \"120/min\", \"5/s\" or \"3000/hour\"", read_rate)?
        .unwrap_or(120);
    let read_only = table.flag("read_only")?.unwrap_or(false);
    let timeout = table.duration("timeout")?.unwrap_or(Duration::from_secs(20));
    let poll = match table.table("poll")? {
        Some(mut poll) => {
            poll.only(&["balances", "transactions"])?;
            let default = Poll::default();
            let balances = poll.duration("balances")?.unwrap_or(default.balances);
            let transactions = poll.duration("transactions")?.unwrap_or(default.transactions);
            Poll { balances, transactions }
        }
        None => Poll::default(),
    };
    let pin_certificate =
        table.read("pin_certificate", "the SHA-256 of the server's public key: 64 hexadecimal digits, or base64", read_pin)?;
    let mut credentials = match table.table("credentials")? {
        Some(credentials) => credentials,
        None => Table { page, name: format!("{}.credentials", table.name), span: table.span.clone(), entries: Vec::new() },
    };
    credentials.only(kind.credentials())?;
    let account = match kind {
        Kind::Artha => Account::Artha(Artha {
            token: credentials.need_secret("token")?,
            private_key: credentials.need_secret("private_key")?,
            callback_public_key: credentials.secret("callback_public_key")?,
            customer_token: table.flag("customer_token")?.unwrap_or(true),
            all_transactions_path: table.some_text("all_transactions_path")?,
        }),
        Kind::Banana => Account::Banana(Banana {
            secret_key: credentials.need_secret("secret_key")?,
            merchant_id: table.need_text("merchant_id")?,
            secret_key_encoding: table
                .word(
                    "secret_key_encoding",
                    &[("utf8", KeyEncoding::Utf8), ("hex", KeyEncoding::Hex), ("base64", KeyEncoding::Base64)],
                )?
                .unwrap_or_default(),
            paths: banana_paths(&mut table)?,
        }),
        Kind::Enkash => Account::Enkash(Enkash {
            client_id: credentials.need_secret("client_id")?,
            client_secret: credentials.need_secret("client_secret")?,
            username: credentials.need_secret("username")?,
            password: credentials.need_secret("password")?,
            encryption_key: credentials.need_secret("encryption_key")?,
            token_url: table.need_address("token_url")?,
            partner_id: table.need_text("partner_id")?,
            company_id: table.need_text("company_id")?,
            card_account_id: table.need_text("card_account_id")?,
            encryption: table
                .word("encryption", &[("envelope", Envelope::Envelope), ("bare", Envelope::Bare), ("off", Envelope::Off)])?
                .unwrap_or_default(),
            load: table
                .word("load", &[("allocate_fund", Load::AllocateFund), ("load_money", Load::LoadMoney)])?
                .unwrap_or_default(),
        }),
        Kind::Ibanera => Account::Ibanera(Ibanera {
            username: credentials.need_secret("username")?,
            password: credentials.need_secret("password")?,
            shared_secret: credentials.need_secret("shared_secret")?,
            secret_encoding: table
                .word("secret_encoding", &[("base32", SecretEncoding::Base32), ("ascii", SecretEncoding::Ascii)])?
                .unwrap_or_default(),
            asset_account_id: table.some_text("asset_account_id")?,
            deactivate_path: table
                .some_text("deactivate_path")?
                .unwrap_or_else(|| "/api/v1/customer/cards/deactivate".to_owned()),
        }),
    };
    let name = ProviderId::new(name);
    Ok(ProviderConfig { name, environment, base_url, roster, rate_limit, read_only, timeout, poll, pin_certificate, account })
}

/// Operations whose path can be set, by the last part of the default path.
const BANANA_PATHS: [&str; 15] = [
    "get_account_balance",
    "get_card_templates",
    "set_webhook_url",
    "get_webhook_records",
    "register",
    "get_users",
    "apply",
    "recharge",
    "update_status",
    "get_balance",
    "get_information",
    "get_transactions",
    "assign",
    "set_pin",
    "3ds_confirm",
];

fn banana_paths(table: &mut Table<'_>) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut paths = BTreeMap::new();
    if let Some(mut given) = table.table("paths")? {
        given.only(&BANANA_PATHS)?;
        for name in BANANA_PATHS {
            if let Some(path) = given.some_text(name)? {
                paths.insert(name.to_owned(), path);
            }
        }
    }
    Ok(paths)
}

/// The file's text, for lines in sentences.
struct Page<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Page<'_> {
    fn wrong(&self, at: Range<usize>, words: &str) -> ConfigError {
        let words = words.lines().collect::<Vec<_>>().join(" ");
        ConfigError(format!("{}: {words}", self.place(at)))
    }

    fn place(&self, at: Range<usize>) -> String {
        let before = self.text.get(..at.start.min(self.text.len())).unwrap_or_default();
        format!("{} line {}", self.path.display(), before.matches('\n').count() + 1)
    }

    /// A path of the file, relative to its folder; `~/` is the home folder.
    fn file(&self, text: &str) -> PathBuf {
        let home = text.strip_prefix("~/").and_then(|rest| Some(directories::BaseDirs::new()?.home_dir().join(rest)));
        if let Some(path) = home {
            return path;
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        folder.join(text)
    }
}

/// One table of the file; every key that is read is taken out.
struct Table<'a> {
    page: &'a Page<'a>,
    name: String,
    span: Range<usize>,
    entries: Vec<(String, Range<usize>, &'a DeValue<'a>)>,
}

impl<'a> Table<'a> {
    fn new(page: &'a Page<'a>, name: String, span: Range<usize>, table: &'a DeTable<'a>) -> Self {
        let entries = table
            .iter()
            .map(|(key, value): (&Spanned<_>, &Spanned<_>)| (key.get_ref().to_string(), key.span(), value.get_ref()))
            .collect();
        Self { page, name, span, entries }
    }

    fn rest(self) -> Vec<(String, Range<usize>, &'a DeValue<'a>)> {
        self.entries
    }

    fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn take(&mut self, key: &str) -> Option<(Range<usize>, &'a DeValue<'a>)> {
        let index = self.entries.iter().position(|(name, ..)| name == key)?;
        let (_, span, value) = self.entries.remove(index);
        Some((span, value))
    }

    fn missing(&self, key: &str, hint: &str) -> ConfigError {
        self.page.wrong(self.span.clone(), &format!("{} is missing{hint}", self.key(key)))
    }

    fn misplaced(&self, key: &str, why: &str) -> ConfigError {
        let span =
            self.entries.iter().find(|(name, ..)| name == key).map_or_else(|| self.span.clone(), |(_, span, _)| span.clone());
        self.page.wrong(span, &format!("{}{why}", self.key(key)))
    }

    fn text(&mut self, key: &str) -> Result<Option<(String, Range<usize>)>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((span, DeValue::String(text))) => Ok(Some((text.to_string(), span))),
            Some((span, DeValue::Integer(number))) => Ok(Some((number.to_string(), span))),
            Some((span, _)) => Err(self.page.wrong(span, &format!("{} is not text: write it in quotes", self.key(key)))),
        }
    }

    /// A text that, where it is given, is not empty.
    fn some_text(&mut self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.text(key)? {
            Some((text, span)) if text.trim().is_empty() => {
                Err(self.page.wrong(span, &format!("{} is empty: fill it in or leave the line out", self.key(key))))
            }
            given => Ok(given.map(|(text, _)| text)),
        }
    }

    fn need_text(&mut self, key: &str) -> Result<String, ConfigError> {
        self.some_text(key)?.ok_or_else(|| self.missing(key, ": write it as the provider gave it to you"))
    }

    fn read<T>(&mut self, key: &str, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ConfigError> {
        let Some((text, span)) = self.text(key)? else { return Ok(None) };
        match read(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.page.wrong(span, &format!("{} is \"{text}\": write {wanted}", self.key(key)))),
        }
    }

    fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, ConfigError> {
        let wanted = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        self.read(key, &format!("one of {wanted}"), |text| words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value))
    }

    fn flag(&mut self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((_, DeValue::Boolean(flag))) => Ok(Some(*flag)),
            Some((span, _)) => Err(self
                .page
                .wrong(span, &format!("{} is neither true nor false: write one of them without quotes", self.key(key)))),
        }
    }

    /// More than nothing, so that nothing spins, and at most a year, so that no sum with a time overflows.
    fn duration(&mut self, key: &str) -> Result<Option<Duration>, ConfigError> {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        self.read(key, "a duration of more than nothing and at most 365d, such as \"500ms\", \"20s\" or \"2m\"", |text| {
            super::read_duration(text).filter(|duration| !duration.is_zero() && *duration <= YEAR)
        })
    }

    /// An address without a slash at its end: https, or http on this machine.
    fn need_address(&mut self, key: &str) -> Result<String, ConfigError> {
        let Some((text, span)) = self.text(key)? else {
            return Err(self.missing(key, ": write the address that the provider gave you"));
        };
        let wrong = |words: &str| Err(self.page.wrong(span.clone(), &format!("{} {words}", self.key(key))));
        let Ok(url) = text.parse::<http::Uri>() else {
            return wrong("is not an address: write one such as \"https://api.example.com\"");
        };
        let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else {
            return wrong("is not a whole address: write one such as \"https://api.example.com\"");
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let local = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return wrong("has a user name or password in it: credentials have their own table");
        }
        if text.contains(['?', '#']) {
            return wrong("has a ? or # in it: write the address up to its path");
        }
        match scheme {
            "https" => {}
            "http" if local => {}
            "http" => {
                return wrong("is http://, which anybody on the way can read: write https:// (http is for this machine only)");
            }
            _ => return wrong("is not https://"),
        }
        Ok(text.trim_end_matches('/').to_owned())
    }

    fn table(&mut self, key: &str) -> Result<Option<Self>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((span, DeValue::Table(entries))) => Ok(Some(Table::new(self.page, self.key(key), span, entries))),
            Some((span, _)) => {
                Err(self.page.wrong(span, &format!("{} is not a table: write [{}]", self.key(key), self.key(key))))
            }
        }
    }

    fn need_secret(&mut self, key: &str) -> Result<Source, ConfigError> {
        let hint = ": say where the secret is, such as { env = \"NAME\" } or { file = \"path\" }";
        self.secret(key)?.ok_or_else(|| self.missing(key, hint))
    }

    fn secret(&mut self, key: &str) -> Result<Option<Source>, ConfigError> {
        const HOW: &str =
            "{ env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \"word\"] } or { keyring = \"service/account\" }";
        let name = self.key(key);
        let Some((span, value)) = self.take(key) else { return Ok(None) };
        let DeValue::Table(entries) = value else {
            let words = format!("{name}: a secret is never written in this file; say where it is: {HOW}");
            return Err(self.page.wrong(span, &words));
        };
        let mut source = Table::new(self.page, name.clone(), span.clone(), entries);
        source.only(&["env", "file", "command", "keyring"])?;
        let mut found = Vec::new();
        // What stands there may be the secret itself, put in the wrong place: no sentence repeats it.
        if let Some((variable, at)) = source.text("env")? {
            let plain = variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && variable.bytes().next().is_some_and(|b| !b.is_ascii_digit());
            if !plain {
                let words = format!("{name}.env is not the name of a variable: write one such as \"ACME_TOKEN\"");
                return Err(self.page.wrong(at, &words));
            }
            found.push(Source::Env(variable));
        }
        if let Some(file) = source.some_text("file")? {
            found.push(Source::File(self.page.file(&file)));
        }
        if let Some((entry, at)) = source.text("keyring")? {
            if !entry.split_once('/').is_some_and(|(service, account)| !service.is_empty() && !account.is_empty()) {
                return Err(self.page.wrong(at, &format!("{name}.keyring is not \"service/account\"")));
            }
            found.push(Source::Keyring(entry));
        }
        if let Some((at, words)) = source.take("command") {
            let words = match words {
                DeValue::Array(words) => {
                    words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                }
                _ => None,
            };
            match words.filter(|words| words.first().is_some_and(|program| !program.is_empty())) {
                Some(words) => found.push(Source::Command(words)),
                None => {
                    return Err(self
                        .page
                        .wrong(at, &format!("{name}.command is not a list of words: write [\"program\", \"word\"]")));
                }
            }
        }
        match (found.pop(), found.pop()) {
            (Some(source), None) => Ok(Some(source)),
            _ => Err(self.page.wrong(span, &format!("{name} names no single source: write one of {HOW}"))),
        }
    }

    /// Complains of the first key that is not one of these.
    fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let unknown = self.entries.iter().filter(|(key, ..)| !known.contains(&key.as_str()));
        let Some((key, span, _)) = unknown.min_by_key(|(_, span, _)| span.start) else { return Ok(()) };
        let place = if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) };
        Err(self.page.wrong(span.clone(), &format!("{place}unknown key `{key}`; {}", meant(key, known))))
    }
}

/// What somebody probably meant who wrote a word that is not known.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (distance(word, known), known)).min().filter(|(far, _)| *far <= 3);
    near.map_or_else(|| format!("known are {}", known.join(", ")), |(_, known)| format!("did you mean `{known}`?"))
}

/// Edits that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, y) in row.iter().skip(1).zip(&b) {
            left = (corner + usize::from(x != *y)).min(left + 1).min(above + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Requests a minute: `120/min`, `5/s`, `3000/hour`.
fn read_rate(text: &str) -> Option<u32> {
    let (count, unit) = text.split_once('/')?;
    let count: u32 = count.trim().parse().ok().filter(|count| *count > 0)?;
    match unit.trim() {
        "s" | "sec" | "second" => count.checked_mul(60),
        "m" | "min" | "minute" => Some(count),
        // Rounded down: it is a limit. Under one a minute would round to none.
        "h" | "hour" => Some(count / 60).filter(|count| *count > 0),
        _ => None,
    }
}

fn read_pin(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let text = text.strip_prefix("sha256//").or_else(|| text.strip_prefix("sha256/")).unwrap_or(text);
    let plain: String = text.chars().filter(|c| *c != ':').collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(plain.as_bytes())
        .or_else(|_| data_encoding::BASE64.decode(plain.as_bytes()))
        .ok()?;
    bytes.try_into().ok()
}
