//! P1 to P5 and P13: start, keys, bytes, end, size; beside monitors, viewers and pagers.

use std::time::Duration;

use super::Bench;
use super::keys::{Answers, Key, at_once, millis, press};
use super::peers::Peer;
use super::samples::{Samples, grouped};
use super::table::{Finding, Goal};
use super::terminal::{SIZE, Terminal};

/// The size to which the window is changed.
const OTHER_SIZE: (u16, u16) = (160, 50);

/// Lines that are moved past the edge before lines at the edge are measured.
const TO_THE_EDGE: usize = 60;

/// What a program on which keys are pressed showed of itself.
pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) start: Samples,
    pub(crate) row: Answers,
    pub(crate) page: Answers,
    pub(crate) edge: Answers,
    pub(crate) resize: Samples,
    pub(crate) quit: Samples,
}

impl Live {
    /// Starts a program some times; on the last one all keys are pressed.
    pub(crate) fn of(
        bench: &Bench,
        name: &str,
        quit: &str,
        open: impl Fn() -> anyhow::Result<(Terminal, Duration)>,
    ) -> anyhow::Result<Self> {
        let mut live = Self {
            name: name.to_owned(),
            start: Samples::default(),
            row: Answers::default(),
            page: Answers::default(),
            edge: Answers::default(),
            resize: Samples::default(),
            quit: Samples::default(),
        };
        for run in 0..bench.runs {
            let (mut terminal, start) = open()?;
            live.start.push(millis(start));
            terminal.settle(Duration::from_millis(300));
            if run + 1 == bench.runs {
                live.keys(bench, &mut terminal)?;
            }
            // A window comes back to its size, so that the next one is the same for all.
            for size in [OTHER_SIZE, SIZE] {
                terminal.resize(size)?;
                let limit = Duration::from_secs(3);
                if let Some(repaint) = terminal.repaint(Duration::from_millis(60), limit) {
                    live.resize.push(millis(repaint.done));
                }
            }
            terminal.send(quit.as_bytes())?;
            live.quit.push(millis(terminal.gone(Duration::from_secs(10))?));
        }
        Ok(live)
    }

    /// How long a program takes to start and to quit, without keys between them.
    pub(crate) fn start_and_quit(
        bench: &Bench,
        open: impl Fn() -> anyhow::Result<(Terminal, Duration)>,
    ) -> anyhow::Result<(Samples, Samples)> {
        let (mut starts, mut ends) = (Samples::default(), Samples::default());
        for _ in 0..bench.runs {
            let (mut terminal, start) = open()?;
            starts.push(millis(start));
            terminal.settle(Duration::from_millis(300));
            terminal.send(b"q")?;
            ends.push(millis(terminal.gone(Duration::from_secs(10))?));
        }
        Ok((starts, ends))
    }

    fn keys(&mut self, bench: &Bench, terminal: &mut Terminal) -> anyhow::Result<()> {
        super::board::until_idle(terminal, Duration::from_secs(20)).or_else(|_| {
            // Monitors are never quite idle.
            terminal.settle(Duration::from_millis(300));
            anyhow::Ok(())
        })?;
        self.row = press(terminal, &[Key::Down, Key::Up], bench.keys)?;
        self.page = press(terminal, &[Key::PageDown, Key::PageDown, Key::PageUp], bench.keys / 2)?;
        // Back to the first row.
        terminal.send(&Key::PageUp.bytes(terminal).repeat(bench.keys))?;
        terminal.settle(Duration::from_millis(200));
        let _to_the_edge = press(terminal, &[Key::Down], TO_THE_EDGE)?;
        self.edge = press(terminal, &[Key::Down], bench.keys / 4)?;
        Ok(())
    }
}

/// Everything that P1 to P5 and P13 compare.
pub(crate) struct Lives {
    /// The board on the full data.
    full: Live,
    /// The board on 64 cards and as many rows.
    small: Live,
    /// The feed of the full data over the whole window.
    feed: Feed,
    monitors: Vec<Live>,
    less: Option<Live>,
    csvlens: Option<Live>,
    /// Milliseconds until fzf has read all rows.
    fzf_read: Option<f64>,
}

/// Keys in the feed over the whole window.
struct Feed {
    row: Answers,
    page: Answers,
    edge: Answers,
    /// Milliseconds of jumps to the oldest row and back.
    ends: Answers,
    /// Milliseconds from the start until every row can be found.
    complete: Option<f64>,
}

impl Lives {
    pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Self> {
        let full = bench.full()?;
        let small = bench.data(64, 64, 1_000)?;
        let mut monitors = Vec::new();
        for peer in Peer::monitors(&bench.home) {
            bench.say(&format!("measuring {}", peer.name));
            let live = Live::of(bench, peer.name, peer.quit, || peer.open());
            monitors.extend(bench.or_without(live));
        }
        let of = |peer: Option<Peer>| {
            let peer = peer?;
            bench.say(&format!("measuring {}", peer.name));
            bench.or_without(Live::of(bench, peer.name, peer.quit, || peer.open()))
        };
        let less = of(Peer::less(&bench.home, &full.csv()));
        let csvlens = of(Peer::csvlens(&bench.home, &full.csv(), full.size.rows));
        let fzf_read = Peer::fzf(&bench.home, &full.csv(), full.size.rows)
            .and_then(|fzf| bench.or_without(fzf.open()))
            .map(|(_, took)| millis(took));
        bench.say("measuring the board: start, keys, end");
        // Once for nothing, so that what is kept beside the data file is there.
        let _warm = bench.board.ready(&full)?;
        Ok(Self {
            full: Live::of(bench, "cardtop", "q", || bench.board.open(&full))?,
            small: Live::of(bench, "cardtop, 64 cards", "q", || bench.board.open(&small))?,
            feed: Feed::measure(bench)?,
            monitors,
            less,
            csvlens,
            fzf_read,
        })
    }

    fn monitor(&self, name: &str) -> Option<&Live> {
        self.monitors.iter().find(|live| live.name == name)
    }

    /// A figure of each monitor.
    fn monitors<'a>(
        &'a self,
        names: &'a [&'a str],
        figure: impl Fn(&Live) -> Option<f64> + 'a,
    ) -> impl Iterator<Item = (&'a str, Option<f64>)> {
        let found = names.iter().filter_map(|name| self.monitor(name));
        found.map(move |live| (live.name.as_str(), figure(live)))
    }

    pub(crate) fn findings(&self, bench: &Bench) -> Vec<Finding> {
        let size = format!("{} cards, {} rows", words(bench.cards), words(bench.rows));
        let mut all = self.start(&size);
        all.extend(self.rows_and_pages(&size));
        all.extend(self.bytes());
        all.extend(self.ends(&size));
        all
    }

    fn start(&self, size: &str) -> Vec<Finding> {
        let names = ["htop", "btop", "btm"];
        let start = |live: &Live| live.start.median();
        let small = start(&self.small);
        vec![
            Finding::new("P1", "exec to first full frame, 64 cards and rows", small, "ms")
                .beside(self.monitors(&names, start))
                .goal(Goal::AtMostTimes(0.85)),
            Finding::new("P1", format!("the same, {size}"), start(&self.full), "ms")
                .beside(self.monitors(&names, start))
                .goal(Goal::AtMostTimes(0.85)),
            Finding::new("P1", "the same beside that of 64", start(&self.full), "ms")
                .beside([("64 cards", small)])
                .goal(Goal::AtMostTimes(1.2)),
            Finding::new("P1", "exec until all rows can be found", self.feed.complete, "ms")
                .beside([("fzf", self.fzf_read)])
                .goal(Goal::AtMostTimes(0.3)),
        ]
    }

    fn rows_and_pages(&self, size: &str) -> Vec<Finding> {
        let csvlens = self.csvlens.as_ref();
        let keys = |figure: fn(&Answers) -> Option<f64>, of: fn(&Live) -> &Answers| {
            csvlens.and_then(|live| figure(of(live)))
        };
        let row = |live: &Live| live.row.p50();
        let both = ["htop", "btm"];
        let mut all = Vec::new();
        for (place, answers) in [
            ("64 cards".to_owned(), &self.small.row),
            (size.to_owned(), &self.full.row),
            ("feed, all time".to_owned(), &self.feed.row),
        ] {
            all.push(
                Finding::new("P2", format!("row key p50, {place}"), answers.p50(), "ms")
                    .beside(self.monitors(&both, row))
                    .goal(Goal::AtMostTimes(1.0))
                    .note(unanswered(answers)),
            );
            all.push(Finding::new("P2", "row key p90", answers.p90(), "ms"));
            all.push(
                Finding::new("P2", "row key p99", answers.p99(), "ms")
                    .beside([("csvlens", keys(Answers::p99, |live| &live.row))])
                    .goal(Goal::AtMostTimes(1.0)),
            );
        }
        for (place, answers) in [(size, &self.full.page), ("feed, all time", &self.feed.page)] {
            all.push(
                Finding::new("P3", format!("page key p50, {place}"), answers.p50(), "ms")
                    .beside([("csvlens", keys(Answers::p50, |live| &live.page))])
                    .goal(Goal::AtMostTimes(0.85))
                    .note(unanswered(answers)),
            );
            all.push(
                Finding::new("P3", "page key p99", answers.p99(), "ms")
                    .beside([("csvlens", keys(Answers::p99, |live| &live.page))])
                    .goal(Goal::AtMostTimes(0.85)),
            );
        }
        all.push(
            Finding::new("P3", "jump to the oldest row or the newest", self.feed.ends.p50(), "ms")
                .beside([("a page key", self.feed.page.p50())])
                .goal(Goal::AtMostTimes(1.5))
                .note(unanswered(&self.feed.ends)),
        );
        all
    }

    fn bytes(&self) -> Vec<Finding> {
        let less = self.less.as_ref().and_then(|live| live.edge.bytes.median());
        let feed = self.feed.edge.bytes.median();
        let csvlens = self.csvlens.as_ref().and_then(|live| live.page.bytes_for_one());
        vec![
            Finding::new("P4", "a line at the edge, zoomed feed", feed, "bytes")
                .beside([("less", less)])
                .goal(Goal::AtMostTimes(5.0)),
            Finding::new("P4", "the same", feed, "bytes").goal(Goal::AtMost(750.0)),
            Finding::new(
                "P4",
                "the same, cards beside a detail",
                self.full.edge.bytes.median(),
                "bytes",
            )
            .goal(Goal::AtMost(2_050.0))
            .note("half of what it was on 2026-11-28"),
            Finding::new("P5", "row key, bytes for one needed", self.full.row.bytes_for_one(), "")
                .beside(self.monitors(&["btm"], |live| live.row.bytes_for_one()))
                .goal(Goal::AtMost(1.2)),
            Finding::new("P5", "the same in the zoomed feed", self.feed.row.bytes_for_one(), "")
                .goal(Goal::AtMost(1.2)),
            Finding::new(
                "P5",
                "page key, bytes for one needed",
                self.full.page.bytes_for_one(),
                "",
            )
            .beside([("csvlens", csvlens)])
            .goal(Goal::AtMost(1.25)),
            Finding::new("P5", "the same in the zoomed feed", self.feed.page.bytes_for_one(), "")
                .goal(Goal::AtMost(1.25)),
        ]
    }

    fn ends(&self, size: &str) -> Vec<Finding> {
        let quit = |live: &Live| live.quit.median();
        let resize = |live: &Live| live.resize.median();
        vec![
            Finding::new(
                "P13",
                format!("quit, {size}, requests in flight"),
                quit(&self.full),
                "ms",
            )
            .beside(self.monitors(&["btm"], quit))
            .goal(Goal::AtMostTimes(2.0)),
            Finding::new("P13", "another window size", resize(&self.full), "ms")
                .beside(self.monitors(&["btm"], resize))
                .goal(Goal::AtMostTimes(1.0)),
        ]
    }
}

impl Feed {
    fn measure(bench: &Bench) -> anyhow::Result<Self> {
        let full = bench.full()?;
        let complete = complete_after(bench)?;
        let mut terminal = bench.board.ready(&full)?;
        whole_feed(&mut terminal)?;
        let row = press(&mut terminal, &[Key::Down, Key::Up], bench.keys)?;
        let page =
            press(&mut terminal, &[Key::PageDown, Key::PageDown, Key::PageUp], bench.keys / 2)?;
        let _newest = press(&mut terminal, &[Key::Text("g")], 1)?;
        let _to_the_edge = press(&mut terminal, &[Key::Down], TO_THE_EDGE)?;
        let edge = press(&mut terminal, &[Key::Down], bench.keys / 4)?;
        let ends = press(&mut terminal, &[Key::Text("G"), Key::Text("g")], bench.keys / 10)?;
        Ok(Self { row, page, edge, ends, complete })
    }
}

/// The feed over the whole window, and all time.
pub(crate) fn whole_feed(terminal: &mut Terminal) -> anyhow::Result<()> {
    for keys in ["2", "z", "]]]]]]]]"] {
        let _shown = at_once(terminal, keys, Duration::from_millis(200))?;
    }
    Ok(())
}

/// Milliseconds from the start until the board says that its search is over all rows: the words
/// that stand beside the filter.
fn complete_after(bench: &Bench) -> anyhow::Result<Option<f64>> {
    let full = bench.full()?;
    let words = format!("/{} ", grouped(full.size.rows as f64));
    let (mut terminal, start) = bench.board.open(&full)?;
    terminal.send(b"2z]]]]]]]]/coff")?;
    let limit = Duration::from_secs(20);
    let seen = terminal.wait(&words, limit, |screen| screen.contents().contains(&words));
    Ok(seen.ok().map(|took| millis(start + took)))
}

fn unanswered(answers: &Answers) -> String {
    let keys = answers.unanswered + answers.done.len();
    match answers.unanswered {
        0 => String::new(),
        some => format!("{some} of {keys} keys changed nothing"),
    }
}

/// `100,000`.
pub(crate) fn words(count: usize) -> String {
    grouped(count as f64)
}
