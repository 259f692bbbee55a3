//! Keyboards whose letters are not Latin.

use super::*;

fn said(model: &Model) -> Option<&str> {
    model.notice.as_ref().map(|notice| notice.text.as_str())
}

fn said_in_dialog(model: &Model) -> Option<&str> {
    model.dialog.as_ref().and_then(Dialog::notice)
}

#[test]
fn a_letter_of_another_layout_is_the_command_of_the_same_key_and_that_is_said_once() {
    let mut model = board((120, 40));
    press(&mut model, "j");
    let second = selected(&model);
    press(&mut model, "k");
    // Cyrillic о is on the key of j.
    press(&mut model, "о");
    assert_eq!(selected(&model), second);
    assert_eq!(
        said(&model),
        Some("о read as j: Cyrillic letters are read as the keys of the same place")
    );
    press(&mut model, "л о");
    assert_eq!((selected(&model), said(&model)), (second, None));
    for freeze in ["а", "φ", "כ", "ب", "ｆ"] {
        let mut model = board((120, 40));
        press(&mut model, freeze);
        assert!(model.dialog.is_some(), "{freeze} only opens the dialog");
        assert!(jobs(press(&mut model, "esc")).is_empty());
    }
    // What is copied, and the help.
    let mut model = board((120, 40));
    assert_eq!(jobs(press(&mut model, "н д")), jobs(press(&mut board((120, 40)), "y l")));
    press(&mut model, "? й");
    assert!(model.help.is_none(), "й closes the help as q does");
}

#[test]
fn a_letter_with_a_meaning_of_its_own_keeps_it_and_one_of_no_known_layout_says_what_is_needed() {
    let mut model = board_with_keys((120, 40), "help = [\"а\", \"?\"]");
    press(&mut model, "а");
    assert!(model.help.is_some() && model.dialog.is_none());
    let mut model = board((120, 40));
    press(&mut model, "ა");
    assert_eq!(said(&model), Some("ა is no key here: switch to a Latin layout"));
}

#[test]
fn letters_are_text_where_text_is_typed() {
    let mut model = board((120, 40));
    press(&mut model, "/ а о");
    assert!(model.dialog.is_none());
    assert_eq!(model.panes.cards.search.text(), "ао");
    // The operator's own reason of a freeze.
    let mut model = board((120, 40));
    press(&mut model, "f");
    tick(&mut model, 1);
    press(&mut model, "5 а н");
    assert_eq!(said_in_dialog(&model), None);
}

#[test]
fn no_change_is_confirmed_by_the_place_of_a_key() {
    let mut model = board((120, 40));
    press(&mut model, "f");
    tick(&mut model, 1);
    press(&mut model, "1");
    tick(&mut model, 1);
    // Cyrillic н is on the key of y, Greek υ too.
    for yes in ["н", "υ", "غ"] {
        let asked = jobs(press(&mut model, yes));
        assert!(asked.is_empty(), "{asked:?}");
        let hint = format!("switch to a Latin layout: {yes} is not y");
        assert_eq!(said_in_dialog(&model), Some(&*hint));
    }
    assert!(jobs(press(&mut model, "y")).iter().any(|job| job.starts_with("Act")));
}
