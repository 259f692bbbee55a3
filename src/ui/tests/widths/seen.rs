//! What can be seen of a drawn board, and what another drawing of it lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::Model;
use crate::app::layout::Pane;
use crate::ui::table::DrawnCell;

/// Which way the window grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Wider,
    Taller,
}

/// A pane, the full words of a row, and the title of a column.
type CellName = (Pane, Rc<str>, &'static str);

/// What can be seen of a drawn board.
#[derive(Debug, Default)]
pub(super) struct Seen {
    panes: BTreeSet<Pane>,
    columns: BTreeSet<(Pane, &'static str)>,
    rows: BTreeSet<(Pane, Rc<str>)>,
    /// Cells whose full words can be read on screen.
    whole: BTreeSet<CellName>,
    /// Lines of panes beside their tables.
    lines: BTreeMap<(Pane, String), usize>,
    /// Words of the two lines above.
    words: BTreeSet<String>,
}

impl Seen {
    pub(super) fn of(
        model: &Model,
        buffer: &Buffer,
        cells: &[DrawnCell],
        direction: Direction,
    ) -> Self {
        let mut seen = Self::default();
        for y in 0..2 {
            let line = text(buffer, Rect::new(0, y, buffer.area.width, 1));
            seen.words.extend(words(&line));
        }
        let mut of_tables = BTreeSet::new();
        for (pane, area) in model.layout().panes {
            seen.panes.insert(pane);
            for cell in cells.iter().filter(|cell| area.contains(cell.area.as_position())) {
                of_tables.insert((pane, cell.area.y));
                seen.columns.insert((pane, cell.title));
                seen.rows.insert((pane, Rc::clone(&cell.row)));
                if text(buffer, cell.area) == cell.full {
                    seen.whole.insert((pane, Rc::clone(&cell.row), cell.title));
                }
            }
            if direction == Direction::Wider {
                continue;
            }
            let inside = model.parts(pane, area).inside;
            for y in inside.top()..inside.bottom() {
                let line = text(buffer, Rect { y, height: 1, ..inside });
                // A line across may count what is below it.
                let across = line.starts_with('─');
                if !line.is_empty()
                    && !across
                    && !line.ends_with('~')
                    && !of_tables.contains(&(pane, y))
                {
                    *seen.lines.entry((pane, line)).or_default() += 1;
                }
            }
        }
        seen
    }

    /// What was seen here and is not there, which is one step wider or taller.
    pub(super) fn lost_in(&self, there: &Self, direction: Direction) -> Vec<String> {
        let mut lost: Vec<String> = Vec::new();
        let missing = self.panes.difference(&there.panes);
        lost.extend(missing.map(|pane| format!("no pane {pane:?}")));
        let missing = self.columns.difference(&there.columns);
        lost.extend(missing.map(|(pane, title)| format!("{pane:?} has no column {title}")));
        let missing = self.rows.difference(&there.rows);
        lost.extend(missing.map(|(pane, row)| format!("{pane:?} has no row {row}")));
        let missing = self.whole.difference(&there.whole);
        lost.extend(missing.map(|(pane, row, title)| format!("{pane:?}: {title} is cut in {row}")));
        match direction {
            Direction::Wider => {
                let missing = self.words.difference(&there.words);
                lost.extend(missing.map(|word| format!("above there is no {word}")));
            }
            Direction::Taller => {
                for ((pane, line), count) in &self.lines {
                    if there.lines.get(&(*pane, line.clone())).unwrap_or(&0) < count {
                        lost.push(format!("{pane:?} has no line {line}"));
                    }
                }
            }
        }
        lost
    }
}

/// What is written in an area of one line.
fn text(buffer: &Buffer, area: Rect) -> String {
    let mut line = String::new();
    let mut wide = 0;
    for x in area.left()..area.right().min(buffer.area.right()) {
        let symbol = buffer[(x, area.y)].symbol();
        if wide == 0 {
            line.push_str(symbol);
            wide = crate::domain::text::width(symbol);
        }
        wide = wide.saturating_sub(1);
    }
    line.trim().to_owned()
}

/// Words that stand there whole. How many more there are is told by numbers that fall.
fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| c.is_whitespace() || "│(),".contains(c))
        .filter(|word| !word.is_empty() && !word.ends_with('~'))
        .filter(|word| !word.starts_with('+') && *word != "more")
        .map(str::to_owned)
}

/// The first lines of a long list.
pub(super) fn first(lost: &[String]) -> String {
    lost.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n")
}
