//! The second page of a top-up: what will be sent, what it costs, and what speaks against it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::cover::{self, Cover};
use crate::app::dialog::confirmation::{Confirmation, ConfirmationLevel, Risk, is_large};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, OperationId, OperationState};
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::{Quote, RecentCredit};

/// A same-sized top-up this recently makes another one look like a repetition.
const RECENT: SignedDuration = SignedDuration::from_secs(600);

/// How long an answer is waited for before sending without it is possible.
const ANSWER_WAIT: SignedDuration = SignedDuration::from_secs(25);

#[derive(Debug)]
pub(crate) struct Review {
    /// What will be sent.
    pub(crate) amount: Money,
    /// What it costs: belongs to this amount, another one is quoted anew.
    pub(crate) fee: FeeQuote,
    /// A top-up of the same size was made a moment ago, or the decline needs none any more: why, in
    /// words.
    pub(crate) repetition: Option<String>,
    /// The card's list as it is now.
    pub(crate) list: ListReading,
}

/// What is known of the fee.
#[derive(Debug)]
pub(crate) enum FeeQuote {
    /// The provider does not tell it before sending, and why.
    NotOffered(&'static str),
    /// Asked since then.
    Pending(Timestamp),
    Known(Quote),
    /// Why it could not be had.
    Failed(String),
}

/// What is known of equal top-ups in the card's list: without it nothing can be sent.
#[derive(Debug)]
pub(crate) enum ListReading {
    /// Being read since then.
    Pending(Timestamp),
    /// The newest equal one of the last minutes.
    Known(Option<RecentCredit>),
    /// Why it could not be read.
    Failed(String),
}

impl FeeQuote {
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(_))
    }

    pub(crate) const fn quote(&self) -> Option<&Quote> {
        match self {
            Self::Known(quote) => Some(quote),
            Self::NotOffered(_) | Self::Pending(_) | Self::Failed(_) => None,
        }
    }
}

impl ListReading {
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(_))
    }

    const fn recent_credit(&self) -> Option<&RecentCredit> {
        match self {
            Self::Known(recent) => recent.as_ref(),
            Self::Pending(_) | Self::Failed(_) => None,
        }
    }
}

impl Review {
    /// The page of an amount; the card's list is being asked for now.
    pub(super) fn new(
        key: &CardKey,
        amount: Money,
        fee: FeeQuote,
        covers: Option<&Cover>,
        portfolio: &Portfolio,
    ) -> Self {
        let repetition =
            repetition(key, amount, portfolio).or_else(|| already_covered(covers?, portfolio));
        Self { amount, fee, repetition, list: ListReading::Pending(portfolio.now) }
    }

    pub(super) fn risk(&self) -> Risk {
        if self.repetition.is_some() || is_large(self.amount) {
            Risk::Raised
        } else {
            Risk::Ordinary
        }
    }

    /// Why the account that is to pay cannot, where that is known: then nothing is sent.
    pub(crate) fn cannot_pay(&self, key: &CardKey, portfolio: &Portfolio) -> Option<String> {
        match self.fee.quote().and_then(|quote| quote.payer.as_ref()) {
            Some(payer) => payer.trouble.as_deref().map(str::to_owned),
            None => self.float_too_low(key, portfolio),
        }
    }

    /// The float, where it pays, was read, and holds less than is to be paid. An old reading says
    /// nothing: money may have come since.
    fn float_too_low(&self, key: &CardKey, portfolio: &Portfolio) -> Option<String> {
        if portfolio.capabilities(&key.provider)?.names_payer {
            return None;
        }
        let reading = portfolio.accounts.floats.get(&key.provider)?;
        let at = reading.at().filter(|_| reading.why_stale().is_none())?;
        let currency = self.amount.currency();
        let float = reading.value()?.iter().find(|sum| sum.currency() == currency)?;
        let left = float.checked_sub(self.amount).ok()?;
        left.is_negative().then(|| {
            format!(
                "the float of {} holds {float}, read {} ago: too little",
                key.provider,
                text::age(portfolio.now, at)
            )
        })
    }

    /// Whether something that this page asked could not be answered.
    pub(super) const fn has_failed(&self) -> bool {
        matches!(self.fee, FeeQuote::Failed(_)) || matches!(self.list, ListReading::Failed(_))
    }

    /// What has to be waited for before it can be sent.
    pub(super) fn waits_for(&self, now: Timestamp) -> Option<&'static str> {
        let waits = |since: Timestamp| now.duration_since(since) < ANSWER_WAIT;
        if matches!(self.fee, FeeQuote::Pending(since) if waits(since)) {
            return Some("the fee is being asked: wait for it, or e to edit");
        }
        if matches!(self.list, ListReading::Pending(since) if waits(since)) {
            return Some("the card's list is being read: wait for it, or e to edit");
        }
        None
    }

    /// The id of the equal top-up that was shown, and is confirmed with this one.
    pub(super) fn shown_credit(&self) -> Option<Arc<str>> {
        self.list.recent_credit().map(|recent| Arc::clone(&recent.id))
    }

    /// The account that was shown to pay.
    pub(super) fn payer_account(&self) -> Option<Arc<str>> {
        self.fee.quote()?.payer.as_ref()?.account.clone()
    }

    /// An equal top-up in the card's list is shown, and asks for the harder confirmation.
    pub(super) fn warn_of_recent_credit(&mut self, confirmation: &mut Confirmation) {
        let Some(recent) = self.list.recent_credit() else { return };
        let seconds = recent.ago.as_secs().max(0);
        let repetition = format!(
            "{} came {seconds} s ago, by this or another system (id {})",
            recent.amount, recent.id
        );
        self.repetition.get_or_insert(repetition);
        if confirmation.level == ConfirmationLevel::Review {
            *confirmation = Confirmation::new(ConfirmationLevel::LastFour);
        }
    }
}

/// The number of a form's first question: answers to another form's questions must not be taken
/// for this one's.
pub(super) fn first_question(id: OperationId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Why the decline needs no cover any more, in words: a top-up was made for it, or the same
/// purchase passed since.
pub(crate) fn already_covered(covers: &Cover, portfolio: &Portfolio) -> Option<String> {
    let Some(earlier) = cover::earlier_cover(&covers.decline, portfolio) else {
        let passed = portfolio.passed_later(&covers.decline)?;
        let at = clock(passed.at, portfolio);
        return Some(format!("the same purchase passed at {at} (id {})", passed.id));
    };
    let amount = earlier.amount.map_or_else(String::new, |amount| format!("{amount} "));
    Some(format!(
        "{} already sent {amount}for this decline at {}, {} (op {})",
        earlier.operator,
        clock(earlier.created_at, portfolio),
        earlier.state.as_str(),
        earlier.id.short()
    ))
}

/// `10:05`, with the date unless it is today's.
fn clock(at: Timestamp, portfolio: &Portfolio) -> String {
    let local = |at: Timestamp| at.to_zoned(portfolio.zone.clone());
    let is_today = local(at).date() == local(portfolio.now).date();
    local(at).strftime(if is_today { "%H:%M" } else { "%d %b %H:%M" }).to_string()
}

/// A top-up of the same size in the last ten minutes, by us or in the provider's list, in words.
fn repetition(key: &CardKey, amount: Money, portfolio: &Portfolio) -> Option<String> {
    let is_recent = |at: Timestamp| portfolio.now.duration_since(at) <= RECENT;
    let clock = |at: Timestamp| clock(at, portfolio);
    let ours = portfolio
        .operations_of(key)
        .find(|op| {
            op.action_kind == ActionKind::TopUp
                && op.state != OperationState::Failed
                && op.amount == Some(amount)
                && is_recent(op.created_at)
        })
        .map(|op| format!("{} already asked {} at {}", op.operator, amount, clock(op.created_at)));
    let is_equal = |row: &Transaction| {
        row.kind == TransactionKind::TopUp
            && matches!(
                row.state,
                TransactionState::Cleared | TransactionState::Hold | TransactionState::Unknown
            )
            && row.amount == amount
            && is_recent(row.at)
    };
    ours.or_else(|| {
        portfolio
            .transactions_of(key)
            .take_while(|row| is_recent(row.at))
            .find(is_equal)
            .map(|row| format!("{amount} already arrived at {}", clock(row.at)))
    })
}
