//! Dialogs: what is asked before a change is sent. Keys go to the top one; each is pinned to its
//! card by identity.
//!
//! A dialog sends nothing itself: it answers with effects, and only a confirmed gate makes an
//! order. Left alone, it closes.

pub(crate) mod blocked;
pub(crate) mod close;
pub(crate) mod grade;
pub(crate) mod menu;
pub(crate) mod notice;
pub(crate) mod pin;
pub(crate) mod progress;
pub(crate) mod secret;
pub(crate) mod settle;
pub(crate) mod switch;
pub(crate) mod target;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod top_up;

use std::time::Duration;

use jiff::Timestamp;

use super::Effect;
use super::chord::{Chord, Key};
use super::world::{NotNow, World};
use crate::domain::card::CardKey;
use crate::domain::operation::{Deed, Operation, OperationId};
use crate::engine::{Job, News, Order};
use blocked::Blocked;
use close::Close;
use menu::Menu;
use notice::Refusal;
use pin::PinForm;
use progress::Progress;
use settle::Settle;
use switch::Switch;
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
    Switch(Box<Switch>),
    /// Amount, then check.
    TopUp(Box<TopUp>),
    /// A PIN.
    Pin(Box<PinForm>),
    /// For good.
    Close(Box<Close>),
    /// An earlier change is not settled.
    Blocked(Box<Blocked>),
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
    pub fn for_deed(deed: Deed, key: &CardKey, world: &mut World) -> (Self, Vec<Effect>) {
        match world.may(deed, key) {
            Ok(()) => Self::form(deed, key, None, world),
            Err(NotNow::Because(why)) => (Self::refusal(deed, key, &why, world), Vec::new()),
            Err(NotNow::Open(operation)) => (
                Self::of(Page::Blocked(Box::new(Blocked::new(deed, key, *operation))), world),
                Vec::new(),
            ),
        }
    }

    /// A top-up filled in with what the last decline was short of, or why that cannot be.
    pub fn cover(key: &CardKey, world: &mut World) -> (Self, Vec<Effect>) {
        if world.may(Deed::TopUp, key).is_err() {
            return Self::for_deed(Deed::TopUp, key, world);
        }
        match top_up::shortfall(key, world) {
            Ok(cover) => {
                let page = Page::TopUp(Box::new(TopUp::covering(key, &cover, world)));
                (Self::of(page, world), vec![Effect::Ask(Job::RefreshCard(key.clone()))])
            }
            Err(why) => (Self::refusal(Deed::TopUp, key, &why, world), Vec::new()),
        }
    }

    /// Every action of a card, the impossible ones with their reason.
    pub fn actions(key: &CardKey, world: &mut World) -> (Self, Vec<Effect>) {
        (Self::of(Page::Menu(Menu::new(key, world)), world), Vec::new())
    }

    /// A person's word on an operation.
    ///
    /// # Errors
    /// Why it cannot be settled, in one sentence.
    pub fn settle(operation: &Operation, world: &World) -> Result<Self, String> {
        Settle::may(operation)?;
        Ok(Self::of(Page::Settle(Box::new(Settle::new(operation))), world))
    }

    /// Whether to end cardtop, and what happens to changes that are not settled.
    #[must_use]
    pub fn quit(world: &World) -> Self {
        Self::of(Page::Quit, world)
    }

    /// A key. Esc always leaves without acting; other keys that come too early are dropped.
    pub fn key(&mut self, chord: &Chord, world: &mut World) -> Outcome {
        self.touched = world.now;
        if *chord == Chord::plain(Key::Esc) {
            return Outcome::Close(Vec::new());
        }
        if world.now < self.quiet_until {
            return Outcome::Stay(Vec::new());
        }
        if *chord == Chord::ctrl('c') && !matches!(self.page, Page::Quit) {
            return Outcome::Close(Vec::new());
        }
        let step = match &mut self.page {
            Page::Switch(page) => page.key(chord, world),
            Page::TopUp(page) => page.key(chord, world),
            Page::Pin(page) => page.key(chord, world),
            Page::Close(page) => page.key(chord, world),
            Page::Blocked(page) => page.key(chord, world),
            Page::Refusal(page) => page.key(chord, world),
            Page::Menu(page) => page.key(chord, world),
            Page::Progress(page) => page.key(chord),
            Page::Settle(page) => page.key(chord, world),
            Page::Quit => notice::quit_key(chord),
        };
        self.take(step, world)
    }

    /// Pasted text. Taken by amount and reason; refused where something is typed to be sure, or
    /// secret.
    pub fn paste(&mut self, text: &str, world: &mut World) -> Outcome {
        self.touched = world.now;
        if world.now < self.quiet_until {
            return Outcome::Stay(Vec::new());
        }
        match &mut self.page {
            Page::Switch(page) => page.paste(text),
            Page::TopUp(page) => page.paste(text),
            Page::Pin(page) => page.paste(),
            Page::Close(page) => page.paste(text),
            Page::Blocked(page) => page.paste(),
            Page::Settle(page) => page.paste(text),
            Page::Refusal(_) | Page::Menu(_) | Page::Progress(_) | Page::Quit => {}
        }
        Outcome::Stay(Vec::new())
    }

    /// The engine told something; the world has already taken it in.
    pub fn hear(&mut self, news: &News, world: &mut World) -> Outcome {
        let step = match &mut self.page {
            Page::Switch(page) => heard_by(&mut page.target, news),
            Page::TopUp(page) => page.hear(news),
            Page::Pin(page) => heard_by(&mut page.target, news),
            Page::Close(page) => heard_by(&mut page.target, news),
            Page::Blocked(page) => page.hear(news),
            Page::Progress(page) => page.hear(news, world),
            Page::Settle(page) => page.hear(news),
            Page::Refusal(_) | Page::Menu(_) | Page::Quit => Step::Stay,
        };
        let step = self.no_longer_possible(news, world).unwrap_or(step);
        self.take(step, world)
    }

    /// Time passed: a dialog left alone closes without acting.
    pub fn tick(&mut self, world: &mut World) -> Outcome {
        if self.seconds_left(world) <= 0 {
            Outcome::Close(Vec::new())
        } else {
            Outcome::Stay(Vec::new())
        }
    }

    /// When what it shows changes by itself, or it closes.
    #[must_use]
    pub fn wake_at(&self, world: &World) -> Option<Timestamp> {
        let left = self.seconds_left(world);
        let sooner = match self.page {
            // Ages and countdowns are shown in seconds.
            Page::Switch(_)
            | Page::TopUp(_)
            | Page::Pin(_)
            | Page::Close(_)
            | Page::Blocked(_)
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
            Page::Switch(page) => Some(&page.target.key),
            Page::TopUp(page) => Some(&page.target.key),
            Page::Pin(page) => Some(&page.target.key),
            Page::Close(page) => Some(&page.target.key),
            Page::Blocked(page) => Some(&page.key),
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
    pub(crate) fn closes_in(&self, world: &World) -> Option<String> {
        let left = self.seconds_left(world).max(0);
        let shown = match self.page {
            Page::Pin(_) => true,
            Page::Switch(_)
            | Page::TopUp(_)
            | Page::Close(_)
            | Page::Blocked(_)
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
        deed: Deed,
        key: &CardKey,
        second: Option<OperationId>,
        world: &mut World,
    ) -> (Self, Vec<Effect>) {
        let page = match deed {
            Deed::Freeze | Deed::Unfreeze => {
                Page::Switch(Box::new(Switch::new(deed, key, second, world)))
            }
            Deed::TopUp => Page::TopUp(Box::new(TopUp::new(key, second, world))),
            Deed::Close => Page::Close(Box::new(Close::new(key, second, world))),
            Deed::SetPin => match PinForm::new(key, second, world) {
                Ok(form) => Page::Pin(Box::new(form)),
                Err(why) => return (Self::refusal(deed, key, &why, world), Vec::new()),
            },
        };
        (Self::of(page, world), vec![Effect::Ask(Job::RefreshCard(key.clone()))])
    }

    fn refusal(deed: Deed, key: &CardKey, why: &str, world: &World) -> Self {
        Self::of(Page::Refusal(Refusal::new(deed, key, why)), world)
    }

    fn of(page: Page, world: &World) -> Self {
        Self { quiet_until: quiet_until(world), touched: world.now, page }
    }

    /// The change this form would send, and the operation it may pass over.
    fn would_send(&self) -> Option<(Deed, CardKey, Option<OperationId>)> {
        match &self.page {
            Page::Switch(page) => Some((page.deed, page.target.key.clone(), page.second)),
            Page::TopUp(page) => Some((Deed::TopUp, page.target.key.clone(), page.second)),
            Page::Pin(page) => Some((Deed::SetPin, page.target.key.clone(), page.second)),
            Page::Close(page) => Some((Deed::Close, page.target.key.clone(), page.second)),
            Page::Blocked(_)
            | Page::Refusal(_)
            | Page::Menu(_)
            | Page::Progress(_)
            | Page::Settle(_)
            | Page::Quit => None,
        }
    }

    /// What the operator is about to confirm may have become impossible, or be under way from
    /// elsewhere.
    fn no_longer_possible(&self, news: &News, world: &World) -> Option<Step> {
        let (deed, key, second) = self.would_send()?;
        let concerns = match news {
            News::Cards(cards) => cards.iter().any(|card| card.key == key),
            News::Operation(operation) => operation.card == key,
            News::ReadOnly(_) => true,
            News::Stale { .. }
            | News::Transactions(_)
            | News::Refused { .. }
            | News::Steps { .. }
            | News::Float { .. }
            | News::Quote { .. }
            | News::RecentCredit { .. }
            | News::NotSettled { .. }
            | News::Health(_)
            | News::Provider(_)
            | News::Broken(_) => false,
        };
        if concerns {
            not_now(deed, &key, second, world).map(|page| Step::Turn(page, Vec::new()))
        } else {
            None
        }
    }

    fn take(&mut self, step: Step, world: &World) -> Outcome {
        match step {
            Step::Stay => Outcome::Stay(Vec::new()),
            Step::Ask(effects) => Outcome::Stay(effects),
            Step::Changed => {
                self.quiet_until = quiet_until(world);
                self.disarm(world);
                Outcome::Stay(Vec::new())
            }
            Step::Turn(page, effects) => {
                *self = Self::of(page, world);
                Outcome::Stay(effects)
            }
            Step::Open(dialog, effects) => Outcome::Open(dialog, effects),
            Step::Close(effects) => Outcome::Close(effects),
        }
    }

    /// What was typed to be sure was typed about something else.
    fn disarm(&mut self, world: &World) {
        match &mut self.page {
            Page::Switch(page) => page.gate.disarm(),
            Page::TopUp(page) => {
                if let Some(check) = &mut page.check {
                    check.gate.disarm();
                }
            }
            Page::Pin(page) => page.gate.disarm(),
            Page::Close(page) => page.gate.disarm(),
            Page::Blocked(page) => page.gate.disarm(),
            Page::Settle(page) => page.gate.disarm(),
            // It asks nothing, and its news are what it stays open for.
            Page::Progress(_) => self.touched = world.now,
            Page::Refusal(_) | Page::Menu(_) | Page::Quit => {}
        }
    }

    /// Whole seconds until it closes by itself, the begun one counted.
    fn seconds_left(&self, world: &World) -> i64 {
        let alone = world.now.duration_since(self.touched).as_millis();
        let left = i128::try_from(IDLE.as_millis()).unwrap_or(0) - alone;
        i64::try_from((left + 999).div_euclid(1000)).unwrap_or(0)
    }
}

fn quiet_until(world: &World) -> Timestamp {
    world.now.saturating_add(QUIET).unwrap_or(Timestamp::MAX)
}

/// The page that stands in the way of a change now, if one does.
fn not_now(deed: Deed, key: &CardKey, second: Option<OperationId>, world: &World) -> Option<Page> {
    match world.may(deed, key) {
        Ok(()) => None,
        Err(NotNow::Open(operation)) if second == Some(operation.id) => None,
        Err(NotNow::Open(operation)) => {
            Some(Page::Blocked(Box::new(Blocked::new(deed, key, *operation))))
        }
        Err(NotNow::Because(why)) => Some(Page::Refusal(Refusal::new(deed, key, &why))),
    }
}

/// Sends what was confirmed, unless it became impossible meanwhile; the dialog then shows what
/// becomes of it.
fn send(order: Order, second: Option<OperationId>, world: &World) -> Step {
    let deed = order.action.deed();
    if let Some(page) = not_now(deed, &order.card, second, world) {
        return Step::Turn(page, Vec::new());
    }
    let progress = Progress::new(&order, world);
    Step::Turn(Page::Progress(Box::new(progress)), vec![Effect::Ask(Job::Act(Box::new(order)))])
}

/// A form hears new readings of its card.
fn heard_by(target: &mut target::Target, news: &News) -> Step {
    let News::Cards(cards) = news else { return Step::Stay };
    let mut changed = false;
    for card in cards {
        changed |= target.hear(card);
    }
    if changed { Step::Changed } else { Step::Stay }
}
