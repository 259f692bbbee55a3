//! What the screens say, at the sizes that matter, and that no size breaks them.

mod bursts;
mod card_rows;
mod filter;
mod history;
mod history_news;
mod loading;
mod many_cards;
mod older;
mod pace;
mod pushes;
mod widths;
mod work;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::{Colors, Role, Theme};
use super::view;
use crate::app::chord::Chord;
use crate::app::fixture::{
    ago, bare, board, board_with_keys, card, health, operations, press, steps,
};
use crate::app::layout::Pane;
use crate::app::{Effect, Model, Msg, update};
use crate::domain::card::{Card, CardState};
use crate::domain::operation::{Operation, OperationState};
use crate::engine::{EngineEvent, HealthState, Job};

fn drawn(model: &Model) -> Buffer {
    drawn_with(model, &Theme::default())
}

fn drawn_with(model: &Model, theme: &Theme) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.screen.size.0, model.screen.size.1));
    view(model, theme, &mut buffer);
    buffer
}

fn text(model: &Model) -> String {
    text_with(model, &Theme::default())
}

fn text_with(model: &Model, theme: &Theme) -> String {
    let buffer = drawn_with(model, theme);
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut wide = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if wide == 0 {
                line.push_str(symbol);
                wide = crate::domain::text::width(symbol);
            }
            wide = wide.saturating_sub(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The board after these keys, with the journal of its unknown operation.
fn board_after(size: (u16, u16), keys: &str) -> Model {
    let mut model = board(size);
    let unknown = model
        .portfolio
        .operations
        .iter()
        .find(|row| row.state == OperationState::Unknown)
        .map(|row| row.id);
    _ = update(&mut model, Msg::EngineEvent(steps(unknown.expect("the fixture has one"))));
    press(&mut model, keys);
    model
}

#[test]
fn the_main_board_at_three_sizes() {
    insta::assert_snapshot!("board_80x24", text(&board((80, 24))));
    insta::assert_snapshot!("board_120x40", text(&board((120, 40))));
    insta::assert_snapshot!("board_200x60", text(&board((200, 60))));
}

#[test]
fn the_main_board_in_ascii_without_colour() {
    let text = text_with(&board((80, 24)), &Theme { mono: true, ascii: true, ..Theme::default() });
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("board_80x24_ascii_mono", text);
}

#[test]
fn one_card_at_two_sizes() {
    insta::assert_snapshot!("card_80x24", text(&board_after((80, 24), "/ 4 2 4 2 enter enter")));
    insta::assert_snapshot!("card_120x40", text(&board_after((120, 40), "/ 4 2 4 2 enter enter")));
}

#[test]
fn the_feed_with_its_filter() {
    insta::assert_snapshot!(
        "feed_80x24",
        text(&board_after((80, 24), "2 / s t a t u s : d e c l i n e d enter p"))
    );
    insta::assert_snapshot!("feed_120x40", text(&board_after((120, 40), "2 e")));
    insta::assert_snapshot!("feed_80x24_explained", text(&board_after((80, 24), "2 i")));
    insta::assert_snapshot!(
        "feed_120x40_wrong_filter",
        text(&board_after((120, 40), "2 / a m o u n t > x"))
    );
}

#[test]
fn activity_and_its_journal() {
    insta::assert_snapshot!("activity_80x24", text(&board_after((80, 24), "3 j")));
    insta::assert_snapshot!("activity_120x40", text(&board_after((120, 40), "3 j")));
}

#[test]
fn until_the_oldest_operation_is_there_no_count_is_one_of_the_whole_journal() {
    let mut model = bare((80, 24));
    let mut told = |page: Vec<Operation>, is_last: bool| {
        _ = update(&mut model, Msg::EngineEvent(EngineEvent::Journal { page, is_last }));
        press(&mut model, "3");
        text(&model)
    };
    let all = operations();
    let (newest, oldest) = all.split_at(2);
    let part = told(newest.to_vec(), false);
    assert!(part.contains("Activity  2+  older ones not loaded yet"), "{part}");
    let whole = told(oldest.to_vec(), true);
    assert!(!whole.contains("not loaded"), "{whole}");
    assert!(whole.contains(&format!("Activity  {} ", all.len())), "{whole}");
}

#[test]
fn the_health_of_providers() {
    insta::assert_snapshot!("providers_80x24", text(&board_after((80, 24), "4")));
    insta::assert_snapshot!("providers_120x40", text(&board_after((120, 40), "4")));
}

#[test]
fn a_long_reason_of_a_provider_is_read_whole_by_scrolling_and_stands_there_once() {
    let reason = "the credential `private_key` cannot be read: \
                  /home/anay/.config/cardtop/keys/acme-production-2026.pem can be read by others \
                  (mode 644), so anybody who can log in here could have taken it: ask artha for a \
                  new key, then run `chmod 600` on its file, and start cardtop again";
    for size in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut model = board(size);
        let bad = health("artha", HealthState::Auth, 75, Some(reason));
        _ = update(&mut model, Msg::EngineEvent(bad));
        press(&mut model, "4 g");
        let mut lines: Vec<String> = Vec::new();
        for _ in 0..20 {
            let screen = text(&model);
            let below = screen.lines().skip_while(|line| !line.contains("─ artha ─")).skip(1);
            let seen: Vec<&str> = below.take_while(|line| !line.contains('└')).collect();
            let seen = seen.iter().filter_map(|line| line.split('│').rev().nth(1));
            for line in seen.map(|line| line.trim().to_owned()) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
            press(&mut model, "ctrl-d");
        }
        let said = lines.concat().replace(' ', "");
        assert_eq!(said.matches(&reason.replace(' ', "")).count(), 1, "{size:?}: {lines:#?}");
        assert!(said.contains("othersbananaSLOWsince12:08:12:2time-outsin5minutes"), "{lines:#?}");
        press(&mut model, "j");
        assert_eq!(model.panes.providers.top, 0, "another provider is read from its beginning");
    }
}

#[test]
fn the_age_of_a_provider_is_the_time_since_it_was_last_read_whatever_its_state() {
    for state in [HealthState::Ok, HealthState::Slow, HealthState::Down, HealthState::Paused] {
        let mut model = board((120, 40));
        let event = health("enkash", state, 300, Some("no answer"));
        let EngineEvent::Health(health) = &event else { panic!("it is the health") };
        let age = crate::domain::text::age(model.portfolio.now, health.last_good.expect("a time"));
        _ = update(&mut model, Msg::EngineEvent(event));
        press(&mut model, "4");
        let screen = text(&model);
        assert!(screen.contains(&format!("enkash {} {age}", state.as_str())), "{screen}");
        let heading = screen.lines().find(|line| line.contains("Last read")).expect("a heading");
        let end = heading.find("Last read").expect("it is there") + "Last read".len();
        let row =
            screen.lines().find(|line| line.get(..14).is_some_and(|it| it.contains("enkash")));
        let row = row.expect("its row");
        assert!(row.get(..end).is_some_and(|row| row.ends_with(&age)), "{row}");
        assert!(heading.contains("Since"), "{heading}");
    }
}

#[test]
fn the_help_of_a_view_shows_its_keys_first_then_its_filter_then_the_keys_of_everywhere() {
    insta::assert_snapshot!("help_80x24", text(&board_after((80, 24), "?")));
    insta::assert_snapshot!("help_120x40", text(&board_after((120, 40), "?")));
    for (keys, own, filtered) in [
        ("1 ?", "mark all", true),
        ("2 ?", "explain this row", true),
        ("3 ?", "settle by hand", true),
        ("4 ?", "pause provider", false),
        ("enter ?", "cover a decline", false),
    ] {
        let lines = whole_help((60, 16), keys);
        let at = |words: &str| lines.iter().position(|line| line.contains(words));
        let everywhere = at("Everywhere").expect("the keys of everywhere");
        assert!(at(own).is_some_and(|own| own < everywhere), "{keys}: {lines:#?}");
        let filter = at("Filter, after /");
        assert_eq!(filter.is_some(), filtered, "{keys}: {lines:#?}");
        if filtered {
            let fields = at("fields").expect("the fields of its rows");
            assert!(filter < Some(fields) && fields < everywhere, "{keys}: {lines:#?}");
        }
        let other = if own == "pause provider" { "mark all" } else { "pause provider" };
        assert_eq!(at(other), None, "{keys}: a key that does nothing here");
    }
}

/// Every line of the help over a view, read by scrolling from its first line to its last.
fn whole_help(size: (u16, u16), keys: &str) -> Vec<String> {
    let mut model = board_after(size, keys);
    let mut lines: Vec<String> = Vec::new();
    let mut counted = 0;
    for _ in 0..100 {
        let screen = text(&model);
        let area = model.help_area();
        let inside = |line: &str| -> String {
            let wide = usize::from(area.width) - 2;
            line.chars().skip(usize::from(area.x) + 1).take(wide).collect()
        };
        let (from, height) = (usize::from(area.y) + 1, usize::from(area.height) - 2);
        let rows: Vec<String> = screen.lines().skip(from).take(height).map(inside).collect();
        let until = screen.lines().find_map(|line| {
            let (before, of) = line.split_once(" of ")?;
            let of = of.split(' ').next()?.parse::<usize>().ok()?;
            let (_, until) = before.rsplit_once('-')?;
            Some((until.parse::<usize>().ok()?, of))
        });
        let (until, of) = until.expect("it says which lines can be seen");
        counted = of;
        let new = rows.len().saturating_sub(until - lines.len());
        lines.extend(rows.iter().skip(new).map(|row| row.trim_end().to_owned()));
        if until == of {
            break;
        }
        press(&mut model, "j");
    }
    assert_eq!(lines.len(), counted, "{lines:#?}");
    lines
}

#[test]
fn the_whole_help_fits_every_size_by_scrolling_and_back_up_is_as_far() {
    for (size, keys) in [((60, 16), "?"), ((80, 24), "2 ?"), ((100, 20), "3 ?")] {
        let mut model = board_after(size, keys);
        let first = text(&model);
        assert!(first.contains("j k scroll"), "{first}");
        for lines in whole_help(size, keys).iter().filter(|line| !line.contains("since:8h")) {
            assert!(!lines.ends_with('~'), "{size:?}: {lines}");
        }
        press(&mut model, "G");
        let last = text(&model);
        press(&mut model, "j ctrl-d pgdn");
        assert_eq!(text(&model), last, "there is nothing further down");
        press(&mut model, "k");
        assert_ne!(text(&model), last, "the first key up scrolls");
        press(&mut model, "g");
        assert_eq!(text(&model), first);
        press(&mut model, "?");
        assert!(model.help.is_none());
    }
}

#[test]
fn keys_of_the_operators_own_are_shown_wherever_the_old_ones_were() {
    let mut model = board_with_keys(
        (200, 60),
        "freeze = \"B\"\ncover = [\"alt-t\", \"T\"]\nclose = []\npause = \"ctrl-p\"\nopen = \
         \"o\"\nfilter = \"f\"",
    );
    press(&mut model, "f 0 9 1 7 enter");
    let board = text(&model);
    for shown in ["^p pause", "o open", "f filter", "B unfreeze"] {
        assert!(board.contains(shown), "{shown} is not in\n{board}");
    }
    press(&mut model, "esc ctrl-p 2");
    assert!(text(&model).contains("(^p resume)"));
    press(&mut model, "ctrl-p ?");
    let help = text(&model);
    assert!(help.contains("B         freeze or unfreeze"), "{help}");
    assert!(!help.contains("close for good"), "what is off is not offered:\n{help}");
}

#[test]
fn the_journal_names_the_key_that_looks_now() {
    let mut model = board_with_keys((120, 40), "check = \"K\"");
    press(&mut model, "3 j");
    let screen = text(&model);
    assert!(screen.contains("K looks now"), "{screen}");
}

#[test]
fn an_empty_board_says_why() {
    let text = text(&bare((80, 24)));
    assert!(text.contains("artha: being read for the first time"), "{text}");
    assert!(text.contains("Nothing in the last 24h: ] looks further back."), "{text}");
    let filtered = self::text(&board_after((80, 24), "/ n o b o d y enter"));
    assert!(
        filtered.contains("The filter hides all 16 cards: Esc shows them again."),
        "{filtered}"
    );
}

#[test]
fn a_figure_that_may_be_old_never_stands_without_its_sign() {
    let text = text(&board((120, 40)));
    for line in text.lines().filter(|line| line.contains("..3318") || line.contains("..4471")) {
        assert!(line.contains('~'), "{line}");
    }
    assert!(text.contains("enkash DOWN 3m (3 cards LAST KNOWN)"), "{text}");
}

#[test]
fn a_state_that_was_not_read_with_the_figures_says_so() {
    let mut model = board((120, 40));
    let card = card(CardState::Active, "Mara Lindqvist", "4242", "artha", "112.40 USD", 2);
    let card = Card { state_at: Some(ago(14 * 60)), ..card };
    let _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(vec![card.into()])));
    let list = text(&model);
    let line = list
        .lines()
        .find(|line| line.contains("..4242") && line.contains("artha"))
        .expect("the card's row");
    assert!(
        line.contains("~ACTIVE") && line.contains("112.40") && !line.contains("~112.40"),
        "{line}"
    );
    press(&mut model, "/ 4 2 4 2 enter enter");
    let detail = text(&model);
    assert!(detail.contains("~ACTIVE read 14m ago"), "{detail}");
}

#[test]
fn colour_adds_nothing_that_words_do_not_say() {
    for keys in ["", "2", "3", "4", "enter", "?", "/ 4", "y", "z"] {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let model = board_after(size, keys);
            let mono = Theme { mono: true, ..Theme::default() };
            let lines = |text: String| {
                ["═─", "║│", "╔┌", "╗┐", "╚└", "╝┘"].iter().fold(text, |text, pair| {
                    let mut pair = pair.chars();
                    let (Some(double), Some(single)) = (pair.next(), pair.next()) else {
                        return text;
                    };
                    text.replace(double, &single.to_string())
                })
            };
            assert_eq!(lines(text_with(&model, &mono)), text(&model), "{keys}");
        }
    }
}

/// The panes, each with the signs of its frame's upper left corner and lower line.
fn frames(model: &Model, theme: &Theme) -> Vec<(Pane, String)> {
    let buffer = drawn_with(model, theme);
    let sign = |x: u16, y: u16| buffer[(x, y)].symbol().to_owned();
    let panes = model.layout().panes;
    panes
        .iter()
        .map(|(pane, at)| (*pane, sign(at.x, at.y) + &sign(at.x + 1, at.bottom() - 1)))
        .collect()
}

#[test]
fn without_colour_the_focused_frame_has_other_lines_than_the_rest() {
    let mut model = board_after((120, 40), "");
    let unicode = Theme { mono: true, ..Theme::default() };
    let sixteen = Theme { colors: Colors::Sixteen, ..Theme::default() };
    for (theme, focused, other) in [
        (unicode, "╔═", "┌─"),
        (Theme { ascii: true, ..unicode }, "+=", "+-"),
        (sixteen, "╔═", "┌─"),
        (Theme::default(), "┌─", "┌─"),
    ] {
        for _ in 0..3 {
            press(&mut model, "tab");
            let frames = frames(&model, &theme);
            assert!(frames.len() > 1);
            for (pane, lines) in frames {
                let wanted = if pane == model.screen.focus { focused } else { other };
                assert_eq!(lines, wanted, "{pane:?} {theme:?}");
            }
        }
    }
}

#[test]
fn no_size_breaks_a_screen() {
    let views = ["", "2", "3", "4", "enter", "? j j", "/ 4 (", "2 p", "tab tab z", "f"];
    for keys in views {
        let mut model = board_after((120, 40), keys);
        let few = (1..=60).flat_map(|columns| (1..=20).map(move |rows| (columns, rows)));
        let many =
            [(60, 16), (61, 17), (80, 24), (99, 21), (100, 16), (160, 20), (220, 70), (400, 16)];
        for size in
            few.filter(|(columns, rows)| keys.is_empty() || (columns + rows) % 7 == 0).chain(many)
        {
            _ = update(&mut model, Msg::Resized(size.0, size.1));
            drawn(&model);
        }
    }
}

#[test]
fn a_screen_that_shrank_before_the_board_heard_of_it_is_not_drawn_outside() {
    let model = board_after((200, 60), "?");
    let mut small = Buffer::empty(Rect::new(0, 0, 70, 18));
    assert_eq!(view(&model, &Theme::default(), &mut small), None);
}

#[test]
fn only_the_focused_pane_reverses_its_row() {
    let mut model = board_after((120, 40), "");
    let reversed = |model: &Model| {
        let buffer = drawn(model);
        let style = Theme::default().style(Role::Selection).add_modifier;
        let rows = (0..model.screen.size.1)
            .filter(|y| (2..model.screen.size.0).any(|x| buffer[(x, *y)].modifier.contains(style)));
        rows.filter(|y| *y > 1).count()
    };
    assert_eq!(reversed(&model), 1);
    press(&mut model, "tab tab");
    assert_eq!((model.screen.focus, reversed(&model)), (Pane::Feed, 1));
}

#[test]
fn wide_and_joined_letters_leave_the_frames_straight() {
    for holder in [
        "日本語テスト太郎さん",
        "प्रिया नायर क्\u{200d}ष",
        "a\u{301}\u{302}\u{303} Zalgo",
        "가나다라마바사아자차카타파하",
    ] {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let mut model = board(size);
            let odd = card(CardState::Active, holder, "1111", "artha", "-1.00 USD", 1);
            _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(vec![odd.into()])));
            let buffer = drawn(&model);
            let inner = 3..model.layout().panes.first().expect("a pane").1.bottom() - 1;
            let edge = model.layout().panes.first().expect("a pane").1.right() - 1;
            assert!(
                inner.clone().all(|y| buffer[(edge, y)].symbol() == "│"),
                "{holder} at {size:?}"
            );
        }
    }
}

fn any_message() -> impl Strategy<Value = Msg> {
    let named = [
        "enter",
        "esc",
        "tab",
        "s-tab",
        "up",
        "down",
        "pgdn",
        "pgup",
        "home",
        "end",
        "space",
        "backspace",
        "f1",
    ];
    let key = |text: String| Msg::Key(text.parse::<Chord>().expect("a chord of the test"));
    prop_oneof![
        8 => proptest::sample::select((b'!'..=b'~').collect::<Vec<u8>>()).prop_map(move |byte| key(char::from(byte).to_string())),
        4 => proptest::sample::select(named.to_vec()).prop_map(move |name| key(name.to_owned())),
        2 => proptest::sample::select(vec!["ctrl-d", "ctrl-u", "ctrl-r", "ctrl-c", "ctrl-l", "ctrl-z"]).prop_map(move |name| key(name.to_owned())),
        1 => (0_u16..220, 0_u16..70).prop_map(|(columns, rows)| Msg::Resized(columns, rows)),
        1 => (0_i64..400).prop_map(|seconds| Msg::Tick(ago(-seconds))),
        1 => "\\PC{0,20}".prop_map(Msg::Paste),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_key_breaks_the_board_and_none_changes_anything_while_it_is_read_only(
        messages in proptest::collection::vec(any_message(), 1..60)
    ) {
        let mut model = board((120, 40));
        _ = update(&mut model, Msg::EngineEvent(EngineEvent::ReadOnly(true)));
        for msg in messages {
            for effect in update(&mut model, msg) {
                prop_assert!(!matches!(effect, Effect::Ask(Job::Act(_))), "a change was sent in READ");
            }
            drawn(&model);
        }
    }
}
