//! Freeze, unfreeze, close, and what stands in the way of them.

use super::sheet::{Sheet, available, clock, part, plain, read_words};
use crate::app::dialog::close::{self, Close};
use crate::app::dialog::freeze::{Focus, FreezeForm};
use crate::app::dialog::menu::leads_to;
use crate::app::dialog::pending_conflict::{self, PendingConflict};
use crate::app::dialog::target::{Target, arming, digits};
use crate::app::portfolio::Portfolio;
use crate::domain::card::{CardKey, CardState};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, OperationState, TopUpSafety};
use crate::domain::text;
use crate::domain::transaction::TransactionState;
use crate::ui::theme::Role;

/// Freeze or unfreeze.
pub(super) fn freeze(page: &FreezeForm, portfolio: &Portfolio) -> Sheet {
    let key = &page.target.key;
    let freeze = page.action_kind == ActionKind::Freeze;
    let mut sheet = Sheet::new(if freeze { "Freeze card" } else { "Unfreeze card" });
    sheet.card(key, portfolio);
    state(&mut sheet, &page.target, page.action_kind, portfolio);
    if !freeze {
        sheet.value("Available", [available(key, portfolio)]);
    }
    sheet.changes(&page.target);
    second(&mut sheet, page.second.is_some());
    sheet.blank();
    if freeze {
        sheet.value("Stops", [plain("new purchases, ATM, online")]);
        let holds = holds(key, portfolio);
        sheet.words(
            "Does not",
            &format!(
                "stop: {holds}refunds, forced posts, some subscriptions already agreed with the \
                 shop"
            ),
            Role::Text,
        );
    } else {
        sheet.words(
            "Starts",
            "new purchases, ATM, online: the card can be spent with again at once",
            Role::Text,
        );
    }
    sheet.blank();
    let mut reasons = Vec::new();
    for (i, reason) in page.reasons().iter().enumerate() {
        reasons.push(part(format!("{} ", i + 1), Role::Key));
        reasons.push(plain(format!("{reason}{}", if i < 4 { "  " } else { "" })));
    }
    sheet.value("Reason", reasons);
    match (page.reason, page.focus) {
        (Some(4), focus) => {
            sheet.field("", &page.words, 46, focus == Focus::Words, Vec::new());
        }
        (Some(chosen), _) => {
            let words = page.reasons().get(chosen).copied().unwrap_or("");
            sheet.value("", [part(format!("> {} {words}", chosen + 1), Role::Focus)]);
        }
        (None, _) => sheet.value("", [part("> none chosen yet", Role::Muted)]),
    }
    let arming = arming(key, portfolio);
    if page.gate.asks_text() {
        sheet.blank();
        let label = if arming.of_id {
            "Type the end of the card's id to arm:"
        } else {
            "Type the last 4 of the card to arm:"
        };
        sheet.arm(
            label,
            &arming,
            &page.gate.typed,
            &arming.text,
            page.focus == Focus::Confirmation,
        );
    }
    let what = format!("{} {}", page.action_kind.phrase(), digits(key, portfolio));
    let next = match page.focus {
        Focus::Words => ("Enter", "reason is written"),
        Focus::Confirmation if page.gate.asks_text() => ("Up", "reason"),
        Focus::Confirmation | Focus::Reasons => ("1-5", "reason"),
    };
    sheet.footer(page.notice.as_deref(), &[("y", &what), next, ("Esc", "do nothing")]);
    sheet
}

/// `ACTIVE -> FROZEN`, and when that was read.
fn state(sheet: &mut Sheet, target: &Target, action_kind: ActionKind, portfolio: &Portfolio) {
    let now = portfolio.cards.get(&target.key).map_or(CardState::Unknown, |card| card.state);
    let mut words = vec![plain(now.as_str())];
    if let Some(then) = leads_to(action_kind) {
        words.push(part(" -> ", Role::Muted));
        words.push(part(then.as_str(), Role::Heading));
    }
    sheet.ends("State", words, vec![read_words(target, portfolio)]);
}

/// That an unsettled earlier one is passed over.
pub(super) fn second(sheet: &mut Sheet, passes: bool) {
    if passes {
        sheet.words(
            "SECOND",
            "sent although an earlier one is not settled: it may happen twice",
            Role::Danger,
        );
    }
}

/// `2 open holds (38.00 USD), `, as far as the known transactions and the balance say.
fn holds(key: &CardKey, portfolio: &Portfolio) -> String {
    let open: Vec<_> =
        portfolio.transactions_of(key).filter(|row| row.state == TransactionState::Hold).collect();
    if open.is_empty() {
        return match portfolio
            .cards
            .get(key)
            .and_then(|card| card.balance.value())
            .and_then(|balance| balance.pending)
        {
            Some(pending) if !pending.amount().is_zero() => format!("open holds ({pending}), "),
            Some(_) | None => "holds that are open already, ".to_owned(),
        };
    }
    let sum = open
        .iter()
        .skip(1)
        .try_fold(open.first().map(|row| row.amount), |sum: Option<Money>, row| {
            sum.map_or(Ok(None), |sum| sum.checked_add(row.amount).map(Some))
        });
    let holds = if open.len() == 1 { "hold" } else { "holds" };
    match sum {
        Ok(Some(sum)) => format!("{} open {holds} ({sum}), ", open.len()),
        Ok(None) | Err(_) => format!("{} open {holds}, ", open.len()),
    }
}

/// Close for good.
pub(super) fn close(page: &Close, portfolio: &Portfolio) -> Sheet {
    let key = &page.target.key;
    let mut sheet = Sheet::new("Close card for good");
    sheet.card(key, portfolio);
    state(&mut sheet, &page.target, ActionKind::Close, portfolio);
    sheet.value("Available", [available(key, portfolio)]);
    sheet.changes(&page.target);
    second(&mut sheet, page.second.is_some());
    sheet.blank();
    sheet.sentence(
        "This cannot be undone. The number stops working for ever; refunds to it may be lost.",
        Role::Danger,
    );
    let money = page.target.shown.available.filter(|money| !money.amount().is_zero());
    match money {
        Some(money) if money.is_negative() => {
            sheet.words(
                "Debt",
                &format!("{} is owed on it; closing does not pay that", money.abs()),
                Role::Caution,
            );
        }
        Some(money) => {
            let words = format!(
                "{money} is still on it. {} pays it back by its own rules: watch the feed for it",
                key.provider
            );
            sheet.words("Refund", &words, Role::Caution);
        }
        None if page.target.shown.available.is_none() => {
            sheet.words("Refund", "what is on the card is not known", Role::Caution);
        }
        None => sheet.value("Refund", [plain("nothing is on it")]),
    }
    sheet.blank();
    sheet.field("Reason", &page.reason, 46, page.on_reason, Vec::new());
    sheet.blank();
    let arming = arming(key, portfolio);
    let phrase = close::phrase(&arming);
    sheet.arm(
        &format!("Type {phrase} to arm:"),
        &arming,
        &page.gate.typed,
        &phrase,
        !page.on_reason,
    );
    sheet.footer(
        page.notice.as_deref(),
        &[("Enter", "close it (after arming)"), ("Tab", "reason"), ("Esc", "do nothing")],
    );
    sheet
}

/// An earlier one is not settled.
pub(super) fn pending_conflict(page: &PendingConflict, portfolio: &Portfolio) -> Sheet {
    let op = &page.operation;
    let name = capital(page.action_kind.phrase());
    let mut sheet = Sheet::new(format!("{name} blocked: earlier one not settled"));
    sheet.card(&page.key, portfolio);
    sheet.blank();
    let state = (op.state.as_str(), state_role(op.state));
    let before = format!("The earlier {} of this card ", noun(op.action_kind));
    if op.is_open() {
        sheet.line([
            part("NOT SENT. ", Role::Heading),
            plain(before),
            plain("is still "),
            part(state.0, state.1),
            plain(":"),
        ]);
    } else {
        sheet.line([plain(before), plain("is settled now: "), part(state.0, state.1)]);
    }
    sheet.blank();
    let age = text::age(portfolio.now, op.created_at);
    sheet.line([
        part(format!(" op {}   ", op.id.short()), Role::Heading),
        plain(format!(
            "{}   asked {} by {} ({age} ago)",
            op.phrase(),
            clock(op.created_at, portfolio),
            op.operator
        )),
    ]);
    if let Some(detail) = &op.detail {
        for line in super::sheet::wrapped(detail, 58) {
            sheet.line([plain(format!(" {line}"))]);
        }
    }
    if op.is_open() {
        let looks = match op.looks {
            0 => "Not looked for yet.".to_owned(),
            1 => "Looked for once.".to_owned(),
            n => format!("Looked for {n} times."),
        };
        let class = match portfolio
            .capabilities(&page.key.provider)
            .map(|capabilities| capabilities.class)
            .filter(|_| op.action_kind == ActionKind::TopUp)
        {
            Some(TopUpSafety::Key) => "It was sent with a key against repetition.",
            Some(TopUpSafety::Reference) => "It can be looked up by its reference.",
            Some(TopUpSafety::Neither) => "This provider takes no key against repetition.",
            None => "",
        };
        sheet.sentence(&format!("{looks} {class}"), Role::Text);
        sheet.line([part("Not found is not proof that it failed.", Role::Caution)]);
        sheet.blank();
        sheet.line([part("  c  ", Role::Key), plain("check again now (reads only)")]);
        sheet.line([part("  o  ", Role::Key), plain("leave it to the activity view (key 3)")]);
        sheet.line([
            part("  k  ", Role::Key),
            plain(format!("copy a question for {} support (no card number)", page.key.provider)),
        ]);
        sheet.blank();
        let arming = arming(&page.key, portfolio);
        let phrase = pending_conflict::phrase(&arming);
        if page.may_pass() {
            sheet.arm(
                &format!("To send anyway: type {phrase}"),
                &arming,
                &page.gate.typed,
                &phrase,
                true,
            );
            sheet.footer(
                page.notice.as_deref(),
                &[("Enter", "go on (after the phrase)"), ("Esc", "do nothing")],
            );
        } else {
            sheet.line([part("It is on its way right now: wait for its answer.", Role::Muted)]);
            sheet.footer(page.notice.as_deref(), &[("Esc", "do nothing")]);
        }
    } else {
        sheet.footer(
            page.notice.as_deref(),
            &[("Enter", "go on with what you wanted"), ("Esc", "do nothing")],
        );
    }
    sheet
}

const fn noun(action_kind: ActionKind) -> &'static str {
    match action_kind {
        ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::TopUp => action_kind.phrase(),
        ActionKind::SetPin => "PIN change",
        ActionKind::Close => "closing",
    }
}

/// How an operation's state is drawn.
pub(super) const fn state_role(state: OperationState) -> Role {
    match state {
        OperationState::Sent | OperationState::Accepted => Role::Focus,
        OperationState::Done => Role::Good,
        OperationState::Failed => Role::Danger,
        OperationState::Unknown => Role::Caution,
    }
}

/// The words with a large first letter.
pub(super) fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
