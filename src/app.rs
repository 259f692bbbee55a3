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

// stub: everything below is replaced by the panes' own model when both are merged.

/// stub: what a model is made of.
#[derive(Debug)]
pub struct Start {
    /// Now.
    pub now: Timestamp,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
    /// Who operates.
    pub operator: std::sync::Arc<str>,
    /// 64 random bits.
    pub session: u64,
    /// The accounts.
    pub providers: Vec<crate::engine::ProviderInfo>,
    /// Refuse every change.
    pub read_only: bool,
    /// How to draw.
    pub theme: crate::ui::theme::Theme,
}

/// stub: a board with one dialog.
#[derive(Debug)]
pub struct Model {
    /// What is known.
    pub world: world::World,
    /// What is asked.
    pub dialog: dialog::Dialog,
    /// How to draw.
    pub theme: crate::ui::theme::Theme,
}

impl Model {
    /// stub: asks whether to quit.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let mut world = world::World::new(start.now, start.zone, start.operator, start.session, start.providers);
        world.read_only = start.read_only;
        let dialog = dialog::Dialog::quit(&world);
        Self { world, dialog, theme: start.theme }
    }
}

/// stub: keys go to the dialog.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let outcome = match msg {
        Msg::Key(chord) if chord == Chord::ctrl('z') => return vec![Effect::Suspend],
        Msg::Key(chord) if chord == Chord::ctrl('l') => return vec![Effect::Redraw],
        Msg::Key(chord) => model.dialog.key(&chord, &mut model.world),
        Msg::Paste(text) => model.dialog.paste(&text, &mut model.world),
        Msg::Resized(..) => return Vec::new(),
        Msg::Tick(now) => {
            model.world.now = now;
            return Vec::new();
        }
        Msg::News(news) => {
            model.world.hear(&news);
            model.dialog.hear(&news, &mut model.world)
        }
    };
    match outcome {
        dialog::Outcome::Stay(effects) | dialog::Outcome::Close(effects) | dialog::Outcome::Open(_, effects) => effects,
    }
}

/// stub: when the dialog wants to be drawn again.
#[must_use]
pub fn wake_at(model: &Model) -> Option<Timestamp> {
    model.dialog.wake_at(&model.world)
}
