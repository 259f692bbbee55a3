//! Which decline a top-up would cover, and how much that takes.
//!
//! Only what money cures: a decline for any other reason is refused with that reason and with what
//! helps instead.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::app::portfolio::Portfolio;
use crate::app::portfolio::shown::is_for_lack_of_money;
use crate::domain::card::{Card, CardKey, CardState};
use crate::domain::decline::{DeclineReason, Disclosure, Funds, Remedy};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationState, Refusal};
use crate::domain::text;
use crate::domain::transaction::Transaction;

/// A decline that a top-up covers.
#[derive(Clone, Debug)]
pub(crate) struct Cover {
    /// As it was when it was chosen: another one that arrives later does not take its place.
    pub(crate) decline: Transaction,
    /// What to send; `None` once a later reading of the card lets nothing be proposed.
    pub(crate) amount: Option<Money>,
}

/// What helps after a decline.
#[derive(Debug)]
pub(crate) struct NextStep {
    pub(crate) words: String,
    /// Whether it tells more than everybody may hear, and so waits for the caller to be verified.
    pub(crate) after_verification: bool,
}

/// Words about an action, with its key before them where it has one.
pub(crate) type Hint<'a> = &'a dyn Fn(Remedy, &str) -> String;

/// The decline to cover: the `chosen` one under the cursor, else the newest for lack of money
/// within a day whose purchase has not passed since.
///
/// # Errors
/// Why there is none, in one sentence that says what helps instead.
pub(crate) fn plan(
    key: &CardKey,
    chosen: Option<&Transaction>,
    hint: Hint<'_>,
    portfolio: &Portfolio,
) -> Result<Cover, String> {
    let state = portfolio.cards.record(key).map(|card| card.state());
    if let Some(why) = state.and_then(|state| cannot_spend(state, hint)) {
        return Err(why);
    }
    Cover::of(&pick(key, chosen, hint, portfolio)?, portfolio)
}

/// The declines of a card that can be covered now without the cursor on them, newest first.
pub(crate) fn candidates(key: &CardKey, portfolio: &Portfolio) -> Vec<Cover> {
    let declines = portfolio.declines_to_cover(key);
    declines.iter().filter_map(|row| Cover::of(row, portfolio).ok()).collect()
}

/// The top-up that was made for a decline already, unless it failed: its reason begins with that of
/// the decline, whatever the operator added.
pub(crate) fn earlier_cover<'a>(
    decline: &Transaction,
    portfolio: &'a Portfolio,
) -> Option<&'a Operation> {
    let reason = reason(decline);
    let known_since = decline.at.min(decline.seen_at);
    let card = decline.card().filter(|card| portfolio.cards.contains_key(card))?;
    portfolio.operations_of(&card).find(|operation| {
        operation.action_kind == ActionKind::TopUp
            && operation.state != OperationState::Failed
            && operation.created_at >= known_since
            && operation.reason.as_deref().is_some_and(|text| names(text, &reason))
    })
}

/// What helps after a decline for this reason, but for a top-up; or why it cannot be done now.
pub(crate) fn next_step(
    reason: DeclineReason,
    key: &CardKey,
    hint: Hint<'_>,
    portfolio: &Portfolio,
) -> NextStep {
    let words = reason.next(key.provider.name());
    let after_verification = reason.disclosure() == Disclosure::AfterVerification;
    let Some(remedy) = reason.remedy() else { return NextStep { words, after_verification } };
    match portfolio.check(action_of(remedy), key) {
        Ok(()) => NextStep { words: hint(remedy, &words), after_verification },
        Err(why) => NextStep { words: impossible(&words, &why), after_verification: false },
    }
}

/// What cannot be done now, and why.
pub(crate) fn impossible(words: &str, why: &Refusal) -> String {
    if let Refusal::Open(open) = why {
        return format!(
            "wait: {} is {} (op {})",
            open.action_kind.phrase(),
            open.state.as_str(),
            open.id.short()
        );
    }
    format!("not possible now: {words} ({why})")
}

/// The action of a remedy.
pub(crate) const fn action_of(remedy: Remedy) -> ActionKind {
    match remedy {
        Remedy::TopUp => ActionKind::TopUp,
        Remedy::Freeze => ActionKind::Freeze,
        Remedy::Unfreeze => ActionKind::Unfreeze,
        Remedy::SetPin => ActionKind::SetPin,
    }
}

/// What is on the card of a decline, where the card is known.
pub(crate) fn funds(card: &Card, decline: &Transaction) -> Funds {
    Funds::of(decline.amount, decline.at, &card.balance)
}

impl Cover {
    /// What to send so that this decline would pass: asked - available, a debt counted, rounded up
    /// to a whole step.
    ///
    /// # Errors
    /// Why that is not known, or not what is missing now, in one sentence.
    fn of(decline: &Transaction, portfolio: &Portfolio) -> Result<Self, String> {
        let key = decline.card().ok_or("this decline names no card")?;
        let card = portfolio.cards.record(&key);
        let available = card.and_then(|card| card.available()).ok_or(
            "what is available on this card was never read, so the shortfall is not known: top it \
             up by an amount of your own",
        )?;
        let asked = decline.amount.abs();
        let short = asked.checked_sub(available).map_err(|_| {
            format!(
                "the decline is in {}, the card in {}: cardtop does not convert",
                asked.currency(),
                available.currency()
            )
        })?;
        if short.is_negative() || short.amount().is_zero() {
            let is_old = card.is_some_and(|card| card.why_stale().is_some());
            return Err(if is_old {
                format!(
                    "{available} was available when the card was last read, and {asked} was asked: \
                     there was enough on it"
                )
            } else {
                format!("{available} is available and {asked} was asked: there is enough on it now")
            });
        }
        let least =
            portfolio.capabilities(&key.provider).and_then(|capabilities| capabilities.top_up_min);
        Ok(Self { decline: decline.clone(), amount: Some(round_up(short, least)) })
    }

    /// The same decline by what is on the card now.
    pub(crate) fn again(&self, portfolio: &Portfolio) -> Self {
        let decline = self.decline.clone();
        Self::of(&self.decline, portfolio).unwrap_or(Self { decline, amount: None })
    }

    /// Why nothing can be proposed for it now, in one sentence.
    pub(crate) fn why_none(&self, portfolio: &Portfolio) -> Option<String> {
        Self::of(&self.decline, portfolio).err()
    }

    /// What the merchant asked for.
    pub(crate) fn asked(&self) -> Money {
        self.decline.amount.abs()
    }

    /// The reason for the journal, of at most 80 characters.
    pub(crate) fn reason(&self) -> String {
        reason(&self.decline)
    }
}

fn pick(
    key: &CardKey,
    chosen: Option<&Transaction>,
    hint: Hint<'_>,
    portfolio: &Portfolio,
) -> Result<Transaction, String> {
    if let Some(row) = chosen.filter(|row| row.card().as_ref() == Some(key)) {
        return if is_for_lack_of_money(row) {
            Ok(row.clone())
        } else {
            Err(other_reason("this decline", row, key, hint, portfolio))
        };
    }
    if let Some(row) = portfolio.newest_decline_to_cover(key) {
        return Ok(row);
    }
    let top_up = || hint(Remedy::TopUp, "top it up by an amount of your own");
    let last = portfolio
        .last_decline(key)
        .ok_or_else(|| format!("no decline of this card is known: {}", top_up()))?;
    if let Some(passed) = portfolio.passed_later(&last).filter(|_| is_for_lack_of_money(&last)) {
        return Err(format!(
            "the last decline, {} ago, needs no cover: the same purchase passed {} ago; put the \
             cursor on the decline to cover it all the same, or {}",
            text::age(portfolio.now, last.at),
            text::age(portfolio.now, passed.at),
            top_up()
        ));
    }
    if is_for_lack_of_money(&last) {
        return Err(format!(
            "the last decline for lack of money was {} ago: put the cursor on it to cover it, \
             or {}",
            text::age(portfolio.now, last.at),
            top_up()
        ));
    }
    Err(other_reason("the last decline", &last, key, hint, portfolio))
}

/// Why a decline that is not for lack of money is not covered.
fn other_reason(
    which: &str,
    row: &Transaction,
    key: &CardKey,
    hint: Hint<'_>,
    portfolio: &Portfolio,
) -> String {
    let age = text::age(portfolio.now, row.at);
    let provider = key.provider.name();
    let Some(reason) = row.decline().and_then(|cause| cause.reason()) else {
        let code = row.decline_reason.as_deref().filter(|code| !code.is_empty());
        let what = code.map_or_else(
            || "came without a reason".to_owned(),
            |code| format!("has the code {code}, which is not mapped"),
        );
        return format!(
            "{which}, {age} ago, {what}: nobody can tell that money was missing; ask {provider}"
        );
    };
    let step = next_step(reason, key, hint, portfolio);
    let when = if step.after_verification { "Once verified" } else { "Next" };
    format!(
        "{which}, {age} ago: {}; money was not what was missing. {when}: {}",
        reason.words(),
        step.words
    )
}

/// Why money would not let a purchase pass on a card in this state.
pub(crate) fn cannot_spend(state: CardState, hint: Hint<'_>) -> Option<String> {
    match state {
        CardState::Frozen => Some(format!(
            "the card is FROZEN, so money would not let the purchase pass: {} first",
            hint(Remedy::Unfreeze, "unfreeze it")
        )),
        CardState::Pending => Some(
            "the card is not activated, so money would not let the purchase pass: activate it first"
                .to_owned(),
        ),
        CardState::Blocked | CardState::Closed | CardState::Expired => Some(format!(
            "the card is {}, so money would not let the purchase pass",
            state.as_str()
        )),
        CardState::Active | CardState::Unknown => None,
    }
}

/// The reason that the journal keeps of a top-up for a decline. The amount is kept whole whatever
/// the merchant is called.
fn reason(decline: &Transaction) -> String {
    let amount = decline.amount.abs().digits();
    let room = 80_usize.saturating_sub("cover decline  ".len() + amount.len());
    let merchant = decline.merchant.as_deref().unwrap_or("");
    let merchant: String = merchant.chars().take(room).collect();
    match merchant.trim() {
        "" => format!("cover decline {amount}"),
        merchant => format!("cover decline {merchant} {amount}"),
    }
}

/// Whether the text of a reason begins with that of a decline, its amount not longer.
fn names(text: &str, reason: &str) -> bool {
    let added = text.trim_start().strip_prefix(reason);
    added.is_some_and(|added| !added.starts_with(|c: char| c.is_ascii_digit()))
}

/// Rounds up to tens of a currency with two decimals, from ten on; else to whole units; and to the
/// provider's least.
fn round_up(short: Money, least: Option<Decimal>) -> Money {
    let ten = Decimal::TEN;
    let step = if short.currency().decimals() == Some(2) && short.amount() >= ten {
        ten
    } else {
        Decimal::ONE
    };
    let steps = (short.amount() / step).round_dp_with_strategy(0, RoundingStrategy::AwayFromZero);
    let rounded = (steps * step).max(least.unwrap_or_default());
    Money::new(rounded, short.currency())
}
