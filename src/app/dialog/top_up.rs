//! Top-up: amount and reason, then a page that shows what will be sent before anything is.
//!
//! The quote belongs to one amount; another amount is quoted anew.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};

use super::confirmation::{Confirmation, ConfirmationLevel, KeyOutcome, confirmation};
use super::target::{Target, arming, environment};
use super::{Step, heard_by, send};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Operation, OperationId, OperationState, Support,
};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::Quote;
use crate::engine::{ChangeRequest, EngineEvent, Job, RecentCredit};

/// A same-sized top-up this recently makes another one look like a repetition.
const RECENT: Duration = Duration::from_secs(600);

/// How long the fee is waited for before sending without it is possible.
const QUOTE_WAIT: Duration = Duration::from_secs(25);

/// Top-up of a card.
#[derive(Debug)]
pub(crate) struct TopUp {
    /// The card.
    pub(crate) target: Target,
    /// The amount as typed.
    pub(crate) amount: Field,
    /// The reason as typed.
    pub(crate) reason: Field,
    /// Whether keys go to the reason.
    pub(crate) on_reason: bool,
    /// The second page, once the amount is right.
    pub(crate) check: Option<Check>,
    /// The decline that it covers: what was asked.
    pub(crate) covers: Option<Money>,
    /// The unsettled operation that is passed over.
    pub(crate) second: Option<OperationId>,
    /// Why the last key did nothing.
    pub(crate) notice: Option<String>,
    /// The operation's id, made before anything is sent.
    pub(crate) id: OperationId,
    asked: u64,
}

/// The page that is checked before sending.
#[derive(Debug)]
pub(crate) struct Check {
    /// What will be sent.
    pub(crate) amount: Money,
    /// What it costs.
    pub(crate) quoted: Quoted,
    /// A top-up of the same size was made a moment ago: what, in words.
    pub(crate) repeats: Option<String>,
    /// What the card's list shows now.
    pub(crate) listed: Listed,
    /// What confirms.
    pub(crate) gate: Confirmation,
}

impl Check {
    /// Why the account that is to pay cannot, where that is known: then nothing is sent.
    pub(crate) fn cannot_pay(&self) -> Option<&str> {
        match &self.quoted {
            Quoted::Known(quote) => quote.payer.as_ref()?.trouble.as_deref(),
            Quoted::NotOffered(_) | Quoted::Asked(_) | Quoted::Failed(_) => None,
        }
    }
}

/// What is known of the fee.
#[derive(Debug)]
pub(crate) enum Quoted {
    /// The provider does not tell it before sending, and why.
    NotOffered(&'static str),
    /// It is being asked, since when.
    Asked(Timestamp),
    /// It is known.
    Known(Quote),
    /// It could not be had, and why.
    Failed(String),
}

/// What is known of equal top-ups in the card's list: without it nothing can be sent.
#[derive(Debug)]
pub(crate) enum Listed {
    /// It is being read, since when.
    Asked(Timestamp),
    /// It was read; the newest equal one of the last minutes.
    Known(Option<RecentCredit>),
    /// It could not be read, and why.
    Failed(String),
}

/// What a decline was short of.
#[derive(Debug)]
pub(crate) struct Cover {
    /// What to send.
    pub(crate) amount: Money,
    /// What the merchant asked.
    pub(crate) asked: Money,
    /// Where.
    pub(crate) merchant: String,
}

impl TopUp {
    /// Nothing typed yet.
    pub(crate) fn new(
        key: &CardKey,
        second: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Self {
        let id = portfolio.new_operation_id();
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Self {
            target: Target::of(key, portfolio),
            amount: Field::new(20),
            reason: Field::new(80),
            on_reason: false,
            check: None,
            covers: None,
            second,
            notice: None,
            id,
            // Answers to another dialog's questions must not be taken for this one's.
            asked: hasher.finish(),
        }
    }

    /// Filled in to cover a decline.
    pub(crate) fn covering(key: &CardKey, cover: &Cover, portfolio: &mut Portfolio) -> Self {
        let empty = Self::new(key, None, portfolio);
        Self {
            amount: Field::new(20).with(&cover.amount.digits()),
            reason: Field::new(80).with(&reason(cover)),
            covers: Some(cover.asked),
            ..empty
        }
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Step {
        self.notice = None;
        if self.check.is_some() {
            self.check_key(chord, portfolio)
        } else {
            self.form_key(chord, portfolio)
        }
    }

    fn form_key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Step {
        match chord.key {
            Key::Enter => return self.turn_to_check(portfolio),
            Key::Tab | Key::BackTab | Key::Up | Key::Down => self.on_reason = !self.on_reason,
            _ if self.on_reason => {
                self.reason.key(chord);
            }
            _ => match chord.typed() {
                Some(c) if !c.is_ascii_digit() && c != '.' => {
                    self.notice = Some(
                        "an amount is digits with at most one point, such as 12.40".to_owned(),
                    );
                }
                _ => {
                    self.amount.key(chord);
                }
            },
        }
        Step::Stay
    }

    fn turn_to_check(&mut self, portfolio: &Portfolio) -> Step {
        let key = &self.target.key;
        let (Some(capabilities), Some(currency)) = (
            portfolio.capabilities(&key.provider),
            portfolio.cards.get(key).and_then(|card| card.currency),
        ) else {
            self.notice =
                Some("the card's currency is not known yet: wait for its first reading".to_owned());
            return Step::Stay;
        };
        let amount = match capabilities.typed_amount(self.amount.text().trim(), currency) {
            Ok(amount) => amount,
            Err(why) => {
                self.notice = Some(why);
                self.on_reason = false;
                return Step::Stay;
            }
        };
        let repeats = repeats(key, amount, portfolio);
        let gate = Confirmation::new(confirmation(
            ActionKind::TopUp,
            environment(key, portfolio),
            Some(amount),
            repeats.is_some(),
        ));
        self.asked = self.asked.wrapping_add(1);
        let mut effects =
            vec![Effect::Ask(Job::RecentCredit { asked: self.asked, card: key.clone(), amount })];
        let quoted = match capabilities.quote {
            Support::No(why) => Quoted::NotOffered(why),
            Support::Yes => {
                effects.push(Effect::Ask(Job::Quote {
                    asked: self.asked,
                    card: key.clone(),
                    amount,
                }));
                Quoted::Asked(portfolio.now)
            }
        };
        self.check =
            Some(Check { amount, quoted, repeats, listed: Listed::Asked(portfolio.now), gate });
        Step::Ask(effects)
    }

    fn check_key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Step {
        let Some(check) = &mut self.check else { return Step::Stay };
        if let Some(why) = check.cannot_pay() {
            if chord.typed() == Some('e') || matches!(chord.key, Key::BackTab | Key::Up) {
                self.check = None;
            } else {
                self.notice = Some(format!("not sent: {why}; e asks again"));
            }
            return Step::Stay;
        }
        let wanted = arming(&self.target.key, portfolio).text;
        match check.gate.key(chord, &wanted) {
            KeyOutcome::Confirmed => self.confirm(portfolio),
            KeyOutcome::Refused(why) => {
                self.notice = Some(why);
                Step::Stay
            }
            KeyOutcome::Taken => Step::Stay,
            KeyOutcome::NotMine => {
                if chord.typed() == Some('e') || matches!(chord.key, Key::BackTab | Key::Up) {
                    self.check = None;
                }
                Step::Stay
            }
        }
    }

    fn confirm(&mut self, portfolio: &Portfolio) -> Step {
        let Some(check) = &self.check else { return Step::Stay };
        let wait = jiff::SignedDuration::try_from(QUOTE_WAIT).unwrap_or_default();
        let waits = |since: Timestamp| portfolio.now.duration_since(since) < wait;
        if matches!(check.quoted, Quoted::Asked(since) if waits(since)) {
            self.notice = Some("the fee is being asked: wait for it, or e to edit".to_owned());
            return Step::Stay;
        }
        if matches!(check.listed, Listed::Asked(since) if waits(since)) {
            self.notice =
                Some("the card's list is being read: wait for it, or e to edit".to_owned());
            return Step::Stay;
        }
        let recent_credit = match &check.listed {
            Listed::Known(recent) => {
                recent.as_ref().map(|recent| std::sync::Arc::clone(&recent.id))
            }
            Listed::Asked(_) | Listed::Failed(_) => None,
        };
        let order = ChangeRequest {
            id: self.id,
            card: self.target.key.clone(),
            action: Action::TopUp(check.amount),
            reason: self.reason.reason(),
            shown: self.target.shown,
            on_conflict: super::on_conflict(self.second),
            recent_credit,
            payer: match &check.quoted {
                Quoted::Known(quote) => {
                    quote.payer.as_ref().and_then(|payer| payer.account.clone())
                }
                Quoted::NotOffered(_) | Quoted::Asked(_) | Quoted::Failed(_) => None,
            },
        };
        send(order, self.second, portfolio)
    }

    /// Pasted text: for amount and reason.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.check.is_some() {
            self.notice = Some("pasting is off here: type it".to_owned());
        } else if self.on_reason {
            self.reason.paste(text);
        } else if text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            self.amount.paste(text.trim());
        } else {
            self.notice =
                Some("an amount is digits with at most one point, such as 12.40".to_owned());
        }
    }

    /// The quote came, or the card was read again.
    pub(crate) fn apply(&mut self, news: &EngineEvent) -> Step {
        if let EngineEvent::RecentCredit { asked, recent } = news {
            return self.hear_list(*asked, recent);
        }
        let EngineEvent::Quote { asked, quote } = news else {
            return heard_by(&mut self.target, news);
        };
        match &mut self.check {
            Some(check) if *asked == self.asked && matches!(check.quoted, Quoted::Asked(_)) => {
                check.quoted = match quote {
                    Ok(quote) => Quoted::Known(quote.clone()),
                    Err(error) => Quoted::Failed(error.to_string()),
                };
                Step::Changed
            }
            // Nobody waits for this answer any more.
            Some(_) | None => Step::Stay,
        }
    }
}

impl TopUp {
    /// The card's list was read: an equal top-up in it asks for the harder confirmation.
    fn hear_list(
        &mut self,
        asked: u64,
        recent: &Result<Option<RecentCredit>, std::sync::Arc<crate::engine::Error>>,
    ) -> Step {
        let Some(check) = self
            .check
            .as_mut()
            .filter(|check| asked == self.asked && matches!(check.listed, Listed::Asked(_)))
        else {
            return Step::Stay;
        };
        check.listed = match recent {
            // What is shown only loses a line: keys on their way are still meant for it.
            Ok(None) => {
                check.listed = Listed::Known(None);
                return Step::Stay;
            }
            Ok(recent) => {
                if let Some(recent) = recent {
                    let seconds = recent.ago.as_secs().max(0);
                    let words = format!(
                        "{} came {seconds} s ago, by this or another system (id {})",
                        recent.amount, recent.id
                    );
                    check.repeats.get_or_insert(words);
                    if check.gate.confirmation == ConfirmationLevel::Check {
                        check.gate = Confirmation::new(ConfirmationLevel::LastFour);
                    }
                }
                Listed::Known(recent.clone())
            }
            Err(error) => Listed::Failed(error.to_string()),
        };
        Step::Changed
    }
}

/// What to send so that the last decline would pass: asked - available, a debt counted, rounded up
/// to a whole step.
///
/// # Errors
/// Why that cannot be said, in one sentence.
pub(crate) fn shortfall(key: &CardKey, portfolio: &Portfolio) -> Result<Cover, String> {
    let decline = portfolio
        .last_decline(key)
        .ok_or("no decline of this card is known: t tops it up by an amount of your own")?;
    let available = portfolio.cards.get(key).and_then(crate::domain::card::Card::available).ok_or(
        "what is available on this card was never read, so the shortfall is not known: t tops it \
         up",
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
        let why = decline.in_plain_words();
        return Err(format!(
            "{available} is available and {asked} was asked: money was not what was missing \
             ({why})"
        ));
    }
    let least =
        portfolio.capabilities(&key.provider).and_then(|capabilities| capabilities.top_up_min);
    Ok(Cover {
        amount: whole_steps(short, least),
        asked,
        merchant: decline.merchant.as_deref().unwrap_or("").to_owned(),
    })
}

/// Rounds up to tens of a currency with two decimals, from ten on; else to whole units; and to the
/// provider's least.
fn whole_steps(short: Money, least: Option<Decimal>) -> Money {
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

fn reason(cover: &Cover) -> String {
    let amount = cover.asked.digits();
    if cover.merchant.is_empty() {
        format!("cover decline {amount}")
    } else {
        // The amount is kept whole whatever the merchant is called.
        let room = 80_usize.saturating_sub("cover decline  ".len() + amount.len());
        let merchant: String = cover.merchant.chars().take(room).collect();
        format!("cover decline {} {amount}", merchant.trim())
    }
}

/// The last top-up of a card that was not refused.
pub(crate) fn last_top_up<'a>(key: &'a CardKey, portfolio: &'a Portfolio) -> Option<&'a Operation> {
    portfolio
        .operations_of(key)
        .find(|op| op.action_kind == ActionKind::TopUp && op.state != OperationState::Failed)
}

/// A top-up of the same size in the last ten minutes, by us or in the provider's list, in words.
fn repeats(key: &CardKey, amount: Money, portfolio: &Portfolio) -> Option<String> {
    let recent = |at: Timestamp| {
        portfolio.now.duration_since(at)
            <= jiff::SignedDuration::try_from(RECENT).unwrap_or_default()
    };
    let clock = |at: Timestamp| at.to_zoned(portfolio.zone.clone()).strftime("%H:%M").to_string();
    let ours = portfolio
        .operations_of(key)
        .find(|op| {
            op.action_kind == ActionKind::TopUp
                && op.state != OperationState::Failed
                && op.amount == Some(amount)
                && recent(op.created_at)
        })
        .map(|op| format!("{} already asked {} at {}", op.operator, amount, clock(op.created_at)));
    let listed = |row: &&Transaction| {
        row.kind == TransactionKind::TopUp
            && matches!(
                row.state,
                TransactionState::Cleared | TransactionState::Hold | TransactionState::Unknown
            )
            && row.amount == amount
            && recent(row.at)
    };
    ours.or_else(|| {
        portfolio
            .transactions_of(key)
            .find(listed)
            .map(|row| format!("{amount} already arrived at {}", clock(row.at)))
    })
}
