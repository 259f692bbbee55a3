//! Thousands of random frames, each compared with what a terminal shows that got their bytes.

use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::super::super::frame::row::{is_disputed, normalize, width};
use super::super::Screen;

/// Frames of a run, and how often the terminal is another one.
const FRAMES: u64 = 10_000;
const FRAMES_OF_A_TERMINAL: u64 = 250;

/// What is written: narrow, wide, and of disputed width.
const WORDS: [&str; 10] = [
    "ACTIVE",
    "12,345.67 USD",
    "ICA MAXI",
    "│ ─┤",
    "日本語カード",
    "ｶﾞﾅ",
    "Zoe\u{308}",
    "सीता",
    "\u{1f600} ok",
    "▲ \u{2705}",
];

const COLORS: [Color; 6] = [
    Color::Reset,
    Color::Reset,
    Color::Indexed(114),
    Color::Indexed(231),
    Color::Red,
    Color::Rgb(1, 20, 255),
];

const MODIFIERS: [Modifier; 7] = [
    Modifier::empty(),
    Modifier::empty(),
    Modifier::REVERSED,
    Modifier::BOLD,
    Modifier::DIM,
    Modifier::BOLD.union(Modifier::UNDERLINED),
    Modifier::ITALIC,
];

/// Numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u16) -> u16 {
        u16::try_from(self.next() % u64::from(limit.max(1))).expect("below a u16")
    }

    fn among<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.below(of.len().try_into().expect("a short list")))]
    }

    fn style(&mut self) -> Style {
        Style::new()
            .fg(self.among(&COLORS))
            .bg(self.among(&COLORS[..5]))
            .add_modifier(self.among(&MODIFIERS))
    }
}

/// Words in a row, up to a column. Those of disputed width stay away from the edge, where a
/// terminal that draws them wider would go on in the next row.
fn write(to: &mut Buffer, (x, y): (u16, u16), most: u16, dice: &mut Dice) {
    let (mut at, edge) = (x, (x + most).min(to.area.width));
    let last = dice.below(6) + 1;
    for _ in 0..last {
        let word = dice.among(&WORDS);
        let near_edge = to.area.width.saturating_sub(at) < 24;
        let disputed = word.chars().any(|c| is_disputed(c.encode_utf8(&mut [0; 4])))
            || ["Zoe\u{308}", "सीता", "ｶﾞﾅ"].contains(&word);
        // Most rows have none, as on a board.
        if at >= edge || disputed && (near_edge || dice.below(4) > 0) {
            continue;
        }
        (at, _) = to.set_stringn(at, y, word, usize::from(edge - at), dice.style());
        at += dice.below(5);
    }
}

/// A part of the picture, at least one cell.
fn part(of: Rect, dice: &mut Dice) -> Rect {
    let (x, y) = (dice.below(of.width), dice.below(of.height));
    Rect::new(x, y, 1 + dice.below(of.width - x), 1 + dice.below(of.height - y))
}

/// Moves the cells of a part up or down, and writes the rows that come in.
fn scroll(to: &mut Buffer, part: Rect, dice: &mut Dice) {
    let lines = 1 + if dice.below(4) == 0 { dice.below(part.height) } else { 0 };
    let up = dice.below(2) == 0;
    let before = to.clone();
    for y in part.top()..part.bottom() {
        let from = if up { y.checked_add(lines) } else { y.checked_sub(lines) };
        match from.filter(|from| (part.top()..part.bottom()).contains(from)) {
            Some(from) => {
                for x in part.left()..part.right() {
                    to[(x, y)] = before[(x, from)].clone();
                }
            }
            None => {
                (part.left()..part.right()).for_each(|x| to[(x, y)].reset());
                write(to, (part.x, y), part.width, dice);
            }
        }
    }
}

/// Takes cells out of a row, or puts empty ones in.
fn shift(to: &mut Buffer, (x, y): (u16, u16), dice: &mut Dice) {
    let columns = usize::from(1 + dice.below(9));
    let (begin, end) = (to.index_of(x, y), to.index_of(0, y) + usize::from(to.area.width));
    let columns = columns.min(end - begin);
    if dice.below(2) == 0 {
        to.content[begin..end].rotate_left(columns);
        to.content[end - columns..end].fill(Cell::EMPTY);
    } else {
        to.content[begin..end].rotate_right(columns);
        to.content[begin..begin + columns].fill(Cell::EMPTY);
    }
}

/// A window over everything, with a border and empty inside.
fn window(to: &mut Buffer, part: Rect, dice: &mut Dice) {
    let style = dice.style();
    for at in part.positions() {
        let inside = at.x > part.left()
            && at.x + 1 < part.right()
            && at.y > part.top()
            && at.y + 1 < part.bottom();
        to[at].reset();
        to[at].set_symbol(if inside { " " } else { "│" }).set_style(style);
    }
}

/// The next picture from the one before.
fn change(to: &mut Buffer, dice: &mut Dice) {
    let area = to.area;
    for _ in 0..1 + dice.below(3) {
        let some = part(area, dice);
        match dice.below(11) {
            0..=2 => scroll(to, Rect { x: 0, width: area.width, ..some }, dice),
            3..=4 => scroll(to, some, dice),
            5..=6 => write(to, (some.x, some.y), some.width, dice),
            7 => to.set_style(some, dice.style()),
            8 => window(to, some, dice),
            9 => shift(to, (some.x, some.y), dice),
            _ => some.positions().for_each(|at| to[at].reset()),
        }
    }
    // The terminal of this test knows one of the two at a time.
    for cell in to.content.iter_mut().filter(|cell| cell.modifier.contains(Modifier::BOLD)) {
        cell.modifier.remove(Modifier::DIM);
    }
}

/// A cell of the terminal; `None` for the second half of a wide symbol.
fn cell(of: &vt100::Screen, at: Position) -> Option<Cell> {
    let color = |color| match color {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    let shown = of.cell(at.y, at.x).expect("a cell");
    if shown.is_wide_continuation() {
        return None;
    }
    let mut modifier = Modifier::empty();
    for (is, which) in [
        (shown.bold(), Modifier::BOLD),
        (shown.dim(), Modifier::DIM),
        (shown.italic(), Modifier::ITALIC),
        (shown.underline(), Modifier::UNDERLINED),
        (shown.inverse(), Modifier::REVERSED),
    ] {
        modifier.set(which, is);
    }
    let mut cell = Cell::EMPTY;
    cell.set_symbol(if shown.has_contents() { shown.contents() } else { " " });
    (cell.fg, cell.bg, cell.modifier) = (color(shown.fgcolor()), color(shown.bgcolor()), modifier);
    if !shown.is_wide() {
        normalize(std::slice::from_mut(&mut cell));
    }
    Some(cell)
}

/// Compares all but the symbols about whose width terminals disagree.
fn compare(terminal: &vt100::Screen, picture: &Buffer, what: &str) {
    let mut picture = picture.clone();
    picture.content.chunks_mut(usize::from(picture.area.width)).for_each(normalize);
    for y in 0..picture.area.height {
        let mut covered = 0;
        for x in 0..picture.area.width {
            let mut wanted = picture[(x, y)].clone();
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = width(&wanted) - 1;
            if is_disputed(wanted.symbol()) {
                continue;
            }
            if wanted.fg == Color::Red {
                wanted.fg = Color::Indexed(1);
            }
            if wanted.bg == Color::Red {
                wanted.bg = Color::Indexed(1);
            }
            let shown = cell(terminal, Position::new(x, y));
            assert_eq!(shown.as_ref(), Some(&wanted), "column {x} of row {y}, {what}");
        }
    }
}

/// A terminal of a random size, on which another program left its traces.
fn terminal(dice: &mut Dice) -> (vt100::Parser, Buffer) {
    let (columns, rows) = (8 + dice.below(60), 3 + dice.below(20));
    let sizes = [rows, columns].map(|size| NonZeroU16::new(size).expect("not zero"));
    let mut terminal = vt100::Parser::new(sizes[0], sizes[1], 0);
    terminal.process(b"\x1b[2;3r\x1b[41;7mleft over\r\n\x1b[2;2Hmore");
    (terminal, Buffer::empty(Rect::new(0, 0, columns, rows)))
}

#[test]
fn the_terminal_shows_each_of_ten_thousand_random_frames_whether_it_scrolls_or_not() {
    let mut dice = Dice(7);
    let (mut terminal, mut picture) = terminal(&mut dice);
    let mut screen = Screen::new(true);
    let mut moved = 0;
    for frame in 0..FRAMES {
        let what = format!("frame {frame}");
        let scrolls = (frame / FRAMES_OF_A_TERMINAL).is_multiple_of(2);
        if frame % FRAMES_OF_A_TERMINAL == 0 {
            (terminal, picture) = self::terminal(&mut dice);
            screen = Screen::new(scrolls);
        }
        if dice.below(60) == 0 {
            let (columns, rows) = (8 + dice.below(60), 3 + dice.below(20));
            let sizes = [rows, columns].map(|size| NonZeroU16::new(size).expect("not zero"));
            terminal.screen_mut().set_size(sizes[0], sizes[1]);
            picture = Buffer::empty(Rect::new(0, 0, columns, rows));
        }
        if dice.below(100) == 0 {
            terminal.process(b"\x1b[2;3r\x1b[41;7m\x1b[2;2Hby another program\n\n");
            screen.whole = true;
        }
        change(&mut picture, &mut dice);
        let cursor = (dice.below(3) == 0).then(|| part(picture.area, &mut dice).as_position());
        let size = (picture.area.width, picture.area.height);
        let draw = |screen: &mut Screen| {
            let view = |to: &mut Buffer| {
                to.clone_from(&picture);
                cursor
            };
            screen.frame(size, view).expect("a frame")
        };
        let whole = screen.whole;
        let bytes = draw(&mut screen);
        let what = format!("{what}: {:?}", String::from_utf8_lossy(&bytes));
        terminal.process(&bytes);
        compare(terminal.screen(), &picture, &what);
        let hidden = terminal.screen().hide_cursor();
        assert_eq!(hidden, cursor.is_none(), "{what}");
        let at = terminal.screen().cursor_position();
        assert!(cursor.is_none_or(|cursor| (cursor.y, cursor.x) == at), "{what}");
        assert!(draw(&mut screen).is_empty(), "drawn twice: {what}");
        let moves = String::from_utf8_lossy(&bytes).split("\x1b[").any(|sequence| {
            let verb = sequence.trim_start_matches(|c: char| c.is_ascii_digit());
            verb.starts_with(['L', 'M', 'P', '@'])
        });
        assert!(!moves || scrolls && !whole, "{what}");
        moved += u32::from(moves);
    }
    assert!(moved > 500, "only {moved} frames moved anything");
}
