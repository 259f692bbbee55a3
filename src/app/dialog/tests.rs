//! What every dialog keeps to.

use std::time::Duration;

use proptest::collection::vec;
use proptest::{prop_assert, prop_assert_eq};

use crate::app::dialog::Dialog;
use crate::app::dialog::fixture::{Operator, key};
use crate::domain::operation::{ActionKind, Support};

#[test]
fn keys_in_the_first_moment_are_dropped_but_esc_leaves() {
    let mut operator = Operator::new();
    let opened = Dialog::for_action(ActionKind::Freeze, &key("c1"), &mut operator.portfolio);
    operator.follow(opened);
    let operator = operator.keys("1 y").pass(299).keys("1 y");
    assert!(operator.requests().is_empty());
    let operator = operator.pass(1).keys("1 y");
    assert_eq!(operator.requests().len(), 1);
    let operator = operator.keys("enter");
    assert!(operator.dialog.is_some(), "the progress view is not closed by an early Enter either");
    assert!(operator.keys("esc").dialog.is_none());
}

#[test]
fn a_dialog_left_alone_closes_after_a_minute_without_acting() {
    for action_kind in
        [ActionKind::Freeze, ActionKind::TopUp, ActionKind::SetPin, ActionKind::Close]
    {
        let operator = Operator::new().open(action_kind, "c1").keys("1").pass(59_000);
        let dialog = operator.dialog.as_ref().expect("it is open");
        let wake = dialog.wake_at(&operator.portfolio);
        assert!(
            wake > operator.portfolio.now
                && wake
                    <= operator
                        .portfolio
                        .now
                        .saturating_add(Duration::from_secs(1))
                        .expect("a time")
        );
        let operator = operator.pass(1_000);
        assert!(operator.dialog.is_none() && operator.requests().is_empty(), "{action_kind:?}");
    }
}

#[test]
fn every_key_keeps_a_dialog_open() {
    let operator =
        Operator::new().open(ActionKind::Freeze, "c1").pass(50_000).keys("1").pass(50_000);
    assert!(operator.dialog.is_some());
}

proptest::proptest! {
    #[test]
    fn without_y_nothing_is_frozen_or_topped_up(
        keys in vec("[0-9.aeq]|enter|tab|up|space|backspace", 0..40),
    ) {
        let keys = keys.join(" ");
        for action_kind in [ActionKind::Freeze, ActionKind::TopUp] {
            let mut operator = Operator::new();
            operator.capabilities().quote = Support::No("no quotes here");
            let operator = operator.open(action_kind, "c1").keys("1 0 0").keys(&keys);
            prop_assert!(operator.requests().is_empty(), "{action_kind:?} {keys}");
        }
    }

    #[test]
    fn one_dialog_makes_at_most_one_request_and_only_of_its_own_kind(
        which in 0_usize..4,
        keys in vec(
            "[1-5]|y|9|0|enter|tab|4 2 4 2|C L O S E space 4 2 4 2|backspace",
            0..60,
        ),
    ) {
        let action_kind =
            [ActionKind::Freeze, ActionKind::TopUp, ActionKind::SetPin, ActionKind::Close][which];
        let mut operator = Operator::new();
        operator.capabilities().quote = Support::No("no quotes here");
        let mut operator = operator.open(action_kind, "c1");
        for key in &keys {
            operator = operator.keys(key).pass(350);
        }
        let requests = operator.requests();
        prop_assert!(requests.len() <= 1, "{action_kind:?} {keys:?}");
        for request in requests {
            prop_assert_eq!(&request.card, &key("c1"));
            prop_assert_eq!(request.action.action_kind(), action_kind);
        }
    }
}
