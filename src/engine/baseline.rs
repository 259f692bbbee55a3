//! What a top-up is proven by beside the provider's word: the list just before sending, and the
//! card's figures since.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::{ChangeRequest, Engine, Refused};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{OnConflict, Operation};
use crate::domain::proof::{Baseline, UNMEASURED};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::http::Http;
use crate::provider::pages::{ReadMode, read_window};
use crate::provider::{Credits, Error, ErrorKind, Provider, Window};

/// An equal credit that is not older than this is shown before another one is sent.
const RECENT: SignedDuration = SignedDuration::from_mins(10);

/// How far the baseline reaches back beyond [`RECENT`]: rows may be a little older than they should
/// be.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// An equal top-up that stands in the card's list already.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentCredit {
    /// Its canonical id.
    pub id: Arc<str>,
    /// How long before now it came, by the provider's clock.
    pub ago: SignedDuration,
    /// Its sum.
    pub amount: Money,
}

impl Engine {
    /// The card's list just before a top-up is sent.
    ///
    /// # Errors
    /// When it cannot be read, or shows an equal top-up of the last minutes that the operator was
    /// not shown.
    pub(super) async fn baseline(
        &self,
        account: &Account,
        card: &Card,
        amount: Money,
        request: &ChangeRequest,
    ) -> Result<Baseline, Refused> {
        let provider = self.adapter(account).await.map_err(Refused::Unread)?;
        let (credits, baseline) =
            self.read_baseline(account, &*provider, card).await.map_err(Refused::Unread)?;
        let now = baseline.provider_time(baseline.read_at);
        let recent = credits.newest_of(amount, now.saturating_sub(RECENT).unwrap_or(now));
        if let Some(recent) = recent.filter(|recent| {
            request.on_conflict == OnConflict::Refuse
                && request.recent_credit.as_ref() != Some(&recent.id)
        }) {
            let seconds = now.duration_since(recent.at).as_secs().max(0);
            let words = format!(
                "a top-up of {amount} came {seconds} s ago, by this or another system (id {})",
                recent.id
            );
            return Err(Refused::Repeats { words, credit: Arc::clone(&recent.id) });
        }
        Ok(baseline)
    }

    async fn read_baseline(
        &self,
        account: &Account,
        provider: &dyn Provider,
        card: &Card,
    ) -> Result<(Credits, Baseline), Error> {
        let clock = || account.http.as_ref().and_then(Http::clock_offset);
        let now = self.0.clock.now();
        // Without a measured clock only the list tells what was there before: then it has to reach
        // further back.
        let back = clock().map_or(UNMEASURED, |clock| clock.uncertainty.max(RECENT)) + MARGIN;
        let theirs = now
            .saturating_add(clock().map_or(SignedDuration::ZERO, |clock| clock.offset))
            .unwrap_or(now);
        let since = theirs.saturating_sub(back).unwrap_or(theirs);
        let credits = self.record_outcome(account, provider.credits(card, since).await).await?;
        if credits.is_cut {
            let words = "the card's list goes on and on: what is in it already cannot be told";
            return Err(Error::new(&account.info.id, ErrorKind::BadReply, words));
        }
        let baseline = Baseline {
            read_at: now,
            since,
            credits: credits.ids.clone(),
            newest: credits.rows.iter().map(|row| row.at).max(),
            unread: credits.without_id,
            clock: clock(),
        };
        Ok((credits, baseline))
    }

    /// The newest equal top-up in the card's list that came within the last ten minutes, for the
    /// page on which a top-up is confirmed.
    ///
    /// # Errors
    /// What the provider said.
    pub async fn recent_credit(
        &self,
        card: &Card,
        amount: Money,
    ) -> Result<Option<RecentCredit>, Error> {
        let account = self.account(&card.key.provider)?;
        let provider = self.adapter(&account).await?;
        let (credits, baseline) = self.read_baseline(&account, &*provider, card).await?;
        let now = baseline.provider_time(baseline.read_at);
        let recent = credits.newest_of(amount, now.saturating_sub(RECENT).unwrap_or(now));
        Ok(recent.map(|row| RecentCredit {
            id: Arc::clone(&row.id),
            ago: now.duration_since(row.at).max(SignedDuration::ZERO),
            amount: row.amount,
        }))
    }

    /// Why the card's figures contradict that a credit of the list is on the card; `None` when they
    /// do not.
    ///
    /// With the credit, available must have grown by it, less what was spent since. Where it is
    /// nearer to what it would be without the credit, the credit is not believed. Figures that a
    /// provider does not send contradict nothing.
    pub(super) async fn contradiction(
        &self,
        account: &Account,
        card: &Card,
        operation: &Operation,
        credit: Option<&str>,
    ) -> Option<String> {
        let before = operation.before.balance?.available?;
        let baseline = operation.baseline.as_ref()?;
        let amount = operation.amount?;
        let provider = self.adapter(account).await.ok()?;
        let since = baseline.earliest(operation.created_at);
        let rows = match self.card_rows(&*provider, card, since).await {
            Ok(rows) => rows,
            Err(error) => {
                return Some(format!(
                    "the card's list could not be read to compare it with the balance: {error}"
                ));
            }
        };
        let now = match self.read_one(account, card).await {
            Ok(read) => read.available()?,
            Err(error) => {
                return Some(format!("the balance could not be read to compare it with: {error}"));
            }
        };
        let received = credit
            .and_then(|id| rows.iter().find(|row| *row.id == *id))
            .map_or(amount, |row| row.amount.abs());
        let spent: Option<Money> = rows
            .iter()
            .filter(|row| row.at >= since && takes_money(row))
            .try_fold(Money::zero(amount.currency()), |sum, row| {
                let fee = row.fee.map_or_else(|| Money::zero(amount.currency()), Money::abs);
                sum.checked_add(row.amount.abs()).ok()?.checked_add(fee).ok()
            });
        lacks_credit(before, now, received, spent?)?
            .then(|| format!("the figures contradict it: available was {before} before, {now} now"))
    }

    /// The rows of a card's list from a time of the provider's clock on.
    async fn card_rows(
        &self,
        provider: &dyn Provider,
        card: &Card,
        since: Timestamp,
    ) -> Result<Vec<Transaction>, Error> {
        let until =
            self.0.clock.now().max(since).saturating_add(UNMEASURED).unwrap_or(Timestamp::MAX);
        let window = Window { card: Some(card.clone()), since, until };
        let ask = |window: Window, page| async move { provider.transactions(&window, page).await };
        let list =
            read_window(&provider.pagers().transactions, &window, ReadMode::Ordinary, ask).await;
        list.error.map_or(Ok(list.rows), Err)
    }
}

/// Whether what is available now is nearer to what it would be without a credit than to what it
/// would be with it; `None` where the currencies differ.
fn lacks_credit(before: Money, now: Money, received: Money, spent: Money) -> Option<bool> {
    let missing =
        before.checked_add(received).ok()?.checked_sub(spent).ok()?.checked_sub(now).ok()?;
    Some(missing.checked_add(missing).ok()?.amount() > received.amount())
}

/// Whether a row takes money from what is available.
const fn takes_money(row: &Transaction) -> bool {
    let counts = matches!(row.state, TransactionState::Hold | TransactionState::Cleared);
    counts
        && matches!(
            row.kind,
            TransactionKind::Purchase | TransactionKind::Fee | TransactionKind::Withdrawal
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_did_not_grow_contradict_a_credit() {
        let usd = |text: &str| {
            Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
        };
        let lacks = |before, now, received, spent| {
            lacks_credit(usd(before), usd(now), usd(received), usd(spent))
        };
        assert_eq!(lacks("12.40", "12.40", "50.00", "0"), Some(true), "nothing came");
        assert_eq!(lacks("12.40", "62.40", "50.00", "0"), Some(false));
        assert_eq!(
            lacks("12.40", "22.40", "50.00", "40.00"),
            Some(false),
            "it came and was spent from"
        );
        assert_eq!(
            lacks("12.40", "2.40", "50.00", "10.00"),
            Some(true),
            "spent from, and nothing came"
        );
        assert_eq!(
            lacks("12.40", "60.10", "50.00", "0"),
            Some(false),
            "a purchase cleared for a little more"
        );
        assert_eq!(
            lacks("12.40", "90.00", "50.00", "0"),
            Some(false),
            "a hold was released as well"
        );
        let kwd = Money::parse_wire("5", "KWD".parse().expect("a currency")).expect("an amount");
        assert_eq!(
            lacks_credit(usd("1"), kwd, usd("1"), usd("0")),
            None,
            "two currencies are not compared"
        );
    }
}
