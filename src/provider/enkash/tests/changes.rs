//! enkash's changes, and what became of them.

use super::*;

#[tokio::test]
async fn a_top_up_sends_the_worked_example_and_is_only_accepted() {
    // enkash wire notes, 2.4 and 4.5
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(
        200,
        &sealed(
            r#"{"code": 0, "message": "Success",
                "payload": "Funds allocated from Parent Account to Card by Admin successful"}"#,
        ),
    );
    let receipt =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_050)), id()))
            .await
            .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: None });
    let (path, body) = asked(&wire).remove(0);
    assert_eq!(path, "/balance");
    let reference = id().reference();
    assert_eq!(
        body,
        json!({
            "companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "createdBy": "cardtop",
                "amount": 10.5,
            "transactionType": "CR", "description": "Top-up by cardtop", "type": "ALLOCATE_FUND",
                "transactionCode": "ALLOCATION",
            "uniqueReferenceNumber": &*reference, "remarks": &*reference,
                "enKashCardId": "EKCMB7KAEW"
        })
    );
    wire.sent(|all| assert_eq!(all.last().map(|sent| sent.access), Some(Access::Write)));
}

#[tokio::test]
async fn the_amount_is_written_digit_by_digit_and_the_other_pair_is_a_pair() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Off, Load::LoadMoney);
    wire.answer(200, TOKEN);
    wire.answer(200, r#"{"code":0,"message":"Success","payload":"ok"}"#);
    Provider::act(
        &account,
        Permit::for_test(&card(), Action::TopUp(rupees(1_234_567_890_123_410)), id()),
    )
    .await
    .expect("accepted");
    wire.sent(|all| {
        let body = all.last().expect("a call").body();
        assert!(body.contains(r#""amount":12345678901234.10,"#), "{body}");
        assert!(body.contains(r#""type":"LOAD_MONEY","transactionCode":"PRINCIPLE""#), "{body}");
    });
    let dollars = Money::new(Decimal::TEN, "USD".parse().expect("a currency"));
    let error = Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars), id()))
        .await
        .expect_err("not rupees");
    assert_eq!(
        (error.kind, error.outcome, wire.count("/balance")),
        (ErrorKind::Refused, Outcome::NotDone, 1)
    );
}

#[tokio::test]
async fn what_an_answer_to_a_top_up_means_for_the_money() {
    // enkash wire notes, 1.5 point 9, 1.6 and 1.7
    use Outcome::{NotDone, Unknown};
    let no = r#"{"response_code": 1, "response_message": "Insufficient balance in card account",
        "payload": "Insufficient balance in card account"}"#;
    for (status, body, kind, outcome) in [
        (200, no, ErrorKind::Refused, NotDone),
        (200, r#"{"code":1,"message":"duplicate reference"}"#, ErrorKind::Refused, Unknown),
        (200, r#"{"code":500,"message":"error"}"#, ErrorKind::Refused, Unknown),
        (200, r#"{"message":"Success"}"#, ErrorKind::BadReply, Unknown),
        (200, "<html>gateway</html>", ErrorKind::BadReply, Unknown),
        (200, r#"{"code":0,"mess"#, ErrorKind::BadReply, Unknown),
        (200, "", ErrorKind::BadReply, Unknown),
        (302, "", ErrorKind::BadReply, Unknown),
        (400, r#"{"code":1,"message":"amount is required"}"#, ErrorKind::Refused, NotDone),
        (
            403,
            r#"{"code":1,"message":"Encryption failed for response."}"#,
            ErrorKind::Forbidden,
            Unknown,
        ),
        (404, r#"{"code":1,"message":"Card account not found"}"#, ErrorKind::NotFound, NotDone),
        (409, r#"{"code":1,"message":"transaction id exists"}"#, ErrorKind::Refused, Unknown),
        (422, r#"{"code":1,"message":"Invalid encrypted request."}"#, ErrorKind::Refused, NotDone),
        (429, "", ErrorKind::RateLimited, NotDone),
        (500, "", ErrorKind::Unreachable, Unknown),
        (504, "<html>timeout</html>", ErrorKind::Unreachable, Unknown),
    ] {
        let wire = Wire::default();
        let account = ready(&wire).await;
        wire.answer(status, body);
        let error =
            Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
                .await
                .expect_err("not accepted");
        assert_eq!((error.kind, error.outcome), (kind, outcome), "{status} {body}: {error}");
        assert_eq!(wire.count("/balance"), 1, "sent again after {status} {body}");
    }
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, no);
    let error =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
            .await
            .expect_err("refused");
    assert_eq!(&*error.reason(), "Insufficient balance in card account");
}

#[tokio::test]
async fn freeze_unfreeze_close_and_pin_send_what_is_documented() {
    // enkash wire notes, 2.3, 2.11 and 4.2
    let wire = Wire::default();
    let account = ready(&wire).await;
    let pin = Action::SetPin { new: Pin::typed("0078".into()).ok(), old: None };
    for action in [Action::Freeze, Action::Unfreeze, Action::Close, pin] {
        wire.answer(200, &sealed(r#"{"code":0,"message":"Success","payload":"Success"}"#));
        assert_eq!(
            Provider::act(&account, Permit::for_test(&card(), action, id()))
                .await
                .expect("accepted"),
            Ack::Accepted { reference: None }
        );
    }
    let asked = asked(&wire);
    for ((path, body), code) in asked.iter().zip(["L", "UL", "BL"]) {
        assert_eq!(path, "/block");
        assert_eq!(
            (&body["blockCode"], &body["otpMedium"], &body["otpRequired"]),
            (&json!(code), &json!("MOBILE"), &json!(false))
        );
        assert_eq!(
            (&body["companyId"], &body["cardAccountId"]),
            (&json!("CEKEP5GSGP"), &json!("CABFIPS"))
        );
        assert_eq!(body["enKashCardId"], "EKCMB7KAEW");
    }
    let (path, body) = asked.last().expect("the PIN");
    assert_eq!(path, "/setPin");
    assert_eq!(
        body,
        &json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "enKashCardId": "EKCMB7KAEW",
            "pinBlock": "0078", "otpRequired": false})
    );
    wire.sent(|all| {
        assert!(
            all.iter()
                .skip(1)
                .all(|sent| sent.access == Access::Write && !sent.body().contains("0078"))
        )
    });
}

#[tokio::test]
async fn a_pin_never_leaves_unencrypted_or_with_another_length() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Off, Load::AllocateFund);
    let pin = |digits: &str| Action::SetPin { new: Pin::typed(digits.into()).ok(), old: None };
    assert_eq!(
        Provider::act(&account, Permit::for_test(&card(), pin("9078"), id()))
            .await
            .expect_err("refused")
            .outcome,
        Outcome::NotDone
    );
    assert_eq!(account.capabilities().pin.err(), Some(NO_ENCRYPTION));
    let account = enkash(&wire, BodyWrapping::Bare, Load::AllocateFund);
    assert!(Provider::act(&account, Permit::for_test(&card(), pin("907812"), id())).await.is_err());
    assert!(
        account.capabilities().pin.is_ok_and(|rule| rule.digits == Some((4, 4)) && !rule.needs_old)
    );
    assert_eq!(wire.sent(<[Sent]>::len), 0);
}

async fn fate(answer: &str, action_kind: ActionKind, claimed: &[&str]) -> Lookup {
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, answer);
    let claimed = MatchedCredits {
        credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
        ..MatchedCredits::default()
    };
    let amount = (action_kind == ActionKind::TopUp).then(|| rupees(3_000));
    let seen = account
        .lookup(&card(), &operation(action_kind, amount), &claimed)
        .await
        .expect("an answer");
    wire.sent(|all| {
        assert!(all.iter().all(|sent| sent.access == Access::Read), "looking changed something")
    });
    seen
}

#[tokio::test]
async fn a_load_is_found_by_our_reference_and_its_status_decides() {
    // enkash wire notes, 2.14, 4.7 and 5
    let reference = id().reference();
    let row = |id: &str, status: &str| {
        format!(
            r#"{{"enKashCardTransactionId":"{id}","enkashCardId":"EKCMB7KAEW",
                "pgReferenceNumber":"{reference}","cardTransactionType":"CR","type":"ALLOCATE_FUND",
                "status":"{status}","principalAmount":30,"txnDate":"2025-08-04T09:59:02.000Z"}}"#
        )
    };
    let Lookup::Done { proof, credit, .. } =
        fate(&load(&row("ECT1", "SUCCESS")), ActionKind::TopUp, &[]).await
    else {
        panic!("not done")
    };
    assert_eq!(credit.as_deref(), Some("ECT1"));
    assert!(proof.starts_with("+30.00 INR") && proof.ends_with("id ECT1"), "{proof}");
    assert!(matches!(
        fate(&load(&row("ECT1", "FAILED")), ActionKind::TopUp, &[]).await,
        Lookup::Failed { .. }
    ));
    for pending in ["CREATED", "PROCESSING", "whatever", ""] {
        assert!(
            matches!(
                fate(&load(&row("ECT1", pending)), ActionKind::TopUp, &[]).await,
                Lookup::Pending { .. }
            ),
            "{pending}"
        );
    }
    let claimed = fate(&load(&row("ECT1", "SUCCESS")), ActionKind::TopUp, &["ECT1"]).await;
    assert!(matches!(claimed, Lookup::NotFound { .. }), "{claimed:?}");
    let two = format!("{},{}", row("ECT1", "SUCCESS"), row("ECT2", "SUCCESS"));
    let Lookup::Pending { looked } = fate(&load(&two), ActionKind::TopUp, &[]).await else {
        panic!("guessed")
    };
    assert!(looked.contains("2 matches"), "{looked}");
    let other = row("ECT1", "SUCCESS").replace("\"principalAmount\":30", "\"principalAmount\":31");
    assert!(matches!(fate(&load(&other), ActionKind::TopUp, &[]).await, Lookup::Pending { .. }));
    let debit = row("ECT1", "SUCCESS").replace("\"CR\"", "\"DR\"");
    assert!(matches!(fate(&load(&debit), ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }));
    let foreign = row("ECT1", "SUCCESS").replace(&*reference, "Ref123");
    assert!(matches!(fate(&load(&foreign), ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }));
}

#[tokio::test]
async fn a_row_without_a_reference_counts_only_when_alone_and_right() {
    let row = |amount: &str, date: &str| {
        format!(
            r#"{{"enKashTransactionId":"ECT1","status":"SUCCESS","cardTransactionType":"CR",
                "principalAmount":"{amount}","txnDate":"{date}"}}"#
        )
    };
    let right = row("30.00", "2025-08-04T09:58:00Z");
    assert!(matches!(fate(&load(&right), ActionKind::TopUp, &[]).await, Lookup::Done { .. }));
    for wrong in [
        row("31.00", "2025-08-04T09:58:00Z"),
        row("30.00", "2025-08-04T09:50:00Z"),
        format!("{right},{right}"),
    ] {
        assert!(
            matches!(fate(&load(&wrong), ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn no_trace_of_a_load_is_never_a_failure() {
    // enkash wire notes, 5: empty, code 1 and 404 all mean not found, for this call only
    for body in [
        r#"{"code":0,"payload":{"recordsCount":0,"data":[]}}"#,
        r#"{"code":1,"message":"not found"}"#,
        r#"{"code":0,"payload":"none"}"#,
    ] {
        assert!(
            matches!(fate(body, ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }),
            "{body}"
        );
    }
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(404, "");
    let seen = account
        .lookup(
            &card(),
            &operation(ActionKind::TopUp, Some(rupees(3_000))),
            &MatchedCredits::default(),
        )
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }));
    let (path, body) = asked(&wire).remove(0);
    assert_eq!(path, "/transaction/all");
    assert_eq!(
        body,
        json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "enKashCardId": "EKCMB7KAEW",
            "pgReferenceNumber": &*id().reference()})
    );
}

#[tokio::test]
async fn the_state_of_the_card_proves_freeze_unfreeze_and_close() {
    let reads =
        |status: &str| load(&format!(r#"{{"enKashCardId":"EKCMB7KAEW","cardStatus":"{status}"}}"#));
    let done =
        |proof: &str| Lookup::Done { proof: proof.into(), credit: None, by: Evidence::State };
    assert_eq!(fate(&reads("LOCKED"), ActionKind::Freeze, &[]).await, done("seen FROZEN"));
    assert_eq!(fate(&reads("ACTIVE"), ActionKind::Unfreeze, &[]).await, done("seen ACTIVE"));
    assert_eq!(fate(&reads("BL"), ActionKind::Close, &[]).await, done("seen BLOCKED"));
    assert_eq!(
        fate(&reads("ACTIVE"), ActionKind::Freeze, &[]).await,
        Lookup::Pending { looked: "the card reads ACTIVE".into() }
    );
    assert_eq!(
        fate(&reads("SOMETHING"), ActionKind::Close, &[]).await,
        Lookup::Pending { looked: "the card reads SOMETHING".into() }
    );
    assert!(matches!(
        fate(&reads("BLOCKED"), ActionKind::Unfreeze, &[]).await,
        Lookup::Failed { .. }
    ));
    assert!(matches!(
        fate(&reads("BLOCKED"), ActionKind::Freeze, &[]).await,
        Lookup::Failed { .. }
    ));
}
