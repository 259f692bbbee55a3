//! Setting a PIN, key by key.

use crate::app::dialog::Content;
use crate::app::dialog::fixture::Operator;
use crate::domain::operation::{Action, ActionKind, PinRule};

#[test]
fn a_pin_is_typed_twice_armed_and_never_printed() {
    let operator = Operator::new()
        .open(ActionKind::SetPin, "c1")
        .types("9078")
        .keys("tab")
        .types("9078")
        .keys("tab");
    let shown = format!("{:?}", operator.dialog);
    assert!(operator.dialog.as_ref().is_some_and(|dialog| dialog.body.holds_secret()));
    assert!(!shown.contains("9078") && !shown.contains("57, 48, 55, 56"), "{shown}");
    let operator = operator.keys("space tab 4 2 4 2 enter");
    let [request] = operator.requests()[..] else { panic!("one request: {}", operator.notice()) };
    assert!(!format!("{:?}{:?}", operator.effects, operator.dialog).contains("9078"));
    let Action::SetPin { new: Some(new), old: None } = &request.action else { panic!("a PIN") };
    assert_eq!(new.expose(), "9078");
    assert_eq!(request.reason.as_deref(), Some("typed by the operator on the phone"));
}

#[test]
fn a_pin_that_is_weak_short_or_different_is_refused_with_its_reason() {
    let tried = |new: &str, again: &str| {
        let operator = Operator::new()
            .open(ActionKind::SetPin, "c1")
            .types(new)
            .keys("tab")
            .types(again)
            .keys("tab tab 4 2 4 2 enter");
        assert!(operator.requests().is_empty());
        operator.notice().to_owned()
    };
    assert_eq!(tried("907", "907"), "the new PIN must have 4 to 6 digits");
    assert_eq!(tried("1234", "1234"), "too easy to guess: no run such as 1234, no digit repeated");
    assert_eq!(tried("0000", "0000"), "too easy to guess: no run such as 1234, no digit repeated");
    assert_eq!(tried("9078", "9087"), "the two PINs differ: type the second again");
    let operator = Operator::new().open(ActionKind::SetPin, "c1").types("a");
    assert_eq!(operator.notice(), "digits only: Tab goes on");
}

#[test]
fn a_key_that_means_nothing_beside_a_pin_is_not_named() {
    let mut operator = Operator::new().open(ActionKind::SetPin, "c1").types("9078");
    for key in ["tab", "9", "0", "7", "8", "tab", "tab", "b", "f5", "f9", "ctrl-b"] {
        operator = operator.keys(key);
        let notice = operator.dialog.as_ref().and_then(|dialog| dialog.notice()).unwrap_or("");
        let named = notice.contains(&format!("{key} ")) || notice.starts_with(key);
        assert!(!named, "{key}: {notice}");
    }
}

#[test]
fn a_pin_is_never_pasted() {
    let operator = Operator::new().open(ActionKind::SetPin, "c1").pastes("9078");
    assert_eq!(operator.notice(), "pasting is off: a PIN must not pass through the clipboard");
    let Content::SetPin(form) = operator.content() else { panic!("a PIN dialog") };
    assert_eq!(form.body.new.len(), 0);
}

#[test]
fn where_the_provider_wants_the_old_pin_or_chooses_itself_the_dialog_follows() {
    let rule =
        |digits, needs_old| PinRule { digits, needs_old, physical_only: false, sentence: "a rule" };
    let mut operator = Operator::new();
    operator.capabilities().pin = Ok(rule(Some((4, 4)), true));
    let operator = operator
        .open(ActionKind::SetPin, "c1")
        .types("1111")
        .keys("tab")
        .types("90785")
        .keys("tab")
        .types("9078");
    assert_eq!(operator.notice(), "");
    let operator = operator.keys("tab tab 4 2 4 2 enter");
    let Action::SetPin { new: Some(new), old: Some(old) } = &operator.requests()[0].action else {
        panic!("both PINs")
    };
    assert_eq!((new.expose(), old.expose()), ("9078", "1111"));
    let mut operator = Operator::new();
    operator.capabilities().pin = Ok(rule(None, false));
    let operator = operator.open(ActionKind::SetPin, "c1").keys("4 2 4 2 enter");
    assert!(matches!(operator.requests()[0].action, Action::SetPin { new: None, old: None }));
    let mut operator = Operator::new();
    operator.capabilities().pin = Err("this provider sets no PIN");
    assert_eq!(operator.open(ActionKind::SetPin, "c1").notice(), "this provider sets no PIN");
}
