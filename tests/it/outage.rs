//! Providers that go away for a while: how much they are asked meanwhile, how soon they are read
//! again, and that the others never wait.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::provider::Config;
use cardtop::provider::http::{Access, InProcess, Transport, TransportError};
use cardtop::sandbox::{Dialect, Options, Sandbox};
use http::{HeaderValue, Request, Response};
use jiff::{SignedDuration, Timestamp};

use crate::harness::{nowhere, open_over, start};

/// What happens to every request to the provider that is in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// No connection.
    Gone,
    /// HTTP 503 and a web page.
    Page,
    /// HTTP 429 with `Retry-After: 40`.
    Told,
    /// No answer at all.
    Silent,
}

#[derive(Default)]
struct Net {
    trouble: Option<(Dialect, Trouble)>,
    asked: BTreeMap<Dialect, Vec<Timestamp>>,
}

/// The way to one provider, which writes down when it was asked.
struct Way {
    net: Arc<Mutex<Net>>,
    clock: Clock,
    dialect: Dialect,
    inner: InProcess,
}

fn lock(net: &Mutex<Net>) -> MutexGuard<'_, Net> {
    net.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Transport for Way {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let trouble = {
            let mut net = lock(&self.net);
            net.asked.entry(self.dialect).or_default().push(self.clock.now());
            net.trouble.filter(|(dialect, _)| *dialect == self.dialect).map(|(_, trouble)| trouble)
        };
        let made = |status: u16, body: &'static str| {
            let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
            *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            answer
        };
        match trouble {
            None => self.inner.call(does, request).await,
            Some(Trouble::Gone) => Err(TransportError::unsent("no connection")),
            Some(Trouble::Page) => {
                Ok(made(503, "<!DOCTYPE html><html><body>Unavailable</body></html>"))
            }
            Some(Trouble::Told) => {
                let mut answer = made(429, r#"{"message":"slow down"}"#);
                answer
                    .headers_mut()
                    .insert(http::header::RETRY_AFTER, HeaderValue::from_static("40"));
                Ok(answer)
            }
            Some(Trouble::Silent) => std::future::pending().await,
        }
    }
}

/// Five minutes of a board, well, in trouble and well again; what was asked of each provider in
/// each.
async fn three_times(hit: Dialect, trouble: Trouble) -> [BTreeMap<Dialect, Vec<Timestamp>>; 3] {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(
        Options { cards: 6, transactions: 40, busy: false, ..Options::default() },
        clock.clone(),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    sandbox.write_config(&nowhere, &path).expect("a configuration");
    let config = Config::load(Some(&path)).expect("the sandbox writes a good configuration");
    let net = Arc::new(Mutex::new(Net::default()));
    let (shared, bank, time) = (Arc::clone(&net), sandbox.clone(), clock.clone());
    let way = move |dialect| -> Box<dyn Transport> {
        Box::new(Way {
            net: Arc::clone(&shared),
            clock: time.clone(),
            dialect,
            inner: InProcess(bank.router(dialect)),
        })
    };
    let (engine, mut news) = open_over(config, &clock, folder.path(), false, true, way).await;
    let listening = tokio::spawn(async move { while news.recv().await.is_some() {} });
    let mut times = Vec::new();
    // The first readings go back over the whole window, which takes more requests.
    tokio::time::sleep(Duration::from_secs(60)).await;
    for trouble in [None, Some((hit, trouble)), None] {
        lock(&net).trouble = trouble;
        lock(&net).asked.clear();
        tokio::time::sleep(Duration::from_secs(300)).await;
        times.push(std::mem::take(&mut lock(&net).asked));
    }
    engine.stop().await;
    listening.abort();
    times.try_into().unwrap_or_else(|_| panic!("three times"))
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_stops_no_reading_and_leaves_no_old_figure_live() {
    let passing = Clock::from(start());
    let back = Arc::new(AtomicI64::new(0));
    let (time, set) = (passing.clone(), Arc::clone(&back));
    let clock = Clock::of(move || {
        let set = SignedDuration::from_secs(set.load(Ordering::SeqCst));
        time.now().saturating_sub(set).expect("a time of the test")
    });
    let sandbox = Sandbox::new(
        Options { cards: 6, transactions: 40, busy: false, ..Options::default() },
        passing,
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    sandbox.write_config(&nowhere, &path).expect("a configuration");
    // The two wires that sign no time: a bank would refuse the others' requests of another hour.
    let mut config = Config::load(Some(&path)).expect("the sandbox writes a good configuration");
    config.providers.retain(|provider| matches!(provider.kind(), "banana" | "enkash"));
    let net = Arc::new(Mutex::new(Net::default()));
    let (shared, bank, time) = (Arc::clone(&net), sandbox.clone(), clock.clone());
    let way = move |dialect| -> Box<dyn Transport> {
        Box::new(Way {
            net: Arc::clone(&shared),
            clock: time.clone(),
            dialect,
            inner: InProcess(bank.router(dialect)),
        })
    };
    let (engine, mut news) = open_over(config, &clock, folder.path(), false, true, way).await;
    let listening = tokio::spawn(async move { while news.recv().await.is_some() {} });
    // The first readings go back over the whole history, which takes more requests.
    tokio::time::sleep(Duration::from_secs(120)).await;
    lock(&net).asked.clear();
    tokio::time::sleep(Duration::from_secs(120)).await;
    let well = std::mem::take(&mut lock(&net).asked);
    back.store(3_600, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let after = std::mem::take(&mut lock(&net).asked);
    for dialect in [Dialect::Banana, Dialect::Enkash] {
        let (before, now) = (count(&well, dialect), count(&after, dialect));
        assert!(now * 10 > before * 8, "{}: {now} requests since, {before} before", dialect.name());
    }
    let now = clock.now();
    for card in engine.known_cards().await {
        let at = card.balance.at().expect("it was read");
        assert!(
            at <= now && now.duration_since(at) < SignedDuration::from_mins(1),
            "{}: read at {at}, it is {now}",
            card.key
        );
        assert!(card.balance.why_stale().is_none(), "{}: {:?}", card.key, card.balance);
    }
    engine.stop().await;
    // The next start has them, too, with their time.
    let kept = cardtop::store::Store::open(folder.path()).expect("the data file");
    let kept = kept.cards().await.expect("the cards");
    assert!(
        !kept.is_empty() && kept.iter().all(|card| card.balance.at().is_some_and(|at| at <= now)),
        "{kept:#?}"
    );
    listening.abort();
}

fn count(time: &BTreeMap<Dialect, Vec<Timestamp>>, dialect: Dialect) -> usize {
    time.get(&dialect).map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn a_provider_in_trouble_is_not_hammered_is_read_again_soon_and_delays_no_other() {
    for (hit, trouble) in [
        (Dialect::Artha, Trouble::Gone),
        (Dialect::Banana, Trouble::Page),
        (Dialect::Enkash, Trouble::Told),
        (Dialect::Ibanera, Trouble::Silent),
    ] {
        let [before, during, after] = three_times(hit, trouble).await;
        let said = format!("{}, {trouble:?}", hit.name());
        let healthy = count(&before, hit);
        assert!(
            count(&during, hit) * 4 < healthy,
            "{said}: {} requests, {healthy} when it is well",
            count(&during, hit)
        );
        assert!(count(&during, hit) >= 5, "{said}: it is tried again: {}", count(&during, hit));
        let asked = during.get(&hit).expect("it was asked");
        if trouble == Trouble::Told {
            let waits = asked.windows(2).map(|two| two[1].duration_since(two[0]));
            let least = waits.filter(|wait| *wait > SignedDuration::ZERO).min().expect("several");
            assert!(least >= SignedDuration::from_secs(40), "{said}: asked again after {least}");
        }
        // Well again: the last wait of the trouble is a minute at most.
        let first = after.get(&hit).and_then(|asked| asked.first()).expect("it is read again");
        let well = asked.last().expect("it was asked");
        assert!(
            first.duration_since(*well) <= SignedDuration::from_secs(80),
            "{said}: read again after {}",
            first.duration_since(*well)
        );
        assert!(
            count(&after, hit) * 10 > healthy * 6,
            "{said}: {} requests afterwards, {healthy} before",
            count(&after, hit)
        );
        for other in Dialect::ALL.into_iter().filter(|dialect| *dialect != hit) {
            let (then, now) = (count(&before, other), count(&during, other));
            assert!(
                now * 10 >= then * 9 && now * 9 <= then * 10,
                "{said}: {} was asked {now} times, {then} before",
                other.name()
            );
        }
    }
}
