//! enkash's token, and refused credentials.

use super::*;

#[tokio::test]
async fn the_first_read_fetches_a_token_and_every_call_carries_it() {
    // enkash wire notes, 1.3, 1.4 and 2.6
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(200, TOKEN);
    wire.answer(200, &sealed(FLOAT));
    wire.answer(200, FLOAT);
    assert_eq!(account.float().await.expect("the float"), [rupees(89_813_800)]);
    assert_eq!(account.float().await.expect("the float again"), [rupees(89_813_800)]);
    wire.sent(|all| {
        let [token, first, second] = all else { panic!("{} calls", all.len()) };
        assert_eq!(token.url(), "https://token.test/oauth/token");
        assert_eq!(token.headers()[AUTHORIZATION], "Basic ZW5rYXNoLWNsaWVudDplbmthc2gtc2VjcmV0");
        assert_eq!(token.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(
            token.body(),
            "username=6660686687&password=p%26ss+w%C3%B6rd&grant_type=password&clientId=CEKEP5GSGP"
        );
        for call in [first, second] {
            assert_eq!(call.url(), "https://cards.test/api/v0/partner/enKashCard/cardAccount/get");
            assert_eq!(call.headers()[AUTHORIZATION], "Bearer bg-xFpMtGNl2jJGD8VPR4YZpNcA");
            assert!(
                call.headers()[AUTHORIZATION].is_sensitive()
                    && token.headers()[AUTHORIZATION].is_sensitive()
            );
            assert_eq!(call.headers()["partnerId"], "CRMXWB3ZM");
            assert_eq!(call.headers()[CONTENT_TYPE], "application/json");
            assert_eq!(call.access, Access::Read);
            assert_eq!(
                opened(call).1,
                json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS"})
            );
        }
    });
}

#[tokio::test]
async fn a_refused_password_is_never_tried_again() {
    // enkash wire notes, 1.3: three wrong attempts lock the account
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(400, r#"{"error":"invalid_grant","error_description":"Bad credentials"}"#);
    for _ in 0..3 {
        let error = account.float().await.expect_err("refused");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
        assert!(
            error.reason().contains("Bad credentials") && !error.reason().contains("p&ss"),
            "{error}"
        );
    }
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect_err("refused");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
    assert_eq!(wire.sent(<[Sent]>::len), 1);
}

#[tokio::test]
async fn a_refused_token_call_is_tried_once_more_after_a_quarter_of_an_hour_and_then_when_asked() {
    use std::sync::atomic::{AtomicI64, Ordering};
    for (status, body) in [
        (403, PAGE),
        (401, ""),
        (400, r#"{"error":"invalid_grant","error_description":"Bad credentials"}"#),
    ] {
        let (wire, minutes) = (Wire::default(), Arc::new(AtomicI64::new(0)));
        let passed = Arc::clone(&minutes);
        let start = at("2025-08-04T10:00:00Z");
        let clock =
            Clock::of(move || start + SignedDuration::from_mins(passed.load(Ordering::SeqCst)));
        let account = enkash_at(&wire, BodyWrapping::Envelope, Load::AllocateFund, clock);
        let refused = async || {
            // Left over where no call is sent: every answer is the same.
            wire.answer(status, body);
            let error = account.float().await.expect_err("refused");
            assert_eq!(error.kind, ErrorKind::Auth, "{error}");
            (wire.count("/oauth/token"), error.retry_after)
        };
        assert_eq!(refused().await, (1, Some(Duration::from_secs(900))), "{status}");
        minutes.store(14, Ordering::SeqCst);
        assert_eq!(
            refused().await,
            (1, Some(Duration::from_secs(60))),
            "{status}: not before its time"
        );
        minutes.store(15, Ordering::SeqCst);
        assert_eq!(refused().await, (2, None), "{status}: once more");
        minutes.store(100_000, Ordering::SeqCst);
        assert_eq!(
            refused().await,
            (2, None),
            "{status}: a third wrong one would lock the account"
        );
        account.try_credentials_again().await;
        assert_eq!(refused().await, (3, None), "{status}: the operator asked");
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials_and_repeats_no_change() {
    let wire = Wire::default();
    let account = ready(&wire).await;
    for status in [401, 403] {
        wire.answer(status, PAGE);
        let error = account.float().await.expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::NotDone),
            "{error}"
        );
        assert!(error.reason().contains("web page from a proxy"), "{error}");
        wire.answer(status, PAGE);
        let error =
            Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
                .await
                .expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::Unknown),
            "{error}"
        );
    }
    assert_eq!(
        (wire.count("/balance"), wire.count("/oauth/token")),
        (2, 1),
        "no change was sent twice"
    );
    wire.answer(403, r#"{"code":403,"message":"APIs not enabled"}"#);
    assert_eq!(account.card(&card()).await.expect_err("refused").kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_token_call_that_broke_is_not_a_refused_password() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(503, "busy");
    assert_eq!(account.float().await.expect_err("busy").kind, ErrorKind::Unreachable);
    wire.answer(200, "<html>hello</html>");
    assert_eq!(account.float().await.expect_err("a web page").kind, ErrorKind::BadReply);
    wire.answer(
        200,
        r#"{"accessToken":"t2","tokenType":"bearer","expiresIn":"300","refreshToken":"r"}"#,
    );
    wire.answer(200, FLOAT);
    assert_eq!(account.float().await.expect("the float").len(), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_reads_and_changes() {
    // enkash wire notes, 1.3 and 6.7
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(401, "");
    wire.answer(200, &TOKEN.replace("bg-", "new-"));
    wire.answer(200, r#"{"code":0,"message":"Success","payload":"..."}"#);
    let receipt = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: None });
    assert_eq!((wire.count("/block"), wire.count("/oauth/token")), (2, 2));
    wire.sent(|all| {
        assert_eq!(
            all.last().map(|sent| sent.headers()[AUTHORIZATION].clone()).expect("a call"),
            "Bearer new-xFpMtGNl2jJGD8VPR4YZpNcA"
        )
    });

    wire.answer(401, "");
    wire.answer(200, TOKEN);
    wire.answer(401, r#"{"error":"invalid_token"}"#);
    let error = account.float().await.expect_err("refused twice");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
    assert_eq!(wire.count("/cardAccount/get"), 2);
}

#[tokio::test]
async fn a_change_whose_second_answer_is_lost_is_in_doubt() {
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(401, "");
    wire.answer(200, TOKEN);
    let error =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
            .await
            .expect_err("lost");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Unreachable, Outcome::Unknown));
    assert_eq!(wire.count("/balance"), 2);
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_login() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(200, TOKEN);
    for _ in 0..3 {
        wire.answer(200, FLOAT);
    }
    let (one, two, three) = tokio::join!(account.float(), account.float(), account.float());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!((wire.count("/oauth/token"), wire.sent(<[Sent]>::len)), (1, 4));
}
