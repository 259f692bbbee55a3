//! A provider with its health and float, printed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::to_json;
use crate::cli::print::{Cell, Column, Field, Paint, Record, View};
use crate::config::Environment;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Capabilities};
use crate::engine::{HealthState, ProviderReport};
use crate::provider::ErrorKind;

/// `{"provider","kind","environment","state","last_good","float","cards","can","proxy","error","
/// unmapped","roster"}`.
///
/// `environment` is `production` or `sandbox`; `state` is the health in one word; `float` is null
/// when it was not read, else one `{"amount","currency","as_of"}` a currency; `can` is null when
/// the account could not be set up, else a true or false for each action's word; `proxy` is the
/// host, port and variable of the proxy on the way, null without one; `error` is what is wrong with
/// it, in words; `unmapped` has the words of states that cardtop does not know and how many rows
/// and cards have each; `roster` what is wrong with the lines of its roster.
#[derive(Serialize)]
struct ProviderJson<'a> {
    provider: &'a str,
    kind: &'static str,
    environment: &'static str,
    state: &'static str,
    last_good: Option<Timestamp>,
    float: Option<Vec<FloatJson>>,
    cards: Option<usize>,
    #[serde(rename = "can")]
    capabilities: Option<CanJson>,
    proxy: Option<&'a str>,
    error: Option<String>,
    unmapped: &'a BTreeMap<Arc<str>, u64>,
    roster: &'a [String],
}

#[derive(Serialize)]
struct FloatJson {
    amount: String,
    currency: String,
    as_of: Timestamp,
}

#[derive(Serialize)]
struct CanJson {
    freeze: bool,
    unfreeze: bool,
    topup: bool,
    pin: bool,
    close: bool,
}

impl CanJson {
    fn of(capabilities: &Capabilities) -> Self {
        let offered = |action_kind| capabilities.offers(action_kind).is_yes();
        Self {
            freeze: offered(ActionKind::Freeze),
            unfreeze: offered(ActionKind::Unfreeze),
            topup: offered(ActionKind::TopUp),
            pin: offered(ActionKind::SetPin),
            close: offered(ActionKind::Close),
        }
    }
}

const fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "production",
        Environment::Sandbox => "sandbox",
    }
}

fn float(report: &ProviderReport) -> Option<&(Vec<Money>, Timestamp)> {
    report.float.as_ref().and_then(|float| float.as_ref().ok())
}

/// What is wrong, in words without the provider's name: with the provider, else with reading its
/// float.
pub(crate) fn trouble(report: &ProviderReport) -> Option<String> {
    if let Some(why) =
        report.health.why.as_deref().filter(|_| report.health.state != HealthState::Ok)
    {
        let name = format!("{}: ", report.info.id);
        return Some(why.strip_prefix(&name).unwrap_or(why).to_owned());
    }
    let error = report.float.as_ref()?.as_ref().err()?;
    (error.kind != ErrorKind::NotOffered).then(|| error.reason())
}

/// `not mapped: Denied (3)`, for each word of a state that is not known.
fn unmapped(report: &ProviderReport) -> Vec<String> {
    report
        .health
        .unmapped
        .iter()
        .map(|(word, count)| format!("not mapped: {word} ({count})"))
        .collect()
}

/// The actions that are offered; `None` when the account could not be set up.
fn offers(report: &ProviderReport) -> Option<String> {
    let capabilities = report.info.capabilities.as_ref()?;
    let offered: Vec<&str> = ActionKind::ALL
        .into_iter()
        .filter(|action_kind| capabilities.offers(*action_kind).is_yes())
        .map(ActionKind::as_str)
        .collect();
    Some(offered.join(" "))
}

impl Record for ProviderReport {
    const COLUMNS: &'static [Column] = &[
        Column::left("PROVIDER"),
        Column::left("KIND"),
        Column::left("ENV"),
        Column::left("STATE"),
        Column::right("AGE"),
        Column::right("CARDS"),
        Column::right("FLOAT"),
        Column::left("CAN"),
        Column::left("PROXY"),
        Column::left("ERROR"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "provider",
        "kind",
        "environment",
        "state",
        "last_good",
        "float",
        "float_as_of",
        "cards",
        "can",
        "error",
        "proxy",
        "unmapped",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let paint = match self.health.state {
            HealthState::Ok => Paint::Good,
            HealthState::Slow | HealthState::Waiting => Paint::Caution,
            HealthState::Down | HealthState::Auth => Paint::Danger,
            HealthState::Paused => Paint::Plain,
        };
        let sums = float(self)
            .map(|(float, _)| float.iter().map(Money::to_string).collect::<Vec<_>>().join(" + "));
        vec![
            self.info.id.name().into(),
            self.info.kind.into(),
            self.info.environment.as_str().into(),
            Cell::painted(self.health.state.as_str(), paint),
            view.age(self.health.last_good).into(),
            self.health.cards.map_or_else(|| "-".to_owned(), |cards| cards.to_string()).into(),
            sums.filter(|sums| !sums.is_empty()).unwrap_or_else(|| "-".to_owned()).into(),
            offers(self).unwrap_or_else(|| "-".to_owned()).into(),
            self.info.proxy.as_deref().unwrap_or("-").into(),
            trouble(self).unwrap_or_else(|| unmapped(self).join(", ")).into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let float = float(self);
        let sum = |money: &Money| format!("{} {}", money.digits(), money.currency());
        let sums = float.map(|(float, _)| float.iter().map(sum).collect::<Vec<_>>().join(";"));
        vec![
            Field::text(Some(self.info.id.name())),
            Field::text(Some(self.info.kind)),
            Field::text(Some(environment(self.info.environment))),
            Field::text(Some(self.health.state.as_str())),
            Field::shown(self.health.last_good),
            Field::shown(sums),
            Field::shown(float.map(|(_, at)| at)),
            Field::Number(self.health.cards.map(|cards| cards.to_string()).unwrap_or_default()),
            Field::shown(offers(self)),
            Field::shown(trouble(self)),
            Field::text(self.info.proxy.as_deref()),
            Field::Text(unmapped(self).join(";")),
        ]
    }

    fn json(&self) -> String {
        let sums = |(float, as_of): &(Vec<Money>, Timestamp)| {
            let one = |money: &Money| FloatJson {
                amount: money.digits(),
                currency: money.currency().to_string(),
                as_of: *as_of,
            };
            float.iter().map(one).collect()
        };
        to_json(&ProviderJson {
            provider: self.info.id.name(),
            kind: self.info.kind,
            environment: environment(self.info.environment),
            state: self.health.state.as_str(),
            last_good: self.health.last_good,
            float: float(self).map(sums),
            cards: self.health.cards,
            capabilities: self.info.capabilities.as_ref().map(CanJson::of),
            proxy: self.info.proxy.as_deref(),
            error: trouble(self),
            unmapped: &self.health.unmapped,
            roster: &self.health.roster,
        })
    }
}
