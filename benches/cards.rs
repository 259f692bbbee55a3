//! What cards cost the board: one piece of news about one card, one key, a filter that is typed and
//! another order, with 1,000, 100,000 and 1,000,000 cards.
//!
//! Printed beside looking through all cards and sorting them, measured in the same run on the same
//! cards: what news and keys must not cost. The last column is how much it grew from 1,000 cards.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::sync::Arc;
use std::time::Duration;

use cardtop::app::chord::Chord;
use cardtop::app::keymap::Keymap;
use cardtop::app::portfolio::Portfolio;
use cardtop::app::{Model, Msg, Start, has_more_work, update, update_all};
use cardtop::domain::card::{Balance, Card, CardKey, CardRecord, CardState, ProviderId, Reading};
use cardtop::domain::money::Money;
use cardtop::engine::EngineEvent;
use cardtop::ui;
use cardtop::ui::theme::Theme;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use peak_alloc::PeakAlloc;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::Instant;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

const FIRST: [&str; 16] = [
    "Mara", "Aiko", "Tom", "Yusuf", "Jonas", "Priya", "Sam", "Lea", "Nora", "Ivo", "Chen", "Ana",
    "Omar", "Grete", "Luis", "Hana",
];

/// Numbers in no order, the same in every run.
fn mixed(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761).rotate_left(11)
}

fn card(number: u32, cents: u32) -> Arc<CardRecord> {
    let account = ["acme", "bolt", "core", "dune"][number as usize % 4];
    let key = CardKey::new(&ProviderId::new(account), &format!("card-{:08x}", mixed(number)));
    let currency = ["USD", "EUR", "INR"][number as usize % 3].parse().expect("a currency");
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let available = Some(Money::parse_wire(&amount, currency).expect("an amount"));
    let first = FIRST[mixed(number) as usize % FIRST.len()];
    let card = Card {
        holder: format!("{first} {:x}", mixed(number) >> 8).into(),
        last4: format!("{:04}", mixed(number) % 10_000).parse().ok(),
        state: if number.is_multiple_of(37) { CardState::Frozen } else { CardState::Active },
        state_at: Some(now()),
        currency: Some(currency),
        balance: Reading::At { value: Balance { available, ..Balance::default() }, at: now() },
        ..Card::unread(key)
    };
    card.into()
}

fn board(cards: u32) -> Model {
    let portfolio = Portfolio::new(now(), TimeZone::UTC, "anay".into(), 7, Vec::new());
    let mut model = Model::new(Start { portfolio, size: (120, 40), keymap: Keymap::default() });
    let cards = (0..cards).map(|number| card(number, 50_000 + mixed(number) % 90_000)).collect();
    _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(cards)));
    settle(&mut model);
    model
}

/// Does what is left to be done in slices.
fn settle(model: &mut Model) {
    while has_more_work(model) {
        _ = update(model, Msg::Continue);
    }
}

fn median(rounds: u32, mut round: impl FnMut(u32) -> Duration) -> Duration {
    let mut took: Vec<Duration> = (0..rounds).map(&mut round).collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn keys(spelled: &str) -> Vec<Msg> {
    let keys = spelled.split_whitespace();
    keys.map(|key| Msg::Key(key.parse::<Chord>().expect("a key"))).collect()
}

/// What each thing took with so many cards; the last is looking through all and sorting them.
fn measured(count: u32) -> Vec<(&'static str, Duration)> {
    let before = MEMORY.current_usage();
    let mut model = board(count);
    let bytes = (MEMORY.current_usage() - before) / count as usize;
    println!("{count:>9} cards: {bytes} bytes each in the board");
    let (rounds, few) = (200, if count > 100_000 { 5 } else { 15 });
    let press = |model: &mut Model, spelled: &str| {
        let keys = keys(spelled);
        let took = timed(|| _ = update_all(model, keys));
        settle(model);
        took
    };
    let press_and_settle = |model: &mut Model, spelled: &str| {
        let keys = keys(spelled);
        timed(|| {
            _ = update_all(model, keys);
            settle(model);
        })
    };
    let mut all = Vec::new();
    let news = |model: &mut Model, round: u32| {
        // Now it is low, now it is not: it moves through the whole order.
        let cents = if round.is_multiple_of(2) { 100 } else { 50_000 };
        let news = EngineEvent::Cards(vec![card(mixed(round / 2) % count, cents)]);
        timed(|| _ = update(model, Msg::EngineEvent(news)))
    };
    all.push(("a card that moves to the top or back", median(rounds, |n| news(&mut model, n))));
    all.push(("the cursor down", median(rounds, |_| press(&mut model, "j"))));
    let mut to = Buffer::empty(Rect::new(0, 0, 120, 40));
    let frame = |_| timed(|| _ = ui::view(&model, &Theme::default(), &mut to));
    all.push(("a frame", median(rounds, frame)));
    press(&mut model, "g");
    let mut typed = |typed: &str, then: &str| {
        median(few, |_| {
            press(&mut model, "/");
            press(&mut model, typed);
            let took = press(&mut model, then);
            press(&mut model, "esc");
            took
        })
    };
    all.push(("the first letter of a filter", typed("", "n")));
    all.push(("one more letter", typed("n o", "r")));
    all.push(("a letter that finds nothing more", typed("n o r a space 7", "7")));
    all.push(("twelve letters at once", typed("", "n o r a space 7 7 7 1 2 3 4")));
    let of_field = median(few, |_| {
        press(&mut model, "/ s t a t e : f r o z e");
        let took = press_and_settle(&mut model, "n");
        press(&mut model, "esc");
        took
    });
    all.push(("a filter of a field, all asked", of_field));
    press(&mut model, "/");
    press(&mut model, "n o r enter");
    let filtered = median(rounds, |n| news(&mut model, n));
    all.push(("a card that moves, with a filter on", filtered));
    press(&mut model, "esc");
    for (what, sorted) in [
        ("sorted by state", "s"),
        ("sorted by holder", "s"),
        ("sorted by card", "s"),
        ("sorted by provider", "s"),
        ("sorted by available", "s"),
        ("sorted by currency", "s"),
        ("sorted by age", "s"),
        ("sorted by attention", "s"),
        ("reversed", "S"),
    ] {
        all.push((what, press_and_settle(&mut model, sorted)));
    }
    let cards: Vec<Arc<CardRecord>> = model.portfolio.cards.values().cloned().collect();
    let naive = |_| {
        timed(|| {
            let key = |card: &Arc<CardRecord>| (card.holder().to_lowercase(), card.key());
            let mut keyed: Vec<_> = cards.iter().map(key).collect();
            keyed.sort();
        })
    };
    all.push(("all looked through and sorted", median(3, naive)));
    all
}

fn main() {
    let sizes = SIZES.map(|count| (count, measured(count)));
    let [(_, small), ..] = &sizes;
    for (count, all) in &sizes {
        let naive = all.last().map_or(Duration::ZERO, |(_, took)| *took);
        println!("\n{count} cards, 120x40, medians");
        for ((what, took), (_, least)) in all.iter().zip(small) {
            let ratio = |of: Duration| took.as_nanos() * 100 / of.as_nanos().max(1);
            let (share, growth) = (ratio(naive), ratio(*least));
            println!(
                "{what:40} {:>10} us {share:>7} % of all sorted {growth:>9} % of 1,000 cards",
                took.as_micros()
            );
        }
    }
}
