//! What looking through a million transactions costs: 100,000 cards, with 1,000 and with 300,000
//! merchants.
//!
//! Printed beside one thing measured in the same run: adding up as many 64-bit numbers as there
//! are rows, the least that any look at all of them can cost.
//!
//! `cargo bench --bench ledger -- 10000000` looks through as many rows as it names, and
//! `cargo bench --bench ledger -- growth 10000000` prints how everything grows, from 10,000 rows
//! tenfold to as many.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cardtop::contract::filter::{Rows, parse, schema};
use cardtop::domain::card::ProviderId;
use cardtop::domain::filter::Filter;
use cardtop::domain::money::Money;
use cardtop::domain::transaction::{Transaction, TransactionKind, TransactionState};
use cardtop::ledger::{FrequencyOf, Ledger, Order, OrderBy, Progress, Query, Search};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rustix::time::{ClockId, clock_gettime};

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

/// The processor's time that some work takes: what others do on the machine meanwhile is not in it.
fn timed(work: impl FnOnce()) -> Duration {
    let spent = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    };
    let began = spent();
    work();
    spent().saturating_sub(began)
}

/// The fastest of some rounds: caches that others use meanwhile only add to it.
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

/// Sorts until the rows of the first screens are in their order, in steps as on the board.
fn search_first(search: &mut Search, ledger: &Ledger, query: &Query<'_>) {
    search.renew(ledger, query);
    while search.found().in_order() == 0 && search.step(query, STEP) != Progress::Done {}
    black_box(search.found().nth(0));
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let rows = words.iter().filter_map(|word| word.parse().ok()).next().unwrap_or(ROWS);
    if words.iter().any(|word| word == "growth") {
        return growth(rows);
    }
    let numbers: Vec<u64> = (0..rows).collect();
    let pass = fastest(|| timed(|| _ = black_box(black_box(&numbers).iter().sum::<u64>())));
    println!(
        "{rows} rows, {CARDS} cards, the fastest of {ROUNDS}; one pass {} us",
        pass.as_micros()
    );
    for merchants in [1_000, 300_000] {
        println!("{merchants} merchants");
        let programme = Programme::new(rows, merchants);
        let tell = |what: &str, took: Duration| {
            let passes = took.as_micros() / pass.as_micros().max(1);
            println!("  {what:46} {:>9} us {passes:>6} passes", took.as_micros());
        };
        let mut ledger = fill(&programme, rows, &tell);
        filters(&ledger, &tell);
        news(&mut ledger, &programme, &tell);
        orders(&mut ledger, &programme, &tell);
        counts(&ledger, &tell);
    }
}

fn fill(programme: &Programme, rows: u64, tell: &dyn Fn(&str, Duration)) -> Ledger {
    let mut ledger = Ledger::default();
    let last = i64::try_from(rows).unwrap_or(i64::MAX);
    let newest_first = (0..last).map(|number| programme.row(number));
    tell("making rows and columns", timed(|| ledger = Ledger::from_rows(newest_first)));
    tell("making the rows alone", timed(|| (0..last).for_each(|n| _ = programme.row(n))));
    let per_row = ledger.bytes() as u64 * 10 / rows.max(1);
    println!("  bytes a row: {}.{}", per_row / 10, per_row % 10);
    ledger
}

fn filters(ledger: &Ledger, tell: &dyn Fn(&str, Duration)) {
    for text in ["coff state:declined", "coff", "amount>500 currency:usd -state:declined", "zzz"] {
        let filter = filter(text);
        let query = query(&filter, Order::default());
        let longer = self::filter(&format!("{text} merchant:~0"));
        let refined = self::query(&longer, Order::default());
        let mut found = 0;
        // What a filter found is kept for a while: each round is a search of its own.
        let cold = fastest(|| {
            let mut searched = prepared(ledger, &query);
            let took = timed(|| search(&mut searched, ledger, &query));
            found = searched.found().len();
            took
        });
        tell(&format!("{text}: cold"), cold);
        println!("    found {found}");
        let again = fastest(|| {
            let mut searched = prepared(ledger, &query);
            search(&mut searched, ledger, &query);
            search(&mut searched, ledger, &refined);
            timed(|| search(&mut searched, ledger, &query))
        });
        tell(&format!("{text}: again"), again);
        let refine = fastest(|| {
            let mut searched = prepared(ledger, &query);
            search(&mut searched, ledger, &query);
            timed(|| search(&mut searched, ledger, &refined))
        });
        tell(&format!("{text} merchant:~0: refined"), refine);
    }
}

/// A search that knows the names of the holders, as on the board, and nothing else.
fn prepared(ledger: &Ledger, query: &Query<'_>) -> Search {
    let mut search = Search::default();
    while !search.prepare(ledger, query, STEP) {}
    search
}

fn news(ledger: &mut Ledger, programme: &Programme, tell: &dyn Fn(&str, Duration)) {
    let text = filter("coff");
    let by_time = query(&text, Order::default());
    let mut searched = Search::default();
    search(&mut searched, ledger, &by_time);
    let mut number = 0;
    tell(
        "a new row, and the same filter",
        fastest(|| {
            number -= 1;
            let row = programme.row(number);
            timed(|| {
                ledger.apply(&[row]);
                search(&mut searched, ledger, &by_time);
            })
        }),
    );
}

fn orders(ledger: &mut Ledger, programme: &Programme, tell: &dyn Fn(&str, Duration)) {
    let all = filter("");
    let mut number = -100;
    for by in [OrderBy::Amount, OrderBy::Merchant, OrderBy::What, OrderBy::Holder] {
        let query = Query {
            holder: &|card| Some(Arc::clone(&card.id)),
            ..query(&all, Order { by, descending: true })
        };
        let by_time = Query { order: Order::default(), ..query };
        let mut searched = Search::default();
        let mut sorted_anew = |work: fn(&mut Search, &Ledger, &Query<'_>)| {
            fastest(|| {
                search(&mut searched, ledger, &by_time);
                timed(|| work(&mut searched, ledger, &query))
            })
        };
        tell(&format!("by {by:?}: the first rows"), sorted_anew(search_first));
        tell(&format!("by {by:?}: all rows"), sorted_anew(search));
        search(&mut searched, ledger, &query);
        tell(
            &format!("by {by:?}: all rows after a new one"),
            fastest(|| {
                number -= 1;
                let row = programme.row(number);
                timed(|| {
                    ledger.apply(&[row]);
                    search(&mut searched, ledger, &query);
                })
            }),
        );
    }
}

fn counts(ledger: &Ledger, tell: &dyn Fn(&str, Duration)) {
    let (all, other) = (filter(""), filter("zzz"));
    let (query, other) = (query(&all, Order::default()), query(&other, Order::default()));
    let mut searched = Search::default();
    for by in [FrequencyOf::State, FrequencyOf::Merchant, FrequencyOf::Card] {
        // What was counted is dropped with another filter.
        let first = fastest(|| {
            search(&mut searched, ledger, &other);
            search(&mut searched, ledger, &query);
            timed(|| _ = black_box(searched.found().frequencies(by, 20)))
        });
        tell(&format!("how often each {by:?} occurs"), first);
        tell(
            &format!("how often each {by:?} occurs: again"),
            fastest(|| timed(|| _ = black_box(searched.found().frequencies(by, 20)))),
        );
    }
    let hours: Vec<Timestamp> =
        (0..8_760).rev().map(|hour| now() - SignedDuration::from_hours(hour)).collect();
    tell(
        "rows by the hour of a year",
        fastest(|| timed(|| _ = black_box(searched.found().histogram(&hours)))),
    );
}

/// What everything costs with ten times as many rows, and ten times again.
fn growth(most: u64) {
    println!("microseconds, the fastest of {ROUNDS}; {CARDS} cards, 300000 merchants");
    let mut rows = 10_000;
    while rows <= most {
        println!("{rows} rows");
        let tell = |what: &str, took: Duration| println!("  {what:46} {:>9}", took.as_micros());
        let programme = Programme::new(rows, 300_000);
        let mut ledger = fill(&programme, rows, &tell);
        let positions = (0..1_000).map(|number| usize::try_from(mixed(number) % rows).unwrap_or(0));
        let positions: Vec<usize> = positions.collect();
        let jump = |ledger: &Ledger| {
            for position in &positions {
                let key = ledger.key(*position).expect("there are as many rows");
                assert_eq!(ledger.position(&key), Some(*position));
            }
        };
        tell("1,000 rows by position and back", fastest(|| timed(|| jump(&ledger))));
        filters(&ledger, &tell);
        news(&mut ledger, &programme, &tell);
        orders(&mut ledger, &programme, &tell);
        counts(&ledger, &tell);
        rows *= 10;
    }
}
