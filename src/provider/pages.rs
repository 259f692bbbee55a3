//! One reader for lists, whatever their wire: the board, the command line and the look for a top-up
//! read with it.
//!
//! A list may change while its pages are read, and what a provider says of its length may be wrong.
//! So rows are told apart by identity, a list ends at an empty page or at one without new rows and
//! never because of a count, and where rows may have slipped through between two pages the page
//! before is read again until both agree.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::json::RowError;
use super::{Error, Result, Window};
use crate::domain::card::Card;
use crate::domain::completeness::UnreadRow;
use crate::domain::transaction::Transaction;

/// Most pages of one list, and most seams that are looked at again; a list that needs more has no
/// end.
const MOST_REQUESTS: usize = 4_000;

/// How often pages are read again because rows moved, before that is left to the next reading.
const MOST_REPAIRS: usize = 12;

/// How often a part of a list's time is cut in half although nothing new comes, because the
/// provider says that there is more.
const MOST_BARREN: u8 = 3;

const CROWDED: &str =
    "more transactions in one second than are sent at once: the others cannot be asked for";

/// How often a first page that was once seen to be a whole list is taken for it, as long as it is
/// the same, until the next is asked for again.
const SETTLED_FOR: u8 = 10;

/// Two times closer than this cannot be told apart by every wire.
const FINEST: SignedDuration = SignedDuration::from_secs(1);

/// What was read of a list.
#[derive(Debug)]
pub struct ListRead<T> {
    /// Its rows, each once, as last seen, in the order in which they first came.
    pub rows: Vec<T>,
    /// Rows that could not be read, each once.
    pub unread: Vec<UnreadRow>,
    /// Why rows may be missing although every request was answered.
    pub gap: Option<Arc<str>>,
    /// What ended the reading before the list's end.
    pub error: Option<Error>,
}

impl<T> ListRead<T> {
    /// Whether the list was read to its end and every row could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.gap.is_none() && self.error.is_none()
    }
}

/// Reads all pages of a list that has no times, such as the cards. `ask` is called for one page
/// after the other.
pub async fn read_all<T: ListRow, F>(
    pager: &Pager,
    effort: ReadMode,
    ask: impl Fn(PageCursor) -> F,
) -> ListRead<T>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut reading = Reading::new(pager, effort);
    let span = Span { window: None, ask: |_: &(), page| ask(page) };
    let ended = reading.numbered(&(), &span).await;
    reading.finish(ended)
}

/// Reads all transactions of a window: in pages, or by parts of its time, as the wire wants it.
pub async fn read_window<F>(
    pager: &Pager,
    window: &Window,
    effort: ReadMode,
    ask: impl Fn(Window, PageCursor) -> F,
) -> ListRead<Transaction>
where
    F: Future<Output = Result<Page<Transaction>>>,
{
    let mut reading = Reading::new(pager, effort);
    let ended = match pager.paging {
        Paging::Numbered { .. } | Paging::Offset { .. } => {
            let mut ended = Ok(());
            for part in spans(window, pager.span) {
                let span = Span {
                    window: Some((part.since, part.until)),
                    ask: |part: &Window, page| ask(part.clone(), page),
                };
                ended = reading.numbered(&part, &span).await;
                if ended.is_err() {
                    break;
                }
            }
            ended
        }
        Paging::ByTime => reading.by_time(window, &ask).await,
    };
    reading.finish(ended)
}

/// What is asked beyond a first page that may be the whole list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    /// Nothing, where a larger page has come before: the provider did not cut this one off.
    Ordinary,
    /// Always the next: a provider may have begun to send shorter pages.
    Full,
}

/// How a list is cut into answers, and what was learnt of it since the start.
#[derive(Debug)]
pub struct Pager {
    paging: Paging,
    /// The longest time that one list may be asked for.
    span: Option<SignedDuration>,
    /// Rows of the largest page that ever came: a page with fewer was not cut off by the provider.
    largest: AtomicUsize,
    /// Rows that the provider sends at most, where that is fewer than it was asked for; 0 while
    /// none is known.
    cap: AtomicU16,
    /// A list's first page behind which there was an empty one, and how often it is still taken
    /// for the whole list.
    settled: Mutex<Option<(Mark, u8)>>,
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
    /// A list of which nothing is known yet.
    #[must_use]
    pub const fn new(paging: Paging, span: Option<SignedDuration>) -> Self {
        Self {
            paging,
            span,
            largest: AtomicUsize::new(0),
            cap: AtomicU16::new(0),
            settled: Mutex::new(None),
        }
    }

    /// Rows to ask for in a page.
    fn size(&self) -> u16 {
        let asked = match self.paging {
            Paging::Numbered { size } | Paging::Offset { size } => size,
            Paging::ByTime => u16::MAX,
        };
        match self.cap.load(Ordering::Relaxed) {
            0 => asked,
            cap => cap.min(asked),
        }
    }

    /// Notes how many rows came; returns the largest number that came before.
    fn saw(&self, rows: usize) -> usize {
        self.largest.fetch_max(rows, Ordering::Relaxed)
    }

    /// Whether a first page was seen to be the whole list, not long ago.
    fn is_settled(&self, first: &Mark) -> bool {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *settled {
            Some((known, left)) if known.0 == first.0 && *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Notes that there was an empty page behind this one.
    fn settle(&self, first: &Mark) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((first.clone(), SETTLED_FOR));
    }

    /// Notes how many rows a first page had that was shorter than was asked for, and not the last.
    /// One that is hardly shorter than the cap that is known may have lost a row for another
    /// reason: then the cap is learnt anew.
    fn cut_to(&self, rows: u16) {
        let known = self.cap.load(Ordering::Relaxed);
        let cap = if known == 0 || rows <= known / 2 { rows } else { 0 };
        self.cap.store(cap, Ordering::Relaxed);
    }

    fn overlaps(&self) -> bool {
        matches!(self.paging, Paging::Offset { .. })
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageCursor {
    /// Its number, from 0.
    pub number: u32,
    /// Rows before it.
    pub offset: u64,
    /// Rows that are asked for.
    pub size: u16,
}

/// A page of rows; one odd row does not lose the page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Rows that could be read.
    pub items: Vec<T>,
    /// Rows that could not.
    pub skipped: Vec<UnreadRow>,
    /// How many rows there are in all, where the answer says so. Never a reason to stop: the count
    /// may be wrong.
    pub total: Option<usize>,
    /// Rows that exist and cannot be asked for, in words.
    pub gap: Option<Arc<str>>,
    /// The wire sends the list at once: there is no other page.
    pub is_all: bool,
}

impl<T> Page<T> {
    /// Sorts read rows from odd ones.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = std::result::Result<T, UnreadRow>>) -> Self {
        let mut page =
            Self { items: Vec::new(), skipped: Vec::new(), total: None, gap: None, is_all: false };
        for row in rows {
            match row {
                Ok(item) => page.items.push(item),
                Err(odd) => page.skipped.push(odd),
            }
        }
        page
    }

    fn len(&self) -> usize {
        self.items.len() + self.skipped.len()
    }
}

/// What tells a row from every other one of its list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// A card by its id, or a transaction by its card and id.
    Named(Option<Arc<str>>, Arc<str>),
    /// A row that could not be read.
    RowError(u64),
}

/// A row of a list.
pub trait ListRow {
    /// What tells it from every other one.
    fn key(&self) -> RowKey;
    /// When it happened, where it has a time.
    fn time(&self) -> Option<Timestamp>;
    /// Whether another row of the same page, although it has the same key, cannot be this one.
    fn contradicts(&self, other: &Self) -> bool;
}

impl ListRow for Transaction {
    fn key(&self) -> RowKey {
        RowKey::Named(self.card_id.clone(), Arc::clone(&self.id))
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.at)
    }

    fn contradicts(&self, other: &Self) -> bool {
        self.amount != other.amount || self.kind != other.kind
    }
}

impl ListRow for Card {
    fn key(&self) -> RowKey {
        RowKey::Named(None, Arc::clone(&self.key.id))
    }

    fn time(&self) -> Option<Timestamp> {
        None
    }

    fn contradicts(&self, _: &Self) -> bool {
        false
    }
}

/// A mark of a row's raw text, for rows without an id.
#[must_use]
pub(super) fn fingerprint(raw: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    raw.hash(&mut hasher);
    hasher.finish()
}

/// Windows that together are this one, newest first, none longer than `longest`. Neighbours share
/// their end: whether a wire counts the end in is seldom documented, and a row on it is told apart
/// by its identity.
fn spans(window: &Window, longest: Option<SignedDuration>) -> Vec<Window> {
    let Some(longest) = longest.filter(|longest| longest.is_positive()) else {
        return vec![window.clone()];
    };
    let mut parts = Vec::new();
    let mut until = window.until;
    while until > window.since {
        let since = until.checked_sub(longest).unwrap_or(Timestamp::MIN).max(window.since);
        parts.push(Window { card: window.card.clone(), since, until });
        until = since;
    }
    parts
}

/// A part of a list that is read page by page.
struct Span<A> {
    /// The time that it is asked for.
    window: Option<(Timestamp, Timestamp)>,
    ask: A,
}

/// A page as it was last read.
#[derive(Clone, Debug)]
struct Mark(Vec<RowKey>);

impl Mark {
    fn of<T: ListRow>(page: &Page<T>) -> Self {
        let odd = page.skipped.iter().map(|row| RowKey::RowError(row.fingerprint));
        Self(page.items.iter().map(ListRow::key).chain(odd).collect())
    }

    fn shares(&self, other: &Self) -> bool {
        let known: HashSet<&RowKey> = self.0.iter().collect();
        other.0.iter().any(|key| known.contains(key))
    }
}

struct Reading<'a, T> {
    pager: &'a Pager,
    effort: ReadMode,
    rows: Vec<T>,
    places: HashMap<RowKey, usize>,
    unread: BTreeMap<u64, UnreadRow>,
    gap: Option<Arc<str>>,
    requests: usize,
    checks: usize,
    repairs: usize,
}

impl<'a, T: ListRow> Reading<'a, T> {
    fn new(pager: &'a Pager, effort: ReadMode) -> Self {
        Self {
            pager,
            effort,
            rows: Vec::new(),
            places: HashMap::new(),
            unread: BTreeMap::new(),
            gap: None,
            requests: 0,
            checks: 0,
            repairs: 0,
        }
    }

    fn finish(self, ended: Result<()>) -> ListRead<T> {
        ListRead {
            rows: self.rows,
            unread: self.unread.into_values().collect(),
            gap: self.gap,
            error: ended.err(),
        }
    }

    /// Takes a page in. Of a row that comes again the later word holds.
    fn take(&mut self, page: Page<T>) {
        self.gap = self.gap.take().or(page.gap);
        let mut here: HashSet<RowKey> = HashSet::new();
        for row in page.items {
            if !here.insert(row.key())
                && let Some(known) =
                    self.places.get(&row.key()).and_then(|place| self.rows.get(*place))
                && known.contradicts(&row)
            {
                self.gap = self.gap.take().or_else(|| Some(contradiction(&row.key()).into()));
            }
            match self.places.get(&row.key()).copied() {
                Some(place) => {
                    if let Some(known) = self.rows.get_mut(place) {
                        *known = row;
                    }
                }
                None => {
                    self.places.insert(row.key(), self.rows.len());
                    self.rows.push(row);
                }
            }
        }
        self.unread.extend(page.skipped.into_iter().map(|row| (row.fingerprint, row)));
    }

    /// Whether a first page is taken for the whole list.
    fn is_short(&self, rows: usize, larger: usize) -> bool {
        match self.effort {
            ReadMode::Ordinary => rows < larger,
            ReadMode::Full => false,
        }
    }

    /// Counts a request for a further page; false when the list has no end.
    fn may_ask(&mut self) -> bool {
        self.requests += 1;
        self.has_an_end(self.requests)
    }

    /// Counts a request for a page that was read before, to see whether rows moved.
    fn may_check(&mut self) -> bool {
        self.checks += 1;
        self.has_an_end(self.checks)
    }

    fn has_an_end(&mut self, requests: usize) -> bool {
        if requests > MOST_REQUESTS {
            self.gap =
                Some(format!("its list has no end: {} rows were read", self.rows.len()).into());
        }
        requests <= MOST_REQUESTS
    }

    /// Reads pages with numbers to the end.
    async fn numbered<W, A, F>(&mut self, window: &W, span: &Span<A>) -> Result<()>
    where
        A: Fn(&W, PageCursor) -> F,
        F: Future<Output = Result<Page<T>>>,
    {
        let ask = &span.ask;
        let mut size = self.pager.size();
        // The pages so far, of which each follows the one before, and the rows on them.
        let mut marks: Vec<Mark> = Vec::new();
        let mut known: HashSet<RowKey> = HashSet::new();
        let (mut moved, mut restarted) = (false, false);
        while self.may_ask() {
            // Behind a short first page: with its length the next one begins where it ended, by
            // whichever size the provider counts.
            let short = marks.first().map(|first| first.0.len()).filter(|first| {
                marks.len() == 1
                    && (1..usize::from(size)).contains(first)
                    && !self.pager.overlaps()
                    && !restarted
            });
            let wanted = short.and_then(|first| u16::try_from(first).ok()).unwrap_or(size);
            let page = ask(window, place(&marks, marks.len(), wanted, self.pager)).await?;
            let (mark, rows) = (Mark::of(&page), page.len());
            let larger = self.pager.saw(rows);
            let seen_elsewhere = mark
                .0
                .iter()
                .all(|key| self.places.contains_key(key) || matches!(key, RowKey::RowError(_)));
            let dates_ignored = outside(&page, span.window);
            let past = past(&page, span.window);
            let is_all = page.is_all;
            self.take(page);
            let fresh = mark.0.iter().filter(|key| !known.contains(*key)).count();
            let Some(before) = marks.last() else {
                let is_settled = || {
                    span.window.is_none()
                        && self.effort == ReadMode::Ordinary
                        && self.pager.is_settled(&mark)
                };
                let ended = rows == 0
                    || is_all
                    || past
                    || is_settled()
                    || seen_elsewhere && dates_ignored && !restarted
                    || self.is_short(rows, larger) && !restarted;
                known.extend(mark.0.iter().cloned());
                marks.push(mark);
                if ended {
                    break;
                }
                continue;
            };
            let turned = self.pager.overlaps()
                && mark.0.first().is_some_and(|first| Some(first) == before.0.last());
            // Rows of the page before show that nothing slipped through; a whole page of them may
            // be the list's end, or rows that came before it.
            let in_doubt = if fresh == 0 { !turned } else { !mark.shares(before) };
            // Nothing behind a first page that was not full: unless in haste, it is asked whether
            // that page still is the first.
            let settled =
                marks.len() == 1 && rows == 0 && before.0.len() < usize::from(size) && !moved;
            if settled && self.effort == ReadMode::Ordinary {
                self.pager.settle(before);
                break;
            }
            if in_doubt && self.may_check() {
                let number = marks.len() - 1;
                let again = ask(window, place(&marks, number, size, self.pager)).await?;
                let again_mark = Mark::of(&again);
                let same = again_mark.0 == before.0;
                let overlaps = again_mark.0.iter().any(|key| known.contains(key));
                self.take(again);
                if !same {
                    moved = true;
                    self.repairs += 1;
                    if self.repairs > MOST_REPAIRS {
                        self.gap = Some("rows kept moving while the pages were read".into());
                        return Ok(());
                    }
                    marks.truncate(number);
                    // Where nothing of it is known, rows may have slipped past this page, too: one
                    // further back.
                    if overlaps || number == 0 {
                        marks.push(again_mark);
                    } else {
                        marks.pop();
                    }
                    known = marks.iter().flat_map(|mark| mark.0.iter().cloned()).collect();
                    continue;
                }
                if fresh == 0 && rows >= usize::from(size) && marks.len() == 1 {
                    self.gap = Some(
                        "the same page came again: what follows it cannot be asked for".into(),
                    );
                }
            }
            if rows == 0 || fresh == 0 {
                break;
            }
            // A short first page with rows behind it: the provider sends no more at once. Whether
            // it counts pages by its own size or by the one that was asked for is not known, so
            // from now on both are the same.
            let first = marks.first().map_or(0, |first| first.0.len());
            if marks.len() == 1 && first < usize::from(size) && !self.pager.overlaps() && !restarted
            {
                size = u16::try_from(first).unwrap_or(size).max(1);
                self.pager.cut_to(size);
                (marks, known, restarted) = (Vec::new(), HashSet::new(), true);
                continue;
            }
            known.extend(mark.0.iter().cloned());
            marks.push(mark);
            if past {
                break;
            }
        }
        if moved { self.head(window, span, size).await } else { Ok(()) }
    }

    /// Reads the beginning again, until a page has nothing new: what moved there meanwhile was not
    /// behind us.
    async fn head<W, A, F>(&mut self, window: &W, span: &Span<A>, size: u16) -> Result<()>
    where
        A: Fn(&W, PageCursor) -> F,
        F: Future<Output = Result<Page<T>>>,
    {
        let mut marks = Vec::new();
        while self.may_ask() {
            let page = (span.ask)(window, place(&marks, marks.len(), size, self.pager)).await?;
            let mark = Mark::of(&page);
            let fresh = mark
                .0
                .iter()
                .any(|key| !self.places.contains_key(key) && !matches!(key, RowKey::RowError(_)));
            self.take(page);
            if !fresh {
                break;
            }
            marks.push(mark);
        }
        Ok(())
    }
}

impl Reading<'_, Transaction> {
    /// Reads a window by parts of its time. Where an answer may have been cut off, what lies before
    /// its oldest row and after its newest is asked for, each overlapping by that row, until
    /// nothing new comes.
    async fn by_time<F>(
        &mut self,
        window: &Window,
        ask: &impl Fn(Window, PageCursor) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<Page<Transaction>>>,
    {
        // Each with how many answers about it, one after the other, had nothing new.
        let mut parts = vec![(window.since, window.until, None)];
        while let Some((since, until, probed)) = parts.pop() {
            if !self.may_ask() {
                break;
            }
            let part = Window { card: window.card.clone(), since, until };
            let page = ask(part, PageCursor { number: 0, offset: 0, size: u16::MAX }).await?;
            let rows = page.len();
            let fresh =
                page.items.iter().filter(|row| !self.places.contains_key(&row.key())).count();
            let times =
                || page.items.iter().map(|row| row.at).filter(|at| (since..=until).contains(at));
            let (oldest, newest) = (times().min(), times().max());
            let (total, larger) = (page.total, self.pager.saw(rows));
            let more = total.is_some_and(|total| total > rows);
            let dates_ignored = probed.is_some() && outside(&page, Some((since, until)));
            self.take(page);
            if dates_ignored {
                if more || total.is_none() {
                    self.gap = Some(
                        "the dates of the question are ignored: what one answer does not hold \
                         cannot be asked for"
                            .into(),
                    );
                }
                continue;
            }
            let may_be_cut = more
                || rows > 0
                    && (self.effort == ReadMode::Full
                        || self.effort == ReadMode::Ordinary && rows >= larger);
            let barren = match probed {
                Some(before) if fresh == 0 => before + 1,
                Some(_) | None => 0,
            };
            if !may_be_cut || barren > 0 && !more {
                continue;
            }
            if barren >= MOST_BARREN {
                self.gap = Some("it says that there are more transactions than it sends".into());
                continue;
            }
            if until.duration_since(since) <= FINEST {
                if more {
                    self.gap = Some(CROWDED.into());
                }
                continue;
            }
            match (oldest, newest) {
                (Some(oldest), Some(newest)) if fresh > 0 && (oldest < until || newest > since) => {
                    if oldest > since {
                        parts.push((since, oldest, Some(barren)));
                    }
                    if until.duration_since(newest) > FINEST {
                        parts.push((newest, until, Some(barren)));
                    }
                }
                // One second fills the answer: what it does not hold of it cannot be asked for,
                // what is older can.
                (Some(oldest), Some(newest))
                    if more && newest.duration_since(oldest) < FINEST && oldest > since =>
                {
                    self.gap = Some(CROWDED.into());
                    parts.push((
                        since,
                        oldest.checked_sub(FINEST).unwrap_or(since).max(since),
                        Some(barren),
                    ));
                }
                _ if more => {
                    let half = SignedDuration::from_millis(
                        until.duration_since(since).as_millis().try_into().unwrap_or(0) / 2,
                    );
                    let middle = since.checked_add(half).unwrap_or(until);
                    parts.push((since, middle, Some(barren)));
                    parts.push((middle, until, Some(barren)));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where a page begins. Pages by offset overlap by a row, so that it shows whether rows moved
/// between two of them; one behind a page of a single row does not, or it would be that page again.
fn place(marks: &[Mark], number: usize, size: u16, pager: &Pager) -> PageCursor {
    let rows: usize = marks.iter().take(number).map(|mark| mark.0.len()).sum();
    let repeated = if pager.overlaps() {
        marks.iter().take(number).filter(|mark| mark.0.len() > 1).count()
    } else {
        0
    };
    let offset = u64::try_from(rows.saturating_sub(repeated)).unwrap_or(u64::MAX);
    PageCursor { number: u32::try_from(number).unwrap_or(u32::MAX), offset, size }
}

/// Why a row is missing whose id another row of its page has.
fn contradiction(key: &RowKey) -> String {
    match key {
        RowKey::Named(_, id) => format!(
            "two rows of one page that are not the same have the id {id}: only one of them is \
             shown"
        ),
        RowKey::RowError(_) => {
            "two rows of one page that are not the same cannot be told apart".to_owned()
        }
    }
}

/// Whether a page has rows that are not of the time that was asked for.
fn outside<T: ListRow>(page: &Page<T>, window: Option<(Timestamp, Timestamp)>) -> bool {
    let Some((since, until)) = window else { return false };
    page.items.iter().filter_map(ListRow::time).any(|at| {
        at.saturating_add(FINEST).unwrap_or(at) < since
            || at > until.saturating_add(FINEST).unwrap_or(until)
    })
}

/// Whether a page comes newest first and ends before the time that is wanted: what follows is older
/// still.
fn past<T: ListRow>(page: &Page<T>, window: Option<(Timestamp, Timestamp)>) -> bool {
    let times: Vec<Timestamp> = page.items.iter().filter_map(ListRow::time).collect();
    let (Some((since, _)), Some(first), Some(last)) = (window, times.first(), times.last()) else {
        return false;
    };
    page.skipped.is_empty()
        && times.is_sorted_by(|newer, older| newer >= older)
        && first > last
        && *last < since
}

/// A row that could not be read, named as far as it names itself.
#[must_use]
pub(super) fn unread(
    provider: &crate::domain::card::ProviderId,
    card: Option<Arc<str>>,
    id: Option<Arc<str>>,
    raw: &str,
    why: &RowError,
) -> UnreadRow {
    UnreadRow {
        provider: provider.clone(),
        card,
        id,
        why: Arc::clone(&why.0),
        fingerprint: fingerprint(raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{CardKey, ProviderId};
    use crate::domain::transaction::{Listed, TransactionKind, TransactionState};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    fn row(id: usize, second: i64) -> Transaction {
        Transaction {
            provider: ProviderId::new("acme"),
            id: id.to_string().into(),
            task: None,
            card_id: Some("c1".into()),
            last4: None,
            kind: TransactionKind::Purchase,
            state: TransactionState::Cleared,
            provider_state: "".into(),
            amount: crate::domain::money::Money::zero("USD".parse().expect("USD")),
            fee: None,
            merchant: None,
            mcc: None,
            country: None,
            decline_reason: None,
            description: None,
            at: at(second),
            seen_at: at(0),
            operation: None,
            listed: Listed::Still,
        }
    }

    fn page(rows: Vec<Transaction>) -> Page<Transaction> {
        Page::of(rows.into_iter().map(Ok))
    }

    fn window() -> Window {
        let card = Card::unread(CardKey::new(&ProviderId::new("acme"), "c1"));
        Window { card: Some(card), since: at(-100_000), until: at(0) }
    }

    /// Newest first: row 0 is the newest.
    fn rows(count: usize) -> Vec<Transaction> {
        (0..count).map(|id| row(id, -10 * i64::try_from(id).expect("few"))).collect()
    }

    #[tokio::test]
    async fn a_cap_is_learnt_once_and_then_asked_for_as_it_is() {
        // 30: a list that ends within what the first page of 50 should have had.
        for count in [70, 30, 20] {
            let pager = Pager::new(Paging::Numbered { size: 50 }, None);
            let asked = Mutex::new(Vec::new());
            // Its pages are cut to 20 rows, and counted by the rows that were asked for: asked for
            // 50, rows 20 to 49 are on no page.
            let bank = |_: Window, at: PageCursor| {
                asked.lock().unwrap_or_else(PoisonError::into_inner).push((at.number, at.size));
                let (number, size) =
                    (usize::try_from(at.number).expect("few"), usize::from(at.size));
                let rows = rows(count).into_iter().skip(number * size).take(size.min(20)).collect();
                async move { Ok(page(rows)) }
            };
            let list = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
            assert_eq!((list.rows.len(), list.is_whole()), (count, true));
            asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
            let list = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
            assert_eq!((list.rows.len(), list.is_whole()), (count, true));
            let asked = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
            assert!(
                count == 20 || asked.iter().all(|(_, size)| *size == 20),
                "the cap is remembered: {asked:?}"
            );
        }
    }

    #[tokio::test]
    async fn pages_of_one_row_by_offset_are_read_to_the_end() {
        for (asked, sent) in [(1, 1), (50, 1), (2, 2)] {
            let pager = Pager::new(Paging::Offset { size: asked }, None);
            let bank = |_: Window, at: PageCursor| {
                let (offset, size) =
                    (usize::try_from(at.offset).expect("few"), usize::from(at.size));
                let rows = rows(7).into_iter().skip(offset).take(size.min(sent)).collect();
                async move { Ok(page(rows)) }
            };
            let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
            assert_eq!(
                (list.rows.len(), list.is_whole()),
                (7, true),
                "asked for {asked}: {:?}",
                list.gap
            );
        }
    }

    #[tokio::test]
    async fn a_long_list_is_not_taken_for_one_without_an_end() {
        const PAGES: usize = 2_010;
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        let bank = |_: Window, at: PageCursor| {
            let number = usize::try_from(at.number).expect("few");
            let first = if number < PAGES { number * 50 } else { PAGES * 50 };
            async move { Ok(page((first..PAGES * 50).take(50).map(|id| row(id, 0)).collect())) }
        };
        let list = read_window(&pager, &window(), ReadMode::Full, bank).await;
        assert_eq!((list.rows.len(), list.is_whole()), (PAGES * 50, true), "{:?}", list.gap);
    }

    #[tokio::test]
    async fn a_list_of_one_page_is_asked_for_a_second_one_now_and_then_only() {
        let card =
            |id: usize| Card::unread(CardKey::new(&ProviderId::new("acme"), &id.to_string()));
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        let (count, cards) = (AtomicUsize::new(0), AtomicUsize::new(14));
        let bank = |at: PageCursor| {
            count.fetch_add(1, Ordering::Relaxed);
            let cards = if at.number == 0 { cards.load(Ordering::Relaxed) } else { 0 };
            async move { Ok(Page::of((0..cards).map(|id| Ok(card(id))))) }
        };
        let requests = async |effort| {
            count.store(0, Ordering::Relaxed);
            assert!(read_all(&pager, effort, &bank).await.is_whole());
            count.load(Ordering::Relaxed)
        };
        assert_eq!(requests(ReadMode::Ordinary).await, 2);
        for _ in 0..SETTLED_FOR {
            assert_eq!(requests(ReadMode::Ordinary).await, 1);
        }
        assert_eq!(requests(ReadMode::Ordinary).await, 2, "it is asked again in the end");
        assert_eq!(requests(ReadMode::Full).await, 3);
        cards.store(15, Ordering::Relaxed);
        assert_eq!(requests(ReadMode::Ordinary).await, 2, "it is longer than before");
    }

    #[tokio::test]
    async fn a_list_that_has_no_pages_is_asked_for_once() {
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        let count = AtomicUsize::new(0);
        let bank = |_: Window, _: PageCursor| {
            count.fetch_add(1, Ordering::Relaxed);
            async move { Ok(Page { is_all: true, ..page(rows(70)) }) }
        };
        let list = read_window(&pager, &window(), ReadMode::Full, bank).await;
        assert_eq!(
            (list.rows.len(), list.is_whole(), count.load(Ordering::Relaxed)),
            (70, true, 1)
        );
    }

    #[tokio::test]
    async fn two_rows_of_one_page_with_one_id_that_are_not_the_same_are_a_gap() {
        let other = Transaction { kind: TransactionKind::Fee, ..row(1, -10) };
        for (second, whole) in [(row(1, -10), true), (other, false)] {
            let pager = Pager::new(Paging::Numbered { size: 50 }, None);
            let bank = |_: Window, at: PageCursor| {
                let rows = if at.number == 0 {
                    vec![row(0, 0), row(1, -10), second.clone()]
                } else {
                    Vec::new()
                };
                async move { Ok(page(rows)) }
            };
            let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
            assert_eq!((list.rows.len(), list.is_whole()), (2, whole), "{:?}", list.gap);
        }
    }

    #[tokio::test]
    async fn a_first_page_that_lost_a_row_does_not_make_all_later_pages_smaller() {
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        // Its pages are cut to 20 rows, and of each one row is not sent.
        let bank = |_: Window, at: PageCursor| {
            let (number, size) =
                (usize::try_from(at.number).expect("few"), usize::from(at.size).min(20));
            let rows = rows(200).into_iter().skip(number * size).take(size).skip(1).collect();
            async move { Ok(page(rows)) }
        };
        for _ in 0..10 {
            let _ = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
            assert!(pager.size() >= 18, "{}", pager.size());
        }
    }

    #[tokio::test]
    async fn a_short_page_is_the_end_once_a_larger_one_has_come() {
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        let count = AtomicUsize::new(0);
        let bank = |rows: Vec<Transaction>| {
            let count = &count;
            move |_: Window, at: PageCursor| {
                count.fetch_add(1, Ordering::Relaxed);
                let rows = if at.number == 0 { rows.clone() } else { Vec::new() };
                async move { Ok(page(rows)) }
            }
        };
        let requests = async |rows, effort| {
            count.store(0, Ordering::Relaxed);
            assert!(read_window(&pager, &window(), effort, bank(rows)).await.is_whole());
            count.load(Ordering::Relaxed)
        };
        assert_eq!(
            requests(rows(14), ReadMode::Ordinary).await,
            2,
            "it might be cut off: the next one"
        );
        assert_eq!(requests(rows(9), ReadMode::Ordinary).await, 1);
        assert_eq!(requests(rows(9), ReadMode::Full).await, 3);
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_left_and_what_was_read_of_it_stays() {
        let pager = Pager::new(Paging::Numbered { size: 2 }, None);
        let bank = |_: Window, at: PageCursor| {
            let first = usize::try_from(at.number).expect("few") * 2;
            async move { Ok(page(vec![row(first, 0), row(first + 1, 0)])) }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert!(
            list.gap.as_deref().is_some_and(|gap| gap.contains("has no end")),
            "{:?}",
            list.gap
        );
        assert!(list.rows.len() > 1_000 && list.error.is_none());
    }

    #[tokio::test]
    async fn an_error_in_the_middle_keeps_what_was_read_before() {
        let pager = Pager::new(Paging::Numbered { size: 2 }, None);
        let bank = |_: Window, at: PageCursor| async move {
            match at.number {
                0 => Ok(page(vec![row(0, 0), row(1, -10)])),
                _ => Err(Error::new(
                    &ProviderId::new("acme"),
                    super::super::ErrorKind::Unreachable,
                    "HTTP 503",
                )),
            }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!((list.rows.len(), list.error.is_some(), list.is_whole()), (2, true, false));
    }

    #[tokio::test]
    async fn a_list_by_time_that_is_cut_to_few_rows_is_read_whole_whatever_its_count_says() {
        for (said, oldest_first) in [(0, false), (0, true), (1_000, false)] {
            let pager = Pager::new(Paging::ByTime, None);
            let bank = |window: Window, _: PageCursor| {
                let mut fitting: Vec<Transaction> = rows(170)
                    .into_iter()
                    .filter(|row| (window.since..=window.until).contains(&row.at))
                    .collect();
                if oldest_first {
                    fitting.reverse();
                }
                fitting.truncate(20);
                let total = Some(fitting.len() + said);
                async move { Ok(Page { total, ..page(fitting) }) }
            };
            let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
            assert_eq!(list.rows.len(), 170, "said {said}, oldest first {oldest_first}");
            assert_eq!(
                list.gap.is_some(),
                said > 0,
                "a count that is too large is said: {:?}",
                list.gap
            );
        }
    }

    #[tokio::test]
    async fn dates_that_are_ignored_send_no_row_twice_and_are_said_where_rows_may_be_missing() {
        let pager = Pager::new(Paging::ByTime, None);
        let bank = |_: Window, _: PageCursor| async move {
            Ok(Page { total: Some(30), ..page(rows(30)) })
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!((list.rows.len(), list.is_whole()), (30, true), "{:?}", list.gap);
        let bank = |_: Window, _: PageCursor| async move { Ok(page(rows(40))) };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!(list.rows.len(), 40);
        assert!(
            list.gap
                .as_deref()
                .is_some_and(|gap| gap.contains("dates of the question are ignored")),
            "{:?}",
            list.gap
        );
        // By spans, each would have sent every row.
        let pager =
            Pager::new(Paging::Numbered { size: 50 }, Some(SignedDuration::from_secs(20_000)));
        let bank = |_: Window, at: PageCursor| async move {
            Ok(page(if at.number == 0 { rows(30) } else { Vec::new() }))
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!((list.rows.len(), list.is_whole()), (30, true));
    }
}
