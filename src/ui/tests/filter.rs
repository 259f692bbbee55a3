//! That a filter can be seen wherever it hides rows.

use super::*;
use crate::app::fixture::{ago, health};
use crate::domain::coverage::{Lost, Stretch};

/// The line of the screen that has these words.
fn line(text: &str, words: &str) -> String {
    text.lines().find(|line| line.contains(words)).unwrap_or_default().to_owned()
}

const FILTERS: &str = "/ s t a t e : a c t i v e space p r o v i d e r : a r t h a enter \
                       2 / m e r c h a n t : ~ r e w e space s t a t u s : d e c l i n e d enter \
                       3 / a c t i o n : f r e e z e | t o p u p enter";

#[test]
fn a_filter_is_seen_in_every_view_zoom_and_size() {
    for size in [(60, 16), (80, 24), (99, 30), (100, 20), (120, 40), (160, 30), (200, 60)] {
        for view in ["1", "1 z", "2", "2 z", "3", "3 z"] {
            let model = board_after(size, &format!("{FILTERS} {view}"));
            let screen = text(&model);
            for (pane, _) in model.layout().panes {
                let chip = match pane {
                    Pane::Cards => ("Cards ▐", "▌ 5/16"),
                    Pane::Feed => ("Feed ▐", "▌ 1/16"),
                    Pane::Activity => ("Activity ▐", "▌ 4/6"),
                    Pane::Detail | Pane::Providers => continue,
                };
                let title = line(&screen, chip.0);
                assert!(title.contains(chip.1), "{size:?} {view}: {title}\n{screen}");
            }
        }
    }
}

#[test]
fn a_chip_in_ascii_has_brackets() {
    let model = board_after((80, 24), "/ s t a t e : a c t i v e enter");
    let screen = text_with(&model, &Theme { ascii: true, ..Theme::default() });
    assert!(screen.contains(" Cards [state:active] 12/16  Esc clears "), "{screen}");
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn the_title_says_how_far_back_is_known_where_the_filter_asks_for_more() {
    let keys = "2 / s i n c e : 9 0 d enter";
    let screen = text(&board_after((120, 40), keys));
    let title = line(&screen, "Feed ▐since:90d▌ 17/17");
    assert!(title.contains("since 03 Jan 14:08, complete from 02 Apr 13:08"), "{title}");
    let screen = text(&board_after((120, 40), "2 / s i n c e : 8 h enter"));
    let title = line(&screen, "Feed ▐since:8h▌");
    assert!(title.contains("since 06:08:12") && !title.contains("complete"), "{title}");
}

#[test]
fn the_title_says_how_many_times_lack_rows_of_what_is_complete_otherwise() {
    let mut model = board_after((120, 40), "2 / s i n c e : 9 0 d enter");
    let EngineEvent::Health(mut artha) = health("artha", HealthState::Ok, 2, None) else {
        panic!("its health")
    };
    let lost = |minutes: i64| {
        let from = ago(minutes * 60);
        let to = ago(minutes * 60 - 1);
        Lost::new(Stretch::new(from, to).expect("in order"), "too many in one second".into())
    };
    // The last is older than what is complete.
    artha.covered.lost = vec![lost(600), lost(400), lost(9_000)];
    _ = update(&mut model, Msg::EngineEvent(EngineEvent::Health(artha)));
    let title = line(&text(&model), "Feed ▐since:90d▌ 17/17");
    assert!(title.contains("complete from 02 Apr 13:08 but for 2 gaps"), "{title}");
    press(&mut model, "/ ctrl-u s i n c e : 8 h enter");
    let title = line(&text(&model), "Feed ▐since:8h▌");
    assert!(title.contains("since 06:08:12, complete but for 1 gap"), "{title}");
    press(&mut model, "4 g");
    let screen = text(&model);
    assert!(screen.contains("but for 2 gaps"), "{screen}");
    assert!(screen.contains("too many in one second"), "{screen}");
}

#[test]
fn the_bar_says_what_a_field_of_transactions_means_for_cards() {
    let screen = text(&board_after((120, 40), "/ m e r c h a n t : ~ r e w e"));
    let help = line(&screen, "cards with such a transaction (1)");
    assert!(help.contains("transactions complete from 02 Apr 13:08"), "{screen}");
    let screen = text(&board_after((120, 40), "/ m e r c h a n t : ~ r e w e enter z"));
    let title = line(&screen, "Cards ▐merchant:~rewe▌ 1/16");
    assert!(title.contains("with such a transaction"), "{title}");
}

#[test]
fn the_bar_offers_values_says_how_many_more_there_are_and_what_has_no_meaning() {
    let screen = text(&board_after((80, 24), "/ s t a t e :"));
    let help = line(&screen, "^ a value is missing behind `state`");
    assert!(help.contains("active  frozen") && help.contains("+"), "{help}");
    assert!(help.trim_end().ends_with(" more"), "{help}");
    let screen = text(&board_after((120, 40), "/ o p e r a t o r : a n a y"));
    let help = line(&screen, "^ cards have no operator, operations have  not applied");
    assert!(help.contains("not applied: known are state kind"), "{screen}");
    let screen = text(&board_after((80, 24), "/ m e r c h"));
    assert!(screen.contains("no row has merch yet  Tab:  merchant:"), "{screen}");
}

#[test]
fn a_list_that_a_filter_empties_says_which_key_shows_it_again() {
    let screen = text(&board_after((80, 24), "3 / z z z z enter"));
    assert!(screen.contains("Tab and filter hide all 6 operations: Esc clears the filter."));
    let screen = text(&board_after((80, 24), "2 / s i n c e : 1 s space u n t i l : 2 h enter"));
    assert!(screen.contains("Esc"), "{screen}");
}

#[test]
fn a_word_of_the_screen_that_no_name_has_is_offered_as_the_field_that_it_is_of() {
    for (typed, offered) in [
        ("d e c l i n e d", "state:declined finds the cards with such a transaction."),
        ("F r o z", "state:frozen finds such cards."),
        ("z e b r a", "merchant:~zebra finds the cards that paid there."),
    ] {
        let screen = text(&board_after((120, 40), &format!("/ {typed}")));
        assert!(screen.contains(offered), "{screen}");
    }
}
