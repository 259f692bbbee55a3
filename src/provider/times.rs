//! Times as the wires write them. Each form is read only where it can mean one time; everything
//! else is an error of its row.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::row_error::RowError;
use crate::clock::millis;

/// A time in whole milliseconds, in one of these forms:
///
/// | form | example |
/// |---|---|
/// | RFC 3339, with `T` or a blank | `2025-07-10T16:43:50Z`, `2025-07-10 22:13:50 +0530` |
/// | the same without an offset: a time of `zone` | `2025-07-10T16:43:50`, `2025-07-09T24:00:00` |
/// | a date: its midnight in `zone` | `2025-07-10`, `20250710` |
/// | compact | `20250710164350`, `20250710T164350Z` |
/// | Unix time in s, ms, µs or ns, also with a fraction | `1752165830`, `1752165830.5` |
/// | as Java's default format writes it | `Jul 10, 2025 4:43:50 PM` |
///
/// `None` for everything else.
#[must_use]
pub fn read_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    // Newer Java prints a narrow no-break space before AM and PM.
    let text: String =
        text.trim().chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(&text) {
        return compact(&text, zone).or_else(|| unix(&text, ""));
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && digits(whole)
        && digits(fraction)
    {
        return unix(whole, fraction);
    }
    let text = offset_attached(&text);
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(millis(at));
    }
    let in_zone =
        |local: DateTime| local.to_zoned(zone.clone()).ok().map(|zoned| millis(zoned.timestamp()));
    if let Some(at) = at_midnight_of_the_next_day(&text) {
        return read_time(&at, zone);
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return in_zone(local);
    }
    DateTime::strptime("%b %d, %Y %I:%M:%S %p", &text).ok().and_then(in_zone)
}

/// The time of a row, as long as it is plausible: not before 2000, and not more than a day after
/// `now`, since the provider's clock may be ahead. Anything else is a form that was misread, and
/// would stay at the top of the feed for ever.
///
/// # Errors
/// When it is outside; the sentence names the field and the time.
pub fn plausible(name: &str, at: Timestamp, now: Timestamp) -> Result<Timestamp, RowError> {
    let latest = now.saturating_add(24.hours()).unwrap_or(Timestamp::MAX);
    if at < YEAR_2000 {
        Err(RowError::new(&format!("{name} is before the year 2000: {at}")))
    } else if at > latest {
        Err(RowError::new(&format!("{name} is more than a day ahead: {at}")))
    } else {
        Ok(at)
    }
}

const YEAR_2000: Timestamp = Timestamp::constant(946_684_800, 0);

/// `YYYYMMDD`, with `HHMM` or `HHMMSS` behind it or without, in the zone. Only years from 1990 to
/// 2099 count: other digits of this length are a Unix time.
fn compact(digits: &str, zone: &TimeZone) -> Option<Timestamp> {
    if !matches!(digits.len(), 8 | 12 | 14) {
        return None;
    }
    let part = |from: usize, to: usize| {
        digits.get(from..to).map_or(Some(0), |part| part.parse::<i8>().ok())
    };
    let year = digits.get(..4)?.parse::<i16>().ok().filter(|year| (1990..2100).contains(year))?;
    let date = Date::new(year, part(4, 6)?, part(6, 8)?).ok()?;
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let (date, hour) = if (hour, minute, second) == (24, 0, 0) {
        (date.tomorrow().ok()?, 0)
    } else {
        (date, hour)
    };
    let local = date.to_datetime(jiff::civil::Time::new(hour, minute, second, 0).ok()?);
    local.to_zoned(zone.clone()).ok().map(|zoned| millis(zoned.timestamp()))
}

/// Unix time: up to ten digits are seconds, up to 13 milliseconds, up to 16 microseconds, up to 19
/// nanoseconds.
fn unix(whole: &str, fraction: &str) -> Option<Timestamp> {
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        0..=11 => {
            let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
            let millis = number.checked_mul(1_000)?.checked_add(thousandths.parse().ok()?)?;
            Timestamp::from_millisecond(millis).ok()
        }
        12..=14 => Timestamp::from_millisecond(number).ok(),
        15..=16 => Timestamp::from_millisecond(number / 1_000).ok(),
        _ => Timestamp::from_millisecond(number / 1_000_000).ok(),
    }
}

/// The same text without a blank before its offset, and `Z` for `UTC` and `GMT`.
fn offset_attached(text: &str) -> String {
    for name in [" UTC", " GMT", " Z", "UTC", "GMT"] {
        if let Some(local) = text.strip_suffix(name) {
            return format!("{}Z", local.trim_end());
        }
    }
    match text.rsplit_once(' ') {
        Some((local, offset)) if offset.starts_with(['+', '-']) && local.contains(':') => {
            format!("{}{offset}", local.trim_end())
        }
        _ => text.to_owned(),
    }
}

/// `…T24:00:00` as the beginning of the day after.
fn at_midnight_of_the_next_day(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let rest = time.strip_prefix("24:00:00").or_else(|| time.strip_prefix("24:00"))?;
    let rest = rest.trim_start_matches(['.', '0']);
    let offset = rest.is_empty() || rest.starts_with(['+', '-', 'Z', 'z']);
    let next = date.parse::<Date>().ok()?.tomorrow().ok()?;
    offset.then(|| format!("{next}T00:00:00{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        read_time(text, &TimeZone::UTC).map(|at| at.to_string())
    }

    #[test]
    fn times_come_in_every_documented_form() {
        for text in [
            "2025-07-10T16:43:50Z",
            "2025-07-10T16:43:50+00:00",
            "2025-07-10T16:43:50",
            "2025-07-10 16:43:50",
            "2025-07-10 22:13:50 +0530",
            "2025-07-10T22:13:50 +05:30",
            "2025-07-10T22:13:50+0530",
            "2025-07-10 16:43:50 UTC",
            "Jul 10, 2025 4:43:50 PM",
            "Jul 10, 2025 4:43:50\u{202f}PM",
            "20250710164350",
            "20250710T164350Z",
            "1752165830",
            "1752165830000",
            "1752165830000000",
            "1752165830000000000",
            "1752165830.0",
        ] {
            assert_eq!(read(text).as_deref(), Some("2025-07-10T16:43:50Z"), "{text}");
        }
        assert_eq!(read("2023-01-31T15:06:38.963").as_deref(), Some("2023-01-31T15:06:38.963Z"));
    }

    #[test]
    fn a_time_with_a_fraction_of_a_second_is_read() {
        assert_eq!(read("1795849200.5").as_deref(), Some("2026-11-28T07:00:00.5Z"));
        assert_eq!(read("1795849200.123456").as_deref(), Some("2026-11-28T07:00:00.123Z"));
    }

    #[test]
    fn midnight_may_be_written_as_24_o_clock() {
        for text in [
            "2026-11-27T24:00:00",
            "2026-11-27 24:00:00",
            "2026-11-27T24:00:00Z",
            "2026-11-27T24:00:00.000",
            "20261127240000",
        ] {
            assert_eq!(read(text).as_deref(), Some("2026-11-28T00:00:00Z"), "{text}");
        }
        assert_eq!(read("2026-11-28T24:00:00 +0530").as_deref(), Some("2026-11-28T18:30:00Z"));
        assert_eq!(read("2026-11-27T24:00:01"), None);
    }

    #[test]
    fn compact_dates_are_dates_and_never_seconds() {
        assert_eq!(read("20261128").as_deref(), Some("2026-11-28T00:00:00Z"));
        assert_eq!(read("20261128070000").as_deref(), Some("2026-11-28T07:00:00Z"));
        assert_eq!(read("202611280700").as_deref(), Some("2026-11-28T07:00:00Z"));
        let india = TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
        assert_eq!(
            read_time("20261128", &india).map(|at| at.to_string()).as_deref(),
            Some("2026-11-27T18:30:00Z")
        );
    }

    #[test]
    fn what_may_mean_two_moments_is_not_read() {
        for text in [
            "yesterday",
            "",
            "10/07/2025",
            "10.07.2025",
            "2025-13-01",
            "12:00",
            "1,752,165,830",
            "-5",
            "0x10",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_before_2000_or_more_than_a_day_ahead_is_odd() {
        let now: Timestamp = "2026-11-28T07:00:00Z".parse().expect("a time");
        let judged =
            |text: &str| read_time(text, &TimeZone::UTC).map(|at| plausible("date", at, now));
        assert!(matches!(judged("2026-11-29T06:59:00Z"), Some(Ok(_))));
        assert!(matches!(judged("2000-01-01T00:00:00Z"), Some(Ok(_))));
        let said = |text: &str| judged(text).expect("a time").expect_err(text).0.to_string();
        assert_eq!(said("26112807"), "date is before the year 2000: 1970-10-30T05:33:27Z");
        assert!(said("2026-11-30T00:00:00Z").starts_with("date is more than a day ahead"));
        assert!(said("0").contains("before the year 2000"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in ".{0,40}") {
            let _ = read_time(&text, &TimeZone::UTC);
        }

        #[test]
        fn any_digits_are_a_time_or_none(text in "[0-9]{0,22}(\\.[0-9]{0,12})?") {
            let _ = read_time(&text, &TimeZone::UTC);
        }
    }
}
