//! What a terminal can show, as its environment says: colours and box drawing.
//!
//! Pure functions of the environment. The commands that print use them too.

use crate::config::Glyphs;
use crate::ui::theme::Theme;

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
    environment: impl Fn(&str) -> Option<String>,
) -> Theme {
    let ascii = match glyphs {
        Glyphs::Ascii => true,
        Glyphs::Unicode => false,
        Glyphs::Auto => breaks_box_drawing(&environment),
    };
    Theme { mono: !color.is_on(environment), ascii }
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

    fn seen(glyphs: Glyphs, color: Color, environment: &[(&str, &str)]) -> (bool, bool) {
        let theme = theme(glyphs, color, |name| {
            environment
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        });
        (theme.mono, theme.ascii)
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
