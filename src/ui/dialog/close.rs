//! Closing a card for good: what is lost with it.

use super::sheet::{Sheet, available, plain};
use crate::app::dialog::close::{Close, Focus, phrase};
use crate::app::dialog::form::Form;
use crate::app::dialog::target::CardTail;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::card::CardState;

pub(super) fn sheet(form: &Form<Close>, portfolio: &Portfolio) -> Sheet {
    let key = &form.target.key;
    let mut sheet = Sheet::new("Close card for good");
    sheet.card(key, portfolio);
    sheet.state_change(&form.target, CardState::Closed, portfolio);
    sheet.value("Available", [available(key, portfolio)]);
    sheet.news(form, portfolio);
    sheet.override_warning(form.overrides);
    sheet.blank();
    sheet.paragraph(
        "This cannot be undone. The number stops working for ever; refunds to it may be lost.",
        Role::Danger,
    );
    remaining_money(&mut sheet, form);
    sheet.blank();
    sheet.field("Reason", &form.body.reason, 46, form.body.focus == Focus::Reason, Vec::new());
    sheet.blank();
    let tail = CardTail::of(key, portfolio);
    let phrase = phrase(&tail);
    let focused = form.body.focus == Focus::Confirmation;
    sheet.arm(&format!("Type {phrase} to arm:"), &phrase, &form.confirmation, focused);
    sheet.tail_source(&tail);
    sheet.keys(&[("Enter", "close it (after arming)"), ("Tab", "reason"), ("Esc", "do nothing")]);
    sheet
}

/// What becomes of the money on the card.
fn remaining_money(sheet: &mut Sheet, form: &Form<Close>) {
    match form.target.shown.available {
        None => sheet.text("Refund", "what is on the card is not known", Role::Caution),
        Some(money) if money.amount().is_zero() => {
            sheet.value("Refund", [plain("nothing is on it")]);
        }
        Some(money) if money.is_negative() => sheet.text(
            "Debt",
            &format!("{} is owed on it; closing does not pay that", money.abs()),
            Role::Caution,
        ),
        Some(money) => sheet.text(
            "Refund",
            &format!(
                "{money} is still on it. {} pays it back by its own rules: watch the feed for it",
                form.target.key.provider
            ),
            Role::Caution,
        ),
    }
}
