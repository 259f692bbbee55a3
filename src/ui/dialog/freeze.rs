//! Freeze and unfreeze: what stops or starts, and why.

use super::sheet::{Sheet, available, part, plain};
use crate::app::dialog::form::Form;
use crate::app::dialog::freeze::{Direction, Focus, Freeze};
use crate::app::dialog::target::{CardTail, digits};
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::card::{CardKey, CardState};
use crate::domain::money::Money;
use crate::domain::operation::ActionKind;
use crate::domain::transaction::Transaction;

pub(super) fn sheet(form: &Form<Freeze>, portfolio: &Portfolio) -> Sheet {
    let key = &form.target.key;
    let (title, action_kind, leads_to) = match form.body.direction {
        Direction::Freeze => ("Freeze card", ActionKind::Freeze, CardState::Frozen),
        Direction::Unfreeze => ("Unfreeze card", ActionKind::Unfreeze, CardState::Active),
    };
    let mut sheet = Sheet::new(title);
    sheet.card(key, portfolio);
    sheet.state_change(&form.target, leads_to, portfolio);
    if form.body.direction == Direction::Unfreeze {
        sheet.value("Available", [available(key, portfolio)]);
    }
    sheet.news(form, portfolio);
    let waits = form.waits_for(portfolio);
    if let Some(down) = &waits {
        let text =
            format!("{}: the freeze will wait for its answer, for at most 5 min", down.since());
        sheet.text("WAITS", &text, Role::Caution);
    }
    sheet.override_warning(form.overrides);
    sheet.blank();
    effect(&mut sheet, form, portfolio);
    sheet.blank();
    reason(&mut sheet, &form.body);
    if form.confirmation.asks_text() {
        sheet.blank();
        let tail = CardTail::of(key, portfolio);
        sheet.arm_by_tail(&tail, &form.confirmation, form.body.focus == Focus::Confirmation);
    }
    let queue = if waits.is_some() { "queue the " } else { "" };
    let of = if waits.is_some() { " of" } else { "" };
    let confirms = format!("{queue}{}{of} {}", action_kind.phrase(), digits(key, portfolio));
    let next = match form.body.focus {
        Focus::OwnReason => ("Enter", "reason is written"),
        Focus::Confirmation if form.confirmation.asks_text() => ("Up", "reason"),
        Focus::Confirmation | Focus::Reasons => ("1-5", "reason"),
    };
    sheet.keys(&[("y", &confirms), next, ("Esc", "do nothing")]);
    sheet
}

/// What it stops or starts.
fn effect(sheet: &mut Sheet, form: &Form<Freeze>, portfolio: &Portfolio) {
    match form.body.direction {
        Direction::Freeze => {
            sheet.value("Stops", [plain("new purchases, ATM, online")]);
            let holds = holds(&form.target.key, portfolio);
            sheet.text(
                "Does not",
                &format!(
                    "stop: {holds}refunds, forced posts, some subscriptions already agreed with \
                     the shop"
                ),
                Role::Text,
            );
        }
        Direction::Unfreeze => sheet.text(
            "Starts",
            "new purchases, ATM, online: the card can be spent with again at once",
            Role::Text,
        ),
    }
}

/// The five reasons, and the one that was chosen or written.
fn reason(sheet: &mut Sheet, body: &Freeze) {
    let reasons = body.reasons();
    let last = reasons.len() - 1;
    let mut parts = Vec::new();
    for (index, reason) in reasons.iter().enumerate() {
        parts.push(part(format!("{} ", index + 1), Role::Key));
        parts.push(plain(format!("{reason}{}", if index < last { "  " } else { "" })));
    }
    sheet.value("Reason", parts);
    match body.chosen {
        Some(_) if body.writes_own_reason() => {
            let focused = body.focus == Focus::OwnReason;
            sheet.field("", &body.own_reason, 46, focused, Vec::new());
        }
        Some(chosen) => {
            let reason = reasons.get(chosen).copied().unwrap_or("");
            sheet.value("", [part(format!("> {} {reason}", chosen + 1), Role::Focus)]);
        }
        None => sheet.value("", [part("> none chosen yet", Role::Muted)]),
    }
}

/// `2 open holds (38.00 USD), `, as far as the known transactions and the balance say.
fn holds(key: &CardKey, portfolio: &Portfolio) -> String {
    let open = portfolio.holds_of(key);
    // Before all is loaded nobody can tell how many there are.
    if open.is_empty() || !portfolio.is_history_loaded() {
        let balance = portfolio.cards.get(key).map(|card| card.balance);
        let is_old = balance.as_ref().is_some_and(|balance| balance.why_stale().is_some());
        let old = if is_old { ", last known" } else { "" };
        return match balance.as_ref().and_then(|balance| balance.value()?.pending) {
            Some(pending) if !pending.amount().is_zero() => {
                format!("open holds ({pending}{old}), ")
            }
            Some(_) | None => "holds that are open already, ".to_owned(),
        };
    }
    let count = open.len();
    let holds = if count == 1 { "hold" } else { "holds" };
    match sum(&open) {
        Some(sum) => format!("{count} open {holds} ({sum}), "),
        None => format!("{count} open {holds}, "),
    }
}

/// `None` when their currencies differ.
fn sum(rows: &[Transaction]) -> Option<Money> {
    let (first, rest) = rows.split_first()?;
    rest.iter().try_fold(first.amount, |sum, row| sum.checked_add(row.amount).ok())
}
