//! Stops, kills and resizes of the real board in a pseudo-terminal, and the end with a change under
//! way.

use std::time::Duration;

use rustix::process::Signal;

use crate::pty::{LEFT, Terminal};

/// The begin of the alternate screen.
const TAKEN: &str = "\x1b[?1049h";

/// Waits for what only another process brings about; the limit only ends a test that has failed.
fn becomes(what: &str, is: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if is() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    panic!("never: {what}");
}

/// The state and the parent of each process, from `/proc`.
#[cfg(target_os = "linux")]
fn processes() -> Vec<(i32, char, i32)> {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("stat")).ok()?;
        let (name, rest) = text.rsplit_once(") ")?;
        let mut words = rest.split_whitespace();
        let state = words.next()?.chars().next()?;
        Some((name.split_whitespace().next()?.parse().ok()?, state, words.next()?.parse().ok()?))
    };
    std::fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| read(entry.path()))
        .collect()
}

#[cfg(target_os = "linux")]
fn state(pid: i32) -> Option<char> {
    processes().into_iter().find(|(process, ..)| *process == pid).map(|(_, state, _)| state)
}

#[cfg(target_os = "linux")]
#[test]
fn an_outside_stop_gives_the_terminal_back_and_a_continue_draws_everything() {
    let mut terminal = Terminal::demo_in(&[], 120, 40);
    terminal.shows("artha OK");
    let pid = terminal.process().as_raw_nonzero().get();
    for round in 1..=3 {
        terminal.signal(Signal::TSTP);
        terminal.until_written(LEFT, round);
        becomes("it stops", || state(pid) == Some('T'));
        assert!(!terminal.is_raw(), "a stopped board left raw mode on");
        terminal.signal(Signal::CONT);
        terminal.until_written(TAKEN, round + 1);
        terminal
            .until("everything again", |text| text.contains("artha OK") && text.contains("Cards"));
        assert!(terminal.is_raw());
    }
    // Stopped by what no process hears, and the modes changed by a shell meanwhile: a continue
    // takes all again.
    terminal.signal(Signal::STOP);
    becomes("it stops", || state(pid) == Some('T'));
    terminal.signal(Signal::CONT);
    terminal.until_written(TAKEN, 5);
    terminal.press("?");
    terminal.shows("Help");
    terminal.press("\x1b");
    terminal.until("no help", |text| !text.contains("Help  "));
    terminal.press("q");
    assert_eq!(terminal.end().0, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_board_leaves_a_usable_terminal_and_no_process() {
    for signal in [Signal::KILL, Signal::ABORT, Signal::SEGV] {
        let mut terminal = Terminal::demo_in(&[], 80, 24);
        terminal.shows("artha OK");
        let pid = terminal.process().as_raw_nonzero().get();
        let children: Vec<i32> = processes()
            .into_iter()
            .filter(|(_, _, parent)| *parent == pid)
            .map(|(process, ..)| process)
            .collect();
        assert_eq!(children.len(), 1, "one process that would repair the terminal");
        // Sent until it dies: Rust's own handler of SEGV takes the first one that is only sent for
        // a mistake.
        becomes("it dies", || {
            terminal.signal(signal);
            matches!(state(pid), None | Some('Z'))
        });
        // Reads until nobody has the terminal any more, then looks at its modes and what was
        // switched off.
        let (_, raw) = terminal.end();
        assert!(raw.contains(LEFT), "{signal:?}");
        becomes("no process is left", || {
            children.iter().all(|child| matches!(state(*child), None | Some('Z')))
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_board_that_ends_leaves_no_process() {
    let mut terminal = Terminal::demo_in(&[], 80, 24);
    terminal.shows("artha OK");
    let pid = terminal.process().as_raw_nonzero().get();
    let children: Vec<i32> = processes()
        .into_iter()
        .filter(|(_, _, parent)| *parent == pid)
        .map(|(process, ..)| process)
        .collect();
    terminal.press("q");
    let (_, raw) = terminal.end();
    assert_eq!(raw.matches(LEFT).count(), 1, "given back once: {raw}");
    assert!(children.iter().all(|child| state(*child).is_none()), "{children:?}");
}

#[test]
fn a_key_that_comes_with_a_new_size_is_heard() {
    let mut terminal = Terminal::demo_in(&[], 80, 24);
    terminal.shows("artha OK");
    for round in 0..10 {
        for (columns, key, helps) in [(100, "?", true), (80, "\x1b", false)] {
            terminal.resize(columns, 24 + round);
            terminal.press(key);
            terminal.until("the key's effect", |text| text.contains("Help  ") == helps);
        }
    }
    terminal.press("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_terminal_without_a_size_is_drawn_as_a_usual_one_and_not_blank() {
    let mut terminal = Terminal::demo_in(&[], 120, 40);
    terminal.shows("artha OK");
    terminal.lose_size();
    // Below the 24th line nothing is left.
    terminal.until("24 lines", |text| {
        text.lines().count() <= 24 && text.contains("? help") && text.contains("Cards")
    });
    terminal.press("?");
    terminal.shows("Help");
    terminal.press("\x1b");
    terminal.until("no help", |text| !text.contains("Help  "));
    terminal.press("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn on_a_dumb_terminal_no_board_is_drawn_and_what_to_do_is_said() {
    let terminal = Terminal::demo_in(&[("TERM", "dumb")], 80, 24);
    let (code, raw) = terminal.end();
    assert_eq!(code, 2, "{raw}");
    let said = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("TERM is dumb: use cardtop cards and the other commands")
            && said.contains("or set TERM"),
        "{raw}"
    );
    assert!(!raw.contains('\x1b'), "{raw:?}");
}

#[test]
fn with_a_change_under_way_the_terminal_is_given_back_at_once_and_the_rest_waits_in_plain_sight() {
    let mut terminal = Terminal::slow_demo(120, 40);
    terminal.until("its cards", |text| text.contains("banana OK") || text.contains("banana SLOW"));
    terminal.press("/provider:banana state:active\r");
    terminal.until("a card of banana's", |text| {
        text.contains("▐provider:banana state:active▌")
            && !text.contains(" 0/")
            && text.contains("> ACTIVE")
    });
    terminal.press("f");
    terminal.shows("Freeze card");
    terminal.let_the_guard_pass();
    terminal.press("1");
    terminal.shows("> 1 lost");
    terminal.press("y");
    terminal.until("it is being sent", |text| text.contains("SENT"));
    terminal.signal(Signal::TERM);
    let (_, raw) = terminal.end();
    let after = raw.rsplit(LEFT).next().expect("it left the whole screen");
    assert!(
        after.contains("cardtop: waiting at most 3 s for the answer to freeze lost of banana/"),
        "{after}"
    );
    let last = after.trim_end().lines().next_back().unwrap_or_default();
    assert!(
        last.starts_with("cardtop: freeze lost of banana/") && last.contains(" is "),
        "{after}"
    );
}
