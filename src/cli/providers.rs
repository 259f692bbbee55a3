//! `providers`: how each account is doing, asked now.

use clap::Args;

use super::exit::{Exit, warn};
use super::failure::Outcome;
use super::global::{Format, Global};
use super::listing::finish;
use super::session::Session;
use super::{Run, print};
use crate::clock::Clock;
use crate::config::Environment;
use crate::contract::table::Paint;
use crate::contract::{ProviderEnvironment, ProviderFacts, ProviderHealth, Row};
use crate::engine::{HealthState, ProviderReport};
use crate::provider::ErrorKind;

/// Show how each provider is doing, its float, and what it can do
#[derive(Debug, Args)]
pub(crate) struct Providers {}

impl Run for Providers {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open_to_read(global, clock.clone()).await?;
        let reports = session.engine.read_providers().await;
        session.view.now = clock.now();
        let mut exit = Exit::Done;
        let mut in_trouble: Vec<&str> = Vec::new();
        for report in &reports {
            let ended = exit_of(report);
            if ended != Exit::Done && session.format == Format::Table {
                in_trouble.push(report.info.id.name());
            } else if ended != Exit::Done {
                let why = trouble(report).unwrap_or_else(|| "does not answer".to_owned());
                warn(&format!("{}: {why}", report.info.id));
            }
            exit = exit.and(ended);
        }
        if !in_trouble.is_empty() {
            // The table has each reason, and none is said twice.
            warn(&format!("not well: {}; the last column says why", in_trouble.join(", ")));
        }
        for sentence in session.engine.roster_troubles() {
            warn(&sentence);
            exit = exit.and(Exit::Refused);
        }
        let facts: Vec<ProviderFacts> = reports.into_iter().map(facts).collect();
        let text = print::list(facts.iter().map(Row::from), session.format, &session.view);
        finish(&session, &text, facts.is_empty().then_some("no providers"), exit).await
    }
}

/// Unreachable, or what the error of its float means, where it should have one.
fn exit_of(report: &ProviderReport) -> Exit {
    match (report.health.state, &report.float) {
        (HealthState::Down | HealthState::Auth | HealthState::Waiting, _) => Exit::Unreachable,
        (HealthState::Ok | HealthState::Slow | HealthState::Paused, Some(Err(error))) => {
            match trouble(report) {
                Some(_) => Exit::of_error(error),
                None => Exit::Done,
            }
        }
        (HealthState::Ok | HealthState::Slow | HealthState::Paused, Some(Ok(_)) | None) => {
            Exit::Done
        }
    }
}

/// The report as plain data.
fn facts(report: ProviderReport) -> ProviderFacts {
    let error = trouble(&report);
    let ProviderReport { info, health, float } = report;
    let workload = health.cards.and_then(|cards| info.workload(cards, None, false));
    ProviderFacts {
        workload,
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
fn trouble(report: &ProviderReport) -> Option<String> {
    if let Some(why) = report.health.why.as_ref().filter(|_| report.health.state != HealthState::Ok)
    {
        return Some(why.to_string());
    }
    let error = report.float.as_ref()?.as_ref().err()?;
    (error.kind != ErrorKind::NotOffered).then(|| error.reason())
}

const fn environment(environment: Environment) -> ProviderEnvironment {
    ProviderEnvironment { word: environment.word(), short: environment.as_str() }
}

const fn paint(state: HealthState) -> Paint {
    match state {
        HealthState::Ok => Paint::Good,
        HealthState::Slow | HealthState::Waiting => Paint::Caution,
        HealthState::Down | HealthState::Auth => Paint::Danger,
        HealthState::Paused => Paint::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::{at, money};
    use crate::domain::card::{IdForm, Ids, ProviderId};
    use crate::domain::completeness::Completeness;
    use crate::domain::coverage::Covered;
    use crate::domain::unmapped::UnmappedWords;
    use crate::engine::{Health, ProviderInfo};
    use crate::provider::Error;

    fn report() -> ProviderReport {
        let id = ProviderId::new("acme");
        let info = ProviderInfo {
            ids: Ids { cards: IdForm::Guid, transactions: IdForm::Opaque },
            id: id.clone(),
            kind: "ibanera",
            environment: Environment::Production,
            read_only: false,
            capabilities: None,
            rate_limit: 120,
            poll: crate::config::Poll::default(),
            proxy: None,
        };
        let health = Health {
            provider: id,
            state: HealthState::Ok,
            since: at("2026-04-03T12:00:00Z"),
            last_good: Some(at("2026-04-03T12:08:08Z")),
            next_try: None,
            asked_to_wait: None,
            why: Some("no answer an hour ago".into()),
            calls_last_minute: 4,
            errors_5m: 0,
            cards: Some(128),
            completeness: Completeness::default(),
            covered: Covered::default(),
            unmapped: UnmappedWords::default(),
            refused_cards: 0,
            roster: Vec::new(),
            skew: None,
            latency_ms: Some(120),
            pushes: None,
        };
        let float = (vec![money("8114.2", "USD")], at("2026-04-03T12:08:08Z"));
        ProviderReport { info, health, float: Some(Ok(float)) }
    }

    #[test]
    fn a_provider_that_is_well_has_no_error_whatever_was_wrong_before() {
        let report = report();
        assert_eq!((exit_of(&report), trouble(&report)), (Exit::Done, None));
        let facts = facts(report);
        assert_eq!((facts.error, facts.cards), (None, Some(128)));
        assert_eq!(facts.environment, ProviderEnvironment { word: "production", short: "PROD" });
        assert!(facts.float.is_some());
    }

    #[test]
    fn a_provider_that_could_not_be_set_up_says_why_without_its_name() {
        let mut report = report();
        report.health.state = HealthState::Auth;
        let reason = "the variable ACME_TOKEN is not set";
        report.health.why = Some(reason.into());
        report.float = None;
        assert_eq!(exit_of(&report), Exit::Unreachable);
        let facts = facts(report);
        assert_eq!(facts.health, ProviderHealth { word: "AUTH", paint: Paint::Danger });
        assert_eq!(facts.error.as_deref(), Some("the variable ACME_TOKEN is not set"));
    }

    #[test]
    fn a_float_that_is_not_offered_is_no_error_and_one_that_failed_is() {
        let mut report = report();
        let failed = |kind| Some(Err(Error::new(&ProviderId::new("acme"), kind, "no float here")));
        report.float = failed(ErrorKind::NotOffered);
        assert_eq!((exit_of(&report), trouble(&report)), (Exit::Done, None));
        report.float = failed(ErrorKind::Unreachable);
        assert_eq!(exit_of(&report), Exit::Unreachable);
        assert_eq!(trouble(&report).as_deref(), Some("no float here"));
    }
}
