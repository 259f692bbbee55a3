//! `--since`: from when on, in the words of a filter's `since:`.

use jiff::Timestamp;

use super::failure::Failure;
use crate::contract::{self, Rows, View};
use crate::domain::text;

/// The time that was given.
///
/// # Errors
/// A usage failure, when it is no time, or one that has not come yet.
pub(crate) fn since(word: &str, view: &View) -> Result<Timestamp, Failure> {
    let quoted = text::clean(word);
    let is_one_word = !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '"');
    let parsed = is_one_word.then(|| {
        let filter = format!("since:{word}");
        contract::filter::parse(Rows::Transactions, &filter, view.now, &view.zone).ok()?.since()
    });
    match parsed.flatten() {
        Some(at) if at <= view.now => Ok(at),
        Some(_) => Err(Failure::usage(format!("--since {quoted}: that time has not come yet"))),
        None => Err(Failure::usage(format!(
            "--since {quoted}: write 15m, 8h, 2d, today, yesterday, 2026-04-01 or \
             2026-04-01T13:00"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn read(word: &str) -> Result<String, String> {
        let now = "2026-04-03T12:08:12Z".parse().expect("a time");
        let view = View { color: false, terminal: false, now, zone: TimeZone::UTC };
        since(word, &view).map(|at| at.to_string()).map_err(|failure| failure.words())
    }

    #[test]
    fn a_shift_begins_at_a_time_that_a_filter_would_take() {
        assert_eq!(read("8h"), Ok("2026-04-03T04:08:12Z".to_owned()));
        assert_eq!(read("today"), Ok("2026-04-03T00:00:00Z".to_owned()));
        assert_eq!(read("2026-04-01T13:00"), Ok("2026-04-01T13:00:00Z".to_owned()));
        for word in ["", "soon", "8", "8h or state:declined", "8h\"", "-8h", "2027-01-01"] {
            let words = read(word).expect_err(word);
            assert!(words.starts_with(&format!("--since {word}: ")), "{words}");
        }
    }
}
