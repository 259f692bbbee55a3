//! That the number of cards makes no difference to a piece of news, a key, a frame and a second.

use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::fixture::{
    ago, card, declined, health, idle, key, large_board, operation, outage, press, transaction,
};
use crate::app::work::{Work, counted};
use crate::app::{Model, Msg, update};
use crate::domain::card::{Card, CardKey, CardState, Reading};
use crate::domain::operation::{ActionKind, OperationState};
use crate::engine::{EngineEvent, HealthState};
use crate::ui::theme::Theme;
use crate::ui::view;

const SIZE: (u16, u16) = (120, 40);

const FEW: usize = 2_000;
const MANY: usize = 20_000;

/// One board with few and one with many cards, to which the same happens.
struct Boards([Model; 2]);

impl Boards {
    fn new(prepare: impl Fn(&mut Model)) -> Self {
        Self([FEW, MANY].map(|cards| {
            let mut model = large_board(SIZE, cards, 200);
            prepare(&mut model);
            idle(&mut model);
            model
        }))
    }

    /// Does the same on both, and answers how many cards were looked at and rated. Comparisons grow
    /// with the logarithm.
    fn same(&mut self, what: &str, run: impl Fn(&mut Model)) -> [usize; 2] {
        let [few, many] = self.0.each_mut().map(|model| {
            let work = counted(|| run(model));
            let compared = work.of(Work::CardCompared);
            assert!(compared <= 10 * 15, "{what}: {compared} comparisons");
            [work.of(Work::CardVisited), work.of(Work::CardRated)]
        });
        assert_eq!(few, many, "{what}");
        few
    }
}

fn frame(model: &Model) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    _ = view(model, &Theme::default(), &mut buffer);
}

fn tell(model: &mut Model, event: EngineEvent) {
    _ = update(model, Msg::EngineEvent(event));
}

fn third() -> CardKey {
    key("artha", "0003")
}

fn read(available: &str, holder: &str) -> EngineEvent {
    let read = card(CardState::Active, holder, "0003", "artha", available, 0);
    EngineEvent::Cards(vec![read.into()])
}

#[test]
fn news_of_one_card_looks_at_that_card() {
    // Each in the order that was chosen; a filter is asked about the card too.
    for (keys, asked) in [("", 0), ("s s s s s S", 0), ("/ h o l d e r space 1 enter", 1)] {
        let mut boards = Boards::new(|model| _ = press(model, keys));
        let mut news = |what: &str, tell_it: &dyn Fn(&mut Model)| {
            assert_eq!(boards.same(what, tell_it), [asked, 1], "{what} after {keys}");
        };
        news("the same again", &|model| tell(model, read("12.40 USD", "Holder 3")));
        news("below zero", &|model| tell(model, read("-1.00 USD", "Holder 3")));
        news("another name", &|model| tell(model, read("12.40 USD", "Abe")));
        news("watched", &|model| _ = press(model, "w"));
        news("a decline", &|model| {
            let row = transaction(&third(), "d", 0, "5.00 USD", "SHOP");
            tell(model, EngineEvent::Transactions(vec![declined(row, "51")].into()));
        });
        news("an operation", &|model| {
            let unknown = operation(1, ActionKind::TopUp, &third(), OperationState::Unknown, 5);
            tell(model, EngineEvent::Operation(unknown));
        });
        news("a new card", &|model| {
            let new = CardKey::new(&third().provider, "new");
            tell(model, EngineEvent::Cards(vec![Card::unread(new).into()]));
        });
    }
}

#[test]
fn one_key_looks_at_no_card() {
    let mut boards = Boards::new(|model| {
        tell(model, read("-1.00 USD", "Holder 3"));
        press(model, "j j space j j space");
    });
    for keys in ["j", "k", "G", "g", "pgdn", "ctrl-d", "2", "4", "1", "tab", "1", "z", "z", "x esc"]
    {
        assert_eq!(boards.same(keys, |model| _ = press(model, keys)), [0, 0], "{keys}");
    }
    // One card is in trouble, and is asked whether it is the next one.
    assert_eq!(boards.same("e", |model| _ = press(model, "e")), [1, 0]);
    // A mark may hide the card, and the marks that are hidden are counted again.
    boards.0.iter_mut().for_each(|model| _ = press(model, "/ h o l d e r enter g"));
    assert_eq!(boards.same("a mark", |model| _ = press(model, "space")), [4, 0]);
}

#[test]
fn one_frame_looks_at_no_card_that_it_does_not_show() {
    let mut boards = Boards::new(|model| {
        tell(model, health("banana", HealthState::Down, 9, Some("HTTP 503")));
        let provider = key("banana", "0000").provider;
        let cards: Vec<_> = model.portfolio.cards.values().cloned().collect();
        for event in outage(cards, &provider, "HTTP 503") {
            tell(model, event);
        }
    });
    for keys in ["", "space", "4", "1 / h o l d e r space 7 enter", "space / q q enter", "p", "z"] {
        boards.0.iter_mut().for_each(|model| _ = press(model, keys));
        assert_eq!(boards.same(keys, |model| frame(model)), [0, 0], "{keys}");
    }
}

#[test]
fn one_second_looks_at_the_cards_for_which_it_makes_a_difference() {
    let mut boards = Boards::new(|model| {
        let row = transaction(&third(), "d", 0, "5.00 USD", "SHOP");
        tell(model, EngineEvent::Transactions(vec![declined(row, "51")].into()));
        // Only its state is told, which is old ten minutes later.
        let listed = card(CardState::Active, "Listed", "0004", "artha", "1.00 USD", 0);
        let listed = Card { balance: Reading::Never, state_at: Some(ago(0)), ..listed };
        tell(model, EngineEvent::Cards(vec![listed.into()]));
        press(model, "/ h o l d e r enter");
    });
    for (what, seconds, looked_at) in [
        ("a second", 1, [0, 0]),
        ("ten minutes", 599, [0, 0]),
        ("a state is old", 1, [1, 1]),
        ("a decline is old", 300, [1, 1]),
    ] {
        let tick = |model: &mut Model| {
            let at = model.portfolio.now + SignedDuration::from_secs(seconds);
            _ = update(model, Msg::Tick(at));
        };
        assert_eq!(boards.same(what, tick), looked_at, "{what}");
    }
}

#[test]
fn one_more_letter_looks_at_the_cards_that_the_letters_before_have_found() {
    let mut model = large_board(SIZE, FEW, 200);
    press(&mut model, "/ h o l d e r space 1 7");
    let found = model.panes.cards.list.len();
    assert!(found < FEW / 5, "{found} of them");
    for keys in ["3", "space s t a t e : f", "enter"] {
        let work = counted(|| _ = press(&mut model, keys));
        let most = found * keys.split(' ').count();
        assert!(work.of(Work::CardVisited) <= most, "{keys}: {work:?}, {found} found");
    }
}

#[test]
fn another_order_asks_no_filter_and_compares_no_cards() {
    let mut model = large_board(SIZE, FEW, 200);
    press(&mut model, "/ h o l d e r space 1 enter");
    for keys in ["s", "s", "s", "s", "s", "s", "s", "s", "S"] {
        let work = counted(|| _ = press(&mut model, keys));
        assert_eq!(work.of(Work::CardVisited) + work.of(Work::CardRated), 0, "{work:?}");
        assert!(work.of(Work::CardCompared) <= 30, "{work:?}");
    }
}
