//! What a provider keeps of the webhooks that it sent, read where some are missing: those that came
//! while nobody received, or were lost on the way.

use jiff::Timestamp;

use super::Engine;
use super::account::Account;
use super::lists::Patience;
use crate::provider::ErrorKind;

impl Engine {
    /// Reads a page of the records of an account, where that is due: inside its budget, and each
    /// event as if it were pushed now. A page a turn, so that a long list keeps nobody waiting.
    pub(super) async fn read_push_records(&self, account: &Account, now: Timestamp) {
        let Some((since, behind)) = self.push_records_due(account, now) else { return };
        let Ok(provider) = self.adapter(account).await else {
            return account.note_push_records(None, now);
        };
        let ask = || provider.webhook_records(since, behind);
        let page = match self.retry(account, Patience::Board, behind > 0, ask).await {
            Ok(page) => page,
            Err(error) => {
                // A hint less: the lists say what is so.
                tracing::info!("{}: records of webhooks: {error}", account.info.id);
                let comes_back = matches!(
                    error.kind,
                    ErrorKind::Unreachable | ErrorKind::RateLimited | ErrorKind::Auth
                );
                // Asked again in a minute; a refusal would be the same then, and ends it.
                let rows = if comes_back { None } else { Some(0) };
                return account.note_push_records(rows, self.0.clock.now());
            }
        };
        let (pushes, rows) = page.map_or((Vec::new(), 0), |page| (page.pushes, page.rows));
        let received_at = self.0.clock.now();
        let kept = pushes.into_iter().map(|push| self.keep_push(push, received_at, false));
        let all_are_kept = futures::future::join_all(kept).await.iter().all(Result::is_ok);
        account.note_push_records(all_are_kept.then_some(rows), received_at);
    }

    /// What of an account's records is to be read now; nothing while the operator types, or where
    /// there is no data file to keep it in.
    pub(super) fn push_records_due(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Option<(Timestamp, u64)> {
        if self.typing_until(now).is_some() || self.0.store.is_in_memory() {
            return None;
        }
        account.push_records_due(now)
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
