//! EnKash's callbacks: the one shape that was seen, with every field optional.

use std::result::Result;

use ::http::HeaderMap;

use super::*;
use crate::domain::push::{Push, PushTopic};
use crate::provider::webhooks::{Delivery, Rejection, RejectionKind};

const SPENT: &str = r#"{"enKashCardTransactionId":"EKTX1","maskedCard":"XXXX-1234",
    "enkashCardId":"EKCMB7KAEW","principalAmount":250.5,"currency":"INR","status":"SUCCESS",
    "txnDate":"1754301600000","pgReferenceNumber":"PG1","txnDetails":{"merchantName":"Cafe"}}"#;

fn delivered(secret: Option<&str>, body: &str) -> Result<Push, Rejection> {
    let account = enkash(&Wire::default(), BodyWrapping::Envelope, Load::AllocateFund);
    let headers = HeaderMap::new();
    let received_at = at("2025-08-04T10:00:00Z");
    let delivery =
        Delivery { headers: &headers, path_secret: secret, body: body.as_bytes(), received_at };
    account.webhooks().expect("it has its secret").read(&delivery)
}

fn push(body: &str) -> Push {
    delivered(Some(WEBHOOK_SECRET), body).expect("genuine")
}

#[test]
fn the_shape_that_was_seen_is_read_and_is_not_signed() {
    let spent = push(SPENT);
    assert_eq!((spent.topic, spent.is_signed), (PushTopic::Transaction, false));
    assert_eq!(spent.card.as_deref(), Some("EKCMB7KAEW"));
    assert_eq!(spent.id.as_deref(), Some("EKTX1"));
    assert_eq!(spent.occurred_at, Some(at("2025-08-04T10:00:00Z")));
    assert_eq!(push(r#"{"enkashCardId":"EKCMB7KAEW"}"#).topic, PushTopic::Transaction);
    assert_eq!(push(r#"{"event":"PAYOUT_SUCCESS"}"#).topic, PushTopic::Unknown);
}

#[test]
fn transaction_and_status_make_an_event_one() {
    assert_eq!(push(SPENT).repeat_key, push(&SPENT.replace("Cafe", "Bar")).repeat_key);
    assert_ne!(push(SPENT).repeat_key, push(&SPENT.replace("SUCCESS", "FAILED")).repeat_key);
    let (one, two) = (r#"{"enkashCardId":"A"}"#, r#"{"enkashCardId":"B"}"#);
    assert_ne!(push(one).repeat_key, push(two).repeat_key);
}

#[test]
fn who_does_not_know_the_secret_is_refused() {
    for secret in [None, Some(""), Some("s3cret"), Some("s3cret-of-the-path ")] {
        let refused = delivered(secret, SPENT).expect_err("forged");
        assert_eq!(refused.kind, RejectionKind::Unproven);
    }
}
