//! Frames as a terminal sees them.

mod random;

use super::super::frame::row::is_disputed;
use super::*;
use crate::domain::text::pad_right;
use ratatui::style::Style;
use std::num::NonZeroU16;
use unicode_segmentation::UnicodeSegmentation;

const ROWS: NonZeroU16 = NonZeroU16::new(2).expect("not zero");
const COLUMNS: NonZeroU16 = NonZeroU16::new(20).expect("not zero");

/// Names with symbols that terminals measure differently.
const NAMES: [&str; 4] = ["सीता", "අම්මා", "Zoe\u{308}", "\u{1f600} ok"];

fn draw(screen: &mut Screen, lines: &[&str]) -> String {
    let view = |to: &mut Buffer| {
        for (y, line) in (0..).zip(lines) {
            to.set_string(0, y, *line, Style::new());
        }
        Some(Position::new(1, 0))
    };
    String::from_utf8(screen.frame((20, 2), view).expect("a frame")).expect("text")
}

#[test]
fn a_frame_without_a_change_writes_nothing() {
    let mut screen = Screen::default();
    let first = draw(&mut screen, &["balance 12"]);
    assert!(first.starts_with("\x1b[?2026h") && first.ends_with("\x1b[?2026l"), "{first:?}");
    assert!(first.contains("balance"), "{first:?}");
    assert_eq!(draw(&mut screen, &["balance 12"]), "");
    let second = draw(&mut screen, &["balance 13"]);
    assert!(second.contains('3') && !second.contains("balance"), "{second:?}");
    screen.whole = true;
    assert!(draw(&mut screen, &["balance 13"]).contains("balance"));
}

/// A frame as a terminal sees it to which every disputed symbol of a name is `drawn`.
fn with_disputed(frame: &str, name: &str, drawn: &str) -> String {
    let disputed = name.graphemes(true).filter(|symbol| is_disputed(symbol));
    disputed.fold(frame.to_owned(), |frame, symbol| frame.replace(symbol, drawn))
}

#[test]
fn the_frame_stands_however_wide_a_terminal_draws_a_name() {
    for other_width in ["", "#", "##", "###"] {
        for name in NAMES {
            let mut screen = Screen::default();
            let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
            let row = format!("| {}|", pad_right(name, 12));
            let plain = format!("| {}|", pad_right("Mara", 12));
            for lines in [[&row, &plain], [&plain, &row], [&row, &row]] {
                let frame = draw(&mut screen, &lines.map(String::as_str));
                terminal.process(with_disputed(&frame, name, other_width).as_bytes());
                for (y, line) in lines.iter().enumerate() {
                    let drawn = terminal.screen().rows(0, 20).nth(y).expect("two rows");
                    let drawn = drawn.trim_end();
                    assert_eq!(drawn.chars().nth(14), Some('|'), "{drawn:?} of {name}");
                    assert!(drawn.ends_with('|'), "{drawn:?} of {name}");
                    if *line == &plain {
                        assert_eq!(drawn, line.as_str(), "what was there before is left of {name}");
                    }
                }
            }
        }
    }
}
