//! What a provider keeps of the webhooks that it sent, read where some are missing: those that came
//! while nobody received, or were lost on the way.

use jiff::Timestamp;

use super::Engine;
use super::account::Account;
use super::lists::Patience;

/// Most pages that are read at once. What is older was found by the lists all the same.
const MOST_PAGES: usize = 100;

impl Engine {
    /// Reads the records of an account, where that is due: inside its budget, and each event as if
    /// it were pushed now.
    pub(super) async fn read_push_records(&self, account: &Account, now: Timestamp) {
        let Some(since) = account.push_records_due(now) else { return };
        let Ok(provider) = self.adapter(account).await else { return };
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let ask = || provider.webhook_records(since, offset);
            let page = match self.retry(account, Patience::Board, offset > 0, ask).await {
                Ok(Some(page)) if page.rows > 0 => page,
                Ok(_) => return,
                Err(error) => {
                    // A hint less: the lists say what is so. It is asked for again later.
                    tracing::info!("{}: records of webhooks: {error}", account.info.id);
                    account.want_push_records(since);
                    return;
                }
            };
            offset += page.rows;
            let received_at = self.0.clock.now();
            let kept = page.pushes.into_iter().map(|push| self.keep_push(push, received_at));
            if futures::future::join_all(kept).await.iter().any(Result::is_err) {
                account.want_push_records(since);
                return;
            }
        }
    }

    /// The receiver begins: what was pushed since an account's last event, while nobody received,
    /// is to be asked for. Nothing is missed where nothing was ever received.
    pub(super) async fn want_missed_pushes(&self) {
        for account in &self.0.accounts {
            if let Ok(Some(last)) = self.0.store.newest_push_of(account.info.id.clone()).await {
                account.want_push_records(last);
            }
        }
    }
}
