//! What the configuration has for an enkash account: its settings, where its credentials are, and
//! what of the wire can be spelt otherwise.
//!
//! The paths are those of the card calls (enkash wire notes, page map); the token call has an
//! address of its own.

use std::sync::Arc;

use super::Enkash;
use crate::config::endpoint::endpoints;
use crate::config::lists::{INDIA, ListSetting, Lists};
use crate::config::secret::Source;
use crate::config::spelling::WordTable;
use crate::config::{AccountTable, ConfigError, Question, Table};
use crate::domain::card::{IdForm, Ids};
use crate::provider::http::Http;
use crate::provider::{AccountSettings, Provider, ProviderConfig, ProviderKind};

/// `kind = "enkash"`: EnKash prepaid cards.
pub static KIND: ProviderKind = ProviderKind {
    name: "enkash",
    ids: IDS,
    settings: &[
        "token_url",
        "partner_id",
        "company_id",
        "card_account_id",
        "encryption",
        "load",
        "key_derivation",
        "envelope_field",
        "pin_block",
        "unencrypted",
        "otp_required",
    ],
    credentials: &[
        "client_id",
        "client_secret",
        "username",
        "password",
        "encryption_key",
        "webhook_secret",
    ],
    questions: &[
        Question::address("token_url", "the whole address of the token call, on its own host"),
        Question::text("partner_id", "the partner's id, such as CR…"),
        Question::text("company_id", "the company's id, such as CEK…"),
        Question::text("card_account_id", "the account that funds the cards, such as CA…"),
        Question::secret("client_id", "the OAuth client id"),
        Question::secret("client_secret", "the OAuth client secret"),
        Question::secret("username", "the partner's mobile number or e-mail"),
        Question::secret("password", "the partner's password"),
        Question::secret("encryption_key", "the secret that the payload key is derived from"),
        Question::webhook_secret("webhook_secret", "the end of the path of webhooks"),
    ],
    endpoints: ENDPOINTS,
    fields: FIELDS,
    words: WordTable::ALL,
    list_settings: &[ListSetting::TimeZone],
    lists,
    read: |account| Ok(Arc::new(Settings::read(account)?)),
};

/// INFERENCE (enkash wire notes, 6.24): times without a zone are India's.
pub(super) fn lists() -> Lists {
    Lists { time_zone: INDIA.to_owned(), ..Lists::default() }
}

/// Settings of an EnKash account.
///
/// More than twelve fields: one for each key of the file.
#[derive(Clone, Debug)]
pub struct Settings {
    /// OAuth client id.
    pub client_id: Source,
    /// OAuth client secret.
    pub client_secret: Source,
    /// The partner's mobile number or e-mail.
    pub username: Source,
    /// Password.
    pub password: Source,
    /// Secret that the payload key is derived from.
    pub encryption_key: Source,
    /// What a callback has in its path or its header `x-webhook-secret`.
    pub webhook_secret: Option<Source>,
    /// The whole address of the token call, on its own host (enkash wire notes, 1.3).
    pub token_url: String,
    /// `partnerId` header.
    pub partner_id: String,
    /// Company.
    pub company_id: String,
    /// Account that funds the cards.
    pub card_account_id: String,
    /// How requests are wrapped.
    pub encryption: BodyWrapping,
    /// Which pair of words a load carries.
    pub load: Load,
    /// How the encryption key's text becomes bytes.
    pub key_derivation: KeyDerivation,
    /// The field that an encrypted request is sent in (enkash wire notes, 1.5).
    pub envelope_field: String,
    /// Calls that are sent in plain all the same, by their key in `paths`; never the PIN.
    pub unencrypted: Vec<String>,
    /// How a new PIN is written inside the encrypted body.
    pub pin_block: PinBlock,
    /// What `otpRequired` says: whether the cardholder is to confirm a change by a one-time
    /// password.
    pub otp_required: bool,
}

impl Settings {
    fn read(account: &mut AccountTable<'_>) -> Result<Self, ConfigError> {
        let (settings, credentials) = (&mut account.settings, &mut account.credentials);
        Ok(Self {
            client_id: credentials.need_secret("client_id")?,
            client_secret: credentials.need_secret("client_secret")?,
            username: credentials.need_secret("username")?,
            password: credentials.need_secret("password")?,
            encryption_key: credentials.need_secret("encryption_key")?,
            webhook_secret: credentials.secret("webhook_secret")?,
            token_url: settings.need_address("token_url")?,
            partner_id: settings.need_text("partner_id")?,
            company_id: settings.need_text("company_id")?,
            card_account_id: settings.need_text("card_account_id")?,
            encryption: settings.word("encryption", &BodyWrapping::WORDS)?.unwrap_or_default(),
            load: settings
                .word(
                    "load",
                    &[("allocate_fund", Load::AllocateFund), ("load_money", Load::LoadMoney)],
                )?
                .unwrap_or_default(),
            key_derivation: settings
                .word(
                    "key_derivation",
                    &[("sha256", KeyDerivation::Sha256), ("own", KeyDerivation::Own)],
                )?
                .unwrap_or_default(),
            envelope_field: settings
                .some_text("envelope_field")?
                .unwrap_or_else(|| "request".to_owned()),
            unencrypted: unencrypted(settings)?,
            pin_block: settings
                .word("pin_block", &[("plain", PinBlock::Plain), ("iso2", PinBlock::Iso2)])?
                .unwrap_or_default(),
            otp_required: settings.flag("otp_required")?.unwrap_or(false),
        })
    }
}

/// The calls that are sent in plain although `encryption` is on.
fn unencrypted(settings: &mut Table<'_>) -> Result<Vec<String>, ConfigError> {
    let Some((calls, span)) = settings.list("unencrypted")? else { return Ok(Vec::new()) };
    let known: Vec<&str> =
        ENDPOINTS.iter().filter(|call| **call != SET_PIN).map(|call| call.key).collect();
    let Some(call) = calls.iter().find(|call| !known.contains(&call.as_str())) else {
        return Ok(calls);
    };
    let setting = settings.key("unencrypted");
    let words = if call == SET_PIN.key {
        format!("{setting} names \"{call}\": a PIN is never sent in plain")
    } else {
        format!("{setting} names \"{call}\": known are {}", known.join(", "))
    };
    Err(settings.error(span, &words))
}

impl AccountSettings for Settings {
    fn secrets(&self) -> Vec<&Source> {
        let own = [
            &self.client_id,
            &self.client_secret,
            &self.username,
            &self.password,
            &self.encryption_key,
        ];
        own.into_iter().chain(&self.webhook_secret).collect()
    }

    fn other_addresses(&self) -> Vec<&str> {
        vec![&self.token_url]
    }

    fn build(&self, config: &ProviderConfig, http: Http) -> Result<Box<dyn Provider>, String> {
        Ok(Box::new(Enkash::new(config, self, http)?))
    }
}

/// How EnKash requests are wrapped (enkash wire notes, 1.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyWrapping {
    /// `{"request":"<base64>"}`.
    #[default]
    Envelope,
    /// A bare JSON string of base64.
    Bare,
    /// Plain JSON.
    Off,
}

impl BodyWrapping {
    const WORDS: [(&'static str, Self); 3] =
        [("envelope", Self::Envelope), ("bare", Self::Bare), ("off", Self::Off)];
}

/// Which pair of words an EnKash load carries (enkash wire notes, 2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// `ALLOCATE_FUND` and `ALLOCATION`.
    #[default]
    AllocateFund,
    /// `LOAD_MONEY` and `PRINCIPLE`.
    LoadMoney,
}

/// How EnKash's encryption key becomes bytes (enkash wire notes, 6.2: INFERENCE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyDerivation {
    /// The first 16 bytes of its SHA-256.
    #[default]
    Sha256,
    /// The text's own bytes.
    Own,
}

/// How EnKash takes a new PIN (enkash wire notes, 6.18: INFERENCE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PinBlock {
    /// Its digits.
    #[default]
    Plain,
    /// The PIN block of ISO 9564-1 in format 2, in hexadecimal: the one that needs no card number.
    Iso2,
}

/// Cards and transactions are named by opaque codes such as `EKCMB7KAEW` (enkash wire notes,
/// 2.13 and 2.14).
pub const IDS: Ids = Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque };

endpoints! {
    /// All cards.
    reads SEARCH: "search" = "/api/v0/partner/enKashCard/search";
    /// One card. INFERENCE: the same call as the list; `wallet-details` is the other candidate.
    reads DETAILS: "details" = "/api/v0/partner/enKashCard/search";
    /// A load by our reference.
    reads TRANSACTION: "transaction" = "/api/v0/partner/enKashCard/transaction/all";
    /// Transactions by time. INFERENCE: the same call without a reference.
    reads TRANSACTIONS: "transactions" = "/api/v0/partner/enKashCard/transaction/all";
    /// The float.
    reads CARD_ACCOUNT: "cardAccount" = "/api/v0/partner/enKashCard/cardAccount/get";
    /// Freeze, unfreeze and close.
    changes BLOCK: "block" = "/api/v0/partner/enKashCard/block";
    /// A load.
    changes BALANCE: "balance" = "/api/v0/partner/enKashCard/balance";
    /// A PIN.
    changes SET_PIN: "setPin" = "/api/v0/partner/enKashCard/setPin";
}

/// Names of the fields that are read.
pub const FIELDS: &[&str] = &[
    "amount",
    "availableBalance",
    "cardHolderName",
    "cardStatus",
    "cardTransactionType",
    "channel",
    "country",
    "createdOn",
    "currency",
    "data",
    "declineReason",
    "description",
    "enKashCardId",
    "enKashCardTransactionId",
    "expiryMonth",
    "expiryYear",
    "maskedCard",
    "maskedNumber",
    "mcc",
    "merchantName",
    "otbBalance",
    "pgReferenceNumber",
    "physicalCard",
    "principalAmount",
    "recordsCount",
    "status",
    "transactionFees",
    "txnDate",
    "txnDetails",
    "type",
];
