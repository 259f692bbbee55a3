//! Answers of ibanera turned into the domain's words: pure functions, no I/O.
//!
//! Card numbers, CVCs and PINs that old forms carry are dropped here; of a number only the last
//! four digits are read.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::settings::IDS;
use crate::config::lists::Sign;
use crate::config::spelling::Spelling;
use crate::domain::card::{Balance, Card, CardKind, CardState, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::json::{JsonObject, RowError};
use crate::provider::listing;
use crate::provider::listing::RowReader;

/// Where a card's row names it.
pub(super) const CARD_NAMES: listing::IdFields =
    listing::IdFields { card: &["id", "cardsId"], row: &[] };

/// Where a transaction's row names its card and itself.
pub(super) const NAMES: listing::IdFields = listing::IdFields { card: &["cardsId"], row: &["id"] };

/// A card of the balances list (ibanera wire notes, 2.11).
pub(super) fn listed_card(raw: &RawValue, reader: &RowReader<'_>) -> Result<Card, RowError> {
    let row = JsonObject::read(raw)?;
    let id = row.first_id(&["id", "cardsId"]).ok_or_else(|| RowError::new("a card has no id"))?;
    card(&row, Card::spelled(reader.provider, reader.ids.cards, &id), reader)
}

/// What a row says of the card `known`; what it does not say is left as it is in `known`.
pub(super) fn card(
    row: &JsonObject,
    known: Card,
    reader: &RowReader<'_>,
) -> Result<Card, RowError> {
    let currency = row.currency("currency")?.or(known.currency);
    let money = |name: &str| currency.map_or(Ok(None), |currency| row.money(name, currency));
    let figures = Balance {
        available: money("availableBalance")?,
        current: money("totalBalance")?,
        pending: money("pendingBalance")?,
    };
    let has_figures = figures != Balance::default();
    let (state, provider_state) = state(row, reader.spelling);
    Ok(Card {
        owner: row.first_id(&["customersID", "customersId"]).filter(|id| &**id != "0"),
        holder: row.first_text(&["cardHolderName", "nameOnCard"]).unwrap_or_default(),
        last4: ["cardLast4", "obfuscatedCardNumber", "cardNumber", "fullCardNumber"]
            .iter()
            .find_map(|name| row.last4(name)),
        state,
        state_at: if provider_state.is_empty() { known.state_at } else { Some(reader.at) },
        provider_state,
        kind: row.text("cardType").and_then(|word| word.parse::<CardKind>().ok()),
        currency,
        balance: if has_figures {
            Reading::At { value: figures, at: reader.at }
        } else {
            Reading::Never
        },
        expires: expires(row),
        ..known
    })
}

/// | `status` | `bSuppressed` | ours |
/// |---|---|---|
/// | `Active` | any | ACTIVE |
/// | `Deactivated` | any | FROZEN: a new card and a frozen one cannot be told apart |
/// | absent | false / true | ACTIVE / FROZEN |
/// | anything else | any | UNKNOWN, with the word |
///
/// INFERENCE of ibanera wire notes, 6 (state mapping).
fn state(row: &JsonObject, spelling: &Spelling) -> (CardState, Arc<str>) {
    if let Some(status) = row.text("status") {
        let state = spelling.card_state(&status).unwrap_or_else(|| {
            match status.to_ascii_lowercase().as_str() {
                "active" => CardState::Active,
                "deactivated" | "suppressed" => CardState::Frozen,
                _ => CardState::Unknown,
            }
        });
        return (state, status);
    }
    match row.flag("bSuppressed") {
        Some(true) => (CardState::Frozen, "bSuppressed true".into()),
        Some(false) => (CardState::Active, "bSuppressed false".into()),
        None => (CardState::Unknown, "".into()),
    }
}

/// Year and month of `expiryDate`, a date or a date and time (ibanera wire notes, 2.10).
fn expires(row: &JsonObject) -> Option<Arc<str>> {
    let date = row.text("expiryDate")?;
    let month = date.get(..7)?;
    let (year, number) = month.split_once('-')?;
    let plain = year.len() == 4 && (year.bytes().chain(number.bytes())).all(|b| b.is_ascii_digit());
    (plain && (1..=12).contains(&number.parse::<u8>().ok()?)).then(|| month.into())
}

/// `bSuppressed` of the `card` that a change of state answers with, if it is this card's (ibanera
/// wire notes, 2.6).
pub(super) fn suppressed(envelope: &Envelope, card_id: &str) -> Option<bool> {
    let card = envelope.details()?.object("card")?;
    let ours = card.id("id").is_none_or(|id| IDS.cards.same(&id, card_id));
    if ours { card.flag("bSuppressed") } else { None }
}

/// A row of a card's transactions (ibanera wire notes, 2.12); `asked` is the card that was asked
/// for.
pub(super) fn transaction(
    raw: &RawValue,
    reader: &RowReader<'_>,
    asked: &Card,
) -> Result<Transaction, RowError> {
    let row = JsonObject::read(raw)?;
    let currency = row
        .currency("currency")?
        .or(asked.currency)
        .ok_or_else(|| RowError::new("a transaction has no currency"))?;
    let amount = row
        .money("amount", currency)?
        .ok_or_else(|| RowError::new("a transaction has no amount"))?;
    let amount = match reader.outgoing {
        Sign::Negative => amount,
        Sign::Positive => amount.negated(),
    };
    let happened = reader.row_time(&row, &["dateTime"])?;
    let description = row.text("description");
    let refund =
        row.first_id(&["RefundTransactionsID", "RefundTransactionId"]).filter(|id| &**id != "0");
    let kind = kind(amount, description.as_deref().unwrap_or_default(), refund.is_some());
    let signed = matches!(kind, TransactionKind::Adjustment | TransactionKind::Other);
    let card_id = match row.text("cardsId").filter(|id| &**id != "0") {
        Some(_) => listing::card_id(&row, &["cardsId"], reader.ids.cards, None),
        None => None,
    }
    .unwrap_or_else(|| Arc::clone(&asked.key.id));
    let own = row.id("id").map(|id| reader.ids.transactions.canonical(&id));
    let id = own.unwrap_or_else(|| derived_id(&card_id, &row));
    let (state, word) = transaction_state(&row);
    let refund = refund.map(|id| format!(", RefundTransactionsID {id}")).unwrap_or_default();
    Ok(Transaction {
        last4: asked.last4.filter(|_| card_id == asked.key.id),
        card_id: Some(card_id),
        kind,
        state,
        provider_state: format!("{word}{refund}").into(),
        // The wire has no merchant; the text of a purchase names it (INFERENCE).
        merchant: description
            .clone()
            .filter(|_| matches!(kind, TransactionKind::Purchase | TransactionKind::Refund)),
        description,
        seen_at: reader.at,
        ..Transaction::new(
            asked.key.provider.clone(),
            id,
            if signed { amount } else { amount.abs() },
            happened,
        )
    })
}

/// The state of a row and how it is said: the wire has no word for it.
fn transaction_state(row: &JsonObject) -> (TransactionState, String) {
    match (row.flag("bPending"), row.text("bPending")) {
        (Some(true), _) => (TransactionState::Hold, "pending".to_owned()),
        // False is left out by some servers.
        (Some(false), _) | (None, None) => (TransactionState::Cleared, "not pending".to_owned()),
        (None, Some(word)) => (TransactionState::Unknown, format!("bPending {word}")),
    }
}

/// | amount | description | ours |
/// |---|---|---|
/// | out | starts `Card transfer`, or has the word `withdrawal` or `ATM` | WITHDRAWAL |
/// | out | has the word `fee` | FEE |
/// | out | anything else | PURCHASE |
/// | in | starts `Card transfer` | TOP-UP |
/// | in | has the word `refund`, or `RefundTransactionsID` is set | REFUND |
/// | in | has the word `reversal` | REVERSAL |
/// | in, or zero | anything else | OTHER, with its sign |
///
/// Negative is money leaving the card; the wire has no types (ibanera wire notes, 2.12; INFERENCE).
fn kind(amount: Money, description: &str, refund: bool) -> TransactionKind {
    let description = description.to_lowercase();
    let has =
        |word: &str| description.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    let transfer = description.starts_with("card transfer");
    if amount.is_negative() {
        if transfer || has("withdrawal") || has("atm") {
            TransactionKind::Withdrawal
        } else if has("fee") || has("fees") {
            TransactionKind::Fee
        } else {
            TransactionKind::Purchase
        }
    } else if amount.amount().is_zero() {
        TransactionKind::Other
    } else if transfer {
        TransactionKind::TopUp
    } else if refund || has("refund") {
        TransactionKind::Refund
    } else if has("reversal") {
        TransactionKind::Reversal
    } else {
        TransactionKind::Other
    }
}

/// An id for a row that has none: the same row always gets the same one.
fn derived_id(card_id: &str, row: &JsonObject) -> Arc<str> {
    let mut parts = vec![card_id.to_owned()];
    parts.extend(
        ["dateTime", "amount", "currency", "description"]
            .iter()
            .map(|name| row.raw_text(name).unwrap_or_default()),
    );
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    listing::derived_id(&parts)
}

/// An account of the manager or of a customer (ibanera wire notes, 2.15 and 2.16).
#[derive(Debug)]
pub(super) struct AssetAccount {
    /// `id`, usable as `CustomerAssetAccountId` (INFERENCE there).
    pub(super) id: Option<Arc<str>>,
    /// `CustomersId`, where the row tells whose it is.
    pub(super) owner: Option<Arc<str>>,
    /// What `asset` names.
    pub(super) currency: Currency,
    /// `availableBalance`.
    pub(super) available: Option<Money>,
    /// It is switched off.
    pub(super) suppressed: bool,
}

/// An account of the accounts list; `None` when its asset is not a code of three to five letters.
///
/// # Errors
/// When its balance is there and not a number: a float without it would be wrong.
pub(super) fn asset_account(raw: &RawValue) -> Result<Option<AssetAccount>, RowError> {
    let row = JsonObject::read(raw)?;
    let Ok(Some(currency)) = row.currency("asset") else { return Ok(None) };
    let available = row.money("availableBalance", currency)?;
    let owner = row.first_id(&["customersID"]).filter(|id| &**id != "0");
    Ok(Some(AssetAccount {
        id: row.id("id"),
        owner,
        currency,
        available,
        suppressed: row.flag("bSuppressed") == Some(true),
    }))
}

/// `fee` and `totalDue` of a quote (ibanera wire notes, 2.14).
pub(super) fn quote(
    envelope: &Envelope,
    currency: Currency,
) -> Result<(Option<Money>, Option<Money>), RowError> {
    let details = envelope.details().ok_or_else(|| RowError::new("the quote has no details"))?;
    Ok((details.money("fee", currency)?, details.money("totalDue", currency)?))
}

/// The id on the card's side of a transfer, and whether its answer is about this amount (ibanera
/// wire notes, 2.13).
pub(super) fn transfer(envelope: &Envelope, amount: Money) -> Result<Option<Arc<str>>, RowError> {
    let details = envelope.details().unwrap_or_default();
    match details.money("amount", amount.currency())? {
        Some(seen) if seen.amount().abs() != amount.amount() => {
            Err(RowError::new(&format!("the answer is about {} instead of {amount}", seen.abs())))
        }
        Some(_) | None => Ok(details
            .first_id(&["ToTransactionId", "ToTransactionsId"])
            .filter(|id| &**id != "0")
            .or_else(|| envelope.id())),
    }
}
