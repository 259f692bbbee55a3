//! Answers of ibanera turned into the domain's words: pure functions, no I/O.
//!
//! Card numbers, CVCs and PINs that old forms carry are dropped here; of a number only the last
//! four digits are read.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::settings::IDS;
use crate::config::lists::Sign;
use crate::config::spelling::Spelling;
use crate::domain::card::{Balance, Card, CardKind, CardState, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::Operation;
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::json::{self, JsonObject, RowError};
use crate::provider::listing::RowReader;
use crate::provider::{Evidence, Lookup, MatchedCredits, listing};

/// Codes after which a change may have happened (ibanera wire notes, 1.6).
const DOUBTFUL: [&str; 3] = ["Card_Provider_Error", "ShareFunds_Failed", "InternalServerError"];

/// The common envelope (ibanera wire notes, 1.5).
#[derive(Debug)]
pub(super) struct Envelope {
    /// `status`: `"1"` is true, `"0"` is false; anything else, or none, is nothing.
    pub(super) success: Option<bool>,
    /// `errors[].messageCode`.
    codes: Vec<Arc<str>>,
    /// `errors` in one sentence; empty when there are none.
    pub(super) words: Arc<str>,
    body: Bytes,
}

impl Envelope {
    /// Reads a body; `None` when it is not a JSON object.
    pub(super) fn read(body: &Bytes) -> Option<Self> {
        let envelope = JsonObject::parse(std::str::from_utf8(body).ok()?).ok()?;
        let success = match envelope.raw_text("status").as_deref().map(str::trim) {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => None,
        };
        let (mut codes, mut words) = (Vec::new(), Vec::new());
        for error in envelope.list("errors").unwrap_or_default() {
            let Ok(error) = JsonObject::read(error) else {
                words.extend(json::text_start(error).map(|words| text::clean(&words)));
                continue;
            };
            let (field, code) =
                (error.text("fieldName"), error.first_text(&["messageCode", "message"]));
            match (field, &code) {
                (Some(field), Some(code)) => words.push(format!("{field}: {code}")),
                (None, Some(code)) => words.push(code.to_string()),
                // ASP.NET's own validation answers `errors` as an object of lists.
                (_, None) => words
                    .extend(error.names().map(|name| format!("{}: Invalid", text::clean(name)))),
            }
            codes.extend(code);
        }
        if words.is_empty() {
            words.extend(
                envelope
                    .first_text(&["message", "title", "detail", "error"])
                    .map(|words| words.to_string()),
            );
        }
        Some(Self { success, codes, words: words.join(", ").into(), body: body.clone() })
    }

    /// Whether its rows are more than are read.
    pub(super) fn has_too_long_a_list(&self) -> bool {
        self.envelope().has_too_long_a_list()
    }

    /// The object itself. It was read once, so it reads again.
    fn envelope(&self) -> JsonObject<'_> {
        std::str::from_utf8(&self.body)
            .ok()
            .and_then(|text| JsonObject::parse(text).ok())
            .unwrap_or_default()
    }

    /// Whether the body is the common envelope, and not some other JSON object.
    pub(super) fn is_envelope(&self) -> bool {
        self.success.is_some() || self.envelope().list("errors").is_some()
    }

    /// Whether one of the errors has this code, in any case.
    pub(super) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|said| said.eq_ignore_ascii_case(code))
    }

    /// Whether the errors leave it open that a change happened.
    pub(super) fn is_doubtful(&self) -> bool {
        DOUBTFUL.iter().any(|code| self.has(code))
    }

    /// Whether there are errors.
    pub(super) fn has_errors(&self) -> bool {
        !self.codes.is_empty()
    }

    /// `details`, where it is an object (or a list of one).
    pub(super) fn details(&self) -> Option<JsonObject<'_>> {
        let rows = self.envelope().list("details")?;
        JsonObject::read(rows.first()?).ok()
    }

    /// The rows of `details`, where it is a list, one object, or absent, which is an empty list.
    ///
    /// # Errors
    /// When something else, such as a text, is in the list's place: that is no empty list.
    pub(super) fn listed(&self) -> Result<Vec<&RawValue>, RowError> {
        let envelope = self.envelope();
        match (envelope.list("details"), envelope.get("details")) {
            (Some(rows), _) => Ok(rows),
            (None, None) => Ok(Vec::new()),
            (None, Some(other)) => {
                let words = json::text_start(other).unwrap_or_default();
                Err(RowError::new(&format!(
                    "the answer has something else in the place of a list: {words}"
                )))
            }
        }
    }

    /// The rows of `details`; none when it is absent.
    pub(super) fn rows(&self) -> Vec<&RawValue> {
        self.envelope().list("details").unwrap_or_default()
    }

    /// `id` of the entity that was changed; 0 means unused.
    pub(super) fn id(&self) -> Option<Arc<str>> {
        self.envelope().id("id").filter(|id| &**id != "0")
    }

    /// `numberOfPages`, which is 0 or absent in some answers (ibanera wire notes, 1.5).
    pub(super) fn pages(&self) -> Option<u32> {
        self.envelope()
            .integer("numberOfPages")
            .and_then(|pages| u32::try_from(pages).ok())
            .filter(|pages| *pages > 0)
    }
}

/// `accessToken` of a login and its life in seconds, where said (ibanera wire notes, 1.2).
pub(super) fn token(said: &Envelope) -> Option<(String, Option<i64>)> {
    let details = said.details()?;
    Some((details.raw_text("accessToken")?, details.integer("expiresIn")))
}

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
    let said = figures != Balance::default();
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
        balance: if said { Reading::At { value: figures, at: reader.at } } else { Reading::Never },
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
pub(super) fn suppressed(said: &Envelope, card_id: &str) -> Option<bool> {
    let card = said.details()?.object("card")?;
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
    let (state, word) = match (row.flag("bPending"), row.text("bPending")) {
        (Some(true), _) => (TransactionState::Hold, "pending".to_owned()),
        // False is left out by some servers.
        (Some(false), _) | (None, None) => (TransactionState::Cleared, "not pending".to_owned()),
        (None, Some(word)) => (TransactionState::Unknown, format!("bPending {word}")),
    };
    let refund = refund.map(|id| format!(", RefundTransactionsID {id}")).unwrap_or_default();
    Ok(Transaction {
        provider: asked.key.provider.clone(),
        id,
        task: None,
        last4: asked.last4.filter(|_| card_id == asked.key.id),
        card_id: Some(card_id),
        kind,
        state,
        provider_state: format!("{word}{refund}").into(),
        amount: if signed { amount } else { amount.abs() },
        fee: None,
        // The wire has no merchant; the text of a purchase names it (INFERENCE).
        merchant: description
            .clone()
            .filter(|_| matches!(kind, TransactionKind::Purchase | TransactionKind::Refund)),
        mcc: None,
        country: None,
        decline_reason: None,
        description,
        at: happened,
        seen_at: reader.at,
        operation: None,
        listed: crate::domain::transaction::Listed::Still,
    })
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
pub(super) struct OwnAccount {
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
pub(super) fn own_account(raw: &RawValue) -> Result<Option<OwnAccount>, RowError> {
    let row = JsonObject::read(raw)?;
    let Ok(Some(currency)) = row.currency("asset") else { return Ok(None) };
    let available = row.money("availableBalance", currency)?;
    let owner = row.first_id(&["customersID"]).filter(|id| &**id != "0");
    Ok(Some(OwnAccount {
        id: row.id("id"),
        owner,
        currency,
        available,
        suppressed: row.flag("bSuppressed") == Some(true),
    }))
}

/// `fee` and `totalDue` of a quote (ibanera wire notes, 2.14).
pub(super) fn quote(
    said: &Envelope,
    currency: Currency,
) -> Result<(Option<Money>, Option<Money>), RowError> {
    let details = said.details().ok_or_else(|| RowError::new("the quote has no details"))?;
    Ok((details.money("fee", currency)?, details.money("totalDue", currency)?))
}

/// The id on the card's side of a transfer, and whether its answer is about this amount (ibanera
/// wire notes, 2.13).
pub(super) fn transfer(said: &Envelope, amount: Money) -> Result<Option<Arc<str>>, RowError> {
    let details = said.details().unwrap_or_default();
    match details.money("amount", amount.currency())? {
        Some(seen) if seen.amount().abs() != amount.amount() => {
            Err(RowError::new(&format!("the answer is about {} instead of {amount}", seen.abs())))
        }
        Some(_) | None => Ok(details
            .first_id(&["ToTransactionId", "ToTransactionsId"])
            .filter(|id| &**id != "0")
            .or_else(|| said.id())),
    }
}

/// Whether the row was not there before the top-up was sent: an id that the provider answered with
/// by mistake proves nothing.
fn is_new(operation: &Operation, row: &Transaction) -> bool {
    operation.baseline.as_ref().is_none_or(|baseline| !baseline.credits.contains(&row.id))
}

/// Whether the row has the id that the transfer was answered with.
fn is_answered(operation: &Operation, row: &Transaction) -> bool {
    operation
        .provider_reference
        .as_deref()
        .is_some_and(|id| IDS.transactions.canonical(id) == row.id)
}

/// The fate of a top-up among the card's transactions: our reference is in the description, or the
/// row has the id that the transfer was answered with (ibanera wire notes, 5.3). A smaller amount
/// is ours less the fee.
pub(super) fn fate(
    rows: &[Transaction],
    odd: usize,
    operation: &Operation,
    claimed: &MatchedCredits,
) -> Lookup {
    let reference = operation.reference.to_lowercase();
    let (out, ours): (Vec<&Transaction>, Vec<&Transaction>) = rows
        .iter()
        .filter(|row| {
            row.card_id.as_deref() == Some(&operation.card.id) && !claimed.credits.contains(&row.id)
        })
        .filter(|row| {
            let text = row.description.as_deref().unwrap_or_default().to_lowercase();
            text.contains(&reference) || is_answered(operation, row) && is_new(operation, row)
        })
        .partition(|row| {
            !matches!(row.kind, TransactionKind::TopUp | TransactionKind::Other)
                || row.amount.is_negative()
        });
    // The sign rule of the wire is inferred: the amount with a minus, or what came of it, may be a
    // top-up taken back, or a top-up.
    let came = |row: &&Transaction| ours.iter().any(|came| came.amount.abs() == row.amount.abs());
    if let Some(row) =
        out.iter().find(|row| Some(row.amount.abs()) == operation.amount || came(row))
    {
        return Lookup::Pending {
            looked: format!("id {} has our reference and is going out or back", row.id),
        };
    }
    let row = match ours.as_slice() {
        [] => {
            let odd =
                if odd == 0 { String::new() } else { format!(" ({odd} rows could not be read)") };
            let looked = format!(
                "{} transactions of the card{odd}, none with {}",
                rows.len(),
                operation.reference
            );
            return Lookup::not_found(looked);
        }
        [row] => *row,
        several => {
            let looked =
                format!("{} matches for {}, cannot tell which", several.len(), operation.reference);
            return Lookup::Pending { looked };
        }
    };
    let asked = operation.amount.unwrap_or(row.amount);
    if row.amount.currency() != asked.currency()
        || row.amount.amount() > asked.amount()
        || row.amount.amount().is_zero()
    {
        return Lookup::Pending {
            looked: format!("id {} has our reference and another amount: {}", row.id, row.amount),
        };
    }
    match row.state {
        TransactionState::Cleared => {
            let text = row.description.as_deref().unwrap_or_default().to_lowercase();
            let how = if text.contains(&reference) {
                "with our reference"
            } else {
                "that the transfer was answered with"
            };
            let proof = format!("+{} {how}, id {}", row.amount, row.id);
            Lookup::Done { proof, credit: Some(Arc::clone(&row.id)), by: Evidence::Reference }
        }
        TransactionState::Hold
        | TransactionState::Declined
        | TransactionState::Reversed
        | TransactionState::Failed
        | TransactionState::Unknown => {
            Lookup::Pending { looked: format!("id {} is still pending", row.id) }
        }
    }
}
