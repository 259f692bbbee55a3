//! How often values occur, and when rows happened.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::fixture::{SCHEMA, now, rows, search_for, search_to_end};
use crate::domain::filter::Filter;
use crate::domain::money::Money;
use crate::domain::transaction::Transaction;
use crate::ledger::{
    Found, Frequencies, FrequencyOf, FrequencyValue, Histogram, Ledger, Order, Search, Total,
};

const ALL: [FrequencyOf; 9] = [
    FrequencyOf::Merchant,
    FrequencyOf::State,
    FrequencyOf::Kind,
    FrequencyOf::Country,
    FrequencyOf::Mcc,
    FrequencyOf::DeclineReason,
    FrequencyOf::Currency,
    FrequencyOf::Provider,
    FrequencyOf::Card,
];

fn value(by: FrequencyOf, row: &Transaction) -> Option<FrequencyValue> {
    Some(match by {
        FrequencyOf::Merchant => FrequencyValue::Text(row.merchant.clone()?),
        FrequencyOf::State => FrequencyValue::State(row.state),
        FrequencyOf::Kind => FrequencyValue::Kind(row.kind),
        FrequencyOf::Country => FrequencyValue::Text(row.country.clone()?),
        FrequencyOf::Mcc => FrequencyValue::Text(row.mcc.clone()?),
        FrequencyOf::DeclineReason => FrequencyValue::Text(row.decline_reason.clone()?),
        FrequencyOf::Currency => FrequencyValue::Currency(row.amount.currency()),
        FrequencyOf::Provider => FrequencyValue::Provider(row.provider.clone()),
        FrequencyOf::Card => FrequencyValue::Card(row.card()?),
    })
}

/// The sums of some rows, by a search that finds these alone.
fn totals(rows: Vec<Transaction>) -> Vec<Total> {
    let (mut search, filter) = (Search::default(), Filter::default());
    let query = search_for(&filter, &SCHEMA, Order::default());
    search_to_end(&mut search, &Ledger::from_rows(rows), &query, 1_000_000);
    search.found().totals().to_vec()
}

fn assert_frequencies(counted: &Frequencies, by: FrequencyOf, rows: &[Transaction], most: usize) {
    let mut wanted: BTreeMap<String, (Option<FrequencyValue>, Vec<Transaction>)> = BTreeMap::new();
    for row in rows {
        let value = value(by, row);
        let known = wanted.entry(format!("{value:?}")).or_insert((value, Vec::new()));
        known.1.push(row.clone());
    }
    let without = wanted.remove("None").map_or(0, |(_, rows)| rows.len());
    assert_eq!(counted.without, without, "{by:?}");
    assert_eq!(counted.values.len(), most.min(wanted.len()), "{by:?}");
    assert_eq!(counted.others, wanted.len() - counted.values.len(), "{by:?}");
    assert!(counted.values.is_sorted_by(|one, other| one.rows >= other.rows));
    let least = counted.values.last().map_or(0, |last| last.rows);
    for shown in &counted.values {
        let key = format!("{:?}", Some(&shown.value));
        let (_, of_value) = wanted.remove(&key).expect("a value that rows have, once");
        assert_eq!(shown.rows, of_value.len(), "{key}");
        let wanted = totals(of_value);
        assert_eq!(shown.totals.len(), wanted.len(), "{key}");
        for (total, wanted) in shown.totals.iter().zip(&wanted) {
            assert_eq!((total.currency, total.rows), (wanted.currency, wanted.rows), "{key}");
            // Whether a sum near the limit of decimals is exact depends on which comes first.
            let same = |one: Option<Money>, other: Option<Money>| {
                one.zip(other).is_none_or(|(one, other)| one.amount() == other.amount())
            };
            assert!(same(total.out, wanted.out), "{total:?} {wanted:?}");
            assert!(same(total.into, wanted.into), "{total:?} {wanted:?}");
            assert!(same(total.declined, wanted.declined), "{total:?} {wanted:?}");
        }
    }
    assert!(most == 0 || wanted.values().all(|(_, others)| others.len() <= least), "{by:?}");
    let others: usize = wanted.values().map(|(_, rows)| rows.len()).sum();
    assert_eq!(counted.rows_of_others, others, "{by:?}");
}

fn naive_histogram(rows: &[Transaction], bounds: &[Timestamp]) -> Histogram {
    let count =
        |accepts: &dyn Fn(Timestamp) -> bool| rows.iter().filter(|row| accepts(row.at)).count();
    let Some((first, last)) = bounds.first().zip(bounds.last()) else {
        return Histogram { later: rows.len(), ..Histogram::default() };
    };
    Histogram {
        earlier: count(&|at| at < *first),
        buckets: bounds.windows(2).map(|pair| count(&|at| pair[0] <= at && at < pair[1])).collect(),
        later: count(&|at| at >= *last),
    }
}

fn found_rows(found: &Found) -> Vec<Transaction> {
    let positions = (0..found.len()).filter_map(|index| found.nth(index));
    positions.filter_map(|position| found.ledger().row(position)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn values_and_hours_are_counted_as_one_by_one_also_after_rows_came_and_went(
        first in rows(300), batches in proptest::collection::vec(rows(9), 1..4),
        chunks in 2_usize..60, by in 0..ALL.len(), most in 0_usize..9, hours in 0_i64..6,
        bounds in proptest::collection::vec(-400_i64..20_000, 0..12), part in 1_usize..900,
    ) {
        let by = ALL[by];
        let mut bounds: Vec<Timestamp> =
            bounds.iter().map(|seconds| now() - SignedDuration::from_secs(*seconds)).collect();
        bounds.sort_unstable();
        let mut ledger = Ledger::in_chunks_of(chunks);
        ledger.apply(&first);
        let (mut search, filter) = (Search::default(), Filter::default());
        for batch in [Vec::new()].into_iter().chain(batches) {
            ledger.apply(&batch);
            let mut query = search_for(&filter, &SCHEMA, Order::default());
            if hours > 0 {
                query.since = now() - SignedDuration::from_hours(hours);
            }
            search_to_end(&mut search, &ledger, &query, 1_000_000);
            let found = search.found();
            let rows = found_rows(found);
            while !found.count(by, part) {}
            assert_frequencies(&found.frequencies(by, most), by, &rows, most);
            prop_assert_eq!(found.histogram(&bounds), naive_histogram(&rows, &bounds));
        }
    }
}
