//! Which panes are on screen and where: one function of the size, the view and the zoom, used by
//! update and by drawing. Draws nothing.

pub(crate) mod parts;

use ratatui::layout::Rect;

/// The five panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// All cards.
    Cards,
    /// One card.
    Detail,
    /// Transactions and operations as they come.
    Feed,
    /// Operations.
    Activity,
    /// Providers.
    Providers,
}

impl Pane {
    /// Every pane, in the order of Tab.
    pub const ALL: [Self; 5] =
        [Self::Cards, Self::Detail, Self::Feed, Self::Activity, Self::Providers];

    /// Its name in a title.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cards => "Cards",
            Self::Detail => "Card",
            Self::Feed => "Feed",
            Self::Activity => "Activity",
            Self::Providers => "Providers",
        }
    }
}

/// How wide the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Breakpoint {
    /// Under 60 columns or 16 rows: one line of advice.
    Advice,
    /// 60 to 99 columns.
    Narrow,
    /// 100 to 159.
    Medium,
    /// 160 and more.
    Wide,
}

impl Breakpoint {
    /// Of a size in columns and rows.
    pub(crate) const fn of(size: (u16, u16)) -> Self {
        match size {
            (..60, _) | (_, ..16) => Self::Advice,
            (..100, _) => Self::Narrow,
            (..160, _) => Self::Medium,
            (160.., _) => Self::Wide,
        }
    }
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) breakpoint: Breakpoint,
    /// The two lines above.
    pub(crate) top: Rect,
    /// The line of the filter while it is typed, or shown for the focused pane.
    pub(crate) bar: Option<Rect>,
    /// The panes, in the order of Tab.
    pub(crate) panes: Vec<(Pane, Rect)>,
    /// The two lines below.
    pub(crate) bottom: Rect,
}

impl Layout {
    /// For a view (the pane that was chosen) at this size. `only` shows nothing but that pane.
    pub(crate) fn of(size: (u16, u16), view: Pane, only: Option<Pane>, bar: u16) -> Self {
        let (width, height) = size;
        let breakpoint = Breakpoint::of(size);
        let whole = Rect::new(0, 0, width, height);
        if breakpoint == Breakpoint::Advice {
            let nothing = Rect::new(0, 0, 0, 0);
            return Self {
                breakpoint,
                top: nothing,
                bar: None,
                panes: Vec::new(),
                bottom: nothing,
            };
        }
        let [top, rest] = cut_top(whole, 2);
        let [rest, bottom] = cut_top(rest, rest.height.saturating_sub(2));
        let [line, body] = cut_top(rest, bar);
        let panes = match (only, view) {
            (Some(pane), _) => vec![(pane, body)],
            (None, Pane::Cards) => board(breakpoint, body),
            (None, Pane::Detail | Pane::Feed | Pane::Activity | Pane::Providers) => {
                vec![(view, body)]
            }
        };
        Self { breakpoint, top, bar: (bar > 0).then_some(line), panes, bottom }
    }

    /// Where a pane is, if it can be seen.
    pub(crate) fn area(&self, pane: Pane) -> Option<Rect> {
        self.panes.iter().find(|(known, _)| *known == pane).map(|(_, area)| *area)
    }
}

fn board(breakpoint: Breakpoint, body: Rect) -> Vec<(Pane, Rect)> {
    match breakpoint {
        Breakpoint::Advice => Vec::new(),
        Breakpoint::Narrow if body.height < 16 => vec![(Pane::Cards, body)],
        Breakpoint::Narrow => {
            let [cards, feed] = cut_top(body, body.height * 3 / 5);
            vec![(Pane::Cards, cards), (Pane::Feed, feed)]
        }
        Breakpoint::Medium => {
            let (upper, feed) = upper_and_feed(body);
            let [cards, detail] = cut_left(upper, upper.width - (upper.width / 3).clamp(38, 46));
            let mut panes = vec![(Pane::Cards, cards), (Pane::Detail, detail)];
            panes.extend(feed.map(|feed| (Pane::Feed, feed)));
            panes
        }
        Breakpoint::Wide => {
            let (upper, feed) = upper_and_feed(body);
            let [cards, rest] = cut_left(upper, upper.width * 23 / 50);
            let [detail, right] = cut_left(rest, rest.width / 2);
            let [activity, providers] =
                cut_top(right, right.height - (right.height * 2 / 5).min(12));
            let mut panes = vec![(Pane::Cards, cards), (Pane::Detail, detail)];
            panes.extend(feed.map(|feed| (Pane::Feed, feed)));
            panes.extend([(Pane::Activity, activity), (Pane::Providers, providers)]);
            panes
        }
    }
}

/// The feed takes three tenths, and nothing where little would be left.
fn upper_and_feed(body: Rect) -> (Rect, Option<Rect>) {
    if body.height < 20 {
        return (body, None);
    }
    let [upper, feed] = cut_top(body, body.height - (body.height * 3 / 10).max(7));
    (upper, Some(feed))
}

fn cut_top(area: Rect, rows: u16) -> [Rect; 2] {
    let rows = rows.min(area.height);
    [Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area }]
}

fn cut_left(area: Rect, columns: u16) -> [Rect; 2] {
    let columns = columns.min(area.width);
    [
        Rect { width: columns, ..area },
        Rect { x: area.x + columns, width: area.width - columns, ..area },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_covered_exactly_once() {
        for (width, height) in [
            (60, 16),
            (80, 24),
            (99, 50),
            (100, 16),
            (120, 40),
            (159, 22),
            (160, 30),
            (200, 60),
            (300, 100),
        ] {
            for view in Pane::ALL {
                for bar in [0, 1, 2] {
                    let layout = Layout::of((width, height), view, None, bar);
                    let mut cells = usize::from(width) * 4 + usize::from(width) * usize::from(bar);
                    cells += layout
                        .panes
                        .iter()
                        .map(|(_, area)| usize::from(area.width) * usize::from(area.height))
                        .sum::<usize>();
                    assert_eq!(
                        cells,
                        usize::from(width) * usize::from(height),
                        "{width}x{height} {view:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_wider_the_screen_the_more_panes() {
        let panes = |size| Layout::of(size, Pane::Cards, None, 0).panes.len();
        assert_eq!(
            [panes((59, 30)), panes((60, 16)), panes((80, 24)), panes((120, 40)), panes((200, 60))],
            [0, 1, 2, 3, 5]
        );
    }
}
