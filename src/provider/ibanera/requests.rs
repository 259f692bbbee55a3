//! What is asked of ibanera: calls and their bodies, and the changes that they ask for.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::call::Call;
use super::envelope::Envelope;
use super::payer::PayingAccount;
use super::{Ibanera, settings, succeeded, wire};
use crate::domain::card::{Card, CardState};
use crate::domain::money::Money;
use crate::domain::operation::{OperationId, Pin};
use crate::provider::{Ack, ErrorKind, Outcome, PageCursor, Provider, Result, sensitive};

/// Seconds after which the reading of the paying account is too old to send its top-up.
const MAX_PAYER_AGE: i64 = 30;

impl Ibanera {
    pub(super) fn request(&self, call: Call<'_>, bearer: &HeaderValue) -> Result<Request<Bytes>> {
        let code = self.one_time_password();
        let otp = sensitive(&code)
            .map_err(|_| self.invalid("the one-time password cannot be put in a header"))?;
        let mut request = Request::builder()
            .method(if call.body.is_some() { Method::POST } else { Method::GET })
            .uri(format!("{}/{}", self.base_url, call.path.trim_start_matches('/')))
            .header(AUTHORIZATION, bearer)
            .header("otp", otp)
            .header(ACCEPT, "*/*");
        if call.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = call.idempotency_key {
            request = request.header("IdempotencyKey", key);
        }
        let body = Bytes::copy_from_slice(call.body.unwrap_or_default());
        request.body(body).map_err(|_| self.invalid("base_url and path make no address"))
    }

    /// Card ids are numbers on this wire (ibanera wire notes, 5.4).
    fn card_number(&self, card: &Card) -> Result<i64> {
        card.key.id.parse().map_err(|_| {
            self.invalid(&format!("ibanera's card ids are numbers, and {} is none", card.key.id))
        })
    }

    /// Checks what can be checked of a top-up before its payer is known; the card's number.
    pub(super) fn check_transfer(&self, card: &Card, amount: Money) -> Result<i64> {
        let currency = amount.currency();
        if !matches!(currency.code(), "USD" | "dUSD") || amount.amount().normalize().scale() > 2 {
            return Err(self.invalid("ibanera takes USD or dUSD with at most two decimals"));
        }
        if let Some(other) = card.currency.filter(|of_card| *of_card != currency) {
            return Err(self.invalid(&format!(
                "the card is in {other}, and {amount} is not; nothing was sent"
            )));
        }
        self.card_number(card)
    }

    /// The body of a top-up and of its quote (ibanera wire notes, 2.13 and 2.14).
    pub(super) fn transfer_body(
        &self,
        card_number: i64,
        amount: Money,
        reference: &str,
        paying: &PayingAccount,
    ) -> Result<Zeroizing<Vec<u8>>> {
        Ok(json(&TopUpCard {
            amount: RawValue::from_string(amount.digits())
                .map_err(|_| self.invalid("the amount is not a number"))?,
            reference,
            transfer_types: "TopUpCard",
            currency_type: paying.currency,
            destination_card_id: card_number,
            customers_id: &paying.customer,
            customer_asset_account_id: paying.account,
        }))
    }

    /// `transferfunds` (ibanera wire notes, 2.13), from an account that is read just before: when
    /// none can pay, nothing is sent.
    pub(super) async fn top_up(&self, card: &Card, amount: Money, id: OperationId) -> Result<Ack> {
        let card_number = self.check_transfer(card, amount)?;
        let not_sent = |why: &str| self.invalid(&format!("{why}; nothing was sent"));
        let began = self.http.clock().now();
        let paying = self.paying(card).await?.map_err(|no_payer| not_sent(&no_payer.why))?;
        // The machine may have been asleep, and another process may have given the operation up.
        if self.http.clock().now().duration_since(began).as_secs() > MAX_PAYER_AGE {
            return Err(not_sent("reading the account that pays took too long"));
        }
        if let Some(why) = paying.short_of(amount) {
            return Err(not_sent(&why));
        }
        let body = self.transfer_body(card_number, amount, &id.reference(), &paying)?;
        let key = id.uuid();
        let call = Call {
            idempotency_key: Some(&key),
            ..Call::write(self.spelling.path(settings::TRANSFER), &body)
        };
        let (answer, envelope) = self.ask(call).await?;
        match wire::transfer(&envelope, amount) {
            Ok(reference) => Ok(Ack::Accepted { reference }),
            Err(why) => Err(answer.bad_reply(&format!("{why}"))),
        }
    }

    pub(super) async fn activate(&self, card: &Card) -> Result<Ack> {
        let body = json(&BTreeMap::from([("cardsId", self.card_number(card)?)]));
        let call = Call::write(self.spelling.path(settings::ACTIVATE), &body);
        let answer = self.send(call).await?;
        let envelope = Envelope::read(&answer.body);
        if let Some(envelope) = envelope
            .as_ref()
            .filter(|envelope| envelope.success != Some(true) && envelope.has_code("Card_Active"))
        {
            return Ok(Ack::Done {
                reference: None,
                proof: format!("ibanera answered {}", envelope.words),
            });
        }
        let envelope = succeeded(call.access, &answer, envelope)?;
        Ok(match wire::suppressed(&envelope, &card.key.id) {
            Some(false) => {
                Ack::Done { reference: None, proof: "the answer says bSuppressed false".to_owned() }
            }
            Some(true) | None => Ack::Accepted { reference: None },
        })
    }

    /// Path, body and answer of deactivation are INFERENCE of ibanera wire notes, 2.7: a refusal is
    /// checked against the card.
    pub(super) async fn deactivate(&self, card: &Card) -> Result<Ack> {
        let body =
            json(&BTreeMap::from([(self.spelling.theirs("cardsId"), self.card_number(card)?)]));
        let envelope = match self.ask(Call::write(&self.deactivate_path, &body)).await {
            Ok((_, envelope)) => envelope,
            Err(error) if error.kind == ErrorKind::Refused && error.outcome == Outcome::NotDone => {
                let read = self.card(card).await;
                return match read {
                    Ok(read) if read.state == CardState::Frozen => Ok(Ack::Done {
                        reference: None,
                        proof: format!("refused ({}), and the card is deactivated", error.reason()),
                    }),
                    Ok(_) | Err(_) => Err(error),
                };
            }
            Err(error) if error.kind == ErrorKind::NotFound => {
                let reason = format!(
                    "{}; the card is unknown, or deactivate_path is not the one of this account",
                    error.reason()
                );
                return Err(error.with_reason(&reason));
            }
            Err(error) => return Err(error),
        };
        Ok(match wire::suppressed(&envelope, &card.key.id) {
            Some(true) => {
                Ack::Done { reference: None, proof: "the answer says bSuppressed true".to_owned() }
            }
            Some(false) | None => Ack::Accepted { reference: None },
        })
    }

    /// `changecardpin` (ibanera wire notes, 2.8): nothing can be read back afterwards.
    pub(super) async fn change_pin(
        &self,
        card: &Card,
        new: Option<&Pin>,
        old: Option<&Pin>,
    ) -> Result<Ack> {
        let four = |pin: Option<&Pin>| pin.is_some_and(|pin| pin.len() == 4);
        let (Some(new), Some(old)) =
            (new.filter(|new| four(Some(new))), old.filter(|old| four(Some(old))))
        else {
            return Err(self.invalid("ibanera wants the old and the new PIN, 4 digits each"));
        };
        let top_up_cards_id = self.card_number(card)?;
        let body =
            json(&ChangePin { top_up_cards_id, old_pin: old.expose(), new_pin: new.expose() });
        self.ask(Call::write(self.spelling.path(settings::CHANGE_PIN), &body))
            .await
            .map_err(|error| error.without(&[new, old]))?;
        Ok(Ack::Accepted { reference: None })
    }

    /// The number of a page as this wire counts: `numberOfPages` and `pageSize` of an answer end no
    /// list.
    pub(super) fn page_number(&self, page: PageCursor) -> u32 {
        self.lists.first_page.saturating_add(page.number)
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ` (ibanera wire notes, 5.4).
pub(super) fn wire_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The JSON of a body, wiped when it is dropped. Room for the longest at once, because a buffer
/// that grows leaves copies of a PIN or password behind.
pub(super) fn json(body: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(2_048));
    serde_json::to_writer(&mut *out, body).expect("a struct of texts and numbers is JSON");
    out
}

/// The body of a PIN change (ibanera wire notes, 2.8).
#[derive(Serialize)]
struct ChangePin<'a> {
    #[serde(rename = "TopUpCardsId")]
    top_up_cards_id: i64,
    #[serde(rename = "OldPin")]
    old_pin: &'a str,
    #[serde(rename = "NewPin")]
    new_pin: &'a str,
}

/// The body of a top-up, in the spelling of its example (ibanera wire notes, 2.13).
#[derive(Serialize)]
struct TopUpCard<'a> {
    amount: Box<RawValue>,
    reference: &'a str,
    #[serde(rename = "transferTypes")]
    transfer_types: &'a str,
    #[serde(rename = "currencyType")]
    currency_type: &'a str,
    #[serde(rename = "DestinationCardId")]
    destination_card_id: i64,
    #[serde(rename = "CustomersId")]
    customers_id: &'a str,
    #[serde(rename = "CustomerAssetAccountId")]
    customer_asset_account_id: i64,
}
