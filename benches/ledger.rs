//! What looking through a million transactions costs: 100,000 cards, with 1,000 and with 300,000
//! merchants.
//!
//! Printed beside one thing measured in the same run: adding up as many 64-bit numbers as there
//! are rows, the least that any look at all of them can cost.
//!
//! `cargo bench --bench ledger -- 10000000` looks through as many rows as it names.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cardtop::contract::filter::{Rows, parse, schema};
use cardtop::domain::card::ProviderId;
use cardtop::domain::filter::Filter;
use cardtop::domain::money::Money;
use cardtop::domain::transaction::{Transaction, TransactionKind, TransactionState};
use cardtop::ledger::{Ledger, Order, OrderBy, Progress, Query, Search};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use tokio::time::Instant;

const ROWS: u64 = 1_000_000;
const CARDS: u64 = 100_000;
const ROUNDS: usize = 15;

/// Rows that one step of a search looks at, as on the board.
const STEP: usize = 1_000_000;

const NAMES: [&str; 20] = [
    "Blue Bottle Coffee",
    "COFFEE BEAN 0121",
    "Amazon Marketplace",
    "AWS EMEA",
    "Google Ads",
    "Uber Trip",
    "Shell Oil 5741",
    "Tesco Express",
    "REWE Markt",
    "Carrefour City",
    "Netflix.com",
    "Booking.com",
    "Lufthansa",
    "Starbucks 1123",
    "Hetzner Online",
    "IKEA Berlin",
    "Boulangerie Café Léa",
    "東京コーヒー",
    "Walgreens 991",
    "Best Buy 00044",
];

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

/// A number that depends on nothing but another.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

fn pick<T: Copy>(from: &[T], by: u64) -> T {
    from[usize::try_from(by % from.len() as u64).unwrap_or(0)]
}

/// What the rows of one kind of programme share.
struct Programme {
    providers: Vec<ProviderId>,
    merchants: Vec<Arc<str>>,
    cards: Vec<Arc<str>>,
    settled: Arc<str>,
    declined: Arc<str>,
    /// Seconds between two rows: all of them are of one year.
    apart: i64,
}

impl Programme {
    fn new(rows: u64, merchants: u64) -> Self {
        let names = ["stripe", "lithic", "wallester", "marqeta"];
        let merchant = |number: u64| format!("{} #{number:04}", pick(&NAMES, number)).into();
        Self {
            providers: names.iter().map(|name| ProviderId::new(name)).collect(),
            merchants: (0..merchants).map(merchant).collect(),
            cards: (0..CARDS).map(|n| format!("card_{:012x}", mixed(n) >> 16).into()).collect(),
            settled: "SETTLED".into(),
            declined: "DECLINED".into(),
            apart: 31_536_000_000 / i64::try_from(rows).unwrap_or(1),
        }
    }

    /// A row by its number: the newest is 0.
    fn row(&self, number: i64) -> Transaction {
        let drawn = mixed(number.unsigned_abs());
        let other = mixed(drawn);
        let card = usize::try_from(drawn % CARDS).unwrap_or(0);
        let merchant = usize::try_from(other % self.merchants.len() as u64).unwrap_or(0);
        let (state, word) = match other >> 40 & 15 {
            0 => (TransactionState::Hold, &self.settled),
            1 | 2 => (TransactionState::Declined, &self.declined),
            _ => (TransactionState::Cleared, &self.settled),
        };
        let cents = i64::try_from((drawn >> 20) % 1_000 * ((other >> 20) % 1_000)).unwrap_or(0);
        let at = now() - SignedDuration::from_millis(number * self.apart);
        let currency = pick(&["USD", "EUR", "GBP", "USDT", "PLN", "JPY"], drawn >> 50);
        Transaction {
            card_id: self.cards.get(card).cloned(),
            kind: pick(&TransactionKind::ALL, other >> 50),
            state,
            provider_state: Arc::clone(word),
            merchant: self.merchants.get(merchant).cloned(),
            seen_at: at + SignedDuration::from_secs(20),
            ..Transaction::new(
                self.providers[card % self.providers.len()].clone(),
                format!("txn_{:016x}", mixed(other)).into(),
                Money::new(Decimal::new(cents, 2), currency.parse().expect("a currency")),
                at,
            )
        }
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The fastest of some rounds: what others do on the machine meanwhile only adds to it.
fn fastest(mut round: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn filter(text: &str) -> Filter {
    parse(Rows::Feed, text, now(), &TimeZone::UTC).expect("a filter")
}

fn query<'a>(filter: &'a Filter, order: Order) -> Query<'a> {
    Query {
        filter,
        schema: schema(Rows::Transactions),
        since: Timestamp::MIN,
        seen_until: None,
        order,
        accepts: &|_| true,
        holder: &|_| None,
        revision_of_holders: 1,
        now: now(),
    }
}

fn search(search: &mut Search, ledger: &Ledger, query: &Query<'_>) {
    search.renew(ledger, query);
    while search.step(query, STEP) != Progress::Done {}
    black_box(search.found().len());
}

fn main() {
    let rows = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(ROWS);
    let numbers: Vec<u64> = (0..rows).collect();
    let pass = fastest(|| timed(|| _ = black_box(black_box(&numbers).iter().sum::<u64>())));
    println!(
        "{rows} rows, {CARDS} cards, the fastest of {ROUNDS}; one pass {} us",
        pass.as_micros()
    );
    for merchants in [1_000, 300_000] {
        look_through(rows, merchants, pass);
    }
}

fn look_through(rows: u64, merchants: u64, pass: Duration) {
    println!("{merchants} merchants");
    let tell = |what: &str, took: Duration| {
        let passes = took.as_micros() / pass.as_micros().max(1);
        println!("  {what:46} {:>9} us {passes:>6} passes", took.as_micros());
    };
    let programme = Programme::new(rows, merchants);
    let mut ledger = Ledger::default();
    let last = i64::try_from(rows).unwrap_or(i64::MAX);
    let newest_first = (0..last).map(|number| programme.row(number));
    tell("making rows and columns", timed(|| ledger = Ledger::from_rows(newest_first)));
    tell("making the rows alone", timed(|| (0..last).for_each(|n| _ = programme.row(n))));
    let per_row = ledger.bytes() as u64 * 10 / rows.max(1);
    println!("  bytes a row: {}.{}", per_row / 10, per_row % 10);

    for text in ["coff state:declined", "coff", "amount>500 currency:usd -state:declined", "zzz"] {
        let filter = filter(text);
        let query = query(&filter, Order::default());
        // The names of the holders are known from an earlier search, as on the board.
        let mut searched = Search::default();
        search(&mut searched, &ledger, &query);
        let empty = self::filter("");
        let nothing = self::query(&empty, Order::default());
        let cold = fastest(|| {
            search(&mut searched, &ledger, &nothing);
            timed(|| search(&mut searched, &ledger, &query))
        });
        tell(&format!("{text}: cold"), cold);
        println!("    found {}", searched.found().len());
        tell(
            &format!("{text}: again"),
            fastest(|| timed(|| search(&mut searched, &ledger, &query))),
        );
        let longer = self::filter(&format!("{text} merchant:~0"));
        let refined = self::query(&longer, Order::default());
        tell(
            &format!("{text} merchant:~0: refined"),
            fastest(|| {
                search(&mut searched, &ledger, &query);
                timed(|| search(&mut searched, &ledger, &refined))
            }),
        );
    }
    let text = filter("coff");
    let by_time = query(&text, Order::default());
    let mut searched = Search::default();
    search(&mut searched, &ledger, &by_time);
    let mut number = 0;
    tell(
        "a new row, and the same filter",
        fastest(|| {
            number -= 1;
            let row = programme.row(number);
            timed(|| {
                ledger.apply(&[row]);
                search(&mut searched, &ledger, &by_time);
            })
        }),
    );
    let all = filter("");
    for by in [OrderBy::Amount, OrderBy::Merchant, OrderBy::What] {
        let query = query(&all, Order { by, descending: true });
        let mut searched = Search::default();
        search(&mut searched, &ledger, &self::query(&all, Order::default()));
        tell(
            &format!("by {by:?}: the first rows"),
            fastest(|| {
                search(&mut searched, &ledger, &self::query(&all, Order::default()));
                timed(|| {
                    searched.renew(&ledger, &query);
                    searched.step(&query, STEP);
                    black_box(searched.found().nth(0));
                })
            }),
        );
        tell(&format!("by {by:?}: all rows"), timed(|| search(&mut searched, &ledger, &query)));
    }
}
