//! artha's callbacks: the document's examples verbatim, signed, behind a secret, and forged.

use std::result::Result;

use http::{HeaderMap, HeaderValue};

use super::*;
use crate::domain::push::{Push, PushOutcome, PushTopic};
use crate::provider::crypto::RsaKey;
use crate::provider::webhooks::{Delivery, Rejection, RejectionKind};

/// The public half of [`KEY`].
fn public_key() -> String {
    use rsa::pkcs8::EncodePublicKey as _;
    let private = rsa::RsaPrivateKey::from_pkcs1_pem(KEY).expect("a key");
    private.to_public_key().to_public_key_pem(rsa::pkcs8::LineEnding::LF).expect("a PEM")
}

fn behind_a_secret() -> Artha {
    Fixture::with(Vec::new(), |account| {
        account.webhook_secret = Some(Source::Given("hook-7".into()));
    })
    .artha
}

fn signed() -> Artha {
    Fixture::with(Vec::new(), |account| {
        account.callback_public_key = Some(Source::Given(public_key().into()));
    })
    .artha
}

fn read(artha: &Artha, headers: &[(&'static str, &str)], body: &str) -> Result<Push, Rejection> {
    read_at(artha, headers, Some("hook-7"), body, now())
}

fn read_at(
    artha: &Artha,
    headers: &[(&'static str, &str)],
    path_secret: Option<&str>,
    body: &str,
    received_at: Timestamp,
) -> Result<Push, Rejection> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).expect("a header of the test"));
    }
    let delivery = Delivery { headers: &map, path_secret, body: body.as_bytes(), received_at };
    artha.webhooks().expect("it is configured").read(&delivery)
}

/// The signature of a callback with these headers, as the document says: sorted by name, joined,
/// without what is empty.
fn signature(string: &str) -> String {
    let key = RsaKey::pem(KEY, crypto::Padding::Pkcs1).expect("a key");
    BASE64.encode(&key.sign(string.as_bytes()).expect("a signature"))
}

const RECHARGE: &str = r#"{
  "taskId": "968d17d5-7e75-931c-ddbb-3a14c9775903",
  "cardId": "b31fdd7b-f545-005a-aa28-3a15ed46b5d3",
  "notifyType": "recharge",
  "status": "Success",
  "remarks": "Status Description"
}"#;

const CODE: &str = r#"{ "CardId": "75568818-c4f3-715d-3fa9-3a157ee23b30",
    "TaskId": "75568818-c4f3-715d-3fa9-3a157ee23b30", "NotifyType": "OPT_CODE",
    "OPT_CODE": " 971615" }"#;

#[test]
fn the_documents_examples_are_read_in_either_spelling() {
    let artha = behind_a_secret();
    let push = read(&artha, &[], RECHARGE).expect("genuine");
    assert_eq!((&*push.event, push.topic), ("recharge", PushTopic::TopUp));
    assert_eq!(push.card.as_deref(), Some("b31fdd7b-f545-005a-aa28-3a15ed46b5d3"));
    assert_eq!(push.reference.as_deref(), Some("968d17d5-7e75-931c-ddbb-3a14c9775903"));
    assert_eq!(push.outcome, Some(PushOutcome::Succeeded));
    assert!(!push.is_signed, "a secret signs nothing");
    let consume = r#"{ "CardId": "B2DF3227-9716-E841-3827-3A151C8C271E",
        "TaskId": "cf4a59d3-6248-2565-7b01-3a15b78b7903", "NotifyType": "consume",
        "Status": "SUCCESS", "amount": "207.5700", "currency": "USD", "Remarks": "x" }"#;
    let push = read(&artha, &[], consume).expect("genuine");
    assert_eq!((&*push.event, push.topic), ("consume", PushTopic::Transaction));
    assert_eq!(push.card.as_deref(), Some("b2df3227-9716-e841-3827-3a151c8c271e"));
    assert_eq!(push.reference, None, "a purchase settles no operation");
    for (named, event, topic) in [
        ("kycstatus", "kycStatus", PushTopic::Card),
        ("CREATECARD", "createCard", PushTopic::Card),
        ("operation", "operation", PushTopic::Change),
        ("fee", "fee", PushTopic::Transaction),
        ("Refund", "refund", PushTopic::Transaction),
    ] {
        let push = read(&artha, &[], &RECHARGE.replace("recharge", named)).expect(named);
        assert_eq!((&*push.event, push.topic), (event, topic));
    }
}

#[test]
fn a_one_time_code_is_dropped_where_it_is_read() {
    let artha = behind_a_secret();
    let push = read(&artha, &[], CODE).expect("genuine");
    assert_eq!((&*push.event, push.topic), ("opt_code", PushTopic::Code));
    assert!(!format!("{push:?}").contains("971615"), "{push:?}");
    let again = read(&artha, &[], CODE).expect("genuine");
    assert_eq!(push.repeat_key, again.repeat_key, "delivered again");
    let other = read(&artha, &[], &CODE.replace("971615", "123456")).expect("genuine");
    assert_ne!(push.repeat_key, other.repeat_key, "the next code, by a hash with the secret");
}

#[test]
fn deliveries_of_one_event_have_one_key_and_other_events_have_others() {
    let artha = behind_a_secret();
    let key = |body: &str| read(&artha, &[], body).expect("genuine").repeat_key;
    let first = key(RECHARGE);
    assert_eq!(first, key(&RECHARGE.replace("Status Description", "again")));
    assert_eq!(first, key(&RECHARGE.replace("Success", "SUCCESS")));
    for (from, to) in [("Success", "Failed"), ("recharge", "refund"), ("968d", "968e")] {
        assert_ne!(first, key(&RECHARGE.replace(from, to)), "{from}");
    }
}

#[test]
fn an_unknown_event_is_kept_without_what_may_be_secret() {
    let artha = behind_a_secret();
    let body = r#"{"notifyType":"newThing","cardId":"b31fdd7b-f545-005a-aa28-3a15ed46b5d3",
        "OTP":"123456","cvv":987,"cardNumber":"4111111111111111","note":"4111 1111 1111 1111 b",
        "status":"Success"}"#;
    let push = read(&artha, &[], body).expect("genuine");
    assert_eq!((&*push.event, push.topic), ("newThing", PushTopic::Unknown));
    let kept = push.body.expect("it is kept");
    assert!(kept.contains("\"status\":\"Success\"") && kept.contains("..# b"), "{kept}");
    for secret in ["123456", "987", "1111"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    let without_card = read(&artha, &[], r#"{"notifyType":"recharge","taskId":"x"}"#);
    assert_eq!(without_card.expect("genuine").topic, PushTopic::Unknown);
}

#[test]
fn a_sender_without_the_secret_is_refused() {
    let artha = behind_a_secret();
    let read = |headers: &[(&'static str, &str)], path: Option<&str>| {
        read_at(&artha, headers, path, RECHARGE, now()).map_err(|rejection| rejection.kind)
    };
    assert!(read(&[], Some("hook-7")).is_ok());
    assert!(read(&[("x-webhook-secret", "hook-7")], None).is_ok());
    for (headers, path) in [
        (&[][..], None),
        (&[], Some("")),
        (&[], Some("hook-8")),
        (&[], Some("hook-77")),
        (&[("x-webhook-secret", "")], Some("hook-7")),
        (&[("x-webhook-secret", "hook-8")], Some("hook-7")),
        (&[("x-webhook-secret", "hook-7"), ("x-webhook-secret", "hook-7")], None),
    ] {
        assert_eq!(
            read(headers, path).err(),
            Some(RejectionKind::Unproven),
            "{headers:?} {path:?}"
        );
    }
    assert_eq!(Fixture::new(Vec::new()).artha.webhooks().err().map(str::is_empty), Some(false));
    let empty = Fixture::with(Vec::new(), |account| {
        account.webhook_secret = Some(Source::Given("  ".into()));
    });
    assert!(empty.artha.webhooks().err().is_some_and(|why| why.contains("empty")));
}

#[test]
fn a_signed_callback_is_believed_for_what_was_signed_alone() {
    let artha = signed();
    let body = r#"{"taskId":"968d17d5-7e75-931c-ddbb-3a14c9775903","cardId":"b31fdd7b-f545-005a-aa28-3a15ed46b5d3","notifyType":"operation","status":"Success","remarks":"","n":1}"#;
    let string = "cardId=b31fdd7b-f545-005a-aa28-3a15ed46b5d3&n=1&nonce=abc&notifyType=operation\
                  &status=Success&taskId=968d17d5-7e75-931c-ddbb-3a14c9775903&timestamp=1739800000";
    let right = signature(string);
    let headers = [("timestamp", "1739800000"), ("nonce", "abc"), ("signature", &right)];
    let push = read(&artha, &headers, body).expect("genuine");
    assert!(push.is_signed);
    let forged = |headers: &[(&'static str, &str)], body: &str| {
        let refused = read(&artha, headers, body).expect_err(body);
        assert_eq!(refused.kind, RejectionKind::Unproven, "{refused}");
    };
    let filled = body.replace("\"n\":1", "\"n\":1,\"empty\":\"\"");
    let same = read(&artha, &headers, &filled).expect("what is empty is not signed");
    assert_eq!(same.repeat_key, push.repeat_key);
    forged(&headers, &body.replace("Success", "Failed"));
    forged(&headers, &body.replace("\"n\":1", "\"n\":1,\"m\":2"));
    forged(&headers[..2], body);
    forged(&[("timestamp", "1739800001"), headers[1], headers[2]], body);
    forged(&headers[1..], body);
    forged(&[headers[0], headers[1], ("signature", "")], body);
    forged(&[headers[0], headers[1], ("signature", "AAAA")], body);
    forged(&[headers[0], headers[1], headers[2], headers[2]], body);
    let other = signature(&string.replace("=1&", "=2&"));
    forged(&[headers[0], headers[1], ("signature", &other)], body);
}
