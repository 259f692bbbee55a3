//! The file as written, checked into a [`Config`]. Every mistake is one sentence that names the
//! file, the line and what to write.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::paths::place;
use super::table::{Page, Table};
use super::wires::{
    self, BytesText, Dates, INDIA, Lists, Names, Padding, Renamed, SIGNED_HEADERS, Sign, Signature,
    Spelling, Values,
};
use super::{
    Account, Artha, Banana, Board, BodyWrapping, Config, EmptyBody, Enkash, Environment, Glyphs,
    Ibanera, KeyDerivation, KeyEncoding, Keys, Load, Pays, PinBlock, Poll, ProviderConfig,
    SecretEncoding,
};
use crate::domain::card::{CardState, ProviderId};
use crate::domain::transaction::{TransactionKind, TransactionState};

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
            ("duplicate key", Some(key)) => {
                page.wrong(span, &format!("`{key}` is written twice: keep one"))
            }
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
            table.read("addr", "an address such as \"127.0.0.1:8787\"", |text| {
                text.parse::<SocketAddr>().ok()
            })?
        }
        None => None,
    };
    let mut providers = Vec::new();
    if let Some(table) = top.table("providers")? {
        for (name, span, value) in table.rest() {
            let DeValue::Table(entries) = value else {
                return Err(page.wrong(
                    span,
                    &format!("providers.{name} is not a table: write [providers.{name}]"),
                ));
            };
            providers.push((
                span.start,
                provider(
                    &page,
                    &name,
                    Table::new(&page, format!("providers.{name}"), span, entries),
                )?,
            ));
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
    let glyphs = table.word(
        "glyphs",
        &[("auto", Glyphs::Auto), ("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)],
    )?;
    let timezone = table.read(
        "timezone",
        "\"local\", \"UTC\" or a name such as \"Europe/Stockholm\"",
        |text| (text == "local" || jiff::tz::TimeZone::get(text).is_ok()).then(|| text.to_owned()),
    )?;
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
    let parsed = DeTable::parse(text)
        .map_err(|error| page.wrong(error.span().unwrap_or(0..0), error.message().trim()))?;
    keys(Table::new(&page, String::new(), parsed.span(), parsed.get_ref()))
}

/// What the names and the chords mean is known by the board alone.
fn keys(table: Table<'_>) -> Result<Vec<Keys>, ConfigError> {
    let page = table.page;
    let mut keys = Vec::new();
    for (command, span, value) in table.rest() {
        let text = |value: &DeValue<'_>| {
            if let DeValue::String(text) = value { Some(text.to_string()) } else { None }
        };
        let chords = match value {
            DeValue::Array(several) => several.iter().map(|value| text(value.get_ref())).collect(),
            one => text(one).map(|chord| vec![chord]),
        };
        let Some(chords) = chords else {
            let words = format!(
                "board.keys.{command} is not a key: write one such as \"x\", several such as \
                 [\"x\", \"f2\"], or none: []"
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

    const fn as_str(self) -> &'static str {
        match self {
            Self::Artha => "artha",
            Self::Banana => "banana",
            Self::Enkash => "enkash",
            Self::Ibanera => "ibanera",
        }
    }

    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Artha => {
                &["customer_token", "all_transactions_path", "signature", "amount_decimals"]
            }
            Self::Banana => &[
                "merchant_id",
                "secret_key_encoding",
                "hmac_key_encoding",
                "payload_text",
                "hmac_text",
                "empty_body",
            ],
            Self::Enkash => &[
                "token_url",
                "partner_id",
                "company_id",
                "card_account_id",
                "encryption",
                "load",
                "key_derivation",
                "envelope_field",
                "pin_block",
                "unencrypted",
                "otp_required",
            ],
            Self::Ibanera => {
                &["secret_encoding", "pays", "manager_id", "asset_account_id", "deactivate_path"]
            }
        }
    }

    const fn paths(self) -> &'static [wires::Path] {
        match self {
            Self::Artha => wires::artha::PATHS,
            Self::Banana => wires::banana::PATHS,
            Self::Enkash => wires::enkash::PATHS,
            Self::Ibanera => wires::ibanera::PATHS,
        }
    }

    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Artha => wires::artha::FIELDS,
            Self::Banana => wires::banana::FIELDS,
            Self::Enkash => wires::enkash::FIELDS,
            Self::Ibanera => wires::ibanera::FIELDS,
        }
    }

    /// How its lists are asked for where the file says nothing. INFERENCE of the wire notes, 5 of
    /// each.
    fn lists(self) -> Lists {
        match self {
            Self::Artha | Self::Ibanera => Lists::default(),
            Self::Banana => Lists { page_size: 100, ..Lists::default() },
            Self::Enkash => Lists { time_zone: INDIA.to_owned(), ..Lists::default() },
        }
    }

    const fn credentials(self) -> &'static [&'static str] {
        match self {
            Self::Artha => &["token", "private_key", "callback_public_key"],
            Self::Banana => &["secret_key"],
            Self::Enkash => {
                &["client_id", "client_secret", "username", "password", "encryption_key"]
            }
            Self::Ibanera => &["username", "password", "shared_secret"],
        }
    }
}

const COMMON: [&str; 15] = [
    "kind",
    "environment",
    "base_url",
    "roster",
    "rate_limit",
    "read_only",
    "timeout",
    "poll",
    "pin_certificate",
    "others_top_up",
    "credentials",
    "paths",
    "fields",
    "words",
    "lists",
];

fn provider(
    page: &Page<'_>,
    name: &str,
    mut table: Table<'_>,
) -> Result<ProviderConfig, ConfigError> {
    let plain = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain {
        return Err(page.wrong(
            table.span.clone(),
            &format!("providers.\"{name}\": a name has only letters, digits, - and _"),
        ));
    }
    let kind = match table.word("kind", &Kind::ALL.map(|kind| (kind.as_str(), kind)))? {
        Some(kind) => kind,
        None => {
            // A mistyped `kind` is the likelier mistake than a forgotten one.
            table.only(&[&COMMON[..], &Kind::ALL.map(Kind::settings).concat()].concat())?;
            let words = Kind::ALL.map(|kind| format!("\"{}\"", kind.as_str())).join(", ");
            return Err(table.missing("kind", &format!(": write one of {words}")));
        }
    };
    // A mistyped key is named before the key that it leaves missing.
    if let Some(key) =
        kind.credentials().iter().find(|key| table.entries.iter().any(|(name, ..)| name == *key))
    {
        let place = format!(" is a secret: it belongs in [{}.credentials]", table.name);
        return Err(table.misplaced(key, &place));
    }
    table.only(&[&COMMON[..], kind.settings()].concat())?;
    let environment = table
        .word(
            "environment",
            &[("production", Environment::Production), ("sandbox", Environment::Sandbox)],
        )?
        .unwrap_or(Environment::Production);
    let base_url = table.need_address("base_url")?;
    let roster = table.some_text("roster")?.map(|text| page.file(&text));
    let rate_limit = table
        .read(
            "rate_limit",
            "a rate of at least one a minute, such as \"120/min\", \"5/s\" or \"3000/hour\"",
            read_rate,
        )?
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
    // Nobody else knows of a server on this machine.
    let others_top_up = table.flag("others_top_up")?.unwrap_or_else(|| !leads_here(&base_url));
    let pin_certificate = table.read(
        "pin_certificate",
        "the SHA-256 of the server's public key: 64 hexadecimal digits, or base64",
        read_pin,
    )?;
    let spelling = spelling(kind, &mut table)?;
    let lists = lists(kind, &mut table)?;
    let mut credentials = match table.table("credentials")? {
        Some(credentials) => credentials,
        None => Table {
            page,
            name: format!("{}.credentials", table.name),
            span: table.span.clone(),
            entries: Vec::new(),
        },
    };
    credentials.only(kind.credentials())?;
    let account = match kind {
        Kind::Artha => Account::Artha(Artha {
            token: credentials.need_secret("token")?,
            private_key: credentials.need_secret("private_key")?,
            callback_public_key: credentials.secret("callback_public_key")?,
            customer_token: table.flag("customer_token")?.unwrap_or(true),
            all_transactions_path: table.path("all_transactions_path", "Card/AllTransactions")?,
            signature: signature(&mut table)?,
            amount_decimals: table
                .read("amount_decimals", "a number from 0 to 8", |text| {
                    text.parse().ok().filter(|digits| *digits <= 8)
                })?
                .unwrap_or(2),
        }),
        Kind::Banana => Account::Banana(Banana {
            secret_key: credentials.need_secret("secret_key")?,
            merchant_id: table.need_text("merchant_id")?,
            secret_key_encoding: table
                .word("secret_key_encoding", &KEY_ENCODINGS)?
                .unwrap_or_default(),
            hmac_key_encoding: table.word("hmac_key_encoding", &KEY_ENCODINGS)?,
            payload_text: table.word("payload_text", &TEXTS)?.unwrap_or_default(),
            hmac_text: table.word("hmac_text", &TEXTS)?.unwrap_or(BytesText::Hex),
            empty_body: table
                .word(
                    "empty_body",
                    &[("object", EmptyBody::Object), ("nothing", EmptyBody::Nothing)],
                )?
                .unwrap_or_default(),
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
                .word(
                    "encryption",
                    &[
                        ("envelope", BodyWrapping::Envelope),
                        ("bare", BodyWrapping::Bare),
                        ("off", BodyWrapping::Off),
                    ],
                )?
                .unwrap_or_default(),
            load: table
                .word(
                    "load",
                    &[("allocate_fund", Load::AllocateFund), ("load_money", Load::LoadMoney)],
                )?
                .unwrap_or_default(),
            key_derivation: table
                .word(
                    "key_derivation",
                    &[("sha256", KeyDerivation::Sha256), ("own", KeyDerivation::Own)],
                )?
                .unwrap_or_default(),
            envelope_field: table
                .some_text("envelope_field")?
                .unwrap_or_else(|| "request".to_owned()),
            unencrypted: unencrypted(&mut table)?,
            pin_block: table
                .word("pin_block", &[("plain", PinBlock::Plain), ("iso2", PinBlock::Iso2)])?
                .unwrap_or_default(),
            otp_required: table.flag("otp_required")?.unwrap_or(false),
        }),
        Kind::Ibanera => Account::Ibanera(Ibanera {
            username: credentials.need_secret("username")?,
            password: credentials.need_secret("password")?,
            shared_secret: credentials.need_secret("shared_secret")?,
            secret_encoding: table
                .word(
                    "secret_encoding",
                    &[("base32", SecretEncoding::Base32), ("ascii", SecretEncoding::Ascii)],
                )?
                .unwrap_or_default(),
            pays: table
                .word("pays", &[("customer", Pays::Customer), ("manager", Pays::Manager)])?,
            manager_id: table.some_text("manager_id")?,
            asset_account_id: table.some_text("asset_account_id")?,
            deactivate_path: table
                .path("deactivate_path", DEACTIVATE)?
                .unwrap_or_else(|| DEACTIVATE.to_owned()),
        }),
    };
    apart(kind, &spelling, &account, &table)?;
    let name = ProviderId::new(name);
    Ok(ProviderConfig {
        name,
        environment,
        base_url,
        roster,
        rate_limit,
        read_only,
        timeout,
        poll,
        others_top_up,
        pin_certificate,
        spelling,
        lists,
        account,
    })
}

/// Whether an address leads to this machine.
fn leads_here(address: &str) -> bool {
    address.parse::<http::Uri>().is_ok_and(|url| url.host().is_some_and(super::proxy::is_loopback))
}

/// `[providers.NAME.paths]`, `fields` and `words`.
fn spelling(kind: Kind, table: &mut Table<'_>) -> Result<Spelling, ConfigError> {
    let mut spelling = Spelling::default();
    if let Some(mut paths) = table.table("paths")? {
        let known: Vec<&str> = kind.paths().iter().map(|path| path.key).collect();
        paths.only(&known)?;
        for path in kind.paths() {
            if let Some(text) = paths.path(path.key, path.default)? {
                spelling.paths.insert(path.key.to_owned(), text);
            }
        }
    }
    if let Some(mut fields) = table.table("fields")? {
        fields.only(kind.fields())?;
        for name in kind.fields() {
            if let Some((theirs, span)) = fields.text(name)? {
                let key = fields.key(name);
                if theirs.trim().is_empty() {
                    return Err(fields.page.wrong(
                        span,
                        &format!("{key} is empty: write the name that your provider uses"),
                    ));
                }
                let renamed = Renamed { ours: (*name).to_owned(), theirs: theirs.clone() };
                if let Some(other) = spelling.fields.insert(theirs.to_ascii_lowercase(), renamed) {
                    return Err(fields.page.wrong(
                        span,
                        &format!(
                            "{key} is \"{theirs}\", and so is {}: a name means one thing",
                            other.ours
                        ),
                    ));
                }
            }
        }
    }
    if let Some(mut words) = table.table("words")? {
        words.only(match kind {
            Kind::Artha | Kind::Banana | Kind::Enkash => {
                &["card_states", "transaction_states", "transaction_kinds"]
            }
            // Its transactions have no words for either.
            Kind::Ibanera => &["card_states"],
        })?;
        spelling.card_states =
            words.words("card_states", &CardState::ALL.map(|state| (state.as_str(), state)))?;
        spelling.transaction_states = words.words(
            "transaction_states",
            &TransactionState::ALL.map(|state| (state.as_str(), state)),
        )?;
        spelling.transaction_kinds = words
            .words("transaction_kinds", &TransactionKind::ALL.map(|kind| (kind.as_str(), kind)))?;
    }
    Ok(spelling)
}

/// Refuses an account of which two calls go to one place and one of them changes something: a
/// reading would change it past the journal and read-only, and a freeze could close.
fn apart(
    kind: Kind,
    spelling: &Spelling,
    account: &Account,
    table: &Table<'_>,
) -> Result<(), ConfigError> {
    let mut calls: Vec<(String, &str, bool)> = kind
        .paths()
        .iter()
        .map(|path| (path.key.to_owned(), spelling.path(*path), path.changes))
        .collect();
    match account {
        Account::Artha(artha) => {
            calls.extend(
                artha
                    .all_transactions_path
                    .as_deref()
                    .map(|path| ("all_transactions_path".to_owned(), path, false)),
            );
        }
        Account::Ibanera(ibanera) => {
            calls.push(("deactivate_path".to_owned(), &ibanera.deactivate_path, true))
        }
        Account::Banana(_) | Account::Enkash(_) => {}
    }
    for (at, (key, path, changes)) in calls.iter().enumerate() {
        let other = calls
            .iter()
            .skip(at + 1)
            .find(|(_, other, also)| (*changes || *also) && place(other) == place(path));
        if let Some((other, ..)) = other {
            let words = format!(
                "{}: {key} and {other} have the same path, \"{path}\", and one of them changes \
                 something: give each its own",
                table.name
            );
            return Err(table.page.wrong(table.span.clone(), &words));
        }
    }
    Ok(())
}

/// `[providers.NAME.lists]`, with the keys that the kind's lists have.
fn lists(kind: Kind, table: &mut Table<'_>) -> Result<Lists, ConfigError> {
    let mut lists = kind.lists();
    let Some(mut table) = table.table("lists")? else { return Ok(lists) };
    table.only(match kind {
        Kind::Artha => &["first_page", "page_size", "span", "dates", "time_zone"],
        Kind::Banana => &["page_size", "dates", "time_zone"],
        Kind::Enkash => &["time_zone"],
        Kind::Ibanera => &["first_page", "page_size", "time_zone", "outgoing"],
    })?;
    if let Some(first) =
        table.read("first_page", "0 or 1", |text| text.parse().ok().filter(|page| *page <= 1))?
    {
        lists.first_page = first;
    }
    let size = |text: &str| text.parse().ok().filter(|size| (1..=1_000).contains(size));
    if let Some(size) = table.read("page_size", "a number of rows from 1 to 1000", size)? {
        lists.page_size = size;
    }
    if let Some(span) = table.duration("span")? {
        lists.span = span.max(Duration::from_secs(60));
    }
    let dates = [
        ("rfc3339", Dates::Rfc3339),
        ("unix", Dates::Unix),
        ("unix_ms", Dates::UnixMillis),
        ("day", Dates::Day),
    ];
    if let Some(dates) = table.word("dates", &dates)? {
        lists.dates = dates;
    }
    let zone = |text: &str| {
        (text == INDIA || jiff::tz::TimeZone::get(text).is_ok()).then(|| text.to_owned())
    };
    if let Some(zone) =
        table.read("time_zone", "\"UTC\" or a name such as \"Asia/Kolkata\"", zone)?
    {
        lists.time_zone = zone;
    }
    if let Some(sign) =
        table.word("outgoing", &[("negative", Sign::Negative), ("positive", Sign::Positive)])?
    {
        lists.outgoing = sign;
    }
    Ok(lists)
}

/// `[providers.NAME.signature]` of artha.
fn signature(table: &mut Table<'_>) -> Result<Signature, ConfigError> {
    let mut signature = Signature::default();
    let Some(mut table) = table.table("signature")? else { return Ok(signature) };
    table.only(&["headers", "names", "values", "padding", "text"])?;
    if let Some((headers, span)) = table.list("headers")? {
        if let Some(other) =
            headers.iter().find(|header| !SIGNED_HEADERS.contains(&header.as_str()))
        {
            let known = SIGNED_HEADERS.join(", ");
            let words = format!(
                "{} names \"{other}\": the headers that can be signed are {known}",
                table.key("headers")
            );
            return Err(table.page.wrong(span, &words));
        }
        signature.headers = headers;
    }
    let names = table.word("names", &[("as_sent", Names::AsSent), ("lower", Names::Lower)])?;
    let values = table.word("values", &[("raw", Values::Raw), ("percent", Values::Percent)])?;
    let padding = table.word("padding", &[("pkcs1", Padding::Pkcs1), ("pss", Padding::Pss)])?;
    let text = table.word("text", &TEXTS)?;
    Ok(Signature {
        headers: signature.headers,
        names: names.unwrap_or_default(),
        values: values.unwrap_or_default(),
        padding: padding.unwrap_or_default(),
        text: text.unwrap_or_default(),
    })
}

/// The path of ibanera's freeze. INFERENCE (ibanera wire notes, 2.7).
const DEACTIVATE: &str = "/api/v1/customer/cards/deactivate";

const TEXTS: [(&str, BytesText); 4] = [
    ("base64", BytesText::Base64),
    ("base64url", BytesText::Base64Url),
    ("hex", BytesText::Hex),
    ("hex_upper", BytesText::HexUpper),
];

const KEY_ENCODINGS: [(&str, KeyEncoding); 3] =
    [("utf8", KeyEncoding::Utf8), ("hex", KeyEncoding::Hex), ("base64", KeyEncoding::Base64)];

/// The calls of enkash that are sent in plain although `encryption` is on.
fn unencrypted(table: &mut Table<'_>) -> Result<Vec<String>, ConfigError> {
    let Some((calls, span)) = table.list("unencrypted")? else { return Ok(Vec::new()) };
    let can = |call: &String| {
        *call != wires::enkash::SET_PIN.key
            && wires::enkash::PATHS.iter().any(|path| path.key == call)
    };
    match calls.iter().find(|call| !can(call)) {
        None => Ok(calls),
        Some(call) if call == wires::enkash::SET_PIN.key => {
            let words = format!(
                "{} names \"{call}\": a PIN is never sent in plain",
                table.key("unencrypted")
            );
            Err(table.page.wrong(span, &words))
        }
        Some(call) => {
            let known: Vec<&str> = wires::enkash::PATHS
                .iter()
                .map(|path| path.key)
                .filter(|key| *key != wires::enkash::SET_PIN.key)
                .collect();
            let words = format!(
                "{} names \"{call}\": known are {}",
                table.key("unencrypted"),
                known.join(", ")
            );
            Err(table.page.wrong(span, &words))
        }
    }
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
    let text =
        text.strip_prefix("sha256//").or_else(|| text.strip_prefix("sha256/")).unwrap_or(text);
    let plain: String = text.chars().filter(|c| *c != ':').collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE
        .decode(plain.as_bytes())
        .or_else(|_| data_encoding::BASE64.decode(plain.as_bytes()))
        .ok()?;
    bytes.try_into().ok()
}
