//! What was measured, beside a peer and a goal, as text and as Markdown.

#![expect(clippy::float_arithmetic, reason = "ratios of times and bytes; no money")]

use std::fmt::Write as _;

use super::samples::figure;

/// What a figure is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// At most so many times the figure beside it.
    AtMostTimes(f64),
    /// At least so many times the figure beside it.
    AtLeastTimes(f64),
    /// At most this, in the figure's unit.
    AtMost(f64),
    /// Nothing: it is printed because another figure needs it.
    Shown,
}

/// Another program's figure of the same run, or another of cardtop's own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Beside {
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// The goal's number, `P1` to `P14`.
    pub(crate) id: &'static str,
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    /// `None` where it could not be measured; the note says why.
    pub(crate) ours: Option<f64>,
    pub(crate) beside: Option<Beside>,
    pub(crate) goal: Goal,
    pub(crate) note: String,
}

impl Finding {
    pub(crate) fn new(
        id: &'static str,
        what: impl Into<String>,
        ours: Option<f64>,
        unit: &'static str,
    ) -> Self {
        let (what, note) = (what.into(), String::new());
        Self { id, what, unit, ours, beside: None, goal: Goal::Shown, note }
    }

    /// With the best of these figures beside it: the smallest.
    pub(crate) fn beside<'a>(
        self,
        figures: impl IntoIterator<Item = (&'a str, Option<f64>)>,
    ) -> Self {
        let beside = figures
            .into_iter()
            .filter_map(|(name, value)| Some(Beside { name: name.to_owned(), value: value? }))
            .min_by(|a, b| a.value.total_cmp(&b.value));
        Self { beside, ..self }
    }

    pub(crate) fn goal(self, goal: Goal) -> Self {
        Self { goal, ..self }
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    fn ratio(&self) -> Option<f64> {
        let beside = self.beside.as_ref().filter(|beside| beside.value > 0.0)?;
        Some(self.ours? / beside.value)
    }

    /// Whether the goal is reached; `None` where there is nothing to compare with.
    pub(crate) fn reached(&self) -> Option<bool> {
        match self.goal {
            Goal::AtMostTimes(most) => Some(self.ratio()? <= most),
            Goal::AtLeastTimes(least) => Some(self.ratio()? >= least),
            Goal::AtMost(most) => Some(self.ours? <= most),
            Goal::Shown => None,
        }
    }

    fn with_unit(&self, value: f64) -> String {
        format!("{} {}", figure(value), self.unit).trim_end().to_owned()
    }

    /// The words of its columns.
    fn cells(&self) -> [String; COLUMNS.len()] {
        let goal = match &self.goal {
            Goal::AtMostTimes(most) => format!("<= {most} x"),
            Goal::AtLeastTimes(least) => format!(">= {least} x"),
            Goal::AtMost(most) => format!("<= {}", self.with_unit(*most)),
            Goal::Shown => String::new(),
        };
        let beside = self.beside.as_ref();
        let verdict = match (self.reached(), &self.goal) {
            (Some(true), _) => "ok",
            (Some(false), _) => "misses",
            (None, Goal::Shown) => "",
            (None, _) if self.ours.is_none() => "not measured",
            (None, _) => "no peer here",
        };
        [
            self.id.to_owned(),
            self.what.clone(),
            self.ours.map_or_else(|| "-".to_owned(), |ours| self.with_unit(ours)),
            beside.map_or_else(String::new, |it| format!("{} {}", it.name, figure(it.value))),
            self.ratio().map_or_else(String::new, figure),
            goal,
            [verdict, self.note.as_str()].iter().filter(|word| !word.is_empty()).fold(
                String::new(),
                |all, word| {
                    if all.is_empty() { (*word).to_owned() } else { format!("{all}: {word}") }
                },
            ),
        ]
    }
}

const COLUMNS: [&str; 7] = ["", "what", "cardtop", "best beside it", "ratio", "goal", "result"];

/// The lines as aligned text.
pub(crate) fn text(findings: &[Finding]) -> String {
    let mut lines = vec![COLUMNS.map(str::to_owned).to_vec()];
    lines.extend(findings.iter().map(|finding| finding.cells().to_vec()));
    aligned(&lines)
}

/// The lines as a table of Markdown.
pub(crate) fn markdown(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings.iter().map(|finding| finding.cells().to_vec()).collect();
    markdown_table(&COLUMNS, &rows)
}

/// Lines of words as columns.
pub(crate) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// A table of Markdown.
pub(crate) fn markdown_table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _infallible = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

/// Replaces what stands between two marks of a document; the marks stay.
pub(crate) fn between(document: &str, mark: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {mark} -->"), format!("<!-- end of {mark} -->"));
    let (head, rest) = document.split_once(&begin)?;
    let (_, tail) = rest.split_once(&end)?;
    Some(format!("{head}{begin}\n{}\n{end}{tail}", text.trim_end()))
}
