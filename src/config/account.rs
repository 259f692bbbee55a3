//! `[providers.NAME]`: one provider account, checked.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::duration::read_duration;
use super::error::ConfigError;
use super::kind::{AccountTable, ProviderKind};
use super::lists::{self, Lists};
use super::proxy;
use super::routes;
use super::spelling::{self, Spelling};
use super::table::Table;
use crate::domain::card::{Ids, ProviderId};

/// `[providers.NAME]`. `A` is what its kind makes of its own settings and credentials.
///
/// More than twelve fields: one for each key that every account has.
#[derive(Clone, Debug)]
pub struct ProviderConfig<A: 'static> {
    /// The name in the file.
    pub name: ProviderId,
    /// Which wire it speaks.
    pub kind: &'static ProviderKind<A>,
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
    /// How far back transactions are read and kept.
    pub history: Duration,
    /// Other systems of the merchant top up the same cards: an equal credit after a lost answer
    /// may be theirs.
    pub others_top_up: bool,
    /// SHA-256 of the server's public key, when pinned.
    pub pin_certificate: Option<[u8; 32]>,
    /// The addresses that its webhooks may come from; empty for any.
    pub webhook_from: Vec<IpNet>,
    /// What it spells otherwise than its wire's document.
    pub spelling: Spelling,
    /// How its lists are asked for.
    pub lists: Lists,
    /// The settings that only its kind has, and where its credentials are.
    pub settings: A,
}

impl<A> ProviderConfig<A> {
    /// The kind's word: `artha`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind.name
    }

    /// The forms of its ids.
    #[must_use]
    pub const fn ids(&self) -> Ids {
        self.kind.ids
    }
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
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Production];

    /// The word in the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }

    /// The word in the top line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "PROD",
            Self::Sandbox => "SANDBOX",
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

/// The keys of an account of any kind.
const COMMON: [&str; 17] = [
    "kind",
    "environment",
    "base_url",
    "roster",
    "rate_limit",
    "read_only",
    "timeout",
    "poll",
    "history",
    "pin_certificate",
    "others_top_up",
    "webhook_from",
    "credentials",
    "paths",
    "fields",
    "words",
    "lists",
];

/// Reads an account. The order of the checks decides which of several mistakes is named: a mistyped
/// key before the key that it leaves missing.
pub(super) fn read<A>(
    name: &str,
    mut table: Table<'_>,
    kinds: &[&'static ProviderKind<A>],
) -> Result<ProviderConfig<A>, ConfigError> {
    check_name(name, &table)?;
    let kind = read_kind(&mut table, kinds)?;
    if let Some(key) = kind.credentials.iter().find(|key| table.has(key)) {
        let place = format!(" is a secret: it belongs in [{}.credentials]", table.name());
        return Err(table.misplaced(key, &place));
    }
    table.only(&[&COMMON[..], kind.settings].concat())?;
    let environment = table
        .word(
            "environment",
            &[Environment::Production, Environment::Sandbox].map(|it| (it.word(), it)),
        )?
        .unwrap_or(Environment::Production);
    let base_url = table.need_address("base_url")?;
    let roster = table.some_text("roster")?.map(|text| table.file(&text));
    let rate_limit = table.read("rate_limit", RATE, read_rate)?.unwrap_or(120);
    let read_only = table.flag("read_only")?.unwrap_or(false);
    let timeout = table.duration("timeout")?.unwrap_or(Duration::from_secs(20));
    let poll = read_poll(&mut table)?;
    let history = table.read("history", HISTORY, read_history)?.unwrap_or(DEFAULT_HISTORY);
    // Nobody else knows of a server on this machine.
    let others_top_up = table.flag("others_top_up")?.unwrap_or_else(|| !is_local(&base_url));
    let pin_certificate = table.read("pin_certificate", CERTIFICATE_PIN, read_certificate_pin)?;
    let webhook_from = read_senders(&mut table)?;
    let spelling = spelling::read(&mut table, kind.endpoints, kind.fields, kind.words)?;
    let lists = lists::read(&mut table, kind.list_settings, (kind.lists)())?;
    let credentials = table.table_or_empty("credentials")?;
    credentials.only(kind.credentials)?;
    let mut account = AccountTable::new(table, credentials);
    let settings = (kind.read)(&mut account)?;
    let (table, own_routes) = account.into_parts();
    routes::refuse_shared(kind.endpoints, &spelling, own_routes, &table)?;
    Ok(ProviderConfig {
        name: ProviderId::new(name),
        kind,
        environment,
        base_url,
        roster,
        rate_limit,
        read_only,
        timeout,
        poll,
        history,
        others_top_up,
        pin_certificate,
        webhook_from,
        spelling,
        lists,
        settings,
    })
}

fn check_name(name: &str, table: &Table<'_>) -> Result<(), ConfigError> {
    if is_account_name(name) {
        return Ok(());
    }
    let words = format!("providers.\"{name}\": a name has only letters, digits, - and _");
    Err(table.error(table.span(), &words))
}

/// Whether an account may have this name: it stands before every card of it.
#[must_use]
pub fn is_account_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    plain && !name.is_empty()
}

fn read_kind<A>(
    table: &mut Table<'_>,
    kinds: &[&'static ProviderKind<A>],
) -> Result<&'static ProviderKind<A>, ConfigError> {
    let words: Vec<(&str, &'static ProviderKind<A>)> =
        kinds.iter().map(|kind| (kind.name, *kind)).collect();
    if let Some(kind) = table.word("kind", &words)? {
        return Ok(kind);
    }
    // A mistyped `kind` is the likelier mistake than a forgotten one.
    let own = kinds.iter().flat_map(|kind| kind.settings);
    table.only(&COMMON.iter().chain(own).copied().collect::<Vec<_>>())?;
    let words: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", kind.name)).collect();
    Err(table.missing("kind", &format!(": write one of {}", words.join(", "))))
}

fn read_poll(table: &mut Table<'_>) -> Result<Poll, ConfigError> {
    let default = Poll::default();
    let Some(mut poll) = table.table("poll")? else { return Ok(default) };
    poll.only(&["balances", "transactions"])?;
    Ok(Poll {
        balances: poll.duration("balances")?.unwrap_or(default.balances),
        transactions: poll.duration("transactions")?.unwrap_or(default.transactions),
    })
}

/// The senders of webhooks: networks such as `203.0.113.0/24`, or single addresses.
fn read_senders(table: &mut Table<'_>) -> Result<Vec<IpNet>, ConfigError> {
    let Some((senders, span)) = table.list("webhook_from")? else { return Ok(Vec::new()) };
    let read = |text: &String| {
        let text = text.trim();
        text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    };
    if let Some(wrong) = senders.iter().find(|sender| read(sender).is_none()) {
        let words = format!(
            "{} has \"{wrong}\", which is neither an address nor a network such as \
             \"203.0.113.0/24\"",
            table.key("webhook_from")
        );
        return Err(table.error(span, &words));
    }
    Ok(senders.iter().filter_map(read).collect())
}

/// Whether an address leads to this machine.
fn is_local(address: &str) -> bool {
    address.parse::<http::Uri>().is_ok_and(|url| url.host().is_some_and(proxy::is_loopback))
}

const RATE: &str = "a rate of at least one a minute, such as \"120/min\", \"5/s\" or \"3000/hour\"";

const HISTORY: &str =
    "how far back transactions are read, from \"1d\" to \"3650d\", such as \"400d\"";

/// How far back transactions are read where nothing is said.
const DEFAULT_HISTORY: Duration = Duration::from_secs(90 * DAY);

const DAY: u64 = 86_400;

fn read_history(text: &str) -> Option<Duration> {
    let range = Duration::from_secs(DAY)..=Duration::from_secs(3_650 * DAY);
    read_duration(text).filter(|history| range.contains(history))
}

const CERTIFICATE_PIN: &str =
    "the SHA-256 of the server's public key: 64 hexadecimal digits, or base64";

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

/// The SHA-256 of a public key as openssl (hexadecimal, with colons or without) or curl (base64
/// after `sha256//`) print it.
fn read_certificate_pin(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let text =
        text.strip_prefix("sha256//").or_else(|| text.strip_prefix("sha256/")).unwrap_or(text);
    let plain: String = text.chars().filter(|c| *c != ':').collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(plain.as_bytes())
        .or_else(|_| data_encoding::BASE64.decode(plain.as_bytes()))
        .ok()?;
    bytes.try_into().ok()
}
