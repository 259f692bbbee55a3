//! What the configuration has for an artha account: its settings, where its credentials are, and
//! what of the wire can be spelt otherwise.
//!
//! An id that a call is about is appended to the call's path (artha wire notes, 2).

use std::sync::Arc;

use super::Artha;
use crate::config::endpoint::{Effect, endpoints};
use crate::config::lists::{ListSetting, Lists};
use crate::config::secret::Source;
use crate::config::spelling::WordTable;
use crate::config::{AccountTable, ConfigError, Question, Table};
use crate::domain::card::{IdForm, Ids};
use crate::provider::crypto::Padding;
use crate::provider::encoding::TextEncoding;
use crate::provider::http::Http;
use crate::provider::{AccountSettings, Provider, ProviderConfig, ProviderKind};

/// `kind = "artha"`: the gen-1 Cards API.
pub static KIND: ProviderKind = ProviderKind {
    name: "artha",
    ids: IDS,
    settings: &["customer_token", "all_transactions_path", "signature", "amount_decimals"],
    credentials: &["token", "private_key", "callback_public_key", "webhook_secret"],
    questions: &[
        Question::secret("token", "the bearer token"),
        Question::secret("private_key", "our RSA private key, PEM"),
        Question::roster("the cards, because there is no card list"),
        Question::webhook_secret("callback_public_key", "its public key, where it signs webhooks"),
        Question::webhook_secret("webhook_secret", "the end of their path, where it signs none"),
    ],
    endpoints: ENDPOINTS,
    fields: FIELDS,
    words: WordTable::ALL,
    list_settings: &[
        ListSetting::FirstPage,
        ListSetting::PageSize,
        ListSetting::Span,
        ListSetting::Dates,
        ListSetting::TimeZone,
    ],
    // INFERENCE (artha wire notes, 5.1): pages from 1, 50 rows (the upstream takes 10 to 200),
    // spans of at most 60 days.
    lists: Lists::default,
    read: |account| Ok(Arc::new(Settings::read(account)?)),
};

/// Settings of an artha account.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bearer token.
    pub token: Source,
    /// Our RSA private key, PEM, PKCS#1 or PKCS#8, any size.
    pub private_key: Source,
    /// artha's public key for callbacks, PEM. Where it is set, every callback has to be signed.
    pub callback_public_key: Option<Source>,
    /// What a callback without a signature has in its path or its header `x-webhook-secret`.
    pub webhook_secret: Option<Source>,
    /// Also send the token as the `customerToken` header (artha wire notes, 1.4).
    pub customer_token: bool,
    /// Path of "All Cards Transactions", which is not documented; not called when absent.
    pub all_transactions_path: Option<String>,
    /// How requests are signed.
    pub signature: Signature,
    /// Most decimals of an amount that is sent. INFERENCE (artha wire notes, 6): 2.
    pub amount_decimals: u32,
}

impl Settings {
    fn read(account: &mut AccountTable<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            token: account.credentials.need_secret("token")?,
            private_key: account.credentials.need_secret("private_key")?,
            callback_public_key: account.credentials.secret("callback_public_key")?,
            webhook_secret: account.credentials.secret("webhook_secret")?,
            customer_token: account.settings.flag("customer_token")?.unwrap_or(true),
            all_transactions_path: account.path(
                "all_transactions_path",
                Effect::Reads,
                "Card/AllTransactions",
            )?,
            signature: Signature::read(&mut account.settings)?,
            amount_decimals: account
                .settings
                .read("amount_decimals", "a number from 0 to 8", |text| {
                    text.parse().ok().filter(|digits| *digits <= 8)
                })?
                .unwrap_or(2),
        })
    }
}

impl AccountSettings for Settings {
    fn secrets(&self) -> Vec<&Source> {
        let of_callbacks = self.callback_public_key.iter().chain(&self.webhook_secret);
        [&self.token, &self.private_key].into_iter().chain(of_callbacks).collect()
    }

    fn build(&self, config: &ProviderConfig, http: Http) -> Result<Box<dyn Provider>, String> {
        Ok(Box::new(Artha::new(config, self, http)?))
    }
}

/// How artha's signature is made (artha wire notes, 1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Headers that are signed beside the body's fields.
    pub headers: Vec<String>,
    /// How names are written in the string that is signed.
    pub names: Names,
    /// How values are.
    pub values: Values,
    /// Padding of the RSA signature.
    pub padding: Padding,
    /// How its bytes become text.
    pub text: TextEncoding,
}

impl Default for Signature {
    fn default() -> Self {
        Self {
            headers: SIGNED_HEADERS.map(str::to_owned).to_vec(),
            names: Names::default(),
            values: Values::default(),
            padding: Padding::default(),
            text: TextEncoding::default(),
        }
    }
}

impl Signature {
    /// Reads `[providers.NAME.signature]`.
    fn read(account: &mut Table<'_>) -> Result<Self, ConfigError> {
        let default = Self::default();
        let Some(mut table) = account.table("signature")? else { return Ok(default) };
        table.only(&["headers", "names", "values", "padding", "text"])?;
        let headers = match table.list("headers")? {
            None => default.headers,
            Some((headers, span)) => {
                let unknown =
                    headers.iter().find(|header| !SIGNED_HEADERS.contains(&header.as_str()));
                if let Some(unknown) = unknown {
                    let known = SIGNED_HEADERS.join(", ");
                    let words = format!(
                        "{} names \"{unknown}\": the headers that can be signed are {known}",
                        table.key("headers")
                    );
                    return Err(table.error(span, &words));
                }
                headers
            }
        };
        Ok(Self {
            headers,
            names: table
                .word("names", &[("as_sent", Names::AsSent), ("lower", Names::Lower)])?
                .unwrap_or_default(),
            values: table
                .word("values", &[("raw", Values::Raw), ("percent", Values::Percent)])?
                .unwrap_or_default(),
            padding: table
                .word("padding", &[("pkcs1", Padding::Pkcs1), ("pss", Padding::Pss)])?
                .unwrap_or_default(),
            text: table.word("text", &TextEncoding::WORDS)?.unwrap_or_default(),
        })
    }
}

/// The headers that can be signed: the document's table of protocol headers without the signature
/// itself (artha wire notes, 1.4).
pub const SIGNED_HEADERS: [&str; 3] = ["timestamp", "nonce", "customerToken"];

/// How names are written in the string that is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// As they are sent.
    #[default]
    AsSent,
    /// In lower case.
    Lower,
}

/// How values are written in the string that is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Values {
    /// As they are sent.
    #[default]
    Raw,
    /// Percent-encoded.
    Percent,
}

/// Cards and transactions are named by UUIDs (artha wire notes, 2.5 and 2.9).
pub const IDS: Ids = Ids { cards: IdForm::Guid, transactions: IdForm::Guid };

endpoints! {
    /// Figures of one card.
    reads CARD_BALANCE: "CardBalance" = "CardBalance";
    /// State, expiry and last four digits of one card.
    reads CARD_DETAILS: "CardDetails" = "CardDetails";
    /// One card's transactions.
    reads TRANSACTIONS: "Transactions" = "Card/Transactions";
    /// The float.
    reads MERCHANT: "Merchant" = "MerchantInformation/Merchant";
    /// A fee quote.
    reads ESTIMATE: "EstimateCardTopUpFee" = "EstimateCardTopUpFee";
    /// A top-up. INFERENCE: from the older document.
    changes TOP_UP: "CardTopUp" = "CardTopUp";
    /// What became of a top-up.
    reads TOP_UP_STATUS: "TopUpStatus" = "TopUpStatus";
    /// A freeze.
    changes FREEZE: "CardFreeze" = "CardFreeze";
    /// An unfreeze. INFERENCE: from the older document.
    changes UNFREEZE: "CardUnFreeze" = "CardUnFreeze";
    /// Closing.
    changes CANCEL: "CancelCard" = "CancelCard";
    /// A new PIN. INFERENCE: from the older document.
    changes SET_PIN: "CardSetPin" = "CardSetPin";
}

/// Names of the fields that are read.
pub const FIELDS: &[&str] = &[
    "amount",
    "availableBalance",
    "balances",
    "cardCurrency",
    "cardId",
    "cardNumber",
    "cardStatus",
    "cardType",
    "currency",
    "currencyCode",
    "currentBalance",
    "date",
    "declineReason",
    "expirationDate",
    "fee",
    "mcc",
    "merchantCountry",
    "merchantName",
    "receiveAmount",
    "remarks",
    "status",
    "taskId",
    "total",
    "transactionId",
    "type",
];
