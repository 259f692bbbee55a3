//! Genuine events in any order, repeated and hours late end as those that come in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cardtop::domain::money::Money;
use cardtop::domain::operation::Action;
use cardtop::domain::push::Push;
use cardtop::sandbox::{
    self, CardNotice, CardState, Decline, Dialect, Merchant, Options, Sandbox, WebhookOptions,
};
use cardtop::store::Store;
use rust_decimal::Decimal;

use super::board::Board;
use super::{Sent, accepted};
use crate::harness::{Desk, money, pin};
use crate::proxy::Dice;

/// Genuine events of all wires together, at least.
const EVENTS: usize = 10_000;

/// So often something happens at the banks, and then deliveries arrive. A delivery is late by at
/// most as many steps.
const STEPS: u64 = 4;

/// From one of them to the next: all of them take three hours.
const STEP: Duration = Duration::from_secs(2_700);

/// So many deliveries arrive at once, and share the disk's commits.
const TOGETHER: usize = 500;

/// What happens at each bank in one step.
const HAPPENINGS: u64 = 1_070;

/// What there is at the end, as it can be compared with another end.
#[derive(Debug, PartialEq, Eq)]
struct End {
    /// Each card with its state and what it can spend.
    cards: Vec<String>,
    rows: Vec<String>,
    /// Each change that was asked, and how it ended.
    changes: Vec<String>,
    /// What the data file has of the events.
    events: Vec<String>,
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_events_shuffled_repeated_and_hours_late_end_as_those_in_order() {
    let in_order = lived_through(None).await;
    assert!(in_order.events.len() >= EVENTS, "{}", in_order.events.len());
    let shuffled = lived_through(Some(Dice::new(7))).await;
    for (ours, theirs) in [
        (&in_order.events, &shuffled.events),
        (&in_order.rows, &shuffled.rows),
        (&in_order.cards, &shuffled.cards),
        (&in_order.changes, &shuffled.changes),
    ] {
        let only = |of: &[String], not: &[String]| -> Vec<String> {
            of.iter().filter(|line| not.binary_search(line).is_err()).take(5).cloned().collect()
        };
        assert_eq!(only(ours, theirs), only(theirs, ours));
        assert_eq!(ours.len(), theirs.len());
    }
}

/// The same day at the same banks, and the end of it. Every event is delivered in the step in which
/// it is due or, with dice, up to three hours later, one to three times, each time in another place
/// among the others.
async fn lived_through(mut dice: Option<Dice>) -> End {
    let mut desk = day().await;
    let unlisted = without_last_of_the_rosters(&desk);
    // The desk's own engine has kept the cards of the whole rosters.
    let fresh = tempfile::tempdir().expect("a folder");
    let _settings = std::mem::replace(&mut desk.folder, fresh);
    for provider in &mut desk.config.providers {
        // What is read is read because of what was pushed.
        provider.poll.balances = Duration::from_secs(3_600);
        provider.poll.transactions = Duration::from_secs(3_600);
    }
    let mut board = Board::new(&desk).await;
    for card in &unlisted {
        assert!(
            !board.portfolio.cards.values().any(|known| *known.card().key.id == **card),
            "{card} is unknown"
        );
    }
    let mut due: BTreeMap<u64, Vec<sandbox::Delivery>> = BTreeMap::new();
    let mut happens = Dice::new(3);
    let mut delivered = 0;
    for step in 0..=2 * STEPS {
        if step < STEPS {
            board.while_doing(live_a_step(&desk, &mut happens)).await;
            ask_change(&desk, &mut board, step).await;
        }
        board.hear_for(STEP).await;
        for dialect in Dialect::ALL {
            for delivery in desk.sandbox.take_webhooks(dialect) {
                desk.sandbox.webhook_acknowledged(&delivery);
                let Some(dice) = &mut dice else {
                    due.entry(step).or_default().push(delivery);
                    continue;
                };
                for _ in 0..=dice.below(3) {
                    let late = step + dice.below(STEPS);
                    due.entry(late).or_default().push(delivery.clone());
                }
            }
        }
        let mut now = due.remove(&step).unwrap_or_default();
        if let Some(dice) = &mut dice {
            for place in (1..now.len()).rev() {
                let other = usize::try_from(dice.below(place as u64 + 1)).expect("a place");
                now.swap(place, other);
            }
        }
        delivered += now.len();
        let sent: Vec<Sent> = now.iter().map(Sent::from).collect();
        let engine = board.engine.clone();
        for together in sent.chunks(TOGETHER) {
            let received = together.iter().map(|sent| sent.to(&engine));
            for received in board.while_doing(futures::future::join_all(received)).await {
                accepted(received);
            }
        }
    }
    assert!(due.values().all(Vec::is_empty), "all was delivered");
    board.hear_for(Duration::from_secs(120)).await;
    let end = end_of(&desk, &board, &unlisted).await;
    let repeats = delivered - end.events.len();
    if dice.is_some() {
        assert!(repeats > EVENTS / 2, "{repeats} of {delivered} are repeats");
    } else {
        assert_eq!(repeats, 0, "each event is delivered once and is no other one");
    }
    end
}

async fn day() -> Desk {
    let webhooks = Some(WebhookOptions::default());
    Desk::with(Options { busy: false, cards: 4, transactions: 0, webhooks, ..Options::default() })
        .await
}

/// Takes the last card out of each roster: it is known when something is pushed of it. Their ids.
fn without_last_of_the_rosters(desk: &Desk) -> Vec<String> {
    let mut gone = Vec::new();
    for roster in desk.config.providers.iter().filter_map(|provider| provider.roster.as_ref()) {
        let text = std::fs::read_to_string(roster).expect("the roster");
        let mut lines: Vec<&str> = text.lines().collect();
        let last = lines.pop().expect("a card");
        gone.push(last.split(',').next().expect("an id").to_owned());
        std::fs::write(roster, lines.join("\n")).expect("writing");
    }
    assert!(!gone.is_empty());
    gone
}

/// What cardholders, shops and the issuer do in a step, each at a time of its own. The first card
/// of each bank is left to our own changes.
async fn live_a_step(desk: &Desk, dice: &mut Dice) {
    for dialect in Dialect::ALL {
        if let Some(float) = desk.sandbox.float(dialect, "USD") {
            let paid_in = Money::new(float.amount() + Decimal::ONE_HUNDRED, float.currency());
            desk.sandbox.set_float(dialect, paid_in);
        }
    }
    for _ in 0..HAPPENINGS {
        tokio::time::sleep(Duration::from_millis(10)).await;
        for dialect in Dialect::ALL {
            let cards = desk.sandbox.card_ids(dialect);
            let card = 1 + usize::try_from(dice.below(cards.len() as u64 - 1)).expect("few");
            happen(&desk.sandbox, dialect, &cards[card], dice);
        }
    }
}

/// Something happens to a card.
fn happen(bank: &Sandbox, dialect: Dialect, card: &str, dice: &mut Dice) {
    let shop = || Merchant::new("CORNER SHOP", "5411", "SE");
    match dice.below(20) {
        0..3 => drop(bank.spend(dialect, card, 1.into(), shop())),
        3..5 => drop(bank.settle(dialect, card, 1.into())),
        5 => drop(bank.refund_newest(dialect, card)),
        6 => drop(bank.add_foreign_credit(dialect, card, 5.into())),
        7 => drop(bank.decline(dialect, card, 3.into(), shop(), Decline::LackOfMoney)),
        8..12 => drop(bank.tell(dialect, card, CardNotice::PurchaseCode)),
        12..14 => drop(bank.tell(dialect, card, CardNotice::Assigned { approved: true })),
        14..16 => drop(bank.tell(dialect, card, CardNotice::Applied { approved: true })),
        _ => {
            let is_frozen = bank.state(dialect, card) == Some(CardState::Frozen);
            let state = if is_frozen { CardState::Active } else { CardState::Frozen };
            bank.set_state(dialect, card, state);
        }
    }
}

/// Our own change of the first card of each bank: by turns a top-up whose money comes later, a
/// freeze, its end, and a PIN.
async fn ask_change(desk: &Desk, board: &mut Board, step: u64) {
    for dialect in Dialect::ALL {
        let ids = desk.sandbox.card_ids(dialect);
        let known = board.portfolio.cards.values().map(|card| card.card());
        let Some(card) = known
            .into_iter()
            .find(|card| *card.key.provider.name() == *dialect.name() && *card.key.id == *ids[0])
        else {
            continue;
        };
        let action = match step % 4 {
            0 => Action::TopUp(money(&(20 + step).to_string(), &card)),
            1 => Action::Freeze,
            2 => Action::Unfreeze,
            _ => Action::SetPin { new: Some(pin("5071")), old: None },
        };
        let request = desk.order(&card.key, action);
        // A wire that has no such change, or no such card, refuses it in both orders.
        let engine = board.engine.clone();
        let _refused = board.while_doing(engine.change(request, Duration::ZERO)).await;
        desk.sandbox.delay_top_up(dialect, 600_000);
    }
}

async fn end_of(desk: &Desk, board: &Board, unlisted: &[String]) -> End {
    let mut cards = Vec::new();
    for card in board.portfolio.cards.values() {
        let card = card.card();
        cards.push(format!("{} {:?} {:?}", card.key, card.state, card.available()));
        let dialect = Dialect::ALL.into_iter().find(|it| it.name() == card.key.provider.name());
        let at_the_bank = desk.sandbox.available(dialect.expect("a wire"), &card.key.id);
        // banana wants a card's user, which only the roster has.
        let is_unreadable =
            dialect == Some(Dialect::Banana) && unlisted.iter().any(|id| **id == *card.key.id);
        assert_eq!(card.available(), at_the_bank.filter(|_| !is_unreadable), "{}", card.key);
    }
    let mut rows: Vec<String> = board
        .portfolio
        .transactions
        .iter()
        .map(|row| format!("{:?} {} {:?} {}", row.card(), row.id, row.state, row.amount))
        .collect();
    let mut changes: Vec<String> = board
        .engine
        .operations()
        .await
        .expect("the journal")
        .iter()
        .map(|change| {
            let (card, action, amount) = (&change.card, change.action_kind, change.amount);
            format!("{card} {action:?} {amount:?} {:?} {:?}", change.state, change.proven_by)
        })
        .collect();
    let store = Store::open(desk.folder.path()).expect("the data file");
    let mut events: Vec<String> = store
        .pushes_since(0, u32::MAX)
        .await
        .expect("the events")
        .into_iter()
        .map(|kept| {
            // Our own references have a number of the engine that made them.
            let ours = |reference: &Arc<str>| reference.starts_with("ct01");
            let reference = kept.push.reference.clone().filter(|reference| !ours(reference));
            format!("{:?}", Push { reference, ..kept.push })
        })
        .collect();
    for lines in [&mut cards, &mut rows, &mut changes, &mut events] {
        lines.sort();
    }
    End { cards, rows, changes, events }
}
