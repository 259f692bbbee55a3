//! The menu, key by key.

use crate::app::dialog::fixture::Operator;
use crate::app::dialog::freeze::Direction;
use crate::app::dialog::{Content, Dialog};
use crate::domain::operation::Support;

#[test]
fn the_menu_opens_the_possible_and_explains_the_impossible() {
    let mut operator = Operator::new();
    operator.capabilities().close = Support::No("this provider closes no cards");
    let operator = operator.open_with("c1", Dialog::menu).keys("C");
    assert_eq!(operator.notice(), "this provider closes no cards");
    let operator = operator.keys("T");
    assert!(operator.notice().starts_with("no decline of this card is known"));
    let operator = operator.keys("f");
    let Content::Freeze(form) = operator.content() else { panic!("the form of a freeze") };
    assert_eq!(form.body.direction, Direction::Freeze);
    assert!(operator.asked_to_read("c1"));
    assert!(operator.keys("esc").dialog.is_none(), "it took the menu's place");
}
