//! What happens and a provider might push: noted while webhooks are on, until somebody takes it.
//! Nothing is drawn from the bank's random numbers and nothing in it changes: a bank whose webhooks
//! are on is the same bank.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Bank, Card, CardState, Decline, Progress, Row};
use crate::sandbox::random::{Random, mix};

/// Something that happened. Rows, cards and accounts are named by position.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Occurrence {
    /// From 1 on. Ids of webhooks are made from it.
    pub(in crate::sandbox) number: u64,
    /// By the true time.
    pub(in crate::sandbox) at: Timestamp,
    pub(in crate::sandbox) what: Happening,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) enum Happening {
    Row(RowNews),
    State(StateNews),
    Balance(BalanceNews),
    Code(CodeNews),
    /// The merchant, or a customer, paid into an account or out of it.
    Funds {
        /// `None` for the merchant's own.
        account: Option<usize>,
        /// Above zero where it was paid in.
        change: Decimal,
    },
    Issue {
        card: usize,
        step: IssueStep,
        approved: bool,
    },
}

/// A row as it was written or changed. It may have changed since.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct RowNews {
    row: usize,
    progress: Progress,
    amount: Decimal,
    available: Decimal,
    /// How far it was before; `None` for a new row.
    pub(in crate::sandbox) was: Option<Progress>,
}

/// A card's state was changed, or was to be and could not.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct StateNews {
    pub(in crate::sandbox) card: usize,
    pub(in crate::sandbox) from: CardState,
    pub(in crate::sandbox) to: CardState,
    /// The task that the answer to the request named, where the wire has them.
    pub(in crate::sandbox) task: Option<u64>,
    pub(in crate::sandbox) failed: bool,
    /// The row of what a closed card gave back.
    pub(in crate::sandbox) returned: Option<usize>,
}

/// A card's money, after it changed.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct BalanceNews {
    pub(in crate::sandbox) card: usize,
    pub(in crate::sandbox) booked: Decimal,
    pub(in crate::sandbox) available: Decimal,
    pub(in crate::sandbox) available_before: Decimal,
}

/// A one-time code that was sent to a cardholder.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct CodeNews {
    pub(in crate::sandbox) card: usize,
    /// Six digits.
    pub(in crate::sandbox) code: u32,
    /// The row of the purchase that it is for; `None` for a wallet of a telephone.
    pub(in crate::sandbox) purchase: Option<usize>,
}

/// A step on the way to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum IssueStep {
    /// Whether the holder is who they say.
    HolderChecked,
    Applied,
    /// A physical card was given to a holder.
    Assigned,
}

/// So many are kept at most: the oldest make room for new ones.
const MOST: usize = 100_000;
/// Of the codes: another stream of numbers than the bank's.
const CODES: u64 = 0x3d5e_c0de;
/// One in so many purchases after the start is confirmed with a code.
const CODE_EVERY: usize = 4;

/// What was noted and not taken yet. Keeps nothing while it is off.
#[derive(Debug, Default)]
pub(super) struct Notes(Option<Noted>);

#[derive(Debug)]
struct Noted {
    waiting: VecDeque<Occurrence>,
    made: u64,
    codes: Random,
    /// What cards could spend when this was last told.
    told: HashMap<usize, (Decimal, Decimal)>,
}

impl Notes {
    fn put(&mut self, at: Timestamp, what: Happening) {
        let Some(noted) = &mut self.0 else { return };
        noted.made += 1;
        if noted.waiting.len() >= MOST {
            noted.waiting.pop_front();
        }
        noted.waiting.push_back(Occurrence { number: noted.made, at, what });
    }
}

impl Bank {
    /// Notes what happens from now on.
    pub(in crate::sandbox) fn note_occurrences(&mut self, seed: u64) {
        let money = |card: &Card| (card.balance.booked, card.available());
        let told = self.cards.iter().map(money).enumerate().collect();
        let codes = Random::new(mix(seed ^ CODES));
        self.activity.notes = Notes(Some(Noted { waiting: VecDeque::new(), made: 0, codes, told }));
    }

    /// Takes what was noted, in its order.
    pub(in crate::sandbox) fn take_occurrences(&mut self) -> VecDeque<Occurrence> {
        self.activity
            .notes
            .0
            .as_mut()
            .map(|noted| std::mem::take(&mut noted.waiting))
            .unwrap_or_default()
    }

    /// A row as it was at an occurrence, and its card.
    pub(in crate::sandbox) fn row_as_it_was(&self, news: &RowNews) -> Option<(Row, &Card)> {
        let row = self.rows.get(news.row)?;
        let then = Row {
            progress: news.progress,
            amount: news.amount,
            available_after: news.available,
            ..row.clone()
        };
        Some((then, self.cards.get(row.card)?))
    }

    /// A row was written, or changed from `was`.
    pub(super) fn note_row(&mut self, position: usize, was: Option<Progress>, at: Timestamp) {
        if self.activity.notes.0.is_none() {
            return;
        }
        let Some(row) = self.rows.get(position) else { return };
        let Some(card) = self.cards.get(row.card) else { return };
        let (row, index) = (
            RowNews {
                row: position,
                progress: row.progress,
                amount: row.amount,
                available: card.available(),
                was,
            },
            row.card,
        );
        self.activity.notes.put(at, Happening::Row(row));
        self.note_balance(index, at);
    }

    /// A card's money, where it is not what was told last.
    fn note_balance(&mut self, card: usize, at: Timestamp) {
        let Some(noted) = &mut self.activity.notes.0 else { return };
        let Some(balance) = self.cards.get(card) else { return };
        let (booked, available) = (balance.balance.booked, balance.available());
        let before = noted.told.insert(card, (booked, available)).unwrap_or_default();
        if before != (booked, available) {
            let available_before = before.1;
            let news = BalanceNews { card, booked, available, available_before };
            self.activity.notes.put(at, Happening::Balance(news));
        }
    }

    pub(in crate::sandbox) fn note_state(&mut self, news: StateNews, at: Timestamp) {
        self.activity.notes.put(at, Happening::State(news));
    }

    pub(in crate::sandbox) fn note_funds(
        &mut self,
        account: Option<usize>,
        change: Decimal,
        at: Timestamp,
    ) {
        if !change.is_zero() {
            self.activity.notes.put(at, Happening::Funds { account, change });
        }
    }

    pub(in crate::sandbox) fn note_issue(
        &mut self,
        card: usize,
        step: IssueStep,
        approved: bool,
        at: Timestamp,
    ) {
        self.activity.notes.put(at, Happening::Issue { card, step, approved });
    }

    /// A code is sent to a cardholder: for a purchase, or for a wallet.
    pub(in crate::sandbox) fn send_code(
        &mut self,
        card: usize,
        purchase: Option<usize>,
        at: Timestamp,
    ) {
        let Some(noted) = &mut self.activity.notes.0 else { return };
        let code = u32::try_from(noted.codes.below(1_000_000)).unwrap_or(0);
        self.activity.notes.put(at, Happening::Code(CodeNews { card, code, purchase }));
    }

    /// The code of a purchase whose row comes next, where it has one.
    pub(super) fn send_code_of_next(
        &mut self,
        card: usize,
        reason: Option<Decline>,
        at: Timestamp,
    ) {
        let next = self.rows.len();
        let asked = match reason {
            Some(reason) => reason == Decline::ThreeDSecure,
            None => next.is_multiple_of(CODE_EVERY),
        };
        if asked {
            self.send_code(card, Some(next), at);
        }
    }
}

impl StateNews {
    /// A change that nobody's request asked for, or one whose answer names no task.
    pub(in crate::sandbox) const fn of(card: usize, from: CardState, to: CardState) -> Self {
        Self { card, from, to, task: None, failed: false, returned: None }
    }
}

/// Without the code: it is nobody's but the cardholder's.
impl std::fmt::Debug for CodeNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeNews {{ card: {}, purchase: {:?} }}", self.card, self.purchase)
    }
}
