//! Dialogs: what is asked before a change is sent, and what becomes of it. Each is pinned to its
//! card by identity.
//!
//! A dialog sends nothing itself: it answers with effects, and only a confirmed [`form::Form`]
//! makes a change request. Left alone, it closes.
//!
//! A new kind of dialog is a file here with its [`form::FormBody`] or [`DialogBody`], one variant
//! of [`Content`], and its lines in `ui::dialog`.

pub(crate) mod close;
pub(crate) mod confirmation;
pub(crate) mod form;
pub(crate) mod freeze;
pub(crate) mod menu;
pub(crate) mod pending_conflict;
pub(crate) mod pin;
pub(crate) mod progress;
pub(crate) mod quit;
pub(crate) mod refusal;
pub(crate) mod resolution;
pub(crate) mod secret;
pub(crate) mod target;
pub(crate) mod top_up;
pub(crate) mod transition;
pub(crate) mod wanted;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::Effect;
use super::chord::{Chord, Key};
use super::cover::{self, Hint};
use super::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{ActionKind, OperationId, Refusal};
use crate::domain::transaction::Transaction;
use crate::engine::{EngineEvent, Job};
use close::Close;
use form::Form;
use freeze::{Direction, Freeze};
use menu::Menu;
use pending_conflict::PendingConflict;
use pin::SetPin;
use progress::Progress;
use quit::Quit;
use refusal::RefusalNotice;
use resolution::Resolution;
use top_up::TopUp;
use transition::{Next, Transition};
use wanted::Wanted;

/// Keys this soon after a dialog opened, or after what it shows changed, were not meant for it.
const QUIET: Duration = Duration::from_millis(300);

/// What is said of such a key.
const TOO_EARLY: &str = "keys in the first 0.3 s are ignored: press again";

/// A dialog left alone this long closes without acting.
const IDLE: Duration = Duration::from_secs(60);

/// The end of the idle time that is counted down on screen, in seconds.
const COUNTDOWN: i64 = 15;

/// An open dialog: its body, and what every kind of dialog shares.
#[derive(Debug)]
pub(crate) struct Dialog {
    body: Box<dyn DialogBody>,
    /// What the last key did, or why it did nothing.
    notice: Option<String>,
    quiet_until: Timestamp,
    /// When the operator last used it.
    touched_at: Timestamp,
}

/// The kinds of dialog, for whoever draws them.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Freeze(&'a Form<Freeze>),
    TopUp(&'a Form<TopUp>),
    SetPin(&'a Form<SetPin>),
    Close(&'a Form<Close>),
    PendingConflict(&'a PendingConflict),
    Refusal(&'a RefusalNotice),
    Menu(&'a Menu),
    Progress(&'a Progress),
    Resolution(&'a Resolution),
    Quit(&'a Quit),
}

/// What one kind of dialog holds and does. The defaults are those of a dialog that only shows
/// something; a change of a card is a [`form::FormBody`] instead, which brings the rest.
pub(crate) trait DialogBody: fmt::Debug {
    /// Itself, as the variant that is drawn.
    fn content(&self) -> Content<'_>;

    /// The card it is about.
    fn card(&self) -> Option<&CardKey>;

    /// A key that was meant for it; Esc and mostly Ctrl-c never come here.
    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition;

    /// Pasted text. Fields may take it; what is typed to confirm, and a secret, never.
    fn paste(&mut self, _text: &str) -> Transition {
        Transition::stay()
    }

    /// An event that the portfolio has already applied.
    fn apply(&mut self, _event: &EngineEvent, _portfolio: &Portfolio) -> Transition {
        Transition::stay()
    }

    /// Forgets what was typed to confirm: it was typed about something that has changed since.
    fn disarm(&mut self) {}

    /// Whether ages are shown, which change every second.
    fn shows_ages(&self) -> bool {
        false
    }

    /// Whether a change of what it shows counts as use, and so keeps it open.
    fn is_kept_open_by_changes(&self) -> bool {
        false
    }

    /// Whether Ctrl-c is a key of its own, instead of closing it.
    fn takes_ctrl_c(&self) -> bool {
        false
    }

    /// Whether a secret is being typed: its idle time is always shown.
    fn holds_secret(&self) -> bool {
        false
    }
}

/// Opening a dialog.
impl Dialog {
    /// The form of a change, or the refusal with its reason, or the earlier change that is not
    /// settled.
    pub(crate) fn for_action(
        action_kind: ActionKind,
        key: &CardKey,
        portfolio: &mut Portfolio,
    ) -> Transition {
        match obstacle(action_kind, key, None, portfolio) {
            Some(obstacle) => obstacle,
            None => Self::form(action_kind, key, None, portfolio),
        }
    }

    /// A top-up filled in with what a decline was short of, or why that cannot be. It is about the
    /// decline that is `chosen` under the cursor, else about the newest for lack of money.
    pub(crate) fn cover_decline(
        key: &CardKey,
        chosen: Option<&Transaction>,
        hint: Hint<'_>,
        portfolio: &mut Portfolio,
    ) -> Transition {
        let wanted = || Wanted::CoverDecline(chosen.cloned().map(Box::new));
        match portfolio.check(ActionKind::TopUp, key) {
            Err(Refusal::Open(open)) => {
                return Self::open(PendingConflict::new(ActionKind::TopUp, key, *open), portfolio);
            }
            Err(_) => return refusal::open(wanted(), key, portfolio),
            Ok(()) => {}
        }
        match cover::plan(key, chosen, hint, portfolio) {
            Ok(cover) => Self::open(TopUp::covering(key, cover, portfolio), portfolio)
                .and(Effect::Ask(Job::RefreshCard(key.clone()))),
            Err(why) => Self::open(RefusalNotice::unfilled(wanted(), key, why), portfolio),
        }
    }

    /// The form of a change that is possible now. `overrides` is the unsettled operation that the
    /// operator chose to override.
    fn form(
        action_kind: ActionKind,
        key: &CardKey,
        overrides: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Transition {
        let opened = match action_kind {
            ActionKind::Freeze => {
                Self::open(Freeze::form(Direction::Freeze, key, overrides, portfolio), portfolio)
            }
            ActionKind::Unfreeze => {
                Self::open(Freeze::form(Direction::Unfreeze, key, overrides, portfolio), portfolio)
            }
            ActionKind::TopUp => Self::open(TopUp::form(key, overrides, portfolio), portfolio),
            ActionKind::Close => Self::open(Close::form(key, overrides, portfolio), portfolio),
            ActionKind::SetPin => match SetPin::form(key, overrides, portfolio) {
                Some(form) => Self::open(form, portfolio),
                None => return refusal::open(Wanted::Change(action_kind), key, portfolio),
            },
        };
        // One that is DOWN is tried at once.
        let job = match portfolio.unavailable(&key.provider) {
            Some(_) => Job::TryCard(key.clone()),
            None => Job::RefreshCard(key.clone()),
        };
        opened.and(Effect::Ask(job))
    }

    fn open(body: impl DialogBody + 'static, portfolio: &Portfolio) -> Transition {
        Transition::to(Next::Open(Self {
            body: Box::new(body),
            notice: None,
            quiet_until: quiet_until(portfolio.now),
            touched_at: portfolio.now,
        }))
    }
}

impl Dialog {
    /// A key. Esc always leaves without acting; other keys that come too early are dropped, which
    /// is said.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        self.touched_at = portfolio.now;
        if *chord == Chord::plain(Key::Esc) {
            return Transition::close();
        }
        if portfolio.now < self.quiet_until {
            self.notice = Some(TOO_EARLY.to_owned());
            return Transition::stay();
        }
        if *chord == Chord::ctrl('c') && !self.body.takes_ctrl_c() {
            return Transition::close();
        }
        self.notice = None;
        let transition = self.body.key(chord, portfolio);
        if matches!(transition.next, Next::Ignored) {
            self.notice = Some(self.layout_hint(chord).unwrap_or_else(|| self.no_meaning(chord)));
        }
        self.follow(transition, portfolio)
    }

    pub(crate) fn paste(&mut self, text: &str, portfolio: &Portfolio) -> Transition {
        self.touched_at = portfolio.now;
        if portfolio.now < self.quiet_until {
            self.notice = Some(TOO_EARLY.to_owned());
            return Transition::stay();
        }
        let transition = self.body.paste(text);
        self.follow(transition, portfolio)
    }

    /// An event of the engine that the portfolio has already applied.
    pub(crate) fn apply(&mut self, event: &EngineEvent, portfolio: &Portfolio) -> Transition {
        let transition = self.body.apply(event, portfolio);
        self.follow(transition, portfolio)
    }

    /// Time passed: a dialog left alone closes without acting.
    pub(crate) fn tick(&self, portfolio: &Portfolio) -> Transition {
        if self.seconds_left(portfolio.now) <= 0 { Transition::close() } else { Transition::stay() }
    }

    /// When what it shows changes by itself, or it closes.
    pub(crate) fn wake_at(&self, portfolio: &Portfolio) -> Timestamp {
        let left = self.seconds_left(portfolio.now);
        let next = if self.body.shows_ages() { left - 1 } else { (left - 1).min(COUNTDOWN) };
        let end = self.touched_at.saturating_add(IDLE).unwrap_or(Timestamp::MAX);
        let before_end = Duration::from_secs(u64::try_from(next.max(0)).unwrap_or(0));
        end.saturating_sub(before_end).unwrap_or(end)
    }

    /// The card it is about.
    pub(crate) fn card(&self) -> Option<&CardKey> {
        self.body.card()
    }

    pub(crate) fn content(&self) -> Content<'_> {
        self.body.content()
    }

    /// Says what became of what the last key asked for.
    pub(crate) fn say(&mut self, notice: String) {
        self.notice = Some(notice);
    }

    /// What the last key did, or why it did nothing.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// `closes in 54 s`, where that is to be shown: always beside a secret, else near the end.
    pub(crate) fn closes_in(&self, now: Timestamp) -> Option<String> {
        let left = self.seconds_left(now).max(0);
        (self.body.holds_secret() || left <= COUNTDOWN).then(|| format!("closes in {left} s"))
    }

    /// That a key means nothing. Beside a secret it is not named: it may be a part of it.
    fn no_meaning(&self, chord: &Chord) -> String {
        if self.body.holds_secret() {
            "this key does nothing here; Esc leaves".to_owned()
        } else {
            format!("{chord} does nothing here; Esc leaves")
        }
    }

    /// Of a letter that is on no Latin layout: that a Latin one is needed. It is not read as the
    /// key of the same place, since keys confirm here; what is typed into a secret is not repeated.
    fn layout_hint(&self, chord: &Chord) -> Option<String> {
        let letter = chord.foreign_letter()?;
        Some(match chord.on_latin() {
            _ if self.body.holds_secret() => "switch to a Latin layout".to_owned(),
            Some((_, latin)) => {
                format!("switch to a Latin layout: {letter} is not {}", latin.letter)
            }
            None => format!("switch to a Latin layout: {letter} is no key here"),
        })
    }

    /// Does what a transition means for the dialog itself; the rest is for whoever holds it.
    fn follow(&mut self, mut transition: Transition, portfolio: &Portfolio) -> Transition {
        if let Some(notice) = transition.notice.take() {
            self.notice = Some(notice);
        }
        if matches!(transition.next, Next::StayChanged) {
            self.quiet_until = quiet_until(portfolio.now);
            self.body.disarm();
            if self.body.is_kept_open_by_changes() {
                self.touched_at = portfolio.now;
            }
        }
        transition
    }

    /// Whole seconds until it closes by itself, the begun one counted.
    fn seconds_left(&self, now: Timestamp) -> i64 {
        let idle = now.duration_since(self.touched_at).as_millis();
        let left = i128::try_from(IDLE.as_millis()).unwrap_or(0) - idle;
        i64::try_from((left + 999).div_euclid(1000)).unwrap_or(0)
    }
}

fn quiet_until(now: Timestamp) -> Timestamp {
    now.saturating_add(QUIET).unwrap_or(Timestamp::MAX)
}

/// The dialog that stands in the way of a change now, if one does: the refusal, or the unsettled
/// operation unless it is the one that the operator `overrides`.
fn obstacle(
    action_kind: ActionKind,
    key: &CardKey,
    overrides: Option<OperationId>,
    portfolio: &Portfolio,
) -> Option<Transition> {
    match portfolio.check(action_kind, key) {
        Ok(()) => None,
        Err(Refusal::Open(operation)) if overrides == Some(operation.id) => None,
        Err(Refusal::Open(operation)) => {
            Some(Dialog::open(PendingConflict::new(action_kind, key, *operation), portfolio))
        }
        Err(_) => Some(refusal::open(Wanted::Change(action_kind), key, portfolio)),
    }
}
