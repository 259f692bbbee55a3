//! The line that a filter is typed into, and the completion of its words.

use super::values;
use crate::app::chord::{Chord, Key};
use crate::app::field::{Field, Window};
use crate::app::portfolio::Portfolio;
use crate::contract::filter::{self, Rows};
use crate::domain::filter::{Completion, FilterField};

/// Longest filter, in characters.
const LONGEST: usize = 200;

/// The line, and what the word before its cursor may become.
#[derive(Clone, Debug)]
pub(super) struct Line {
    rows: Rows,
    field: Field,
    completion: Completion,
    /// The offer that stands in the line, while they are gone through.
    chosen: Option<usize>,
    /// The values of the field that is being typed: what is known is looked through once for it.
    values: Option<(FilterField, Vec<String>)>,
}

/// Which way the offers are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Forward,
    Backward,
}

impl Line {
    pub(super) fn new(rows: Rows) -> Self {
        Self {
            rows,
            field: Field::new(LONGEST),
            completion: Completion::default(),
            chosen: None,
            values: None,
        }
    }

    pub(super) fn text(&self) -> &str {
        self.field.text()
    }

    pub(super) fn window(&self, columns: usize) -> Window {
        self.field.window(columns)
    }

    /// Puts another text into the line.
    pub(super) fn set(&mut self, text: &str, portfolio: &Portfolio) {
        self.field = Field::new(LONGEST).with(text);
        self.look_up(portfolio);
    }

    /// A key of the line; whether it was one.
    pub(super) fn key(&mut self, chord: &Chord, portfolio: &Portfolio) -> bool {
        let taken = self.field.key(chord);
        if taken {
            self.look_up(portfolio);
        }
        taken
    }

    pub(super) fn paste(&mut self, pasted: &str, portfolio: &Portfolio) {
        self.field.paste(pasted);
        self.look_up(portfolio);
    }

    /// What is worth offering: nothing while no letter of a name stands there.
    pub(super) fn offers(&self) -> (&[String], Option<usize>) {
        let begun = self.completion.is_value || !self.half_written().is_empty();
        let offers: &[String] = if begun { &self.completion.offers } else { &[] };
        (offers, self.chosen)
    }

    /// Whether the word before the cursor is only the beginning of a field's name, or of one of its
    /// values.
    pub(super) fn is_half_written(&self) -> bool {
        let written = self.half_written();
        let whole = |offer: &String| offer.trim_matches('"').eq_ignore_ascii_case(written);
        let ends = self.after().chars().next().is_none_or(|c| c.is_whitespace() || c == ')');
        let (offers, _) = self.offers();
        self.chosen.is_none() && ends && !offers.is_empty() && !offers.iter().any(whole)
    }

    /// What stands of that name or value.
    pub(super) fn half_written(&self) -> &str {
        self.text().get(self.completion.start..self.cursor_byte()).unwrap_or_default()
    }

    /// The line without the whole word.
    pub(super) fn without_half_written(&self) -> String {
        let before = self.text().get(..self.completion.word).unwrap_or_default();
        format!("{before}{}", self.after())
    }

    /// Completes the word before the cursor as far as it is certain; then goes through what it may
    /// become.
    pub(super) fn complete(&mut self, tab: Tab, portfolio: &Portfolio) {
        let count = self.completion.offers.len();
        let next = match (self.chosen, tab) {
            (None, Tab::Forward) => 0,
            (None, Tab::Backward) => count.saturating_sub(1),
            (Some(at), Tab::Forward) => (at + 1) % count.max(1),
            (Some(at), Tab::Backward) => at.checked_sub(1).unwrap_or(count.saturating_sub(1)),
        };
        let certain = self.certain().filter(|_| self.chosen.is_none() && count > 1);
        if let Some(certain) = certain {
            self.put(&certain);
            self.look_up(portfolio);
        } else if let Some(offer) = self.completion.offers.get(next).cloned() {
            self.put(&offer);
            if count == 1 {
                self.look_up(portfolio);
            } else {
                self.chosen = Some(next);
            }
        }
    }

    /// What all offers begin with, where that is more than what stands there.
    fn certain(&self) -> Option<String> {
        let common = self.completion.offers.iter().cloned().reduce(|a, b| common_start(&a, &b))?;
        (common.chars().count() > self.half_written().chars().count()).then_some(common)
    }

    /// Replaces what stands of the word.
    fn put(&mut self, word: &str) {
        let before = self.text().get(..self.completion.start).unwrap_or_default();
        let after = self.after().to_owned();
        self.field = Field::new(LONGEST).with(&format!("{before}{word}{after}"));
        for _ in after.chars() {
            self.field.key(&Chord::plain(Key::Left));
        }
    }

    /// What stands behind the cursor.
    fn after(&self) -> &str {
        self.text().get(self.cursor_byte()..).unwrap_or_default()
    }

    /// The byte at which the cursor stands.
    fn cursor_byte(&self) -> usize {
        let text = self.text();
        text.char_indices().nth(self.field.cursor()).map_or(text.len(), |(at, _)| at)
    }

    /// Looks up what the word before the cursor may become.
    fn look_up(&mut self, portfolio: &Portfolio) {
        let known = std::cell::RefCell::new(self.values.take());
        let of_field = |field: &FilterField| {
            let mut known = known.borrow_mut();
            match known.as_ref().filter(|(of, _)| of == field) {
                Some((_, values)) => values.clone(),
                None => {
                    let found = values(portfolio, self.rows, field);
                    *known = Some((field.clone(), found.clone()));
                    found
                }
            }
        };
        self.completion =
            filter::complete(self.rows, self.field.text(), self.cursor_byte(), &of_field);
        self.chosen = None;
        self.values = known.into_inner();
    }
}

fn common_start(a: &str, b: &str) -> String {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}
