//! A change that cannot be asked now, and why.

use super::sheet::{Sheet, capital, part, plain};
use crate::app::dialog::refusal::RefusalNotice;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;

pub(super) fn sheet(refusal: &RefusalNotice, portfolio: &Portfolio) -> Sheet {
    let what = refusal.wanted.action_kind().phrase();
    let Some(why) = refusal.why(portfolio) else { return possible(refusal, what, portfolio) };
    let mut sheet = Sheet::new(format!("{}: not now", capital(what)));
    sheet.card(&refusal.key, portfolio);
    sheet.blank();
    // An account is named as it is written.
    let named = why.starts_with(refusal.key.provider.name());
    let why = if named { why } else { capital(&why) };
    sheet.paragraph(&format!("{}.", why.trim_end_matches('.')), Role::Text);
    if refusal.tries {
        sheet.paragraph("Trying one reading now.", Role::Text);
    }
    sheet.blank();
    sheet.line([part("Nothing was sent.", Role::Muted)]);
    sheet.keys(&[("x", "what is possible"), ("Esc", "close")]);
    sheet
}

/// What was in the way is gone.
fn possible(refusal: &RefusalNotice, what: &str, portfolio: &Portfolio) -> Sheet {
    let mut sheet = Sheet::new(format!("{}: possible again", capital(what)));
    sheet.card(&refusal.key, portfolio);
    sheet.blank();
    sheet.paragraph("It can be asked again. Nothing was sent so far.", Role::Good);
    sheet.line([plain("")]);
    let opens = format!("{what} (asks first)");
    sheet.keys(&[("Enter", &opens), ("Esc", "close")]);
    sheet
}
