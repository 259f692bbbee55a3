//! What `examples/bench-board.rs` calculates from what it measured: percentiles, the fewest bytes of
//! a change, tables and the plot. What it measures is not tested: it is for a person to judge.

#[path = "../../examples/bench-board/floor.rs"]
mod floor;
#[path = "../../examples/bench-board/plot.rs"]
mod plot;
#[path = "../../examples/bench-board/queries.rs"]
mod queries;
#[path = "../../examples/bench-board/samples.rs"]
mod samples;
#[path = "../../examples/bench-board/table.rs"]
mod table;

use std::num::NonZeroU16;

use self::floor::{Floor, floor};
use self::plot::{Curve, Panel};
use self::samples::{Samples, figure, grouped};
use self::table::{Finding, Goal};

fn screen(bytes: &str) -> vt100::Parser {
    let size = |size| NonZeroU16::new(size).expect("a size");
    let mut parser = vt100::Parser::new(size(24), size(80), 0);
    parser.process(bytes.as_bytes());
    parser
}

/// The fewest bytes from one screen to another.
fn change(before: &str, after: &str) -> Floor {
    floor(screen(before).screen(), screen(after).screen())
}

#[test]
fn a_percentile_is_a_sample_that_was_taken() {
    let hundred: Samples = (1..=100).rev().map(f64::from).collect();
    assert_eq!(hundred.percentile(50), Some(50.0));
    assert_eq!(hundred.percentile(90), Some(90.0));
    assert_eq!(hundred.percentile(99), Some(99.0));
    assert_eq!(hundred.percentile(100), Some(100.0));
    let mut three = Samples::default();
    assert_eq!(three.median(), None);
    three.push(9.0);
    three.push(1.0);
    three.push(5.0);
    assert_eq!((three.len(), three.median(), three.percentile(1)), (3, Some(5.0), Some(1.0)));
    assert_eq!(three.percentile(99), Some(9.0));
    assert!((three.sum() - 15.0).abs() < f64::EPSILON);
}

#[test]
fn figures_have_three_digits_and_their_thousands_apart() {
    for (value, words) in [
        (0.0, "0"),
        (0.0472, "0.047"),
        (1.439, "1.44"),
        (26.04, "26.0"),
        (767.4, "767"),
        (1_234_567.0, "1,234,567"),
        (-4_180.0, "-4,180"),
    ] {
        assert_eq!(figure(value), words);
    }
    assert_eq!(grouped(999.6), "1,000");
    assert_eq!(grouped(-0.2), "0");
}

#[test]
fn an_unchanged_screen_needs_no_byte() {
    assert_eq!(change("\x1b[3;9HNEGATIVE", "\x1b[3;9HNEGATIVE"), Floor::default());
}

#[test]
fn a_changed_cell_needs_its_address_and_its_text() {
    let one = change("", "\x1b[20;70HX");
    assert_eq!(one, Floor { bytes: "\x1b[20;70H".len() + 1, cells: 1 });
    assert_eq!(change("", "X"), Floor { bytes: "\x1b[1H".len() + 1, cells: 1 });
    // A colour counts as a change of its cell, but not in bytes of its own.
    assert_eq!(change("X", "\x1b[31mX"), Floor { bytes: "\x1b[1H".len() + 1, cells: 1 });
}

#[test]
fn the_second_place_of_a_line_is_reached_by_the_shorter_move() {
    let two = change("", "\x1b[20;10HX\x1b[20;15HY");
    assert_eq!(two, Floor { bytes: "\x1b[20;10HX\x1b[4CY".len(), cells: 2 });
    // A new line keeps the column, which behind X is the next one.
    let below = change("", "\x1b[20;10HX\x1b[21;11HY");
    assert_eq!(below, Floor { bytes: "\x1b[20;10HX\nY".len(), cells: 2 });
}

#[test]
fn wide_and_accented_characters_count_by_their_bytes() {
    let wide = change("", "\x1b[2;2H東é");
    assert_eq!(wide, Floor { bytes: "\x1b[2;2H東é".len(), cells: 3 });
}

#[test]
fn a_question_to_the_terminal_is_answered_once_even_in_two_parts() {
    let mut tail = Vec::new();
    assert_eq!(queries::answers(&mut tail, b"text\x1b]11;"), b"");
    assert_eq!(
        queries::answers(&mut tail, b"?\x1b\\more\x1b[c"),
        b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62;22c"
    );
    assert_eq!(queries::answers(&mut tail, b"\x1b[1;31mred"), b"");
}

fn row_key() -> Finding {
    Finding::new("P2", "row key p50", Some(0.42), "ms").beside([
        ("htop", Some(0.45)),
        ("btm", None),
        ("less", Some(0.9)),
    ])
}

#[test]
fn a_figure_stands_beside_the_best_peer_that_was_measured() {
    let finding = row_key().goal(Goal::AtMostTimes(1.0));
    assert_eq!(finding.reached(), Some(true));
    let words = table::text(&[finding]);
    let line = words.lines().nth(1).expect("a line");
    let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect();
    assert_eq!(cells, ["P2", "row key p50", "0.420 ms", "htop 0.450", "0.933", "<= 1 x", "ok"]);
}

#[test]
fn a_goal_that_is_missed_is_said_to_be() {
    for (goal, reached) in [
        (Goal::AtMostTimes(0.9), Some(false)),
        (Goal::AtLeastTimes(0.9), Some(true)),
        (Goal::AtLeastTimes(1.0), Some(false)),
        (Goal::AtMost(0.42), Some(true)),
        (Goal::AtMost(0.41), Some(false)),
        (Goal::Shown, None),
    ] {
        assert_eq!(row_key().goal(goal.clone()).reached(), reached, "{goal:?}");
    }
    let missed = table::markdown(&[row_key().goal(Goal::AtMost(0.2)).note("with a reason")]);
    assert!(missed.ends_with("| <= 0.200 ms | misses: with a reason |\n"), "{missed}");
}

#[test]
fn without_a_peer_or_a_figure_no_verdict_is_given() {
    let alone = Finding::new("P6", "a|b", Some(3.0), "ms")
        .beside([("fzf", None)])
        .goal(Goal::AtMostTimes(0.3));
    assert_eq!(alone.reached(), None);
    let table = table::markdown(&[alone]);
    assert!(table.contains("| a\\|b |") && table.contains("| no peer here |"), "{table}");
    let nothing = Finding::new("P7", "sort", None, "ms").goal(Goal::AtMost(1.0));
    assert!(table::text(&[nothing]).trim_end().ends_with("not measured"));
}

#[test]
fn only_what_stands_between_the_marks_is_replaced() {
    let document = "# Title\n<!-- a -->\nold\n<!-- end of a -->\ntail\n";
    let new = table::between(document, "a", "new\n\n").expect("the marks");
    assert_eq!(new, "# Title\n<!-- a -->\nnew\n<!-- end of a -->\ntail\n");
    assert_eq!(table::between(&new, "a", "new"), Some(new.clone()));
    assert_eq!(table::between(document, "b", "new"), None);
}

#[test]
fn a_plot_has_each_curve_with_its_points_in_order_and_inside() {
    let curve = |name, points: &[(f64, f64)]| Curve { name, points: points.to_vec() };
    let svg = plot::svg(&[Panel {
        title: "Time",
        counts: "rows",
        unit: "ms",
        curves: vec![
            curve("row key", &[(10_000.0, 0.5), (1_000_000.0, 0.6)]),
            curve("filter", &[(10_000.0, 1.0), (1_000_000.0, 30.0)]),
            curve("nothing", &[]),
        ],
    }]);
    assert_eq!(svg.matches("<polyline").count(), 2, "{svg}");
    assert_eq!(svg.matches("<circle").count(), 4);
    assert!(svg.contains(">row key</text>") && svg.contains(">1,000,000</text>"), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let points: Vec<(f64, f64)> = svg
        .split("points=\"")
        .skip(1)
        .flat_map(|rest| rest.split('"').next().unwrap_or_default().split(' '))
        .filter_map(|point| point.split_once(','))
        .map(|(x, y)| (x.parse().expect("a number"), y.parse().expect("a number")))
        .collect();
    assert_eq!(points.len(), 4);
    // More is further to the right, and higher.
    for pair in points.chunks(2) {
        assert!(pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1, "{pair:?}");
    }
}
