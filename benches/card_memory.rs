//! How much memory a card takes, in the engine and on the board together.
//!
//! A data file with many cards is made, an engine opens it as the board's does, a board is told its
//! cards, and the schedule plans them. Run with a number of cards, 100,000 without:
//! `cargo bench --bench card_memory -- 1000000`.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use cardtop::app::portfolio::Portfolio;
use cardtop::clock::Clock;
use cardtop::config::Poll;
use cardtop::domain::card::{Balance, Card, CardKey, CardKind, CardState, ProviderId, Reading};
use cardtop::domain::money::Money;
use cardtop::engine::schedule::Plan;
use cardtop::engine::{Engine, EngineEvent, Purpose, Setup};
use cardtop::provider::Config;
use cardtop::store::Store;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Cards that are saved at once.
const BATCH: usize = 50_000;

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

/// A card as artha tells it: two UUIDs, a name, a word for its state.
fn card(count: usize) -> Card {
    let usd = "USD".parse().expect("a currency");
    let money = |text: &str| Money::parse_wire(text, usd).ok();
    let balance = Balance { available: money("112.40"), current: money("120.40"), pending: None };
    let id = format!("3f2504e0-4f89-11d3-9a0c-{count:012x}");
    Card {
        owner: Some(format!("7c9e6679-7425-40de-944b-{count:012x}").into()),
        holder: format!("Holder {count} Lindqvist").into(),
        last4: format!("{:04}", count % 10_000).parse().ok(),
        state: CardState::Active,
        provider_state: "ACTIVE".into(),
        state_at: Some(now()),
        kind: Some(CardKind::Virtual),
        currency: Some(usd),
        balance: Reading::At { value: balance, at: now() },
        expires: Some(format!("20{}-{:02}", 27 + count % 4, 1 + count % 12).into()),
        labels: vec![format!("team {}", count % 40).into()].into(),
        ..Card::unread(CardKey::new(&ProviderId::new("acme-eu"), &id))
    }
}

fn config() -> Config {
    let example = include_str!("../config.example.toml");
    Config::parse(example, std::path::Path::new("/etc/cardtop/config.toml"))
        .expect("the example is good")
}

/// A data file with so many cards.
async fn save(folder: &std::path::Path, cards: usize) {
    let store = Store::open(folder).expect("a data file");
    for from in (0..cards).step_by(BATCH) {
        let batch = (from..cards.min(from + BATCH)).map(|count| card(count).into()).collect();
        store.keep_cards(batch, now()).await.expect("keeping");
    }
}

/// Prints what was taken since it was last asked, for each card.
struct Meter {
    cards: usize,
    before: usize,
    all: usize,
}

impl Meter {
    fn print(&mut self, what: &str) {
        let now = MEMORY.current_usage();
        let bytes = now.saturating_sub(self.before) / self.cards;
        self.before = now;
        self.all += bytes;
        println!("{what:<28} {bytes:>5} bytes a card");
    }
}

#[tokio::main]
async fn main() {
    let cards = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path(), cards).await;
    let mut meter = Meter { cards, before: MEMORY.current_usage(), all: 0 };
    let setup = Setup {
        config: config(),
        data: folder.path().to_owned(),
        notes: None,
        read_only: false,
        only: None,
        operator: "bench".into(),
        clock: Clock::from(now()),
        purpose: Purpose::Cards,
        transport: None,
    };
    let (engine, _events) = Engine::open(setup).await.expect("an engine");
    meter.print("engine, as read from disk");
    let known = engine.known_records().await;
    assert_eq!(known.len(), cards, "every card is known");
    let mut board = Portfolio::new(now(), TimeZone::UTC, "bench".into(), 7, engine.providers());
    board.apply(&EngineEvent::Cards(known));
    meter.print("board, sharing them");
    let mut plan = Plan::new(config().providers.first().map_or_else(Poll::default, |it| it.poll));
    board.cards.values().for_each(|card| plan.know(card.id()));
    meter.print("plan of the readings");
    println!("{:<28} {:>5} bytes a card, {cards} cards", "together", meter.all);
    assert_eq!((board.cards.len(), plan.cards()), (cards, cards), "they are in use until here");
}
