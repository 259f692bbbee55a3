//! What a terminal can show, as its environment says: colours and box drawing.
//!
//! Pure functions of the environment. The commands that print use them too.

use crate::config::{Glyphs, ThemeChoice};
use crate::ui::theme::{Background, Colors, Theme};

/// How the names of terminals begin that ignore what they do not understand.
const CAPABLE: [&str; 15] = [
    "xterm",
    "rxvt",
    "vte",
    "gnome",
    "konsole",
    "kitty",
    "alacritty",
    "foot",
    "wezterm",
    "ghostty",
    "tmux",
    "st-",
    "contour",
    "iterm2",
    "mlterm",
];

/// Whether to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Where the terminal can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether a terminal in this environment gets colours.
    pub fn is_on(self, environment: impl Fn(&str) -> Option<String>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let unwanted = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
                !unwanted && environment("TERM").as_deref() != Some("dumb")
            }
        }
    }
}

/// How to draw: what was chosen, else what the environment says. A variable without a value counts
/// as not set.
pub(super) fn theme(
    glyphs: Glyphs,
    color: Color,
    choice: ThemeChoice,
    environment: impl Fn(&str) -> Option<String>,
) -> Theme {
    let ascii = match glyphs {
        Glyphs::Ascii => true,
        Glyphs::Unicode => false,
        Glyphs::Auto => breaks_box_drawing(&environment),
    };
    let background = match choice {
        ThemeChoice::Dark => Background::Dark,
        ThemeChoice::Light => Background::Light,
        ThemeChoice::Auto => background(&environment),
    };
    let mono = !color.is_on(&environment);
    Theme { mono, ascii, background, colors: colors(&environment) }
}

/// What `COLORFGBG` says: rxvt, Konsole and some others set it to the numbers of their text and
/// background, such as `15;0` or `0;default;15`.
fn background(environment: impl Fn(&str) -> Option<String>) -> Background {
    let colors = environment("COLORFGBG").unwrap_or_default();
    match colors.rsplit(';').next().map(str::parse) {
        Some(Ok(0..=6 | 8)) => Background::Dark,
        Some(Ok(7 | 9..=15)) => Background::Light,
        Some(Ok(16_u8..) | Err(_)) | None => Background::Unknown,
    }
}

/// 256 where the environment promises them.
fn colors(environment: impl Fn(&str) -> Option<String>) -> Colors {
    const FAMILIES: [&str; 8] = [
        "xterm-kitty",
        "xterm-ghostty",
        "alacritty",
        "foot",
        "wezterm",
        "contour",
        "iterm2",
        "vte",
    ];
    let term = environment("TERM").unwrap_or_default();
    let promised = ["256color", "direct"].iter().any(|word| term.contains(word))
        || FAMILIES.iter().any(|name| term.starts_with(name))
        || environment("COLORTERM").is_some_and(|value| !value.is_empty());
    if promised { Colors::Many } else { Colors::Sixteen }
}

/// Whether the terminal may be asked for its background. Only those that are known to answer, or to
/// ignore what they do not understand: others print the question.
pub(super) fn may_be_asked(environment: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let term = set("TERM").unwrap_or_default();
    // tmux answers by itself, also where it calls itself screen. screen passes nothing on, and what
    // is behind Emacs is not a terminal.
    let known = CAPABLE.iter().any(|name| term.starts_with(name)) || set("TMUX").is_some();
    known && set("STY").is_none() && set("INSIDE_EMACS").is_none() && cfg!(unix)
}

/// Whether the terminal deletes and inserts lines and characters when it is asked to: a VT220 does,
/// and all that call themselves by a name known here.
pub(super) fn moves_cells(environment: impl Fn(&str) -> Option<String>) -> bool {
    const PLAIN: [&str; 9] =
        ["screen", "linux", "putty", "cygwin", "nsterm", "wsvt25", "vt220", "vt320", "vt420"];
    let term = environment("TERM").unwrap_or_default();
    CAPABLE.iter().chain(&PLAIN).any(|name| term.starts_with(name))
}

/// Whether frames of box drawing would break: without UTF-8, on the Linux console, and in
/// languages whose terminals draw them two columns wide.
fn breaks_box_drawing(environment: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let locale = locale.unwrap_or_default().to_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    let wide = ["zh", "ja", "ko"].iter().any(|language| locale.starts_with(language));
    !utf8 || wide || matches!(set("TERM").as_deref(), Some("linux" | "dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(environment: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            let set = environment.iter().find(|(known, _)| *known == name);
            set.map(|(_, value)| (*value).to_owned())
        }
    }

    fn seen(glyphs: Glyphs, color: Color, environment: &[(&str, &str)]) -> (bool, bool) {
        let theme = theme(glyphs, color, ThemeChoice::Auto, within(environment));
        (theme.mono, theme.ascii)
    }

    #[test]
    fn the_background_is_what_was_chosen_else_what_the_terminal_exports() {
        let seen = |choice, value| {
            theme(Glyphs::Auto, Color::Auto, choice, within(&[("COLORFGBG", value)])).background
        };
        for (value, background) in [
            ("15;0", Background::Dark),
            ("7;8", Background::Dark),
            ("0;15", Background::Light),
            ("0;default;15", Background::Light),
            ("0;7", Background::Light),
            ("15;default", Background::Unknown),
            ("0;300", Background::Unknown),
            ("", Background::Unknown),
        ] {
            assert_eq!(seen(ThemeChoice::Auto, value), background, "{value}");
        }
        assert_eq!(seen(ThemeChoice::Dark, "0;15"), Background::Dark);
        assert_eq!(seen(ThemeChoice::Light, "15;0"), Background::Light);
    }

    #[test]
    fn the_fixed_colours_are_used_where_256_are_promised() {
        let many = |environment: &[(&str, &str)]| colors(within(environment)) == Colors::Many;
        assert!(many(&[("TERM", "xterm-256color")]));
        assert!(many(&[("TERM", "tmux-256color")]));
        assert!(many(&[("TERM", "xterm-kitty")]));
        assert!(many(&[("TERM", "foot")]));
        assert!(many(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]));
        assert!(!many(&[("TERM", "xterm"), ("COLORTERM", "")]));
        assert!(!many(&[("TERM", "screen")]));
        assert!(!many(&[("TERM", "linux")]));
        assert!(!many(&[]));
    }

    #[cfg(unix)]
    #[test]
    fn no_terminal_is_asked_that_would_print_the_question() {
        let asked = |environment: &[(&str, &str)]| may_be_asked(within(environment));
        assert!(asked(&[("TERM", "xterm-256color")]));
        assert!(asked(&[("TERM", "xterm-kitty")]));
        assert!(asked(&[("TERM", "screen-256color"), ("TMUX", "/tmp/tmux-0/default,1,0")]));
        for silent in ["dumb", "linux", "vt100", "eterm-color", "screen", "screen-256color", ""] {
            assert!(!asked(&[("TERM", silent)]), "{silent}");
        }
        assert!(!asked(&[("TERM", "xterm-256color"), ("STY", "12.pts-0.host")]));
        assert!(!asked(&[("TERM", "xterm-256color"), ("INSIDE_EMACS", "29.1,comint")]));
        assert!(!asked(&[]));
    }

    #[test]
    fn cells_are_moved_by_terminals_that_are_known_to_do_it() {
        let moves = |term: &str| moves_cells(within(&[("TERM", term)]));
        for able in ["xterm-256color", "tmux-256color", "screen", "linux", "foot", "xterm-kitty"] {
            assert!(moves(able), "{able}");
        }
        for unknown in ["dumb", "vt52", "vt100", "vt102", "eterm-color", "teletype", ""] {
            assert!(!moves(unknown), "{unknown}");
        }
        assert!(!moves_cells(within(&[])));
    }

    #[test]
    fn colours_follow_the_flag_then_no_color_then_the_terminal() {
        let utf8 = ("LANG", "sv_SE.UTF-8");
        assert_eq!(
            seen(Glyphs::Auto, Color::Auto, &[utf8, ("TERM", "xterm-256color")]),
            (false, false)
        );
        assert_eq!(seen(Glyphs::Auto, Color::Auto, &[utf8, ("NO_COLOR", "1")]), (true, false));
        assert_eq!(seen(Glyphs::Auto, Color::Always, &[utf8, ("NO_COLOR", "1")]), (false, false));
        assert_eq!(seen(Glyphs::Auto, Color::Never, &[utf8]), (true, false));
        assert!(seen(Glyphs::Auto, Color::Auto, &[utf8, ("TERM", "dumb")]).0);
    }

    #[test]
    fn frames_are_ascii_where_box_drawing_would_break() {
        let ascii = |environment: &[(&str, &str)]| seen(Glyphs::Auto, Color::Auto, environment).1;
        assert!(ascii(&[]));
        assert!(ascii(&[("LANG", "C")]));
        assert!(!ascii(&[("LANG", "C.UTF-8")]));
        assert!(!ascii(&[("LANG", "de_DE.utf8")]));
        assert!(ascii(&[("LANG", "ja_JP.UTF-8")]));
        assert!(ascii(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(ascii(&[("LANG", "de_DE.UTF-8"), ("TERM", "linux")]));
        assert!(!seen(Glyphs::Unicode, Color::Auto, &[]).1);
        assert!(seen(Glyphs::Ascii, Color::Auto, &[("LANG", "de_DE.UTF-8")]).1);
    }
}
