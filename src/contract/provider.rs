//! The fields and the table of a provider account: its health, its float and what it offers.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::table::{Cell, Column, Paint};
use super::{Field, Kind, Part, Record, Value};
use crate::domain::card::ProviderId;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Capabilities};
use crate::domain::unmapped::UnmappedWords;
use crate::domain::workload::{self, Workload};

/// What is known of a provider account, as plain data.
///
/// More than twelve fields: one for each thing that is printed of an account.
#[derive(Clone, Debug)]
pub struct ProviderFacts {
    /// The name in the configuration.
    pub provider: ProviderId,
    /// The kind of provider: which adapter speaks to it.
    pub kind: &'static str,
    /// Whether it moves real money.
    pub environment: ProviderEnvironment,
    /// How it is doing.
    pub health: ProviderHealth,
    /// The last answer that could be used.
    pub last_good: Option<Timestamp>,
    /// The float in each currency, and when it was read; `None` where it was not.
    pub float: Option<(Vec<Money>, Timestamp)>,
    /// How many cards it has; `None` while its list was never read.
    pub cards: Option<usize>,
    /// What is to be read of it; `None` while one of both is not known.
    pub workload: Option<Workload>,
    /// What it offers; `None` when the account could not be set up.
    pub capabilities: Option<Capabilities>,
    /// Host, port and variable of the proxy on the way to it.
    pub proxy: Option<Arc<str>>,
    /// What is wrong with it, in words without its name.
    pub error: Option<String>,
    /// Words for states, and codes of declines, that cardtop does not know.
    pub unmapped: UnmappedWords,
    /// What is wrong with its roster, one sentence a line.
    pub roster: Vec<String>,
}

/// Whether a provider account moves real money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderEnvironment {
    /// `production` or `sandbox`.
    pub word: &'static str,
    /// The shorter word of tables and the board.
    pub short: &'static str,
}

/// The health of a provider account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderHealth {
    /// In one word.
    pub word: &'static str,
    /// What that means.
    pub paint: Paint,
}

const FLOAT: &[Part] = &[
    Part {
        name: "amount",
        kind: Kind::Text,
        doc: "an exact decimal in major units, with at least the currency's decimals",
        null: None,
    },
    Part { name: "currency", kind: Kind::Text, doc: "its code", null: None },
    Part { name: "as_of", kind: Kind::Time, doc: "when it was read", null: None },
];

const fn offer(name: &'static str) -> Part {
    Part { name, kind: Kind::Flag, doc: "whether the provider offers it", null: None }
}

const OFFERS: &[Part] =
    &[offer("freeze"), offer("unfreeze"), offer("topup"), offer("pin"), offer("close")];

impl Record for ProviderFacts {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("provider", Kind::Text, "the name in the configuration", |row| {
            row.record.provider.name().into()
        }),
        Field::<Self>::new("kind", Kind::Text, "the kind of provider", |row| {
            row.record.kind.into()
        }),
        Field::<Self>::new(
            "environment",
            Kind::Word(environments),
            "whether it moves real money",
            |row| row.record.environment.word.into(),
        ),
        Field::<Self>::new("state", Kind::Word(states), STATE, |row| row.record.health.word.into()),
        Field::<Self>::new(
            "last_good",
            Kind::Time,
            "when it last gave an answer that could be used",
            |row| row.record.last_good.into(),
        )
        .null("it never did"),
        Field::<Self>::new("float", Kind::Objects(FLOAT), FLOATS, |row| float(row.record))
            .null(NO_FLOAT)
            .only_json(),
        Field::<Self>::new("float", Kind::Text, "amount and currency, joined by `;`", |row| {
            let sum = |money: &Money| format!("{} {}", money.digits(), money.currency());
            Value::Made(sums(row.record, sum, ";").unwrap_or_default())
        })
        .only_csv(),
        Field::<Self>::new("float_as_of", Kind::Time, "when the float was read", |row| {
            row.record.float.as_ref().map(|(_, at)| *at).into()
        })
        .null(NO_FLOAT)
        .only_csv(),
        Field::<Self>::new("cards", Kind::Count, "how many cards it has", |row| {
            row.record.cards.into()
        })
        .null("its list was never read"),
        Field::<Self>::new("cards_within_s", Kind::Count, CARDS_WITHIN, |row| {
            within(row.record, Workload::every_card_behind_a_full_screen)
        })
        .null(NO_WORKLOAD),
        Field::<Self>::new("visible_within_s", Kind::Count, VISIBLE_WITHIN, |row| {
            within(row.record, Workload::visible)
        })
        .null(NO_WORKLOAD),
        Field::<Self>::new("can", Kind::Object(OFFERS), "which actions it offers", |row| {
            row.record.capabilities.as_ref().map_or(Value::Null, offers)
        })
        .null(NOT_SET_UP)
        .only_json(),
        Field::<Self>::new(
            "can",
            Kind::Text,
            "the actions that it offers, joined by blanks",
            |row| row.record.capabilities.as_ref().map_or(Value::Null, |all| words(all).into()),
        )
        .null(NOT_SET_UP)
        .only_csv(),
        Field::<Self>::new("proxy", Kind::Text, PROXY, |row| row.record.proxy.as_ref().into())
            .null("there is none")
            .only_json(),
        Field::<Self>::new("error", Kind::Text, "what is wrong with it, in words", |row| {
            row.record.error.as_deref().into()
        })
        .null("nothing is"),
        // In CSV the proxy stands after the error.
        Field::<Self>::new("proxy", Kind::Text, PROXY, |row| row.record.proxy.as_ref().into())
            .null("there is none")
            .only_csv(),
        Field::<Self>::new("unmapped", Kind::Counts, UNMAPPED, |row| {
            counted(&row.record.unmapped.states)
        })
        .only_json(),
        Field::<Self>::new("unmapped", Kind::Text, UNMAPPED, |row| {
            Value::Made(unmapped(&row.record.unmapped.states).join(";"))
        })
        .only_csv(),
        Field::<Self>::new(
            "roster",
            Kind::Texts,
            "what is wrong with lines of its roster",
            |row| Value::List(row.record.roster.iter().map(|line| line.as_str().into()).collect()),
        )
        .only_json(),
        Field::<Self>::new("unmapped_declines", Kind::Counts, UNMAPPED_DECLINES, |row| {
            counted(&row.record.unmapped.decline_codes)
        })
        .only_json(),
        Field::<Self>::new("unmapped_declines", Kind::Text, UNMAPPED_DECLINES, |row| {
            Value::Made(unmapped(&row.record.unmapped.decline_codes).join(";"))
        })
        .only_csv(),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("PROVIDER", |row, _| row.record.provider.name().into()),
        Column::left("KIND", |row, _| row.record.kind.into()),
        Column::left("ENV", |row, _| row.record.environment.short.into()),
        Column::left("STATE", |row, _| {
            Cell::painted(row.record.health.word, row.record.health.paint)
        }),
        Column::right("AGE", |row, view| view.age(row.record.last_good).into()),
        Column::right("CARDS", |row, _| {
            row.record.cards.map_or_else(|| "-".to_owned(), |cards| cards.to_string()).into()
        }),
        Column::right("ALL WITHIN", |row, _| {
            let within =
                |work: Workload| workload::in_words(work.every_card_behind_a_full_screen());
            row.record.workload.map_or_else(|| "-".to_owned(), within).into()
        }),
        Column::right("FLOAT", |row, _| {
            let sums = sums(row.record, Money::to_string, " + ").filter(|sums| !sums.is_empty());
            sums.unwrap_or_else(|| "-".to_owned()).into()
        }),
        Column::left("CAN", |row, _| {
            row.record.capabilities.as_ref().map_or_else(|| "-".to_owned(), words).into()
        }),
        Column::left("PROXY", |row, _| row.record.proxy.as_deref().unwrap_or("-").into()),
        Column::left("ERROR", |row, _| {
            let error = row.record.error.clone();
            error.unwrap_or_else(|| all_unmapped(row.record)).into()
        }),
    ];
}

const CARDS_WITHIN: &str = "how old the figures of any card of a running board are at most, in \
                            whole seconds, by rate limit, number of cards and requests that a \
                            card takes; longer while the provider fails or answers late";

const VISIBLE_WITHIN: &str = "how long a card that comes on screen waits at most until it was \
                              read, in whole seconds";

const NO_WORKLOAD: &str = "its cards are not known, or it could not be set up";

const STATE: &str = "SLOW: late answers or some failed reads; DOWN: no answer; PAUSED: not read \
                     because the operator said so; AUTH: no credentials, or refused ones; WAIT: \
                     its secrets are being read";

const FLOATS: &str = "the merchant's own money at the provider, which pays for top-ups: one \
                      object a currency";

const NO_FLOAT: &str = "it was not read, or the provider does not offer it";

const NOT_SET_UP: &str = "the account could not be set up";

const PROXY: &str = "host, port and variable of the proxy on the way to it";

const UNMAPPED: &str = "words for states that cardtop does not know, and how many rows and cards \
                        have each";

const UNMAPPED_DECLINES: &str = "codes of declined purchases that cardtop has no meaning for, and \
                                 how many rows have each";

fn environments() -> Vec<&'static str> {
    vec!["production", "sandbox"]
}

pub(super) fn states() -> Vec<&'static str> {
    vec!["OK", "SLOW", "DOWN", "PAUSED", "AUTH", "WAIT"]
}

/// Whole seconds, rounded up.
fn within(facts: &ProviderFacts, time: fn(&Workload) -> SignedDuration) -> Value<'_> {
    let seconds = |work: &Workload| {
        let millis = u64::try_from(time(work).as_millis()).unwrap_or(0);
        usize::try_from(millis.div_ceil(1_000)).unwrap_or(usize::MAX)
    };
    facts.workload.as_ref().map(seconds).into()
}

fn float(facts: &ProviderFacts) -> Value<'_> {
    let Some((sums, as_of)) = &facts.float else { return Value::Null };
    let object = |money: &Money| {
        Value::Object(vec![
            ("amount", Value::Made(money.digits())),
            ("currency", money.currency().into()),
            ("as_of", (*as_of).into()),
        ])
    };
    Value::List(sums.iter().map(object).collect())
}

/// The float in words, if it was read.
fn sums(facts: &ProviderFacts, sum: fn(&Money) -> String, between: &str) -> Option<String> {
    let (sums, _) = facts.float.as_ref()?;
    Some(sums.iter().map(sum).collect::<Vec<_>>().join(between))
}

fn offers(capabilities: &Capabilities) -> Value<'_> {
    let offer = |action: ActionKind| (action.as_str(), capabilities.offers(action).is_yes().into());
    Value::Object(ActionKind::ALL.map(offer).to_vec())
}

/// The actions that are offered.
fn words(capabilities: &Capabilities) -> String {
    let offered =
        ActionKind::ALL.into_iter().filter(|action| capabilities.offers(*action).is_yes());
    offered.map(ActionKind::as_str).collect::<Vec<_>>().join(" ")
}

fn counted(words: &BTreeMap<Arc<str>, u64>) -> Value<'_> {
    Value::Object(words.iter().map(|(word, count)| (&**word, (*count).into())).collect())
}

/// `not mapped: Denied (3)`, for each word that is not known.
fn unmapped(words: &BTreeMap<Arc<str>, u64>) -> Vec<String> {
    words.iter().map(|(word, count)| format!("not mapped: {word} ({count})")).collect()
}

/// The words of states, then the codes of declines.
fn all_unmapped(facts: &ProviderFacts) -> String {
    let UnmappedWords { states, decline_codes } = &facts.unmapped;
    [unmapped(states), unmapped(decline_codes)].concat().join(", ")
}
