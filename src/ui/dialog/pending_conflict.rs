//! A change that waits for an earlier one: which, how far it got, and what can be done.

use super::sheet::{Sheet, capital, clock, part, plain, state_role, wrapped};
use crate::app::dialog::pending_conflict::{PendingConflict, phrase};
use crate::app::dialog::target::CardTail;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::operation::{ActionKind, Operation, TopUpSafety};
use crate::domain::text;

pub(super) fn sheet(conflict: &PendingConflict, portfolio: &Portfolio) -> Sheet {
    let operation = &conflict.operation;
    let name = capital(conflict.action_kind.phrase());
    let mut sheet = Sheet::new(format!("{name} blocked: earlier one not settled"));
    sheet.card(&conflict.key, portfolio);
    sheet.blank();
    let earlier = format!("The earlier {} of this card ", noun(operation.action_kind));
    let state = part(operation.state.as_str(), state_role(operation.state));
    if operation.is_open() {
        let not_sent = part("NOT SENT. ", Role::Heading);
        sheet.line([not_sent, plain(earlier), plain("is still "), state, plain(":")]);
    } else {
        sheet.line([plain(earlier), plain("is settled now: "), state]);
    }
    sheet.blank();
    what_is_known(&mut sheet, operation, portfolio);
    if operation.is_open() {
        lookups(&mut sheet, operation, portfolio);
        sheet.blank();
        choices(&mut sheet, conflict);
        sheet.blank();
        override_field(&mut sheet, conflict, portfolio);
    } else {
        sheet.keys(&[("Enter", "go on with what you wanted"), ("Esc", "do nothing")]);
    }
    sheet
}

fn what_is_known(sheet: &mut Sheet, operation: &Operation, portfolio: &Portfolio) {
    let age = text::age(portfolio.now, operation.created_at);
    sheet.line([
        part(format!(" op {}   ", operation.id.short()), Role::Heading),
        plain(format!(
            "{}   asked {} by {} ({age} ago)",
            operation.phrase(),
            clock(operation.created_at, portfolio),
            operation.operator
        )),
    ]);
    if let Some(detail) = &operation.detail {
        for line in wrapped(detail, 58) {
            sheet.line([plain(format!(" {line}"))]);
        }
    }
}

/// How often it was looked up, and what that can find.
fn lookups(sheet: &mut Sheet, operation: &Operation, portfolio: &Portfolio) {
    let lookups = match operation.looks {
        0 => "Not looked for yet.".to_owned(),
        1 => "Looked for once.".to_owned(),
        n => format!("Looked for {n} times."),
    };
    let capabilities = portfolio.capabilities(&operation.card.provider);
    let safety = match capabilities
        .map(|capabilities| capabilities.class)
        .filter(|_| operation.action_kind == ActionKind::TopUp)
    {
        Some(TopUpSafety::Key) => "It was sent with a key against repetition.",
        Some(TopUpSafety::Reference) => "It can be looked up by its reference.",
        Some(TopUpSafety::Neither) => "This provider takes no key against repetition.",
        None => "",
    };
    sheet.paragraph(&format!("{lookups} {safety}"), Role::Text);
    sheet.line([part("Not found is not proof that it failed.", Role::Caution)]);
}

fn choices(sheet: &mut Sheet, conflict: &PendingConflict) {
    sheet.line([part("  c  ", Role::Key), plain("check again now (reads only)")]);
    sheet.line([part("  o  ", Role::Key), plain("leave it to the activity view (key 3)")]);
    sheet.line([
        part("  k  ", Role::Key),
        plain(format!("copy a question for {} support (no card number)", conflict.key.provider)),
    ]);
}

/// Where the phrase is typed that sends it all the same.
fn override_field(sheet: &mut Sheet, conflict: &PendingConflict, portfolio: &Portfolio) {
    if conflict.can_override() {
        let tail = CardTail::of(&conflict.key, portfolio);
        let phrase = phrase(&tail);
        let label = format!("To send anyway: type {phrase}");
        sheet.arm(&label, &phrase, &conflict.confirmation, true);
        sheet.tail_source(&tail);
        sheet.keys(&[("Enter", "go on (after the phrase)"), ("Esc", "do nothing")]);
    } else {
        sheet.line([part("It is on its way right now: wait for its answer.", Role::Muted)]);
        sheet.keys(&[("Esc", "do nothing")]);
    }
}

const fn noun(action_kind: ActionKind) -> &'static str {
    match action_kind {
        ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::TopUp => action_kind.phrase(),
        ActionKind::SetPin => "PIN change",
        ActionKind::Close => "closing",
    }
}
