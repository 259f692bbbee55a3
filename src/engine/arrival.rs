//! How adapters arrive: each account's secrets are read by themselves, and no account waits for
//! another's.

use std::sync::Arc;

use super::account::Account;
use super::adapter::Adapter;
use super::{Engine, EngineEvent, ProviderInfo};
use crate::provider::{Error, ErrorKind, Provider};

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
        let waited = account.waits_for().is_some();
        account.arrival().await;
        // Also where it came before this began: whoever shows it may have looked still earlier.
        self.emit(EngineEvent::Provider(Box::new(account.current_info()))).await;
        if waited || account.provider().is_err() {
            if let Err(error) = account.provider() {
                self.make_stale(&account, &error.sentence().into()).await;
            }
            self.emit_health(&account).await;
        }
        if account.provider().is_ok() {
            self.keep_reading(account).await;
        }
    }
}
