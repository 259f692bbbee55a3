//! How much of an account's history is known, and what of it is read next.
//!
//! The newest rows are read by the feed. What it leaves behind (older times, and what happened
//! while no cardtop ran) is read backwards from there, a stretch at a time, and each stretch that
//! was read completely is kept in the data file, so that a restart goes on where it was. The length
//! of a stretch follows what the provider sends: it doubles while answers are small, and halves
//! where one is refused, cut off or does not show how far back it goes.

mod filling;
mod list;
mod part;
mod waits;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use self::filling::Filling;
use self::list::{Again, ListHistory};
pub(in crate::engine) use self::part::{ListName, Part, PartRead, Why, Wire};
use self::waits::Waits;
use crate::domain::coverage::{Coverage, Covered, Left, Stretch};
use crate::engine::schedule::HistoryDue;
use crate::provider::pages::Share;

/// The first stretch of a wire that sends all of one at once.
const FIRST_BY_TIME: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The shortest stretch of the newest rows.
const SHORTEST_NEWEST: SignedDuration = SignedDuration::from_hours(1);

/// The shortest stretch: no wire tells finer times apart in what it is asked for.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);

/// The longest stretch.
const LONGEST: SignedDuration = SignedDuration::from_hours(4_000 * 24);

/// A stretch with more rows is followed by a shorter one, one with fewer than half of them by a
/// longer one.
const MANY_ROWS: usize = 1_000;

/// One page a turn; where that does not show how far back it goes, a few more.
const SHARE: Share = Share { pages: 1, most_requests: 20 };

/// How far the newest reading moves on before that alone is written down: a restart reads so much
/// again.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How much of every list of an account is known.
pub(super) struct History {
    wanted: SignedDuration,
    /// Its transactions come in one list of all cards.
    is_common: bool,
    lists: HashMap<ListName, ListHistory>,
    /// Cards of which nothing is to be had: they are not the account's any more.
    removed: HashSet<Arc<str>>,
    /// The length of the first stretch of a list.
    first: SignedDuration,
    /// Lists of which something is to be read, the next first.
    waiting: VecDeque<ListName>,
    /// Lists of which something was lost that is asked for again then.
    retries: BTreeSet<(Timestamp, ListName)>,
    waits: Waits,
    filling: Option<Filling>,
    sums: Sums,
}

/// What the lists that count have together.
#[derive(Default)]
struct Sums {
    from: BTreeSet<(Timestamp, ListName)>,
    to: BTreeSet<(Timestamp, ListName)>,
    left: SignedDuration,
    lost: usize,
}

impl History {
    pub(super) fn new(wanted: SignedDuration) -> Self {
        Self {
            wanted,
            is_common: false,
            lists: HashMap::new(),
            removed: HashSet::new(),
            first: LONGEST,
            waiting: VecDeque::new(),
            retries: BTreeSet::new(),
            waits: Waits::default(),
            filling: None,
            sums: Sums::default(),
        }
    }

    /// How far back it is wanted.
    pub(super) fn wanted_from(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.wanted).unwrap_or(Timestamp::MIN)
    }

    /// Takes in what earlier processes kept. Rows that happened so shortly before the end of a
    /// stretch may have been listed `late`, after it was read: that is read again.
    pub(super) fn load(
        &mut self,
        lists: Vec<(ListName, Coverage)>,
        wire: Wire,
        late: SignedDuration,
        now: Timestamp,
    ) {
        self.is_common = wire.is_common;
        self.first = if wire.is_by_time { FIRST_BY_TIME } else { LONGEST };
        for (name, mut coverage) in lists {
            coverage.cut_after(now);
            let list =
                self.lists.entry(name.clone()).or_insert_with(|| ListHistory::new(self.first));
            list.kept.join(&coverage);
            list.written.join(&coverage);
            coverage.cut_ends(late);
            list.told.join(&coverage);
            self.settle(&name, now);
        }
    }

    /// What was read by a clock that was ahead does not count.
    pub(super) fn clock_went_back(&mut self, now: Timestamp) {
        let names: Vec<ListName> = self.lists.keys().cloned().collect();
        for name in names {
            if let Some(list) = self.lists.get_mut(&name) {
                list.told.cut_after(now);
                list.kept.cut_after(now);
                list.again = None;
            }
            self.settle(&name, now);
        }
        self.waits = Waits::default();
        self.filling = None;
    }

    /// A card is not the account's any more: nothing of it is missing.
    pub(super) fn remove(&mut self, card: &Arc<str>) {
        self.removed.insert(Arc::clone(card));
        let name = Some(Arc::clone(card));
        self.waiting.retain(|list| *list != name);
        if let Some(list) = self.lists.remove(&name) {
            self.sums.take_out(&name, &list);
            if let Some(at) = list.next_try {
                self.retries.remove(&(at, name));
            }
        }
    }

    /// These cards are listed: those that were removed are the account's again.
    pub(super) fn restore(&mut self, is_listed: impl Fn(&Arc<str>) -> bool) {
        self.removed.retain(|card| !is_listed(card));
    }

    /// What of a list is known.
    pub(super) fn told(&self, list: &ListName) -> Option<&Coverage> {
        self.lists.get(list).map(|list| &list.told)
    }

    /// The length of the stretches of a list.
    pub(super) fn length(&self, list: &ListName) -> SignedDuration {
        self.lists.get(list).map_or(self.first, |list| list.length)
    }

    /// Whether a list is being read once more.
    pub(super) fn is_read_again(&self, list: &ListName) -> bool {
        self.lists.get(list).is_some_and(|list| list.again.is_some())
    }

    /// Everything was asked for: what is being read once more is begun anew by the next reading.
    pub(super) fn forget_again(&mut self) {
        self.lists.values_mut().for_each(|list| list.again = None);
    }

    /// Reads once more what of a stretch of a list is known: the rest is read anyway.
    pub(super) fn read_again(&mut self, list: &ListName, stretch: Stretch, now: Timestamp) {
        // One that is under way goes on: begun anew each time it would come to no end.
        if let Some(known) = self.lists.get_mut(list).filter(|known| known.again.is_none()) {
            let stretch = known.told.read_within(stretch);
            known.again = stretch.map(|stretch| Again { stretch, rests: false });
            self.settle(list, now);
        }
    }

    /// Takes in what a reading of the newest rows has; returns what is to be written down.
    pub(super) fn note_newest(
        &mut self,
        list: &ListName,
        read: &PartRead,
        now: Timestamp,
    ) -> Option<Coverage> {
        self.take_back(list, read);
        let known = self.lists.entry(list.clone()).or_insert_with(|| ListHistory::new(self.first));
        known.note_newest(read, self.first, now);
        self.settle(list, now);
        self.unwritten(list)
    }

    /// Takes in what a reading of a part has; returns what is to be written down, and whether the
    /// list was read once more to its end.
    pub(super) fn note_part(
        &mut self,
        part: &Part,
        read: &PartRead,
        now: Timestamp,
    ) -> (Option<Coverage>, bool) {
        self.take_back(&part.list, read);
        let known =
            self.lists.entry(part.list.clone()).or_insert_with(|| ListHistory::new(self.first));
        let ended = known.note_part(part, read, now);
        // What was lost before has a pause of its own.
        if read.is_failing && (part.why != Why::Lost || read.is_unanswered) {
            self.waits.note_failure(now);
        } else if !read.is_unanswered {
            self.waits.note_answer();
        }
        // The next turn is another list's.
        if self.waiting.front() == Some(&part.list) {
            self.waiting.rotate_left(1);
        }
        self.settle(&part.list, now);
        (self.unwritten(&part.list), ended)
    }

    /// A card whose list can be read is the account's, whatever was found before.
    fn take_back(&mut self, list: &ListName, read: &PartRead) {
        if let Some(card) = list.as_ref().filter(|_| read.complete.is_some()) {
            self.removed.remove(card);
        }
    }

    /// What is to be read next.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Part> {
        let from = self.wanted_from(now);
        while self.retries.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, name)) = self.retries.pop_first() else { break };
            let Some(list) = self.lists.get_mut(&name) else { continue };
            list.next_try = None;
            if !std::mem::replace(&mut list.waits, true) {
                self.waiting.push_back(name);
            }
        }
        while let Some(name) = self.waiting.front().cloned() {
            if let Some(part) = self.lists.get(&name).and_then(|list| list.next(&name, from, now)) {
                return Some(part);
            }
            self.waiting.pop_front();
            if let Some(list) = self.lists.get_mut(&name) {
                list.waits = false;
            }
        }
        None
    }

    /// When the next part may be read; `None` while there is nothing to read. `spare` is when the
    /// budget has more than the last of it.
    pub(super) fn due(&self, spare: Option<Timestamp>) -> Option<HistoryDue> {
        let begins = match (self.waiting.is_empty(), self.retries.first()) {
            (false, _) => Timestamp::MIN,
            (true, Some((at, _))) => *at,
            (true, None) => return None,
        };
        Some(HistoryDue {
            earliest: self.waits.until().map_or(begins, |until| until.max(begins)),
            spare: spare.unwrap_or(Timestamp::MIN),
        })
    }

    /// When the data file may take something again; `None` while it does. What cannot be kept would
    /// be read again for ever.
    pub(super) const fn set_unsaved(&mut self, until: Option<Timestamp>) {
        self.waits.set_unsaved(until);
    }

    /// A part could not be asked for.
    pub(super) fn note_failure(&mut self, now: Timestamp) {
        self.waits.note_failure(now);
    }

    /// What is known of the account, of which so many cards are known; `are_all` is whether it has
    /// no others.
    pub(super) fn covered(&mut self, cards: usize, are_all: bool, now: Timestamp) -> Covered {
        let lists = if self.is_common { 1 } else { cards.saturating_sub(self.removed.len()) };
        let read = self.sums.from.len();
        let newest_from = self.sums.from.last().map(|(at, _)| *at);
        let oldest_to = self.sums.to.first().map(|(at, _)| *at);
        let are_all = are_all || self.is_common;
        let complete = newest_from.zip(oldest_to).filter(|_| read >= lists && are_all);
        let unread = i32::try_from(lists.saturating_sub(read)).unwrap_or(i32::MAX);
        let time = self.sums.left.saturating_add(self.wanted.saturating_mul(unread));
        // Before anything was read it is not even known how many lists there are.
        let ends_in = if read == 0 { None } else { self.ends_in(time, now) };
        let left = (!time.is_zero()).then_some(Left { time, ends_in });
        let (has_lost, wanted) = (self.sums.lost > 0, self.wanted_from(now));
        let lost = self.lists.values().filter(|_| has_lost).flat_map(|list| list.told.lost());
        let lost = lost.filter(|lost| lost.stretch.to > wanted);
        Covered {
            complete: complete.and_then(|(from, to)| Stretch::new(from, to)),
            wanted: Some(wanted),
            left,
            lost: lost.cloned().collect(),
        }
    }

    /// What is known of one card's transactions.
    pub(super) fn covered_of(&self, card: &Arc<str>, now: Timestamp) -> Covered {
        let mut coverage = self.told(&Some(Arc::clone(card))).cloned().unwrap_or_default();
        if let Some(common) = self.told(&None) {
            coverage.join(common);
        }
        let wanted = self.wanted_from(now);
        let time = Stretch::new(wanted, coverage.newest().unwrap_or(now))
            .map_or(SignedDuration::ZERO, |whole| coverage.missing(whole));
        Covered {
            complete: coverage.complete(),
            wanted: Some(wanted),
            left: (!time.is_zero()).then_some(Left { time, ends_in: None }),
            lost: coverage.lost().iter().filter(|lost| lost.stretch.to > wanted).cloned().collect(),
        }
    }

    /// Until the rest is read, as far as the pace since it is being filled tells.
    fn ends_in(&mut self, left: SignedDuration, now: Timestamp) -> Option<SignedDuration> {
        if left.is_zero() {
            self.filling = None;
            return None;
        }
        self.filling.get_or_insert_with(|| Filling::new(left, now)).ends_in(left, now)
    }

    /// What of a list is to be written down.
    fn unwritten(&self, list: &ListName) -> Option<Coverage> {
        self.lists.get(list)?.unwritten()
    }

    /// This of a list is in the data file.
    pub(super) fn note_written(&mut self, list: &ListName, coverage: Coverage) {
        if let Some(list) = self.lists.get_mut(list) {
            list.written = coverage;
        }
    }

    /// Counts a list anew, and puts it among those that wait, where something of it is to be read.
    fn settle(&mut self, name: &ListName, now: Timestamp) {
        let from = self.wanted_from(now);
        let Some(list) = self.lists.get_mut(name) else { return };
        if name.is_none() == self.is_common {
            let complete = list.told.complete();
            let newest = list.told.newest();
            let whole = newest.and_then(|newest| Stretch::new(from, newest));
            let left = whole.map_or(SignedDuration::ZERO, |whole| list.told.missing(whole));
            let lost = list.told.lost().len();
            self.sums.take_out(name, list);
            (list.complete, list.left, list.lost) = (complete, left, lost);
            self.sums.put_in(name, list);
        }
        if !list.waits && list.next(name, from, now).is_some() {
            list.waits = true;
            self.waiting.push_back(name.clone());
        }
        let before = std::mem::replace(&mut list.next_try, list.told.next_try(from));
        if before != list.next_try {
            if let Some(at) = before {
                self.retries.remove(&(at, name.clone()));
            }
            self.retries.extend(list.next_try.map(|at| (at, name.clone())));
        }
    }
}

impl Sums {
    fn put_in(&mut self, name: &ListName, list: &ListHistory) {
        if let Some(complete) = list.complete {
            self.from.insert((complete.from, name.clone()));
            self.to.insert((complete.to, name.clone()));
        }
        self.left += list.left;
        self.lost += list.lost;
    }

    fn take_out(&mut self, name: &ListName, list: &ListHistory) {
        if let Some(complete) = list.complete {
            self.from.remove(&(complete.from, name.clone()));
            self.to.remove(&(complete.to, name.clone()));
        }
        self.left -= list.left;
        self.lost -= list.lost;
    }
}

/// Half of a length, in whole seconds.
fn half(length: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs(length.as_secs() / 2).max(SHORTEST)
}

#[cfg(test)]
mod tests;
