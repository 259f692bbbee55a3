//! A stretch of a list that is read, and what came of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::coverage::{Lost, Stretch};
use crate::domain::transaction::Transaction;
use crate::provider::ErrorKind;
use crate::provider::pages::{ListRead, Share};

/// A list: of all cards, or of the card of this id.
pub(in crate::engine) type ListName = Option<Arc<str>>;

/// How the lists of an account are asked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Wire {
    /// There is one list of all cards' transactions.
    pub(in crate::engine) is_common: bool,
    /// One answer holds all of a stretch of time.
    pub(in crate::engine) is_by_time: bool,
}

/// A stretch of a list that is to be read now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Part {
    pub(in crate::engine) list: ListName,
    pub(in crate::engine) stretch: Stretch,
    pub(in crate::engine) share: Share,
    pub(in crate::engine) why: Why,
}

/// Why a part is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Why {
    /// It was never read.
    Unread,
    /// It was read before: only to see what became of its rows.
    Again,
    /// Not everything of it came when it was read.
    Lost,
}

/// Why something of a stretch is lost that holds a row which cannot be read.
const ODD_ROWS: &str = "a row of it could not be read";

/// What a reading has of a list, as far as it matters here.
#[derive(Debug)]
pub(in crate::engine) struct PartRead {
    /// How much time it was asked for.
    pub(super) asked: SignedDuration,
    /// What of the list is complete now, but for what is lost.
    pub(super) complete: Option<Stretch>,
    pub(super) lost: Vec<Lost>,
    pub(super) rows: usize,
    /// Why nothing is complete, where the provider answered.
    pub(super) why: Option<Arc<str>>,
    /// Nothing was answered: no length of the stretch would help.
    pub(super) is_unanswered: bool,
    /// The provider fails at just this: it is not asked again at once.
    pub(in crate::engine) is_failing: bool,
    /// Its rows are in the data file.
    pub(super) is_saved: bool,
}

impl PartRead {
    /// Of a part; `is_well` is whether the provider answers what else it is asked.
    pub(in crate::engine) fn of_part(
        list: &ListRead<Transaction>,
        part: Stretch,
        is_saved: bool,
        is_well: bool,
    ) -> Self {
        let read = Self::of(list, (part.from, part.to), is_saved);
        let is_failing = list.error.as_ref().is_some_and(|error| match error.kind {
            ErrorKind::Unreachable => error.connection().is_none(),
            ErrorKind::BadReply | ErrorKind::Forbidden => true,
            ErrorKind::Auth
            | ErrorKind::RateLimited
            | ErrorKind::Refused
            | ErrorKind::NotFound
            | ErrorKind::NotOffered => false,
        });
        let is_unanswered = if is_failing { !is_well } else { read.is_unanswered };
        // A provider that ignores the times that it is asked for sends all it has each time: that
        // says nothing of how much lies in a stretch.
        let rows = list.rows.iter().filter(|row| part.includes(row.at)).count();
        Self { rows, is_unanswered, is_failing, ..read }
    }

    /// What of the list is complete now, but for what is lost.
    pub(in crate::engine) const fn complete(&self) -> Option<Stretch> {
        self.complete
    }

    /// Of a list that was asked for from the one time to the other.
    pub(in crate::engine) fn of<T>(
        list: &ListRead<T>,
        (since, until): (Timestamp, Timestamp),
        is_saved: bool,
    ) -> Self {
        let is_known = list.gap.is_none() || !list.lost.is_empty();
        let from = list.complete_from.filter(|from| is_known && *from < until);
        let unanswered = list.error.as_ref().is_some_and(|error| {
            matches!(error.kind, ErrorKind::Auth | ErrorKind::RateLimited | ErrorKind::Unreachable)
        });
        let complete = from.and_then(|from| Stretch::new(from, until));
        // Nothing tells when such a row happened.
        let odd = complete.filter(|_| !list.unread.is_empty());
        let odd = odd.map(|stretch| Lost::new(stretch, ODD_ROWS.into()));
        let said = list.error.as_ref().map(|error| error.sentence().into());
        Self {
            asked: until.duration_since(since),
            complete,
            lost: list.lost.iter().cloned().chain(odd).collect(),
            rows: list.rows.len(),
            why: said.or_else(|| list.gap.clone()),
            is_unanswered: unanswered,
            is_failing: false,
            is_saved,
        }
    }
}
