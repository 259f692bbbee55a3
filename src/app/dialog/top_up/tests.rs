//! Topping up, key by key.

use std::sync::Arc;

use crate::app::dialog::Content;
use crate::app::dialog::fixture::{Operator, card, money};
use crate::app::dialog::top_up::review::{FeeQuote, already_covered};
use crate::domain::card::{Balance, CardState, ProviderId, Reading};
use crate::domain::operation::{ActionKind, Operation, OperationState, Support};
use crate::engine::{EngineEvent, Error, ErrorKind, Expected, Quote, RecentCredit};

#[test]
fn a_wrong_amount_is_refused_with_its_reason() {
    let wrong = |text: &str| {
        let operator = Operator::new().open(ActionKind::TopUp, "c1").types(text).keys("enter");
        assert!(operator.requests().is_empty() && operator.quote_question().is_none(), "{text}");
        operator.notice().to_owned()
    };
    assert_eq!(wrong(""), "not an amount: write digits with at most one point, such as 12.40");
    assert_eq!(wrong("0"), "the amount must be more than zero");
    assert_eq!(wrong("12.345"), "too many decimals: this currency has 2");
    assert_eq!(wrong("9.99"), "the least this provider takes is 10.00 USD");
    let operator = Operator::new().open(ActionKind::TopUp, "c1").types("-");
    assert_eq!(operator.notice(), "an amount is digits with at most one point, such as 12.40");
    let operator = Operator::new().open(ActionKind::TopUp, "c2").types("10.5").keys("enter");
    assert_eq!(operator.notice(), "too many decimals: this currency has 0");
}

#[test]
fn a_top_up_is_quoted_checked_and_sent_by_y_alone() {
    let operator = Operator::new()
        .open(ActionKind::TopUp, "c1")
        .types("30")
        .keys("tab")
        .types("travel")
        .keys("enter");
    let operator = operator.keys("y");
    assert_eq!(operator.notice(), "the fee is being asked: wait for it, or e to edit");
    let asked = operator.quote_question().expect("a quote was asked");
    let foreign = Quote {
        fee: Some(money("9", "USD")),
        receives: None,
        debited: None,
        payer: None,
        at: operator.portfolio.now,
    };
    let operator = operator
        .apply(EngineEvent::Quote { asked: asked.wrapping_add(1), quote: Ok(foreign) })
        .pass(400)
        .keys("y");
    assert!(operator.requests().is_empty(), "the answer to another question is not ours");
    let operator = operator.quoted_fee("0.30").keys("enter");
    assert!(operator.requests().is_empty());
    let operator = operator.keys("y y");
    let [request] = operator.requests()[..] else { panic!("one request") };
    assert_eq!(request.action.amount(), Some(money("30", "USD")));
    assert_eq!(request.reason.as_deref(), Some("travel"));
    assert_eq!(
        request.shown,
        Expected { state: Some(CardState::Active), available: Some(money("12.40", "USD")) }
    );
}

#[test]
fn a_y_on_its_way_when_the_fee_arrives_does_not_send() {
    let operator = Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let asked = operator.quote_question().expect("a quote was asked");
    let quote = Quote {
        fee: Some(money("15", "USD")),
        receives: None,
        debited: None,
        payer: None,
        at: operator.portfolio.now,
    };
    let operator = operator.apply(EngineEvent::Quote { asked, quote: Ok(quote) }).keys("y");
    assert!(operator.requests().is_empty());
    assert_eq!(operator.pass(300).keys("y").requests().len(), 1);
}

#[test]
fn another_amount_is_quoted_anew_and_the_old_answer_ignored() {
    let operator = Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let first = operator.quote_question().expect("a quote was asked");
    let operator = operator.keys("e").types("0").keys("enter");
    assert_ne!(operator.quote_question(), Some(first));
    let quote = Quote {
        fee: Some(money("1", "USD")),
        receives: None,
        debited: None,
        payer: None,
        at: operator.portfolio.now,
    };
    let operator =
        operator.apply(EngineEvent::Quote { asked: first, quote: Ok(quote) }).pass(400).keys("y");
    assert!(operator.requests().is_empty(), "the fee of 30 is not the fee of 300");
    let operator = operator.quoted_fee("3").keys("y");
    assert_eq!(operator.requests()[0].action.amount(), Some(money("300", "USD")));
}

#[test]
fn a_top_up_that_nobody_can_pay_is_not_sent_and_says_so() {
    let mut operator = Operator::new();
    operator.capabilities().names_payer = true;
    let trouble = "account 8204 of customer 16221 holds 5.00 USD, and 30.00 USD are to be paid";
    let operator = operator
        .open(ActionKind::TopUp, "c1")
        .types("30")
        .keys("enter")
        .quoted_payer("5", Some(trouble))
        .keys("y");
    assert!(operator.requests().is_empty(), "sent although the account cannot pay");
    assert!(operator.notice().contains(trouble), "{}", operator.notice());
    let operator = operator.keys("e enter").quoted_payer("512", None).keys("y");
    assert_eq!(operator.requests().len(), 1, "sent once it can");
}

#[test]
fn a_top_up_that_the_float_cannot_pay_is_not_sent_unless_the_float_may_have_grown() {
    let large = |operator: Operator| {
        operator.open(ActionKind::TopUp, "c1").types("9000").keys("enter 4 2 4 2 y")
    };
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    let operator = large(operator);
    assert!(operator.requests().is_empty(), "sent although the float cannot pay");
    assert!(operator.notice().contains("holds 8,114.20 USD"), "{}", operator.notice());
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    let why = "no answer".into();
    operator.portfolio.apply(&EngineEvent::Stale { provider: ProviderId::new("acme"), why });
    assert_eq!(large(operator).requests().len(), 1, "an old figure refuses nothing");
}

#[test]
fn a_top_up_is_not_sent_while_it_is_not_known_which_account_pays() {
    let mut operator = Operator::new();
    operator.capabilities().names_payer = true;
    let operator = operator.open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let asked = operator.quote_question().expect("a quote was asked");
    let error = Error::new(&ProviderId::new("acme"), ErrorKind::Unreachable, "no answer");
    let quote = Err(Arc::new(error));
    let operator = operator.apply(EngineEvent::Quote { asked, quote }).pass(400).keys("y");
    assert!(operator.requests().is_empty(), "sent although nobody saw who pays");
    assert!(operator.notice().contains("which account pays"), "{}", operator.notice());
    let operator = operator.keys("e enter").quoted_payer("512", None).keys("y");
    assert_eq!(operator.requests().len(), 1, "sent once it is known");
}

#[test]
fn a_fee_that_cannot_be_had_is_said_and_does_not_stop_the_top_up() {
    let operator = Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let asked = operator.quote_question().expect("a quote was asked");
    let error = Error::new(&ProviderId::new("acme"), ErrorKind::Unreachable, "no answer");
    let operator =
        operator.apply(EngineEvent::Quote { asked, quote: Err(Arc::new(error)) }).pass(400);
    let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
    let fee = &form.body.review.as_ref().expect("page 2").fee;
    assert!(matches!(fee, FeeQuote::Failed(why) if why == "acme: no answer"));
    assert_eq!(operator.keys("y").requests().len(), 1);
}

#[test]
fn a_large_top_up_and_one_that_looks_repeated_take_the_last_four() {
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    let operator = operator.open(ActionKind::TopUp, "c1").types("600").keys("enter y");
    assert_eq!(operator.notice(), "type 4242 first");
    assert_eq!(operator.keys("4 2 4 2 y").requests().len(), 1);
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    operator.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Done,
        Some(money("30", "USD")),
    );
    let operator = operator.open(ActionKind::TopUp, "c1").types("30").keys("enter y");
    assert!(operator.requests().is_empty());
    assert_eq!(operator.keys("4 2 4 2 enter").requests().len(), 1);
}

#[test]
fn an_equal_top_up_in_the_cards_list_is_shown_and_takes_the_last_four() {
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    let ago = jiff::SignedDuration::from_secs(12);
    operator.recent = Some(Some(RecentCredit { id: "77".into(), ago, amount: money("30", "USD") }));
    let operator =
        operator.open(ActionKind::TopUp, "c1").types("30").keys("enter").pass(400).keys("y");
    assert!(operator.requests().is_empty());
    let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
    let repetition = form.body.review.as_ref().and_then(|review| review.repetition.as_deref());
    assert_eq!(repetition, Some("30.00 USD came 12 s ago, by this or another system (id 77)"));
    let operator = operator.keys("4 2 4 2 y");
    let [request] = operator.requests()[..] else { panic!("one request: {}", operator.notice()) };
    assert_eq!(
        request.recent_credit.as_deref(),
        Some("77"),
        "the engine refuses any other one than the one that was shown"
    );
}

#[test]
fn nothing_is_sent_before_the_cards_list_was_read() {
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    operator.recent = None;
    let operator = operator.open(ActionKind::TopUp, "c1").types("30").keys("enter y");
    assert_eq!(operator.notice(), "the card's list is being read: wait for it, or e to edit");
    assert!(operator.requests().is_empty());
}

#[test]
fn cover_computes_the_shortfall_and_counts_a_debt() {
    let filled = |available: &str, asked: &str, code: &str, least: Option<i64>| {
        let mut operator = Operator::new();
        operator.capabilities().top_up_min = least.map(Into::into);
        let now = operator.portfolio.now;
        operator.portfolio.apply(&EngineEvent::Cards(vec![
            card("c1", "4242", "Mara", money(available, code), now).into(),
        ]));
        let operator = operator.declined("c1", money(asked, code)).covers_decline("c1");
        let Content::TopUp(form) = operator.content() else {
            panic!("a top-up: {}", operator.notice())
        };
        (form.body.amount.text().to_owned(), form.body.reason.text().to_owned())
    };
    let (amount, reason) = filled("12.40", "41.90", "USD", None);
    assert_eq!((&*amount, &*reason), ("30.00", "cover decline ICA MAXI 41.90"));
    assert_eq!(filled("-7.15", "41.90", "USD", None).0, "50.00");
    assert_eq!(filled("40.00", "41.90", "USD", None).0, "2.00");
    assert_eq!(filled("40.00", "41.90", "USD", Some(25)).0, "25.00");
    assert_eq!(filled("1200", "3980", "JPY", None).0, "2780");
    assert_eq!(filled("3.250", "31.500", "KWD", None).0, "29.000");
}

/// Amount and reason as they stand in the top-up that is open.
fn typed(operator: &Operator) -> (String, String) {
    let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
    (form.body.amount.text().to_owned(), form.body.reason.text().to_owned())
}

/// The card is read again and has another balance.
fn balance_becomes(operator: Operator, available: &str) -> Operator {
    let reading = operator.reading("c1", |card| {
        let at = operator.portfolio.now;
        let available = Some(money(available, "USD"));
        card.balance = Reading::At { value: Balance { available, ..Balance::default() }, at };
    });
    operator.apply(reading)
}

#[test]
fn what_a_decline_is_short_of_follows_the_balance_that_the_dialog_reads_again() {
    let covered =
        || Operator::new().declined("c1", money("41.90", "USD")).covers_decline("c1").pass(400);
    let reason = "cover decline ICA MAXI 41.90".to_owned();
    assert_eq!(typed(&covered()), ("30.00".to_owned(), reason.clone()));
    let operator = balance_becomes(covered(), "-7.15");
    assert_eq!(typed(&operator), ("50.00".to_owned(), reason.clone()));
    let operator = balance_becomes(operator, "41.90");
    assert_eq!(typed(&operator), (String::new(), reason.clone()), "nothing is missing");
    let why = |operator: &Operator| {
        let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
        form.body.covers.as_ref().and_then(|cover| cover.why_none(&operator.portfolio))
    };
    assert!(why(&operator).is_some_and(|why| why.ends_with("there is enough on it now")));
    let operator = balance_becomes(operator, "40.00");
    assert_eq!((typed(&operator).0.as_str(), why(&operator)), ("10.00", None), "the least");
}

#[test]
fn what_was_edited_or_is_being_reviewed_does_not_follow_the_balance() {
    let covered =
        || Operator::new().declined("c1", money("41.90", "USD")).covers_decline("c1").pass(400);
    let edited = balance_becomes(covered().keys("backspace 5 tab").types("!"), "-7.15");
    let edits = ("30.05".to_owned(), "cover decline ICA MAXI 41.90!".to_owned());
    assert_eq!(typed(&edited), edits);
    let reviewed = balance_becomes(covered().keys("enter"), "-7.15");
    assert_eq!(typed(&reviewed).0, "30.00");
    let Content::TopUp(form) = reviewed.content() else { panic!("a top-up") };
    let amount = form.body.review.as_ref().map(|review| review.amount);
    assert_eq!(amount, Some(money("30.00", "USD")));
}

#[test]
fn cover_says_why_it_cannot() {
    assert!(
        Operator::new()
            .covers_decline("c1")
            .notice()
            .starts_with("no decline of this card is known")
    );
    let operator = Operator::new().declined("c1", money("5", "USD")).covers_decline("c1");
    assert!(operator.notice().contains("there is enough on it now"), "{}", operator.notice());
    let operator = Operator::new().declined("c1", money("50", "EUR")).covers_decline("c1");
    assert!(operator.notice().contains("does not convert"), "{}", operator.notice());
}

#[test]
fn a_top_up_for_a_decline_is_recognised_with_what_was_added_to_its_reason() {
    for (reason, is_recognised) in [
        ("cover decline ICA MAXI 41.90", true),
        ("cover decline ICA MAXI 41.90, she called again", true),
        ("cover decline ICA MAXI 41.905", false),
        ("cover decline ICA MAXI 4", false),
        ("holiday money", false),
    ] {
        let mut operator = Operator::new().declined_for("51", "c1", money("41.90", "USD"), 900);
        let amount = Some(money("20", "USD"));
        let earlier =
            operator.earlier_operation(ActionKind::TopUp, "c1", OperationState::Done, amount);
        let earlier = Operation { reason: Some(reason.into()), ..earlier };
        operator.portfolio.apply(&EngineEvent::Operation(earlier));
        let operator = operator.covers_decline("c1");
        let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
        let cover = form.body.covers.as_ref().expect("it covers a decline");
        let warning = already_covered(cover, &operator.portfolio);
        assert_eq!(warning.is_some(), is_recognised, "{reason}: {warning:?}");
    }
}

#[test]
fn a_decline_that_a_top_up_was_made_for_already_takes_the_last_four() {
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    let mut operator = operator.declined_for("51", "c1", money("41.90", "USD"), 900);
    let amount = Some(money("20", "USD"));
    let earlier = operator.earlier_operation(ActionKind::TopUp, "c1", OperationState::Done, amount);
    let earlier = Operation { reason: Some("cover decline ICA MAXI 41.90".into()), ..earlier };
    operator.portfolio.apply(&EngineEvent::Operation(earlier));
    let operator = operator.covers_decline("c1").keys("enter").pass(400).keys("y");
    assert!(operator.requests().is_empty());
    let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
    let repetition = form.body.review.as_ref().and_then(|review| review.repetition.as_deref());
    assert!(
        repetition.is_some_and(|why| why.starts_with("anay already sent 20.00 USD for this")),
        "{repetition:?}"
    );
    assert_eq!(operator.keys("4 2 4 2 y").requests().len(), 1);
    let unrelated = Operator::new().declined_for("51", "c1", money("50", "USD"), 900);
    let unrelated = unrelated.covers_decline("c1").keys("enter");
    let Content::TopUp(form) = unrelated.content() else { panic!("a top-up") };
    assert_eq!(form.body.review.as_ref().map(|review| review.repetition.is_some()), Some(false));
}

#[test]
fn what_is_no_part_of_an_amount_is_refused_and_never_left_out_of_it() {
    for typed in ["10,5", "10,50", "-5", "1e3", "1.234,50"] {
        let operator = Operator::new().open(ActionKind::TopUp, "c1").types(typed).keys("enter");
        let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
        assert_eq!(form.body.amount.text(), typed);
        assert!(form.body.review.is_none(), "{typed} was taken for an amount");
        assert!(!operator.notice().is_empty(), "{typed}");
    }
}
