//! The adapter of an account, which arrives when its secrets do: no other account waits for them.

use std::sync::Arc;

use super::account::Account;
use super::{Engine, EngineEvent, HealthReason, HealthState, ProviderInfo};
use crate::config::secret::Source;
use crate::domain::card::ProviderId;
use crate::provider::{Error, ErrorKind, Provider, ProviderConfig};

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
    pub(super) fn health(&self, id: &ProviderId) -> (HealthState, Option<HealthReason>) {
        match self {
            Self::Pending(words) => (HealthState::Waiting, Some(HealthReason::unnamed(words))),
            Self::Ready(_) => (HealthState::Ok, None),
            Self::Failed(why) => (HealthState::Auth, Some(HealthReason::of_account(id, why))),
        }
    }
}

impl Account {
    /// The adapter now.
    ///
    /// # Errors
    /// Why there is none, or none yet.
    pub(super) fn provider(&self) -> Result<Arc<dyn Provider>, Error> {
        match &*self.adapter.borrow() {
            Adapter::Ready(provider) => Ok(Arc::clone(provider)),
            Adapter::Pending(words) => {
                Err(Error::new(&self.info.id, ErrorKind::Unreachable, words))
            }
            Adapter::Failed(why) => Err(Error::new(&self.info.id, ErrorKind::Auth, why)),
        }
    }

    /// What is waited for, if the adapter is not there yet.
    pub(super) fn waits_for(&self) -> Option<Arc<str>> {
        match &*self.adapter.borrow() {
            Adapter::Pending(words) => Some(Arc::clone(words)),
            Adapter::Ready(_) | Adapter::Failed(_) => None,
        }
    }

    /// Whether the adapter arrived, or cannot.
    pub(super) async fn arrival(&self) {
        let _ = self
            .adapter
            .subscribe()
            .wait_for(|adapter| !matches!(adapter, Adapter::Pending(_)))
            .await;
    }

    /// What is fixed of it, with what its adapter can do.
    pub(super) fn current_info(&self) -> ProviderInfo {
        ProviderInfo { capabilities: self.capabilities(), ..self.info.clone() }
    }
}

impl Engine {
    /// Starts to read the secrets of every account whose adapter is not there yet, each by itself.
    pub(super) fn fetch_adapters(&self) {
        for account in &self.0.accounts {
            let (Some(_), Some(http)) = (account.waits_for(), account.http.clone()) else {
                continue;
            };
            let (account, engine) = (Arc::clone(account), self.clone());
            let making = Arc::clone(&account);
            let made = tokio::task::spawn_blocking(move || {
                crate::provider::build(&making.config, http).map(Arc::from)
            });
            tokio::spawn(async move {
                let made =
                    made.await.unwrap_or_else(|died| Err(format!("cardtop itself failed: {died}")));
                account.set_adapter(made.into(), engine.0.clock.now());
            });
        }
    }

    /// The adapter of an account. The command line waits for it; the board never does.
    ///
    /// # Errors
    /// Why there is none, or none yet.
    pub(super) async fn adapter(&self, account: &Account) -> Result<Arc<dyn Provider>, Error> {
        if !self.0.polling {
            account.arrival().await;
        }
        account.provider()
    }

    /// Tells that an account's adapter arrived, and begins to read the account.
    pub(super) async fn read_when_ready(self, account: Arc<Account>) {
        if account.waits_for().is_some() {
            account.arrival().await;
            self.emit(EngineEvent::Provider(Box::new(account.current_info()))).await;
            if let Err(error) = account.provider() {
                self.make_stale(&account, &error.to_string().into()).await;
            }
            self.emit_health(&account).await;
        }
        if account.provider().is_ok() {
            self.keep_reading(account).await;
        }
    }
}
