//! Top-up: what is typed, and what will be sent.

use super::sheet::{Sheet, available, clock, figures_age, money, part, plain};
use crate::app::cover::Cover;
use crate::app::dialog::confirmation::is_large;
use crate::app::dialog::form::Form;
use crate::app::dialog::target::{CardTail, digits};
use crate::app::dialog::top_up::review::{FeeQuote, ListReading, Review, already_covered};
use crate::app::dialog::top_up::{Focus, TopUp, last_top_up};
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::card::{CardState, Reading};
use crate::domain::money::Money;
use crate::domain::operation::Support;
use crate::domain::text;
use crate::engine::{Payer, Quote};

/// Page 1 or 2.
pub(super) fn sheet(form: &Form<TopUp>, portfolio: &Portfolio) -> Sheet {
    match &form.body.review {
        None => amount_page(form, portfolio),
        Some(review) => review_page(form, review, portfolio),
    }
}

/// What both pages begin with.
fn head(form: &Form<TopUp>, title: &str, portfolio: &Portfolio) -> Sheet {
    let key = &form.target.key;
    let mut sheet = Sheet::new(title);
    sheet.card(key, portfolio);
    let is_old = portfolio.cards.get(key).is_some_and(|card| card.balance.why_stale().is_some());
    sheet.figure_and_right(
        if is_old { "Last known" } else { "Now" },
        vec![plain("available "), available(key, portfolio)],
        figures_age(&form.target, portfolio),
    );
    sheet.news(form, portfolio);
    covers(&mut sheet, form, portfolio);
    if let Some(state) = form.target.shown.state.filter(|state| *state != CardState::Active) {
        sheet.text(
            "NOTE",
            &format!("the card is {}: it cannot spend this now", state.as_str()),
            Role::Caution,
        );
    }
    sheet.override_warning(form.overrides);
    sheet.blank();
    sheet
}

/// The decline that it covers, and which of several that is.
fn covers(sheet: &mut Sheet, form: &Form<TopUp>, portfolio: &Portfolio) {
    let Some(cover) = &form.body.covers else { return };
    let at = cover.decline.merchant.as_deref().map_or_else(String::new, |at| format!(" at {at}"));
    let age = text::age(portfolio.now, cover.decline.at);
    let which = form.body.place(&form.target.key, portfolio);
    let which = which.map_or_else(String::new, |(place, all)| format!("  {place} of {all}"));
    let room = VALUE_COLUMNS.saturating_sub(text::width(&which));
    let decline = format!("{}, declined {age} ago{at}", cover.asked());
    sheet.value("Covers", [plain(text::fit(&decline, room)), part(which, Role::Caution)]);
    if let Some(why) = cover.why_none(portfolio) {
        sheet.text("NOTE", &why, Role::Caution);
    }
    if form.body.review.is_none()
        && let Some(earlier) = already_covered(cover, portfolio)
    {
        sheet.text("COVERED?", &earlier, Role::Danger);
    }
}

fn amount_page(form: &Form<TopUp>, portfolio: &Portfolio) -> Sheet {
    let (key, body) = (&form.target.key, &form.body);
    let mut sheet = head(form, "Top up  (step 1 of 2: amount)", portfolio);
    let capabilities = portfolio.capabilities(&key.provider);
    let currency = portfolio.cards.get(key).and_then(|card| card.currency);
    let code = currency.map_or_else(String::new, |currency| currency.code().to_owned());
    let mut hint = vec![plain(format!(" {code}"))];
    if let (Some(least), Some(currency)) =
        (capabilities.and_then(|capabilities| capabilities.top_up_min), currency)
    {
        let least = Money::new(least, currency).grouped();
        hint.push(part(format!("   from {least}"), Role::Muted));
    }
    sheet.field("Amount", &body.amount, 14, body.focus == Focus::Amount, hint);
    sheet.field("Reason", &body.reason, 46, body.focus == Focus::Reason, Vec::new());
    sheet.blank();
    if capabilities.is_some_and(|capabilities| capabilities.names_payer) {
        sheet.value("Paid by", [part("an account that the next page names", Role::Muted)]);
    } else {
        float(&mut sheet, form, None, portfolio);
    }
    earlier(&mut sheet, form, portfolio);
    let next = if capabilities.is_some_and(|capabilities| capabilities.quote.is_yes()) {
        "ask the fee and check"
    } else {
        "check"
    };
    let keys = [("Enter", next), ("Tab", "next field"), ("Esc", "do nothing")];
    if body.place(key, portfolio).is_some() {
        sheet.keys(&[keys[0], keys[1], ("Up/Down", "other decline"), keys[2]]);
    } else {
        sheet.keys(&keys);
    }
    sheet
}

fn review_page(form: &Form<TopUp>, review: &Review, portfolio: &Portfolio) -> Sheet {
    let key = &form.target.key;
    let mut sheet = head(form, "Top up  (step 2 of 2: check)", portfolio);
    sheet.value("Amount", [part(review.amount.to_string(), Role::Heading)]);
    let reason = form.body.reason.text().trim();
    let reason = if reason.is_empty() {
        part("none given", Role::Muted)
    } else {
        plain(text::fit(reason, 50))
    };
    sheet.value("Reason", [reason]);
    sheet.blank();
    let receives = review.fee.quote().and_then(|quote| quote.receives);
    sheet.value(
        "Card gets",
        [
            amount(receives.unwrap_or(review.amount)),
            part(if receives.is_some() { "  quoted" } else { "" }, Role::Muted),
        ],
    );
    fee(&mut sheet, form, review, portfolio);
    payment(&mut sheet, form, review, portfolio);
    after(&mut sheet, form, receives.unwrap_or(review.amount), portfolio);
    let reference = plain(form.id.reference().to_string());
    sheet.value("Reference", [reference, part("  saved before sending", Role::Muted)]);
    earlier(&mut sheet, form, portfolio);
    list_reading(&mut sheet, review, portfolio);
    warnings(&mut sheet, review);
    let can_pay = review.cannot_pay(key, portfolio).is_none();
    if form.confirmation.asks_text() && can_pay {
        let tail = CardTail::of(key, portfolio);
        sheet.arm_by_tail(&tail, &form.confirmation, true);
    }
    let send = format!("send {} to {}", review.amount, digits(key, portfolio));
    let edit_or_leave = [("e", "edit"), ("Esc", "do nothing")];
    if can_pay {
        sheet.keys(&[("y", send.as_str()), edit_or_leave[0], edit_or_leave[1]]);
    } else {
        sheet.keys(&edit_or_leave);
    }
    sheet
}

/// What it costs, as far as that is known.
fn fee(sheet: &mut Sheet, form: &Form<TopUp>, review: &Review, portfolio: &Portfolio) {
    match &review.fee {
        FeeQuote::Pending(since) => {
            let provider = &form.target.key.provider;
            let asking = format!("asking {provider}, {}", text::age(portfolio.now, *since));
            sheet.value("Fee", [part(asking, Role::Caution)]);
        }
        FeeQuote::NotOffered(why) => {
            sheet.text("Fee", &format!("not told before sending: {why}"), Role::Muted)
        }
        FeeQuote::Failed(why) => sheet.text("Fee", &format!("not known: {why}"), Role::Caution),
        FeeQuote::Known(quote) => {
            let quoted = format!("  quoted {}, for this amount only", clock(quote.at, portfolio));
            let quoted = part(quoted, Role::Muted);
            match quote.fee {
                Some(fee) => sheet.value("Fee", [amount(fee), quoted]),
                None if review.cannot_pay(&form.target.key, portfolio).is_some() => {
                    sheet.value("Fee", [part("not asked", Role::Muted)])
                }
                None => sheet.value("Fee", [part("none was told", Role::Caution), quoted]),
            }
        }
    }
}

/// Whose money it is: a customer's account, or the merchant's float.
fn payment(sheet: &mut Sheet, form: &Form<TopUp>, review: &Review, portfolio: &Portfolio) {
    let quote = review.fee.quote();
    let with_fee = |quote: &Quote| {
        quote.debited.or_else(|| quote.fee.and_then(|fee| review.amount.checked_add(fee).ok()))
    };
    let pays = quote.and_then(with_fee);
    match quote.and_then(|quote| quote.payer.as_ref()) {
        Some(payer) => paid_by(sheet, payer, pays.unwrap_or(review.amount)),
        // Whose money it is is known with the quote.
        None if portfolio
            .capabilities(&form.target.key.provider)
            .is_some_and(|capabilities| capabilities.names_payer) => {}
        None => float(sheet, form, Some((review.amount, pays)), portfolio),
    }
}

/// The card's list, while it cannot be relied on.
fn list_reading(sheet: &mut Sheet, review: &Review, portfolio: &Portfolio) {
    match &review.list {
        ListReading::Pending(since) => {
            let age = text::age(portfolio.now, *since);
            let reading = format!("reading what is in it already, {age}");
            sheet.value("Card's list", [part(reading, Role::Caution)]);
        }
        ListReading::Failed(why) => sheet.text(
            "Card's list",
            &format!("cannot be read, and nothing is sent without it: {why}"),
            Role::Danger,
        ),
        ListReading::Known(_) => {}
    }
}

/// Why it takes the last four digits.
fn warnings(sheet: &mut Sheet, review: &Review) {
    if let Some(repetition) = &review.repetition {
        sheet.text("REPEATS?", repetition, Role::Danger);
    } else if is_large(review.amount) {
        sheet.text("LARGE", "an amount of this size takes the last four", Role::Caution);
    }
}

fn amount(sum: Money) -> (Role, String) {
    // Half a figure is a wrong figure: one that is too wide is not cut here.
    let sum = sum.to_string();
    part(if text::width(&sum) < 14 { text::pad_left(&sum, 14) } else { sum }, Role::Money)
}

/// Columns of a value at 80x24.
const VALUE_COLUMNS: usize = 55;

/// The account that pays, and what is left on it; or why it cannot.
fn paid_by(sheet: &mut Sheet, payer: &Payer, due: Money) {
    match &payer.trouble {
        Some(trouble) => sheet.text("CANNOT PAY", trouble, Role::Danger),
        None => {
            let left = payer.holds.and_then(|holds| holds.checked_sub(due).ok());
            let payer = payer.to_string();
            // Which account it is goes before what is left on it.
            let room = VALUE_COLUMNS.saturating_sub(text::width(&payer));
            let left = left
                .map(|left| format!(" -> {}", left.grouped()))
                .filter(|left| text::width(left) <= room);
            sheet.value("Paid by", [plain(payer), part(left.unwrap_or_default(), Role::Muted)]);
        }
    }
}

/// What the float pays, and what is left of it.
fn float(
    sheet: &mut Sheet,
    form: &Form<TopUp>,
    pays: Option<(Money, Option<Money>)>,
    portfolio: &Portfolio,
) {
    let key = &form.target.key;
    let Some(currency) = portfolio.cards.get(key).and_then(|card| card.currency) else { return };
    let reading = portfolio.accounts.floats.get(&key.provider).unwrap_or(&Reading::Never);
    let of_currency =
        |sums: &Vec<Money>| sums.iter().find(|sum| sum.currency() == currency).copied();
    let label = if pays.is_some() { "Float pays" } else { "Float" };
    let mut parts = Vec::new();
    if let Some((sent, pays)) = pays {
        parts.push(amount(pays.unwrap_or(sent)));
        parts.push(part(if pays.is_some() { "  " } else { " + fee  " }, Role::Muted));
    }
    let Some(before) = reading.value().and_then(of_currency) else {
        let why = match portfolio.capabilities(&key.provider).map(|capabilities| capabilities.float)
        {
            Some(Support::No(why)) => why.to_owned(),
            Some(Support::Yes) | None => format!("no float in {currency} was read"),
        };
        parts.push(part(why, Role::Muted));
        sheet.value(label, parts);
        return;
    };
    let mark = if reading.why_stale().is_some() { "~" } else { "" };
    let age =
        reading.at().map_or_else(String::new, |at| format!(" ({})", text::age(portfolio.now, at)));
    match pays.and_then(|(sent, pays)| before.checked_sub(pays.unwrap_or(sent)).ok()) {
        Some(left) if left.is_negative() => {
            parts.push(part(format!("{mark}{}{age}: TOO LOW", before.grouped()), Role::Danger));
        }
        Some(left) => parts.push(plain(format!(
            "{mark}{} -> {mark}{}{age}",
            before.grouped(),
            left.grouped()
        ))),
        None => parts.push(plain(format!("{mark}{before}{age}"))),
    }
    sheet.value(label, parts);
}

/// What will be available.
fn after(sheet: &mut Sheet, form: &Form<TopUp>, receives: Money, portfolio: &Portfolio) {
    let stale = portfolio
        .cards
        .get(&form.target.key)
        .is_some_and(|card| card.balance.why_stale().is_some());
    let Some(after) = form.target.shown.available.and_then(|now| now.checked_add(receives).ok())
    else {
        sheet.value("Card after", [part("not known", Role::Muted)]);
        return;
    };
    let (role, _) = money(after, stale);
    let mut parts =
        vec![part(text::pad_left(&format!("{}{after}", if stale { "~" } else { "" }), 14), role)];
    if after.is_negative() {
        parts.push(part("  still NEGATIVE", role));
    }
    if let Some(asked) = form.body.covers.as_ref().map(Cover::asked)
        && let Ok(left) = after.checked_sub(asked)
    {
        let asked = asked.grouped();
        let covers = if left.is_negative() {
            format!("  does not cover {asked}: {} missing", left.abs().grouped())
        } else {
            format!("  covers {asked}, leaves {}", left.grouped())
        };
        parts.push(part(covers, if left.is_negative() { Role::Caution } else { Role::Muted }));
    }
    sheet.value("Card after", parts);
}

/// Top-ups before this one.
fn earlier(sheet: &mut Sheet, form: &Form<TopUp>, portfolio: &Portfolio) {
    let last = match last_top_up(&form.target.key, portfolio) {
        None => "no top-up of this card is in the journal".to_owned(),
        Some(op) => {
            let amount =
                op.amount.map_or_else(String::new, |amount| format!("+{} ", amount.grouped()));
            let open = if op.is_open() { "" } else { "none is open. " };
            let state = op.state.as_str();
            format!(
                "{open}Last: {amount}at {} by {}, {state}",
                clock(op.created_at, portfolio),
                op.operator
            )
        }
    };
    sheet.text("Earlier", &last, Role::Muted);
}
