//! Ibanera's callbacks: the document's examples verbatim, and forged.

use std::result::Result;

use ::http::HeaderMap;

use super::*;
use crate::domain::push::{Push, PushOutcome, PushTopic};
use crate::provider::webhooks::{Delivery, Rejection, RejectionKind};

/// One line, as in the ibanera wire notes, 3.2.
const APPROVED: &str = r#"{"Id":"2c58ed48-67d2-4d8e-bbb1-548864773d2c","Type":"MANAGEE_CARD_APPROVAL_UPDATED","Data":{"TopUpCardsId":1000,"RequestedTopUpCardsId":1000,"Status":"Approved","bManuallyUpdated":true}}"#;
const SIGNATURE: &str = "jM5ftPKVm2UXKrct/LJO+g3MtYLRC84/i9CV5GIvZTs=";
const SIGNATURE_IN_HEX: &str = "8cce5fb4f2959b65172ab72dfcb24efa0dccb582d10bce3f8bd095e4622f653b";

fn delivered(signatures: &[&str], body: &str) -> Result<Push, Rejection> {
    let account = build(&Wire::new(), |_| ()).expect("a configured account");
    let mut headers = HeaderMap::new();
    for signature in signatures {
        let value = HeaderValue::from_str(signature).expect("a header of the test");
        headers.append("webhook-signature", value);
    }
    let delivery = Delivery {
        headers: &headers,
        path_secret: None,
        body: body.as_bytes(),
        received_at: at("2026-11-28T12:00:00Z"),
    };
    account.webhooks().expect("it has its secret").read(&delivery)
}

fn signed(body: &str) -> String {
    let hash = crypto::sha256(format!("{body}test-hash-secret").as_bytes());
    data_encoding::BASE64.encode(&hash)
}

fn push(body: &str) -> Push {
    delivered(&[&signed(body)], body).expect("genuine")
}

#[test]
fn the_documented_vector_is_believed_in_base64_and_in_hexadecimal() {
    for signature in [SIGNATURE, SIGNATURE_IN_HEX, &SIGNATURE_IN_HEX.to_uppercase()] {
        let push = delivered(&[signature], APPROVED).expect(signature);
        assert_eq!((push.topic, push.outcome), (PushTopic::Card, Some(PushOutcome::Succeeded)));
        assert_eq!(push.card.as_deref(), Some("1000"));
        assert_eq!(push.id.as_deref(), Some("2c58ed48-67d2-4d8e-bbb1-548864773d2c"));
        assert!(push.is_signed);
    }
}

#[test]
fn careless_spellings_of_the_document_are_read() {
    let careless = APPROVED.replace("\"MANAGEE_CARD", "\" MANAGEE_CARD");
    assert_eq!(push(&careless).topic, PushTopic::Card);
    let deposit = r#"{"Id":"a","Type":"FIAT DEPOSIT RECEIVED","Data":{"AccountsId":1601,
        "TransactionsId":13470,"Amount":25,"Date":"2022-08-24T13:39:37.72+00:00"}}"#;
    let deposit = push(deposit);
    assert_eq!((&*deposit.event, deposit.topic), ("FIAT_DEPOSIT_RECEIVED", PushTopic::Float));
    assert_eq!(deposit.occurred_at, Some(at("2022-08-24T13:39:37.72Z")));
    let rejected = r#"{"Id":"b","Type":"TRANSACTION_STATUS_UPDATED","Data":{"Id":19605,
        "Amount":-100,"bPending":false,"bCompleted":true,"bRejected":true}}"#;
    assert_eq!(
        push(rejected).outcome,
        Some(PushOutcome::Failed),
        "rejected counts before completed"
    );
}

#[test]
fn an_id_makes_an_event_one_and_nothing_else_does() {
    let again = APPROVED.replace("true", "false");
    assert_eq!(push(APPROVED).repeat_key, push(&again).repeat_key);
    let other = APPROVED.replace("2c58", "2c59");
    assert_ne!(push(APPROVED).repeat_key, push(&other).repeat_key);
    let (one, two) = (r#"{"Type":"X","Data":{"a":1}}"#, r#"{"Type":"X","Data":{"a":2}}"#);
    assert_ne!(push(one).repeat_key, push(two).repeat_key, "without an id it is the body");
    assert_eq!(push(one).topic, PushTopic::Unknown);
}

#[test]
fn forged_callbacks_are_refused() {
    let wrong = format!("{}A=", &SIGNATURE[..42]);
    for (signatures, body) in [
        (&[][..], APPROVED),
        (&[""], APPROVED),
        (&[&*wrong], APPROVED),
        (&[&SIGNATURE[..40]], APPROVED),
        (&[&SIGNATURE_IN_HEX[..63]], APPROVED),
        (&[SIGNATURE, SIGNATURE], APPROVED),
        (&["sha256=jM5ftPKVm2UXKrct/LJO+g3MtYLRC84/i9CV5GIvZTs="], APPROVED),
        (&[SIGNATURE], &APPROVED.replace("1000", "1001")),
        (&[SIGNATURE], &format!("{APPROVED} ")),
        (&[SIGNATURE], &APPROVED[1..]),
        (&[SIGNATURE], ""),
    ] {
        let refused = delivered(signatures, body).expect_err(body);
        assert_eq!(refused.kind, RejectionKind::Unproven, "{signatures:?} {refused}");
    }
    let array = "[1]";
    let malformed = delivered(&[&signed(array)], array).expect_err("no event");
    assert_eq!(malformed.kind, RejectionKind::Malformed);
}

#[test]
fn without_a_secret_or_with_an_empty_one_nothing_is_believed() {
    for secret in [None, Some(given("")), Some(given(" \n"))] {
        let account = build(&Wire::new(), |account| account.webhook_secret = secret.clone());
        let account = account.expect("the rest of the account works");
        assert!(account.webhooks().err().is_some_and(|why| why.contains("webhook_secret")));
    }
}
