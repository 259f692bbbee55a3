//! The menu of actions, a refusal, the progress of a change, and the question whether to end.

use super::change::{capital, state_role};
use super::sheet::{Sheet, clock, part, plain, wrapped};
use crate::app::dialog::menu::Menu;
use crate::app::dialog::notice::Refusal;
use crate::app::dialog::progress::Progress;
use crate::app::dialog::target::digits;
use crate::app::portfolio::Portfolio;
use crate::domain::operation::{OperationState, Proof};
use crate::domain::text;
use crate::ui::theme::Role;

/// Every action.
pub(super) fn menu(page: &Menu, portfolio: &Portfolio) -> Sheet {
    let mut sheet = Sheet::new("Actions");
    sheet.card(&page.key, portfolio);
    let state = portfolio.cards.get(&page.key).map_or("UNKNOWN", |card| card.state.as_str());
    sheet.value("State", [plain(state)]);
    sheet.blank();
    for (at, item) in page.items(portfolio).iter().enumerate() {
        let chosen = at == page.cursor;
        let mark = if chosen { "> " } else { "  " };
        let words = text::left(&item.words, 24);
        match &item.why_not {
            None => sheet.line([
                part(mark, Role::Focus),
                part(format!("{}  ", item.letter), Role::Key),
                part(words, if chosen { Role::Selection } else { Role::Text }),
            ]),
            Some(why) => {
                for (i, line) in wrapped(why, 32).into_iter().enumerate() {
                    let first = i == 0;
                    let letter =
                        if first { format!("{}  ", item.letter) } else { "   ".to_owned() };
                    let words = if first { format!("{words} - ") } else { " ".repeat(27) };
                    let role = if chosen && first { Role::Selection } else { Role::Muted };
                    sheet.line([
                        part(if first { mark } else { "  " }, Role::Focus),
                        part(letter, Role::Muted),
                        part(words, role),
                        part(line, Role::Muted),
                    ]);
                }
            }
        }
    }
    sheet.footer(
        page.notice.as_deref(),
        &[("Enter", "choose (asks first)"), ("j k", "move"), ("Esc", "do nothing")],
    );
    sheet
}

/// Not possible, and why.
pub(super) fn refusal(page: &Refusal, portfolio: &Portfolio) -> Sheet {
    let mut sheet = Sheet::new(format!("{}: not now", capital(page.action_kind.phrase())));
    sheet.card(&page.key, portfolio);
    sheet.blank();
    sheet.sentence(&format!("{}.", capital(page.why.trim_end_matches('.'))), Role::Text);
    sheet.blank();
    sheet.line([part("Nothing was sent.", Role::Muted)]);
    sheet.footer(None, &[("x", "what is possible"), ("Esc", "close")]);
    sheet
}

/// What becomes of a change.
pub(super) fn progress(page: &Progress, portfolio: &Portfolio) -> Sheet {
    let name = page.operation.as_ref().map_or_else(
        || {
            page.amount.map_or_else(
                || page.action_kind.phrase().to_owned(),
                |amount| format!("{} {amount}", page.action_kind.phrase()),
            )
        },
        crate::domain::operation::Operation::phrase,
    );
    let mut sheet = Sheet::new(format!("{}  op {}", capital(&name), page.id.short()));
    sheet.card(&page.key, portfolio);
    sheet.blank();
    if let Some(why) = &page.refused {
        sheet.value("NOT SENT", [part("nothing was sent, nothing was changed", Role::Caution)]);
        sheet.words("Why", why, Role::Text);
        sheet.footer(page.notice.as_deref(), &[("Enter", "close")]);
        return sheet;
    }
    if page.seen.is_empty() {
        let words = format!(
            "card is read again, intent is saved  {}",
            text::age(portfolio.now, page.since)
        );
        sheet.value("...", [part(words, Role::Muted)]);
    }
    let last = page.seen.len().saturating_sub(1);
    for (i, (state, at)) in page.seen.iter().enumerate() {
        let words = match state {
            OperationState::Sent => "saved, then sent once",
            OperationState::Accepted if page.proof == Some(Proof::AnswerOnly) => {
                "the provider took it and tells no more"
            }
            OperationState::Accepted => "the provider took it; not seen yet",
            OperationState::Done => "its effect was read",
            OperationState::Failed => "it did not happen",
            OperationState::Unknown => "nobody can tell yet; looked for, not resent",
        };
        let waits = i == last && !page.is_settled();
        let age =
            if waits { format!("  {}", text::age(portfolio.now, *at)) } else { String::new() };
        sheet.rows_for_state(
            state.as_str(),
            state_role(*state),
            &clock(*at, portfolio),
            words,
            &age,
        );
    }
    if let Some(detail) = page.operation.as_ref().and_then(|op| op.detail.as_deref()) {
        sheet.words("Known", detail, Role::Text);
    }
    if let Some(proof) = page.proof.filter(|_| !page.is_settled()) {
        sheet.words("Proof", proof.sentence(), Role::Muted);
    }
    let look =
        page.operation.as_ref().is_some_and(|op| op.is_open() && op.state != OperationState::Sent);
    let close = if page.is_settled() { "close" } else { "close (it goes on)" };
    let mut keys = vec![("Enter", close)];
    if look {
        keys.push(("c", "check again (reads only)"));
    }
    sheet.footer(page.notice.as_deref(), &keys);
    sheet
}

/// Whether to end.
pub(super) fn quit(portfolio: &Portfolio) -> Sheet {
    let open: Vec<_> = portfolio.operations.iter().filter(|op| op.is_open()).collect();
    let mut sheet = Sheet::new("Quit");
    if open.is_empty() {
        sheet.line([plain("No change is on its way.")]);
    } else {
        let many = if open.len() == 1 { "change is" } else { "changes are" };
        sheet.line([part(format!("{} {many} not settled:", open.len()), Role::Caution)]);
        sheet.blank();
        for op in open.iter().take(5) {
            sheet.line([
                part(format!(" {}  ", op.id.short()), Role::Heading),
                plain(format!("{}  {}  ", op.phrase(), digits(&op.card, portfolio))),
                part(op.state.as_str(), state_role(op.state)),
            ]);
        }
        if open.len() > 5 {
            sheet.line([part(format!(" and {} more", open.len() - 5), Role::Muted)]);
        }
        sheet.blank();
        sheet.sentence(
            "Each is in the journal. It is looked for at the next start, by reading only; nothing \
             is sent again.",
            Role::Text,
        );
    }
    sheet.footer(None, &[("y", "quit"), ("Esc", "stay")]);
    sheet
}
