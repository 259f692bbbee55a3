//! The board as a state machine: what is shown and being typed, changed only by messages, in one order.
//!
//! No I/O, no async and no clock: everything impure is an [`Effect`] that the loop carries out.

pub mod chord;
pub mod dialog;
pub mod world;

use jiff::Timestamp;

use crate::engine::{Job, News};
use chord::Chord;

/// Everything the board can hear.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "messages are moved once, from the channel into the update")]
pub enum Msg {
    /// A key.
    Key(Chord),
    /// Text pasted at once.
    Paste(String),
    /// The terminal's size, columns and rows.
    Resized(u16, u16),
    /// Time passed.
    Tick(Timestamp),
    /// The engine tells something.
    News(News),
}

/// Everything an update can want.
#[derive(Debug)]
pub enum Effect {
    /// Ask the engine.
    Ask(Job),
    /// Put text on the clipboard.
    Copy(String),
    /// Stop for the shell (Ctrl-z).
    Suspend,
    /// Draw everything again (Ctrl-l).
    Redraw,
    /// End.
    Quit,
}
