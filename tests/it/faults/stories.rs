//! One lie, one crash or one full disk at a time, and what an operator sees of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::domain::operation::{Action, OperationId, OperationState};
use cardtop::engine::{ChangeRequest, Engine, Purpose, Setup};
use cardtop::provider::Config;
use cardtop::provider::http::{Access, Transport, TransportError};
use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use cardtop::store::Store;
use http::{Request, Response};
use jiff::SignedDuration;

use super::judge;
use super::net::{
    Net, Way, active, configured, engine, folder, key, lock, opened, order, small, units,
};
use crate::harness::{nowhere, open_over, start};
use crate::proxy::{Lie, Proxy, Script, may_come_twice};

/// A bank of few cards, a network that does only what is planned, and where cardtop keeps its data.
pub(super) struct Scene {
    pub(super) dialect: Dialect,
    pub(super) clock: Clock,
    pub(super) sandbox: Sandbox,
    pub(super) folder: tempfile::TempDir,
    pub(super) config: Config,
    pub(super) net: Arc<Net>,
}

impl Scene {
    pub(super) fn new(dialect: Dialect, timeout: &str) -> Self {
        let clock = Clock::from(start());
        let sandbox = Sandbox::new(small(3), clock.clone());
        let folder = folder();
        let config = configured(&sandbox, &nowhere, folder.path(), timeout);
        let net = Net::new(&sandbox, &clock, Script::of(1, dialect, Duration::from_secs(50)));
        net.honest.store(true, Ordering::SeqCst);
        Self { dialect, clock, sandbox, folder, config, net }
    }

    /// A cardtop that reads only when asked.
    pub(super) async fn engine(&self) -> Engine {
        engine(&self.config, &self.clock, self.folder.path(), &self.net).await
    }

    /// The first card that can be topped up.
    pub(super) fn card(&self) -> String {
        active(&self.sandbox, self.dialect).swap_remove(0)
    }

    /// A top-up of that card.
    pub(super) fn top_up(&self, engine: &Engine) -> ChangeRequest {
        let card = self.card();
        order(
            engine,
            &key(self.dialect, &card),
            units(&self.sandbox, self.dialect, &card, 25),
            false,
        )
    }

    /// The data file as somebody else opens it.
    pub(super) fn disk(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join(cardtop::store::FILE))
            .expect("the data file")
    }
}

#[tokio::test(start_paused = true)]
async fn identical_top_ups_looked_for_at_once_never_share_one_credit() {
    let lies = [
        None,
        Some(Lie::LoseRequest),
        Some(Lie::LoseAnswer),
        Some(Lie::LateRequest(Duration::from_secs(50))),
        Some(Lie::Fail500),
        Some(Lie::Refuse429),
    ];
    for dialect in [Dialect::Banana, Dialect::Artha] {
        for first in lies {
            for second in lies {
                let said = format!("{}: {first:?}, then {second:?}", dialect.name());
                let scene = Scene::new(dialect, "20s");
                let (sandbox, net) = (&scene.sandbox, &scene.net);
                lock(&net.planned).extend([first, second]);
                let engine = scene.engine().await;
                let card = scene.card();
                let amount = units(sandbox, dialect, &card, 25);
                let card_key = key(dialect, &card);
                let one = engine
                    .change(order(&engine, &card_key, amount, false), Duration::ZERO)
                    .await
                    .expect(&said);
                let two = engine
                    .change(order(&engine, &card_key, amount, true), Duration::ZERO)
                    .await
                    .expect(&said);
                for _ in 0..6 {
                    let _both = tokio::join!(engine.check(one.id), engine.check(two.id));
                    let operations = engine.operations().await.expect("the journal");
                    let done = operations
                        .iter()
                        .filter(|operation| operation.state == OperationState::Done)
                        .count();
                    let credits = sandbox.credits(dialect, &card).len();
                    let words: Vec<_> = operations
                        .iter()
                        .map(|operation| (operation.state, &operation.detail))
                        .collect();
                    assert!(
                        done <= credits,
                        "{said}: {done} DONE of {credits} credits: {words:#?}"
                    );
                    tokio::time::sleep(Duration::from_secs(11)).await;
                    net.arrivals().await;
                }
                let operations = engine.operations().await.expect("the journal");
                judge(sandbox, dialect, std::slice::from_ref(&card), &operations, false)
                    .unwrap_or_else(|why| panic!("{said}: {why}"));
                assert_eq!(net.sent(), 2, "{said}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_takes_long_is_not_taken_for_a_crash_by_the_board_that_sends_it() {
    let scene = Scene::new(Dialect::Enkash, "60s");
    let net = &scene.net;
    lock(&net.planned).push_back(Some(Lie::LateAnswer(Duration::from_secs(50))));
    // The board: it reads by itself, and looks for what other processes left behind.
    let (engine, mut news) =
        opened(&scene.config, &scene.clock, scene.folder.path(), net, true).await;
    let listening = tokio::spawn(async move { while news.recv().await.is_some() {} });
    let order = scene.top_up(&engine);
    let id = order.id;
    let operation = engine
        .change(order, Duration::from_secs(60))
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    let steps = engine.steps(id).await.expect("the journal");
    let words: Vec<&str> = steps.iter().map(|step| step.kind.as_str()).collect();
    assert!(!words.contains(&"crash") && words.contains(&"answer"), "{words:?}");
    assert_eq!(operation.state, OperationState::Done, "{:?}", operation.detail);
    engine.stop().await;
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_could_not_be_noted_as_sent_is_not_left_in_doubt() {
    let scene = Scene::new(Dialect::Banana, "20s");
    let net = &scene.net;
    let engine = scene.engine().await;
    let top_up = || scene.top_up(&engine);
    // The disk takes the intent and no more.
    let disk = scene.disk();
    let full = "CREATE TRIGGER full BEFORE INSERT ON line WHEN NEW.what = 'sent' BEGIN SELECT \
                RAISE(ABORT, 'full'); END";
    disk.execute_batch(full).expect("a trigger");
    let refused = engine.change(top_up(), Duration::ZERO).await.expect_err("it cannot be noted");
    assert!(refused.to_string().contains("nothing was sent"), "{refused}");
    assert_eq!(net.sent(), 0);
    let operations = engine.operations().await.expect("the journal");
    let states: Vec<_> = operations.iter().map(|operation| operation.state).collect();
    assert_eq!(states, [OperationState::Failed], "nothing was sent, and the journal has to say so");
    disk.execute_batch("DROP TRIGGER full").expect("room again");
    let sent = engine
        .change(top_up(), Duration::from_secs(60))
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!((sent.state, net.sent()), (OperationState::Done, 1), "{:?}", sent.detail);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_dies_before_anything_left_keeps_no_card_waiting() {
    let scene = Scene::new(Dialect::Banana, "20s");
    let net = &scene.net;
    let engine = scene.engine().await;
    let top_up = || scene.top_up(&engine);
    // The disk takes the intent, and then nothing more until the next start: what the file holds is
    // what a crash leaves.
    let disk = scene.disk();
    let full = "CREATE TRIGGER full BEFORE INSERT ON line WHEN NEW.what <> 'intent' BEGIN SELECT \
                RAISE(ABORT, 'full'); END";
    disk.execute_batch(full).expect("a trigger");
    let order = top_up();
    let id = order.id;
    engine.change(order, Duration::ZERO).await.expect_err("it cannot be noted as sent");
    disk.execute_batch("DROP TRIGGER full; UPDATE operation SET process = 0")
        .expect("room again, and the process is gone");
    let again = scene.engine().await;
    let found = again.operations().await.expect("the journal");
    let states: Vec<_> = found.iter().map(|operation| (operation.id, operation.state)).collect();
    assert_eq!(states, [(id, OperationState::Failed)], "nothing left: it is not in doubt");
    let sent = again
        .change(top_up(), Duration::from_secs(60))
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!((sent.state, net.sent()), (OperationState::Done, 1), "{:?}", sent.detail);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_disk_did_not_take_is_written_as_soon_as_it_does() {
    let scene = Scene::new(Dialect::Artha, "20s");
    let net = &scene.net;
    let engine = scene.engine().await;
    let order = scene.top_up(&engine);
    let id = order.id;
    let disk = scene.disk();
    let full = "CREATE TRIGGER full BEFORE INSERT ON line WHEN NEW.what = 'answer' BEGIN SELECT \
                RAISE(ABORT, 'full'); END";
    disk.execute_batch(full).expect("a trigger");
    let operation =
        engine.change(order, Duration::ZERO).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(
        (operation.state, operation.provider_reference),
        (OperationState::Unknown, None),
        "the journal has no answer"
    );
    assert!(
        engine.check(id).await.is_ok_and(|operation| operation.provider_reference.is_none()),
        "still no room"
    );
    disk.execute_batch("DROP TRIGGER full").expect("room again");
    let operation = engine.check(id).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert!(
        operation.provider_reference.is_some(),
        "artha's task, by which it is asked for: {:?}",
        operation.detail
    );
    let words: Vec<String> = engine
        .steps(id)
        .await
        .expect("the journal")
        .iter()
        .map(|step| step.kind.to_string())
        .collect();
    assert!(words.contains(&"answer".to_owned()), "{words:?}");
    assert_eq!(net.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_the_network_sets_twice_is_set_and_was_asked_once() {
    for dialect in Dialect::ALL {
        let scene = Scene::new(dialect, "20s");
        let (sandbox, net) = (&scene.sandbox, &scene.net);
        let engine = scene.engine().await;
        let card = scene.card();
        for (action, state) in
            [(Action::Freeze, CardState::Frozen), (Action::Unfreeze, CardState::Active)]
        {
            lock(&net.planned).push_back(Some(Lie::Twice));
            let (sent, writes) = (net.sent(), sandbox.writes());
            let order = ChangeRequest {
                action,
                ..order(&engine, &key(dialect, &card), units(sandbox, dialect, &card, 1), false)
            };
            let operation = engine
                .change(order, Duration::from_secs(60))
                .await
                .unwrap_or_else(|refused| panic!("{refused}"));
            assert_eq!(
                operation.state,
                OperationState::Done,
                "{}: {:?}",
                dialect.name(),
                operation.detail
            );
            assert_eq!(
                (net.sent(), sandbox.state(dialect, &card)),
                (sent + 1, Some(state)),
                "{}",
                dialect.name()
            );
            // artha's nonce keeps the second one out; elsewhere it comes in and sets what is set
            // already.
            let came_in = if dialect == Dialect::Artha { 1 } else { 2 };
            assert_eq!(sandbox.writes(), writes + came_in, "{}", dialect.name());
        }
    }
}

/// Delivers every change twice and passes on what the provider said to the second.
struct Echo(Way);

#[async_trait]
impl Transport for Echo {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        if does == Access::Write {
            self.0.net.arrive(self.0.dialect, request.clone()).await?;
        }
        self.0.net.arrive(self.0.dialect, request).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_the_network_repeated_is_not_failed_because_its_echo_was_refused() {
    let scene = Scene::new(Dialect::Artha, "20s");
    let (sandbox, card, net) = (&scene.sandbox, scene.card(), Arc::clone(&scene.net));
    let way = move |dialect| -> Box<dyn Transport> {
        Box::new(Echo(Way { net: Arc::clone(&net), dialect }))
    };
    let (engine, _news) =
        open_over(scene.config.clone(), &scene.clock, scene.folder.path(), false, false, way).await;
    let order = scene.top_up(&engine);
    let operation = engine
        .change(order, Duration::from_secs(60))
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(sandbox.credits(Dialect::Artha, &card).len(), 1);
    assert_eq!(operation.state, OperationState::Done, "{:?}", operation.detail);
}

/// Database and write-ahead log as they are at a moment, as a power loss leaves them.
#[derive(Clone)]
struct Copied {
    /// A change had left by then.
    reached: bool,
    when: String,
    database: Vec<u8>,
    log: Vec<u8>,
}

fn copied(data: &Path, when: String, reached: bool) -> Copied {
    let read = |name: String| fs::read(data.join(name)).unwrap_or_default();
    let database = read(cardtop::store::FILE.to_owned());
    Copied { reached, when, database, log: read(format!("{}-wal", cardtop::store::FILE)) }
}

impl Copied {
    /// What a journal opened from this copy holds; its chain is checked.
    async fn operations(&self) -> Vec<OperationId> {
        let folder = folder();
        let at = |name: String| -> PathBuf { folder.path().join(name) };
        fs::write(at(cardtop::store::FILE.to_owned()), &self.database).expect("writing");
        fs::write(at(format!("{}-wal", cardtop::store::FILE)), &self.log).expect("writing");
        let store =
            Store::open(folder.path()).unwrap_or_else(|error| panic!("{}: {error}", self.when));
        let verified = store.verify().await;
        let operations = store.operations_page(None, 100).await;
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", self.when));
        let operations = operations.unwrap_or_else(|error| panic!("{}: {error}", self.when));
        verified.unwrap_or_else(|broken| panic!("{}: {broken}", self.when));
        operations.into_iter().map(|operation| operation.id).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_the_data_file_at_any_moment_knows_every_change_that_left() {
    for dialect in Dialect::ALL {
        let scene = Scene::new(dialect, "20s");
        let (sandbox, net, data) = (&scene.sandbox, &scene.net, scene.folder.path().to_owned());
        let copies: Arc<Mutex<Vec<Copied>>> = Arc::default();
        let (taking, from) = (Arc::clone(&copies), data.clone());
        *lock(&net.leaving) = Some(Box::new(move |write| {
            let mut copies = lock(&taking);
            let reached = write || copies.iter().any(|copy| copy.reached);
            let when = format!("{}, request {}", dialect.name(), copies.len());
            copies.push(copied(&from, when, reached));
        }));
        let engine = scene.engine().await;
        let card = scene.card();
        let amount = units(sandbox, dialect, &card, 25);
        let order = order(&engine, &key(dialect, &card), amount, false);
        let id = order.id;
        let operation = engine
            .change(order, Duration::from_secs(60))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            operation.state,
            OperationState::Done,
            "{}: {:?}",
            dialect.name(),
            operation.detail
        );
        let end = copied(&data, format!("{}, the end", dialect.name()), true);
        let copies = lock(&copies).clone();
        let left = copies.iter().find(|copy| copy.reached).cloned().expect("a change left");
        assert!(
            copies.iter().any(|copy| !copy.reached) && copies.len() > 3,
            "too few copies to say anything"
        );
        for copy in copies.iter().chain([&end]) {
            let held = copy.operations().await;
            assert!(
                !copy.reached || held.contains(&id),
                "{}: the change had left, and the journal does not know it",
                copy.when
            );
        }
        // What was written after the change had left may be on the disk up to any byte.
        assert!(
            end.log.len() > left.log.len()
                && left.log.len() > 4_096
                && end.database == left.database
        );
        let mut length = left.log.len();
        while length <= end.log.len() {
            let log = end.log.get(..length).expect("within the log").to_vec();
            let cut = Copied {
                log,
                when: format!("{}, log cut at {length}", dialect.name()),
                ..end.clone()
            };
            assert!(cut.operations().await.contains(&id), "{}", cut.when);
            length += 1_531;
        }
        // And what was written before it left breaks nothing, wherever it ends.
        for length in (0..left.log.len()).step_by(4_099) {
            let log = left.log.get(..length).expect("within the log").to_vec();
            let cut = Copied {
                log,
                when: format!("{}, log cut at {length}", dialect.name()),
                ..left.clone()
            };
            assert!(cut.operations().await.len() <= 1);
        }
    }
}

/// A clock that is moved by hand.
fn by_hand() -> (Clock, Arc<AtomicI64>) {
    let moved = Arc::new(AtomicI64::new(0));
    let told = Arc::clone(&moved);
    let clock = Clock::of(move || {
        start()
            .saturating_add(SignedDuration::from_millis(told.load(Ordering::SeqCst)))
            .expect("a time of the test")
    });
    (clock, moved)
}

/// What a lie about a top-up comes to: the state in the end, and whether the card was paid.
const fn expected(lie: Lie) -> (OperationState, usize) {
    match lie {
        Lie::LoseRequest | Lie::ResetRequest | Lie::Fail500 => (OperationState::Unknown, 0),
        Lie::Refuse429 => (OperationState::Failed, 0),
        Lie::LateRequest(_)
        | Lie::Fail500After
        | Lie::LoseAnswer
        | Lie::ResetAnswer
        | Lie::CutAnswer
        | Lie::ShortAnswer
        | Lie::Page
        | Lie::LateAnswer(_)
        | Lie::Overtaken
        | Lie::RequestOvertaken
        | Lie::Twice => (OperationState::Done, 1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_over_a_real_connection_ends_where_it_should() {
    let (clock, moved) = by_hand();
    let sandbox = Sandbox::new(Options { cards: 24, ..small(3) }, clock.clone());
    let serving = sandbox.serve(None).await.expect("four free ports");
    let mut proxies = Vec::new();
    for dialect in Dialect::ALL {
        let script = Script::of(1, dialect, Duration::from_millis(1_200));
        let proxy =
            Proxy::start(dialect, serving.addr(dialect), script).await.expect("a free port");
        proxy.be_honest(true);
        proxies.push((dialect, proxy));
    }
    let folder = folder();
    let base = |dialect: Dialect| {
        let found = proxies.iter().find(|(of, _)| *of == dialect);
        found.map(|(_, proxy)| proxy.base()).unwrap_or_default()
    };
    let config = configured(&sandbox, &base, folder.path(), "1s");
    let setup = Setup {
        config,
        data: folder.path().to_owned(),
        notes: None,
        read_only: false,
        only: None,
        operator: "anay".into(),
        clock: clock.clone(),
        purpose: Purpose::Cards,
        transport: None,
    };
    let (engine, _news) = Engine::open(setup).await.expect("a data folder");
    // Longer than cardtop waits: the request arrives when it has given up.
    for (place, lie) in Lie::all(Duration::from_millis(1_200)).into_iter().enumerate() {
        let each = proxies.iter().map(|(dialect, proxy)| {
            let (sandbox, engine, moved) = (&sandbox, &engine, &moved);
            async move {
                let said = format!("{}: {lie:?}", dialect.name());
                if lie == Lie::Twice && !may_come_twice(*dialect, true) {
                    return;
                }
                let card =
                    active(sandbox, *dialect).into_iter().nth(place).expect("a card for each");
                let (sent, exchanges) = (proxy.sent(), proxy.exchanges());
                proxy.plan(lie);
                let order = order(
                    engine,
                    &key(*dialect, &card),
                    units(sandbox, *dialect, &card, 25),
                    false,
                );
                let id = order.id;
                let asked = engine.change(order, Duration::ZERO).await;
                proxy.quiet().await;
                let asked = asked.unwrap_or_else(|refused| panic!("{said}: {refused}"));
                assert!(
                    matches!(
                        asked.state,
                        OperationState::Accepted | OperationState::Unknown | OperationState::Failed
                    ),
                    "{said}"
                );
                moved.fetch_add(6_000, Ordering::SeqCst);
                // Two looks: the first may find it under way.
                let _first = engine.check(id).await;
                let found =
                    engine.check(id).await.unwrap_or_else(|refused| panic!("{said}: {refused}"));
                let (state, credits) = expected(lie);
                assert_eq!(found.state, state, "{said}: {:?}", found.detail);
                assert_eq!(sandbox.credits(*dialect, &card).len(), credits, "{said}");
                assert_eq!(proxy.sent(), sent + 1, "{said}: it was sent again");
                assert!(proxy.exchanges() > exchanges + 1, "{said}: it was not looked for");
                assert_eq!(proxy.told().get(lie.as_str()), Some(&1), "{said}");
            }
        });
        futures::future::join_all(each).await;
    }
    assert!(engine.verify().await.is_ok());
    serving.stop().await;
}
