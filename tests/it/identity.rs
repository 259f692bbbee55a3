//! One card is one card however its id is spelled, and an answer about another card is nobody's
//! figure.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::domain::card::{Card, CardKey};
use cardtop::domain::operation::OperationState;
use cardtop::engine::Engine;
use cardtop::provider::Config;
use cardtop::provider::http::{Access, Http, InProcess, Transport, TransportError};
use cardtop::provider::{ErrorKind, PageCursor, Provider, Window, build};
use cardtop::sandbox::{Dialect, Fault};
use http::{Request, Response};

use crate::command_line::{Bank, code, words};
use crate::harness::{Desk, open};

/// Another spelling of an id that means the same card.
fn otherwise(dialect: Dialect, id: &str) -> String {
    match dialect {
        Dialect::Artha => id.to_ascii_uppercase(),
        Dialect::Banana | Dialect::Ibanera => format!("00{id}"),
        Dialect::Enkash => format!(" {id} "),
    }
}

/// The ids of a roster, spelled otherwise.
fn respell(roster: &std::path::Path, dialect: Dialect) {
    let text = std::fs::read_to_string(roster).expect("a roster");
    let mut lines = text.lines();
    let mut spelled = vec![lines.next().expect("a header").to_owned()];
    for line in lines {
        let (id, rest) = line.split_once(',').expect("more than an id");
        spelled.push(format!("{},{rest}", otherwise(dialect, id)));
    }
    std::fs::write(roster, spelled.join("\n")).expect("the roster again");
}

fn keys(cards: &[Arc<Card>]) -> BTreeSet<CardKey> {
    cards.iter().map(|card| card.key.clone()).collect()
}

async fn all_cards(engine: &Engine) -> BTreeSet<CardKey> {
    let said = engine.read_cards().await;
    said.into_iter()
        .flat_map(|(_, cards)| keys(&cards.unwrap_or_else(|error| panic!("{error}"))))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_card_is_one_card_however_its_roster_and_its_rows_spell_its_id() {
    let desk = Desk::new().await;
    let cards = all_cards(&desk.engine).await;
    for dialect in Dialect::ALL {
        desk.sandbox.set_alternate_ids_in_rows(dialect, true);
    }
    for dialect in [Dialect::Artha, Dialect::Banana] {
        respell(&desk.folder.path().join(format!("cardtop.{}-cards.csv", dialect.name())), dialect);
    }
    let config = Config::load(Some(&desk.folder.path().join("cardtop.toml"))).expect("it is good");
    let (engine, _news) =
        open(&desk.sandbox, &config, &desk.clock, desk.folder.path(), false).await;
    assert_eq!(all_cards(&engine).await, cards);
    assert_eq!(
        keys(&engine.known_cards().await),
        cards,
        "what an earlier run knew is the same cards"
    );
    let until = desk.clock.now();
    let mut with_rows = BTreeSet::new();
    for (provider, rows) in
        engine.read_transactions(until - Duration::from_secs(86_400 * 30), until, None).await
    {
        let rows = rows.unwrap_or_else(|error| panic!("{error}"));
        assert!(!rows.is_empty(), "{provider}");
        with_rows.extend(rows.into_iter().filter_map(|row| row.card()));
    }
    assert!(with_rows.len() > Dialect::ALL.len() && with_rows.is_subset(&cards), "{with_rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_top_up_keeps_the_next_one_waiting_under_every_spelling_of_its_card() {
    let bank = Bank::open().await;
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Ibanera] {
        let name = bank.active(dialect).await;
        let (_, id) = name.split_once('/').expect("provider and id");
        let other = format!("{}/{}", dialect.name(), otherwise(dialect, id));
        bank.sandbox.fault(dialect, Fault::LoseRequest, 1);
        let lost = bank.run(&["topup", &other, "2100", "--yes", "--wait", "1s"]).await;
        assert_eq!(code(&lost), 4, "{other}: {}", words(&lost));
        let refused = bank.run(&["topup", &name, "2100", "--yes", "--wait", "1s"]).await;
        assert!(words(&refused).contains("still UNKNOWN"), "{name}: {}", words(&refused));
        assert!(bank.sandbox.credits(dialect, id).is_empty(), "{name}");
        let known = bank.json(&["--provider", dialect.name(), "cards", "--json"]).await;
        assert_eq!(
            known.as_array().map(Vec::len),
            Some(bank.sandbox.card_ids(dialect).len()),
            "{name}: no card is there twice"
        );
    }
}

/// A call and its answer.
type Kept = (String, Vec<u8>);

/// A cache that keeps the answers about one card, and then gives them to whoever asks about
/// another.
#[derive(Clone)]
struct Cache {
    bank: Arc<InProcess>,
    kept: Arc<Mutex<Vec<Kept>>>,
    /// Gives out what it kept.
    confuses: Arc<Mutex<bool>>,
}

/// What a reading is about beside the card: its path without ids and questions.
fn call(request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    path.split('/')
        .filter(|part| !part.chars().any(|c| c.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join("/")
}

#[async_trait]
impl Transport for Cache {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let call = call(&request);
        let is_reading = does == Access::Read
            && !call.to_lowercase().contains("token")
            && !call.to_lowercase().contains("login");
        if is_reading && *self.confuses.lock().unwrap_or_else(PoisonError::into_inner) {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let body = kept.iter().find(|(of, _)| *of == call).map(|(_, body)| body.clone());
            return Ok(Response::new(
                body.unwrap_or_else(|| panic!("{call} was not asked before")).into(),
            ));
        }
        let answer = self.bank.call(does, request).await?;
        if is_reading {
            self.kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((call, answer.body().to_vec()));
        }
        Ok(answer)
    }
}

/// An adapter behind such a cache, which has the answers about the first of two cards; and the
/// second.
async fn confused(desk: &Desk, dialect: Dialect) -> (Box<dyn Provider>, Card, Card, Window) {
    let account = desk
        .config
        .providers
        .iter()
        .find(|account| account.kind() == dialect.name())
        .expect("it is configured");
    let cache = Cache {
        bank: Arc::new(InProcess(desk.sandbox.router(dialect))),
        kept: Arc::default(),
        confuses: Arc::default(),
    };
    let http = Http::with_transport(
        &account.name,
        Box::new(cache.clone()),
        desk.clock.clone(),
        account.timeout,
    );
    let provider = build(account, http).expect("an adapter");
    let cards = desk.cards(dialect).await;
    let until = desk.clock.now();
    let since = until - Duration::from_secs(86_400 * 30);
    let has_rows = |card: &&Card| {
        desk.sandbox.listed_rows(dialect, Some(&card.key.id)).iter().any(|row| row.at > since)
    };
    let first = cards.iter().find(has_rows).expect("a card with rows");
    let second = cards.iter().find(|card| card.key != first.key).expect("another card");
    let window = |card: &Card| Window { card: Some(card.clone()), since, until };
    provider.card(first).await.unwrap_or_else(|error| panic!("{error}"));
    provider.transactions(&window(first), FIRST).await.unwrap_or_else(|error| panic!("{error}"));
    *cache.confuses.lock().unwrap_or_else(PoisonError::into_inner) = true;
    (provider, first.clone(), second.clone(), window(second))
}

const FIRST: PageCursor = PageCursor { number: 0, offset: 0, size: 50 };

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_card_gives_no_figure_and_no_state() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let (provider, first, second, _) = confused(&desk, dialect).await;
        assert_ne!(first.last4, second.last4, "{dialect:?}: they can be told apart");
        let error = provider.card(&second).await.expect_err(dialect.name());
        assert_eq!(error.kind, ErrorKind::BadReply, "{error}");
        assert!(error.to_string().contains("another card"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_about_another_card_are_never_the_card_s_that_was_asked_for() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let (provider, first, second, window) = confused(&desk, dialect).await;
        let page =
            provider.transactions(&window, FIRST).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(!page.items.is_empty(), "{dialect:?}: {page:?}");
        for row in &page.items {
            assert_ne!(row.card(), Some(second.key.clone()), "{dialect:?}: {row:?}");
            assert_eq!(row.card(), Some(first.key.clone()), "{dialect:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn credits_of_another_card_prove_nothing() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let card = desk.active(dialect).await;
        let other = desk
            .cards(dialect)
            .await
            .into_iter()
            .find(|other| other.key != card.key)
            .expect("another");
        let sum = crate::harness::some(&card);
        desk.sandbox
            .add_foreign_credit(dialect, &other.key.id, sum.amount())
            .expect("it takes money");
        desk.sandbox.fault(dialect, Fault::LoseRequest, 1);
        let operation = desk
            .act(&card, cardtop::domain::operation::Action::TopUp(sum))
            .await
            .expect("it is sent");
        assert_ne!(operation.state, OperationState::Done, "{dialect:?}: {operation:?}");
    }
}
