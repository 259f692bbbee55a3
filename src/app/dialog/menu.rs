//! Every action of a card in one list; what is impossible stays in it, with its reason.

use super::{Dialog, Step, top_up};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::{CardKey, CardState};
use crate::domain::operation::{ActionKind, OperationId};
use crate::engine::Job;

/// The actions of a card.
#[derive(Debug)]
pub(crate) struct Menu {
    /// The card.
    pub(crate) key: CardKey,
    /// Which row is chosen.
    pub(crate) cursor: usize,
    /// Why the last key did nothing.
    pub(crate) notice: Option<String>,
}

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Opens the dialog of a change.
    ActionKind(ActionKind),
    /// Tops up what the last decline was short of.
    Cover,
    /// Looks for an unsettled operation, by reading.
    Look(OperationId),
    /// Reads the card now.
    Read,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its key.
    pub(crate) letter: char,
    /// What it does.
    pub(crate) what: What,
    /// In words.
    pub(crate) words: String,
    /// Why it cannot be done now.
    pub(crate) why_not: Option<String>,
}

impl Menu {
    /// The menu of a card, on its first possible row.
    pub(crate) fn new(key: &CardKey, portfolio: &Portfolio) -> Self {
        let mut menu = Self { key: key.clone(), cursor: 0, notice: None };
        menu.cursor =
            menu.items(portfolio).iter().position(|item| item.why_not.is_none()).unwrap_or(0);
        menu
    }

    /// The rows, always in the same order.
    pub(crate) fn items(&self, portfolio: &Portfolio) -> Vec<Item> {
        let mut items: Vec<Item> = [
            ActionKind::Freeze,
            ActionKind::Unfreeze,
            ActionKind::TopUp,
            ActionKind::SetPin,
            ActionKind::Close,
        ]
        .into_iter()
        .map(|action_kind| {
            let (letter, words) = named(action_kind);
            let why_not = portfolio.check(action_kind, &self.key).err().map(|why| why.to_string());
            Item { letter, what: What::ActionKind(action_kind), words: words.to_owned(), why_not }
        })
        .collect();
        items.insert(3, self.cover(portfolio));
        for operation in portfolio.operations_of(&self.key).filter(|op| op.is_open()).take(3) {
            let words = format!(
                "look again for {} (op {})",
                operation.action_kind.phrase(),
                operation.id.short()
            );
            items.push(Item { letter: 'c', what: What::Look(operation.id), words, why_not: None });
        }
        items.push(Item {
            letter: 'r',
            what: What::Read,
            words: "read this card again now".to_owned(),
            why_not: None,
        });
        items
    }

    fn cover(&self, portfolio: &Portfolio) -> Item {
        let why_not = match portfolio.check(ActionKind::TopUp, &self.key) {
            Err(why) => Some(why.to_string()),
            Ok(()) => top_up::shortfall(&self.key, portfolio).err(),
        };
        Item { letter: 'T', what: What::Cover, words: "cover the last decline".to_owned(), why_not }
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Step {
        self.notice = None;
        let items = self.items(portfolio);
        let last = items.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        match (chord.key, chord.typed()) {
            (Key::Down | Key::Tab, _) | (_, Some('j')) => self.cursor = (self.cursor + 1).min(last),
            (Key::Up | Key::BackTab, _) | (_, Some('k')) => {
                self.cursor = self.cursor.saturating_sub(1)
            }
            (Key::Home, _) | (_, Some('g')) => self.cursor = 0,
            (Key::End, _) | (_, Some('G')) => self.cursor = last,
            (Key::Enter, _) => return self.choose(items.get(self.cursor), portfolio),
            (_, Some('x')) => return Step::Close(Vec::new()),
            (_, Some(letter)) => {
                let mut named = items.iter().enumerate().filter(|(_, item)| item.letter == letter);
                let first = named.clone().next();
                let Some((at, item)) = named.find(|(_, item)| item.why_not.is_none()).or(first)
                else {
                    return Step::Stay;
                };
                self.cursor = at;
                return self.choose(Some(item), portfolio);
            }
            _ => {}
        }
        Step::Stay
    }

    fn choose(&mut self, item: Option<&Item>, portfolio: &mut Portfolio) -> Step {
        let Some(item) = item else { return Step::Stay };
        let pending_conflict = |action_kind| {
            matches!(
                portfolio.check(action_kind, &self.key),
                Err(crate::domain::operation::Refusal::Open(_))
            )
        };
        let shows_more = match item.what {
            What::ActionKind(action_kind) => pending_conflict(action_kind),
            What::Cover => pending_conflict(ActionKind::TopUp),
            What::Look(_) | What::Read => false,
        };
        if let Some(why) = item.why_not.as_ref().filter(|_| !shows_more) {
            self.notice = Some(why.clone());
            return Step::Stay;
        }
        match item.what {
            What::ActionKind(action_kind) => {
                let (dialog, effects) = Dialog::for_deed(action_kind, &self.key, portfolio);
                Step::Open(dialog, effects)
            }
            What::Cover => {
                let (dialog, effects) = Dialog::cover(&self.key, portfolio);
                Step::Open(dialog, effects)
            }
            What::Look(id) => Step::Close(vec![Effect::Ask(Job::Look(id))]),
            What::Read => Step::Close(vec![Effect::Ask(Job::RefreshCard(self.key.clone()))]),
        }
    }
}

/// A deed's key and words in the menu.
const fn named(action_kind: ActionKind) -> (char, &'static str) {
    match action_kind {
        ActionKind::Freeze => ('f', "freeze"),
        ActionKind::Unfreeze => ('f', "unfreeze"),
        ActionKind::TopUp => ('t', "top up"),
        ActionKind::SetPin => ('P', "set PIN"),
        ActionKind::Close => ('C', "close for good"),
    }
}

/// The state a deed leads to, where it leads to one.
pub(crate) const fn leads_to(action_kind: ActionKind) -> Option<CardState> {
    match action_kind {
        ActionKind::Freeze => Some(CardState::Frozen),
        ActionKind::Unfreeze => Some(CardState::Active),
        ActionKind::Close => Some(CardState::Closed),
        ActionKind::TopUp | ActionKind::SetPin => None,
    }
}
