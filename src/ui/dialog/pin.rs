//! Setting a PIN: stars, and how they stand.

use super::change::second;
use super::sheet::{Sheet, VALUES, part, plain};
use crate::app::dialog::pin::{Focus, PinForm, Who};
use crate::app::dialog::secret::SecretField;
use crate::app::dialog::target::arming;
use crate::app::portfolio::Portfolio;
use crate::ui::theme::Role;

/// The form.
pub(super) fn view(page: &PinForm, portfolio: &Portfolio) -> Sheet {
    let key = &page.target.key;
    let mut sheet = Sheet::new("Set PIN");
    sheet.card(key, portfolio);
    let state = portfolio.cards.get(key).map_or("UNKNOWN", |card| card.state.as_str());
    sheet.value("State", [plain(state)]);
    sheet.words("Rule", page.rule.sentence, Role::Text);
    sheet.changes(&page.target);
    second(&mut sheet, page.second.is_some());
    sheet.blank();
    if page.rule.needs_old {
        secret(&mut sheet, "PIN now", &page.old, page.focus == Focus::Old, "the PIN until now");
    }
    if page.rule.digits.is_some() {
        secret(
            &mut sheet,
            "New PIN",
            &page.new,
            page.focus == Focus::New,
            "never shown, copied or logged",
        );
        secret(
            &mut sheet,
            "Again",
            &page.again,
            page.focus == Focus::Again,
            "pasting is off, Ctrl-u clears",
        );
    } else {
        sheet.words(
            "PIN",
            "chosen by the provider and told to the cardholder by it; cardtop never sees it",
            Role::Text,
        );
    }
    let findings = page.findings();
    if !findings.is_empty() {
        sheet.blank();
        let mut parts = Vec::new();
        for (i, finding) in findings.iter().enumerate() {
            let (mark, role) = match finding.good {
                None => ("--", Role::Muted),
                Some(true) => ("ok", Role::Good),
                Some(false) => ("NO", Role::Caution),
            };
            let gap = if i > 0 { "   " } else { "" };
            parts.extend([plain(gap), part(mark, role), plain(format!(" {}", finding.what))]);
        }
        sheet.line(parts);
        sheet.blank();
        let dot = |who| if page.who == who { "(o)" } else { "( )" };
        let role = if page.focus == Focus::Who { Role::Focus } else { Role::Text };
        sheet.line([
            part("Who is typing?   ", Role::Heading),
            part(format!("{} cardholder here", dot(Who::Cardholder)), role),
            plain("   "),
            part(format!("{} operator on phone", dot(Who::Operator)), role),
        ]);
        let words = format!(
            "The journal will say: PIN set, by {}, {}.",
            portfolio.operator,
            page.who.words()
        );
        sheet.sentence(&words, Role::Muted);
    }
    sheet.blank();
    let arming = arming(key, portfolio);
    let label = if arming.of_id {
        "Type the end of the card's id to arm:"
    } else {
        "Type the last 4 of the card to arm:"
    };
    sheet.arm(label, &arming, &page.gate.typed, &arming.text, page.focus == Focus::Confirmation);
    let next = if page.focus == Focus::Who { ("Space", "who") } else { ("Tab", "next") };
    sheet.footer(
        page.notice.as_deref(),
        &[("Enter", "set PIN (after arming)"), next, ("Esc", "do nothing")],
    );
    sheet
}

fn secret(sheet: &mut Sheet, label: &str, field: &SecretField, focused: bool, behind: &str) {
    let stars = "*".repeat(field.len());
    sheet.value(
        label,
        [
            part("[ ", Role::Muted),
            part(format!("{stars:<6}"), Role::Input),
            part(" ]", Role::Muted),
            part(format!("   {behind}"), Role::Muted),
        ],
    );
    if focused {
        sheet.cursor_at(VALUES + 2 + field.len());
    }
}
