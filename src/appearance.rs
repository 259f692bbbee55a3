//! What the configuration and the environment say about output, on the board and in a shell alike:
//! whether to use colours, and the time zone.

use jiff::tz::TimeZone;

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
    /// Whether to use colours on a terminal. `environment` is the value of a variable; an empty one
    /// counts as not set.
    pub fn is_wanted(self, environment: impl Fn(&str) -> Option<String>) -> bool {
        let value = |name| environment(name).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => value("NO_COLOR").is_none() && value("TERM").as_deref() != Some("dumb"),
        }
    }
}

/// Not a name of the time zone database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {0}")]
pub struct UnknownZone(String);

/// The time zone of this name; `local` is the machine's.
///
/// # Errors
/// When the time zone database does not know it.
pub fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    match name {
        "local" => Ok(TimeZone::system()),
        name => TimeZone::get(name).map_err(|_| UnknownZone(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let wanted = |color: Color, set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name);
            color.is_wanted(|name| value(name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(wanted(Color::Auto, &[("TERM", "xterm")]));
        assert!(wanted(Color::Auto, &[("NO_COLOR", "")]));
        assert!(!wanted(Color::Auto, &[("NO_COLOR", "1")]));
        assert!(!wanted(Color::Auto, &[("TERM", "dumb")]));
        assert!(wanted(Color::Always, &[("NO_COLOR", "1")]));
        assert!(!wanted(Color::Never, &[]));
    }

    #[test]
    fn a_time_zone_is_known_or_named_as_unknown() {
        assert!(zone("UTC").is_ok() && zone("local").is_ok());
        let error = zone("Europe/Atlantis").expect_err("no such zone");
        assert_eq!(error.to_string(), "there is no time zone Europe/Atlantis");
    }
}
