//! The loop (stand-in until the board is merged).

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Board;
use crate::engine::{Engine, News};

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Color {
    /// As the terminal says.
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// What the board needs.
pub struct Start {
    /// The engine.
    pub engine: Engine,
    /// What it tells.
    pub news: mpsc::Receiver<News>,
    /// How the board looks.
    pub board: Board,
    /// Refuse changes.
    pub read_only: bool,
    /// Who operates.
    pub operator: Arc<str>,
    /// Time.
    pub clock: Clock,
    /// Colours.
    pub color: Color,
}

/// Runs the board.
///
/// # Errors
/// When the terminal cannot be used.
pub async fn board(start: Start) -> anyhow::Result<()> {
    drop(start);
    Ok(())
}
