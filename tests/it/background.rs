//! The terminal's background: asked for, answered in time, late, among keys, or never.

use crate::pty::Terminal;

const QUESTION: &str = "\x1b]11;?\x07";

/// The colour of OK on a light, a dark and an unknown background.
const GOOD: [&str; 3] = ["38;5;22", "38;5;114", "38;5;29"];

/// The end of a board on which every key had its meaning: nothing was left to be typed into a
/// filter.
fn ends(mut terminal: Terminal) -> String {
    terminal.press("q");
    let (code, raw) = terminal.end();
    assert_eq!(code, 0, "{raw}");
    raw
}

#[test]
fn an_answer_gives_the_board_its_colours_and_the_keys_around_it_are_heard() {
    for (answer, [mine, other, _]) in [
        ("\x1b]11;rgb:ffff/ffff/ffff\x07", GOOD),
        ("\x1b]11;rgb:0000/0000/0000\x1b\\", [GOOD[1], GOOD[0], GOOD[2]]),
    ] {
        let mut terminal = Terminal::demo_in(&[], 120, 40);
        terminal.until_written(QUESTION, 1);
        terminal.press(&format!("/ar{answer}tha"));
        terminal.until_written(mine, 1);
        terminal.until("what was typed around the answer", |text| text.contains("/ artha "));
        terminal.press("\x1b");
        terminal.until("no filter", |text| !text.contains("/ artha "));
        let raw = ends(terminal);
        assert_eq!(raw.matches(other).count(), 0);
    }
}

#[test]
fn a_late_answer_changes_the_colours_and_presses_no_key() {
    let mut terminal = Terminal::demo_in(&[], 120, 40);
    terminal.until_written(GOOD[2], 1);
    // In two pieces, with a pause between them that only a slow line has.
    terminal.press("\x1b]11;rgb:fd");
    terminal.let_the_guard_pass();
    terminal.press("f6/f6f6/e3e3\x1b\\");
    terminal.until_written(GOOD[0], 1);
    terminal.press("?");
    terminal.shows("Help");
    terminal.press("\x1b");
    terminal.until("no help", |text| !text.contains("Help  "));
    assert!(!terminal.text().contains("rgb"), "{}", terminal.text());
    ends(terminal);
}

#[test]
fn where_the_question_would_be_printed_or_is_not_needed_it_is_not_asked() {
    for environment in [
        ("TERM", "linux"),
        ("TERM", "vt100"),
        ("STY", "12.pts-0.host"),
        ("INSIDE_EMACS", "29.1"),
        ("NO_COLOR", "1"),
    ] {
        let mut terminal = Terminal::demo_in(&[environment], 80, 24);
        terminal.shows("artha OK");
        assert_eq!(terminal.count("\x1b]11;"), 0, "{environment:?}");
        ends(terminal);
    }
    let mut hinted = Terminal::demo_in(&[("STY", "12.pts-0.host"), ("COLORFGBG", "0;15")], 80, 24);
    hinted.until_written(GOOD[0], 1);
    ends(hinted);
}
