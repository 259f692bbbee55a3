//! Which columns of a table fit into a width, and how wide each is.
//!
//! A wider table only ever adds: room is given out step by step, in an order that does not depend
//! on how much there is, and the first step that there is no room for ends it. So no column is
//! narrower in a wider table, and none is missing there.

use super::{Alignment, Column, Width};
use crate::app::present::time::TimeFormat;
use crate::app::widest::Widest;

/// Most blanks between two columns.
const WIDEST_GAP: usize = 3;

/// How wide the columns of one table are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Widths {
    /// One a column, 0 for a hidden one.
    pub(crate) columns: Vec<usize>,
    /// Blanks between two columns.
    pub(crate) gap: usize,
    /// How times are written.
    pub(crate) time: TimeFormat,
}

/// Fits the columns of a table into `room`, of which columns and the blanks between them use no
/// more than `useful`; what is left becomes wider blanks. `shown` has, for each column, the widest
/// cell on screen, which only counts where it is a figure or a short word that is wider than
/// anything known before: half a figure is a wrong figure.
///
/// Room is given in this order:
///
/// 1. Columns that are never hidden, words with four columns; then those hidden last.
/// 2. Words grow to `least`, then to `good`, what lacks most first.
/// 3. One by one the other columns, the lowest `hide_order` first, with their `least` and then
///    their `good` width.
/// 4. Times are written in full.
/// 5. Words grow to `most`, all alike, then the other columns.
/// 6. Blanks between columns.
pub(crate) fn fit<R>(
    columns: &[Column<R>],
    widest: &Widest,
    shown: &[usize],
    (room, useful): (usize, usize),
) -> Widths {
    let mut fitting = Fitting {
        slots: columns
            .iter()
            .enumerate()
            .map(|(index, column)| Slot::new(column, widest, shown.get(index).copied()))
            .collect(),
        room: room.min(useful),
        full: false,
    };
    fitting.fill();
    let columns: Vec<usize> = fitting.slots.iter().map(|slot| slot.width).collect();
    let count = columns.iter().filter(|width| **width > 0).count();
    let gaps = count.saturating_sub(1);
    let free = room.saturating_sub(columns.iter().sum());
    let wide = fitting.slots.iter().all(|slot| slot.width >= slot.most) || room > useful;
    let gap = if wide && gaps > 0 { (free / gaps).clamp(1, WIDEST_GAP) } else { 1 };
    let time = fitting.slots.iter().find(|slot| slot.alignment == Alignment::Time);
    let brief = time.is_some_and(|slot| slot.width < slot.most);
    Widths { columns, gap, time: if brief { TimeFormat::Brief } else { TimeFormat::Full } }
}

/// Columns that a table takes, blanks included, with every column at its good width, or at what
/// `other` gives instead.
pub(crate) fn wanted<R>(
    columns: &[Column<R>],
    widest: &Widest,
    other: impl Fn(&Width) -> Option<usize>,
) -> usize {
    let each = columns.iter().map(|column| {
        let width = &column.width;
        other(width).unwrap_or(width.good).max(width.floor(widest)) + 1
    });
    each.sum::<usize>().saturating_sub(1)
}

/// A column while room is given out.
#[derive(Debug)]
struct Slot {
    /// Given so far, 0 while hidden.
    width: usize,
    floor: usize,
    least: usize,
    good: usize,
    most: usize,
    alignment: Alignment,
    hide_order: u8,
}

impl Slot {
    fn new<R>(column: &Column<R>, widest: &Widest, shown: Option<usize>) -> Self {
        let width = &column.width;
        let floor = width.floor(widest);
        let floor = match width.alignment {
            Alignment::Words => floor,
            Alignment::Whole | Alignment::Figure | Alignment::Time => floor.max(shown.unwrap_or(0)),
        };
        Self {
            width: 0,
            floor,
            least: width.least.max(floor),
            good: width.good.max(floor),
            most: width.ceiling(widest).max(floor),
            alignment: width.alignment,
            hide_order: column.hide_order,
        }
    }
}

/// Room while it is given out.
#[derive(Debug)]
struct Fitting {
    slots: Vec<Slot>,
    room: usize,
    /// A step did not fit: nothing more is given.
    full: bool,
}

impl Fitting {
    fn fill(&mut self) {
        for order in [0, 1] {
            self.show(order, |slot| slot.floor);
        }
        self.grow_evenly(|slot| slot.least);
        self.grow_evenly(|slot| slot.good);
        let mut orders: Vec<u8> = self.slots.iter().map(|slot| slot.hide_order).collect();
        orders.sort_unstable();
        orders.dedup();
        for order in orders.into_iter().filter(|order| *order > 1) {
            self.show(order, |slot| slot.least);
            self.grow_evenly(|slot| slot.good);
        }
        let times = self.slots.iter().position(|slot| slot.alignment == Alignment::Time);
        if let Some(index) = times {
            let more = self.slots.get(index).map_or(0, |slot| slot.most - slot.width);
            self.give(index, more);
        }
        self.grow_alike(|slot| slot.alignment == Alignment::Words);
        self.grow_alike(|_| true);
    }

    /// Columns of this order, from the left. Columns that are never hidden are shown whatever room
    /// there is.
    fn show(&mut self, order: u8, width: impl Fn(&Slot) -> usize) {
        for index in 0..self.slots.len() {
            let Some(slot) = self.slots.get(index).filter(|slot| slot.hide_order == order) else {
                continue;
            };
            let width = width(slot);
            if order == 0
                && let Some(slot) = self.slots.get_mut(index)
            {
                slot.width = width;
            } else {
                self.give(index, width);
            }
        }
    }

    /// One column at a time to the words that lack most.
    fn grow_evenly(&mut self, to: impl Fn(&Slot) -> usize) {
        while !self.full {
            let lacking = self
                .slots
                .iter()
                .enumerate()
                .filter(|(_, slot)| slot.width > 0 && slot.alignment != Alignment::Time)
                .map(|(index, slot)| (to(slot).saturating_sub(slot.width), index))
                .max();
            match lacking {
                Some((lack, index)) if lack > 0 => self.give(index, 1),
                Some(_) | None => return,
            }
        }
    }

    /// One column at a time to those that have got least beyond their good width.
    fn grow_alike(&mut self, which: impl Fn(&Slot) -> bool) {
        while !self.full {
            let next = self
                .slots
                .iter()
                .enumerate()
                .filter(|(_, slot)| 0 < slot.width && slot.width < slot.most && which(slot))
                .min_by_key(|(_, slot)| slot.width.saturating_sub(slot.good));
            match next {
                Some((index, _)) => self.give(index, 1),
                None => return,
            }
        }
    }

    /// Makes a column wider, if there is room for it.
    fn give(&mut self, index: usize, more: usize) {
        let shown = self.slots.iter().filter(|slot| slot.width > 0).count();
        let used: usize = self.slots.iter().map(|slot| slot.width).sum();
        let Some(slot) = self.slots.get_mut(index) else { return };
        let gaps = if slot.width == 0 { shown } else { shown.saturating_sub(1) };
        if self.full || used + more + gaps > self.room {
            self.full = true;
        } else {
            slot.width += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Holds, SHORTEST_WORDS, figures, times, whole, words};
    use super::*;
    use crate::app::present::Role;

    const fn column(title: &'static str, width: Width, hide_order: u8) -> Column<()> {
        fn cell(_: &Context<'_>, (): &()) -> (Role, String) {
            (Role::Text, String::new())
        }
        Column { title, width, hide_order, cell }
    }

    const COLUMNS: [Column<()>; 7] = [
        column("Time", times(), 0),
        column("State", whole(7, 8), 0),
        column("Holder", words(6, 10, 20).holding(Holds::Holders), 1),
        column("Provider", words(6, 7, 10), 5),
        column("Amount", figures(6, 10).holding(Holds::Amounts), 0),
        column("MCC", whole(4, 4), 6),
        column("Why", words(8, 17, 30).holding(Holds::Sums), 0),
    ];

    fn widest(holder: usize, amount: usize) -> Widest {
        Widest::of_widths(holder, amount, amount)
    }

    fn widths(room: usize, amount: usize) -> Vec<usize> {
        fit(&COLUMNS, &widest(14, amount), &[], (room, room)).columns
    }

    #[test]
    fn a_wider_table_only_ever_adds() {
        for (holder, amount) in [(0, 0), (14, 9), (30, 16), (8, 12)] {
            let known = widest(holder, amount);
            let mut before = fit(&COLUMNS, &known, &[], (20, 20));
            for room in 21..200 {
                let after = fit(&COLUMNS, &known, &[], (room, room));
                for (narrow, wide) in before.columns.iter().zip(&after.columns) {
                    assert!(narrow <= wide, "at {room}: {before:?}, then {after:?}");
                }
                before = after;
            }
        }
    }

    #[test]
    fn what_says_least_gives_way_first_and_a_figure_is_never_cut() {
        let steps: Vec<Vec<usize>> =
            [42, 43, 50, 54, 58, 66, 71, 72, 78].map(|room| widths(room, 9)).to_vec();
        let hidden: Vec<usize> =
            steps.iter().map(|step| step.iter().filter(|width| **width == 0).count()).collect();
        assert_eq!(hidden, [3, 2, 2, 2, 2, 1, 0, 0, 0], "{steps:?}");
        assert_eq!(steps.first(), Some(&vec![8, 7, 0, 0, 9, 0, 11]));
        assert_eq!(steps.get(4), Some(&vec![8, 7, 10, 0, 9, 0, 17]), "{steps:?}");
        assert_eq!(steps.last().and_then(|step| step.first()), Some(&12), "{steps:?}");
        assert!(steps.iter().all(|step| step.get(4) >= Some(&9)), "{steps:?}");
    }

    #[test]
    fn no_width_is_exceeded() {
        for room in 40..220 {
            for useful in [room, 80] {
                let widths = fit(&COLUMNS, &widest(14, 9), &[], (room, useful));
                let shown = widths.columns.iter().filter(|width| **width > 0).count();
                let used = widths.columns.iter().sum::<usize>() + widths.gap * (shown - 1);
                assert!(used <= room, "{room}: {widths:?}");
            }
        }
    }

    #[test]
    fn what_is_of_no_use_goes_between_the_columns() {
        assert_eq!(fit(&COLUMNS, &widest(14, 9), &[], (120, 69)).columns, widths(69, 9));
        assert_eq!(fit(&COLUMNS, &widest(14, 9), &[], (120, 69)).gap, WIDEST_GAP);
    }

    #[test]
    fn an_amount_that_is_wider_than_all_before_it_is_shown_whole() {
        let shown = [0, 0, 0, 0, 22, 0, 0];
        let widths = fit(&COLUMNS, &widest(14, 9), &shown, (70, 70));
        assert_eq!(widths.columns.get(4), Some(&22));
    }

    #[test]
    fn words_give_way_to_a_large_amount_but_never_all_of_them() {
        let widths = widths(49, 12);
        assert_eq!(widths.get(2), Some(&SHORTEST_WORDS), "{widths:?}");
        assert_eq!(widths.get(6), Some(&14), "a tilde, a blank and the sum: {widths:?}");
    }
}
