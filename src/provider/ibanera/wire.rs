//! Answers of Ibanera, turned into the domain's words. Keys come in any case (ibanera wire notes, 1.5); card numbers end here.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::domain::card::{Balance, Card, CardKey, CardState, ProviderId, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::{Claimed, Deed, Operation};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::fields::{Fields, Odd};
use crate::provider::http::Answer;
use crate::provider::{Cursor, Error, Kind, Outcome, Page, Quote, Receipt, Result, Seen, listing};

/// A successful answer (1.5).
pub(super) struct Envelope {
    answer: Answer,
    fields: Fields,
}

impl Envelope {
    fn details(&self) -> Fields {
        self.fields.object("details").unwrap_or_default()
    }

    fn rows(&self) -> Vec<Box<RawValue>> {
        self.fields.list("details").unwrap_or_default()
    }

    /// The next page (5.1): by `numberOfPages` where it is there and more than 0, else until a page is not full.
    fn next(&self, page: usize, size: usize, rows: usize) -> Option<Cursor> {
        let pages = self.fields.integer("numberOfPages").and_then(|pages| usize::try_from(pages).ok()).filter(|pages| *pages > 0);
        let more = match pages {
            Some(pages) => page < pages && rows > 0,
            None => rows >= size,
        };
        more.then(|| Cursor((page + 1).to_string()))
    }
}

/// Words of the `errors` of an envelope: `amount: Insufficient_Funds`.
fn complaints(fields: &Fields) -> String {
    let rows = fields.list("errors").unwrap_or_default();
    let one = |row: &RawValue| -> Option<String> {
        let row = Fields::read(row).ok()?;
        let code = row.text("messageCode")?;
        Some(row.text("fieldName").map_or_else(|| code.to_string(), |field| format!("{field}: {code}")))
    };
    rows.iter().filter_map(|row| one(row)).collect::<Vec<_>>().join(", ")
}

/// An answer that succeeded: HTTP 2xx and status "1". Everything else is an error with the provider's codes (1.6).
pub(super) fn envelope(answer: Answer) -> Result<Envelope> {
    let fields = answer.object();
    if !answer.is_success() {
        let words = fields.map(|fields| complaints(&fields)).unwrap_or_default();
        return Err(doubt(answer.refusal(&words), &words));
    }
    let fields = fields?;
    match fields.raw_text("status").as_deref() {
        Some("1") => Ok(Envelope { answer, fields }),
        Some(_) => {
            let words = complaints(&fields);
            let said = if words.is_empty() { "refused without a reason" } else { &words };
            Err(doubt(answer.said_no(said), &words))
        }
        None => Err(answer.bad_reply("answered without a status: whether it succeeded cannot be told")),
    }
}

/// Two codes leave it open whether something happened (1.6).
fn doubt(error: Error, words: &str) -> Error {
    let unclear =
        ["Card_Provider_Error", "ShareFunds_Failed"].iter().any(|code| words.to_lowercase().contains(&code.to_lowercase()));
    if unclear { error.outcome(Outcome::Unknown) } else { error }
}

/// The token and its life in seconds (1.2). Every code of a refused login is permanent or a lock: no more logins by themselves.
pub(super) fn token(answer: &Answer) -> Result<(SecretString, i64)> {
    let envelope = match envelope(answer.clone()) {
        Ok(envelope) => envelope,
        Err(error) if matches!(error.kind, Kind::Refused | Kind::Auth) => return Err(Error { kind: Kind::Auth, ..error }),
        Err(error) => return Err(error),
    };
    let details = envelope.details();
    let token = details.raw_text("accessToken").ok_or_else(|| answer.bad_reply("its login answered no token"))?;
    Ok((token.into(), details.integer("expiresIn").unwrap_or(300)))
}

/// Cards of a page (2.11).
pub(super) fn cards(provider: &ProviderId, envelope: &Envelope, page: usize, size: usize) -> Page<Card> {
    let rows = envelope.rows();
    let read = |row: &RawValue| -> std::result::Result<Card, Odd> {
        let row = Fields::read(row)?;
        let mut card = Card::unread(CardKey::new(provider, &row.need_id("id")?));
        fill(&mut card, &row, envelope.answer.at)?;
        Ok(card)
    };
    let next = envelope.next(page, size, rows.len());
    Page::of(rows.iter().map(|row| read(row)), next)
}

/// One card's details (2.9). The id is not echoed, and pending is not there.
pub(super) fn details(wanted: &Card, envelope: &Envelope) -> Result<Card> {
    let mut card = Card::unread(wanted.key.clone());
    fill(&mut card, &envelope.details(), envelope.answer.at)
        .map_err(|odd| envelope.answer.bad_reply(&format!("the card {odd}")))?;
    Ok(card)
}

fn fill(card: &mut Card, row: &Fields, at: Timestamp) -> std::result::Result<(), Odd> {
    card.owner = row.first_id(&["customersID", "customersId", "customerId"]);
    card.holder = row.first_text(&["cardHolderName", "nameOnCard"]).unwrap_or_default();
    card.last4 = row.last4("cardLast4").or_else(|| row.last4("obfuscatedCardNumber")).or_else(|| row.last4("cardNumber"));
    card.currency = row.currency("currency")?;
    card.expires = row.text("expiryDate").and_then(|date| date.get(..7).map(Into::into));
    let suppressed = row.flag("bSuppressed");
    match row.text("status") {
        Some(word) => {
            card.state = state(&word);
            card.provider_state = word;
        }
        None => {
            if let Some(suppressed) = suppressed {
                card.state = if suppressed { CardState::Frozen } else { CardState::Active };
                card.provider_state = format!("bSuppressed {suppressed}").into();
            }
        }
    }
    if let Some(currency) = card.currency {
        let available = row.money("availableBalance", currency)?;
        let current = row.money("totalBalance", currency)?;
        let pending = row.money("pendingBalance", currency)?;
        if available.is_some() || current.is_some() {
            card.balance = Reading::At { value: Balance { available, current, pending }, at };
        }
    }
    Ok(())
}

/// Active and Deactivated are documented (4); a new card and a frozen one cannot be told apart.
fn state(word: &str) -> CardState {
    match listing::plain(word).as_str() {
        "active" | "activated" => CardState::Active,
        "deactivated" | "suppressed" | "inactive" | "disabled" => CardState::Frozen,
        "blocked" => CardState::Blocked,
        "pending" => CardState::Pending,
        "closed" | "terminated" => CardState::Closed,
        "expired" => CardState::Expired,
        _ => CardState::Unknown,
    }
}

/// Transactions of a page (2.12).
pub(super) fn transactions(
    provider: &ProviderId,
    card: &Card,
    envelope: &Envelope,
    page: usize,
    size: usize,
) -> Page<Transaction> {
    let rows = envelope.rows();
    let next = envelope.next(page, size, rows.len());
    Page::of(rows.iter().map(|row| transaction(provider, card, row, envelope.answer.at)), next)
}

/// A row has no type: its direction is the amount's sign, and its text says the rest (inferred: 2.12).
fn transaction(provider: &ProviderId, card: &Card, row: &RawValue, seen_at: Timestamp) -> std::result::Result<Transaction, Odd> {
    let row = Fields::read(row)?;
    let currency = row.currency("currency")?.or(card.currency).ok_or_else(|| Odd::new("has no currency"))?;
    let amount = row.money("amount", currency)?.ok_or_else(|| Odd::new("has no amount"))?;
    let description = row.text("description");
    let words = description.as_deref().unwrap_or("").to_lowercase();
    let kind = if words.contains("fee") && amount.is_negative() {
        TransactionKind::Fee
    } else if words.contains("refund") {
        TransactionKind::Refund
    } else if words.contains("reversal") || words.contains("reversed") {
        TransactionKind::Reversal
    } else if words.starts_with("card transfer") && !amount.is_negative() {
        TransactionKind::TopUp
    } else if words.starts_with("card transfer") || words.contains("withdraw") || words.contains("atm ") {
        TransactionKind::Withdrawal
    } else if amount.is_negative() {
        TransactionKind::Purchase
    } else {
        TransactionKind::Other
    };
    let pending = row.flag("bPending").unwrap_or(false);
    let refunded = row.text("RefundTransactionsID").is_some() && amount.is_negative();
    let state = match (refunded, pending) {
        (true, _) => TransactionState::Reversed,
        (false, true) => TransactionState::Hold,
        (false, false) => TransactionState::Cleared,
    };
    let merchant = description.clone().filter(|_| matches!(kind, TransactionKind::Purchase | TransactionKind::Refund));
    Ok(Transaction {
        provider: provider.clone(),
        id: row.need_id("id")?,
        card_id: Some(row.id("cardsId").filter(|id| &**id != "0").unwrap_or_else(|| Arc::clone(&card.key.id))),
        last4: card.last4,
        kind,
        state,
        provider_state: if pending { "bPending".into() } else { "".into() },
        amount: listing::signed(kind, amount),
        fee: None,
        merchant,
        mcc: None,
        country: None,
        decline_reason: None,
        description,
        at: row.time("dateTime")?.ok_or_else(|| Odd::new("has no dateTime"))?,
        seen_at,
        operation: None,
    })
}

/// What a row says of a top-up that carried our reference: it stands in the description (5.3).
pub(super) fn ours(row: &Transaction, operation: &Operation, claimed: &Claimed) -> Option<Seen> {
    let description = row.description.as_deref()?;
    if !description.contains(&*operation.reference) || row.kind != TransactionKind::TopUp || claimed.credits.contains(&row.id) {
        return None;
    }
    Some(match row.state {
        TransactionState::Cleared => {
            Seen::Done { proof: format!("+{} with our reference, id {}", row.amount, row.id), credit: Some(Arc::clone(&row.id)) }
        }
        TransactionState::Hold => Seen::NotYet { looked: format!("pending with our reference, id {}", row.id) },
        TransactionState::Declined | TransactionState::Reversed | TransactionState::Failed => {
            Seen::Failed { why: format!("taken back, id {}", row.id) }
        }
    })
}

/// Fee quote (2.14): a fee and a total; which of them is inside the other is not documented, so each is shown as it is called.
pub(super) fn quote(envelope: &Envelope, amount: Money) -> Result<Quote> {
    let details = envelope.details();
    let money = |name: &str| details.money(name, amount.currency()).map_err(|odd| envelope.answer.bad_reply(&odd.to_string()));
    Ok(Quote { fee: money("fee")?, receives: None, debited: money("totalDue")?, at: envelope.answer.at })
}

/// Balances of the manager's accounts (2.15), one sum a currency.
pub(super) fn float(envelope: &Envelope) -> Result<Vec<Money>> {
    let mut sums: Vec<Money> = Vec::new();
    for row in envelope.rows() {
        let read = || -> std::result::Result<Option<Money>, Odd> {
            let row = Fields::read(&row)?;
            let Ok(Some(currency)) = row.currency("asset") else { return Ok(None) };
            match row.money("availableBalance", currency)? {
                Some(money) => Ok(Some(money)),
                None => row.money("totalBalance", currency),
            }
        };
        let Some(money) = read().map_err(|odd| envelope.answer.bad_reply(&format!("an account {odd}")))? else { continue };
        match sums.iter_mut().find(|sum| sum.currency() == money.currency()) {
            Some(sum) => *sum = sum.plus(money).map_err(|error| envelope.answer.bad_reply(&error.to_string()))?,
            None => sums.push(money),
        }
    }
    Ok(sums)
}

/// The only account in US dollars that is not switched off; more or fewer than one cannot be chosen from.
pub(super) fn payer(provider: &ProviderId, envelope: &Envelope) -> Result<String> {
    let usd: Option<Currency> = "USD".parse().ok();
    let one = |row: &RawValue| -> Option<Arc<str>> {
        let row = Fields::read(row).ok()?;
        (row.currency("asset").ok()? == usd && row.flag("bSuppressed") != Some(true)).then(|| row.id("id")).flatten()
    };
    let found: Vec<Arc<str>> = envelope.rows().iter().filter_map(|row| one(row)).collect();
    match found.as_slice() {
        [only] => Ok(only.to_string()),
        [] => Err(Error::new(
            provider,
            Kind::Refused,
            "there is no USD account to pay from: set asset_account_id; nothing was sent",
        )),
        several => {
            let words =
                format!("there are {} USD accounts: set asset_account_id to the one that pays; nothing was sent", several.len());
            Err(Error::new(provider, Kind::Refused, &words))
        }
    }
}

/// What a transfer answered (2.13): the id of the card's side. Pending is accepted, and settled is still only an answer.
pub(super) fn transferred(envelope: &Envelope) -> Receipt {
    let details = envelope.details();
    let reference = details
        .first_id(&["ToTransactionId", "FromTransactionId"])
        .or_else(|| envelope.fields.id("id").filter(|id| &**id != "0"));
    Receipt::Accepted { reference }
}

/// What activating or deactivating answered (2.6): done only when the card in it says so.
pub(super) fn switched(envelope: &Envelope, wanted: Deed) -> Receipt {
    let card = envelope.details().object("card").unwrap_or_default();
    let state = match card.text("status") {
        Some(word) => state(&word),
        None => match card.flag("bSuppressed") {
            Some(true) => CardState::Frozen,
            Some(false) => CardState::Active,
            None => CardState::Unknown,
        },
    };
    let expected = if wanted == Deed::Freeze { CardState::Frozen } else { CardState::Active };
    if state == expected {
        Receipt::Done { reference: None, proof: format!("the answer shows the card {}", state.word()) }
    } else {
        Receipt::Accepted { reference: None }
    }
}

/// Whether a refusal means that the card already is as wanted: documented for activating, inferred for deactivating (2.6, 2.7).
pub(super) fn is_already(error: &Error, wanted: Deed) -> bool {
    let codes: &[&str] = match wanted {
        Deed::Unfreeze => &["card_active"],
        Deed::Freeze => &["card_suppressed", "card_inactive", "card_deactivated"],
        Deed::TopUp | Deed::SetPin | Deed::Close => &[],
    };
    let said = error.said.to_lowercase();
    error.kind == Kind::Refused && codes.iter().any(|code| said.contains(code))
}
