//! artha's changes, and what became of them.

use super::*;

#[tokio::test]
async fn each_change_is_sent_once_as_documented_and_is_only_accepted() {
    let pin = || Action::SetPin { new: None, old: None };
    let bare = json!({ "cardId": CARD });
    for (action, path, body) in [
        (Action::Freeze, "CardFreeze", bare.clone()),
        (Action::Unfreeze, "CardUnFreeze", bare.clone()),
        (Action::Close, "CancelCard", bare.clone()),
        (pin(), "CardSetPin", bare),
        (Action::TopUp(usd("12.5")), "CardTopUp", json!({ "cardId": CARD, "amount": "12.50" })),
    ] {
        let fixture = Fixture::new(vec![ok(ACCEPTED)]);
        let receipt = Provider::act(&fixture.artha, Permit::for_test(&card(), action, id()))
            .await
            .expect("accepted");
        assert_eq!(receipt, Ack::Accepted { reference: Some(TASK.into()) });
        assert_eq!(fixture.asked(), [(Access::Write, format!("POST /api/v1/{path}"), body)]);
    }
}

#[test]
fn every_documented_answer_to_a_change_names_its_task() {
    let documented: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../../../../tests/fixtures/artha/accepted.json"))
            .expect("the fixture is JSON");
    let answers: Vec<_> = documented.values().filter(|answer| answer.is_object()).collect();
    assert_eq!(answers.len(), 5);
    for answer in answers {
        let task =
            wire::task(fields(&answer.to_string()), &Spelling::default()).expect("it is read");
        assert_eq!(
            task,
            wire::Task::Accepted(answer["taskId"].as_str().map(Into::into)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials() {
    let read = |reply: Reply| async {
        let fixture = Fixture::new(vec![reply]);
        fixture.artha.card(&card()).await.expect_err("an error")
    };
    for status in [401, 403, 404] {
        let error = read(Ok((status, PAGE.into()))).await;
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::NotDone),
            "{error}"
        );
    }
    assert_eq!(read(Ok((401, r#"{"message":"no"}"#.into()))).await.kind, ErrorKind::Auth);
    assert_eq!(
        read(Ok((403, r#"{"message":"not this card"}"#.into()))).await.kind,
        ErrorKind::Forbidden
    );
    for status in [401, 403] {
        let fixture = Fixture::new(vec![Ok((status, PAGE.into()))]);
        let error =
            Provider::act(&fixture.artha, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
                .await
                .expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::Unknown),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_an_answer_to_a_top_up_means_for_the_money() {
    let top_up = |reply: Reply| async {
        let fixture = Fixture::new(vec![reply]);
        let result =
            Provider::act(&fixture.artha, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
                .await;
        assert_eq!(fixture.asked().len(), 1, "sent once, whatever happens");
        result
    };
    let refused = |reply: Reply| async { top_up(reply).await.expect_err("an error") };
    let error = refused(ok(r#"{"taskId":"t","status":"FAILED","remarks":"float too low"}"#)).await;
    assert_eq!(
        (error.kind, error.outcome, &*error.reason()),
        (ErrorKind::Refused, Outcome::NotDone, "float too low")
    );
    for status in [400, 401, 403, 404] {
        let error = refused(Ok((
            status,
            r#"{"title":"Bad Request","error":{"message":"no such card"}}"#.into(),
        )))
        .await;
        assert_eq!(error.outcome, Outcome::NotDone, "{status}");
        assert!(error.reason().contains("no such card"), "{}", error.reason());
    }
    assert_eq!(refused(Ok((401, String::new()))).await.kind, ErrorKind::Auth);
    for doubtful in [
        Ok((500, String::new())),
        Ok((501, "501".into())),
        Ok((302, String::new())),
        ok(r#"{"taskId":"bb75ad"#),
        ok("<html>hello</html>"),
        ok("{}"),
        ok(r#"{"taskId":null,"status":"Submit"}"#),
        Err(TransportError::unanswered("the connection broke")),
    ] {
        assert_eq!(refused(doubtful).await.outcome, Outcome::Unknown);
    }
    let error = refused(Err(TransportError::unsent("no connection"))).await;
    assert_eq!(error.outcome, Outcome::NotDone);
    let accepted = top_up(ok(r#"{"TaskId":"T1","Status":"Submit"}"#)).await.expect("accepted");
    assert_eq!(accepted, Ack::Accepted { reference: Some("T1".into()) });
    assert_eq!(
        top_up(ok(r#"{"status":"success"}"#)).await.expect("accepted"),
        Ack::Accepted { reference: None }
    );
}

#[tokio::test]
async fn what_the_wire_cannot_carry_is_not_sent() {
    let fixture = Fixture::new(vec![]);
    let eur = Money::parse_wire("5", "EUR".parse().expect("a currency")).expect("an amount");
    let pin = Action::SetPin { new: Pin::typed("1234".into()).ok(), old: None };
    for action in [Action::TopUp(eur), Action::TopUp(usd("1.005")), pin] {
        let error = Provider::act(&fixture.artha, Permit::for_test(&card(), action, id()))
            .await
            .expect_err("refused here");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    }
    assert_eq!(fixture.artha.cards(FIRST).await.expect_err("no list").kind, ErrorKind::NotOffered);
    let all = Window { card: None, since: now(), until: now() };
    assert_eq!(
        fixture.artha.transactions(&all, FIRST).await.expect_err("no path").kind,
        ErrorKind::NotOffered
    );
    assert!(fixture.asked().is_empty());
    assert!(!fixture.artha.capabilities().list_all_transactions.is_yes());
}

#[tokio::test]
async fn a_top_up_is_looked_up_by_its_task() {
    let look = |status: &'static str| async move {
        let answer = json!({ "taskId": TASK, "cardId": CARD, "currency": "USD", "amount": 100.0,
            "settlemetAmount": 90.0, "fee": 10.0,
            "type": "recharge", "date": "2025-02-17T13:46:50Z", "status": status,
                "remarks": "float too low" });
        let fixture = Fixture::new(vec![ok(&answer.to_string()), ok("[]")]);
        let seen = fixture
            .artha
            .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
            .await
            .expect("an answer");
        assert_eq!(fixture.asked()[0].1, format!("GET /api/v1/TopUpStatus/{TASK}"));
        assert!(fixture.asked().iter().all(|(does, _, _)| *does == Access::Read));
        seen
    };
    for word in ["Success", "SUCCESS", "completed"] {
        assert_eq!(
            look(word).await,
            Lookup::Done {
                proof: format!("task bb75ad44.. says {word}"),
                credit: None,
                by: Evidence::Task
            }
        );
    }
    assert_eq!(
        look("failed").await,
        Lookup::Failed { why: "task bb75ad44.. says failed: float too low".into(), row: None }
    );
    assert_eq!(
        look("Processing").await,
        Lookup::Pending { looked: "task bb75ad44.. says Processing".into() }
    );
}

#[tokio::test]
async fn a_proven_top_up_claims_its_row_in_the_list_too() {
    // A first page is followed by the next and read once more: a provider may cap its pages.
    let list = json!([row("x1", "100", "Success", 0), row("x2", "55", "Success", 0)]).to_string();
    let status = || ok(&format!(r#"{{"taskId":"{TASK}","status":"Success"}}"#));
    let fixture = Fixture::new(vec![status(), ok(&list), ok("[]"), ok(&list)]);
    let seen = fixture
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert_eq!(
        seen,
        Lookup::Done {
            proof: "task bb75ad44.. says Success".into(),
            credit: Some("x1".into()),
            by: Evidence::Task
        }
    );
    let mut ours = row("x9", "90", "Success", 0);
    ours["taskId"] = json!(TASK);
    let list = json!([row("x1", "100", "Success", 0), ours]).to_string();
    let fixture = Fixture::new(vec![status(), ok(&list), ok("[]"), ok(&list)]);
    let seen = fixture
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert_eq!(
        seen,
        Lookup::Done {
            proof: "task bb75ad44.. says Success".into(),
            credit: Some("x9".into()),
            by: Evidence::Task
        },
        "the row that names the task is its own"
    );
}

#[tokio::test]
async fn an_answer_about_another_task_proves_nothing() {
    let fixture = Fixture::new(vec![ok(r#"{"taskId":"another","status":"Success"}"#)]);
    let error = fixture
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect_err("not believed");
    assert_eq!((error.kind, error.outcome), (ErrorKind::BadReply, Outcome::NotDone));
    let fixture = Fixture::new(vec![Ok((404, "Record Not Found".into()))]);
    let seen = fixture
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }), "{seen:?}");
}

#[tokio::test]
async fn a_top_up_whose_answer_was_lost_is_found_by_amount_and_time() {
    let look = |rows: Vec<Value>, claimed: &'static [&'static str]| async move {
        let list = json!({ "list": rows }).to_string();
        let fixture = Fixture::new(vec![ok(&list), ok("[]"), ok(&list)]);
        let claimed = MatchedCredits {
            credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
            ..MatchedCredits::default()
        };
        fixture
            .artha
            .lookup(&card(), &operation(ActionKind::TopUp, None), &claimed)
            .await
            .expect("an answer")
    };
    let done = |id: &str| Lookup::Done {
        proof: format!("+100.00 USD in the list, id {id}"),
        credit: Some(id.into()),
        by: Evidence::List,
    };
    assert_eq!(
        look(vec![row("a", "100", "Success", 0), row("b", "99", "Success", 0)], &[]).await,
        done("a")
    );
    assert_eq!(
        look(vec![row("a", "100", "Success", -1)], &[]).await,
        done("a"),
        "their clock is a little behind"
    );
    let nowhere = |seen: Lookup, words: &str| {
        assert!(
            matches!(&seen, Lookup::NotFound { looked, .. } if looked.contains(words)),
            "{seen:?}"
        )
    };
    nowhere(look(vec![row("a", "100", "Success", -3)], &[]).await, "no new top-up of 100.00 USD");
    nowhere(
        look(vec![row("a", "100", "Success", 0), row("b", "100", "Success", 1)], &[]).await,
        "2 new top-ups of 100.00 USD in the list, cannot tell which is ours",
    );
    assert_eq!(
        look(vec![row("a", "100", "Success", 0), row("b", "100", "Success", 1)], &["a"]).await,
        done("b")
    );
    nowhere(look(vec![row("a", "100", "Success", 0)], &["a"]).await, "no new top-up of");
    assert!(matches!(look(vec![row("a", "100", "Pending", 0)], &[]).await, Lookup::Pending { .. }));
    assert!(matches!(look(vec![row("a", "100", "Failed", 1)], &[]).await, Lookup::Failed { .. }));
    nowhere(look(vec![row("a", "100", "Failed", -3)], &[]).await, "no new top-up");
    nowhere(look(vec![json!({ "amount": "100" })], &[]).await, "1 rows could not be read");
    // The fee is taken out of the amount: what arrived and its fee make what was sent (2.8).
    let mut net = row("a", "90", "Success", 0);
    net["fee"] = json!("10");
    assert_eq!(look(vec![net], &[]).await, done("a"));
    let mut other = row("a", "100", "Success", 0);
    other["cardId"] = json!("another card");
    nowhere(look(vec![other], &[]).await, "no new top-up");
}

#[tokio::test]
async fn a_change_of_state_is_done_when_the_card_reads_so() {
    let look = |action_kind: ActionKind, state: &'static str| async move {
        let fixture = Fixture::new(vec![ok(
            &json!({ "cardNumber": "6200000000000047", "cardStatus": state }).to_string(),
        )]);
        fixture
            .artha
            .lookup(&card(), &operation(action_kind, Some(TASK)), &MatchedCredits::default())
            .await
            .expect("an answer")
    };
    let done = |word: &str| Lookup::Done {
        proof: format!("seen {word}"),
        credit: None,
        by: Evidence::State,
    };
    assert_eq!(look(ActionKind::Freeze, "frozen").await, done("FROZEN"));
    assert_eq!(look(ActionKind::Unfreeze, "Active").await, done("ACTIVE"));
    assert_eq!(look(ActionKind::Close, "canceled").await, done("CLOSED"));
    assert_eq!(
        look(ActionKind::Freeze, "Active").await,
        Lookup::Pending { looked: "the card reads ACTIVE".into() }
    );
    assert_eq!(
        look(ActionKind::Freeze, "Resting").await,
        Lookup::Pending { looked: "the card reads Resting".into() }
    );
    assert!(matches!(look(ActionKind::Freeze, "Cancelled").await, Lookup::Failed { .. }));
    assert!(matches!(look(ActionKind::Close, "").await, Lookup::NotFound { .. }));
    let fixture = Fixture::new(vec![]);
    let seen = fixture
        .artha
        .lookup(&card(), &operation(ActionKind::SetPin, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }));
    assert!(fixture.asked().is_empty(), "the PIN is never asked for");
}
