//! Dialogs: what is asked before a change is sent. Keys go to the top one; each is pinned to its
//! card by identity.
//!
//! A dialog sends nothing itself: it answers with effects, and only a confirmed gate makes an
//! order. Left alone, it closes.

pub(crate) mod close;
pub(crate) mod confirmation;
pub(crate) mod freeze;
pub(crate) mod menu;
pub(crate) mod notice;
pub(crate) mod pending_conflict;
pub(crate) mod pin;
pub(crate) mod progress;
pub(crate) mod secret;
pub(crate) mod settle;
pub(crate) mod target;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod top_up;

use std::time::Duration;

use jiff::Timestamp;

use super::Effect;
use super::chord::{Chord, Key};
use super::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{self, ActionKind, OnConflict, Operation, OperationId};
use crate::engine::{ChangeRequest, EngineEvent, Job};
use close::Close;
use freeze::FreezeForm;
use menu::Menu;
use notice::Refusal;
use pending_conflict::PendingConflict;
use pin::PinForm;
use progress::Progress;
use settle::Settle;
use top_up::TopUp;

/// Keys this soon after a dialog opened, or after what it shows changed, were not meant for it.
const QUIET: Duration = Duration::from_millis(300);

/// A dialog left alone this long closes without acting.
const IDLE: Duration = Duration::from_secs(60);

/// The end of the idle time that is counted down on screen, in seconds.
const COUNTED: i64 = 15;

/// What a dialog answers.
#[derive(Debug)]
pub enum Outcome {
    /// It stays on top.
    Stay(Vec<Effect>),
    /// It is finished: take it away.
    Close(Vec<Effect>),
    /// Another one takes **its place** (not on top of it): Esc there ends it, nothing returns to
    /// this one.
    Open(Dialog, Vec<Effect>),
}

/// One dialog: a page, and how long it was left alone.
#[derive(Debug)]
pub struct Dialog {
    quiet_until: Timestamp,
    touched: Timestamp,
    page: Page,
}

/// What a dialog is about.
#[derive(Debug)]
pub(crate) enum Page {
    /// Freeze or unfreeze.
    FreezeForm(Box<FreezeForm>),
    /// Amount, then check.
    TopUp(Box<TopUp>),
    /// A PIN.
    Pin(Box<PinForm>),
    /// For good.
    Close(Box<Close>),
    /// An earlier change is not settled.
    PendingConflict(Box<PendingConflict>),
    /// Not possible, and why.
    Refusal(Refusal),
    /// Every action of a card.
    Menu(Menu),
    /// What became of a confirmed change.
    Progress(Box<Progress>),
    /// A person's word on an operation.
    Settle(Box<Settle>),
    /// Whether to end cardtop.
    Quit,
}

/// What a page answers.
pub(crate) enum Step {
    /// The key was taken.
    Stay,
    /// The page stays, and this is wanted.
    Ask(Vec<Effect>),
    /// What is shown changed under the operator's hands: keys already on their way were not meant
    /// for it.
    Changed,
    /// Another page in this dialog.
    Turn(Page, Vec<Effect>),
    /// Another dialog in its place.
    Open(Dialog, Vec<Effect>),
    /// Finished.
    Close(Vec<Effect>),
}

impl Dialog {
    /// The dialog for a change of a card, or the refusal with its reason, or the earlier change
    /// that is not settled.
    pub fn for_deed(
        action_kind: ActionKind,
        key: &CardKey,
        portfolio: &mut Portfolio,
    ) -> (Self, Vec<Effect>) {
        match portfolio.check(action_kind, key) {
            Ok(()) => Self::form(action_kind, key, None, portfolio),
            Err(operation::Refusal::Open(operation)) => (
                Self::of(
                    Page::PendingConflict(Box::new(PendingConflict::new(
                        action_kind,
                        key,
                        *operation,
                    ))),
                    portfolio,
                ),
                Vec::new(),
            ),
            Err(why) => (Self::refusal(action_kind, key, &why.to_string(), portfolio), Vec::new()),
        }
    }

    /// A top-up filled in with what the last decline was short of, or why that cannot be.
    pub fn cover(key: &CardKey, portfolio: &mut Portfolio) -> (Self, Vec<Effect>) {
        if portfolio.check(ActionKind::TopUp, key).is_err() {
            return Self::for_deed(ActionKind::TopUp, key, portfolio);
        }
        match top_up::shortfall(key, portfolio) {
            Ok(cover) => {
                let page = Page::TopUp(Box::new(TopUp::covering(key, &cover, portfolio)));
                (Self::of(page, portfolio), vec![Effect::Ask(Job::RefreshCard(key.clone()))])
            }
            Err(why) => (Self::refusal(ActionKind::TopUp, key, &why, portfolio), Vec::new()),
        }
    }

    /// Every action of a card, the impossible ones with their reason.
    pub fn actions(key: &CardKey, portfolio: &mut Portfolio) -> (Self, Vec<Effect>) {
        (Self::of(Page::Menu(Menu::new(key, portfolio)), portfolio), Vec::new())
    }

    /// A person's word on an operation.
    ///
    /// # Errors
    /// Why it cannot be settled, in one sentence.
    pub fn settle(operation: &Operation, portfolio: &Portfolio) -> Result<Self, String> {
        Settle::can_settle(operation)?;
        Ok(Self::of(Page::Settle(Box::new(Settle::new(operation))), portfolio))
    }

    /// Whether to end cardtop, and what happens to changes that are not settled.
    #[must_use]
    pub fn quit(portfolio: &Portfolio) -> Self {
        Self::of(Page::Quit, portfolio)
    }

    /// A key. Esc always leaves without acting; other keys that come too early are dropped.
    pub fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Outcome {
        self.touched = portfolio.now;
        if *chord == Chord::plain(Key::Esc) {
            return Outcome::Close(Vec::new());
        }
        if portfolio.now < self.quiet_until {
            return Outcome::Stay(Vec::new());
        }
        if *chord == Chord::ctrl('c') && !matches!(self.page, Page::Quit) {
            return Outcome::Close(Vec::new());
        }
        let step = match &mut self.page {
            Page::FreezeForm(page) => page.key(chord, portfolio),
            Page::TopUp(page) => page.key(chord, portfolio),
            Page::Pin(page) => page.key(chord, portfolio),
            Page::Close(page) => page.key(chord, portfolio),
            Page::PendingConflict(page) => page.key(chord, portfolio),
            Page::Refusal(page) => page.key(chord, portfolio),
            Page::Menu(page) => page.key(chord, portfolio),
            Page::Progress(page) => page.key(chord),
            Page::Settle(page) => page.key(chord, portfolio),
            Page::Quit => notice::quit_key(chord),
        };
        self.take(step, portfolio)
    }

    /// Pasted text. Taken by amount and reason; refused where something is typed to be sure, or
    /// secret.
    pub fn paste(&mut self, text: &str, portfolio: &mut Portfolio) -> Outcome {
        self.touched = portfolio.now;
        if portfolio.now < self.quiet_until {
            return Outcome::Stay(Vec::new());
        }
        match &mut self.page {
            Page::FreezeForm(page) => page.paste(text),
            Page::TopUp(page) => page.paste(text),
            Page::Pin(page) => page.paste(),
            Page::Close(page) => page.paste(text),
            Page::PendingConflict(page) => page.paste(),
            Page::Settle(page) => page.paste(text),
            Page::Refusal(_) | Page::Menu(_) | Page::Progress(_) | Page::Quit => {}
        }
        Outcome::Stay(Vec::new())
    }

    /// The engine told something; the world has already taken it in.
    pub fn apply(&mut self, news: &EngineEvent, portfolio: &mut Portfolio) -> Outcome {
        let step = match &mut self.page {
            Page::FreezeForm(page) => heard_by(&mut page.target, news),
            Page::TopUp(page) => page.apply(news),
            Page::Pin(page) => heard_by(&mut page.target, news),
            Page::Close(page) => heard_by(&mut page.target, news),
            Page::PendingConflict(page) => page.apply(news),
            Page::Progress(page) => page.apply(news, portfolio),
            Page::Settle(page) => page.apply(news),
            Page::Refusal(_) | Page::Menu(_) | Page::Quit => Step::Stay,
        };
        let step = self.no_longer_possible(news, portfolio).unwrap_or(step);
        self.take(step, portfolio)
    }

    /// Time passed: a dialog left alone closes without acting.
    pub fn tick(&mut self, portfolio: &mut Portfolio) -> Outcome {
        if self.seconds_left(portfolio) <= 0 {
            Outcome::Close(Vec::new())
        } else {
            Outcome::Stay(Vec::new())
        }
    }

    /// When what it shows changes by itself, or it closes.
    #[must_use]
    pub fn wake_at(&self, portfolio: &Portfolio) -> Option<Timestamp> {
        let left = self.seconds_left(portfolio);
        let sooner = match self.page {
            // Ages and countdowns are shown in seconds.
            Page::FreezeForm(_)
            | Page::TopUp(_)
            | Page::Pin(_)
            | Page::Close(_)
            | Page::PendingConflict(_)
            | Page::Progress(_) => left - 1,
            Page::Refusal(_) | Page::Menu(_) | Page::Settle(_) | Page::Quit => {
                (left - 1).min(COUNTED)
            }
        };
        let end = self.touched.saturating_add(IDLE).unwrap_or(Timestamp::MAX);
        let before_end = Duration::from_secs(u64::try_from(sooner.max(0)).unwrap_or(0));
        Some(end.saturating_sub(before_end).unwrap_or(end))
    }

    /// The card it is about.
    #[must_use]
    pub fn card(&self) -> Option<&CardKey> {
        match &self.page {
            Page::FreezeForm(page) => Some(&page.target.key),
            Page::TopUp(page) => Some(&page.target.key),
            Page::Pin(page) => Some(&page.target.key),
            Page::Close(page) => Some(&page.target.key),
            Page::PendingConflict(page) => Some(&page.key),
            Page::Refusal(page) => Some(&page.key),
            Page::Menu(page) => Some(&page.key),
            Page::Progress(page) => Some(&page.key),
            Page::Settle(page) => Some(&page.operation.card),
            Page::Quit => None,
        }
    }

    /// Whether a secret is being typed: its keys are recorded nowhere, and it must be closed before
    /// the program is suspended or locked.
    #[must_use]
    pub const fn holds_secret(&self) -> bool {
        matches!(self.page, Page::Pin(_))
    }

    pub(crate) const fn page(&self) -> &Page {
        &self.page
    }

    /// `closes in 54 s`, where that is to be shown: always beside a PIN, else near the end.
    pub(crate) fn closes_in(&self, portfolio: &Portfolio) -> Option<String> {
        let left = self.seconds_left(portfolio).max(0);
        let shown = match self.page {
            Page::Pin(_) => true,
            Page::FreezeForm(_)
            | Page::TopUp(_)
            | Page::Close(_)
            | Page::PendingConflict(_)
            | Page::Refusal(_)
            | Page::Menu(_)
            | Page::Progress(_)
            | Page::Settle(_)
            | Page::Quit => left <= COUNTED,
        };
        shown.then(|| format!("closes in {left} s"))
    }

    /// The form of a deed that may be asked. `second` is the unsettled operation that the operator
    /// chose to pass over.
    pub(crate) fn form(
        action_kind: ActionKind,
        key: &CardKey,
        second: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> (Self, Vec<Effect>) {
        let page = match action_kind {
            ActionKind::Freeze | ActionKind::Unfreeze => {
                Page::FreezeForm(Box::new(FreezeForm::new(action_kind, key, second, portfolio)))
            }
            ActionKind::TopUp => Page::TopUp(Box::new(TopUp::new(key, second, portfolio))),
            ActionKind::Close => Page::Close(Box::new(Close::new(key, second, portfolio))),
            ActionKind::SetPin => match PinForm::new(key, second, portfolio) {
                Ok(form) => Page::Pin(Box::new(form)),
                Err(why) => return (Self::refusal(action_kind, key, &why, portfolio), Vec::new()),
            },
        };
        (Self::of(page, portfolio), vec![Effect::Ask(Job::RefreshCard(key.clone()))])
    }

    fn refusal(action_kind: ActionKind, key: &CardKey, why: &str, portfolio: &Portfolio) -> Self {
        Self::of(Page::Refusal(Refusal::new(action_kind, key, why)), portfolio)
    }

    fn of(page: Page, portfolio: &Portfolio) -> Self {
        Self { quiet_until: quiet_until(portfolio), touched: portfolio.now, page }
    }

    /// The change this form would send, and the operation it may pass over.
    fn would_send(&self) -> Option<(ActionKind, CardKey, Option<OperationId>)> {
        match &self.page {
            Page::FreezeForm(page) => {
                Some((page.action_kind, page.target.key.clone(), page.second))
            }
            Page::TopUp(page) => Some((ActionKind::TopUp, page.target.key.clone(), page.second)),
            Page::Pin(page) => Some((ActionKind::SetPin, page.target.key.clone(), page.second)),
            Page::Close(page) => Some((ActionKind::Close, page.target.key.clone(), page.second)),
            Page::PendingConflict(_)
            | Page::Refusal(_)
            | Page::Menu(_)
            | Page::Progress(_)
            | Page::Settle(_)
            | Page::Quit => None,
        }
    }

    /// What the operator is about to confirm may have become impossible, or be under way from
    /// elsewhere.
    fn no_longer_possible(&self, news: &EngineEvent, portfolio: &Portfolio) -> Option<Step> {
        let (action_kind, key, second) = self.would_send()?;
        let concerns = match news {
            EngineEvent::Cards(cards) => cards.iter().any(|card| card.key == key),
            EngineEvent::Operation(operation) => operation.card == key,
            EngineEvent::ReadOnly(_) => true,
            EngineEvent::Stale { .. }
            | EngineEvent::Transactions(_)
            | EngineEvent::Refused { .. }
            | EngineEvent::Steps { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_)
            | EngineEvent::Broken(_) => false,
        };
        if concerns {
            not_now(action_kind, &key, second, portfolio).map(|page| Step::Turn(page, Vec::new()))
        } else {
            None
        }
    }

    fn take(&mut self, step: Step, portfolio: &Portfolio) -> Outcome {
        match step {
            Step::Stay => Outcome::Stay(Vec::new()),
            Step::Ask(effects) => Outcome::Stay(effects),
            Step::Changed => {
                self.quiet_until = quiet_until(portfolio);
                self.disarm(portfolio);
                Outcome::Stay(Vec::new())
            }
            Step::Turn(page, effects) => {
                *self = Self::of(page, portfolio);
                Outcome::Stay(effects)
            }
            Step::Open(dialog, effects) => Outcome::Open(dialog, effects),
            Step::Close(effects) => Outcome::Close(effects),
        }
    }

    /// What was typed to be sure was typed about something else.
    fn disarm(&mut self, portfolio: &Portfolio) {
        match &mut self.page {
            Page::FreezeForm(page) => page.gate.disarm(),
            Page::TopUp(page) => {
                if let Some(check) = &mut page.check {
                    check.gate.disarm();
                }
            }
            Page::Pin(page) => page.gate.disarm(),
            Page::Close(page) => page.gate.disarm(),
            Page::PendingConflict(page) => page.gate.disarm(),
            Page::Settle(page) => page.gate.disarm(),
            // It asks nothing, and its news are what it stays open for.
            Page::Progress(_) => self.touched = portfolio.now,
            Page::Refusal(_) | Page::Menu(_) | Page::Quit => {}
        }
    }

    /// Whole seconds until it closes by itself, the begun one counted.
    fn seconds_left(&self, portfolio: &Portfolio) -> i64 {
        let alone = portfolio.now.duration_since(self.touched).as_millis();
        let left = i128::try_from(IDLE.as_millis()).unwrap_or(0) - alone;
        i64::try_from((left + 999).div_euclid(1000)).unwrap_or(0)
    }
}

fn quiet_until(portfolio: &Portfolio) -> Timestamp {
    portfolio.now.saturating_add(QUIET).unwrap_or(Timestamp::MAX)
}

/// The page that stands in the way of a change now, if one does.
fn not_now(
    action_kind: ActionKind,
    key: &CardKey,
    second: Option<OperationId>,
    portfolio: &Portfolio,
) -> Option<Page> {
    match portfolio.check(action_kind, key) {
        Ok(()) => None,
        Err(operation::Refusal::Open(operation)) if second == Some(operation.id) => None,
        Err(operation::Refusal::Open(operation)) => Some(Page::PendingConflict(Box::new(
            PendingConflict::new(action_kind, key, *operation),
        ))),
        Err(why) => Some(Page::Refusal(Refusal::new(action_kind, key, &why.to_string()))),
    }
}

/// What becomes of the change when an earlier one is not settled.
const fn on_conflict(second: Option<OperationId>) -> OnConflict {
    match second {
        Some(_) => OnConflict::Override,
        None => OnConflict::Refuse,
    }
}

/// Sends what was confirmed, unless it became impossible meanwhile; the dialog then shows what
/// becomes of it.
fn send(order: ChangeRequest, second: Option<OperationId>, portfolio: &Portfolio) -> Step {
    let action_kind = order.action.action_kind();
    if let Some(page) = not_now(action_kind, &order.card, second, portfolio) {
        return Step::Turn(page, Vec::new());
    }
    let progress = Progress::new(&order, portfolio);
    Step::Turn(Page::Progress(Box::new(progress)), vec![Effect::Ask(Job::Act(Box::new(order)))])
}

/// A form hears new readings of its card.
fn heard_by(target: &mut target::Target, news: &EngineEvent) -> Step {
    let EngineEvent::Cards(cards) = news else { return Step::Stay };
    let mut changed = false;
    for card in cards {
        changed |= target.apply(card);
    }
    if changed { Step::Changed } else { Step::Stay }
}
