//! ibanera's changes, and what became of them.

use super::*;

#[tokio::test]
async fn a_quote_moves_nothing_and_sends_what_the_top_up_will() {
    // ibanera wire notes, 2.14
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, OWN);
    wire.answer(
        200,
        r#"{ "id": 0, "details": { "fee": 0.00, "totalDue": 4.00 }, "status": "1", "errors": [] }"#,
    );
    let quote = account.quote(&card(), dollars(1_000)).await.expect("a quote");
    assert_eq!(
        (quote.fee, quote.debited, quote.receives),
        (Some(dollars(0)), Some(dollars(400)), None)
    );
    let (what, body) = wire.last();
    assert_eq!(what, "POST /api/v1/customer/cards/reviewtransferfunds");
    assert_eq!(body["transferTypes"], "TopUpCard");
    wire.sent(|all| assert!(all.iter().all(|sent| sent.access == Access::Read)));
}

#[tokio::test]
async fn a_top_up_sends_the_example_with_our_reference_and_key() {
    // ibanera wire notes, 2.13 and 5.3
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, OWN);
    wire.answer(200, TRANSFERRED);
    let receipt =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
            .await
            .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: Some("30941".into()) });
    let (what, body) = wire.last();
    assert_eq!(what, "POST /api/v1/customer/cards/transferfunds");
    assert_eq!(
        body,
        json!({"amount": 10.0, "reference": &*id().reference(), "transferTypes": "TopUpCard",
            "currencyType": "USD",
               "DestinationCardId": 1749, "CustomersId": "16221", "CustomerAssetAccountId": 8204})
    );
    wire.sent(|all| {
        let sent = all.last().expect("a call");
        assert_eq!(
            (sent.access, &sent.headers()["IdempotencyKey"]),
            (Access::Write, &HeaderValue::from_str(&id().uuid()).expect("a key"))
        );
        assert_eq!(sent.headers()[CONTENT_TYPE], "application/json");
    });
}

#[tokio::test]
async fn a_top_up_that_cannot_be_right_is_not_sent() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    let euros = Money::new(Decimal::TEN, "EUR".parse().expect("a currency"));
    let orphan = Card { owner: None, ..card() };
    let wordy = Card { key: CardKey::new(&ProviderId::new("ibanera"), "abc"), ..card() };
    let other = Card { currency: Some(euros.currency()), ..card() };
    for (card, amount, words) in [
        (card(), euros, "USD"),
        (other, dollars(1), "the card is in EUR"),
        (orphan, dollars(1), "customer"),
        (wordy, dollars(1), "numbers"),
    ] {
        let error = Provider::act(&account, Permit::for_test(&card, Action::TopUp(amount), id()))
            .await
            .expect_err("refused");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
        assert!(error.reason().contains(words), "{error}");
    }
    assert_eq!(wire.count("transferfunds"), 0);
}

#[tokio::test]
async fn what_an_answer_to_a_top_up_means_for_the_money() {
    // ibanera wire notes, 1.6 and 2.13
    use Outcome::{NotDone, Unknown};
    let refusal = |code: &str| {
        format!(
            r#"{{"id":0,"details":null,"status":"0","errors":[{{"fieldName":"amount",
                "messageCode":"{code}"}}]}}"#
        )
    };
    for (status, body, kind, outcome) in [
        (400, refusal("Insufficient_Funds"), ErrorKind::Refused, NotDone),
        (200, refusal("Amout_Less_Than_Fee"), ErrorKind::Refused, NotDone),
        (400, refusal("ShareFunds_Failed"), ErrorKind::Refused, Unknown),
        (200, refusal("card_provider_error"), ErrorKind::Refused, Unknown),
        (500, refusal("Card_Provider_Error"), ErrorKind::Unreachable, Unknown),
        (502, String::new(), ErrorKind::Unreachable, Unknown),
        (200, String::new(), ErrorKind::BadReply, Unknown),
        (200, r#"{"id":1,"details":{}}"#.into(), ErrorKind::BadReply, Unknown),
        (200, r#"{"id":1,"status":"2"}"#.into(), ErrorKind::BadReply, Unknown),
        (
            200,
            TRANSFERRED.replace("\"amount\": 10", "\"amount\": 11"),
            ErrorKind::BadReply,
            Unknown,
        ),
        (
            200,
            TRANSFERRED.replace("\"errors\": []", r#""errors":[{"messageCode":"Late"}]"#),
            ErrorKind::BadReply,
            Unknown,
        ),
        (200, TRANSFERRED.chars().take(60).collect(), ErrorKind::BadReply, Unknown),
        (404, String::new(), ErrorKind::NotFound, NotDone),
        (429, String::new(), ErrorKind::RateLimited, NotDone),
    ] {
        let wire = Wire::new();
        let account = ready(&wire).await;
        wire.answer(200, OWN);
        wire.answer(status, &body);
        let error =
            Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
                .await
                .expect_err("not accepted");
        assert_eq!((error.kind, error.outcome), (kind, outcome), "{status} {body}: {error}");
        assert_eq!(wire.count("transferfunds"), 1, "sent again after {status} {body}");
    }
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, OWN);
    let error =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
            .await
            .expect_err("lost");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Unreachable, Unknown));
    wire.answer(200, OWN);
    wire.answer(200, &TRANSFERRED.replace("\"amount\": 10", "\"amount\": -10"));
    Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
        .await
        .expect("the older form has a minus");
}

#[tokio::test]
async fn activation_is_done_when_its_answer_shows_it() {
    // ibanera wire notes, 2.6
    let wire = Wire::new();
    let account = ready(&wire).await;
    let said = |id: i64, suppressed: bool| {
        format!(
            r#"{{"id":0,"details":{{"customersId":1,"card":{{"id":{id},"currency":"usd",
                "bSuppressed":{suppressed}}},"notificationDetails":{{}}}},"status":"1",
                "errors":[]}}"#
        )
    };
    wire.answer(200, &said(1749, false));
    assert!(matches!(
        Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id())).await,
        Ok(Ack::Done { .. })
    ));
    assert_eq!(
        wire.last(),
        ("POST /api/v1/customer/cards/activate".into(), json!({"cardsId": 1749}))
    );
    for other in [said(1749, true), said(7, false), r#"{"status":"1","errors":[]}"#.into()] {
        wire.answer(200, &other);
        let receipt = Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id()))
            .await
            .expect("accepted");
        assert_eq!(receipt, Ack::Accepted { reference: None }, "{other}");
    }
    for status in [200, 400] {
        wire.answer(
            status,
            r#"{"status":"0","errors":[{"fieldName":"cardsId","messageCode":"Card_Active"}]}"#,
        );
        assert!(matches!(
            Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id())).await,
            Ok(Ack::Done { .. })
        ));
    }
    wire.answer(
        500,
        r#"{"status":"0","errors":[{"fieldName":"card","messageCode":"Card_Provider_Error"}]}"#,
    );
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id()))
        .await
        .expect_err("in doubt");
    assert_eq!(error.outcome, Outcome::Unknown);
    wire.sent(|all| assert!(all.iter().skip(1).all(|sent| sent.access == Access::Write)));
}

#[tokio::test]
async fn a_refused_deactivation_is_checked_against_the_card() {
    // ibanera wire notes, 2.7
    let wire = Wire::new();
    let account = ready(&wire).await;
    let refusal =
        r#"{"status":"0","errors":[{"fieldName":"cardsId","messageCode":"Card_Inactive"}]}"#;
    wire.answer(400, refusal);
    wire.answer(200, &DETAILS.replace("Active", "Deactivated"));
    let Ok(Ack::Done { proof, .. }) =
        Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id())).await
    else {
        panic!("not done")
    };
    assert!(proof.contains("Card_Inactive"), "{proof}");
    wire.answer(400, refusal);
    wire.answer(200, DETAILS);
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect_err("refused");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    assert_eq!(wire.count("deactivate"), 2);
    wire.answer(200, r#"{"id":0,"status":"1","errors":[]}"#);
    assert_eq!(
        Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
            .await
            .expect("accepted"),
        Ack::Accepted { reference: None }
    );
}

#[tokio::test]
async fn a_pin_change_sends_both_pins_and_closing_is_not_offered() {
    // ibanera wire notes, 2.8
    let wire = Wire::new();
    let account = ready(&wire).await;
    let pin = |digits: &str| Pin::typed(digits.into()).ok();
    wire.answer(200, r#"{"id":0,"details":{"TopUpCardsId":1016},"status":"1","errors":[]}"#);
    let receipt = Provider::act(
        &account,
        Permit::for_test(&card(), Action::SetPin { new: pin("5678"), old: pin("1234") }, id()),
    )
    .await
    .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: None });
    let sent = json!({"TopUpCardsId": 1749, "OldPin": "1234", "NewPin": "5678"});
    assert_eq!(wire.last(), ("POST /api/v1/customer/cards/changecardpin".into(), sent));
    for action in [
        Action::SetPin { new: pin("5678"), old: None },
        Action::SetPin { new: pin("56789"), old: pin("1234") },
    ] {
        assert_eq!(
            Provider::act(&account, Permit::for_test(&card(), action, id()))
                .await
                .expect_err("refused")
                .outcome,
            Outcome::NotDone
        );
    }
    assert_eq!(
        Provider::act(&account, Permit::for_test(&card(), Action::Close, id()))
            .await
            .expect_err("not offered")
            .kind,
        ErrorKind::NotOffered
    );
    assert_eq!(wire.count("POST /api/v1/customer"), 1);
    let capabilities = account.capabilities();
    assert!(
        capabilities.close == Support::No(NO_CLOSE)
            && capabilities.pin.is_ok_and(|rule| rule.needs_old)
    );
    assert_eq!(
        (capabilities.class, capabilities.top_up_proof),
        (TopUpSafety::Reference, Proof::ByReference)
    );
}

async fn fate(rows: &str, provider_reference: Option<&str>, claimed: &[&str]) -> Lookup {
    let wire = Wire::new();
    let account = ready(&wire).await;
    // A first page is followed by the next and read once more: a provider may cap its pages.
    for rows in [rows, "", rows] {
        wire.answer(200, &format!(r#"{{"details":[{rows}],"numberOfPages":1,"status":"1"}}"#));
    }
    let claimed = MatchedCredits {
        credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
        ..MatchedCredits::default()
    };
    let operation = Operation {
        provider_reference: provider_reference.map(Arc::from),
        ..operation(ActionKind::TopUp, Some(dollars(3_000)))
    };
    let seen = account.lookup(&card(), &operation, &claimed).await.expect("an answer");
    assert!(
        wire.last().0.contains("CardsId=1749&fromDate=2033-05-18T03:17:59Z"),
        "{}",
        wire.last().0
    );
    wire.sent(|all| {
        assert!(all.iter().all(|sent| sent.access == Access::Read), "looking changed something")
    });
    seen
}

#[tokio::test]
async fn a_top_up_is_found_by_our_reference_in_the_description() {
    // ibanera wire notes, 5.3
    let row = |id: u32, amount: &str, text: &str, pending: bool| {
        format!(
            r#"{{"id":{id},"cardsId":1749,"amount":{amount},"currency":"usd","description":"{text}",
                "dateTime":"2033-05-18T03:31:00Z","bPending":{pending}}}"#
        )
    };
    let ours = format!("Card transfer - {}", id().reference());
    let Lookup::Done { proof, credit, .. } = fate(&row(17, "30", &ours, false), None, &[]).await
    else {
        panic!("not done")
    };
    assert_eq!((&*proof, credit.as_deref()), ("+30.00 USD with our reference, id 17", Some("17")));
    assert!(matches!(fate(&row(17, "30", &ours, true), None, &[]).await, Lookup::Pending { .. }));
    assert!(
        matches!(fate(&row(17, "29.50", &ours, false), None, &[]).await, Lookup::Done { .. }),
        "less the fee"
    );
    assert!(matches!(fate(&row(17, "31", &ours, false), None, &[]).await, Lookup::Pending { .. }));
    assert!(matches!(
        fate(&row(17, "30", &ours, false), None, &["17"]).await,
        Lookup::NotFound { .. }
    ));
    assert!(matches!(
        fate(&row(17, "30", "Card transfer - Top Up", false), None, &[]).await,
        Lookup::NotFound { .. }
    ));
    assert!(matches!(
        fate(&row(17, "30", "Card transfer - Top Up", false), Some("17"), &[]).await,
        Lookup::Done { .. }
    ));
    assert!(matches!(fate("", None, &[]).await, Lookup::NotFound { .. }));
    let fee = row(18, "-0.50", &ours, false);
    assert!(matches!(
        fate(&format!("{fee},{}", row(17, "30", &ours, false)), None, &[]).await,
        Lookup::Done { .. }
    ));
    let back = row(18, "-30", &ours, false);
    assert!(matches!(
        fate(&format!("{back},{}", row(17, "30", &ours, false)), None, &[]).await,
        Lookup::Pending { .. }
    ));
    let Lookup::Pending { looked } = fate(
        &format!("{},{}", row(17, "30", &ours, false), row(18, "30", &ours, false)),
        None,
        &[],
    )
    .await
    else {
        panic!("guessed")
    };
    assert!(looked.contains("2 matches"), "{looked}");
    let other = row(17, "30", &ours, false).replace("1749", "1750");
    assert!(matches!(fate(&other, None, &[]).await, Lookup::NotFound { .. }));
}

#[tokio::test]
async fn the_state_of_the_card_proves_freeze_and_unfreeze() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    let done =
        |proof: &str| Lookup::Done { proof: proof.into(), credit: None, by: Evidence::State };
    let not_yet = |looked: &str| Lookup::Pending { looked: looked.into() };
    for (action_kind, status, expected) in [
        (ActionKind::Freeze, "Deactivated", done("seen FROZEN")),
        (ActionKind::Freeze, "Active", not_yet("the card reads ACTIVE")),
        (ActionKind::Unfreeze, "ACTIVE", done("seen ACTIVE")),
        (ActionKind::Unfreeze, "Odd", not_yet("the card reads Odd")),
    ] {
        wire.answer(200, &DETAILS.replace("Active", status));
        let seen = account
            .lookup(&card(), &operation(action_kind, None), &MatchedCredits::default())
            .await
            .expect("an answer");
        assert_eq!(seen, expected);
    }
    let seen = account
        .lookup(&card(), &operation(ActionKind::SetPin, None), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }));
}
