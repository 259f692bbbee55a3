//! P8: what a transaction and a card cost in memory: the difference between two boards, of which
//! one has more of them. Each has filtered once, so that whatever is made for searching is there.

#![expect(clippy::float_arithmetic, reason = "bytes; no money")]

use std::time::Duration;

use super::Bench;
use super::board::until_idle;
use super::data::Data;
use super::keys::at_once;
use super::live::{whole_feed, words};
use super::peers::Peer;
use super::process;
use super::table::{Finding, Goal};

/// Resident bytes of a board that has searched its rows.
pub(crate) fn of_board(bench: &Bench, data: &Data) -> anyhow::Result<f64> {
    let mut terminal = bench.board.ready(data)?;
    whole_feed(&mut terminal)?;
    let _found = at_once(&mut terminal, "/coff", Duration::from_millis(200))?;
    let _kept = at_once(&mut terminal, "\x1b", Duration::from_millis(200))?;
    until_idle(&mut terminal, Duration::from_secs(60))?;
    Ok(process::held(terminal.pid()?).memory as f64)
}

fn of_peer(peer: Option<Peer>) -> anyhow::Result<Option<f64>> {
    let Some(peer) = peer else { return Ok(None) };
    let terminal = peer.idle()?;
    Ok(Some(process::held(terminal.pid()?).memory as f64))
}

/// Bytes for each of `count`, of which the smaller one has next to none.
fn each(large: f64, small: f64, count: usize) -> f64 {
    (large - small).max(0.0) / count as f64
}

/// P8.
pub(crate) fn findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    let small = bench.data(64, 64, 1_000)?;
    let rows = bench.data(64, bench.rows, 1_000)?;
    let names = bench.data(64, bench.rows, 300_000)?;
    let cards = bench.data(bench.cards, 64, 1_000)?;
    bench.say("measuring memory");
    let base = of_board(bench, &small)?;
    let row = each(of_board(bench, &rows)?, base, bench.rows);
    let row_of_many = each(of_board(bench, &names)?, base, bench.rows);
    let card = each(of_board(bench, &cards)?, base, bench.cards);
    let peer = |open: &dyn Fn(&Data) -> Option<Peer>| -> anyhow::Result<Option<f64>> {
        let (large, small) = (of_peer(open(&rows))?, of_peer(open(&small))?);
        Ok(large.zip(small).map(|(large, small)| each(large, small, bench.rows)))
    };
    let lnav = bench.or_without(peer(&|data| Peer::lnav(&bench.home, &data.csv()))).flatten();
    let fzf = peer(&|data| Peer::fzf(&bench.home, &data.csv(), data.size.rows));
    let fzf = bench.or_without(fzf).flatten();
    let label = format!("a row of {}, 1,000 merchants", words(bench.rows));
    Ok(vec![
        Finding::new("P8", "a board of 64 cards and rows", Some(base / 1e6), "MB"),
        Finding::new("P8", label, Some(row), "bytes").goal(Goal::AtMost(80.0)),
        Finding::new("P8", "the same", Some(row), "bytes")
            .beside([("lnav", lnav)])
            .goal(Goal::AtMostTimes(0.85)),
        Finding::new("P8", "the same", Some(row), "bytes")
            .beside([("fzf", fzf)])
            .goal(Goal::AtMostTimes(0.4)),
        Finding::new("P8", "a row, 300,000 merchants", Some(row_of_many), "bytes")
            .goal(Goal::AtMost(80.0)),
        Finding::new("P8", format!("a card of {}", words(bench.cards)), Some(card), "bytes")
            .goal(Goal::AtMost(600.0)),
    ])
}
