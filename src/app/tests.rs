//! Key stories: what the operator presses, and what the board then shows and asks.

mod aim;
mod cover;
mod figures;
mod finder;
mod keyboard;
mod offers;
mod providers;
mod rows;

use jiff::SignedDuration;

use super::dialog::Dialog;
use super::fixture::{
    ago, bare, board, board_with_keys, card, declined, key, now, operation, press, transaction,
};
use super::layout::Pane;
use super::{Effect, Model, Msg, update, wake_at};
use crate::domain::card::{CardKey, CardState};
use crate::domain::operation::{ActionKind, Operation, OperationId, OperationState};
use crate::engine::{EngineEvent, Job};

fn selected(model: &Model) -> String {
    model.subject().map_or_else(|| "none".to_owned(), |key| key.id.to_string())
}

fn order(model: &Model) -> Vec<String> {
    keys(model).iter().map(|key| key.id.to_string()).collect()
}

fn keys(model: &Model) -> Vec<CardKey> {
    model.panes.cards.list.rows().keys().collect()
}

/// Why a card is where it is, in words.
fn why(model: &Model, key: &CardKey) -> String {
    let card = model.portfolio.cards.get(key).expect("a card of the test");
    model.panes.cards.attention(&card, &model.portfolio).words(model.portfolio.now)
}

fn tick(model: &mut Model, seconds: i64) {
    let at = model.portfolio.now.checked_add(SignedDuration::from_secs(seconds)).expect("a time");
    _ = update(model, Msg::Tick(at));
}

fn apply(model: &mut Model, event: EngineEvent) -> Vec<Effect> {
    update(model, Msg::EngineEvent(event))
}

fn jobs(effects: Vec<Effect>) -> Vec<String> {
    let name = |effect| match effect {
        Effect::Ask(Job::Watch { .. }) => None,
        Effect::Ask(job) => Some(format!("{job:?}")),
        Effect::Copy(request) => Some(format!("copy {}", request.text)),
        Effect::Suspend | Effect::Redraw | Effect::Quit => Some(format!("{effect:?}")),
    };
    effects.into_iter().filter_map(name).collect()
}

#[test]
fn pasted_text_goes_into_an_open_filter_and_nowhere_else() {
    let mut model = board((120, 40));
    _ = update(&mut model, Msg::Paste("q\u{1b}[2J".to_owned()));
    assert!(model.panes.cards.search.text().is_empty() && model.dialog.is_none());
    press(&mut model, "/");
    _ = update(&mut model, Msg::Paste("4242\n".to_owned()));
    assert_eq!(order(&model), ["c-4242"]);
}

#[test]
fn views_open_and_escape_leads_back() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    assert_eq!((model.screen.view, model.screen.focus), (Pane::Feed, Pane::Feed));
    press(&mut model, "enter");
    assert_eq!(
        (model.screen.view, selected(&model).as_str()),
        (Pane::Detail, "c-4242"),
        "the card of the newest row"
    );
    press(&mut model, "esc");
    assert_eq!(model.screen.view, Pane::Feed);
    press(&mut model, "4 -");
    assert_eq!(model.screen.view, Pane::Feed, "the last view");
    press(&mut model, "esc tab");
    assert_eq!((model.screen.view, model.screen.focus), (Pane::Cards, Pane::Detail));
    press(&mut model, "z");
    assert_eq!(model.layout().panes.len(), 1);
    press(&mut model, "esc s-tab");
    assert_eq!((model.layout().panes.len(), model.screen.focus), (3, Pane::Cards));
}

#[test]
fn the_detail_follows_the_cursor_and_stays_when_keys_go_to_it() {
    let mut model = board((120, 40));
    press(&mut model, "j");
    assert_eq!(model.panes.detail.card, Some(key("artha", "1200")));
    press(&mut model, "tab l l");
    assert_eq!(model.panes.detail.tab, super::detail::Tab::Declines);
    assert_eq!(model.panes.detail.list.len(), 1);
    assert_eq!(selected(&model), "c-1200");
}

#[test]
fn an_unsettled_operation_is_looked_for_by_its_key_and_a_settled_one_is_not() {
    let mut model = board((120, 40));
    let requested = jobs(press(&mut model, "3"));
    assert!(requested.iter().any(|job| job.starts_with("Steps")), "{requested:?}");
    let requested = jobs(press(&mut model, "j c"));
    assert!(requested.iter().any(|job| job.starts_with("Look")), "{requested:?}");
    let requested = jobs(press(&mut model, "j c"));
    assert!(!requested.iter().any(|job| job.starts_with("Look")), "{requested:?}");
    assert_eq!(
        model.notice.as_ref().map(|notice| notice.text.ends_with("is settled: DONE")),
        Some(true)
    );
}

#[test]
fn what_is_on_screen_is_asked_for_first_and_only_when_it_changes() {
    let mut model = board((80, 24));
    let watches = |effects: Vec<Effect>| {
        effects.iter().filter(|e| matches!(e, Effect::Ask(Job::Watch { .. }))).count()
    };
    assert_eq!(watches(press(&mut model, "j")), 1);
    assert_eq!(watches(press(&mut model, "w")), 0, "nothing else came into sight");
    let effects = press(&mut model, "G");
    let visible = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Job::Watch { selected, visible }) => Some((selected.clone(), visible.len())),
        _ => None,
    });
    assert_eq!(visible.map(|(selected, visible)| (selected.is_some(), visible)), Some((true, 9)));
}

#[test]
fn changes_open_a_dialog_for_the_card_under_the_cursor() {
    for (keys, id) in [
        ("f", "c-7731"),
        ("j j t", "c-4242"),
        ("j j T", "c-4242"),
        ("P", "c-7731"),
        ("C", "c-7731"),
        ("x", "c-7731"),
    ] {
        let mut model = board((120, 40));
        let requested = jobs(press(&mut model, keys));
        assert!(
            requested.iter().all(|job| job.starts_with("RefreshCard")),
            "{keys}: the first key only reads: {requested:?}"
        );
        assert_eq!(
            model.dialog.as_ref().and_then(Dialog::card).map(|key| &*key.id),
            Some(id),
            "{keys}"
        );
    }
}

#[test]
fn a_failure_around_the_board_is_said_until_the_next_key() {
    let mut model = board((120, 40));
    let effects = update(&mut model, Msg::Failed("nothing is read any more".to_owned()));
    assert!(jobs(effects).iter().all(|job| job.starts_with("Watch")));
    tick(&mut model, 60);
    let notice = model.notice.as_ref().map(|notice| notice.text.as_str());
    assert_eq!(notice, Some("a part of cardtop failed: nothing is read any more"));
    press(&mut model, "j");
    assert_eq!(model.notice, None);
}

#[test]
fn a_refusal_is_said_when_no_dialog_shows_it() {
    let mut model = board((120, 40));
    let id = OperationId::new(now(), 1, 1);
    let refused = EngineEvent::Refused {
        id,
        card: key("artha", "4242"),
        why: "the card changed since".to_owned(),
    };
    apply(&mut model, refused);
    tick(&mut model, 60);
    let text = model.notice.as_ref().map(|notice| notice.text.clone());
    assert_eq!(
        text.as_deref(),
        Some("..4242: NOT SENT, the card changed since"),
        "it stays until a key is pressed"
    );
    press(&mut model, "j");
    assert_eq!(model.notice, None);
}

#[test]
fn what_became_of_a_change_is_said_once_and_old_ones_are_not_told_again() {
    let mut model = board((120, 40));
    assert_eq!(model.notice, None, "the journal that was read at the start is no news");
    let sent = model.portfolio.operations.iter().next().cloned().expect("the fixture sends one");
    apply(&mut model, EngineEvent::Operation(Operation { state: OperationState::Unknown, ..sent }));
    let text = model.notice.as_ref().map(|notice| notice.text.as_str());
    assert_eq!(
        text,
        Some(
            "top-up 30.00 USD of ..4242: UNKNOWN, cardtop is looking for it; do not send it again"
        )
    );
}

#[test]
fn providers_are_paused_and_read_by_their_keys() {
    let mut model = board((120, 40));
    let requested = jobs(press(&mut model, "4 k p r"));
    assert_eq!(requested.len(), 2, "{requested:?}");
    assert!(requested.iter().all(|job| job.contains("banana")), "{requested:?}");
}

#[test]
fn read_only_is_asked_of_the_engine_and_shown_when_it_says_so() {
    let mut model = board((120, 40));
    assert_eq!(jobs(press(&mut model, "ctrl-r")), ["ReadOnly(true)"]);
    assert!(!model.portfolio.read_only, "only the engine decides");
    apply(&mut model, EngineEvent::ReadOnly(true));
    assert_eq!(jobs(press(&mut model, "ctrl-r")), ["ReadOnly(false)"]);
}

#[test]
fn quitting_asks_only_while_something_is_on_its_way() {
    let mut model = board((120, 40));
    assert!(jobs(press(&mut model, "q")).is_empty());
    tick(&mut model, 1);
    assert_eq!(jobs(press(&mut model, "y")), ["Quit"]);
    assert_eq!(jobs(press(&mut bare((80, 24)), "q")), ["Quit"]);
    assert_eq!(jobs(press(&mut bare((80, 24)), "ctrl-z ctrl-l")), ["Suspend", "Redraw"]);
}

#[test]
fn keys_of_a_card_say_why_they_do_nothing_among_the_providers() {
    let mut model = board((120, 40));
    press(&mut model, "4");
    for (keys, text) in [
        ("f", "freeze or unfreeze is for a card, this is a provider: 1 shows the cards"),
        ("C", "close for good is for a card, this is a provider: 1 shows the cards"),
        ("enter", "open is for a card, this is a provider: 1 shows the cards"),
        ("c", "check operation is for a card, this is a provider: 1 shows the cards"),
        ("F", "follow newest: not here, but in feed"),
        ("e", "next decline: not here, but in cards, feed, activity"),
    ] {
        assert!(jobs(press(&mut model, keys)).is_empty() && model.dialog.is_none());
        assert_eq!(model.notice.as_ref().map(|notice| notice.text.as_str()), Some(text));
    }
    press(&mut model, "h");
    assert_eq!(model.notice, None, "a key that only moves says nothing");
}

#[test]
fn nobody_can_take_the_keys_that_confirm() {
    // y, the reasons and the digits belong to the dialog, whatever they mean on the board.
    let mut model = board_with_keys(
        (120, 40),
        "redraw = \"y\"\nsuspend = \"1\"\ncards = \"f2\"\ncopy = \"Y\"\nfreeze = \"B\"",
    );
    press(&mut model, "/ 4 2 4 2 enter");
    assert!(
        jobs(press(&mut model, "f")).is_empty() && model.dialog.is_none(),
        "the old key means nothing"
    );
    press(&mut model, "B");
    assert!(model.dialog.is_some());
    tick(&mut model, 1);
    let requested = jobs(press(&mut model, "1 y"));
    assert!(requested.len() == 1 && requested[0].starts_with("Act"), "{requested:?}");
    press(&mut model, "esc esc");
    assert_eq!(jobs(press(&mut model, "y 1")), ["Redraw", "Suspend"]);
}

#[test]
fn keys_without_a_meaning_do_nothing() {
    let mut model = board((80, 24));
    let before = order(&model);
    assert!(jobs(press(&mut model, "Q ctrl-x f7 ; delete")).is_empty());
    assert_eq!(
        (order(&model), model.screen.view, model.dialog.is_none()),
        (before, Pane::Cards, true)
    );
}

#[test]
fn esc_and_a_letter_that_come_in_one_piece_are_two_keys() {
    let mut model = bare((120, 40));
    press(&mut model, "?");
    assert!(model.help.is_some());
    assert_eq!(jobs(press(&mut model, "alt-q")), ["Quit"], "Esc closes the help, q quits");
    let mut model = board_with_keys((120, 40), "pause = \"alt-q\"");
    press(&mut model, "?");
    assert!(jobs(press(&mut model, "alt-q")).is_empty());
    assert!(model.help.is_some(), "a key with Alt that has a meaning is that key");
}

#[test]
fn a_secret_is_wiped_before_the_program_is_suspended() {
    let mut model = board((120, 40));
    press(&mut model, "j j P");
    assert_eq!(jobs(press(&mut model, "ctrl-z")), ["Suspend"]);
    assert!(model.dialog.is_none());
}

#[test]
fn the_board_wakes_once_a_second_and_never_for_mere_advice() {
    let mut model = board((80, 24));
    assert_eq!(wake_at(&model).map(|at| at.as_second()), Some(now().as_second() + 1));
    _ = update(&mut model, Msg::Resized(40, 10));
    assert_eq!(wake_at(&model), None);
}

#[test]
fn the_clock_goes_back_only_when_it_was_set_back() {
    let mut model = board((80, 24));
    _ = update(&mut model, Msg::Tick(ago(1)));
    assert_eq!(model.portfolio.now, now(), "messages overtake each other a little");
    _ = update(&mut model, Msg::Tick(ago(100)));
    assert_eq!(
        model.portfolio.now,
        ago(100),
        "else every age would stand still until it is that late again"
    );
}
