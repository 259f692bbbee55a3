//! What a card's list proves of one top-up that we sent, for wires on which a top-up has no name of
//! its own in the list.
//!
//! **Which rows can be ours.** Only a *new* top-up of the same sum: one that the baseline, read
//! just before the top-up was sent, does not have, that is not from before the intent by the
//! measured clock, and that proves no other operation.
//!
//! **Who competes for them.** Of the equal top-ups of this card, `reserved` are surer to have
//! arrived than this one and take their credits first; `open` are as much in doubt as this one.
//! With more new rows than all of them together, somebody else sent one, and no row can be told
//! from another.
//!
//! **What is proven.** DONE when more have arrived than the surer ones take. FAILED only when a row
//! that failed can be no other operation's. Everything else is reported as it was seen and left
//! open: a list never proves that a top-up did *not* happen.
//!
//! **Where other systems top up the same cards**, an equal credit after the intent may always be
//! theirs. Then a lost answer is never DONE or FAILED by a list, and one that the provider accepted
//! is DONE by exactly one new credit.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Credits;
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::{Baseline, Credit};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::{Evidence, Lookup, MatchedCredits};

/// A top-up that was sent is in the list within this.
const LISTED_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// How long before an operation an equal credit may have come to be worth reporting where no newer
/// one is there: it is probably the one that the operator has seen.
pub(super) const REPORTED_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// What an account's list can prove.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct MatchRules {
    pub(in crate::provider) fee: FeePlacement,
    /// Other systems of the merchant top up the same cards.
    pub(in crate::provider) others_top_up: bool,
}

/// Where a provider's fee for a top-up goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum FeePlacement {
    /// It is taken out of the sum: the list may show what is left.
    Deducted,
    /// It is paid on top of the sum: the card receives all of it.
    OnTop,
}

/// What a list says of a top-up that was sent.
pub(in crate::provider) fn match_top_up(
    credits: &Credits,
    operation: &Operation,
    claimed: &MatchedCredits,
    rules: MatchRules,
) -> Lookup {
    if credits.is_cut {
        return Lookup::not_found(format!(
            "only the first {} top-ups of a list that goes on",
            credits.rows.len()
        ));
    }
    match match_rows(&credits.rows, operation, claimed, rules) {
        Lookup::NotFound { looked, candidate } if credits.unread > 0 => Lookup::NotFound {
            looked: format!("{looked}, and {} rows could not be read", credits.unread),
            candidate,
        },
        lookup => lookup,
    }
}

pub(super) fn match_rows(
    rows: &[Transaction],
    operation: &Operation,
    claimed: &MatchedCredits,
    rules: MatchRules,
) -> Lookup {
    let Some(amount) = operation.amount else {
        return Lookup::not_found("it has no amount to look for");
    };
    let Some(baseline) = &operation.baseline else {
        return Lookup::not_found(
            "an earlier cardtop sent it and kept no list to compare with, so no list proves it",
        );
    };
    let search = Search {
        operation,
        amount,
        baseline,
        claimed,
        asked: baseline.provider_time(operation.created_at),
    };
    let new = search.new_rows(rows, rules.fee);
    let Some(found) = NewTopUps::of(&new) else { return search.nothing_new(rows) };
    if baseline.unread > 0 {
        return found.ambiguous(format!(
            "{}, but the list just before it had {} rows that could not be read: it may be one of \
             those",
            search.describe(found.nearest),
            baseline.unread
        ));
    }
    if rules.others_top_up {
        search.among_other_systems(&found)
    } else {
        search.among_our_own(&found)
    }
}

/// One operation that is looked for in a list.
struct Search<'a> {
    operation: &'a Operation,
    amount: Money,
    baseline: &'a Baseline,
    claimed: &'a MatchedCredits,
    /// When the operation was asked for, by the provider's clock.
    asked: Timestamp,
}

/// The new top-ups of the operation's sum, by what became of them.
struct NewTopUps<'a> {
    count: usize,
    /// The one nearest to the operation in time.
    nearest: &'a Transaction,
    arrived: Vec<&'a Transaction>,
    /// On hold, or in a state that is not understood.
    coming: Vec<&'a Transaction>,
    failed: usize,
}

impl<'a> NewTopUps<'a> {
    /// `None` when there are none; `new` are those nearest to the operation first.
    fn of(new: &[&'a Transaction]) -> Option<Self> {
        let nearest = *new.first()?;
        let in_state = |states: &[TransactionState]| {
            new.iter().copied().filter(|row| states.contains(&row.state)).collect()
        };
        Some(Self {
            count: new.len(),
            nearest,
            arrived: in_state(&[TransactionState::Cleared]),
            coming: in_state(&[TransactionState::Hold, TransactionState::Unknown]),
            failed: new.iter().filter(|row| row.state.has_failed()).count(),
        })
    }

    /// Not proven, with the nearest row as the one that a person may claim.
    fn ambiguous(&self, looked: String) -> Lookup {
        Lookup::NotFound { looked, candidate: Some(Arc::clone(&self.nearest.id)) }
    }
}

impl<'a> Search<'a> {
    /// Top-ups of the list that may be the operation's own or an equal one's: of this card, proof
    /// of no other operation, and not from after everything that is looked for.
    fn free_rows<'r>(&self, rows: &'r [Transaction]) -> impl Iterator<Item = &'r Transaction> {
        let latest = self.asked.saturating_add(LISTED_WITHIN).unwrap_or(Timestamp::MAX);
        // What a person settled is looked for as long as it is watched.
        let watched = self.operation.watched_until.map(|until| self.baseline.provider_time(until));
        let latest = watched.map_or(latest, |until| latest.max(until));
        rows.iter().filter(move |row| {
            row.kind == TransactionKind::TopUp
                && row.card_id.as_deref().is_none_or(|card| *card == *self.operation.card.id)
                && !self.claimed.credits.contains(&row.id)
                && row.at <= latest
        })
    }

    fn is_new(&self, row: &Transaction) -> bool {
        self.baseline.classify_row(row, self.operation.created_at) == Credit::New
    }

    /// The new top-ups of the sum, nearest to the operation in time first. Where the fee is taken
    /// out of the sum, rows of what is left count only when none has the sum itself.
    fn new_rows<'r>(&self, rows: &'r [Transaction], fee: FeePlacement) -> Vec<&'r Transaction> {
        let new = || self.free_rows(rows).filter(|row| self.is_new(row));
        let mut found: Vec<_> = new().filter(|row| row.amount.abs() == self.amount).collect();
        if fee == FeePlacement::Deducted && found.is_empty() {
            found = new().filter(|row| row.is_of_sum(self.amount)).collect();
        }
        found.sort_by_key(|row| row.at.duration_since(self.asked).abs());
        found
    }

    fn nothing_new(&self, rows: &[Transaction]) -> Lookup {
        let earlier = self
            .free_rows(rows)
            .filter(|row| {
                row.amount.abs() == self.amount && !row.state.has_failed() && !self.is_new(row)
            })
            .max_by_key(|row| row.at)
            .filter(|row| self.asked.duration_since(row.at) <= REPORTED_BEFORE);
        let earlier = earlier.map_or_else(String::new, |row| {
            let distance = distance(row.at, self.asked);
            format!("; one came {distance} (id {}): it may be somebody else's", row.id)
        });
        Lookup::not_found(format!(
            "no new top-up of {} in the list since {}{earlier}{}",
            self.amount,
            self.asked.strftime("%H:%M:%S UTC"),
            self.baseline.about_clocks()
        ))
    }

    /// Where other systems top up the same cards: only an accepted operation, without an equal one
    /// of ours, is proven by the only new credit.
    fn among_other_systems(&self, found: &NewTopUps<'_>) -> Lookup {
        let is_provable =
            self.operation.state == OperationState::Accepted && self.is_alone() && found.count == 1;
        match (is_provable, found.arrived.as_slice(), found.coming.as_slice()) {
            (true, [row], []) => self.done(row),
            (true, [], [row]) => coming(row),
            _ => {
                let more = if found.count > 1 {
                    format!(" and {} more", found.count - 1)
                } else {
                    String::new()
                };
                found.ambiguous(format!(
                    "{}{more}, but other systems top up this card too: whose it is cannot be \
                     told, a person has to settle it{}",
                    self.describe(found.nearest),
                    self.baseline.about_clocks()
                ))
            }
        }
    }

    /// Where only we top up the cards: the credits are those of our equal top-ups.
    fn among_our_own(&self, found: &NewTopUps<'_>) -> Lookup {
        let (amount, clocks) = (self.amount, self.baseline.about_clocks());
        let reserved = self.claimed.reserved;
        if found.count.saturating_sub(reserved) > self.claimed.open + 1 {
            return found.ambiguous(format!(
                "{} new top-ups of {amount} in the list, cannot tell which is ours{clocks}",
                found.count
            ));
        }
        match (found.arrived.first(), found.coming.first()) {
            (Some(row), _) if found.arrived.len() > reserved => self.done(row),
            (_, Some(row)) if found.arrived.len() + found.coming.len() > reserved => coming(row),
            (None, None) if self.is_alone() && found.failed > self.claimed.failed => {
                failed(found.nearest)
            }
            (None, None) => Lookup::not_found(format!(
                "{} failed, cannot tell whether it was ours{clocks}",
                self.describe(found.nearest)
            )),
            (_, _) => Lookup::not_found(format!(
                "every new top-up of {amount} in the list is another operation's{clocks}"
            )),
        }
    }

    /// Whether no equal top-up of ours competes with this one.
    fn is_alone(&self) -> bool {
        self.claimed.reserved == 0 && self.claimed.open == 0
    }

    fn done(&self, row: &Transaction) -> Lookup {
        Lookup::Done {
            proof: format!("+{} in the list, id {}", self.amount, row.id),
            credit: Some(Arc::clone(&row.id)),
            by: Evidence::List,
        }
    }

    fn describe(&self, row: &Transaction) -> String {
        format!("a top-up of {} {} (id {})", self.amount, distance(row.at, self.asked), row.id)
    }
}

fn coming(row: &Transaction) -> Lookup {
    let looked = format!("in the list as {}, id {}", row.provider_state, row.id);
    Lookup::Pending { looked }
}

fn failed(row: &Transaction) -> Lookup {
    let reason = row.decline_reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    Lookup::Failed {
        why: format!("the list says {}{reason}, id {}", row.provider_state, row.id),
        row: Some(Arc::clone(&row.id)),
    }
}

/// `12 s before it was asked`, `3 s after it was asked`.
fn distance(at: Timestamp, asked: Timestamp) -> String {
    let seconds = at.duration_since(asked).as_secs();
    if seconds < 0 {
        format!("{} s before it was asked", -seconds)
    } else {
        format!("{seconds} s after it was asked")
    }
}
