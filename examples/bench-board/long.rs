//! P14: a long run, compressed: a bank whose cardholders spend, polled every second, and an
//! operator who never rests. What is held after a fifth of the time is compared with the end.

#![expect(clippy::float_arithmetic, reason = "bytes and counts; no money")]

use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::board::{Bank, BankSize};
use super::keys::Key;
use super::process::{self, Held};
use super::table::{Finding, Goal};
use super::terminal::Terminal;

/// What the operator does again and again: looks at cards, filters, reads a card, comes back.
const ROUND: [Key; 16] = [
    Key::Text("1"),
    Key::Down,
    Key::Down,
    Key::PageDown,
    Key::Text("\r"),
    Key::Down,
    Key::Text("\x1b"),
    Key::Text("2"),
    Key::Down,
    Key::PageDown,
    Key::Text("/"),
    Key::Text("coff"),
    Key::Text("\x1b"),
    Key::Text("s"),
    Key::Text("\x1b"),
    Key::Up,
];

/// Between two keys: a little slower than a key that is held down.
const BETWEEN: Duration = Duration::from_millis(40);

pub(crate) fn findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    bench.say("measuring a long run");
    let size = BankSize {
        cards: 2_000,
        transactions: 5_000,
        busy: true,
        polls: ("5s", "1s"),
        rate_limit: "6000/min",
    };
    let bank = Bank::open(&bench.board, bench.root.join("bank-long"), size)?;
    let mut board = Terminal::start(&bank.board(&bench.board))?;
    board.wait("four accounts that answer", Duration::from_secs(60), |screen| {
        screen.contents().matches(" OK").count() >= 4
    })?;
    let began = Instant::now();
    let all = Duration::from_secs(bench.long_seconds);
    let mut early = None;
    let mut pressed = 0;
    while began.elapsed() < all {
        for key in ROUND {
            board.send(&key.bytes(&board))?;
            board.pass(BETWEEN);
        }
        pressed += ROUND.len();
        if early.is_none() && began.elapsed() > all / 5 {
            early = Some(rested(&mut board)?);
        }
    }
    let (Some(early), late) = (early, rested(&mut board)?) else {
        anyhow::bail!("the long run was too short to be compared with its beginning")
    };
    let memory = |held: Held| Some(held.memory as f64 / 1e6);
    let fifth = bench.long_seconds / 5;
    let beside = |held: u64| [("a fifth of it", Some(held as f64))];
    Ok(vec![
        Finding::new("P14", format!("memory after {} s", bench.long_seconds), memory(late), "MB")
            .beside([("a fifth of it", memory(early))])
            .goal(Goal::AtMostTimes(1.05))
            .note(format!("{pressed} keys; {fifth} s are the fifth")),
        Finding::new("P14", "open files then", Some(late.open_files as f64), "")
            .beside(beside(early.open_files))
            .goal(Goal::AtMostTimes(1.0)),
        Finding::new("P14", "threads then", Some(late.threads as f64), "")
            .beside(beside(early.threads))
            .goal(Goal::AtMostTimes(1.0)),
    ])
}

/// What is held when no key was pressed for a moment.
fn rested(board: &mut Terminal) -> anyhow::Result<Held> {
    board.pass(Duration::from_secs(2));
    Ok(process::held(board.pid()?))
}
