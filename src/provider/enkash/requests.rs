//! What is asked of enkash: the bodies of its card calls, and the changes that they ask for.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::settings::{self, BodyWrapping, Load, PinBlock};
use super::{Enkash, NO_ENCRYPTION, wire};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{OperationId, Pin};
use crate::provider::http::Access;
use crate::provider::{Ack, Result};

/// Who made a change, in enkash's records.
const CREATED_BY: &str = "cardtop";

impl Enkash {
    pub(super) fn request(
        &self,
        path: &str,
        bearer: &HeaderValue,
        body: Bytes,
    ) -> Result<Request<Bytes>> {
        Request::builder()
            .method(Method::POST)
            .uri(format!("{}/{}", self.base_url, path.trim_start_matches('/')))
            .header(AUTHORIZATION, bearer)
            .header("partnerId", &self.partner_id)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| self.invalid("base_url is not an address"))
    }

    pub(super) fn account(&self) -> OfAccount<'_> {
        OfAccount {
            company_id: &self.settings.company_id,
            card_account_id: &self.settings.card_account_id,
        }
    }

    pub(super) fn of_card<'a>(&'a self, card_id: &'a str) -> OfCard<'a> {
        OfCard { account: self.account(), en_kash_card_id: card_id }
    }

    pub(super) async fn block(
        &self,
        card: &Card,
        code: &'static str,
        reason: &'static str,
    ) -> Result<Ack> {
        let body = Block {
            card: self.of_card(&card.wire_id),
            block_code: code,
            reason,
            otp_medium: "MOBILE",
            created_by: CREATED_BY,
            otp_required: self.settings.otp_required,
        };
        self.ask(Access::Write, settings::BLOCK, &body).await?;
        Ok(Ack::Accepted { reference: None })
    }

    pub(super) async fn top_up(&self, card: &Card, amount: Money, id: OperationId) -> Result<Ack> {
        if amount.currency() != wire::rupees()
            || amount.amount().normalize().scale() > 2
            || amount.amount() <= Decimal::ZERO
        {
            return Err(self.invalid("enkash takes rupees with at most two decimals"));
        }
        let (kind, code) = match self.settings.load {
            Load::AllocateFund => ("ALLOCATE_FUND", "ALLOCATION"),
            Load::LoadMoney => ("LOAD_MONEY", "PRINCIPLE"),
        };
        let reference = id.reference();
        let body = Balance {
            account: self.account(),
            created_by: CREATED_BY,
            amount: RawValue::from_string(amount.digits())
                .map_err(|_| self.invalid("the amount is not a number"))?,
            transaction_type: "CR",
            description: "Top-up by cardtop",
            kind,
            transaction_code: code,
            unique_reference_number: &reference,
            remarks: &reference,
            en_kash_card_id: &card.wire_id,
        };
        let (_, envelope) = self.ask(Access::Write, settings::BALANCE, &body).await?;
        Ok(Ack::Accepted { reference: wire::load_id(&envelope) })
    }

    pub(super) async fn set_pin(&self, card: &Card, pin: Option<&Pin>) -> Result<Ack> {
        if self.seal.wrapping == BodyWrapping::Off {
            return Err(self.invalid(NO_ENCRYPTION));
        }
        let pin = pin
            .filter(|pin| pin.len() == 4)
            .ok_or_else(|| self.invalid("enkash wants a new PIN of 4 digits"))?;
        let block = pin_block(pin, self.settings.pin_block);
        let body = SetPin {
            card: self.of_card(&card.wire_id),
            pin_block: &block,
            otp_required: self.settings.otp_required,
        };
        self.ask(Access::Write, settings::SET_PIN, &body)
            .await
            .map_err(|error| error.without(&[pin]))?;
        Ok(Ack::Accepted { reference: None })
    }
}

/// A PIN as it is sent (enkash wire notes, 6.18: INFERENCE, the digits as text). Room for all of it
/// at once, so that nothing stays behind.
fn pin_block(pin: &Pin, form: PinBlock) -> Zeroizing<String> {
    let mut block = Zeroizing::new(String::with_capacity(16));
    if form == PinBlock::Iso2 {
        block.push('2');
        block.extend(char::from_digit(u32::try_from(pin.len()).unwrap_or(4), 16));
    }
    block.push_str(pin.expose());
    while form == PinBlock::Iso2 && block.len() < 16 {
        block.push('F');
    }
    block
}

/// ISO 8601 in UTC with milliseconds, as the filter's example (enkash wire notes, 2.14).
pub(super) fn wire_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The account that a call is about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfAccount<'a> {
    pub(super) company_id: &'a str,
    pub(super) card_account_id: &'a str,
}

/// The card that a call is about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfCard<'a> {
    #[serde(flatten)]
    pub(super) account: OfAccount<'a>,
    pub(super) en_kash_card_id: &'a str,
}

/// `/balance` (enkash wire notes, 2.4): the worked example's fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Balance<'a> {
    #[serde(flatten)]
    pub(super) account: OfAccount<'a>,
    pub(super) created_by: &'a str,
    pub(super) amount: Box<RawValue>,
    pub(super) transaction_type: &'a str,
    pub(super) description: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) transaction_code: &'a str,
    pub(super) unique_reference_number: &'a str,
    pub(super) remarks: &'a str,
    pub(super) en_kash_card_id: &'a str,
}

/// `/block` (enkash wire notes, 2.11).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Block<'a> {
    #[serde(flatten)]
    pub(super) card: OfCard<'a>,
    pub(super) block_code: &'a str,
    pub(super) reason: &'a str,
    pub(super) otp_medium: &'a str,
    pub(super) created_by: &'a str,
    pub(super) otp_required: bool,
}

/// `/setPin` (enkash wire notes, 2.3): the PIN as text, so that leading zeros survive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetPin<'a> {
    #[serde(flatten)]
    pub(super) card: OfCard<'a>,
    pub(super) pin_block: &'a str,
    pub(super) otp_required: bool,
}

/// `/transaction/all` by reference (enkash wire notes, 2.14).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByReference<'a> {
    #[serde(flatten)]
    pub(super) card: OfCard<'a>,
    pub(super) pg_reference_number: &'a str,
}

/// `/transaction/all` by time (enkash wire notes, 2.14 and 2.15).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Between<'a> {
    #[serde(flatten)]
    pub(super) account: OfAccount<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) en_kash_card_id: Option<&'a str>,
    pub(super) txn_date_from: String,
    pub(super) txn_date_to: String,
}
