//! Webhooks: each is proved as the documents say, by other code than what made it; when they come,
//! how often, and that nothing is kept of them where nobody wants them.

mod artha;
mod banana;
mod enkash;
mod ibanera;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use aws_lc_rs::{digest, hmac};
use data_encoding::{BASE64, HEXLOWER};

use self::banana::banana_opened;
use super::*;
use crate::sandbox::call::Signing;

fn with(scenarios: &[Scenario], webhooks: WebhookOptions) -> Fixture {
    Fixture::new(Options {
        scenarios: scenarios.to_vec(),
        webhooks: Some(webhooks),
        ..Options::default()
    })
}

fn on() -> Fixture {
    with(&[], WebhookOptions::default())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A field by its name in any case.
fn field(object: &Value, name: &str) -> String {
    let fields = object.as_object().unwrap();
    let found = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or_else(String::new, |(_, value)| plain(value))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn kinds(deliveries: &[Delivery]) -> BTreeSet<&str> {
    deliveries.iter().map(|delivery| delivery.kind).collect()
}

#[tokio::test]
async fn webhooks_name_the_tasks_and_transactions_of_the_answers() {
    let fixture = on();
    let card = fixture.card(Dialect::Artha, 0);
    let mut tasks = Vec::new();
    for (call, fields) in [
        ("CardTopUp", vec![("cardId", card.as_str()), ("amount", "50")]),
        ("CardFreeze", vec![("cardId", card.as_str())]),
        ("CancelCard", vec![("cardId", card.as_str())]),
    ] {
        let (_, answer) = fixture.artha_post(call, &fields).await;
        tasks.push(field(&json(&answer.unwrap()), "taskId"));
        assert!(fixture.sandbox.take_webhooks(Dialect::Artha).is_empty(), "not done yet");
        fixture.advance(3);
        let taken = fixture.sandbox.take_webhooks(Dialect::Artha);
        let [done] = taken.as_slice() else { panic!("{call}: {taken:?}") };
        assert_eq!(field(&json(&done.body), "taskId"), *tasks.last().unwrap(), "{call}");
        assert_eq!(field(&json(&done.body), "status"), "Success");
        fixture.sandbox.webhook_acknowledged(done);
    }
    assert_eq!(tasks.iter().collect::<BTreeSet<_>>().len(), 3);

    let card = fixture.card(Dialect::Banana, 0);
    client(Dialect::Banana).top_up(&fixture, &card).await;
    let rows = client(Dialect::Banana).rows(&fixture, &card).await;
    let taken = fixture.sandbox.take_webhooks(Dialect::Banana);
    assert_eq!(kinds(&taken), BTreeSet::from(["CARD_BALANCE_CHANGE", "CARD_RECHARGE_RESULT"]));
    let recharge = taken.iter().find(|it| it.kind == "CARD_RECHARGE_RESULT").unwrap();
    assert_eq!(banana_opened(recharge)["transaction_id"], rows[0]["id"]);
}

#[tokio::test]
async fn a_top_up_of_a_card_that_was_closed_meanwhile_has_failed() {
    let fixture = on();
    let card = fixture.card(Dialect::Artha, 0);
    let (_, answer) = fixture.artha_post("CardTopUp", &[("cardId", &card), ("amount", "50")]).await;
    let task = field(&json(&answer.unwrap()), "taskId");
    fixture.artha_post("CancelCard", &[("cardId", &card)]).await;
    fixture.advance(3);
    let taken = fixture.sandbox.take_webhooks(Dialect::Artha);
    let recharge = taken.iter().find(|it| it.kind == "recharge").unwrap();
    let body = json(&recharge.body);
    assert_eq!((field(&body, "taskId"), field(&body, "status").as_str()), (task, "Failed"));
}

/// What is taken of a provider in so many seconds, each acknowledged, with the second.
fn heard(fixture: &Fixture, dialect: Dialect, seconds: u64) -> Vec<(u64, Delivery)> {
    let mut heard = Vec::new();
    for second in 0..seconds {
        for delivery in fixture.sandbox.take_webhooks(dialect) {
            fixture.sandbox.webhook_acknowledged(&delivery);
            heard.push((second, delivery));
        }
        fixture.advance(1);
    }
    heard
}

/// Ten notices, five seconds apart, and what is heard of them.
fn ten_notices(scenarios: &[Scenario]) -> Vec<(u64, String)> {
    let fixture = with(scenarios, WebhookOptions::default());
    let card = fixture.card(Dialect::Ibanera, 0);
    let mut all = Vec::new();
    for number in 0..10 {
        let applied = CardNotice::Applied { approved: true };
        fixture.sandbox.tell(Dialect::Ibanera, &card, applied);
        let heard = heard(&fixture, Dialect::Ibanera, 5).into_iter();
        all.extend(heard.map(|(second, it)| (number * 5 + second, it.body)));
    }
    let later = heard(&fixture, Dialect::Ibanera, 300).into_iter();
    all.extend(later.map(|(second, it)| (50 + second, it.body)));
    assert_eq!(fixture.sandbox.webhooks_waiting(Dialect::Ibanera), 0);
    all
}

#[test]
fn scenarios_make_webhooks_late_repeat_them_and_lose_them() {
    let usual = ten_notices(&[]);
    assert_eq!(usual.iter().map(|(at, _)| at / 5).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    let order: Vec<&String> = usual.iter().map(|(_, body)| body).collect();

    let late = ten_notices(&[Scenario::LateWebhooks]);
    let late_order: Vec<&String> = late.iter().map(|(_, body)| body).collect();
    assert_ne!(late_order, order, "out of order");
    assert_eq!(late_order.iter().collect::<BTreeSet<_>>(), order.iter().collect());
    let latest = late.last().unwrap().0;
    assert!((60..=230).contains(&latest), "{latest} s");

    let repeated = ten_notices(&[Scenario::RepeatedWebhooks]);
    for body in &order {
        let times = repeated.iter().filter(|(_, of)| of == *body).count();
        assert!((2..=3).contains(&times), "{times}");
    }

    let lost = ten_notices(&[Scenario::LostWebhooks]);
    assert!((3..=9).contains(&lost.len()), "{}", lost.len());
    let all = [Scenario::LateWebhooks, Scenario::RepeatedWebhooks, Scenario::LostWebhooks];
    let arrived: BTreeSet<String> = ten_notices(&all).into_iter().map(|(_, body)| body).collect();
    assert_eq!(arrived, lost.into_iter().map(|(_, body)| body).collect(), "the same are lost");
}

#[test]
fn a_third_is_lost_of_many() {
    let count = |scenarios: &[Scenario]| {
        let fixture = with(scenarios, WebhookOptions::default());
        let card = fixture.card(Dialect::Artha, 0);
        for _ in 0..300 {
            fixture.sandbox.tell(Dialect::Artha, &card, CardNotice::WalletCode);
        }
        fixture.sandbox.webhooks_waiting(Dialect::Artha)
    };
    assert_eq!(count(&[]), 300);
    let left = count(&[Scenario::LostWebhooks]);
    assert!((170..=230).contains(&left), "{left}");
}

#[test]
fn the_same_seed_and_clock_push_the_same() {
    let hour = |seed| {
        let fixture = Fixture::new(Options {
            seed,
            busy: true,
            scenarios: vec![Scenario::LateWebhooks, Scenario::RepeatedWebhooks],
            webhooks: Some(WebhookOptions::default()),
            ..Options::default()
        });
        fixture.advance(900);
        Dialect::ALL.map(|dialect| fixture.sandbox.take_webhooks(dialect))
    };
    let [artha, banana, enkash, ibanera] = hour(5);
    assert!(artha.len() > 50 && banana.len() > 100 && enkash.len() > 50 && ibanera.is_empty());
    assert_eq!(hour(5), [artha, banana, enkash, ibanera]);
    assert_ne!(hour(5), hour(6));
}

#[test]
fn a_bank_with_webhooks_is_the_same_bank() {
    let rows = |webhooks| {
        let options = Options { busy: true, webhooks, ..Options::default() };
        let fixture = Fixture::new(options);
        let all = (0..60).map(|_| {
            fixture.advance(60);
            Dialect::ALL.map(|dialect| {
                assert!(webhooks.is_some() || fixture.sandbox.take_webhooks(dialect).is_empty());
                format!("{:?}", fixture.sandbox.listed_rows(dialect, None))
            })
        });
        all.last()
    };
    assert_eq!(rows(None), rows(Some(WebhookOptions::default())));
}

#[test]
fn nothing_is_kept_where_webhooks_are_off_and_not_without_end_where_they_are_on() {
    let off = fixture();
    let card = off.card(Dialect::Artha, 0);
    assert!(off.sandbox.tell(Dialect::Artha, &card, CardNotice::WalletCode));
    assert!(off.sandbox.endpoint(Dialect::Artha).bank.take_occurrences().is_empty());
    assert_eq!(off.sandbox.webhooks_waiting(Dialect::Artha), 0);
    assert_eq!(off.sandbox.next_webhook_at(Dialect::Artha), None);
    assert!(off.sandbox.take_webhooks(Dialect::Artha).is_empty());

    let on = on();
    {
        let now = on.now();
        let mut endpoint = on.sandbox.endpoint(Dialect::Artha);
        for _ in 0..100_100 {
            endpoint.bank.send_code(0, None, now);
        }
        let kept = endpoint.bank.take_occurrences();
        assert_eq!((kept.len(), kept[0].number), (100_000, 101), "the oldest made room");
    }
    assert!(!on.sandbox.tell(Dialect::Artha, "no-card", CardNotice::WalletCode));
}

/// When one notice of a provider is sent again, in seconds from the first, while each sending is
/// answered like this; and the deliveries.
fn repetitions(dialect: Dialect, answer: Option<(u16, &str)>) -> (Vec<u64>, Vec<Delivery>) {
    let webhooks = Some(WebhookOptions::default());
    let fixture = Fixture::new(Options { transactions: 0, webhooks, ..Options::default() });
    let card = fixture.card(dialect, 0);
    if dialect == Dialect::Enkash {
        let shop = Merchant::new("A", "5411", "IN");
        fixture.sandbox.spend(dialect, &card, decimal("1"), shop);
    } else {
        fixture.sandbox.tell(dialect, &card, CardNotice::HolderChecked { approved: true });
        fixture.sandbox.tell(dialect, &card, CardNotice::Applied { approved: true });
    }
    let (mut times, mut deliveries) = (Vec::new(), Vec::new());
    let start = fixture.now();
    loop {
        for delivery in fixture.sandbox.take_webhooks(dialect) {
            let passed = fixture.now().duration_since(start).as_secs();
            if let Some((status, body)) = answer {
                fixture.sandbox.webhook_answered(&delivery, status, body.as_bytes());
            }
            times.push(u64::try_from(passed).unwrap());
            deliveries.push(delivery);
        }
        let Some(next) = fixture.sandbox.next_webhook_at(dialect) else { break };
        let wait = next.duration_since(fixture.now()).as_secs().max(1);
        if next.duration_since(start).as_hours() > 24 {
            break;
        }
        fixture.advance(u64::try_from(wait).unwrap());
    }
    times.dedup();
    (times, deliveries)
}

#[test]
fn what_is_not_acknowledged_comes_again_by_the_providers_rule() {
    let times = |dialect, answer| repetitions(dialect, answer).0;
    let (ok, done) = (Some((200, "")), Some((200, r#"{ "code": 0, "message": "success" }"#)));
    assert_eq!(times(Dialect::Artha, done), [0]);
    assert_eq!(times(Dialect::Banana, ok), [0]);
    assert_eq!(times(Dialect::Ibanera, ok), [0]);
    assert_eq!(times(Dialect::Enkash, Some((500, ""))), [0], "nobody knows of a repetition");

    let hour = [0, 15, 45, 105, 225, 465, 945, 1905];
    assert_eq!(times(Dialect::Artha, ok), hour, "200 alone is none");
    assert_eq!(times(Dialect::Artha, Some((200, r#"{"code":1}"#))), hour);
    assert_eq!(times(Dialect::Artha, Some((202, r#"{"code":0}"#))), hour);

    let two_hours = [0, 30, 90, 210, 450, 930, 1890, 3810];
    assert_eq!(times(Dialect::Ibanera, Some((204, ""))), two_hours);
    assert_eq!(times(Dialect::Banana, Some((500, ""))), [0, 10, 30, 70, 150, 310, 630]);
    assert_eq!(times(Dialect::Banana, None), [0, 20, 50, 100, 190, 360, 690], "ten seconds each");
}

#[test]
fn a_repetition_says_the_same_under_another_seal() {
    let (_, sent) = repetitions(Dialect::Banana, Some((500, "")));
    let bodies: BTreeSet<&String> = sent.iter().map(|delivery| &delivery.body).collect();
    assert_eq!(bodies.len(), sent.len(), "another initialization vector each time");
    let inside: BTreeSet<String> =
        sent.iter().map(|delivery| banana_opened(delivery).to_string()).collect();
    assert_eq!(inside.len(), 2, "two notices");
    assert_eq!(sent.last().unwrap().attempt, 7);

    let (_, sent) = repetitions(Dialect::Ibanera, Some((500, "")));
    let bodies: BTreeSet<&String> = sent.iter().map(|delivery| &delivery.body).collect();
    assert_eq!(bodies.len(), 1, "the same Id");
}

#[tokio::test]
async fn codes_are_in_their_deliveries_and_nowhere_else() {
    let fixture = Fixture::new(Options {
        busy: true,
        webhooks: Some(WebhookOptions::default()),
        ..Options::default()
    });
    fixture.advance(3_600);
    let taken = fixture.sandbox.take_webhooks(Dialect::Artha);
    let codes: Vec<String> = taken
        .iter()
        .filter(|it| it.kind == "OPT_CODE")
        .map(|it| field(&json(&it.body), "OPT_CODE").trim().to_owned())
        .collect();
    assert!(codes.len() > 10, "{}", codes.len());
    let mut elsewhere = format!("{taken:?} {:?}", fixture.sandbox);
    for index in 0..16 {
        let card = fixture.card(Dialect::Artha, index);
        for path in [format!("CardBalance/{card}"), format!("CardDetails/{card}")] {
            let (_, body) = fixture.artha_with("GET", &path, "", &[], Signing::Right).await;
            elsewhere.push_str(&body.unwrap());
        }
        let rows = client(Dialect::Artha).rows(&fixture, &card).await;
        let words = rows.iter().map(|row| format!("{} {}", row["remarks"], row["amount"]));
        elsewhere.extend(words);
    }
    for other in taken.iter().filter(|it| it.kind != "OPT_CODE") {
        elsewhere.push_str(&field(&json(&other.body), "remarks"));
    }
    assert!(codes.iter().all(|code| !elsewhere.contains(code.as_str())));
}

#[test]
fn the_configuration_has_what_a_receiver_needs_only_where_webhooks_are_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let written = |fixture: &Fixture| -> toml::Table {
        fixture.sandbox.write_config(&|_| "http://127.0.0.1:1".to_owned(), &path).unwrap();
        std::fs::read_to_string(&path).unwrap().parse().unwrap()
    };
    let credential = |table: &toml::Table, name: &str, key: &str| -> Option<String> {
        let file = table["providers"][name]["credentials"].get(key)?["file"].as_str()?;
        Some(std::fs::read_to_string(folder.path().join(file)).unwrap())
    };
    let off = written(&fixture());
    assert!(off.get("listen").is_none());
    for (dialect, key) in [("ibanera", "webhook_secret"), ("artha", "callback_public_key")] {
        assert_eq!(credential(&off, dialect, key), None);
    }
    let to: SocketAddr = "127.0.0.1:8787".parse().unwrap();
    let fixture = with(&[], WebhookOptions { to: Some(to), ..WebhookOptions::default() });
    let table = written(&fixture);
    assert_eq!(table["listen"]["enabled"].as_bool(), Some(true));
    assert_eq!(table["listen"]["addr"].as_str(), Some("127.0.0.1:8787"));
    for dialect in Dialect::ALL {
        let secrets = fixture.sandbox.webhook_secrets(dialect);
        let of = |key| credential(&table, dialect.name(), key);
        assert_eq!(of("webhook_secret").as_deref(), secrets.secret, "{dialect:?}");
        assert_eq!(of("callback_public_key").as_deref(), secrets.public_key, "{dialect:?}");
    }
}

#[tokio::test]
async fn the_sender_posts_what_is_due_and_again_what_was_refused() {
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let answers = Arc::new(AtomicU64::new(1));
    let code = Arc::clone(&answers);
    let receiver = axum::Router::new().fallback(move |request: Request| {
        let (arrived, code) = (arrived.clone(), code.load(Ordering::SeqCst));
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let signed = parts.headers.contains_key("signature");
            let path = parts.uri.path().to_owned();
            arrived.send((parts.method, path, signed, body)).unwrap();
            format!(r#"{{"code":{code},"message":""}}"#)
        }
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let to = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, receiver).await });

    let fixture = on();
    let sender = fixture.sandbox.send_webhooks(to).unwrap();
    let card = fixture.card(Dialect::Artha, 0);
    fixture.sandbox.tell(Dialect::Artha, &card, CardNotice::WalletCode);
    let first = arrivals.recv().await.unwrap();
    assert_eq!((&first.0, first.1.as_str(), first.2), (&http::Method::POST, "/artha", true));
    // The answer is on its way back: until it is judged the sending waits.
    answers.store(0, Ordering::SeqCst);
    fixture.advance(20);
    fixture.sandbox.tell(Dialect::Artha, &card, CardNotice::WalletCode);
    let mut bodies = BTreeSet::new();
    while bodies.len() < 2 {
        bodies.insert(arrivals.recv().await.unwrap().3);
        fixture.advance(20);
        fixture.sandbox.wake(Dialect::Artha);
    }
    assert!(bodies.contains(&first.3), "what was refused comes again");
    sender.stop().await;
    server.abort();
    let elsewhere: SocketAddr = "192.0.2.1:80".parse().unwrap();
    assert!(fixture.sandbox.send_webhooks(elsewhere).is_err(), "on this machine alone");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_webhook_gets_it_when_it_is_due() {
    let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let webhooks = Some(WebhookOptions::default());
    let options = Options { transactions: 0, webhooks, ..Options::default() };
    let sandbox = Sandbox::new(options, Clock::from(start));
    let card = sandbox.card_ids(Dialect::Ibanera)[0].clone();
    let waiting = sandbox.clone();
    let waits = tokio::spawn(async move { waiting.next_webhook(Dialect::Ibanera).await });
    tokio::task::yield_now().await;
    sandbox.tell(Dialect::Ibanera, &card, CardNotice::Applied { approved: true });
    let first = waits.await.unwrap();
    sandbox.webhook_refused(&first);
    let again = sandbox.next_webhook(Dialect::Ibanera).await;
    assert_eq!((again.attempt, &again.body), (2, &first.body));
    assert_eq!(sandbox.0.clock.now().duration_since(start).as_secs(), 30);
}
