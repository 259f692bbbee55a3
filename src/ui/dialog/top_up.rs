//! Top-up: what is typed, and what will be sent.

use super::change::second;
use super::sheet::{Sheet, available, clock, money, part, plain, read_words};
use crate::app::dialog::confirmation::is_large;
use crate::app::dialog::target::{arming, digits};
use crate::app::dialog::top_up::{Check, Listed, Quoted, TopUp, last_top_up};
use crate::app::portfolio::Portfolio;
use crate::domain::card::{CardState, Reading};
use crate::domain::money::Money;
use crate::domain::operation::Support;
use crate::domain::text;
use crate::engine::Payer;
use crate::ui::theme::Role;

/// Page 1 or 2.
pub(super) fn view(page: &TopUp, portfolio: &Portfolio) -> Sheet {
    match &page.check {
        None => form(page, portfolio),
        Some(check) => checked(page, check, portfolio),
    }
}

fn head(page: &TopUp, title: &str, portfolio: &Portfolio) -> Sheet {
    let key = &page.target.key;
    let mut sheet = Sheet::new(title);
    sheet.card(key, portfolio);
    sheet.figure_ends(
        "Now",
        vec![plain("available "), available(key, portfolio)],
        read_words(&page.target, portfolio),
    );
    sheet.changes(&page.target);
    if let Some(state) = page.target.shown.state.filter(|state| *state != CardState::Active) {
        sheet.words(
            "NOTE",
            &format!("the card is {}: it cannot spend this now", state.as_str()),
            Role::Caution,
        );
    }
    second(&mut sheet, page.second.is_some());
    sheet.blank();
    sheet
}

fn form(page: &TopUp, portfolio: &Portfolio) -> Sheet {
    let key = &page.target.key;
    let mut sheet = head(page, "Top up  (step 1 of 2: amount)", portfolio);
    let capabilities = portfolio.capabilities(&key.provider);
    let currency = portfolio.cards.get(key).and_then(|card| card.currency);
    let mut behind = vec![plain(format!(
        " {}",
        currency.map_or_else(String::new, |currency| currency.code().to_owned())
    ))];
    if let (Some(least), Some(currency)) =
        (capabilities.and_then(|capabilities| capabilities.top_up_min), currency)
    {
        behind
            .push(part(format!("   from {}", Money::new(least, currency).grouped()), Role::Muted));
    }
    sheet.field("Amount", &page.amount, 14, !page.on_reason, behind);
    sheet.field("Reason", &page.reason, 46, page.on_reason, Vec::new());
    sheet.blank();
    if capabilities.is_some_and(|capabilities| capabilities.names_payer) {
        sheet.value("Paid by", [part("an account that the next page names", Role::Muted)]);
    } else {
        float(&mut sheet, page, None, portfolio);
    }
    earlier(&mut sheet, page, portfolio);
    let next = if capabilities.is_some_and(|capabilities| capabilities.quote.is_yes()) {
        "ask the fee and check"
    } else {
        "check"
    };
    sheet.footer(
        page.notice.as_deref(),
        &[("Enter", next), ("Tab", "next field"), ("Esc", "do nothing")],
    );
    sheet
}

fn checked(page: &TopUp, check: &Check, portfolio: &Portfolio) -> Sheet {
    let key = &page.target.key;
    let mut sheet = head(page, "Top up  (step 2 of 2: check)", portfolio);
    sheet.value("Amount", [part(check.amount.to_string(), Role::Heading)]);
    let reason = page.reason.text().trim();
    let reason = if reason.is_empty() {
        part("none given", Role::Muted)
    } else {
        plain(text::fit(reason, 50))
    };
    sheet.value("Reason", [reason]);
    sheet.blank();
    let quote = match &check.quoted {
        Quoted::Known(quote) => Some(quote),
        Quoted::NotOffered(_) | Quoted::Asked(_) | Quoted::Failed(_) => None,
    };
    let receives = quote.and_then(|quote| quote.receives);
    sheet.value(
        "Card gets",
        [
            amount(receives.unwrap_or(check.amount)),
            part(if receives.is_some() { "  quoted" } else { "" }, Role::Muted),
        ],
    );
    match &check.quoted {
        Quoted::Asked(since) => {
            let words = format!("asking {}, {}", key.provider, text::age(portfolio.now, *since));
            sheet.value("Fee", [part(words, Role::Caution)]);
        }
        Quoted::NotOffered(why) => {
            sheet.words("Fee", &format!("not told before sending: {why}"), Role::Muted)
        }
        Quoted::Failed(why) => sheet.words("Fee", &format!("not known: {why}"), Role::Caution),
        Quoted::Known(quote) => {
            let behind = format!("  quoted {}, for this amount only", clock(quote.at, portfolio));
            match quote.fee {
                Some(fee) => sheet.value("Fee", [amount(fee), part(behind, Role::Muted)]),
                None if check.cannot_pay().is_some() => {
                    sheet.value("Fee", [part("not asked", Role::Muted)])
                }
                None => sheet.value(
                    "Fee",
                    [part("none was told", Role::Caution), part(behind, Role::Muted)],
                ),
            }
        }
    }
    let pays = quote.and_then(|quote| {
        quote.debited.or_else(|| quote.fee.and_then(|fee| check.amount.checked_add(fee).ok()))
    });
    match quote.and_then(|quote| quote.payer.as_ref()) {
        Some(payer) => paid_by(&mut sheet, payer, pays.unwrap_or(check.amount)),
        // Whose money it is is known with the quote.
        None if portfolio
            .capabilities(&key.provider)
            .is_some_and(|capabilities| capabilities.names_payer) => {}
        None => float(&mut sheet, page, Some((check.amount, pays)), portfolio),
    }
    after(&mut sheet, page, receives.unwrap_or(check.amount), portfolio);
    sheet.value(
        "Reference",
        [plain(page.id.reference().to_string()), part("  saved before sending", Role::Muted)],
    );
    earlier(&mut sheet, page, portfolio);
    let arming = arming(key, portfolio);
    match &check.listed {
        Listed::Asked(since) => {
            let words =
                format!("reading what is in it already, {}", text::age(portfolio.now, *since));
            sheet.value("Card's list", [part(words, Role::Caution)]);
        }
        Listed::Failed(why) => {
            sheet.words(
                "Card's list",
                &format!("cannot be read, and nothing is sent without it: {why}"),
                Role::Danger,
            );
        }
        Listed::Known(_) => {}
    }
    if let Some(repeats) = &check.repeats {
        sheet.words("REPEATS?", repeats, Role::Danger);
    } else if is_large(check.amount) {
        sheet.words("LARGE", "an amount of this size takes the last four", Role::Caution);
    }
    if check.gate.asks_text() && check.cannot_pay().is_none() {
        let label = if arming.of_id {
            "Type the end of the card's id to arm:"
        } else {
            "Type the last 4 of the card to arm:"
        };
        sheet.arm(label, &arming, &check.gate.typed, &arming.text, true);
    }
    let send = format!("send {} to {}", check.amount, digits(key, portfolio));
    let unpaid = check.cannot_pay().is_some();
    let keys = [("y", send.as_str()), ("e", "edit"), ("Esc", "do nothing")];
    sheet.footer(page.notice.as_deref(), keys.get(usize::from(unpaid)..).unwrap_or(&keys));
    sheet
}

fn amount(sum: Money) -> (String, Role) {
    part(text::right(&sum.to_string(), 14), Role::Money)
}

/// Columns of a value at 80x24.
const PAYER_COLUMNS: usize = 55;

/// The account that pays, and what is left on it; or why it cannot.
fn paid_by(sheet: &mut Sheet, payer: &Payer, due: Money) {
    match &payer.trouble {
        Some(trouble) => sheet.words("CANNOT PAY", trouble, Role::Danger),
        None => {
            let left = payer.holds.and_then(|holds| holds.checked_sub(due).ok());
            let payer = payer.to_string();
            // Which account it is goes before what is left on it.
            let room = PAYER_COLUMNS.saturating_sub(text::width(&payer));
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
    page: &TopUp,
    pays: Option<(Money, Option<Money>)>,
    portfolio: &Portfolio,
) {
    let key = &page.target.key;
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
fn after(sheet: &mut Sheet, page: &TopUp, receives: Money, portfolio: &Portfolio) {
    let stale = portfolio
        .cards
        .get(&page.target.key)
        .is_some_and(|card| card.balance.why_stale().is_some());
    let Some(after) = page.target.shown.available.and_then(|now| now.checked_add(receives).ok())
    else {
        sheet.value("Card after", [part("not known", Role::Muted)]);
        return;
    };
    let (_, role) = money(after, stale);
    let mut parts =
        vec![part(text::right(&format!("{}{after}", if stale { "~" } else { "" }), 14), role)];
    if after.is_negative() {
        parts.push(part("  still NEGATIVE", role));
    }
    if let Some(left) = page.covers.and_then(|asked| after.checked_sub(asked).ok()) {
        let asked = page.covers.map_or_else(String::new, Money::grouped);
        let words = if left.is_negative() {
            format!("  does not cover {asked}: {} missing", left.abs().grouped())
        } else {
            format!("  covers {asked}, leaves {}", left.grouped())
        };
        parts.push(part(words, if left.is_negative() { Role::Caution } else { Role::Muted }));
    }
    sheet.value("Card after", parts);
}

/// Top-ups before this one.
fn earlier(sheet: &mut Sheet, page: &TopUp, portfolio: &Portfolio) {
    let words = match last_top_up(&page.target.key, portfolio) {
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
    sheet.words("Earlier", &words, Role::Muted);
}
