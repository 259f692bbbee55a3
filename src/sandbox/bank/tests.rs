//! What the bank does, and that no cent is made or lost.

use super::seeding::luhn;
use super::*;
use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use rust_decimal::Decimal;

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn bank(dialect: Dialect, busy: bool) -> Bank {
    Bank::new(dialect, &Options { busy, ..Options::default() }, start())
}

#[test]
fn the_morning_shows_every_kind_of_trouble() {
    for dialect in Dialect::ALL {
        let bank = bank(dialect, false);
        assert_eq!(bank.cards.len(), 16);
        assert!(bank.cards[3].available() < Decimal::ZERO, "{dialect:?}: no card owes money");
        assert_eq!(bank.cards[1].state, CardState::Frozen);
        assert_eq!(bank.cards[6].state, CardState::Pending);
        assert_eq!(bank.cards[7].state == CardState::Closed, dialect != Dialect::Ibanera);
        assert_eq!(bank.cards[5].state == CardState::Blocked, dialect == Dialect::Enkash);
        assert_eq!(bank.cards[0].available(), from_us_cents(1_240, bank.cards[0].currency));
        let last = bank.rows.iter().rfind(|row| row.card == 0).unwrap();
        assert_eq!(last.reason, Some(Decline::LackOfMoney));
        assert!(bank.rows.iter().all(|row| row.at <= start()), "{dialect:?} knows the future");
        assert!(bank.cards[6].available().is_zero() && !bank.rows.iter().any(|row| row.card == 6));
        assert!(bank.rows.iter().any(|row| row.card == 1 && row.reason == Some(Decline::Frozen)));
        assert!(bank.rows.iter().any(|row| row.card == 4 && row.kind == RowKind::Refund));
        assert!((100..=140).contains(&bank.rows.len()), "{dialect:?} has {} rows", bank.rows.len());
        assert!(
            bank.rows.windows(2).all(|two| two[0].at <= two[1].at),
            "{dialect:?} is out of order"
        );
        assert_eq!(bank.audit(), Vec::<String>::new());
        assert!(bank.cards.iter().all(|card| luhn(&card.number)));
    }
}

#[test]
fn the_same_seed_and_clock_give_the_same_bank() {
    let seeded = |seed| {
        let mut bank =
            Bank::new(Dialect::Artha, &Options { busy: true, seed, ..Options::default() }, start());
        bank.advance(after(start(), 600_000));
        format!("{:?}{:?}", bank.rows, bank.floats)
    };
    assert_eq!(seeded(7), seeded(7));
    assert_ne!(seeded(7), seeded(8));
}

/// Cards, rows and floats, a line each, hashed: pictures and the torture's fingerprint depend on
/// them.
fn fingerprint(bank: &Bank) -> String {
    let mut text = String::new();
    for card in bank.cards.iter() {
        let Card { id, holder_id, number, cvv, pin, expires, state, .. } = card;
        let (holder, available) = (card.holder(), card.available());
        text += &format!("{id} {holder_id} {holder} {number} {cvv} {pin:?} {expires:?} ");
        text += &format!("{state:?} {available} {}\n", card.currency);
    }
    for row in &bank.rows {
        let merchant = row.merchant.as_ref().map(|merchant| &merchant.name);
        text += &format!("{} {:?} {:?} {} ", row.card, row.kind, row.progress, row.amount);
        text += &format!("{} {merchant:?} {}\n", row.at, bank.row_id(row));
    }
    for float in &bank.floats {
        text += &format!("{} {}\n", float.currency, float.amount);
    }
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    HEXLOWER.encode(&hash.as_ref()[..8])
}

#[test]
fn the_seeded_banks_are_those_that_pictures_and_torture_know() {
    for (dialect, expected) in [
        (Dialect::Artha, "3226984795f96717"),
        (Dialect::Banana, "c14995e64ac1b2ec"),
        (Dialect::Enkash, "2b3f7d06f6cae368"),
        (Dialect::Ibanera, "42a1e96533491cef"),
    ] {
        let mut bank = bank(dialect, true);
        bank.advance(after(start(), 600_000));
        assert_eq!(fingerprint(&bank), expected, "{dialect:?}");
    }
}

#[test]
fn it_does_not_matter_how_often_it_is_read() {
    let (mut once, mut often) = (bank(Dialect::Banana, true), bank(Dialect::Banana, true));
    once.advance(after(start(), 900_000));
    for second in 0..=900 {
        often.advance(after(start(), second * 1_000));
    }
    assert_eq!(format!("{:?}", once.rows), format!("{:?}", often.rows));
    assert!(
        once.rows.len() > bank(Dialect::Banana, false).rows.len() + 30,
        "nothing happened in a quarter of an hour"
    );
}

#[test]
fn a_top_up_takes_effect_once_and_the_float_pays() {
    let mut bank = bank(Dialect::Banana, false);
    let usd = parse_currency("USD");
    let card = bank
        .cards
        .iter()
        .position(|card| card.currency == usd && card.state == CardState::Active)
        .unwrap();
    let (had, float) = (bank.cards[card].available(), bank.float(usd).unwrap().amount());
    bank.top_up(
        TopUp { paid: Decimal::new(3_100, 2), ..TopUp::plain(card, Decimal::new(3_000, 2)) },
        start(),
        2_000,
    )
    .unwrap();
    assert_eq!(bank.cards[card].available(), had);
    bank.advance(after(start(), 60_000));
    bank.advance(after(start(), 120_000));
    assert_eq!(bank.cards[card].available() - had, Decimal::new(3_000, 2));
    assert_eq!(float - bank.float(usd).unwrap().amount(), Decimal::new(3_100, 2));
    assert_eq!(bank.top_ups.credits[&card], [Decimal::new(3_000, 2)]);
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    TopUp(usize, i64),
    Spend(usize, i64),
    Settle(usize, i64),
    PayBack(usize),
    Close(usize),
    State(usize, bool),
    ForeignTopUp(usize, i64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u64..200_000).prop_map(Step::Wait),
        (0_usize..16, -500_i64..900_000).prop_map(|(card, sum)| Step::TopUp(card, sum)),
        (0_usize..16, 1_i64..90_000).prop_map(|(card, sum)| Step::Spend(card, sum)),
        (0_usize..16, 1_i64..90_000).prop_map(|(card, sum)| Step::Settle(card, sum)),
        (0_usize..16).prop_map(Step::PayBack),
        (0_usize..16).prop_map(Step::Close),
        (0_usize..16, any::<bool>()).prop_map(|(card, on)| Step::State(card, on)),
        (0_usize..16, 1_i64..90_000, any::<bool>())
            .prop_map(|(card, sum, failed)| Step::ForeignTopUp(card, sum, failed)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_money_is_made_or_lost_whatever_happens(
        which in 0..Dialect::ALL.len(),
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let options = Options { seed, busy: true, transactions: 40, ..Options::default() };
        let mut bank = Bank::new(Dialect::ALL[which], &options, start());
        let mut now = start();
        for step in steps {
            bank.advance(now);
            let shop = Merchant::new("KIOSK", "5499", "SE");
            match step {
                Step::Wait(millis) => now = after(now, millis),
                Step::TopUp(card, minor) => {
                    let sum = Decimal::new(minor, 2);
                    let payer = card.checked_rem(bank.accounts.len()).filter(|_| minor % 2 == 0);
                    let paid = sum + Decimal::ONE;
                    let top_up = TopUp { payer, paid, ..TopUp::plain(card, sum) };
                    let _ = bank.top_up(top_up, now, 2_000);
                }
                Step::Spend(card, minor) => {
                    bank.spend(card, Decimal::new(minor, 2), shop, now);
                }
                Step::Settle(card, minor) => {
                    bank.settle(card, Decimal::new(minor, 2), now);
                }
                Step::PayBack(card) => {
                    bank.refund_newest(card, now);
                }
                Step::ForeignTopUp(card, minor, failed) => {
                    let sum = Decimal::new(minor, 2);
                    let top_up = TopUp { paid: sum + Decimal::ONE, ..TopUp::plain(card, sum) };
                    if failed {
                        bank.failed_foreign_top_up(top_up, now);
                    } else {
                        let _ = bank.foreign_top_up(top_up, now);
                    }
                }
                Step::Close(card) => bank.close(card, now, 1_500),
                Step::State(card, on) => {
                    let to = if on { CardState::Active } else { CardState::Frozen };
                    bank.set_state(card, to, now, 1_500);
                }
            }
            prop_assert_eq!(bank.audit(), Vec::<String>::new());
        }
    }
}
