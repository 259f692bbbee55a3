//! ibanera's login, and when it is held back.

use super::*;

#[tokio::test]
async fn the_first_read_logs_in_and_every_call_carries_a_fresh_one_time_password() {
    // ibanera wire notes, 1.2, 1.3, 1.4 and 2.9
    let wire = Wire::new();
    let account = build(&wire, |_| ()).expect("a configured account");
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    let read = account.card(&card()).await.expect("the card");
    wire.second.store(1_700_000_000, Ordering::SeqCst);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("the card again");
    assert_eq!(
        (&*read.holder, read.state, &*read.provider_state),
        ("Test User", CardState::Active, "Active")
    );
    assert_eq!((read.owner.as_deref(), read.currency), (Some("1234"), Some(usd())));
    assert_eq!(read.last4.map(|last4| last4.to_string()).as_deref(), Some("3566"));
    let balance = read.balance.value().expect("a balance");
    assert_eq!(
        (balance.available, balance.current, balance.pending),
        (Some(dollars(0)), Some(dollars(0)), None)
    );
    assert_eq!(read.balance.at(), Some(at("2033-05-18T03:33:20Z")));
    wire.sent(|all| {
        let [login, first, second] = all else { panic!("{} calls", all.len()) };
        assert_eq!(login.what(), "POST /api/v1/public/auth/login");
        assert_eq!(
            login.json(),
            json!({"username": "exampleUser", "password": "examplePass", "otp": "279037"})
        );
        assert!(!login.headers().contains_key(AUTHORIZATION));
        for (call, code) in [(first, "279037"), (second, "921300")] {
            assert_eq!(call.what(), "GET /api/v1/customer/cards/carddetails?CardId=1749");
            assert_eq!(call.headers()[AUTHORIZATION], "Bearer eyJhbGciOiJIUzI1Ni...");
            assert_eq!(call.headers()["otp"], code);
            assert!(
                call.headers()["otp"].is_sensitive()
                    && call.headers()[AUTHORIZATION].is_sensitive()
            );
            assert_eq!(call.access, Access::Read);
        }
    });
}

#[test]
fn the_shared_secret_is_read_as_configured() {
    // ibanera wire notes, 1.4
    let wire = Wire::new();
    let loose = "gezd-gnbv gy3t qojq gezd gnbv gy3t qojq====";
    let account = build(&wire, |account| account.shared_secret = given(loose)).expect("base 32");
    assert_eq!(crypto::totp(&account.login.shared_secret, 59), "287082");
    let account =
        build(&wire, |account| account.secret_encoding = SecretEncoding::Ascii).expect("text");
    assert_eq!(crypto::totp(&account.login.shared_secret, 59), "372946");
    let error = build(&wire, |account| account.shared_secret = given("not base 32!"))
        .err()
        .expect("refused");
    assert!(error.starts_with("shared_secret"), "{error}");
    let error = build(&wire, |account| account.asset_account_id = Some("main".into()))
        .err()
        .expect("refused");
    assert!(error.contains("asset_account_id"), "{error}");
    let error =
        build(&wire, |account| account.manager_id = Some("me".into())).err().expect("refused");
    assert!(error.contains("manager_id"), "{error}");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_once_after_a_401() {
    // ibanera wire notes, 1.2 and 1.4
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.pass(3_541);
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("the card");
    assert_eq!(wire.count("login"), 2);

    wire.answer(401, "");
    wire.answer(200, &LOGGED_IN.replace("eyJ", "new"));
    wire.answer(200, r#"{"status":"1","details":{"card":{"id":1749,"bSuppressed":true}}}"#);
    let receipt = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect("done");
    assert!(matches!(receipt, Ack::Done { .. }));
    assert_eq!((wire.count("deactivate"), wire.count("login")), (2, 3));
    wire.sent(|all| {
        assert_eq!(
            all.last().expect("a call").headers()[AUTHORIZATION],
            "Bearer newhbGciOiJIUzI1Ni..."
        )
    });
}

#[tokio::test]
async fn logins_are_not_looped_when_calls_stay_refused() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(401, "");
    wire.answer(200, LOGGED_IN);
    wire.answer(401, "");
    let error = account.card(&card()).await.expect_err("refused twice");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
    wire.answer(401, "");
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect_err("refused");
    assert_eq!(
        (error.kind, error.outcome, error.retry_after),
        (ErrorKind::Auth, Outcome::NotDone, Some(Duration::from_secs(10)))
    );
    assert_eq!(wire.count("login"), 2);
    wire.pass(10);
    wire.answer(401, "");
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("the next step works");
    assert_eq!(wire.count("login"), 3);
}

#[tokio::test]
async fn a_refused_login_is_held_back() {
    // ibanera wire notes, 1.2
    let refusal = |code: &str| {
        format!(
            r#"{{"id":0,"details":null,"status":"0","errors":[{{"fieldName":"username",
                "messageCode":"{code}"}}]}}"#
        )
    };
    for (status, code, held) in [
        (400, "Username_Or_Password_Incorrect", 900),
        (200, "Account_Suppressed", 900),
        (400, "Account_Locked", 600),
    ] {
        let wire = Wire::new();
        let account = build(&wire, |_| ()).expect("a configured account");
        wire.answer(status, &refusal(code));
        for _ in 0..3 {
            let error = account.card(&card()).await.expect_err("refused");
            assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
            assert!(
                error.reason().contains(code) && !error.reason().contains("examplePass"),
                "{error}"
            );
        }
        assert_eq!(wire.count("login"), 1);
        wire.pass(held - 1);
        let error = account.card(&card()).await.expect_err("still held");
        assert_eq!((error.retry_after, wire.count("login")), (Some(Duration::from_secs(1)), 1));
        wire.pass(1);
        wire.answer(200, LOGGED_IN);
        wire.answer(200, DETAILS);
        account.card(&card()).await.expect("the card");
    }
    let wire = Wire::new();
    let account = build(&wire, |_| ()).expect("a configured account");
    wire.answer(503, "");
    assert_eq!(account.card(&card()).await.expect_err("busy").kind, ErrorKind::Unreachable);
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("an outage holds nothing back");
}

#[tokio::test]
async fn a_refused_login_is_tried_once_more_after_a_quarter_of_an_hour_and_then_when_asked() {
    for (status, body) in [
        (403, PAGE),
        (401, ""),
        (400, r#"{"status":"0","errors":[{"messageCode":"Account_Suppressed"}]}"#),
    ] {
        let wire = Wire::new();
        let account = build(&wire, |_| ()).expect("a configured account");
        let refused = async || {
            // Left over where no call is sent: every answer is the same.
            wire.answer(status, body);
            let error = account.card(&card()).await.expect_err("refused");
            assert_eq!(error.kind, ErrorKind::Auth, "{error}");
            wire.count("login")
        };
        assert_eq!(refused().await, 1, "{status}");
        wire.pass(899);
        assert_eq!(refused().await, 1, "{status}: not before its time");
        wire.pass(1);
        assert_eq!(refused().await, 2, "{status}: once more");
        wire.pass(1_000_000);
        assert_eq!(refused().await, 2, "{status}: a third wrong one would lock the account");
        account.try_credentials_again().await;
        assert_eq!(refused().await, 3, "{status}: the operator asked");
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials_and_repeats_no_change() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    for status in [401, 403] {
        wire.answer(status, PAGE);
        let error = account.card(&card()).await.expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::NotDone),
            "{error}"
        );
        wire.answer(status, PAGE);
        let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
            .await
            .expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::Unknown),
            "{error}"
        );
    }
    assert_eq!((wire.count("deactivate"), wire.count("login")), (2, 1), "no change was sent twice");
    wire.answer(403, r#"{"status":"0","errors":[{"messageCode":"Unauthorized"}]}"#);
    assert_eq!(account.card(&card()).await.expect_err("refused").kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn credentials_that_worked_get_one_second_try_with_the_next_password() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    let refusal = r#"{"status":"0","errors":[{"fieldName":"otp",
        "messageCode":"Username_Or_Password_Incorrect"}]}"#;
    wire.pass(3_600);
    wire.answer(400, refusal);
    let error = account.card(&card()).await.expect_err("refused");
    assert!(error.reason().contains("once more"), "{error}");
    wire.pass(30);
    wire.answer(400, refusal);
    assert!(account.card(&card()).await.is_err());
    wire.pass(60);
    assert!(account.card(&card()).await.is_err());
    assert_eq!(wire.count("login"), 3);
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_login() {
    let wire = Wire::new();
    let account = build(&wire, |_| ()).expect("a configured account");
    let asked = card();
    wire.answer(200, LOGGED_IN);
    for _ in 0..3 {
        wire.answer(200, DETAILS);
    }
    let (one, two, three) =
        tokio::join!(account.card(&asked), account.card(&asked), account.card(&asked));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!((wire.count("login"), wire.sent(<[Sent]>::len)), (1, 4));
}
