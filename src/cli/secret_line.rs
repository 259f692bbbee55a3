//! A PIN typed on a terminal without an echo, or one line of standard input.
//!
//! Nothing is buffered beyond the line, and every buffer is wiped. The terminal gets its echo back,
//! also when the operator gives up.

use std::io::{self, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// Longest line that is read.
const LONGEST: usize = 64;

/// One line of standard input, without its end; `None` where the input has ended.
///
/// # Errors
/// When it cannot be read, or is longer than any PIN could be.
pub(super) fn read() -> io::Result<Option<String>> {
    line(false)
}

/// Asks on standard error, and reads a line from the terminal without showing it; `None` when the
/// operator gave up.
///
/// # Errors
/// When the terminal cannot be read.
pub(super) fn ask(question: &str) -> io::Result<Option<String>> {
    let _quiet = Quiet::now()?;
    let mut to = io::stderr().lock();
    write!(to, "{question}: ")?;
    to.flush()?;
    let typed = line(true);
    writeln!(to)?;
    typed
}

/// The bytes up to the end of the line. On a terminal, Backspace works, and Ctrl-C, Ctrl-D and Esc
/// give up.
fn line(terminal: bool) -> io::Result<Option<String>> {
    let mut held = Zeroizing::new([0_u8; LONGEST]);
    let mut used = 0_usize;
    loop {
        let mut byte = Zeroizing::new([0_u8; 1]);
        let read = match rustix::io::read(io::stdin(), &mut byte[..]) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result?,
        };
        match (read, byte[0]) {
            (0, _) if used == 0 => return Ok(None),
            (0, _) | (_, b'\n') => break,
            (_, b'\r') if terminal => break,
            (_, 0x03 | 0x04 | 0x1b) if terminal => return Ok(None),
            (_, 0x08 | 0x7f) if terminal => used = used.saturating_sub(1),
            (_, byte) => {
                *held
                    .get_mut(used)
                    .ok_or_else(|| io::Error::other("the line is too long for a PIN"))? = byte;
                used += 1;
            }
        }
    }
    let line = held.get(..used).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| io::Error::other("the line is not text"))?;
    // Exactly as long as the digits: growing or shrinking it later would leave a copy behind.
    let mut text = String::with_capacity(line.len());
    text.push_str(line);
    Ok(Some(text))
}

/// A terminal that neither shows nor interprets what is typed, until dropped.
struct Quiet(Termios);

impl Quiet {
    fn now() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
