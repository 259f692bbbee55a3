//! Top-up: amount and reason, then a page that shows what will be sent before anything is.

pub(crate) mod review;

use std::sync::Arc;

use super::confirmation::{Confirmation, KeyOutcome, required_level};
use super::form::{Form, FormBody};
use super::transition::{Next, Transition};
use super::{Content, target};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::cover::{self, Cover};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Operation, OperationId, OperationState, Refusal, Support,
};
use crate::engine::{self, EngineEvent, Job, Quote, RecentCredit};
use review::{FeeQuote, ListReading, Review};

#[derive(Debug)]
pub(crate) struct TopUp {
    /// The amount as typed.
    pub(crate) amount: Field,
    pub(crate) reason: Field,
    pub(crate) focus: Focus,
    /// The second page, once the amount is valid.
    pub(crate) review: Option<Review>,
    /// The decline that it covers.
    pub(crate) covers: Option<Cover>,
    /// Number of the last question to the engine: an answer to another one is not ours.
    question: u64,
}

/// Where keys go on the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Amount,
    Reason,
}

impl Focus {
    const fn other(self) -> Self {
        match self {
            Self::Amount => Self::Reason,
            Self::Reason => Self::Amount,
        }
    }
}

/// Most characters of an amount.
const AMOUNT_LENGTH: usize = 20;

/// Most characters of a reason.
const REASON_LENGTH: usize = 80;

const NOT_AN_AMOUNT: &str = "an amount is digits with at most one point, such as 12.40";

impl TopUp {
    pub(super) fn form(
        key: &CardKey,
        overrides: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Form<Self> {
        let body = Self {
            amount: Field::new(AMOUNT_LENGTH),
            reason: Field::new(REASON_LENGTH),
            focus: Focus::Amount,
            review: None,
            covers: None,
            question: 0,
        };
        let mut form = Form::new(body, key, overrides, portfolio);
        form.body.question = review::first_question(form.id);
        form
    }

    /// The form filled in so that a decline would pass.
    pub(super) fn covering(key: &CardKey, cover: Cover, portfolio: &mut Portfolio) -> Form<Self> {
        let mut form = Self::form(key, None, portfolio);
        form.body.fill(cover);
        form
    }

    /// Fills amount and reason in for a decline, except where the operator has edited them.
    fn fill(&mut self, cover: Cover) {
        let digits = |cover: &Cover| cover.amount.map(Money::digits).unwrap_or_default();
        let before = self.covers.as_ref();
        if self.amount.text() == before.map(digits).unwrap_or_default() {
            self.amount = Field::new(AMOUNT_LENGTH).with(&digits(&cover));
        }
        if self.reason.text() == before.map(Cover::reason).unwrap_or_default() {
            self.reason = Field::new(REASON_LENGTH).with(&cover.reason());
        }
        self.covers = Some(cover);
    }

    /// Another balance of the card asks for another amount, except for what is being reviewed.
    fn apply_cards(
        form: &mut Form<Self>,
        event: &EngineEvent,
        portfolio: &Portfolio,
    ) -> Transition {
        let before = form.target.shown.available;
        let transition = form.apply_cards(event);
        let body = &mut form.body;
        if form.target.shown.available != before
            && body.review.is_none()
            && let Some(cover) = &body.covers
        {
            let cover = cover.again(portfolio);
            body.fill(cover);
        }
        transition
    }

    /// The place of the covered decline among those that can be covered, and how many there are;
    /// `None` where there is no other.
    pub(crate) fn place(&self, key: &CardKey, portfolio: &Portfolio) -> Option<(usize, usize)> {
        let (all, at) = self.choices(key, portfolio)?;
        Some((at + 1, all.len()))
    }

    /// The declines that can be covered, newest first, and which of them this is.
    fn choices(&self, key: &CardKey, portfolio: &Portfolio) -> Option<(Vec<Cover>, usize)> {
        let covered = self.covers.as_ref()?;
        let is_covered = |cover: &Cover| cover.decline.is_same_row(&covered.decline);
        let mut all = cover::candidates(key, portfolio);
        if !all.iter().any(is_covered) {
            let newer = |cover: &Cover| cover.decline.at > covered.decline.at;
            all.insert(all.partition_point(newer), covered.clone());
        }
        let at = all.iter().position(is_covered)?;
        (all.len() > 1).then_some((all, at))
    }

    /// To the next older decline, or the next newer one; `false` where there is no other at all.
    fn choose(form: &mut Form<Self>, key: Key, portfolio: &Portfolio) -> bool {
        let Some((mut all, at)) = form.body.choices(&form.target.key, portfolio) else {
            return false;
        };
        let to = if key == Key::Up { at.saturating_sub(1) } else { (at + 1).min(all.len() - 1) };
        if to != at {
            form.body.fill(all.swap_remove(to));
        }
        true
    }

    /// A key on the first page.
    fn amount_key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition {
        if matches!(chord.key, Key::Up | Key::Down) && Self::choose(form, chord.key, portfolio) {
            return Transition::stay();
        }
        let body = &mut form.body;
        match (chord.key, body.focus) {
            (Key::Enter, _) => return Self::open_review(form, portfolio),
            (Key::Tab | Key::BackTab | Key::Up | Key::Down, _) => body.focus = body.focus.other(),
            (_, Focus::Reason) if body.reason.key(chord) => {}
            (_, Focus::Reason) => return Transition::ignored(),
            (_, Focus::Amount) => match chord.typed() {
                // It stays in the field and is refused there: without it another amount is left.
                Some(c) if !c.is_ascii_digit() && c != '.' => {
                    _ = body.amount.key(chord);
                    return Transition::notice(NOT_AN_AMOUNT);
                }
                Some(_) | None if body.amount.key(chord) => {}
                Some(_) | None => return Transition::ignored(),
            },
        }
        Transition::stay()
    }

    /// Turns to the second page and asks what it has to show: what is on the card's list already,
    /// and the fee where the provider tells it.
    fn open_review(form: &mut Form<Self>, portfolio: &Portfolio) -> Transition {
        if let Some(refused) = form.refused_now(portfolio) {
            return refused;
        }
        let key = &form.target.key;
        let (Some(capabilities), Some(currency)) = (
            portfolio.capabilities(&key.provider),
            portfolio.cards.get(key).and_then(|card| card.currency),
        ) else {
            return Transition::notice(Refusal::NoCurrency.to_string());
        };
        let amount = match capabilities.typed_amount(form.body.amount.text().trim(), currency) {
            Ok(amount) => amount,
            Err(why) => {
                form.body.focus = Focus::Amount;
                return Transition::notice(why);
            }
        };
        form.body.question = form.body.question.wrapping_add(1);
        let question = form.body.question;
        let ask_list = Job::RecentCredit { asked: question, card: key.clone(), amount };
        let ask_fee = Job::Quote { asked: question, card: key.clone(), amount };
        let mut transition = Transition::stay().and(Effect::Ask(ask_list));
        let fee = match capabilities.quote {
            Support::No(why) => FeeQuote::NotOffered(why),
            Support::Yes => {
                transition = transition.and(Effect::Ask(ask_fee));
                FeeQuote::Pending(portfolio.now)
            }
        };
        let review = Review::new(key, amount, fee, form.body.covers.as_ref(), portfolio);
        let environment = target::environment(key, portfolio);
        let level = required_level(ActionKind::TopUp, environment, review.risk());
        form.confirmation = Confirmation::new(level);
        form.body.review = Some(review);
        transition
    }

    /// A key on the second page.
    fn review_key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition {
        let edits = chord.typed() == Some('e') || matches!(chord.key, Key::BackTab | Key::Up);
        let review = form.body.review.as_ref();
        let cannot_pay = review.and_then(|review| review.cannot_pay(&form.target.key, portfolio));
        if let Some(why) = cannot_pay.as_ref().filter(|_| !edits) {
            return Transition::notice(format!("not sent: {why}; e asks again"));
        }
        if cannot_pay.is_some() {
            form.body.review = None;
            return Transition::stay();
        }
        let wanted = form.tail(portfolio).text;
        match form.confirmation.key(chord, &wanted) {
            KeyOutcome::Confirmed => Self::confirm(form, portfolio),
            KeyOutcome::Refused(why) => Transition::notice(why),
            KeyOutcome::Taken => Transition::stay(),
            KeyOutcome::Ignored => {
                if !edits {
                    return Transition::ignored();
                }
                form.body.review = None;
                Transition::stay()
            }
        }
    }

    /// The fee, unless the answer is to an earlier question.
    fn apply_quote(
        form: &mut Form<Self>,
        asked: u64,
        quote: &Result<Quote, Arc<engine::Error>>,
    ) -> Transition {
        match &mut form.body.review {
            Some(review) if asked == form.body.question && review.fee.is_pending() => {
                review.fee = match quote {
                    Ok(quote) => FeeQuote::Known(quote.clone()),
                    Err(error) => FeeQuote::Failed(error.to_string()),
                };
                Transition::to(Next::StayChanged)
            }
            Some(_) | None => Transition::stay(),
        }
    }

    /// The card's list, unless the answer is to an earlier question.
    fn apply_list(
        form: &mut Form<Self>,
        asked: u64,
        recent: &Result<Option<RecentCredit>, Arc<engine::Error>>,
    ) -> Transition {
        match &mut form.body.review {
            Some(review) if asked == form.body.question && review.list.is_pending() => {
                review.list = match recent {
                    Ok(recent) => ListReading::Known(recent.clone()),
                    Err(error) => ListReading::Failed(error.to_string()),
                };
                review.warn_of_recent_credit(&mut form.confirmation);
                // Of an empty list only a line goes: keys on their way are still meant for what is
                // shown.
                match review.list {
                    ListReading::Known(None) => Transition::stay(),
                    ListReading::Known(Some(_))
                    | ListReading::Failed(_)
                    | ListReading::Pending(_) => Transition::to(Next::StayChanged),
                }
            }
            Some(_) | None => Transition::stay(),
        }
    }

    fn confirm(form: &Form<Self>, portfolio: &Portfolio) -> Transition {
        let Some(review) = &form.body.review else { return Transition::stay() };
        if let Some(refused) = form.refused_now(portfolio) {
            return refused;
        }
        if let Some(why) = review.waits_for(portfolio.now) {
            return Transition::notice(why);
        }
        let names_payer = portfolio
            .capabilities(&form.target.key.provider)
            .is_some_and(|capabilities| capabilities.names_payer);
        if names_payer && review.fee.quote().is_none() {
            return Transition::notice(
                "not sent: which account pays could not be read; e asks again",
            );
        }
        let mut request = form.request(
            Action::TopUp(review.amount),
            form.body.reason.reason(),
            form.target.shown,
        );
        request.recent_credit = review.shown_credit();
        request.payer = review.payer_account();
        form.send(request, portfolio)
    }
}

impl FormBody for TopUp {
    fn action_kind(&self) -> ActionKind {
        ActionKind::TopUp
    }

    fn content(form: &Form<Self>) -> Content<'_> {
        Content::TopUp(form)
    }

    fn key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition {
        if form.body.review.is_some() {
            Self::review_key(form, chord, portfolio)
        } else {
            Self::amount_key(form, chord, portfolio)
        }
    }

    fn paste(form: &mut Form<Self>, text: &str) -> Transition {
        let body = &mut form.body;
        if body.review.is_some() {
            return Transition::notice("pasting is off here: type it");
        }
        match body.focus {
            Focus::Reason => body.reason.paste(text),
            Focus::Amount if text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
                body.amount.paste(text.trim());
            }
            Focus::Amount => return Transition::notice(NOT_AN_AMOUNT),
        }
        Transition::stay()
    }

    /// What the second page could not be told is asked again.
    fn recovered(form: &mut Form<Self>, portfolio: &Portfolio) -> Transition {
        match &form.body.review {
            Some(review) if review.has_failed() => Self::open_review(form, portfolio),
            Some(_) | None => Transition::stay(),
        }
    }

    /// The answers to the questions of the second page, or a new reading of the card.
    fn apply(form: &mut Form<Self>, event: &EngineEvent, portfolio: &Portfolio) -> Transition {
        if let EngineEvent::Quote { asked, quote } = event {
            Self::apply_quote(form, *asked, quote)
        } else if let EngineEvent::RecentCredit { asked, recent } = event {
            Self::apply_list(form, *asked, recent)
        } else {
            Self::apply_cards(form, event, portfolio)
        }
    }
}

/// The last top-up of a card that was not refused.
pub(crate) fn last_top_up<'a>(key: &'a CardKey, portfolio: &'a Portfolio) -> Option<&'a Operation> {
    portfolio
        .operations_of(key)
        .find(|op| op.action_kind == ActionKind::TopUp && op.state != OperationState::Failed)
}

#[cfg(test)]
mod tests;
