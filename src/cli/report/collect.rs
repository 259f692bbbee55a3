//! What is counted for a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::taken::{Taken, taken};
use crate::cli::failure::Failure;
use crate::cli::kept::{Kept, Refresh, Seen};
use crate::cli::reconcile::compare;
use crate::cli::session::Session;
use crate::cli::transactions::accounts_of;
use crate::contract::{Changes, Declines, Float, FromDataFile, OpenChange, Report};
use crate::domain::card::ProviderId;
use crate::domain::completeness::UnreadPart;
use crate::domain::decline::{DeclineCause, DeclineReason};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::transaction::{Transaction, TransactionKind};
use crate::engine::{ProviderReport, unread_part};
use crate::provider::ErrorKind;

/// The report, and which floats could not be read.
///
/// # Errors
/// When the data file or the journal cannot be read.
pub(super) async fn report(
    session: &Session,
    since: Timestamp,
    refresh: Refresh,
) -> Result<(Report, Vec<UnreadPart>), Failure> {
    let until = session.view.now;
    let mut operations = session.journal().await?;
    operations.retain(|operation| session.is_asked(&operation.card.provider));
    let kept = Kept::of(session).await?;
    let mut seen = Seen::of(accounts_of(session, None));
    let (mut counted, mut credits) = (Counted::default(), Vec::new());
    kept.each_row(None, since, |row| {
        seen.add(&row);
        counted.add(&row);
        if row.kind == TransactionKind::TopUp {
            credits.push(row);
        }
        Ok(true)
    })
    .await?;
    let read = seen.told(&kept, None, Some(since));
    let (float, unread) = match refresh {
        Refresh::Never => (None, Vec::new()),
        Refresh::Always | Refresh::Auto => {
            let asked = session.engine.read_providers().await;
            let claims = session.engine.claims().await.map_err(Failure::data_file)?;
            let of_top_up = |row: &&Operation| row.action_kind == ActionKind::TopUp;
            let ours = operations.iter().filter(of_top_up).cloned().collect();
            let taken = taken(&compare(ours, credits, &claims, since));
            // What is not known to be all that was taken would make the float last too long.
            let whole = |row: &&FromDataFile| {
                let reaches = |at| until.duration_since(at) <= READ_UNTIL;
                row.as_of.is_some_and(reaches) && row.gaps == 0 && !row.is_incomplete()
            };
            let whole = read.iter().filter(whole).map(|row| row.provider.clone()).collect();
            let shift = until.duration_since(since);
            let (float, unread) = floats(asked, &taken, &whole, shift);
            (Some(float), unread)
        }
    };
    let (changes, open) = (changes(&operations, since), open(&operations));
    let (mut outages, mut watched) =
        session.engine.outages_since(since).await.map_err(Failure::data_file)?;
    outages.retain(|outage| session.is_asked(&outage.provider));
    watched.retain(|watched| session.is_asked(&watched.provider));
    let declines = counted.declines();
    let report = Report { since, until, changes, open, declines, float, outages, watched, read };
    Ok((report, unread))
}

/// How long before the end of the shift an account may have been read last, where it counts as read
/// to the end.
const READ_UNTIL: SignedDuration = SignedDuration::from_mins(15);

/// The operations that were asked or moved since then, counted.
fn changes(operations: &[Operation], since: Timestamp) -> Vec<Changes> {
    let mut all: Vec<Changes> = Vec::new();
    for row in operations.iter().filter(|row| row.created_at >= since || row.updated_at >= since) {
        let is_same = |known: &&mut Changes| {
            let currency = known.amount.map(Money::currency);
            (known.action, known.state, currency)
                == (row.action_kind, row.state, row.amount.map(Money::currency))
        };
        match all.iter_mut().find(is_same) {
            Some(known) => {
                known.count += 1;
                known.amount = sum(known.amount, row.amount);
            }
            None => all.push(Changes {
                action: row.action_kind,
                state: row.state,
                count: 1,
                amount: row.amount,
            }),
        }
    }
    all.sort_by_key(|row| {
        let currency = row.amount.map(|amount| amount.currency().code().to_owned());
        (row.action.as_str(), currency, row.state.as_str())
    });
    all
}

/// A sum that is too large to be told exactly is not told.
fn sum(one: Option<Money>, other: Option<Money>) -> Option<Money> {
    one?.checked_add(other?).ok()
}

/// The operations that need somebody, oldest first.
fn open(operations: &[Operation]) -> Vec<OpenChange> {
    let needs_somebody = |row: &&Operation| {
        row.is_open() || row.state == OperationState::Unknown || row.alarm.is_some()
    };
    let rows = operations.iter().rev().filter(needs_somebody).map(|row| OpenChange {
        operation: row.id,
        action: row.action_kind,
        provider: row.card.provider.clone(),
        last4: row.last4,
        amount: row.amount,
        state: row.state,
        at: row.created_at,
        contradicted: row.alarm.is_some(),
    });
    rows.collect()
}

/// Purchases that were declined for one reason.
#[derive(Default)]
struct Declined {
    count: usize,
    cards: BTreeSet<Option<Arc<str>>>,
}

/// What is counted of the transactions.
#[derive(Default)]
struct Counted {
    /// The declines of each reason or code.
    declines: BTreeMap<(Option<DeclineReason>, String), Declined>,
}

impl Counted {
    fn add(&mut self, row: &Transaction) {
        if let Some(cause) = row.decline() {
            let name = (DeclineCause::reason(cause), cause.words());
            let declined = self.declines.entry(name).or_default();
            declined.count += 1;
            declined.cards.insert(row.card_id.clone());
        }
    }

    fn declines(&self) -> Vec<Declines> {
        let one = |((reason, words), declined): (&(Option<DeclineReason>, String), &Declined)| {
            let Declined { count, cards } = declined;
            Declines { reason: *reason, words: words.clone(), count: *count, cards: cards.len() }
        };
        let mut all: Vec<Declines> = self.declines.iter().map(one).collect();
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.words.cmp(&b.words)));
        all
    }
}

/// The floats that were read, and which were not. An account that tells none is left out.
fn floats(
    asked: Vec<ProviderReport>,
    taken: &Taken,
    whole: &BTreeSet<ProviderId>,
    shift: SignedDuration,
) -> (Vec<Float>, Vec<UnreadPart>) {
    let (mut floats, mut unread) = (Vec::new(), Vec::new());
    for ProviderReport { info, float, .. } in asked {
        match float {
            Some(Ok((sums, at))) => floats.extend(sums.into_iter().map(|amount| {
                let currency = amount.currency();
                let name = (info.id.clone(), currency.code().to_owned());
                let taken = taken.get(&name).copied().unwrap_or(Money::zero(currency));
                Float {
                    provider: info.id.clone(),
                    amount: Some(amount),
                    as_of: Some(at),
                    taken: whole.contains(&info.id).then_some(taken),
                    lasts_hours: lasts(amount, taken, shift).filter(|_| whole.contains(&info.id)),
                    why: None,
                }
            })),
            Some(Err(error)) if error.kind != ErrorKind::NotOffered => {
                unread.push(unread_part(&info.id, None, &error));
                floats.push(Float {
                    provider: info.id,
                    amount: None,
                    as_of: None,
                    taken: None,
                    lasts_hours: None,
                    why: Some(error.reason()),
                });
            }
            Some(Err(_)) | None => {}
        }
    }
    (floats, unread)
}

/// How many whole hours a float lasts, where so much is taken of it in a shift.
fn lasts(float: Money, taken: Money, shift: SignedDuration) -> Option<u64> {
    if float.is_negative() {
        return Some(0);
    }
    let seconds = Decimal::from(shift.as_secs()).checked_mul(float.amount())?;
    let hours = seconds.checked_div(taken.amount())?.checked_div(Decimal::from(3_600))?;
    hours.floor().to_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::{money, operation};

    #[test]
    fn a_float_lasts_as_long_as_it_would_at_the_rate_of_the_shift() {
        let shift = SignedDuration::from_hours(8);
        for (float, taken, hours) in [
            ("800.00", "100.00", Some(64)),
            ("99.00", "100.00", Some(7)),
            ("0", "100.00", Some(0)),
            ("-5", "100.00", Some(0)),
            ("800.00", "0", None),
        ] {
            assert_eq!(lasts(money(float, "USD"), money(taken, "USD"), shift), hours, "{float}");
        }
    }

    #[test]
    fn changes_are_counted_by_action_currency_and_state_and_summed() {
        let row = operation();
        let since = row.created_at;
        let other = Operation { state: OperationState::Unknown, ..row.clone() };
        let old = SignedDuration::from_hours(1);
        let before = Operation {
            created_at: since - old,
            updated_at: since - old,
            state: OperationState::Done,
            ..row.clone()
        };
        let all = [row.clone(), row.clone(), other.clone(), before];
        let counted = changes(&all, since);
        let shown: Vec<_> = counted
            .iter()
            .map(|row| (row.state.as_str(), row.count, row.amount.map(|sum| sum.to_string())))
            .collect();
        let doubled = row.amount.and_then(|sum| sum.checked_add(sum).ok());
        let expected = [
            (row.state.as_str(), 2, doubled.map(|sum| sum.to_string())),
            ("UNKNOWN", 1, row.amount.map(|sum| sum.to_string())),
        ];
        assert_eq!(shown, expected);
        let open = open(&all);
        assert!(open.iter().any(|row| row.state == OperationState::Unknown), "{open:?}");
        assert!(open.iter().all(|row| row.state != OperationState::Done), "{open:?}");
    }
}
