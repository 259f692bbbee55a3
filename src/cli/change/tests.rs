//! The messages before a change is sent and of one that was not, and arguments for the tests of
//! the subcommands.

use super::*;
use crate::cli::freeze::Freeze;
use crate::cli::topup::TopUpOfCard;
use crate::contract::samples::{card, money, operation};
use crate::domain::card::CardState;
use crate::domain::operation::{PinRule, Proof, TopUpSafety};
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
        calls_per_card: 1,
    }
}

fn request(action: Action) -> ChangeRequest {
    ChangeRequest {
        id: operation().id,
        card: card().key,
        action,
        reason: None,
        shown: Expected::default(),
        on_conflict: OnConflict::Refuse,
        recent_credit: None,
        payer: None,
    }
}

/// What is said of a change of the sample card that is not confirmed.
fn would(change: &dyn Change, terms: Terms) -> String {
    let action = change.unconfirmed_action(&card(), &capabilities()).expect("it is right");
    let missing_flags = missing_flags(change, &card());
    let rehearsal = Rehearsal { change, request: request(action), terms, missing_flags };
    rehearsal.sentence(&rehearsal.planned(card()))
}

#[test]
fn without_yes_the_message_names_what_would_be_sent_and_what_to_add() {
    let top_up = TopUpOfCard::of("30");
    let terms = Terms { fee: Some(money("0.3", "KWD")), ..Terms::default() };
    assert_eq!(
        would(&top_up, terms),
        "this would top up 30.000 KWD to ..4242 Mara Lindqvist (acme/c-1), fee 0.300 KWD; nothing \
         was sent: add --yes to do it"
    );
    let freeze: Freeze = parse(&["cardtop", "4242"]);
    assert_eq!(
        would(&freeze, Terms::default()),
        "this would freeze ..4242 Mara Lindqvist (acme/c-1); nothing was sent: add --yes to do it"
    );
    let close: crate::cli::close::Close = parse(&["cardtop", "4242"]);
    let message = would(&close, Terms::default());
    assert!(message.ends_with("add --yes and --confirm \"CLOSE 4242\" to do it"), "{message}");
    let confirmed: crate::cli::close::Close =
        parse(&["cardtop", "4242", "--confirm", "CLOSE 4242"]);
    assert!(would(&confirmed, Terms::default()).ends_with("sent: add --yes to do it"));
    let half: crate::cli::close::Close = parse(&["cardtop", "4242", "--yes"]);
    let message = would(&half, Terms::default());
    assert!(message.ends_with("sent: add --confirm \"CLOSE 4242\" to do it"), "{message}");
}

#[test]
fn what_is_refused_with_yes_is_refused_without_it() {
    let refused = |change: &dyn Change| {
        let with = change.action(&card(), &capabilities()).expect_err("refused");
        let without = change.unconfirmed_action(&card(), &capabilities()).expect_err("refused");
        assert_eq!((with.exit, with.words()), (without.exit, without.words()));
        without.words()
    };
    for amount in ["abc", "1,234.50", "-5", "0", "1e3", "1.2345", ""] {
        let top_up = TopUpOfCard::of(amount);
        let words = refused(&top_up);
        assert!(words.starts_with(&format!("AMOUNT {amount}: ")), "{words}");
    }
    let close: crate::cli::close::Close = parse(&["cardtop", "4242", "--confirm", "CLOSE 1111"]);
    assert!(refused(&close).contains("add --confirm \"CLOSE 4242\""));
}

#[test]
fn a_top_up_that_has_to_wait_says_for_which_and_how_to_go_on() {
    let top_up = TopUpOfCard::of("10");
    let rival = operation();
    let in_the_way = Refused::Denied(Refusal::Open(Box::new(rival.clone())));
    let failure = sending::refusal(&top_up, &card(), &in_the_way);
    let start = "top-up of ..4242 Mara Lindqvist (acme/c-1) was not sent: top-up 5.000 KWD";
    assert!(failure.words().starts_with(start), "{}", failure.words());
    for words in [failure.words(), failure.document().replace('\\', "")] {
        assert!(words.contains(&format!("cardtop ops check {}", rival.id)), "{words}");
        assert!(words.contains("--second \"SECOND 4242\""), "{words}");
    }
    let id = rival.id;
    let now = concat!(
        r#""true_now":"nothing was sent; operation ID is SENT and blocks another "#,
        r#"top-up","operation":"ID""#
    )
    .replace("ID", &id.to_string());
    assert!(failure.document().contains(&now), "{}", failure.document());
    let freeze: Freeze = parse(&["cardtop", "4242"]);
    let frozen = Refused::Denied(Refusal::State(CardState::Frozen));
    assert_eq!(
        sending::refusal(&freeze, &card(), &frozen).words(),
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
