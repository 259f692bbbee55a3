//! The outcome of an operation, recorded by hand: what is known, what the operator says, and why.

use super::sheet::{Sheet, clock, part, plain, state_role};
use crate::app::dialog::resolution::{Focus, Outcome, Resolution, candidates, more_candidates};
use crate::app::dialog::target::{CardTail, TailSource};
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::operation::ActionKind;
use crate::domain::transaction::Transaction;
use crate::engine::confirmation;

pub(super) fn sheet(resolution: &Resolution, portfolio: &Portfolio) -> Sheet {
    let operation = &resolution.operation;
    let mut sheet = Sheet::new(format!("Settle op {} by hand", operation.id.short()));
    sheet.card(&operation.card, portfolio);
    let asked_at = format!("  at {}", clock(operation.created_at, portfolio));
    sheet.value("Asked", [plain(operation.phrase()), part(asked_at, Role::Muted)]);
    sheet.value("Now", [part(operation.state.as_str(), state_role(operation.state))]);
    sheet.text("Known", operation.detail.as_deref().unwrap_or("no answer"), Role::Text);
    sheet.blank();
    outcomes(&mut sheet, resolution);
    if operation.action_kind == ActionKind::TopUp {
        match resolution.outcome {
            Some(Outcome::Happened) => own_credit(&mut sheet, resolution, portfolio),
            Some(Outcome::DidNotHappen) => other_credits(&mut sheet, resolution, portfolio),
            None => {}
        }
    }
    sheet.blank();
    let on_reason = resolution.focus == Focus::Reason;
    sheet.field("Reason", &resolution.reason, 46, on_reason, Vec::new());
    if resolution.outcome == Some(Outcome::DidNotHappen) {
        let source =
            if operation.last4.is_some() { TailSource::CardNumber } else { TailSource::Id };
        let tail = CardTail { text: confirmation(operation), source };
        sheet.arm_by_tail(&tail, &resolution.confirmation, !on_reason);
    }
    sheet.keys(match (resolution.submitted, resolution.focus, resolution.outcome) {
        (true, ..) => &[("Esc", "close (it goes on)")],
        (false, Focus::Reason, _) => &[("Enter", "reason is written"), ("Esc", "do nothing")],
        (false, Focus::Outcome, None) => &[("d f", "what happened"), ("Esc", "do nothing")],
        (false, Focus::Outcome, Some(_)) => {
            &[("y", "write it into the journal"), ("r", "reason"), ("Esc", "do nothing")]
        }
    });
    sheet
}

fn outcomes(sheet: &mut Sheet, resolution: &Resolution) {
    let happened = if resolution.operation.action_kind == ActionKind::TopUp {
        "happened: the money is on the card"
    } else {
        "happened: the card is as asked"
    };
    for (label, key, outcome, description) in [
        ("It", "d ", Outcome::Happened, happened),
        ("", "f ", Outcome::DidNotHappen, "did not happen, and will not"),
    ] {
        let (mark, role) = choice(resolution.outcome == Some(outcome));
        sheet.value(label, [mark, part(key, Role::Key), part(description, role)]);
    }
}

/// The mark before a choice, and the role of its description.
fn choice(chosen: bool) -> ((Role, String), Role) {
    if chosen {
        (part("> ", Role::Focus), Role::Focus)
    } else {
        (part("  ", Role::Focus), Role::Text)
    }
}

/// The transactions that may be its own, to choose from.
fn own_credit(sheet: &mut Sheet, resolution: &Resolution, portfolio: &Portfolio) {
    sheet.blank();
    let offered = candidates(&resolution.operation, portfolio);
    for (index, row) in offered.iter().enumerate() {
        let (mark, role) = choice(resolution.credit.as_deref() == Some(&*row.id));
        let label = if index == 0 { "Its row" } else { "" };
        let number = part(format!("{} ", index + 1), Role::Key);
        sheet.value(label, [mark, number, part(described(row, portfolio), role)]);
    }
    more(sheet, resolution, portfolio, "--transaction");
    let label = if offered.is_empty() { "Its row" } else { "" };
    let (mark, role) = choice(resolution.credit.is_none());
    let none = "none of these: one is kept free for it";
    sheet.value(label, [mark, part("0 ", Role::Key), part(none, role)]);
}

/// The transactions that are said to be somebody else's, and what follows.
fn other_credits(sheet: &mut Sheet, resolution: &Resolution, portfolio: &Portfolio) {
    sheet.blank();
    let others = candidates(&resolution.operation, portfolio);
    for (index, row) in others.iter().enumerate() {
        let label = if index == 0 { "Not its" } else { "" };
        sheet.value(label, [part(described(row, portfolio), Role::Caution)]);
    }
    more(sheet, resolution, portfolio, "--not-its");
    if !others.is_empty() {
        sheet.text("", "typing the digits says that this is somebody else's", Role::Caution);
    }
    sheet.text(
        "Then",
        "another one may be sent. It is looked for 48 h more; a late credit raises an alarm",
        Role::Caution,
    );
}

/// That more transactions may be its own than are listed, and the option that names them.
fn more(sheet: &mut Sheet, resolution: &Resolution, portfolio: &Portfolio, flag: &str) {
    match more_candidates(&resolution.operation, portfolio) {
        0 => {}
        more => {
            sheet.text(
                "",
                &format!("and {more} more, named by ops settle {flag} ID"),
                Role::Caution,
            );
        }
    }
}

/// `+30.00 USD at 14:02:11  CLEARED  id t77`.
fn described(row: &Transaction, portfolio: &Portfolio) -> String {
    format!(
        "+{} at {}  {}  id {}",
        row.amount.abs(),
        clock(row.at, portfolio),
        row.state.as_str(),
        row.id
    )
}
