//! What an account plans, and how it comes through failures.

use super::planning::LEAST_BETWEEN_LOOKUPS;
use super::*;
use crate::app::fixture::{ago, key, now, operation};
use crate::domain::operation::{ActionKind, Operation, OperationState, Proof};
use crate::domain::push::{Push, PushTopic, RepeatKey};
use crate::domain::transaction::TransactionState;
use crate::engine::schedule::{Next, Read};
use crate::provider::Config;
use crate::provider::pages::ListRead;
use crate::provider::{Error, ErrorKind};

fn account() -> Account {
    let example = include_str!("../../../config.example.toml");
    let config = Config::parse(example, std::path::Path::new("/etc/cardtop/config.toml"))
        .expect("the example is good");
    let config = config.providers.into_iter().next().expect("an account");
    let world = crate::app::fixture::board((120, 40)).portfolio;
    let info = world
        .accounts
        .providers
        .into_iter()
        .find(|info| info.capabilities.is_some())
        .expect("one that works");
    Account::new(info, config, Adapter::Failed("no adapter in this test".into()), None, 7, now())
}

fn doubtful(proof: Proof) -> Operation {
    let open = operation(1, ActionKind::SetPin, &key("artha", "4242"), OperationState::Unknown, 60);
    Operation { proof, next_look: Some(ago(30)), ..open }
}

#[test]
fn one_that_nobody_can_be_asked_about_does_not_keep_the_others_from_being_read() {
    let next = account().next(now(), &[doubtful(Proof::AnswerOnly)], false, None);
    assert!(!matches!(next, Next::Read(Read::Look(_))), "{next:?}");
}

#[test]
fn a_gap_that_is_there_again_stays_noted_until_a_whole_reading_without_it() {
    let account = account();
    let reading = |gap: Option<&str>, full: bool| {
        let full = if full { Depth::Full } else { Depth::Recent };
        let mut gap = gap.map(Into::into);
        let lasts = account.note_gap(None, &mut gap, full);
        (lasts, gap.is_some())
    };
    assert_eq!(
        reading(Some("too many in one second"), true),
        (false, true),
        "it may be gone at the next reading"
    );
    assert_eq!(reading(Some("too many in one second"), true), (true, true));
    assert_eq!(reading(None, false), (true, true), "the last hour says nothing of it");
    assert_eq!(reading(None, true), (true, false));
    assert_eq!(reading(None, false), (false, false));
}

#[test]
fn one_that_waits_for_its_secrets_is_not_said_to_have_bad_ones() {
    let account = account();
    account.adapter.send_replace(Adapter::Pending("waiting for its secrets".into()));
    let error = account.provider().err().expect("there is none yet");
    assert_eq!(
        (error.kind, error.to_string().contains("credentials")),
        (ErrorKind::Unreachable, false),
        "{error}"
    );
}

#[test]
fn a_look_that_changed_nothing_is_not_made_again_at_once() {
    let account = account();
    let open = [doubtful(Proof::ByState)];
    let look = |at| matches!(account.next(at, &open, false, None), Next::Read(Read::Look(_)));
    assert!(look(now()), "it is due");
    assert!(!look(now()), "it was looked for this moment");
    assert!(look(now() + LEAST_BETWEEN_LOOKUPS), "it rested");
}

#[test]
fn a_wait_that_the_provider_asked_for_is_kept_whatever_else_succeeds_or_is_asked() {
    let account = account();
    let busy = Error::new(&account.info.id, ErrorKind::RateLimited, "HTTP 429");
    account.note_failure(
        &Error { retry_after: Some(std::time::Duration::from_secs(30)), ..busy },
        now(),
    );
    let reads = |at| matches!(account.next(at, &[], false, None), Next::Read(_));
    let after = |seconds| now() + SignedDuration::from_secs(seconds);
    account.note_success(after(1));
    assert!(!reads(after(1)), "another read was under way and succeeded");
    account.ask_all();
    assert!(!reads(after(29)), "the operator asked");
    account.note_failure(
        &Error::new(&account.info.id, ErrorKind::Unreachable, "no connection"),
        after(2),
    );
    account
        .note_failure(&Error::new(&account.info.id, ErrorKind::RateLimited, "HTTP 429"), after(2));
    assert!(!reads(after(29)), "something else failed meanwhile, which waits less long");
    assert!(reads(after(31)));
    account.note_success(after(31));
    assert!(reads(after(32)), "and then it is over");
}

#[test]
fn tries_of_the_operator_do_not_push_the_next_planned_one_away() {
    let account = account();
    let fail = |at| {
        let gone = Error::new(&account.info.id, ErrorKind::Unreachable, "no connection");
        account.note_failure(&gone, at);
        account.state().pace.waits_until()
    };
    for _ in 0..4 {
        fail(now());
    }
    let planned = fail(now());
    let card = CardKey { provider: account.info.id.clone(), id: "1".into() };
    for seconds in 1..5 {
        account.try_card(&card);
        assert_eq!(fail(now() + SignedDuration::from_secs(seconds)), planned);
    }
    let later = planned.expect("it waits");
    assert!(fail(later) > planned, "the planned one failed, too");
}

#[test]
fn a_list_whose_first_page_failed_does_not_say_that_there_are_no_cards() {
    let mut account = account();
    account.config.roster = None;
    let list = |error: Option<Error>| ListRead {
        rows: Vec::new(),
        unread: Vec::new(),
        gap: None,
        error,
        complete_from: None,
        is_cut_short: false,
        lost: Vec::new(),
        requests: 1,
    };
    let provider = account.info.id.clone();
    assert_eq!(account.health(now(), 0).cards, None, "never read");
    let failed = Error::new(&provider, ErrorKind::Unreachable, "HTTP 503");
    account.list_read(&list(Some(failed)), now());
    assert_eq!(account.health(now(), 0).cards, None, "nothing was read");
    account.list_read(&list(None), now());
    assert_eq!(account.health(now(), 0).cards, Some(0), "it was read, and it has none");
}

#[test]
fn holds_are_compared_again_where_a_list_has_others_reaches_further_back_or_two_minutes_passed() {
    let account = account();
    let hold = |id: &str| Transaction {
        provider: account.info.id.clone(),
        id: id.into(),
        state: TransactionState::Hold,
        ..crate::contract::samples::transaction()
    };
    let (all, since) = ([hold("1"), hold("2")], ago(1_000));
    let deep = |rows: &[Transaction], since, second| {
        HoldsSeen::of(rows, Depth::Late, now() + SignedDuration::from_secs(second), since)
    };
    let recent = HoldsSeen::of(&all[1..], Depth::Recent, now(), ago(10));
    assert!(account.are_holds_due(None, &deep(&all, since, 0)));
    account.note_holds_compared(None, deep(&all, since, 0));
    assert!(account.are_holds_due(None, &recent), "it saw less");
    account.note_holds_compared(None, recent);
    let mut turned = all.clone();
    turned.reverse();
    let later = deep(&turned, ago(999), 119);
    assert!(!account.are_holds_due(None, &later) && !account.are_holds_due(None, &recent));
    assert!(account.are_holds_due(None, &deep(&all, since, 120)));
    assert!(account.are_holds_due(None, &deep(&all, ago(1_001), 1)));
    assert!(account.are_holds_due(None, &deep(&all[..1], since, 1)), "one is not listed");
    assert!(account.are_holds_due(None, &deep(&all, since, -1)), "the clock was set back");
    account.rows_changed([RowName::from(&all[0])]);
    assert!(account.are_holds_due(None, &later), "another cardtop wrote one");
}

fn push(topic: PushTopic, card: Option<&str>) -> Push {
    Push {
        provider: account().info.id,
        event: "consume".into(),
        topic,
        id: None,
        card: card.map(Into::into),
        reference: Some("TASK-1".into()),
        outcome: None,
        occurred_at: Some(ago(2)),
        is_signed: true,
        repeat_key: RepeatKey([0; 16]),
        body: None,
    }
}

#[test]
fn a_push_moves_the_lookup_of_its_operation_to_now_and_no_other() {
    let account = account();
    let doubtful = |number, card: &str, reference: Option<&str>| Operation {
        provider_reference: reference.map(Into::into),
        next_look: Some(now() + SignedDuration::from_mins(20)),
        ..operation(
            number,
            ActionKind::TopUp,
            &CardKey::new(&account.info.id, card),
            OperationState::Unknown,
            60,
        )
    };
    let open = [
        doubtful(1, "c1", None),
        doubtful(2, "c2", Some("TASK-1")),
        doubtful(3, "c3", Some("TASK-2")),
    ];
    let [of_card, of_reference, other] = &open;
    let about = account.operations_about(&push(PushTopic::TopUp, Some("c1")), &open);
    assert_eq!(about, [of_card.id, of_reference.id]);
    let code = account.operations_about(&push(PushTopic::Code, Some("c3")), &open);
    assert_eq!(code, [of_reference.id], "a code of a card says nothing of its top-ups");
    let looks = |account: &Account| {
        let mut looks = Vec::new();
        while let Next::Read(Read::Look(id)) = account.next(now(), &open, false, None) {
            looks.push(id);
        }
        looks
    };
    assert_eq!(looks(&account), [], "all are looked for later");
    account.note_push(&push(PushTopic::TopUp, Some("c1")), now(), &about);
    assert_eq!(looks(&account), [of_card.id, of_reference.id], "at once, and once");
    assert!(!about.contains(&other.id));
}

#[test]
fn what_is_still_being_sent_is_not_looked_for_whatever_is_pushed() {
    let account = account();
    let sent = Operation {
        next_look: None,
        ..operation(
            1,
            ActionKind::TopUp,
            &CardKey::new(&account.info.id, "c1"),
            OperationState::Sent,
            2,
        )
    };
    let top_up = push(PushTopic::TopUp, Some("c1"));
    account.note_push(&top_up, now(), &[sent.id]);
    let next = account.next(now(), std::slice::from_ref(&sent), false, None);
    assert!(!matches!(next, Next::Read(Read::Look(_))), "its answer is on its way: {next:?}");
    let unknown = Operation { state: OperationState::Unknown, ..sent };
    let next = account.next(now(), std::slice::from_ref(&unknown), false, None);
    assert_eq!(next, Next::Read(Read::Look(unknown.id)), "once it is over");
}

#[test]
fn rows_that_no_push_told_of_are_a_gap_once_a_push_may_not_follow_any_more() {
    let account = account();
    account.note_receiving(ago(3_600));
    account.note_push(&push(PushTopic::Transaction, Some("c1")), ago(600), &[]);
    let row = |card: &str, at: Timestamp| {
        let amount = "5".parse().ok().and_then(|digits: rust_decimal::Decimal| {
            Some(crate::domain::money::Money::new(digits, "USD".parse().ok()?))
        });
        Transaction {
            card_id: Some(card.into()),
            seen_at: now(),
            ..Transaction::new(account.info.id.clone(), "t1".into(), amount.expect("an amount"), at)
        }
    };
    let later = |seconds| now() + SignedDuration::from_secs(seconds);
    account.expect_pushes_of(&[row("c1", ago(650)), row("c1", ago(7_200))], now());
    assert!(!account.finds_push_gap(later(61)), "one was pushed, one is from before");
    account.expect_pushes_of(&[row("c2", ago(5))], now());
    assert!(!account.finds_push_gap(later(30)), "its push may follow");
    account.note_push(&push(PushTopic::Transaction, Some("c2")), later(31), &[]);
    assert!(!account.finds_push_gap(later(61)), "it followed");
    account.expect_pushes_of(&[row("c3", ago(5))], now());
    assert!(account.finds_push_gap(later(61)));
    assert!(!account.finds_push_gap(later(62)), "it is told once");
    let gap = |account: &Account| account.health(later(62), 1).pushes.expect("figures").gap;
    let found = gap(&account).expect("a gap");
    assert_eq!((found.from, found.until), (ago(5), None));
    account.note_push(&push(PushTopic::Balance, Some("c1")), later(90), &[]);
    assert_eq!(gap(&account).expect("the last gap").until, Some(later(90)));
}

#[test]
fn the_figures_of_pushes_are_those_of_the_last_hour() {
    let account = account();
    assert_eq!(account.health(now(), 1).pushes, None, "nothing is received");
    account.note_receiving(ago(7_200));
    for seconds in [5_400, 1_800] {
        account.note_push(&push(PushTopic::Card, None), ago(seconds), &[]);
    }
    account.note_push(&push(PushTopic::Unknown, None), ago(60), &[]);
    account.note_refused_push("the signature is wrong", ago(30));
    let figures = account.health(now(), 1).pushes.expect("figures");
    assert_eq!((figures.last_hour, figures.last), (2, Some(ago(60))));
    assert_eq!(figures.unknown_last_hour, 1);
    assert_eq!(figures.refused_last_hour, 1);
    assert_eq!(figures.refused_why.as_deref(), Some("the signature is wrong"));
    assert_eq!(figures.lag_median_ms, Some(0), "a clock that is ahead is no negative lag");
}

#[test]
fn of_many_cards_the_last_pushes_are_known_and_a_row_of_one_is_no_gap() {
    let account = account();
    account.note_receiving(ago(3_600));
    let cards = ["c1", "c2", "c3", "c4", "c5"];
    for card in cards {
        account.note_push(&push(PushTopic::Transaction, Some(card)), ago(30), &[]);
    }
    let amount = crate::domain::money::Money::parse_wire("5", "USD".parse().expect("a currency"));
    let amount = amount.expect("an amount");
    let rows = cards.map(|card| Transaction {
        card_id: Some(card.into()),
        seen_at: now(),
        ..Transaction::new(account.info.id.clone(), card.into(), amount, ago(30))
    });
    account.expect_pushes_of(&rows, now());
    assert!(!account.finds_push_gap(now() + SignedDuration::from_secs(61)), "all were pushed");
}

#[test]
fn a_deep_reading_is_done_again_the_later_the_more_requests_it_takes_beside_the_newest_page() {
    let account = account();
    let now = now();
    let after = |seconds| now + SignedDuration::from_secs(seconds);
    let full = 10 * 60;
    for (requests, late, full) in
        [(1, 0, full), (2, 15, full + 60), (5, 60, full + 240), (10_000, 15 * 60, 6 * 3_600)]
    {
        account.depth_read(None, Depth::Full, requests, now);
        let due = |seconds| account.depth_due(None, after(seconds));
        assert_eq!((due(late), due(full)), (Depth::Late, Depth::Full), "{requests} requests");
        assert_eq!(due(full - 1), Depth::Late, "{requests} requests");
        if late > 0 {
            assert_eq!(due(late - 1), Depth::Recent, "{requests} requests");
        }
    }
}

#[test]
fn records_of_pushes_are_read_a_page_at_a_time_to_their_end_and_not_again_within_a_minute() {
    let account = account();
    let now = now();
    let after = |seconds| now + SignedDuration::from_secs(seconds);
    assert_eq!(account.push_records_due(now), None);
    account.want_push_records(ago(600));
    let (since, behind) = account.push_records_due(now).expect("due");
    assert!(since < ago(600) && behind == 0, "clocks differ");
    account.note_push_records(Some(50), now);
    assert_eq!(account.push_records_due(now), Some((since, 50)), "the next page at once");
    // It could not be read: later, and from the newest on.
    account.note_push_records(None, now);
    assert_eq!(account.push_records_due(after(59)), None);
    assert_eq!(account.push_records_due(after(60)), Some((since, 0)));
    // More is missing than was known.
    account.note_push_records(Some(50), after(60));
    account.want_push_records(ago(60));
    assert_eq!(account.push_records_due(after(60)), Some((since, 50)), "it has that");
    account.want_push_records(ago(9_000));
    let (earlier, behind) = account.push_records_due(after(60)).expect("due");
    assert!(earlier < since && behind == 0);
    account.note_push_records(Some(0), after(60));
    assert_eq!(account.push_records_due(after(600)), None, "all was read");
    account.want_push_records(ago(60));
    assert_eq!(account.push_records_due(after(119)), None);
    assert!(account.push_records_due(after(120)).is_some());
}
