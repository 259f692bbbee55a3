//! Pictures of every dialog at 80x24, and all of them at every size.

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::view;
use crate::app::Effect;
use crate::app::dialog::Dialog;
use crate::app::dialog::fixture::{Operator, key, money};
use crate::app::fixture::health;
use crate::domain::card::{Balance, CardState, Reading};
use crate::domain::operation::{
    ActionKind, Operation, OperationId, OperationState, PinRule, Support,
};
use crate::domain::transaction::{Transaction, TransactionKind};
use crate::engine::{EngineEvent, HealthState, Job, QueuedFreeze};
use crate::ui::canvas::Canvas;
use crate::ui::theme::Theme;

fn draw(operator: &Operator, theme: &Theme, buffer: &mut Buffer) -> Option<Position> {
    let dialog = operator.dialog.as_ref().expect("a dialog is open");
    let screen = buffer.area;
    view(dialog, &operator.portfolio, screen, &mut Canvas { theme, buffer })
}

fn picture(operator: &Operator) -> String {
    let theme = Theme::default();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    let cursor = draw(operator, &theme, &mut buffer);
    let mut lines: Vec<String> = (0..24)
        .map(|y| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    lines.push(
        cursor.map_or_else(|| "no cursor".to_owned(), |at| format!("cursor {},{}", at.x, at.y)),
    );
    lines.join("\n")
}

fn frozen() -> Operator {
    let mut operator = Operator::new();
    operator.change_card("c1", |card| card.state = CardState::Frozen);
    operator
}

fn unknown() -> Operator {
    let mut operator = Operator::new();
    operator.earlier_operation(
        ActionKind::TopUp,
        "c2",
        OperationState::Unknown,
        Some(money("5000", "JPY")),
    );
    operator
}

/// A top-up in doubt, and a credit in the list that may be its own.
fn unsettled() -> Operator {
    let mut operator = Operator::new();
    let open = operator.earlier_operation(
        ActionKind::TopUp,
        "c2",
        OperationState::Unknown,
        Some(money("5000", "JPY")),
    );
    let row = crate::app::fixture::transaction(&key("c2"), "t77", 0, "5000 JPY", "");
    let row = Transaction {
        provider: open.card.provider.clone(),
        card_id: Some("c2".into()),
        kind: TransactionKind::TopUp,
        at: open.created_at,
        ..row
    };
    operator.portfolio.apply(&EngineEvent::Transactions(vec![row].into()));
    operator.resolve(&open)
}

/// A change that was confirmed, and what the engine reports of it.
fn confirmed() -> (Operator, OperationId) {
    let operator = Operator::new().open(ActionKind::Freeze, "c1").keys("1 y");
    let id = operator.requests().first().map(|request| request.id).expect("a request");
    (operator, id)
}

fn accepted() -> Operator {
    let (mut operator, id) = confirmed();
    let mut sent = operator.earlier_operation(ActionKind::Freeze, "c1", OperationState::Sent, None);
    operator.portfolio.operations.clear();
    sent.id = id;
    sent.detail = None;
    sent.reason = Some("lost".into());
    let accepted = Operation { state: OperationState::Accepted, ..sent.clone() };
    operator
        .apply(EngineEvent::Operation(sent))
        .pass(1_000)
        .apply(EngineEvent::Operation(accepted))
        .pass(3_000)
}

fn down(operator: Operator) -> Operator {
    operator.apply(health("acme", HealthState::Down, 190, Some("no connection")))
}

/// A freeze that waits for its provider.
fn queued() -> Operator {
    let operator = down(Operator::new()).open(ActionKind::Freeze, "c1").keys("1 y");
    let queued = operator.effects.iter().find_map(|effect| match effect {
        Effect::Ask(Job::QueueFreeze(freeze)) => Some(freeze.clone()),
        _ => None,
    });
    operator.apply(EngineEvent::Queued(queued.expect("the freeze waits"))).pass(48_000)
}

fn answers(operator: Operator) -> Operator {
    operator.apply(health("acme", HealthState::Ok, 0, None)).pass(400)
}

/// A top-up that is done, and the card read afterwards.
fn topped_up() -> Operator {
    let operator = Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let mut operator = operator.quoted_fee("0.30").keys("y");
    let id = operator.requests().first().map(|request| request.id).expect("a request");
    let amount = Some(money("30", "USD"));
    let sent = operator.earlier_operation(ActionKind::TopUp, "c1", OperationState::Sent, amount);
    operator.portfolio.operations.clear();
    let at = operator.portfolio.now;
    let sent = Operation { id, created_at: at, updated_at: at, detail: None, ..sent };
    let detail = Some("+30.00 USD in the list".into());
    let done = Operation { state: OperationState::Done, detail, ..sent.clone() };
    let operator = operator.apply(EngineEvent::Operation(sent));
    let operator = operator.apply(EngineEvent::Operation(done)).pass(2_000);
    assert!(picture(&operator).contains("+30.00 USD: the card is being read"));
    let read = operator.reading("c1", |card| {
        let at = card.balance.at().expect("it was read");
        let available = Some(money("42.40", "USD"));
        let value = Balance { available, ..Balance::default() };
        card.balance = Reading::At { value, at };
    });
    operator.apply(read).pass(3_000)
}

fn refused() -> Operator {
    let (operator, id) = confirmed();
    let why = "the card changed since it was shown".into();
    operator.apply(EngineEvent::Refused { id, card: key("c1"), why })
}

/// Every dialog, by the name of its snapshot.
fn all() -> Vec<(&'static str, Operator)> {
    let mut all = top_ups();
    let mut menu = frozen();
    menu.capabilities().close = Support::No("this provider closes no cards");
    let mut with_old = Operator::new();
    with_old.capabilities().pin = Ok(PinRule {
        digits: Some((4, 4)),
        needs_old: true,
        physical_only: false,
        sentence: "4 digits; the PIN until now is asked for.",
    });
    let freeze = || Operator::new().open(ActionKind::Freeze, "c1");
    let pin = |operator: Operator| operator.open(ActionKind::SetPin, "c1");
    let close = Operator::new().open(ActionKind::Close, "c1");
    all.extend([
        ("freeze", freeze().keys("1")),
        ("freeze_other", freeze().keys("5").types("dog ate it")),
        ("unfreeze", frozen().open(ActionKind::Unfreeze, "c1").keys("2").types("424")),
        ("pin", pin(Operator::new()).types("9078").keys("tab").types("907")),
        ("pin_with_old", pin(with_old).types("1111").keys("tab").types("4321")),
        ("close", close.types("CLOSE 4")),
        ("menu", menu.open_with("c1", Dialog::menu).keys("C")),
        ("refusal", frozen().open(ActionKind::Freeze, "c1")),
        ("freeze_down", down(Operator::new()).open(ActionKind::Freeze, "c1").keys("1")),
        ("freeze_queued", queued()),
        ("quit_queued", queued().keys("esc").quit()),
        ("refusal_down", down(Operator::new()).open(ActionKind::TopUp, "c1")),
        ("refusal_over", answers(down(Operator::new()).open(ActionKind::TopUp, "c1"))),
        ("menu_down", down(Operator::new()).open_with("c1", Dialog::menu)),
        ("close_down", down(Operator::new().open(ActionKind::Close, "c1")).pass(400)),
        ("progress", accepted()),
        ("progress_done", topped_up()),
        ("progress_refused", refused()),
        ("settle_failed", unsettled().keys("f").types("their support says no").keys("enter 7 7")),
        ("settle_done", unsettled().keys("d").types("seen").keys("enter")),
        ("quit", unknown().quit()),
    ]);
    all
}

/// What a decline was short of has come while the dialog was open.
fn enough_now() -> Operator {
    let operator = Operator::new().declined("c1", money("41.90", "USD")).covers_decline("c1");
    let at = operator.portfolio.now;
    let balance = Balance { available: Some(money("62.40", "USD")), ..Balance::default() };
    let reading = operator.reading("c1", |card| card.balance = Reading::At { value: balance, at });
    operator.apply(reading)
}

fn top_ups() -> Vec<(&'static str, Operator)> {
    let covered =
        || Operator::new().declined("c1", money("41.90", "USD")).covers_decline("c1").keys("enter");
    let unquoted = || {
        let mut operator = Operator::new();
        operator.capabilities().quote = Support::No("acme tells no fee before sending");
        operator
    };
    let paid = || {
        let mut operator = Operator::new();
        operator.capabilities().names_payer = true;
        operator.open(ActionKind::TopUp, "c1").types("30").keys("enter")
    };
    let short = "account 8204 of customer 16221 holds 5.00 USD, and 30.00 USD are to be paid";
    vec![
        ("top_up_amount", Operator::new().open(ActionKind::TopUp, "c1").types("9").keys("enter")),
        ("top_up_asking", covered().pass(1_000)),
        ("top_up_enough_now", enough_now()),
        ("top_up_check", covered().quoted_fee("0.30")),
        ("top_up_paid_by", paid().quoted_payer("512", None)),
        ("top_up_cannot_pay", paid().quoted_payer("5", Some(short)).keys("y")),
        ("top_up_large", unquoted().open(ActionKind::TopUp, "c1").types("900").keys("enter 4 2")),
        ("top_up_float", unquoted().open(ActionKind::TopUp, "c1").types("9000").keys("enter y")),
        ("top_up_blocked", unknown().open(ActionKind::TopUp, "c2").types("SEC")),
    ]
}

#[test]
fn every_dialog_looks_as_drawn() {
    for (name, operator) in all() {
        assert_snapshot!(name, picture(&operator));
    }
}

#[test]
fn the_pin_dialog_leaves_both_top_lines_in_sight_at_80x24() {
    let mut operator = Operator::new();
    operator.capabilities().pin = Ok(PinRule {
        digits: Some((4, 6)),
        needs_old: true,
        physical_only: false,
        sentence: "a PIN of 4 to 6 digits; on a card that is not active yet, it activates it",
    });
    let operator = operator.open(ActionKind::SetPin, "c1").keys("y");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    draw(&operator, &Theme::default(), &mut buffer);
    let drawn = (0..2).flat_map(|y| (0..80).map(move |x| (x, y)));
    assert!(drawn.into_iter().all(|at| buffer[at].symbol() == " "));
}

#[test]
fn a_pin_is_stars_on_screen() {
    let shown = picture(&Operator::new().open(ActionKind::SetPin, "c1").types("9078"));
    assert!(shown.contains("****") && !shown.contains("9078"), "{shown}");
}

#[test]
fn a_dialog_draws_at_any_size_and_keeps_its_keys_as_long_as_there_is_room() {
    for (name, operator) in all() {
        for (width, height) in
            [(0, 0), (1, 1), (3, 2), (10, 3), (40, 8), (60, 16), (80, 12), (200, 60)]
        {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            let cursor = draw(&operator, &Theme::default(), &mut buffer);
            assert!(
                cursor.is_none_or(|at| at.x < width && at.y < height),
                "{name} {width}x{height}"
            );
            let text: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
            if width >= 60 && height >= 12 {
                assert!(text.contains("Esc") || text.contains("Enter"), "{name} {width}x{height}");
                let left = text
                    .chars()
                    .take(usize::from(width) * usize::from(height))
                    .position(|c| c == '┌');
                assert!(left.is_some(), "{name}");
            }
        }
    }
}

#[test]
fn what_lies_below_does_not_show_through_not_even_half_a_character() {
    let operator = Operator::new().open(ActionKind::Freeze, "c1");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    for y in 0..24 {
        buffer.set_string(0, y, "日".repeat(40), ratatui::style::Style::new());
    }
    draw(&operator, &Theme::default(), &mut buffer);
    let row: String = (5..75).map(|x| buffer[(x, 12)].symbol()).collect();
    assert!(!row.contains('日'), "{row}");
    assert_eq!(buffer[(4, 12)].symbol(), " ");
}

#[test]
fn a_dialog_leaves_the_two_lines_above_in_sight_and_a_blank_column_on_both_sides() {
    for (name, operator) in all() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        for y in 0..24 {
            buffer.set_string(0, y, "x".repeat(80), ratatui::style::Style::default());
        }
        draw(&operator, &Theme::default(), &mut buffer);
        for y in 0..24 {
            let line: String = (0..80).map(|x| buffer[(x, y)].symbol()).collect();
            let inside = line.trim_matches('x');
            assert!(y > 1 || inside.is_empty(), "{name}: line {y} is {line}");
            let blank = inside.starts_with(' ') && inside.ends_with(' ');
            assert!(inside.is_empty() || blank, "{name}: {line}");
        }
    }
}

#[test]
fn the_box_does_not_jump_between_the_steps_of_a_dialog() {
    let height = |operator: &Operator| {
        let picture = picture(operator);
        picture.lines().skip_while(|line| !line.contains('┌')).count()
    };
    let (sent, _) = confirmed();
    let freeze = Operator::new().open(ActionKind::Freeze, "c1");
    let freeze = [height(&freeze), height(&freeze.keys("1")), height(&sent), height(&accepted())];
    assert!(freeze.iter().all(|rows| *rows == freeze[0]), "{freeze:?}");
    let amount = Operator::new().open(ActionKind::TopUp, "c1");
    let before = height(&amount);
    let review = amount.types("30").keys("enter");
    let top_up = [before, height(&review), height(&topped_up())];
    assert!(top_up.iter().all(|rows| *rows == before), "{top_up:?}");
}

#[test]
fn a_list_that_is_cut_says_how_many_more_there_are() {
    let mut operator = Operator::new();
    for number in 0..5 {
        let unknown = OperationState::Unknown;
        let known = operator.earlier_operation(ActionKind::Freeze, "c1", unknown, None);
        let id = OperationId::new(known.created_at, 7, number);
        operator.portfolio.apply(&EngineEvent::Operation(Operation { id, ..known }));
    }
    let menu = picture(&operator.open_with("c1", Dialog::menu));
    assert!(menu.contains("and 3 more not settled: the activity lists them"), "{menu}");

    let mut operator = Operator::new();
    for number in 0..7 {
        let freeze = QueuedFreeze {
            id: OperationId::new(operator.portfolio.now, 7, number),
            card: key("c1"),
            reason: Some("lost".into()),
            queued_at: operator.portfolio.now,
            expires_at: operator.portfolio.now,
        };
        operator.portfolio.apply(&EngineEvent::Queued(freeze));
    }
    let quit = picture(&operator.quit());
    assert!(quit.contains("and 2 more"), "{quit}");

    let mut operator = Operator::new();
    let sum = Some(money("5000", "JPY"));
    let open = operator.earlier_operation(ActionKind::TopUp, "c2", OperationState::Unknown, sum);
    let rows = (0..7).map(|number| {
        let id = format!("t{number}");
        let row = crate::app::fixture::transaction(&key("c2"), &id, 0, "5000 JPY", "");
        Transaction {
            provider: open.card.provider.clone(),
            card_id: Some("c2".into()),
            kind: TransactionKind::TopUp,
            at: open.created_at,
            ..row
        }
    });
    let rows: Vec<Transaction> = rows.collect();
    operator.portfolio.apply(&EngineEvent::Transactions(rows.into()));
    let own = picture(&operator.resolve(&open).keys("d").types("asked them").keys("enter"));
    assert!(own.contains("and 2 more, named by ops settle --transaction ID"), "{own}");
}
