//! What an account can say otherwise than its wire's document: paths, names of fields, words, and
//! how lists are asked for.
//!
//! The documents leave much of the wires open, and what is inferred may be wrong for one account.
//! Every such detail has the document's default here, and a key in the configuration that changes
//! it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};

use crate::domain::card::CardState;
use crate::domain::transaction::{TransactionKind, TransactionState};

/// How one account spells what its wire's document leaves open. Empty is the document's own
/// spelling.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    /// Paths by the key of their call.
    pub paths: BTreeMap<String, String>,
    /// Fields that the account calls otherwise, by its own name of them in lower case.
    pub fields: BTreeMap<String, Renamed>,
    /// Our state of a card, by the provider's word as [`plain`] writes it.
    pub card_states: BTreeMap<String, CardState>,
    /// Our state of a transaction, by the provider's word as [`plain`] writes it.
    pub transaction_states: BTreeMap<String, TransactionState>,
    /// Our kind of a transaction, by the provider's word as [`plain`] writes it.
    pub transaction_kinds: BTreeMap<String, TransactionKind>,
}

impl Spelling {
    /// The path of a call.
    #[must_use]
    pub fn path(&self, path: Path) -> &str {
        self.paths.get(path.key).map_or(path.default, String::as_str)
    }

    /// The document's name of a field that the account calls this; `None` where it calls it as the
    /// document does.
    #[must_use]
    pub fn ours(&self, theirs: &str) -> Option<&str> {
        self.fields.get(&theirs.to_ascii_lowercase()).map(|field| field.ours.as_str())
    }

    /// What the account calls a field of the document.
    #[must_use]
    pub fn theirs<'a>(&'a self, ours: &'a str) -> &'a str {
        let renamed = self.fields.values().find(|field| field.ours.eq_ignore_ascii_case(ours));
        renamed.map_or(ours, |field| &field.theirs)
    }

    /// The state of a card that the configuration gives to a word.
    #[must_use]
    pub fn card_state(&self, word: &str) -> Option<CardState> {
        self.card_states.get(&plain(word)).copied()
    }

    /// The state of a transaction that the configuration gives to a word.
    #[must_use]
    pub fn transaction_state(&self, word: &str) -> Option<TransactionState> {
        self.transaction_states.get(&plain(word)).copied()
    }

    /// The kind of a transaction that the configuration gives to a word.
    #[must_use]
    pub fn transaction_kind(&self, word: &str) -> Option<TransactionKind> {
        self.transaction_kinds.get(&plain(word)).copied()
    }
}

/// A field that an account calls otherwise than its wire's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The document's name.
    pub ours: String,
    /// The account's, as it was written.
    pub theirs: String,
}

/// A foreign word without case, blanks and signs, to be compared with ours.
#[must_use]
pub fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A call's path: its key in the configuration, and the document's path below `base_url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// The last part of the default path, or a name where that part would not tell it from
    /// another.
    pub key: &'static str,
    /// Documented, or inferred where `docs/providers.md` says so.
    pub default: &'static str,
    /// Whether it changes something: no other call may be sent where this one is.
    pub changes: bool,
}

macro_rules! paths {
    ($($(#[$doc:meta])* $does:ident $name:ident: $key:literal = $default:literal;)*) => {
        $($(#[$doc])* pub const $name: Path = Path { key: $key, default: $default, changes: $does() };)*
        /// All of them.
        pub const PATHS: &[Path] = &[$($name),*];
    };
}

const fn reads() -> bool {
    false
}

const fn changes() -> bool {
    true
}

/// artha's calls (artha wire notes, 2). An id that a call is about is appended to its path.
pub mod artha {
    use super::{Path, changes, reads};
    use crate::domain::card::{IdForm, Ids};

    /// Cards and transactions are named by UUIDs (artha wire notes, 2.5 and 2.9).
    pub const IDS: Ids = Ids { cards: IdForm::Guid, transactions: IdForm::Guid };

    paths! {
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
}

/// banana's calls (banana wire notes, 0). INFERENCE there for all but `get_transactions` and
/// `set_pin`; those that cardtop does not ask yet have their keys already.
pub mod banana {
    use super::{Path, changes, reads};
    use crate::domain::card::{IdForm, Ids};

    /// Cards and transactions are named by whole numbers (banana wire notes, 2.12).
    pub const IDS: Ids = Ids { cards: IdForm::Number, transactions: IdForm::Number };

    paths! {
        /// The float.
        reads ACCOUNT_BALANCE: "get_account_balance" = "/merchant/get_account_balance";
        /// Templates of cards.
        reads CARD_TEMPLATES: "get_card_templates" = "/merchant/get_card_templates";
        /// Not asked yet.
        changes SET_WEBHOOK_URL: "set_webhook_url" = "/merchant/set_webhook_url";
        /// Not asked yet.
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
}

/// enkash's card calls (enkash wire notes, page map).
pub mod enkash {
    use super::{Path, changes, reads};
    use crate::domain::card::{IdForm, Ids};

    /// Cards and transactions are named by opaque codes such as `EKCMB7KAEW` (enkash wire notes,
    /// 2.13 and 2.14).
    pub const IDS: Ids = Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque };

    paths! {
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
}

/// ibanera's calls (ibanera wire notes, 2); the one that freezes is `deactivate_path`.
pub mod ibanera {
    use super::{Path, changes, reads};
    use crate::domain::card::{IdForm, Ids};

    /// Cards and transactions are named by whole numbers (ibanera wire notes, 5.4).
    pub const IDS: Ids = Ids { cards: IdForm::Number, transactions: IdForm::Number };

    paths! {
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
}

/// How lists are asked for and their times read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists {
    /// Number of the first page, where pages have numbers.
    pub first_page: u32,
    /// Rows of a page.
    pub page_size: u16,
    /// Longest time that one list is asked for.
    pub span: Duration,
    /// How the ends of that time are written.
    pub dates: Dates,
    /// Name of the zone of times that say none.
    pub time_zone: String,
    /// Which amounts leave the card, where nothing but their sign says so.
    pub outgoing: Sign,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            first_page: 1,
            page_size: 50,
            span: Duration::from_secs(60 * 86_400),
            dates: Dates::default(),
            time_zone: "UTC".to_owned(),
            outgoing: Sign::default(),
        }
    }
}

impl Lists {
    /// The zone of times that say none. India's is known to every system.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or_else(|_| match self.time_zone.as_str() {
            INDIA => TimeZone::fixed(Offset::from_seconds(19_800).unwrap_or(Offset::UTC)),
            _ => TimeZone::UTC,
        })
    }
}

/// The zone of enkash's times.
pub const INDIA: &str = "Asia/Kolkata";

/// How a moment is written in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// `2025-02-18T00:00:00Z`.
    #[default]
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
    /// `2025-02-18`, in UTC.
    Day,
}

/// A sign of amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// Below zero.
    #[default]
    Negative,
    /// Above zero.
    Positive,
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
    pub text: BytesText,
}

/// The headers that can be signed; the document's table of protocol headers without the signature
/// itself.
pub const SIGNED_HEADERS: [&str; 3] = ["timestamp", "nonce", "customerToken"];

impl Default for Signature {
    fn default() -> Self {
        Self {
            headers: SIGNED_HEADERS.map(str::to_owned).to_vec(),
            names: Names::default(),
            values: Values::default(),
            padding: Padding::default(),
            text: BytesText::default(),
        }
    }
}

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

/// Padding of an RSA signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// RSASSA-PKCS1-v1_5.
    #[default]
    Pkcs1,
    /// RSASSA-PSS.
    Pss,
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BytesText {
    /// Base64, standard alphabet, padded.
    #[default]
    Base64,
    /// Base64, URL-safe alphabet, padded.
    Base64Url,
    /// Hexadecimal in lower case.
    Hex,
    /// Hexadecimal in upper case.
    HexUpper,
}

impl BytesText {
    /// The bytes as text.
    #[must_use]
    pub fn write(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64 => data_encoding::BASE64.encode(bytes),
            Self::Base64Url => data_encoding::BASE64URL.encode(bytes),
            Self::Hex => data_encoding::HEXLOWER.encode(bytes),
            Self::HexUpper => data_encoding::HEXUPPER.encode(bytes),
        }
    }

    /// The bytes of a text; hexadecimal in either case.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => data_encoding::BASE64.decode(text.as_bytes()),
            Self::Base64Url => data_encoding::BASE64URL.decode(text.as_bytes()),
            Self::Hex | Self::HexUpper => {
                data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes())
            }
        }
        .ok()
    }
}
