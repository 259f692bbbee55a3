//! What the data file says of every reason, and what sentences give away.

use std::collections::BTreeSet;

use super::dictionary::{Entry, words_of};
use super::*;
use crate::domain::card::Balance;
use crate::domain::reading::Reading;

fn usd(amount: &str) -> Money {
    Money::parse_wire(amount, "USD".parse().expect("a currency")).expect("an amount")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time of the test")
}

fn entries() -> impl Iterator<Item = (DeclineReason, &'static Entry)> {
    DeclineReason::ALL.iter().map(|reason| (*reason, DICTIONARY.entry(*reason)))
}

/// Every sentence of the data file that anybody may hear.
fn safe_sentences() -> Vec<&'static str> {
    let mut sentences = vec![DICTIONARY.neutral.as_str()];
    for (_, entry) in entries() {
        sentences.extend(entry.say.as_deref());
    }
    sentences
}

fn say(code: &str) -> String {
    DeclineCause::of_code(Some(code)).say(usd("41.90"))
}

fn say_verified(code: &str, funds: Funds) -> Option<String> {
    let clock = |at: Timestamp| format!("T+{}", at.as_second());
    DeclineCause::of_code(Some(code)).say_verified(usd("41.90"), funds, clock)
}

/// A reading of a card at second 100, of a purchase that was declined at second 90.
fn funds(available: &str, is_live: bool) -> Funds {
    let value = Balance { available: Some(usd(available)), ..Balance::default() };
    let reading = Reading::At { value, at: at(100) };
    let reading = if is_live { reading } else { reading.stale(&"no answer".into()) };
    Funds::of(usd("41.90"), at(90), &reading)
}

#[test]
fn every_reason_has_every_sentence_and_every_code_belongs_to_one_reason() {
    assert_eq!(DICTIONARY.entries.len(), DeclineReason::ALL.len());
    for (reason, entry) in entries() {
        let word = toml::Value::String(reason.as_str().to_owned());
        assert_eq!(word.try_into::<DeclineReason>().ok(), Some(reason));
        assert!(!entry.words.is_empty() && !entry.codes.is_empty(), "{reason:?}");
        assert!(!entry.next.words.is_empty(), "{reason:?}");
        assert_eq!(entry.say.is_some(), entry.tell == Disclosure::Safe, "{reason:?}");
        let verified = entry.tell == Disclosure::AfterVerification;
        assert_eq!(entry.say_verified.is_some(), verified, "{reason:?}");
        for code in entry.notes.keys() {
            assert!(entry.codes.contains(code), "{reason:?}: a note of {code}");
        }
    }
    let codes: usize = DICTIONARY.entries.values().map(|entry| entry.codes.len()).sum();
    assert_eq!(DICTIONARY.by_code.len(), codes, "a code stands under two reasons");
    let differs = DICTIONARY.entry(DeclineReason::DiffersByNetwork);
    assert_eq!(differs.notes.len(), differs.codes.len(), "each says how");
}

#[test]
fn sentences_have_only_the_placeholders_that_are_filled() {
    let check = |sentence: &str, known: &[&str]| {
        let mut rest = sentence.to_owned();
        for placeholder in known {
            rest = rest.replace(placeholder, "");
        }
        assert!(!rest.contains(['{', '}']), "{sentence}");
    };
    for (_, entry) in entries() {
        check(&entry.words, &[]);
        check(entry.say.as_deref().unwrap_or_default(), &["{asked}"]);
        check(entry.say_verified.as_deref().unwrap_or_default(), &["{asked}"]);
        if let Some(balance) = &entry.balance {
            check(&balance.now, &["{asked}", "{available}"]);
            check(&balance.enough_now, &["{asked}", "{available}"]);
            check(&balance.last_known, &["{asked}", "{available}", "{read_at}"]);
            assert!(balance.last_known.contains("{read_at}"));
        }
        let is_top_up = entry.next.action == Some(Remedy::TopUp);
        check(&entry.next.words, if is_top_up { &["{short}"] } else { &["{provider}"] });
    }
}

/// Parts of words that would give one of the six reasons away that help a thief: wrong CVV, wrong
/// expiry, wrong PIN and tries left, not activated, suspected fraud, blocked by a rule.
const HINTS: &[&str] = &[
    "cvv",
    "cvc",
    "security",
    "code",
    "digits",
    "expir",
    "date",
    "pin",
    "tries",
    "attempt",
    "activ",
    "fraud",
    "suspi",
    "protect",
    "risk",
    "steal",
    "stole",
    "lost",
    "thief",
    "block",
    "rule",
    "restrict",
    "limit",
    "often",
    "country",
    "kind of shop",
    "kind of purchase",
    "merchant",
    "frozen",
    "freeze",
    "lock",
    "stopped",
    "allow",
    "permit",
    "law",
    "wrong",
    "police",
    "keep",
];

#[test]
fn no_sentence_that_anybody_may_hear_hints_at_a_reason_that_helps_a_thief() {
    for sentence in safe_sentences() {
        let words: Vec<String> = sentence
            .to_lowercase()
            .split(|c: char| !c.is_alphabetic())
            .map(str::to_owned)
            .collect();
        for hint in HINTS {
            let is_there = match hint.contains(' ') {
                true => sentence.to_lowercase().contains(hint),
                false => words.iter().any(|word| word.starts_with(hint)),
            };
            assert!(!is_there, "{sentence:?} has {hint:?}");
        }
    }
}

#[test]
fn what_is_on_the_card_is_in_no_sentence_that_anybody_may_hear() {
    for sentence in safe_sentences() {
        let without_asked = sentence.replace("{asked}", "");
        assert!(!without_asked.contains(['{', '}']), "{sentence:?}");
    }
    assert_eq!(say("51"), "The shop asked 41.90, more than was on the card.");
    for (reason, entry) in entries().filter(|(_, entry)| entry.balance.is_some()) {
        assert_eq!(entry.tell, Disclosure::Safe, "{reason:?} has two sentences once verified");
    }
}

#[test]
fn what_a_caller_hears_is_the_same_for_every_reason_that_may_not_be_told() {
    for reason in [
        DeclineReason::WrongCvv,
        DeclineReason::WrongExpiry,
        DeclineReason::WrongPin,
        DeclineReason::PinTriesExceeded,
        DeclineReason::CardNotActivated,
        DeclineReason::SuspectedFraud,
        DeclineReason::BlockedByRule,
        DeclineReason::MerchantBlocked,
        DeclineReason::TooOften,
        DeclineReason::PickUpCard,
        DeclineReason::CardStolen,
    ] {
        assert_ne!(reason.disclosure(), Disclosure::Safe, "{reason:?}");
    }
    let mut heard = BTreeSet::new();
    let mut of_never = BTreeSet::new();
    for (reason, entry) in entries().filter(|(_, entry)| entry.tell != Disclosure::Safe) {
        for code in &entry.codes {
            heard.insert(say(code));
            let verified = say_verified(code, funds("12.40", true));
            let verified = verified.unwrap_or_else(|| panic!("{reason:?}"));
            assert!(!heard.contains(&verified));
            if entry.tell == Disclosure::Never {
                of_never.insert(verified);
            }
        }
    }
    heard.insert(say("R77"));
    heard.insert(say(""));
    let neutral =
        "The purchase was not approved. I need to verify who you are before I can say more.";
    assert_eq!(heard, BTreeSet::from([neutral.to_owned()]));
    assert_eq!(of_never.len(), 1, "{of_never:?}");
}

#[test]
fn a_pin_is_set_and_a_card_unfrozen_only_after_verification() {
    for (reason, entry) in entries() {
        match entry.next.action {
            Some(Remedy::SetPin | Remedy::Unfreeze | Remedy::Freeze) => {
                assert_eq!(entry.tell, Disclosure::AfterVerification, "{reason:?}");
            }
            Some(Remedy::TopUp) => assert_eq!(reason, DeclineReason::NotEnoughMoney),
            None => {}
        }
    }
}

#[test]
fn the_codes_of_iso_8583_and_the_usual_words_are_mapped() {
    let iso = "01 02 03 04 05 06 07 12 13 14 15 19 30 33 34 35 36 37 38 39 41 43 46 51 52 53 54 55 \
               56 57 58 59 61 62 63 65 67 68 70 75 76 77 78 82 83 86 91 92 93 94 95 96 N7 Q1 R0 R1 \
               1A";
    for code in iso.split_whitespace() {
        assert!(DeclineReason::of_code(code).is_some(), "{code}");
    }
    for (code, reason) in [
        ("Insufficient balance in card account", DeclineReason::NotEnoughMoney),
        ("Insufficient_Funds", DeclineReason::NotEnoughMoney),
        ("Insufficient Balance", DeclineReason::NotEnoughMoney),
        ("CVV_INVALID", DeclineReason::WrongCvv),
        ("PIN_TRIES_EXCEEDED", DeclineReason::PinTriesExceeded),
        ("LOST_OR_STOLEN", DeclineReason::CardLostOrStolen),
        ("COUNTRY_BLOCKED", DeclineReason::CountryBlocked),
    ] {
        assert_eq!(DeclineReason::of_code(code), Some(reason), "{code}");
    }
    let note = DeclineCause::of_code(Some("82")).note();
    assert_eq!(note, Some("Visa: a wrong security code; Mastercard: a rule of the issuer"));
}

#[test]
fn a_code_is_found_whatever_its_case_and_separators_and_never_guessed() {
    for code in [
        "insufficient-funds",
        "Insufficient Funds",
        "INSUFFICIENT_FUNDS",
        "InsufficientFunds",
        " insufficient  funds.",
        "51",
    ] {
        assert_eq!(DeclineReason::of_code(code), Some(DeclineReason::NotEnoughMoney), "{code}");
    }
    for code in ["", "INSUFFICIENT", "511", "5.1", "5 1", "51 Main Street", "51é", "not mapped"] {
        assert_eq!(DeclineReason::of_code(code), None, "{code}");
    }
    for code in ["00", "10", "85", "97", "101:0 - card number not exist"] {
        assert_eq!(DeclineReason::of_code(code), None, "{code}: left out on purpose");
    }
    assert_eq!(words_of("3DS_Fail"), "3DS_FAIL");
}

#[test]
fn a_sentence_about_the_balance_takes_its_age_and_its_sign_from_the_reading() {
    for (funds, sentence) in [
        (funds("12.40", true), "The shop asked 41.90, and 12.40 is on it now."),
        (funds("12.40", false), "41.90 was asked; at T+100 12.40 was on it."),
        (
            funds("80", true),
            "The shop asked 41.90, more than was on the card then. 80.00 is on it now, so it can \
             be tried again.",
        ),
    ] {
        assert_eq!(say_verified("51", funds).as_deref(), Some(sentence));
    }
    for debt in [funds("-1456.65", true), funds("-1456.65", false), Funds::NotKnown] {
        assert_eq!(say_verified("51", debt), None);
    }
}

#[test]
fn a_balance_that_was_read_before_the_purchase_or_in_another_currency_is_not_said_of_now() {
    let value = Balance { available: Some(usd("80")), ..Balance::default() };
    let reading = Reading::At { value, at: at(100) };
    let before = Funds::of(usd("41.90"), at(130), &reading);
    let said = say_verified("51", before);
    assert_eq!(said.as_deref(), Some("41.90 was asked; at T+100 80.00 was on it."));
    let euros = Money::parse_wire("41.90", "EUR".parse().expect("a currency")).expect("an amount");
    assert_eq!(Funds::of(euros, at(90), &reading), Funds::NotKnown);
    assert_eq!(Funds::of(usd("41.90"), at(90), &Reading::Never), Funds::NotKnown);
}
