//! Takes the rows out of an answer while its bytes come, so that neither the answer nor a tree of
//! its values is ever in memory: each row is told once it is whole, and what stands around the
//! lists is kept.

use std::ops::ControlFlow;

use memchr::memchr2;
use serde_json::value::RawValue;

/// Most bytes of one row, as it is written in JSON. The widest row of the wires has 2 KiB.
pub(in crate::provider) const LONGEST_ROW: usize = 1 << 20;

/// Most bytes of a row that is passed over because it is longer than that.
pub(in crate::provider) const LONGEST_SKIPPED: usize = 16 << 20;

/// Most bytes beside the rows.
const LONGEST_REST: usize = 8 << 20;

/// Names between the answer and a list of it: `payload` and `data`.
const DEEPEST_LIST: usize = 2;

/// Longest name that may lead to a list, in bytes.
const LONGEST_NAME: usize = 200;

/// What a splitter tells of an answer.
pub(in crate::provider) trait RowSink {
    /// Whether a list that these names lead to is one of rows; no names lead to the answer itself.
    fn is_of_rows(&self, names: &[String]) -> bool;

    /// A row of the list of this number has come; `None` stands for one that is longer than
    /// [`LONGEST_ROW`]. Lists are numbered from 0, in the order in which they begin.
    fn row(&mut self, list: usize, row: Option<&RawValue>) -> ControlFlow<()>;
}

/// Why an answer is not read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Broken {
    /// It is not JSON.
    NotJson,
    /// It has more than 8 MiB beside its rows.
    TooLong,
    /// One of its rows is longer than [`LONGEST_SKIPPED`].
    RowTooLong,
    /// Whoever takes the rows wants no more.
    Stopped,
}

/// Where in a JSON text the next byte is, as far as it matters for finding the ends of values.
#[derive(Clone, Copy, Debug, Default)]
struct Scanner {
    /// Objects and lists that are open.
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

/// Splits an answer into its rows and the rest.
#[derive(Default)]
pub(in crate::provider) struct Splitter {
    /// What stands around the lists. In the place of the rows of a list is its number.
    rest: Vec<u8>,
    /// The names that lead to the object that is open, and whether one is.
    names: Vec<String>,
    objects: usize,
    /// The last text of the open object, which is a name where a colon follows.
    text: Vec<u8>,
    name: Option<String>,
    in_text: bool,
    is_escaped: bool,
    /// Open lists and objects that have no rows, below the open object.
    other: Scanner,
    lists: usize,
    rows: Option<OpenList>,
}

/// A list of rows whose end has not come.
#[derive(Default)]
struct OpenList {
    number: usize,
    /// The bytes of the row so far, where they came in several pieces.
    row: Vec<u8>,
    /// Bytes of the row so far.
    length: usize,
    is_too_long: bool,
    /// The list has a comma, so that there is a row behind it.
    has_comma: bool,
    scanner: Scanner,
}

impl Splitter {
    /// Takes the next bytes of the answer.
    pub(in crate::provider) fn take(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn RowSink,
    ) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let used = if let Some(list) = &mut self.rows {
                let (used, has_ended) = list.take(bytes, sink)?;
                if has_ended {
                    self.rows = None;
                    self.rest.push(b']');
                }
                used
            } else {
                self.take_rest(bytes, sink)?
            };
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// What stands around the lists, with the number of each in the place of its rows. It is JSON
    /// only where the answer has come whole and is JSON.
    pub(in crate::provider) fn end(&mut self) -> Vec<u8> {
        std::mem::take(self).rest
    }

    /// Takes what stands before the next list of rows, and says how many bytes that are.
    fn take_rest(&mut self, bytes: &[u8], sink: &dyn RowSink) -> Result<usize, Broken> {
        let mut used = 0;
        while let Some(byte) = bytes.get(used) {
            used += 1;
            if self.begins_rows(*byte, sink) {
                self.keep(bytes.get(..used).unwrap_or_default())?;
                self.rest.extend(self.lists.to_string().bytes());
                self.rows = Some(OpenList { number: self.lists, ..OpenList::default() });
                self.lists += 1;
                return Ok(used);
            }
        }
        self.keep(bytes)?;
        Ok(used)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        if self.rest.len() + bytes.len() > LONGEST_REST {
            return Err(Broken::TooLong);
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Follows a byte outside of the lists of rows, and says whether such a list begins with it.
    fn begins_rows(&mut self, byte: u8, sink: &dyn RowSink) -> bool {
        if self.other.depth > 0 {
            self.other.follow(byte);
            return false;
        }
        if self.in_text {
            self.follow_text(byte);
            return false;
        }
        match byte {
            b'"' => {
                self.in_text = true;
                self.text.clear();
            }
            b':' => self.name = self.name_of_text(),
            b',' => self.name = None,
            b'{' if self.objects < DEEPEST_LIST && (self.objects == 0 || self.name.is_some()) => {
                self.objects += 1;
                self.names.extend(self.name.take());
            }
            b'[' if self.objects == 0 || self.name.is_some() => {
                let depth = self.names.len();
                self.names.extend(self.name.take());
                let is_of_rows = self.names.len() <= DEEPEST_LIST && sink.is_of_rows(&self.names);
                self.names.truncate(depth);
                if is_of_rows {
                    return true;
                }
                self.other.depth = 1;
            }
            b'{' | b'[' => self.other.depth = 1,
            b'}' => {
                self.objects = self.objects.saturating_sub(1);
                self.names.truncate(self.objects.saturating_sub(1));
                self.name = None;
            }
            _ => {}
        }
        false
    }

    fn follow_text(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => {
                self.in_text = false;
                return;
            }
            _ => {}
        }
        if self.text.len() <= LONGEST_NAME {
            self.text.push(byte);
        }
    }

    /// The last text as a name, as it reads without escapes; an empty one where it is none that
    /// could lead to a list.
    fn name_of_text(&self) -> Option<String> {
        let written = [b"\"", self.text.as_slice(), b"\""].concat();
        Some(serde_json::from_slice(&written).unwrap_or_default())
    }
}

impl Scanner {
    /// Follows one byte of a value.
    const fn follow(&mut self, byte: u8) {
        if self.in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
    }
}

impl OpenList {
    /// Takes bytes up to the end of the next row or of the list. Says how many they are, and
    /// whether the list has ended.
    fn take(&mut self, bytes: &[u8], sink: &mut dyn RowSink) -> Result<(usize, bool), Broken> {
        let Some(end) = self.row_end(bytes) else {
            self.keep(bytes)?;
            return Ok((bytes.len(), false));
        };
        let (row, ends_list) =
            (bytes.get(..end).unwrap_or_default(), bytes.get(end) == Some(&b']'));
        if !ends_list && bytes.get(end) != Some(&b',') {
            return Err(Broken::NotJson);
        }
        let told = if self.row.is_empty() && !self.is_too_long && row.len() <= LONGEST_ROW {
            self.tell(row, ends_list, sink)
        } else {
            self.keep(row)?;
            let row = std::mem::take(&mut self.row);
            let told = self.tell(&row, ends_list, sink);
            self.row = row;
            self.row.clear();
            (self.length, self.is_too_long) = (0, false);
            told
        };
        self.has_comma = true;
        told.map(|()| (end + 1, ends_list))
    }

    fn tell(&self, row: &[u8], ends_list: bool, sink: &mut dyn RowSink) -> Result<(), Broken> {
        let is_blank = row.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        // An empty list has no row; behind a comma there is one.
        if is_blank && !self.is_too_long && ends_list && !self.has_comma {
            return Ok(());
        }
        let row = match self.is_too_long {
            true => None,
            false => Some(serde_json::from_slice(row).map_err(|_| Broken::NotJson)?),
        };
        match sink.row(self.number, row) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Broken::Stopped),
        }
    }

    /// Keeps a piece of a row, as long as the row is not too long.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.length += bytes.len();
        self.is_too_long = self.length > LONGEST_ROW;
        if self.is_too_long {
            self.row = Vec::new();
        } else {
            self.row.extend_from_slice(bytes);
        }
        if self.length > LONGEST_SKIPPED { Err(Broken::RowTooLong) } else { Ok(()) }
    }

    /// Where in these bytes the row ends: at a comma or a bracket that is not the row's own.
    fn row_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.scanner.in_text && !self.scanner.is_escaped {
                // Most of an answer is text.
                at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
                self.scanner.follow(*bytes.get(at)?);
            } else if self.scanner.depth == 0
                && !self.scanner.in_text
                && matches!(byte, b',' | b']' | b'}')
            {
                return Some(at);
            } else {
                self.scanner.follow(*byte);
            }
            at += 1;
        }
        None
    }
}
