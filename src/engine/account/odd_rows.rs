//! Rows of transactions that came and could not be read, with the time that they may be of: they
//! are said until that time is read again without them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::completeness::UnreadRow;
use crate::domain::coverage::Stretch;
use crate::domain::transaction::Transaction;
use crate::provider::pages::ListRead;

/// Those of an account, by list: of all cards, or of one.
#[derive(Default)]
pub(super) struct OddRows(BTreeMap<Option<Arc<str>>, Vec<OddRow>>);

struct OddRow {
    /// A row that cannot be read has no time: it is somewhere in here.
    within: Stretch,
    row: UnreadRow,
}

impl OddRows {
    /// Takes in a reading of a list that was asked for from the one time to the other, and what of
    /// that it had completely.
    pub(super) fn note(
        &mut self,
        name: &Option<Arc<str>>,
        list: &ListRead<Transaction>,
        (since, until): (Timestamp, Timestamp),
        complete: Option<Stretch>,
    ) {
        if list.unread.is_empty() && !self.0.contains_key(name) {
            return;
        }
        let known = self.0.entry(name.clone()).or_default();
        if !known.is_empty() {
            let read: HashSet<&Arc<str>> = list.rows.iter().map(|row| &row.id).collect();
            known.retain_mut(|odd| {
                let is_read = odd.row.id.as_ref().is_some_and(|id| read.contains(id));
                !is_read && complete.is_none_or(|complete| odd.is_outside(complete))
            });
        }
        let within = complete.or(Stretch::new(since, until));
        for row in &list.unread {
            known.retain(|odd| odd.row != *row);
            known.extend(within.map(|within| OddRow { within, row: row.clone() }));
        }
        if known.is_empty() {
            self.0.remove(name);
        }
    }

    /// Forgets those of a list.
    pub(super) fn forget(&mut self, name: &Option<Arc<str>>) {
        self.0.remove(name);
    }

    /// Every one of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &UnreadRow> {
        self.0.values().flatten().map(|odd| &odd.row)
    }
}

impl OddRow {
    /// Whether it may still be there although a stretch was read without it; then it is in the rest
    /// of its own.
    fn is_outside(&mut self, read: Stretch) -> bool {
        let Stretch { from, to } = self.within;
        if read.has_all_of(self.within) {
            return false;
        }
        if read.from <= from && from < read.to {
            self.within.from = read.to;
        } else if read.from < to && to <= read.to {
            self.within.to = read.from;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ProviderId;
    use crate::domain::money::Money;
    use crate::provider::{Error, ErrorKind};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time of the test")
    }

    fn row(id: &str) -> UnreadRow {
        UnreadRow {
            provider: ProviderId::new("acme"),
            card: None,
            id: Some(id.into()),
            why: "odd".into(),
            fingerprint: 1,
        }
    }

    /// Reads all from the one time to the other; these rows cannot be read.
    fn read(odd: &mut OddRows, from: i64, to: i64, unread: &[&str]) -> Vec<String> {
        let list = ListRead {
            rows: Vec::new(),
            unread: unread.iter().map(|id| row(id)).collect(),
            gap: None,
            error: None,
            complete_from: Some(at(from)),
            is_cut_short: false,
            lost: Vec::new(),
            requests: 1,
        };
        odd.note(&None, &list, (at(from), at(to)), Stretch::new(at(from), at(to)));
        odd.all().filter_map(|row| row.id.as_deref()).map(ToOwned::to_owned).collect()
    }

    #[test]
    fn an_odd_row_is_said_until_its_time_was_read_without_it_in_one_or_in_several_parts() {
        let mut odd = OddRows::default();
        assert_eq!(read(&mut odd, 0, 100, &["1", "2"]), ["1", "2"]);
        assert_eq!(read(&mut odd, 200, 300, &["3"]), ["1", "2", "3"], "of another time");
        assert_eq!(read(&mut odd, 50, 120, &["2"]), ["1", "3", "2"], "the first may be older");
        assert_eq!(read(&mut odd, 0, 50, &[]), ["3", "2"], "it is not");
        assert_eq!(read(&mut odd, 40, 130, &[]), ["3"]);
        assert_eq!(read(&mut odd, 100, 400, &[]), Vec::<String>::new());
        assert!(odd.0.is_empty(), "nothing is left to walk through");
    }

    #[test]
    fn an_odd_row_that_was_read_after_all_is_said_no_longer_whatever_its_time_is() {
        let mut odd = OddRows::default();
        read(&mut odd, 0, 100, &["t-1", "t-2"]);
        let error = Error::new(&ProviderId::new("acme"), ErrorKind::Unreachable, "HTTP 500");
        let mut list = ListRead::failed(error);
        let amount = Money::parse_wire("5", "EUR".parse().expect("a currency")).expect("an amount");
        list.rows = vec![Transaction::new(ProviderId::new("acme"), "t-1".into(), amount, at(550))];
        odd.note(&None, &list, (at(500), at(600)), None);
        let left: Vec<_> = odd.all().filter_map(|row| row.id.as_deref()).collect();
        assert_eq!(left, ["t-2"]);
    }
}
