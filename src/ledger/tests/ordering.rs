//! In which order rows are while others come and go.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::fixture::{SCHEMA, now, rows, search_for, search_to_end};
use super::rows::numbered;
use crate::domain::filter::Filter;
use crate::domain::transaction::{RowName, Transaction};
use crate::ledger::{Found, Ledger, Order, OrderBy, Progress, RowKey, Search};

const ALL: [OrderBy; 9] = [
    OrderBy::Time,
    OrderBy::Provider,
    OrderBy::Card,
    OrderBy::Holder,
    OrderBy::What,
    OrderBy::Amount,
    OrderBy::Currency,
    OrderBy::Merchant,
    OrderBy::Words,
];

fn keys(found: &Found) -> Vec<RowKey> {
    let positions = (0..found.len()).map(|index| found.nth(index).expect("it is in its order"));
    let keys: Vec<RowKey> = positions.filter_map(|position| found.ledger().key(position)).collect();
    for (index, key) in keys.iter().enumerate() {
        let position = found.ledger().position(key).expect("it is there");
        assert_eq!(found.rank(position), Ok(index));
    }
    keys
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn an_order_is_brought_up_to_date_as_if_all_rows_were_sorted_anew(
        first in rows(400),
        batches in proptest::collection::vec((rows(6), rows(4), any::<bool>()), 1..6),
        many in rows(120), by in 0..ALL.len(), descending: bool, chunks in 2_usize..60,
        step in 1_usize..3_000,
    ) {
        let order = Order { by: ALL[by], descending };
        let mut ledger = Ledger::in_chunks_of(chunks);
        ledger.apply(&first);
        let mut kept = Search::default();
        let filter = Filter::default();
        let all: Vec<Transaction> = ledger.iter().collect();
        let many = (many, Vec::new(), false);
        for (new, others, is_later) in batches.into_iter().chain([many]) {
            let gone = all.iter().step_by(37).map(RowName::from);
            ledger.remove(&gone.chain(others.iter().map(RowName::from)).collect::<Vec<_>>());
            ledger.apply(&new);
            let since =
                if is_later { now() - SignedDuration::from_hours(2) } else { Timestamp::MIN };
            let mut query = search_for(&filter, &SCHEMA, order);
            query.since = since;
            search_to_end(&mut kept, &ledger, &query, step);
            let mut anew = Search::default();
            search_to_end(&mut anew, &ledger, &query, 1_000_000);
            prop_assert_eq!(keys(kept.found()), keys(anew.found()));
        }
    }
}

#[test]
fn one_new_row_costs_its_chunk_and_one_pass_not_another_sort() {
    const ROWS: u64 = 20_000;
    let mut ledger = Ledger::in_chunks_of(500);
    ledger.apply(&(0..ROWS).map(numbered).collect::<Vec<_>>());
    let filter = Filter::default();
    for by in ALL.into_iter().filter(|by| *by != OrderBy::Time) {
        let query = search_for(&filter, &SCHEMA, Order { by, descending: true });
        let mut search = Search::default();
        let mut steps = |ledger: &Ledger| {
            search.renew(ledger, &query);
            let mut steps = 1;
            while search.step(&query, ledger.len()) != Progress::Done {
                steps += 1;
            }
            steps
        };
        let anew = steps(&ledger);
        ledger.apply(&[numbered(ROWS / 2 + ledger.len() as u64)]);
        let after_news = steps(&ledger);
        assert!(anew >= 5 && after_news <= 3, "{by:?}: {anew} steps, then {after_news}");
    }
}
