//! A network that lies: a proxy on loopback between cardtop and one server of the sandbox, and the
//! script of its lies.
//!
//! Plain bytes, HTTP/1.1, one request a connection. The same seed tells the same lies in the same
//! order of arrival; its delays are of the wall clock. A request that was read whole travels on
//! even when whoever sent it is gone: networks do that. Used by the tests and by the torture's
//! `--wild`; `torture/gate.rs` tells the same lies by events instead of time.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cardtop::sandbox::Dialect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

/// One exchange gone wrong. How late is late is said in time, or in whatever else counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie<Late = Duration> {
    /// The connection closes before a byte is forwarded.
    LoseRequest,
    /// It is reset (`SO_LINGER` 0) before a byte is forwarded.
    ResetRequest,
    /// The request arrives that much later: perhaps when nobody waits for its answer any more.
    LateRequest(Late),
    /// Refused with 429 and `Retry-After`, not forwarded.
    Refuse429,
    /// Answered with 500, not forwarded.
    Fail500,
    /// Forwarded whole and done, but answered with 500.
    Fail500After,
    /// Forwarded and done, then the connection closes.
    LoseAnswer,
    /// Forwarded and done, then it is reset in the middle of the answer.
    ResetAnswer,
    /// Forwarded and done; the answer stops in the middle.
    CutAnswer,
    /// Forwarded and done; half of the answer's body, with a length that fits.
    ShortAnswer,
    /// Forwarded and done; 200 with a web page of the proxy.
    Page,
    /// Forwarded and done; answered that much later.
    LateAnswer(Late),
    /// Forwarded and done; answered after somebody else's answer.
    Overtaken,
    /// Forwarded after somebody else's request, which came later.
    RequestOvertaken,
    /// Forwarded twice; the first answer is passed on.
    Twice,
}

impl<Late: Copy> Lie<Late> {
    /// The word in the tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::LoseRequest => "request lost",
            Self::ResetRequest => "reset before the request",
            Self::LateRequest(_) => "request late",
            Self::Refuse429 => "429, not forwarded",
            Self::Fail500 => "500, not forwarded",
            Self::Fail500After => "500 after it was done",
            Self::LoseAnswer => "answer lost",
            Self::ResetAnswer => "reset in the answer",
            Self::CutAnswer => "answer cut",
            Self::ShortAnswer => "answer short",
            Self::Page => "a web page instead",
            Self::LateAnswer(_) => "answer late",
            Self::Overtaken => "answer overtaken",
            Self::RequestOvertaken => "request overtaken",
            Self::Twice => "request twice",
        }
    }

    /// Every kind, with this delay where there is one. `Twice` is the last.
    pub(crate) const fn all(delay: Late) -> [Self; 15] {
        [
            Self::LoseRequest,
            Self::ResetRequest,
            Self::LateRequest(delay),
            Self::Refuse429,
            Self::Fail500,
            Self::Fail500After,
            Self::LoseAnswer,
            Self::ResetAnswer,
            Self::CutAnswer,
            Self::ShortAnswer,
            Self::Page,
            Self::LateAnswer(delay),
            Self::Overtaken,
            Self::RequestOvertaken,
            Self::Twice,
        ]
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `below` - 1.
    pub(crate) const fn below(&mut self, below: u64) -> u64 {
        self.roll() % below
    }
}

/// Which exchange gets which lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// The same seed, the same lies.
    pub(crate) seed: u64,
    /// One exchange in so many.
    pub(crate) one_in: u64,
    /// Longest delay of a late request or answer.
    pub(crate) longest: Duration,
}

impl Script {
    /// The script of a wire.
    pub(crate) fn of(seed: u64, dialect: Dialect, longest: Duration) -> Self {
        let place = Dialect::ALL.iter().position(|of| *of == dialect).unwrap_or(0) as u64;
        let seed = Dice::new(seed ^ (place + 1).wrapping_mul(0xA076_1D64_78BD_642F)).roll();
        Self { seed, one_in: 3, longest }
    }

    /// The lie about the exchange of this number. `Twice` only where the request may be repeated.
    pub(crate) fn lie(&self, number: u64, may_repeat: bool) -> Option<Lie> {
        self.lie_late_by(number, may_repeat, |dice| {
            self.longest * u32::try_from(dice.below(1_000)).unwrap_or(0) / 1_000
        })
    }

    /// The same, with a measure of one's own for what is late.
    pub(crate) fn lie_late_by<Late: Copy>(
        &self,
        number: u64,
        may_repeat: bool,
        late: impl FnOnce(&mut Dice) -> Late,
    ) -> Option<Lie<Late>> {
        let mut dice = Dice::new(self.seed ^ number.wrapping_mul(0xE703_7ED1_A0B4_28DB));
        if dice.below(self.one_in) != 0 {
            return None;
        }
        let all = Lie::all(late(&mut dice));
        let kinds = all.len() as u64 - u64::from(!may_repeat);
        all.get(usize::try_from(dice.below(kinds)).unwrap_or(0)).copied()
    }
}

/// Whether the network may deliver a request twice without that being the network's own payment.
/// Readings, logins and what only sets a state may be repeated on every wire. A top-up only where
/// the wire refuses the second one: artha's nonce is documented to. On banana's wire nothing tells
/// a repetition from a wish, and on enkash's and ibanera's nothing documented does: a network that
/// repeats a top-up there pays twice whatever cardtop does, so it would say nothing about cardtop.
pub(crate) fn may_come_twice(dialect: Dialect, is_top_up: bool) -> bool {
    !is_top_up || dialect == Dialect::Artha
}

/// Whether a request sends a card money.
pub(crate) fn is_top_up(dialect: Dialect, request: &[u8]) -> bool {
    let end = match dialect {
        Dialect::Artha => "/CardTopUp",
        Dialect::Banana => "/card/recharge",
        Dialect::Enkash => "/enKashCard/balance",
        Dialect::Ibanera => "/cards/transferfunds",
    };
    let line = request
        .get(..request.iter().position(|byte| *byte == b'\r').unwrap_or(0))
        .unwrap_or_default();
    String::from_utf8_lossy(line).split(' ').nth(1).is_some_and(|path| path.ends_with(end))
}

/// Where a top-up request is held up.
#[cfg_attr(not(test), expect(dead_code, reason = "only a test holds requests up"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It has left the process and did not reach the bank.
    BeforeBank,
    /// The bank has done it, and its answer is on the way.
    AfterBank,
}

/// How one top-up request is held up.
struct Hold {
    /// How many come before it.
    before: u64,
    place: Place,
    /// Taken by the one that is held up.
    ends: Option<HoldEnds>,
}

/// Told when the request is there, and ended when it may go on.
type HoldEnds = (oneshot::Sender<()>, oneshot::Receiver<()>);

/// Holds up one of the next top-up requests that come to any of these proxies, after so many
/// others. No lie is told about it.
#[cfg(test)]
pub(crate) fn hold_one<'a>(
    proxies: impl IntoIterator<Item = &'a Proxy>,
    before: u64,
    place: Place,
) -> Held {
    let (tell, arrived) = oneshot::channel();
    let (go_on, may_go) = oneshot::channel();
    let hold = Arc::new(Mutex::new(Hold { before, place, ends: Some((tell, may_go)) }));
    for proxy in proxies {
        *proxy.shared.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold.clone());
    }
    Held { arrived, _go_on: go_on }
}

/// A request that is held up until this is dropped.
#[cfg(test)]
pub(crate) struct Held {
    arrived: oneshot::Receiver<()>,
    _go_on: oneshot::Sender<()>,
}

#[cfg(test)]
impl Held {
    /// Waits until it is where it is held up. May be given up while it waits.
    pub(crate) async fn arrived(&mut self) {
        (&mut self.arrived).await.expect("the proxy holds it up once");
    }
}

/// The proxy while it runs; no new connection is taken when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    target: SocketAddr,
    script: Script,
    dialect: Dialect,
    honest: AtomicBool,
    exchanges: AtomicU64,
    /// Top-up requests that were read whole.
    sent: AtomicU64,
    /// What happens to the next top-up request, before the script is asked.
    planned: Mutex<Option<Lie>>,
    /// What holds up a top-up request on its way.
    hold: Mutex<Option<Arc<Mutex<Hold>>>>,
    told: Mutex<BTreeMap<&'static str, u64>>,
    /// Told with every answer that is passed on.
    passed: Notify,
    under_way: watch::Sender<u64>,
}

impl Proxy {
    /// Listens on a free port of loopback, in front of a wire's server.
    pub(crate) async fn start(
        dialect: Dialect,
        target: SocketAddr,
        script: Script,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            script,
            dialect,
            honest: AtomicBool::new(false),
            exchanges: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            planned: Mutex::new(None),
            hold: Mutex::new(None),
            told: Mutex::default(),
            passed: Notify::new(),
            under_way: watch::Sender::new(0),
        });
        let meeting = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&meeting);
                shared.under_way.send_modify(|count| *count += 1);
                tokio::spawn(async move {
                    // A client that hangs up in between is what this is for.
                    let _broken = exchange(&shared, client).await;
                    shared.under_way.send_modify(|count| *count -= 1);
                });
            }
        });
        Ok(Self { address, shared, listening })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// No lies from now on, or again those of the script.
    pub(crate) fn be_honest(&self, honest: bool) {
        self.shared.honest.store(honest, Ordering::SeqCst);
    }

    /// The next top-up goes wrong like this, whatever the script says.
    #[cfg(test)]
    pub(crate) fn plan(&self, lie: Lie) {
        *self.shared.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(lie);
    }

    /// Waits until no request is on its way.
    pub(crate) async fn quiet(&self) {
        let mut under_way = self.shared.under_way.subscribe();
        let _ended = under_way.wait_for(|count| *count == 0).await;
    }

    /// Requests that came in.
    pub(crate) fn exchanges(&self) -> u64 {
        self.shared.exchanges.load(Ordering::SeqCst)
    }

    /// Top-up requests that came in.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// How often each lie was told.
    pub(crate) fn told(&self) -> BTreeMap<&'static str, u64> {
        self.shared.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn exchange(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    let Some(request) = read_request(&mut client).await? else { return Ok(()) };
    let number = shared.exchanges.fetch_add(1, Ordering::SeqCst);
    let is_top_up = is_top_up(shared.dialect, &request);
    let may_repeat = may_come_twice(shared.dialect, is_top_up);
    let mut lie = if shared.honest.load(Ordering::SeqCst) {
        None
    } else {
        shared.script.lie(number, may_repeat)
    };
    if is_top_up {
        shared.sent.fetch_add(1, Ordering::SeqCst);
        if let Some((place, ends)) = is_held_up(shared) {
            return hold_up(shared, &request, client, place, ends).await;
        }
        lie = shared.planned.lock().unwrap_or_else(PoisonError::into_inner).take().or(lie);
    }
    if let Some(lie) = lie {
        *shared
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(lie.as_str())
            .or_default() += 1;
    }
    let answer = match lie {
        None | Some(Lie::LateAnswer(_) | Lie::Overtaken | Lie::Twice) => {
            forward(shared.target, &request).await?
        }
        Some(Lie::LoseRequest) => return Ok(()),
        Some(Lie::ResetRequest) => return client.set_zero_linger(),
        Some(Lie::LateRequest(delay)) => {
            tokio::time::sleep(delay).await;
            forward(shared.target, &request).await?
        }
        Some(Lie::RequestOvertaken) => {
            let _alone =
                tokio::time::timeout(shared.script.longest / 4, shared.passed.notified()).await;
            forward(shared.target, &request).await?
        }
        Some(Lie::Refuse429) => too_many(),
        Some(Lie::Fail500) => failure(),
        Some(Lie::Fail500After) => {
            forward(shared.target, &request).await?;
            failure()
        }
        Some(Lie::Page) => {
            forward(shared.target, &request).await?;
            page()
        }
        Some(Lie::LoseAnswer) => return forward(shared.target, &request).await.map(drop),
        Some(Lie::ResetAnswer | Lie::CutAnswer) => {
            let answer = forward(shared.target, &request).await?;
            client.write_all(half(&answer)).await?;
            client.flush().await?;
            return if lie == Some(Lie::ResetAnswer) {
                client.set_zero_linger()
            } else {
                client.shutdown().await
            };
        }
        Some(Lie::ShortAnswer) => short(&forward(shared.target, &request).await?),
    };
    match lie {
        Some(Lie::LateAnswer(delay)) => tokio::time::sleep(delay).await,
        Some(Lie::Overtaken) => {
            // Nobody overtakes for ever.
            let _alone =
                tokio::time::timeout(shared.script.longest / 4, shared.passed.notified()).await;
        }
        Some(Lie::Twice) => drop(forward(shared.target, &request).await?),
        Some(_) | None => {}
    }
    client.write_all(&answer).await?;
    shared.passed.notify_waiters();
    client.shutdown().await
}

/// Whether the top-up request that has come is the one that is held up.
fn is_held_up(shared: &Shared) -> Option<(Place, HoldEnds)> {
    let hold = shared.hold.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
    let mut hold = hold.lock().unwrap_or_else(PoisonError::into_inner);
    if hold.before > 0 {
        hold.before -= 1;
        return None;
    }
    Some((hold.place, hold.ends.take()?))
}

/// Holds a request up, then lets it and its answer go on.
async fn hold_up(
    shared: &Shared,
    request: &[u8],
    mut client: TcpStream,
    place: Place,
    (tell, may_go): HoldEnds,
) -> io::Result<()> {
    let before = match place {
        Place::BeforeBank => None,
        Place::AfterBank => Some(forward(shared.target, request).await?),
    };
    // Who waits for it may have gone.
    let _told = tell.send(());
    let _gone_on = may_go.await;
    let answer = match before {
        Some(answer) => answer,
        None => forward(shared.target, request).await?,
    };
    client.write_all(&answer).await?;
    client.shutdown().await
}

/// A whole request, told to close its connection; `None` when the client closed before it was
/// whole.
pub(crate) async fn read_request(client: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = head_end(&bytes) {
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
            let mut length = 0;
            let mut lines = Vec::new();
            for line in head.trim_end().split("\r\n") {
                let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
                if name == "content-length" {
                    length = line
                        .split(':')
                        .nth(1)
                        .and_then(|text| text.trim().parse().ok())
                        .unwrap_or(0);
                }
                if name != "connection" {
                    lines.push(line);
                }
            }
            if bytes.len() >= end + length {
                let mut request =
                    format!("{}\r\nconnection: close\r\n\r\n", lines.join("\r\n")).into_bytes();
                request.extend_from_slice(bytes.get(end..).unwrap_or_default());
                return Ok(Some(request));
            }
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// Where the body begins.
fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Delivers a request to the bank and brings its answer.
pub(crate) async fn forward(target: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(target).await?;
    server.write_all(request).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Refused before anything was done.
pub(crate) fn too_many() -> Vec<u8> {
    made("429 Too Many Requests", "retry-after: 1\r\n", r#"{"message":"Too many requests"}"#)
}

/// A failure of which nobody knows where it happened.
pub(crate) fn failure() -> Vec<u8> {
    made("500 Internal Server Error", "", r#"{"message":"Internal error"}"#)
}

/// A proxy's web page, with a friendly 200.
pub(crate) fn page() -> Vec<u8> {
    made("200 OK", "", "<!DOCTYPE html><html><body>Checking your browser</body></html>")
}

fn made(status: &str, more: &str, body: &str) -> Vec<u8> {
    let kind = if body.starts_with('{') { "application/json" } else { "text/html" };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: \
         {length}\r\n{more}connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The first half of an answer: at least one byte is missing, so that what arrives is no whole one.
pub(crate) fn half(answer: &[u8]) -> &[u8] {
    answer.get(..answer.len() / 2).unwrap_or_default()
}

/// An answer with half its body, and a length that fits.
pub(crate) fn short(answer: &[u8]) -> Vec<u8> {
    let (head, body) = answer.split_at(head_end(answer).unwrap_or(answer.len()));
    let half = body.get(..body.len() / 2).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let mut lines: Vec<String> = head
        .trim_end()
        .split("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"))
        .map(str::to_owned)
        .collect();
    lines.push(format!("content-length: {}", half.len()));
    let mut whole = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
    whole.extend_from_slice(half);
    whole
}
