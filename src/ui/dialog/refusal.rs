//! A change that cannot be asked now, and why.

use super::sheet::{Sheet, capital, part};
use crate::app::dialog::refusal::RefusalNotice;
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;

pub(super) fn sheet(refusal: &RefusalNotice, portfolio: &Portfolio) -> Sheet {
    let mut sheet = Sheet::new(format!("{}: not now", capital(refusal.action_kind.phrase())));
    sheet.card(&refusal.key, portfolio);
    sheet.blank();
    sheet.paragraph(&format!("{}.", capital(refusal.why.trim_end_matches('.'))), Role::Text);
    sheet.blank();
    sheet.line([part("Nothing was sent.", Role::Muted)]);
    sheet.keys(&[("x", "what is possible"), ("Esc", "close")]);
    sheet
}
