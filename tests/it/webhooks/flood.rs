//! A flood of deliveries that are not to be believed: nothing of it is accepted, and nothing stays
//! in memory or on the disk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use cardtop::sandbox::{Dialect, WebhookOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::forged::FORGERIES;
use super::receiver::{receive, request, status};
use super::{Sent, accepted, desk};
use crate::proxy::Dice;

/// Bad deliveries of each wire.
const EACH: usize = 10_000;

/// From so many of each wire on, memory and disk are not to grow.
const SETTLED: usize = 2_000;

/// Slow senders that are there at once.
const SLOW_AT_ONCE: usize = 200;

/// By how many bytes the process may be larger after all deliveries than after [`SETTLED`] of each
/// wire: 32 for each of them would be more.
const GROWTH: usize = 1 << 20;

/// Panics of whatever task.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// What is wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Forged,
    Replayed,
    Truncated,
    Oversized,
    WronglyEncoded,
    Slow,
}

impl Kind {
    /// Of ten deliveries.
    const TEN: [Self; 10] = [
        Self::Forged,
        Self::Replayed,
        Self::Forged,
        Self::WronglyEncoded,
        Self::Truncated,
        Self::Forged,
        Self::Oversized,
        Self::WronglyEncoded,
        Self::Slow,
        Self::Truncated,
    ];
}

#[test]
fn of_ten_thousand_bad_deliveries_a_wire_none_is_accepted_and_nothing_stays() {
    // In a process of its own, whose memory no other test uses.
    let mut command = Command::new(std::env::current_exe().expect("this program's own file"));
    command.args(["webhooks::flood::is_flooded", "--exact", "--ignored", "--nocapture"]);
    let output = command.output().expect("the child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

#[tokio::test(start_paused = true)]
#[ignore = "the child of of_ten_thousand_bad_deliveries_a_wire_none_is_accepted_and_nothing_stays"]
async fn is_flooded() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        println!("{panic}");
    }));
    let desk = desk(WebhookOptions::default()).await;
    let receiving = receive(&desk).await;
    let mut wires = Vec::new();
    for dialect in Dialect::ALL {
        let genuine: Vec<Sent> =
            desk.sandbox.sample_webhooks(dialect).iter().map(Sent::from).collect();
        for sent in &genuine {
            accepted(sent.to(&desk.engine).await);
        }
        wires.push((dialect, Flood::new(receiving.addr, genuine)));
    }
    let kept = kept_in(desk.folder.path());
    let mut before = 0;
    for part in [0..SETTLED, SETTLED..EACH] {
        for (_, flood) in &mut wires {
            flood.send(part.clone()).await;
        }
        assert_eq!(kept_in(desk.folder.path()), kept, "nothing of it is in the data file");
        let now = memory();
        if part.start > 0 {
            let grown = now.saturating_sub(before);
            println!("grown by {grown} bytes from {before}");
            assert!(grown < GROWTH, "the process grew by {grown} bytes");
        }
        before = now;
    }
    // One in a task of the receiver's would end a connection and nothing else.
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "panics");
    for (dialect, flood) in &wires {
        println!("{dialect:?} {:?}", flood.answers);
        assert_eq!(flood.answers.values().sum::<usize>(), EACH, "{dialect:?}");
        for ((kind, status), count) in &flood.answers {
            // What was kept before is acknowledged again, and is kept once.
            let is_right = (*kind == Kind::Replayed) == (status == "200");
            assert!(is_right, "{dialect:?} {kind:?}: {count} were answered {status}");
        }
    }
}

/// Sends bad deliveries of one wire to the receiver's socket.
struct Flood {
    addr: SocketAddr,
    genuine: Vec<Sent>,
    dice: Dice,
    /// A connection that is kept, as providers keep theirs.
    kept: Option<TcpStream>,
    /// Slow ones that wait for others, to be there at once.
    slow: Vec<Vec<u8>>,
    /// How many of each kind were answered by each status.
    answers: BTreeMap<(Kind, String), usize>,
}

impl Flood {
    fn new(addr: SocketAddr, genuine: Vec<Sent>) -> Self {
        let dice = Dice::new(genuine.len() as u64);
        Self { addr, genuine, dice, kept: None, slow: Vec::new(), answers: BTreeMap::new() }
    }

    async fn send(&mut self, part: std::ops::Range<usize>) {
        for number in part {
            let kind = Kind::TEN[number % Kind::TEN.len()];
            let (bytes, ends) = self.delivery(kind);
            if kind == Kind::Slow {
                self.slow.push(bytes);
                if self.slow.len() == SLOW_AT_ONCE {
                    self.send_slow().await;
                }
                continue;
            }
            let answer = if ends { cut(self.addr, &bytes).await } else { self.asked(&bytes).await };
            *self.answers.entry((kind, answer)).or_default() += 1;
        }
        self.send_slow().await;
        self.kept = None;
    }

    /// A bad delivery's bytes, and whether nothing more follows them on their connection.
    fn delivery(&mut self, kind: Kind) -> (Vec<u8>, bool) {
        let which = self.below(self.genuine.len());
        let genuine = self.genuine[which].clone();
        let whole = request(&genuine);
        let head = whole.len() - genuine.body.len();
        match kind {
            Kind::Replayed => (whole, false),
            Kind::Forged => loop {
                let (_, forge) = FORGERIES[self.below(FORGERIES.len())];
                if let Some(forged) = forge(&genuine) {
                    return (request(&forged), false);
                }
            },
            Kind::WronglyEncoded => (request(&self.wrongly_encoded(genuine)), false),
            Kind::Oversized => {
                let mut sent = genuine;
                sent.body.resize((256 << 10) + 1 + self.below(8 << 10), b' ');
                (request(&sent), true)
            }
            Kind::Truncated => (whole[..self.below(whole.len())].to_vec(), true),
            // Some stop in the head and some in the body.
            Kind::Slow => {
                let end = if self.below(2) == 0 { self.below(head) } else { whole.len() - 1 };
                (whole[..end].to_vec(), true)
            }
        }
    }

    fn wrongly_encoded(&mut self, genuine: Sent) -> Sent {
        let body = match self.below(4) {
            0 => {
                let text = String::from_utf8_lossy(&genuine.body).into_owned();
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
            // No UTF-8 has these bytes.
            1 => [b"{\"a\":\"\xff\xfe\",", &genuine.body[1..]].concat(),
            2 => data_encoding::BASE64.encode(&genuine.body).into_bytes(),
            // What a compressed body begins with.
            _ => [b"\x1f\x8b\x08\x00", &genuine.body[..]].concat(),
        };
        Sent { body, ..genuine }
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.dice.below(end as u64)).expect("below a length")
    }

    /// The status of the answer to a request on the connection that is kept.
    async fn asked(&mut self, bytes: &[u8]) -> String {
        let is_new = self.kept.is_none();
        let mut stream = match self.kept.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.addr).await.expect("a connection"),
        };
        // The receiver may answer and close before it has taken all.
        let _refused = stream.write_all(bytes).await;
        let answer = answer_of(&mut stream).await;
        if answer.is_empty() && !is_new {
            let mut stream = TcpStream::connect(self.addr).await.expect("a connection");
            let _refused = stream.write_all(bytes).await;
            return status(&answer_of(&mut stream).await).to_owned();
        }
        let closes = answer.to_ascii_lowercase().contains("connection: close");
        if !closes && !answer.is_empty() {
            self.kept = Some(stream);
        }
        status(&answer).to_owned()
    }

    /// Sends what waits from as many senders at once, none of which ends its request.
    async fn send_slow(&mut self) {
        let slow = std::mem::take(&mut self.slow);
        let addr = self.addr;
        let senders = slow.iter().map(|bytes| async move {
            let mut stream = TcpStream::connect(addr).await.expect("a connection");
            stream.write_all(bytes).await.expect("sending");
            status(&answer_of(&mut stream).await).to_owned()
        });
        for answer in futures::future::join_all(senders).await {
            *self.answers.entry((Kind::Slow, answer)).or_default() += 1;
        }
    }
}

/// Sends bytes and the end of the connection; the status of the answer, where there is one.
async fn cut(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    let _refused = stream.write_all(bytes).await;
    let _refused = stream.shutdown().await;
    status(&answer_of(&mut stream).await).to_owned()
}

/// One whole answer, or what came of it before the connection ended.
async fn answer_of(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    loop {
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| {
                rest.lines().next().and_then(|number| number.trim().parse::<usize>().ok())
            });
            if answer.len() >= end + 4 + length.unwrap_or(0) {
                return head.to_uppercase();
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&answer).into_owned(),
            Ok(count) => answer.extend_from_slice(&part[..count]),
        }
    }
}

/// Events in the data file, and its pages.
fn kept_in(folder: &Path) -> (i64, i64) {
    let db = rusqlite::Connection::open(folder.join("cardtop.db")).expect("the data file");
    let of = |sql: &str| db.query_row(sql, [], |row| row.get(0)).expect("a number");
    (of("SELECT count(*) FROM push"), of("PRAGMA page_count"))
}

/// Bytes of this process that are in memory.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the own status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes << 10
}
