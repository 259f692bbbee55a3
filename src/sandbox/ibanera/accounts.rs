//! ibanera's accounts, and transfers from them to cards: who is named must own the account (ibanera
//! wire notes, 2.13 to 2.16).

use http::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::rows::{described, row_id};
use super::{
    ASSET_ACCOUNT_ID, MANAGER_ID, Outcome, Problem, TRANSFER_MILLIS, page, problem, success,
};
use crate::domain::money::Currency;
use crate::sandbox::bank::{Bank, CardState, Load, Refusal, code, scaled};
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::{Call, Reply};

pub(super) fn account_balances(bank: &Bank, call: &Call) -> Reply {
    let items = bank
        .floats
        .iter()
        .map(|&(currency, sum)| {
            object([
                ("id", Json::Number(ASSET_ACCOUNT_ID.to_owned())),
                ("asset", text(currency.code())),
                ("totalBalance", sum.into()),
                ("availableBalance", sum.into()),
                ("pendingBalance", Decimal::ZERO.into()),
                ("bSuppressed", false.into()),
            ])
        })
        .collect();
    page(bank, call, items, true)
}

/// An account as lists of accounts and the account itself write it: the names of its balances are
/// documented for the manager's own, the rest is inferred from 2.16.
fn account_entry(
    id: &str,
    customer: &str,
    asset: Currency,
    sum: Decimal,
    switched_off: bool,
) -> Json {
    object([
        ("id", Json::Number(id.to_owned())),
        ("customersId", Json::Number(customer.to_owned())),
        ("name", text(format!("{asset} account"))),
        ("asset", text(asset.code())),
        ("totalBalance", sum.into()),
        ("availableBalance", sum.into()),
        ("pendingBalance", Decimal::ZERO.into()),
        ("bSuppressed", switched_off.into()),
    ])
}

/// All accounts, the manager's first.
fn all_accounts(bank: &Bank) -> Vec<(&str, &str, Json)> {
    let own = bank.floats.iter().map(|&(currency, sum)| {
        (
            ASSET_ACCOUNT_ID,
            MANAGER_ID,
            account_entry(ASSET_ACCOUNT_ID, MANAGER_ID, currency, sum, false),
        )
    });
    let theirs = bank.accounts.iter().map(|account| {
        let entry = account_entry(
            &account.id,
            &account.customer,
            account.asset,
            account.holds,
            account.switched_off,
        );
        (account.id.as_str(), account.customer.as_str(), entry)
    });
    own.chain(theirs).collect()
}

/// The accounts of one customer, the manager's own for the manager (2.16; path and rows inferred
/// there).
pub(super) fn list_accounts(bank: &Bank, call: &Call) -> Outcome {
    let Some(customer) = call.asked("CustomersId").filter(|id| !id.is_empty()) else {
        return problem("CustomersId", "Required");
    };
    if customer != MANAGER_ID && !bank.cards.iter().any(|card| card.user == customer) {
        return problem("CustomersId", "Invalid");
    }
    let of_customer = |(_, of, entry)| (of == customer).then_some(entry);
    Ok(page(bank, call, all_accounts(bank).into_iter().filter_map(of_customer).collect(), false))
}

/// One account by its id (2.16).
pub(super) fn account_by_id(bank: &Bank, call: &Call) -> Outcome {
    let Some(id) = call.asked("id").filter(|id| !id.is_empty()) else {
        return problem("id", "Required");
    };
    match all_accounts(bank).into_iter().find(|(of, ..)| *of == id) {
        Some((_, _, entry)) => Ok(success(0, entry)),
        None => Err(Problem(StatusCode::NOT_FOUND, "id", "Invalid")),
    }
}

/// What a transfer costs beside its sum.
pub(in crate::sandbox) fn transfer_fee() -> Decimal {
    scaled(50, code("USD"))
}

/// Reads and checks a transfer onto a card; the other two kinds are not part of the sandbox.
pub(super) fn transfer(bank: &Bank, body: &Body) -> Result<Load, Problem> {
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
        Some(customer) if customer == card.user || customer == MANAGER_ID => customer,
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
    Ok(Load {
        payer,
        card: position,
        received: amount,
        paid: amount + transfer_fee(),
        reference: Some(reference),
    })
}

/// The account that pays, and what it holds: it must belong to the customer that is named, be
/// switched on, and hold dollars or digital dollars (2.13).
fn paying(
    bank: &Bank,
    customer: &str,
    account: &str,
) -> Result<(Option<usize>, Currency), Problem> {
    if account == ASSET_ACCOUNT_ID && customer == MANAGER_ID {
        return Ok((None, code("USD")));
    }
    let found = bank
        .find_account(account)
        .and_then(|position| Some((position, bank.accounts.get(position)?)));
    match found {
        Some((position, account))
            if account.customer == customer
                && !account.switched_off
                && matches!(account.asset.code(), "USD" | "dUSD") =>
        {
            Ok((Some(position), account.asset))
        }
        Some(_) | None => problem("CustomerAssetAccountId", "Invalid"),
    }
}

pub(super) fn transfer_funds(bank: &mut Bank, body: &Body, now: Timestamp) -> Outcome {
    let load = transfer(bank, body)?;
    let (amount, description) = (load.received, described(load.reference.as_deref()));
    let row = match bank.top_up(load, now, TRANSFER_MILLIS) {
        Ok(row) => row_id(row as u64),
        Err(Refusal::NoFloat) => return problem("amount", "Insufficient_Funds"),
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
        ("feeAmount", transfer_fee().into()),
        ("description", text(description)),
        ("bPending", true.into()),
    ]);
    Ok(success(row - 2, details).with_top_up())
}
