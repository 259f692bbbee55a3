//! 2,000 pushes a second for a minute, with a kill and a restart in between: what was acknowledged
//! is on the disk, and keys are answered meanwhile.

#![expect(clippy::float_arithmetic, reason = "times and bytes; no money")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use cardtop::sandbox::{CardNotice, Dialect};
use cardtop::store::Store;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::Bench;
use super::post::{Post, request};
use super::process;
use super::samples::Samples;
use super::table::{Finding, Goal};
use super::terminal::Terminal;

/// Pushes a second.
const RATE: u64 = 2_000;

/// Connections that send at once.
const SENDERS: usize = 32;

/// Between two keys.
const BETWEEN_KEYS: Duration = Duration::from_millis(150);

/// What was sent, and what became of it.
#[derive(Default)]
struct Sent {
    waiting: VecDeque<Vec<u8>>,
    /// Milliseconds until each was acknowledged.
    took: Vec<f64>,
    acknowledged: u64,
    refused: u64,
    is_over: bool,
}

type Shared = Arc<Mutex<Sent>>;

fn lock(sent: &Shared) -> std::sync::MutexGuard<'_, Sent> {
    sent.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn measure(
    bench: &Bench,
    runtime: &Runtime,
    seconds: u64,
) -> anyhow::Result<Vec<Finding>> {
    eprintln!("bench-push: {RATE} pushes a second for {seconds} s");
    let before = runtime.block_on(kept(bench))?;
    let mut board = bench.board()?;
    board.pass(Duration::from_secs(30));
    let idle = keys(&mut board, Duration::from_secs(6))?;
    let held_before = process::held(board.pid()?);
    let sent = Shared::default();
    let senders: Vec<_> =
        (0..SENDERS).map(|_| runtime.spawn(send_all(bench.to, Arc::clone(&sent)))).collect();
    let maker = runtime.spawn(make(bench.sandbox.clone(), Arc::clone(&sent), seconds));
    let mut busy = keys(&mut board, Duration::from_secs(seconds / 2))?;
    let held_after = process::held(board.pid()?);
    drop(board);
    board = bench.board()?;
    busy.extend(keys(&mut board, Duration::from_secs(seconds - seconds / 2))?);
    let made = runtime.block_on(maker).context("the maker")?;
    lock(&sent).is_over = true;
    for sender in senders {
        runtime.block_on(sender).context("a sender")?;
    }
    drop(board);
    let kept = runtime.block_on(kept(bench))? - before;
    let sent = lock(&sent);
    let took: Samples = sent.took.iter().copied().collect();
    let (idle, busy): (Samples, Samples) = (idle.into_iter().collect(), busy.into_iter().collect());
    let count = |count: u64| Some(count as f64);
    let lost = sent.acknowledged.saturating_sub(kept);
    let grown = held_after.memory.saturating_sub(held_before.memory) as f64 / 1e6;
    Ok(vec![
        Finding::new("P10", "pushes made", count(made), ""),
        Finding::new("P10", "acknowledged and not in the data file", count(lost), "")
            .goal(Goal::AtMost(0.0)),
        Finding::new("P10", "made and not in the data file", count(made - kept.min(made)), "")
            .goal(Goal::AtMost(0.0)),
        Finding::new("P10", "genuine ones that were refused", count(sent.refused), "")
            .goal(Goal::AtMost(0.0)),
        Finding::new("P10", "until one is acknowledged, p99", took.percentile(99), "ms")
            .goal(Goal::AtMost(10_000.0)),
        Finding::new("P10", "memory gained in half the time", Some(grown), "MB")
            .goal(Goal::AtMost(16.0)),
        Finding::new("P10", "a row key meanwhile, p99", busy.percentile(99), "ms")
            .beside([("without pushes", idle.percentile(99))])
            .goal(Goal::AtMost(250.0)),
    ])
}

/// How many events are in the data file.
async fn kept(bench: &Bench) -> anyhow::Result<u64> {
    let folder = bench.folder.join("data");
    if !folder.exists() {
        return Ok(0);
    }
    let store = Store::open(&folder).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(store.newest_push().await.context("the data file")?.unsigned_abs())
}

/// Makes webhooks of all cards, each another event, until the time is over; how many.
async fn make(sandbox: cardtop::sandbox::Sandbox, sent: Shared, seconds: u64) -> u64 {
    let (cards, began) = (sandbox.card_ids(Dialect::Banana), Instant::now());
    let mut made = 0_u64;
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut turn = 0;
    while began.elapsed() < Duration::from_secs(seconds) {
        tick.tick().await;
        let wanted = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX) * RATE / 1_000;
        // No card twice in a millisecond.
        let most = made + u64::try_from(cards.len()).unwrap_or(0);
        while made < wanted.min(most) {
            // One card has one event a millisecond at most, since its time makes it another.
            let Some(card) = cards.get(turn % cards.len()) else { return made };
            turn += 1;
            sandbox.tell(Dialect::Banana, card, CardNotice::Assigned { approved: true });
            for delivery in sandbox.take_webhooks(Dialect::Banana) {
                sandbox.webhook_acknowledged(&delivery);
                lock(&sent).waiting.push_back(request(&delivery));
                made += 1;
            }
        }
    }
    made
}

/// Sends what waits; what is not acknowledged is sent again, as a provider does.
async fn send_all(to: std::net::SocketAddr, sent: Shared) {
    let mut connection: Option<Post> = None;
    loop {
        let next = lock(&sent).waiting.pop_front();
        let Some(body) = next else {
            if lock(&sent).is_over {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let began = Instant::now();
        if connection.is_none() {
            connection = Post::to(to).await.ok();
        }
        let status = match &mut connection {
            Some(post) => post.send(&body).await.ok(),
            None => None,
        };
        match status {
            Some(200) => {
                let mut sent = lock(&sent);
                sent.acknowledged += 1;
                sent.took.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            Some(400..=499) => lock(&sent).refused += 1,
            Some(_) | None => {
                connection = None;
                lock(&sent).waiting.push_back(body);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Milliseconds until a row key is answered.
fn keys(board: &mut Terminal, time: Duration) -> anyhow::Result<Vec<f64>> {
    let end = Instant::now() + time;
    let (mut taken, mut down) = (Vec::new(), true);
    while Instant::now() < end {
        board.pass(BETWEEN_KEYS);
        let before = cursor(board);
        board.send(if down { b"j" } else { b"k" })?;
        down = !down;
        let moved = board
            .wait("the cursor", Duration::from_secs(10), |screen| cursor_of(screen) != before)?;
        taken.push(moved.as_secs_f64() * 1_000.0);
    }
    Ok(taken)
}

/// The line with the cursor of the list.
fn cursor(board: &Terminal) -> Option<usize> {
    cursor_of(board.screen())
}

fn cursor_of(screen: &vt100::Screen) -> Option<usize> {
    screen.contents().lines().position(|line| line.trim_start_matches(['│', '|']).starts_with('>'))
}
