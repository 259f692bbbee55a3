//! Which rows of a chunk satisfy a compiled filter.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::chunk::Chunk;
use super::look::Look;
use super::mask::Mask;
use super::plan::{Node, finds_operation};
use super::ranges::Ranges;
use crate::domain::filter::Comparison;

/// The rows among some that satisfy a condition. What no column answers holds if `open` says so.
pub(super) fn select(node: &Node, chunk: &Chunk, among: &Mask, open: bool) -> Mask {
    match node {
        Node::Known(holds) => if_so(*holds, among),
        Node::Row => if_so(open, among),
        Node::All(nodes) => {
            let mut left = among.clone();
            for node in nodes {
                if left.is_empty() {
                    break;
                }
                left = select(node, chunk, &left, open);
            }
            left
        }
        Node::Any(nodes) => {
            let mut rest = among.clone();
            for node in nodes {
                if rest.is_empty() {
                    break;
                }
                let found = select(node, chunk, &rest, open);
                rest = rest.without(&found);
            }
            among.clone().without(&rest)
        }
        Node::Not(node) => among.clone().without(&select(node, chunk, among, !open)),
        Node::What(codes) => chunk.what.select(among, |code| codes.has(code)),
        Node::Unit(codes) => chunk.unit.select(among, |code| codes.has(code)),
        Node::Text(column, _, marks) => {
            let codes = marks.all();
            if codes.is_empty() {
                return among.none();
            }
            chunk.codes(*column).select(among, |code| codes.has(code))
        }
        Node::Code(column, codes) => chunk.codes(*column).select(among, |code| codes.has(code)),
        Node::Card(_, _, marks) => {
            let codes = marks.all();
            if codes.is_empty() {
                return among.none();
            }
            chunk.card.select(among, |code| codes.has(code))
        }
        Node::Id(look) => with_id(chunk, look, among),
        Node::Operation(look) => {
            let found = chunk.operations.iter().filter(|(_, id)| finds_operation(look, **id));
            of_rows(found.map(|(row, _)| row), among)
        }
        Node::Amount(ranges) => of_amount(chunk, ranges, among),
        Node::Fee(numbers) => {
            let found = chunk.fees.iter().filter(|(_, fee)| numbers.accepts(fee.amount()));
            of_rows(found.map(|(row, _)| row), among)
        }
        Node::At(comparison, at) => of_time(chunk, *comparison, *at, among),
        Node::SeenAt(comparison, at) => {
            chunk.seen_at.select(among, *at, |order| comparison.holds(&order, &Ordering::Equal))
        }
    }
}

/// The rows are in the order of their times.
fn of_time(chunk: &Chunk, comparison: Comparison, at: Timestamp, among: &Mask) -> Mask {
    let before = match comparison {
        Comparison::More | Comparison::AtMost => chunk.until(at),
        Comparison::Less | Comparison::AtLeast => chunk.before(at),
    };
    let first = Mask::first(before, chunk.len());
    match comparison {
        Comparison::Less | Comparison::AtMost => first.and(among),
        Comparison::More | Comparison::AtLeast => among.clone().without(&first),
    }
}

fn if_so(holds: bool, among: &Mask) -> Mask {
    if holds { among.clone() } else { among.none() }
}

fn of_rows(rows: impl Iterator<Item = usize>, among: &Mask) -> Mask {
    let mut found = among.none();
    rows.filter(|row| among.has(*row)).for_each(|row| found.add(row));
    found
}

/// Few rows are asked one by one; of many, all ids of the chunk are searched in one pass.
fn with_id(chunk: &Chunk, look: &Look, among: &Mask) -> Mask {
    let ids = chunk.folded_ids.as_ref().unwrap_or(&chunk.ids);
    if !look.may_be_in(ids) {
        return among.none();
    }
    if among.count() < chunk.len() / 16 {
        return among.filter_rows(|row| look.accepts_folded(ids.get(row)));
    }
    let mut found = among.none();
    look.each(ids, |row| found.add(row));
    found.and(among)
}

fn of_amount(chunk: &Chunk, ranges: &Ranges, among: &Mask) -> Mask {
    let mut found =
        chunk.digits.select(among, |row, digits| ranges.accepts(chunk.unit.get(row), digits));
    for (row, amount) in chunk.exact.iter().filter(|(row, _)| among.has(*row)) {
        if ranges.accepts_exact(*amount) {
            found.add(row);
        } else {
            found.remove(row);
        }
    }
    found
}
