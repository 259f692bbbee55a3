//! The only place that reads the clock. Tests give their own.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time. Pure code takes a [`Timestamp`] instead; tasks hold one of these.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock, in whole milliseconds: what the data file keeps, and what every JSON
    /// reader takes.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn real() -> Self {
        Self(Arc::new(|| millis(Timestamp::now())))
    }

    /// A clock that stands still.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self(Arc::new(move || at))
    }

    /// A clock made of a function.
    #[must_use]
    pub fn of(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// A clock that starts at `start` and advances with tokio's time, which tests can pause.
    #[must_use]
    pub fn from(start: Timestamp) -> Self {
        let began = tokio::time::Instant::now();
        Self(Arc::new(move || start.saturating_add(began.elapsed()).unwrap_or(Timestamp::MAX)))
    }

    /// The time now, in whole milliseconds where it is the machine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// A time without what is finer than a millisecond.
#[must_use]
pub fn millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
