//! The network of one wire, between two processes of cardtop and the bank: the lies of
//! `crate::proxy`, told by events instead of time.
//!
//! Late is counted in exchanges of this wire, so that a lie does the same on any machine. It counts
//! what goes through, knows which requests are still under way, and notes how the bank's cards
//! stand after each delivery.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, ListChange, Merchant, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::proxy::{Dice, Lie, Script, forward, is_top_up, may_come_twice, read_request};

/// A request comes at most so many exchanges later than it was sent.
const LATEST: u64 = 24;

/// So many readings of cards are remembered.
const REMEMBERED: usize = 40;

/// The network of a wire.
pub(crate) struct Gate {
    dialect: Dialect,
    sandbox: Sandbox,
    target: SocketAddr,
    listener: TcpListener,
    script: Script,
    pub(crate) honest: bool,
    /// Requests that came in.
    pub(crate) exchanges: u64,
    /// Top-ups among them.
    pub(crate) sent: u64,
    /// How often each lie was told.
    pub(crate) told: BTreeMap<&'static str, u64>,
    late: Vec<Late>,
    /// The last readings of cards and what they were answered, oldest first: a cache may mix them
    /// up.
    readings: VecDeque<(Vec<u8>, Vec<u8>)>,
    /// How the watched cards stood after each exchange.
    watched: BTreeMap<String, Vec<(u64, CardState)>>,
}

/// A request that was read whole, and who waits for its answer.
pub(crate) struct Arrived {
    pub(crate) client: TcpStream,
    request: Vec<u8>,
    pub(crate) is_top_up: bool,
    number: u64,
}

/// A request under way that nobody waits for any more.
struct Late {
    /// It arrives before the exchange of this number.
    due: u64,
    request: Vec<u8>,
}

impl Gate {
    /// Listens on a free port of loopback, in front of a wire's server.
    pub(crate) async fn open(
        dialect: Dialect,
        seed: u64,
        sandbox: &Sandbox,
        target: SocketAddr,
        watched: &[String],
    ) -> io::Result<Self> {
        Ok(Self {
            dialect,
            sandbox: sandbox.clone(),
            target,
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
            script: Script::of(seed, dialect, Duration::ZERO),
            honest: false,
            exchanges: 0,
            sent: 0,
            told: BTreeMap::new(),
            late: Vec::new(),
            readings: VecDeque::new(),
            watched: watched.iter().map(|card| (card.clone(), Vec::new())).collect(),
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn base(&self) -> io::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Somebody connects. May be given up while it waits.
    pub(crate) async fn knock(&self) -> io::Result<TcpStream> {
        self.listener.accept().await.map(|(client, _)| client)
    }

    /// Reads a request; late ones that are due by then arrive before it. `None` when the client
    /// went before it was whole.
    pub(crate) async fn read(&mut self, mut client: TcpStream) -> io::Result<Option<Arrived>> {
        let Some(request) = read_request(&mut client).await? else { return Ok(None) };
        let is_top_up = is_top_up(self.dialect, &request);
        let number = self.exchanges;
        self.exchanges += 1;
        self.sent += u64::from(is_top_up);
        self.arrivals(number).await?;
        Ok(Some(Arrived { client, request, is_top_up, number }))
    }

    /// What is told of this exchange.
    pub(crate) fn lie(&mut self, arrived: &Arrived) -> Option<Lie<u64>> {
        if self.honest {
            return None;
        }
        let may_repeat = may_come_twice(self.dialect, arrived.is_top_up);
        // A third is late by nothing: only whoever waits for it is gone.
        let late = |dice: &mut Dice| if dice.below(3) == 0 { 0 } else { 1 + dice.below(LATEST) };
        let lie = self.script.lie_late_by(arrived.number, may_repeat, late)?;
        *self.told.entry(lie.as_str()).or_default() += 1;
        Some(lie)
    }

    /// Brings a request to the bank, and its answer.
    pub(crate) async fn deliver(&mut self, arrived: &Arrived) -> io::Result<Vec<u8>> {
        let answer = forward(self.target, &arrived.request).await?;
        self.note();
        if kind_of_reading(&arrived.request).is_some() && answer.starts_with(b"HTTP/1.1 200") {
            self.readings.push_back((arrived.request.clone(), answer.clone()));
            if self.readings.len() > REMEMBERED {
                self.readings.pop_front();
            }
        }
        Ok(answer)
    }

    /// The answer to the same kind of reading of another card, as a broken cache gives it; `None`
    /// when there was none.
    pub(crate) fn answer_about_another(&self, arrived: &Arrived) -> Option<Vec<u8>> {
        let kind = kind_of_reading(&arrived.request)?;
        let (same, other) = (kind.1, kind.0);
        let found = self.readings.iter().rev().find(|(request, _)| {
            kind_of_reading(request).is_some_and(|(word, card)| word == other && card != same)
        });
        found.map(|(_, answer)| answer.clone())
    }

    /// Another system tops up a card. The row's id.
    pub(crate) fn top_up_elsewhere(&self, card: &str, sum: u64) -> Option<String> {
        self.sandbox.add_foreign_credit(self.dialect, card, sum.into())
    }

    /// Something happens to the lists of a card, as the number has it: a credit is listed late or
    /// what is late is listed, a hold comes or goes, or rows move between the next pages that are
    /// read. What happened, in a word; `None` when there was nothing to do it to.
    pub(crate) fn change_lists(&self, card: &str, what: u64) -> Option<&'static str> {
        let (dialect, bank) = (self.dialect, &self.sandbox);
        let between = |what| {
            bank.change_between_pages(dialect, [what]);
            true
        };
        let (happened, word) = match what {
            0 => {
                (bank.withhold_newest_credit(dialect, card).is_some(), "a credit is not listed yet")
            }
            1 => {
                bank.list_withheld(dialect);
                (true, "late credits are listed")
            }
            2 | 3 => (
                bank.spend(dialect, card, 1.into(), Merchant::new("FUEL", "5542", "SE")),
                "a hold comes",
            ),
            4 => (bank.release_hold(dialect, card).is_some(), "a hold is let go"),
            5 => (between(ListChange::Insert), "a row comes in between pages"),
            6 => (between(ListChange::Remove), "a row leaves between pages"),
            7 => (between(ListChange::Move), "a row moves between pages"),
            8 => (between(ListChange::Rename), "a row gets another id between pages"),
            _ => (between(ListChange::Repeat), "a row is listed twice"),
        };
        happened.then_some(word)
    }

    /// This request arrives so many exchanges later. Nobody waits for it.
    pub(crate) async fn delay(&mut self, arrived: Arrived, exchanges: u64) -> io::Result<()> {
        self.late
            .push(Late { due: self.exchanges.saturating_add(exchanges), request: arrived.request });
        // Without delay it arrives before anything else happens.
        if exchanges == 0 { self.arrivals(self.exchanges).await } else { Ok(()) }
    }

    /// No lies from now on; whatever is still under way arrives.
    pub(crate) async fn be_honest(&mut self) -> io::Result<()> {
        self.honest = true;
        self.sandbox.cancel_list_changes(self.dialect);
        self.sandbox.list_withheld(self.dialect);
        self.arrivals(u64::MAX).await
    }

    async fn arrivals(&mut self, number: u64) -> io::Result<()> {
        while let Some(place) = self.late.iter().position(|late| late.due <= number) {
            let late = self.late.remove(place);
            let _nobody_waits = forward(self.target, &late.request).await?;
            self.note();
        }
        Ok(())
    }

    /// Notes how the watched cards stand.
    fn note(&mut self) {
        for (card, seen) in &mut self.watched {
            let state = self.sandbox.state(self.dialect, card);
            seen.extend(
                state
                    .filter(|state| seen.last().is_none_or(|(_, last)| last != state))
                    .map(|state| (self.exchanges, state)),
            );
        }
    }

    /// Whether a watched card was seen in a state at some time since an exchange.
    pub(crate) fn was(&self, card: &str, state: CardState, since: u64) -> bool {
        let seen = self.watched.get(card).map(Vec::as_slice).unwrap_or_default();
        let before = seen.iter().rfind(|(number, _)| *number <= since);
        let after = seen.iter().filter(|(number, _)| *number > since);
        before.into_iter().chain(after).any(|(_, of)| *of == state)
    }
}

/// The word of a reading of one card in the path of a request, and the rest of what it asks: the
/// path's end, or the body.
fn kind_of_reading(request: &[u8]) -> Option<(&'static str, &[u8])> {
    const WORDS: [&str; 8] = [
        "CardBalance",
        "CardDetails",
        "Card/Transactions",
        "get_balance",
        "get_information",
        "get_transactions",
        "carddetails",
        "cards/transactions",
    ];
    let line = request.split(|byte| *byte == b'\r').next()?;
    let text = std::str::from_utf8(line).ok()?;
    let word = WORDS.into_iter().find(|word| text.contains(word))?;
    // Encrypted bodies never repeat: then it is another request, and most often about another card.
    let body = request.rsplit(|byte| *byte == b'\n').next()?;
    Some((word, if text.starts_with("GET") { line } else { body }))
}

/// Passes an answer on. A client that is gone does not get it.
pub(crate) async fn answer(client: &mut TcpStream, answer: &[u8]) {
    let _gone = client.write_all(answer).await;
    let _gone = client.shutdown().await;
}

/// Passes a beginning on and leaves the connection as it is.
pub(crate) async fn begin(client: &mut TcpStream, beginning: &[u8]) {
    let _gone = client.write_all(beginning).await;
    let _gone = client.flush().await;
}

/// Waits until the client has hung up.
pub(crate) async fn hung_up(client: &mut TcpStream) {
    let mut nothing = [0; 64];
    while client.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
}
