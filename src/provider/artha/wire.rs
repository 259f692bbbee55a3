//! artha's answers in our words. Pure: nothing here asks, waits or knows the time.
//!
//! Card numbers end here as their last four digits; CVV and PIN are not read at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::settings::IDS;
use crate::config::spelling::Spelling;
use crate::domain::card::{Balance, Card, CardKind, CardState, IdForm, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::json::{JsonObject, RowError};
use crate::provider::listing::RowReader;
use crate::provider::states::{self, StateTable};
use crate::provider::{Evidence, Lookup, Quote, listing};

/// What a balance reading says of a card (artha wire notes, 2.7). Available may exceed current:
/// neither is checked against the other.
pub(super) fn balance(answer: JsonObject, asked: &Card, at: Timestamp) -> Result<Card, RowError> {
    const KNOWN: [&str; 5] =
        ["availableBalance", "cardCurrency", "cardNumber", "cardType", "currentBalance"];
    let answer =
        listing::unwrap_data(answer, &KNOWN).ok_or_else(|| RowError::new("answered no balance"))?;
    listing::check_same_card(asked, IDS.cards, &answer, &["cardId"], &["cardNumber"])?;
    // A currency that cannot be read is not taken for the one that the roster names.
    let currency = answer.currency("cardCurrency")?.or(asked.currency);
    let figures = (answer.decimal("availableBalance")?, answer.decimal("currentBalance")?);
    let balance = match (figures, currency) {
        ((None, None), _) => Reading::Never,
        ((available, current), Some(currency)) => {
            let money = |amount| Money::new(amount, currency);
            Reading::At {
                value: Balance {
                    available: available.map(money),
                    current: current.map(money),
                    pending: None,
                },
                at,
            }
        }
        (_, None) => {
            return Err(RowError::new(
                "the balance came without a currency; name the card's currency in the roster",
            ));
        }
    };
    Ok(Card {
        last4: answer.last4("cardNumber"),
        kind: answer.text("cardType").and_then(|word| word.parse::<CardKind>().ok()),
        currency,
        balance,
        wire_id: Arc::clone(&asked.wire_id),
        ..Card::unread(asked.key.clone())
    })
}

/// What the details say of a card: state, expiry and last four digits (artha wire notes, 2.5).
pub(super) fn details(
    answer: JsonObject,
    asked: &Card,
    spelling: &Spelling,
    at: Timestamp,
) -> Result<Card, RowError> {
    const KNOWN: [&str; 4] = ["cardNumber", "cvv", "expirationDate", "cardStatus"];
    let answer = listing::unwrap_data(answer, &KNOWN)
        .ok_or_else(|| RowError::new("answered no card details"))?;
    listing::check_same_card(asked, IDS.cards, &answer, &["cardId"], &["cardNumber"])?;
    let word = answer.text("cardStatus");
    Ok(Card {
        last4: answer.last4("cardNumber"),
        state: word.as_deref().map_or(CardState::Unknown, |word| {
            spelling.card_state(word).unwrap_or_else(|| card_state(word))
        }),
        state_at: word.is_some().then_some(at),
        provider_state: word.unwrap_or_else(|| "".into()),
        expires: answer.text("expirationDate").and_then(|date| listing::parse_expiry(&date)),
        wire_id: Arc::clone(&asked.wire_id),
        ..Card::unread(asked.key.clone())
    })
}

/// No value of `cardStatus` is documented. INFERENCE (artha wire notes, 6): the words of its newer
/// API, and their obvious kin.
fn card_state(word: &str) -> CardState {
    match listing::plain(word).as_str() {
        "active" | "activated" | "normal" => CardState::Active,
        "frozen" | "freeze" | "locked" => CardState::Frozen,
        "blocked" => CardState::Blocked,
        "inactive" | "pending" | "notactivated" => CardState::Pending,
        "cancelled" | "canceled" | "closed" => CardState::Closed,
        "expired" => CardState::Expired,
        _ => CardState::Unknown,
    }
}

/// The float: one sum a currency, over all networks (artha wire notes, 2.1). `balances` is an
/// object in the example; read as a list too (INFERENCE there).
pub(super) fn float(answer: JsonObject) -> Result<Vec<Money>, RowError> {
    let answer = listing::unwrap_data(answer, &["balances", "balance"])
        .ok_or_else(|| RowError::new("the merchant came without balances"))?;
    let rows = answer.list("balances").or_else(|| answer.list("balance")).unwrap_or_default();
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    for row in &rows {
        let row = JsonObject::read(row)?;
        let Some(amount) = row.decimal("amount")? else { continue };
        let currency =
            ["currencyCode", "currency"].iter().find_map(|name| row.currency(name).ok().flatten());
        let money = Money::new(
            amount,
            currency
                .ok_or_else(|| RowError::new("a balance of the float came without a currency"))?,
        );
        let sum = match sums.get(&money.currency()) {
            Some(sum) => {
                sum.checked_add(money).map_err(|error| RowError::new(&error.to_string()))?
            }
            None => money,
        };
        sums.insert(sum.currency(), sum);
    }
    Ok(sums.into_values().collect())
}

/// A fee quote (artha wire notes, 2.8). The answer is shown as it is: nothing is computed from it.
pub(super) fn quote(answer: JsonObject, asked: Money, at: Timestamp) -> Result<Quote, RowError> {
    let answer = listing::unwrap_data(answer, &["amount", "fee", "receiveAmount"])
        .ok_or_else(|| RowError::new("answered no fee"))?;
    let currency = answer.currency("currency").ok().flatten().unwrap_or_else(|| asked.currency());
    Ok(Quote {
        fee: answer.money("fee", currency)?,
        receives: answer.money("receiveAmount", currency)?,
        debited: Some(answer.money("amount", currency)?.unwrap_or(asked)),
        payer: None,
        at,
    })
}

/// What a change was answered with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// It will be done; the task's id, where one came.
    Accepted(Option<Arc<str>>),
    /// It will not, and why.
    Refused(String),
}

/// The answer to a change (artha wire notes, 2.11 to 2.16). `Success` means accepted, not done
/// (5.2).
pub(super) fn task(answer: JsonObject, spelling: &Spelling) -> Result<Task, RowError> {
    let why = refusal_text(&answer).map_or_else(String::new, |text| format!(": {text}"));
    let inner = listing::unwrap_data(answer, &["taskId", "status"])
        .ok_or_else(|| RowError::new(&format!("answered neither a task nor a status{why}")))?;
    let (id, status) = (inner.id("taskId"), inner.text("status"));
    match status.as_deref().map(|word| task_state(word, spelling)) {
        Some(TaskState::Failed) => Ok(Task::Refused(
            refusal_text(&inner).as_deref().unwrap_or("it says Failed without a reason").to_owned(),
        )),
        Some(TaskState::Done) => Ok(Task::Accepted(id)),
        Some(TaskState::Open) | None if id.is_some() => Ok(Task::Accepted(id)),
        Some(TaskState::Open) => {
            Err(RowError::new(&format!("answered \"{}\" and no task", status.unwrap_or_default())))
        }
        None => Err(RowError::new("answered neither a task nor a status")),
    }
}

/// What a task's status word says. INFERENCE (artha wire notes, 6): final when `success` or
/// `failed` in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TaskState {
    Done,
    Failed,
    Open,
}

fn task_state(word: &str, spelling: &Spelling) -> TaskState {
    match spelling.transaction_state(word) {
        Some(TransactionState::Cleared) => return TaskState::Done,
        Some(
            TransactionState::Declined | TransactionState::Reversed | TransactionState::Failed,
        ) => return TaskState::Failed,
        Some(TransactionState::Hold | TransactionState::Unknown) => return TaskState::Open,
        None => {}
    }
    match listing::plain(word).as_str() {
        "success" | "successful" | "succeeded" | "succeed" | "completed" | "complete"
        | "approved" => TaskState::Done,
        "failed" | "fail" | "failure" | "rejected" | "declined" => TaskState::Failed,
        _ => TaskState::Open,
    }
}

/// The fate of a top-up by its task (artha wire notes, 2.12).
pub(super) fn task_lookup(
    answer: JsonObject,
    asked: &str,
    spelling: &Spelling,
) -> Result<Lookup, RowError> {
    let answer = listing::unwrap_data(answer, &["taskId", "status"])
        .ok_or_else(|| RowError::new("answered no task"))?;
    if answer.id("taskId").is_some_and(|id| !id.eq_ignore_ascii_case(asked)) {
        return Err(RowError::new("answered about another task than the one that was asked for"));
    }
    let short: String = asked.chars().take(8).collect();
    let Some(status) = answer.text("status") else {
        return Ok(Lookup::Pending { looked: format!("task {short}.. has no status yet") });
    };
    Ok(match task_state(&status, spelling) {
        TaskState::Done => Lookup::Done {
            proof: format!("task {short}.. says {status}"),
            credit: None,
            by: Evidence::Task,
        },
        TaskState::Failed => {
            let reason =
                refusal_text(&answer).map_or_else(String::new, |reason| format!(": {reason}"));
            Lookup::Failed { why: format!("task {short}.. says {status}{reason}"), row: None }
        }
        TaskState::Open => Lookup::Pending { looked: format!("task {short}.. says {status}") },
    })
}

/// Where a row names its card and itself.
pub(super) const NAMES: listing::IdFields = listing::IdFields {
    card: &["cardId", "card_id"],
    row: &["transactionId", "id", "tx_id", "taskId"],
};

/// Where a row may say when it happened.
const TIMES: [&str; 6] =
    ["date", "time", "transactionDate", "transactionTime", "createdAt", "tx_time"];

/// One row of a transaction list. `card` is the card whose list it is, where it is one card's.
///
/// INFERENCE (artha wire notes, 6): the row's field names are not documented; those of
/// `TopUpStatus` and of the upstream are tried.
pub(super) fn transaction(
    row: &RawValue,
    reader: &RowReader<'_>,
    card: Option<&Card>,
) -> Result<Transaction, RowError> {
    let row = JsonObject::read(row)?;
    let amount = row_amount(&row, card)?;
    let currency = amount.currency();
    let at = reader.row_time(&row, &TIMES)?;
    let (kind_word, state_word) = (
        row.first_text(&["type", "transactionType", "business_type"]).unwrap_or_default(),
        row.first_text(&["status", "tx_status"]).unwrap_or_default(),
    );
    let kind = reader.spelling.transaction_kind(&kind_word).unwrap_or_else(|| kind(&kind_word));
    let state =
        reader.spelling.transaction_state(&state_word).unwrap_or_else(|| state(&state_word, kind));
    let card_id = listing::card_id(&row, &["cardId", "card_id"], reader.ids.cards, card);
    let remarks = row.first_text(&["remarks", "description"]);
    let decline_reason = listing::decline_reason(
        &row,
        &["declineReason", "reason", "failureReason"],
        state,
        remarks.as_ref(),
    );
    let (own, task) = row_ids(&row, reader.ids.transactions);
    let id = own.or_else(|| task.clone()).unwrap_or_else(|| {
        listing::derived_id(&[
            card_id.as_deref().unwrap_or(""),
            &amount.digits(),
            currency.code(),
            &at.to_string(),
        ])
    });
    Ok(Transaction {
        card_id,
        last4: row
            .last4("cardNumber")
            .or_else(|| row.last4("card_number"))
            .or_else(|| card.and_then(|card| card.last4)),
        kind,
        state,
        provider_state: listing::state_words(kind, &kind_word, &state_word),
        fee: ["fee", "fees"].iter().find_map(|name| row.money(name, currency).ok().flatten()),
        merchant: row.first_text(&["merchantName", "merchant_name", "merchant"]),
        mcc: row.first_text(&["mcc", "merchantCategoryCode"]),
        country: row.first_text(&["merchantCountry", "country"]),
        decline_reason,
        description: remarks,
        task: task.filter(|task| *task != id),
        seen_at: reader.at,
        ..Transaction::new(reader.provider.clone(), id, listing::domain_amount(kind, amount), at)
    })
}

/// A row's amount, in the currency of the row or of the card whose list it is.
fn row_amount(row: &JsonObject, card: Option<&Card>) -> Result<Money, RowError> {
    let currencies = &["currency", "cardCurrency", "deduction_currency", "tx_currency"];
    let currency = listing::first_readable(currencies, |name| row.currency(name))?
        .or_else(|| card.and_then(|card| card.currency))
        .ok_or_else(|| RowError::new("has no currency"))?;
    let amounts = &["amount", "deduction_amount", "tx_amount"];
    listing::first_readable(amounts, |name| row.money(name, currency))?
        .ok_or_else(|| RowError::new("has no amount"))
}

/// A row's own id, which names it whatever its kind, and its task's: a task may have several rows,
/// such as a top-up and its fee.
fn row_ids(row: &JsonObject, form: IdForm) -> (Option<Arc<str>>, Option<Arc<str>>) {
    let id = |names: &[&str]| row.first_id(names).map(|id| form.canonical(&id));
    (id(&["transactionId", "id", "tx_id"]), id(&["taskId"]))
}

/// No transaction type is documented. INFERENCE (artha wire notes, 4.2 and 7.3): words of its
/// callbacks and of its newer API.
fn kind(word: &str) -> TransactionKind {
    match listing::plain(word).as_str() {
        "settlement" => TransactionKind::Purchase,
        "cardtopup" | "cardrecharge" => TransactionKind::TopUp,
        "maintainfee" | "maintenancefee" | "transactionfee" | "crossborderfee" => {
            TransactionKind::Fee
        }
        "atmwithdrawal" => TransactionKind::Withdrawal,
        _ => listing::transaction_kind(word),
    }
}

/// Words of artha's callbacks and of its newer API; no transaction status is documented.
const STATES: &StateTable = &[
    ("succeeded", TransactionState::Cleared),
    ("succeed", TransactionState::Cleared),
    ("posted", TransactionState::Cleared),
];

/// Only a purchase is first approved and then settled.
fn state(word: &str, kind: TransactionKind) -> TransactionState {
    match listing::plain(word).as_str() {
        "approved" if kind != TransactionKind::Purchase => TransactionState::Cleared,
        _ => states::transaction_state(word, kind, STATES),
    }
}

/// The provider's words in a refusal. INFERENCE (artha wire notes, 3): no error body is documented.
pub(super) fn refusal_text(answer: &JsonObject) -> Option<Arc<str>> {
    answer
        .text("message")
        .or_else(|| answer.object("error")?.first_text(&["message", "details"]))
        .or_else(|| answer.first_text(&["error", "title", "detail", "remarks", "msg"]))
}

/// The provider's words in the body of a refusal, whatever it is; empty when it has none.
pub(super) fn refusal_words(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<&RawValue>(body) else { return String::new() };
    listing::refusal_reason(json, refusal_text)
}
