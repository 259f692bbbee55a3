//! Setting a PIN: stars, and whether they keep the rules.

use super::sheet::{Sheet, VALUES, part, plain};
use crate::app::dialog::form::Form;
use crate::app::dialog::pin::{Focus, PinCheck, SetPin, Typist};
use crate::app::dialog::secret::SecretField;
use crate::app::dialog::target::CardTail;
use crate::app::portfolio::Portfolio;
use crate::app::present::{Line, Role};

pub(super) fn sheet(form: &Form<SetPin>, portfolio: &Portfolio) -> Sheet {
    let (key, body) = (&form.target.key, &form.body);
    let mut sheet = Sheet::new("Set PIN");
    sheet.card(key, portfolio);
    sheet.state(key, portfolio);
    sheet.text("Rule", body.rule.sentence, Role::Text);
    sheet.news(form, portfolio);
    sheet.override_warning(form.overrides);
    sheet.blank();
    fields(&mut sheet, body);
    let checks = body.checks();
    if !checks.is_empty() {
        sheet.blank();
        sheet.line(marks(&checks));
        sheet.blank();
        typist(&mut sheet, body, portfolio);
    }
    sheet.blank();
    let tail = CardTail::of(key, portfolio);
    sheet.arm_by_tail(&tail, &form.confirmation, body.focus == Focus::Confirmation);
    let next = if body.focus == Focus::Typist { ("Space", "who") } else { ("Tab", "next") };
    sheet.keys(&[("Enter", "set PIN (after arming)"), next, ("Esc", "do nothing")]);
    sheet
}

fn fields(sheet: &mut Sheet, body: &SetPin) {
    if body.rule.needs_old {
        secret(sheet, "PIN now", &body.old, body.focus == Focus::Old, "the PIN until now");
    }
    if body.rule.digits.is_some() {
        let focused = body.focus == Focus::New;
        secret(sheet, "New PIN", &body.new, focused, "never shown, copied or logged");
        let focused = body.focus == Focus::Again;
        secret(sheet, "Again", &body.again, focused, "pasting is off, Ctrl-u clears");
    } else {
        sheet.text(
            "PIN",
            "chosen by the provider and told to the cardholder by it; cardtop never sees it",
            Role::Text,
        );
    }
}

/// `ok length   NO match`.
fn marks(checks: &[PinCheck]) -> Line {
    let mut parts = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let (mark, role) = match check.passed {
            None => ("--", Role::Muted),
            Some(true) => ("ok", Role::Good),
            Some(false) => ("NO", Role::Caution),
        };
        let gap = if index > 0 { "   " } else { "" };
        parts.extend([plain(gap), part(mark, role), plain(format!(" {}", check.label))]);
    }
    parts
}

/// Who types it, and what the journal will say.
fn typist(sheet: &mut Sheet, body: &SetPin, portfolio: &Portfolio) {
    let dot = |typist| if body.typist == typist { "(o)" } else { "( )" };
    let role = if body.focus == Focus::Typist { Role::Focus } else { Role::Text };
    sheet.line([
        part("Who is typing?   ", Role::Heading),
        part(format!("{} cardholder here", dot(Typist::Cardholder)), role),
        plain("   "),
        part(format!("{} operator on phone", dot(Typist::Operator)), role),
    ]);
    let (operator, reason) = (&portfolio.operator, body.typist.reason());
    let journal = format!("The journal will say: PIN set, by {operator}, {reason}.");
    sheet.paragraph(&journal, Role::Muted);
}

fn secret(sheet: &mut Sheet, label: &str, field: &SecretField, focused: bool, hint: &str) {
    let stars = "*".repeat(field.len());
    sheet.value(
        label,
        [
            part("[ ", Role::Muted),
            part(format!("{stars:<6}"), Role::Input),
            part(" ]", Role::Muted),
            part(format!("   {hint}"), Role::Muted),
        ],
    );
    if focused {
        sheet.cursor_at(VALUES + 2 + field.len());
    }
}
