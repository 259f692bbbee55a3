//! Times and spans as a filter writes them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::FilterError;
use super::lex::Token;

/// What times of a filter are relative to.
pub(super) struct Times<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
}

impl Times<'_> {
    pub(super) fn parse(&self, token: &Token, text: &str) -> Result<Timestamp, FilterError> {
        self.read(text).ok_or_else(|| {
            token.error(
                "that is not a time: write 15m, 8h, 2d, today, yesterday, 2026-04-01 or \
                 2026-04-01T13:00",
            )
        })
    }

    /// A time ago, the beginning of a day, or a time of the zone where it names none itself.
    fn read(&self, text: &str) -> Option<Timestamp> {
        if let Some(ago) = span(text) {
            return self.now.checked_sub(ago).ok();
        }
        let today = self.now.to_zoned(self.zone.clone()).date();
        let civil = match text.to_ascii_lowercase().as_str() {
            "today" => today.to_datetime(Time::midnight()),
            "yesterday" => today.yesterday().ok()?.to_datetime(Time::midnight()),
            _ => {
                let upper = text.to_ascii_uppercase();
                if let Ok(at) = upper.parse::<Timestamp>() {
                    return Some(at);
                }
                upper
                    .parse::<DateTime>()
                    .ok()
                    .or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())))?
            }
        };
        Some(civil.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

/// `30s`, `15m`, `8h`, `2d`, `1w`.
pub(super) fn span(text: &str) -> Option<SignedDuration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let count: i64 = text.get(..split)?.parse().ok().filter(|count| *count <= 1_000_000)?;
    let seconds = match text.get(split..)?.to_ascii_lowercase().as_str() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(SignedDuration::from_secs(count * seconds))
}
