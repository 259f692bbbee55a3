//! A plot of growth as SVG: panels beside each other, both axes logarithmic.

#![expect(clippy::float_arithmetic, reason = "points of a drawing; no money")]

use std::fmt::Write as _;

use super::samples::grouped;

/// One curve: its name and its points.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// One panel.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// What its horizontal axis counts.
    pub(crate) counts: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) curves: Vec<Curve>,
}

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 300.0;
/// Room for numbers on the left and below, and for words above and on the right.
const LEFT: f64 = 70.0;
const BELOW: f64 = 44.0;
const ABOVE: f64 = 34.0;
const RIGHT: f64 = 96.0;

/// Readable on light and dark pages alike.
const COLORS: [&str; 8] =
    ["#1f77b4", "#d9770e", "#2a9d4a", "#c2334d", "#8a63d2", "#7a7a7a", "#0f8b8d", "#a0522d"];

/// The panels in two columns.
pub(crate) fn svg(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(2) as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        WIDTH * 2.0,
        HEIGHT * rows
    );
    for (number, panel) in panels.iter().enumerate() {
        let (x, y) = ((number % 2) as f64 * WIDTH, (number / 2) as f64 * HEIGHT);
        let _infallible = writeln!(out, "<g transform=\"translate({x:.0} {y:.0})\">");
        draw(panel, &mut out);
        out.push_str("</g>\n");
    }
    out + "</svg>\n"
}

/// The powers of ten around the values.
fn decades(values: impl Iterator<Item = f64>) -> (i32, i32) {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for value in values.filter(|value| *value > 0.0) {
        low = low.min(value.log10().floor() as i32);
        high = high.max(value.log10().ceil() as i32);
    }
    if low > high { (0, 1) } else { (low, high.max(low + 1)) }
}

/// Where a value lies between two powers of ten, from 0 to 1.
fn place(value: f64, (low, high): (i32, i32)) -> f64 {
    (value.log10() - f64::from(low)) / f64::from(high - low)
}

/// Where the values of a panel lie in it.
#[derive(Clone, Copy)]
struct Axes {
    across: (i32, i32),
    up: (i32, i32),
}

impl Axes {
    const WIDTH: f64 = WIDTH - LEFT - RIGHT;
    const HEIGHT: f64 = HEIGHT - ABOVE - BELOW;

    fn of(panel: &Panel) -> Self {
        let points = || panel.curves.iter().flat_map(|curve| curve.points.iter().copied());
        Self { across: decades(points().map(|(x, _)| x)), up: decades(points().map(|(_, y)| y)) }
    }

    fn x(self, value: f64) -> f64 {
        LEFT + Self::WIDTH * place(value, self.across)
    }

    fn y(self, value: f64) -> f64 {
        ABOVE + Self::HEIGHT * (1.0 - place(value, self.up))
    }
}

fn draw(panel: &Panel, out: &mut String) {
    let axes = Axes::of(panel);
    let _infallible = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"18\" font-size=\"13\" fill=\"#222\">{}</text>",
        panel.title
    );
    draw_axes(axes, panel, out);
    let mut curves: Vec<(&Curve, &str)> = panel.curves.iter().zip(COLORS).collect();
    // Their names stand behind their ends, from below, none on another.
    curves.sort_by(|(a, _), (b, _)| end_of(a).total_cmp(&end_of(b)));
    let mut last_name = f64::INFINITY;
    for (curve, color) in curves {
        let Some(&(at, value)) = curve.points.iter().rfind(|(_, value)| *value > 0.0) else {
            continue;
        };
        draw_curve(axes, curve, color, out);
        last_name = (axes.y(value) + 4.0).min(last_name - 13.0);
        let _infallible = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{last_name:.1}\" fill=\"{color}\">{}</text>",
            axes.x(at) + 8.0,
            curve.name
        );
    }
}

/// The lines of the powers of ten, with their numbers.
fn draw_axes(axes: Axes, panel: &Panel, out: &mut String) {
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    for power in axes.up.0..=axes.up.1 {
        let y = axes.y(10_f64.powi(power));
        line(format!(
            "<path d=\"M{LEFT} {y:.1}h{}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{}</text>",
            Axes::WIDTH,
            LEFT - 6.0,
            y + 4.0,
            power_words(power, panel.unit)
        ));
    }
    for power in axes.across.0..=axes.across.1 {
        let value = 10_f64.powi(power);
        let x = axes.x(value);
        line(format!(
            "<path d=\"M{x:.1} {ABOVE}v{}\" stroke=\"#eee\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
            Axes::HEIGHT,
            HEIGHT - BELOW + 16.0,
            grouped(value)
        ));
    }
    line(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#222\">{}</text>",
        LEFT + Axes::WIDTH / 2.0,
        HEIGHT - 10.0,
        panel.counts
    ));
}

fn draw_curve(axes: Axes, curve: &Curve, color: &str, out: &mut String) {
    // A logarithm has no place for nothing.
    let points: Vec<(f64, f64)> = curve
        .points
        .iter()
        .filter(|(_, value)| *value > 0.0)
        .map(|&(at, value)| (axes.x(at), axes.y(value)))
        .collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _infallible = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
        path.join(" ")
    );
    for (x, y) in points {
        let _infallible =
            writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>");
    }
}

fn end_of(curve: &Curve) -> f64 {
    curve.points.last().map_or(0.0, |(_, value)| *value)
}

/// `0.1 ms`, `1,000 ms`.
fn power_words(power: i32, unit: &str) -> String {
    let value = 10_f64.powi(power);
    if power >= 0 { format!("{} {unit}", grouped(value)) } else { format!("{value} {unit}") }
}
