//! Banana Tech's webhooks: sealed by the document's rules, and forged.

use std::result::Result;

use ::http::HeaderMap;

use super::*;
use crate::domain::push::{Push, PushOutcome, PushTopic};
use crate::provider::webhooks::{Delivery, Rejection, RejectionKind};

fn delivered(body: &str) -> Result<Push, Rejection> {
    let banana = Fixture::new(Vec::new()).banana;
    let headers = HeaderMap::new();
    let delivery = Delivery {
        headers: &headers,
        path_secret: None,
        body: body.as_bytes(),
        received_at: now(),
    };
    banana.webhooks().expect("it has its key").read(&delivery)
}

/// An event in its envelope.
fn event(named: &str, plain: &str) -> String {
    let mut envelope: Value = serde_json::from_str(&sealed(plain)).expect("an envelope");
    envelope["type"] = named.into();
    envelope.to_string()
}

fn push(named: &str, plain: &str) -> Push {
    delivered(&event(named, plain)).expect("genuine")
}

#[test]
fn the_documents_examples_are_read() {
    let recharge = push(
        "CARD_RECHARGE_RESULT",
        r#"{ "card_id": 12345, "transaction_id": 67890, "receive_amount": 100.0,
            "status": "SUCCESS", "currency": "USD", "occur_time": 1691249025085 }"#,
    );
    assert_eq!(
        (recharge.topic, recharge.outcome),
        (PushTopic::TopUp, Some(PushOutcome::Succeeded))
    );
    assert_eq!(recharge.card.as_deref(), Some("12345"));
    assert_eq!(recharge.reference.as_deref(), Some("67890"));
    let at = "2023-08-05T15:23:45.085Z".parse().expect("a time");
    assert_eq!((recharge.occurred_at, recharge.is_signed), (Some(at), true));
    let status = push(
        "CARD_STATUS_CHANGE",
        r#"{ "card_id": 12345, "status": "SUCCESS", "card_status": "LOCKED",
            "occur_time": 1691249025085 }"#,
    );
    assert_eq!((status.topic, status.reference), (PushTopic::Change, None));
    let failed = r#"{ "status": "FAILED", "error_reason": "101:0 - card number not exist",
        "user_id": 67890, "occur_time": 1691249025085 }"#;
    let assigned = push("CARD_ASSIGN_RESULT", failed);
    assert_eq!((assigned.topic, assigned.outcome), (PushTopic::Card, Some(PushOutcome::Failed)));
    let close = r#"{ "card_id": 12345, "transaction_id": 67890, "refund_amount": 100.0,
        "status": "SUCCESS", "occur_time": 1691550780785 }"#;
    assert_eq!(push("card_close_result", close).topic, PushTopic::Change);
    assert_eq!(push("TRANSACTION_CREATED", r#"{"card_id":"12345"}"#).topic, PushTopic::Transaction);
}

#[test]
fn a_type_counts_only_with_the_fields_that_it_demands() {
    for (named, plain) in [
        ("CARD_RECHARGE_RESULT", r#"{"status":"SUCCESS"}"#),
        ("CARD_STATUS_CHANGE", r#"{"card_id":1,"status":"SUCCESS"}"#),
        ("CARD_TELEPORTED", r#"{"card_id":1}"#),
        ("", r#"{"card_id":1}"#),
    ] {
        let push = push(named, plain);
        assert_eq!(push.topic, PushTopic::Unknown, "{named}");
        assert!(push.body.is_some());
    }
}

#[test]
fn another_type_around_the_same_signed_event_makes_no_second_event() {
    let plain = r#"{"card_id":12345,"occur_time":1691249025085}"#;
    let one = push("TRANSACTION_CREATED", plain);
    assert_eq!(one.repeat_key, push("CARD_CORRECTION", plain).repeat_key);
    let other = push("TRANSACTION_CREATED", &plain.replace("085", "086"));
    assert_ne!(one.repeat_key, other.repeat_key);
}

#[test]
fn card_numbers_and_codes_are_dropped() {
    let activated = push(
        "CARD_ACTIVATE_RESULT",
        r#"{"card_id":1,"card_number":"4111111111111111","status":"SUCCESS"}"#,
    );
    assert!(!format!("{activated:?}").contains("4111"), "{activated:?}");
    let code = push("CARD_VERIFICATION", r#"{"card_id":1,"otp":"971615"}"#);
    assert_eq!((code.topic, code.body), (PushTopic::Code, None));
    let again = push("CARD_3DS", r#"{"card_id":1,"otp":"971615"}"#);
    assert_eq!(code.repeat_key, again.repeat_key, "another type makes no other event of it");
}

#[test]
fn forged_envelopes_are_refused() {
    let plain = r#"{"card_id":12345,"status":"SUCCESS"}"#;
    let genuine: Value = serde_json::from_str(&event("CARD_RECHARGE_RESULT", plain)).expect("JSON");
    assert!(delivered(&genuine.to_string()).is_ok());
    let text = |name: &str| genuine[name].as_str().expect("text").to_owned();
    let with = |name: &str, value: Value| {
        let mut forged = genuine.clone();
        forged[name] = value;
        forged.to_string()
    };
    let flipped = |text: String| {
        let last = if text.starts_with('A') { "B" } else { "A" };
        format!("{last}{}", &text[1..])
    };
    for (body, kind) in [
        (with("hmac", flipped(text("hmac")).into()), RejectionKind::Unproven),
        (with("hmac", "".into()), RejectionKind::Unproven),
        (with("hmac", Value::Null), RejectionKind::Unproven),
        (with("hmac", text("hmac")[..62].into()), RejectionKind::Unproven),
        (with("hmac", json!([text("hmac")])), RejectionKind::Unproven),
        (
            with("encrypted_payload", flipped(text("encrypted_payload")).into()),
            RejectionKind::Unproven,
        ),
        (with("encrypted_payload", "".into()), RejectionKind::Malformed),
        (plain.to_owned(), RejectionKind::Malformed),
        ("[]".to_owned(), RejectionKind::Malformed),
        ("\u{0}".to_owned(), RejectionKind::Malformed),
        (format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), RejectionKind::Malformed),
        (event("CARD_3DS", "not JSON"), RejectionKind::Malformed),
        (event("CARD_3DS", &"[".repeat(99)), RejectionKind::Malformed),
    ] {
        let refused = delivered(&body).expect_err(&body[..body.len().min(80)]);
        assert_eq!(refused.kind, kind, "{refused}");
    }
}

#[tokio::test]
async fn records_are_the_events_that_were_sent_and_signed_only_with_their_signature() {
    let plain = r#"{"card_id":12345,"transaction_id":67890,"status":"SUCCESS"}"#;
    let whole: Value =
        serde_json::from_str(&event("CARD_RECHARGE_RESULT", plain)).expect("an envelope");
    let mut forged = whole.clone();
    forged["hmac"] = "00".into();
    let read: Value = serde_json::from_str(plain).expect("an event");
    let named = "CARD_RECHARGE_RESULT";
    let records = json!({ "data": [
        { "id": 1, "callback_type": named, "callback": whole },
        { "id": 2, "callback_type": named, "callback": whole.to_string() },
        whole,
        { "id": 4, "callback_type": named, "callback": forged },
        { "id": 5, "callback_type": named, "callback": plain },
        { "id": 6, "callback_type": named, "callback": read },
        { "id": 7, "callback_type": named },
        8,
    ], "total": 8 });
    let fixture = Fixture::new(vec![ok(&records.to_string())]);
    let page = fixture.banana.webhook_records(now(), 20).await.expect("a list").expect("a page");
    assert_eq!(page.rows, 8);
    let signed: Vec<bool> = page.pushes.iter().map(|push| push.is_signed).collect();
    assert_eq!(signed, [true, true, true, false, false]);
    let pushed = push(named, plain);
    for record in &page.pushes[..4] {
        let Push { is_signed, .. } = *record;
        assert_eq!(*record, Push { is_signed, ..pushed.clone() }, "the same event as the webhook");
    }
    let hint = &page.pushes[4];
    assert_eq!((hint.topic, &hint.card, &hint.reference), (pushed.topic, &pushed.card, &pushed.id));
    let [(access, address, body)] = &fixture.asked()[..] else { panic!("one request") };
    assert!(*access == Access::Read && address.ends_with("/merchant/get_webhook_records"));
    assert_eq!(
        (&body["skip"], &body["desc"], &body["start_date"]),
        (&20.into(), &true.into(), &now().to_string().into())
    );
}
