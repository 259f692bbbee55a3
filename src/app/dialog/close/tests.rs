//! Closing a card for good, key by key.

use crate::app::dialog::fixture::{Operator, money};
use crate::domain::operation::{Action, ActionKind};

#[test]
fn closing_takes_the_whole_phrase() {
    let operator = Operator::new().open(ActionKind::Close, "c1").types("close 4242").keys("enter");
    assert!(operator.requests().is_empty());
    let operator = operator.keys("ctrl-u").types("CLOSE 4242").keys("y");
    assert!(operator.requests().is_empty(), "only Enter closes");
    let operator = operator.keys("enter");
    let [request] = operator.requests()[..] else { panic!("one request: {}", operator.notice()) };
    assert!(matches!(request.action, Action::Close));
    assert_eq!(request.shown.available, Some(money("12.40", "USD")));
}
