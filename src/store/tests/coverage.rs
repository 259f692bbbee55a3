//! Which stretches of time were read, and what of them is lost.

use jiff::{SignedDuration, Timestamp};

use super::{Empty, stories};
use crate::domain::card::ProviderId;
use crate::domain::coverage::{Coverage, Lost, Stretch};

stories! {
    what_is_lost_is_kept_with_the_time_of_its_next_try_until_it_is_read,
    what_one_process_lost_and_another_has_read_is_not_lost,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_775_000_000 + second).expect("a time of the test")
}

fn stretch(from: i64, to: i64) -> Stretch {
    Stretch { from: at(from), to: at(to) }
}

fn lossy(read: Stretch, lost: Stretch) -> Coverage {
    let mut coverage = Coverage::default();
    coverage.note(Some(read), &[Lost::new(lost, "too many in one second".into())], at(0));
    coverage
}

async fn what_is_lost_is_kept_with_the_time_of_its_next_try_until_it_is_read(empty: Empty) {
    let (store, acme) = (empty(), ProviderId::new("acme"));
    let mut read = lossy(stretch(-900, 0), stretch(-30, -29));
    read.put_off(stretch(-30, -29), at(0));
    for card in [None, Some("c-1".into())] {
        store.set_coverage(acme.clone(), card.clone(), read.clone(), at(0)).await.expect("kept");
        let kept = store.coverage(acme.clone()).await.expect("the coverage");
        let (_, kept) = kept.iter().find(|(list, _)| *list == card).expect("its list");
        assert_eq!(*kept, read);
        assert_eq!(kept.next_try(at(-900)), at(0).checked_add(SignedDuration::from_mins(20)).ok());
    }
    read.add(stretch(-40, -20));
    store.set_coverage(acme.clone(), None, read, at(0)).await.expect("kept");
    let kept = store.coverage(acme).await.expect("the coverage");
    let of = |card: Option<&str>| {
        kept.iter().find(|(list, _)| list.as_deref() == card).map(|(_, kept)| kept.lost().len())
    };
    assert_eq!((of(None), of(Some("c-1"))), (Some(0), Some(1)));
}

async fn what_one_process_lost_and_another_has_read_is_not_lost(empty: Empty) {
    let (store, acme) = (empty(), ProviderId::new("acme"));
    let keep = |read: Coverage| store.set_coverage(acme.clone(), None, read, at(0));
    keep(lossy(stretch(-900, -500), stretch(-600, -599))).await.expect("kept");
    // Of another time: nothing is said of what the first one lost.
    keep(lossy(stretch(-500, 0), stretch(-30, -29))).await.expect("kept");
    let kept = store.coverage(acme.clone()).await.expect("the coverage").remove(0).1;
    assert_eq!((kept.stretches(), kept.lost().len()), (&[stretch(-900, 0)][..], 2));
    keep(Coverage::of([stretch(-700, -550)])).await.expect("kept");
    let kept = store.coverage(acme.clone()).await.expect("the coverage").remove(0).1;
    let lost: Vec<Stretch> = kept.lost().iter().map(|lost| lost.stretch).collect();
    assert_eq!(lost, [stretch(-30, -29)]);
    // Read once more, and now a row of it is odd.
    keep(lossy(stretch(-700, -550), stretch(-700, -550))).await.expect("kept");
    let kept = store.coverage(acme.clone()).await.expect("the coverage").remove(0).1;
    assert_eq!(kept.lost().len(), 2);
}
