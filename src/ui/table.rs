//! Columns: which fit, how wide, and the rows in them. Figures are never cut; what does not fit
//! gives way in a fixed order.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::{Role, Theme};
use crate::domain::text;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its heading, with shorter ones behind `|` for where there is little room: half a heading
    /// says nothing.
    pub(super) title: &'static str,
    /// Columns of the screen it takes at least.
    pub(super) least: usize,
    /// Columns it is comfortable with.
    pub(super) good: usize,
    /// Columns it takes at most.
    pub(super) most: usize,
    /// Columns with a higher number give way first; 0 never does.
    pub(super) drop: u8,
    /// What happens to a cell that is too long, and to which side it goes.
    pub(super) kind: Kind,
}

/// How a column treats its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To the left, cut with a `~`.
    Words,
    /// To the left, never cut.
    Whole,
    /// To the right, never cut.
    Figure,
}

/// A column of words.
pub(super) const fn column(
    title: &'static str,
    least: usize,
    good: usize,
    most: usize,
    drop: u8,
) -> Column {
    Column { title, least, good, most, drop, kind: Kind::Words }
}

/// A column of short words that mean nothing when cut.
pub(super) const fn whole(title: &'static str, least: usize, most: usize, drop: u8) -> Column {
    Column { title, least, good: least, most, drop, kind: Kind::Whole }
}

/// A column of figures.
pub(super) const fn figures(title: &'static str, least: usize, most: usize, drop: u8) -> Column {
    Column { title, least, good: least, most, drop, kind: Kind::Figure }
}

/// A row: its cells, and whether the cursor or a mark is on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// One cell a column.
    pub(super) cells: Vec<(Role, String)>,
    /// The cursor is on it.
    pub(super) cursor: bool,
    /// It is marked.
    pub(super) marked: bool,
}

/// Draws a heading and rows below it. The cursor is reversed where keys go to this table, and `>`
/// everywhere.
pub(super) fn draw(
    theme: &Theme,
    area: Rect,
    columns: &[Column],
    rows: &[Row],
    focused: bool,
    to: &mut Buffer,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let (widths, gap) = fit(columns, rows, usize::from(area.width).saturating_sub(2));
    let titles: Vec<(Role, String)> = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| (Role::Muted, heading(column.title, *width).to_owned()))
        .collect();
    line(theme, area, area.y, columns, (&widths, gap), &titles, None, to);
    for (y, row) in (area.y + 1..area.bottom()).zip(rows) {
        let marker =
            format!("{}{}", if row.cursor { '>' } else { ' ' }, if row.marked { '*' } else { ' ' });
        let over = (row.cursor && focused).then(|| theme.style(Role::Selection));
        if let Some(style) = over {
            to.set_style(Rect { y, height: 1, ..area }, style);
        }
        to.set_stringn(area.x, y, &marker, 2, over.unwrap_or_else(|| theme.style(Role::Key)));
        line(theme, area, y, columns, (&widths, gap), &row.cells, over, to);
    }
}

/// The longest heading that fits whole.
fn heading(titles: &'static str, room: usize) -> &'static str {
    titles.split('|').find(|title| text::width(title) <= room).unwrap_or("")
}

/// A row as text: its cells with two blanks between them.
pub(super) fn plain(cells: &[(Role, String)]) -> String {
    let words: Vec<&str> =
        cells.iter().map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect();
    words.join("  ")
}

#[expect(
    clippy::too_many_arguments,
    reason = "one line of a table is all of this, and it is called from one place"
)]
fn line(
    theme: &Theme,
    area: Rect,
    y: u16,
    columns: &[Column],
    (widths, gap): (&[usize], usize),
    cells: &[(Role, String)],
    over: Option<ratatui::style::Style>,
    to: &mut Buffer,
) {
    let mut x = area.x + 2;
    for ((column, width), (role, words)) in columns.iter().zip(widths).zip(cells) {
        if *width == 0 {
            continue;
        }
        let room = usize::from(area.right().saturating_sub(x)).min(*width);
        let words = match column.kind {
            // Half a figure is a wrong figure.
            Kind::Figure if text::width(words) > room => text::right("~", room),
            Kind::Figure => text::right(words, room),
            Kind::Words | Kind::Whole => text::left(&cut(words, room), room),
        };
        to.set_stringn(x, y, &words, room, over.unwrap_or_else(|| theme.style(*role)));
        x = x.saturating_add(u16::try_from(width + gap).unwrap_or(u16::MAX));
    }
}

/// The width of each column, 0 where it gave way, and the gap between them.
fn fit(columns: &[Column], rows: &[Row], room: usize) -> (Vec<usize>, usize) {
    let natural = |place: usize| {
        rows.iter()
            .filter_map(|row| row.cells.get(place))
            .map(|(_, words)| text::width(words))
            .max()
    };
    let least: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column.kind {
            Kind::Words => column.least,
            Kind::Whole | Kind::Figure => column.least.max(natural(place).unwrap_or(0)),
        })
        .collect();
    let mut shown: Vec<bool> = vec![true; columns.len()];
    let comfortable = |shown: &[bool]| -> usize {
        let parts = columns.iter().zip(&least).zip(shown).filter(|(_, shown)| **shown);
        parts
            .map(|((column, least), _)| column.good.max(*least) + 1)
            .sum::<usize>()
            .saturating_sub(1)
    };
    while comfortable(&shown) > room {
        let candidates = columns
            .iter()
            .zip(&shown)
            .enumerate()
            .filter(|(_, (column, shown))| **shown && column.drop > 0);
        let Some((place, _)) = candidates.max_by_key(|(_, (column, _))| column.drop) else { break };
        if let Some(shown) = shown.get_mut(place) {
            *shown = false;
        }
    }
    let mut widths: Vec<usize> =
        least.iter().zip(&shown).map(|(least, shown)| if *shown { *least } else { 0 }).collect();
    let count = shown.iter().filter(|shown| **shown).count();
    squeeze(columns, &mut widths, room.saturating_sub(count.saturating_sub(1)));
    let used = |widths: &[usize]| widths.iter().sum::<usize>() + count.saturating_sub(1);
    // To what is comfortable, from the right: what is said last is said in most words.
    for (column, width) in columns
        .iter()
        .zip(&mut widths.clone())
        .enumerate()
        .map(|(place, pair)| (place, pair.0))
        .rev()
    {
        let free = room.saturating_sub(used(&widths));
        if let Some(now) = widths.get_mut(column).filter(|now| **now > 0) {
            *now += width.good.saturating_sub(*now).min(free);
        }
    }
    let free = room.saturating_sub(used(&widths));
    let gap = if free >= count.saturating_sub(1) + 12 { 2 } else { 1 };
    let mut free = free.saturating_sub(if gap == 2 { count.saturating_sub(1) } else { 0 });
    let actions: Vec<usize> = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| if *width == 0 { 0 } else { column.most.saturating_sub(*width) })
        .collect();
    let wished: usize = actions.iter().sum();
    let share = free.min(wished);
    for (width, wish) in widths.iter_mut().zip(&actions).rev() {
        let more =
            if wished == 0 { 0 } else { (share * wish).div_ceil(wished).min(*wish).min(free) };
        *width += more;
        free -= more;
    }
    (widths, gap)
}

/// Words that fit, with `~` where they were cut. A figure at the cut goes as a whole: half of it
/// would be another one.
fn cut(words: &str, room: usize) -> String {
    let fitted = text::fit(words, room);
    let Some(kept) =
        fitted.strip_suffix('~').filter(|kept| words.starts_with(kept) && *kept != words)
    else {
        return fitted;
    };
    let digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+');
    let goes_on = words.get(kept.len()..).and_then(|rest| rest.chars().next()).is_some_and(digit);
    let start = kept.trim_end_matches(digit);
    if goes_on && start.len() < kept.len() && start.ends_with(' ') {
        format!("{start}~")
    } else {
        fitted
    }
}

/// Takes from the widest words until everything fits; figures and whole words are left alone.
fn squeeze(columns: &[Column], widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let words =
            columns.iter().zip(widths.iter_mut()).filter(|(column, _)| column.kind == Kind::Words);
        match words.map(|(_, width)| width).max_by_key(|width| **width) {
            Some(width) if *width > 4 => *width -= 1,
            Some(_) | None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        whole("State", 7, 8, 0),
        column("Holder", 6, 10, 20, 0),
        column("Provider", 6, 7, 10, 5),
        figures("Amount", 6, 10, 0),
    ];

    fn widths(room: usize, amount: &str) -> Vec<usize> {
        let cells = ["ACTIVE", "Mara Lindqvist", "artha", amount]
            .map(|words| (Role::Text, words.to_owned()))
            .to_vec();
        fit(&COLUMNS, &[Row { cells, ..Row::default() }], room).0
    }

    #[test]
    fn the_provider_gives_way_first_and_a_figure_is_never_cut() {
        assert_eq!(widths(33, "1.00"), [7, 10, 7, 6]);
        assert_eq!(widths(25, "1.00"), [7, 10, 0, 6]);
        assert_eq!(widths(28, "1,234,567.00"), [7, 7, 0, 12]);
        assert_eq!(widths(25, "1,234,567.00"), [7, 4, 0, 12]);
        assert_eq!(widths(80, "1.00"), [8, 20, 10, 10]);
    }

    #[test]
    fn no_heading_is_ever_cut_and_none_vanishes() {
        use crate::ui::{activity, cards, detail, feed, providers};
        let tables: [&[Column]; 5] = [
            &activity::COLUMNS,
            &cards::COLUMNS,
            &detail::COLUMNS,
            &feed::COLUMNS,
            &providers::COLUMNS,
        ];
        for column in tables.concat() {
            let narrowest = if column.kind == Kind::Words { 4 } else { column.least };
            for room in narrowest..40 {
                let heading = heading(column.title, room);
                assert!(
                    !heading.is_empty() && text::width(heading) <= room,
                    "{} at {room}",
                    column.title
                );
            }
        }
        assert_eq!(heading("Merchant or op|Merchant|For", 12), "Merchant");
    }

    #[test]
    fn a_figure_among_words_is_shown_whole_or_not_at_all() {
        assert_eq!(cut("DECLINED 3m 3,477.70", 17), "DECLINED 3m ~");
        assert_eq!(cut("DECLINED 3m 41.90", 17), "DECLINED 3m 41.90");
        assert_eq!(cut("ICA MAXI STOCKHOLM", 15), "ICA MAXI STOCK~");
        assert_eq!(cut("APPROX ~", 8), "APPROX ~");
    }

    #[test]
    fn no_width_is_exceeded() {
        for room in 24..120 {
            let (widths, gap) = fit(&COLUMNS, &[], room);
            let shown = widths.iter().filter(|width| **width > 0).count();
            assert!(
                widths.iter().sum::<usize>() + gap * (shown - 1) <= room,
                "{room}: {widths:?} {gap}"
            );
        }
    }
}
