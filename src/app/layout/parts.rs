//! How a pane is divided inside its frame. Update, which scrolls, and drawing both use it, so that
//! they agree on the number of rows.

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
        usize::from(self.table.height.saturating_sub(1))
    }
}

/// What is inside a frame.
fn inside(area: Rect) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

/// Rows that the explanation of a row of the feed takes.
const EXPLANATION: u16 = 8;

impl Model {
    /// How a pane in this area is divided.
    pub(crate) fn parts(&self, pane: Pane, area: Rect) -> PaneParts {
        let inner = inside(area);
        let heights = match pane {
            Pane::Cards => Heights::default(),
            Pane::Detail => Heights {
                above: height(self.card_summary(inner).len()),
                tabs: 1,
                ..Heights::default()
            },
            Pane::Feed => self.below_feed(inner),
            Pane::Activity => Heights { about: self.below_activity(inner), ..Heights::default() },
            Pane::Providers => Heights { about: self.below_providers(inner), ..Heights::default() },
        };
        PaneParts::new(area, heights)
    }

    /// Lines above a card's timeline, which keeps three rows.
    pub(crate) fn card_summary(&self, inner: Rect) -> Vec<Line> {
        let columns = usize::from(inner.width).saturating_sub(2);
        let mut lines = self.panes.detail.card.as_ref().map_or_else(Vec::new, |key| {
            let chosen = self.decline_under_cursor();
            card::summary(&self.portfolio, &self.keymap, key, chosen, columns)
        });
        lines.truncate(usize::from(inner.height.saturating_sub(5)));
        lines
    }

    /// Nothing on the board; in the whole view totals and, where there is room or when the operator
    /// chose it, the explanation of a row.
    fn below_feed(&self, inner: Rect) -> Heights {
        if !self.screen.is_alone(Pane::Feed) {
            return Heights::default();
        }
        let foot = 1 + height(feed::foot(self, usize::from(inner.width)).len());
        match (inner.height, self.panes.feed.explain) {
            (..12, _) => Heights::default(),
            (12..24, false) => Heights { foot, ..Heights::default() },
            (12..24, true) | (24.., _) => {
                Heights { about: EXPLANATION, foot, ..Heights::default() }
            }
        }
    }

    /// Nothing on the board; in the whole view what the list does not need, and half at least.
    fn below_activity(&self, inner: Rect) -> u16 {
        if !self.screen.is_alone(Pane::Activity) || inner.height < 10 {
            return 0;
        }
        let needed = height(self.panes.activity.list.len().max(4));
        (inner.height / 2).max(inner.height.saturating_sub(needed.saturating_add(2)))
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
