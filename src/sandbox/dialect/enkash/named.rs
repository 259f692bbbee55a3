//! What every call of enkash names, and how it writes a card number.

use http::StatusCode;

use super::envelope::{Answer, bad_request, failure};
use super::{CARD_ACCOUNT_ID, COMPANY_ID};
use crate::sandbox::bank::Card;
use crate::sandbox::json::Body;

/// Company and account, both required on every card call of the document's tables (2).
pub(super) fn account(body: &Body) -> Result<(), Answer> {
    let (company, account) = (body.text("companyId"), body.text("cardAccountId"));
    let (Some(company), Some(account)) = (company, account) else {
        return Err(bad_request("companyId and cardAccountId are required"));
    };
    if company != COMPANY_ID || account != CARD_ACCOUNT_ID {
        let why = format!(
            "Card account not found for companyId: [{company}] and cardAccountId: [{account}]"
        );
        return Err(failure(StatusCode::NOT_FOUND, &why));
    }
    Ok(())
}

pub(super) fn masked(card: &Card) -> String {
    format!("XXXX XXXX XXXX {}", card.last4())
}
