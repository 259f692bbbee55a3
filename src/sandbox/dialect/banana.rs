//! The sandbox's banana: every body encrypted and signed, both ways, as "banana wire notes" (made
//! from docs.bananatech.space) 1 and 2 describe it. Must not share a line with the adapter. Section
//! numbers in comments are those of the notes.

mod records;
mod reply;
mod rows;
mod server;
mod templates;
mod webhooks;

use std::borrow::Cow;

use jiff::SignedDuration;
use rust_decimal::Decimal;

use self::server::BananaServer;
use super::{
    CardIds, ConfigEntry, Credential, ProgrammeRules, RequestKind, Roster, Server, Setting, Wire,
};
use crate::domain::money::Currency;
use crate::sandbox::bank::{
    Bank, CardPlan, Closing, FeePayer, Person, PhysicalCards, Programme, Row, from_us_cents, person,
};
use crate::sandbox::call::Reply;
use crate::sandbox::letter::{Letter, Message, Rules, Sealing, WebhookOptions};
use crate::sandbox::merchants;
use crate::sandbox::scenario::Scenario;

pub(in crate::sandbox) const MERCHANT_ID: &str = "0b9e3f52-6c1d-4e0a-9f4e-5a8d27c6b1e0";
/// Used as its 32 bytes (1.7, `utf8`).
pub(in crate::sandbox) const SECRET_KEY: &str = "sandbox-banana-secret-key-32-chr";

/// Encrypted and signed bodies, everything is a POST.
pub(super) struct Banana;

impl Wire for Banana {
    fn name(&self) -> &'static str {
        "banana"
    }

    fn config_entry(&self, base: &str, _: &[Scenario]) -> ConfigEntry {
        ConfigEntry {
            comment: &["banana encrypts and signs every body. Its cards come from a roster as \
                        well: user id and card id together."],
            urls: vec![("base_url", base.to_owned())],
            roster: Some(Roster::CardsAndHolders),
            settings: vec![
                ("merchant_id", Setting::Text(MERCHANT_ID)),
                ("secret_key_encoding", Setting::Text("utf8")),
            ],
            credentials: &[Credential {
                key: "secret_key",
                file: "banana-secret-key",
                secret: SECRET_KEY,
            }],
        }
    }

    fn server(&self) -> Box<dyn Server> {
        Box::<BananaServer>::default()
    }

    /// There is no login: every body is signed (1.3).
    fn request_kind(&self, path: &str) -> RequestKind {
        match path.trim_end_matches('/') {
            "/card/recharge" | "/card/update_status" | "/card/set_pin" => RequestKind::Write,
            _ => RequestKind::Read,
        }
    }

    fn unauthorized(&self) -> Reply {
        server::refused("Invalid HMAC")
    }

    fn seal_webhook(&self, message: &Message, sealing: Sealing<'_>) -> Letter {
        webhooks::seal(message, sealing)
    }

    fn webhook_rules(&self) -> &'static Rules {
        &webhooks::RULES
    }

    /// The secret key of the requests (3.1).
    fn webhook_credential(&self, _: &WebhookOptions) -> Option<Credential> {
        None
    }
}

impl ProgrammeRules for Banana {
    fn programme(&self) -> &'static Programme {
        &PROGRAMME
    }

    /// Whole numbers (2.8).
    fn card_ids(&self, _: &mut Bank, card: usize) -> CardIds {
        CardIds { card: (67_890 + card).to_string(), holder: (12_345 + card).to_string() }
    }

    fn row_id(&self, _: &Bank, row: &Row) -> String {
        rows::row_id(row).to_string()
    }

    fn canonical_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(id.trim_start_matches('0'))
    }

    fn alternate_id(&self, id: &str) -> String {
        format!("00{id}")
    }

    /// The template's `recharge_fee` (2.2), paid beside the sum (2.8); a dollar's worth is ours.
    fn top_up_fee(&self, _: Decimal, currency: Currency) -> Decimal {
        from_us_cents(100, currency)
    }
}

static PROGRAMME: Programme = Programme {
    people: PEOPLE,
    cards: CardPlan {
        bin: "545454",
        last4: &["7731", "1785", "5560", "2607"],
        currencies: &["JPY", "USD", "KWD", "EUR", "JPY", "USD", "KWD", "EUR"],
        physical_cards: PhysicalCards::EverySecond,
        virtual_cards_have_pins: false,
    },
    float_currencies: &["USD", "EUR", "JPY", "KWD"],
    market: &merchants::WORLD,
    // Inferred (5.4).
    closing: Closing::ReturnsBalance,
    issuer_blocks_cards: false,
    // Inferred: how a virtual card is activated is not documented (2.7; 6, row 12).
    first_money_activates: true,
    customers_have_accounts: false,
    fee_payer: FeePayer::Merchant,
    wrong_clock: SignedDuration::from_secs(-200),
};

const PEOPLE: &[Person] = &[
    person("Aiko", "Tanaka", "Ms"),
    person("Femi", "Ade", "Mr"),
    person("Yusuf", "Al-Sabah", "Mr"),
    person("Lars", "Berg", "Mr"),
    person("Hana", "Kobayashi", "Ms"),
    person("Omar", "Haddad", "Mr"),
    person("Fatima", "Al-Mutairi", "Ms"),
    person("Lucía", "Fernández", "Ms"),
    person("Kenji", "Watanabe", "Mr"),
    person("Amara", "Okafor", "Ms"),
    person("Layla", "Al-Rashid", "Ms"),
    person("Marek", "Dvořák", "Mr"),
    person("Yuki", "Sato", "Ms"),
    person("Chidi", "Eze", "Mr"),
    person("Khalid", "Al-Ajmi", "Mr"),
    person("Sofia", "Papadaki", "Ms"),
];
