//! The key that covers a decline: which one, and which not.

use super::*;
use crate::app::dialog::Content;
use crate::app::dialog::top_up::TopUp;
use crate::app::dialog::top_up::review::already_covered;
use crate::app::fixture::{health, money};
use crate::domain::card::{Card, CardKind};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::{HealthState, Quote};

/// A day in seconds.
const DAY: i64 = 24 * 3_600;

/// Nora's card at artha with 77.00 EUR, opened, with these declines: code, seconds ago, amount.
fn nora(declines: &[(&str, i64, &str)]) -> Model {
    let mut model = board((120, 40));
    let nora = key("artha", "8810");
    let row = |(code, age, amount): &(&str, i64, &str)| {
        declined(transaction(&nora, &format!("n-{age}"), *age, amount, "REWE 0412"), code)
    };
    apply(
        &mut model,
        EngineEvent::Transactions(declines.iter().map(row).collect::<Vec<_>>().into()),
    );
    press(&mut model, "/ 8 8 1 0 enter enter");
    assert_eq!(selected(&model), "c-8810");
    model
}

fn arrives(model: &mut Model, code: &str, amount: &str) {
    let row = transaction(&key("artha", "8810"), "n-new", -1, amount, "ALZA");
    apply(model, EngineEvent::Transactions(vec![declined(row, code)].into()));
}

/// Amount and reason of the top-up that is open.
fn filled(model: &Model) -> (String, String) {
    let dialog = model.dialog.as_ref().expect("a dialog");
    let Content::TopUp(form) = dialog.content() else { panic!("a top-up: {}", refusal(model)) };
    let TopUp { amount, reason, .. } = &form.body;
    (amount.text().to_owned(), reason.text().to_owned())
}

/// Why nothing is covered.
fn refusal(model: &Model) -> String {
    match model.dialog.as_ref().map(Dialog::content) {
        Some(Content::Refusal(refusal)) => refusal.why(&model.portfolio).unwrap_or_default(),
        _ => String::new(),
    }
}

fn summary(model: &Model) -> String {
    let inner = ratatui::layout::Rect::new(0, 0, 118, 38);
    let line = |line: &Vec<(_, String)>| line.iter().map(|(_, text)| text.as_str()).collect();
    model.card_summary(inner).iter().map(line).collect::<Vec<String>>().join("\n")
}

/// Lets the first moment of a dialog pass, in which keys are not taken.
fn wait(model: &mut Model) {
    tick(model, 1);
}

#[test]
fn money_is_not_offered_where_money_was_not_missing() {
    for (code, words) in [
        ("SUSPECTED_FRAUD", "stopped as possible fraud; money was not what was missing"),
        ("LIMIT_DAY", "over daily limit; money was not what was missing"),
        ("3DS_FAIL", "3DS check not passed; money was not what was missing"),
        ("65", "used too often in a short time; money was not what was missing"),
        ("R77", "has the code R77, which is not mapped: nobody can tell that money was missing"),
        ("", "came without a reason: nobody can tell that money was missing"),
    ] {
        for age in [60, 4 * DAY] {
            let mut model = nora(&[(code, age, "150.00 EUR")]);
            press(&mut model, "T");
            assert!(refusal(&model).contains(words), "{code}: {}", refusal(&model));
            assert!(refusal(&model).starts_with("the last decline, "), "{}", refusal(&model));
        }
    }
}

#[test]
fn money_is_offered_only_for_lack_of_money_at_every_provider() {
    for (name, last4, holder, asked) in [
        ("artha", "8810", "Nora", "150.00 EUR"),
        ("banana", "9034", "Chen", "150.00 USD"),
        ("enkash", "3318", "Priya", "9000.00 INR"),
        ("ibanera", "7001", "Ola", "150.00 USD"),
    ] {
        let offered = |code: &str| {
            let mut model = board((120, 40));
            apply(&mut model, health(name, HealthState::Ok, 1, None));
            if name == "ibanera" {
                let ola = card(CardState::Active, holder, last4, name, "5.00 USD", 1);
                apply(&mut model, EngineEvent::Cards(vec![ola.into()]));
            }
            let row = declined(transaction(&key(name, last4), "x-1", 60, asked, "REWE"), code);
            apply(&mut model, EngineEvent::Transactions(vec![row].into()));
            press(&mut model, "/");
            for digit in last4.chars() {
                press(&mut model, &digit.to_string());
            }
            press(&mut model, "enter T");
            matches!(model.dialog.as_ref().map(Dialog::content), Some(Content::TopUp(_)))
        };
        assert!(offered("51") && offered("Insufficient balance in card account"), "{name}");
        assert!(!offered("59") && !offered("LIMIT_DAY") && !offered("R77"), "{name}");
    }
}

#[test]
fn the_newest_decline_for_lack_of_money_within_a_day_is_covered() {
    let mut model = nora(&[("3DS_FAIL", 60, "9.00 EUR"), ("51", 600, "150.00 EUR")]);
    press(&mut model, "T");
    assert_eq!(filled(&model), ("80.00".to_owned(), "cover decline REWE 0412 150.00".to_owned()));
    let mut model = nora(&[("3DS_FAIL", 60, "9.00 EUR"), ("51", DAY + 60, "150.00 EUR")]);
    press(&mut model, "T");
    assert!(refusal(&model).contains("3DS check not passed"), "{}", refusal(&model));
}

/// A purchase of Nora's at REWE that is not declined.
fn passes(model: &mut Model, age: i64, amount: &str, state: TransactionState) {
    let row = transaction(&key("artha", "8810"), &format!("p-{age}"), age, amount, "REWE 0412");
    apply(model, EngineEvent::Transactions(vec![Transaction { state, ..row }].into()));
}

#[test]
fn a_decline_whose_purchase_passed_later_is_not_the_one_that_is_covered() {
    for state in [TransactionState::Hold, TransactionState::Cleared] {
        let mut model = nora(&[("51", 300, "150.00 EUR"), ("51", 600, "90.00 EUR")]);
        passes(&mut model, 60, "150.00 EUR", state);
        press(&mut model, "T");
        assert_eq!(filled(&model).1, "cover decline REWE 0412 90.00", "{state:?}");
        let dialog = model.dialog.as_ref().expect("a dialog");
        let Content::TopUp(form) = dialog.content() else { panic!("a top-up") };
        assert_eq!(form.body.place(&form.target.key, &model.portfolio), None, "there is no other");
    }
    for (age, amount, state) in [
        (60, "150.00 EUR", TransactionState::Reversed),
        (60, "149.00 EUR", TransactionState::Cleared),
        (400, "150.00 EUR", TransactionState::Cleared),
    ] {
        let mut model = nora(&[("51", 300, "150.00 EUR"), ("51", 600, "90.00 EUR")]);
        passes(&mut model, age, amount, state);
        press(&mut model, "T");
        assert_eq!(filled(&model).1, "cover decline REWE 0412 150.00", "{age} {amount} {state:?}");
    }
}

#[test]
fn a_decline_whose_purchase_passed_later_is_covered_only_by_choice_and_with_a_warning() {
    let mut model = nora(&[("51", 300, "150.00 EUR")]);
    passes(&mut model, 123, "150.00 EUR", TransactionState::Hold);
    assert!(summary(&model).contains("next nothing: the same purchase passed at 14:06"));
    press(&mut model, "T");
    assert!(
        refusal(&model).contains("needs no cover: the same purchase passed 2m ago"),
        "{}",
        refusal(&model)
    );
    press(&mut model, "esc j T");
    assert_eq!(filled(&model), ("80.00".into(), "cover decline REWE 0412 150.00".into()));
    wait(&mut model);
    let warning = "the same purchase passed at 14:06 (id p-123)";
    let dialog = model.dialog.as_ref().expect("a dialog");
    let Content::TopUp(form) = dialog.content() else { panic!("a top-up") };
    let covers = form.body.covers.as_ref().expect("it covers a decline");
    assert_eq!(already_covered(covers, &model.portfolio).as_deref(), Some(warning));
    press(&mut model, "enter");
    let dialog = model.dialog.as_ref().expect("a dialog");
    let Content::TopUp(form) = dialog.content() else { panic!("a top-up") };
    let repetition = form.body.review.as_ref().and_then(|review| review.repetition.as_deref());
    assert_eq!(repetition, Some(warning));
    assert!(form.confirmation.asks_text(), "it takes the last four");
}

#[test]
fn the_decline_under_the_cursor_is_covered_whatever_its_age() {
    let declines = [("51", 60, "100.00 EUR"), ("51", 4 * DAY, "150.00 EUR")];
    let mut model = nora(&declines);
    press(&mut model, "T");
    assert_eq!(filled(&model).0, "30.00", "the newest, while the cursor was not moved");
    let mut model = nora(&declines);
    press(&mut model, "G T");
    assert_eq!(filled(&model).0, "80.00");
    let mut model = nora(&[("51", 60, "100.00 EUR"), ("51", 600, "150.00 EUR")]);
    press(&mut model, "2 / n o r a enter j T");
    assert_eq!(filled(&model), ("80.00".into(), "cover decline REWE 0412 150.00".into()));
}

#[test]
fn a_decline_under_the_cursor_that_money_does_not_cure_is_refused_with_what_helps() {
    let mut model = nora(&[("51", 60, "100.00 EUR"), ("SUSPECTED_FRAUD", 4 * DAY, "150.00 EUR")]);
    press(&mut model, "G T");
    assert_eq!(
        refusal(&model),
        "this decline, 4d ago: stopped as possible fraud; money was not what was missing. Once \
         verified: f freeze if it was not the holder"
    );
    let mut model = nora(&[("51", 60, "100.00 EUR"), ("55", 90, "150.00 EUR")]);
    press(&mut model, "j T");
    assert!(
        refusal(&model).ends_with("set a new PIN (this card is virtual: it has no PIN)"),
        "{}",
        refusal(&model)
    );
    let nora = card(CardState::Active, "Nora Haugen", "8810", "artha", "77.00 EUR", 0);
    let nora = Card { kind: Some(CardKind::Physical), ..nora };
    apply(&mut model, EngineEvent::Cards(vec![nora.into()]));
    press(&mut model, "esc T");
    assert!(refusal(&model).ends_with("Once verified: P set a new PIN"), "{}", refusal(&model));
}

#[test]
fn a_decline_that_arrives_while_the_operator_reads_does_not_replace_the_one_talked_about() {
    let mut model = nora(&[("51", 600, "150.00 EUR")]);
    arrives(&mut model, "3DS_FAIL", "9.00 EUR");
    press(&mut model, "T");
    assert_eq!(filled(&model).1, "cover decline REWE 0412 150.00");
    arrives(&mut model, "51", "300.00 EUR");
    wait(&mut model);
    assert_eq!(
        filled(&model),
        ("80.00".to_owned(), "cover decline REWE 0412 150.00".to_owned()),
        "nor in the open dialog"
    );
}

#[test]
fn the_others_of_that_kind_can_be_chosen_and_what_was_typed_stays() {
    let declines = [("51", 60, "100.00 EUR"), ("59", 90, "9.00 EUR"), ("51", 600, "150.00 EUR")];
    let mut model = nora(&declines);
    press(&mut model, "T");
    wait(&mut model);
    assert_eq!(filled(&model).0, "30.00");
    press(&mut model, "down");
    assert_eq!(filled(&model), ("80.00".into(), "cover decline REWE 0412 150.00".into()));
    press(&mut model, "down");
    assert_eq!(filled(&model).0, "80.00", "there is no third one: the other is possible fraud");
    press(&mut model, "up");
    assert_eq!(filled(&model), ("30.00".into(), "cover decline REWE 0412 100.00".into()));
    press(&mut model, "backspace backspace 5 down");
    assert_eq!(
        filled(&model),
        ("30.5".to_owned(), "cover decline REWE 0412 150.00".to_owned()),
        "the amount was edited, the reason was not"
    );
}

#[test]
fn a_card_that_cannot_spend_is_not_covered() {
    let mut model = nora(&[("51", 60, "100.00 EUR")]);
    for (state, why) in [
        (CardState::Frozen, "the card is FROZEN, so money would not let the purchase pass: f unfr"),
        (CardState::Pending, "the card is not activated, so money would not let"),
        (CardState::Blocked, "only the issuer can"),
        (CardState::Closed, "closed"),
        (CardState::Expired, "EXPIRED"),
    ] {
        let nora = card(state, "Nora Haugen", "8810", "artha", "77.00 EUR", 0);
        apply(&mut model, EngineEvent::Cards(vec![nora.into()]));
        press(&mut model, "T");
        assert!(refusal(&model).contains(why), "{state:?}: {}", refusal(&model));
        press(&mut model, "esc");
    }
}

#[test]
fn the_decline_under_the_cursor_is_the_one_that_is_explained() {
    let mut model = nora(&[("59", 60, "100.00 EUR"), ("51", 600, "150.00 EUR")]);
    assert!(summary(&model).contains("100.00 EUR") && summary(&model).contains("possible fraud"));
    press(&mut model, "j");
    let text = summary(&model);
    assert!(text.contains("This decline") && text.contains("short 73.00"), "{text}");
    assert!(text.contains("T top up 73.00 EUR or more to cover it"), "{text}");
}

#[test]
fn what_is_proposed_next_is_what_the_key_would_do() {
    let text = summary(&nora(&[("51", 60, "100.00 EUR")]));
    assert!(text.contains("T top up 23.00 EUR or more to cover it"), "{text}");
    let mut model = nora(&[("51", 4 * DAY, "100.00 EUR")]);
    press(&mut model, "G");
    let text = summary(&model);
    assert!(text.contains("T top up 23.00 EUR or more to cover it"), "the cursor is on it: {text}");
    let mut model = nora(&[("51", 4 * DAY, "100.00 EUR")]);
    let text = summary(&model);
    assert!(text.contains("t top up 23.00 EUR or more to cover it"), "{text}");
    press(&mut model, "T");
    assert!(refusal(&model).contains("for lack of money was 4d ago"), "{}", refusal(&model));
}

#[test]
fn a_reason_that_helps_a_thief_is_said_only_once_it_is_verified_who_calls() {
    for (code, verified) in [
        ("N7", "'The security code that was typed is not the one on the back of the card.'"),
        ("55", "'The PIN that was typed is not the card's.'"),
        ("59", "'The issuer stopped this purchase to protect you. Was it you?'"),
        ("MCC_BLOCK", "'This card does not work at shops of this kind.'"),
        ("04", "'The purchase was not approved, and the issuer does not give out why.'"),
    ] {
        let text = summary(&nora(&[(code, 60, "100.00 EUR")]));
        let say = "  say  'The purchase was not approved. I need to verify who you are before I \
                   can say more.'";
        assert!(text.contains(say), "{text}");
        assert!(text.contains(&format!("  once verified {verified}")), "{text}");
    }
    let text = summary(&nora(&[("59", 60, "100.00 EUR")]));
    assert!(text.contains("  next once verified: f freeze if it was not the holder"), "{text}");
}

#[test]
fn what_was_on_the_card_is_not_said_of_now_while_the_provider_is_down() {
    let mut model = nora(&[("51", 60, "100.00 EUR")]);
    let stale = |amount: &str| {
        let mut nora = card(CardState::Active, "Nora Haugen", "8810", "artha", amount, 20);
        nora.balance = nora.balance.stale(&"no answer in 10 s".into());
        EngineEvent::Cards(vec![nora.into()])
    };
    apply(&mut model, stale("77.00 EUR"));
    let text = summary(&model);
    let say = "  say  'The shop asked 100.00, more than was on the card.'";
    assert!(text.contains(say), "{text}");
    let verified = "  once verified '100.00 was asked; at 14:07 77.00 was on it.'";
    assert!(text.contains(verified), "{text}");
    assert!(text.contains("not enough money: 77.00 available, last known 14:07"), "{text}");
    apply(&mut model, stale("-1456.65 EUR"));
    let text = summary(&model);
    assert!(text.contains(say) && !text.contains("once verified"), "{text}");
    assert!(text.contains("not enough money: in debt 1,456.65, last known 14:07"), "{text}");
    apply(&mut model, stale("177.00 EUR"));
    let text = summary(&model);
    assert!(text.contains("next there was enough on it at 14:07: read it again"), "{text}");
}

#[test]
fn a_row_that_is_opened_from_the_feed_stays_under_the_cursor() {
    let mut model = nora(&[("59", 60, "9.00 EUR"), ("51", 600, "150.00 EUR")]);
    press(&mut model, "2 / n o r a enter j enter");
    assert_eq!((selected(&model).as_str(), model.screen.focus), ("c-8810", Pane::Detail));
    assert!(summary(&model).contains("This decline"), "{}", summary(&model));
    press(&mut model, "T");
    assert_eq!(filled(&model).1, "cover decline REWE 0412 150.00");
}

#[test]
fn a_top_up_that_was_declined_for_lack_of_money_is_not_the_cards_lack() {
    let mut model = nora(&[]);
    let row = transaction(&key("artha", "8810"), "n-1", 60, "150.00 EUR", "FLOAT");
    let top_up = Transaction { kind: TransactionKind::TopUp, ..row };
    apply(
        &mut model,
        EngineEvent::Transactions(vec![declined(top_up, "INSUFFICIENT_BALANCE")].into()),
    );
    assert!(!summary(&model).contains("say"), "{}", summary(&model));
    press(&mut model, "T");
    assert!(refusal(&model).starts_with("no decline of this card is known"), "{}", refusal(&model));
}

#[test]
fn a_caller_who_was_short_is_helped_in_ten_keys() {
    let mut model = board((80, 24));
    let row = transaction(&key("artha", "8810"), "n-1", 60, "150.00 EUR", "REWE 0412");
    apply(&mut model, EngineEvent::Transactions(vec![declined(row, "51")].into()));
    let keys = "/ 8 8 1 0 enter enter T";
    press(&mut model, keys);
    wait(&mut model);
    let asked = press(&mut model, "enter").into_iter().find_map(|effect| match effect {
        Effect::Ask(Job::RecentCredit { asked, amount, .. }) => Some((asked, amount)),
        _ => None,
    });
    let (asked, amount) = asked.expect("the card's list is asked for");
    assert_eq!(amount, money("80.00 EUR"));
    apply(&mut model, EngineEvent::RecentCredit { asked, recent: Ok(None) });
    let (fee, at) = (Some(money("0.50 EUR")), model.portfolio.now);
    let quote = Quote { fee, receives: None, debited: None, payer: None, at };
    apply(&mut model, EngineEvent::Quote { asked, quote: Ok(quote) });
    wait(&mut model);
    let sent = jobs(press(&mut model, "y"));
    assert!(sent.iter().any(|job| job.starts_with("Act")), "{sent:?}");
    assert_eq!(keys.split_whitespace().count() + 2, 10);
}
