//! Every action of a card in one list; what is impossible stays in it, with its reason.

use super::{Dialog, Step, top_up};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::world::World;
use crate::domain::card::{CardKey, CardState};
use crate::domain::operation::{Deed, OperationId};
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
    Deed(Deed),
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
    pub(crate) fn new(key: &CardKey, world: &World) -> Self {
        let mut menu = Self { key: key.clone(), cursor: 0, notice: None };
        menu.cursor = menu.items(world).iter().position(|item| item.why_not.is_none()).unwrap_or(0);
        menu
    }

    /// The rows, always in the same order.
    pub(crate) fn items(&self, world: &World) -> Vec<Item> {
        let mut items: Vec<Item> =
            [Deed::Freeze, Deed::Unfreeze, Deed::TopUp, Deed::SetPin, Deed::Close]
                .into_iter()
                .map(|deed| {
                    let (letter, words) = named(deed);
                    let why_not = world.may(deed, &self.key).err().map(|why| why.to_string());
                    Item { letter, what: What::Deed(deed), words: words.to_owned(), why_not }
                })
                .collect();
        items.insert(3, self.cover(world));
        for operation in world.operations_of(&self.key).filter(|op| op.is_open()).take(3) {
            let words =
                format!("look again for {} (op {})", operation.deed.phrase(), operation.id.short());
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

    fn cover(&self, world: &World) -> Item {
        let why_not = match world.may(Deed::TopUp, &self.key) {
            Err(why) => Some(why.to_string()),
            Ok(()) => top_up::shortfall(&self.key, world).err(),
        };
        Item { letter: 'T', what: What::Cover, words: "cover the last decline".to_owned(), why_not }
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, world: &mut World) -> Step {
        self.notice = None;
        let items = self.items(world);
        let last = items.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        match (chord.key, chord.typed()) {
            (Key::Down | Key::Tab, _) | (_, Some('j')) => self.cursor = (self.cursor + 1).min(last),
            (Key::Up | Key::BackTab, _) | (_, Some('k')) => {
                self.cursor = self.cursor.saturating_sub(1)
            }
            (Key::Home, _) | (_, Some('g')) => self.cursor = 0,
            (Key::End, _) | (_, Some('G')) => self.cursor = last,
            (Key::Enter, _) => return self.choose(items.get(self.cursor), world),
            (_, Some('x')) => return Step::Close(Vec::new()),
            (_, Some(letter)) => {
                let mut named = items.iter().enumerate().filter(|(_, item)| item.letter == letter);
                let first = named.clone().next();
                let Some((at, item)) = named.find(|(_, item)| item.why_not.is_none()).or(first)
                else {
                    return Step::Stay;
                };
                self.cursor = at;
                return self.choose(Some(item), world);
            }
            _ => {}
        }
        Step::Stay
    }

    fn choose(&mut self, item: Option<&Item>, world: &mut World) -> Step {
        let Some(item) = item else { return Step::Stay };
        let blocked =
            |deed| matches!(world.may(deed, &self.key), Err(crate::app::world::NotNow::Open(_)));
        let shows_more = match item.what {
            What::Deed(deed) => blocked(deed),
            What::Cover => blocked(Deed::TopUp),
            What::Look(_) | What::Read => false,
        };
        if let Some(why) = item.why_not.as_ref().filter(|_| !shows_more) {
            self.notice = Some(why.clone());
            return Step::Stay;
        }
        match item.what {
            What::Deed(deed) => {
                let (dialog, effects) = Dialog::for_deed(deed, &self.key, world);
                Step::Open(dialog, effects)
            }
            What::Cover => {
                let (dialog, effects) = Dialog::cover(&self.key, world);
                Step::Open(dialog, effects)
            }
            What::Look(id) => Step::Close(vec![Effect::Ask(Job::Look(id))]),
            What::Read => Step::Close(vec![Effect::Ask(Job::RefreshCard(self.key.clone()))]),
        }
    }
}

/// A deed's key and words in the menu.
const fn named(deed: Deed) -> (char, &'static str) {
    match deed {
        Deed::Freeze => ('f', "freeze"),
        Deed::Unfreeze => ('f', "unfreeze"),
        Deed::TopUp => ('t', "top up"),
        Deed::SetPin => ('P', "set PIN"),
        Deed::Close => ('C', "close for good"),
    }
}

/// The state a deed leads to, where it leads to one.
pub(crate) const fn leads_to(deed: Deed) -> Option<CardState> {
    match deed {
        Deed::Freeze => Some(CardState::Frozen),
        Deed::Unfreeze => Some(CardState::Active),
        Deed::Close => Some(CardState::Closed),
        Deed::TopUp | Deed::SetPin => None,
    }
}
