//! What a request and a page of each wire cost, without network and provider: making the request
//! (encrypting it, signing it), and turning the answer into rows. The answers are real ones of the
//! simulated bank, kept once and given again.
//!
//! Printed beside the plainest thing that can be done with such an answer, measured in the same
//! run: checking that it is JSON. An answer that is encrypted has more to it than that.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::config::roster;
use cardtop::provider::http::{Access, Http, InProcess, Transport, TransportError};
use cardtop::provider::{Config, PageCursor, Provider, Window, build};
use cardtop::sandbox::{Dialect, Options, Sandbox};
use http::{Request, Response};
use jiff::SignedDuration;
use serde::de::IgnoredAny;
use tokio::time::Instant;

const ROUNDS: usize = 200;

/// Rows that are asked for at once; a wire may give more.
const PAGE: u16 = 50;

/// Cards of the list that comes in one answer.
const CARDS: usize = 15_000;

/// How often that list is read.
const LISTS: usize = 7;

const FIRST: PageCursor = PageCursor { number: 0, offset: 0, size: PAGE };

/// What all ways to the bank share.
#[derive(Default)]
struct Kept {
    /// Requests are refused before they leave: only what comes before is measured.
    refuses: AtomicBool,
    /// The first answer of each path.
    answers: Mutex<BTreeMap<String, (http::response::Parts, Bytes)>>,
}

/// A way to the bank that asks it once for each path, and then repeats the answer.
struct Repeating {
    bank: InProcess,
    kept: Arc<Kept>,
}

#[async_trait]
impl Transport for Repeating {
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        if self.kept.refuses.load(Ordering::Relaxed) {
            return Err(TransportError::unsent("nothing is sent"));
        }
        let path = request.uri().path().to_owned();
        let known = || {
            let answers = self.kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(&path).cloned()
        };
        if let Some((parts, body)) = known() {
            return Ok(Response::from_parts(parts, body));
        }
        let (parts, body) = self.bank.call(access, request).await?.into_parts();
        let mut answers = self.kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path, (parts.clone(), body.clone()));
        Ok(Response::from_parts(parts, body))
    }
}

/// One provider's adapter, and one page that it is asked for.
struct Wire {
    adapter: Box<dyn Provider>,
    kept: Arc<Kept>,
    window: Window,
}

impl Wire {
    async fn new(sandbox: &Sandbox, config: &Config, dialect: Dialect) -> Self {
        let account = config
            .providers
            .iter()
            .find(|account| account.kind() == dialect.name())
            .expect("the sandbox writes an account for each of its providers");
        let kept = Arc::new(Kept::default());
        let way = Repeating { bank: InProcess(sandbox.router(dialect)), kept: Arc::clone(&kept) };
        let clock = Clock::real();
        let until = clock.now();
        let http = Http::with_transport(&account.name, Box::new(way), clock, account.timeout);
        let adapter = build(account, http).expect("the sandbox's own settings are right");
        let since = until - SignedDuration::from_hours(24 * 55);
        let mut wire = Self { adapter, kept, window: Window { card: None, since, until } };
        if wire.page().await.is_none() {
            // A wire without a list of all cards' transactions: those of one card, which is in the
            // provider's list or in the roster.
            let listed = wire.adapter.cards(FIRST).await.map(|page| page.items);
            let cards = listed.unwrap_or_else(|_| {
                let file = account.roster.as_deref().expect("a wire without a list has a roster");
                let roster = roster::read(&account.name, account.ids().cards, file);
                let cards = roster.expect("the sandbox writes it").cards;
                cards.iter().map(|card| card.card()).collect()
            });
            wire.window.card = cards.into_iter().next();
        }
        wire
    }

    /// Rows of the page; `None` where it was not read.
    async fn page(&self) -> Option<usize> {
        let page = self.adapter.transactions(&self.window, FIRST).await.ok()?;
        Some(page.items.len())
    }

    /// The answer with the rows, which is the longest, as it came.
    fn answer(&self) -> Bytes {
        let answers = self.kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let bodies = answers.values().map(|(_, body)| body.clone());
        bodies.max_by_key(Bytes::len).unwrap_or_default()
    }

    /// The median of asking for the page so often.
    async fn ask(&self) -> Duration {
        let mut took = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let _rows = self.page().await;
            took.push(began.elapsed());
        }
        median(took)
    }
}

/// Reads the list of all cards of enkash, which comes in one answer, and prints what that costs
/// beside checking that the same bytes are JSON once they are decrypted.
async fn whole_list(sandbox: &Sandbox, config: &Config) {
    let wire = Wire::new(sandbox, config, Dialect::Enkash).await;
    let mut took = Vec::with_capacity(LISTS);
    let mut cards = 0;
    for _ in 0..=LISTS {
        let began = Instant::now();
        cards = wire.adapter.cards(FIRST).await.map_or(0, |page| page.items.len());
        took.push(began.elapsed());
    }
    // The first was made by the bank.
    took.remove(0);
    let answer = wire.answer();
    let mut plain = Vec::with_capacity(LISTS);
    for _ in 0..LISTS {
        let began = Instant::now();
        let _is_json = serde_json::from_slice::<IgnoredAny>(&answer).is_ok();
        plain.push(began.elapsed());
    }
    println!(
        "\n{cards} cards of enkash in one answer of {} KiB: {} ms, {} us a card; {} ms for reading \
         the encrypted text as JSON",
        answer.len() >> 10,
        median(took.clone()).as_millis(),
        median(took).as_micros() / u128::try_from(cards.max(1)).unwrap_or(1),
        median(plain).as_millis()
    );
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options { seed: 7, cards: 4, transactions: 2_000, ..Options::default() };
    let sandbox = Sandbox::new(options, Clock::real());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("cardtop.toml");
    sandbox
        .write_config(&|_| "http://127.0.0.1:9".to_owned(), &file)
        .expect("the temporary folder takes a file");
    let config = Config::load(Some(&file)).expect("what the sandbox writes can be read");
    println!("a page of at most {PAGE} transactions, median of {ROUNDS}\n");
    println!("wire       sign us   decode us  a row us    rows    bytes   plain JSON us");
    for dialect in Dialect::ALL {
        let wire = Wire::new(&sandbox, &config, dialect).await;
        let rows = wire.page().await.expect("the bank lists transactions");
        let both = wire.ask().await;
        wire.kept.refuses.store(true, Ordering::Relaxed);
        let sign = wire.ask().await;
        let decode = both.saturating_sub(sign);
        let answer = wire.answer();
        let mut plain = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let _is_json = serde_json::from_slice::<IgnoredAny>(&answer).is_ok();
            plain.push(began.elapsed());
        }
        println!(
            "{:8} {:>9} {:>11} {:>9} {rows:>7} {:>8} {:>15}",
            dialect.name(),
            sign.as_micros(),
            decode.as_micros(),
            decode.as_micros() / u128::try_from(rows.max(1)).unwrap_or(1),
            answer.len(),
            median(plain).as_micros()
        );
    }
    let options = Options { seed: 7, cards: CARDS, transactions: 0, ..Options::default() };
    whole_list(&Sandbox::new(options, Clock::real()), &config).await;
}
