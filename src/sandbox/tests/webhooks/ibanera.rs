//! ibanera's webhooks: a hash over body and secret.

use super::*;

#[test]
fn ibanera_hashes_body_and_secret_and_tells_of_no_card_but_its_approval() {
    let fixture = on();
    let secret = fixture.sandbox.webhook_secrets(Dialect::Ibanera).secret.unwrap();
    let samples = fixture.sandbox.sample_webhooks(Dialect::Ibanera);
    let documented =
        ["FIAT_DEPOSIT_RECEIVED", "MANAGEE_CARD_APPROVAL_UPDATED", "TRANSACTION_STATUS_UPDATED"];
    assert_eq!(kinds(&samples), BTreeSet::from(documented));
    for sample in &samples {
        let hashed = [sample.body.as_bytes(), secret.as_bytes()].concat();
        let hash = BASE64.encode(digest::digest(&digest::SHA256, &hashed).as_ref());
        assert_eq!(sample.header("webhook-signature"), Some(hash.as_str()));
        let body = json(&sample.body);
        assert_eq!(keys(&body), BTreeSet::from(["Data", "Id", "Type"]));
        let kind = body["Type"].as_str().unwrap().trim().replace(' ', "_");
        assert_eq!(kind, sample.kind);
    }
    let amount = |kind: &str| {
        let sample = samples.iter().find(|sample| sample.kind == kind).unwrap();
        plain(&json(&sample.body)["Data"]["Amount"])
    };
    assert!(amount("TRANSACTION_STATUS_UPDATED").starts_with('-'), "money that left");
    assert!(!amount("FIAT_DEPOSIT_RECEIVED").starts_with('-'));

    let card = fixture.card(Dialect::Ibanera, 0);
    fixture.sandbox.spend(Dialect::Ibanera, &card, decimal("1"), Merchant::new("A", "5411", "SE"));
    fixture.sandbox.set_state(Dialect::Ibanera, &card, CardState::Frozen);
    assert!(fixture.sandbox.take_webhooks(Dialect::Ibanera).is_empty());
}

#[test]
fn some_of_ibaneras_types_are_spelt_carelessly() {
    let fixture = on();
    let card = fixture.card(Dialect::Ibanera, 0);
    for _ in 0..40 {
        let applied = CardNotice::Applied { approved: true };
        fixture.sandbox.tell(Dialect::Ibanera, &card, applied);
    }
    let taken = fixture.sandbox.take_webhooks(Dialect::Ibanera);
    let spelt: BTreeSet<String> = taken.iter().map(|it| plain(&json(&it.body)["Type"])).collect();
    let kind = "MANAGEE_CARD_APPROVAL_UPDATED";
    let all = [format!(" {kind}"), kind.replace('_', " "), kind.to_owned()];
    assert_eq!(spelt, BTreeSet::from(all));
    let ids: BTreeSet<String> = taken.iter().map(|it| plain(&json(&it.body)["Id"])).collect();
    assert_eq!(ids.len(), 40);
}
