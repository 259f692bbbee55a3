//! Whether to end cardtop while changes are not settled.

use super::transition::Transition;
use super::{Content, Dialog, DialogBody};
use crate::app::Effect;
use crate::app::chord::Chord;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;

#[derive(Debug)]
pub(crate) struct Quit;

impl Dialog {
    /// Whether to end cardtop while changes are not settled.
    pub(crate) fn quit(portfolio: &Portfolio) -> Transition {
        Self::open(Quit, portfolio)
    }
}

impl DialogBody for Quit {
    fn content(&self) -> Content<'_> {
        Content::Quit(self)
    }

    fn card(&self) -> Option<&CardKey> {
        None
    }

    /// `y` ends it, and so does Ctrl-c, as elsewhere on the board.
    fn key(&mut self, chord: &Chord, _portfolio: &mut Portfolio) -> Transition {
        if chord.typed() == Some('y') || *chord == Chord::ctrl('c') {
            Transition::close().and(Effect::Quit)
        } else {
            Transition::ignored()
        }
    }

    fn takes_ctrl_c(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::app::Effect;
    use crate::app::dialog::fixture::{Operator, money};
    use crate::domain::operation::{ActionKind, OperationState};

    #[test]
    fn quitting_is_asked_and_esc_stays() {
        let mut operator = Operator::new();
        operator.earlier_operation(
            ActionKind::TopUp,
            "c1",
            OperationState::Unknown,
            Some(money("30", "USD")),
        );
        let operator = operator.quit().keys("enter");
        assert!(operator.dialog.is_some() && operator.effects.is_empty());
        let operator = operator.keys("y");
        assert!(matches!(&operator.effects[..], [Effect::Quit]));
        assert!(Operator::new().quit().keys("esc").effects.is_empty());
    }
}
