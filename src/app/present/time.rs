//! Times as the board writes them, in the zone that it shows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::portfolio::Portfolio;

/// How much of a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// `14:05` today, `02Apr` on another day: five columns.
    Minutes,
    /// `14:05:09` today, `Apr 02` on another day, `2025-04` in another year: eight columns.
    Seconds,
    /// `14:05:09` today, `Apr 02 23:30` on another day: twelve columns.
    Full,
}

impl TimeFormat {
    /// For a table that has so many columns.
    pub(crate) const fn for_columns(columns: u16) -> Self {
        if columns < 100 { Self::Seconds } else { Self::Full }
    }
}

impl Portfolio {
    /// A time in the operator's zone.
    pub(crate) fn local_time(&self, at: Timestamp, format: TimeFormat) -> String {
        written(at, self.now, &self.zone, format)
    }
}

fn written(at: Timestamp, now: Timestamp, zone: &TimeZone, format: TimeFormat) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let today = at.date() == now.date();
    let format = match format {
        TimeFormat::Minutes if today => "%H:%M",
        TimeFormat::Minutes => "%d%b",
        TimeFormat::Seconds | TimeFormat::Full if today => "%H:%M:%S",
        TimeFormat::Full => "%b %d %H:%M",
        TimeFormat::Seconds if at.year() == now.year() => "%b %d",
        TimeFormat::Seconds => "%Y-%m",
    };
    at.strftime(format).to_string()
}

/// The offset that times are shown with: `+02`, `+05:30`.
pub(crate) fn offset(at: Timestamp, zone: &TimeZone) -> String {
    let seconds = zone.to_offset(at).seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}:{rest:02}", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_is_never_shown_as_today() {
        let now: Timestamp = "2026-04-03T12:08:12Z".parse().expect("a time");
        let at: Timestamp = "2026-04-02T23:30:00Z".parse().expect("a time");
        assert_eq!(written(at, now, &TimeZone::UTC, TimeFormat::Seconds), "Apr 02");
        assert_eq!(written(at, now, &TimeZone::UTC, TimeFormat::Full), "Apr 02 23:30");
        assert_eq!(written(at, now, &TimeZone::UTC, TimeFormat::Minutes), "02Apr");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(written(at, now, &east, TimeFormat::Seconds), "01:30:00");
        assert_eq!(offset(now, &east), "+02");
    }
}
