//! Settling an operation by hand: what is known, what the person says, and why.

use super::change::state_role;
use super::sheet::{Sheet, clock, part, plain};
use crate::app::dialog::settle::{Settle, candidates};
use crate::app::dialog::target::Arming;
use crate::app::portfolio::Portfolio;
use crate::domain::operation::ActionKind;
use crate::domain::transaction::Transaction;
use crate::engine::confirmation;
use crate::ui::theme::Role;

/// The sheet.
pub(super) fn view(page: &Settle, portfolio: &Portfolio) -> Sheet {
    let operation = &page.operation;
    let mut sheet = Sheet::new(format!("Settle op {} by hand", operation.id.short()));
    sheet.card(&operation.card, portfolio);
    sheet.value(
        "Asked",
        [
            plain(operation.phrase()),
            part(format!("  at {}", clock(operation.created_at, portfolio)), Role::Muted),
        ],
    );
    sheet.value("Now", [part(operation.state.as_str(), state_role(operation.state))]);
    sheet.words("Known", operation.detail.as_deref().unwrap_or("no answer"), Role::Text);
    sheet.blank();
    let mark = |on: bool| if on { "> " } else { "  " };
    let said = |on: bool| if on { Role::Focus } else { Role::Text };
    let top_up = operation.action_kind == ActionKind::TopUp;
    let happened = if top_up {
        "happened: the money is on the card"
    } else {
        "happened: the card is as asked"
    };
    let (done, failed) = (page.done == Some(true), page.done == Some(false));
    sheet.value(
        "It",
        [part(mark(done), Role::Focus), part("d ", Role::Key), part(happened, said(done))],
    );
    sheet.value(
        "",
        [
            part(mark(failed), Role::Focus),
            part("f ", Role::Key),
            part("did not happen, and will not", said(failed)),
        ],
    );
    if done && top_up {
        sheet.blank();
        rows(&mut sheet, page, portfolio);
    }
    if failed && top_up {
        sheet.blank();
        let others = candidates(operation, portfolio);
        for (at, row) in others.iter().enumerate() {
            let label = if at == 0 { "Not its" } else { "" };
            sheet.value(label, [part(told(row, portfolio), Role::Caution)]);
        }
        if !others.is_empty() {
            sheet.words("", "typing the digits says that this is somebody else's", Role::Caution);
        }
        sheet.words(
            "Then",
            "another one may be sent. It is looked for 48 h more; a late credit raises an alarm",
            Role::Caution,
        );
    }
    sheet.blank();
    sheet.field("Reason", &page.reason, 46, page.on_reason, Vec::new());
    if failed {
        let arming = Arming { text: confirmation(operation), of_id: operation.last4.is_none() };
        let label = if arming.of_id {
            "Type the end of the card's id to arm:"
        } else {
            "Type the last 4 of the card to arm:"
        };
        sheet.arm(label, &arming, &page.gate.typed, &arming.text, !page.on_reason);
    }
    let keys: &[(&str, &str)] = match (page.sent, page.on_reason, page.done) {
        (true, ..) => &[("Esc", "close (it goes on)")],
        (false, true, _) => &[("Enter", "reason is written"), ("Esc", "do nothing")],
        (false, false, None) => &[("d f", "what happened"), ("Esc", "do nothing")],
        (false, false, Some(_)) => {
            &[("y", "write it into the journal"), ("r", "reason"), ("Esc", "do nothing")]
        }
    };
    sheet.footer(page.notice.as_deref(), keys);
    sheet
}

/// A transaction that may be its own, in one line.
fn told(row: &Transaction, portfolio: &Portfolio) -> String {
    format!(
        "+{} at {}  {}  id {}",
        row.amount.abs(),
        clock(row.at, portfolio),
        row.state.as_str(),
        row.id
    )
}

/// The transactions that may be its own.
fn rows(sheet: &mut Sheet, page: &Settle, portfolio: &Portfolio) {
    let offered = candidates(&page.operation, portfolio);
    let none = page.chosen.is_none();
    let role = |on: bool| if on { Role::Focus } else { Role::Text };
    for (at, row) in offered.iter().enumerate() {
        let chosen = page.chosen.as_deref() == Some(&*row.id);
        let label = if at == 0 { "Its row" } else { "" };
        let mark = if chosen { "> " } else { "  " };
        sheet.value(
            label,
            [
                part(mark, Role::Focus),
                part(format!("{} ", at + 1), Role::Key),
                part(told(row, portfolio), role(chosen)),
            ],
        );
    }
    let label = if offered.is_empty() { "Its row" } else { "" };
    let mark = if none { "> " } else { "  " };
    let words = "none of these: one is kept free for it";
    sheet.value(label, [part(mark, Role::Focus), part("0 ", Role::Key), part(words, role(none))]);
}
