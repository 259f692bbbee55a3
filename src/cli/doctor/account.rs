//! One account: its secrets, its roster, the way to its hosts, and what they answer.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::reads;
use super::report::Findings;
use crate::cli::exit::Exit;
use crate::clock::Clock;
use crate::config::roster;
use crate::config::secret::Source;
use crate::contract::Check;
use crate::domain::card::CardRecord;
use crate::provider::http::{Http, Step, Way, try_way};
use crate::provider::{Provider, ProviderConfig, build};

/// A certificate that ends sooner is to be renewed now.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(21 * 24);

/// Looks at an account; `receives` is whether its webhooks are wanted.
pub(super) async fn check(config: ProviderConfig, clock: Clock, receives: bool) -> Findings {
    let mut findings = Findings::of_account(&config.name);
    let config = Arc::new(config);
    secrets(&config, &mut findings).await;
    let card = cards(&config, &mut findings).await;
    let is_open = ways(&config, clock.now(), &mut findings).await;
    let Some((provider, http)) = adapter(&config, clock, &mut findings).await else {
        return findings;
    };
    if receives {
        match provider.webhooks() {
            Ok(_) => _ = findings.ok(Check::Webhooks, "what it pushes can be verified"),
            Err(why) => {
                let what = format!("nothing it pushes is believed: {why}");
                findings.warn(Check::Webhooks, what, "docs/webhooks.md says what to set");
            }
        }
    }
    if is_open {
        reads::read(&*provider, &http, config.kind(), card.as_ref(), &mut findings).await;
    }
    findings
}

/// Reads the secrets that can be read twice. What asks the operator, or a pipe, is read once, where
/// the account is set up.
async fn secrets(config: &Arc<ProviderConfig>, findings: &mut Findings) {
    let sources: Vec<Source> = config.settings.secrets().into_iter().cloned().collect();
    let reading = tokio::task::spawn_blocking(move || {
        let at_once = sources.into_iter().filter(|source| source.wait().is_none());
        let read = at_once.map(|source| {
            let began = Instant::now();
            let trouble = source.read().err();
            (format!("{source:?}"), began.elapsed(), trouble)
        });
        read.collect::<Vec<_>>()
    });
    for (name, took, trouble) in reading.await.unwrap_or_default() {
        match trouble {
            None => findings.ok(Check::Secret, format!("{name}: found")).took(took),
            Some(why) => {
                findings.fail(Check::Secret, why.to_string(), "", Exit::Refused).took(took);
            }
        }
    }
}

/// Reads the roster, where there is one; its first card.
async fn cards(config: &Arc<ProviderConfig>, findings: &mut Findings) -> Option<CardRecord> {
    let (path, name, form) = (config.roster.clone()?, config.name.clone(), config.ids().cards);
    let reading = tokio::task::spawn_blocking(move || roster::read(&name, form, &path));
    match reading.await.ok()? {
        Ok(read) => {
            let lines: Vec<String> =
                read.bad.iter().take(20).map(|bad| bad.line.to_string()).collect();
            let count = read.cards.len();
            if lines.is_empty() {
                findings.ok(Check::Roster, format!("{count} cards"));
            } else {
                let what = format!(
                    "{count} cards; {} lines are skipped: {}",
                    read.bad.len(),
                    lines.join(", ")
                );
                findings.warn(Check::Roster, what, "cardtop cards says what is wrong with each");
            }
            read.cards.into_iter().next()
        }
        Err(error) => {
            findings.fail(Check::Roster, without_quotes(&error.to_string()), "", Exit::Refused);
            None
        }
    }
}

/// A sentence without what it quotes of a file, which may be a name where the names of columns
/// should be.
fn without_quotes(sentence: &str) -> String {
    let parts: Vec<&str> = sentence.split('`').collect();
    let shown = parts.iter().enumerate().map(|(index, part)| match index % 2 {
        1 if *part != "id" => "…",
        _ => part,
    });
    shown.collect::<Vec<_>>().join("`")
}

/// Tries the way to each host of an account; whether all are open.
async fn ways(config: &Arc<ProviderConfig>, now: Timestamp, findings: &mut Findings) -> bool {
    let others = config.settings.other_addresses().into_iter().map(str::to_owned);
    let mut addresses: Vec<String> =
        std::iter::once(config.base_url.clone()).chain(others).collect();
    addresses.sort();
    let host = |address: &str| address.split('/').take(3).collect::<Vec<_>>().join("/");
    addresses.dedup_by_key(|address| host(address));
    let mut are_open = true;
    for address in addresses {
        let config = Arc::clone(config);
        let pinned = config.pin_certificate.is_some();
        let trying = tokio::task::spawn_blocking(move || try_way(&config, &address));
        let Ok(way) = trying.await else { return false };
        are_open &= way.stopped.is_none();
        tell_way(&way, pinned, now, findings);
    }
    are_open
}

fn tell_way(way: &Way, pinned: bool, now: Timestamp, findings: &mut Findings) {
    let Way { host, proxy, taken, stopped, valid_until } = way;
    for (step, took) in taken {
        let what = match (step, proxy) {
            (Step::Name, None) => format!("{host} is resolved"),
            (Step::Name, Some(proxy)) => format!("{proxy} is resolved"),
            (Step::Connection, None) => format!("{host} takes connections"),
            (Step::Connection, Some(proxy)) => format!("{proxy} takes connections"),
            (Step::Proxy, _) => {
                format!("{} opens a tunnel to {host}", proxy.as_deref().unwrap_or("the proxy"))
            }
            (Step::Tls, _) => {
                let pin = if pinned { ", its key is the pinned one" } else { "" };
                let day = valid_until.map(|at| format!(", to {}", at.strftime("%Y-%m-%d")));
                format!("{host}: the certificate is valid{}{pin}", day.unwrap_or_default())
            }
        };
        let ends_soon = valid_until.is_some_and(|at| at.duration_since(now) < RENEWED_BEFORE);
        if *step == Step::Tls && ends_soon {
            findings.warn(Check::Tls, what, "the provider must renew it soon").took(*took);
        } else {
            findings.ok(check_of(*step), what).took(*took);
        }
    }
    if let Some((step, why)) = stopped {
        // A fact, and behind the colon what to do.
        let (what, advice) = why.split_once(": ").unwrap_or((why, ""));
        let what = format!("{host}: {what}");
        findings.fail(check_of(*step), what, advice, Exit::Unreachable);
    }
}

const fn check_of(step: Step) -> Check {
    match step {
        Step::Name => Check::Name,
        Step::Connection => Check::Connection,
        Step::Proxy => Check::Proxy,
        Step::Tls => Check::Tls,
    }
}

/// The adapter, set up as for every command; it reads all secrets.
async fn adapter(
    config: &Arc<ProviderConfig>,
    clock: Clock,
    findings: &mut Findings,
) -> Option<(Box<dyn Provider>, Http)> {
    let http = match Http::over_network(config, clock) {
        Ok(http) => http,
        Err(why) => {
            if !findings.has_failed(Check::Proxy) {
                findings.fail(Check::Proxy, why, "", Exit::Refused);
            }
            return None;
        }
    };
    let patient = config.settings.secrets().into_iter().filter(|source| source.wait().is_some());
    let patient: Vec<String> = patient.map(|source| format!("{source:?}")).collect();
    let (settings, way) = (Arc::clone(config), http.clone());
    let began = Instant::now();
    let building = tokio::task::spawn_blocking(move || build(&settings, way));
    let failed = match building.await {
        Ok(Ok(provider)) => {
            let took = began.elapsed();
            if !patient.is_empty() {
                findings.ok(Check::Secret, format!("{}: found", patient.join(", "))).took(took);
            }
            findings.ok(Check::Settings, "the account is set up").took(took);
            return Some((provider, http));
        }
        Ok(Err(why)) => why,
        Err(_) => "cardtop itself failed at it".to_owned(),
    };
    // A secret that is missing was said already.
    if !findings.has_failed(Check::Secret) {
        let check = if patient.is_empty() { Check::Settings } else { Check::Secret };
        findings.fail(check, failed, "", Exit::Refused).took(began.elapsed());
    }
    None
}
