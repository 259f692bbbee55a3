//! Closing a card for good: what is lost with it.

use super::sheet::{Sheet, available, clock};
use crate::app::dialog::close::{Close, Focus, phrase};
use crate::app::dialog::form::Form;
use crate::app::dialog::target::CardTail;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::card::{Available, CardState};

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
    remaining_money(&mut sheet, form, portfolio);
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
fn remaining_money(sheet: &mut Sheet, form: &Form<Close>, portfolio: &Portfolio) {
    let key = &form.target.key;
    let card = portfolio.cards.get(key);
    let Some(available) = card.and_then(|card| Available::of(&card.balance)) else {
        sheet.text("Refund", "what is on the card is not known", Role::Caution);
        return;
    };
    let words = available.in_words(|at| clock(at, portfolio));
    if available.money.amount().is_zero() {
        sheet.text("Refund", &format!("none: {words}"), Role::Text);
    } else if available.money.is_negative() {
        sheet.text("Debt", &format!("{words}; closing does not pay that"), Role::Caution);
    } else {
        let provider = &key.provider;
        let back = format!("{words}; {provider} pays it back by its own rules: watch the feed");
        sheet.text("Refund", &back, Role::Caution);
    }
}
