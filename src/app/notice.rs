//! The notice in the last line: what a key did, and what the engine reports that no dialog shows.

use std::time::Duration;

use jiff::Timestamp;

use super::Model;
use crate::domain::card::{CardKey, digits};
use crate::domain::operation::{Operation, OperationState};
use crate::domain::text;
use crate::engine::{EngineEvent, QueueEnd, QueuedFreeze};

/// How long a remark stays when no key is pressed.
const STAYS: Duration = Duration::from_secs(8);

/// A notice in the last line. The next key removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// One sentence.
    pub(crate) text: String,
    pub(crate) weight: Weight,
    /// When it was shown. One that stays until the next key is as if it were shown later.
    since: Timestamp,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A remark on a key that did nothing.
    Remark,
    /// What a key did, or what happened.
    News,
    /// Something went wrong: it does not go away by itself.
    Trouble,
}

impl Model {
    /// Says what is so from the start: it stays until the first key.
    pub fn greet(&mut self, text: &str) {
        let text = text::one_line(text);
        self.notice = Some(Notice { text, weight: Weight::News, since: Timestamp::MAX });
    }

    /// Says what happened.
    pub(super) fn show_notice(&mut self, text: &str) {
        self.show(text.to_owned(), Weight::News);
    }

    /// Says that a key did nothing.
    pub(super) fn show_remark(&mut self, text: &str) {
        self.show(text.to_owned(), Weight::Remark);
    }

    fn show(&mut self, text: String, weight: Weight) {
        self.notice = Some(Notice { text, weight, since: self.portfolio.now });
    }

    /// Says what went wrong.
    pub(super) fn show_error(&mut self, text: &str) {
        self.show(text::one_line(text), Weight::Trouble);
    }

    /// Removes a remark that stood long enough.
    pub(super) fn drop_old_notice(&mut self) {
        let now = self.portfolio.now;
        let is_old = |notice: &Notice| {
            let end = notice.since.saturating_add(STAYS).unwrap_or(Timestamp::MAX);
            notice.weight != Weight::Trouble && end <= now
        };
        if self.notice.as_ref().is_some_and(is_old) {
            self.notice = None;
        }
    }

    /// Says what an event means, unless a dialog about the same card shows it. `state_before` is
    /// the state that its operation had, where it was known.
    pub(super) fn notice_for_event(
        &mut self,
        event: &EngineEvent,
        state_before: Option<OperationState>,
    ) {
        match event {
            EngineEvent::Operation(row) => {
                if state_before.is_some_and(|state| state != row.state)
                    && !self.has_dialog_about(&row.card)
                {
                    self.notice_for_outcome(row);
                }
            }
            EngineEvent::Refused { card, why, .. } => {
                if !self.has_dialog_about(card) {
                    let digits = self.digits(card);
                    self.show_error(&format!("{digits}: NOT SENT, {why}"));
                }
            }
            EngineEvent::NotSettled { why, .. } => {
                if self.dialog.is_none() {
                    self.show_error(why);
                }
            }
            EngineEvent::Unqueued { freeze, end } => {
                if !self.has_dialog_about(&freeze.card) {
                    self.notice_for_queue(freeze, *end);
                }
            }
            EngineEvent::Trouble(why) => self.show_error(why),
            EngineEvent::ReadOnly(true) => {
                self.show_notice("READ: every change is refused from now on")
            }
            EngineEvent::ReadOnly(false) => self.show_notice("WRITE: changes may be asked again"),
            EngineEvent::Cards(_)
            | EngineEvent::KnownCards { .. }
            | EngineEvent::Queued(_)
            | EngineEvent::WhyStale { .. }
            | EngineEvent::Stale { .. }
            | EngineEvent::Transactions(_)
            | EngineEvent::History(_)
            | EngineEvent::Horizon { .. }
            | EngineEvent::OlderRows { .. }
            | EngineEvent::Journal { .. }
            | EngineEvent::Steps { .. }
            | EngineEvent::Pushed(_)
            | EngineEvent::PushRead(_)
            | EngineEvent::CodeSent { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::Covered { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_) => {}
        }
    }

    /// Says that a part of cardtop itself failed.
    pub(super) fn notice_for_failure(&mut self, why: &str) {
        self.show_error(&format!("a part of cardtop failed: {why}"));
    }

    fn has_dialog_about(&self, card: &CardKey) -> bool {
        self.dialog.as_ref().is_some_and(|dialog| dialog.card() == Some(card))
    }

    /// How a change ended that no dialog shows any more.
    fn notice_for_outcome(&mut self, row: &Operation) {
        let what = format!("{} of {}", row.phrase(), digits(row.last4));
        let detail = row.detail.as_deref().map(|detail| format!(", {detail}")).unwrap_or_default();
        match row.state {
            OperationState::Done => self.show_notice(&format!("{what}: DONE{detail}")),
            OperationState::Failed => self.show_error(&format!("{what}: FAILED{detail}")),
            OperationState::Unknown => self.show_error(&format!(
                "{what}: UNKNOWN, cardtop is looking for it; do not send it again"
            )),
            OperationState::Sent | OperationState::Accepted => {}
        }
    }

    /// How a freeze stopped waiting that no dialog shows.
    fn notice_for_queue(&mut self, freeze: &QueuedFreeze, end: QueueEnd) {
        let (digits, provider) = (self.digits(&freeze.card), &freeze.card.provider);
        match end {
            QueueEnd::Sending => {
                self.show_notice(&format!("{provider} answers: the freeze of {digits} is sent"));
            }
            QueueEnd::Cancelled => self.show_notice(&format!(
                "the freeze of {digits} is cancelled: nothing was sent, the card is not frozen"
            )),
            QueueEnd::Expired => self.show_error(&format!(
                "{}: the freeze of {digits} was dropped, nothing was sent",
                self.portfolio.why_expired(freeze)
            )),
            QueueEnd::ReadOnly => self.show_error(&format!(
                "read-only was switched on: the freeze of {digits} was dropped, nothing was sent"
            )),
        }
    }

    /// The last digits of a card, as notices name it.
    pub(crate) fn digits(&self, key: &CardKey) -> String {
        digits(self.portfolio.cards.record(key).and_then(|card| card.last4()))
    }
}
