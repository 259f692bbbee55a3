//! The sandbox's artha: gen-1 "Cards API" as "artha wire notes" (made from docs.artha.work) 1 to 3
//! and 5 describe it, signatures checked, answers typed `text/plain`. Must not share a line with
//! the adapter. Section numbers in comments are those of the notes.

mod callback_key;
mod reply;
mod rows;
mod server;
mod signing;
mod webhooks;

use std::borrow::Cow;

use jiff::SignedDuration;
use rust_decimal::Decimal;

use self::server::ArthaServer;
pub(in crate::sandbox) use self::signing::TEST_PRIVATE_KEY;
#[cfg(test)]
pub(in crate::sandbox) use self::signing::tests::sign;
use super::{
    CardIds, ConfigEntry, Credential, ProgrammeRules, RequestKind, Roster, Server, Setting, Wire,
};
use crate::domain::money::Currency;
use crate::sandbox::bank::{
    Bank, CardPlan, Closing, FeePayer, Person, PhysicalCards, Programme, Row, person, rounded,
};
use crate::sandbox::call::Reply;
use crate::sandbox::letter::{Letter, Message, Rules, Sealing, WebhookOptions};
use crate::sandbox::merchants;
use crate::sandbox::scenario::Scenario;

/// The bearer token, which is the customer token as well (1.4).
pub(in crate::sandbox) const TOKEN: &str = "sandbox-artha-token-5f1d7c";

/// Where all cards' transactions are: the document names no path, so the operator configures it
/// (2.10, inferred).
const ALL_TRANSACTIONS: &str = "Card/AllTransactions";

/// Gen-1 "Cards API".
pub(super) struct Artha;

impl Wire for Artha {
    fn name(&self) -> &'static str {
        "artha"
    }

    fn config_entry(&self, base: &str, _: &[Scenario]) -> ConfigEntry {
        ConfigEntry {
            comment: &[
                "artha has no card list, so its cards come from a roster. The key is a test \
                        key of the sandbox.",
            ],
            urls: vec![("base_url", format!("{base}/api/v1"))],
            roster: Some(Roster::Cards),
            settings: vec![
                ("customer_token", Setting::Flag(true)),
                ("all_transactions_path", Setting::Text(ALL_TRANSACTIONS)),
            ],
            credentials: &[
                Credential { key: "token", file: "artha-token", secret: TOKEN },
                Credential { key: "private_key", file: "artha-key.pem", secret: TEST_PRIVATE_KEY },
            ],
        }
    }

    fn server(&self) -> Box<dyn Server> {
        Box::<ArthaServer>::default()
    }

    /// There is no login: the token is handed out beforehand (1.3).
    fn request_kind(&self, path: &str) -> RequestKind {
        match server::route(path).0.as_str() {
            "cardtopup" | "cardfreeze" | "cardunfreeze" | "cancelcard" | "cardsetpin" => {
                RequestKind::Write
            }
            _ => RequestKind::Read,
        }
    }

    fn unauthorized(&self) -> Reply {
        signing::unauthorized("The token is not valid.")
    }

    fn seal_webhook(&self, message: &Message, sealing: Sealing<'_>) -> Letter {
        webhooks::seal(message, sealing)
    }

    fn webhook_rules(&self) -> &'static Rules {
        &webhooks::RULES
    }

    fn webhook_credential(&self, options: &WebhookOptions) -> Option<Credential> {
        Some(webhooks::credential(options))
    }
}

impl ProgrammeRules for Artha {
    fn programme(&self) -> &'static Programme {
        &PROGRAMME
    }

    /// GUIDs, as in the document's examples (2).
    fn card_ids(&self, bank: &mut Bank, card: usize) -> CardIds {
        CardIds {
            card: bank.random.uuid(1_000_000_000 + card as u64),
            holder: bank.random.uuid(2_000_000_000 + card as u64),
        }
    }

    fn row_id(&self, bank: &Bank, row: &Row) -> String {
        bank.random.uuid(row.id_root)
    }

    /// Case means nothing in a GUID.
    fn canonical_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        Cow::Owned(id.to_ascii_lowercase())
    }

    fn alternate_id(&self, id: &str) -> String {
        id.to_ascii_uppercase()
    }

    /// Taken out of the sum, as in the document's example (2.8); one in a hundred is ours.
    fn top_up_fee(&self, sum: Decimal, currency: Currency) -> Decimal {
        rounded(sum / Decimal::ONE_HUNDRED, currency)
    }
}

static PROGRAMME: Programme = Programme {
    people: PEOPLE,
    cards: CardPlan {
        bin: "411111",
        last4: &["4242", "0917", "6644", "1100", "3018"],
        currencies: &["USD", "EUR", "EUR", "USD", "USD", "JPY", "EUR", "USD"],
        physical_cards: PhysicalCards::EveryFourth,
        virtual_cards_have_pins: false,
    },
    float_currencies: &["USD", "EUR", "JPY"],
    market: &merchants::WORLD,
    closing: Closing::ReturnsBalance,
    issuer_blocks_cards: false,
    first_money_activates: false,
    customers_have_accounts: false,
    fee_payer: FeePayer::Card,
    wrong_clock: SignedDuration::from_secs(200),
};

const PEOPLE: &[Person] = &[
    person("Mara", "Lindqvist", "Ms"),
    person("Jonas", "Weber", "Mr"),
    person("Lea", "Moreau", "Ms"),
    person("Ada", "Holm", "Ms"),
    person("Oda", "Krog", "Ms"),
    person("Tomás", "Herrera", "Mr"),
    person("Ingrid", "Solberg", "Ms"),
    person("Matteo", "Ricci", "Mr"),
    person("Zofia", "Nowak", "Ms"),
    person("Henrik", "Aalto", "Mr"),
    person("Chloé", "Dubois", "Ms"),
    person("Wouter", "de Vries", "Mr"),
    person("Katarína", "Horváth", "Ms"),
    person("Seán", "O'Brien", "Mr"),
    person("Elena", "Popescu", "Ms"),
    person("Nils", "Bergström", "Mr"),
];
