//! The sandbox's enkash: token, partner header and the encrypted envelope of "enkash wire notes"
//! (made from docs.enkash.com) 1, the card calls of 2. A repeated reference pays twice here,
//! because the notes say to assume so (5). Must not share a line with the adapter. Section numbers
//! in comments are those of the notes.

mod envelope;
mod login;
mod named;
mod rows;
mod server;
mod webhooks;

use std::borrow::Cow;

use jiff::SignedDuration;

use self::server::EnkashServer;
use super::{CardIds, ConfigEntry, Credential, ProgrammeRules, RequestKind, Server, Setting, Wire};
use crate::sandbox::bank::{
    Bank, CardPlan, Closing, FeePayer, Person, PhysicalCards, Programme, Row, person,
};
use crate::sandbox::call::Reply;
use crate::sandbox::letter::{Letter, Message, Rules, Sealing, WebhookOptions};
use crate::sandbox::merchants;
use crate::sandbox::scenario::Scenario;

/// The OAuth client id: the same text as the company id, as in the document's samples (1.3).
pub(in crate::sandbox) const CLIENT_ID: &str = "CEKSANDBX1";
pub(in crate::sandbox) const CLIENT_SECRET: &str = "sandbox-enkash-client-secret";
pub(in crate::sandbox) const USERNAME: &str = "6660686687";
pub(in crate::sandbox) const PASSWORD: &str = "sandbox-enkash-password";
pub(in crate::sandbox) const ENCRYPTION_KEY: &str = "sandbox-enkash-encryption-key";
pub(in crate::sandbox) const PARTNER_ID: &str = "CRSANDBX1";
pub(in crate::sandbox) const COMPANY_ID: &str = "CEKSANDBX1";
pub(in crate::sandbox) const CARD_ACCOUNT_ID: &str = "CASANDBX1";

/// Letters of ids, as far as the documents' samples go (1.2).
const ID_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";

/// OAuth token, encrypted envelope, rupees.
pub(super) struct Enkash;

impl Wire for Enkash {
    fn name(&self) -> &'static str {
        "enkash"
    }

    fn config_entry(&self, base: &str, _: &[Scenario]) -> ConfigEntry {
        ConfigEntry {
            comment: &["enkash gets its token from a host of its own; here both are the same \
                        server."],
            urls: vec![("base_url", base.to_owned()), ("token_url", format!("{base}/oauth/token"))],
            roster: None,
            settings: vec![
                ("partner_id", Setting::Text(PARTNER_ID)),
                ("company_id", Setting::Text(COMPANY_ID)),
                ("card_account_id", Setting::Text(CARD_ACCOUNT_ID)),
                ("encryption", Setting::Text("envelope")),
                ("load", Setting::Text("allocate_fund")),
            ],
            credentials: &[
                Credential { key: "client_id", file: "enkash-client-id", secret: CLIENT_ID },
                Credential {
                    key: "client_secret",
                    file: "enkash-client-secret",
                    secret: CLIENT_SECRET,
                },
                Credential { key: "username", file: "enkash-username", secret: USERNAME },
                Credential { key: "password", file: "enkash-password", secret: PASSWORD },
                Credential {
                    key: "encryption_key",
                    file: "enkash-encryption-key",
                    secret: ENCRYPTION_KEY,
                },
            ],
        }
    }

    fn server(&self) -> Box<dyn Server> {
        Box::<EnkashServer>::default()
    }

    fn request_kind(&self, path: &str) -> RequestKind {
        if login::is_login(path) {
            return RequestKind::Login;
        }
        match server::route(path) {
            "/balance" | "/block" | "/setPin" => RequestKind::Write,
            _ => RequestKind::Read,
        }
    }

    fn unauthorized(&self) -> Reply {
        login::unauthorized()
    }

    fn seal_webhook(&self, message: &Message, sealing: Sealing<'_>) -> Letter {
        webhooks::seal(message, &sealing)
    }

    fn webhook_rules(&self) -> &'static Rules {
        &webhooks::RULES
    }

    fn webhook_credential(&self, _: &WebhookOptions) -> Option<Credential> {
        Some(webhooks::CREDENTIAL)
    }
}

impl ProgrammeRules for Enkash {
    fn programme(&self) -> &'static Programme {
        &PROGRAMME
    }

    /// In the shapes seen (1.2): `EKC` and seven letters or digits, `EK` and six.
    fn card_ids(&self, bank: &mut Bank, _: usize) -> CardIds {
        loop {
            let card = format!("EKC{}", bank.random.letters(ID_LETTERS, 7));
            if bank.cards.position(&card).is_none() {
                let holder = format!("EK{}", bank.random.letters(ID_LETTERS, 6));
                return CardIds { card, holder };
            }
        }
    }

    fn row_id(&self, _: &Bank, row: &Row) -> String {
        rows::row_id(row)
    }

    fn canonical_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(id)
    }

    fn alternate_id(&self, id: &str) -> String {
        format!(" {id} ")
    }

    fn foreign_reference(&self, number: usize) -> Option<String> {
        Some(format!("PAYROLL{number:08}"))
    }
}

static PROGRAMME: Programme = Programme {
    people: PEOPLE,
    cards: CardPlan {
        bin: "608001",
        last4: &["3391", "2210", "2075", "5018", "8842", "4471"],
        currencies: &["INR"],
        physical_cards: PhysicalCards::EverySecond,
        virtual_cards_have_pins: false,
    },
    float_currencies: &["INR"],
    market: &merchants::INDIA,
    // Code BL blocks for good (4.2); no call gives the money back (6, row 25).
    closing: Closing::KeepsBalance,
    issuer_blocks_cards: true,
    first_money_activates: false,
    customers_have_accounts: false,
    fee_payer: FeePayer::Merchant,
    wrong_clock: SignedDuration::from_secs(45),
};

const PEOPLE: &[Person] = &[
    person("Priya", "Nair", "Ms"),
    person("Arjun", "Mehta", "Mr"),
    person("Sam", "Okoro", "Mr"),
    person("Kavya", "Reddy", "Ms"),
    person("Rohan", "Deshpande", "Mr"),
    person("Ananya", "Iyer", "Ms"),
    person("Vikram", "Singh", "Mr"),
    person("Neha", "Kulkarni", "Ms"),
    person("Imran", "Shaikh", "Mr"),
    person("Divya", "Menon", "Ms"),
    person("Aditya", "Banerjee", "Mr"),
    person("Meera", "Joshi", "Ms"),
    person("Karan", "Malhotra", "Mr"),
    person("Lakshmi", "Venkatesan", "Ms"),
    person("Farhan", "Qureshi", "Mr"),
    person("Sneha", "Patil", "Ms"),
];
