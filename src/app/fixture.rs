//! A made-up board for tests: four providers, cards of five currencies in every state, declines,
//! holds and operations.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};

use super::chord::Chord;
use super::keymap::Keymap;
use super::portfolio::Portfolio;
use super::{Effect, Model, Msg, Start, has_more_work, update};
use crate::config::Environment;
use crate::domain::card::{
    Balance, Card, CardKey, CardKind, CardRecord, CardState, IdForm, Ids, ProviderId, Reading,
};
use crate::domain::completeness::Completeness;
use crate::domain::coverage::{Covered, Stretch};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::{
    ActionKind, Before, Capabilities, Operation, OperationId, OperationState, PinRule, Proof,
    Support, TopUpSafety,
};
use crate::domain::proof::{Baseline, ClockOffset};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::domain::unmapped::UnmappedWords;
use crate::engine::{EngineEvent, Health, HealthState, ProviderInfo, Step};
use crate::ledger::Ledger;

/// 14:08:12 in the zone of the board.
pub(crate) fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time of the fixture")
}

/// So many seconds before [`now`].
pub(crate) fn ago(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).expect("a time of the fixture")
}

/// `12.40 USD`.
pub(crate) fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').expect("amount and code");
    Money::parse_wire(amount, currency(code)).expect("an amount of the fixture")
}

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency of the fixture")
}

fn provider(name: &str) -> ProviderId {
    ProviderId::new(name)
}

/// The card that ends in these digits: its id is `c-` and them.
pub(crate) fn key(name: &str, last4: &str) -> CardKey {
    CardKey::new(&provider(name), &format!("c-{last4}"))
}

/// A card, read `age` seconds ago.
pub(crate) fn card(
    state: CardState,
    holder: &str,
    last4: &str,
    name: &str,
    available: &str,
    age: i64,
) -> Card {
    let available = money(available);
    Card {
        holder: holder.into(),
        last4: last4.parse().ok(),
        state,
        provider_state: state.as_str().into(),
        state_at: Some(ago(age)),
        kind: Some(CardKind::Virtual),
        currency: Some(available.currency()),
        balance: Reading::At {
            value: Balance { available: Some(available), ..Balance::default() },
            at: ago(age),
        },
        expires: Some("2027-09".into()),
        ..Card::unread(key(name, last4))
    }
}

/// A transaction, `age` seconds ago.
pub(crate) fn transaction(
    of: &CardKey,
    id: &str,
    age: i64,
    amount: &str,
    merchant: &str,
) -> Transaction {
    Transaction {
        card_id: Some(of.id.clone()),
        last4: of.id.strip_prefix("c-").and_then(|digits| digits.parse().ok()),
        kind: TransactionKind::Purchase,
        state: TransactionState::Cleared,
        provider_state: "SETTLED".into(),
        merchant: Some(merchant.into()),
        mcc: Some("5411".into()),
        country: Some("SE".into()),
        seen_at: ago(age - 6),
        ..Transaction::new(of.provider.clone(), id.into(), money(amount), ago(age))
    }
}

/// The same, declined with a code.
pub(crate) fn declined(row: Transaction, code: &str) -> Transaction {
    Transaction {
        state: TransactionState::Declined,
        provider_state: "DECLINED".into(),
        decline_reason: Some(code.into()),
        ..row
    }
}

/// An empty list, and clocks that agree to two minutes.
pub(crate) fn baseline(read_at: Timestamp) -> Baseline {
    let clock =
        ClockOffset { offset: SignedDuration::ZERO, uncertainty: SignedDuration::from_mins(2) };
    Baseline {
        read_at,
        since: read_at,
        credits: BTreeSet::new(),
        newest: None,
        unread: 0,
        clock: Some(clock),
    }
}

/// An operation, `age` seconds ago.
pub(crate) fn operation(
    number: u16,
    action_kind: ActionKind,
    of: &CardKey,
    state: OperationState,
    age: i64,
) -> Operation {
    let id = OperationId::new(ago(age), 0x8F2A_11C0_77D1_0042, number);
    Operation {
        id,
        action_kind,
        card: of.clone(),
        last4: of.id.strip_prefix("c-").and_then(|digits| digits.parse().ok()),
        amount: None,
        state,
        reason: None,
        reference: id.reference(),
        provider_reference: None,
        operator: "anay".into(),
        created_at: ago(age),
        updated_at: ago(age - 3),
        detail: None,
        before: Before::default(),
        proof: Proof::ByState,
        looks: 0,
        next_look: None,
        baseline: (action_kind == ActionKind::TopUp).then(|| baseline(ago(age))),
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}

fn capabilities(name: &str) -> Capabilities {
    let no = Support::No("the wire has no call for it");
    Capabilities {
        list_cards: if matches!(name, "artha" | "banana") {
            Support::No("it has no list: name cards in a roster")
        } else {
            Support::Yes
        },
        list_all_transactions: Support::Yes,
        float: Support::Yes,
        quote: if name == "enkash" { no } else { Support::Yes },
        freeze: Support::Yes,
        unfreeze: Support::Yes,
        top_up: Support::Yes,
        close: if name == "ibanera" { no } else { Support::Yes },
        pin: Ok(PinRule {
            digits: Some((4, 6)),
            needs_old: false,
            physical_only: true,
            sentence: "4 to 6 digits",
        }),
        top_up_proof: Proof::ByReference,
        state_proof: Proof::ByState,
        pin_proof: Proof::AnswerOnly,
        class: if name == "banana" { TopUpSafety::Neither } else { TopUpSafety::Reference },
        top_up_min: None,
        top_up_decimals: None,
        names_payer: false,
        page_max: 100,
        calls_per_card: if matches!(name, "artha" | "banana") { 2 } else { 1 },
    }
}

fn info(name: &'static str) -> ProviderInfo {
    ProviderInfo {
        id: provider(name),
        kind: name,
        ids: Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque },
        environment: Environment::Production,
        read_only: false,
        capabilities: Some(capabilities(name)),
        rate_limit: 120,
        poll: crate::config::Poll::default(),
        proxy: None,
    }
}

/// All of a stretch is known, and more is wanted.
fn covered(from: Timestamp, to: Timestamp) -> Covered {
    Covered {
        complete: Stretch::new(from, to),
        wanted: Some(ago(90 * 86_400)),
        left: None,
        lost: Vec::new(),
    }
}

/// A provider's health since `since` seconds.
pub(crate) fn health(name: &str, state: HealthState, since: i64, why: Option<&str>) -> EngineEvent {
    let good = matches!(state, HealthState::Ok | HealthState::Slow);
    EngineEvent::Health(Box::new(Health {
        provider: provider(name),
        state,
        since: ago(if good { 7_200 } else { since }),
        last_good: Some(ago(if good { since } else { since + 4 })),
        next_try: (state == HealthState::Down).then(|| ago(-24)),
        asked_to_wait: None,
        why: why.map(Into::into),
        calls_last_minute: if good { 48 } else { 1 },
        errors_5m: if good { 0 } else { 11 },
        cards: Some(4),
        completeness: Completeness::default(),
        covered: covered(ago(90_000), ago(if good { since } else { since + 4 })),
        unmapped: UnmappedWords::default(),
        refused_cards: 0,
        roster: Vec::new(),
        skew: good.then_some(0),
        latency_ms: good.then_some(180),
        pushes: None,
    }))
}

/// Providers, before anything was read.
pub(crate) fn bare(size: (u16, u16)) -> Model {
    let providers = ["artha", "banana", "enkash", "ibanera"].map(info).to_vec();
    let portfolio = Portfolio::new(now(), TimeZone::fixed(offset(2)), "anay".into(), 7, providers);
    Model::new(Start { portfolio, size, keymap: Keymap::default() })
}

/// The board of the design with the operator's own keys.
pub(crate) fn board_with_keys(size: (u16, u16), lines: &str) -> Model {
    let mut model = board(size);
    let lines = crate::config::Keys::read(lines, std::path::Path::new("c.toml"))
        .expect("lines of the test");
    model.keymap = Keymap::default().with(&lines).expect("keys of the test");
    model
}

/// The board of the design, of this size.
pub(crate) fn board(size: (u16, u16)) -> Model {
    let mut model = bare(size);
    for event in story() {
        _ = update(&mut model, Msg::EngineEvent(event));
    }
    model
}

/// A board with so many cards, and a transaction every ten seconds, a few days of them.
pub(crate) fn large_board(size: (u16, u16), cards: usize, transactions: usize) -> Model {
    let mut model = bare(size);
    let last4 = |number: usize| format!("{:04}", number % 10_000);
    let name = |number: usize| if number < 10_000 { "artha" } else { "banana" };
    let many = (0..cards).map(|number| {
        let holder = format!("Holder {}", number * 7919 % cards.max(1));
        card(CardState::Active, &holder, &last4(number), name(number), "12.40 USD", 4)
    });
    let rows = (0..transactions).map(|number| {
        let number_of_card = number % cards.max(1);
        let of = key(name(number_of_card), &last4(number_of_card));
        let age = i64::try_from(number).expect("a small number") * 10;
        transaction(&of, &format!("t-{number}"), age, "1.00 USD", "SHOP")
    });
    for event in [
        EngineEvent::Cards(many.map(Into::into).collect()),
        EngineEvent::History(Box::new(Ledger::from_rows(rows))),
        EngineEvent::Journal { page: Vec::new(), is_last: true },
        health("artha", HealthState::Ok, 4, None),
    ] {
        _ = update(&mut model, Msg::EngineEvent(event));
    }
    idle(&mut model);
    model
}

/// What the loop does while nothing else is to be done.
pub(crate) fn idle(model: &mut Model) {
    for _ in 0..200 {
        if !has_more_work(model) {
            return;
        }
        _ = update(model, Msg::Continue);
    }
    panic!("the work does not end");
}

fn cards() -> Vec<Card> {
    use CardState::{Active, Blocked, Closed, Frozen, Pending};
    let mut mara = card(Active, "Mara Lindqvist", "4242", "artha", "12.40 USD", 4);
    mara.balance = Reading::At {
        value: Balance {
            available: Some(money("12.40 USD")),
            current: Some(money("50.40 USD")),
            pending: Some(money("38.00 USD")),
        },
        at: ago(4),
    };
    let mut ana = Card {
        balance: Reading::Never,
        last4: None,
        ..card(Pending, "Ana Ruiz", "0000", "artha", "0.00 EUR", 4)
    };
    ana.key = CardKey::new(&provider("artha"), "c-new");
    let mut grete = card(Active, "Grete Vogel", "3020", "ibanera", "15.75 EUR", 18);
    grete.balance = Reading::At {
        value: Balance {
            available: Some(money("15.75 EUR")),
            current: Some(money("20.00 EUR")),
            pending: Some(money("1.00 EUR")),
        },
        at: ago(18),
    };
    vec![
        mara,
        card(Active, "Aiko Tanaka", "7731", "banana", "1200 JPY", 21),
        card(Active, "Tom Becker", "1200", "artha", "-7.15 USD", 4),
        card(Active, "Yusuf Al-Sabah", "5560", "banana", "3.250 KWD", 21),
        card(Frozen, "Jonas Weber", "0917", "artha", "250.00 EUR", 4),
        card(Active, "Priya Nair", "3318", "enkash", "8420.00 INR", 184),
        card(Active, "Sam Okoro", "2075", "enkash", "310.50 INR", 184),
        card(Closed, "Lea Moreau", "6644", "artha", "31.20 EUR", 4),
        card(Active, "Nora Haugen", "8810", "artha", "77.00 EUR", 4),
        card(Active, "Ivo Petrov", "1455", "artha", "1020.00 EUR", 4),
        card(Active, "Chen Wei", "9034", "banana", "64.20 USD", 21),
        ana,
        card(Blocked, "Omar Haddad", "4471", "enkash", "92.10 INR", 184),
        grete,
        card(Active, "Luis Ortega", "7717", "artha", "402.18 USD", 4),
        card(Active, "Hana Kimura", "6108", "banana", "28400 JPY", 21),
    ]
}

fn transactions() -> Vec<Transaction> {
    let (mara, tom, jonas) = (key("artha", "4242"), key("artha", "1200"), key("artha", "0917"));
    let hold = |row| Transaction {
        state: TransactionState::Hold,
        provider_state: "PENDING".into(),
        ..row
    };
    vec![
        declined(
            transaction(&mara, "a-77120", 183, "41.90 USD", "ICA MAXI STOCKHOLM"),
            "INSUFFICIENT_FUNDS",
        ),
        transaction(&tom, "a-77119", 201, "19.15 USD", "FUEL STOP 22"),
        declined(transaction(&jonas, "a-77102", 568, "22.10 EUR", "REWE 0412"), "CARD_LOCKED"),
        hold(transaction(&mara, "a-77090", 1_670, "18.00 USD", "UBER *TRIP")),
        declined(
            transaction(&key("banana", "5560"), "b-5512", 2_230, "31.500 KWD", "LULU HYPERMARKET"),
            "LIMIT_DAY",
        ),
        declined(
            transaction(&key("enkash", "2075"), "e-9001", 4_142, "1499.00 INR", "FLIPKART"),
            "3DS_FAIL",
        ),
        Transaction {
            kind: TransactionKind::Refund,
            ..transaction(&key("artha", "8810"), "a-77001", 5_052, "12.00 EUR", "ZALANDO")
        },
        hold(transaction(&mara, "a-76990", 7_029, "20.00 USD", "SHELL 1102")),
        declined(transaction(&tom, "a-76500", 17_584, "75.00 USD", "UNKNOWN 0x3F?"), "R77"),
        transaction(&mara, "a-76001", 21_962, "11.25 USD", "7-ELEVEN 44"),
        transaction(&mara, "a-70001", 90_000, "23.10 USD", "SPOTIFY"),
    ]
}

pub(crate) fn operations() -> Vec<Operation> {
    let unknown = Operation {
        amount: Some(money("5000 JPY")),
        proof: Proof::ByListing,
        looks: 4,
        next_look: Some(ago(-26)),
        ..operation(1, ActionKind::TopUp, &key("banana", "7731"), OperationState::Unknown, 362)
    };
    let frozen = Operation {
        reason: Some("lost".into()),
        detail: Some("seen FROZEN".into()),
        ..operation(2, ActionKind::Freeze, &key("artha", "0917"), OperationState::Done, 692)
    };
    let pin = Operation {
        proof: Proof::AnswerOnly,
        ..operation(3, ActionKind::SetPin, &key("artha", "0917"), OperationState::Accepted, 2_873)
    };
    let failed = Operation {
        operator: "lena".into(),
        detail: Some("enkash 409: blocked by the issuer".into()),
        ..operation(4, ActionKind::Unfreeze, &key("enkash", "4471"), OperationState::Failed, 4_212)
    };
    let done = Operation {
        operator: "lena".into(),
        amount: Some(money("50.00 USD")),
        detail: Some("+50.00 USD in the list".into()),
        ..operation(5, ActionKind::TopUp, &key("artha", "4242"), OperationState::Done, 16_671)
    };
    let sent = Operation {
        amount: Some(money("30.00 USD")),
        ..operation(6, ActionKind::TopUp, &key("artha", "4242"), OperationState::Sent, 1)
    };
    vec![unknown, frozen, pin, failed, done, sent]
}

/// The journal's lines of the unknown top-up.
pub(crate) fn steps(id: OperationId) -> EngineEvent {
    let step = |age: i64, what: &str, text: &str, line: u64| Step {
        at: ago(age),
        kind: what.into(),
        words: text.into(),
        line,
        hash: Arc::from("9c1e"),
    };
    EngineEvent::Steps {
        id,
        steps: vec![
            step(362, "intent", "top-up 5,000 JPY of ..7731, available 1,200", 4_117),
            step(362, "sent", "POST recharge", 4_118),
            step(332, "no answer", "time-out after 30 s: UNKNOWN, not repeated", 4_119),
            step(14, "look", "no RECHARGE of 5,000 since 14:02", 4_123),
        ],
    }
}

fn story() -> Vec<EngineEvent> {
    let mut events = vec![
        EngineEvent::Cards(cards().into_iter().map(Into::into).collect()),
        EngineEvent::Transactions(transactions().into()),
        EngineEvent::History(Box::default()),
        health("artha", HealthState::Ok, 4, None),
        health("banana", HealthState::Slow, 21, Some("2 time-outs in 5 minutes")),
        health("enkash", HealthState::Down, 190, Some("HTTP 503, no Retry-After header")),
        health("ibanera", HealthState::Ok, 18, None),
        EngineEvent::Float {
            provider: provider("artha"),
            float: vec![money("8114.20 USD")],
            at: ago(30),
        },
    ];
    events.extend(outage(cards().into_iter().map(Into::into), &provider("enkash"), "HTTP 503"));
    events.push(EngineEvent::Journal { page: operations(), is_last: true });
    events
}

/// No figure of a provider is live any more, of these cards of all, as the engine tells it.
pub(crate) fn outage(
    cards: impl IntoIterator<Item = Arc<CardRecord>>,
    of: &ProviderId,
    why: &str,
) -> Vec<EngineEvent> {
    let (provider, why) = (of.clone(), Arc::from(why));
    let live = cards.into_iter().filter(|card| card.provider() == of && card.why_stale().is_none());
    let marked = live.map(|card| Arc::new(CardRecord::clone(&card).stale_as_account()));
    vec![
        EngineEvent::WhyStale { provider: provider.clone(), why: Arc::clone(&why) },
        EngineEvent::Cards(marked.collect()),
        EngineEvent::Stale { provider, why },
    ]
}

/// Presses keys, spelled as in the file of keys, and answers what they wanted.
pub(crate) fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let chords =
        keys.split_whitespace().map(|key| key.parse::<Chord>().expect("a chord of the test"));
    chords.flat_map(|chord| update(model, Msg::Key(chord))).collect()
}
