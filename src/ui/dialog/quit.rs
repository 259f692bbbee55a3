//! Whether to end cardtop: what is not settled.

use super::sheet::{Sheet, part, plain, state_role};
use crate::app::dialog::quit::Quit;
use crate::app::dialog::target::digits;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;

/// Most operations that are named.
const LISTED: usize = 5;

pub(super) fn sheet(_quit: &Quit, portfolio: &Portfolio) -> Sheet {
    let open: Vec<_> = portfolio.operations.open().collect();
    let mut sheet = Sheet::new("Quit");
    let queued = &portfolio.accounts.queued;
    for freeze in queued.iter().take(LISTED) {
        let (left, provider) = (portfolio.time_left(freeze), &freeze.card.provider);
        let digits = digits(&freeze.card, portfolio);
        let text = format!("freeze of {digits} is queued for {provider}, {left} left");
        sheet.line([part(text, Role::Caution)]);
    }
    if let Some(more) = more_than_listed(queued.len()) {
        sheet.line([part(more, Role::Caution)]);
    }
    if !queued.is_empty() {
        let text = match queued.len() {
            1 => "Quitting drops it: nothing of it was sent, nothing will be.",
            _ => "Quitting drops them: nothing of them was sent, nothing will be.",
        };
        sheet.paragraph(text, Role::Text);
        sheet.blank();
    }
    if open.is_empty() && !queued.is_empty() {
        sheet.line([plain("Nothing else is on its way.")]);
    } else if open.is_empty() {
        sheet.line([plain("No change is on its way.")]);
    } else {
        let changes = if open.len() == 1 { "change is" } else { "changes are" };
        let count = format!("{} {changes} not settled:", open.len());
        sheet.line([part(count, Role::Caution)]);
        sheet.blank();
        for op in open.iter().take(LISTED) {
            sheet.line([
                part(format!(" {}  ", op.id.short()), Role::Heading),
                plain(format!("{}  {}  ", op.phrase(), digits(&op.card, portfolio))),
                part(op.state.as_str(), state_role(op.state)),
            ]);
        }
        if let Some(more) = more_than_listed(open.len()) {
            sheet.line([part(more, Role::Muted)]);
        }
        sheet.blank();
        sheet.paragraph(
            "Each is in the journal. It is looked for at the next start, by reading only; nothing \
             is sent again.",
            Role::Text,
        );
    }
    sheet.keys(&[("y", "quit"), ("Esc", "stay")]);
    sheet
}

/// How many are not named, where there are more than are.
fn more_than_listed(all: usize) -> Option<String> {
    all.checked_sub(LISTED).filter(|more| *more > 0).map(|more| format!(" and {more} more"))
}
