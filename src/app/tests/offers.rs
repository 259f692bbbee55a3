//! What is offered is what can be had: keys, footer, menu and dialogs before a change is sent.

use super::*;
use crate::app::dialog::Content;
use crate::app::dialog::refusal::RefusalNotice;
use crate::app::fixture::health;
use crate::app::present::{footer, line};
use crate::engine::{HealthState, QueueEnd, QueuedFreeze};

/// The two lines below.
fn footer_of(model: &Model) -> String {
    let lines = footer::lines(model, 120);
    lines.iter().flatten().map(|(_, text)| text.as_str()).collect()
}

fn notice(model: &Model) -> String {
    model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

/// The cursor on the card with these digits.
fn on_card(last4: &str) -> Model {
    let mut model = board((120, 40));
    let digits: Vec<String> = last4.chars().map(String::from).collect();
    press(&mut model, &format!("/ {} enter", digits.join(" ")));
    assert_eq!(selected(&model), format!("c-{last4}"));
    model
}

fn refusal(model: &Model) -> Option<&RefusalNotice> {
    match model.dialog.as_ref()?.content() {
        Content::Refusal(refusal) => Some(refusal),
        _ => None,
    }
}

#[test]
fn no_action_is_taken_while_cards_are_marked() {
    let mut model = board((120, 40));
    press(&mut model, "A");
    for keys in ["f", "t", "T", "P", "C", "x", "tab f", "2 t", "enter x"] {
        assert!(jobs(press(&mut model, keys)).is_empty(), "{keys}");
        assert!(model.dialog.is_none(), "{keys}");
        let expected = "16 cards are marked: cardtop changes one card at a time; U unmarks them";
        assert_eq!(notice(&model), expected, "{keys}");
        let footer = footer_of(&model);
        assert!(!footer.contains("freeze") && !footer.contains("x actions"), "{keys}: {footer}");
    }
    press(&mut model, "1 U j space / l a s t 4 : 4 2 4 2 enter f");
    assert_eq!(
        notice(&model),
        "1 card is marked, hidden by the filter: cardtop changes one card at a time; U unmarks them"
    );
    press(&mut model, "2 U 1 f");
    assert!(model.dialog.is_some(), "U unmarks in every view");
}

#[test]
fn a_change_of_a_provider_that_is_down_is_refused_at_the_first_key_and_tried_once() {
    for keys in ["t", "T", "P", "C"] {
        let mut model = on_card("3318");
        let requested = jobs(press(&mut model, keys));
        assert!(matches!(&requested[..], [job] if job.starts_with("TryCard")), "{requested:?}");
        let why = refusal(&model).and_then(|refusal| refusal.why(&model.portfolio));
        assert_eq!(
            why.as_deref(),
            Some("enkash is DOWN since 14:05, next try in 24 s: HTTP 503, no Retry-After header"),
            "{keys}"
        );
        tick(&mut model, 10);
        let why = refusal(&model).and_then(|refusal| refusal.why(&model.portfolio));
        assert!(why.is_some_and(|why| why.contains("next try in 14 s")), "it counts down");
    }
}

#[test]
fn what_was_refused_is_offered_again_when_the_provider_answers() {
    let mut model = on_card("3318");
    press(&mut model, "t");
    apply(&mut model, health("enkash", HealthState::Ok, 0, None));
    assert_eq!(refusal(&model).and_then(|refusal| refusal.why(&model.portfolio)), None);
    tick(&mut model, 1);
    press(&mut model, "enter");
    let form = model.dialog.as_ref().map(Dialog::content);
    assert!(matches!(form, Some(Content::TopUp(_))));
}

#[test]
fn a_provider_that_is_paused_refuses_credentials_or_asked_to_wait_is_refused_at_the_first_key() {
    let waits = || {
        let EngineEvent::Health(mut waits) = health("artha", HealthState::Slow, 4, None) else {
            panic!("the health of the fixture")
        };
        waits.asked_to_wait = Some(ago(-90));
        EngineEvent::Health(waits)
    };
    for (event, expected) in [
        (
            health("artha", HealthState::Paused, 72, None),
            "artha is PAUSED since 14:07: let it be read again in the providers view",
        ),
        (
            health("artha", HealthState::Auth, 72, Some("HTTP 401: bad token")),
            "artha is AUTH since 14:07: HTTP 401: bad token",
        ),
        (waits(), "artha asked not to be called so soon, next try in 90 s"),
    ] {
        let mut model = on_card("1455");
        apply(&mut model, event);
        // A lost card is frozen all the same, unless the credentials are refused.
        press(&mut model, "f");
        let freezes =
            matches!(model.dialog.as_ref().map(Dialog::content), Some(Content::Freeze(_)));
        assert_eq!(freezes, !expected.contains("AUTH"), "{expected}");
        press(&mut model, "esc");
        for keys in ["t", "P", "C"] {
            let requested = jobs(press(&mut model, keys));
            assert!(requested.is_empty(), "{keys}: {requested:?}");
            let why = refusal(&model).and_then(|refusal| refusal.why(&model.portfolio));
            assert_eq!(why.as_deref(), Some(expected), "{keys}");
            press(&mut model, "esc");
        }
    }
}

#[test]
fn the_footer_offers_what_the_keys_would_do_now() {
    let frozen = footer_of(&on_card("0917"));
    assert!(frozen.contains("f unfreeze") && !frozen.contains("f freeze"), "{frozen}");
    let active = footer_of(&on_card("1455"));
    assert!(active.contains("f freeze") && active.contains("t top-up"), "{active}");
    assert!(!active.contains("T cover"), "no decline of it is known: {active}");
    let closed = footer_of(&on_card("6644"));
    assert!(!closed.contains("freeze") && !closed.contains("t top-up"), "{closed}");
    let down = footer_of(&on_card("3318"));
    assert!(!down.contains("t top-up") && !down.contains("P pin"), "{down}");
    assert!(down.contains("x actions"), "{down}");
}

#[test]
fn an_unsettled_operation_is_looked_up_from_its_card() {
    let mut model = on_card("7731");
    assert!(footer_of(&model).contains("c check now"));
    let requested = jobs(press(&mut model, "c"));
    assert!(matches!(&requested[..], [job] if job.starts_with("Look")), "{requested:?}");
    let requested = jobs(press(&mut model, "enter c"));
    assert!(requested.iter().any(|job| job.starts_with("Look")), "in the detail: {requested:?}");
    let mut settled = on_card("1455");
    assert!(!footer_of(&settled).contains("c check now"));
    assert!(jobs(press(&mut settled, "c")).is_empty());
    assert_eq!(notice(&settled), "no unsettled operation here: there is nothing to look up");
}

#[test]
fn escape_closes_why_first_and_stays_in_the_feed() {
    let mut model = board((120, 40));
    press(&mut model, "2 j i");
    assert!(model.panes.feed.explain);
    press(&mut model, "esc");
    assert_eq!((model.panes.feed.explain, model.screen.view), (false, Pane::Feed));
    press(&mut model, "esc");
    assert_eq!(model.screen.view, Pane::Cards);
}

#[test]
fn a_key_that_means_nothing_says_so_quietly() {
    let mut model = board((120, 40));
    press(&mut model, "Q");
    assert_eq!(notice(&model), "Q does nothing here: ? shows the keys");
    let second = &footer::lines(&model, 120)[1];
    assert!(second.iter().all(|(role, _)| *role == crate::app::present::Role::Muted));
    assert!(line::width(second) <= 120);
    press(&mut model, "ctrl-x");
    assert_eq!(notice(&model), "^x does nothing here: ? shows the keys");
    tick(&mut model, 9);
    assert_eq!(notice(&model), "");
}

#[test]
fn a_key_that_means_nothing_in_a_dialog_says_so() {
    let mut model = on_card("1455");
    press(&mut model, "f");
    tick(&mut model, 1);
    press(&mut model, "x");
    let said = model.dialog.as_ref().and_then(Dialog::notice);
    assert_eq!(said, Some("x does nothing here; Esc leaves"));
}

#[test]
fn keys_that_came_too_early_are_said() {
    let mut model = on_card("1455");
    let requested = jobs(press(&mut model, "f 1 y"));
    assert!(requested.iter().all(|job| job.starts_with("RefreshCard")), "{requested:?}");
    let said = model.dialog.as_ref().and_then(Dialog::notice);
    assert_eq!(said, Some("keys in the first 0.3 s are ignored: press again"));
    tick(&mut model, 1);
    let requested = jobs(press(&mut model, "1 y"));
    assert!(requested.iter().any(|job| job.starts_with("Act")), "{requested:?}");
}

/// What the engine answers to a freeze that is to wait.
fn queues(model: &mut Model) -> QueuedFreeze {
    press(model, "f");
    tick(model, 1);
    let effects = press(model, "1 y");
    let freeze = effects.into_iter().find_map(|effect| match effect {
        Effect::Ask(Job::QueueFreeze(freeze)) => Some(freeze),
        _ => None,
    });
    let freeze = freeze.expect("the freeze waits");
    apply(model, EngineEvent::Queued(freeze.clone()));
    freeze
}

#[test]
fn a_lost_card_of_a_provider_that_is_down_is_queued_in_plain_sight_and_cancelled_by_a_key() {
    let mut model = on_card("3318");
    assert!(footer_of(&model).contains("f freeze"));
    let freeze = queues(&mut model);
    assert_eq!(freeze.reason.as_deref(), Some("lost"));
    tick(&mut model, 48);
    press(&mut model, "esc");
    for view in ["2", "3", "4", "1"] {
        press(&mut model, view);
        let footer = footer_of(&model);
        let queued = "freeze of ..3318 queued, 4m12s left, X cancels: sent when enkash answers";
        assert!(footer.contains(queued), "{view}: {footer}");
    }
    press(&mut model, "f");
    let why = refusal(&model).and_then(|refusal| refusal.why(&model.portfolio));
    assert_eq!(why.as_deref(), Some("a freeze of this card is queued already"));
    press(&mut model, "esc q");
    assert!(matches!(model.dialog.as_ref().map(Dialog::content), Some(Content::Quit(_))));
    let requested = jobs(press(&mut model, "esc X"));
    assert!(matches!(&requested[..], [job] if job.starts_with("CancelFreeze")), "{requested:?}");
    apply(&mut model, EngineEvent::Unqueued { freeze, end: QueueEnd::Cancelled });
    assert_eq!(
        notice(&model),
        "the freeze of ..3318 is cancelled: nothing was sent, the card is not frozen"
    );
    press(&mut model, "X");
    assert_eq!(notice(&model), "no freeze is queued: there is nothing to cancel");
}

#[test]
fn a_freeze_that_expires_while_the_provider_asked_to_wait_says_until_when() {
    let mut model = on_card("3318");
    let freeze = queues(&mut model);
    press(&mut model, "esc");
    let EngineEvent::Health(mut waits) = health("enkash", HealthState::Down, 1, None) else {
        panic!("a health event");
    };
    waits.asked_to_wait = Some(ago(-600));
    apply(&mut model, EngineEvent::Health(waits));
    apply(&mut model, EngineEvent::Unqueued { freeze, end: QueueEnd::Expired });
    let said = notice(&model);
    assert!(said.starts_with("enkash asked not to be called until "), "{said}");
    assert!(said.ends_with(": the freeze of ..3318 was dropped, nothing was sent"), "{said}");
}

#[test]
fn a_key_on_another_card_does_not_cancel_the_freeze_that_is_queued() {
    let mut model = on_card("3318");
    queues(&mut model);
    press(&mut model, "esc esc / 1 4 5 5 enter");
    assert_eq!(selected(&model), "c-1455");
    assert!(jobs(press(&mut model, "X")).iter().all(|job| !job.starts_with("CancelFreeze")));
    let expected = "the freeze of ..3318 is queued: put the cursor on it to cancel";
    assert_eq!(notice(&model), expected);
}

#[test]
fn a_freeze_that_waited_in_vain_says_that_nothing_was_sent() {
    let mut model = on_card("3318");
    let freeze = queues(&mut model);
    press(&mut model, "esc");
    apply(&mut model, EngineEvent::Unqueued { freeze, end: QueueEnd::Expired });
    tick(&mut model, 60);
    assert_eq!(
        notice(&model),
        "enkash did not answer for 5 min: the freeze of ..3318 was dropped, nothing was sent"
    );
    assert!(!footer_of(&model).contains("queued"));
}

#[test]
fn an_open_freeze_is_queued_or_sent_as_its_provider_is_when_it_is_confirmed() {
    let mut model = on_card("1455");
    press(&mut model, "f");
    tick(&mut model, 1);
    press(&mut model, "1");
    apply(&mut model, health("artha", HealthState::Down, 1, Some("no connection")));
    assert!(jobs(press(&mut model, "y")).is_empty(), "what is shown has just changed");
    tick(&mut model, 1);
    apply(&mut model, health("artha", HealthState::Ok, 0, None));
    tick(&mut model, 1);
    let requested = jobs(press(&mut model, "y"));
    assert!(matches!(&requested[..], [job] if job.starts_with("Act")), "{requested:?}");
}

#[test]
fn in_a_window_that_shows_nothing_no_key_confirms_or_types() {
    let mut model = on_card("1455");
    press(&mut model, "f");
    _ = update(&mut model, Msg::Tick(ago(-1)));
    press(&mut model, "1");
    _ = update(&mut model, Msg::Resized(40, 12));
    assert_eq!(jobs(press(&mut model, "y")), Vec::<String>::new());
    assert!(model.dialog.is_some(), "it waits for a larger window");
    press(&mut model, "esc");
    assert!(model.dialog.is_none(), "Esc leaves all the same");
    assert_eq!(jobs(press(&mut model, "f")), Vec::<String>::new());
    assert!(model.dialog.is_none());
}
