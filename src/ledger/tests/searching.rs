//! What is found.

use jiff::tz::TimeZone;

use super::fixture::now;
use crate::domain::filter::{Filter, Schema};
use crate::ledger::{Ledger, Order, Query, Search};

#[test]
fn nothing_is_found_in_an_empty_ledger_and_the_search_is_complete() {
    let schema = Schema {
        rows: "samples",
        related: None,
        fields: Vec::new(),
        aliases: &[],
        flags: &[],
        elsewhere: Vec::new(),
    };
    let filter = Filter::parse("word", &schema, now(), &TimeZone::UTC).expect("a filter");
    let query = Query {
        filter: &filter,
        schema: &schema,
        since: jiff::Timestamp::MIN,
        seen_until: None,
        order: Order::default(),
        accepts: &|_| true,
        holder: &|_| None,
        revision_of_holders: 0,
        now: now(),
    };
    let mut search = Search::default();
    search.renew(&Ledger::default(), &query);
    search.step(&query, 100);
    assert!(search.found().is_complete());
    assert_eq!((search.found().len(), search.found().nth(0)), (0, None));
}
