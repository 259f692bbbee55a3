//! Why an account cannot be asked now: its provider is down, refuses the credentials, asked to be
//! left alone, or the operator paused it.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, Zoned};

use crate::domain::card::ProviderId;

/// An account that cannot be asked now: every change of its cards is refused.
///
/// [`Display`](fmt::Display) is one sentence with the reason and the next try:
/// `enkash is DOWN since 14:05, next try in 12 s: no connection`.
#[derive(Clone, Debug, PartialEq)]
pub struct Unavailable {
    /// The account.
    pub provider: ProviderId,
    /// What keeps it from being asked.
    pub cause: UnavailableCause,
    /// Since when, in the operator's zone.
    pub since: Zoned,
    /// What was wrong the last time, without the account's name.
    pub why: Option<Arc<str>>,
    /// When it is asked again by itself; `None` when that is under way or not planned.
    pub next_try: Option<Timestamp>,
    /// When this was found.
    pub now: Timestamp,
}

/// What keeps an account from being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnavailableCause {
    /// Its provider does not answer.
    Down,
    /// Its provider refuses the credentials.
    Auth,
    /// The operator paused its reading.
    Paused,
    /// Its provider asked not to be called for a while (`Retry-After`).
    AskedToWait,
}

impl Unavailable {
    /// How it is, without the reason: `enkash is DOWN`.
    #[must_use]
    pub fn in_short(&self) -> String {
        let state = match self.cause {
            UnavailableCause::Down => "is DOWN",
            UnavailableCause::Auth => "is AUTH",
            UnavailableCause::Paused => "is PAUSED",
            UnavailableCause::AskedToWait => "asked not to be called so soon",
        };
        format!("{} {state}", self.provider)
    }

    /// How it is and since when: `enkash is DOWN since 14:05`.
    #[must_use]
    pub fn since(&self) -> String {
        let today = self.now.to_zoned(self.since.time_zone().clone()).date() == self.since.date();
        let since = self.since.strftime(if today { "%H:%M" } else { "%b %d %H:%M" });
        format!("{} since {since}", self.in_short())
    }

    /// When it is asked again: `, next try in 12 s`.
    fn next_try(&self) -> String {
        match (self.next_try, self.cause) {
            (Some(at), _) => format!(", next try in {}", wait(at.duration_since(self.now))),
            (None, UnavailableCause::Down) => ", being tried now".to_owned(),
            (None, _) => String::new(),
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            UnavailableCause::Paused => {
                return write!(f, "{}: let it be read again in the providers view", self.since());
            }
            UnavailableCause::Down | UnavailableCause::Auth => f.write_str(&self.since())?,
            UnavailableCause::AskedToWait => f.write_str(&self.in_short())?,
        }
        f.write_str(&self.next_try())?;
        self.why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}

/// `12 s`, `3 min`: whole seconds, the begun one counted.
fn wait(wait: SignedDuration) -> String {
    let seconds = u64::try_from(wait.as_millis().max(0)).unwrap_or(0).div_ceil(1000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120.. => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time of the test")
    }

    #[test]
    fn it_names_the_account_once_with_the_reason_and_the_next_try() {
        let down = Unavailable {
            provider: ProviderId::new("enkash"),
            cause: UnavailableCause::Down,
            since: at("2026-04-03T14:05:00Z").to_zoned(TimeZone::UTC),
            why: Some("no connection".into()),
            next_try: Some(at("2026-04-03T14:06:11.2Z")),
            now: at("2026-04-03T14:06:00Z"),
        };
        let expected = "enkash is DOWN since 14:05, next try in 12 s: no connection";
        assert_eq!(down.to_string(), expected);
        let trying = Unavailable { next_try: None, why: None, ..down.clone() };
        assert_eq!(trying.to_string(), "enkash is DOWN since 14:05, being tried now");
        let later = Unavailable { now: at("2026-04-04T00:06:00Z"), ..trying };
        assert_eq!(later.since(), "enkash is DOWN since Apr 03 14:05");
        let auth = Unavailable {
            cause: UnavailableCause::Auth,
            next_try: Some(at("2026-04-03T14:20:00Z")),
            why: Some("HTTP 401: bad token".into()),
            ..down.clone()
        };
        let expected = "enkash is AUTH since 14:05, next try in 14 min: HTTP 401: bad token";
        assert_eq!(auth.to_string(), expected);
        let paused = Unavailable { cause: UnavailableCause::Paused, ..down };
        let expected = "enkash is PAUSED since 14:05: let it be read again in the providers view";
        assert_eq!(paused.to_string(), expected);
    }
}
