//! How much memory one answer of a provider can take: what its rows take once they are read, and
//! little more, however the answer comes. Alone in its program, since it counts what the whole
//! program allocates.

#![expect(clippy::print_stdout, reason = "what was measured is of use where it is too much")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardKey};
use cardtop::provider::Config;
use cardtop::provider::crypto::{aes_ecb_encrypt, sha256};
use cardtop::provider::http::{Access, AnswerBody, Http, Stop, Transport, TransportError};
use cardtop::provider::{Error, Page, PageCursor, Provider, Window, build};
use cardtop::sandbox::{Options, Sandbox};
use data_encoding::BASE64;
use http::response::Parts;
use http::{Request, Response};
use jiff::Timestamp;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Size of the answers of tiny values. What they cost beside themselves does not grow with them.
const SIZE: usize = 1 << 20;

/// What may be allocated beside an answer that is no list that can be read: a copy of it, with the
/// room in which that grew.
const ALLOWED: usize = 2 * SIZE + (1 << 20);

/// What may be allocated for a row of a list, in bytes: the row, its texts, and the room in which the
/// list grows.
const ALLOWED_FOR_A_ROW: usize = 1_200;

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

/// An answer that comes in pieces, each made when it is asked for: neither the answer nor a copy of
/// it is in memory unless it is kept.
struct Pouring {
    /// The piece of this number; `None` behind the last.
    piece: Box<dyn Fn(usize) -> Option<Bytes> + Send + Sync>,
    /// Bytes that were taken.
    taken: Arc<AtomicUsize>,
}

#[async_trait]
impl Transport for Pouring {
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        Fixed(Bytes::from_static(b"{}")).call(access, request).await
    }

    async fn call_in_parts(
        &self,
        access: Access,
        request: Request<Bytes>,
        body: &mut dyn AnswerBody,
    ) -> Result<Parts, TransportError> {
        let is_token = request.uri().path().to_lowercase().contains("token");
        let (parts, token) = self.call(access, request).await?.into_parts();
        body.begin(parts.status);
        if is_token {
            body.take(token).expect("a token is short");
            return Ok(parts);
        }
        for piece in 0.. {
            let Some(piece) = (self.piece)(piece) else { break };
            self.taken.fetch_add(piece.len(), Ordering::Relaxed);
            match body.take(piece) {
                Ok(()) => {}
                Err(Stop::Refused) => break,
                Err(Stop::TooLarge(limit)) => {
                    return Err(TransportError::TooLarge { peer: "the bank".into(), limit });
                }
            }
        }
        Ok(parts)
    }
}

/// The configuration that the sandbox writes, and the folder with its secrets. Nobody answers at its
/// addresses.
fn configuration(clock: &Clock) -> (Config, tempfile::TempDir) {
    let sandbox =
        Sandbox::new(Options { cards: 1, busy: false, ..Options::default() }, clock.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    sandbox.write_config(&|_| "http://127.0.0.1:9".to_owned(), &path).expect("a configuration");
    (Config::load(Some(&path)).expect("it is good"), folder)
}

fn clock() -> Clock {
    Clock::fixed(Timestamp::from_second(1_770_000_000).expect("a time"))
}

/// What became of reading the cards of enkash from an answer in pieces.
struct Reading {
    page: Result<Page<Card>, Error>,
    /// The most memory that it took, in bytes.
    most: usize,
    /// Bytes of the answer that were taken.
    taken: usize,
}

async fn read_cards(piece: impl Fn(usize) -> Option<Bytes> + Send + Sync + 'static) -> Reading {
    let (config, _folder) = configuration(&clock());
    let account = config.providers.iter().find(|account| account.name.name() == "enkash");
    let account = account.expect("the sandbox has an enkash");
    let taken = Arc::new(AtomicUsize::new(0));
    let way = Pouring { piece: Box::new(piece), taken: Arc::clone(&taken) };
    let limit = Duration::from_secs(600);
    let http = Http::with_transport(&account.name, Box::new(way), clock(), limit);
    let provider = build(account, http).expect("an adapter");
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let page = provider.cards(FIRST).await;
    let most = MEMORY.peak_usage().saturating_sub(before);
    Reading { page, most, taken: taken.load(Ordering::Relaxed) }
}

/// A card of enkash as its document writes it, with what nobody reads.
fn card(number: usize) -> String {
    format!(
        r#"{{"enKashCardId":"EKC{number:07}","userId":"EKU{number:07}","cardAccountId":"CABFIPS",
        "title":"Mr","firstName":"Asha","middleName":"","lastName":"Rao {number}","companyId":"C",
        "maskedNumber":"652925XXXXXX{:04}","expiryMonth":"08","expiryYear":"2029","mobile":"90000",
        "email":"asha.rao.{number}@example.com","cardStatus":{{"label":"ACTIVE","name":"Active"}},
        "physicalCard":false,"otbBalance":"{}.{:02}","createdOn":"2025-01-23T16:38:36.000+0530"}}"#,
        number % 10_000,
        number / 100,
        number % 100
    )
}

/// The answer with so many cards, in pieces of one card each.
fn cards(count: usize) -> impl Fn(usize) -> Option<Bytes> + Send + Sync + 'static {
    move |piece| match piece {
        0 => Some(r#"{"code":0,"payload":{"data":["#.into()),
        piece if piece <= count => {
            let comma = if piece == 1 { "" } else { "," };
            Some(format!("{comma}{}", card(piece)).into())
        }
        piece if piece == count + 1 => {
            Some(format!(r#"],"recordsCount":{count}}},"message":"Success"}}"#).into())
        }
        _ => None,
    }
}

/// The same encrypted, as the text of an object.
fn sealed_cards(count: usize) -> Vec<Bytes> {
    let plain: Vec<u8> = (0..).map_while(cards(count)).flatten().collect();
    let key = sha256(b"sandbox-enkash-encryption-key");
    let key = key.get(..16).expect("32 bytes");
    let text = BASE64.encode(&aes_ecb_encrypt(key, &plain).expect("a key of 16 bytes"));
    let body = Bytes::from(format!(r#"{{"request":"{text}"}}"#));
    (0..body.len())
        .step_by(16 << 10)
        .map(|at| body.slice(at..body.len().min(at + (16 << 10))))
        .collect()
}

async fn large_and_endless_answers_take_the_memory_of_their_rows() {
    for count in [25_000, 100_000] {
        let Reading { page, most, taken } = read_cards(cards(count)).await;
        let page = page.expect("a list");
        assert_eq!((page.items.len(), page.skipped.len(), &page.gap), (count, 0, &None));
        let last = page.items.last().expect("cards");
        assert_eq!(&*last.key.id, format!("EKC{count:07}"));
        println!("{count} cards of {} KiB: {} KiB", taken >> 10, most >> 10);
        assert!(most <= count * ALLOWED_FOR_A_ROW + ALLOWED, "{count} cards: {} KiB", most >> 10);
    }
    let pieces = sealed_cards(25_000);
    let Reading { page, most, taken } = read_cards(move |piece| pieces.get(piece).cloned()).await;
    let page = page.expect("a list");
    assert_eq!((page.items.len(), page.skipped.len(), page.gap), (25_000, 0, None));
    println!("25000 encrypted cards of {} KiB: {} KiB", taken >> 10, most >> 10);
    assert!(most <= 25_000 * ALLOWED_FOR_A_ROW + ALLOWED, "encrypted: {} KiB", most >> 10);

    let cut = read_cards(|piece| cards(25_000)(piece).filter(|_| piece < 24_000)).await;
    let why = cut.page.expect_err("a list that is cut is none").to_string();
    assert!(why.contains("JSON that is cut or broken"), "{why}");

    // Without an end, and at most one of its kinds has cards in it.
    let (open, text) = (r#"{"code":0,"payload":["#, "x".repeat(64 << 10));
    let endless: [(&str, &str, String, &str); 5] = [
        (
            "rows that are none",
            open,
            "0,".repeat(20_000),
            "more than 5000 rows that cannot be read",
        ),
        ("lists in lists", open, "[".repeat(64 << 10), "a row of more than 16 MiB"),
        ("one row", open, format!(r#"{{"a":"{text}"#), "a row of more than 16 MiB"),
        ("one text", r#"{"code":0,"message":""#, text.clone(), "8 MiB beside the rows"),
        ("names", "{", r#""a":[],"#.repeat(9_000), "8 MiB beside the rows"),
    ];
    for (what, start, piece, said) in endless {
        let (start, piece) = (Bytes::from(start), Bytes::from(piece));
        let pour = move |number| Some(if number == 0 { start.clone() } else { piece.clone() });
        let Reading { page, most, taken } = read_cards(pour).await;
        let why = page.expect_err("it has no end").to_string();
        println!("{what}: {} KiB of {} MiB: {why}", most >> 10, taken >> 20);
        assert!(why.contains(said), "{what}: {why}");
        assert!(most <= 32 << 20, "{what}: {} KiB", most >> 10);
    }
    let card = |number| match number {
        0 => Some(open.into()),
        _ => Some(format!(r#"{{"enKashCardId":"EKC{number:07}"}},"#).into()),
    };
    let Reading { page, most, .. } = read_cards(card).await;
    let why = page.expect_err("it has no end").to_string();
    assert!(why.contains("more than 250000 rows"), "{why}");
    println!("cards without an end: {} KiB: {why}", most >> 10);
    assert!(most <= 250_000 * ALLOWED_FOR_A_ROW + ALLOWED, "cards: {} KiB", most >> 10);
}

async fn one_answer_of_tiny_values_takes_little_more_memory_than_its_size() {
    let clock = clock();
    let (config, _folder) = configuration(&clock);
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
                // A list that cannot be read is never an empty one.
                let of_lists =
                    ["objects", "objects in data", "numbers in data", "numbers", "one payload"]
                        .contains(&name);
                let offered = !said.contains("has no card list") && account.name.name() != "banana";
                if of_lists && offered && !said.contains("more than 5000 rows that cannot be read")
                {
                    wrong.push(format!("{} {name}: {said:?}", account.name));
                }
                let rows = if name == "rows" { SIZE / row.len() } else { 0 };
                if most > ALLOWED + rows * ALLOWED_FOR_A_ROW {
                    wrong.push(format!("{} {name}: {} KiB", account.name, most >> 10));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// One after the other: they count the memory of the whole program.
#[tokio::test]
async fn an_answer_takes_little_more_memory_than_its_rows() {
    one_answer_of_tiny_values_takes_little_more_memory_than_its_size().await;
    large_and_endless_answers_take_the_memory_of_their_rows().await;
}
