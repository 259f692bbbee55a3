//! Reads a list by stretches of time, for wires that send one answer for a stretch and say only by
//! a count, or not at all, that the answer was cut off.
//!
//! Where an answer may have been cut off, what lies before its oldest row and after its newest is
//! asked for, each overlapping by that row, until nothing new comes. Where the provider says that
//! there is more although nothing new came, the stretch is cut in half, a few times.

use jiff::{SignedDuration, Timestamp};

use super::numbered::{FINEST, has_rows_outside};
use super::reading::Reading;
use super::row::ListRow;
use super::{Page, PageCursor, ReadMode, Result, Window};
use crate::domain::coverage::Stretch;
use crate::domain::transaction::Transaction;

/// How often a stretch is cut in half although nothing new comes, because the provider says that
/// there is more.
const MOST_BARREN: u8 = 3;

/// The finest time that is asked for where rows have fractions of a second.
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

const CROWDED: &str =
    "more transactions in one second than are sent at once: the others cannot be asked for";

/// A stretch of time that is still to be asked for.
struct Part {
    since: Timestamp,
    until: Timestamp,
    /// How many answers about it, one after the other, had nothing new; `None` for the whole
    /// window, which was asked for nothing yet.
    barren: Option<u8>,
}

/// What an answer says, beside its rows.
struct Arrival {
    rows: usize,
    new: usize,
    /// Times of its oldest and newest row within the stretch.
    bounds: Option<(Timestamp, Timestamp)>,
    total: Option<usize>,
    /// Rows of the largest answer that came before.
    largest_before: usize,
    ignores_window: bool,
}

impl Arrival {
    /// Two times closer than this cannot be told apart: milliseconds, where the rows have them.
    fn finest(&self) -> SignedDuration {
        let has_fraction = |at: Timestamp| at.subsec_nanosecond() != 0;
        match self.bounds {
            Some((oldest, newest)) if has_fraction(oldest) || has_fraction(newest) => MILLISECOND,
            Some(_) | None => FINEST,
        }
    }

    /// Whether the provider says that there are more rows than it sent.
    fn says_more(&self) -> bool {
        self.total.is_some_and(|total| total > self.rows)
    }
}

impl Reading<'_, Transaction> {
    /// Reads a window by parts of its time.
    ///
    /// Also says how far back it is complete.
    ///
    /// # Errors
    /// The first error of an answer; what came before it stays in the reading.
    pub(super) async fn by_time<F>(
        &mut self,
        window: &Window,
        ask: &impl Fn(Window, PageCursor) -> F,
    ) -> (Option<Timestamp>, Result<()>)
    where
        F: Future<Output = Result<Page<Transaction>>>,
    {
        let mut stretches = vec![Part { since: window.since, until: window.until, barren: None }];
        let mut ended = Ok(());
        while let Some(stretch) = stretches.pop() {
            let complete_from =
                stretches.iter().map(|left| left.until).fold(stretch.until, Timestamp::max);
            let has_come_far = self.asked() >= self.share().pages && complete_from < window.until;
            if has_come_far || self.asked() >= self.share().most_requests {
                self.stop();
                stretches.push(stretch);
                break;
            }
            if !self.may_ask() {
                stretches.push(stretch);
                break;
            }
            let part =
                Window { card: window.card.clone(), since: stretch.since, until: stretch.until };
            match ask(part, PageCursor { number: 0, offset: 0, size: u16::MAX }).await {
                Ok(page) => {
                    let arrival = self.take_stretch(&stretch, page);
                    stretches.extend(self.remaining(&stretch, &arrival));
                }
                Err(error) => {
                    stretches.push(stretch);
                    ended = Err(error);
                    break;
                }
            }
        }
        let left = stretches.iter().map(|stretch| stretch.until).max();
        (Some(left.unwrap_or(window.since)), ended)
    }

    fn take_stretch(&mut self, stretch: &Part, page: Page<Transaction>) -> Arrival {
        let within = stretch.since..=stretch.until;
        let times = || page.items.iter().map(|row| row.at).filter(|at| within.contains(at));
        let arrival = Arrival {
            rows: page.len(),
            new: page.items.iter().filter(|row| !self.has(&row.key())).count(),
            bounds: times().min().zip(times().max()),
            total: page.total,
            largest_before: self.pager.note_rows(page.len()),
            // The whole window may have rows beside those it was asked for, but not only them.
            ignores_window: (stretch.barren.is_some() || times().next().is_none())
                && has_rows_outside(&page, Some((stretch.since, stretch.until))),
        };
        self.take(page);
        arrival
    }

    /// What of a stretch is still to be asked for, the first of it last.
    fn remaining(&mut self, stretch: &Part, arrival: &Arrival) -> Vec<Part> {
        let more = arrival.says_more();
        if arrival.ignores_window {
            if more || arrival.total.is_none() {
                self.note_gap(
                    "the dates of the question are ignored: what one answer does not hold cannot \
                     be asked for",
                );
            }
            return Vec::new();
        }
        let may_be_cut = more
            || arrival.rows > 0
                && match self.mode {
                    ReadMode::Full => true,
                    ReadMode::Ordinary => arrival.rows >= arrival.largest_before,
                };
        let barren = match stretch.barren {
            Some(before) if arrival.new == 0 => before + 1,
            Some(_) | None => 0,
        };
        if !may_be_cut || barren > 0 && !more {
            return Vec::new();
        }
        if barren >= MOST_BARREN {
            let why = "it says that there are more transactions than it sends";
            self.note_lost(Stretch::new(stretch.since, stretch.until), why);
            return Vec::new();
        }
        if stretch.until.duration_since(stretch.since) <= arrival.finest() {
            if more {
                self.note_lost(Stretch::new(stretch.since, stretch.until), CROWDED);
            }
            return Vec::new();
        }
        self.split(stretch, arrival, barren)
    }

    fn split(&mut self, stretch: &Part, arrival: &Arrival, barren: u8) -> Vec<Part> {
        let Part { since, until, .. } = *stretch;
        let part = |since, until| Part { since, until, barren: Some(barren) };
        match arrival.bounds {
            Some((oldest, newest)) if arrival.new > 0 && (oldest < until || newest > since) => {
                let before = (oldest > since).then(|| part(since, oldest));
                let after =
                    (until.duration_since(newest) > arrival.finest()).then(|| part(newest, until));
                before.into_iter().chain(after).collect()
            }
            // One moment fills the answer: what it does not hold of it cannot be asked for, what is
            // older can.
            Some((oldest, newest))
                if arrival.says_more()
                    && newest.duration_since(oldest) < arrival.finest()
                    && oldest > since =>
            {
                let before = oldest.checked_sub(arrival.finest()).unwrap_or(since).max(since);
                self.note_lost(Stretch::new(before, newest), CROWDED);
                vec![part(since, before)]
            }
            Some(_) | None if arrival.says_more() => {
                let length = until.duration_since(since).as_millis().try_into().unwrap_or(0);
                let half = SignedDuration::from_millis(length / 2);
                let middle = since.checked_add(half).unwrap_or(until);
                vec![part(since, middle), part(middle, until)]
            }
            Some(_) | None => Vec::new(),
        }
    }
}
