//! banana's webhooks: sealed as answers are, and kept as records.

use super::*;

/// banana wire notes, 3.1: the object inside, after its HMAC was checked.
pub(super) fn banana_opened(delivery: &Delivery) -> Value {
    let envelope = json(&delivery.body);
    assert_eq!(envelope["type"], delivery.kind);
    opened(&envelope)
}

fn opened(envelope: &Value) -> Value {
    let key = dialect::banana::SECRET_KEY.as_bytes();
    assert_eq!(keys(envelope), BTreeSet::from(["encrypted_payload", "hmac", "type"]));
    let sealed = envelope["encrypted_payload"].as_str().unwrap();
    let tag = HEXLOWER.decode(envelope["hmac"].as_str().unwrap().as_bytes()).unwrap();
    let key_of_hmac = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&key_of_hmac, sealed.as_bytes(), &tag).unwrap();
    serde_json::from_slice(&crypto::cbc_decrypt(key, sealed).unwrap()).unwrap()
}

#[test]
fn banana_seals_all_events_of_its_list() {
    let fixture = on();
    let samples = fixture.sandbox.sample_webhooks(Dialect::Banana);
    let documented: [(&str, &[&str]); 12] = [
        ("USER_CREATE_RESULT", &["status", "user_id"]),
        ("CARD_APPLY_RESULT", &["card_id", "occur_time", "status", "template_id", "user_id"]),
        ("CARD_ACTIVATE_RESULT", &["card_id", "card_number", "occur_time", "status"]),
        ("CARD_ASSIGN_RESULT", &["card_id", "occur_time", "status"]),
        ("CARD_STATUS_CHANGE", &["card_id", "card_status", "occur_time", "status"]),
        (
            "CARD_RECHARGE_RESULT",
            &["card_id", "currency", "occur_time", "receive_amount", "status", "transaction_id"],
        ),
        (
            "CARD_CLOSE_RESULT",
            &["card_id", "occur_time", "refund_amount", "status", "transaction_id"],
        ),
        (
            "CARD_BALANCE_CHANGE",
            &["amount", "available", "before_available", "card_id", "currency", "occur_time"],
        ),
        ("TRANSACTION_CREATED", &["card_id", "occur_time"]),
        ("CARD_CORRECTION", &["card_id", "occur_time"]),
        ("CARD_3DS", &["card_id", "occur_time"]),
        ("CARD_VERIFICATION", &["card_id", "occur_time"]),
    ];
    assert_eq!(kinds(&samples), documented.iter().map(|(kind, _)| *kind).collect());
    for (kind, wanted) in documented {
        let sample = samples.iter().find(|sample| sample.kind == kind).unwrap();
        let inside = banana_opened(sample);
        let missing: Vec<&&str> =
            wanted.iter().filter(|name| inside.get(**name).is_none()).collect();
        assert!(missing.is_empty(), "{kind}: {missing:?}");
        if let Some(at) = inside.get("occur_time") {
            let passed = at.as_i64().unwrap() - fixture.now().as_millisecond();
            assert!((0..60_000).contains(&passed), "{kind}: milliseconds");
        }
    }
    assert!(fixture.sandbox.webhook_secrets(Dialect::Banana).secret.is_none());
}

/// banana wire notes, 2.4.
#[tokio::test]
async fn banana_answers_records_of_what_it_sent_also_of_what_was_lost() {
    let fixture = with(&[Scenario::LostWebhooks], WebhookOptions::default());
    let card = fixture.card(Dialect::Banana, 0);
    for _ in 0..12 {
        assert!(fixture.sandbox.tell(Dialect::Banana, &card, CardNotice::WalletCode));
        fixture.advance(60);
    }
    let sent = fixture.sandbox.take_webhooks(Dialect::Banana);
    assert!(sent.len() < 12, "{} arrived", sent.len());
    let records = async |wanted: &str| {
        let (status, answer) = fixture.banana("/merchant/get_webhook_records", wanted).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let answer = json(&answer);
        (answer["data"].as_array().unwrap().clone(), answer["total"].as_u64())
    };
    let (all, total) = records(r#"{"limit":100}"#).await;
    assert_eq!((all.len(), total), (12, Some(12)));
    let known: Vec<Value> = all.iter().map(|record| opened(&record["callback"])).collect();
    for delivery in &sent {
        assert!(known.contains(&banana_opened(delivery)), "{delivery:?}");
    }
    let (page, _) = records(r#"{"skip":10,"limit":10,"desc":false}"#).await;
    assert_eq!((page.len(), &page[1]["id"]), (2, &all[0]["id"]), "the newest comes last");
    let since = format!(r#"{{"limit":100,"start_date":{}}}"#, all[4]["created_at"]);
    let (late, total) = records(&since).await;
    assert_eq!((late.len(), total), (5, Some(5)), "newest first, that one with them");
    let (none, _) = records(r#"{"callback_type":"CARD_3DS"}"#).await;
    assert!(none.is_empty());
}
