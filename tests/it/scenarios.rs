//! Every scenario of the simulated bank runs for a while against all four adapters: nothing of
//! cardtop dies, no top-up is paid twice, the bank's books balance, and a provider that the
//! scenario spares is read.

use std::collections::BTreeSet;
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::operation::{Action, OperationState};
use cardtop::domain::transaction::RowNews;
use cardtop::engine::EngineEvent;
use cardtop::sandbox::{Dialect, ListChange, Options, Sandbox, Scenario};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use crate::harness::{Desk, open_board, some, start};

/// A minute of a board while cardholders spend; what was heard of rows, and whether anything of
/// cardtop died.
async fn a_minute_of(scenarios: Vec<Scenario>) {
    let told = format!("{scenarios:?}");
    let desk = Desk::with(Options {
        cards: 16,
        transactions: 60,
        scenarios,
        busy: true,
        ..Options::default()
    })
    .await;
    let (engine, mut news) = open_board(&desk).await;
    let mut heard = BTreeSet::new();
    let mut read = 0_usize;
    let watched = async {
        while let Some(news) = news.recv().await {
            match news {
                EngineEvent::Trouble(words) => panic!("{told}: {words}"),
                EngineEvent::Transactions(RowNews { rows, .. }) => {
                    heard.extend(rows.into_iter().map(|row| row.provider.to_string()))
                }
                EngineEvent::Cards(cards) => read += cards.len(),
                _ => {}
            }
        }
    };
    // The clock only goes when everybody waits: this is a minute of readings.
    assert!(
        tokio::time::timeout(Duration::from_secs(60), watched).await.is_err(),
        "{told}: the board ended by itself"
    );
    assert!(read > 0, "{told}: no card was read");

    let mut orders = Vec::new();
    for dialect in Dialect::ALL {
        let known = engine.known_cards().await;
        let usable = known.into_iter().find(|card| {
            let open =
                card.state == cardtop::domain::card::CardState::Active && card.currency.is_some();
            card.key.provider.name() == dialect.name() && open
        });
        let Some(card) = usable else { continue };
        let before = desk.sandbox.credits(dialect, &card.key.id).len();
        let order = desk.order(&card.key, Action::TopUp(some(&card)));
        // Refused before anything is sent, or an operation whose state is told: both are answers.
        let state = engine
            .change(order, Duration::from_secs(20))
            .await
            .ok()
            .map(|operation| operation.state);
        orders.push((dialect, card, before, state));
    }
    // Whatever is drawn in from elsewhere meanwhile is not ours.
    let drained = async { while news.recv().await.is_some() {} };
    assert!(
        tokio::time::timeout(Duration::from_secs(30), drained).await.is_err(),
        "{told}: the board ended by itself"
    );
    for (dialect, card, before, state) in orders {
        let credits: Vec<Decimal> = desk.sandbox.credits(dialect, &card.key.id).split_off(before);
        assert!(credits.len() <= 1, "{told}: {dialect:?} paid {credits:?}");
        match state {
            Some(OperationState::Done) => {
                assert_eq!(credits.len(), 1, "{told}: {dialect:?}: DONE, and nothing was paid")
            }
            Some(OperationState::Failed) | None => {
                assert_eq!(credits.len(), 0, "{told}: {dialect:?}: {state:?}, and it was paid")
            }
            Some(OperationState::Sent | OperationState::Accepted | OperationState::Unknown) => {}
        }
    }
    for dialect in Dialect::ALL {
        assert_eq!(
            desk.sandbox.discrepancies(dialect),
            Vec::<String>::new(),
            "{told}: {dialect:?}"
        );
    }
    for dialect in [Dialect::Artha, Dialect::Banana] {
        assert!(heard.contains(dialect.name()), "{told}: {dialect:?} was never read");
    }
    engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn every_scenario_runs_for_a_minute_without_a_panic() {
    for scenario in Scenario::ALL {
        a_minute_of(vec![scenario]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn all_scenarios_together_run_for_a_minute_without_a_panic() {
    a_minute_of(Scenario::ALL.to_vec()).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_top_up_of_its_scenario_stays_unknown_long_enough_to_act_on_it() {
    for dialect in Dialect::ALL {
        let desk = Desk::with(Options {
            cards: 4,
            transactions: 8,
            scenarios: vec![Scenario::UnknownTopup],
            busy: false,
            ..Options::default()
        })
        .await;
        let (engine, mut news) = open_board(&desk).await;
        let listening = tokio::spawn(async move { while news.recv().await.is_some() {} });
        tokio::time::sleep(Duration::from_secs(20)).await;
        let known = engine.known_cards().await;
        let card = known.into_iter().find(|card| {
            let active = card.state == cardtop::domain::card::CardState::Active;
            active && card.currency.is_some() && card.key.provider.name() == dialect.name()
        });
        let card = card.expect("a card to top up");
        let order = desk.order(&card.key, Action::TopUp(some(&card)));
        let said = engine.change(order, Duration::from_secs(15)).await.expect("it is sent");
        assert_eq!(said.state, OperationState::Unknown, "{dialect:?}");
        let state = async |seconds| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let operations = engine.operations().await.expect("the journal");
            operations.into_iter().find(|operation| operation.id == said.id).map(|it| it.state)
        };
        assert_eq!(state(60).await, Some(OperationState::Unknown), "{dialect:?}");
        assert_eq!(state(240).await, Some(OperationState::Done), "{dialect:?}");
        engine.stop().await;
        listening.abort();
    }
}

/// A bank that begins now.
fn bank(scenario: Option<Scenario>, busy: bool) -> Sandbox {
    let options = Options { scenarios: scenario.into_iter().collect(), busy, ..Options::default() };
    Sandbox::new(options, Clock::from(start()))
}

#[tokio::test]
async fn with_customers_who_pay_the_configuration_says_so() {
    use cardtop::provider::ibanera::settings::{Pays, Settings};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    let pays = |scenario| {
        bank(scenario, false)
            .write_config(&crate::harness::nowhere, &path)
            .expect("a configuration");
        let config = cardtop::provider::Config::load(Some(&path)).expect("it is good");
        config.providers.iter().find_map(|provider| provider.settings_as::<Settings>()?.pays)
    };
    assert_eq!(pays(Some(Scenario::CustomerPays)), Some(Pays::Customer));
    assert_eq!(pays(None), Some(Pays::Manager));
}

#[tokio::test(start_paused = true)]
async fn what_a_scenario_says_happens() {
    let (usual, quiet) = (bank(None, true), bank(None, false));
    let released = bank(Some(Scenario::ReleasedHolds), true);
    let anew = bank(Some(Scenario::NewIds), true);
    let late = bank(Some(Scenario::LateRows), true);
    let declined = bank(Some(Scenario::Declines), false);
    let foreign = bank(Some(Scenario::ForeignTopUps), false);
    let wrong = bank(Some(Scenario::WrongClock), false);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let ids = |bank: &Sandbox, dialect| -> BTreeSet<String> {
        bank.listed_rows(dialect, None).into_iter().map(|row| row.id).collect()
    };
    for dialect in Dialect::ALL {
        assert!(
            ids(&usual, dialect).difference(&ids(&released, dialect)).count() > 0,
            "{dialect:?}: no hold left the lists"
        );
        assert!(
            ids(&usual, dialect).difference(&ids(&anew, dialect)).count() > 0,
            "{dialect:?}: every id stayed"
        );
        // ibanera lists no refusals.
        let more = if dialect == Dialect::Ibanera { 0 } else { 50 };
        assert_eq!(
            ids(&declined, dialect).len(),
            ids(&quiet, dialect).len() + more,
            "{dialect:?}: refusals"
        );
        let cards = foreign.card_ids(dialect);
        let top_ups: usize =
            cards.iter().map(|card| foreign.foreign_credits(dialect, card).len()).sum();
        assert_eq!(top_ups, 7, "{dialect:?}: after 8 seconds and then every 45");
        assert!(cards.iter().all(|card| foreign.credits(dialect, card).is_empty()), "{dialect:?}");
        assert!(wrong.clock_offset(dialect).abs() >= SignedDuration::from_secs(45), "{dialect:?}");
    }
    let old = |bank: &Sandbox| {
        let before = start().saturating_sub(SignedDuration::from_mins(3)).expect("a time");
        Dialect::ALL
            .into_iter()
            .flat_map(|dialect| bank.listed_rows(dialect, None))
            .filter(|row| row.at < before)
            .count()
    };
    assert!(old(&late) > old(&usual), "nothing was booked in the past");
}

/// Ids of rows that one reading of everything gives, and how many rows it gave, by provider.
async fn read_whole(desk: &Desk) -> std::collections::BTreeMap<String, (BTreeSet<String>, usize)> {
    let since = start().saturating_sub(SignedDuration::from_hours(24 * 40)).expect("a time");
    let until = desk.clock.now().saturating_add(SignedDuration::from_mins(10)).expect("a time");
    let said = desk.engine.read_transactions(since, until, None).await;
    said.into_iter()
        .map(|(provider, rows)| {
            let rows = rows.unwrap_or_else(|error| panic!("{error}"));
            (
                provider.to_string(),
                (rows.iter().map(|row| row.id.to_string()).collect(), rows.len()),
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_what_the_bank_lists_whatever_scenarios_do_to_lists() {
    for scenarios in [
        vec![],
        vec![Scenario::ShortPages],
        vec![Scenario::LyingTotals],
        vec![Scenario::ShortPages, Scenario::LyingTotals],
        vec![Scenario::Spelling],
        vec![Scenario::WrongClock],
    ] {
        let told = format!("{scenarios:?}");
        let desk = Desk::with(Options {
            cards: 9,
            transactions: 90,
            scenarios,
            busy: false,
            ..Options::default()
        })
        .await;
        for (provider, cards) in desk.engine.read_cards().await {
            assert_eq!(
                cards.map(|cards| cards.len()).unwrap_or_else(|error| panic!("{error}")),
                9,
                "{told}: {provider}"
            );
        }
        for dialect in Dialect::ALL {
            let card = desk.sandbox.card_ids(dialect)[8].clone();
            let shop = cardtop::sandbox::Merchant::new("LATE ROW", "5999", "SE");
            for hours in 0..60 {
                let late = desk.sandbox.book_late(
                    dialect,
                    &card,
                    Decimal::ONE,
                    shop.clone(),
                    SignedDuration::from_hours(hours),
                );
                assert!(late.is_some(), "{told}: {dialect:?}");
            }
        }
        // What happens between the pages of one reading is made good by the next.
        for dialect in Dialect::ALL {
            let all = [
                ListChange::Insert,
                ListChange::Remove,
                ListChange::Move,
                ListChange::Rename,
                ListChange::Repeat,
                ListChange::Insert,
            ];
            desk.sandbox.change_between_pages(dialect, all);
        }
        read_whole(&desk).await;
        for dialect in Dialect::ALL {
            desk.sandbox.cancel_list_changes(dialect);
        }
        let read = read_whole(&desk).await;
        for dialect in Dialect::ALL {
            let listed: BTreeSet<String> =
                desk.sandbox.listed_rows(dialect, None).into_iter().map(|row| row.id).collect();
            let (ids, rows) = &read[dialect.name()];
            assert_eq!(ids, &listed, "{told}: {dialect:?}");
            assert_eq!(*rows, listed.len(), "{told}: {dialect:?}: a row came twice");
        }
    }
}
