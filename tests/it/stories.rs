//! An operator's stories at 80 by 24, by keys that are counted, in the real program on a real
//! pseudo-terminal.

use cardtop::clock::Clock;
use cardtop::sandbox::{CardState, Dialect, Options, Sandbox};

use crate::harness::start;
use crate::pty::Terminal;

/// A story at the terminal, and how many keys it took.
struct Story {
    terminal: Terminal,
    keys: usize,
}

impl Story {
    /// The demo, once every provider was read.
    fn begin(words: &[&str]) -> Self {
        let mut terminal = Terminal::demo_with(&[], words, 80, 24);
        terminal.until("all providers", |text| {
            ["artha", "banana", "enkash", "ibanera"]
                .iter()
                .all(|name| !text.contains(&format!("{name} ..")) && text.contains(name))
                && text.contains("OK")
        });
        Self { terminal, keys: 0 }
    }

    /// Types keys, each of which counts.
    fn press(&mut self, keys: &str) {
        self.keys += keys.chars().count();
        self.terminal.press(keys);
    }

    fn shows(&mut self, words: &str) {
        self.terminal.shows(words);
    }

    /// A dialog is there, and the time in which its keys are dropped is over.
    fn asks(&mut self, words: &str) {
        self.terminal.shows(words);
        self.terminal.let_the_guard_pass();
    }

    /// Ends the program without a key of the story.
    fn ends_within(mut self, most: usize) {
        assert!(self.keys <= most, "{} keys, at most {most} are allowed", self.keys);
        self.terminal.press("\x1b\x1b\x03");
        let (code, _) = self.terminal.end();
        assert_eq!(code, 0);
    }
}

/// The last four digits of the first card of the demo's bank that is as `wanted`: the same seed is
/// the same bank.
fn digits(dialect: Dialect, wanted: impl Fn(&Sandbox, &str) -> bool) -> String {
    let bank =
        Sandbox::new(Options { seed: 7, busy: false, ..Options::default() }, Clock::fixed(start()));
    let place = bank.card_ids(dialect).iter().position(|id| wanted(&bank, id));
    let number = place
        .and_then(|place| bank.card_numbers(dialect).get(place).cloned())
        .expect("the bank has such a card");
    number.get(number.len() - 4..).expect("sixteen digits").to_owned()
}

#[test]
fn a_card_that_was_short_of_money_is_found_read_covered_and_watched_in_12_keys() {
    let mut story = Story::begin(&["--still"]);
    story.press("/4242\r");
    story.shows("▌ 1/");
    story.press("\r");
    story.shows("short 29.50");
    story.press("T");
    story.asks("[ 30.00");
    story.press("\r");
    story.asks("0.30 USD");
    story.press("y");
    story.shows("DONE");
    story.ends_within(12);
}

#[test]
fn a_frozen_card_that_was_found_again_is_unfrozen_in_14_keys() {
    let mut story = Story::begin(&["--still"]);
    story.press("/0917\r");
    story.shows("▌ 1/");
    story.press("\r");
    story.shows("FROZEN");
    story.press("f");
    story.asks("Unfreeze card");
    story.press("1");
    story.terminal.let_the_guard_pass();
    story.press("y");
    story.shows("seen ACTIVE");
    story.ends_within(14);
}

#[test]
fn a_lost_card_is_frozen_in_10_keys_while_the_holder_is_on_the_phone() {
    let mut story = Story::begin(&["--still"]);
    story.press("/4242\r");
    story.shows("▌ 1/");
    story.press("f");
    story.asks("Freeze card");
    story.press("1");
    story.shows("> 1 lost");
    story.press("y");
    story.shows("seen FROZEN");
    story.ends_within(10);
}

#[test]
fn a_forgotten_pin_is_set_in_24_keys_and_never_drawn() {
    let physical = digits(Dialect::Enkash, |bank, id| {
        bank.state(Dialect::Enkash, id) == Some(CardState::Active)
    });
    let mut story = Story::begin(&["--still"]);
    story.press(&format!("/{physical}\r"));
    story.shows("▌ 1/");
    story.press("\rP");
    story.asks("Set PIN");
    story.press(&format!("8264\t8264\t\t{physical}"));
    story.shows("ok match");
    story.press("\r");
    story.shows("ACCEPTED");
    assert_eq!(story.terminal.count("8264"), 0, "the PIN reached the terminal");
    story.ends_within(24);
}

#[test]
fn a_second_callers_digits_are_found_after_a_first_filter_and_a_merchant_among_the_cards() {
    let mut story = Story::begin(&["--still"]);
    story.press("/4242\r");
    story.shows("▐4242▌ 1/64");
    story.press("/7731\r");
    story.shows("▐7731▌ 1/64");
    story.shows("Aiko Tanaka");
    story.press("/merchant:~ica\r");
    story.shows("▐merchant:~ica▌");
    story.shows("Mara Lindqvist");
    story.ends_within(27);
}

#[test]
fn while_a_provider_is_down_its_status_is_copied_in_2_keys() {
    let mut story = Story::begin(&["--scenario", "outage"]);
    story.shows("enkash DOWN");
    story.press("4");
    story.shows("> enkash");
    story.press("y");
    story.shows("status of enkash DOWN");
    story.ends_within(2);
}
