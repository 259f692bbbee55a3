//! The filter of one pane: what is typed, what is wrong with it, and the last one that was understood.
//!
//! The language is the domain's; nothing here looks at rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tui_input::{Input, InputRequest};

use super::chord::{Chord, Key};
use crate::domain::filter::{Filter, FilterError};
use crate::domain::text;

/// Longest filter, in characters.
const LONGEST: usize = 200;

/// A filter and the line it is typed into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    input: Input,
    /// Keys go to the line.
    pub(crate) typing: bool,
    /// The last filter that was understood.
    pub(crate) filter: Filter,
    /// What is wrong with what stands there now.
    pub(crate) error: Option<FilterError>,
    /// What the word under the cursor may become.
    pub(crate) offers: Vec<String>,
    /// Grows whenever the filter does.
    pub(crate) revision: u64,
}

impl Search {
    /// What stands in the line.
    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    /// Column of the cursor in the line.
    pub(crate) fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }

    /// Whether rows are hidden by it.
    pub(crate) fn is_on(&self) -> bool {
        !self.filter.is_empty()
    }

    /// Reads the text again: `since:15m` moves with the time.
    pub(crate) fn reread(&mut self, now: Timestamp, zone: &TimeZone) {
        match Filter::parse(self.text(), now, zone) {
            Ok(filter) => (self.filter, self.error) = (filter, None),
            Err(error) => self.error = Some(error),
        }
        self.revision += 1;
    }

    /// Nothing is filtered.
    pub(crate) fn clear(&mut self) {
        *self = Self { revision: self.revision + 1, ..Self::default() };
    }

    /// A key while the line is open.
    pub(crate) fn key(&mut self, chord: &Chord, now: Timestamp, zone: &TimeZone) {
        let plain = !chord.ctrl && !chord.alt;
        let request = match chord.key {
            Key::Enter => {
                self.typing = false;
                return;
            }
            Key::Esc => {
                self.clear();
                return;
            }
            Key::Tab => {
                self.complete();
                self.reread(now, zone);
                return;
            }
            Key::Char(c) if plain => {
                if self.text().chars().count() >= LONGEST || text::width(c.encode_utf8(&mut [0; 4])) == 0 {
                    return;
                }
                InputRequest::InsertChar(c)
            }
            Key::Char('u') if chord.ctrl => InputRequest::DeleteLine,
            Key::Char('w') if chord.ctrl => InputRequest::DeletePrevWord,
            Key::Char('k') if chord.ctrl => InputRequest::DeleteTillEnd,
            Key::Char('a') if chord.ctrl => InputRequest::GoToStart,
            Key::Char('e') if chord.ctrl => InputRequest::GoToEnd,
            Key::Home => InputRequest::GoToStart,
            Key::End => InputRequest::GoToEnd,
            Key::Left => InputRequest::GoToPrevChar,
            Key::Right => InputRequest::GoToNextChar,
            Key::Backspace => InputRequest::DeletePrevChar,
            Key::Delete => InputRequest::DeleteNextChar,
            Key::Char(_) | Key::BackTab | Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::F(_) => return,
        };
        self.input.handle(request);
        self.offers.clear();
        self.reread(now, zone);
    }

    /// Pasted text goes in as one line.
    pub(crate) fn paste(&mut self, pasted: &str, now: Timestamp, zone: &TimeZone) {
        let room = LONGEST.saturating_sub(self.text().chars().count());
        for c in text::clean(pasted).chars().take(room) {
            self.input.handle(InputRequest::InsertChar(c));
        }
        self.reread(now, zone);
    }

    /// Completes the word before the cursor as far as it is certain; what it may become is kept to be shown.
    fn complete(&mut self) {
        let (value, place) = (self.text().to_owned(), self.input.cursor());
        let cursor = value.char_indices().nth(place).map_or(value.len(), |(at, _)| at);
        self.offers = Filter::complete(&value, cursor);
        let Some(common) = self.offers.iter().cloned().reduce(|a, b| common_start(&a, &b)) else { return };
        let before = value.get(..cursor).unwrap_or_default();
        let separates = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ':' | '|');
        let start = before.char_indices().rev().find(|(_, c)| separates(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        let mut word = before.get(start..).unwrap_or_default();
        word = word.strip_prefix('-').unwrap_or(word);
        let missing: String = common.chars().skip(word.chars().count()).collect();
        for c in missing.chars() {
            self.input.handle(InputRequest::InsertChar(c));
        }
        if self.offers.len() == 1 {
            self.offers.clear();
        }
    }
}

fn common_start(a: &str, b: &str) -> String {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Search {
        let mut search = Search { typing: true, ..Search::default() };
        for key in keys.split(' ') {
            let chord = key.parse().expect("a chord of the test");
            search.key(&chord, Timestamp::UNIX_EPOCH, &TimeZone::UTC);
        }
        search
    }

    #[test]
    fn a_wrong_filter_says_so_and_the_last_good_one_goes_on() {
        let search = typed("4 2 space (");
        assert!(search.error.is_some() && search.is_on());
        let search = typed("4 2 space ( backspace enter");
        assert!(search.error.is_none() && search.is_on() && !search.typing);
        assert!(!typed("4 2 esc").is_on());
    }

    #[test]
    fn tab_completes_what_is_certain() {
        assert_eq!(typed("h o l tab").text(), "holder:");
        assert_eq!(typed("- h o l tab").text(), "-holder:");
        assert_eq!(typed("s t a t e : d e c tab").text(), "state:declined");
        assert!(typed("c tab").offers.len() > 1, "several fields begin with c");
    }
}
