//! The way of a confirmed change.

use super::sheet::{Sheet, capital, clock, part};
use crate::app::dialog::progress::Progress;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::card::Available;
use crate::domain::operation::{ActionKind, Operation, OperationState, Proof};
use crate::domain::text;
use crate::engine::QueuedFreeze;

pub(super) fn sheet(progress: &Progress, portfolio: &Portfolio) -> Sheet {
    let name = capital(&name(progress));
    // An operation is named once it is in the journal.
    let mut sheet = Sheet::new(match &progress.operation {
        Some(operation) => format!("{name}  op {}", operation.id.short()),
        None => name,
    });
    sheet.card(&progress.key, portfolio);
    sheet.blank();
    if let Some(why) = &progress.refusal {
        sheet.value("NOT SENT", [part("nothing was sent, nothing was changed", Role::Caution)]);
        sheet.text("Why", why, Role::Text);
        sheet.keys(&[("Enter", "close")]);
        return sheet;
    }
    let queued = portfolio.accounts.queued.iter().find(|freeze| freeze.id == progress.id);
    if let Some(freeze) = queued {
        waiting(&mut sheet, freeze, portfolio);
        return sheet;
    }
    states(&mut sheet, progress, portfolio);
    if let Some(detail) = progress.operation.as_ref().and_then(|op| op.detail.as_deref()) {
        sheet.text("Known", detail, Role::Text);
    }
    new_balance(&mut sheet, progress, portfolio);
    if let Some(proof) = progress.proof.filter(|_| !progress.is_settled()) {
        sheet.text("Proof", proof.sentence(), Role::Muted);
    }
    let close = if progress.is_settled() { "close" } else { "close (it goes on)" };
    let mut keys = vec![("Enter", close)];
    if progress.can_look() {
        keys.push(("c", "check again (reads only)"));
    }
    sheet.keys(&keys);
    sheet
}

/// A freeze that waits for its provider.
fn waiting(sheet: &mut Sheet, freeze: &QueuedFreeze, portfolio: &Portfolio) {
    let (at, left) = (clock(freeze.queued_at, portfolio), portfolio.time_left(freeze));
    sheet.value("QUEUED", [part(format!("{at}  {left} left"), Role::Caution)]);
    let provider = &freeze.card.provider;
    sheet.text(
        "Then",
        &format!(
            "sent when {provider} answers, after a look at the card of at most 2 s; dropped when \
             the time is over or cardtop ends. Nothing was sent yet, nothing is in the journal"
        ),
        Role::Text,
    );
    sheet.keys(&[("X", "cancel it"), ("Enter", "close (it goes on waiting)")]);
}

/// What is on the card after a top-up that is done, once it was read again.
fn new_balance(sheet: &mut Sheet, progress: &Progress, portfolio: &Portfolio) {
    let done =
        |op: &&Operation| op.state == OperationState::Done && op.action_kind == ActionKind::TopUp;
    let Some(operation) = progress.operation.as_ref().filter(done) else { return };
    let balance = portfolio.cards.get(&progress.key).map(|card| card.balance);
    let amount = operation.amount.map_or_else(String::new, |amount| format!("+{amount}: "));
    let read = balance.and_then(|balance| Some((Available::of(&balance)?, balance.at()?)));
    match read.filter(|(it, at)| it.last_known.is_some() || *at >= operation.updated_at) {
        Some((available, at)) => {
            let words = available.in_words(|at| clock(at, portfolio));
            let age = text::age(portfolio.now, at);
            let role = if available.last_known.is_some() { Role::Stale } else { Role::Money };
            sheet.text("Balance", &format!("{amount}{words} (read {age} ago)"), role);
        }
        None => sheet.text("Balance", &format!("{amount}the card is being read"), Role::Muted),
    }
}

/// `top up 30.00 USD`.
fn name(progress: &Progress) -> String {
    let action = progress.action_kind.phrase();
    match (&progress.operation, progress.amount) {
        (Some(operation), _) => Operation::phrase(operation),
        (None, Some(amount)) => format!("{action} {amount}"),
        (None, None) => action.to_owned(),
    }
}

/// The states it went through; the age of the last one, while more is expected.
fn states(sheet: &mut Sheet, progress: &Progress, portfolio: &Portfolio) {
    if progress.states.is_empty() {
        let age = text::age(portfolio.now, progress.confirmed_at);
        let saving = format!("card is read again, intent is saved  {age}");
        sheet.value("...", [part(saving, Role::Muted)]);
    }
    let last = progress.states.len().saturating_sub(1);
    for (index, (state, at)) in progress.states.iter().enumerate() {
        let waits = index == last && !progress.is_settled();
        let age =
            if waits { format!("  {}", text::age(portfolio.now, *at)) } else { String::new() };
        sheet.operation_state(*state, &clock(*at, portfolio), meaning(*state, progress), &age);
    }
}

fn meaning(state: OperationState, progress: &Progress) -> &'static str {
    match state {
        OperationState::Sent => "saved, then sent once",
        OperationState::Accepted if progress.proof == Some(Proof::AnswerOnly) => {
            "the provider took it and tells no more"
        }
        OperationState::Accepted => "the provider took it; not seen yet",
        OperationState::Done => "its effect was read",
        OperationState::Failed => "it did not happen",
        OperationState::Unknown => "nobody can tell yet; looked for, not resent",
    }
}
