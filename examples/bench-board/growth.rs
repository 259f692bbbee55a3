//! How time and memory grow with cards and rows: each size of one of them, the other one small.

#![expect(clippy::float_arithmetic, reason = "times and bytes; no money")]

use super::Bench;
use super::data::Size;
use super::keys::{Key, millis, press};
use super::live::{Live, words};
use super::memory;
use super::plot::{Curve, Panel};
use super::samples::figure;
use super::search;
use super::table::{aligned, markdown_table};

/// Cards where rows grow, and rows where cards grow.
const OTHERS: usize = 1_000;

/// What was measured at one size.
pub(crate) struct Step {
    count: usize,
    figures: [Option<f64>; FIGURES.len()],
}

/// The columns of the table and the curves of the plot.
const FIGURES: [&str; 9] = [
    "first frame ms",
    "row key p50 ms",
    "row key p99 ms",
    "page key p50 ms",
    "first filter ms",
    "sort of cards ms",
    "quit ms",
    "data file made, s",
    "memory MB",
];

/// Those of them that are times a person waits for.
const TIMES: usize = 7;

/// All sizes of rows, then all of cards.
pub(crate) struct Growth {
    pub(crate) rows: Vec<Step>,
    pub(crate) cards: Vec<Step>,
}

/// Powers of ten from one to another.
fn powers(from: u32, to: usize) -> impl Iterator<Item = usize> {
    (from..).map(|power| 10_usize.pow(power)).take_while(move |&count| count <= to)
}

impl Growth {
    /// From 10,000 rows and 1,000 cards to these. A size that cannot be measured ends its series.
    pub(crate) fn measure(bench: &Bench, rows: usize, cards: usize) -> Self {
        let series = |from: u32, to: usize, size: fn(usize) -> Size| -> Vec<Step> {
            let mut steps = Vec::new();
            for count in powers(from, to) {
                let size = size(count);
                let words = format!("{} cards, {} rows", words(size.cards), words(size.rows));
                bench.say(&format!("growth: {words}"));
                match figures(bench, size) {
                    Ok(figures) => steps.push(Step { count, figures }),
                    Err(error) => {
                        bench.say(&format!("{words} could not be measured: {error:#}"));
                        break;
                    }
                }
            }
            steps
        };
        Self {
            rows: series(4, rows, |rows| Size { cards: OTHERS, rows, merchants: 1_000 }),
            cards: series(3, cards, |cards| Size { cards, rows: OTHERS, merchants: 1_000 }),
        }
    }

    fn lines(steps: &[Step]) -> Vec<Vec<String>> {
        let cell = |value: &Option<f64>| value.map_or_else(|| "-".to_owned(), figure);
        let line = |step: &Step| {
            std::iter::once(words(step.count)).chain(step.figures.iter().map(cell)).collect()
        };
        steps.iter().map(line).collect()
    }

    fn head(count: &'static str) -> Vec<&'static str> {
        std::iter::once(count).chain(FIGURES).collect()
    }

    pub(crate) fn text(&self) -> String {
        let table = |count: &'static str, steps: &[Step]| {
            let head = Self::head(count).into_iter().map(str::to_owned).collect();
            let mut lines = vec![head];
            lines.extend(Self::lines(steps));
            aligned(&lines)
        };
        format!("{}\n{}", table("rows", &self.rows), table("cards", &self.cards))
    }

    pub(crate) fn markdown(&self) -> String {
        format!(
            "{}\n{}",
            markdown_table(&Self::head("rows"), &Self::lines(&self.rows)),
            markdown_table(&Self::head("cards"), &Self::lines(&self.cards))
        )
    }

    pub(crate) fn panels(&self) -> Vec<Panel> {
        let curves = |steps: &[Step], columns: std::ops::Range<usize>| -> Vec<Curve> {
            FIGURES
                .iter()
                .enumerate()
                .filter(|(column, _)| columns.contains(column))
                .map(|(column, name)| Curve {
                    name: name.trim_end_matches(" ms").trim_end_matches(" MB"),
                    points: steps
                        .iter()
                        .filter_map(|step| {
                            Some((step.count as f64, step.figures.get(column).copied()??))
                        })
                        .collect(),
                })
                .collect()
        };
        let memory = TIMES + 1..FIGURES.len();
        let (times, rows, cards) = (0..TIMES, "rows, with 1,000 cards", "cards, with 1,000 rows");
        [
            ("Time by rows", rows, "ms", curves(&self.rows, times.clone())),
            ("Time by cards", cards, "ms", curves(&self.cards, times)),
            ("Memory by rows", rows, "MB", curves(&self.rows, memory.clone())),
            ("Memory by cards", cards, "MB", curves(&self.cards, memory)),
        ]
        .into_iter()
        .map(|(title, counts, unit, curves)| Panel { title, counts, unit, curves })
        .collect()
    }
}

fn figures(bench: &Bench, size: Size) -> anyhow::Result<[Option<f64>; FIGURES.len()]> {
    let data = bench.data(size.cards, size.rows, size.merchants)?;
    let _warm = bench.board.ready(&data)?;
    let (start, quit) = Live::start_and_quit(bench, || bench.board.open(&data))?;
    let mut terminal = bench.board.ready(&data)?;
    let row = press(&mut terminal, &[Key::Down, Key::Up], bench.keys / 2)?;
    let page = press(&mut terminal, &[Key::PageDown, Key::PageDown, Key::PageUp], bench.keys / 4)?;
    drop(terminal);
    let (filter, sort) = search::first_filter_and_sort(bench, &data)?;
    Ok([
        start.median(),
        row.p50(),
        row.p99(),
        page.p50(),
        filter,
        sort,
        quit.median(),
        data.made.map(|(took, _)| millis(took) / 1_000.0),
        Some(memory::of_board(bench, &data)? / 1e6),
    ])
}
