use super::*;
use crate::app::fixture::{board, press};
use crate::app::layout::Pane;

/// The board after these keys, and its filter of cards.
fn typed(keys: &str) -> (crate::app::Model, Search) {
    let mut model = board((120, 40));
    press(&mut model, keys);
    let search = model.panes.cards.search.clone();
    (model, search)
}

#[test]
fn tab_completes_what_is_certain_then_goes_through_the_offers() {
    let text = |keys: &str| typed(keys).1.text().to_owned();
    assert_eq!(text("/ h o l tab"), "holder:");
    assert_eq!(text("/ - h o l tab"), "-holder:");
    assert_eq!(text("/ s t a t e : d e c tab"), "state:declined");
    assert_eq!(text("/ s t a t e : tab"), "state:active");
    assert_eq!(text("/ s t a t e : tab tab"), "state:frozen");
    assert_eq!(text("/ s t a t e : tab tab s-tab"), "state:active");
    assert_eq!(text("/ i s : tab tab space 4"), "is:unknown 4");
    assert_eq!(text("/ 4 2 space - m e r tab"), "42 -merchant:");
}

#[test]
fn tab_offers_the_values_that_the_rows_have_quoted_where_they_have_blanks() {
    let offers = |keys: &str| typed(keys).1.offers().0.join(" ");
    assert_eq!(offers("/ p r o v i d e r :"), "artha banana enkash ibanera");
    assert_eq!(offers("/ c u r r e n c y :"), "EUR USD INR JPY KWD");
    assert_eq!(offers("/ m e r c h a n t : i"), "\"ICA MAXI STOCKHOLM\"");
    assert_eq!(offers("/ h o l d e r : t"), "\"Tom Becker\"");
    let (model, search) = typed("/ m e r c h a n t : i c a tab");
    assert_eq!(search.text(), "merchant:\"ICA MAXI STOCKHOLM\"");
    assert_eq!(model.panes.cards.list.len(), 1);
}

#[test]
fn a_filter_in_the_middle_of_which_is_typed_keeps_what_stands_behind() {
    let text = |keys: &str| typed(keys).1.text().to_owned();
    assert_eq!(text("/ space 4 2 home s t a tab tab f r o tab"), "state:frozen 42");
    assert_eq!(text("/ ( space 4 2 ) home right i s : l o tab"), "(is:low 42)");
}

#[test]
fn at_most_fifty_filters_are_remembered_each_once() {
    let mut model = board((120, 40));
    for number in 0..60 {
        let digits: String = number.to_string().chars().map(|c| format!(" {c}")).collect();
        press(&mut model, &format!("/{digits} enter"));
    }
    press(&mut model, "/ 5 9 enter / up");
    let search = &model.panes.cards.search;
    assert_eq!((search.text(), search.history.len()), ("59", 50));
    press(&mut model, "up down down");
    assert_eq!(model.panes.cards.search.text(), "");
    let mut last = "/ ".to_owned();
    last.push_str(&"up ".repeat(70));
    press(&mut model, &format!("esc {last}"));
    assert_eq!(model.panes.cards.search.text(), "10");
    assert_eq!(model.screen.focus, Pane::Cards);
}
