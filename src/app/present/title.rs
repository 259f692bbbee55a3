//! What stands in the top border of a pane, and what of it is given up where there is little room.
//!
//! The filter is the last: rows that it hides are never missing without a word.

use super::line::{Line, width};
use super::role::Role;
use crate::app::Model;
use crate::app::command::Command;
use crate::app::layout::Pane;
use crate::domain::text::{self, thousands};

/// The words in the top border of a pane.
#[derive(Clone, Debug)]
pub(crate) struct Title {
    /// The pane.
    name: String,
    /// The filter, and how many rows it shows of how many.
    chip: Option<(String, String)>,
    /// Behind the name and the filter, on the left.
    left: Vec<Part>,
    /// On the right.
    right: Vec<Part>,
}

/// A part of a title in its forms, the longest first. Each has the number at which it is given up:
/// the highest first, 0 never.
type Part = Vec<(u8, String)>;

/// At which numbers parts are given up.
pub(super) mod order {
    /// Words that only explain.
    pub(crate) const WORDS: u8 = 7;
    /// How rows are ordered, whether they are followed, tabs.
    pub(crate) const ORDER: u8 = 6;
    /// Which time is shown.
    pub(crate) const RANGE: u8 = 5;
    /// What the filter's rows have to do with it.
    pub(crate) const MEANING: u8 = 4;
    /// That Esc clears the filter. The next thing that gives is the filter's own text.
    pub(super) const CLEARS: u8 = 3;
    /// What is marked, or was not read.
    pub(crate) const STATE: u8 = 2;
    /// Whether what is shown is live.
    pub(crate) const LIVE: u8 = 1;
}

/// The least columns of a filter's text before other words of the title give way to it.
const LEAST_TEXT: usize = 10;

/// The filter's text was cut here.
const CUT: char = '…';

impl Title {
    /// The title of a pane that has a filter, with the filter where one acts. `shown` and `hidden`
    /// are rows.
    pub(super) fn of_filtered(model: &Model, pane: Pane, shown: usize, hidden: usize) -> Self {
        let mut title =
            Self { name: pane.name().to_owned(), chip: None, left: Vec::new(), right: Vec::new() };
        let Some(search) = model.search(pane) else { return title };
        let Some(text) = search.chip() else { return title };
        let count = format!("{}/{}", thousands(shown), thousands(shown + hidden));
        title.chip = Some((text.to_owned(), count));
        // Esc ends a search in the data file first.
        let stops = pane == Pane::Feed && model.panes.feed.is_searching_older();
        if model.screen.focus == pane && !search.is_typing() && !stops {
            let clears = model.keymap.hint(Command::Back, "clears");
            title.left.push(vec![(order::CLEARS, format!("  {clears}"))]);
        }
        title
    }

    /// How many rows the filter shows, where nobody can tell of how many.
    pub(super) fn set_count(&mut self, words: String) {
        _ = self.chip.as_mut().map(|(_, count)| *count = words);
    }

    /// Words on the left.
    pub(super) fn add(&mut self, given_up: u8, text: String) {
        self.left.push(vec![(given_up, text)]);
    }

    /// Words on the left, in forms.
    pub(super) fn add_forms(&mut self, part: Part) {
        self.left.push(part);
    }

    /// Words on the right, in forms.
    pub(super) fn add_right(&mut self, part: Part) {
        self.right.push(part);
    }

    /// Whether a filter acts.
    pub(super) const fn has_filter(&self) -> bool {
        self.chip.is_some()
    }

    /// Left and right side in so many columns.
    pub(crate) fn fitted(&self, columns: usize) -> (Line, Line) {
        for given_up in (0..=order::WORDS + 1).rev() {
            let (left, right) = self.sides(given_up);
            let gap = if right.is_empty() { 0 } else { 3 };
            let used = text::width(&self.name) + text::width(&left) + text::width(&right) + gap;
            let Some((filter, count)) = &self.chip else {
                if used <= columns || given_up == 0 {
                    return (self.line(None, &left, columns), muted(right));
                }
                continue;
            };
            // A blank before and after, and the edges.
            let room = columns.saturating_sub(used + text::width(count) + 4);
            let whole = text::width(filter);
            let least = match given_up {
                0 => 0,
                1..=order::CLEARS => whole.min(LEAST_TEXT),
                _ => whole,
            };
            if room >= least {
                let chip = chip(filter, room, count);
                return (self.line(Some(chip), &left, columns), muted(right));
            }
        }
        (Line::new(), Line::new())
    }

    /// The words of both sides that are not given up yet.
    fn sides(&self, given_up: u8) -> (String, String) {
        let form = |part: &Part| {
            let kept = part.iter().find(|(at, _)| *at == 0 || *at < given_up);
            kept.map(|(_, text)| text.clone())
        };
        let left: String = self.left.iter().filter_map(form).collect();
        let right: Vec<String> = self.right.iter().filter_map(form).collect();
        (left, right.join("   "))
    }

    fn line(&self, chip: Option<Line>, left: &str, columns: usize) -> Line {
        let mut line = vec![(Role::Heading, self.name.clone())];
        line.extend(chip.into_iter().flatten());
        let used = width(&line);
        if used > columns {
            line.truncate(1);
            return line
                .into_iter()
                .map(|(role, name)| (role, text::fit(&name, columns)))
                .collect();
        }
        line.push((Role::Heading, text::fit(left, columns - used)));
        line
    }
}

/// ` ▐state:active▌ 8/64`, with the text in at most `room` columns.
fn chip(filter: &str, room: usize, count: &str) -> Line {
    let text = if text::width(filter) <= room {
        filter.to_owned()
    } else {
        let mut text = String::new();
        for c in filter.chars() {
            let wide = text::width(c.encode_utf8(&mut [0; 4]));
            if text::width(&text) + wide + 1 > room {
                break;
            }
            text.push(c);
        }
        text.push(CUT);
        text
    };
    vec![
        (Role::Text, " ▐".to_owned()),
        (Role::Selection, text),
        (Role::Text, "▌".to_owned()),
        (Role::Heading, format!(" {count}")),
    ]
}

fn muted(text: String) -> Line {
    if text.is_empty() { Line::new() } else { vec![(Role::Muted, text)] }
}

#[cfg(test)]
mod tests;
