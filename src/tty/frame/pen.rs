//! The attributes that a terminal gives to what is written next.

use std::fmt::{Arguments, Write as _};

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::row::VISIBLE_ON_BLANK;

/// Each attribute, the number that sets it and the number that ends it (ECMA-48, SGR).
const MODIFIERS: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Colours and attributes; plain by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pen {
    text: Color,
    behind: Color,
    modifiers: Modifier,
}

impl Pen {
    /// The pen for a cell: this one where the cell looks the same with it. An empty cell shows
    /// neither the colour of text nor whether it is bold.
    pub(super) fn toward(self, cell: &Cell) -> Self {
        let own = Self { text: cell.fg, behind: cell.bg, modifiers: cell.modifier };
        if cell.symbol() != " " || cell.modifier.intersects(VISIBLE_ON_BLANK) {
            return own;
        }
        let kept = Self {
            behind: cell.bg,
            modifiers: self.modifiers.difference(VISIBLE_ON_BLANK),
            ..self
        };
        let is_shorter = kept == self || self.change(kept).len() <= self.change(own).len();
        if is_shorter { kept } else { own }
    }

    /// The shortest sequence that changes it: of what differs, or of everything after a reset.
    pub(super) fn change(self, to: Self) -> String {
        if self == to {
            return String::new();
        }
        let mut differing = Numbers::default();
        self.end(to, &mut differing);
        to.set(self.without(to), &mut differing);
        let mut anew = Numbers::default();
        if to != Self::default() {
            anew.push(0);
            to.set(Self::default(), &mut anew);
        }
        let (differing, anew) = (differing.finish(), anew.finish());
        if anew.len() < differing.len() { anew } else { differing }
    }

    /// What ends the attributes that another pen does not have.
    fn end(self, to: Self, numbers: &mut Numbers) {
        let gone = self.modifiers.difference(to.modifiers);
        let mut last = None;
        for (modifier, _, end) in MODIFIERS {
            if gone.intersects(modifier) && last != Some(end) {
                numbers.push(end);
                last = Some(end);
            }
        }
    }

    /// This pen after those attributes were ended: bold and dim end together, and so do both kinds
    /// of blinking.
    fn without(self, to: Self) -> Self {
        let mut left = self.modifiers.intersection(to.modifiers);
        let gone = self.modifiers.difference(to.modifiers);
        for pair in
            [Modifier::BOLD.union(Modifier::DIM), Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK)]
        {
            if gone.intersects(pair) {
                left.remove(pair);
            }
        }
        Self { modifiers: left, ..self }
    }

    /// What sets this pen where another is in force that has no attribute too many.
    fn set(self, from: Self, numbers: &mut Numbers) {
        let new = self.modifiers.difference(from.modifiers);
        for (modifier, set, _) in MODIFIERS {
            if new.contains(modifier) {
                numbers.push(set);
            }
        }
        if self.text != from.text {
            numbers.push_color(self.text, 38);
        }
        if self.behind != from.behind {
            numbers.push_color(self.behind, 48);
        }
    }
}

/// The numbers of one sequence.
#[derive(Debug, Default)]
struct Numbers(String);

impl Numbers {
    fn push(&mut self, number: u8) {
        self.push_all(format_args!("{number}"));
    }

    /// A colour of the text (38) or behind it (48). The sixteen are written by their place among
    /// the 256: by their own numbers some terminals make them brighter in bold text, and a light
    /// background then hides them.
    fn push_color(&mut self, color: Color, ground: u8) {
        let index = match color {
            Color::Reset => return self.push(ground + 1),
            Color::Rgb(red, green, blue) => {
                return self.push_all(format_args!("{ground};2;{red};{green};{blue}"));
            }
            Color::Indexed(index) => index,
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        self.push_all(format_args!("{ground};5;{index}"));
    }

    fn push_all(&mut self, numbers: Arguments<'_>) {
        self.0.push_str(if self.0.is_empty() { "\x1b[" } else { ";" });
        // A string takes all that is written to it.
        _ = self.0.write_fmt(numbers);
    }

    /// The sequence; without numbers it resets everything.
    fn finish(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "\x1b[m" } else { "m" });
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(text: Color, modifiers: Modifier) -> Pen {
        Pen { text, modifiers, ..Pen::default() }
    }

    fn change(from: Pen, to: Pen) -> String {
        from.change(to)
    }

    #[test]
    fn the_shorter_way_from_one_pen_to_another_is_taken() {
        let plain = Pen::default();
        let green = pen(Color::Indexed(114), Modifier::empty());
        let selected = pen(Color::Indexed(114), Modifier::REVERSED);
        assert_eq!(change(plain, plain), "");
        assert_eq!(change(plain, green), "\x1b[38;5;114m");
        assert_eq!(change(green, selected), "\x1b[7m");
        assert_eq!(change(selected, green), "\x1b[27m");
        assert_eq!(change(selected, plain), "\x1b[m");
        let bold = pen(Color::Reset, Modifier::BOLD);
        let dim = pen(Color::Reset, Modifier::DIM);
        assert_eq!(change(bold, dim), "\x1b[0;2m");
        let both = pen(Color::Red, Modifier::BOLD | Modifier::DIM);
        assert_eq!(change(both, pen(Color::Red, Modifier::DIM)), "\x1b[22;2m");
        assert_eq!(change(selected, bold), "\x1b[0;1m");
    }

    #[test]
    fn an_empty_cell_needs_no_other_pen_unless_it_shows() {
        let green = pen(Color::Green, Modifier::BOLD);
        assert_eq!(green.toward(&Cell::EMPTY), green);
        let mut selected = Cell::EMPTY;
        selected.modifier = Modifier::REVERSED;
        assert_eq!(green.toward(&selected), pen(Color::Reset, Modifier::REVERSED));
        assert_eq!(pen(Color::Reset, Modifier::REVERSED).toward(&Cell::EMPTY), Pen::default());
    }
}
