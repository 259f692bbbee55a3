//! The receiver on its socket: bounds, answers, and what a kill leaves.

use std::time::Duration;

use cardtop::listen::Receiver;
use cardtop::sandbox::{Dialect, WebhookOptions};
use cardtop::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Sent, desk};
use crate::harness::Desk;

pub(super) async fn receive(desk: &Desk) -> cardtop::listen::Receiving {
    let addr = "127.0.0.1:0".parse().expect("an address");
    Receiver::bind(addr).await.expect("a port").start(desk.engine.clone(), None)
}

/// The bytes of a request as a provider sends it.
pub(super) fn request(sent: &Sent) -> Vec<u8> {
    let secret = sent.path_secret.as_ref().map(|secret| format!("/{secret}")).unwrap_or_default();
    let mut head = format!("POST /{}{secret} HTTP/1.1\r\nhost: receiver\r\n", sent.account);
    for (name, value) in &sent.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", sent.body.len()));
    [head.into_bytes(), sent.body.clone()].concat()
}

/// The status line of the answer to what is sent, and its body where the connection ends with it.
pub(super) async fn asked(addr: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    stream.write_all(bytes).await.expect("sending");
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&part[..count]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

pub(super) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test]
async fn each_request_gets_the_answer_that_its_sender_understands() {
    let desk = desk(WebhookOptions::default()).await;
    let receiving = receive(&desk).await;
    let sample = |dialect| Sent::from(&desk.sandbox.sample_webhooks(dialect)[0]);
    for dialect in Dialect::ALL {
        let answer = asked(receiving.addr, &request(&sample(dialect))).await;
        assert_eq!(status(&answer), "200", "{answer}");
        let is_json = answer.contains(r#"{"code":0,"message":"success"}"#);
        assert_eq!(is_json, dialect == Dialect::Artha, "{answer}");
    }
    let banana = sample(Dialect::Banana);
    let text = |sent: &Sent| String::from_utf8(request(sent)).expect("text");
    for (request, expected) in [
        (text(&banana).replacen("POST", "GET", 1), "405"),
        (text(&Sent { account: "nobody".to_owned(), ..banana.clone() }), "404"),
        (text(&Sent { account: String::new(), ..banana.clone() }), "404"),
        (text(&Sent { body: b"{}".to_vec(), ..banana.clone() }), "400"),
        (text(&Sent { body: vec![b' '; 300 << 10], ..banana.clone() }), "413"),
        (text(&Sent { headers: Vec::new(), ..sample(Dialect::Ibanera) }), "401"),
        (text(&banana).replacen("content-length: ", "content-length: 999", 1), "413"),
        (text(&banana).replacen("content-length", "transfer-encoding: gzip\r\nx", 1), "400"),
        (format!("POST /banana HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(64 << 10)), "431"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = asked(receiving.addr, request.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{} -> {answer}", &request[..60.min(request.len())]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_waited_for_ten_seconds_and_no_longer() {
    let desk = desk(WebhookOptions::default()).await;
    let receiving = receive(&desk).await;
    let sample = Sent::from(&desk.sandbox.sample_webhooks(Dialect::Banana)[0]);
    let whole = request(&sample);
    let began = tokio::time::Instant::now();
    let answer = asked(receiving.addr, &whole[..whole.len() - 1]).await;
    assert_eq!(status(&answer), "408", "{answer}");
    assert_eq!(began.elapsed().as_secs(), 10);
    // A head that does not come gets no answer.
    let answer = asked(receiving.addr, &whole[..20]).await;
    assert!(matches!(status(&answer), "none" | "408"), "{answer}");
    assert!(began.elapsed() <= Duration::from_secs(21), "{:?}", began.elapsed());
}

#[tokio::test]
async fn many_senders_at_once_are_each_acknowledged_and_share_the_disks_commits() {
    let desk = desk(WebhookOptions::default()).await;
    let receiving = receive(&desk).await;
    let cards = desk.sandbox.card_ids(Dialect::Enkash);
    let shop = || cardtop::sandbox::Merchant::new("CORNER SHOP", "5411", "IN");
    for round in 0..300_u32 {
        let card = &cards[round as usize % cards.len()];
        assert!(desk.sandbox.spend(Dialect::Enkash, card, 1.into(), shop()));
    }
    let due = desk.sandbox.take_webhooks(Dialect::Enkash);
    assert!(due.len() >= 300, "{}", due.len());
    let requests: Vec<Vec<u8>> = due.iter().map(|due| request(&Sent::from(due))).collect();
    let answers = requests.iter().map(|request| asked(receiving.addr, request));
    let answers = futures::future::join_all(answers).await;
    assert!(answers.iter().all(|answer| status(answer) == "200"), "{answers:?}");
    let store = Store::open(desk.folder.path()).expect("the data file");
    let kept = store.newest_push().await.expect("a number");
    assert_eq!(usize::try_from(kept).expect("a count"), due.len());
}
