//! Answers of enkash turned into the domain's words: pure functions, no I/O.
//!
//! Nothing here guesses a failure: a status word that is not documented counts as pending (enkash
//! wire notes, 4.7).

use bytes::Bytes;
use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use std::sync::Arc;

use super::settings::IDS;
use crate::config::spelling::Spelling;
use crate::domain::card::{Balance, Card, CardKind, CardState, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::Credit;
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::json::{self, JsonObject, RowError};
use crate::provider::listing::RowReader;
use crate::provider::{Evidence, Lookup, MatchedCredits, crypto, listing, states};

/// Words of a refusal after which the load may have happened all the same (enkash wire notes, 1.5
/// point 9 and 5; the rest is caution).
const DOUBTFUL: [&str; 7] = [
    "encryption failed for response",
    "already exist",
    "duplicate",
    "timeout",
    "timed out",
    "transaction pending",
    "in progress",
];

/// What an answer says, decrypted: the envelope of enkash wire notes, 1.6, in both spellings.
#[derive(Debug)]
pub(super) struct Envelope {
    /// `code` and `response_code`.
    pub(super) code: Code,
    /// The words for a person.
    pub(super) words: Arc<str>,
    /// `payload`; `None` when absent, `null` or empty.
    payload: Option<Bytes>,
}

/// The code of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// 0: it was done.
    Success,
    /// Any other number; 1 is the documented one.
    Failure(i64),
    /// No code, or two that contradict each other.
    Unclear,
}

impl Envelope {
    /// `payload`; `None` when absent, `null` or empty.
    pub(super) fn payload(&self) -> Option<&RawValue> {
        serde_json::from_slice(self.payload.as_deref()?).ok()
    }

    /// Puts the document's names of fields in the place of the account's own.
    pub(super) fn name_fields(&mut self, spelling: &Spelling) {
        if spelling.fields.is_empty() {
            return;
        }
        let named = self.payload().map(|payload| {
            String::from(Box::<str>::from(json::in_document_names(payload, spelling)))
        });
        self.payload = named.map(Bytes::from);
    }

    /// Whether the words leave it open that the change happened.
    pub(super) fn is_doubtful(&self) -> bool {
        let words = self.words.to_lowercase();
        DOUBTFUL.iter().any(|doubtful| words.contains(doubtful))
    }

    /// Whether the words say that a list is empty, which some servers answer as a failure.
    pub(super) fn is_none_found(&self) -> bool {
        let words = self.words.to_lowercase();
        ["no record", "no transaction", "no data"].iter().any(|none| words.contains(none))
    }
}

/// Why an answer cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Not JSON, and not something that could be encrypted.
    NotJson,
    /// Looks encrypted, and our key does not open it.
    Sealed,
}

/// Reads a body in the order of enkash wire notes, 1.5: an object with `request` or `response`, a
/// bare encrypted text, a plain object. Errors may be plain even when encryption is on.
pub(super) fn read(body: &Bytes, key: &[u8], envelope: &str) -> Result<Envelope, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotJson)?.trim();
    if let Ok(object) = JsonObject::parse(text) {
        let coded = object.first(&["code", "response_code"]).is_some();
        return match [envelope, "request", "response"].iter().find_map(|name| object.raw_text(name))
        {
            Some(sealed) if !coded => open(&sealed, key),
            _ => Ok(said(&object, body)),
        };
    }
    // No encrypted text begins so; JSON that could not be read as an object is nothing else.
    if text.starts_with(['{', '[']) {
        return Err(Unreadable::NotJson);
    }
    let bare =
        Bytes::from(serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned()));
    let text = std::str::from_utf8(&bare).map_err(|_| Unreadable::NotJson)?;
    JsonObject::parse(text).map_or_else(|_| open(text, key), |object| Ok(said(&object, &bare)))
}

fn open(sealed: &str, key: &[u8]) -> Result<Envelope, Unreadable> {
    let sealed: String = sealed.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let cipher = BASE64
        .decode(sealed.as_bytes())
        .ok()
        .filter(|cipher| !cipher.is_empty())
        .ok_or(Unreadable::NotJson)?;
    let plain = crypto::aes_ecb_decrypt(key, &cipher).map_err(|_| Unreadable::Sealed)?;
    let plain = std::str::from_utf8(&plain).map_err(|_| Unreadable::Sealed)?;
    let plain = plain.trim_start_matches('\u{feff}');
    let plain =
        Bytes::from(serde_json::from_str::<String>(plain).unwrap_or_else(|_| plain.to_owned()));
    let text = std::str::from_utf8(&plain).map_err(|_| Unreadable::Sealed)?;
    JsonObject::parse(text).map(|object| said(&object, &plain)).map_err(|_| Unreadable::Sealed)
}

/// `body` is what the object is part of.
fn said(object: &JsonObject<'_>, body: &Bytes) -> Envelope {
    let codes: Vec<Option<i64>> = ["code", "response_code"]
        .into_iter()
        .filter(|name| object.get(name).is_some())
        .map(|name| object.integer(name))
        .collect();
    let code = match codes.as_slice() {
        [Some(0)] | [Some(0), Some(0)] => Code::Success,
        [Some(code)] => Code::Failure(*code),
        [Some(one), Some(other)] if one == other => Code::Failure(*one),
        _ => Code::Unclear,
    };
    let payload = object.get("payload");
    let words = object
        .first_text(&["message", "response_message", "error_description", "error"])
        .or_else(|| payload.and_then(plain_words))
        .unwrap_or_default();
    Envelope {
        code,
        words,
        payload: payload.map(|payload| body.slice_ref(payload.get().as_bytes())),
    }
}

fn plain_words(raw: &RawValue) -> Option<Arc<str>> {
    let words = text::clean(&json::text_start(raw)?);
    (!words.is_empty()).then(|| words.into())
}

/// The access token of a token answer and its life in seconds, where said; both spellings (enkash
/// wire notes, 1.3).
pub(super) fn token(body: &[u8]) -> Option<(String, Option<i64>)> {
    let object = JsonObject::parse(std::str::from_utf8(body).ok()?).ok()?;
    let token = object.raw_text("access_token").or_else(|| object.raw_text("accessToken"))?;
    Some((token, object.integer("expires_in").or_else(|| object.integer("expiresIn"))))
}

/// Whether a body is an error of OAuth 2 (RFC 6749, 5.2): an object whose `error` is a word.
pub(super) fn is_oauth_error(body: &[u8]) -> bool {
    let object = std::str::from_utf8(body).ok().and_then(|text| JsonObject::parse(text).ok());
    object.is_some_and(|object| object.text("error").is_some_and(|word| !word.contains(' ')))
}

/// The words of a token answer that is not a token.
pub(super) fn token_error(body: &[u8]) -> Option<Arc<str>> {
    let object = JsonObject::parse(std::str::from_utf8(body).ok()?).ok()?;
    object.first_text(&["error_description", "message", "response_message", "error"])
}

/// Rows of a list answer, and how many there are in all.
#[derive(Default)]
pub(super) struct Rows<'a> {
    /// The rows of this answer.
    pub(super) rows: Vec<&'a RawValue>,
    /// `recordsCount`, where said.
    pub(super) total: Option<usize>,
    /// Words in the place of a list.
    pub(super) odd: Option<RowError>,
}

impl Rows<'_> {
    /// Rows that exist and are not in this answer.
    pub(super) fn missing(&self) -> usize {
        self.total.unwrap_or(0).saturating_sub(self.rows.len())
    }
}

/// `{recordsCount, data}`, one object, or a bare array (enkash wire notes, 2.13 and 2.14).
pub(super) fn rows(said: &Envelope) -> Rows<'_> {
    let Some(payload) = said.payload() else { return Rows::default() };
    let Ok(object) = JsonObject::read(payload) else {
        let listed = payload.get().starts_with('[').then(|| json::list(payload)).flatten();
        let odd = listed.is_none().then(|| {
            if payload.get().starts_with(['[', '{']) {
                return RowError::new(&listing::unreadable_list());
            }
            let words = plain_words(payload).unwrap_or_default();
            RowError::new(&format!("the answer has text in the place of a list: {words}"))
        });
        return Rows { rows: listed.unwrap_or_default(), total: None, odd };
    };
    if object.has_too_long_a_list() {
        return Rows {
            rows: Vec::new(),
            total: None,
            odd: Some(RowError::new(&listing::unreadable_list())),
        };
    }
    let total = object.integer("recordsCount").and_then(|total| usize::try_from(total).ok());
    let data = object.get("data").filter(|data| !data.get().starts_with(['[', '{']));
    if let Some(other) = data {
        let words = plain_words(other).unwrap_or_default();
        let odd = RowError::new(&format!(
            "the answer has something else in the place of a list: {words}"
        ));
        return Rows { rows: Vec::new(), total, odd: Some(odd) };
    }
    let rows = match object.list("data").or_else(|| object.any_list().filter(|_| total.is_some())) {
        Some(rows) => rows,
        None if total.is_some()
            || object.get("data").is_some()
            || object.names().next().is_none() =>
        {
            Vec::new()
        }
        None => vec![payload],
    };
    Rows { rows, total, odd: None }
}

/// Rupees: the card calls have no currency field (enkash wire notes, 6.26; INFERENCE).
pub(super) fn rupees() -> Currency {
    "INR".parse().expect("INR is a currency code")
}

/// The card's id in a row, in every spelling seen.
const CARD_ID: [&str; 2] = ["enKashCardId", "cardId"];

/// Where a card's row names it.
pub(super) const CARD_NAMES: listing::IdFields = listing::IdFields { card: &CARD_ID, row: &[] };

/// Where a transaction's row names its card and itself.
pub(super) const NAMES: listing::IdFields =
    listing::IdFields { card: &CARD_ID, row: &TRANSACTION_ID };

/// A card of `/search` (enkash wire notes, 2.13; `cardStatus`, `otbBalance` INFERENCE there).
pub(super) fn card(raw: &RawValue, reader: &RowReader<'_>) -> Result<Card, RowError> {
    let row = JsonObject::read(raw)?;
    let id = row.first_id(&CARD_ID).ok_or_else(|| RowError::new("a card has no enKashCardId"))?;
    let (state, provider_state) = card_state(&row, reader.spelling);
    let names: Vec<Arc<str>> = ["title", "firstName", "middleName", "lastName"]
        .into_iter()
        .filter_map(|name| row.text(name))
        .collect();
    let holder = if names.is_empty() {
        row.first_text(&["cardHolderName", "name"]).unwrap_or_default()
    } else {
        text::clean(&names.join(" ")).into()
    };
    let balance = match row.money("otbBalance", rupees())? {
        Some(available) => Reading::At {
            value: Balance { available: Some(available), ..Balance::default() },
            at: reader.at,
        },
        None => Reading::Never,
    };
    Ok(Card {
        holder,
        last4: row.last4("maskedNumber").or_else(|| row.last4("maskedCard")),
        state,
        state_at: (!provider_state.is_empty()).then_some(reader.at),
        provider_state,
        kind: row
            .flag("physicalCard")
            .map(|plastic| if plastic { CardKind::Physical } else { CardKind::Virtual }),
        currency: Some(rupees()),
        balance,
        expires: expires(&row),
        ..Card::spelled(reader.provider, reader.ids.cards, &id)
    })
}

/// `cardStatus` is text, or an object with `label` or `name` (enkash wire notes, 2.13; words and
/// block codes 4.1 and 4.2). A block by the issuer and our own close read alike: both are BLOCKED.
fn card_state(row: &JsonObject, spelling: &Spelling) -> (CardState, Arc<str>) {
    let status = row
        .object("cardStatus")
        .and_then(|status| status.first_text(&["label", "name", "code", "value"]));
    let Some(status) = status.or_else(|| row.first_text(&["cardStatus", "status"])) else {
        return (CardState::Unknown, "".into());
    };
    let state = spelling.card_state(&status).unwrap_or_else(|| match word(&status).as_str() {
        "ACTIVE" | "UL" | "UNLOCKED" => CardState::Active,
        "L" | "LOCKED" | "FROZEN" => CardState::Frozen,
        "BL" | "BLOCKED" => CardState::Blocked,
        "AP" | "ACTIVATION_IN_PROGRESS" | "PENDING" => CardState::Pending,
        "CLOSED" => CardState::Closed,
        "EXPIRED" => CardState::Expired,
        _ => CardState::Unknown,
    });
    (state, status)
}

/// A word of an enumeration: upper case, blanks and dashes as underscores.
fn word(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| if matches!(c, ' ' | '-') { '_' } else { c.to_ascii_uppercase() })
        .collect()
}

/// `YYYY-MM` from `expiryMonth` and `expiryYear`, which may have two digits and may be `""`.
fn expires(row: &JsonObject) -> Option<Arc<str>> {
    let month = row.integer("expiryMonth").filter(|month| (1..=12).contains(month))?;
    let year = match row.integer("expiryYear")? {
        short @ 0..=99 => 2000 + short,
        year @ 2000..=2199 => year,
        _ => return None,
    };
    Some(format!("{year:04}-{month:02}").into())
}

/// The account's money that can still be allocated to cards (enkash wire notes, 2.6).
pub(super) fn float(said: &Envelope) -> Result<Option<Money>, RowError> {
    let Some(payload) = said.payload() else { return Ok(None) };
    JsonObject::read(payload)?.money("availableBalance", rupees())
}

/// The id of a transaction in a row, under any of its names (enkash wire notes, 2.14).
fn transaction_id(row: &JsonObject) -> Option<Arc<str>> {
    row.first_id(&TRANSACTION_ID)
}

const TRANSACTION_ID: [&str; 3] =
    ["enKashCardTransactionId", "enKashTransactionId", "enkashCardTxnId"];

/// The id of a load in its own answer: only a sibling product sends one (enkash wire notes, 2.2).
pub(super) fn load_id(said: &Envelope) -> Option<Arc<str>> {
    transaction_id(&JsonObject::read(said.payload()?).ok()?)
}

/// A row of `/transaction/all`; the names are INFERENCE from a callback that integrators store
/// (enkash wire notes, 2.14, 3.2).
pub(super) fn transaction(
    raw: &RawValue,
    reader: &RowReader<'_>,
    of: Option<&Card>,
) -> Result<Transaction, RowError> {
    let row = JsonObject::read(raw)?;
    let details = row.object("txnDetails").unwrap_or_default();
    let currency = currency(&row)?;
    let amount =
        amount(&row, currency)?.ok_or_else(|| RowError::new("a transaction has no amount"))?;
    let happened = reader.row_time(&row, &TIMES)?;
    let type_word = row.text("type").or_else(|| details.text("transactionType"));
    let credit = credit(&row);
    let set = type_word.as_deref().and_then(|word| reader.spelling.transaction_kind(word));
    let kind = set.unwrap_or_else(|| kind(type_word.as_deref(), credit, &details));
    let signed = matches!(kind, TransactionKind::Adjustment | TransactionKind::Other);
    let amount = match (signed, credit) {
        (false, _) | (true, Some(true)) => amount.abs(),
        (true, Some(false)) => amount.abs().negated(),
        (true, None) => amount,
    };
    let status = row.text("status");
    // A row of a question about one card need not name the card.
    let card_id = listing::card_id(&row, &CARD_ID, reader.ids.cards, of);
    let (state, description) =
        (state(status.as_deref(), kind, reader.spelling), row.text("description"));
    // No field for it is known: the description is all there is.
    let decline_reason = matches!(state, TransactionState::Declined | TransactionState::Failed)
        .then(|| {
            row.first_text(&["declineReason", "failureReason", "reason"])
                .or_else(|| description.clone())
        })
        .flatten();
    let id = transaction_id(&row).unwrap_or_else(|| derived_id(&row, happened));
    Ok(Transaction {
        provider: reader.provider.clone(),
        id,
        task: None,
        card_id,
        last4: row
            .last4("maskedCard")
            .or_else(|| row.last4("maskedNumber"))
            .or_else(|| of.and_then(|card| card.last4)),
        kind,
        state,
        provider_state: listing::state_words(
            kind,
            type_word.as_deref().unwrap_or(""),
            status.as_deref().unwrap_or(""),
        ),
        amount,
        fee: details
            .money("transactionFees", currency)?
            .filter(|fee| !fee.amount().is_zero())
            .map(Money::abs),
        merchant: details.text("merchantName").or_else(|| row.text("merchantName")),
        mcc: details.text("mcc").or_else(|| row.text("mcc")),
        country: details.first_text(&["merchantCountry", "country"]),
        decline_reason,
        description,
        at: happened,
        seen_at: reader.at,
        operation: None,
        listed: crate::domain::transaction::Listed::Still,
    })
}

/// An id for a row that has none: the same row always gets the same one.
fn derived_id(row: &JsonObject, happened: Timestamp) -> Arc<str> {
    let mut parts = vec![happened.to_string()];
    for name in [
        "enKashCardId",
        "pgReferenceNumber",
        "principalAmount",
        "amount",
        "cardTransactionType",
        "type",
        "description",
    ] {
        // As sent: two rows that cleaning makes alike are still two.
        parts.push(row.raw_text(name).map(|text| text.trim().to_owned()).unwrap_or_default());
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    listing::derived_id(&parts)
}

/// Rupees where the row names no currency or says them by number (356).
fn currency(row: &JsonObject) -> Result<Currency, RowError> {
    if row.integer("currency") == Some(356) {
        return Ok(rupees());
    }
    Ok(row.currency("currency")?.unwrap_or_else(rupees))
}

fn amount(row: &JsonObject, currency: Currency) -> Result<Option<Money>, RowError> {
    Ok(match row.money("principalAmount", currency)? {
        Some(amount) => Some(amount),
        None => row.money("amount", currency)?,
    })
}

/// Whether money came in (`CR`) or went out (`DR`).
fn credit(row: &JsonObject) -> Option<bool> {
    match word(&row.first_text(&["cardTransactionType", "transactionType"])?).as_str() {
        "CR" | "CREDIT" => Some(true),
        "DR" | "DEBIT" => Some(false),
        _ => None,
    }
}

/// | `type` (enkash wire notes, 4.4) | ours |
/// |---|---|
/// | `SALE` going out | PURCHASE, or WITHDRAWAL at an ATM |
/// | `LOAD_MONEY`, `ALLOCATE_FUND`, `ALLOCATE_POINT` | TOP-UP |
/// | `UNALLOCATE_FUND`, `UNALLOCATE_POINT` | WITHDRAWAL |
/// | `REFUND`, `REVERSAL`, `FEE` | the same |
/// | `REPAYMENT`, `RECOVERY`, `CREDIT` | ADJUSTMENT, with its sign |
/// | anything else | OTHER, with its sign |
fn kind(type_word: Option<&str>, credit: Option<bool>, details: &JsonObject) -> TransactionKind {
    match type_word.map(word).as_deref() {
        Some("SALE" | "PURCHASE") if credit != Some(true) => {
            let atm = details.text("channel").is_some_and(|channel| word(&channel) == "ATM");
            if atm { TransactionKind::Withdrawal } else { TransactionKind::Purchase }
        }
        Some("LOAD_MONEY" | "ALLOCATE_FUND" | "ALLOCATE_POINT") if credit != Some(false) => {
            TransactionKind::TopUp
        }
        Some("UNALLOCATE_FUND" | "UNALLOCATE_POINT") => TransactionKind::Withdrawal,
        Some("REFUND") => TransactionKind::Refund,
        Some("REVERSAL") => TransactionKind::Reversal,
        Some("FEE") => TransactionKind::Fee,
        Some("REPAYMENT" | "RECOVERY" | "CREDIT") => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}

/// How far a movement got: only words that are inferred to be final end it (enkash wire notes,
/// 4.7). What ends a load is narrower still: one that is called complete or cancelled stays open.
fn state(status: Option<&str>, kind: TransactionKind, spelling: &Spelling) -> TransactionState {
    const OF_A_LOAD: [&str; 7] =
        ["SUCCESS", "SUCCESSFUL", "FAILED", "FAILURE", "DECLINED", "REJECTED", "REVERSED"];
    let status = status.unwrap_or_default();
    if let Some(state) = spelling.transaction_state(status) {
        return state;
    }
    let state = states::transaction_state(status, kind, &[]);
    let open = matches!(state, TransactionState::Hold | TransactionState::Unknown);
    let load = kind == TransactionKind::TopUp && !OF_A_LOAD.contains(&word(status).as_str());
    if load && !open { TransactionState::Unknown } else { state }
}

/// When a row happened: with an offset as it says; without one in India's time (enkash wire notes,
/// 6.24; INFERENCE), as `2025-01-23T16:38:36` or `Jan 23, 2025 4:38:36 PM` (2.5).
const TIMES: [&str; 3] = ["txnDate", "createdOn", "transactionDate"];

/// What of a row matters for the fate of a load; every part may be missing.
struct Trace {
    id: Option<Arc<str>>,
    reference: Option<Arc<str>>,
    status: Option<Arc<str>>,
    amount: Option<Money>,
    at: Option<Timestamp>,
    credit: Option<bool>,
    card: Option<Arc<str>>,
}

impl Trace {
    fn read(raw: &RawValue, zone: &TimeZone) -> Option<Self> {
        let row = JsonObject::read(raw).ok()?;
        let currency = currency(&row).ok()?;
        Some(Self {
            id: transaction_id(&row),
            reference: row.first_id(&[
                "pgReferenceNumber",
                "uniqueReferenceNumber",
                "uniqueReferenceNum",
            ]),
            status: row.text("status"),
            amount: amount(&row, currency).ok().flatten(),
            at: listing::first_readable(&TIMES, |name| row.time(name, zone)).ok().flatten(),
            credit: credit(&row),
            card: listing::card_id(&row, &CARD_ID, IDS.cards, None),
        })
    }

    /// Whether the card's list did not have the row before the load was sent, as far as can be
    /// told.
    fn is_new(&self, operation: &Operation) -> bool {
        let (Some(baseline), Some(at)) = (&operation.baseline, self.at) else { return false };
        let id = self.id.as_deref().unwrap_or_default();
        baseline.judge(id, at, operation.created_at) == Credit::New
    }

    /// Whether the row is the operation's: it carries our reference, or it is the only row of the
    /// lookup, says no reference, and amount and time are right.
    fn is_of(&self, operation: &Operation, alone: bool) -> bool {
        match self.reference.as_deref() {
            Some(reference) => reference.eq_ignore_ascii_case(&operation.reference),
            None => {
                alone
                    && same_size(self.amount, operation.amount) == Some(true)
                    && self.is_new(operation)
            }
        }
    }
}

fn same_size(seen: Option<Money>, asked: Option<Money>) -> Option<bool> {
    let (seen, asked) = (seen?, asked?);
    Some(seen.currency() == asked.currency() && seen.amount().abs() == asked.amount())
}

/// The fate of a load from the rows that `/transaction/all` answers for our reference (enkash wire
/// notes, 2.14 and 5).
///
/// A row without any reference can be ours by its sum and time only: it has to be new in the card's
/// list, and where other systems top up the same cards it proves nothing of a lost answer.
pub(super) fn fate(
    rows: &[&RawValue],
    reader: &RowReader<'_>,
    operation: &Operation,
    claimed: &MatchedCredits,
    others_top_up: bool,
) -> Lookup {
    let traces: Vec<Trace> = rows.iter().filter_map(|raw| Trace::read(raw, &reader.zone)).collect();
    // A row without a reference may be any equal top-up's.
    let alone = rows.len() == 1 && claimed.reserved == 0 && claimed.open == 0;
    let mut ours: Vec<&Trace> = traces
        .iter()
        .filter(|trace| trace.is_of(operation, alone))
        .filter(|trace| trace.credit != Some(false))
        .filter(|trace| trace.card.as_deref().is_none_or(|card| *card == *operation.card.id))
        .filter(|trace| trace.id.as_ref().is_none_or(|id| !claimed.credits.contains(id)))
        .collect();
    ours.dedup_by(|one, other| {
        one.id.is_some() && one.id == other.id && one.status == other.status
    });
    let reference = &operation.reference;
    let trace = match ours.as_slice() {
        [] => return Lookup::not_found(format!("no load with reference {reference}")),
        [trace] => *trace,
        several => {
            let looked =
                format!("{} matches for reference {reference}, cannot tell which", several.len());
            return Lookup::Pending { looked };
        }
    };
    if let (Some(false), Some(amount)) = (same_size(trace.amount, operation.amount), trace.amount) {
        return Lookup::Pending {
            looked: format!("reference {reference} is there with another amount: {amount}"),
        };
    }
    if trace.reference.is_none() && others_top_up && operation.state != OperationState::Accepted {
        let looked = "a load of this sum without a reference, but other systems top up this card \
                      too: a person has to settle it";
        return Lookup::NotFound { looked: looked.to_owned(), candidate: trace.id.clone() };
    }
    let status = trace.status.as_deref().unwrap_or("no status");
    match state(trace.status.as_deref(), TransactionKind::TopUp, reader.spelling) {
        TransactionState::Cleared => {
            let id = trace.id.as_deref().map(|id| format!(", id {id}")).unwrap_or_default();
            let sum = operation
                .amount
                .map_or_else(|| "the load".to_owned(), |amount| format!("+{amount}"));
            // A row that names no reference was the only answer to the question for ours.
            let how = if trace.reference.is_some() {
                "with our reference"
            } else {
                "asked for by our reference"
            };
            let by = if trace.reference.is_some() { Evidence::Reference } else { Evidence::List };
            Lookup::Done {
                proof: format!("{sum} {how} says {status}{id}"),
                credit: trace.id.clone(),
                by,
            }
        }
        TransactionState::Failed
            if trace.reference.is_none() && (others_top_up || claimed.failed > 0) =>
        {
            Lookup::NotFound {
                looked: "a load of this sum without a reference failed, cannot tell whether it \
                         was this one"
                    .to_owned(),
                candidate: None,
            }
        }
        TransactionState::Failed => Lookup::Failed {
            why: format!("enkash says {status} for reference {reference}"),
            row: trace.id.clone(),
        },
        TransactionState::Hold
        | TransactionState::Declined
        | TransactionState::Reversed
        | TransactionState::Unknown => {
            Lookup::Pending { looked: format!("reference {reference} says {status}") }
        }
    }
}
