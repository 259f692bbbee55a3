//! artha's webhooks: flat objects, signed or with a secret in the path.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::signature::Verifier as _;

use super::*;

/// artha wire notes, 1.5: headers of the protocol and the body, by name, under the public key.
fn artha_signature_holds(public_key: &str, delivery: &Delivery) -> bool {
    let mut pairs: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in json(&delivery.body).as_object().unwrap() {
        pairs.insert(name.clone(), plain(value));
    }
    for name in ["timestamp", "nonce"] {
        pairs.insert(name.to_owned(), delivery.header(name).unwrap().to_owned());
    }
    pairs.retain(|_, value| !value.is_empty());
    let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let key = rsa::RsaPublicKey::from_public_key_pem(public_key).unwrap();
    let signature = BASE64.decode(delivery.header("signature").unwrap().as_bytes()).unwrap();
    let signature = rsa::pkcs1v15::Signature::try_from(signature.as_slice()).unwrap();
    rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha256>::new(key)
        .verify(text.join("&").as_bytes(), &signature)
        .is_ok()
}

#[test]
fn artha_signs_flat_objects_of_eight_kinds() {
    let fixture = on();
    let secrets = fixture.sandbox.webhook_secrets(Dialect::Artha);
    assert_eq!(secrets.secret, None);
    let samples = fixture.sandbox.sample_webhooks(Dialect::Artha);
    let documented = [
        "kycStatus",
        "createCard",
        "recharge",
        "operation",
        "consume",
        "fee",
        "refund",
        "OPT_CODE",
    ];
    assert_eq!(kinds(&samples), BTreeSet::from(documented));
    for sample in &samples {
        assert!(artha_signature_holds(secrets.public_key.unwrap(), sample), "{sample:?}");
        let body = json(&sample.body);
        assert_eq!(field(&body, "notifytype").to_lowercase(), sample.kind.to_lowercase());
        assert_eq!(field(&body, "cardId"), fixture.card(Dialect::Artha, 0), "{sample:?}");
        let by_card = matches!(sample.kind, "kycStatus" | "createCard" | "OPT_CODE");
        assert_eq!(field(&body, "taskId") == field(&body, "cardId"), by_card, "{sample:?}");
        assert_eq!((sample.path.as_str(), sample.attempt), ("/artha", 1));
        let mut broken = sample.clone();
        broken.body = broken.body.replacen('a', "b", 1);
        assert!(!artha_signature_holds(secrets.public_key.unwrap(), &broken));
    }
    let of = |kind| json(&samples.iter().find(|sample| sample.kind == kind).unwrap().body);
    assert_eq!(field(&of("fee"), "amount"), "1.5000");
    assert_eq!(field(&of("fee"), "currency"), "USD");
    let code = of("OPT_CODE")["OPT_CODE"].as_str().unwrap().to_owned();
    assert!(code.starts_with(' ') && code.trim().len() == 6, "the blank of the example");
    assert_eq!(of("OPT_CODE").as_object().unwrap().len(), 4, "no status, no remarks");
}

#[test]
fn artha_has_names_in_both_cases_and_without_a_signature_a_secret_in_the_path() {
    let options = WebhookOptions { signed: false, ..WebhookOptions::default() };
    let fixture = with(&[], options);
    let card = fixture.card(Dialect::Artha, 0);
    for _ in 0..20 {
        fixture.sandbox.tell(Dialect::Artha, &card, CardNotice::WalletCode);
    }
    let taken = fixture.sandbox.take_webhooks(Dialect::Artha);
    let secrets = fixture.sandbox.webhook_secrets(Dialect::Artha);
    let capitals = taken.iter().filter(|it| json(&it.body).get("CardId").is_some()).count();
    assert_eq!(taken.len(), 20);
    assert!((3..=17).contains(&capitals), "{capitals}");
    for delivery in taken {
        assert_eq!(delivery.path, format!("/artha/{}", secrets.secret.unwrap()));
        assert_eq!((delivery.header("signature"), secrets.public_key), (None, None));
    }
}
