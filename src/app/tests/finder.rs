//! What the operator types into a filter, and what is then shown.

use super::*;
use crate::app::feed::Range;
use crate::domain::transaction::Transaction;

/// Types a text into the line of the focused pane, letter by letter.
fn typed(model: &mut Model, text: &str) {
    for c in text.chars() {
        _ = update(model, Msg::Key(crate::app::chord::Chord::char(c)));
    }
}

fn filtered(model: &mut Model, text: &str) {
    press(model, "/");
    typed(model, text);
    press(model, "enter");
}

fn chip(model: &Model) -> Option<&str> {
    model.search(model.screen.focus)?.chip()
}

#[test]
fn a_second_callers_digits_are_found_after_a_first_filter() {
    let mut model = board((80, 24));
    filtered(&mut model, "4242");
    assert_eq!(order(&model), ["c-4242"]);
    press(&mut model, "/");
    assert_eq!(order(&model), ["c-4242"], "an empty line changes nothing yet");
    typed(&mut model, "7731");
    assert_eq!(order(&model), ["c-7731"]);
    press(&mut model, "enter enter");
    assert_eq!((model.screen.view, selected(&model).as_str()), (Pane::Detail, "c-7731"));
    assert!(model.dialog.is_none());
}

#[test]
fn escape_keeps_the_old_filter_and_escape_in_the_pane_clears_it() {
    let mut model = board((80, 24));
    filtered(&mut model, "4242");
    press(&mut model, "/ 7 7 esc");
    assert_eq!((order(&model), chip(&model)), (vec!["c-4242".to_owned()], Some("4242")));
    press(&mut model, "/ enter");
    assert_eq!(chip(&model), Some("4242"), "an empty line keeps it, too");
    press(&mut model, "/ 9 ctrl-u");
    assert_eq!(chip(&model), Some("4242"), "and one that was emptied");
    press(&mut model, "esc esc");
    assert_eq!((order(&model).len(), chip(&model)), (16, None));
}

#[test]
fn escape_clears_the_filter_of_a_zoomed_pane_as_its_title_says() {
    let mut model = board((120, 40));
    filtered(&mut model, "4242");
    press(&mut model, "z esc");
    assert_eq!((chip(&model), model.screen.zoomed), (None, true));
    press(&mut model, "esc");
    assert!(!model.screen.zoomed);
}

#[test]
fn up_brings_back_the_filters_of_this_pane() {
    let mut model = board((80, 24));
    for text in ["4242", "state:frozen", "4242", "is:low"] {
        filtered(&mut model, text);
    }
    press(&mut model, "/ up");
    assert_eq!(model.panes.cards.search.text(), "is:low");
    press(&mut model, "up");
    assert_eq!((model.panes.cards.search.text(), order(&model).len()), ("4242", 1));
    press(&mut model, "up up");
    assert_eq!(model.panes.cards.search.text(), "state:frozen", "each is there once");
    press(&mut model, "down enter");
    assert_eq!(chip(&model), Some("4242"));
    press(&mut model, "2 / up");
    assert_eq!(model.panes.feed.search.text(), "", "the feed has its own");
}

#[test]
fn what_is_wrong_or_half_written_never_empties_a_list() {
    for wrong in [
        "foo:",
        "foo:x",
        "state:",
        "state:dec",
        "amount>",
        "amount>x",
        "(",
        "(state:active",
        "since:",
        "since:so",
        "-",
        "\"",
        "merchant:",
        "merchant:~",
        "is:",
        "is:blue",
        "age:5",
        "provider:enk",
        "merch",
        "hold",
        "kind:to",
        "or",
        "a or",
        "operator:anay",
        "balance=",
    ] {
        let mut model = board((80, 24));
        press(&mut model, "/");
        let mut sizes = Vec::new();
        for c in wrong.chars() {
            typed(&mut model, &c.to_string());
            sizes.push(model.panes.cards.list.len());
        }
        // `foo` without its sign is a word, which no card has.
        let last = sizes.last().copied();
        assert!(last.is_some_and(|shown| shown > 0), "{wrong}: {sizes:?}");
        let search = &model.panes.cards.search;
        assert!(
            search.error().is_some() || search.half_written().is_some() || wrong == "is:",
            "{wrong}: what is missing is said"
        );
    }
}

#[test]
fn the_rest_of_a_line_goes_on_beside_a_mistake_and_a_mistake_is_not_kept() {
    let mut model = board((80, 24));
    filtered(&mut model, "4242");
    press(&mut model, "/");
    typed(&mut model, "ccy:EUR foo:");
    let euros = order(&model);
    assert!(euros.len() > 3 && !euros.contains(&"c-4242".to_owned()), "{euros:?}");
    press(&mut model, "enter");
    assert!(model.panes.cards.search.is_typing(), "the line stays open with what is wrong");
    press(&mut model, "esc");
    assert_eq!(chip(&model), Some("4242"));
}

#[test]
fn a_merchant_typed_into_cards_shows_who_paid_there() {
    let mut model = board((80, 24));
    filtered(&mut model, "merchant:~rewe");
    assert_eq!(order(&model), ["c-0917"]);
    press(&mut model, "esc");
    filtered(&mut model, "status:declined amount>20 since:8h");
    let mut shown = order(&model);
    shown.sort();
    assert_eq!(shown, ["c-0917", "c-1200", "c-2075", "c-4242", "c-5560"]);
    let fresh = transaction(&key("artha", "1455"), "a-1", 0, "5.00 EUR", "REWE 7");
    filtered(&mut model, "merchant:~rewe");
    apply(&mut model, EngineEvent::Transactions(vec![fresh].into()));
    assert_eq!(order(&model).len(), 2, "a new row counts at once");
    filtered(&mut model, "merchant:~rewe state:declined");
    assert_eq!(order(&model), ["c-0917"], "one transaction has all of it");
}

#[test]
fn a_field_that_has_no_meaning_is_said_before_anything_is_hidden() {
    for (view, text, sentence) in [
        ("1", "operator:anay", "cards have no operator, operations have"),
        ("2", "balance>5", "transactions and operations have no balance, cards have"),
        ("3", "merchant:~rewe", "operations have no merchant, transactions have"),
        ("3", "is:low", "is:low has no meaning for operations here"),
    ] {
        let mut model = board((120, 40));
        press(&mut model, view);
        let rows = [model.panes.cards.list.len(), model.panes.feed.list.len()];
        press(&mut model, "/");
        typed(&mut model, text);
        let search = model.search(model.screen.focus).expect("a pane with a filter");
        let error = search.error().map(|error| error.message.clone());
        assert!(error.is_some_and(|error| error.starts_with(sentence)), "{text}");
        assert_eq!(rows, [model.panes.cards.list.len(), model.panes.feed.list.len()], "{text}");
        assert_eq!(chip(&model), None, "{text}");
    }
}

#[test]
fn since_widens_the_time_that_the_feed_shows_for_as_long_as_the_filter_is_on() {
    let mut model = board((120, 40));
    let old = Transaction {
        seen_at: ago(20 * 86_400),
        ..transaction(&key("artha", "4242"), "a-old", 20 * 86_400, "9.00 USD", "OLD SHOP")
    };
    apply(&mut model, EngineEvent::Transactions(vec![old].into()));
    press(&mut model, "2");
    let day = model.panes.feed.list.len();
    filtered(&mut model, "since:30d");
    assert_eq!(model.panes.feed.list.len(), day + 2);
    assert!(matches!(model.panes.feed.range(), Range::OfFilter(Some(_))));
    press(&mut model, "]");
    let notice = model.notice.as_ref().map(|notice| notice.text.clone());
    assert_eq!(notice.as_deref(), Some("the filter says which time is shown: Esc clears it"));
    for (text, rows) in [("until:2d", 1), ("age>7d", 1), ("old or since:30d", day + 2)] {
        filtered(&mut model, text);
        assert_eq!(model.panes.feed.list.len(), rows, "{text}");
    }
    filtered(&mut model, "since:1h");
    assert!(model.panes.feed.list.len() < day);
    press(&mut model, "esc");
    assert_eq!((model.panes.feed.range(), model.panes.feed.list.len()), (Range::Last("24h"), day));
}

#[test]
fn since_moves_with_the_time_also_in_a_filter_that_was_kept() {
    let mut model = board((120, 40));
    let of = key("artha", "4242");
    let fresh = transaction(&of, "a-1", 0, "9.00 USD", "KIOSK");
    apply(&mut model, EngineEvent::Transactions(vec![fresh].into()));
    filtered(&mut model, "merchant:kiosk since:2m amount:9");
    assert_eq!(order(&model), ["c-4242"]);
    tick(&mut model, 200);
    assert!(order(&model).is_empty());
}

#[test]
fn four_digits_put_the_cursor_on_the_card_that_ends_in_them() {
    let mut model = board((80, 24));
    // Its id has the digits of another card, and it is the more urgent one.
    let mut urgent = card(CardState::Active, "Lea", "6644", "artha", "-5.00 USD", 1);
    urgent.key.id = "49d64242-4867".into();
    apply(&mut model, EngineEvent::Cards(vec![urgent.into()]));
    press(&mut model, "/ 4 2 4 2 enter");
    assert_eq!(model.panes.cards.list.len(), 2, "both have these digits");
    let selected = model.panes.cards.list.selected().expect("a row");
    assert_eq!(
        model.portfolio.cards.get(selected).map(|card| card.digits()),
        Some("..4242".to_owned())
    );
}

#[test]
fn a_filter_is_typed_wherever_the_cursor_is_and_never_taken_for_commands() {
    for keys in ["4", "enter"] {
        let mut model = board((80, 24));
        press(&mut model, keys);
        press(&mut model, "/ p r o v i d e r : a r t h a");
        assert!(model.dialog.is_none(), "{keys}");
        assert_eq!(model.panes.cards.search.text(), "provider:artha", "{keys}");
    }
}
