//! What is found.

use jiff::tz::TimeZone;

use super::fixture::{SCHEMA, now, search_for};
use crate::domain::filter::Filter;
use crate::ledger::{Ledger, Order, Search};

#[test]
fn nothing_is_found_in_an_empty_ledger_and_the_search_is_complete() {
    let filter = Filter::parse("word", &SCHEMA, now(), &TimeZone::UTC).expect("a filter");
    let query = search_for(&filter, &SCHEMA, Order::default());
    let mut search = Search::default();
    search.renew(&Ledger::default(), &query);
    search.step(&query, 100);
    assert!(search.found().is_complete());
    assert_eq!((search.found().len(), search.found().nth(0)), (0, None));
}
