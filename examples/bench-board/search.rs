//! P6 and P7: filter and sort, beside a filter, a viewer of tables and their own repetitions.

use std::time::Duration;

use super::Bench;
use super::data::Data;
use super::keys::{Key, at_once, millis, press};
use super::live::{whole_feed, words};
use super::peers::Peer;
use super::samples::Samples;
use super::table::{Finding, Goal};
use super::terminal::Terminal;

/// Silence after which a filter has found what it finds: it may draw what it has so far.
const QUIET: Duration = Duration::from_millis(60);

/// Empties the line of the filter.
const EMPTY: &str = "\x15";

/// How long the filter of a peer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often each is repeated in one board.
const ROUNDS: usize = 12;

/// Milliseconds of each way to filter.
#[derive(Default)]
struct Filters {
    /// The first filter of a program: `coff`, typed at once.
    cold: Samples,
    /// One letter more.
    letter: Samples,
    /// `coff` typed at once again.
    repeat: Samples,
    /// `coff` and then the state.
    refine: Samples,
    /// The first letter alone, and twelve letters at once.
    one: Samples,
    burst: Samples,
    /// What the screen did not say.
    note: String,
}

/// The filter of the feed over all rows.
fn board(bench: &Bench, data: &Data) -> anyhow::Result<Filters> {
    let mut filters = Filters::default();
    let push = |samples: &mut Samples, took: Option<f64>| {
        if let Some(took) = took {
            samples.push(took);
        }
    };
    for run in 0..bench.runs {
        let mut terminal = bench.board.ready(data)?;
        whole_feed(&mut terminal)?;
        let _asked = at_once(&mut terminal, "/", QUIET)?;
        push(&mut filters.cold, at_once(&mut terminal, "coff", QUIET)?);
        let found = format!("{}/{}", words(data.matches.coff), words(data.size.rows));
        if !terminal.text().contains(&found) {
            filters.note = format!("the screen does not say {found}");
        }
        if run + 1 < bench.runs {
            continue;
        }
        for _ in 0..ROUNDS {
            let _empty = at_once(&mut terminal, EMPTY, QUIET)?;
            push(&mut filters.one, at_once(&mut terminal, "c", QUIET)?);
            let _more = at_once(&mut terminal, "o", QUIET)?;
            let _more = at_once(&mut terminal, "f", QUIET)?;
            push(&mut filters.letter, at_once(&mut terminal, "f", QUIET)?);
            push(&mut filters.letter, at_once(&mut terminal, "e", QUIET)?);
            let _empty = at_once(&mut terminal, EMPTY, QUIET)?;
            push(&mut filters.repeat, at_once(&mut terminal, "coff", QUIET)?);
            push(&mut filters.refine, at_once(&mut terminal, " state:declined", QUIET)?);
            let _empty = at_once(&mut terminal, EMPTY, QUIET)?;
            push(&mut filters.burst, at_once(&mut terminal, "coffee bean ", QUIET)?);
        }
    }
    Ok(filters)
}

/// The same in fzf, which says how many lines it found.
fn fzf(bench: &Bench, data: &Data) -> anyhow::Result<Option<Filters>> {
    let rows = data.size.rows;
    let Some(peer) = Peer::fzf(&bench.home, &data.csv(), rows) else { return Ok(None) };
    let mut filters = Filters::default();
    let typed = |terminal: &mut Terminal, keys: &str, found: usize| -> anyhow::Result<f64> {
        let words = format!(" {found}/{rows}");
        terminal.send(keys.as_bytes())?;
        let seen = terminal.wait(&words, PATIENCE, |screen| screen.contents().contains(&words));
        let took = millis(seen?);
        terminal.settle(Duration::from_millis(200));
        Ok(took)
    };
    for run in 0..bench.runs {
        let mut terminal = peer.idle()?;
        filters.cold.push(typed(&mut terminal, "coff", data.matches.coff)?);
        let rounds = if run + 1 < bench.runs { 0 } else { ROUNDS };
        for _ in 0..rounds {
            filters.refine.push(typed(&mut terminal, " DECLINED", data.matches.declined)?);
            let _all = typed(&mut terminal, EMPTY, rows)?;
            filters.repeat.push(typed(&mut terminal, "coff", data.matches.coff)?);
        }
    }
    Ok(Some(filters))
}

/// Milliseconds of csvlens for the same filter and for a sort by amount.
fn csvlens(bench: &Bench, data: &Data) -> anyhow::Result<(Option<f64>, Option<f64>)> {
    let rows = data.size.rows;
    let Some(peer) = Peer::csvlens(&bench.home, &data.csv(), rows) else { return Ok((None, None)) };
    let mut terminal = peer.idle()?;
    terminal.send(b"&coff")?;
    terminal.settle(Duration::from_millis(300));
    terminal.send(b"\r")?;
    let words = format!("/{}", data.matches.coff);
    let filter = terminal.wait(&words, PATIENCE, |screen| screen.contents().contains(&words));
    drop(terminal);
    let mut terminal = peer.idle()?;
    for keys in ["\t", "\x1b[C", "\x1b[C", "\x1b[C"] {
        terminal.send(keys.as_bytes())?;
        terminal.settle(Duration::from_millis(200));
    }
    terminal.send(b"\x1b[1;2B")?;
    let sort = terminal.wait("a mark of the sort", PATIENCE, |screen| {
        screen.contents().contains('▴') || screen.contents().contains('▾')
    });
    Ok((filter.ok().map(millis), sort.ok().map(millis)))
}

/// Milliseconds of the sort of cards by another column.
fn sort(bench: &Bench, data: &Data) -> anyhow::Result<Samples> {
    let mut terminal = bench.board.ready(data)?;
    let answers = press(&mut terminal, &[Key::Text("s")], ROUNDS)?;
    Ok(answers.done)
}

/// The same in the feed over all rows, where the board offers it.
fn sort_feed(bench: &Bench, data: &Data) -> anyhow::Result<Option<Samples>> {
    let mut terminal = bench.board.ready(data)?;
    whole_feed(&mut terminal)?;
    if !terminal.text().contains(" sort ") {
        return Ok(None);
    }
    let mut samples = Samples::default();
    for _ in 0..ROUNDS {
        if let Some(took) = at_once(&mut terminal, "s", QUIET)? {
            samples.push(took);
        }
    }
    Ok(Some(samples))
}

/// P6.
pub(crate) fn filter_findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    let full = bench.full()?;
    bench.say("measuring filters");
    let ours = board(bench, &full)?;
    let fzf = bench.or_without(fzf(bench, &full)).flatten().unwrap_or_default();
    let (csvlens, _) = bench.or_without(csvlens(bench, &full)).unwrap_or_default();
    let rows = words(full.size.rows);
    let names = bench.data(bench.cards.min(1_000), bench.rows, 300_000)?;
    let many = board(bench, &names)?;
    let p50 = Samples::median;
    Ok(vec![
        Finding::new("P6", format!("first filter, 4 letters, {rows} rows"), p50(&ours.cold), "ms")
            .beside([("fzf", p50(&fzf.cold))])
            .goal(Goal::AtMostTimes(0.05))
            .note(ours.note.as_str()),
        Finding::new("P6", "the same beside a viewer of tables", p50(&ours.cold), "ms")
            .beside([("csvlens", csvlens)])
            .goal(Goal::AtMostTimes(0.012)),
        Finding::new("P6", "one letter more p50", p50(&ours.letter), "ms")
            .beside([("fzf", p50(&fzf.refine))])
            .goal(Goal::AtMostTimes(0.3)),
        Finding::new("P6", "one letter more p99", ours.letter.percentile(99), "ms")
            .goal(Goal::AtMost(16.0)),
        Finding::new("P6", "and only DECLINED", p50(&ours.refine), "ms")
            .beside([("fzf", p50(&fzf.refine))])
            .goal(Goal::AtMostTimes(0.3)),
        Finding::new("P6", "the same filter again", p50(&ours.repeat), "ms")
            .beside([("fzf", p50(&fzf.repeat))])
            .goal(Goal::AtMostTimes(0.3)),
        Finding::new("P6", "12 letters at once", p50(&ours.burst), "ms")
            .beside([("one letter", p50(&ours.one))])
            .goal(Goal::AtMostTimes(2.0)),
        Finding::new("P6", "first filter, 300,000 merchants", p50(&many.cold), "ms")
            .beside([("1,000 merchants", p50(&ours.cold))]),
        Finding::new("P6", "one letter more, 300,000 merchants", p50(&many.letter), "ms")
            .beside([("1,000 merchants", p50(&ours.letter))]),
    ])
}

/// P7.
pub(crate) fn sort_findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    let full = bench.full()?;
    bench.say("measuring sorts");
    let (_, csvlens) = bench.or_without(csvlens(bench, &full)).unwrap_or_default();
    let cards = sort(bench, &full)?;
    let feed = sort_feed(bench, &full)?;
    let note = if feed.is_none() { "the feed offers no sort" } else { "" };
    Ok(vec![
        Finding::new("P7", format!("sort of {} cards", words(bench.cards)), cards.median(), "ms")
            .beside([("csvlens, all rows", csvlens)])
            .goal(Goal::AtMostTimes(0.06)),
        Finding::new(
            "P7",
            format!("sort of {} rows", words(bench.rows)),
            feed.and_then(|samples| samples.median()),
            "ms",
        )
        .beside([("csvlens, all rows", csvlens)])
        .goal(Goal::AtMostTimes(0.06))
        .note(note),
    ])
}

/// Milliseconds of a first filter over all rows, and of a sort of the cards, for the growth table.
pub(crate) fn first_filter_and_sort(
    bench: &Bench,
    data: &Data,
) -> anyhow::Result<(Option<f64>, Option<f64>)> {
    let sorted = sort(bench, data)?.median();
    let mut terminal = bench.board.ready(data)?;
    whole_feed(&mut terminal)?;
    let _asked = at_once(&mut terminal, "/", QUIET)?;
    Ok((at_once(&mut terminal, "coff", QUIET)?, sorted))
}
