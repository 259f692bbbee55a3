//! One reading of each kind from a provider. Of its words nothing is repeated: they may hold names,
//! or what it was sent.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::report::Findings;
use crate::cli::exit::Exit;
use crate::contract::Check;
use crate::domain::card::{Card, CardRecord};
use crate::provider::error::Cause;
use crate::provider::http::{BodyForm, Call, Http};
use crate::provider::{Error, ErrorKind, PageCursor, Provider, Window};

/// How far back transactions are read.
const BACK: SignedDuration = SignedDuration::from_hours(24);

/// A provider's clock that is further off is said, and beyond the second one it is taken for a
/// fault: signatures and one-time codes carry the time.
const CLOCK_OFF: SignedDuration = SignedDuration::from_secs(30);
const CLOCK_WRONG: SignedDuration = SignedDuration::from_mins(2);

/// What to do where another host answers.
const OTHER_HOST: &str = "check kind and base_url, path included";

/// What came of one reading.
type Read = (Check, Duration, Result<String, Error>);

/// Reads once of each kind that the provider offers, and says what that tells of wire, login and
/// clock.
pub(super) async fn read(
    provider: &dyn Provider,
    http: &Http,
    kind: &str,
    rostered: Option<&CardRecord>,
    findings: &mut Findings,
) {
    let reads = read_each(provider, http.clock().now(), rostered).await;
    clock(http, findings);
    let first_trouble = reads.iter().find_map(|(_, _, result)| result.as_ref().err());
    let is_answered = reads.iter().any(|(_, _, result)| result.is_ok());
    match first_trouble {
        Some(_) if !is_answered => return nothing_answered(&reads, http, kind, findings),
        None if reads.is_empty() => {
            let what = "not tried: no card is known that could be read";
            findings.warn(Check::Login, what, "name a roster with a card");
        }
        _ => _ = findings.ok(Check::Login, "the credentials are taken"),
    }
    for (check, took, result) in reads {
        match result {
            Ok(what) => findings.ok(check, what).took(took),
            Err(error) if error.kind == ErrorKind::NotOffered => {}
            Err(error) => {
                let Trouble { what, advice, exit, .. } = trouble(&error, kind);
                findings.fail(check, what, advice, exit).took(took);
            }
        }
    }
}

async fn read_each(
    provider: &dyn Provider,
    now: Timestamp,
    rostered: Option<&CardRecord>,
) -> Vec<Read> {
    let can = provider.capabilities();
    let first = PageCursor { number: 0, offset: 0, size: can.page_max };
    let mut reads: Vec<Read> = Vec::new();
    if can.float.is_yes() {
        let began = Instant::now();
        let read = provider.float().await;
        let read = read.map(|float| format!("{} currencies", float.len()));
        reads.push((Check::Float, began.elapsed(), read));
    }
    let mut card: Option<Card> = rostered.map(CardRecord::card);
    if can.list_cards.is_yes() {
        let began = Instant::now();
        let read = provider.cards(first).await.map(|page| {
            let unread = unread(page.skipped.len());
            let count = page.items.len();
            card = page.items.into_iter().next().or(card.take());
            format!("{count} cards on the first page{unread}")
        });
        reads.push((Check::Cards, began.elapsed(), read));
    }
    if let Some(card) = &card {
        let began = Instant::now();
        let read =
            provider.card(card).await.map(|card| format!("one was read, {}", card.state.as_str()));
        reads.push((Check::Card, began.elapsed(), read));
    }
    let common = can.list_all_transactions.is_yes();
    if common || card.is_some() {
        let began = Instant::now();
        let since = now.checked_sub(BACK).unwrap_or(now);
        let window = Window { card: card.filter(|_| !common), since, until: now };
        let read = provider.transactions(&window, first).await.map(|page| {
            let of = if common { "all cards" } else { "one card" };
            let unread = unread(page.skipped.len());
            format!("{} of the last day, of {of}, on the first page{unread}", page.items.len())
        });
        reads.push((Check::Transactions, began.elapsed(), read));
    }
    reads
}

fn unread(rows: usize) -> String {
    match rows {
        0 => String::new(),
        rows => format!(", {rows} could not be read"),
    }
}

/// The provider's clock, as its answers tell it.
fn clock(http: &Http, findings: &mut Findings) {
    let Some(measured) = http.clock_offset() else {
        return;
    };
    let (off, seconds) = (measured.offset.abs() - measured.uncertainty, measured.offset.as_secs());
    let side = if seconds < 0 { "behind" } else { "ahead of" };
    let what = format!("the provider's is {} s {side} this machine's", seconds.abs());
    let advice = "set this machine's clock (timedatectl set-ntp true); where it is right, tell \
                  the provider";
    match off {
        off if off >= CLOCK_WRONG => {
            findings.fail(Check::Clock, what, advice, Exit::Refused);
        }
        off if off >= CLOCK_OFF => _ = findings.warn(Check::Clock, what, advice),
        _ => _ = findings.ok(Check::Clock, "the provider's goes as this machine's"),
    }
}

/// No reading was answered: the one reason that they all have, or most.
fn nothing_answered(reads: &[Read], http: &Http, kind: &str, findings: &mut Findings) {
    // Where there is a login it is refused, too, by a host that knows no such path.
    let calls = http.calls();
    let is_unknown = |call: &Call| matches!(call.status, Some(404 | 405 | 501));
    if let Some(status) = calls.last().and_then(|call| call.status)
        && calls.iter().all(is_unknown)
    {
        let what = format!("it knows no path of {kind}'s wire (HTTP {status})");
        findings.fail(Check::Wire, what, OTHER_HOST, Exit::Unreachable);
        return;
    }
    let errors = reads.iter().filter_map(|(_, took, result)| Some((took, result.as_ref().err()?)));
    let told = errors.map(|(took, error)| (took, trouble(error, kind)));
    if let Some((took, Trouble { check, what, advice, .. })) =
        told.min_by_key(|(_, trouble)| trouble.check)
    {
        findings.fail(check, what, advice, Exit::Unreachable).took(*took);
    }
}

/// What an error says of the provider, in our words alone.
struct Trouble {
    /// What is wrong, where no reading was answered at all.
    check: Check,
    what: String,
    advice: &'static str,
    exit: Exit,
}

fn trouble(error: &Error, kind: &str) -> Trouble {
    const CREDENTIALS: &str = "check the credentials and base_url, and whether the provider \
                               takes this machine's address";
    const OTHER_HOST_OR_WORDS: &str =
        "check kind and base_url, path included; cardtop providers has its words";
    const LATER: &str = "it is in trouble itself: try again later, or ask the provider";
    let of = |check, what: String, advice, exit| Trouble { check, what, advice, exit };
    let status = error.status().map(|status| format!(" (HTTP {status})")).unwrap_or_default();
    let unreachable = Exit::Unreachable;
    match (&error.cause, error.kind) {
        (Cause::Transport(failed), _) => of(Check::Connection, failed.to_string(), "", unreachable),
        (Cause::Body { form: BodyForm::WebPage, .. }, _) => {
            let what = format!(
                "a web page came instead of an answer{status}: of another host, or of a proxy or \
                 firewall between"
            );
            of(Check::Wire, what, OTHER_HOST, unreachable)
        }
        (_, ErrorKind::Auth | ErrorKind::Forbidden) => of(
            Check::Login,
            format!("the credentials are refused{status}"),
            CREDENTIALS,
            unreachable,
        ),
        (_, ErrorKind::RateLimited) => {
            let what = format!("it takes no more requests for now{status}");
            of(Check::Login, what, "try again later, or lower rate_limit", unreachable)
        }
        (_, ErrorKind::Unreachable) if error.status().is_some_and(|status| status < 500) => {
            let what = format!("another host answers, or something before the provider{status}");
            of(Check::Wire, what, OTHER_HOST, unreachable)
        }
        (_, ErrorKind::Unreachable) => {
            of(Check::Wire, format!("it answers with its own failure{status}"), LATER, unreachable)
        }
        (_, ErrorKind::NotFound) => {
            let what = format!("it does not know what {kind}'s wire asks for{status}");
            of(Check::Wire, what, OTHER_HOST, Exit::of_error(error))
        }
        (_, ErrorKind::BadReply) => {
            let what = format!("its answer is not of {kind}'s wire{status}");
            of(Check::Wire, what, OTHER_HOST, unreachable)
        }
        (_, ErrorKind::Refused | ErrorKind::NotOffered) => {
            let what = format!("it refuses what it is asked{status}");
            of(Check::Wire, what, OTHER_HOST_OR_WORDS, Exit::of_error(error))
        }
    }
}
