//! Times as the board writes them, in the zone that it shows.
//!
//! One rule for every pane: `14:02:08` today, `28 Nov 14:02` on another day of this year,
//! `28 Nov 2025` in another year. A table that is too narrow for it drops the time of other days,
//! in all of its rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::portfolio::Portfolio;

/// How much of a time of another day is written; a time of today is `14:05:09`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// `28 Nov`, `Nov 2025` in another year: eight columns.
    Brief,
    /// `28 Nov 14:02`, `28 Nov 2025` in another year: twelve columns.
    Full,
    /// As [`Self::Full`], in a sentence that may be read to somebody: `14:05` today.
    Sentence,
}

impl TimeFormat {
    /// The most columns that a time takes.
    pub(crate) const fn columns(self) -> usize {
        match self {
            Self::Brief => 8,
            Self::Full | Self::Sentence => 12,
        }
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
    let format = match format {
        TimeFormat::Sentence if at.date() == now.date() => "%H:%M",
        TimeFormat::Brief | TimeFormat::Full if at.date() == now.date() => "%H:%M:%S",
        TimeFormat::Brief if at.year() == now.year() => "%d %b",
        TimeFormat::Brief => "%b %Y",
        TimeFormat::Full | TimeFormat::Sentence if at.year() == now.year() => "%d %b %H:%M",
        TimeFormat::Full | TimeFormat::Sentence => "%d %b %Y",
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
    fn another_day_is_never_shown_as_today_and_another_year_never_as_this_one() {
        let time = |text: &str| text.parse::<Timestamp>().expect("a time of the test");
        let now = time("2026-04-03T12:08:12Z");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        for (at, brief, full) in [
            ("2026-04-03T12:05:09Z", "14:05:09", "14:05:09"),
            ("2026-04-02T23:30:00Z", "01:30:00", "01:30:00"),
            ("2026-04-02T21:30:00Z", "02 Apr", "02 Apr 23:30"),
            ("2025-11-28T13:02:08Z", "Nov 2025", "28 Nov 2025"),
        ] {
            for (format, wanted) in [(TimeFormat::Brief, brief), (TimeFormat::Full, full)] {
                let written = written(time(at), now, &east, format);
                assert_eq!(written, wanted, "{at}");
                assert!(written.len() <= format.columns(), "{written}");
            }
        }
        assert_eq!(offset(now, &east), "+02");
    }
}
