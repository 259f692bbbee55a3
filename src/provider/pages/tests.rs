//! Lists that are capped, cut, endless or wrong about themselves, read to their end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::pager::TRUSTED_READINGS;
use super::*;
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::transaction::{TransactionKind, TransactionState};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
}

fn row(id: usize, second: i64) -> Transaction {
    Transaction {
        card_id: Some("c1".into()),
        kind: TransactionKind::Purchase,
        state: TransactionState::Cleared,
        seen_at: at(0),
        ..Transaction::new(
            ProviderId::new("acme"),
            id.to_string().into(),
            crate::domain::money::Money::zero("USD".parse().expect("USD")),
            at(second),
        )
    }
}

fn page(rows: Vec<Transaction>) -> Page<Transaction> {
    Page::of(rows.into_iter().map(Ok))
}

fn window() -> Window {
    let card = Card::unread(CardKey::new(&ProviderId::new("acme"), "c1"));
    Window { card: Some(card), since: at(-100_000), until: at(0) }
}

/// Newest first: row 0 is the newest.
fn rows(count: usize) -> Vec<Transaction> {
    (0..count).map(|id| row(id, -10 * i64::try_from(id).expect("few"))).collect()
}

#[tokio::test]
async fn a_cap_is_learnt_once_and_then_asked_for_as_it_is() {
    // 30: a list that ends within what the first page of 50 should have had.
    for count in [70, 30, 20] {
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        let asked = Mutex::new(Vec::new());
        // Its pages are cut to 20 rows, and counted by the rows that were asked for: asked for
        // 50, rows 20 to 49 are on no page.
        let bank = |_: Window, at: PageCursor| {
            asked.lock().unwrap_or_else(PoisonError::into_inner).push((at.number, at.size));
            let (number, size) = (usize::try_from(at.number).expect("few"), usize::from(at.size));
            let rows = rows(count).into_iter().skip(number * size).take(size.min(20)).collect();
            async move { Ok(page(rows)) }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
        assert_eq!((list.rows.len(), list.is_complete()), (count, true));
        asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let list = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
        assert_eq!((list.rows.len(), list.is_complete()), (count, true));
        let asked = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        assert!(
            count == 20 || asked.iter().all(|(_, size)| *size == 20),
            "the cap is remembered: {asked:?}"
        );
    }
}

#[tokio::test]
async fn pages_of_one_row_by_offset_are_read_to_the_end() {
    for (asked, sent) in [(1, 1), (50, 1), (2, 2)] {
        let pager = Pager::new(Paging::Offset { size: asked }, None);
        let bank = |_: Window, at: PageCursor| {
            let (offset, size) = (usize::try_from(at.offset).expect("few"), usize::from(at.size));
            let rows = rows(7).into_iter().skip(offset).take(size.min(sent)).collect();
            async move { Ok(page(rows)) }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!(
            (list.rows.len(), list.is_complete()),
            (7, true),
            "asked for {asked}: {:?}",
            list.gap
        );
    }
}

#[tokio::test]
async fn a_long_list_is_not_taken_for_one_without_an_end() {
    const PAGES: usize = 2_010;
    let pager = Pager::new(Paging::Numbered { size: 50 }, None);
    let bank = |_: Window, at: PageCursor| {
        let number = usize::try_from(at.number).expect("few");
        let first = if number < PAGES { number * 50 } else { PAGES * 50 };
        async move { Ok(page((first..PAGES * 50).take(50).map(|id| row(id, 0)).collect())) }
    };
    let list = read_window(&pager, &window(), ReadMode::Full, bank).await;
    assert_eq!((list.rows.len(), list.is_complete()), (PAGES * 50, true), "{:?}", list.gap);
}

#[tokio::test]
async fn a_list_of_one_page_is_asked_for_a_second_one_now_and_then_only() {
    let card = |id: usize| Card::unread(CardKey::new(&ProviderId::new("acme"), &id.to_string()));
    let pager = Pager::new(Paging::Numbered { size: 50 }, None);
    let (count, cards) = (AtomicUsize::new(0), AtomicUsize::new(14));
    let bank = |at: PageCursor| {
        count.fetch_add(1, Ordering::Relaxed);
        let cards = if at.number == 0 { cards.load(Ordering::Relaxed) } else { 0 };
        async move { Ok(Page::of((0..cards).map(|id| Ok(card(id))))) }
    };
    let requests = async |effort| {
        count.store(0, Ordering::Relaxed);
        assert!(read_all(&pager, effort, &bank).await.is_complete());
        count.load(Ordering::Relaxed)
    };
    assert_eq!(requests(ReadMode::Ordinary).await, 2);
    for _ in 0..TRUSTED_READINGS {
        assert_eq!(requests(ReadMode::Ordinary).await, 1);
    }
    assert_eq!(requests(ReadMode::Ordinary).await, 2, "it is asked again in the end");
    assert_eq!(requests(ReadMode::Full).await, 3);
    cards.store(15, Ordering::Relaxed);
    assert_eq!(requests(ReadMode::Ordinary).await, 2, "it is longer than before");
}

#[tokio::test]
async fn a_list_that_has_no_pages_is_asked_for_once() {
    let pager = Pager::new(Paging::Numbered { size: 50 }, None);
    let count = AtomicUsize::new(0);
    let bank = |_: Window, _: PageCursor| {
        count.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Page { is_all: true, ..page(rows(70)) }) }
    };
    let list = read_window(&pager, &window(), ReadMode::Full, bank).await;
    assert_eq!((list.rows.len(), list.is_complete(), count.load(Ordering::Relaxed)), (70, true, 1));
}

#[tokio::test]
async fn two_rows_of_one_page_with_one_id_that_are_not_the_same_are_a_gap() {
    let other = Transaction { kind: TransactionKind::Fee, ..row(1, -10) };
    for (second, whole) in [(row(1, -10), true), (other, false)] {
        let pager = Pager::new(Paging::Numbered { size: 50 }, None);
        let bank = |_: Window, at: PageCursor| {
            let rows = if at.number == 0 {
                vec![row(0, 0), row(1, -10), second.clone()]
            } else {
                Vec::new()
            };
            async move { Ok(page(rows)) }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!((list.rows.len(), list.is_complete()), (2, whole), "{:?}", list.gap);
    }
}

#[tokio::test]
async fn a_first_page_that_lost_a_row_does_not_make_all_later_pages_smaller() {
    let pager = Pager::new(Paging::Numbered { size: 50 }, None);
    // Its pages are cut to 20 rows, and of each one row is not sent.
    let bank = |_: Window, at: PageCursor| {
        let (number, size) =
            (usize::try_from(at.number).expect("few"), usize::from(at.size).min(20));
        let rows = rows(200).into_iter().skip(number * size).take(size).skip(1).collect();
        async move { Ok(page(rows)) }
    };
    for _ in 0..10 {
        let _ = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
        assert!(pager.size() >= 18, "{}", pager.size());
    }
}

#[tokio::test]
async fn a_short_page_is_the_end_once_a_larger_one_has_come() {
    let pager = Pager::new(Paging::Numbered { size: 50 }, None);
    let count = AtomicUsize::new(0);
    let bank = |rows: Vec<Transaction>| {
        let count = &count;
        move |_: Window, at: PageCursor| {
            count.fetch_add(1, Ordering::Relaxed);
            let rows = if at.number == 0 { rows.clone() } else { Vec::new() };
            async move { Ok(page(rows)) }
        }
    };
    let requests = async |rows, effort| {
        count.store(0, Ordering::Relaxed);
        assert!(read_window(&pager, &window(), effort, bank(rows)).await.is_complete());
        count.load(Ordering::Relaxed)
    };
    assert_eq!(
        requests(rows(14), ReadMode::Ordinary).await,
        2,
        "it might be cut off: the next one"
    );
    assert_eq!(requests(rows(9), ReadMode::Ordinary).await, 1);
    assert_eq!(requests(rows(9), ReadMode::Full).await, 3);
}

#[tokio::test]
async fn a_lookup_in_a_list_without_an_end_is_left_after_4_000_pages_and_says_so() {
    let pager = Pager::new(Paging::Numbered { size: 2 }, None);
    let asked = AtomicUsize::new(0);
    let bank = |_: Window, at: PageCursor| {
        asked.fetch_add(1, Ordering::Relaxed);
        let first = usize::try_from(at.number).expect("few") * 2;
        async move { Ok(page(vec![row(first, 0), row(first + 1, 0)])) }
    };
    let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
    assert!(list.gap.as_deref().is_some_and(|gap| gap.contains("has no end")), "{:?}", list.gap);
    assert!(list.rows.len() > 1_000 && list.error.is_none());
    // Each page may be read once more, to see whether rows moved.
    assert!((4_000..=8_000).contains(&asked.into_inner()));
}

#[tokio::test]
async fn a_share_of_a_list_says_how_far_back_it_is_complete_and_the_next_begins_there() {
    for (paging, requests) in
        [(Paging::Numbered { size: 50 }, 5), (Paging::Offset { size: 50 }, 5), (Paging::ByTime, 12)]
    {
        let pager = Pager::new(paging, None);
        let asked = AtomicUsize::new(0);
        let bank = |window: Window, at: PageCursor| {
            asked.fetch_add(1, Ordering::Relaxed);
            let skipped = match paging {
                Paging::Numbered { .. } => usize::try_from(at.number).expect("few") * 50,
                Paging::Offset { .. } => usize::try_from(at.offset).expect("few"),
                Paging::ByTime => 0,
            };
            let fitting: Vec<Transaction> = rows(220)
                .into_iter()
                .filter(|row| (window.since..=window.until).contains(&row.at))
                .collect();
            let total = Some(fitting.len());
            let rows = fitting.into_iter().skip(skipped).take(50).collect();
            async move { Ok(Page { total, ..page(rows) }) }
        };
        let (mut window, mut seen) = (window(), std::collections::BTreeSet::new());
        let share = Share { pages: 1, most_requests: 20 };
        let mut turns = 0;
        loop {
            turns += 1;
            let list = read_share(&pager, &window, ReadMode::Ordinary, share, &bank).await;
            let from = list.complete_from.expect("a list with times");
            assert!(list.gap.is_none() && list.error.is_none() && from < window.until);
            seen.extend(list.rows.iter().map(|row| row.id.clone()));
            let all = rows(220);
            let had = all.iter().filter(|row| row.at >= from && seen.contains(&row.id)).count();
            let there = all.iter().filter(|row| row.at >= from).count();
            assert_eq!(had, there, "{paging:?}: all from {from} on were there");
            if !list.is_cut_short {
                assert_eq!(from, window.since);
                break;
            }
            window.until = from;
        }
        assert_eq!((seen.len(), turns > 2), (220, true), "{paging:?}");
        let asked = asked.into_inner();
        assert!(asked <= requests, "{paging:?}: {asked} requests");
    }
}

#[tokio::test]
async fn a_share_of_a_list_that_is_not_newest_first_claims_nothing_and_is_left_after_a_while() {
    let pager = Pager::new(Paging::Numbered { size: 10 }, None);
    let bank = |_: Window, at: PageCursor| {
        let skipped = usize::try_from(at.number).expect("few") * 10;
        async move { Ok(page(rows(500).into_iter().rev().skip(skipped).take(10).collect())) }
    };
    let share = Share { pages: 1, most_requests: 20 };
    let list = read_share(&pager, &window(), ReadMode::Ordinary, share, bank).await;
    assert_eq!((list.is_cut_short, list.complete_from), (true, Some(window().until)));
    assert!(list.rows.len() >= 90, "what came is kept: {}", list.rows.len());
}

#[tokio::test]
async fn a_share_reads_past_any_number_of_rows_of_one_moment() {
    let pager = Pager::new(Paging::Numbered { size: 10 }, None);
    let heap: Vec<Transaction> =
        (0..700).map(|id| row(id + 1_000, 0)).chain(rows(100).into_iter().skip(1)).collect();
    let bank = |_: Window, at: PageCursor| {
        let skipped = usize::try_from(at.number).expect("few") * 10;
        let rows = heap.iter().skip(skipped).take(10).cloned().collect();
        async move { Ok(page(rows)) }
    };
    let share = Share { pages: 1, most_requests: 20 };
    let list = read_share(&pager, &window(), ReadMode::Ordinary, share, bank).await;
    assert!(list.is_cut_short && list.complete_from < Some(at(0)), "{:?}", list.complete_from);
    assert!(list.rows.len() > 700, "{}", list.rows.len());
}

#[tokio::test]
async fn a_heap_of_rows_in_one_second_is_read_by_the_millisecond_and_said_where_even_that_is_full()
{
    for (apart, whole) in [(1, true), (0, false)] {
        let pager = Pager::new(Paging::ByTime, None);
        let heap: Vec<Transaction> = (0..300_i64)
            .map(|id| {
                let at = at(-500) + SignedDuration::from_millis(1 + id * apart);
                Transaction { at, ..row(usize::try_from(id).expect("few") + 1_000, 0) }
            })
            .chain(rows(170))
            .collect();
        let bank = |window: Window, _: PageCursor| {
            let mut fitting: Vec<Transaction> = heap
                .iter()
                .filter(|row| (window.since..=window.until).contains(&row.at))
                .cloned()
                .collect();
            fitting.sort_by_key(|row| std::cmp::Reverse(row.at));
            let total = Some(fitting.len());
            fitting.truncate(20);
            async move { Ok(Page { total, ..page(fitting) }) }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, &bank).await;
        assert_eq!(list.gap.is_none(), whole, "{:?}", list.gap);
        assert_eq!(list.rows.len(), if whole { 470 } else { 190 });
        assert_eq!(list.complete_from, Some(window().since), "the rest was read");
        let lost: Vec<i128> =
            list.lost.iter().map(|lost| lost.stretch.length().as_millis()).collect();
        assert!(whole == lost.is_empty() && lost.iter().all(|length| *length <= 1), "{lost:?}");
    }
}

#[tokio::test]
async fn an_error_in_the_middle_keeps_what_was_read_before() {
    let pager = Pager::new(Paging::Numbered { size: 2 }, None);
    let bank = |_: Window, at: PageCursor| async move {
        match at.number {
            0 => Ok(page(vec![row(0, 0), row(1, -10)])),
            _ => Err(Error::new(
                &ProviderId::new("acme"),
                crate::provider::ErrorKind::Unreachable,
                "HTTP 503",
            )),
        }
    };
    let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
    assert_eq!((list.rows.len(), list.error.is_some(), list.is_complete()), (2, true, false));
}

#[tokio::test]
async fn a_list_by_time_that_is_cut_to_few_rows_is_read_whole_whatever_its_count_says() {
    for (said, oldest_first) in [(0, false), (0, true), (1_000, false)] {
        let pager = Pager::new(Paging::ByTime, None);
        let bank = |window: Window, _: PageCursor| {
            let mut fitting: Vec<Transaction> = rows(170)
                .into_iter()
                .filter(|row| (window.since..=window.until).contains(&row.at))
                .collect();
            if oldest_first {
                fitting.reverse();
            }
            fitting.truncate(20);
            let total = Some(fitting.len() + said);
            async move { Ok(Page { total, ..page(fitting) }) }
        };
        let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
        assert_eq!(list.rows.len(), 170, "said {said}, oldest first {oldest_first}");
        assert_eq!(
            list.gap.is_some(),
            said > 0,
            "a count that is too large is said: {:?}",
            list.gap
        );
    }
}

#[tokio::test]
async fn dates_that_are_ignored_send_no_row_twice_and_are_said_where_rows_may_be_missing() {
    let pager = Pager::new(Paging::ByTime, None);
    let bank =
        |_: Window, _: PageCursor| async move { Ok(Page { total: Some(30), ..page(rows(30)) }) };
    let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
    assert_eq!((list.rows.len(), list.is_complete()), (30, true), "{:?}", list.gap);
    let bank = |_: Window, _: PageCursor| async move { Ok(page(rows(40))) };
    let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
    assert_eq!(list.rows.len(), 40);
    assert!(
        list.gap.as_deref().is_some_and(|gap| gap.contains("dates of the question are ignored")),
        "{:?}",
        list.gap
    );
    // By spans, each would have sent every row.
    let pager = Pager::new(Paging::Numbered { size: 50 }, Some(SignedDuration::from_secs(20_000)));
    let bank = |_: Window, at: PageCursor| async move {
        Ok(page(if at.number == 0 { rows(30) } else { Vec::new() }))
    };
    let list = read_window(&pager, &window(), ReadMode::Ordinary, bank).await;
    assert_eq!((list.rows.len(), list.is_complete()), (30, true));
}

#[tokio::test]
async fn a_wire_that_ignores_the_dates_has_read_nothing_of_an_old_stretch() {
    let pager = Pager::new(Paging::ByTime, None);
    // The newest rows, whatever time is asked for, and no count.
    let bank = |_: Window, _: PageCursor| async move { Ok(page(rows(20))) };
    let old = Window { card: None, since: at(-90_000), until: at(-80_000) };
    let share = Share { pages: 1, most_requests: 20 };
    let list = read_share(&pager, &old, ReadMode::Full, share, bank).await;
    assert!(list.gap.as_deref().is_some_and(|gap| gap.contains("ignored")), "{:?}", list.gap);
}
