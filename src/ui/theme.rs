//! The style of each role, from the terminal's own 16 colours and its default background. Every
//! role has a word on screen first.

use ratatui::style::{Color, Modifier, Style};

pub use crate::app::present::Role;

/// How the board is drawn: colour or not, which glyphs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theme {
    /// No colours: bold, reverse and words only.
    pub mono: bool,
    /// `+ - |` instead of box drawing.
    pub ascii: bool,
}

impl Theme {
    /// The style of a meaning.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let colour = |style: Style, colour: Color| if self.mono { style } else { style.fg(colour) };
        match role {
            Role::Text | Role::Money => plain,
            Role::Muted | Role::Stale => plain.add_modifier(Modifier::DIM),
            // Grey where there is colour: frames step back behind what they hold, and carry no
            // meaning of their own.
            Role::Border if self.mono => plain.add_modifier(Modifier::DIM),
            Role::Border => plain.fg(Color::DarkGray),
            Role::Heading | Role::Key => bold,
            Role::Selection => plain.add_modifier(Modifier::REVERSED),
            Role::Focus => colour(bold, Color::Cyan),
            Role::Good => colour(plain, Color::Green),
            Role::Caution => colour(bold, Color::Magenta),
            Role::Danger => colour(bold, Color::Red),
            Role::Prod => colour(bold.add_modifier(Modifier::REVERSED), Color::Red),
            Role::Input => plain.add_modifier(Modifier::UNDERLINED),
        }
    }
}
