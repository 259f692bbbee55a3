//! When accounts did not answer: told once, with the times at which somebody looked.

use jiff::{SignedDuration, Timestamp};

use super::journal::at;
use super::{Empty, stories};
use crate::domain::card::ProviderId;
use crate::domain::coverage::Stretch;
use crate::domain::outage::{Outage, OutageKind, Watched};
use crate::store::Store;

stories! {
    an_outage_that_several_see_is_one_and_ends_with_the_first_good_answer,
    the_times_at_which_somebody_looked_are_joined_where_they_touch,
    outages_are_forgotten_after_thirty_days,
}

fn acme() -> ProviderId {
    ProviderId::new("acme")
}

async fn outages(store: &Store, since: Timestamp) -> Vec<Outage> {
    store.outages_since(since).await.expect("the outages").0
}

async fn watched(store: &Store, since: Timestamp) -> Vec<(ProviderId, Timestamp, Timestamp)> {
    let (_, watched) = store.outages_since(since).await.expect("the times");
    let times = watched.into_iter();
    let times =
        times.map(|Watched { provider, stretch: Stretch { from, to } }| (provider, from, to));
    times.collect()
}

async fn an_outage_that_several_see_is_one_and_ends_with_the_first_good_answer(empty: Empty) {
    let store = &empty();
    let begin = async |second, kind| store.begin_outage(acme(), at(second), kind).await;
    store.end_outage(acme(), at(1)).await.expect("nothing to end");
    begin(10, OutageKind::Unreachable).await.expect("kept");
    begin(20, OutageKind::BadAnswers).await.expect("it is the same one");
    store.note_watched(acme(), at(300), true).await.expect("noted");
    let lasting = Outage {
        provider: acme(),
        from: at(10),
        last_seen: at(300),
        to: None,
        kind: OutageKind::Unreachable,
    };
    assert_eq!(
        outages(store, at(100_000)).await,
        std::slice::from_ref(&lasting),
        "it may last still"
    );
    store.end_outage(acme(), at(400)).await.expect("kept");
    begin(500, OutageKind::Refused).await.expect("another one");
    let ended = Outage { to: Some(at(400)), ..lasting };
    let kept = outages(store, at(400)).await;
    assert_eq!((kept.len(), &kept[0], kept[1].kind), (2, &ended, OutageKind::Refused));
    assert_eq!(outages(store, at(401)).await.len(), 1, "the first was over by then");
}

async fn the_times_at_which_somebody_looked_are_joined_where_they_touch(empty: Empty) {
    let store = &empty();
    for second in [0, 300, 600, 7_200, 7_500, 60] {
        store.note_watched(acme(), at(second), false).await.expect("noted");
    }
    let other = ProviderId::new("other");
    store.note_watched(other.clone(), at(310), false).await.expect("noted");
    let all = watched(store, at(0)).await;
    let expected =
        [(acme(), 0, 600), (acme(), 7_200, 7_500), (acme(), 60, 60), (other.clone(), 310, 310)];
    assert_eq!(all, expected.map(|(provider, from, to)| (provider, at(from), at(to))));
    let shift = watched(store, at(305)).await;
    let expected = [(acme(), 305, 600), (acme(), 7_200, 7_500), (other, 310, 310)];
    assert_eq!(shift, expected.map(|(provider, from, to)| (provider, at(from), at(to))));
}

async fn outages_are_forgotten_after_thirty_days(empty: Empty) {
    let store = &empty();
    store.note_watched(acme(), at(0), false).await.expect("noted");
    store.begin_outage(acme(), at(0), OutageKind::Unreachable).await.expect("kept");
    store.end_outage(acme(), at(9)).await.expect("kept");
    store.begin_outage(acme(), at(10), OutageKind::Unreachable).await.expect("kept");
    let later = at(10) + SignedDuration::from_hours(30 * 24);
    store.note_watched(acme(), later, true).await.expect("noted");
    let kept = outages(store, Timestamp::MIN).await;
    assert_eq!(kept.iter().map(|row| row.from).collect::<Vec<_>>(), [at(10)], "what lasts stays");
    assert_eq!(watched(store, Timestamp::MIN).await, [(acme(), later, later)]);
}
