//! What is printed of cards, transactions, operations and providers. The JSON is a contract: names, order and words are fixed.
//!
//! Absent is `null`, never a zero; figures carry the time they were read; full card numbers never get this far.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::print::{Cell, Column, Field, Paint, Record, View};
use crate::config::Environment;
use crate::domain::card::{Card, CardState};
use crate::domain::money::Money;
use crate::domain::operation::{Capabilities, Deed, Operation, OperationState};
use crate::domain::transaction::{Transaction, TransactionState};
use crate::engine::{HealthState, ProviderReport, Step};
use crate::provider::Kind;

fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn to_json(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("text, numbers and times always become JSON")
}

fn number(money: Option<Money>) -> Field {
    Field::Number(money.map(Money::digits).unwrap_or_default())
}

fn code(money: Option<Money>) -> Field {
    Field::shown(money.map(Money::currency))
}

#[derive(Serialize)]
struct CardJson<'a> {
    provider: &'a str,
    id: &'a str,
    last4: Option<String>,
    holder: Option<&'a str>,
    state: &'static str,
    provider_state: Option<&'a str>,
    kind: Option<&'static str>,
    currency: Option<String>,
    balance: Option<BalanceJson>,
    expires: Option<&'a str>,
    labels: Vec<&'a str>,
}

#[derive(Serialize)]
struct BalanceJson {
    available: Option<Money>,
    current: Option<Money>,
    pending: Option<Money>,
    as_of: Timestamp,
}

impl Record for Card {
    const COLUMNS: &'static [Column] = &[
        Column::left("STATE"),
        Column::left("HOLDER"),
        Column::left("CARD"),
        Column::right("AVAILABLE"),
        Column::left("CCY"),
        Column::right("AGE"),
        Column::left("ID"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "provider",
        "id",
        "last4",
        "holder",
        "state",
        "provider_state",
        "kind",
        "currency",
        "available",
        "current",
        "pending",
        "as_of",
        "expires",
        "labels",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let old = if self.balance.why_stale().is_some() { "~" } else { "" };
        let available = self.available();
        let amount = available.map_or_else(|| "-".to_owned(), |money| format!("{old}{}", money.grouped()));
        let paint = match available {
            Some(money) if money.is_negative() => Paint::Danger,
            Some(_) if !old.is_empty() => Paint::Caution,
            Some(_) | None => Paint::Plain,
        };
        let currency = available.map(Money::currency).or(self.currency);
        vec![
            Cell::painted(self.state.word(), card_paint(self.state)),
            (*self.holder).into(),
            self.digits().into(),
            Cell::painted(amount, paint),
            currency.map(|currency| currency.to_string()).unwrap_or_default().into(),
            view.age(self.balance.at()).into(),
            self.key.to_string().into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let balance = self.balance.value();
        vec![
            Field::text(Some(self.key.provider.name())),
            Field::text(Some(&self.key.id)),
            Field::shown(self.last4),
            Field::text(Some(&self.holder)),
            Field::text(Some(self.state.word())),
            Field::text(Some(&self.provider_state)),
            Field::text(self.kind.map(|kind| kind.word())),
            Field::shown(self.currency),
            number(balance.and_then(|balance| balance.available)),
            number(balance.and_then(|balance| balance.current)),
            number(balance.and_then(|balance| balance.pending)),
            Field::shown(self.balance.at()),
            Field::text(self.expires.as_deref()),
            Field::Text(self.labels.join(";")),
        ]
    }

    fn json(&self) -> String {
        let balance = self.balance.value().zip(self.balance.at()).map(|(balance, as_of)| BalanceJson {
            available: balance.available,
            current: balance.current,
            pending: balance.pending,
            as_of,
        });
        to_json(&CardJson {
            provider: self.key.provider.name(),
            id: &self.key.id,
            last4: self.last4.map(|last4| last4.to_string()),
            holder: said(&self.holder),
            state: self.state.word(),
            provider_state: said(&self.provider_state),
            kind: self.kind.map(|kind| kind.word()),
            currency: self.currency.map(|currency| currency.to_string()),
            balance,
            expires: self.expires.as_deref(),
            labels: self.labels.iter().map(|label| &**label).collect(),
        })
    }
}

const fn card_paint(state: CardState) -> Paint {
    match state {
        CardState::Active | CardState::Frozen | CardState::Pending | CardState::Closed | CardState::Expired => Paint::Plain,
        CardState::Blocked | CardState::Unknown => Paint::Caution,
    }
}

/// A transaction with the name of its card's holder, which the row itself does not have; empty where it is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Movement<'a> {
    /// The transaction.
    pub(crate) transaction: &'a Transaction,
    /// The holder.
    pub(crate) holder: &'a str,
}

#[derive(Serialize)]
struct TransactionJson<'a> {
    provider: &'a str,
    id: &'a str,
    card_id: Option<&'a str>,
    last4: Option<String>,
    kind: &'static str,
    state: &'static str,
    provider_state: Option<&'a str>,
    amount: Money,
    fee: Option<Money>,
    merchant: Option<&'a str>,
    mcc: Option<&'a str>,
    country: Option<&'a str>,
    decline_reason: Option<&'a str>,
    description: Option<&'a str>,
    at: Timestamp,
    seen_at: Timestamp,
    operation: Option<String>,
}

impl Record for Movement<'_> {
    const COLUMNS: &'static [Column] = &[
        Column::left("TIME"),
        Column::left("PROVIDER"),
        Column::left("CARD"),
        Column::left("HOLDER"),
        Column::left("WHAT"),
        Column::right("AMOUNT"),
        Column::left("CCY"),
        Column::left("MERCHANT"),
        Column::left("IN PLAIN WORDS"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "provider",
        "id",
        "card_id",
        "last4",
        "kind",
        "state",
        "provider_state",
        "amount",
        "currency",
        "fee",
        "fee_currency",
        "merchant",
        "mcc",
        "country",
        "decline_reason",
        "description",
        "at",
        "seen_at",
        "operation",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let row = self.transaction;
        let paint = match row.state {
            TransactionState::Failed => Paint::Danger,
            TransactionState::Declined => Paint::Caution,
            TransactionState::Hold | TransactionState::Cleared | TransactionState::Reversed => Paint::Plain,
        };
        vec![
            view.time(row.at).into(),
            row.provider.name().into(),
            crate::domain::card::digits(row.last4).into(),
            self.holder.into(),
            Cell::painted(row.what(), paint),
            format!("{}{}", row.sign(), row.amount.grouped()).into(),
            row.amount.currency().to_string().into(),
            row.merchant.as_deref().unwrap_or_default().into(),
            row.in_plain_words().into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let row = self.transaction;
        vec![
            Field::text(Some(row.provider.name())),
            Field::text(Some(&row.id)),
            Field::text(row.card_id.as_deref()),
            Field::shown(row.last4),
            Field::text(Some(row.kind.word())),
            Field::text(Some(row.state.word())),
            Field::text(Some(&row.provider_state)),
            number(Some(row.amount)),
            code(Some(row.amount)),
            number(row.fee),
            code(row.fee),
            Field::text(row.merchant.as_deref()),
            Field::text(row.mcc.as_deref()),
            Field::text(row.country.as_deref()),
            Field::text(row.decline_reason.as_deref()),
            Field::text(row.description.as_deref()),
            Field::shown(Some(row.at)),
            Field::shown(Some(row.seen_at)),
            Field::shown(row.operation),
        ]
    }

    fn json(&self) -> String {
        let row = self.transaction;
        to_json(&TransactionJson {
            provider: row.provider.name(),
            id: &row.id,
            card_id: row.card_id.as_deref(),
            last4: row.last4.map(|last4| last4.to_string()),
            kind: row.kind.word(),
            state: row.state.word(),
            provider_state: said(&row.provider_state),
            amount: row.amount,
            fee: row.fee,
            merchant: row.merchant.as_deref(),
            mcc: row.mcc.as_deref(),
            country: row.country.as_deref(),
            decline_reason: row.decline_reason.as_deref(),
            description: row.description.as_deref(),
            at: row.at,
            seen_at: row.seen_at,
            operation: row.operation.map(|id| id.to_string()),
        })
    }
}

#[derive(Serialize)]
struct OperationJson<'a> {
    id: String,
    action: &'static str,
    provider: &'a str,
    card_id: &'a str,
    last4: Option<String>,
    amount: Option<Money>,
    state: &'static str,
    reason: Option<&'a str>,
    reference: &'a str,
    provider_reference: Option<&'a str>,
    operator: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    detail: Option<&'a str>,
}

impl<'a> OperationJson<'a> {
    fn of(operation: &'a Operation) -> Self {
        Self {
            id: operation.id.to_string(),
            action: operation.deed.word(),
            provider: operation.card.provider.name(),
            card_id: &operation.card.id,
            last4: operation.last4.map(|last4| last4.to_string()),
            amount: operation.amount,
            state: operation.state.word(),
            reason: operation.reason.as_deref(),
            reference: &operation.reference,
            provider_reference: operation.provider_reference.as_deref(),
            operator: &operation.operator,
            created_at: operation.created_at,
            updated_at: operation.updated_at,
            detail: operation.detail.as_deref(),
        }
    }
}

impl Record for Operation {
    const COLUMNS: &'static [Column] = &[
        Column::left("TIME"),
        Column::left("OP"),
        Column::left("WHO"),
        Column::left("STATE"),
        Column::left("WHAT"),
        Column::left("CARD"),
        Column::left("PROVIDER"),
        Column::left("ID"),
        Column::left("DETAIL"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "id",
        "action",
        "provider",
        "card_id",
        "last4",
        "amount",
        "currency",
        "state",
        "reason",
        "reference",
        "provider_reference",
        "operator",
        "created_at",
        "updated_at",
        "detail",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        vec![
            view.time(self.created_at).into(),
            self.id.short().into(),
            (*self.operator).into(),
            Cell::painted(self.state.word(), operation_paint(self.state)),
            self.phrase().into(),
            crate::domain::card::digits(self.last4).into(),
            self.card.provider.name().into(),
            self.id.to_string().into(),
            self.detail.as_deref().unwrap_or_default().into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            Field::shown(Some(self.id)),
            Field::text(Some(self.deed.word())),
            Field::text(Some(self.card.provider.name())),
            Field::text(Some(&self.card.id)),
            Field::shown(self.last4),
            number(self.amount),
            code(self.amount),
            Field::text(Some(self.state.word())),
            Field::text(self.reason.as_deref()),
            Field::text(Some(&self.reference)),
            Field::text(self.provider_reference.as_deref()),
            Field::text(Some(&self.operator)),
            Field::shown(Some(self.created_at)),
            Field::shown(Some(self.updated_at)),
            Field::text(self.detail.as_deref()),
        ]
    }

    fn json(&self) -> String {
        to_json(&OperationJson::of(self))
    }
}

const fn operation_paint(state: OperationState) -> Paint {
    match state {
        OperationState::Sent | OperationState::Accepted => Paint::Plain,
        OperationState::Done => Paint::Good,
        OperationState::Failed => Paint::Danger,
        OperationState::Unknown => Paint::Caution,
    }
}

/// A line of an operation's journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a>(pub(crate) &'a Step);

#[derive(Serialize)]
struct StepJson<'a> {
    at: Timestamp,
    what: &'a str,
    words: &'a str,
    line: u64,
    hash: &'a str,
}

impl<'a> StepJson<'a> {
    fn of(step: &'a Step) -> Self {
        Self { at: step.at, what: &step.what, words: &step.words, line: step.line, hash: &step.hash }
    }
}

impl Record for Line<'_> {
    const COLUMNS: &'static [Column] =
        &[Column::left("TIME"), Column::left("WHAT"), Column::right("LINE"), Column::left("HASH"), Column::left("WORDS")];
    const FIELDS: &'static [&'static str] = &["at", "what", "words", "line", "hash"];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let step = self.0;
        vec![
            view.time(step.at).into(),
            (*step.what).into(),
            step.line.to_string().into(),
            (*step.hash).into(),
            (*step.words).into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let step = self.0;
        vec![
            Field::shown(Some(step.at)),
            Field::text(Some(&step.what)),
            Field::text(Some(&step.words)),
            Field::Number(step.line.to_string()),
            Field::text(Some(&step.hash)),
        ]
    }

    fn json(&self) -> String {
        to_json(&StepJson::of(self.0))
    }
}

/// The operation's object with one more field, `steps`: `[{"at","what","words","line","hash"}]`, oldest first.
pub(crate) fn operation_with_steps(operation: &Operation, steps: &[Step]) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        operation: OperationJson<'a>,
        steps: Vec<StepJson<'a>>,
    }
    to_json(&Whole { operation: OperationJson::of(operation), steps: steps.iter().map(StepJson::of).collect() })
}

/// `{"provider","kind","environment","state","last_good","float","cards","can","error"}`.
///
/// `environment` is `production` or `sandbox`; `state` is the health in one word; `float` is null when it was not read, else
/// one `{"amount","currency","as_of"}` a currency; `can` is null when the account could not be set up, else a true or
/// false for each action's word; `error` is what is wrong with it, in words.
#[derive(Serialize)]
struct ProviderJson<'a> {
    provider: &'a str,
    kind: &'static str,
    environment: &'static str,
    state: &'static str,
    last_good: Option<Timestamp>,
    float: Option<Vec<FloatJson>>,
    cards: Option<usize>,
    can: Option<CanJson>,
    error: Option<String>,
}

#[derive(Serialize)]
struct FloatJson {
    amount: String,
    currency: String,
    as_of: Timestamp,
}

#[derive(Serialize)]
struct CanJson {
    freeze: bool,
    unfreeze: bool,
    topup: bool,
    pin: bool,
    close: bool,
}

impl CanJson {
    fn of(can: &Capabilities) -> Self {
        let offered = |deed| can.offers(deed).is_yes();
        Self {
            freeze: offered(Deed::Freeze),
            unfreeze: offered(Deed::Unfreeze),
            topup: offered(Deed::TopUp),
            pin: offered(Deed::SetPin),
            close: offered(Deed::Close),
        }
    }
}

const fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "production",
        Environment::Sandbox => "sandbox",
    }
}

fn float(report: &ProviderReport) -> Option<&(Vec<Money>, Timestamp)> {
    report.float.as_ref().and_then(|float| float.as_ref().ok())
}

/// What is wrong, in words without the provider's name: with the provider, else with reading its float.
pub(crate) fn trouble(report: &ProviderReport) -> Option<String> {
    if let Some(why) = report.health.why.as_deref().filter(|_| report.health.state != HealthState::Ok) {
        let name = format!("{}: ", report.info.id);
        return Some(why.strip_prefix(&name).unwrap_or(why).to_owned());
    }
    let error = report.float.as_ref()?.as_ref().err()?;
    (error.kind != Kind::NotOffered).then(|| error.said.to_string())
}

/// The actions that are offered; `None` when the account could not be set up.
fn offers(report: &ProviderReport) -> Option<String> {
    let can = report.info.can.as_ref()?;
    let offered: Vec<&str> = Deed::ALL.into_iter().filter(|deed| can.offers(*deed).is_yes()).map(Deed::word).collect();
    Some(offered.join(" "))
}

impl Record for ProviderReport {
    const COLUMNS: &'static [Column] = &[
        Column::left("PROVIDER"),
        Column::left("KIND"),
        Column::left("ENV"),
        Column::left("STATE"),
        Column::right("AGE"),
        Column::right("CARDS"),
        Column::right("FLOAT"),
        Column::left("CAN"),
        Column::left("ERROR"),
    ];
    const FIELDS: &'static [&'static str] =
        &["provider", "kind", "environment", "state", "last_good", "float", "float_as_of", "cards", "can", "error"];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let paint = match self.health.state {
            HealthState::Ok => Paint::Good,
            HealthState::Slow => Paint::Caution,
            HealthState::Down | HealthState::Auth => Paint::Danger,
            HealthState::Paused => Paint::Plain,
        };
        let sums = float(self).map(|(float, _)| float.iter().map(Money::to_string).collect::<Vec<_>>().join(" + "));
        vec![
            self.info.id.name().into(),
            self.info.kind.into(),
            self.info.environment.word().into(),
            Cell::painted(self.health.state.word(), paint),
            view.age(self.health.last_good).into(),
            self.health.cards.map_or_else(|| "-".to_owned(), |cards| cards.to_string()).into(),
            sums.filter(|sums| !sums.is_empty()).unwrap_or_else(|| "-".to_owned()).into(),
            offers(self).unwrap_or_else(|| "-".to_owned()).into(),
            trouble(self).unwrap_or_default().into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let float = float(self);
        let sum = |money: &Money| format!("{} {}", money.digits(), money.currency());
        let sums = float.map(|(float, _)| float.iter().map(sum).collect::<Vec<_>>().join(";"));
        vec![
            Field::text(Some(self.info.id.name())),
            Field::text(Some(self.info.kind)),
            Field::text(Some(environment(self.info.environment))),
            Field::text(Some(self.health.state.word())),
            Field::shown(self.health.last_good),
            Field::shown(sums),
            Field::shown(float.map(|(_, at)| at)),
            Field::Number(self.health.cards.map(|cards| cards.to_string()).unwrap_or_default()),
            Field::shown(offers(self)),
            Field::shown(trouble(self)),
        ]
    }

    fn json(&self) -> String {
        let sums = |(float, as_of): &(Vec<Money>, Timestamp)| {
            let one = |money: &Money| FloatJson { amount: money.digits(), currency: money.currency().to_string(), as_of: *as_of };
            float.iter().map(one).collect()
        };
        to_json(&ProviderJson {
            provider: self.info.id.name(),
            kind: self.info.kind,
            environment: environment(self.info.environment),
            state: self.health.state.word(),
            last_good: self.health.last_good,
            float: float(self).map(sums),
            cards: self.health.cards,
            can: self.info.can.as_ref().map(CanJson::of),
            error: trouble(self),
        })
    }
}

/// Names of holders by card, for rows that only carry the card's id.
pub(crate) fn holders(cards: &[Card]) -> BTreeMap<&crate::domain::card::CardKey, &str> {
    cards.iter().map(|card| (&card.key, &*card.holder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Format;
    use crate::cli::print::{self};
    use crate::cli::samples::{at, card, money, operation, transaction};
    use crate::domain::card::{CardKey, ProviderId, Reading};
    use crate::domain::operation::{Class, Offer, OperationId, PinRule, Proof};
    use crate::engine::{Health, ProviderInfo};
    use crate::provider::Error;
    use jiff::tz::TimeZone;

    fn view(format: Format) -> View {
        View {
            format,
            color: false,
            terminal: false,
            now: at("2026-04-03T12:08:12Z"),
            zone: TimeZone::fixed(jiff::tz::offset(2)),
        }
    }

    #[test]
    fn a_card_is_exactly_the_promised_object() {
        assert_eq!(
            card().json(),
            concat!(
                r#"{"provider":"acme","id":"c-1","last4":"4242","holder":"Mara Lindqvist","state":"ACTIVE","#,
                r#""provider_state":"Normal","kind":"physical","currency":"KWD","#,
                r#""balance":{"available":{"amount":"-12.400","currency":"KWD"},"current":{"amount":"0.000","currency":"KWD"},"#,
                r#""pending":null,"as_of":"2026-04-03T12:08:08Z"},"expires":"2028-11","labels":["vip","travel"]}"#
            )
        );
    }

    #[test]
    fn what_is_not_known_of_a_card_is_null_and_never_zero() {
        assert_eq!(
            Card::unread(CardKey::new(&ProviderId::new("acme"), "c-1")).json(),
            concat!(
                r#"{"provider":"acme","id":"c-1","last4":null,"holder":null,"state":"UNKNOWN","provider_state":null,"#,
                r#""kind":null,"currency":null,"balance":null,"expires":null,"labels":[]}"#
            )
        );
    }

    #[test]
    fn a_transaction_is_exactly_the_promised_object() {
        let row = transaction();
        assert_eq!(
            Movement { transaction: &row, holder: "Mara Lindqvist" }.json(),
            concat!(
                r#"{"provider":"acme","id":"t-9","card_id":"c-1","last4":"4242","kind":"PURCHASE","state":"DECLINED","#,
                r#""provider_state":"DECLINED","amount":{"amount":"5000","currency":"JPY"},"#,
                r#""fee":{"amount":"0.30","currency":"USD"},"merchant":"LAWSON 5521","mcc":"5499","country":"JP","#,
                r#""decline_reason":"51","description":null,"at":"2026-04-03T12:05:09Z","#,
                r#""seen_at":"2026-04-03T12:05:15.25Z","operation":null}"#
            )
        );
        let bare = Transaction { card_id: None, last4: None, fee: None, merchant: None, mcc: None, country: None, ..row };
        let proving = Transaction { operation: Some(OperationId::new(at("2026-04-03T12:00:00Z"), 42, 1)), ..bare };
        let json = Movement { transaction: &proving, holder: "" }.json();
        for wanted in [r#""card_id":null,"last4":null"#, r#""fee":null,"merchant":null,"mcc":null,"country":null"#] {
            assert!(json.contains(wanted), "{json}");
        }
        assert!(json.ends_with(&format!(r#""operation":"{}"}}"#, operation().id)), "{json}");
    }

    #[test]
    fn an_operation_is_exactly_the_promised_object() {
        let id = operation().id;
        assert_eq!(
            operation().json(),
            format!(
                concat!(
                    r#"{{"id":"{id}","action":"topup","provider":"acme","card_id":"c-1","last4":"4242","#,
                    r#""amount":{{"amount":"5.000","currency":"KWD"}},"state":"SENT","reason":"cover decline","#,
                    r#""reference":"ct{id}","provider_reference":null,"operator":"anay","#,
                    r#""created_at":"2026-04-03T12:00:00Z","updated_at":"2026-04-03T12:00:02.5Z","#,
                    r#""detail":"sent, no answer yet"}}"#
                ),
                id = id
            )
        );
    }

    #[test]
    fn an_operation_is_shown_with_its_journal() {
        let step =
            Step { at: at("2026-04-03T12:00:00Z"), what: "intent".into(), words: "saved".into(), line: 17, hash: "9f3a".into() };
        let json = operation_with_steps(&operation(), &[step]);
        let steps = r#""steps":[{"at":"2026-04-03T12:00:00Z","what":"intent","words":"saved","line":17,"hash":"9f3a"}]}"#;
        assert!(json.ends_with(steps), "{json}");
        assert!(json.starts_with(&operation().json().trim_end_matches('}').to_owned()), "{json}");
    }

    fn report() -> ProviderReport {
        let rule = PinRule { digits: None, needs_old: false, physical_only: false, sentence: "chosen by the provider" };
        let can = Capabilities {
            list_cards: Offer::Yes,
            list_all_transactions: Offer::Yes,
            float: Offer::Yes,
            quote: Offer::Yes,
            freeze: Offer::Yes,
            unfreeze: Offer::Yes,
            top_up: Offer::Yes,
            close: Offer::No("not offered"),
            pin: Ok(rule),
            top_up_proof: Proof::ByReference,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: Class::Reference,
            top_up_min: None,
            top_up_decimals: None,
            page_max: 100,
        };
        let id = ProviderId::new("acme");
        let info = ProviderInfo {
            id: id.clone(),
            kind: "ibanera",
            environment: Environment::Production,
            read_only: false,
            can: Some(can),
            rate_limit: 120,
        };
        let health = Health {
            provider: id,
            state: HealthState::Ok,
            since: at("2026-04-03T12:00:00Z"),
            last_good: Some(at("2026-04-03T12:08:08Z")),
            next_try: None,
            why: Some("no answer an hour ago".into()),
            calls_last_minute: 4,
            errors_5m: 0,
            cards: Some(128),
            odd_rows: 0,
            skew: None,
            latency_ms: Some(120),
        };
        let float = vec![money("8114.2", "USD"), money("90", "EUR")];
        ProviderReport { info, health, float: Some(Ok((float, at("2026-04-03T12:08:08Z")))) }
    }

    #[test]
    fn a_provider_is_an_object_with_its_float_and_what_it_can_do() {
        assert_eq!(
            report().json(),
            concat!(
                r#"{"provider":"acme","kind":"ibanera","environment":"production","state":"OK","#,
                r#""last_good":"2026-04-03T12:08:08Z","float":[{"amount":"8114.20","currency":"USD","as_of":"2026-04-03T12:08:08Z"},"#,
                r#"{"amount":"90.00","currency":"EUR","as_of":"2026-04-03T12:08:08Z"}],"cards":128,"#,
                r#""can":{"freeze":true,"unfreeze":true,"topup":true,"pin":true,"close":false},"error":null}"#
            )
        );
    }

    #[test]
    fn cards_that_were_never_listed_are_absent_and_never_none() {
        let mut report = report();
        report.health.cards = None;
        assert!(report.json().contains(r#""cards":null"#), "{}", report.json());
        assert_eq!(report.cells(&view(Format::Table)).get(5), Some(&"-".to_owned().into()));
        let csv = print::list(&[report], &view(Format::Csv));
        assert!(csv.lines().nth(1).is_some_and(|line| line.contains("2026-04-03T12:08:08Z,,freeze")), "{csv}");
    }

    #[test]
    fn a_provider_that_could_not_be_set_up_says_why_and_shows_no_float() {
        let mut report = report();
        report.info.can = None;
        report.health.state = HealthState::Auth;
        report.health.why = Some("acme: the variable ACME_TOKEN is not set".into());
        report.float = None;
        let json = report.json();
        assert!(json.contains(r#""state":"AUTH""#) && json.contains(r#""float":null"#), "{json}");
        assert!(json.ends_with(r#""can":null,"error":"the variable ACME_TOKEN is not set"}"#), "{json}");
    }

    #[test]
    fn a_float_that_is_not_offered_is_no_error_and_one_that_failed_is() {
        let mut report = report();
        let failed = |kind| Some(Err(Error::new(&ProviderId::new("acme"), kind, "no float here")));
        report.float = failed(Kind::NotOffered);
        assert_eq!(trouble(&report), None);
        report.float = failed(Kind::Unreachable);
        assert_eq!(trouble(&report).as_deref(), Some("no float here"));
    }

    #[test]
    fn a_table_shows_amounts_by_their_currency_and_every_age() {
        let old = Card { balance: card().balance.stale(&"no answer".into()), ..card() };
        let never = Card { balance: Reading::Never, ..card() };
        let lines = print::list(&[card(), old, never], &view(Format::Table));
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines.first(), Some(&"STATE   HOLDER          CARD    AVAILABLE  CCY  AGE  ID"));
        assert_eq!(lines.get(1), Some(&"ACTIVE  Mara Lindqvist  ..4242    -12.400  KWD   4s  acme/c-1"));
        assert_eq!(lines.get(2), Some(&"ACTIVE  Mara Lindqvist  ..4242   ~-12.400  KWD   4s  acme/c-1"));
        assert_eq!(lines.get(3), Some(&"ACTIVE  Mara Lindqvist  ..4242          -  KWD    -  acme/c-1"));
    }

    #[test]
    fn the_feed_says_in_plain_words_what_happened() {
        let row = transaction();
        let table = print::list(&[Movement { transaction: &row, holder: "Mara Lindqvist" }], &view(Format::Table));
        let line = table.lines().nth(1).expect("a row");
        let wanted =
            "2026-04-03 14:05:09+02:00  acme      ..4242  Mara Lindqvist  DECLINE   5,000  JPY  LAWSON 5521  not enough money";
        assert_eq!(line, wanted);
    }

    #[test]
    fn csv_keeps_negative_amounts_as_numbers_and_times_in_utc() {
        let csv = print::list(&[card()], &view(Format::Csv));
        let line =
            "acme,c-1,4242,Mara Lindqvist,ACTIVE,Normal,physical,KWD,-12.400,0.000,,2026-04-03T12:08:08Z,2028-11,vip;travel";
        assert_eq!(csv.lines().nth(1), Some(line));
        let csv = print::list(&[operation()], &view(Format::Csv));
        assert!(csv.lines().nth(1).is_some_and(|line| line.contains(",5.000,KWD,SENT,cover decline,")), "{csv}");
    }

    #[test]
    fn every_row_has_a_cell_a_column_and_a_field_a_header() {
        fn check<R: Record>(row: &R) {
            assert_eq!(row.cells(&view(Format::Table)).len(), R::COLUMNS.len());
            assert_eq!(row.fields().len(), R::FIELDS.len());
        }
        check(&card());
        check(&operation());
        check(&report());
        check(&Movement { transaction: &transaction(), holder: "" });
        let step = Step { at: at("2026-04-03T12:00:00Z"), what: "sent".into(), words: "".into(), line: 1, hash: "a".into() };
        check(&Line(&step));
    }
}
