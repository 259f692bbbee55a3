//! Which answers end that a card is told as pushed.

use jiff::SignedDuration;

use super::Bench;
use crate::domain::card::{Card, Reading};
use crate::provider::{Error, ErrorKind};

#[tokio::test(start_paused = true)]
async fn an_answer_without_figures_leaves_those_of_before_the_push_old() {
    let bench = Bench::new(5).await;
    let account = bench.account();
    let cards = bench.engine.0.cards.of_provider(&account.info.id);
    let known = cards.iter().map(|card| card.card()).find(|card| card.balance.at().is_some());
    let known = known.expect("a card that was read");
    let pushed_at = bench.engine.0.clock.now();
    let is_told = || !account.told_pushes.lock().is_empty();
    let accept = async |read: Result<Card, Error>| {
        let asked_at = pushed_at + SignedDuration::from_secs(1);
        drop(bench.engine.accept_card(&account, &known, read, asked_at).await);
    };
    assert!(account.told_pushes.lock().begin(&known.key.id, pushed_at));
    accept(Ok(Card { balance: Reading::Never, ..known.clone() })).await;
    assert!(is_told(), "it said nothing of the balance");
    accept(Err(Error::new(&account.info.id, ErrorKind::Unreachable, "no answer"))).await;
    assert!(is_told(), "there was no answer");
    accept(Ok(known.clone())).await;
    assert!(!is_told(), "its balance was read");
    assert!(account.told_pushes.lock().begin(&known.key.id, pushed_at));
    accept(Err(Error::new(&account.info.id, ErrorKind::NotFound, "no such card"))).await;
    assert!(!is_told(), "there is nothing to be read of it");
}
