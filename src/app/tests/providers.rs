//! The view of the providers: where the cursor begins, what is copied, and that every reason can
//! be read.

use super::*;
use crate::app::fixture::health;
use crate::engine::HealthState;

fn provider(model: &Model) -> String {
    model.panes.providers.list.selected().map_or_else(String::new, ToString::to_string)
}

fn becomes(model: &mut Model, name: &str, state: HealthState) {
    apply(model, health(name, state, 15, Some("HTTP 503, no Retry-After header")));
}

#[test]
fn two_keys_copy_the_status_of_the_provider_that_is_worst_off() {
    let mut model = bare((80, 24));
    for name in ["artha", "banana", "enkash", "ibanera"] {
        becomes(&mut model, name, HealthState::Ok);
    }
    becomes(&mut model, "artha", HealthState::Slow);
    becomes(&mut model, "ibanera", HealthState::Down);
    let copied = jobs(press(&mut model, "4 y")).join("");
    assert!(copied.starts_with("copy ibanera (ibanera, production) is DOWN since "), "{copied}");
    let notice = model.notice.as_ref().map(|notice| notice.text.as_str());
    assert_eq!(notice, Some("copying: status of ibanera DOWN; not of artha SLOW"));
}

#[test]
fn the_cursor_is_on_the_worst_provider_until_it_is_moved_and_then_stays_on_its_own() {
    let mut model = bare((80, 24));
    press(&mut model, "4");
    assert_eq!(provider(&model), "artha", "all are as good");
    for (name, state, cursor) in [
        ("banana", HealthState::Slow, "banana"),
        ("artha", HealthState::Paused, "banana"),
        ("enkash", HealthState::Auth, "enkash"),
        ("ibanera", HealthState::Down, "enkash"),
        ("enkash", HealthState::Ok, "ibanera"),
        ("ibanera", HealthState::Waiting, "ibanera"),
    ] {
        becomes(&mut model, name, state);
        assert_eq!(provider(&model), cursor, "{name} is {state:?}");
    }
    press(&mut model, "k");
    assert_eq!(provider(&model), "enkash");
    becomes(&mut model, "artha", HealthState::Down);
    assert_eq!(provider(&model), "enkash", "the operator put it there");
}

#[test]
fn what_is_done_to_a_provider_keeps_the_cursor_on_it() {
    for keys in ["4 p", "4 r", "4 y"] {
        let mut model = bare((80, 24));
        becomes(&mut model, "enkash", HealthState::Down);
        press(&mut model, keys);
        becomes(&mut model, "artha", HealthState::Down);
        becomes(&mut model, "enkash", HealthState::Ok);
        assert_eq!(provider(&model), "enkash", "{keys}");
    }
}
