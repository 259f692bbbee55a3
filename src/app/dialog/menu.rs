//! Every action of a card in one list; what is impossible stays in it, with its reason.

use super::transition::Transition;
use super::wanted::{NotNow, Wanted};
use super::{Content, Dialog, DialogBody};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{ActionKind, OperationId, Refusal};
use crate::engine::Job;

/// The actions, in their order. Covering a decline stands behind the top-up.
const ACTIONS: [Choice; 6] = [
    Choice::Want(Wanted::Change(ActionKind::Freeze)),
    Choice::Want(Wanted::Change(ActionKind::Unfreeze)),
    Choice::Want(Wanted::Change(ActionKind::TopUp)),
    Choice::Want(Wanted::CoverDecline(None)),
    Choice::Want(Wanted::Change(ActionKind::SetPin)),
    Choice::Want(Wanted::Change(ActionKind::Close)),
];

/// Most unsettled operations that are listed.
const OPEN_OPERATIONS: usize = 3;

#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) key: CardKey,
    /// Index of the chosen item.
    pub(crate) cursor: usize,
}

/// What an item does.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// Opens the form of a change.
    Want(Wanted),
    /// Looks for an unsettled operation, by reading.
    Look(OperationId),
    /// Reads the card now.
    ReadCard,
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) letter: char,
    pub(crate) choice: Choice,
    pub(crate) label: String,
    /// Why it cannot be done now.
    pub(crate) unavailable: Option<NotNow>,
}

impl Dialog {
    /// Every action of a card, the impossible ones with their reason.
    pub(crate) fn menu(key: &CardKey, portfolio: &mut Portfolio) -> Transition {
        Self::open(Menu::new(key, portfolio), portfolio)
    }
}

impl Menu {
    /// The menu of a card, on its first possible item.
    fn new(key: &CardKey, portfolio: &Portfolio) -> Self {
        let mut menu = Self { key: key.clone(), cursor: 0 };
        menu.cursor =
            menu.items(portfolio).iter().position(|item| item.unavailable.is_none()).unwrap_or(0);
        menu
    }

    /// The items, always in the same order.
    pub(crate) fn items(&self, portfolio: &Portfolio) -> Vec<Item> {
        let actions = ACTIONS.into_iter().map(|choice| {
            let (letter, label) = letter_and_label(&choice);
            let unavailable = self.why_unavailable(&choice, portfolio);
            let label = match &choice {
                Choice::Want(wanted) if wanted.waits(&self.key, portfolio) => {
                    format!("{label} (queued)")
                }
                Choice::Want(_) | Choice::Look(_) | Choice::ReadCard => label.to_owned(),
            };
            Item { letter, choice, label, unavailable }
        });
        let open = portfolio.operations_of(&self.key).filter(|op| op.is_open());
        let looks = open.take(OPEN_OPERATIONS).map(|operation| {
            let choice = Choice::Look(operation.id);
            let (letter, label) = letter_and_label(&choice);
            let (what, id) = (operation.action_kind.phrase(), operation.id.short());
            Item { letter, choice, label: format!("{label} {what} (op {id})"), unavailable: None }
        });
        let (letter, label) = letter_and_label(&Choice::ReadCard);
        let read_card =
            Item { letter, choice: Choice::ReadCard, label: label.to_owned(), unavailable: None };
        actions.chain(looks).chain([read_card]).collect()
    }

    /// Unsettled operations of the card that have no item.
    pub(crate) fn unlisted(&self, portfolio: &Portfolio) -> usize {
        let open = portfolio.operations_of(&self.key).filter(|op| op.is_open()).count();
        open.saturating_sub(OPEN_OPERATIONS)
    }

    fn why_unavailable(&self, choice: &Choice, portfolio: &Portfolio) -> Option<NotNow> {
        match choice {
            Choice::Want(wanted) => wanted.check(&self.key, portfolio).err(),
            Choice::Look(_) | Choice::ReadCard => None,
        }
    }

    fn choose(&self, item: Option<&Item>, portfolio: &mut Portfolio) -> Transition {
        let Some(item) = item else { return Transition::stay() };
        match &item.unavailable {
            // What only waits for an earlier operation, or for its provider, has a dialog that
            // says more.
            None | Some(NotNow::Refused(Refusal::Open(_) | Refusal::Unavailable(_))) => {}
            Some(why) => return Transition::notice(why.sentence()),
        }
        match &item.choice {
            Choice::Want(wanted) => wanted.open(&self.key, portfolio),
            Choice::Look(id) => Transition::close().and(Effect::Ask(Job::Look(*id))),
            Choice::ReadCard => {
                Transition::close().and(Effect::Ask(Job::TryCard(self.key.clone())))
            }
        }
    }
}

impl DialogBody for Menu {
    fn content(&self) -> Content<'_> {
        Content::Menu(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.key)
    }

    fn shows_ages(&self) -> bool {
        true
    }

    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
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
            (_, Some('x')) => return Transition::close(),
            (_, Some(letter)) => {
                let mut of_letter =
                    items.iter().enumerate().filter(|(_, item)| item.letter == letter);
                let first = of_letter.clone().next();
                let Some((index, item)) =
                    of_letter.find(|(_, item)| item.unavailable.is_none()).or(first)
                else {
                    return Transition::ignored();
                };
                self.cursor = index;
                return self.choose(Some(item), portfolio);
            }
            _ => return Transition::ignored(),
        }
        Transition::stay()
    }
}

const fn letter_and_label(choice: &Choice) -> (char, &'static str) {
    match choice {
        Choice::Want(Wanted::Change(ActionKind::Freeze)) => ('f', "freeze"),
        Choice::Want(Wanted::Change(ActionKind::Unfreeze)) => ('f', "unfreeze"),
        Choice::Want(Wanted::Change(ActionKind::TopUp)) => ('t', "top up"),
        Choice::Want(Wanted::CoverDecline(_)) => ('T', "cover a decline"),
        Choice::Want(Wanted::Change(ActionKind::SetPin)) => ('P', "set PIN"),
        Choice::Want(Wanted::Change(ActionKind::Close)) => ('C', "close for good"),
        Choice::Look(_) => ('c', "look again for"),
        Choice::ReadCard => ('r', "read this card again now"),
    }
}

#[cfg(test)]
mod tests;
