//! How much memory one answer of a provider can take: its own size, and little more. Alone in its
//! program, since it counts what the whole program allocates.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardKey};
use cardtop::provider::Config;
use cardtop::provider::http::{Access, Http, Transport, TransportError};
use cardtop::provider::{Error, Page, PageCursor, Provider, Window, build};
use cardtop::sandbox::{Options, Sandbox};
use http::{Request, Response};
use jiff::Timestamp;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Size of the answers. The largest that is taken has 8 MiB; what they cost beside themselves does
/// not grow with them.
const SIZE: usize = 2 << 20;

/// What may be allocated beside the answer itself.
const ALLOWED: usize = 1 << 20;

const FIRST: PageCursor = PageCursor { number: 0, offset: 0, size: 50 };

/// Lets whoever asks in, and answers everything else with one body.
struct Fixed(Bytes);

#[async_trait]
impl Transport for Fixed {
    async fn call(
        &self,
        _: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path().to_lowercase();
        Ok(Response::new(if path.contains("login") {
            Bytes::from_static(br#"{"status":"1","details":{"accessToken":"t","expiresIn":3600}}"#)
        } else if path.contains("token") {
            Bytes::from_static(br#"{"access_token":"t","expires_in":3600}"#)
        } else {
            self.0.clone()
        }))
    }
}

/// An answer of this size: `item` again and again, within what stands before and behind.
fn filled(before: &str, item: &str, behind: &str) -> Bytes {
    let count = (SIZE - before.len() - behind.len() + 1) / (item.len() + 1);
    Bytes::from(format!("{before}{}{behind}", vec![item; count].join(",")))
}

/// What a page could not read, in words.
fn complaints<T>(page: Result<Page<T>, Error>) -> String {
    match page {
        Ok(page) => page.skipped.iter().map(|row| row.sentence()).collect::<Vec<_>>().join("; "),
        Err(error) => error.to_string(),
    }
}

/// The most that a reading allocated beside the answer, in bytes, and what was wrong with its list.
async fn most(provider: &dyn Provider, card: &Card, list_of_cards: bool) -> (usize, String) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let said = if list_of_cards {
        complaints(provider.cards(FIRST).await)
    } else {
        let since = "2026-01-01T00:00:00Z".parse().expect("a time");
        let window =
            Window { card: Some(card.clone()), since, until: since + Duration::from_secs(86_400) };
        let said = complaints(provider.transactions(&window, FIRST).await);
        let _ = provider.card(card).await;
        let _ = provider.float().await;
        said
    };
    (MEMORY.peak_usage().saturating_sub(before), said)
}

#[tokio::test]
async fn one_answer_of_tiny_values_takes_little_more_memory_than_its_size() {
    let clock = Clock::fixed(Timestamp::from_second(1_770_000_000).expect("a time"));
    let sandbox =
        Sandbox::new(Options { cards: 1, busy: false, ..Options::default() }, clock.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    sandbox.write_config(&|_| "http://127.0.0.1:9".to_owned(), &path).expect("a configuration");
    let config = Config::load(Some(&path)).expect("it is good");
    let row = r#"{"id":"1","amount":"1.00","currency":"USD","status":"x","type":"y","date":"2026-01-01T00:00:00Z"}"#;
    let mut wrong = Vec::new();
    for (who, name, before, item, behind) in [
        ("artha", "objects", "[", "{}", "]"),
        ("artha", "objects in data", r#"{"status":"1","details":null,"data":["#, "{}", "]}"),
        ("artha", "numbers in data", r#"{"status":"1","data":["#, "0", "]}"),
        ("artha", "rows", r#"{"status":"1","data":["#, row, "]}"),
        ("artha", "names in a row", r#"{"status":"1","data":[{"#, r#""a":0"#, "}]}"),
        ("artha", "names in data", r#"{"status":"1","data":{"#, r#""a":0"#, "}}"),
        ("ibanera", "objects", r#"{"status":"1","details":["#, "{}", "]}"),
        ("ibanera", "numbers", r#"{"status":"1","details":["#, "0", "]}"),
        ("ibanera", "rows", r#"{"status":"1","details":["#, row, "]}"),
        ("ibanera", "errors", r#"{"status":"0","errors":["#, "{}", "]}"),
        ("ibanera", "names of errors", r#"{"status":"0","errors":{"#, r#""a":0"#, "}}"),
        ("enkash", "objects", r#"{"code":0,"payload":{"recordsCount":1,"data":["#, "{}", "]}}"),
        ("enkash", "rows", r#"{"code":0,"payload":{"recordsCount":1,"data":["#, row, "]}}"),
        ("enkash", "bare objects", "[", "{}", "]"),
        ("enkash", "one payload", r#"{"code":0,"payload":["#, "0", "]}"),
        ("banana", "objects", r#"{"data":["#, "{}", "]}"),
        ("", "names", "{", r#""a":0"#, "}"),
        ("", "one text", r#"{"status":"1","message":""#, "x", r#""}"#),
    ] {
        let body = filled(before, item, behind);
        for account in
            config.providers.iter().filter(|account| who.is_empty() || account.name.name() == who)
        {
            let http = Http::with_transport(
                &account.name,
                Box::new(Fixed(body.clone())),
                clock.clone(),
                Duration::from_secs(60),
            );
            let provider = build(account, http).expect("an adapter");
            let card = Card::unread(CardKey::new(&account.name, "1"));
            for list_of_cards in [true, false] {
                let (most, said) = most(&*provider, &card, list_of_cards).await;
                // A list that is too long is never an empty one.
                let of_lists = [
                    "objects",
                    "objects in data",
                    "numbers in data",
                    "rows",
                    "numbers",
                    "one payload",
                ]
                .contains(&name);
                let offered = !said.contains("has no card list") && account.name.name() != "banana";
                if of_lists && offered && !said.contains("more than 20000 rows") {
                    wrong.push(format!("{} {name}: {said:?}", account.name));
                }
                if most > ALLOWED {
                    wrong.push(format!("{} {name}: {} KiB", account.name, most >> 10));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
