//! What the configuration has for a Banana Tech account: its settings, where its credentials are,
//! and what of the wire can be spelt otherwise.
//!
//! The paths are INFERENCE (banana wire notes, 0) for all calls but `get_transactions` and
//! `set_pin`; those that cardtop does not ask yet have their keys already.

use std::sync::Arc;

use super::Banana;
use crate::config::endpoint::endpoints;
use crate::config::lists::{ListSetting, Lists};
use crate::config::secret::Source;
use crate::config::spelling::WordTable;
use crate::config::{AccountTable, ConfigError, Question};
use crate::domain::card::{IdForm, Ids};
use crate::provider::encoding::TextEncoding;
use crate::provider::http::Http;
use crate::provider::{AccountSettings, Provider, ProviderConfig, ProviderKind};

/// `kind = "banana"`: Banana Tech.
pub static KIND: ProviderKind = ProviderKind {
    name: "banana",
    ids: IDS,
    settings: &[
        "merchant_id",
        "secret_key_encoding",
        "hmac_key_encoding",
        "payload_text",
        "hmac_text",
        "empty_body",
    ],
    credentials: &["secret_key"],
    questions: &[
        Question::text("merchant_id", "the merchant's UUID"),
        Question::secret("secret_key", "the one key for encryption and signing"),
        Question::roster("id and user_id of every card, because there is no card list"),
    ],
    endpoints: ENDPOINTS,
    fields: FIELDS,
    words: WordTable::ALL,
    list_settings: &[ListSetting::PageSize, ListSetting::Dates, ListSetting::TimeZone],
    lists,
    read: |account| Ok(Arc::new(Settings::read(account)?)),
};

/// INFERENCE: 100 rows a page, since no maximum is documented (banana wire notes, 5.1).
pub(super) fn lists() -> Lists {
    Lists { page_size: 100, ..Lists::default() }
}

/// Settings of a Banana Tech account.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The one key for encryption and signing.
    pub secret_key: Source,
    /// The merchant's UUID.
    pub merchant_id: String,
    /// How the key's text becomes bytes (banana wire notes, 1.7).
    pub secret_key_encoding: KeyEncoding,
    /// How it becomes the bytes that sign, where that is another way.
    pub hmac_key_encoding: Option<KeyEncoding>,
    /// How encrypted bytes become text (banana wire notes, 1.3).
    pub payload_text: TextEncoding,
    /// How a signature becomes text (banana wire notes, 1.4).
    pub hmac_text: TextEncoding,
    /// What a call without parameters sends.
    pub empty_body: EmptyBody,
}

impl Settings {
    fn read(account: &mut AccountTable<'_>) -> Result<Self, ConfigError> {
        let settings = &mut account.settings;
        Ok(Self {
            secret_key: account.credentials.need_secret("secret_key")?,
            merchant_id: settings.need_text("merchant_id")?,
            secret_key_encoding: settings
                .word("secret_key_encoding", &KeyEncoding::WORDS)?
                .unwrap_or_default(),
            hmac_key_encoding: settings.word("hmac_key_encoding", &KeyEncoding::WORDS)?,
            payload_text: settings.word("payload_text", &TextEncoding::WORDS)?.unwrap_or_default(),
            hmac_text: settings
                .word("hmac_text", &TextEncoding::WORDS)?
                .unwrap_or(TextEncoding::Hex),
            empty_body: settings
                .word(
                    "empty_body",
                    &[("object", EmptyBody::Object), ("nothing", EmptyBody::Nothing)],
                )?
                .unwrap_or_default(),
        })
    }
}

impl AccountSettings for Settings {
    fn secrets(&self) -> Vec<&Source> {
        vec![&self.secret_key]
    }

    fn build(&self, config: &ProviderConfig, http: Http) -> Result<Box<dyn Provider>, String> {
        Ok(Box::new(Banana::new(config, self, http)?))
    }
}

/// What a call without parameters sends. INFERENCE (banana wire notes, 1.3): an encrypted `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyBody {
    /// An encrypted `{}`.
    #[default]
    Object,
    /// No body; the signature is that of no bytes.
    Nothing,
}

/// How a key's text becomes bytes. INFERENCE (banana wire notes, 1.7): the text's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyEncoding {
    /// The text's own bytes.
    #[default]
    Utf8,
    /// Hexadecimal.
    Hex,
    /// Base64.
    Base64,
}

impl KeyEncoding {
    const WORDS: [(&'static str, Self); 3] =
        [("utf8", Self::Utf8), ("hex", Self::Hex), ("base64", Self::Base64)];
}

/// Cards and transactions are named by whole numbers (banana wire notes, 2.12).
pub const IDS: Ids = Ids { cards: IdForm::Number, transactions: IdForm::Number };

endpoints! {
    /// The float.
    reads ACCOUNT_BALANCE: "get_account_balance" = "/merchant/get_account_balance";
    /// Templates of cards.
    reads CARD_TEMPLATES: "get_card_templates" = "/merchant/get_card_templates";
    /// Not asked yet.
    changes SET_WEBHOOK_URL: "set_webhook_url" = "/merchant/set_webhook_url";
    /// The webhooks that were sent.
    reads WEBHOOK_RECORDS: "get_webhook_records" = "/merchant/get_webhook_records";
    /// Not asked yet.
    changes REGISTER: "register" = "/user/register";
    /// Not asked yet.
    reads USERS: "get_users" = "/user/get_users";
    /// Not asked yet.
    changes APPLY: "apply" = "/card/apply";
    /// A top-up.
    changes RECHARGE: "recharge" = "/card/recharge";
    /// Freeze, unfreeze and close.
    changes UPDATE_STATUS: "update_status" = "/card/update_status";
    /// Figures of one card.
    reads BALANCE: "get_balance" = "/card/get_balance";
    /// State, expiry, last four digits and template of one card.
    reads INFORMATION: "get_information" = "/card/get_information";
    /// Transactions of all cards or one.
    reads TRANSACTIONS: "get_transactions" = "/card/get_transactions";
    /// Not asked yet.
    changes ASSIGN: "assign" = "/card/assign";
    /// A PIN.
    changes SET_PIN: "set_pin" = "/card/set_pin";
    /// Not asked yet.
    changes CONFIRM_3DS: "3ds_confirm" = "/card/3ds_confirm";
}

/// Names of the fields that are read.
pub const FIELDS: &[&str] = &[
    "amount",
    "balance",
    "card_id",
    "card_number",
    "created_at",
    "currency",
    "decline_reason",
    "description",
    "expiry_date",
    "fee",
    "id",
    "mcc",
    "merchant_country",
    "merchant_name",
    "message",
    "number",
    "status",
    "success",
    "template_id",
    "total",
    "type",
];
