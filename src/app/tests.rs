//! Key stories: what the operator presses, and what the board then shows and asks.

use jiff::SignedDuration;

use super::dialog::Dialog;
use super::fixture::{
    ago, bare, board, board_with_keys, card, declined, key, now, operation, press, transaction,
};
use super::layout::Pane;
use super::{Effect, Model, Msg, update, wake_at};
use crate::domain::card::{CardKey, CardState};
use crate::domain::operation::{ActionKind, Operation, OperationId, OperationState};
use crate::engine::{EngineEvent, Job};

fn selected(model: &Model) -> String {
    model.subject().map_or_else(|| "none".to_owned(), |key| key.id.to_string())
}

fn order(model: &Model) -> Vec<String> {
    model.panes.cards.list.keys().iter().map(|key| key.id.to_string()).collect()
}

fn tick(model: &mut Model, seconds: i64) {
    let at = model.portfolio.now.checked_add(SignedDuration::from_secs(seconds)).expect("a time");
    _ = update(model, Msg::Tick(at));
}

fn apply(model: &mut Model, event: EngineEvent) -> Vec<Effect> {
    update(model, Msg::EngineEvent(event))
}

fn jobs(effects: Vec<Effect>) -> Vec<String> {
    let name = |effect| match effect {
        Effect::Ask(Job::Watch { .. }) => None,
        Effect::Ask(job) => Some(format!("{job:?}")),
        Effect::Copy(text) => Some(format!("copy {text}")),
        Effect::Suspend | Effect::Redraw | Effect::Quit => Some(format!("{effect:?}")),
    };
    effects.into_iter().filter_map(name).collect()
}

#[test]
fn the_most_urgent_cards_come_first() {
    let model = board((120, 40));
    assert_eq!(
        order(&model).iter().take(9).map(String::as_str).collect::<Vec<_>>(),
        ["c-7731", "c-1200", "c-4242", "c-0917", "c-3020", "c-5560", "c-4471", "c-3318", "c-2075"]
    );
    assert_eq!(selected(&model), "c-7731");
}

#[test]
fn rows_that_move_take_the_cursor_with_them() {
    let mut model = board((120, 40));
    press(&mut model, "j j");
    assert_eq!(selected(&model), "c-4242");
    apply(
        &mut model,
        EngineEvent::Cards(vec![card(CardState::Active, "Abe", "1111", "artha", "-1.00 USD", 1)]),
    );
    assert_eq!(selected(&model), "c-4242", "a more urgent card came in above it");
    press(&mut model, "k");
    assert_ne!(selected(&model), "c-4242");
}

#[test]
fn rows_stand_still_under_an_open_dialog_and_the_dialog_keeps_its_card() {
    let mut model = board((120, 40));
    press(&mut model, "j j t");
    let before = order(&model);
    apply(
        &mut model,
        EngineEvent::Cards(vec![card(
            CardState::Active,
            "Nora Haugen",
            "8810",
            "artha",
            "-99.00 EUR",
            0,
        )]),
    );
    assert_eq!(order(&model), before);
    assert_eq!(model.dialog.as_ref().and_then(Dialog::card), Some(&key("artha", "4242")));
    press(&mut model, "esc");
    assert_ne!(order(&model), before, "the order goes on once the dialog is closed");
    assert_eq!(selected(&model), "c-4242");
}

#[test]
fn a_feed_that_follows_goes_on_following_under_the_dialog_of_another_pane() {
    let mut model = board((120, 40));
    press(&mut model, "f esc");
    let fresh = transaction(&key("artha", "1455"), "a-1", 0, "5.00 EUR", "LIDL");
    apply(&mut model, EngineEvent::Transactions(vec![fresh]));
    assert_eq!((model.panes.feed.follow, model.panes.feed.list.range().0), (true, 0));
    press(&mut model, "2 j f esc");
    assert!(!model.panes.feed.follow, "a dialog of its own row holds it");
}

#[test]
fn a_paused_screen_counts_what_waits_and_loses_nothing() {
    let mut model = board((120, 40));
    press(&mut model, "2 p");
    let rows = model.panes.feed.list.len();
    tick(&mut model, 5);
    let fresh = declined(transaction(&key("artha", "1455"), "a-1", -3, "5.00 EUR", "LIDL"), "51");
    apply(&mut model, EngineEvent::Transactions(vec![fresh]));
    assert_eq!((model.panes.feed.list.len(), model.panes.feed.waiting), (rows, 1));
    press(&mut model, "p");
    assert_eq!((model.panes.feed.list.len(), model.panes.feed.waiting), (rows + 1, 0));
}

#[test]
fn the_filter_applies_while_typing_and_escape_shows_everything_again() {
    let mut model = board((120, 40));
    press(&mut model, "/ c c y : K W D");
    assert_eq!(order(&model), ["c-5560"]);
    press(&mut model, "enter");
    assert_eq!(model.panes.cards.hidden, 15);
    press(&mut model, "esc");
    assert_eq!(model.panes.cards.list.len(), 16);
    press(&mut model, "/ q q");
    assert_eq!(model.panes.cards.search.text(), "qq", "letters are typed, not commands");
    assert_eq!(
        jobs(press(&mut model, "ctrl-c")).len(),
        0,
        "an operation is in flight, so it asks first"
    );
    assert!(model.dialog.is_some());
}

#[test]
fn pasted_text_goes_into_an_open_filter_and_nowhere_else() {
    let mut model = board((120, 40));
    _ = update(&mut model, Msg::Paste("q\u{1b}[2J".to_owned()));
    assert!(model.panes.cards.search.text().is_empty() && model.dialog.is_none());
    press(&mut model, "/");
    _ = update(&mut model, Msg::Paste("4242\n".to_owned()));
    assert_eq!(order(&model), ["c-4242"]);
}

#[test]
fn a_mark_that_the_filter_hides_is_counted() {
    let mut model = board((120, 40));
    press(&mut model, "space j space / l a s t 4 : 4 2 4 2 enter");
    assert_eq!((model.panes.cards.marks.len(), model.panes.cards.hidden_marks()), (2, 2));
    press(&mut model, "U");
    assert_eq!(model.panes.cards.marks.len(), 0);
}

#[test]
fn sorting_compares_amounts_only_within_a_currency() {
    let mut model = board((120, 40));
    press(&mut model, "s s s s s");
    assert_eq!(model.panes.cards.sort.as_str(), "available");
    let amounts: Vec<_> = model
        .panes
        .cards
        .list
        .keys()
        .iter()
        .filter_map(|key| model.portfolio.cards.get(key)?.available())
        .collect();
    let codes: Vec<String> =
        amounts.iter().map(|money| money.currency().code().to_owned()).collect();
    let mut grouped = codes.clone();
    grouped.sort();
    assert_eq!(codes, grouped, "cards of one currency stand together");
    assert!(amounts.windows(2).all(|pair| match pair {
        [a, b] => a.currency() != b.currency() || a.amount() <= b.amount(),
        _ => true,
    }));
    press(&mut model, "S");
    assert!(model.panes.cards.reversed);
}

#[test]
fn views_open_and_escape_leads_back() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    assert_eq!((model.screen.view, model.screen.focus), (Pane::Feed, Pane::Feed));
    press(&mut model, "enter");
    assert_eq!(
        (model.screen.view, selected(&model).as_str()),
        (Pane::Detail, "c-4242"),
        "the card of the newest row"
    );
    press(&mut model, "esc");
    assert_eq!(model.screen.view, Pane::Feed);
    press(&mut model, "4 -");
    assert_eq!(model.screen.view, Pane::Feed, "the last view");
    press(&mut model, "esc tab");
    assert_eq!((model.screen.view, model.screen.focus), (Pane::Cards, Pane::Detail));
    press(&mut model, "z");
    assert_eq!(model.layout().panes.len(), 1);
    press(&mut model, "esc s-tab");
    assert_eq!((model.layout().panes.len(), model.screen.focus), (3, Pane::Cards));
}

#[test]
fn the_detail_follows_the_cursor_and_stays_when_keys_go_to_it() {
    let mut model = board((120, 40));
    press(&mut model, "j");
    assert_eq!(model.panes.detail.card, Some(key("artha", "1200")));
    press(&mut model, "tab l l");
    assert_eq!(model.panes.detail.tab, super::detail::Tab::Declines);
    assert_eq!(model.panes.detail.list.len(), 1);
    assert_eq!(selected(&model), "c-1200");
}

#[test]
fn the_next_decline_is_one_key_away() {
    let mut model = board((120, 40));
    press(&mut model, "2 g e");
    let first = selected(&model);
    press(&mut model, "e");
    assert_ne!(selected(&model), first);
    assert!(!model.panes.feed.follow, "looking at an old row is not following");
    press(&mut model, "F");
    assert!(model.panes.feed.follow && model.panes.feed.list.at() == 0);
}

#[test]
fn an_unsettled_operation_is_looked_for_by_its_key_and_a_settled_one_is_not() {
    let mut model = board((120, 40));
    let requested = jobs(press(&mut model, "3"));
    assert!(requested.iter().any(|job| job.starts_with("Steps")), "{requested:?}");
    let requested = jobs(press(&mut model, "j c"));
    assert!(requested.iter().any(|job| job.starts_with("Look")), "{requested:?}");
    let requested = jobs(press(&mut model, "j c"));
    assert!(!requested.iter().any(|job| job.starts_with("Look")), "{requested:?}");
    assert_eq!(
        model.notice.as_ref().map(|notice| notice.text.ends_with("is settled: DONE")),
        Some(true)
    );
}

#[test]
fn the_activity_shows_what_a_tab_names() {
    let mut model = board((120, 40));
    press(&mut model, "3 l l");
    let states: Vec<OperationState> = model
        .panes
        .activity
        .list
        .keys()
        .iter()
        .filter_map(|id| model.portfolio.operation(*id))
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [OperationState::Sent, OperationState::Unknown]);
    assert_eq!(model.panes.activity.hidden, 4);
}

#[test]
fn what_is_on_screen_is_asked_for_first_and_only_when_it_changes() {
    let mut model = board((80, 24));
    let watches = |effects: Vec<Effect>| {
        effects.iter().filter(|e| matches!(e, Effect::Ask(Job::Watch { .. }))).count()
    };
    assert_eq!(watches(press(&mut model, "j")), 1);
    assert_eq!(watches(press(&mut model, "w")), 0, "nothing else came into sight");
    let effects = press(&mut model, "G");
    let visible = effects.iter().find_map(|effect| match effect {
        Effect::Ask(Job::Watch { selected, visible }) => Some((selected.clone(), visible.len())),
        _ => None,
    });
    assert_eq!(visible.map(|(selected, visible)| (selected.is_some(), visible)), Some((true, 9)));
}

#[test]
fn changes_open_a_dialog_for_the_card_under_the_cursor() {
    for (keys, id) in [
        ("f", "c-7731"),
        ("j j t", "c-4242"),
        ("j j T", "c-4242"),
        ("P", "c-7731"),
        ("C", "c-7731"),
        ("x", "c-7731"),
    ] {
        let mut model = board((120, 40));
        let requested = jobs(press(&mut model, keys));
        assert!(
            requested.iter().all(|job| job.starts_with("RefreshCard")),
            "{keys}: the first key only reads: {requested:?}"
        );
        assert_eq!(
            model.dialog.as_ref().and_then(Dialog::card).map(|key| &*key.id),
            Some(id),
            "{keys}"
        );
    }
}

#[test]
fn a_failure_around_the_board_is_said_until_the_next_key() {
    let mut model = board((120, 40));
    let effects = update(&mut model, Msg::Failed("not copied: no terminal".to_owned()));
    assert!(jobs(effects).iter().all(|job| job.starts_with("Watch")));
    tick(&mut model, 60);
    let notice = model.notice.as_ref().map(|notice| notice.text.as_str());
    assert_eq!(notice, Some("a part of cardtop failed: not copied: no terminal"));
    press(&mut model, "j");
    assert_eq!(model.notice, None);
}

#[test]
fn a_refusal_is_said_when_no_dialog_shows_it() {
    let mut model = board((120, 40));
    let id = OperationId::new(now(), 1, 1);
    let refused = EngineEvent::Refused {
        id,
        card: key("artha", "4242"),
        why: "the card changed since".to_owned(),
    };
    apply(&mut model, refused);
    tick(&mut model, 60);
    let text = model.notice.as_ref().map(|notice| notice.text.clone());
    assert_eq!(
        text.as_deref(),
        Some("..4242: NOT SENT, the card changed since"),
        "it stays until a key is pressed"
    );
    press(&mut model, "j");
    assert_eq!(model.notice, None);
}

#[test]
fn what_became_of_a_change_is_said_once_and_old_ones_are_not_told_again() {
    let mut model = board((120, 40));
    assert_eq!(model.notice, None, "the journal that was read at the start is no news");
    let sent = model.portfolio.operations.first().cloned().expect("the fixture sends one");
    apply(&mut model, EngineEvent::Operation(Operation { state: OperationState::Unknown, ..sent }));
    let text = model.notice.as_ref().map(|notice| notice.text.as_str());
    assert_eq!(
        text,
        Some(
            "top-up 30.00 USD of ..4242: UNKNOWN, cardtop is looking for it; do not send it again"
        )
    );
}

#[test]
fn a_large_figure_is_never_cut() {
    let mut model = board((120, 40));
    let rich = card(CardState::Active, "Rich", "9999", "artha", "1234567890123.45 USD", 1);
    apply(&mut model, EngineEvent::Cards(vec![rich]));
    let lines =
        super::present::card::summary(&model.portfolio, &model.keymap, &key("artha", "9999"), 36);
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
fn providers_are_paused_and_read_by_their_keys() {
    let mut model = board((120, 40));
    let requested = jobs(press(&mut model, "4 j p r"));
    assert_eq!(requested.len(), 2, "{requested:?}");
    assert!(requested.iter().all(|job| job.contains("banana")), "{requested:?}");
}

#[test]
fn read_only_is_asked_of_the_engine_and_shown_when_it_says_so() {
    let mut model = board((120, 40));
    assert_eq!(jobs(press(&mut model, "ctrl-r")), ["ReadOnly(true)"]);
    assert!(!model.portfolio.read_only, "only the engine decides");
    apply(&mut model, EngineEvent::ReadOnly(true));
    assert_eq!(jobs(press(&mut model, "ctrl-r")), ["ReadOnly(false)"]);
}

#[test]
fn quitting_asks_only_while_something_is_on_its_way() {
    let mut model = board((120, 40));
    assert!(jobs(press(&mut model, "q")).is_empty());
    tick(&mut model, 1);
    assert_eq!(jobs(press(&mut model, "y")), ["Quit"]);
    assert_eq!(jobs(press(&mut bare((80, 24)), "q")), ["Quit"]);
    assert_eq!(jobs(press(&mut bare((80, 24)), "ctrl-z ctrl-l")), ["Suspend", "Redraw"]);
}

#[test]
fn of_a_provider_the_status_is_copied_as_sentences_for_a_ticket() {
    let mut model = board((120, 40));
    press(&mut model, "4 j j");
    let copied = jobs(press(&mut model, "y")).join("");
    assert_eq!(
        copied,
        "copy enkash (enkash, PROD) is DOWN since 2026-04-03 14:05:02 +02:00: HTTP 503, no \
         Retry-After header. Last success 2026-04-03 14:04:58 +02:00 (3m ago). Failed requests in \
         the last 5 minutes: 11. Next try 2026-04-03 14:08:36 +02:00. As of 2026-04-03 14:08:12 \
         +02:00."
    );
    assert!(!model.copying, "there is no menu of the card");
    assert_eq!(
        model.notice.as_ref().map(|notice| notice.text.as_str()),
        Some("copied: status of enkash")
    );
    let mut unheard = bare((80, 24));
    let copied = jobs(press(&mut unheard, "4 y")).join("");
    assert_eq!(
        copied,
        "copy artha (artha, PROD) was not heard of yet. As of 2026-04-03 14:08:12 +02:00."
    );
}

#[test]
fn keys_of_a_card_say_why_they_do_nothing_among_the_providers() {
    let mut model = board((120, 40));
    press(&mut model, "4");
    for (keys, text) in [
        ("f", "freeze or unfreeze is for a card, this is a provider: 1 shows the cards"),
        ("C", "close for good is for a card, this is a provider: 1 shows the cards"),
        ("enter", "open is for a card, this is a provider: 1 shows the cards"),
        ("c", "check operation: not here, but in activity"),
        ("e", "next decline: not here, but in cards, feed, activity"),
    ] {
        assert!(jobs(press(&mut model, keys)).is_empty() && model.dialog.is_none());
        assert_eq!(model.notice.as_ref().map(|notice| notice.text.as_str()), Some(text));
    }
    press(&mut model, "h");
    assert_eq!(model.notice, None, "a key that only moves says nothing");
}

#[test]
fn nobody_can_take_the_keys_that_confirm() {
    // y, the reasons and the digits belong to the dialog, whatever they mean on the board.
    let mut model = board_with_keys(
        (120, 40),
        "redraw = \"y\"\nsuspend = \"1\"\ncards = \"f2\"\ncopy = \"Y\"\nfreeze = \"B\"",
    );
    press(&mut model, "/ 4 2 4 2 enter");
    assert!(
        jobs(press(&mut model, "f")).is_empty() && model.dialog.is_none(),
        "the old key means nothing"
    );
    press(&mut model, "B");
    assert!(model.dialog.is_some());
    tick(&mut model, 1);
    let requested = jobs(press(&mut model, "1 y"));
    assert!(requested.len() == 1 && requested[0].starts_with("Act"), "{requested:?}");
    press(&mut model, "esc esc");
    assert_eq!(jobs(press(&mut model, "y 1")), ["Redraw", "Suspend"]);
}

#[test]
fn keys_without_a_meaning_do_nothing() {
    let mut model = board((80, 24));
    let before = order(&model);
    assert!(jobs(press(&mut model, "Q ctrl-x f7 alt-q ; delete")).is_empty());
    assert_eq!(
        (order(&model), model.screen.view, model.dialog.is_none()),
        (before, Pane::Cards, true)
    );
}

#[test]
fn the_feed_steps_through_stretches_of_time() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    let day = model.panes.feed.list.len();
    press(&mut model, "[ [ [");
    assert!(model.panes.feed.list.len() < day && model.panes.feed.range() == "15m");
    press(&mut model, "] ] ] ]");
    assert_eq!((model.panes.feed.range(), model.panes.feed.list.len()), ("2d", day + 1));
}

#[test]
fn a_secret_is_wiped_before_the_program_is_suspended() {
    let mut model = board((120, 40));
    press(&mut model, "j j P");
    assert_eq!(jobs(press(&mut model, "ctrl-z")), ["Suspend"]);
    assert!(model.dialog.is_none());
}

#[test]
fn balances_that_change_do_not_make_the_feed_anew() {
    let mut model = board((120, 40));
    let before = model.portfolio.revisions.history;
    apply(
        &mut model,
        EngineEvent::Cards(vec![card(
            CardState::Active,
            "Ivo Petrov",
            "1455",
            "artha",
            "1.00 EUR",
            0,
        )]),
    );
    assert_eq!(model.portfolio.revisions.history, before);
    assert_eq!(
        model.panes.cards.attention(&key("artha", "1455")).map(|why| why.words(now())).as_deref(),
        Some("LOW under 20.00")
    );
}

#[test]
fn totals_never_mix_currencies_and_tell_spent_from_refused() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    let totals: Vec<String> = model
        .panes
        .feed
        .totals
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
fn a_proven_top_up_is_one_row_and_names_its_operation() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    let rows = model.panes.feed.list.len();
    let done = operation(9, ActionKind::TopUp, &key("artha", "1455"), OperationState::Done, 20);
    let proof = crate::domain::transaction::Transaction {
        kind: crate::domain::transaction::TransactionKind::TopUp,
        operation: Some(done.id),
        merchant: None,
        ..transaction(&key("artha", "1455"), "a-9", 19, "30.00 EUR", "")
    };
    apply(&mut model, EngineEvent::Operation(done));
    apply(&mut model, EngineEvent::Transactions(vec![proof]));
    assert_eq!(model.panes.feed.list.len(), rows + 1);
}

#[test]
fn attention_fades_with_time_by_itself() {
    let mut model = board((120, 40));
    let text = |model: &Model| {
        let now = model.portfolio.now;
        model.panes.cards.attention(&key("artha", "0917")).map(|attention| attention.words(now))
    };
    assert_eq!(text(&model).as_deref(), Some("DECLINED 9m 22.10"));
    tick(&mut model, 16 * 60);
    assert_eq!(
        text(&model).as_deref(),
        Some("frozen 27m by anay"),
        "a decline of a quarter of an hour ago is old"
    );
}

#[test]
fn the_board_wakes_once_a_second_and_never_for_mere_advice() {
    let mut model = board((80, 24));
    assert_eq!(wake_at(&model).map(|at| at.as_second()), Some(now().as_second() + 1));
    _ = update(&mut model, Msg::Resized(40, 10));
    assert_eq!(wake_at(&model), None);
}

#[test]
fn the_clock_goes_back_only_when_it_was_set_back() {
    let mut model = board((80, 24));
    _ = update(&mut model, Msg::Tick(ago(1)));
    assert_eq!(model.portfolio.now, now(), "messages overtake each other a little");
    _ = update(&mut model, Msg::Tick(ago(100)));
    assert_eq!(
        model.portfolio.now,
        ago(100),
        "else every age would stand still until it is that late again"
    );
}

#[test]
fn a_card_that_was_never_read_shows_no_figure() {
    let model = board((120, 40));
    let unread = CardKey::new(&key("artha", "1").provider, "c-new");
    let lines = super::present::card::summary(&model.portfolio, &model.keymap, &unread, 60);
    let text: String = lines.iter().flatten().map(|(_, text)| text.as_str()).collect();
    assert!(text.contains("Balance not read yet") && !text.contains("0.00"), "{text}");
}

#[test]
fn a_sum_that_does_not_agree_is_said_and_not_repaired() {
    let model = board((120, 40));
    let lines =
        super::present::card::summary(&model.portfolio, &model.keymap, &key("ibanera", "3020"), 80);
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
    let lines =
        super::present::card::summary(&model.portfolio, &model.keymap, &key("artha", "1200"), 80);
    let text: Vec<String> =
        lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
    assert!(text.iter().any(|line| line.contains("not mapped: 57")), "{text:#?}");
    assert!(text.iter().any(|line| line.contains("ask artha what it means")), "{text:#?}");
    assert!(!text.iter().any(|line| line.contains("say")), "{text:#?}");
}

#[test]
fn fifty_declines_of_one_card_are_one_row_of_the_board() {
    let mut model = board((120, 40));
    let ivo = key("artha", "1455");
    let rows = (0..50)
        .map(|n| declined(transaction(&ivo, &format!("x-{n}"), 10 + n, "9.00 EUR", "LIDL"), "51"))
        .collect();
    apply(&mut model, EngineEvent::Transactions(rows));
    let text = model.panes.cards.attention(&ivo).map(|attention| attention.words(now()));
    assert_eq!(text.as_deref(), Some("DECLINED 10s 9.00"));
}
