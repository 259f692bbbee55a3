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

/// The least size that anything but advice is drawn at, columns and rows.
pub(crate) const LEAST: (u16, u16) = (60, 16);

/// Whether a size is under the least one.
pub(crate) const fn is_too_small(size: (u16, u16)) -> bool {
    size.0 < LEAST.0 || size.1 < LEAST.1
}

/// What the panes have to show, as far as that decides where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Columns of the pane of all cards with which it has all that it has at 80 columns.
    pub(crate) cards_good: u16,
    /// Columns of it, beyond which more are of little use.
    pub(crate) cards_most: u16,
    /// A card is under the cursor.
    pub(crate) card: bool,
    /// Rows of the feed.
    pub(crate) feed_rows: usize,
    /// Rows of the activity.
    pub(crate) activity_rows: usize,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// There is room for nothing but advice.
    pub(crate) too_small: bool,
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
    pub(crate) fn of(
        size: (u16, u16),
        view: Pane,
        only: Option<Pane>,
        bar: u16,
        contents: &Contents,
    ) -> Self {
        let (width, height) = size;
        if is_too_small(size) {
            let nothing = Rect::new(0, 0, 0, 0);
            return Self {
                too_small: true,
                top: nothing,
                bar: None,
                panes: Vec::new(),
                bottom: nothing,
            };
        }
        let [top, rest] = cut_top(Rect::new(0, 0, width, height), 2);
        let [rest, bottom] = cut_top(rest, rest.height.saturating_sub(2));
        let [line, body] = cut_top(rest, bar);
        let panes = match (only, view) {
            (Some(pane), _) => vec![(pane, body)],
            (None, Pane::Cards) => board(body, contents),
            (None, Pane::Detail | Pane::Feed | Pane::Activity | Pane::Providers) => {
                vec![(view, body)]
            }
        };
        Self { too_small: false, top, bar: (bar > 0).then_some(line), panes, bottom }
    }

    /// Where a pane is, if it can be seen.
    pub(crate) fn area(&self, pane: Pane) -> Option<Rect> {
        self.panes.iter().find(|(known, _)| *known == pane).map(|(_, area)| *area)
    }
}

/// Columns of the pane of one card beside the list: with fewer its timeline says too little, more
/// of them it does not use.
const CARD_COLUMNS: (u16, u16) = (36, 54);

/// Columns of the panes at the right: with fewer the operations say too little.
const RIGHT_COLUMNS: u16 = 48;

/// Rows of the list before the feed gets any, and rows of the feed before they share.
const ROWS_FIRST: (u16, u16) = (12, 8);

/// The list, and as the board grows the feed below it, one card beside it, operations and
/// providers beside that.
///
/// A pane only appears where the others keep all that they had, so that a larger board only ever
/// adds: the list takes what it makes use of, then the card beside it does, and room that is of no
/// use to them waits in the list until the next pane fits.
fn board(body: Rect, contents: &Contents) -> Vec<(Pane, Rect)> {
    let [upper, feed] = cut_top(body, body.height - feed_height(body.height, contents.feed_rows));
    let (card, right) = columns_beside(upper.width, contents);
    let [cards, rest] = cut_left(upper, upper.width - card - right);
    let [detail, right] = cut_left(rest, card);
    let mut panes = vec![(Pane::Cards, cards)];
    if detail.width > 0 {
        panes.push((Pane::Detail, detail));
    }
    if feed.height > 0 {
        panes.push((Pane::Feed, feed));
    }
    if right.width > 0 {
        let [activity, providers] =
            cut_top(right, activity_height(right.height, contents.activity_rows));
        panes.extend([(Pane::Activity, activity), (Pane::Providers, providers)]);
    }
    panes
}

/// Columns for one card, and for the panes at the right of it.
fn columns_beside(width: u16, contents: &Contents) -> (u16, u16) {
    let Contents { cards_good, cards_most, card, .. } = *contents;
    let (least, most) = CARD_COLUMNS;
    let beside_list = width.saturating_sub(cards_good);
    let all = cards_most + most + RIGHT_COLUMNS;
    if !card || beside_list < least {
        (0, 0)
    } else if width < all {
        // First a little more for the card, then the list, then the card again.
        let card = beside_list.min(least + 6).max(width.saturating_sub(cards_most).min(most));
        (card, 0)
    } else {
        (most, RIGHT_COLUMNS + (width - all) / 2)
    }
}

/// A feed without rows is one line, which says why.
fn feed_height(body: u16, rows: usize) -> u16 {
    let (list, feed) = ROWS_FIRST;
    let more = body.saturating_sub(list);
    let height = more.min(feed) + more.saturating_sub(feed) / 4;
    if rows == 0 { height.min(1) } else { height }
}

/// As many rows as there are operations, and no more than the providers leave; without any it is
/// one line.
fn activity_height(column: u16, rows: usize) -> u16 {
    let wanted = match rows {
        0 => 1,
        rows => u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(3),
    };
    wanted.min(column - (column * 2 / 5).min(12))
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

    const CONTENTS: Contents =
        Contents { cards_good: 80, cards_most: 90, card: true, feed_rows: 16, activity_rows: 6 };

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
                    let layout = Layout::of((width, height), view, None, bar, &CONTENTS);
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
        let panes = |size| Layout::of(size, Pane::Cards, None, 0, &CONTENTS).panes.len();
        assert_eq!(
            [panes((59, 30)), panes((60, 16)), panes((80, 24)), panes((120, 40)), panes((200, 60))],
            [0, 1, 2, 3, 5]
        );
    }
}
