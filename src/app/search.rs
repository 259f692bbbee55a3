//! The filter of one pane: which one acts, the line it is typed into, and those before it.
//!
//! The language is the domain's. Of rows nothing is known here but that a pane found none.

mod line;
mod values;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::chord::{Chord, Key};
use super::field::Window;
use super::list::Cause;
use super::portfolio::Portfolio;
use crate::contract::filter::{self, Rows};
use crate::domain::card::Last4;
use crate::domain::filter::{Filter, FilterError};
use line::{Line, Tab};
pub(crate) use values::values;

/// Most filters that are remembered.
const REMEMBERED: usize = 50;

/// The filter of one pane.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    rows: Rows,
    /// What acts.
    acting: Acting,
    /// While it is typed.
    typing: Option<Typing>,
    /// Filters that were kept, the oldest first, each once.
    history: Vec<String>,
    /// Grows whenever what acts may have changed.
    pub(crate) revision: u64,
    /// Something was typed since rows were made.
    is_typed: bool,
}

/// A filter and its text.
#[derive(Clone, Debug, Default)]
struct Acting {
    text: String,
    filter: Filter,
}

/// What is known while a filter is typed.
#[derive(Clone, Debug)]
struct Typing {
    line: Line,
    /// What acted before, and acts while the line is empty.
    before: Acting,
    /// What is wrong with what stands there.
    error: Option<FilterError>,
    /// What acts where the whole line would show no row, while its last word is half-written.
    rest: Option<Acting>,
    /// That is so.
    set_aside: bool,
    /// Which of the remembered filters stands there.
    past: Option<usize>,
}

impl Search {
    /// No filter, for these rows.
    pub(crate) fn new(rows: Rows) -> Self {
        Self {
            rows,
            acting: Acting::default(),
            typing: None,
            history: Vec::new(),
            revision: 0,
            is_typed: false,
        }
    }

    /// Whether keys go to its line.
    pub(crate) const fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Why rows are made now.
    pub(crate) fn take_cause(&mut self) -> Cause {
        let is_typed = std::mem::take(&mut self.is_typed);
        match (self.is_typing(), is_typed) {
            (true, true) => Cause::Typed,
            (true, false) => Cause::WhileTyping,
            (false, _) => Cause::Other,
        }
    }

    /// Whether a key only changes what stands in the line: it reads no row.
    pub(crate) fn is_edited_by(&self, chord: &Chord) -> bool {
        self.is_typing() && !matches!(chord.key, Key::Enter | Key::Esc)
    }

    /// The text in the line; while it is closed, of the filter that acts.
    pub(crate) fn text(&self) -> &str {
        self.typing.as_ref().map_or(&self.acting.text, |typing| typing.line.text())
    }

    /// The words that are four digits, as a card's last ones are searched: `4242` or `..4242`.
    pub(crate) fn last_digits(&self) -> Vec<Last4> {
        let words = self.text().split_whitespace();
        words.filter_map(|word| word.trim_start_matches("..").parse().ok()).collect()
    }

    /// What can be seen of the line in `columns`.
    pub(crate) fn window(&self, columns: usize) -> Option<Window> {
        self.typing.as_ref().map(|typing| typing.line.window(columns))
    }

    /// What is wrong with what stands in the line.
    pub(crate) fn error(&self) -> Option<&FilterError> {
        self.typing.as_ref()?.error.as_ref()
    }

    /// What the word under the cursor may become, and which of it stands there.
    pub(crate) fn offers(&self) -> (&[String], Option<usize>) {
        self.typing.as_ref().map_or((&[], None), |typing| typing.line.offers())
    }

    /// The filter that acts.
    pub(crate) fn filter(&self) -> &Filter {
        &self.shown().filter
    }

    /// All of what is written, and where its last word is half-written what there is without it:
    /// that acts where the whole shows no row, of which [`Self::set_aside`] wants to know.
    pub(crate) fn whole_and_rest(&self) -> (&Filter, Option<&Filter>) {
        let rest = self.typing.as_ref().and_then(|typing| typing.rest.as_ref());
        (&self.acting.filter, rest.map(|rest| &rest.filter))
    }

    /// The filter of the whole line, whether it finds a row or not.
    pub(crate) const fn whole(&self) -> &Filter {
        &self.acting.filter
    }

    /// Whether rows of the rest of the line are shown where the whole line finds none.
    pub(crate) fn has_rest(&self) -> bool {
        self.typing.as_ref().is_some_and(|typing| typing.rest.is_some())
    }

    /// Whether what is shown changes with the time alone.
    pub(crate) fn depends_on_time(&self) -> bool {
        self.acting.filter.depends_on_time() || self.filter().depends_on_time()
    }

    /// The filter that acts, as it was written; `None` while none does.
    pub(crate) fn chip(&self) -> Option<&str> {
        let shown = self.shown();
        (!shown.filter.is_empty()).then_some(shown.text.trim())
    }

    /// The half-written word that is left out because no row has it.
    pub(crate) fn half_written(&self) -> Option<&str> {
        let typing = self.typing.as_ref().filter(|typing| typing.set_aside)?;
        Some(typing.line.half_written())
    }

    fn shown(&self) -> &Acting {
        let rest = self.typing.as_ref().filter(|typing| typing.set_aside);
        rest.and_then(|typing| typing.rest.as_ref()).unwrap_or(&self.acting)
    }

    /// The rows that the filter chooses. While a half-written word leaves none, those of the rest
    /// of the line. Also answers whether that is so, which [`Self::set_aside`] wants to know.
    pub(crate) fn choose<T>(
        &self,
        make: impl Fn(&Filter) -> T,
        is_empty: impl Fn(&T) -> bool,
    ) -> (T, bool) {
        let rows = make(&self.acting.filter);
        let rest = self.typing.as_ref().and_then(|typing| typing.rest.as_ref());
        match rest.filter(|_| is_empty(&rows)) {
            Some(rest) => (make(&rest.filter), true),
            None => (rows, false),
        }
    }

    /// Whether the half-written word of the line is left out.
    pub(crate) fn set_aside(&mut self, set_aside: bool) {
        if let Some(typing) = &mut self.typing {
            typing.set_aside = set_aside;
        }
    }

    /// Opens the line, empty. What acts goes on.
    pub(crate) fn open(&mut self) {
        self.typing = Some(Typing {
            line: Line::new(self.rows),
            before: self.acting.clone(),
            error: None,
            rest: None,
            set_aside: false,
            past: None,
        });
    }

    /// Shows all rows, and closes the line.
    pub(crate) fn clear(&mut self) {
        (self.acting, self.typing) = (Acting::default(), None);
        self.revision += 1;
    }

    /// Parses what acts again: `since:15m` moves with the time.
    pub(crate) fn reread(&mut self, now: Timestamp, zone: &TimeZone) {
        let rows = self.rows;
        let again = |acting: &mut Acting| {
            if let Ok(filter) = filter::parse(rows, &acting.text, now, zone) {
                acting.filter = filter;
            }
        };
        again(&mut self.acting);
        if let Some(typing) = &mut self.typing {
            again(&mut typing.before);
            typing.rest.as_mut().map(again);
        }
        self.revision += 1;
    }

    /// A key while the line is open.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &Portfolio) {
        let Some(typing) = &mut self.typing else { return };
        match chord.key {
            Key::Enter => return self.keep(),
            Key::Esc => {
                self.acting = std::mem::take(&mut typing.before);
                self.typing = None;
            }
            Key::Tab => typing.line.complete(Tab::Forward, portfolio),
            Key::BackTab => typing.line.complete(Tab::Backward, portfolio),
            Key::Up => typing.earlier(&self.history, portfolio),
            Key::Down => typing.later(&self.history, portfolio),
            _ if typing.line.key(chord, portfolio) => typing.past = None,
            _ => return,
        }
        self.apply(portfolio);
    }

    /// Pasted text goes in as one line.
    pub(crate) fn paste(&mut self, pasted: &str, portfolio: &Portfolio) {
        if let Some(typing) = &mut self.typing {
            typing.line.paste(pasted, portfolio);
            self.apply(portfolio);
        }
    }

    /// Closes the line. What stands there goes on acting and is remembered; an empty line leaves
    /// what acted before, and one with a mistake stays open with the mistake under it.
    fn keep(&mut self) {
        let Some(typing) = self.typing.take_if(|typing| typing.error.is_none()) else { return };
        let text = typing.line.text().trim();
        if !text.is_empty() {
            self.history.retain(|known| known != text);
            self.history.push(text.to_owned());
            let surplus = self.history.len().saturating_sub(REMEMBERED);
            self.history.drain(..surplus);
        }
        self.revision += 1;
    }

    /// Lets act what stands in the line: all of it, or without the words that are not understood;
    /// what acted before, where nothing is left.
    fn apply(&mut self, portfolio: &Portfolio) {
        self.revision += 1;
        self.is_typed = true;
        let Some(typing) = &mut self.typing else { return };
        let parse = |text: &str| {
            let filter = filter::parse(self.rows, text, portfolio.now, &portfolio.zone)?;
            Ok(Acting { text: text.to_owned(), filter })
        };
        let understood = understood(typing.line.text(), parse);
        typing.error = understood.error;
        typing.rest = None;
        if typing.error.is_none() && typing.line.is_half_written() {
            let rest = self::understood(&typing.line.without_half_written(), parse).acting;
            typing.rest = Some(rest.unwrap_or_else(|| typing.before.clone()));
        }
        self.acting = understood.acting.unwrap_or_else(|| typing.before.clone());
    }
}

impl Typing {
    /// The remembered filter before the one that stands there.
    fn earlier(&mut self, history: &[String], portfolio: &Portfolio) {
        let at = self.past.unwrap_or(history.len());
        if let Some(text) = at.checked_sub(1).and_then(|at| history.get(at)) {
            self.past = Some(at - 1);
            self.line.set(text, portfolio);
        }
    }

    /// The one after it; after the last the line is empty.
    fn later(&mut self, history: &[String], portfolio: &Portfolio) {
        let Some(at) = self.past else { return };
        self.past = Some(at + 1).filter(|at| *at < history.len());
        let text = self.past.and_then(|at| history.get(at)).map_or("", String::as_str);
        self.line.set(text, portfolio);
    }
}

/// What of a text is understood.
struct Understood {
    /// `None` where nothing is left.
    acting: Option<Acting>,
    /// The first mistake.
    error: Option<FilterError>,
}

fn understood(text: &str, parse: impl Fn(&str) -> Result<Acting, FilterError>) -> Understood {
    let (mut text, mut error) = (text.to_owned(), None);
    while !text.trim().is_empty() {
        match parse(&text) {
            Ok(acting) => return Understood { acting: Some(acting), error },
            Err(mistake) => {
                text = Filter::without_word(&text, mistake.at);
                error = error.or(Some(mistake));
            }
        }
    }
    Understood { acting: None, error }
}

#[cfg(test)]
mod tests;
