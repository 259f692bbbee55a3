use jiff::SignedDuration;
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn time() -> impl Strategy<Value = Timestamp> {
    let any = Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond();
    let now = 1_700_000_000_000_000_000..1_900_000_000_000_000_000_i128;
    let edges = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX].map(i128::from);
    let edges = prop_oneof![
        proptest::sample::select(edges.to_vec()),
        Just(i128::from(i64::MIN) - 1),
        Just(i128::from(i64::MAX) + 1)
    ];
    prop_oneof![8 => now, 1 => any, 1 => edges]
        .prop_map(|nanosecond| Timestamp::from_nanosecond(nanosecond).expect("a time of the test"))
}

fn money() -> impl Strategy<Value = Money> {
    let code = prop_oneof![6 => Just("USD"), 1 => Just("KWD"), 1 => Just("USDT"), 1 => Just("xyz")];
    let mantissa = prop_oneof![
        8 => -1_000_000_i128..1_000_000,
        1 => any::<i64>().prop_map(i128::from),
        1 => -(1_i128 << 95)..1 << 95,
    ];
    (code, mantissa, prop_oneof![4 => Just(2), 1 => 0_u32..=28], any::<bool>()).prop_map(
        |(code, mantissa, scale, is_negated)| {
            let amount = Decimal::from_i128_with_scale(mantissa, scale);
            let amount = if is_negated { -amount } else { amount };
            Money::new(amount, code.parse().expect("a currency"))
        },
    )
}

fn text() -> impl Strategy<Value = Arc<str>> {
    let long = (65_500_usize..65_600).prop_map(|bytes| "a".repeat(bytes));
    prop_oneof![4 => "[a-zé\u{1F600}]{1,12}", 2 => Just(String::new()), 1 => long]
        .prop_map(Into::into)
}

fn word() -> impl Strategy<Value = Arc<str>> {
    "[a-b]{0,2}".prop_map(Into::into)
}

fn reading() -> impl Strategy<Value = Reading<Balance>> {
    let balance = (option::of(money()), option::of(money()), option::of(money()))
        .prop_map(|(available, current, pending)| Balance { available, current, pending });
    (balance, time(), 0_u8..3, word()).prop_map(|(value, at, what, why)| match what {
        0 => Reading::Never,
        1 => Reading::At { value, at },
        _ => Reading::Stale { value, at, why },
    })
}

fn card() -> impl Strategy<Value = Card> {
    let names = (word(), text(), prop_oneof![Just(None), option::of(text())], text());
    let words = (word(), option::of(word()), proptest::collection::vec(word(), 0..3), word());
    let state = proptest::sample::select(CardState::ALL.to_vec());
    let kind = proptest::sample::select(vec![CardKind::Virtual, CardKind::Physical]);
    let read = (state, option::of(time()), option::of(kind), option::of(money()));
    let last4 = option::of(0_u16..10_000);
    (names, option::of(text()), words, read, reading(), last4).prop_map(
        |((provider, id, spelling, holder), owner, words, read, balance, last4)| {
            let (provider_state, expires, labels, account) = words;
            let (state, state_at, kind, money) = read;
            let key = CardKey { provider: ProviderId::new(&provider), id };
            Card {
                wire_id: spelling.unwrap_or_else(|| Arc::clone(&key.id)),
                key,
                owner,
                account: Some(account).filter(|account| !account.is_empty()),
                holder,
                last4: last4.map(|number| format!("{number:04}").parse().expect("four digits")),
                state,
                provider_state,
                state_at,
                kind,
                currency: money.map(Money::currency),
                balance,
                expires,
                labels: labels.into(),
            }
        },
    )
}

/// A card, with the digits and signs of its amounts, which are no part of whether two are equal.
fn exactly(card: &Card) -> (Card, String) {
    (card.clone(), format!("{:?}", card.balance))
}

proptest! {
    #[test]
    fn a_card_that_is_made_from_its_record_is_the_card(card in card(), other in card()) {
        let record = CardRecord::from(card.clone());
        prop_assert_eq!(exactly(&record.card()), exactly(&card));
        let CardKey { provider, id } = &card.key;
        prop_assert_eq!((record.provider(), record.id(), record.key()), (provider, id, card.key.clone()));
        prop_assert_eq!((record.holder(), record.owner()), (&*card.holder, card.owner.as_deref()));
        prop_assert_eq!((record.labels(), record.last4()), (&card.labels, card.last4));
        prop_assert_eq!((record.state(), record.state_at()), (card.state, card.state_at));
        prop_assert_eq!(record.kind(), card.kind);
        prop_assert_eq!((record.currency(), record.available()), (card.currency, card.available()));
        prop_assert_eq!(record.figures_at(), card.balance.at());
        prop_assert_eq!(record.why_stale(), card.balance.why_stale());
        prop_assert_eq!(record.standing(), card.standing());
        let order = record.compare_keys(&CardRecord::from(other.clone()));
        prop_assert_eq!(order, card.key.cmp(&other.key));
        prop_assert_eq!(record.has_key(&other.key), card.key == other.key);
    }

    #[test]
    fn what_is_done_to_a_record_is_done_to_its_card(
        card in card(), older in card(), now in time(), why in word(),
    ) {
        let record = CardRecord::from(card.clone());
        let stale = Card { balance: card.balance.clone().stale(&why), ..card.clone() };
        prop_assert_eq!(exactly(&record.clone().stale(&why).card()), exactly(&stale));
        let not_after = record.clone().not_after(now).card();
        prop_assert_eq!(exactly(&not_after), exactly(&card.clone().not_after(now)));
        let mut shared = record;
        shared.share_with(&older.into());
        let mut terms = SharedTerms::default();
        shared.clone().share_terms(&mut terms);
        shared.share_terms(&mut terms);
        prop_assert_eq!(exactly(&shared.card()), exactly(&card));
    }
}

fn usual(id: &str) -> Card {
    let usd: Currency = "USD".parse().expect("a currency");
    let available = Some(Money::new(Decimal::new(1_240, 2), usd));
    let at: Timestamp = "2026-04-03T12:08:12.123456789Z".parse().expect("a time");
    Card {
        owner: Some("77".into()),
        holder: "Mara Lindqvist".into(),
        last4: "0042".parse().ok(),
        state: CardState::Active,
        provider_state: "ACTIVE".into(),
        state_at: Some(at),
        balance: Reading::At { value: Balance { available, ..Balance::default() }, at },
        ..Card::unread(CardKey::new(&ProviderId::new("acme"), id))
    }
}

#[test]
fn a_usual_card_takes_a_third_of_the_memory() {
    let card = usual("c1");
    assert!(matches!(CardRecord::from(card).0, Form::Compact(_)));
    // With the two counters of an `Arc` it is just what the allocator gives out as 128 bytes.
    assert_eq!((size_of::<CardRecord>(), size_of::<Card>()), (104, 304));
}

#[test]
fn cards_that_are_alike_share_terms_and_a_newer_record_of_a_card_its_texts() {
    let mut terms = SharedTerms::default();
    let mut record = |id: &str| {
        let mut record = CardRecord::from(usual(id));
        record.share_terms(&mut terms);
        record
    };
    let (one, mut again, other) = (record("c1"), record("c1"), record("c2"));
    again.share_with(&one);
    let [Form::Compact(one), Form::Compact(again), Form::Compact(other)] =
        [&one.0, &again.0, &other.0]
    else {
        panic!("usual cards are compact");
    };
    assert!(Arc::ptr_eq(&one.terms, &other.terms) && Arc::ptr_eq(&one.terms, &again.terms));
    assert!(Arc::ptr_eq(&one.id, &again.id) && Arc::ptr_eq(&one.text, &again.text));
    let second = SignedDuration::from_secs(1);
    let at = one.figures_at.time().expect("it was read");
    assert_eq!(one.card().not_after(at - second).balance.at(), Some(at - second));
}
