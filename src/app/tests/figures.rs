//! What is said of figures and declines, and what is copied.

use super::*;
use crate::app::CopyOutcome;
use crate::app::notice::Weight;

#[test]
fn a_large_figure_is_never_cut() {
    let mut model = board((120, 40));
    let rich = card(CardState::Active, "Rich", "9999", "artha", "1234567890123.45 USD", 1);
    apply(&mut model, EngineEvent::Cards(vec![rich.into()]));
    let lines = crate::app::present::card::summary(
        &model.portfolio,
        &model.keymap,
        &key("artha", "9999"),
        None,
        (36, 40),
    );
    let text: Vec<String> =
        lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
    assert!(text.iter().any(|line| line.contains("1,234,567,890,123.45 USD")), "{text:#?}");
}

#[test]
fn copying_takes_two_keys_and_says_what_it_copied() {
    let mut model = board((120, 40));
    press(&mut model, "j j");
    assert_eq!(jobs(press(&mut model, "y l")), ["copy 4242"]);
    assert_eq!(jobs(press(&mut model, "y i")), ["copy artha/c-4242"]);
    let row = jobs(press(&mut model, "y r")).join("");
    assert!(row.contains("Mara Lindqvist  ..4242  artha  12.40  USD"), "{row}");
    let json = jobs(press(&mut model, "y j")).join("");
    assert!(json.contains(r#""available":{"amount":"12.40","currency":"USD"}"#), "{json}");
    assert_eq!(jobs(press(&mut model, "y esc")), Vec::<String>::new());
    assert_eq!(
        jobs(press(&mut model, "y q")),
        Vec::<String>::new(),
        "the key after y is no command"
    );
}

#[test]
fn copied_is_said_only_of_what_a_program_confirmed() {
    let mut model = board((120, 40));
    let said = |model: &mut Model, outcome| {
        press(model, "y i");
        assert_eq!(notice(model), ("copying: id".to_owned(), false));
        _ = update(model, Msg::Copied(outcome));
        notice(model)
    };
    fn notice(model: &Model) -> (String, bool) {
        let notice = model.notice.as_ref().expect("a notice");
        (notice.text.clone(), notice.weight == Weight::Trouble)
    }
    assert_eq!(
        said(&mut model, CopyOutcome::Copied("id".to_owned())),
        ("copied: id".to_owned(), false)
    );
    assert_eq!(
        said(&mut model, CopyOutcome::SentToTerminal("id".to_owned())),
        ("sent to the terminal's clipboard: id (some terminals ignore that)".to_owned(), false)
    );
    assert_eq!(
        said(&mut model, CopyOutcome::Failed("xclip ended with code 1".to_owned())),
        ("not copied: xclip ended with code 1".to_owned(), true)
    );
}

#[test]
fn of_a_provider_the_status_is_copied_as_sentences_for_a_ticket() {
    let mut model = board((120, 40));
    press(&mut model, "4");
    let copied = jobs(press(&mut model, "y")).join("");
    assert_eq!(
        copied,
        "copy enkash (enkash, production) is DOWN since 2026-04-03 14:05:02 +02:00: HTTP 503, no \
         Retry-After header. Last success 2026-04-03 14:04:58 +02:00 (3m ago). Failed requests in \
         the last 5 minutes: 11. Next try 2026-04-03 14:08:36 +02:00. As of 2026-04-03 14:08:12 \
         +02:00."
    );
    assert!(!model.copying, "there is no menu of the card");
    assert_eq!(
        model.notice.as_ref().map(|notice| notice.text.as_str()),
        Some("copying: status of enkash DOWN; others not OK: banana SLOW")
    );
    let mut unheard = bare((80, 24));
    let copied = jobs(press(&mut unheard, "4 y")).join("");
    assert_eq!(
        copied,
        "copy artha (artha, production) was not heard of yet. As of 2026-04-03 14:08:12 +02:00."
    );
}

#[test]
fn totals_never_mix_currencies_and_tell_spent_from_refused() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    let totals: Vec<String> = model
        .panes
        .feed
        .totals(&model.portfolio)
        .iter()
        .map(|total| {
            let figure =
                |money: Option<crate::domain::money::Money>| money.expect("small sums").digits();
            format!(
                "{} {} {} {}",
                total.currency,
                figure(total.out),
                figure(total.into),
                figure(total.declined)
            )
        })
        .collect();
    assert_eq!(
        totals,
        [
            "EUR 0.00 12.00 22.10",
            "INR 0.00 0.00 1499.00",
            "KWD 0.000 0.000 31.500",
            "USD 68.40 0.00 116.90"
        ]
    );
}

#[test]
fn a_card_that_was_never_read_shows_no_figure() {
    let model = board((120, 40));
    let unread = CardKey::new(&key("artha", "1").provider, "c-new");
    let lines = crate::app::present::card::summary(
        &model.portfolio,
        &model.keymap,
        &unread,
        None,
        (60, 40),
    );
    let text: String = lines.iter().flatten().map(|(_, text)| text.as_str()).collect();
    assert!(text.contains("Balance not read yet") && !text.contains("0.00"), "{text}");
}

#[test]
fn a_sum_that_does_not_agree_is_said_and_not_repaired() {
    let model = board((120, 40));
    let lines = crate::app::present::card::summary(
        &model.portfolio,
        &model.keymap,
        &key("ibanera", "3020"),
        None,
        (80, 40),
    );
    let text: Vec<String> =
        lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
    assert!(
        text.iter().any(
            |line| line.contains("DOES NOT ADD UP: total - holds is 19.00, ibanera sent 15.75")
        ),
        "{text:#?}"
    );
}

#[test]
fn an_unknown_decline_code_is_never_guessed() {
    let model = board((120, 40));
    let lines = crate::app::present::card::summary(
        &model.portfolio,
        &model.keymap,
        &key("artha", "1200"),
        None,
        (80, 40),
    );
    let text: Vec<String> =
        lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
    assert!(text.iter().any(|line| line.contains("not mapped: R77")), "{text:#?}");
    assert!(text.iter().any(|line| line.contains("ask artha what it means")), "{text:#?}");
    assert!(text.iter().any(|line| line.contains("'The purchase was not approved.")), "{text:#?}");
    assert!(!text.iter().any(|line| line.contains("once verified")), "{text:#?}");
}
