//! What keys cost: from the key to the last byte of the answer, and the bytes of the answer.

use std::path::Path;
use std::time::Duration;

use super::floor::floor;
use super::samples::Samples;
use super::terminal::{Command, Terminal};
use vt100::Screen;

/// Silence that ends the answer to a key.
const QUIET: Duration = Duration::from_millis(25);

/// A key that is not answered by then is not answered.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two keys.
const GAP: Duration = Duration::from_millis(5);

/// Between two arrows while the board reads: more often than a keyboard repeats a key.
const BETWEEN: Duration = Duration::from_millis(25);

/// The answers to some keys, one sample a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// Milliseconds to the last byte.
    pub(crate) done: Samples,
    pub(crate) bytes: Samples,
    /// The fewest bytes that the same change of the screen needs.
    pub(crate) floor: Samples,
    /// Keys that changed nothing.
    pub(crate) unanswered: usize,
}

impl Answers {
    pub(crate) fn p50(&self) -> Option<f64> {
        self.done.percentile(50)
    }

    pub(crate) fn p90(&self) -> Option<f64> {
        self.done.percentile(90)
    }

    pub(crate) fn p99(&self) -> Option<f64> {
        self.done.percentile(99)
    }

    /// Bytes written for one byte that was needed, over all keys.
    pub(crate) fn bytes_for_one(&self) -> Option<f64> {
        let floor = self.floor.sum();
        #[expect(clippy::float_arithmetic, reason = "a ratio of bytes")]
        let ratio = self.bytes.sum() / floor;
        (floor > 0.0).then_some(ratio)
    }
}

/// An arrow or another key, as the program wants it: some switch the arrows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Down,
    Up,
    PageDown,
    PageUp,
    Text(&'static str),
}

impl Key {
    pub(crate) fn bytes(self, to: &Terminal) -> Vec<u8> {
        let application = to.screen().application_cursor();
        let text = match self {
            Self::Down if application => "\x1bOB",
            Self::Down => "\x1b[B",
            Self::Up if application => "\x1bOA",
            Self::Up => "\x1b[A",
            Self::PageDown => "\x1b[6~",
            Self::PageUp => "\x1b[5~",
            Self::Text(text) => text,
        };
        text.as_bytes().to_vec()
    }
}

/// Presses keys in turn, so many times in all, each when the answer to the one before is complete.
pub(crate) fn press(to: &mut Terminal, keys: &[Key], times: usize) -> anyhow::Result<Answers> {
    let mut answers = Answers::default();
    for key in keys.iter().cycle().take(times) {
        let bytes = key.bytes(to);
        let before = to.screen().clone();
        to.send(&bytes)?;
        match to.repaint(QUIET, PATIENCE) {
            Some(repaint) => {
                answers.done.push(millis(repaint.done));
                answers.bytes.push(repaint.bytes as f64);
                answers.floor.push(floor(&before, to.screen()).bytes as f64);
            }
            None => answers.unanswered += 1,
        }
        to.pass(GAP);
    }
    Ok(answers)
}

/// Presses arrows in turn, so many times in all; milliseconds until the cursor is on another line,
/// whatever else is drawn then or soon after.
pub(crate) fn move_cursor(to: &mut Terminal, times: usize) -> anyhow::Result<Samples> {
    let mut moved = Samples::default();
    for key in [Key::Down, Key::Up].iter().cycle().take(times) {
        let bytes = key.bytes(to);
        let before = line_of_cursor(to.screen());
        to.send(&bytes)?;
        let is_moved = |screen: &Screen| line_of_cursor(screen) != before;
        moved.push(millis(to.wait("the cursor on another line", PATIENCE, is_moved)?));
        to.pass(BETWEEN);
    }
    Ok(moved)
}

/// Types letters to a `cat` of its own, so many in all; milliseconds until each is on the screen.
pub(crate) fn echo(times: usize) -> anyhow::Result<Samples> {
    let command = Command::new(Path::new("/bin/sh")).args(["-c", "stty raw -echo; exec cat"]);
    let mut cat = Terminal::start(&command)?;
    // Until the terminal gives each letter on as it comes.
    cat.pass(Duration::from_millis(500));
    let mut given_back = Samples::default();
    for number in 0..times {
        let before = cat.screen().cursor_position();
        // A new line now and then, so that the cursor always moves.
        cat.send(if number % 40 == 39 { b"\r" } else { b"x" })?;
        let is_back = |screen: &Screen| screen.cursor_position() != before;
        given_back.push(millis(cat.wait("a letter that cat gives back", PATIENCE, is_back)?));
        cat.pass(BETWEEN);
    }
    Ok(given_back)
}

/// The line with the board's mark of the row under the cursor.
fn line_of_cursor(screen: &Screen) -> Option<usize> {
    screen.rows(0, 2).position(|row| row.ends_with('>'))
}

/// Sends keys at once; milliseconds to the last byte of the answer, which may come in pieces.
pub(crate) fn at_once(
    to: &mut Terminal,
    keys: &str,
    quiet: Duration,
) -> anyhow::Result<Option<f64>> {
    to.send(keys.as_bytes())?;
    Ok(to.repaint(quiet, Duration::from_secs(60)).map(|repaint| millis(repaint.done)))
}

pub(crate) fn millis(time: Duration) -> f64 {
    #[expect(clippy::float_arithmetic, reason = "a time in milliseconds")]
    let millis = time.as_secs_f64() * 1_000.0;
    millis
}
