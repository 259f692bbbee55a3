//! The filter of one pane: what is typed, what is wrong with it, and the last one that was
//! understood.
//!
//! The language is the domain's; nothing here looks at rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::chord::{Chord, Key};
use super::field::{Field, Window};
use crate::contract::filter;
use crate::domain::filter::{Filter, FilterError};

/// Longest filter, in characters.
const LONGEST: usize = 200;

/// A filter and the line it is typed into.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    line: Field,
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

impl Default for Search {
    fn default() -> Self {
        Self {
            line: Field::new(LONGEST),
            typing: false,
            filter: Filter::default(),
            error: None,
            offers: Vec::new(),
            revision: 0,
        }
    }
}

impl Search {
    /// The text of the line.
    pub(crate) fn text(&self) -> &str {
        self.line.text()
    }

    /// What can be seen of the line in `columns`.
    pub(crate) fn window(&self, columns: usize) -> Window {
        self.line.window(columns)
    }

    /// Whether rows are hidden by it.
    pub(crate) fn is_on(&self) -> bool {
        !self.filter.is_empty()
    }

    /// Parses the text again: `since:15m` moves with the time.
    pub(crate) fn reread(&mut self, now: Timestamp, zone: &TimeZone) {
        match filter::parse(self.text(), now, zone) {
            Ok(filter) => (self.filter, self.error) = (filter, None),
            Err(error) => self.error = Some(error),
        }
        self.revision += 1;
    }

    /// Empties and closes the line.
    pub(crate) fn clear(&mut self) {
        *self = Self { revision: self.revision + 1, ..Self::default() };
    }

    /// A key while the line is open.
    pub(crate) fn key(&mut self, chord: &Chord, now: Timestamp, zone: &TimeZone) {
        match chord.key {
            Key::Enter => self.typing = false,
            Key::Esc => self.clear(),
            Key::Tab => {
                self.complete();
                self.reread(now, zone);
            }
            _ if self.line.key(chord) => {
                self.offers.clear();
                self.reread(now, zone);
            }
            _ => {}
        }
    }

    /// Pasted text goes in as one line.
    pub(crate) fn paste(&mut self, pasted: &str, now: Timestamp, zone: &TimeZone) {
        self.line.paste(pasted);
        self.reread(now, zone);
    }

    /// Completes the word before the cursor as far as it is certain; what it may become is kept to
    /// be shown.
    fn complete(&mut self) {
        let value = self.text().to_owned();
        let cursor = value.char_indices().nth(self.line.cursor()).map_or(value.len(), |(at, _)| at);
        self.offers = filter::complete(&value, cursor);
        let Some(common) = self.offers.iter().cloned().reduce(|a, b| common_start(&a, &b)) else {
            return;
        };
        let before = value.get(..cursor).unwrap_or_default();
        let separates = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ':' | '|');
        let start = before
            .char_indices()
            .rev()
            .find(|(_, c)| separates(*c))
            .map_or(0, |(at, c)| at + c.len_utf8());
        let mut word = before.get(start..).unwrap_or_default();
        word = word.strip_prefix('-').unwrap_or(word);
        let missing: String = common.chars().skip(word.chars().count()).collect();
        self.line.paste(&missing);
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
