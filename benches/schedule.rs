//! What the schedule costs for one reading: to note that a card was tried, and to choose the next
//! one; and what a key costs that moves the cursor among the cards on screen.
//!
//! Printed for 1,000, 100,000 and 1,000,000 cards as a ratio to 1,000: what grows with the number
//! of cards is seen at once. Beside them what may grow: taking in all cards, and reading everything
//! again.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cardtop::config::Poll;
use cardtop::domain::operation::{Capabilities, Proof, Support, TopUpSafety};
use cardtop::engine::schedule::{Moment, Next, Plan, Read, next};
use cardtop::provider::Config;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// Readings of one measurement.
const READINGS: u32 = 100_000;

/// Cards on screen.
const VISIBLE: usize = 60;

fn at(millis: i64) -> Timestamp {
    let start: Timestamp = "2026-04-03T12:08:12Z".parse().expect("a time");
    start + SignedDuration::from_millis(millis)
}

fn ids(cards: usize) -> Vec<Arc<str>> {
    (0..cards).map(|card| format!("3f2504e0-4f89-11d3-9a0c-{card:012x}").into()).collect()
}

/// A provider whose cards and transactions are read one by one, which is the most work.
fn without_lists() -> Capabilities {
    let none = Support::No("none");
    Capabilities {
        list_cards: none,
        list_all_transactions: none,
        float: Support::Yes,
        quote: none,
        freeze: none,
        unfreeze: none,
        top_up: none,
        names_payer: false,
        close: none,
        pin: Err("none"),
        top_up_proof: Proof::AnswerOnly,
        state_proof: Proof::AnswerOnly,
        pin_proof: Proof::AnswerOnly,
        class: TopUpSafety::Neither,
        top_up_min: None,
        top_up_decimals: None,
        page_max: 50,
        calls_per_card: 2,
    }
}

fn moment(now: Timestamp) -> Moment<'static> {
    let history = None;
    Moment {
        now,
        gate: None,
        typing_until: None,
        paused: false,
        history,
        is_listing: false,
        lookups: &[],
    }
}

/// What one plan costs.
struct Costs {
    /// Taking in all cards.
    fill: Duration,
    /// One reading: the card was tried, and the next one is chosen.
    reading: Duration,
    /// One key that moves the cursor.
    key: Duration,
    /// Everything is due again.
    again: Duration,
}

fn measure(cards: usize) -> Costs {
    let ids = ids(cards);
    let config = Config::parse(
        include_str!("../config.example.toml"),
        std::path::Path::new("/etc/cardtop/config.toml"),
    );
    let poll: Poll = config.expect("the example is good").providers.first().expect("one").poll;
    let mut plan = Plan::new(poll);
    plan.set_capabilities(&without_lists());
    let began = Instant::now();
    ids.iter().for_each(|id| plan.know(id));
    let fill = began.elapsed();
    plan.watch(ids.first(), ids.get(..VISIBLE).expect("more cards than rows"));

    let began = Instant::now();
    for second in 0..READINGS {
        let now = at(i64::from(second) * 1_000);
        if let Next::Read(read) = black_box(next(&plan, &moment(now))) {
            plan.note_tried(&read, now);
        } else {
            panic!("a card is always due: it takes hours to read all of them");
        }
    }
    let reading = began.elapsed() / READINGS;

    let began = Instant::now();
    for step in 0..10_000 {
        let screen = ids.get(step % 800..step % 800 + VISIBLE).expect("more cards than that");
        black_box(plan.watch(screen.first(), screen));
    }
    let key = began.elapsed() / 10_000;

    let began = Instant::now();
    plan.ask_all();
    let again = began.elapsed();
    plan.note_tried(&Read::Float, at(0));
    Costs { fill, reading, key, again }
}

fn main() {
    println!("     cards      fill   reading (x)      key (x)    all again");
    let mut first: Option<(Duration, Duration)> = None;
    for cards in SIZES {
        let Costs { fill, reading, key, again } = measure(cards);
        let (reading_of_few, key_of_few) = *first.get_or_insert((reading, key));
        let ratio = |now: Duration, few: Duration| {
            let hundredths = now.as_nanos() * 100 / few.as_nanos().max(1);
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        };
        println!(
            "{cards:>10}  {fill:>8.1?}  {reading:>8.1?} {:>5}  {key:>7.1?} {:>5}  {again:>8.1?}",
            ratio(reading, reading_of_few),
            ratio(key, key_of_few),
        );
    }
}
