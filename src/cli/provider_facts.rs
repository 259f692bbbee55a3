//! A provider account as the contract prints it, from what the engine reports.

use crate::config::Environment;
use crate::contract::table::Paint;
use crate::contract::{ProviderEnvironment, ProviderFacts, ProviderHealth};
use crate::engine::{HealthState, ProviderReport};
use crate::provider::ErrorKind;

/// The report as plain data.
pub(crate) fn facts(report: ProviderReport) -> ProviderFacts {
    let error = trouble(&report);
    let ProviderReport { info, health, float } = report;
    ProviderFacts {
        provider: info.id,
        kind: info.kind,
        environment: environment(info.environment),
        health: ProviderHealth { word: health.state.as_str(), paint: paint(health.state) },
        last_good: health.last_good,
        float: float.and_then(Result::ok),
        cards: health.cards,
        capabilities: info.capabilities,
        proxy: info.proxy,
        error,
        unmapped: health.unmapped,
        roster: health.roster,
    }
}

/// What is wrong, in words without the provider's name: with the provider, else with reading its
/// float.
pub(crate) fn trouble(report: &ProviderReport) -> Option<String> {
    if let Some(why) = report.health.why.as_ref().filter(|_| report.health.state != HealthState::Ok)
    {
        return Some(why.reason().to_owned());
    }
    let error = report.float.as_ref()?.as_ref().err()?;
    (error.kind != ErrorKind::NotOffered).then(|| error.reason())
}

const fn environment(environment: Environment) -> ProviderEnvironment {
    let word = match environment {
        Environment::Production => "production",
        Environment::Sandbox => "sandbox",
    };
    ProviderEnvironment { word, short: environment.as_str() }
}

const fn paint(state: HealthState) -> Paint {
    match state {
        HealthState::Ok => Paint::Good,
        HealthState::Slow | HealthState::Waiting => Paint::Caution,
        HealthState::Down | HealthState::Auth => Paint::Danger,
        HealthState::Paused => Paint::Plain,
    }
}
