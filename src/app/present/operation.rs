//! One operation in words: how far it got, and what its journal says.

use super::line::{Line, wrapped};
use super::role::Role;
use super::time::TimeFormat;
use crate::app::command::Command;
use crate::app::keymap::Keymap;
use crate::app::portfolio::Portfolio;
use crate::domain::card::digits;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::ProvenBy;
use crate::domain::text;
use crate::engine::Step;

/// What an operation's state means.
pub(crate) const fn state_role(state: OperationState) -> Role {
    match state {
        OperationState::Sent | OperationState::Accepted => Role::Text,
        OperationState::Done => Role::Good,
        OperationState::Failed => Role::Danger,
        OperationState::Unknown => Role::Caution,
    }
}

/// `op 3f2a anay`: an operation and its operator.
pub(crate) fn name(operation: &Operation) -> String {
    format!("op {} {}", operation.id.short(), operation.operator)
}

/// What is known of an operation, in a few words.
pub(crate) fn story(operation: &Operation, portfolio: &Portfolio) -> String {
    let age = portfolio.age(operation.created_at);
    let pushed = pushed(portfolio, operation, TimeFormat::Full);
    let detail = pushed.as_deref().or(operation.detail.as_deref()).unwrap_or("");
    match operation.state {
        OperationState::Sent => format!("waiting for {} {age}", operation.card.provider),
        OperationState::Accepted if !operation.is_open() => "answer only, no proof".to_owned(),
        OperationState::Accepted => format!("accepted, not seen yet {age}"),
        OperationState::Unknown => "UNKNOWN, no repeat".to_owned(),
        OperationState::Done if detail.is_empty() => "done".to_owned(),
        OperationState::Done => format!("done, {detail}"),
        OperationState::Failed if detail.is_empty() => "failed".to_owned(),
        OperationState::Failed => format!("failed: {detail}"),
    }
}

/// The last thing known, beside a column with the state.
pub(crate) fn last_step(
    portfolio: &Portfolio,
    operation: &Operation,
    format: TimeFormat,
) -> String {
    let time = |at| portfolio.local_time(at, format);
    let next =
        operation.next_look.map(|at| format!(", next look {}", time(at))).unwrap_or_default();
    match (operation.state, operation.looks) {
        (OperationState::Unknown, 0) => format!("no answer{next}"),
        (OperationState::Unknown, looks) => format!("looked {looks}x{next}"),
        (OperationState::Accepted, looks) if looks > 0 && operation.is_open() => {
            format!("looked {looks}x{next}")
        }
        (OperationState::Done | OperationState::Failed, _) => {
            let pushed = pushed(portfolio, operation, format);
            let words = pushed.or_else(|| operation.detail.as_deref().map(str::to_owned));
            words.unwrap_or_else(|| time(operation.updated_at))
        }
        (OperationState::Sent | OperationState::Accepted, _) => story(operation, portfolio),
    }
}

/// `pushed 14:08:02`: what ended an operation that nothing but a signed event tells of.
fn pushed(portfolio: &Portfolio, operation: &Operation, format: TimeFormat) -> Option<String> {
    let is_pushed = operation.proven_by == Some(ProvenBy::Push);
    is_pushed.then(|| format!("pushed {}", portfolio.local_time(operation.updated_at, format)))
}

/// What the journal says of an operation, oldest first, and what comes next.
pub(crate) fn journal(
    portfolio: &Portfolio,
    keymap: &Keymap,
    operation: &Operation,
    columns: usize,
) -> Vec<Line> {
    let time = |at| portfolio.local_time(at, TimeFormat::Full);
    let holder = portfolio.holder(&operation.card);
    let mut lines: Vec<Line> = vec![vec![
        (
            Role::Heading,
            format!("{} of {} {holder}", operation.phrase(), digits(operation.last4))
                .trim_end()
                .to_owned(),
        ),
        (Role::Muted, format!("   {}   ref {}", operation.card.provider, operation.reference)),
    ]];
    match portfolio.steps.get(&operation.id) {
        None => lines.push(vec![(Role::Muted, "its journal is being read".to_owned())]),
        Some(steps) => {
            lines.extend(steps.iter().flat_map(|step| step_lines(portfolio, step, columns)));
        }
    }
    if let Some(next) = operation.next_look.filter(|_| operation.is_followed()) {
        lines.push(vec![
            (Role::Muted, format!("{:<10} next look  ", time(next))),
            (Role::Text, keymap.hint(Command::Check, "looks now")),
        ]);
    }
    if operation.is_open() {
        let text = format!(
            "While this is open, another {} of this card is held back.",
            operation.action_kind.phrase()
        );
        lines.push(vec![(Role::Caution, text)]);
    }
    if let Some(until) = operation.watched_until {
        let text = format!(
            "A person settled it; it is looked for until {}, and a late credit raises an alarm.",
            time(until)
        );
        lines.push(vec![(Role::Caution, text)]);
    }
    lines.push(vec![(Role::Muted, format!("proof: {}", proof(portfolio, operation)))]);
    lines
}

/// What proves the end of an operation, or may prove it.
pub(crate) fn proof(portfolio: &Portfolio, operation: &Operation) -> String {
    if let Some(pushed) = pushed(portfolio, operation, TimeFormat::Full) {
        return format!("{pushed}, a signed event of the provider");
    }
    let words = match operation.proven_by {
        Some(ProvenBy::Person) => "a person's word",
        Some(ProvenBy::Answer) if !operation.is_open() => "the provider's answer",
        Some(ProvenBy::Lookup | ProvenBy::Answer | ProvenBy::Push) | None => {
            operation.proof.sentence()
        }
    };
    words.to_owned()
}

/// One line of the journal: time, step and words, and at the right, where there is room, its
/// number and hash in the journal's chain.
fn step_lines(portfolio: &Portfolio, step: &Step, columns: usize) -> Vec<Line> {
    let chain =
        if columns < 90 { String::new() } else { format!("  #{} {}", step.line, step.hash) };
    let room = columns.saturating_sub(22 + text::width(&chain));
    wrapped(&step.words, room)
        .enumerate()
        .map(|(index, part)| {
            let (at, what, chain) = if index == 0 {
                (portfolio.local_time(step.at, TimeFormat::Full), step.kind.as_str(), &*chain)
            } else {
                (String::new(), "", "")
            };
            let head = format!("{} {} ", text::pad_right(&at, 10), text::pad_right(what, 10));
            vec![
                (Role::Muted, head),
                (Role::Text, text::pad_right(&part, room)),
                (Role::Muted, chain.to_owned()),
            ]
        })
        .collect()
}
