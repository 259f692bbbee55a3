//! How a list is cut into answers, and what earlier readings found out about that.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

use super::page_keys::PageKeys;

/// How often a first page that was once seen to be a whole list is taken for it, as long as it is
/// the same, until the page behind it is asked for again.
pub(super) const TRUSTED_READINGS: u8 = 10;

/// How a list is cut into answers, and what was learnt of it since the start. Shared by concurrent
/// readings of the same list: what one of them learns serves the next, and none depends on it.
#[derive(Debug)]
pub struct Pager {
    paging: Paging,
    /// The longest time that one list may be asked for.
    longest_window: Option<SignedDuration>,
    /// Rows of the largest page that ever came: a page with fewer was not cut off by the provider.
    largest: AtomicUsize,
    /// Rows that the provider sends at most, where that is fewer than it was asked for; 0 while
    /// none is known.
    cap: AtomicU16,
    /// A list's first page behind which there was an empty one, and how many more readings take it
    /// for the whole list.
    whole: Mutex<Option<(PageKeys, u8)>>,
}

/// How a list is cut into answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// Pages with numbers, of so many rows.
    Numbered {
        /// Rows that are asked for.
        size: u16,
    },
    /// Pages that begin after so many rows.
    Offset {
        /// Rows that are asked for.
        size: u16,
    },
    /// One answer for a stretch of time; the rest is asked for by another stretch.
    ByTime,
}

impl Pager {
    /// A list of which nothing is known yet. `longest_window` is the longest time that the wire
    /// lets one list cover.
    #[must_use]
    pub const fn new(paging: Paging, longest_window: Option<SignedDuration>) -> Self {
        Self {
            paging,
            longest_window,
            largest: AtomicUsize::new(0),
            cap: AtomicU16::new(0),
            whole: Mutex::new(None),
        }
    }

    /// Whether one answer holds all of a stretch of time, however much that is: then a short one is
    /// asked for first.
    #[must_use]
    pub const fn is_by_time(&self) -> bool {
        matches!(self.paging, Paging::ByTime)
    }

    /// Rows of the largest page that ever came.
    pub(super) fn largest(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }

    pub(super) const fn paging(&self) -> Paging {
        self.paging
    }

    pub(super) const fn longest_window(&self) -> Option<SignedDuration> {
        self.longest_window
    }

    /// Whether each page begins with the last row of the one before.
    pub(super) const fn pages_overlap(&self) -> bool {
        matches!(self.paging, Paging::Offset { .. })
    }

    /// Rows to ask for in a page.
    pub(super) fn size(&self) -> u16 {
        let asked = match self.paging {
            Paging::Numbered { size } | Paging::Offset { size } => size,
            Paging::ByTime => u16::MAX,
        };
        match self.cap.load(Ordering::Relaxed) {
            0 => asked,
            cap => cap.min(asked),
        }
    }

    /// Notes how many rows a page had; returns the most that any page had before.
    pub(super) fn note_rows(&self, rows: usize) -> usize {
        self.largest.fetch_max(rows, Ordering::Relaxed)
    }

    /// Notes how many rows a first page had that was shorter than was asked for, and not the last.
    /// One that is hardly shorter than the known cap may have lost a row for another reason: then
    /// the cap is forgotten and learnt anew.
    pub(super) fn note_cap(&self, rows: u16) {
        let known = self.cap.load(Ordering::Relaxed);
        let cap = if known == 0 || rows <= known / 2 { rows } else { 0 };
        self.cap.store(cap, Ordering::Relaxed);
    }

    /// Notes that there was an empty page behind this first one.
    pub(super) fn note_whole(&self, first: &PageKeys) {
        *self.whole.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((first.clone(), TRUSTED_READINGS));
    }

    /// Whether a first page was seen to be the whole list not long ago. Each call that says so uses
    /// up one of the readings for which that is trusted.
    pub(super) fn is_known_whole(&self, first: &PageKeys) -> bool {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *whole {
            Some((known, left)) if known == first && *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}
