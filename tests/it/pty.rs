//! The real program in a real pseudo-terminal: it starts, acts by keys, and gives the terminal back
//! however it ends.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::harness::{STATE, start};

/// How long a screen is waited for. A test that fails ends by it; on a slow machine with many
/// tests at once none that passes comes near.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program on a pseudo-terminal, and the screen it drew.
pub(crate) struct Terminal {
    pub(crate) child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl Terminal {
    fn demo(columns: u16, rows: u16) -> Self {
        Self::demo_in(&[], columns, rows)
    }

    /// The demo with these variables in its environment.
    pub(crate) fn demo_in(environment: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::demo_with(environment, &[], columns, rows)
    }

    /// The demo in which banana takes 2.5 s for every answer.
    pub(crate) fn slow_demo(columns: u16, rows: u16) -> Self {
        Self::demo_with(&[], &["--still", "--scenario", "slow", "--cards", "3"], columns, rows)
    }

    pub(crate) fn demo_with(
        environment: &[(&str, &str)],
        words: &[&str],
        columns: u16,
        rows: u16,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE);
        command.arg("--data");
        command.arg(folder.path());
        command.args(["demo", "--seed", "7"]);
        command.args(words);
        usual_terminal(&mut command);
        for (name, value) in environment {
            command.env(name, value);
        }
        Self::start(command, folder, columns, rows)
    }

    /// This very program, with one of its tests that only a terminal makes sense of.
    fn itself(test: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command =
            CommandBuilder::new(std::env::current_exe().expect("this program's own file"));
        command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        Self::run(command, folder, 80, 24)
    }

    /// A program on a terminal as most are.
    pub(crate) fn run(
        mut command: CommandBuilder,
        folder: tempfile::TempDir,
        columns: u16,
        rows: u16,
    ) -> Self {
        usual_terminal(&mut command);
        Self::start(command, folder, columns, rows)
    }

    fn start(command: CommandBuilder, folder: tempfile::TempDir, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("its output");
        let (send, output) = channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "a pseudo-terminal can only be read by blocking"
        )]
        std::thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 || send.send(bytes.get(..count).unwrap_or_default().to_vec()).is_err()
                {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().expect("its input");
        let zero = |size| std::num::NonZeroU16::new(size).expect("a size");
        let screen = vt100::Parser::new(zero(rows), zero(columns), 0);
        Self { child, master: pair.master, keys, output, screen, raw: Vec::new(), _folder: folder }
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes in what the program draws until the screen is as wanted. The limit only ends a test
    /// that has failed: a board draws every second, so silence alone would never end it.
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while self.is_within_frame() || !wanted(&self.text()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("never saw {what}:\n{}", self.text()),
            }
        }
    }

    pub(crate) fn shows(&mut self, words: &str) {
        let wanted = words.to_owned();
        self.until(words, move |text| text.contains(&wanted));
    }

    /// Whether a frame has begun and its end has not come yet: what stands there is half the old
    /// one, and a key pressed now would come before the new one is seen.
    fn is_within_frame(&self) -> bool {
        let last = |mark: &[u8]| self.raw.windows(mark.len()).rposition(|window| window == mark);
        last(b"\x1b[?2026h") > last(b"\x1b[?2026l")
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Keys in the first 300 ms after a dialog opens are dropped: two ticks of the board's own
    /// clock are more than that.
    pub(crate) fn let_the_guard_pass(&mut self) {
        for _ in 0..2 {
            let before = self.clock();
            self.until("the clock goes on", |text| clock(text) != before);
        }
    }

    fn clock(&self) -> Option<String> {
        clock(&self.text())
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
        self.keys.flush().expect("keys");
    }

    /// Whether a line editor, echo or the keys for signals are off.
    pub(crate) fn is_raw(&self) -> bool {
        let modes = self
            .master
            .get_termios()
            .map(|modes| format!("{:?}", modes.local_flags))
            .expect("the terminal's modes");
        !["ICANON", "ECHO", "ISIG"].iter().all(|mode| modes.contains(mode))
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let some = |size| std::num::NonZeroU16::new(size).expect("a size");
        self.screen.screen_mut().set_size(some(rows), some(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("another size");
    }

    /// The size is not known any more, as on a serial line; what is drawn is still shown.
    pub(crate) fn lose_size(&mut self) {
        let size = PtySize { rows: 0, cols: 0, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("no size");
    }

    pub(crate) fn process(&self) -> rustix::process::Pid {
        let pid = self.child.process_id().and_then(|pid| i32::try_from(pid).ok());
        pid.and_then(rustix::process::Pid::from_raw).expect("a process")
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.process(), signal).expect("a signal");
    }

    /// How often these bytes were written to the terminal.
    pub(crate) fn count(&self, bytes: &str) -> usize {
        String::from_utf8_lossy(&self.raw).matches(bytes).count()
    }

    /// Takes in what is written until it holds these bytes so often. The limit only ends a test
    /// that has failed.
    pub(crate) fn until_written(&mut self, bytes: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.count(bytes) < times {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(output) => self.take(&output),
                Err(_) => panic!("never wrote {bytes:?} {times} times:\n{}", self.text()),
            }
        }
    }

    /// Waits for the end and returns everything that was drawn. Whatever it ended by, the terminal
    /// has to be as it was found.
    pub(crate) fn end(mut self) -> (u32, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let screen = self.text();
                    self.child.kill().expect("a program that does not end is killed");
                    panic!("it never ended:\n{screen}");
                }
            }
        }
        let status = self.child.wait().expect("it ends");
        assert!(!self.is_raw(), "still in raw mode");
        let raw = String::from_utf8_lossy(&self.raw).into_owned();
        given_back(&raw);
        (status.exit_code(), raw)
    }
}

fn usual_terminal(command: &mut CommandBuilder) {
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let unusual = [
        "NO_COLOR",
        "COLORFGBG",
        "COLORTERM",
        "TMUX",
        "STY",
        "INSIDE_EMACS",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "WSL_INTEROP",
        "WSL_DISTRO_NAME",
        "SSH_CONNECTION",
        "SSH_TTY",
        "SSH_CLIENT",
    ];
    for name in unusual {
        command.env_remove(name);
    }
}

/// `14:08:12` of the top line.
fn clock(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    line.split_whitespace()
        .find(|word| word.len() == 8 && word.matches(':').count() == 2)
        .map(str::to_owned)
}

/// What was switched on was switched off again: alternate screen, bracketed paste, mouse, hidden
/// cursor.
fn given_back(raw: &str) {
    let switched = [
        ("\x1b[?1049h", "\x1b[?1049l"),
        ("\x1b[?2004h", "\x1b[?2004l"),
        ("\x1b[?1000h", "\x1b[?1000l"),
        ("\x1b[?1004h", "\x1b[?1004l"),
        ("\x1b[?25l", "\x1b[?25h"),
    ];
    for (on, off) in switched {
        if let Some(last_on) = raw.rfind(on) {
            assert!(
                raw.rfind(off).is_some_and(|last_off| last_off > last_on),
                "{on:?} was not undone"
            );
        }
    }
}

#[test]
fn the_board_starts_moves_and_gives_the_terminal_back() {
    let mut terminal = Terminal::demo(120, 40);
    terminal.until("four providers", |text| {
        ["artha OK", "banana OK", "enkash OK", "ibanera OK"].iter().all(|word| text.contains(word))
    });
    terminal.shows("ACTIVE");
    terminal.resize(80, 24);
    terminal.press("?");
    terminal.shows("Help");
    terminal.press("\x1b");
    terminal.until("no help", |text| !text.contains("Help  "));
    terminal.press("q");
    let (code, raw) = terminal.end();
    assert_eq!(code, 0);
    assert!(raw.contains(LEFT), "it was never on the whole screen");
}

/// The end of the alternate screen.
pub(crate) const LEFT: &str = "\x1b[?1049l";

/// Takes the terminal as the board does and draws on it.
fn take_the_screen() -> cardtop::tty::Terminal {
    let board = cardtop::config::Board {
        mouse: true,
        seconds: cardtop::config::Seconds::Focused,
        ..cardtop::config::Board::default()
    };
    let mut terminal = cardtop::tty::Terminal::enter(&board).expect("a terminal");
    terminal
        .draw((80, 24), |screen| {
            screen.set_string(0, 0, "balance 12.40", ratatui::style::Style::new());
            Some(ratatui::layout::Position::new(3, 0))
        })
        .expect("a frame");
    terminal
}

#[test]
#[ignore = "run by the_terminal_is_given_back_before_a_panic_is_told, on a terminal"]
fn panics_with_the_terminal_taken() {
    let _terminal = take_the_screen();
    panic!("a mistake of the board's");
}

#[test]
#[ignore = "run by the_terminal_is_given_back_when_a_part_in_the_background_panics, on a terminal"]
fn panics_in_the_background() {
    let mut terminal = take_the_screen();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let broken = runtime.block_on(runtime.spawn(async { panic!("a mistake of an adapter's") }));
    assert!(broken.is_err());
    let frame = terminal
        .draw((80, 24), |_| None)
        .expect_err("it must not draw on a terminal that was given back");
    panic!("{frame}");
}

#[test]
#[ignore = "run by the_terminal_is_given_back_when_the_board_ends_with_an_error, on a terminal"]
fn ends_with_an_error() {
    fn board() -> std::io::Result<()> {
        let _terminal = take_the_screen();
        Err(std::io::Error::other("the data file is gone"))
    }
    panic!("{}", board().expect_err("it ends with an error"));
}

/// Runs one of the three above; what it says in the end must stand on the terminal that was given
/// back.
fn given_back_before(test: &str, words: &str) {
    let terminal = Terminal::itself(&format!("pty::{test}"));
    let (code, raw) = terminal.end();
    assert_ne!(code, 0, "{raw}");
    assert!(raw.contains("balance"), "it never drew: {raw}");
    let left = raw.rfind(LEFT).expect("it left the whole screen");
    assert!(
        raw.get(left..).is_some_and(|after| after.contains(words)),
        "{words:?} was lost with the screen: {raw}"
    );
    assert_eq!(raw.matches(LEFT).count(), 1, "given back once: {raw}");
}

#[test]
fn the_terminal_is_given_back_before_a_panic_is_told() {
    given_back_before("panics_with_the_terminal_taken", "a mistake of the board's");
}

#[test]
fn the_terminal_is_given_back_when_a_part_in_the_background_panics() {
    given_back_before("panics_in_the_background", "a mistake of an adapter's");
}

#[test]
fn the_terminal_is_given_back_when_the_board_ends_with_an_error() {
    given_back_before("ends_with_an_error", "the data file is gone");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_board_and_gives_the_terminal_back() {
    use rustix::process::Signal;
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let mut terminal = Terminal::demo(80, 24);
        terminal.shows("artha OK");
        terminal.signal(signal);
        let (_, raw) = terminal.end();
        assert!(raw.contains(LEFT), "{signal:?}");
    }
}

#[test]
fn a_card_is_frozen_topped_up_and_given_a_pin_by_keys() {
    // The same seed is the same bank: its first active enkash card that has some money.
    let bank =
        Sandbox::new(Options { seed: 7, busy: false, ..Options::default() }, Clock::fixed(start()));
    let ids = bank.card_ids(Dialect::Enkash);
    let rich = |id: &String| {
        let money = bank.available(Dialect::Enkash, id);
        bank.state(Dialect::Enkash, id) == Some(CardState::Active)
            && money.is_some_and(|money| money.amount() > Decimal::from(5_000))
    };
    let place = ids.iter().position(rich).expect("an active card with money");
    let number =
        bank.card_numbers(Dialect::Enkash).get(place).cloned().expect("a number for each card");
    let last4 = number.get(number.len() - 4..).expect("sixteen digits").to_owned();

    let mut terminal = Terminal::demo(120, 40);
    terminal.until("all providers", |text| {
        ["artha OK", "banana OK", "enkash OK", "ibanera OK"].iter().all(|word| text.contains(word))
    });
    terminal.press(&format!("/{last4} provider:enkash\r"));
    terminal.until("the card", |text| {
        text.contains(" 1/64 ") && text.contains(&format!("..{last4} enkash"))
    });

    terminal.press("f");
    terminal.shows("Freeze card");
    terminal.let_the_guard_pass();
    terminal.press("1");
    terminal.shows("> 1 lost");
    terminal.press("y");
    terminal
        .until("the freeze is seen", |text| text.contains("DONE") && text.contains("seen FROZEN"));
    terminal.press("\x1b");
    terminal
        .until("the frozen card", |text| text.contains("FROZEN") && !text.contains("Freeze lost"));

    terminal.press("f");
    terminal.shows("Unfreeze card");
    terminal.let_the_guard_pass();
    terminal.press("1");
    terminal.let_the_guard_pass();
    terminal.press("y");
    terminal.until("the unfreeze is seen", |text| {
        text.contains("DONE") && text.contains("seen ACTIVE")
    });
    terminal.press("\x1b");
    terminal.until("the card again", |text| !text.contains("Enter close"));

    terminal.press("t");
    terminal.shows("Top up");
    terminal.let_the_guard_pass();
    terminal.press("250\r");
    terminal.shows("step 2 of 2");
    terminal.let_the_guard_pass();
    terminal.press("y");
    terminal.until("the top-up is seen", |text| {
        text.contains("DONE") && text.contains("with our reference")
    });
    terminal.press("\x1b");
    terminal.until("the card again", |text| !text.contains("Enter close"));

    terminal.press("P");
    terminal.shows("Set PIN");
    terminal.let_the_guard_pass();
    terminal.press(&format!("8264\t8264\t\t{last4}"));
    terminal.shows("ok match");
    terminal.press("\r");
    terminal.until("the PIN is accepted", |text| {
        text.contains("ACCEPTED") && text.contains("answer only")
    });
    assert!(
        !String::from_utf8_lossy(&terminal.raw).contains("8264"),
        "the PIN reached the terminal"
    );
    terminal.press("\x1b");
    terminal.until("the card again", |text| !text.contains("Enter close"));
    terminal.press("q");
    let (code, _) = terminal.end();
    assert_eq!(code, 0);
}
