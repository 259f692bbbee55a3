//! artha as its wire notes describe it: the documented answers read, the documented requests sent.

mod changes;
mod readings;
mod webhooks;

use crate::provider::Evidence;
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::signature::Verifier;
use serde_json::{Value, json};

use super::requests::canonical;
use super::settings::Signature;
use super::*;
use crate::clock::Clock;
use crate::config::secret::Source;
use crate::domain::card::{CardKey, CardKind, CardState, ProviderId, Reading};
use crate::domain::operation::{OperationId, Pin};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::crypto;
use crate::provider::error::Outcome;
use crate::provider::http::TransportError;
use crate::provider::script::{self, FIRST, Reply, Wire, all_transactions};
use std::collections::BTreeMap;

/// Made for these tests; it opens nothing.
const KEY: &str = "\
-----BEGIN RSA PRIVATE KEY-----\n\
MIICXQIBAAKBgQDPOVxA9NvT6ii8f47BtbUNsxigs5hOjM0SldLH44SL5ZXFcRYt\n\
gx20syo8GywTujL+p/QF8f2amY9z5L0Bj+H+w2DuNU4Z/HM4oawIRz7sYwID5Kgy\n\
vWyZrlisk9vzoju3c+1QHVPPPbF6nwsclJU/CqaGqya2i3ZQqmbE1sYWzQIDAQAB\n\
AoGBALCyDnHs2A0omzev5MBT+mAGGLfeq74+3RY93o9G91x6lWzX8rs4E/pi016R\n\
JNJlcNonyDHRmBddXS7LGkbcsywITJBNm6Djgpo40vZEU7lg+8KzOHsDc1Ee0+sR\n\
T4QAvSj6IAshkAmNH7N9PcgC9CB9MlQF5ZkBMCo4g+bBvvsBAkEA/SoUv/DyR/Q2\n\
bWGEXPYPIecXpekV+m/T4YPLYVQL3pXtflM1Gs5gAQ6WVZ7qkJld7s0R39ukrW/z\n\
NJpun+9DrQJBANGLjQbjB8ULmm1US6T5ECykDeu0Vim2SRffw8pWCfAdjIC74XIe\n\
xHLl5qfOMClUB/NGkBZQlM8vm0+QXVW3g6ECQDReoR43hJb34M5trsjgKa80s8Kh\n\
XeeJfIYZElhW34Gy+Ab6xXB/IoL1donNru4sm67LgxgQwpcSInhOPfYds50CQHWc\n\
jhs/ciz2xkZ2+b4uzRVBP078eSAQYBY2Uf5PLGTJMQNQcMlM25Zh04R8BiwsLgot\n\
oNHliKCBZ/rQXJKv3gECQQCE+WjA3i4tBN31UEeAiVwREAbRSkGukQuWPqkObqRE\n\
w7vwsiHp2WItZ3BlThtPNdxIKJ2d3rhVl5WlwK1hoSss\n\
-----END RSA PRIVATE KEY-----\n";

struct Fixture {
    artha: Artha,
    wire: Wire,
}

impl Fixture {
    fn new(script: Vec<Reply>) -> Self {
        Self::with(script, |_| {})
    }

    fn with(script: Vec<Reply>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut account = Settings {
            token: Source::Given("tok-123".into()),
            private_key: Source::Given(KEY.into()),
            callback_public_key: None,
            webhook_secret: None,
            customer_token: true,
            all_transactions_path: None,
            signature: Signature::default(),
            amount_decimals: 2,
        };
        change(&mut account);
        let config = config(&account);
        let wire = Wire::with(script);
        let http = Http::with_transport(
            &config.name,
            Box::new(wire.clone()),
            Clock::fixed(now()),
            config.timeout,
        );
        Self { artha: Artha::new(&config, &account, http).expect("an adapter"), wire }
    }

    /// `POST /api/v1/CardTopUp {…}` of every request, with whether it changes something.
    fn asked(&self) -> Vec<(Access, String, Value)> {
        self.wire
            .sent(|all| all.iter().map(|sent| (sent.access, sent.what(), sent.json())).collect())
    }
}

fn config(account: &Settings) -> ProviderConfig {
    script::config("acme", "https://api.test/api/v1", &KIND, account.clone())
}

fn ok(body: &str) -> Reply {
    Ok((200, body.to_owned()))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_739_800_000).expect("a time of the test")
}

fn usd(text: &str) -> Money {
    Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
}

fn card() -> Card {
    let mut card = Card::unread(CardKey::new(&ProviderId::new("acme"), CARD));
    card.currency = Some(usd("0").currency());
    card
}

const CARD: &str = "c4bf67ad-c353-45ce-9314-19922fdf0c55";
const TASK: &str = "bb75ad44-ebee-42c5-8550-204901404e93";
const ACCEPTED: &str = r#"{ "taskId": "bb75ad44-ebee-42c5-8550-204901404e93", "status": "Success",
    "remarks": "CardInProgress" }"#;

fn id() -> OperationId {
    OperationId::new(now(), 7, 1)
}

fn operation(action_kind: ActionKind, task: Option<&str>) -> Operation {
    let operation =
        script::operation(id(), now(), action_kind, card().key, Some(usd("100")), Proof::ByTask);
    Operation { provider_reference: task.map(Into::into), ..operation }
}

fn fields(json: &str) -> crate::provider::json::JsonObject<'_> {
    crate::provider::json::JsonObject::parse(json).expect("an object of the test")
}

/// A row of a list, `minutes` after the operation was saved.
fn row(id: &str, amount: &str, status: &str, minutes: i64) -> Value {
    let at = now()
        .saturating_add(SignedDuration::from_mins(minutes))
        .expect("a time of the test")
        .to_string();
    json!({ "transactionId": id, "cardId": CARD, "amount": amount, "currency": "USD",
        "type": "Recharge", "status": status, "date": at })
}

// ---- signing (1.4, 1.5)

#[test]
fn the_signed_strings_are_those_of_the_wire_notes() {
    let body =
        Body::from([("cardId", Part::Text(CARD.into())), ("amount", Part::Text("100".into()))]);
    let post = canonical(&Signature::default(), "1739800000", "a1B2c3D4e5", Some("tok-123"), &body);
    assert_eq!(
        *post,
        "amount=100&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&customerToken=tok-123&\
         nonce=a1B2c3D4e5&timestamp=1739800000"
    );
    let hash = |text: &str| HEXLOWER.encode(&crypto::sha256(text.as_bytes()));
    assert_eq!(hash(&post), "8f2e0738f8a582fd015d838d3fcb0023b3fe73ce14b8e6188f8a2ac4ec817d47");
    let get =
        canonical(&Signature::default(), "1739800000", "a1B2c3D4e5", Some("tok-123"), &Body::new());
    assert_eq!(hash(&get), "301f5e1376fa5693f1cab55fae8aa5627659e9db261cfe58198bfe472c281a93");
    let paged = Body::from([("page", Part::Whole(1)), ("endTime", Part::Text(String::new()))]);
    assert_eq!(
        *canonical(&Signature::default(), "1", "n", None, &paged),
        "nonce=n&page=1&timestamp=1",
        "empty fields are left out"
    );
}

#[tokio::test]
async fn every_request_carries_headers_that_verify_with_our_public_key() {
    let fixture = Fixture::new(vec![ok(ACCEPTED), ok("{}")]);
    Provider::act(&fixture.artha, Permit::for_test(&card(), Action::TopUp(usd("100")), id()))
        .await
        .expect("accepted");
    let _ = fixture.artha.float().await;
    let public = rsa::RsaPrivateKey::from_pkcs1_pem(KEY).expect("a key").to_public_key();
    let public = rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha256>::new(public);
    let bodies = [Some("amount=100.00&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&"), None];
    fixture.wire.sent(|all| {
        for (sent, body) in all.iter().zip(bodies) {
            assert_eq!(sent.header("Authorization"), "Bearer tok-123");
            assert_eq!(sent.header("Content-Type"), "application/json");
            assert_eq!((sent.header("timestamp"), sent.header("nonce").len()), ("1739800000", 10));
            let signed = format!(
                "{}customerToken={}&nonce={}&timestamp=1739800000",
                body.unwrap_or(""),
                sent.header("customerToken"),
                sent.header("nonce")
            );
            let signature = BASE64.decode(sent.header("signature").as_bytes()).expect("base64");
            let signature =
                rsa::pkcs1v15::Signature::try_from(signature.as_slice()).expect("a signature");
            public.verify(signed.as_bytes(), &signature).expect("the signature is right");
            assert!(
                sent.headers()["Authorization"].is_sensitive()
                    && sent.headers()["customerToken"].is_sensitive()
            );
        }
        assert_eq!(all.len(), 2);
    });
}

#[tokio::test]
async fn the_customer_token_header_can_be_left_out() {
    let fixture = Fixture::with(vec![ok("{}")], |account| account.customer_token = false);
    let _ = fixture.artha.float().await;
    fixture
        .wire
        .sent(|all| assert!(all.iter().all(|sent| !sent.headers().contains_key("customerToken"))));
}

#[test]
fn a_wrong_secret_is_a_sentence_that_names_the_setting_and_not_the_secret() {
    let build = |token: Source, key: Source| {
        let account = Settings {
            token,
            private_key: key,
            callback_public_key: None,
            webhook_secret: None,
            customer_token: true,
            all_transactions_path: None,
            signature: Signature::default(),
            amount_decimals: 2,
        };
        let config = config(&account);
        let http = Http::with_transport(
            &config.name,
            Box::new(Wire::default()),
            Clock::fixed(now()),
            config.timeout,
        );
        Artha::new(&config, &account, http).err().expect("a sentence")
    };
    let said = build(Source::Given("tok".into()), Source::Given("not a key".into()));
    assert!(
        said.contains("`private_key` is not an RSA private key") && !said.contains("not a key"),
        "{said}"
    );
    let said = build(Source::Given("line\nbreak".into()), Source::Given(KEY.into()));
    assert!(said.contains("token") && !said.contains("break"), "{said}");
    assert!(build(Source::Given("".into()), Source::Given(KEY.into())).contains("token"));
}

// ---- changes (2.8, 2.11 to 2.16)

const PAGE: &str = "<!DOCTYPE html><html><body>Access denied by the web gateway</body></html>";

// ---- transactions (2.9, 2.10, 5.1)

fn last_day(card: Option<Card>) -> Window {
    Window {
        card,
        since: now().saturating_sub(SignedDuration::from_hours(24)).expect("a time of the test"),
        until: now(),
    }
}
