//! Whatever a wire's document leaves open can be set: a provider that has other paths, names, words
//! and encodings is read and changed all the same, once the configuration says so.
//!
//! The sandbox speaks the documents' wires. What stands between it and cardtop here turns them into
//! an account's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::config::endpoint::Endpoint;
use cardtop::config::lists::Dates;
use cardtop::domain::card::{Card, CardKey, CardState, ProviderId};
use cardtop::domain::operation::{Action, ActionKind, OnConflict, OperationId, OperationState};
use cardtop::domain::transaction::{TransactionKind, TransactionState};
use cardtop::engine::Engine;
use cardtop::provider::Config;
use cardtop::provider::encoding::TextEncoding;
use cardtop::provider::http::{Access, Http, InProcess, Transport, TransportError};
use cardtop::provider::pages::{self, ReadMode};
use cardtop::provider::{PageCursor, Provider, Window, artha, banana, crypto, enkash, ibanera};
use cardtop::sandbox::{Dialect, Options, Sandbox};
use data_encoding::{BASE64, HEXLOWER};
use http::{Request, Response, Uri};
use jiff::SignedDuration;
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::signature::Verifier;

use crate::harness::{change_settings, dialect_of, nowhere, open_over, permit, pin, some, start};

/// Set before every path of an account whose paths are all its own.
const MOVED: &str = "/moved/here";

/// Set before every name of a field of an account whose names are all its own.
const RENAMED: &str = "own_";

const fn paths(dialect: Dialect) -> &'static [Endpoint] {
    match dialect {
        Dialect::Artha => artha::settings::ENDPOINTS,
        Dialect::Banana => banana::settings::ENDPOINTS,
        Dialect::Enkash => enkash::settings::ENDPOINTS,
        Dialect::Ibanera => ibanera::settings::ENDPOINTS,
    }
}

const fn fields(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Artha => artha::settings::FIELDS,
        Dialect::Banana => banana::settings::FIELDS,
        Dialect::Enkash => enkash::settings::FIELDS,
        Dialect::Ibanera => ibanera::settings::FIELDS,
    }
}

/// A configuration for the sandbox, with more lines in each provider's table.
fn configured(
    sandbox: &Sandbox,
    folder: &std::path::Path,
    more: impl Fn(Dialect) -> String,
) -> Config {
    let path = folder.join("cardtop.toml");
    sandbox.write_config(&nowhere, &path).expect("a configuration");
    let mut text = std::fs::read_to_string(&path).expect("the configuration");
    for dialect in Dialect::ALL {
        let kind = format!("kind = \"{}\"\n", dialect.name());
        text = text.replace(&kind, &format!("{kind}{}", more(dialect)));
    }
    std::fs::write(&path, text).expect("writing");
    Config::load(Some(&path)).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads and changes everything that is offered at all four, and says what was seen.
async fn journey(engine: &Engine, clock: &Clock) -> Vec<String> {
    let mut seen = Vec::new();
    let mut all: BTreeMap<ProviderId, Vec<Arc<Card>>> = BTreeMap::new();
    for (provider, cards) in engine.read_cards().await {
        let cards = cards.unwrap_or_else(|error| panic!("{error}"));
        seen.extend(cards.iter().map(|card| format!("{card:?}")));
        all.insert(provider, cards);
    }
    let since = start().saturating_sub(SignedDuration::from_hours(24 * 30)).expect("a time");
    for (provider, rows) in engine.read_transactions(since, clock.now(), None).await {
        let rows = rows.unwrap_or_else(|error| panic!("{error}"));
        assert!(rows.len() > 20, "{provider} has only {} transactions", rows.len());
        seen.extend(rows.iter().map(|row| format!("{row:?}")));
    }
    for report in engine.read_providers().await {
        let float =
            report.float.expect("all four offer it").unwrap_or_else(|error| panic!("{error}"));
        seen.push(format!("{} {:?}", report.info.id, float.0));
    }
    for (provider, cards) in all {
        let usable = cards.into_iter().filter(|card| {
            card.state == CardState::Active
                && card.available().is_some_and(|money| !money.is_negative())
        });
        let physical = Some(cardtop::domain::card::CardKind::Physical);
        let card = usable.max_by_key(|card| {
            (card.kind == physical, card.available().map(|money| money.amount()))
        });
        let card = card.unwrap_or_else(|| panic!("{provider} has no card to try"));
        if let Ok(quote) = engine.quote(&card.key, some(&card)).await {
            seen.push(format!("{provider} {quote:?}"));
        }
        let new_pin = match provider.name() {
            "artha" => Action::SetPin { new: None, old: None },
            "ibanera" => Action::SetPin { new: Some(pin("4071")), old: Some(pin("1234")) },
            _ => Action::SetPin { new: Some(pin("4071")), old: None },
        };
        let mut actions =
            vec![Action::TopUp(some(&card)), Action::Freeze, Action::Unfreeze, new_pin];
        if provider.name() != "ibanera" {
            actions.push(Action::Close);
        }
        for action in actions {
            let action_kind = action.action_kind();
            let order = cardtop::engine::ChangeRequest {
                id: engine.new_operation_id(),
                card: card.key.clone(),
                action,
                reason: Some("test".into()),
                shown: cardtop::engine::Expected::default(),
                on_conflict: OnConflict::Refuse,
                recent_credit: None,
                payer: None,
            };
            let done = engine.change(order, Duration::from_secs(60)).await;
            let done =
                done.unwrap_or_else(|refused| panic!("{provider} {action_kind:?}: {refused}"));
            let wanted = if action_kind == ActionKind::SetPin {
                OperationState::Accepted
            } else {
                OperationState::Done
            };
            // The sandbox knows another old PIN at ibanera; a refusal in its words shows that the
            // call arrived.
            let refused = action_kind == ActionKind::SetPin
                && provider.name() == "ibanera"
                && done.state == OperationState::Failed;
            assert!(
                done.state == wanted || refused,
                "{provider} {action_kind:?}: {:?} {:?}",
                done.state,
                done.detail
            );
        }
    }
    seen
}

/// A provider whose paths are all its own.
struct Moved {
    inner: InProcess,
    asked: Arc<Mutex<BTreeSet<String>>>,
}

#[async_trait]
impl Transport for Moved {
    async fn call(
        &self,
        does: Access,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        if let Some(at) = path.find(MOVED) {
            let (before, after) = path.split_at(at);
            let whole = format!(
                "http://127.0.0.1:9{before}{}",
                after.strip_prefix(MOVED).unwrap_or_default()
            );
            *request.uri_mut() = whole.parse::<Uri>().expect("an address");
            self.asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(request.uri().path().to_owned());
        } else {
            // The two that have settings of their own.
            let own = [
                "/oauth/token",
                "/api/v1/Card/AllTransactions",
                "/api/v1/customer/cards/deactivate",
            ];
            assert!(
                own.contains(&path.as_str()),
                "{path} was asked where its document says, not where the configuration does"
            );
        }
        self.inner.call(does, request).await
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_asked_where_the_configuration_says() {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(Options { busy: false, ..Options::default() }, clock.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = configured(&sandbox, folder.path(), |dialect| {
        let line = |path: &Endpoint| {
            format!(
                "paths.\"{}\" = \"{MOVED}/{}\"\n",
                path.key,
                path.default_path.trim_start_matches('/')
            )
        };
        paths(dialect).iter().map(line).collect()
    });
    // Where the manager's number is not set, its account is asked.
    for provider in &mut config.providers {
        change_settings(provider, |ibanera: &mut ibanera::settings::Settings| {
            ibanera.manager_id = None;
        });
    }
    // Where the roster says no kind, the templates are asked for it.
    let roster = folder.path().join("cardtop.banana-cards.csv");
    let text = std::fs::read_to_string(&roster).expect("a roster");
    std::fs::write(&roster, text.replace(",virtual,", ",,").replace(",physical,", ",,"))
        .expect("writing");
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    let (heard, bank) = (Arc::clone(&asked), sandbox.clone());
    let way = move |dialect| -> Box<dyn Transport> {
        Box::new(Moved { inner: InProcess(bank.router(dialect)), asked: Arc::clone(&heard) })
    };
    let (engine, _news) =
        open_over(config.clone(), &clock, folder.path(), false, false, way.clone()).await;
    journey(&engine, &clock).await;
    // The other payer's accounts are listed by another call.
    let other = tempfile::tempdir().expect("a folder");
    let (engine, _news) =
        open_over(paid_by_customers(config), &clock, other.path(), false, false, way).await;
    let cards = engine
        .read_cards()
        .await
        .into_iter()
        .find(|(id, _)| id.name() == "ibanera")
        .expect("ibanera is configured")
        .1;
    let card = cards.unwrap_or_else(|error| panic!("{error}")).into_iter().next().expect("a card");
    engine.quote(&card.key, some(&card)).await.unwrap_or_else(|error| panic!("{error}"));
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    let reserved = [
        "set_webhook_url",
        // Asked where pushes are missing.
        "get_webhook_records",
        "register",
        "get_users",
        "apply",
        "assign",
        "3ds_confirm",
    ];
    for dialect in Dialect::ALL {
        for path in paths(dialect).iter().filter(|path| !reserved.contains(&path.key)) {
            let found =
                asked.iter().any(|asked| asked.contains(path.default_path.trim_start_matches('/')));
            assert!(found, "{}: {} was never asked", dialect.name(), path.key);
        }
    }
}

/// The same configuration, with ibanera's customers paying for their own top-ups.
fn paid_by_customers(mut config: Config) -> Config {
    for provider in &mut config.providers {
        change_settings(provider, |ibanera: &mut ibanera::settings::Settings| {
            ibanera.pays = Some(ibanera::settings::Pays::Customer);
        });
    }
    config
}

/// A provider whose names of fields are all its own.
struct Renamed {
    inner: InProcess,
    dialect: Dialect,
    banana_key: Vec<u8>,
    enkash_key: Vec<u8>,
}

impl Renamed {
    /// The answer with other names; what is sealed is opened, and sealed again where it has to be.
    fn answer(&self, body: &Bytes) -> Bytes {
        let text = String::from_utf8_lossy(body).into_owned();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        match self.dialect {
            Dialect::Artha | Dialect::Ibanera => renamed(self.dialect, &text).into(),
            Dialect::Banana => {
                let bytes = BASE64
                    .decode(json["encrypted_payload"].as_str().unwrap_or_default().as_bytes())
                    .expect("base64");
                let (iv, cipher) = bytes.split_first_chunk::<16>().expect("an iv");
                let plain = crypto::aes_cbc_decrypt(&self.banana_key, *iv, cipher)
                    .expect("the bank's payload");
                let plain = renamed(self.dialect, std::str::from_utf8(&plain).expect("text"));
                let cipher = crypto::aes_cbc_encrypt(&self.banana_key, *iv, plain.as_bytes())
                    .expect("a payload");
                let payload = BASE64.encode(&[&iv[..], &cipher].concat());
                let tag =
                    HEXLOWER.encode(&crypto::hmac_sha256(&self.banana_key, payload.as_bytes()));
                serde_json::json!({ "encrypted_payload": payload, "hmac": tag }).to_string().into()
            }
            Dialect::Enkash => {
                let sealed = ["request", "response"]
                    .iter()
                    .find_map(|name| json[*name].as_str())
                    .or_else(|| json.as_str());
                let Some(sealed) = sealed else { return renamed(self.dialect, &text).into() };
                let cipher = BASE64.decode(sealed.as_bytes()).expect("base64");
                let plain =
                    crypto::aes_ecb_decrypt(&self.enkash_key, &cipher).expect("the bank's payload");
                renamed(self.dialect, std::str::from_utf8(&plain).expect("text")).into()
            }
        }
    }
}

/// Every name of a field that is read, with [`RENAMED`] before it.
fn renamed(dialect: Dialect, json: &str) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some(at) = rest.find('"') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        // The next text: its end is the first quote that is not escaped.
        let end = from.bytes().enumerate().skip(1).scan(false, |escaped, (place, byte)| {
            let was = std::mem::replace(escaped, byte == b'\\' && !*escaped);
            Some((place, byte == b'"' && !was))
        });
        let end = end.filter(|(_, ends)| *ends).map(|(place, _)| place).next().expect("whole JSON");
        let (word, after) = from.split_at(end + 1);
        let name = word.trim_matches('"');
        let is_key = after.trim_start().starts_with(':');
        if is_key && fields(dialect).iter().any(|field| field.eq_ignore_ascii_case(name)) {
            out.push_str(&format!("\"{RENAMED}{name}\""));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[async_trait]
impl Transport for Renamed {
    async fn call(
        &self,
        does: Access,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path().to_owned();
        if path.ends_with("/deactivate") {
            let body =
                String::from_utf8_lossy(request.body()).replace("\"own_cardsId\"", "\"cardsId\"");
            assert!(!body.is_empty() && body != String::from_utf8_lossy(request.body()), "{body}");
            let length = body.len().into();
            *request.body_mut() = body.into();
            if request.headers().contains_key(http::header::CONTENT_LENGTH) {
                request.headers_mut().insert(http::header::CONTENT_LENGTH, length);
            }
        }
        let mut answer = self.inner.call(does, request).await?;
        if !path.contains("/oauth/") && !path.contains("/auth/") {
            *answer.body_mut() = self.answer(answer.body());
        }
        Ok(answer)
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_with_names_of_its_own_is_read_like_any_other() {
    let mut seen = Vec::new();
    for own_names in [false, true] {
        let clock = Clock::from(start());
        let sandbox = Sandbox::new(Options { busy: false, ..Options::default() }, clock.clone());
        let folder = tempfile::tempdir().expect("a folder");
        let config = configured(&sandbox, folder.path(), |dialect| {
            let line = |name: &&str| format!("fields.\"{name}\" = \"{RENAMED}{name}\"\n");
            if own_names { fields(dialect).iter().map(line).collect() } else { String::new() }
        });
        let secret = |name: &str| {
            std::fs::read(folder.path().join("cardtop.secrets").join(name))
                .expect("a secret of the sandbox")
        };
        let banana_key = secret("banana-secret-key");
        let enkash_key =
            crypto::sha256(&secret("enkash-encryption-key")).get(..16).expect("32 bytes").to_vec();
        let bank = sandbox.clone();
        let way = move |dialect| -> Box<dyn Transport> {
            let inner = InProcess(bank.router(dialect));
            let (banana_key, enkash_key) = (banana_key.clone(), enkash_key.clone());
            if own_names {
                Box::new(Renamed { inner, dialect, banana_key, enkash_key })
            } else {
                Box::new(inner)
            }
        };
        let (engine, _news) = open_over(config, &clock, folder.path(), false, false, way).await;
        seen.push(journey(&engine, &clock).await);
    }
    let [documented, own] = seen.as_slice() else { panic!("two journeys") };
    assert_eq!(documented.len(), own.len());
    for (documented, own) in documented.iter().zip(own) {
        assert_eq!(documented, own);
    }
}

#[test]
fn the_documentation_names_every_call_and_every_field() {
    let text = include_str!("../../docs/providers.md");
    for dialect in Dialect::ALL {
        let section = text
            .split("\n## ")
            .find(|section| section.starts_with(dialect.name()))
            .expect("a section of its own");
        assert!(
            section.contains(&format!("`{}`", fields(dialect).join(" "))),
            "{}: the fields",
            dialect.name()
        );
        for path in paths(dialect) {
            let named = section.split(['`', ' ']).any(|word| word == path.key);
            assert!(named, "{}: {} is not in the documentation", dialect.name(), path.key);
        }
    }
}

type Asked = Arc<Mutex<Vec<Request<Bytes>>>>;

/// Answers everything with the same, and keeps what it was asked.
struct Fixed {
    asked: Asked,
    answer: Answering,
}

type Answering = Box<dyn Fn(&Request<Bytes>) -> (u16, String) + Send + Sync>;

#[async_trait]
impl Transport for Fixed {
    async fn call(
        &self,
        _does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let (status, answer) = (self.answer)(&request);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Ok(Response::builder()
            .status(status)
            .body(Bytes::from(answer))
            .expect("a status of the test"))
    }
}

/// One account of a kind, with these lines in its table, over a provider that answers so.
struct Account {
    provider: Box<dyn Provider>,
    asked: Asked,
    folder: tempfile::TempDir,
}

impl Account {
    fn new(
        dialect: Dialect,
        more: &str,
        answer: impl Fn(&Request<Bytes>) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::answering(dialect, more, move |request| (200, answer(request)))
    }

    fn answering(
        dialect: Dialect,
        more: &str,
        answer: impl Fn(&Request<Bytes>) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let clock = Clock::from(start());
        let sandbox = Sandbox::new(
            Options { cards: 6, transactions: 0, busy: false, ..Options::default() },
            clock.clone(),
        );
        let folder = tempfile::tempdir().expect("a folder");
        let config = configured(&sandbox, folder.path(), |of| {
            if of == dialect { more.to_owned() } else { String::new() }
        });
        let config = config
            .providers
            .into_iter()
            .find(|provider| dialect_of(provider) == dialect)
            .expect("it is configured");
        let asked = Asked::default();
        let fixed = Fixed { asked: Arc::clone(&asked), answer: Box::new(answer) };
        let http = Http::with_transport(&config.name, Box::new(fixed), clock, config.timeout);
        let provider =
            cardtop::provider::build(&config, http).unwrap_or_else(|error| panic!("{error}"));
        Self { provider, asked, folder }
    }

    /// The last request.
    fn last(&self) -> Request<Bytes> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last()
            .cloned()
            .expect("it was asked")
    }

    /// All requests.
    fn all(&self) -> Vec<Request<Bytes>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn secret(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join("cardtop.secrets").join(name))
            .expect("a secret of the sandbox")
    }

    fn card(&self, id: &str) -> Card {
        let mut card = Card::unread(CardKey::new(&ProviderId::new("any"), id));
        card.currency = Some("USD".parse().expect("a currency"));
        card.owner = Some("77".into());
        card
    }
}

fn last_days(card: Card, days: i64) -> Window {
    let since = start().saturating_sub(SignedDuration::from_hours(24 * days)).expect("a time");
    Window { card: Some(card), since, until: start() }
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

const TASK: &str = r#"{"taskId":"t-1","status":"Success"}"#;

#[tokio::test]
async fn arthas_string_is_signed_as_the_configuration_says() {
    let settings = "signature.headers = [\"nonce\", \"customerToken\"]\nsignature.names = \
                    \"lower\"\nsignature.values = \"percent\"\nsignature.padding = \
                    \"pss\"\nsignature.text = \"hex\"\n";
    let account = Account::new(Dialect::Artha, settings, |_| TASK.to_owned());
    let card = account.card("a b");
    let amount = "30.00 USD";
    let amount = cardtop::domain::money::Money::parse_input(
        amount.split(' ').next().unwrap_or_default(),
        card.currency.expect("USD"),
    );
    let id = OperationId::new(start(), 7, 1);
    account
        .provider
        .act(permit(&card, Action::TopUp(amount.expect("an amount")), id).await)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let request = account.last();
    let pem = String::from_utf8(account.secret("artha-key.pem")).expect("PEM");
    let key = RsaPrivateKey::from_pkcs8_pem(pem.trim())
        .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem.trim()))
        .expect("a key");
    let token = String::from_utf8(account.secret("artha-token")).expect("a token");
    let string = format!(
        "amount=30.00&cardid=a%20b&customertoken={token}&nonce={}",
        header(&request, "nonce")
    );
    let signature = TextEncoding::Hex.decode(header(&request, "signature")).expect("hexadecimal");
    let signature = rsa::pss::Signature::try_from(signature.as_slice()).expect("a signature");
    rsa::pss::VerifyingKey::<rsa::sha2::Sha256>::new(key.to_public_key())
        .verify(string.as_bytes(), &signature)
        .expect(&string);
}

#[tokio::test]
async fn lists_are_asked_for_as_the_configuration_says() {
    let settings = "lists = { first_page = 0, page_size = 3, span = \"7d\", dates = \"unix\" }\n";
    let account = Account::new(Dialect::Artha, settings, |_| r#"{"data":[],"total":0}"#.to_owned());
    let list = all_transactions(&*account.provider, &last_days(account.card("c-1"), 10)).await;
    assert!(list.is_complete() && list.rows.is_empty());
    let until = start().as_second();
    let ends = [(until - 7 * 86_400, until), (until - 10 * 86_400, until - 7 * 86_400)];
    let asked: Vec<serde_json::Value> = account
        .all()
        .iter()
        .map(|asked| serde_json::from_slice(asked.body()).expect("JSON"))
        .collect();
    let wanted = ends
        .map(|(since, until)| serde_json::json!({"cardId": "c-1", "page": 0, "size": 3, "startTime": since, "endTime": until}));
    assert_eq!(asked, wanted, "three more days are in the next span");
    assert_eq!(account.provider.capabilities().page_max, 3);

    let account = Account::new(
        Dialect::Ibanera,
        "lists = { first_page = 0, page_size = 7 }\n",
        ibanera_answer("[]"),
    );
    account
        .provider
        .transactions(&last_days(account.card("5"), 1), FIRST)
        .await
        .expect("an empty page");
    let query = account.last().uri().query().unwrap_or_default().to_owned();
    assert!(query.contains("PageNumber=0") && query.contains("PageSize=7"), "{query}");

    // Two pages, numbered from 0: both are read.
    let paged = |request: &Request<Bytes>| {
        let page = |rows: &str| {
            format!(r#"{{"details":[{rows}],"numberOfPages":2,"pageSize":1,"status":"1"}}"#)
        };
        match (request.uri().path().contains("/auth/"), request.uri().query().unwrap_or_default()) {
            (true, _) => {
                r#"{"details":{"accessToken":"tok","expiresIn":900},"status":"1"}"#.to_owned()
            }
            (_, query) if query.contains("ageNumber=1") => {
                page(r#"{"id":2,"asset":"USD","availableBalance":500}"#)
            }
            (_, query) if query.is_empty() || query.contains("ageNumber=0") => {
                page(r#"{"id":1,"asset":"USD","availableBalance":10}"#)
            }
            (_, query) if query.contains("ageNumber=2") => page(""),
            (_, query) => panic!("there is no such page: {query}"),
        }
    };
    let account =
        Account::new(Dialect::Ibanera, "lists = { first_page = 0, page_size = 1 }\n", paged);
    let float = account.provider.float().await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(float.iter().map(ToString::to_string).collect::<Vec<_>>(), ["510.00 USD"]);
    let list = pages::read_all(&account.provider.pagers().cards, ReadMode::Ordinary, |page| {
        account.provider.cards(page)
    })
    .await;
    assert_eq!((list.rows.len(), list.is_complete()), (2, true));
}

/// The first page of a list, of the size that the settings name elsewhere.
const FIRST: PageCursor = PageCursor { number: 0, offset: 0, size: 7 };

async fn all_transactions(
    provider: &dyn Provider,
    window: &Window,
) -> pages::ListRead<cardtop::domain::transaction::Transaction> {
    let ask = |window: Window, page| async move { provider.transactions(&window, page).await };
    pages::read_window(&provider.pagers().transactions, window, ReadMode::Ordinary, ask).await
}

fn ibanera_answer(
    details: &'static str,
) -> impl Fn(&Request<Bytes>) -> String + Send + Sync + 'static {
    move |request| {
        if request.uri().path().contains("/auth/") {
            r#"{"id":0,"details":{"accessToken":"tok","expiresIn":900},"status":"1","errors":[]}"#
                .to_owned()
        } else {
            format!(r#"{{"id":0,"details":{details},"status":"1","errors":[]}}"#)
        }
    }
}

#[tokio::test]
async fn signs_zones_and_words_are_read_as_the_configuration_says() {
    let settings = "lists = { time_zone = \"America/New_York\", outgoing = \"positive\" \
                    }\nwords.card_states = { \"Lost\" = \"BLOCKED\" }\n";
    let row = r#"[{"id":1,"cardsId":5,"amount":12.40,"currency":"usd","description":"Coffee","dateTime":"2026-04-02T08:00:00","bPending":false}]"#;
    let account = Account::new(Dialect::Ibanera, settings, ibanera_answer(row));
    let page = account
        .provider
        .transactions(&last_days(account.card("5"), 3), FIRST)
        .await
        .expect("a page");
    let [row] = page.items.as_slice() else { panic!("{:?}", page.skipped) };
    assert_eq!(
        (row.kind, row.at.to_string()),
        (TransactionKind::Purchase, "2026-04-02T12:00:00Z".into())
    );
    let lost = ibanera_answer(
        r#"{"cardLast4":"3566","currency":"usd","availableBalance":1,"status":"Lost"}"#,
    );
    let account = Account::new(Dialect::Ibanera, settings, lost);
    let card = account.provider.card(&account.card("5")).await.expect("a card");
    assert_eq!(
        (card.state, &*card.provider_state),
        (CardState::Blocked, "Lost"),
        "the provider's word stays"
    );

    let settings = "words.transaction_states = { \"Booked\" = \"CLEARED\" \
                    }\nwords.transaction_kinds = { \"Load\" = \"TOP-UP\" }\nwords.card_states = { \
                    \"On hold\" = \"FROZEN\" }\n";
    let list = r#"{"data":[{"id":"x","amount":"5","currency":"USD","date":"2026-04-03T08:00:00Z","type":"LOAD","status":"booked"}]}"#;
    let account = Account::new(Dialect::Artha, settings, |_| list.to_owned());
    let page = account
        .provider
        .transactions(&last_days(account.card("c"), 1), FIRST)
        .await
        .expect("a page");
    let [row] = page.items.as_slice() else { panic!("{:?}", page.skipped) };
    assert_eq!(
        (row.kind, row.state, &*row.provider_state),
        (TransactionKind::TopUp, TransactionState::Cleared, "booked")
    );
    let account = Account::new(Dialect::Artha, settings, |request| {
        let details = request.uri().path().contains("CardDetails");
        let answer = if details {
            r#"{"cardStatus":"ON_HOLD"}"#
        } else {
            r#"{"availableBalance":"1","cardCurrency":"USD"}"#
        };
        answer.to_owned()
    });
    assert_eq!(
        account.provider.card(&account.card("c")).await.expect("a card").state,
        CardState::Frozen
    );
}

#[tokio::test]
async fn the_accounts_own_names_hold_in_refusals_too() {
    // A nonce that was used says that the request arrived before: it may have been carried out.
    let card = |account: &Account| account.card("c");
    let usd = "USD".parse().expect("a currency");
    let amount = cardtop::domain::money::Money::parse_input("30", usd).expect("an amount");
    let id = OperationId::new(start(), 7, 1);
    let said = |words: &str| (401, words.to_owned());
    for (settings, answer) in [
        ("", r#"{"remarks":"nonce already used"}"#),
        ("fields.remarks = \"Grund\"\n", r#"{"grund":"nonce already used"}"#),
    ] {
        let account = Account::answering(Dialect::Artha, settings, move |_| said(answer));
        let permit = permit(&card(&account), Action::TopUp(amount), id).await;
        let error = account.provider.act(permit).await.expect_err("refused");
        assert_eq!(error.outcome, cardtop::provider::Outcome::Unknown, "{}", error.reason());
    }
    let account = Account::answering(Dialect::Banana, "fields.message = \"Why\"\n", |_| {
        (400, r#"{"why":"invalid HMAC"}"#.to_owned())
    });
    let error = account.provider.float().await.expect_err("refused");
    assert_eq!(error.kind, cardtop::provider::ErrorKind::Auth, "{}", error.reason());
}

#[tokio::test]
async fn bananas_keys_texts_and_dates_are_as_the_configuration_says() {
    let settings = "hmac_key_encoding = \"base64\"\npayload_text = \"base64url\"\nhmac_text = \
                    \"hex_upper\"\nempty_body = \"nothing\"\nlists = { dates = \"day\", page_size \
                    = 9 }\n";
    // The sandbox's key is 32 characters: as base64 they are 24 bytes, and these sign.
    let key = b"c2FuZGJveC1iYW5hbmEtc2VjcmV0LTMy".to_vec();
    let signing = BASE64.decode(&key).expect("base64");
    let (cipher_key, tag_key) = (key.clone(), signing.clone());
    let seal = move |plain: &str| {
        let cipher = crypto::aes_cbc_encrypt(&cipher_key, [9; 16], plain.as_bytes())
            .expect("a key of 32 bytes");
        let payload = TextEncoding::Base64Url.encode(&[&[9; 16][..], &cipher].concat());
        let tag = TextEncoding::HexUpper.encode(&crypto::hmac_sha256(&tag_key, payload.as_bytes()));
        serde_json::json!({ "encrypted_payload": payload, "hmac": tag }).to_string()
    };
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(
        Options { cards: 6, transactions: 0, busy: false, ..Options::default() },
        clock.clone(),
    );
    let folder = tempfile::tempdir().expect("a folder");
    configured(&sandbox, folder.path(), |of| {
        if of == Dialect::Banana { settings.to_owned() } else { String::new() }
    });
    std::fs::write(folder.path().join("cardtop.secrets/banana-secret-key"), &key)
        .expect("another key");
    let config = Config::load(Some(&folder.path().join("cardtop.toml"))).expect("a configuration");
    let config = config
        .providers
        .into_iter()
        .find(|provider| provider.kind() == "banana")
        .expect("it is configured");
    let asked = Asked::default();
    let fixed = Fixed {
        asked: Arc::clone(&asked),
        answer: Box::new(move |_| (200, seal(r#"{"data":[],"total":0}"#))),
    };
    let provider = cardtop::provider::build(
        &config,
        Http::with_transport(&config.name, Box::new(fixed), clock, config.timeout),
    );
    let provider = provider.unwrap_or_else(|error| panic!("{error}"));
    let window =
        Window { card: None, ..last_days(Card::unread(CardKey::new(&config.name, "1")), 2) };
    all_transactions(&*provider, &window)
        .await
        .error
        .map_or(Ok(()), Err)
        .unwrap_or_else(|error| panic!("{error}"));
    let request =
        asked.lock().unwrap_or_else(PoisonError::into_inner).last().cloned().expect("it was asked");
    let body: serde_json::Value = serde_json::from_slice(request.body()).expect("JSON");
    let payload = body["encrypted_payload"].as_str().expect("a payload");
    assert_eq!(
        header(&request, "X-HMAC"),
        TextEncoding::HexUpper.encode(&crypto::hmac_sha256(&signing, payload.as_bytes()))
    );
    let bytes = TextEncoding::Base64Url.decode(payload).expect("base64 for addresses");
    let (iv, cipher) = bytes.split_first_chunk::<16>().expect("an iv");
    let plain = crypto::aes_cbc_decrypt(&key, *iv, cipher).expect("our payload");
    let plain: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
    assert_eq!(config.lists.dates, Dates::Day);
    assert_eq!((&plain["start_date"], &plain["limit"]), (&"2026-04-01".into(), &9.into()));
    let _ = provider.float().await;
    let request =
        asked.lock().unwrap_or_else(PoisonError::into_inner).last().cloned().expect("it was asked");
    assert!(request.body().is_empty(), "a call without parameters");
    assert_eq!(
        header(&request, "X-HMAC"),
        TextEncoding::HexUpper.encode(&crypto::hmac_sha256(&signing, b""))
    );
}

#[tokio::test]
async fn enkash_is_asked_in_the_envelope_that_the_configuration_says() {
    let settings = "key_derivation = \"own\"\nenvelope_field = \"data\"\nunencrypted = \
                    [\"cardAccount\"]\npin_block = \"iso2\"\notp_required = true\n";
    let answer = |request: &Request<Bytes>| {
        if request.uri().path().contains("/oauth/") {
            r#"{"access_token":"tok","expires_in":900}"#.to_owned()
        } else {
            r#"{"code":0,"message":"Success","payload":{"availableBalance":7}}"#.to_owned()
        }
    };
    // The sandbox's secret has 29 characters, which is no length of a key.
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(
        Options { cards: 6, transactions: 0, busy: false, ..Options::default() },
        clock.clone(),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let config = configured(&sandbox, folder.path(), |of| {
        if of == Dialect::Enkash { settings.to_owned() } else { String::new() }
    });
    let config = config
        .providers
        .into_iter()
        .find(|provider| provider.kind() == "enkash")
        .expect("it is configured");
    let asked = Asked::default();
    let http = || {
        let fixed = Fixed {
            asked: Arc::clone(&asked),
            answer: Box::new(move |request| (200, answer(request))),
        };
        Http::with_transport(&config.name, Box::new(fixed), clock.clone(), config.timeout)
    };
    let error =
        cardtop::provider::build(&config, http()).err().expect("the key has no length of AES");
    assert!(
        error.contains("encryption_key")
            && error.contains("16, 24 or 32")
            && !error.contains("sandbox-enkash"),
        "{error}"
    );
    std::fs::write(folder.path().join("cardtop.secrets/enkash-encryption-key"), "0123456789abcdef")
        .expect("another key");
    let provider =
        cardtop::provider::build(&config, http()).unwrap_or_else(|error| panic!("{error}"));
    let last = || {
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_slice::<serde_json::Value>(asked.last().expect("it was asked").body())
            .expect("JSON")
    };
    provider.float().await.unwrap_or_else(|error| panic!("{error}"));
    assert!(last()["companyId"].is_string(), "in plain: {}", last());
    let card = Card::unread(CardKey::new(&config.name, "EKC1"));
    let id = OperationId::new(start(), 7, 1);
    for action in [Action::Freeze, Action::SetPin { new: Some(pin("4071")), old: None }] {
        provider
            .act(permit(&card, action, id).await)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let body = last();
        let cipher = BASE64
            .decode(body["data"].as_str().expect("the envelope's own field").as_bytes())
            .expect("base64");
        let plain =
            crypto::aes_ecb_decrypt(b"0123456789abcdef", &cipher).expect("the key as it is");
        let plain: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
        assert_eq!(plain["otpRequired"], true, "{plain}");
        let block = if plain["blockCode"].is_string() {
            serde_json::Value::Null
        } else {
            "244071FFFFFFFFFF".into()
        };
        assert_eq!(plain["pinBlock"], block, "{plain}");
    }
}
