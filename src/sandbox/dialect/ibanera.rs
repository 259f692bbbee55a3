//! The sandbox's ibanera: login with a one-time code, then bearer and a fresh code on every call,
//! envelopes with `status` "1" or "0", as "ibanera wire notes" (made from
//! customer-api-docs.ibanera.com) 1 and 2 describe it. Must not share a line with the adapter.
//! Section numbers in comments are those of the notes.

mod accounts;
mod envelope;
mod login;
mod rows;
mod server;
mod webhooks;

use std::borrow::Cow;

use jiff::SignedDuration;
use rust_decimal::Decimal;

use self::server::IbaneraServer;
use super::{CardIds, ConfigEntry, Credential, ProgrammeRules, RequestKind, Server, Setting, Wire};
use crate::domain::money::Currency;
use crate::sandbox::bank::{
    Bank, CardPlan, Closing, FeePayer, Person, PhysicalCards, Programme, Progress, Row,
    from_us_cents, parse_currency, person,
};
use crate::sandbox::call::Reply;
use crate::sandbox::letter::{Letter, Message, Rules, Sealing, WebhookOptions};
use crate::sandbox::merchants;
use crate::sandbox::scenario::Scenario;

pub(in crate::sandbox) const USERNAME: &str = "sandbox-principal";
pub(in crate::sandbox) const PASSWORD: &str = "sandbox-ibanera-password";
/// Base32, as the wire's default is (1.4).
pub(in crate::sandbox) const SHARED_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// The manager's dollar account, which can pay for top-ups.
const ASSET_ACCOUNT_ID: &str = "8204";
/// The manager itself, as a customer.
const MANAGER_ID: &str = "14380";

/// Login and a one-time code on every call, dollars.
pub(super) struct Ibanera;

impl Wire for Ibanera {
    fn name(&self) -> &'static str {
        "ibanera"
    }

    fn config_entry(&self, base: &str, scenarios: &[Scenario]) -> ConfigEntry {
        let mut settings = vec![("secret_encoding", Setting::Text("base32"))];
        if scenarios.contains(&Scenario::CustomerPays) {
            settings.push(("pays", Setting::Text("customer")));
        } else {
            settings.push(("pays", Setting::Text("manager")));
            settings.push(("manager_id", Setting::Text(MANAGER_ID)));
        }
        ConfigEntry {
            comment: &[
                "ibanera wants a one-time code with every call, made from the shared secret. The \
                 manager's own account pays for top-ups;",
                "with pays = \"customer\" the account of the card's customer does.",
            ],
            urls: vec![("base_url", base.to_owned())],
            roster: None,
            settings,
            credentials: &[
                Credential { key: "username", file: "ibanera-username", secret: USERNAME },
                Credential { key: "password", file: "ibanera-password", secret: PASSWORD },
                Credential {
                    key: "shared_secret",
                    file: "ibanera-shared-secret",
                    secret: SHARED_SECRET,
                },
            ],
        }
    }

    fn server(&self) -> Box<dyn Server> {
        Box::<IbaneraServer>::default()
    }

    fn request_kind(&self, path: &str) -> RequestKind {
        match server::route(path) {
            login::ROUTE => RequestKind::Login,
            "customer/cards/transferfunds"
            | "customer/cards/activate"
            | "customer/cards/deactivate"
            | "customer/cards/changecardpin" => RequestKind::Write,
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

impl ProgrammeRules for Ibanera {
    fn programme(&self) -> &'static Programme {
        &PROGRAMME
    }

    /// Whole numbers (2.5). Four customers have all cards.
    fn card_ids(&self, _: &mut Bank, card: usize) -> CardIds {
        CardIds { card: (1_749 + card).to_string(), holder: (14_387 + card % 4).to_string() }
    }

    fn row_id(&self, _: &Bank, row: &Row) -> String {
        rows::row_id(row.id_root).to_string()
    }

    fn canonical_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(id.trim_start_matches('0'))
    }

    fn alternate_id(&self, id: &str) -> String {
        format!("00{id}")
    }

    /// Only what is pending or booked: no declined rows are documented, and a hold that was
    /// released vanishes (2.12, inferred).
    fn never_listed(&self) -> &'static [Progress] {
        &[Progress::Declined, Progress::Reversed, Progress::Failed]
    }

    /// `feeAmount`, paid beside the sum (2.13, 2.14); half a dollar is ours.
    fn top_up_fee(&self, _: Decimal, _: Currency) -> Decimal {
        from_us_cents(50, parse_currency("USD"))
    }

    fn foreign_reference(&self, number: usize) -> Option<String> {
        Some(format!("Payroll {number:06}"))
    }
}

static PROGRAMME: Programme = Programme {
    people: PEOPLE,
    cards: CardPlan {
        bin: "400120",
        last4: &["1200", "9034"],
        currencies: &["USD"],
        physical_cards: PhysicalCards::EveryFourth,
        virtual_cards_have_pins: true,
    },
    float_currencies: &["USD"],
    market: &merchants::WORLD,
    // No call closes a card (6).
    closing: Closing::NotOffered,
    issuer_blocks_cards: false,
    first_money_activates: false,
    customers_have_accounts: true,
    fee_payer: FeePayer::Merchant,
    wrong_clock: SignedDuration::from_secs(-45),
};

const PEOPLE: &[Person] = &[
    person("Tom", "Becker", "Mr"),
    person("Grace", "Mbeki", "Ms"),
    person("Diego", "Vargas", "Mr"),
    person("Emily", "Carter", "Ms"),
    person("Noah", "Goldberg", "Mr"),
    person("Camila", "Rocha", "Ms"),
    person("Liam", "Murphy", "Mr"),
    person("Isabella", "Rossi", "Ms"),
    person("Ethan", "Nguyen", "Mr"),
    person("Olivia", "Johansson", "Ms"),
    person("Marcus", "Brown", "Mr"),
    person("Valentina", "Castro", "Ms"),
    person("Ryan", "O'Connor", "Mr"),
    person("Mei", "Chen", "Ms"),
    person("Andre", "Silva", "Mr"),
    person("Hannah", "Fischer", "Ms"),
];
