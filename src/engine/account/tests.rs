//! What an account plans, and how it comes through failures.

use super::planning::LEAST_BETWEEN_LOOKUPS;
use super::*;
use crate::app::fixture::{ago, key, now, operation};
use crate::domain::operation::{ActionKind, Operation, OperationState, Proof};
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
