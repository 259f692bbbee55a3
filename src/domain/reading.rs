//! A value that carries the time it was read and whether a later attempt failed.

use std::sync::Arc;

use jiff::Timestamp;

/// A figure, and what it is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reading<T> {
    /// Never read.
    #[default]
    Never,
    /// Read at this time, and the last attempt succeeded.
    At {
        /// What was read.
        value: T,
        /// When.
        at: Timestamp,
    },
    /// Read at this time; a later attempt failed, so it may be old.
    Stale {
        /// What was read.
        value: T,
        /// When.
        at: Timestamp,
        /// Why there is nothing newer, in the provider's or our words.
        why: Arc<str>,
    },
}

impl<T> Reading<T> {
    /// What was read, however old.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Never => None,
            Self::At { value, .. } | Self::Stale { value, .. } => Some(value),
        }
    }

    /// When it was read.
    #[must_use]
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At { at, .. } | Self::Stale { at, .. } => Some(*at),
        }
    }

    /// Why it may be old, if a later attempt failed.
    #[must_use]
    pub fn why_stale(&self) -> Option<&str> {
        match self {
            Self::Stale { why, .. } => Some(why),
            Self::Never | Self::At { .. } => None,
        }
    }

    /// As if it had been read at this moment where it says a later one: a clock that was ahead has
    /// no say.
    #[must_use]
    pub fn not_after(self, now: Timestamp) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::At { value, at } => Self::At { value, at: at.min(now) },
            Self::Stale { value, at, why } => Self::Stale { value, at: at.min(now), why },
        }
    }

    /// The same figure, known to be possibly old.
    #[must_use]
    pub fn stale(self, why: &Arc<str>) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::At { value, at } | Self::Stale { value, at, .. } => {
                Self::Stale { value, at, why: Arc::clone(why) }
            }
        }
    }
}
