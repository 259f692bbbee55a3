//! Times as the board writes them, in the zone that it shows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `14:05:09` today, `Apr 02` on another day; with twelve columns also the time of another day,
/// with five no seconds.
pub(crate) fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone, columns: usize) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    if columns < 8 {
        let format = if at.date() == now.date() { "%H:%M" } else { "%d%b" };
        at.strftime(format).to_string()
    } else if at.date() == now.date() {
        at.strftime("%H:%M:%S").to_string()
    } else if columns >= 12 {
        at.strftime("%b %d %H:%M").to_string()
    } else if at.year() == now.year() {
        at.strftime("%b %d").to_string()
    } else {
        at.strftime("%Y-%m").to_string()
    }
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
        assert_eq!(clock(at, now, &TimeZone::UTC, 8), "Apr 02");
        assert_eq!(clock(at, now, &TimeZone::UTC, 12), "Apr 02 23:30");
        assert_eq!(clock(at, now, &TimeZone::UTC, 5), "02Apr");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(clock(at, now, &east, 8), "01:30:00");
        assert_eq!(offset(now, &east), "+02");
    }
}
