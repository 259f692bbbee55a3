//! Reads the list of an answer row by row while the answer comes: what is kept of a row is what the
//! adapter makes of it, and of the answer what stands around its lists.
//!
//! Which of several lists was meant is only known at the end. So the rows of each list that may be
//! the one are read, and in the answer that is kept the number of a list stands in the place of its
//! rows. The adapter finds the list in it as in every other answer, and trades what it finds for
//! the rows ([`ListReader::page`]). Where the answer itself is the one row, its own lists are
//! numbers, too: no wire reads a list within a row.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::value::RawValue;

use super::{IdFields, RowReader, or_unread};
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::completeness::UnreadRow;
use crate::provider::http::{AnswerBody, Stop};
use crate::provider::json::{
    Broken, LONGEST_ROW, LONGEST_SKIPPED, RowError, RowSink, Splitter, in_document_names,
};
use crate::provider::pages::{self, Page};

/// Most bytes of an answer with a list. 100,000 cards have about 60 MB, and encrypted 80 MB.
const LARGEST_LIST: usize = if cfg!(test) { 32 << 20 } else { 512 << 20 };

/// Most rows of one answer: ten times as many as a large programme has cards.
const MOST_ROWS: usize = 250_000;

/// Most rows of one answer that cannot be read and are kept. Where most rows are of that kind, it is
/// no list of rows.
const MOST_UNREAD: usize = 5_000;

/// Whether a list of an answer can be the one that is asked for, by the document's names that lead
/// to it: none lead to the answer itself.
pub(in crate::provider) type ListPlace = fn(&[&str]) -> bool;

/// What is made of a row.
type ReadRow<'a, T> = Box<dyn FnMut(&RawValue, &RowReader<'_>) -> Result<T, RowError> + Send + 'a>;

/// Reads the list of one answer.
pub(in crate::provider) struct ListReader<'a, T> {
    rows: Rows<'a, T>,
    splitter: Splitter,
    /// Bytes that have come.
    size: usize,
    broken: Option<Broken>,
}

/// The rows that have come.
struct Rows<'a, T> {
    place: ListPlace,
    reader: RowReader<'a>,
    clock: &'a Clock,
    names: IdFields,
    of: Option<&'a Card>,
    read: ReadRow<'a, T>,
    /// By the number of their list.
    lists: BTreeMap<usize, Page<T>>,
    /// Rows of all lists, and those that could not be read.
    count: usize,
    unread: usize,
    /// What is wrong with the first row that could not be read.
    first_trouble: Option<Arc<str>>,
    is_success: bool,
}

impl<'a, T> ListReader<'a, T> {
    /// `of` is the card whose list it is, where it is one card's; `names` says where a row that
    /// cannot be read names itself.
    pub(in crate::provider) fn new(
        place: ListPlace,
        reader: RowReader<'a>,
        clock: &'a Clock,
        names: IdFields,
        of: Option<&'a Card>,
        read: impl FnMut(&RawValue, &RowReader<'_>) -> Result<T, RowError> + Send + 'a,
    ) -> Self {
        Self {
            rows: Rows {
                place,
                reader,
                clock,
                names,
                of,
                read: Box::new(read),
                lists: BTreeMap::new(),
                count: 0,
                unread: 0,
                first_trouble: None,
                is_success: true,
            },
            splitter: Splitter::default(),
            size: 0,
            broken: None,
        }
    }

    /// The rows in the place of which these values stand: the number of a list, or one object that
    /// counts as a list of one.
    pub(in crate::provider) fn page(&mut self, found: &[&RawValue]) -> Page<T> {
        let number = match found {
            [number] => number.get().parse::<usize>().ok(),
            _ => None,
        };
        let Some(number) = number else {
            return Page::of(found.iter().map(|raw| self.rows.read(raw)));
        };
        let mut page =
            self.rows.lists.remove(&number).unwrap_or_else(|| Page::of(std::iter::empty()));
        let left_out = self.rows.unread.saturating_sub(MOST_UNREAD);
        if left_out > 0 {
            page.gap = Some(format!("{left_out} more rows cannot be read").into());
        }
        page
    }

    /// Reads an answer that was decrypted as a whole, and says what stands around its lists.
    ///
    /// # Errors
    /// As of [`AnswerBody::end`].
    pub(in crate::provider) fn read_text(&mut self, json: &str) -> Result<Bytes, String>
    where
        T: Send,
    {
        self.forget();
        // What is wrong with it, if anything is, the end tells.
        let _ = self.take_plain(json.as_bytes());
        self.end()
    }

    /// Takes the next bytes of the answer, which need not be those that came: an adapter may have
    /// decrypted them.
    pub(in crate::provider) fn take_plain(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.size += bytes.len();
        if self.size > LARGEST_LIST {
            return Err(Stop::TooLarge(LARGEST_LIST));
        }
        if self.broken.is_some() {
            return Err(Stop::Refused);
        }
        self.splitter.take(bytes, &mut self.rows).map_err(|broken| {
            self.broken = Some(broken);
            Stop::Refused
        })
    }

    /// Forgets what has come.
    pub(in crate::provider) fn forget(&mut self) {
        (self.splitter, self.size, self.broken) = (Splitter::default(), 0, None);
        self.rows.lists.clear();
        (self.rows.count, self.rows.unread, self.rows.first_trouble) = (0, 0, None);
    }
}

impl<T: Send> AnswerBody for ListReader<'_, T> {
    fn begin(&mut self, status: StatusCode) {
        self.forget();
        self.rows.is_success = status.is_success();
        self.rows.reader.at = self.rows.clock.now();
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), Stop> {
        self.take_plain(&bytes)
    }

    fn end(&mut self) -> Result<Bytes, String> {
        let rest = Bytes::from(self.splitter.end());
        match self.broken {
            // What came before the fault is not JSON either.
            None | Some(Broken::NotJson) => Ok(rest),
            Some(Broken::TooLong) => {
                Err("answered more than 8 MiB beside the rows of its list".to_owned())
            }
            Some(Broken::RowTooLong) => Err(format!(
                "answered a list with a row of more than {} MiB",
                LONGEST_SKIPPED >> 20
            )),
            Some(Broken::Stopped) => Err(self.rows.refusal()),
        }
    }
}

impl<T> Rows<'_, T> {
    fn read(&mut self, raw: &RawValue) -> Result<T, UnreadRow> {
        let raw = if self.reader.spelling.fields.is_empty() {
            Cow::Borrowed(raw)
        } else {
            Cow::Owned(in_document_names(raw, self.reader.spelling))
        };
        let read = (self.read)(&raw, &self.reader);
        or_unread(&raw, &self.reader, self.of, self.names, read)
    }

    /// A row that is not kept long enough to be read. Which one it is cannot be told.
    fn too_long(&self) -> UnreadRow {
        let why = format!("a row is longer than {} MiB", LONGEST_ROW >> 20);
        let card = self.of.map(|card| Arc::clone(&card.key.id));
        // Tells it from the others of its kind.
        let raw = self.count.to_string();
        pages::unread(self.reader.provider, card, None, &raw, &RowError::new(&why))
    }

    const fn is_no_list(&self) -> bool {
        self.unread > MOST_UNREAD && self.unread > self.count / 2
    }

    fn refusal(&self) -> String {
        if self.is_no_list() {
            let first = self.first_trouble.as_deref().unwrap_or_default();
            format!(
                "answered a list that has more than {MOST_UNREAD} rows that cannot be read; the \
                 first: {first}"
            )
        } else {
            format!("answered a list that has more than {MOST_ROWS} rows")
        }
    }
}

impl<T> RowSink for Rows<'_, T> {
    fn is_of_rows(&self, names: &[String]) -> bool {
        let spelling = self.reader.spelling;
        let names: Vec<&str> =
            names.iter().map(|name| spelling.ours(name).unwrap_or(name)).collect();
        self.is_success && (self.place)(&names)
    }

    fn row(&mut self, list: usize, row: Option<&RawValue>) -> ControlFlow<()> {
        self.count += 1;
        let read = match row {
            Some(row) => self.read(row),
            None => Err(self.too_long()),
        };
        let page = self.lists.entry(list).or_insert_with(|| Page::of(std::iter::empty()));
        match read {
            Ok(row) => page.items.push(row),
            Err(row) => {
                self.unread += 1;
                self.first_trouble.get_or_insert_with(|| Arc::clone(&row.why));
                if self.unread <= MOST_UNREAD {
                    page.skipped.push(row);
                }
            }
        }
        if self.count > MOST_ROWS || self.is_no_list() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
