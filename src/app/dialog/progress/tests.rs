//! What the operator sees of a confirmed change.

use crate::app::Effect;
use crate::app::dialog::Content;
use crate::app::dialog::fixture::{Operator, key};
use crate::domain::operation::{ActionKind, OperationState};
use crate::engine::{EngineEvent, Job};

#[test]
fn progress_tells_each_step_and_can_be_left_at_any_time() {
    let operator = Operator::new().open(ActionKind::Freeze, "c1").keys("1 y");
    let id = operator.requests()[0].id;
    let mut operator = operator;
    let mut operation =
        operator.earlier_operation(ActionKind::Freeze, "c1", OperationState::Sent, None);
    operation.id = id;
    let operator = operator.apply(EngineEvent::Operation(operation.clone())).pass(2_000);
    operation.state = OperationState::Unknown;
    let operator = operator.apply(EngineEvent::Operation(operation)).pass(400).keys("c");
    let Content::Progress(progress) = operator.content() else { panic!("the progress") };
    let states: Vec<_> = progress.states.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, [OperationState::Sent, OperationState::Unknown]);
    assert!(
        matches!(operator.effects.last(), Some(Effect::Ask(Job::Look(looked))) if *looked == id)
    );
    assert!(operator.keys("enter").dialog.is_none());
}

#[test]
fn what_the_engine_refuses_is_said_with_its_reason() {
    let operator = Operator::new().open(ActionKind::Freeze, "c1").keys("1 y");
    let id = operator.requests()[0].id;
    let operator = operator.apply(EngineEvent::Refused {
        id,
        card: key("c1"),
        why: "the card changed".into(),
    });
    let Content::Progress(progress) = operator.content() else { panic!("the progress") };
    assert_eq!(progress.refusal.as_deref(), Some("the card changed"));
    assert!(progress.is_settled());
}
