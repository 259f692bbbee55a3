//! Recording an outcome by hand, key by key.

use crate::app::dialog::Dialog;
use crate::app::dialog::fixture::{Operator, key, money};
use crate::domain::card::ProviderId;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::EngineEvent;

#[test]
fn an_operation_is_settled_as_failed_only_with_a_reason_and_the_last_four() {
    let mut operator = Operator::new();
    let open = operator.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Unknown,
        Some(money("30", "USD")),
    );
    let operator = operator.resolve(&open).keys("f").types("asked them").keys("enter y");
    assert!(operator.verdicts().is_empty());
    assert_eq!(operator.notice(), "type 4242 first");
    let operator = operator.keys("4 2 4 2 y");
    let [verdict] = operator.verdicts()[..] else { panic!("one verdict: {}", operator.notice()) };
    assert_eq!(
        (verdict.done, &*verdict.reason, verdict.typed.as_deref()),
        (false, "asked them", Some("4242"))
    );
    assert_eq!(verdict.credit, None);
    let operator = operator.keys("y");
    assert_eq!(operator.verdicts().len(), 1, "once is enough");
    let why = "the card's list cannot be read; nothing was changed".to_owned();
    let operator = operator.apply(EngineEvent::NotSettled { id: open.id, why: why.clone() });
    assert_eq!(operator.notice(), why);
    let settled = Operation { state: OperationState::Failed, ..open };
    assert!(
        operator.apply(EngineEvent::Operation(settled)).dialog.is_none(),
        "it is in the journal: nothing is left to ask"
    );
}

#[test]
fn an_operation_is_settled_as_done_with_its_row_or_with_one_kept_free() {
    let mut operator = Operator::new();
    let open = operator.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Unknown,
        Some(money("30", "USD")),
    );
    let row = Transaction {
        id: "t77".into(),
        kind: TransactionKind::TopUp,
        state: TransactionState::Cleared,
        ..crate::app::fixture::transaction(&key("c1"), "t77", 0, "30.00 USD", "")
    };
    let row = Transaction {
        provider: ProviderId::new("acme"),
        card_id: Some("c1".into()),
        at: open.created_at,
        ..row
    };
    operator.portfolio.apply(&EngineEvent::Transactions(vec![row].into()));
    let operator =
        operator.resolve(&open).keys("d").types("seen on their page").keys("enter enter");
    assert_eq!(operator.notice(), "Enter never confirms here: press y");
    let operator = operator.keys("2");
    assert_eq!(operator.notice(), "there is no such transaction here");
    let operator = operator.keys("1 y");
    let [verdict] = operator.verdicts()[..] else { panic!("one verdict: {}", operator.notice()) };
    assert_eq!((verdict.done, verdict.credit.as_deref()), (true, Some("t77")));
    let mut other = Operator::new();
    let open = other.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Unknown,
        Some(money("30", "USD")),
    );
    let other = other.resolve(&open).keys("d").keys("enter y");
    assert_eq!(other.notice(), "say why first: the reason is kept in the journal");
    let other = other.types("seen").keys("enter y");
    assert!(matches!(other.verdicts()[..], [verdict] if verdict.credit.is_none()));
}

#[test]
fn what_is_settled_or_being_sent_is_not_settled_by_hand() {
    let mut operator = Operator::new();
    for state in [OperationState::Sent, OperationState::Done, OperationState::Failed] {
        let operation =
            operator.earlier_operation(ActionKind::TopUp, "c1", state, Some(money("30", "USD")));
        assert!(Dialog::resolution(&operation, &operator.portfolio).is_err(), "{state:?}");
    }
}
