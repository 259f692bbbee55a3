//! What stands on screen while nothing is drawn.

use jiff::{SignedDuration, Timestamp};

use super::{board, board_after, drawn, text};
use crate::app::chord::Chord;
use crate::app::pace::Pace;
use crate::app::{Model, Msg, update, wake_at};

/// The board at the beginning of a minute, drawn once a minute.
fn quiet(mut model: Model) -> (Model, Timestamp) {
    let minute = model.portfolio.now.as_second().div_euclid(60) + 1;
    let begin = Timestamp::from_second(minute * 60).expect("a time");
    _ = update(&mut model, Msg::Pace(Pace::Minutes));
    _ = update(&mut model, Msg::Tick(begin));
    (model, begin)
}

#[test]
fn without_seconds_the_board_waits_for_the_next_minute_and_until_then_nothing_on_it_changes() {
    for keys in ["", "2", "3", "4", "enter", "4 enter"] {
        let (mut model, begin) = quiet(board_after((120, 40), keys));
        let end = begin + SignedDuration::from_mins(1);
        assert_eq!(wake_at(&model), Some(end), "{keys}");
        let before = drawn(&model);
        for second in [1, 13, 59] {
            _ = update(&mut model, Msg::Tick(begin + SignedDuration::from_secs(second)));
            assert_eq!(wake_at(&model), Some(end), "{keys}");
            assert_eq!(drawn(&model), before, "{keys}, after {second} s");
        }
    }
}

#[test]
fn without_seconds_clock_and_ages_are_told_in_minutes_and_with_the_focus_in_seconds_again() {
    let (mut model, begin) = quiet(board((120, 40)));
    let header = |model: &Model| text(model).lines().take(2).collect::<Vec<_>>().join("\n");
    let local = begin.to_zoned(model.portfolio.zone.clone());
    let clock = local.strftime("%H:%M").to_string();
    let quiet = header(&model);
    assert!(quiet.contains(&clock) && !quiet.contains(&format!("{clock}:")), "{quiet}");
    _ = update(&mut model, Msg::Pace(Pace::Seconds));
    let awake = header(&model);
    assert!(awake.contains(&format!("{clock}:00")), "{awake}");
    assert_eq!(wake_at(&model), Some(begin + SignedDuration::from_secs(1)));
}

#[test]
fn while_nobody_presses_a_key_the_clock_goes_in_steps_of_five_seconds() {
    let (mut model, begin) = quiet(board((120, 40)));
    _ = update(&mut model, Msg::Pace(Pace::Seconds));
    let at = |second| begin + SignedDuration::from_secs(second);
    let mut wakes_after = |second| {
        _ = update(&mut model, Msg::Tick(at(second)));
        wake_at(&model)
    };
    assert_eq!(wakes_after(29), Some(at(30)));
    assert_eq!(wakes_after(30), Some(at(35)));
    assert_eq!(wakes_after(33), Some(at(35)));
    _ = update(&mut model, Msg::Key(Chord::char('j')));
    assert_eq!(wake_at(&model), Some(at(34)));
    _ = update(&mut model, Msg::Tick(at(34)));
    assert_eq!(wake_at(&model), Some(at(35)), "an operator is there");
}

#[test]
fn at_rest_no_age_is_less_than_it_is_until_the_next_frame() {
    let (mut model, begin) = quiet(board((120, 40)));
    _ = update(&mut model, Msg::Pace(Pace::Seconds));
    let at = |second| begin + SignedDuration::from_secs(second);
    let read = at(40);
    for (second, age) in [(29, None), (40, Some("5s")), (42, Some("5s")), (45, Some("10s"))] {
        _ = update(&mut model, Msg::Tick(at(second)));
        if let Some(age) = age {
            assert_eq!(model.portfolio.age(read), age, "at {second}");
        }
    }
    _ = update(&mut model, Msg::Key(Chord::char('j')));
    assert_eq!(model.portfolio.age(read), "5s", "with an operator it is told as it is");
}
