//! Dialogs: a stack, keys go to the top one. Each is pinned to its card by identity.

use jiff::Timestamp;

use super::Effect;
use super::chord::{Chord, Key};
use super::world::World;
use crate::domain::card::CardKey;
use crate::domain::operation::Deed;
use crate::engine::News;

/// What a dialog answers.
#[derive(Debug)]
pub enum Outcome {
    /// It stays open.
    Stay(Vec<Effect>),
    /// It closes.
    Close(Vec<Effect>),
    /// Another one takes its place.
    Open(Dialog, Vec<Effect>),
}

/// An open dialog.
#[derive(Debug)]
pub struct Dialog {
    card: Option<CardKey>,
    /// What it says.
    pub(crate) words: String,
    quits: bool,
}

impl Dialog {
    /// A change of a card, or why it cannot be asked.
    pub fn for_deed(deed: Deed, key: &CardKey, world: &mut World) -> (Self, Vec<Effect>) {
        let words = match world.may(deed, key) {
            Ok(()) => format!("{} {}", deed.phrase(), world.holder(key)),
            Err(why) => why.to_string(),
        };
        (Self { card: Some(key.clone()), words, quits: false }, Vec::new())
    }

    /// A top-up of what the last decline was short of.
    pub fn cover(key: &CardKey, world: &mut World) -> (Self, Vec<Effect>) {
        Self::for_deed(Deed::TopUp, key, world)
    }

    /// Every action.
    pub fn actions(key: &CardKey, world: &mut World) -> (Self, Vec<Effect>) {
        (Self { card: Some(key.clone()), words: format!("actions {}", world.holder(key)), quits: false }, Vec::new())
    }

    /// Whether to end.
    #[must_use]
    pub fn quit(_world: &World) -> Self {
        Self { card: None, words: "quit?".to_owned(), quits: true }
    }

    /// A key.
    pub fn key(&mut self, chord: &Chord, _world: &mut World) -> Outcome {
        match (chord.key, self.quits) {
            (Key::Esc, _) => Outcome::Close(Vec::new()),
            (Key::Char('y'), true) => Outcome::Close(vec![Effect::Quit]),
            _ => Outcome::Stay(Vec::new()),
        }
    }

    /// Pasted text.
    pub fn paste(&mut self, _text: &str, _world: &mut World) -> Outcome {
        Outcome::Stay(Vec::new())
    }

    /// News.
    pub fn hear(&mut self, _news: &News, _world: &mut World) -> Outcome {
        Outcome::Stay(Vec::new())
    }

    /// Time passed.
    pub fn tick(&mut self, _world: &mut World) -> Outcome {
        Outcome::Stay(Vec::new())
    }

    /// When it changes by itself.
    #[must_use]
    pub fn wake_at(&self, _world: &World) -> Option<Timestamp> {
        None
    }

    /// Its card.
    #[must_use]
    pub const fn card(&self) -> Option<&CardKey> {
        self.card.as_ref()
    }
}
