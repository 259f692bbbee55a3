use super::*;
use crate::app::fixture::{board, press};
use crate::app::present::{activity, cards, feed};

fn text(line: &Line) -> String {
    line.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn the_filter_and_its_count_are_the_last_of_a_title_to_be_cut() {
    let keys = "/ s t a t e : a c t i v e space p r o v i d e r : a r t h a enter \
                2 / s t a t u s : d e c l i n e d enter 3 / f r e e z e enter";
    let mut model = board((120, 40));
    press(&mut model, keys);
    for (view, title) in [
        ("1", cards::title as fn(&Model) -> Title),
        ("2", feed::title),
        ("3", activity::title),
        ("3 z", activity::title),
    ] {
        press(&mut model, view);
        let mut before = 0;
        for columns in 24..200 {
            let title = title(&model);
            let (left, right) = title.fitted(columns);
            let all = format!("{}  {}", text(&left), text(&right));
            assert!(width(&left) + width(&right) <= columns, "{columns}: {all}");
            let (filter, count) = title.chip.as_ref().expect("a filter is on");
            let chip = format!("▌ {count}");
            assert!(all.contains('▐') && all.contains(&chip), "{columns}: {all}");
            let cut = !all.contains(filter.as_str());
            assert!(!cut || !all.contains("clears") && !all.contains("sort"), "{columns}: {all}");
            let words = all.chars().filter(|c| c.is_alphanumeric()).count();
            assert!(words >= before || cut, "{columns}: {all}");
            before = words;
        }
    }
}

#[test]
fn a_title_without_a_filter_has_no_chip() {
    let model = board((120, 40));
    let (left, right) = cards::title(&model).fitted(60);
    assert_eq!((text(&left).as_str(), text(&right).as_str()), ("Cards 16", "sort attention"));
}
