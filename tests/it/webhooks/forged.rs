//! What is not proven to come from the provider is refused, whatever is wrong with it.

use cardtop::domain::push::{Push, PushTopic};
use cardtop::engine::{Received, RejectionKind};
use cardtop::sandbox::{Dialect, WebhookOptions};
use cardtop::store::Store;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::{Sent, accepted, both_ways, desk};

/// How a genuine delivery is forged; `None` where a wire has nothing to forge in this way.
pub(super) type Forgery = (&'static str, fn(&Sent) -> Option<Sent>);

fn with_body(sent: &Sent, body: Vec<u8>) -> Option<Sent> {
    (body != sent.body).then(|| Sent { body, ..sent.clone() })
}

/// The name of the header that proves a delivery, where one does.
fn proof(sent: &Sent) -> Option<String> {
    let is_proof =
        |name: &str| ["signature", "webhook-signature", "x-webhook-secret"].contains(&name);
    sent.headers.iter().map(|(name, _)| name.clone()).find(|name| is_proof(name))
}

/// What is done to the value by which a delivery proves itself: a header, the end of the path, or
/// a field of the envelope.
fn with_proof(sent: &Sent, change: impl Fn(&str) -> Option<String>) -> Option<Sent> {
    let mut forged = sent.clone();
    if let Some(name) = proof(sent) {
        for (known, value) in &mut forged.headers {
            if *known == name {
                *value = change(value)?;
            }
        }
        return Some(forged);
    }
    if let Some(secret) = &sent.path_secret {
        forged.path_secret = Some(change(secret)?);
        return Some(forged);
    }
    with_field(sent, "hmac", |value| Some(Value::from(change(value.as_str()?)?)))
}

/// A field of the body changed; `None` where it has none of this name.
fn with_field(sent: &Sent, name: &str, change: impl Fn(&Value) -> Option<Value>) -> Option<Sent> {
    let mut body: Value = serde_json::from_slice(&sent.body).ok()?;
    let field = body.get_mut(name)?;
    *field = change(field)?;
    with_body(sent, body.to_string().into_bytes())
}

/// Whether the body is signed: else only who knows the secret is known.
fn is_signed(sent: &Sent) -> bool {
    proof(sent).is_some_and(|name| name != "x-webhook-secret") || sent.account == "banana"
}

fn signed_body(sent: &Sent, change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Sent> {
    if is_signed(sent) { with_body(sent, change(&sent.body)) } else { None }
}

pub(super) const FORGERIES: [Forgery; 44] = [
    ("no proof at all", |sent| {
        let name = proof(sent)?;
        let mut forged = sent.clone();
        forged.headers.retain(|(known, _)| *known != name);
        Some(forged)
    }),
    ("no path behind the name", |sent| {
        sent.path_secret.as_ref()?;
        Some(Sent { path_secret: None, ..sent.clone() })
    }),
    ("an empty proof", |sent| with_proof(sent, |_| Some(String::new()))),
    ("a blank", |sent| with_proof(sent, |_| Some(" ".to_owned()))),
    ("the first character", |sent| with_proof(sent, |proof| proof.get(..1).map(str::to_owned))),
    ("without the last character", |sent| {
        with_proof(sent, |proof| proof.get(..proof.len() - 1).map(str::to_owned))
    }),
    ("without the first character", |sent| {
        with_proof(sent, |proof| proof.get(1..).map(str::to_owned))
    }),
    ("twice behind each other", |sent| with_proof(sent, |proof| Some(format!("{proof}{proof}")))),
    ("backwards", |sent| with_proof(sent, |proof| Some(proof.chars().rev().collect()))),
    ("another first character", |sent| {
        with_proof(sent, |proof| {
            let other = if proof.starts_with('1') { '2' } else { '1' };
            Some(format!("{other}{}", proof.get(1..)?))
        })
    }),
    ("another middle character", |sent| {
        with_proof(sent, |proof| {
            let middle = proof.len() / 2;
            let old = proof.get(middle..=middle)?;
            let other = if old == "1" { "2" } else { "1" };
            Some(format!("{}{other}{}", proof.get(..middle)?, proof.get(middle + 1..)?))
        })
    }),
    ("all zeros", |sent| with_proof(sent, |proof| Some("0".repeat(proof.len())))),
    ("the word null", |sent| with_proof(sent, |_| Some("null".to_owned()))),
    ("a scheme before it", |sent| with_proof(sent, |proof| Some(format!("sha256={proof}")))),
    ("a quote around it", |sent| with_proof(sent, |proof| Some(format!("\"{proof}\"")))),
    ("a megabyte", |sent| with_proof(sent, |_| Some("A".repeat(1 << 20)))),
    ("no text", |sent| with_proof(sent, |_| Some("\u{e9}\u{fffd}".to_owned()))),
    ("the secret itself in the place of the signature", |sent| {
        with_proof(sent, |_| Some("test".to_owned()))
    }),
    ("the proof twice", |sent| {
        let name = proof(sent)?;
        let mut forged = sent.clone();
        let again = forged.headers.iter().find(|(known, _)| *known == name)?.clone();
        forged.headers.push(again);
        Some(forged)
    }),
    ("a wrong proof before the right one", |sent| {
        let name = proof(sent)?;
        let mut forged = sent.clone();
        forged.headers.insert(0, (name, "AAAA".to_owned()));
        Some(forged)
    }),
    ("a wrong proof behind the right one", |sent| {
        let name = proof(sent)?;
        let mut forged = sent.clone();
        forged.headers.push((name, "AAAA".to_owned()));
        Some(forged)
    }),
    ("the proof of another delivery", |sent| {
        signed_body(sent, |_| br#"{"Id":"x","Type":"FIAT_DEPOSIT_RECEIVED","Data":{}}"#.to_vec())
    }),
    ("no body", |sent| signed_body(sent, |_| Vec::new())),
    ("half a body", |sent| signed_body(sent, |body| body[..body.len() / 2].to_vec())),
    ("all but the last byte", |sent| signed_body(sent, |body| body[..body.len() - 1].to_vec())),
    ("the body twice", |sent| signed_body(sent, |body| [body, body].concat())),
    ("another byte in the middle", |sent| {
        signed_body(sent, |body| {
            let mut body = body.to_vec();
            let middle = body.len() / 2;
            body[middle] ^= 1;
            body
        })
    }),
    ("another first field", |sent| {
        if sent.account == "banana" {
            // Beside the envelope nothing counts.
            return None;
        }
        signed_body(sent, |body| [br#"{"injected":1,"#, &body[1..]].concat())
    }),
    ("a field at the end", |sent| {
        if sent.account == "banana" {
            return None;
        }
        signed_body(sent, |body| [&body[..body.len() - 1], br#","injected":1}"#].concat())
    }),
    ("a list around it", |sent| signed_body(sent, |body| [&b"["[..], body, b"]"].concat())),
    ("another card", |sent| {
        with_field_signed(sent, "cardId", "b31fdd7b-f545-005a-aa28-000000000000")
    }),
    ("another Card", |sent| {
        with_field_signed(sent, "CardId", "b31fdd7b-f545-005a-aa28-000000000000")
    }),
    ("another status", |sent| with_field_signed(sent, "status", "Failed?")),
    ("another Status", |sent| with_field_signed(sent, "Status", "Failed?")),
    ("another amount", |sent| with_field_signed(sent, "amount", "99999.0000")),
    ("another type", |sent| with_field_signed(sent, "Type", "TRANSACTION_STATUS_UPDATED?")),
    ("another id", |sent| with_field_signed(sent, "Id", "00000000-0000-0000-0000-000000000000")),
    ("no payload", |sent| with_field_signed(sent, "encrypted_payload", "")),
    ("another payload", |sent| {
        with_field(sent, "encrypted_payload", |value| {
            let text = value.as_str()?;
            let other = if text.starts_with('A') { "B" } else { "A" };
            Some(Value::from(format!("{other}{}", text.get(1..)?)))
        })
    }),
    ("a cut payload", |sent| {
        with_field(sent, "encrypted_payload", |value| {
            let text = value.as_str()?;
            Some(Value::from(text.get(..text.len() - 4)?))
        })
    }),
    ("a payload that is no text", |sent| {
        with_field(sent, "encrypted_payload", |_| Some(Value::from(7)))
    }),
    ("a proof that is no text", |sent| with_field(sent, "hmac", |_| Some(Value::from(true)))),
    ("a later time", |sent| {
        let mut forged = sent.clone();
        let (_, value) = forged.headers.iter_mut().find(|(name, _)| name == "timestamp")?;
        *value = "4102444800".to_owned();
        Some(forged)
    }),
    ("another account's path", |sent| {
        let other = match sent.account.as_str() {
            "artha" => "ibanera",
            "ibanera" => "enkash",
            "enkash" => "artha",
            _ => "ibanera",
        };
        Some(Sent { account: other.to_owned(), ..sent.clone() })
    }),
];

fn with_field_signed(sent: &Sent, name: &str, value: &str) -> Option<Sent> {
    if is_signed(sent) { with_field(sent, name, |_| Some(Value::from(value))) } else { None }
}

#[tokio::test(start_paused = true)]
async fn no_forgery_of_the_table_is_believed_on_any_wire() {
    let mut tried = std::collections::BTreeMap::new();
    for webhooks in both_ways() {
        let desk = desk(webhooks).await;
        for dialect in Dialect::ALL {
            for delivery in desk.sandbox.sample_webhooks(dialect) {
                let genuine = Sent::from(&delivery);
                for (name, forge) in FORGERIES {
                    let Some(forged) = forge(&genuine) else { continue };
                    let received = forged.to(&desk.engine).await;
                    let refused = matches!(received, Received::Refused { .. });
                    assert!(refused, "{name}: {delivery:?} was {received:?}");
                    *tried.entry(name).or_insert(0) += 1;
                }
            }
        }
        let kept = Store::open(desk.folder.path()).expect("the data file").newest_push().await;
        assert_eq!(kept.expect("a number"), 0, "nothing of it is kept");
    }
    let untried: Vec<&str> =
        FORGERIES.iter().map(|(name, _)| *name).filter(|name| !tried.contains_key(name)).collect();
    assert_eq!(untried, Vec::<&str>::new(), "each forgery is one of some wire");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_of_what_kind_it_is_and_quotes_nothing() {
    let desk = desk(WebhookOptions::default()).await;
    for dialect in Dialect::ALL {
        let sample = Sent::from(&desk.sandbox.sample_webhooks(dialect)[0]);
        let Some(forged) = with_proof(&sample, |_| Some("QUOTED-7".to_owned())) else { continue };
        match forged.to(&desk.engine).await {
            Received::Refused { kind: RejectionKind::Unproven, why } => {
                assert!(!why.contains("QUOTED"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
    let nobody = Sent {
        account: "nobody".to_owned(),
        ..Sent::from(&desk.sandbox.sample_webhooks(Dialect::Artha)[0])
    };
    assert_eq!(nobody.to(&desk.engine).await, Received::NoSuchAccount);
}

/// What of an event its wire signs: banana's type is beside it.
fn signed_part(push: &Push) -> Push {
    let (event, topic) = ("".into(), PushTopic::Unknown);
    Push { event, topic, reference: None, body: None, ..push.clone() }
}

/// How often a delivery is forged at random, for each wire.
const RANDOM: usize = 10_000;

#[tokio::test(start_paused = true)]
async fn ten_thousand_deliveries_with_other_bytes_are_no_other_events() {
    let desk = desk(WebhookOptions::default()).await;
    let mut runner = TestRunner::deterministic();
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Ibanera] {
        let samples: Vec<Sent> =
            desk.sandbox.sample_webhooks(dialect).iter().map(Sent::from).collect();
        let mut genuine = Vec::new();
        for sample in &samples {
            genuine.push(accepted(sample.to(&desk.engine).await).0);
        }
        let change =
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4);
        let mut refused = 0;
        for _ in 0..RANDOM {
            let (which, place, byte, how) =
                change.new_tree(&mut runner).expect("a change").current();
            let which = which.index(samples.len());
            let mut forged = samples[which].clone();
            let place = place.index(forged.body.len());
            match how {
                0 => forged.body[place] = byte,
                1 => forged.body.truncate(place),
                2 => forged.body.insert(place, byte),
                _ => drop(forged.body.remove(place)),
            }
            match forged.to(&desk.engine).await {
                Received::Refused { .. } => refused += 1,
                // A blank between two fields, or a name beside the envelope, changes no event.
                Received::Accepted { push, is_repeat, .. } => {
                    assert_eq!(signed_part(&push), signed_part(&genuine[which]));
                    assert!(is_repeat);
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(refused > RANDOM * 8 / 10, "{dialect:?}: {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_guesses_of_a_secret_are_refused_and_the_memory_of_them_is_a_number() {
    let desk = desk(WebhookOptions::default()).await;
    let sample = Sent::from(&desk.sandbox.sample_webhooks(Dialect::Enkash)[0]);
    let mut runner = TestRunner::deterministic();
    for _ in 0..RANDOM {
        let guess = "[!-~]{0,40}".new_tree(&mut runner).expect("a guess").current();
        let forged = with_proof(&sample, |_| Some(guess.clone())).expect("it has a header");
        let received = forged.to(&desk.engine).await;
        assert!(matches!(received, Received::Refused { .. }), "{guess}: {received:?}");
    }
    accepted(sample.to(&desk.engine).await);
}
