//! banana's changes, and what became of them.

use super::*;

#[tokio::test]
async fn each_change_is_sent_once_as_documented_and_is_only_accepted() {
    let pin = |digits: &str| Pin::typed(digits.into()).expect("four digits");
    let alter = |word: &str| json!({ "user_id": 12345, "card_id": 67890, "alter": word });
    for (action, answer, path, body) in [
        (Action::Freeze, r#"{ "message": "Operation requested" }"#, "update_status", alter("LOCK")),
        (
            Action::Unfreeze,
            r#"{ "message": "Operation requested" }"#,
            "update_status",
            alter("UNLOCK"),
        ),
        (Action::Close, r#"{ "message": "Operation requested" }"#, "update_status", alter("CLOSE")),
        (
            Action::SetPin { new: Some(pin("6789")), old: None },
            r#"{ "message": "PIN set successfully" }"#,
            "set_pin",
            json!({ "user_id": 12345, "card_id": 67890, "pin": "6789" }),
        ),
        (
            Action::SetPin { new: Some(pin("6789")), old: None },
            r#"{ "success": true, "message": "PIN set successfully" }"#,
            "set_pin",
            json!({ "user_id": 12345, "card_id": 67890, "pin": "6789" }),
        ),
        (
            Action::TopUp(usd("100.1")),
            r#"{ "message": "Card recharge request sent successfully" }"#,
            "recharge",
            json!({ "user_id": 12345, "card_id": 67890, "amount": 100.1 }),
        ),
    ] {
        let fixture = Fixture::new(vec![ok(answer)]);
        let receipt = Provider::act(&fixture.banana, Permit::for_test(&card(), action, id()))
            .await
            .expect("accepted");
        assert_eq!(receipt, Ack::Accepted { reference: None });
        assert_eq!(fixture.asked(), [(Access::Write, format!("/v9/card/{path}"), body)]);
    }
}

#[tokio::test]
async fn a_refusal_that_repeats_the_pin_is_told_without_it() {
    let fixture =
        Fixture::new(vec![ok(r#"{"success":false,"message":"PIN 6789 is not allowed"}"#)]);
    let action = Action::SetPin { new: Pin::typed("6789".into()).ok(), old: None };
    let error = Provider::act(&fixture.banana, Permit::for_test(&card(), action, id()))
        .await
        .expect_err("refused");
    assert_eq!((error.outcome, &*error.reason()), (Outcome::NotDone, "PIN **** is not allowed"));
}

#[tokio::test]
async fn an_amount_is_sent_as_a_number_with_its_own_digits() {
    let fixture = Fixture::new(vec![ok(r#"{"message":"ok"}"#)]);
    Provider::act(
        &fixture.banana,
        Permit::for_test(&card(), Action::TopUp(usd("90071992547409.93")), id()),
    )
    .await
    .expect("accepted");
    let body = fixture.wire.sent(|all| all[0].json());
    let plain = unseal(body["encrypted_payload"].as_str().expect("a payload"));
    assert_eq!(plain, br#"{"user_id":12345,"card_id":67890,"amount":90071992547409.93}"#);
}

#[tokio::test]
async fn what_an_answer_to_a_recharge_means_for_the_money() {
    let refused = |reply: Reply| async {
        let fixture = Fixture::new(vec![reply]);
        let error = Provider::act(
            &fixture.banana,
            Permit::for_test(&card(), Action::TopUp(usd("5")), id()),
        )
        .await
        .expect_err("an error");
        assert_eq!(fixture.asked().len(), 1, "sent once, whatever happens");
        error
    };
    let error = refused(ok(r#"{"success":false,"message":"Invalid Card State"}"#)).await;
    assert_eq!(
        (error.kind, error.outcome, &*error.reason()),
        (ErrorKind::Refused, Outcome::NotDone, "Invalid Card State")
    );
    for doubtful in [
        ok("{}"),
        ok("[]"),
        ok(r#"{"error":"something"}"#),
        Ok((200, String::new())),
        Ok((302, String::new())),
        Ok((500, String::new())),
        Err(TransportError::unanswered("the connection broke")),
    ] {
        assert_eq!(refused(doubtful).await.outcome, Outcome::Unknown);
    }
    assert_eq!(
        refused(Err(TransportError::unsent("no connection"))).await.outcome,
        Outcome::NotDone
    );
}

#[tokio::test]
async fn what_banana_does_not_offer_is_not_sent() {
    let fixture = Fixture::new(vec![]);
    let eur = Money::parse_wire("5", "EUR".parse().expect("a currency")).expect("an amount");
    for action in [Action::TopUp(eur), Action::SetPin { new: None, old: None }] {
        let error = Provider::act(&fixture.banana, Permit::for_test(&card(), action, id()))
            .await
            .expect_err("refused here");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    }
    assert_eq!(fixture.banana.cards(FIRST).await.expect_err("no list").kind, ErrorKind::NotOffered);
    assert_eq!(
        fixture.banana.quote(&card(), usd("5")).await.expect_err("no quote").kind,
        ErrorKind::NotOffered
    );
    assert!(fixture.asked().is_empty());
}

#[tokio::test]
async fn a_recharge_is_found_again_by_amount_and_time() {
    let look = |rows: Vec<Value>, claimed: &'static [&'static str]| async move {
        let none = ok(&json!({ "data": [], "total": rows.len() }).to_string());
        let list = json!({ "data": rows, "total": rows.len() }).to_string();
        let fixture = Fixture::new(vec![ok(&list), none, ok(&list)]);
        let claimed = MatchedCredits {
            credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
            ..MatchedCredits::default()
        };
        let seen = fixture
            .banana
            .lookup(&card(), &operation(ActionKind::TopUp), &claimed)
            .await
            .expect("an answer");
        let body =
            json!({ "card_id": 67890, "type": "RECHARGE", "skip": 0, "limit": 100, "desc": true });
        // A provider may cap its pages: the list ends at an empty one.
        assert_eq!(
            fixture.asked().first(),
            Some(&(Access::Read, "/v9/card/get_transactions".into(), body))
        );
        seen
    };
    let done = |id: &str| Lookup::Done {
        proof: format!("+100.00 USD in the list, id {id}"),
        credit: Some(id.into()),
        by: Evidence::List,
    };
    let nowhere = |seen: Lookup, words: &str| {
        assert!(
            matches!(&seen, Lookup::NotFound { looked, .. } if looked.contains(words)),
            "{seen:?}"
        )
    };
    assert_eq!(
        look(vec![row(17, "100", "SUCCESS", 0), row(18, "99", "SUCCESS", 0)], &[]).await,
        done("17")
    );
    assert_eq!(
        look(vec![row(17, "100", "SUCCESS", -1)], &[]).await,
        done("17"),
        "their clock is a little behind"
    );
    nowhere(look(vec![], &[]).await, "no new top-up of 100.00 USD");
    nowhere(look(vec![row(17, "100", "SUCCESS", -3)], &[]).await, "no new top-up");
    nowhere(
        look(vec![row(17, "100", "SUCCESS", 0), row(18, "100", "SUCCESS", 1)], &[]).await,
        "2 new top-ups of 100.00 USD in the list, cannot tell which is ours",
    );
    assert_eq!(
        look(vec![row(17, "100", "SUCCESS", 0), row(18, "100", "SUCCESS", 1)], &["17"]).await,
        done("18")
    );
    nowhere(look(vec![row(17, "100", "SUCCESS", 0)], &["17"]).await, "no new top-up");
    assert!(matches!(look(vec![row(17, "100", "PENDING", 0)], &[]).await, Lookup::Pending { .. }));
    assert!(matches!(look(vec![row(17, "100", "FAILED", 1)], &[]).await, Lookup::Failed { .. }));
    nowhere(look(vec![row(17, "100", "FAILED", -3)], &[]).await, "no new top-up");
    let mut other = row(17, "100", "SUCCESS", 0);
    other["card_id"] = json!(67891);
    nowhere(look(vec![other], &[]).await, "no new top-up");
}

#[tokio::test]
async fn a_change_of_state_is_done_when_the_card_reads_so() {
    let look = |action_kind: ActionKind, state: &'static str| async move {
        let fixture = Fixture::new(vec![ok(
            &json!({ "number": "1234567890123456", "status": state }).to_string(),
        )]);
        let lone = Card { owner: None, ..card() };
        let seen = fixture
            .banana
            .lookup(&lone, &operation(action_kind), &MatchedCredits::default())
            .await
            .expect("an answer");
        assert!(
            fixture
                .asked()
                .iter()
                .all(|(does, path, _)| *does == Access::Read && path == "/v9/card/get_information")
        );
        seen
    };
    let done = |word: &str| Lookup::Done {
        proof: format!("seen {word}"),
        credit: None,
        by: Evidence::State,
    };
    assert_eq!(look(ActionKind::Freeze, "LOCKED").await, done("FROZEN"));
    assert_eq!(look(ActionKind::Unfreeze, "ACTIVE").await, done("ACTIVE"));
    assert_eq!(look(ActionKind::Close, "CLOSED").await, done("CLOSED"));
    assert_eq!(
        look(ActionKind::Freeze, "ACTIVE").await,
        Lookup::Pending { looked: "the card reads ACTIVE".into() }
    );
    assert!(matches!(look(ActionKind::Unfreeze, "CLOSED").await, Lookup::Failed { .. }));
    assert!(matches!(look(ActionKind::Close, "").await, Lookup::NotFound { .. }));
    let fixture = Fixture::new(vec![]);
    let seen = fixture
        .banana
        .lookup(&card(), &operation(ActionKind::SetPin), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }) && fixture.asked().is_empty());
}
