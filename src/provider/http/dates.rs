//! Dates and waiting times of HTTP headers.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Longest time that a provider may ask us to wait.
const LONGEST: Duration = Duration::from_secs(86_400);

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, also with a fraction, or a date against our
/// clock; a day at most. A date that is past means at once.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Some(seconds) = whole_seconds(value) {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let wait = now.until(http_date(value)?).ok()?;
    Some(Duration::try_from(wait).unwrap_or_default().min(LONGEST))
}

/// Seconds, rounded up; more than fit are a great many.
fn whole_seconds(value: &str) -> Option<u64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|b| b != b'0'));
    Some(whole.parse::<u64>().unwrap_or(u64::MAX).saturating_add(more))
}

/// A date in one of the three forms of RFC 9110, section 5.6.7, whatever its day of the week says.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = jiff::fmt::rfc2822::parse(text) {
        return Some(at.timestamp());
    }
    if let Some((_, rest)) = text.split_once(", ") {
        let rest = rest.strip_suffix("GMT").or_else(|| rest.strip_suffix("UTC"))?.trim_end();
        // `Sunday, 06-Nov-94 08:49:37 GMT`, or the usual form with a wrong day of the week.
        let civil = DateTime::strptime("%d-%b-%Y %H:%M:%S", rest)
            .ok()
            .filter(|civil| civil.year() > 999)
            .or_else(|| DateTime::strptime("%d-%b-%y %H:%M:%S", rest).ok())
            .or_else(|| DateTime::strptime("%d %b %Y %H:%M:%S", rest).ok())?;
        return utc(civil);
    }
    // `Sun Nov  6 08:49:37 1994`
    let (_, rest) = text.split_once(' ')?;
    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    utc(DateTime::strptime("%b %d %H:%M:%S %Y", &rest).ok()?)
}

fn utc(civil: DateTime) -> Option<Timestamp> {
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn dates_come_in_all_three_forms_of_http() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            " Sun, 06 Nov 1994 08:49:37 +0000 ",
        ] {
            assert_eq!(http_date(text), Some(at("1994-11-06T08:49:37Z")), "{text}");
        }
        assert_eq!(http_date("Saturday, 28-Nov-26 09:00:00 GMT"), Some(at("2026-11-28T09:00:00Z")));
        for text in [
            "",
            "soon",
            "Sunday",
            "Sun, 31 Feb 2026 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 CET",
            "1994-11-06",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_provider_may_ask_to_wait_in_every_form_and_for_a_day_at_most() {
        let now = at("2026-11-28T09:00:00Z");
        for (value, seconds) in [
            ("120", Some(120)),
            ("1.5", Some(2)),
            ("0.2", Some(1)),
            ("3.000", Some(3)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Sat, 28 Nov 2026 09:02:00 GMT", Some(120)),
            ("Saturday, 28-Nov-26 09:02:00 GMT", Some(120)),
            ("Sat Nov 28 09:02:00 2026", Some(120)),
            ("Sat, 28 Nov 2026 08:00:00 GMT", Some(0)),
            ("Fri, 28 Nov 2036 08:00:00 GMT", Some(86_400)),
            ("-1", None),
            ("1.5.2", None),
            ("1e3", None),
            (".5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
