//! Keys that come together end where they end one by one.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::chord::Chord;
use crate::app::fixture::{board, card, declined, key, large_board, press, transaction};
use crate::app::work::{Work, counted};
use crate::app::{Model, Msg, update_all};
use crate::domain::card::CardState;
use crate::engine::EngineEvent;
use crate::ui::theme::Theme;
use crate::ui::view;

const SIZE: (u16, u16) = (120, 40);

const KEYS: [&str; 44] = [
    "/",
    "a",
    "e",
    "i",
    "n",
    "o",
    "r",
    "4",
    "2",
    "space",
    ":",
    "~",
    ">",
    "-",
    "backspace",
    "backspace",
    "backspace",
    "left",
    "right",
    "tab",
    "up",
    "down",
    "enter",
    "esc",
    "j",
    "k",
    "G",
    "g",
    "pgdn",
    "s",
    "S",
    "m",
    "1",
    "2",
    "3",
    "z",
    "e",
    "E",
    "[",
    "]",
    "A",
    "w",
    "tab",
    "p",
];

/// Words that filters are made of, typed as they are.
const WORDS: [&str; 12] = [
    "/ m a r a",
    "/ s t a t e : f",
    "/ s t a t e : f r o z e n",
    "/ 4 2 4 2",
    "/ 7 7 3 1",
    "/ q q",
    "/ h o l d e r : ~ o",
    "/ c c y : e u r space",
    "/ a m o u n t > 2 0",
    "backspace backspace backspace backspace backspace",
    "/ r e w e",
    "/ m e r c h a n t : ~ s",
];

#[derive(Clone, Debug)]
enum Step {
    Keys(&'static str),
    Read(u8, i8),
    Paid(u8, bool),
    Resized(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::sample::select(KEYS.to_vec()).prop_map(Step::Keys),
        4 => proptest::sample::select(WORDS.to_vec()).prop_map(Step::Keys),
        2 => (any::<u8>(), any::<i8>()).prop_map(|(card, amount)| Step::Read(card, amount)),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(card, fails)| Step::Paid(card, fails)),
        1 => (60_u16..200, 16_u16..60).prop_map(|(columns, rows)| Step::Resized(columns, rows)),
    ]
}

fn messages(step: &Step, count: usize) -> Vec<Msg> {
    let last4 = |number: u8| ["4242", "7731", "1200", "1111", "2222"][usize::from(number) % 5];
    let event = match step {
        Step::Keys(keys) => {
            let chords = keys.split_whitespace().map(|key| key.parse::<Chord>().expect(key));
            return chords.map(Msg::Key).collect();
        }
        Step::Resized(columns, rows) => return vec![Msg::Resized(*columns, *rows)],
        Step::Read(number, amount) => {
            let (last4, holder) = (last4(*number), format!("Mara {number}"));
            let available = format!("{amount}.00 USD");
            let read = card(CardState::Active, &holder, last4, "artha", &available, 1);
            EngineEvent::Cards(vec![read.into()])
        }
        Step::Paid(number, fails) => {
            let of = key("artha", last4(*number));
            let row = transaction(&of, &format!("p-{count}"), 5, "7.00 USD", "REWE 0412");
            EngineEvent::Transactions(vec![if *fails { declined(row, "51") } else { row }].into())
        }
    };
    vec![Msg::EngineEvent(event)]
}

fn screen(model: &Model) -> Buffer {
    let (columns, rows) = model.screen.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    _ = view(model, &Theme::default(), &mut buffer);
    buffer
}

/// What moves or opens something, so that what the screen does not show is seen too.
const PROBES: [&str; 7] = ["enter", "j", "tab", "k", "esc", "1", "esc"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn keys_that_come_together_end_where_they_end_one_by_one(
        bursts in proptest::collection::vec(proptest::collection::vec(step(), 1..12), 1..5),
    ) {
        let (mut together, mut alone) = (board(SIZE), board(SIZE));
        for (number, burst) in bursts.iter().enumerate() {
            let messages = |(at, step)| messages(step, number * 20 + at);
            let all = || burst.iter().enumerate().map(messages);
            _ = update_all(&mut together, all().flatten());
            // What happens without the operator between two keys is one piece of news either way.
            let mut news = Vec::new();
            for message in all().flatten() {
                let is_news = matches!(message, Msg::EngineEvent(_));
                if !is_news {
                    _ = update_all(&mut alone, news.drain(..));
                }
                news.push(message);
                if !is_news {
                    _ = update_all(&mut alone, news.drain(..));
                }
            }
            _ = update_all(&mut alone, news);
            prop_assert_eq!(screen(&together), screen(&alone), "after burst {}", number);
        }
        for keys in PROBES {
            press(&mut together, keys);
            press(&mut alone, keys);
            prop_assert_eq!(screen(&together), screen(&alone), "after {}", keys);
        }
    }
}

#[test]
fn twelve_letters_that_come_together_cost_one_search() {
    for (pane, typed) in
        [("1", "h o l d e r space 1 7 0 0 3"), ("2", "s h o p space 1 2 3 4 5 6 7")]
    {
        let mut model = large_board(SIZE, 2_000, 2_000);
        press(&mut model, pane);
        press(&mut model, "/");
        let keys = typed.split_whitespace().map(|key| Msg::Key(key.parse().expect("a key")));
        let work = counted(|| _ = update_all(&mut model, keys));
        assert!(work.of(Work::CardVisited) <= 2_000, "{pane}: {work:?}");
        assert!(work.of(Work::HistoryVisited) <= 2_000 + 100, "{pane}: {work:?}");
    }
}
