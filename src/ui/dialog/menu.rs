//! The menu of every action of a card.

use super::sheet::{Sheet, part, wrapped};
use crate::app::dialog::menu::{Item, Menu};
use crate::app::portfolio::Portfolio;
use crate::app::present::Role;
use crate::domain::text;

pub(super) fn sheet(menu: &Menu, portfolio: &Portfolio) -> Sheet {
    let mut sheet = Sheet::new("Actions");
    sheet.card(&menu.key, portfolio);
    sheet.state(&menu.key, portfolio);
    if let Some(unavailable) = portfolio.unavailable(&menu.key.provider) {
        sheet.text("Not now", &unavailable.to_string(), Role::Caution);
    }
    sheet.blank();
    for (index, item) in menu.items(portfolio).iter().enumerate() {
        row(&mut sheet, item, index == menu.cursor);
    }
    match menu.unlisted(portfolio) {
        0 => {}
        more => {
            let text = format!("     and {more} more not settled: the activity lists them");
            sheet.line([part(text, Role::Muted)]);
        }
    }
    sheet.keys(&[("Enter", "choose (asks first)"), ("j k", "move"), ("Esc", "do nothing")]);
    sheet
}

fn row(sheet: &mut Sheet, item: &Item, chosen: bool) {
    let mark = part(if chosen { "> " } else { "  " }, Role::Focus);
    let label = text::pad_right(&item.label, 24);
    let role = |otherwise| if chosen { Role::Selection } else { otherwise };
    let Some(why) = &item.unavailable else {
        let letter = part(format!("{}  ", item.letter), Role::Key);
        sheet.line([mark, letter, part(label, role(Role::Text))]);
        return;
    };
    let mut lines = wrapped(&why.in_short(), 32).into_iter();
    sheet.line([
        mark,
        part(format!("{}  ", item.letter), Role::Muted),
        part(format!("{label} - "), role(Role::Muted)),
        part(lines.next().unwrap_or_default(), Role::Muted),
    ]);
    for line in lines {
        sheet.line([
            part("  ", Role::Focus),
            part("   ", Role::Muted),
            part(" ".repeat(27), Role::Muted),
            part(line, Role::Muted),
        ]);
    }
}
