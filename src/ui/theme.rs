//! The style of each role. Every role has a word on screen first.
//!
//! Words reach a contrast of 4.5:1 and frames one of 3:1 (WCAG 2) on the backgrounds that a theme
//! is for; `tests` computes it. So colours are taken from the fixed part of the 256 colours, which
//! palettes of terminals leave alone. With 16 colours a colour is used only where it is readable in
//! the usual palettes, and never together with bold, which some terminals draw as another colour.
//! No role is dim: each terminal draws that differently.

use ratatui::style::{Color, Modifier, Style};

pub use crate::app::present::Role;

/// How the board is drawn: colour or not, for which background, which glyphs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Theme {
    /// No colours: bold, underlined, reverse and words only.
    pub mono: bool,
    /// `+ - |` instead of box drawing.
    pub ascii: bool,
    /// What is behind the text.
    pub background: Background,
    /// How many colours the terminal has.
    pub colors: Colors,
}

/// What a terminal has behind its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Dark.
    Dark,
    /// Light.
    Light,
    /// Not known: the colours have to do on both.
    #[default]
    Unknown,
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colors {
    /// 256 or more, of which those from 16 on are the same everywhere.
    #[default]
    Many,
    /// 16, each as the terminal's palette has it.
    Sixteen,
}

impl Theme {
    /// The style of a meaning.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let emphasized = |color: Color| match self.colors {
            Colors::Many => bold.fg(color),
            Colors::Sixteen => plain.fg(color),
        };
        match role {
            Role::Text | Role::Money => plain,
            Role::Heading | Role::Key => bold,
            Role::Selection => plain.add_modifier(Modifier::REVERSED),
            Role::Input => plain.add_modifier(Modifier::UNDERLINED),
            Role::Prod => self.badge().unwrap_or(bold.add_modifier(Modifier::REVERSED)),
            Role::Muted | Role::Stale | Role::Border | Role::Good => {
                self.color(role).map_or(plain, |color| plain.fg(color))
            }
            Role::Focus | Role::Caution => self.color(role).map_or(bold, emphasized),
            Role::Danger => {
                self.color(role).map_or(bold.add_modifier(Modifier::UNDERLINED), emphasized)
            }
        }
    }

    /// Whether colour tells the frame of the focused pane from the others; where it does not, the
    /// lines have to.
    pub(super) fn focus_has_a_color(&self) -> bool {
        self.color(Role::Focus).is_some()
    }

    /// White on red, the same on every background: both are colours of their own.
    fn badge(&self) -> Option<Style> {
        let (text, behind) = match self.colors {
            Colors::Many => (Color::Indexed(231), Color::Indexed(160)),
            Colors::Sixteen => (Color::White, Color::Red),
        };
        (!self.mono).then(|| Style::new().fg(text).bg(behind).add_modifier(Modifier::BOLD))
    }

    /// The colour of a role, where one is readable.
    fn color(&self, role: Role) -> Option<Color> {
        let palette = palette(role).filter(|_| !self.mono)?;
        match self.colors {
            Colors::Many => Some(Color::Indexed(palette.fixed.on(self.background))),
            Colors::Sixteen => palette.named.on(self.background),
        }
    }
}

/// One value for each background.
#[derive(Clone, Copy, Debug)]
struct ForBackground<T> {
    dark: T,
    light: T,
    unknown: T,
}

impl<T> ForBackground<T> {
    fn on(self, background: Background) -> T {
        match background {
            Background::Dark => self.dark,
            Background::Light => self.light,
            Background::Unknown => self.unknown,
        }
    }
}

/// The colours of a role.
#[derive(Clone, Copy, Debug)]
struct Palette {
    /// Of the 6x6x6 cube or of the greys.
    fixed: ForBackground<u8>,
    /// Of the 16, where the usual palettes agree that it is readable: nothing is on both.
    named: ForBackground<Option<Color>>,
}

const fn palette(role: Role) -> Option<Palette> {
    let ([dark, light, unknown], [dark_name, light_name]) = match role {
        // #9e9e9e, #585858, #767676
        Role::Muted | Role::Stale => ([247, 240, 243], [None, None]),
        // #808080: frames step back behind what they hold.
        Role::Border => ([244, 244, 244], [None, None]),
        // #5fd7d7, #005f87, #5f5fff
        Role::Focus => ([80, 24, 63], [Some(Color::Cyan), Some(Color::Blue)]),
        // #87d787, #005f00, #00875f
        Role::Good => ([114, 22, 29], [Some(Color::Green), None]),
        // #d787d7, #870087, #d700af
        Role::Caution => ([176, 90, 163], [Some(Color::LightMagenta), None]),
        // #ff8787, #af0000, #af5f5f
        Role::Danger => ([210, 124, 131], [Some(Color::LightRed), Some(Color::Red)]),
        Role::Text
        | Role::Money
        | Role::Heading
        | Role::Key
        | Role::Selection
        | Role::Input
        | Role::Prod => return None,
    };
    Some(Palette {
        fixed: ForBackground { dark, light, unknown },
        named: ForBackground { dark: dark_name, light: light_name, unknown: None },
    })
}

#[cfg(test)]
mod tests;
