//! The columnar filter accepts exactly the rows that the row filter accepts.

use std::cell::Cell;
use std::sync::Arc;

use cardtop::contract::TransactionRow;
use cardtop::contract::filter::{Rows, parse, schema};
use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::filter::{Filter, fold};
use cardtop::domain::money::{Currency, Money};
use cardtop::domain::operation::OperationId;
use cardtop::domain::transaction::{Listed, Transaction, TransactionKind, TransactionState};
use cardtop::ledger::{Ledger, Order, OrderBy, Progress, Query, RowKey, Search};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }
}

const MERCHANTS: [&str; 14] = [
    "ICA MAXI STOCKHOLM",
    "Coffee Bean 0121",
    "Boulangerie Café Léa",
    "東京コーヒー",
    "",
    "Straße & Søn",
    "AWS EMEA",
    "coffee",
    "İstanbul Kahve",
    "A",
    "Uber *Trip",
    "K\u{212a}iosk ½",
    "\u{301}",
    "UBER EATS",
];

const AMOUNTS: [&str; 14] = [
    "12.40",
    "0",
    "-0",
    "0.00",
    "20",
    "20.0",
    "-3.5",
    "9999.99",
    "0.000001",
    "20.000000",
    "92233720368547758.08",
    "-79228162514264337593543950335",
    "1234567890123456789012345678",
    "41.999",
];

const HOLDERS: [&str; 5] = ["Anna Öberg", "", "Coffee Smith", "山田太郎", "anna obert"];

fn money(random: &mut Random) -> Money {
    let amount = if random.one_in(3) {
        random.pick(&AMOUNTS).to_owned()
    } else {
        format!("{}.{:02}", random.below(120), random.below(100))
    };
    let currency = random.pick(&["USD", "EUR", "JPY", "USDT"]).parse().expect("a currency");
    Money::parse_wire(&amount, currency).expect("an amount")
}

fn row(number: u64, random: &mut Random) -> Transaction {
    let nanos = random.pick(&[0, 1, 999_999_999, 500_000_000]);
    let minutes = i64::try_from(random.below(20_000)).unwrap_or(0) - 30;
    let at = now() - SignedDuration::new(minutes * 60, nanos);
    let mut text = |texts: &[&str]| -> Option<Arc<str>> {
        (!random.one_in(4)).then(|| random.pick(texts).into())
    };
    let merchant = text(&MERCHANTS);
    let mcc = text(&["5411", "0742", "6011"]);
    let country = text(&["SE", "de", "Türkiye", "826"]);
    let decline_reason = text(&["INSUFFICIENT_FUNDS", "51", "", "made up", "do_not_honor"]);
    let description = text(&["ICA MAXI STOCKHOLM", "for coffee", "POS 4411", "zurück"]);
    let task = text(&["task-1"]);
    let last4 = text(&["4242", "0007"]).map(|last4| last4.parse().expect("four digits"));
    let id = match random.below(4) {
        0 => format!("TXN-{number}"),
        1 => format!("Ä{number}"),
        2 => format!("c0ffee{number:x}"),
        _ => format!("{:08x}-{number}", random.next() >> 32),
    };
    Transaction {
        task,
        card_id: (!random.one_in(7)).then(|| format!("card-{}", random.below(40)).into()),
        last4,
        kind: random.pick(&TransactionKind::ALL),
        state: random.pick(&TransactionState::ALL),
        provider_state: random.pick(&["SETTLED", "", "Réglé", "pending"]).into(),
        fee: random.one_in(5).then(|| money(random)),
        merchant,
        mcc,
        country,
        decline_reason,
        description,
        seen_at: at + SignedDuration::from_secs(i64::try_from(random.below(90_000)).unwrap_or(0)),
        operation: random
            .one_in(30)
            .then(|| OperationId::new(now(), 1, u16::try_from(random.below(200)).unwrap_or(0))),
        listed: Listed::Still,
        ..Transaction::new(
            ProviderId::new(random.pick(&["artha", "banana", "Enkash-2"])),
            id.into(),
            money(random),
            at,
        )
    }
}

fn holder(card: &CardKey) -> Option<Arc<str>> {
    let number: usize = card.id.trim_start_matches("card-").parse().ok()?;
    HOLDERS.get(number % 6).map(|name| (*name).into())
}

/// A condition of the filter language.
fn condition(random: &mut Random) -> String {
    let words = [
        "coff",
        "coffee",
        "ica",
        "MAXI",
        "café",
        "cafe",
        "lea",
        "東京",
        "4242",
        "42",
        "c0ffee",
        "txn-1",
        "ä1",
        "art",
        "anna",
        "oberg",
        "smith",
        "funds",
        "strasse",
        "so",
        "e",
        "card-1",
        "made",
        "zuruck",
        "istanbul",
        "kkiosk",
        "½",
        "\u{301}",
        "\"for coffee\"",
        "\"A\"",
        "51",
        "enkash",
        "1⁄2",
        "太郎",
    ];
    let fields = [
        "merchant",
        "description",
        "mcc",
        "country",
        "provider",
        "card",
        "card_id",
        "last4",
        "id",
        "holder",
        "provider_state",
        "decline_reason",
        "reason",
        "currency",
        "operation",
        "decline_words",
        "decline_say",
        "decline_say_verified",
        "operator",
        "detail",
    ];
    let values = [
        "coffee",
        "\"ica maxi stockholm\"",
        "5411",
        "se",
        "DE",
        "artha",
        "artha/card-3",
        "card-3",
        "4242",
        "0007",
        "51",
        "usd",
        "\"anna oberg\"",
        "pending",
        "regle",
        "turkiye",
        "txn-7",
        "a",
        "made",
        "/",
        "o",
    ];
    let numbers = [
        "0",
        "20",
        "20.0",
        "12.4",
        "-3.5",
        "41.9",
        "41.9990",
        "100",
        "0.000001",
        "92233720368547758.08",
        "1234567890123456789012345678",
        "-1",
        "9999",
    ];
    let times = [
        "1h",
        "2d",
        "today",
        "2026-04-01",
        "2026-03-25T13:00",
        "13d",
        "2026-04-03T12:08:11.999999999Z",
    ];
    let sign = |random: &mut Random| random.pick(&[">", ">=", "<", "<="]);
    match random.below(12) {
        0..=2 => random.pick(&words).to_owned(),
        3 => {
            let part = if random.one_in(2) { "~" } else { "" };
            format!("{}:{part}{}", random.pick(&fields), random.pick(&values))
        }
        4 => {
            let (one, other) = (random.pick(&values), random.pick(&values));
            format!("{}:~{one}|{other}", random.pick(&fields))
        }
        5 => format!("state:{}", random.pick(&["declined", "hold|cleared", "unknown", "~ed"])),
        6 => format!("kind:{}", random.pick(&["purchase", "topup", "top-up|fee", "~fund"])),
        7 => format!("amount{}{}", sign(random), random.pick(&numbers)),
        8 => match random.below(3) {
            0 => format!("amount:{}|{}", random.pick(&numbers), random.pick(&numbers)),
            1 => format!("fee{}{}", sign(random), random.pick(&numbers)),
            _ => format!("fee:{}", random.pick(&numbers)),
        },
        9 => match random.below(4) {
            0 => format!("since:{}", random.pick(&times)),
            1 => format!("until:{}", random.pick(&times)),
            2 => format!("at{}{}", sign(random), random.pick(&times)),
            _ => format!("seen_at{}{}", sign(random), random.pick(&times)),
        },
        10 => random.pick(&["is:negative", "is:unknown", "age>2d", "age<=1h"]).to_owned(),
        _ => format!("decline:{}", random.pick(&["not-enough-money", "no-reason-given|card-lost"])),
    }
}

/// A filter of some conditions.
fn filter_text(random: &mut Random, depth: u64) -> String {
    if depth == 0 || random.one_in(3) {
        return condition(random);
    }
    let (one, other) = (filter_text(random, depth - 1), filter_text(random, depth - 1));
    match random.below(5) {
        0 => format!("({one} or {other})"),
        1 => format!("-({one})"),
        2 => format!("-({one} {other})"),
        _ => format!("{one} {other}"),
    }
}

/// A filter that is much like another: more of it, a longer word, or something else altogether.
fn typed_on(text: &str, random: &mut Random) -> String {
    match random.below(4) {
        0 => format!("{text} {}", condition(random)),
        1 if text.ends_with(char::is_alphabetic) => {
            format!("{text}{}", random.pick(&["f", "e", "x", "ä"]))
        }
        2 => text.chars().take(text.chars().count().saturating_sub(1)).collect(),
        _ => filter_text(random, 2),
    }
}

/// The rows that are wanted, the newest first.
fn wanted<'a>(rows: &'a [Transaction], question: &Question<'_>) -> Vec<&'a Transaction> {
    rows.iter().filter(|row| question.has_in_range(row) && question.accepts(row)).collect()
}

struct Question<'a> {
    filter: &'a Filter,
    since: Timestamp,
    seen_until: Option<Timestamp>,
}

impl Question<'_> {
    fn has_in_range(&self, row: &Transaction) -> bool {
        row.at >= self.since && self.seen_until.is_none_or(|until| row.seen_at <= until)
    }

    fn accepts(&self, transaction: &Transaction) -> bool {
        let name = transaction.card().as_ref().and_then(holder).unwrap_or_default();
        self.filter.matches(&TransactionRow { transaction, holder: &name, now: now() })
    }
}

/// Searches to the end; tells how many rows the row filter was asked about.
fn search(search: &mut Search, ledger: &Ledger, question: &Question<'_>, of: Rows) -> usize {
    let asked = Cell::new(0);
    let query = Query {
        filter: question.filter,
        schema: schema(of),
        since: question.since,
        seen_until: question.seen_until,
        order: Order::default(),
        accepts: &|row| {
            asked.set(asked.get() + 1);
            question.accepts(row)
        },
        holder: &holder,
        revision_of_holders: 1,
        now: now(),
    };
    search.renew(ledger, &query);
    let mut steps = 0;
    while search.step(&query, 700) != Progress::Done {
        steps += 1;
        assert!(steps < 100_000, "a search comes to its end");
    }
    asked.get()
}

fn assert_found(search: &Search, rows: &[Transaction], question: &Question<'_>, text: &str) {
    let found = search.found();
    assert!(found.is_complete());
    let positions: Vec<usize> = (0..found.len()).filter_map(|index| found.nth(index)).collect();
    let all = positions.iter().filter_map(|position| found.ledger().row(*position));
    let all: Vec<Transaction> = all.collect();
    let wanted = wanted(rows, question);
    let keys = |rows: &mut dyn Iterator<Item = RowKey>| rows.collect::<Vec<RowKey>>();
    let found_keys = keys(&mut all.iter().map(RowKey::from));
    let wanted_keys = keys(&mut wanted.iter().map(|row| RowKey::from(*row)));
    assert_eq!(found_keys, wanted_keys, "{text}");
    let in_range = rows.iter().filter(|row| question.has_in_range(row)).count();
    assert_eq!(found.in_range(), in_range, "{text}");
    for (index, position) in positions.iter().enumerate() {
        assert_eq!(found.rank(*position), Ok(index), "{text}");
    }
    assert_eq!(found.totals().iter().map(|total| total.rows).sum::<usize>(), wanted.len());
    for total in found.totals() {
        for side in [Side::Out, Side::Into, Side::Declined] {
            let of_currency = wanted.iter().filter(|row| row.amount.currency() == total.currency);
            let of_side = of_currency.filter(|row| self::side(row) == Some(side));
            let sum = sum_of(total.currency, of_side.map(|row| row.amount.abs()));
            let told = match side {
                Side::Out => total.out,
                Side::Into => total.into,
                Side::Declined => total.declined,
            };
            assert_eq!(told, sum, "{text}: {} {side:?}", total.currency);
        }
    }
}

/// Where the amount of a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Out,
    Into,
    Declined,
}

fn side(row: &Transaction) -> Option<Side> {
    let is_negative = row.amount.amount() < Decimal::ZERO;
    match (row.state, row.kind) {
        (TransactionState::Declined, _) => Some(Side::Declined),
        (TransactionState::Failed | TransactionState::Reversed | TransactionState::Unknown, _) => {
            None
        }
        (
            TransactionState::Hold | TransactionState::Cleared,
            TransactionKind::Purchase | TransactionKind::Fee | TransactionKind::Withdrawal,
        ) => Some(Side::Out),
        (
            TransactionState::Hold | TransactionState::Cleared,
            TransactionKind::Refund | TransactionKind::Reversal | TransactionKind::TopUp,
        ) => Some(Side::Into),
        (
            TransactionState::Hold | TransactionState::Cleared,
            TransactionKind::Adjustment | TransactionKind::Other,
        ) => Some(if is_negative { Side::Out } else { Side::Into }),
    }
}

/// An exact sum; none, where decimals cannot hold it.
fn sum_of(currency: Currency, mut amounts: impl Iterator<Item = Money>) -> Option<Money> {
    amounts.try_fold(Money::zero(currency), |sum: Money, more: Money| {
        let after = sum.checked_add(more).ok()?;
        let scale = sum.amount().scale().max(more.amount().scale());
        let adds_nothing = sum.amount().is_zero() || more.amount().is_zero();
        // Decimals are rounded where they do not fit; a sum is exact, or there is none.
        (adds_nothing || after.amount().scale() >= scale).then_some(after)
    })
}

fn sorted(rows: &mut [Transaction]) {
    rows.sort_by_cached_key(|row| std::cmp::Reverse(RowKey::from(row)));
}

/// Random filters over random rows, typed on and begun anew, while rows come and change.
fn compare(count: u64, chunk: usize, filters: u64, seed: u64) {
    let mut random = Random(seed);
    let mut rows: Vec<Transaction> = (0..count).map(|number| row(number, &mut random)).collect();
    sorted(&mut rows);
    let mut ledger = Ledger::in_chunks_of(chunk);
    ledger.apply(&rows);
    let mut typed = Search::default();
    let mut text = filter_text(&mut random, 2);
    let mut texts: Vec<String> = Vec::new();
    let (mut tried, mut asked_any) = (0, 0);
    while tried < filters {
        let of = random.pick(&[Rows::Feed, Rows::Transactions]);
        let Ok(filter) = parse(Rows::Feed, &text, now(), &TimeZone::UTC) else {
            text = filter_text(&mut random, 2);
            continue;
        };
        tried += 1;
        let days = i64::try_from(random.below(20)).unwrap_or(0);
        let question = Question {
            filter: &filter,
            since: random.pick(&[
                Timestamp::MIN,
                Timestamp::MIN,
                now() - SignedDuration::from_hours(24 * days),
            ]),
            seen_until: random.pick(&[None, None, Some(now() - SignedDuration::from_hours(40))]),
        };
        let asked = search(&mut typed, &ledger, &question, of);
        assert_found(&typed, &rows, &question, &text);
        asked_any += usize::from(asked > 0);
        if random.one_in(4) {
            let index = usize::try_from(random.below(rows.len() as u64)).unwrap_or(0);
            let new = row(count + tried, &mut random);
            let changed = Transaction {
                id: Arc::clone(&rows[index].id),
                provider: rows[index].provider.clone(),
                card_id: rows[index].card_id.clone(),
                at: if random.one_in(2) { rows[index].at } else { new.at },
                ..row(0, &mut random)
            };
            ledger.apply(&[new.clone(), changed.clone()]);
            rows.remove(index);
            for row in [new, changed] {
                let key = RowKey::from(&row);
                let place = rows.partition_point(|known| RowKey::from(known) > key);
                rows.insert(place, row);
            }
        }
        texts.push(text.clone());
        let back = usize::try_from(random.below(12)).unwrap_or(0);
        text = match texts.iter().rev().nth(back) {
            Some(earlier) if random.one_in(5) => earlier.clone(),
            Some(_) | None => typed_on(&text, &mut random),
        };
    }
    assert!(asked_any > 0 && asked_any < usize::try_from(tried).unwrap_or(0));
}

#[test]
fn the_columns_and_the_rows_accept_the_same_for_any_filter() {
    compare(1_500, 190, 400, 0x5EED);
}

/// What a row shows in a column, as it is compared: texts folded, amounts by their size, which
/// only those of one currency are compared by.
/// Asks a filter of all rows; whether that was done when no more than so many were looked at.
fn is_done_within(search: &mut Search, ledger: &Ledger, text: &str, rows: usize) -> bool {
    let filter = parse(Rows::Feed, text, now(), &TimeZone::UTC).expect("a filter");
    let query = Query {
        filter: &filter,
        schema: schema(Rows::Transactions),
        since: Timestamp::MIN,
        seen_until: None,
        order: Order::default(),
        accepts: &|_| panic!("the columns answer it"),
        holder: &holder,
        revision_of_holders: 1,
        now: now(),
    };
    search.renew(ledger, &query);
    let is_done = search.step(&query, rows) == Progress::Done;
    while search.step(&query, usize::MAX) != Progress::Done {}
    is_done
}

#[test]
fn a_filter_that_is_asked_again_looks_at_no_row_and_a_narrower_one_at_those_that_were_found() {
    let mut random = Random(7);
    let rows: Vec<Transaction> = (0..5_000).map(|number| row(number, &mut random)).collect();
    let mut ledger = Ledger::in_chunks_of(700);
    ledger.apply(&rows);
    let (mut search, nothing) = (Search::default(), 1);
    // The names of the holders are all known from then on.
    assert!(!is_done_within(&mut search, &ledger, "coffee", nothing));
    let found = search.found().len();
    assert!(found > 200 && found < 4_000, "{found}");
    assert!(!is_done_within(&mut search, &ledger, "", nothing));
    assert!(is_done_within(&mut search, &ledger, "coffee", nothing));
    assert!(is_done_within(&mut search, &ledger, "", nothing));
    assert!(is_done_within(&mut search, &ledger, "coffee state:declined", found + 1));
    // A row that came is looked at with its chunk alone.
    ledger.apply(&[row(5_000, &mut random)]);
    assert!(!is_done_within(&mut search, &ledger, "coffee", nothing));
    assert!(is_done_within(&mut search, &ledger, "", 701));
    // Only the last ones are kept.
    for number in 0..20 {
        is_done_within(&mut search, &ledger, &format!("word{number}"), nothing);
    }
    assert!(!is_done_within(&mut search, &ledger, "coffee", 701));
}

fn shown(by: OrderBy, row: &Transaction) -> (Option<Decimal>, Option<String>) {
    let text = match by {
        OrderBy::Time => None,
        OrderBy::Amount => return (Some(row.amount.amount()), None),
        OrderBy::Provider => Some(row.provider.name().to_owned()),
        OrderBy::Card => row.last4.map(|last4| last4.to_string()),
        OrderBy::Holder => row.card().as_ref().and_then(holder).map(|name| name.to_string()),
        OrderBy::What => Some(row.what().to_owned()),
        OrderBy::Currency => Some(row.amount.currency().to_string()),
        OrderBy::Merchant => row.merchant.as_deref().map(str::to_owned),
        OrderBy::Words => Some(row.in_plain_words()),
    };
    (None, text.map(|text| fold(&text)).filter(|text| !text.is_empty()))
}

fn in_order<'a>(rows: &[&'a Transaction], order: Order) -> Vec<&'a Transaction> {
    let (mut valued, bare): (Vec<&Transaction>, Vec<&Transaction>) = rows
        .iter()
        .copied()
        .partition(|row| order.by == OrderBy::Time || shown(order.by, row) != (None, None));
    match (order.by, order.descending) {
        (OrderBy::Time, true) => {}
        (OrderBy::Time, false) => valued.reverse(),
        (by, true) => valued.sort_by_key(|row| std::cmp::Reverse(shown(by, row))),
        (by, false) => valued.sort_by_key(|row| shown(by, row)),
    }
    if order.by == OrderBy::Amount {
        // Currencies from A to Z in either direction.
        valued.sort_by_key(|row| row.amount.currency().to_string());
    }
    valued.extend(bare);
    valued
}

/// Looks after each step of a search whether the rows that are in their order are.
fn assert_in_order(ledger: &Ledger, query: &Query<'_>, wanted: &[&Transaction]) {
    let mut search = Search::default();
    search.renew(ledger, query);
    let mut was_partial = false;
    loop {
        let progress = search.step(query, 400);
        let found = search.found();
        // By time, rows are in their order chunk by chunk; from the oldest on, at the end.
        let in_order = if found.is_complete() { found.in_order() } else { 0 };
        was_partial |= in_order > 0 && in_order < found.len();
        for index in 0..in_order {
            let position = found.nth(index).expect("it is in its order");
            let row = found.ledger().row(position);
            assert_eq!(row.as_ref(), wanted.get(index).copied(), "{query:?} {index}");
            assert_eq!(found.rank(position), Ok(index), "{query:?}");
        }
        if progress == Progress::Done {
            assert_eq!((in_order, found.nth(in_order)), (wanted.len(), None));
            break;
        }
    }
    let is_sorted = query.order.by != OrderBy::Time;
    assert_eq!(was_partial, is_sorted && wanted.len() > 512, "{query:?}");
}

#[test]
fn rows_are_in_the_order_of_any_column_the_first_ones_before_the_rest() {
    let mut random = Random(0x0DE5);
    let mut rows: Vec<Transaction> = (0..1_200).map(|number| row(number, &mut random)).collect();
    sorted(&mut rows);
    let mut ledger = Ledger::in_chunks_of(170);
    ledger.apply(&rows);
    for by in [
        OrderBy::Time,
        OrderBy::Provider,
        OrderBy::Card,
        OrderBy::Holder,
        OrderBy::What,
        OrderBy::Amount,
        OrderBy::Currency,
        OrderBy::Merchant,
        OrderBy::Words,
    ] {
        for (descending, text) in [(true, ""), (false, ""), (true, "e"), (false, "usd amount>3")] {
            let order = Order { by, descending };
            let filter = parse(Rows::Feed, text, now(), &TimeZone::UTC).expect("a filter");
            let question = Question { filter: &filter, since: Timestamp::MIN, seen_until: None };
            let query = Query {
                filter: &filter,
                schema: schema(Rows::Transactions),
                since: Timestamp::MIN,
                seen_until: None,
                order,
                accepts: &|row| question.accepts(row),
                holder: &holder,
                revision_of_holders: 1,
                now: now(),
            };
            assert_in_order(&ledger, &query, &in_order(&wanted(&rows, &question), order));
        }
    }
}

#[test]
#[ignore = "minutes: a million rows and a thousand filters, run with optimisation"]
fn the_columns_and_the_rows_accept_the_same_of_a_million_rows() {
    compare(1_000_000, 16_384, 1_000, 0xB16);
}
