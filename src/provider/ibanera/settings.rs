//! What the configuration has for an ibanera account: its settings, where its credentials are, and
//! what of the wire can be spelt otherwise.
//!
//! The calls are those of the customer API (ibanera wire notes, 2); the path of the one that
//! freezes is a setting of its own, `deactivate_path`.

use std::sync::Arc;

use super::Ibanera;
use crate::config::endpoint::{Effect, endpoints};
use crate::config::lists::{ListSetting, Lists};
use crate::config::secret::Source;
use crate::config::spelling::WordTable;
use crate::config::{AccountTable, ConfigError, Question};
use crate::domain::card::{IdForm, Ids};
use crate::provider::http::Http;
use crate::provider::{AccountSettings, Provider, ProviderConfig, ProviderKind};

/// `kind = "ibanera"`: the Ibanera Customer API.
pub static KIND: ProviderKind = ProviderKind {
    name: "ibanera",
    ids: IDS,
    settings: &["secret_encoding", "pays", "manager_id", "asset_account_id", "deactivate_path"],
    credentials: &["username", "password", "shared_secret", "webhook_secret"],
    questions: &[
        Question::secret("username", "the login name"),
        Question::secret("password", "the password"),
        Question::secret("shared_secret", "the shared secret of the one-time passwords"),
        Question::webhook_secret("webhook_secret", "the hash secret of callbacks"),
    ],
    endpoints: ENDPOINTS,
    fields: FIELDS,
    // Its transactions have no words for state or kind.
    words: &[WordTable::CardStates],
    list_settings: &[
        ListSetting::FirstPage,
        ListSetting::PageSize,
        ListSetting::TimeZone,
        ListSetting::Outgoing,
    ],
    // The greatest page that ibanera takes is not documented.
    lists: Lists::default,
    read: |account| Ok(Arc::new(Settings::read(account)?)),
};

/// Settings of an Ibanera account.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Login name.
    pub username: Source,
    /// Password.
    pub password: Source,
    /// Shared secret of the one-time passwords.
    pub shared_secret: Source,
    /// The hash secret of callbacks (ibanera wire notes, 3.2).
    pub webhook_secret: Option<Source>,
    /// How the shared secret's text becomes bytes.
    pub secret_encoding: SecretEncoding,
    /// Whose account pays for top-ups. Without it there are none: the documents do not say which
    /// of the two is right.
    pub pays: Option<Pays>,
    /// The manager's own customer id, where the manager pays; else it is asked.
    pub manager_id: Option<String>,
    /// The payer's account that pays; found among the payer's accounts when absent and unique.
    pub asset_account_id: Option<String>,
    /// Path of the call that freezes.
    pub deactivate_path: String,
}

/// The path of the freeze. INFERENCE (ibanera wire notes, 2.7).
pub(super) const DEACTIVATE: &str = "/api/v1/customer/cards/deactivate";

impl Settings {
    fn read(account: &mut AccountTable<'_>) -> Result<Self, ConfigError> {
        let (settings, credentials) = (&mut account.settings, &mut account.credentials);
        Ok(Self {
            username: credentials.need_secret("username")?,
            password: credentials.need_secret("password")?,
            shared_secret: credentials.need_secret("shared_secret")?,
            webhook_secret: credentials.secret("webhook_secret")?,
            secret_encoding: settings
                .word(
                    "secret_encoding",
                    &[("base32", SecretEncoding::Base32), ("ascii", SecretEncoding::Ascii)],
                )?
                .unwrap_or_default(),
            pays: settings
                .word("pays", &[("customer", Pays::Customer), ("manager", Pays::Manager)])?,
            manager_id: settings.some_text("manager_id")?,
            asset_account_id: settings.some_text("asset_account_id")?,
            deactivate_path: account.path_or("deactivate_path", Effect::Changes, DEACTIVATE)?,
        })
    }
}

impl AccountSettings for Settings {
    fn secrets(&self) -> Vec<&Source> {
        let own = [&self.username, &self.password, &self.shared_secret];
        own.into_iter().chain(&self.webhook_secret).collect()
    }

    fn build(&self, config: &ProviderConfig, http: Http) -> Result<Box<dyn Provider>, String> {
        Ok(Box::new(Ibanera::new(config, self, http)?))
    }
}

/// Whose account pays for a top-up (ibanera wire notes, 2.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// The customer's whose card it is.
    Customer,
    /// The manager's: the one whose credentials cardtop has.
    Manager,
}

/// How the shared secret becomes bytes (ibanera wire notes, 1.4; which of the two is INFERENCE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretEncoding {
    /// RFC 4648 base 32.
    #[default]
    Base32,
    /// The text's own bytes.
    Ascii,
}

/// Cards and transactions are named by whole numbers (ibanera wire notes, 5.4).
pub const IDS: Ids = Ids { cards: IdForm::Number, transactions: IdForm::Number };

endpoints! {
    /// The login.
    reads LOGIN: "login" = "/api/v1/public/auth/login";
    /// All cards.
    reads CARD_BALANCES: "card_balances" = "/api/v1/customer/cards/balances";
    /// One card.
    reads CARD_DETAILS: "carddetails" = "/api/v1/customer/cards/carddetails";
    /// One card's transactions.
    reads TRANSACTIONS: "transactions" = "/api/v1/customer/cards/transactions";
    /// The manager's own accounts.
    reads ACCOUNT_BALANCES: "account_balances" = "/api/v1/customer/accounts/balances";
    /// The accounts of one customer. INFERENCE: the path is from somebody's code.
    reads LIST_ACCOUNTS: "list-accounts" = "/api/v1/customer/accounts/list-accounts";
    /// One account, which tells whose it is. INFERENCE: the path is from somebody's code.
    reads ACCOUNT: "account" = "/api/v1/customer/accounts/account";
    /// An unfreeze.
    changes ACTIVATE: "activate" = "/api/v1/customer/cards/activate";
    /// A PIN change.
    changes CHANGE_PIN: "changecardpin" = "/api/v1/customer/cards/changecardpin";
    /// A top-up.
    changes TRANSFER: "transferfunds" = "/api/v1/customer/cards/transferfunds";
    /// A fee quote.
    reads REVIEW: "reviewtransferfunds" = "/api/v1/customer/cards/reviewtransferfunds";
}

/// Names of the fields that are read; `cardsId` is also what the deactivation is asked with.
pub const FIELDS: &[&str] = &[
    "RefundTransactionsID",
    "ToTransactionId",
    "amount",
    "asset",
    "availableBalance",
    "bPending",
    "bSuppressed",
    "cardHolderName",
    "cardLast4",
    "cardType",
    "cardsId",
    "currency",
    "customersID",
    "dateTime",
    "description",
    "expiryDate",
    "fee",
    "id",
    "pendingBalance",
    "status",
    "totalBalance",
    "totalDue",
];
