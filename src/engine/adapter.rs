//! The adapter of an account, which arrives when its secrets do: no other account waits for them.

use std::sync::Arc;

use super::HealthState;
use crate::config::secret::Source;
use crate::provider::{Provider, ProviderConfig};

/// The adapter of an account, or why there is none.
#[derive(Clone)]
pub(super) enum Adapter {
    /// Its secrets are being read; the sentence says which, and for how long at most.
    Pending(Arc<str>),
    /// It can be asked.
    Ready(Arc<dyn Provider>),
    /// It could not be set up; the sentence says why, without the account's name.
    Failed(Arc<str>),
}

impl From<Result<Arc<dyn Provider>, String>> for Adapter {
    fn from(made: Result<Arc<dyn Provider>, String>) -> Self {
        match made {
            Ok(provider) => Self::Ready(provider),
            Err(why) => Self::Failed(why.into()),
        }
    }
}

impl Adapter {
    /// One whose secrets are not read yet.
    pub(super) fn pending(config: &ProviderConfig) -> Self {
        let waits: Vec<String> =
            config.settings.secrets().into_iter().filter_map(Source::wait).collect();
        Self::Pending(match &*waits {
            [] => "its secrets are being read".into(),
            waits => format!("waiting for its secrets ({})", waits.join("; ")).into(),
        })
    }

    pub(super) fn provider(&self) -> Option<&Arc<dyn Provider>> {
        match self {
            Self::Ready(provider) => Some(provider),
            Self::Pending(_) | Self::Failed(_) => None,
        }
    }

    /// How the account is with it, before anything is asked.
    pub(super) fn health(&self) -> (HealthState, Option<Arc<str>>) {
        match self {
            Self::Pending(words) => (HealthState::Waiting, Some(Arc::clone(words))),
            Self::Ready(_) => (HealthState::Ok, None),
            Self::Failed(why) => (HealthState::Auth, Some(Arc::clone(why))),
        }
    }
}
