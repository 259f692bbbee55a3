//! What a top-up is proven by beside the provider's word: the list just before sending, the figures
//! since, and in the end a person.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::{ChangeRequest, Engine, EngineEvent, Refused};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{
    ActionKind, OnConflict, Operation, OperationId, OperationState, Proof,
};
use crate::domain::proof::{Baseline, UNMEASURED};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::pages::{ReadMode, read_window};
use crate::provider::{Credits, Error, Lookup, Provider, Window};
use crate::store::{Finding, Settled, Settlement};

/// An equal credit that is not older than this is shown before another one is sent.
const RECENT: SignedDuration = SignedDuration::from_mins(10);

/// How long an operation is looked for after a person settled it as failed.
const WATCH: SignedDuration = SignedDuration::from_hours(48);

/// How far the baseline reaches back beyond [`RECENT`]: rows may be a little older than they should
/// be.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// What a person says of an operation that nothing that can be read settles.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Which operation.
    pub id: OperationId,
    /// Whether it happened.
    pub done: bool,
    /// The transaction that is its own, where the person can name it.
    pub credit: Option<Arc<str>>,
    /// Transactions that the person was shown and says are somebody else's: they raise no alarm
    /// later.
    pub not_its: Vec<Arc<str>>,
    /// Why the person says so; kept in the journal.
    pub reason: Arc<str>,
    /// What was typed to confirm that it did not happen: the card's last four digits, or the end
    /// of its id.
    pub typed: Option<String>,
}

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
        order: &ChangeRequest,
    ) -> Result<Baseline, Refused> {
        let provider = self.adapter(account).await.map_err(Refused::Unread)?;
        let (credits, baseline) =
            self.read_baseline(account, &*provider, card).await.map_err(Refused::Unread)?;
        let now = baseline.provider_time(baseline.read_at);
        let recent = credits.newest_of(amount, now.saturating_sub(RECENT).unwrap_or(now));
        if let Some(recent) = recent.filter(|recent| {
            order.on_conflict == OnConflict::Refuse
                && order.recent_credit.as_ref() != Some(&recent.id)
        }) {
            let seconds = now.duration_since(recent.at).as_secs().max(0);
            let words = format!(
                "not sent: a top-up of {amount} came {seconds} s ago, by this or another system \
                 (id {})",
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
        let clock = || account.http.as_ref().and_then(crate::provider::http::Http::clock_offset);
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
            return Err(Error::new(&account.info.id, crate::provider::ErrorKind::BadReply, words));
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

    /// The rows of a card's list from a moment of the provider's clock on.
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

    /// What a look at an operation means that a person settled as failed: a credit that may be its
    /// own raises an alarm.
    pub(super) async fn watch(
        &self,
        operation: &Operation,
        seen: Result<Lookup, Error>,
        finding: impl Fn(String, OperationState) -> Finding,
    ) -> Result<Operation, Refused> {
        let now = self.0.clock.now();
        let (id, state) = (operation.id, operation.state);
        let over = operation.watched_until.is_some_and(|until| until <= now);
        let alarm = match &seen {
            Ok(Lookup::Done { proof, .. }) => Some(proof.clone()),
            Ok(Lookup::Pending { looked } | Lookup::NotFound { looked, candidate: Some(_) }) => {
                Some(looked.clone())
            }
            Ok(Lookup::Failed { .. } | Lookup::NotFound { candidate: None, .. }) | Err(_) => None,
        };
        let alarm = alarm.map(|seen| {
            format!("settled as FAILED by a person, but it may have been paid: {seen}")
        });
        if let Some(alarm) = &alarm {
            self.emit(EngineEvent::Broken(format!("op {} was {alarm}", id.short()))).await;
        }
        // Only a look that found nothing ends the watch, not one that could not be made.
        let written = if over && seen.is_ok() || alarm.is_some() {
            self.0.store.end_watch(id, now, alarm).await
        } else {
            let words = operation.detail.as_deref().unwrap_or_default().to_owned();
            self.0.store.record(id, finding(words, state)).await
        };
        let found = written.map_err(|error| self.unwritten(&error))?;
        self.tell_operation(&found).await;
        Ok(found)
    }

    /// Settles an operation by a person's word, where nothing that can be read tells what became of
    /// it.
    ///
    /// A named transaction has to be in the card's list as a top-up of that sum that no other
    /// operation has. That it failed needs a fresh reading of the card and of its list, and the
    /// card's digits typed; it is looked for 48 hours more, and a credit that comes late raises
    /// an alarm.
    ///
    /// # Errors
    /// One sentence; then nothing was written.
    pub async fn settle(&self, verdict: Verdict) -> Result<Operation, Refused> {
        if self.is_read_only() {
            return Err(Refused::Denied(
                "read-only: cardtop was told to refuse every change; nothing was changed"
                    .to_owned(),
            ));
        }
        let operation = self.lookup(verdict.id).await?;
        let denied = |words: String| Refused::Denied(words);
        if !matches!(operation.state, OperationState::Accepted | OperationState::Unknown) {
            return Err(denied(format!(
                "op {} is {} and needs no settling: {}",
                operation.id.short(),
                operation.state.as_str(),
                operation.detail.as_deref().unwrap_or("no more is known of it")
            )));
        }
        if !verdict.done && verdict.credit.is_some() {
            return Err(denied(
                "an operation that did not happen has no transaction; nothing was changed"
                    .to_owned(),
            ));
        }
        if verdict.reason.trim().is_empty() {
            return Err(denied("a reason is needed: it is kept in the journal".to_owned()));
        }
        let account = self.account(&operation.card.provider).map_err(Refused::Unread)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        let mut card = self
            .lock_cards()
            .get(&operation.card)
            .cloned()
            .unwrap_or_else(|| Card::unread(operation.card.clone()));
        card.owner = card.owner.or_else(|| operation.before.owner.clone());
        let mut read = String::new();
        let mut seen = Vec::new();
        if !verdict.done || verdict.credit.is_some() {
            card = self.read_one(&account, &card).await.map_err(Refused::Unread)?;
            if let Some(available) = card.available() {
                read = format!("; available {available}");
            }
            if operation.action_kind == ActionKind::TopUp {
                let since = operation
                    .baseline
                    .as_ref()
                    .map_or(operation.created_at, |baseline| baseline.since);
                let credits = self
                    .record_outcome(&account, provider.credits(&card, since).await)
                    .await
                    .map_err(Refused::Unread)?;
                read.push_str(&format!("; {} top-ups in the list", credits.rows.len()));
                seen = credits.rows;
            }
        }
        if let Some(id) = &verdict.credit {
            self.may_claim(&operation, id, &seen).await.map_err(denied)?;
        }
        if !verdict.done
            && let Some(row) = self.unexplained(&operation, &verdict, &seen).await?
        {
            return Err(denied(format!(
                "the card's list has a top-up of {} at {} (id {}) that may be this one's: settle \
                 it as done with that id, or say that it is somebody else's (--not-its {}); \
                 nothing was changed",
                row.amount.abs(),
                row.at.strftime("%H:%M:%S UTC"),
                row.id,
                row.id
            )));
        }
        let expected = confirmation(&operation);
        if !verdict.done && verdict.typed.as_deref() != Some(&expected) {
            return Err(denied(format!(
                "to settle it as failed the card's digits have to be typed: {expected}; nothing \
                 was changed"
            )));
        }
        let at = self.0.clock.now();
        let state = if verdict.done { OperationState::Done } else { OperationState::Failed };
        let mut words = format!(
            "{} by {}: {}{read}",
            state.as_str(),
            self.0.operator,
            crate::domain::text::clean(&verdict.reason)
        );
        if let Some(id) = &verdict.credit {
            words.push_str(&format!("; its transaction is {id}"));
        }
        // Something has to tell a late credit from an earlier one.
        let can_be_found = operation.baseline.is_some()
            || operation.proof == Proof::ByReference
            || operation.provider_reference.is_some();
        let failed_top_up = !verdict.done && operation.action_kind == ActionKind::TopUp;
        let watched = failed_top_up && can_be_found;
        if failed_top_up && !can_be_found {
            words.push_str(
                "; it is not looked for any more: an earlier cardtop kept no list to compare with",
            );
        }
        let settlement = Settlement {
            at,
            state,
            words,
            credit: verdict.credit.clone(),
            watched_until: watched.then(|| at.saturating_add(WATCH).unwrap_or(at)),
            not_its: verdict.not_its,
        };
        let settled = self.0.store.settle(operation.id, settlement).await;
        match settled.map_err(|error| self.unwritten(&error))? {
            Settled::Written(found) => {
                self.tell_operation(&found).await;
                if let Some(credit) = verdict.credit {
                    self.link_operation(&credit, &found).await;
                }
                Ok(*found)
            }
            Settled::NotOpen(found) => {
                self.tell_operation(&found).await;
                Err(denied(format!(
                    "op {} is {} meanwhile; nothing was changed",
                    found.id.short(),
                    found.state.as_str()
                )))
            }
            Settled::CreditTaken(other) => Err(denied(format!(
                "that transaction already belongs to operation {other}; nothing was changed"
            ))),
        }
    }
}

impl Engine {
    /// Whether a person may claim this row of the card's list for an operation.
    async fn may_claim(
        &self,
        operation: &Operation,
        id: &str,
        list: &[Transaction],
    ) -> Result<(), String> {
        let Some(row) = list.iter().find(|row| *row.id == *id) else {
            return Err(format!(
                "the card's list has no top-up with the id {id}; nothing was changed"
            ));
        };
        if operation.amount.is_some_and(|amount| !row.is_of_sum(amount)) {
            return Err(format!(
                "the top-up {id} is of {}, another sum; nothing was changed",
                row.amount.abs()
            ));
        }
        if row.state.has_failed() {
            return Err(format!(
                "the top-up {id} is {}: it did not arrive; nothing was changed",
                row.state.as_str()
            ));
        }
        if !operation.may_be(row) {
            return Err(format!(
                "the top-up {id} was there before this one was asked; nothing was changed"
            ));
        }
        match self.task_owner(operation, row).await? {
            Some(other) => Err(format!(
                "the top-up {id} is that of operation {other} by its task; nothing was changed"
            )),
            None => Ok(()),
        }
    }

    /// A row of the list that may be the operation's, is no other operation's, and that the person
    /// did not name as somebody else's.
    async fn unexplained(
        &self,
        operation: &Operation,
        verdict: &Verdict,
        list: &[Transaction],
    ) -> Result<Option<Transaction>, Refused> {
        let claimed = self
            .0
            .store
            .matched_credits(operation)
            .await
            .map_err(|error| self.unwritten(&error))?;
        for row in list {
            let named = verdict.not_its.contains(&row.id) || claimed.credits.contains(&row.id);
            if !named
                && operation.may_be(row)
                && self.task_owner(operation, row).await.map_err(Refused::Denied)?.is_none()
            {
                return Ok(Some(row.clone()));
            }
        }
        Ok(None)
    }

    /// The other operation whose task made a row.
    async fn task_owner(
        &self,
        operation: &Operation,
        row: &Transaction,
    ) -> Result<Option<String>, String> {
        let Some(task) = &row.task else { return Ok(None) };
        let owner = self.0.store.owner_of_task(operation, task).await;
        owner.map_err(|error| self.unwritten(&error).to_string())
    }
}

/// What has to be typed before an operation is settled as failed: the card's last four digits, or
/// the last four characters of its id.
#[must_use]
pub fn confirmation(operation: &Operation) -> String {
    match operation.last4 {
        Some(last4) => last4.to_string(),
        None => {
            let length = operation.card.id.chars().count();
            operation.card.id.chars().skip(length.saturating_sub(4)).collect()
        }
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
