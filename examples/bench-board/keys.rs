//! What keys cost: from the key to the last byte of the answer, and the bytes of the answer.

use std::time::Duration;

use super::floor::floor;
use super::samples::Samples;
use super::terminal::Terminal;

/// Silence that ends the answer to a key.
const QUIET: Duration = Duration::from_millis(25);

/// A key that is not answered by then is not answered.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two keys.
const GAP: Duration = Duration::from_millis(5);

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
    /// With the answers to other keys.
    pub(crate) fn add(&mut self, others: &Self) {
        self.done.add(&others.done);
        self.bytes.add(&others.bytes);
        self.floor.add(&others.floor);
        self.unanswered += others.unanswered;
    }

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
