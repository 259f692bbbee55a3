//! Which line has its turn next, where some cannot be read.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::card::ProviderId;

/// After so many lines in a row that could not be read an account is given up for this run. One
/// lost answer says nothing of the account; this many do.
const MOST_FAILURES: u32 = 3;

/// The lines in the order in which they have their turn: that of the file, and one that could not
/// be read comes again behind all others.
pub(super) struct Turns {
    waiting: VecDeque<usize>,
    /// How many lines in a row could not be read.
    failures: BTreeMap<ProviderId, u32>,
}

impl Turns {
    pub(super) fn of(count: usize) -> Self {
        Self { waiting: (0..count).collect(), failures: BTreeMap::new() }
    }

    /// The line whose turn it is.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.waiting.pop_front()
    }

    /// Whether an account could not be read so often that its lines have no turn any more.
    pub(super) fn is_given_up(&self, provider: &ProviderId) -> bool {
        self.failures.get(provider).is_some_and(|failures| *failures >= MOST_FAILURES)
    }

    /// A line of the account could be read.
    pub(super) fn note_read(&mut self, provider: &ProviderId) {
        self.failures.remove(provider);
    }

    /// A line could not be read. True where it has another turn, behind all others.
    pub(super) fn note_unread(&mut self, line: usize, provider: &ProviderId) -> bool {
        let failures = self.failures.entry(provider.clone()).or_default();
        *failures += 1;
        let has_another = *failures < MOST_FAILURES;
        if has_another {
            self.waiting.push_back(line);
        }
        has_another
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_could_not_be_read_comes_again_behind_the_others() {
        let acme = ProviderId::new("acme");
        let mut turns = Turns::of(3);
        assert_eq!(turns.next(), Some(0));
        assert!(turns.note_unread(0, &acme));
        let mut rest = Vec::new();
        while let Some(line) = turns.next() {
            turns.note_read(&acme);
            rest.push(line);
        }
        assert_eq!(rest, [1, 2, 0]);
    }

    #[test]
    fn an_account_is_given_up_after_three_in_a_row_and_no_other_with_it() {
        let (acme, bravo) = (ProviderId::new("acme"), ProviderId::new("bravo"));
        let mut turns = Turns::of(2);
        assert!(turns.note_unread(0, &acme) && turns.note_unread(1, &acme));
        turns.note_read(&acme);
        assert!(turns.note_unread(0, &acme) && turns.note_unread(1, &acme));
        assert!(!turns.is_given_up(&acme), "two in a row, twice");
        assert!(!turns.note_unread(0, &acme), "the third in a row");
        assert!(turns.is_given_up(&acme) && !turns.is_given_up(&bravo));
    }

    #[test]
    fn one_line_that_never_can_be_read_ends() {
        let acme = ProviderId::new("acme");
        let mut turns = Turns::of(5);
        let mut asked = 0;
        while let Some(line) = turns.next() {
            asked += 1;
            if line == 2 {
                turns.note_unread(line, &acme);
            } else {
                turns.note_read(&acme);
            }
        }
        assert_eq!(asked, 8, "the four others, and it once between them and then three times");
    }
}
