//! The messages before a change is sent and of one that was not, and arguments for the tests of
//! the subcommands.

use super::*;
use crate::cli::freeze::Freeze;
use crate::cli::topup::TopUp;
use crate::contract::samples::{card, operation};
use crate::domain::operation::{PinRule, Proof, Support, TopUpSafety};
use clap::FromArgMatches;

/// `4242 --wait 30s`.
pub(crate) fn arguments() -> ChangeArguments {
    parse(&["cardtop", "4242"])
}

/// The arguments of a subcommand as they are typed after its name.
fn parse<T: Args + FromArgMatches>(line: &[&str]) -> T {
    let command = T::augment_args(clap::Command::new("cardtop"));
    let matches = command.try_get_matches_from(line).expect("a valid line");
    T::from_arg_matches(&matches).expect("its arguments")
}

/// Everything is offered.
pub(crate) fn capabilities() -> Capabilities {
    let rule = PinRule {
        digits: Some((4, 4)),
        needs_old: false,
        physical_only: true,
        sentence: "4 digits",
    };
    Capabilities {
        list_cards: Support::Yes,
        list_all_transactions: Support::Yes,
        float: Support::Yes,
        quote: Support::Yes,
        freeze: Support::Yes,
        unfreeze: Support::Yes,
        top_up: Support::Yes,
        close: Support::Yes,
        pin: Ok(rule),
        top_up_proof: Proof::ByReference,
        state_proof: Proof::ByState,
        pin_proof: Proof::AnswerOnly,
        class: TopUpSafety::Reference,
        top_up_min: None,
        top_up_decimals: None,
        names_payer: false,
        page_max: 100,
    }
}

#[test]
fn without_yes_the_message_names_what_would_be_done_and_what_to_add() {
    let card = card();
    let top_up: TopUp = parse(&["cardtop", "4242", "30.00"]);
    assert_eq!(
        would(&top_up, Some(&card), "4242"),
        "this would top up 30.00 KWD to ..4242 Mara Lindqvist (acme/c-1). Nothing was sent: add \
         --yes to do it"
    );
    let freeze: Freeze = parse(&["cardtop", "0917"]);
    assert_eq!(
        would(&freeze, None, "0917"),
        "this would freeze the card 0917. Nothing was sent: add --yes to do it"
    );
    let close: crate::cli::close::Close = parse(&["cardtop", "4242"]);
    let message = would(&close, Some(&card), "4242");
    assert!(message.ends_with("add --yes and --confirm \"CLOSE 4242\" to do it"), "{message}");
    let message = would(&close, None, "4242");
    assert!(message.ends_with("add --yes and --confirm \"CLOSE <last4>\" to do it"), "{message}");
}

#[test]
fn a_top_up_that_has_to_wait_says_for_which_and_how_to_go_on() {
    let top_up: TopUp = parse(&["cardtop", "4242", "10"]);
    let rival = operation();
    let why = "top-up 5.000 KWD of this card is still SENT";
    let message = not_sent(&top_up, &card(), why, Some(&rival));
    let start = "top-up of ..4242 Mara Lindqvist (acme/c-1) was not sent: top-up 5.000 KWD";
    assert!(message.starts_with(start), "{message}");
    assert!(message.contains(&format!("cardtop ops check {}", rival.id)), "{message}");
    assert!(message.contains("--second \"SECOND 4242\""), "{message}");
    let freeze: Freeze = parse(&["cardtop", "4242"]);
    assert_eq!(
        not_sent(&freeze, &card(), "the card is FROZEN", None),
        "freeze of ..4242 Mara Lindqvist (acme/c-1) was not sent: the card is FROZEN"
    );
}

#[test]
fn a_time_to_wait_is_a_number_with_its_unit() {
    for (text, milliseconds) in
        [("30s", 30_000), ("2m", 120_000), ("500ms", 500), ("0s", 0), ("1h", 3_600_000)]
    {
        assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    for text in ["", "30", "s", "-1s", "1.5s", "25h", "99999999999999999999s", "1s1"] {
        assert!(duration(text).is_err(), "{text}");
    }
}
