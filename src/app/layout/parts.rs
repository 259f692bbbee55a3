//! How a pane is divided inside its frame. Update, which scrolls, and drawing both use it, so that
//! they agree on the number of rows.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::Pane;
use crate::app::Model;
use crate::app::present::{Line, card, feed};

/// The parts of a pane, inside its frame, from top to bottom. A part that there is no room for has
/// no height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PaneParts {
    /// Everything inside the frame.
    pub(crate) inside: Rect,
    /// Lines above the table: the figures of a card.
    pub(crate) above: Rect,
    /// The line between those and the table.
    pub(crate) tabs: Rect,
    /// The table, its heading included.
    pub(crate) table: Rect,
    /// About the row under the cursor, a title line included.
    pub(crate) about: Rect,
    /// Totals, a title line included.
    pub(crate) foot: Rect,
}

/// Heights of the parts beside the table, which gets the rest.
#[derive(Clone, Copy, Debug, Default)]
struct Heights {
    above: u16,
    tabs: u16,
    about: u16,
    foot: u16,
}

impl PaneParts {
    fn new(area: Rect, heights: Heights) -> Self {
        let inside = inside(area);
        let mut rest = inside;
        let mut cut = |height: u16| {
            let height = height.min(rest.height);
            let part = Rect { height, ..rest };
            rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
            part
        };
        let (above, tabs) = (cut(heights.above), cut(heights.tabs));
        let below = heights.about.saturating_add(heights.foot);
        let table = inside.height.saturating_sub(above.height + tabs.height).saturating_sub(below);
        Self {
            inside,
            above,
            tabs,
            table: cut(table),
            about: cut(heights.about),
            foot: cut(heights.foot),
        }
    }

    /// Rows of the table that can be seen.
    pub(crate) fn rows(&self) -> usize {
        usize::from(self.table.height.saturating_sub(heading_height(self.table.height)))
    }
}

/// Lines that the heading of a table takes: a single line goes to a row.
pub(crate) const fn heading_height(table: u16) -> u16 {
    if table < 2 { 0 } else { 1 }
}

/// What is inside a frame. Where there are only two or three lines the frame has no lower border,
/// and where there is one, it is nothing but its title.
pub(crate) fn inside(area: Rect) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let lower = u16::from(has_lower_border(area));
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 1 - lower)
}

/// Whether the frame around this area is closed at its lower end.
pub(crate) const fn has_lower_border(area: Rect) -> bool {
    area.height >= 4
}

/// Rows that the explanation of a row of the feed takes.
const EXPLANATION: u16 = 8;

/// Rows of the feed's table before the totals get any, and before the explanation does.
const FEED_FIRST: (u16, u16) = (8, 16);

/// Rows of a card's timeline, its heading included, before the figures above it get half of the
/// rest.
const TIMELINE_FIRST: u16 = 4;

impl Model {
    /// How a pane in this area is divided. A larger pane only ever adds: no part loses a line.
    pub(crate) fn parts(&self, pane: Pane, area: Rect) -> PaneParts {
        let inner = inside(area);
        let heights = match pane {
            Pane::Cards => Heights::default(),
            Pane::Detail => return self.detail_parts(area).0,
            Pane::Feed => self.below_feed(inner),
            Pane::Activity => Heights { about: self.below_activity(inner), ..Heights::default() },
            Pane::Providers => Heights { about: self.below_providers(inner), ..Heights::default() },
        };
        PaneParts::new(area, heights)
    }

    /// How the pane of a card in this area is divided, and the lines above its timeline: those that
    /// the last update made, where they are of this area.
    pub(crate) fn detail_parts(&self, area: Rect) -> (PaneParts, Cow<'_, [Line]>) {
        let lines = match &self.panes.detail.summary {
            Some((made_for, lines)) if *made_for == area => Cow::Borrowed(lines.as_slice()),
            Some(_) | None => Cow::Owned(self.card_summary(inside(area))),
        };
        let heights = Heights { above: height(lines.len()), tabs: 1, ..Heights::default() };
        (PaneParts::new(area, heights), lines)
    }

    /// Lines above a card's timeline, which keeps four rows and gets more as soon as everything
    /// that must be said of the card is.
    pub(crate) fn card_summary(&self, inner: Rect) -> Vec<Line> {
        let columns = usize::from(inner.width).saturating_sub(2);
        let lines = usize::from(inner.height.saturating_sub(TIMELINE_FIRST + 1));
        self.panes.detail.card.as_ref().map_or_else(Vec::new, |key| {
            let chosen = self.decline_under_cursor();
            card::summary(&self.portfolio, &self.keymap, key, chosen.as_ref(), (columns, lines))
        })
    }

    /// Nothing on the board. In the whole view first a few rows, then the totals, then more rows,
    /// then the explanation of a row, which comes before the totals when the operator asked for it.
    fn below_feed(&self, inner: Rect) -> Heights {
        if !self.screen.is_alone(Pane::Feed) {
            return Heights::default();
        }
        let foot = 1 + height(feed::foot(self, usize::from(inner.width)).len());
        let (few, many) = FEED_FIRST;
        let rest = inner.height.saturating_sub(few);
        if self.panes.feed.explain {
            let about = rest.min(EXPLANATION);
            return Heights { about, foot: (rest - about).min(foot), ..Heights::default() };
        }
        let shown = rest.min(foot);
        let about = inner.height.saturating_sub(many + foot).min(EXPLANATION);
        Heights { about, foot: shown, ..Heights::default() }
    }

    /// Nothing on the board; in the whole view what the list does not need, and half at least.
    fn below_activity(&self, inner: Rect) -> u16 {
        if !self.screen.is_alone(Pane::Activity) {
            return 0;
        }
        let needed = height(self.panes.activity.list.len().max(4)).saturating_add(2);
        let list = (inner.height - inner.height / 2).min(needed).max(inner.height.min(5));
        inner.height - list
    }

    /// Where the lines about the provider under the cursor are, a title line included, in the area
    /// of the pane: below a blank line where there is much room.
    pub(crate) fn about_provider(&self, area: Rect) -> Rect {
        let about = self.parts(Pane::Providers, area).about;
        let gap = u16::from(self.screen.is_alone(Pane::Providers) && about.height > 14);
        Rect { y: about.y + gap, height: about.height - gap, ..about }
    }

    /// What the list does not need.
    fn below_providers(&self, inner: Rect) -> u16 {
        let rows = inner
            .height
            .saturating_sub(1)
            .min(height(self.portfolio.accounts.providers.len()))
            .max(1);
        inner.height.saturating_sub(rows + 1)
    }
}

fn height(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}
