//! ibanera's accounts, and transfers from them to cards: who is named must own the account (ibanera
//! wire notes, 2.13 to 2.16).

use http::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::envelope::{DefaultPage, Outcome, Problem, page, problem, success};
use super::rows::{described, row_id};
use super::{ASSET_ACCOUNT_ID, MANAGER_ID};
use crate::domain::money::Currency;
use crate::sandbox::bank::{Bank, CardState, Float, Refusal, TopUp, parse_currency};
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::json::{Body, Json, number, object, text};

/// How long a transfer takes (not documented).
const TRANSFER_MILLIS: u64 = 2_000;

/// The manager's own accounts (2.15).
pub(super) fn account_balances(bank: &Bank, call: &Call) -> Reply {
    let item = |float: &Float| {
        object([
            ("id", Json::Number(ASSET_ACCOUNT_ID.to_owned())),
            ("asset", text(float.currency.code())),
            ("totalBalance", float.amount.into()),
            ("availableBalance", float.amount.into()),
            ("pendingBalance", Decimal::ZERO.into()),
            ("bSuppressed", false.into()),
        ])
    };
    page(bank, call, bank.floats.iter().collect(), item, DefaultPage::Everything)
}

/// An account as lists of accounts and the account itself have it.
struct ListedAccount<'a> {
    id: &'a str,
    customer: &'a str,
    asset: Currency,
    amount: Decimal,
    suppressed: bool,
}

impl ListedAccount<'_> {
    /// The names of its balances are documented for the manager's own, the rest is inferred (2.16).
    fn json(&self) -> Json {
        object([
            ("id", Json::Number(self.id.to_owned())),
            ("customersId", Json::Number(self.customer.to_owned())),
            ("name", text(format!("{} account", self.asset))),
            ("asset", text(self.asset.code())),
            ("totalBalance", self.amount.into()),
            ("availableBalance", self.amount.into()),
            ("pendingBalance", Decimal::ZERO.into()),
            ("bSuppressed", self.suppressed.into()),
        ])
    }
}

/// All accounts, the manager's first.
fn all_accounts(bank: &Bank) -> impl Iterator<Item = ListedAccount<'_>> {
    let own = bank.floats.iter().map(|float| ListedAccount {
        id: ASSET_ACCOUNT_ID,
        customer: MANAGER_ID,
        asset: float.currency,
        amount: float.amount,
        suppressed: false,
    });
    own.chain(bank.accounts.iter().map(|account| ListedAccount {
        id: &account.id,
        customer: &account.customer,
        asset: account.asset,
        amount: account.amount,
        suppressed: account.suppressed,
    }))
}

/// The accounts of one customer, the manager's own for the manager (2.16; path and rows inferred
/// there).
pub(super) fn list_accounts(bank: &Bank, call: &Call) -> Outcome {
    let Some(customer) = call.query_value("CustomersId").filter(|id| !id.is_empty()) else {
        return problem("CustomersId", "Required");
    };
    if customer != MANAGER_ID && !bank.cards.iter().any(|card| card.holder_id == customer) {
        return problem("CustomersId", "Invalid");
    }
    let items = all_accounts(bank).filter(|account| account.customer == customer).collect();
    Ok(page(bank, call, items, |account| account.json(), DefaultPage::Ten))
}

/// One account by its id (2.16).
pub(super) fn account_by_id(bank: &Bank, call: &Call) -> Outcome {
    let Some(id) = call.query_value("id").filter(|id| !id.is_empty()) else {
        return problem("id", "Required");
    };
    match all_accounts(bank).find(|account| account.id == id) {
        Some(account) => Ok(success(0, account.json())),
        None => Err(Problem::of(StatusCode::NOT_FOUND, "id", "Invalid")),
    }
}

/// What a transfer would cost (2.14).
pub(super) fn review(bank: &Bank, body: &Body) -> Outcome {
    let transfer = read_transfer(bank, body)?;
    let fee = transfer.paid - transfer.received;
    Ok(success(0, object([("fee", fee.into()), ("totalDue", transfer.paid.into())])))
}

/// Reads and checks a transfer onto a card; the other two kinds are not part of the sandbox.
fn read_transfer(bank: &Bank, body: &Body) -> Result<TopUp, Problem> {
    match body.text("transferTypes").as_deref() {
        Some("TopUpCard") => {}
        Some(_) => return problem("transferTypes", "Invalid"),
        None => return problem("transferTypes", "Required"),
    }
    let Some(reference) = body.string("reference").filter(|text| !text.is_empty()) else {
        return problem("reference", "Required");
    };
    let Some(card) = body.text("DestinationCardId") else {
        return problem("DestinationCardId", "Required");
    };
    let Some(position) = bank.find(&card) else { return problem("DestinationCardId", "Invalid") };
    let Some(card) = bank.cards.get(position) else {
        return problem("DestinationCardId", "Invalid");
    };
    let customer = match body.text("CustomersId") {
        Some(customer) if customer == card.holder_id || customer == MANAGER_ID => customer,
        Some(_) => return problem("CustomersId", "Invalid"),
        None => return problem("CustomersId", "Required"),
    };
    let Some(account) = body.text("CustomerAssetAccountId") else {
        return problem("CustomerAssetAccountId", "Required");
    };
    let (payer, asset) = paying(bank, &customer, &account)?;
    match body.text("currencyType").as_deref() {
        Some(currency) if currency == asset.code() => {}
        Some(_) => return problem("currencyType", "Invalid"),
        None => return problem("currencyType", "Required"),
    }
    if card.state != CardState::Active {
        return problem("DestinationCardId", "Invalid");
    }
    let Some(mut amount) = body.decimal("amount") else { return problem("amount", "Required") };
    if amount <= Decimal::ZERO || amount.normalize().scale() > 2 {
        return problem("amount", "Invalid");
    }
    amount.rescale(2);
    let fee = bank.rules.top_up_fee(amount, asset);
    Ok(TopUp {
        payer,
        card: position,
        received: amount,
        paid: amount + fee,
        reference: Some(reference),
    })
}

/// The account that pays, and what it holds: it must belong to the customer that is named, not
/// be suppressed, and hold dollars or digital dollars (2.13).
fn paying(
    bank: &Bank,
    customer: &str,
    account: &str,
) -> Result<(Option<usize>, Currency), Problem> {
    if account == ASSET_ACCOUNT_ID && customer == MANAGER_ID {
        return Ok((None, parse_currency("USD")));
    }
    let found = bank
        .find_account(account)
        .and_then(|position| Some((position, bank.accounts.get(position)?)));
    match found {
        Some((position, account))
            if account.customer == customer
                && !account.suppressed
                && matches!(account.asset.code(), "USD" | "dUSD") =>
        {
            Ok((Some(position), account.asset))
        }
        Some(_) | None => problem("CustomerAssetAccountId", "Invalid"),
    }
}

/// Moves money from an account onto a card (2.13).
pub(super) fn transfer_funds(bank: &mut Bank, body: &Body, now: Timestamp) -> Outcome {
    let transfer = read_transfer(bank, body)?;
    let (amount, fee) = (transfer.received, transfer.paid - transfer.received);
    let description = described(transfer.reference.as_deref());
    let row = match bank.top_up(transfer, now, TRANSFER_MILLIS) {
        Ok(row) => row_id(row as u64),
        Err(Refusal::InsufficientFunds) => return problem("amount", "Insufficient_Funds"),
        Err(Refusal::State(_)) => return problem("DestinationCardId", "Invalid"),
        Err(Refusal::Amount | Refusal::TooSmall | Refusal::TooLarge) => {
            return problem("amount", "Invalid");
        }
    };
    let details = object([
        ("FromTransactionId", number(row - 2)),
        ("ToTransactionId", number(row)),
        ("FeeTransactionId", number(row - 1)),
        ("amount", amount.into()),
        ("feeAmount", fee.into()),
        ("description", text(description)),
        ("bPending", true.into()),
    ]);
    Ok(success(row - 2, details).with_top_up())
}
