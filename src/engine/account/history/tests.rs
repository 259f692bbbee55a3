//! A history is filled backwards to its end, whatever the provider sends, and goes on after a
//! restart.

use super::*;
use crate::domain::card::ProviderId;
use crate::domain::coverage::Lost;
use crate::domain::money::Money;
use crate::domain::transaction::Transaction;
use crate::provider::pages::ListRead;
use crate::provider::{Error, ErrorKind};
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
}

const DAY: i64 = 86_400;

const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

fn history(is_by_time: bool) -> History {
    let mut history = History::new(SignedDuration::from_hours(90 * 24));
    history.load(Vec::new(), Wire { is_common: true, is_by_time }, OVERLAP, at(0));
    history
}

fn read(from: i64, to: i64, rows: usize) -> PartRead {
    PartRead {
        asked: SignedDuration::from_secs(to - from),
        complete: Stretch::new(at(from), at(to)),
        lost: Vec::new(),
        rows,
        why: None,
        is_unanswered: false,
        is_failing: false,
        is_saved: true,
    }
}

fn nothing(why: &str, is_unanswered: bool) -> PartRead {
    PartRead { complete: None, why: Some(why.into()), is_unanswered, ..read(0, 0, 0) }
}

fn seconds(stretch: Stretch) -> (i64, i64) {
    (stretch.from.duration_since(at(0)).as_secs(), stretch.to.duration_since(at(0)).as_secs())
}

#[test]
fn nothing_of_the_history_is_read_before_the_newest_rows_are() {
    let mut history = history(false);
    assert_eq!((history.next(at(0)), history.due(None)), (None, None));
    assert!(history.note_newest(&None, &read(-DAY, 0, 10), at(0)).is_some());
    let part = history.next(at(0)).expect("the rest");
    assert_eq!(seconds(part.stretch), (-90 * DAY, -DAY));
    let due = HistoryDue { earliest: Timestamp::MIN, spare: Timestamp::MIN };
    assert_eq!(history.due(None), Some(due));
    assert_eq!(history.due(Some(at(8))), Some(HistoryDue { spare: at(8), ..due }));
}

#[test]
fn a_wire_that_sends_a_stretch_at_once_is_asked_for_short_ones_first() {
    let mut history = history(true);
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let mut lengths = Vec::new();
    while let Some(part) = history.next(at(0)) {
        let (from, to) = seconds(part.stretch);
        lengths.push((to - from) / DAY);
        history.note_part(&part, &read(from, to, 10), at(0));
    }
    assert_eq!(lengths, [8, 16, 32, 33]);
    let covered = history.covered(1, true, at(0));
    assert_eq!(covered.complete, Stretch::new(at(-90 * DAY), at(0)));
    assert_eq!((covered.left, history.due(None)), (None, None));
}

#[test]
fn a_stretch_that_shows_nothing_is_halved_and_at_last_said_to_be_lost() {
    let mut history = history(false);
    history.note_newest(&None, &read(-1_000, 0, 10), at(0));
    let before = history.next(at(0)).expect("a part");
    history.note_part(&before, &nothing("no connection", true), at(1));
    let unanswered = history.next(at(1)).expect("a part");
    assert!(unanswered.stretch.length() < before.stretch.length());
    // One second is refused for ever.
    for _ in 0..40 {
        let Some(part) = history.next(at(2)) else { break };
        if part.stretch.includes(at(-1_100)) {
            history.note_part(&part, &nothing("HTTP 400", false), at(2));
        } else {
            let (from, to) = seconds(part.stretch);
            history.note_part(&part, &read(from, to, 10), at(2));
        }
    }
    let mut turns = 0;
    while let Some(part) = history.next(at(2)) {
        let (from, to) = seconds(part.stretch);
        history.note_part(&part, &read(from, to, 10), at(2));
        turns += 1;
        assert!(turns < 100, "it comes to an end");
    }
    let covered = history.covered(1, true, at(2));
    let lost: Vec<&str> = covered.lost.iter().map(|lost| &*lost.why).collect();
    assert!(!lost.is_empty() && lost.iter().all(|why| *why == "HTTP 400"), "{lost:?}");
    // The refused second is an end of two stretches of a second.
    assert!(covered.lost.iter().all(|lost| lost.stretch.length() <= SHORTEST * 2), "{covered:?}");
    assert!(covered.reaches(at(2 - 90 * DAY)), "{covered:?}");
}

#[test]
fn an_outage_loses_no_stretch() {
    let mut history = history(false);
    history.note_newest(&None, &read(-1_000, 0, 10), at(0));
    for _ in 0..100 {
        let part = history.next(at(0)).expect("a part");
        history.note_part(&part, &nothing("no connection", true), at(0));
    }
    assert!(history.covered(1, true, at(0)).lost.is_empty());
    assert_eq!(history.next(at(0)).map(|part| part.stretch.to), Some(at(-1_000)));
}

#[test]
fn a_restart_goes_on_where_it_was_and_a_gap_is_filled_first() {
    let mut first = history(false);
    first.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let part = first.next(at(0)).expect("a part");
    let (kept, _) = first.note_part(&part, &read(-20 * DAY, -DAY, 10), at(0));
    let kept = kept.expect("it goes further back");
    // It was away for two days, and the newest reading reached back for one.
    let mut second = History::new(SignedDuration::from_hours(90 * 24));
    let wire = Wire { is_common: true, is_by_time: false };
    second.load(vec![(None, kept)], wire, OVERLAP, at(2 * DAY));
    second.note_newest(&None, &read(DAY, 2 * DAY, 10), at(2 * DAY));
    let part = second.next(at(2 * DAY)).expect("the gap");
    assert_eq!(seconds(part.stretch), (-600, DAY), "ten minutes of what was read are, too");
    let complete = second.covered(1, true, at(2 * DAY)).complete;
    assert_eq!(complete.map(seconds), Some((DAY, 2 * DAY)), "it is no part of what is known");
    second.note_part(&part, &read(-600, DAY, 10), at(2 * DAY));
    let part = second.next(at(2 * DAY)).expect("the rest");
    assert_eq!(seconds(part.stretch), (-88 * DAY, -20 * DAY));
    let complete = second.covered(1, true, at(2 * DAY)).complete;
    assert_eq!(complete.map(seconds), Some((-20 * DAY, 2 * DAY)));
}

#[test]
fn what_could_not_be_saved_is_told_and_not_written_down() {
    let mut history = history(false);
    let unsaved = PartRead { is_saved: false, ..read(-DAY, 0, 10) };
    assert_eq!(history.note_newest(&None, &unsaved, at(0)), None);
    assert_eq!(history.covered(1, true, at(0)).complete, Stretch::new(at(-DAY), at(0)));
    let written = history.note_newest(&None, &read(-60, 60, 1), at(60));
    let written = written.map(|coverage| coverage.stretches().to_vec());
    assert_eq!(written, Some(Vec::from_iter(Stretch::new(at(-60), at(60)))));
}

#[test]
fn an_account_that_is_read_card_by_card_is_known_as_far_as_each_of_them() {
    let mut history = History::new(SignedDuration::from_hours(24));
    history.load(Vec::new(), Wire { is_common: false, is_by_time: false }, OVERLAP, at(0));
    let card = |name: &str| Some(Arc::<str>::from(name));
    history.note_newest(&card("a"), &read(-DAY, 0, 1), at(0));
    let covered = history.covered(2, true, at(0));
    assert_eq!((covered.complete, covered.left.map(|left| left.time.as_secs())), (None, Some(DAY)));
    history.note_newest(&card("b"), &read(-DAY / 2, 5, 1), at(5));
    let covered = history.covered(2, true, at(5));
    assert_eq!(covered.complete, Stretch::new(at(-DAY / 2), at(0)));
    assert!(covered.left.is_some());
    history.remove(&"b".into());
    let covered = history.covered(2, true, at(5));
    assert_eq!((covered.complete, covered.left), (Stretch::new(at(-DAY), at(0)), None));
}

#[test]
fn how_long_it_will_take_follows_from_the_pace_so_far() {
    let mut history = history(false);
    history.note_newest(&None, &read(-10 * DAY, 0, 10), at(0));
    assert_eq!(history.covered(1, true, at(0)).left.and_then(|left| left.ends_in), None);
    let part = history.next(at(0)).expect("a part");
    history.note_part(&part, &read(-20 * DAY, -10 * DAY, 50), at(60));
    let left = history.covered(1, true, at(60)).left.expect("70 days are left");
    assert_eq!(left.ends_in.map(|wait| wait.as_secs()), Some(419), "{left:?}");
}

#[test]
fn an_error_of_the_connection_says_nothing_of_a_stretch() {
    let provider = ProviderId::new("acme");
    let of = |kind| {
        let list = ListRead::<crate::domain::transaction::Transaction>::failed(Error::new(
            &provider, kind, "no",
        ));
        PartRead::of(&list, (at(-DAY), at(0)), true).is_unanswered
    };
    assert!(of(ErrorKind::Unreachable) && of(ErrorKind::RateLimited) && of(ErrorKind::Auth));
    assert!(!of(ErrorKind::Refused) && !of(ErrorKind::BadReply));
}

#[test]
fn a_provider_that_refuses_all_old_times_is_soon_left_alone() {
    let mut history = History::new(SignedDuration::from_hours(400 * 24));
    history.load(Vec::new(), Wire { is_common: true, is_by_time: true }, OVERLAP, at(0));
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let mut turns = 0;
    while let Some(part) = history.next(at(0)) {
        let (from, to) = seconds(part.stretch);
        let answer =
            if from < -180 * DAY { nothing("HTTP 400", false) } else { read(from, to, 10) };
        history.note_part(&part, &answer, at(0));
        turns += 1;
        assert!(turns < 200, "it is asked for ever: {part:?}");
    }
    let covered = history.covered(1, true, at(0));
    let lost: SignedDuration = covered.lost.iter().map(|lost| lost.stretch.length()).sum();
    assert!(lost.as_secs() >= 219 * DAY && lost.as_secs() < 221 * DAY, "{:?}", covered.lost);
    assert_eq!(covered.left, None);
}

#[test]
fn what_is_read_once_more_lets_what_is_unread_go_on() {
    let mut history = history(false);
    history.note_newest(&None, &read(-40 * DAY, 0, 900), at(0));
    let whole = Stretch { from: at(-40 * DAY), to: at(0) };
    history.read_again(&None, whole, at(0));
    let mut read_until = |again: bool| {
        let part = history.next(at(0)).expect("a part");
        let (_, to) = seconds(part.stretch);
        assert_eq!(part.why == Why::Again, again, "{part:?}");
        // A page of a day.
        history.note_part(&part, &read(to - DAY, to, 900), at(0));
        to
    };
    assert_eq!([read_until(true), read_until(false)], [0, -40 * DAY]);
    assert_eq!([read_until(true), read_until(false)], [-DAY, -41 * DAY]);
}

#[test]
fn a_provider_that_ignores_the_times_it_is_asked_for_is_asked_for_ever_longer_ones() {
    let mut history = history(false);
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let provider = ProviderId::new("acme");
    let row = |number: i64| {
        let amount = Money::parse_wire("7", "USD".parse().expect("a currency")).expect("an amount");
        let id = format!("t-{number}").into();
        Transaction::new(provider.clone(), id, amount, at(-number * DAY / 8))
    };
    // It sends all it has each time: eight rows a day.
    let all: Vec<Transaction> = (0..720).map(row).collect();
    let mut parts = 0;
    while let Some(part) = history.next(at(0)) {
        let list = ListRead {
            rows: all.clone(),
            error: None,
            complete_from: Some(part.stretch.from),
            ..ListRead::failed(Error::new(&provider, ErrorKind::Refused, "no"))
        };
        let read = PartRead::of_part(&list, part.stretch, true, true);
        history.note_part(&part, &read, at(0));
        parts += 1;
    }
    assert!(parts <= 5, "{parts} parts of 90 days");
}

#[test]
fn a_part_that_the_provider_fails_at_is_asked_for_ever_more_seldom() {
    let mut history = history(false);
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let failing = || PartRead { is_failing: true, ..nothing("HTTP 500", false) };
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let part = history.next(at(now)).expect("a part");
        history.note_part(&part, &failing(), at(now));
        let due = history.due(None).expect("it is tried again").earliest;
        waits.push(due.duration_since(at(now)).as_mins());
        now += due.duration_since(at(now)).as_secs();
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    let part = history.next(at(now)).expect("a part");
    let (from, to) = seconds(part.stretch);
    history.note_part(&part, &read(from, to, 1), at(now));
    let due = history.due(None).expect("there is more to read");
    assert_eq!(due.earliest, Timestamp::MIN, "an answer ends it");
}

#[test]
fn coverage_that_could_not_be_written_is_written_again() {
    let mut history = history(false);
    let first = history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let again = history.note_newest(&None, &read(-DAY, 1, 10), at(1));
    assert!(first.is_some() && again.is_some(), "it was not said to be written");
    history.note_written(&None, again.expect("it is there"));
    assert_eq!(history.note_newest(&None, &read(-DAY, 2, 10), at(2)), None);
}

/// What a restart finds of a list of all cards.
fn restarted(kept: Coverage, late: SignedDuration, now: i64) -> History {
    let mut history = History::new(SignedDuration::from_hours(90 * 24));
    let wire = Wire { is_common: true, is_by_time: false };
    history.load(vec![(None, kept)], wire, late, at(now));
    history
}

/// When something that was lost is tried again; nothing is to be read now.
fn pause_ends(history: &mut History, now: Timestamp) -> Timestamp {
    assert_eq!(history.next(now), None, "not at once");
    history.due(None).expect("it is tried again").earliest
}

/// More rows in one second than the wire sends.
fn crowded(from: i64, to: i64, second: i64) -> PartRead {
    let stretch = Stretch::new(at(second), at(second + 1)).expect("in order");
    let lost = vec![Lost::new(stretch, "too many in one second".into())];
    PartRead { lost, ..read(from, to, 10) }
}

#[test]
fn a_lost_moment_is_known_after_a_restart_and_tried_again_ever_more_seldom_until_it_is_read() {
    let mut history = history(false);
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    let part = history.next(at(0)).expect("the rest");
    let (kept, _) = history.note_part(&part, &crowded(-90 * DAY, -DAY, -5 * DAY), at(0));
    let mut history = restarted(kept.expect("it goes further back"), SignedDuration::ZERO, 60);
    history.note_newest(&None, &read(0, 60, 1), at(60));
    let covered = history.covered(1, true, at(60));
    assert_eq!((covered.gaps(Timestamp::MIN), covered.left), (1, None));
    assert_eq!(covered.complete.map(seconds), Some((-90 * DAY, 60)));
    assert_eq!(history.next(at(60)), None, "it is not its time");
    let mut now = 60;
    let mut pauses = Vec::new();
    let mut kept = None;
    for _ in 0..9 {
        let due = pause_ends(&mut history, at(now));
        pauses.push(due.duration_since(at(0)).as_secs() - now);
        now = due.duration_since(at(0)).as_secs();
        let part = history.next(due).expect("the lost moment");
        assert_eq!((part.why, part.share), (Why::Lost, Share::ALL));
        assert_eq!(seconds(part.stretch), (-5 * DAY, 1 - 5 * DAY));
        let again = crowded(-5 * DAY, 1 - 5 * DAY, -5 * DAY);
        let (written, _) = history.note_part(&part, &again, due);
        kept = written;
    }
    assert_eq!(pauses[..3], [540, 1_200, 2_400]);
    assert_eq!(pauses[8], DAY, "at most");
    // A restart does not hurry.
    let mut history = restarted(kept.expect("when it is tried"), SignedDuration::ZERO, now + 60);
    let due = pause_ends(&mut history, at(now + 60));
    assert_eq!(due.duration_since(at(now)).as_secs(), DAY);
    let part = history.next(due).expect("the lost moment");
    let (from, to) = seconds(part.stretch);
    let (kept, _) = history.note_part(&part, &read(from, to, 3_000), due);
    assert!(kept.expect("it is written").lost().is_empty(), "it was read in the end");
    assert_eq!(history.covered(1, true, due).gaps(Timestamp::MIN), 0);
    assert_eq!((history.next(due), history.due(None)), (None, None));
}

#[test]
fn a_provider_that_begins_to_send_old_times_is_read_to_the_end() {
    let mut history = history(false);
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    while let Some(part) = history.next(at(0)) {
        let (from, to) = seconds(part.stretch);
        let refused = from < -30 * DAY;
        let answer = if refused { nothing("HTTP 400", false) } else { read(from, to, 10) };
        history.note_part(&part, &answer, at(0));
    }
    let covered = history.covered(1, true, at(0));
    assert!(covered.reaches(at(-29 * DAY)) && !covered.reaches(at(-31 * DAY)), "{covered:?}");
    assert_eq!((covered.gaps(Timestamp::MIN), covered.lost.is_empty()), (0, false));
    let due = pause_ends(&mut history, at(0));
    let mut turns = 0;
    while let Some(part) = history.next(due) {
        let (from, to) = seconds(part.stretch);
        history.note_part(&part, &read(from, to, 10), due);
        turns += 1;
        assert!(turns < 100, "it comes to an end");
    }
    let covered = history.covered(1, true, due);
    assert!(covered.reaches(at(600 - 90 * DAY)) && covered.lost.is_empty(), "{covered:?}");
}

#[test]
fn an_outage_while_a_lost_moment_is_tried_again_says_nothing_of_it() {
    let mut history = history(false);
    history.note_newest(&None, &crowded(-90 * DAY, 0, -DAY), at(0));
    let due = pause_ends(&mut history, at(0));
    let mut now = due;
    for _ in 0..5 {
        let part = history.next(now).expect("the lost moment");
        history.note_part(&part, &nothing("no connection", true), now);
        let next = pause_ends(&mut history, now);
        assert_eq!(next.duration_since(now).as_mins(), 10, "as if it had not been tried");
        now = next;
    }
}

#[test]
fn what_was_read_last_before_a_stop_is_read_again_after_it() {
    let day = SignedDuration::from_hours(24);
    let mut history = history(false);
    let kept = history.note_newest(&None, &read(-90 * DAY, 0, 10), at(0)).expect("all of it");
    // Rows came up to a day late at this provider.
    let mut history = restarted(kept, OVERLAP + day, 3 * DAY);
    history.note_newest(&None, &read(2 * DAY, 3 * DAY, 10), at(3 * DAY));
    let part = history.next(at(3 * DAY)).expect("the gap");
    assert_eq!((seconds(part.stretch), part.why), ((-DAY - 600, 2 * DAY), Why::Unread));
}

#[test]
fn an_outage_leaves_the_newest_window_as_long_as_it_was_and_a_success_makes_it_longer_again() {
    let mut history = history(true);
    let (days, none) = (|history: &History| history.length(&None).as_hours() / 24, at(0));
    assert_eq!(days(&history), 8);
    let window = |read: PartRead| PartRead { asked: FIRST_BY_TIME, ..read };
    for _ in 0..20 {
        history.note_newest(&None, &window(nothing("no connection", true)), none);
    }
    assert_eq!(days(&history), 8, "nobody answered");
    for expected in [4, 2, 1] {
        let asked = history.length(&None);
        let refused = PartRead { asked, ..nothing("an answer that is too large", false) };
        history.note_newest(&None, &refused, none);
        assert_eq!(days(&history), expected);
    }
    for expected in [2, 4, 8, 8] {
        let asked = history.length(&None);
        history.note_newest(&None, &PartRead { asked, ..read(-DAY, 0, 10) }, none);
        assert_eq!(days(&history), expected);
    }
    // The ten minutes of an ordinary reading say nothing of a longer time.
    let short = SignedDuration::from_mins(10);
    let failed = PartRead { asked: short, ..nothing("HTTP 400", false) };
    history.note_newest(&None, &failed, none);
    assert_eq!(days(&history), 8);
}

#[test]
fn a_card_that_comes_back_into_the_list_counts_again() {
    let mut history = History::new(SignedDuration::from_hours(24));
    history.load(Vec::new(), Wire { is_common: false, is_by_time: false }, OVERLAP, at(0));
    let card = |name: &str| Some(Arc::<str>::from(name));
    history.note_newest(&card("a"), &read(-DAY, 0, 1), at(0));
    history.note_newest(&card("b"), &read(-DAY, 0, 1), at(0));
    history.remove(&"b".into());
    assert!(history.covered(2, true, at(0)).complete.is_some());
    history.restore(|card| &**card == "b");
    let covered = history.covered(2, true, at(0));
    assert_eq!(covered.complete, None, "its rows are to be read");
    history.note_newest(&card("b"), &read(-DAY, 5, 1), at(5));
    assert!(history.covered(2, true, at(5)).complete.is_some());
    // Read after all, it is the account's, whatever its list of cards says.
    history.remove(&"b".into());
    history.note_newest(&card("b"), &read(-DAY / 2, 5, 1), at(5));
    history.note_newest(&card("a"), &read(-DAY, 5, 1), at(5));
    let complete = history.covered(2, true, at(5)).complete;
    assert_eq!(complete, Stretch::new(at(-DAY / 2), at(5)));
    assert_eq!(history.covered(2, false, at(5)).complete, None, "there may be a third card");
}

#[test]
fn what_may_have_changed_lately_is_read_again_before_what_is_older_and_unread() {
    let mut history = history(false);
    history.note_newest(&None, &read(-20 * DAY, 0, 10), at(0));
    let known = Stretch::new(at(-10 * DAY), at(-DAY)).expect("in order");
    history.read_again(&None, known, at(0));
    let part = history.next(at(0)).expect("a part");
    assert_eq!((part.stretch, part.why), (known, Why::Again));
    let (_, ended) = history.note_part(&part, &read(-10 * DAY, -DAY, 10), at(0));
    assert!(ended);
    let part = history.next(at(0)).expect("a part");
    assert_eq!((seconds(part.stretch), part.why), ((-90 * DAY, -20 * DAY), Why::Unread));
}

#[test]
fn what_is_read_once_more_leaves_out_what_cannot_be_had() {
    let mut history = history(false);
    history.note_newest(&None, &read(-DAY, 0, 10), at(0));
    while let Some(part) = history.next(at(0)) {
        let (from, to) = seconds(part.stretch);
        let is_refused = part.stretch.includes(at(-5 * DAY));
        let answer = if is_refused { nothing("HTTP 400", false) } else { read(from, to, 10) };
        history.note_part(&part, &answer, at(0));
    }
    let known = Stretch::new(at(-10 * DAY), at(-DAY)).expect("in order");
    history.read_again(&None, known, at(0));
    let mut parts = Vec::new();
    while let Some(part) = history.next(at(0)) {
        assert!(!part.stretch.includes(at(-5 * DAY)) || parts.len() < 2, "{part:?}");
        let (from, to) = seconds(part.stretch);
        history.note_part(&part, &read(from, to, 2_000), at(0));
        parts.push((from, to));
    }
    assert_eq!(parts.first().map(|(_, to)| *to), Some(-DAY));
    assert_eq!(parts.last().map(|(from, _)| *from), Some(-10 * DAY));
}

proptest! {
    /// Whatever a provider does (a page that reaches back by some time, one that does not show how
    /// far, one that is refused), the history is filled to its end, and what is said to be complete
    /// was read.
    #[test]
    fn a_history_ends_and_claims_nothing_that_was_not_read(
        answers in proptest::collection::vec((0_u8..4, 10_000_i64..400_000), 1..60),
        is_by_time: bool,
    ) {
        let mut history = history(is_by_time);
        let mut had = Coverage::default();
        let newest = Stretch::new(at(-3_600), at(0)).expect("in order");
        had.add(newest);
        history.note_newest(&None, &read(-3_600, 0, 10), at(0));
        let mut turns = 0;
        while let Some(part) = history.next(at(0)) {
            let (kind, back) = answers[turns % answers.len()];
            turns += 1;
            let (from, to) = seconds(part.stretch);
            let answer = match kind {
                0 if turns < 200 => nothing("no connection", true),
                1 if turns < 200 => nothing("HTTP 400", false),
                2 => read((to - back).max(from), to, 50),
                _ => read(from, to, 10),
            };
            if let Some(complete) = answer.complete {
                had.add(complete);
            }
            history.note_part(&part, &answer, at(0));
            prop_assert!(turns < 20_000);
            if let Some(told) = history.told(&None) {
                prop_assert_eq!(told.stretches(), had.stretches());
            }
        }
        prop_assert_eq!(history.covered(1, true, at(0)).left, None);
    }
}
