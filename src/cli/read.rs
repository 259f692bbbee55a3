//! The commands that only read: cards, transactions, providers and the journal.
//!
//! A provider that fails is named on standard error; what the others said is still printed, and the exit code tells.

use jiff::{SignedDuration, Timestamp};

use super::print::{self, View};
use super::record::{self, Line, Movement};
use super::session::Session;
use super::{Exit, Failure, Format, Global, Outcome, complain, find};
use crate::clock::Clock;
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::filter::{CardRow, OperationRow, TransactionRow};
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::engine::{HealthState, Said, Verified};

/// How far back transactions are read when the filter does not say.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How far back they are looked for where there were none in [`WINDOW`].
const WIDE_WINDOW: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A provider's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// `cards`: by provider in the order of the configuration, then by id.
pub(super) async fn cards(global: &Global, clock: Clock) -> Outcome {
    let mut session = Session::open(global, clock.clone()).await?;
    let said = session.engine.read_cards().await;
    let failed: Vec<ProviderId> = said.iter().filter(|(_, answer)| answer.is_err()).map(|(id, _)| id.clone()).collect();
    let (mut cards, exit) = answers(said);
    // What was read earlier is not lost with the connection: each figure says as of when it is.
    let mut last_known = session.known_cards().await;
    last_known.retain(|card| failed.contains(&card.key.provider));
    if !last_known.is_empty() {
        let names: Vec<&str> = failed.iter().map(ProviderId::name).collect();
        complain(&format!("cards of {} are as last known, not as they are now", names.join(", ")));
    }
    cards.append(&mut last_known);
    session.view.now = clock.now();
    let doubted = doubted(&session).await;
    let now = session.view.now;
    cards.retain(|card| {
        let unknown = doubted.contains(&card.key);
        // What the board keeps of an operator (watched, marked, a low mark) is not known here.
        session.filter.matches(&CardRow { card, now, watched: false, marked: false, low: false, unknown })
    });
    cards.sort_by(|a, b| (session.rank(&a.key.provider), &a.key.id).cmp(&(session.rank(&b.key.provider), &b.key.id)));
    finish(&session, &print::list(&cards, &session.view), cards.is_empty().then_some("no cards"), exit).await
}

/// Cards with an operation whose outcome nobody can tell yet.
async fn doubted(session: &Session) -> Vec<CardKey> {
    let operations = session.engine.operations().await.unwrap_or_default();
    operations
        .into_iter()
        .filter(|operation| operation.state == OperationState::Unknown)
        .map(|operation| operation.card)
        .collect()
}

/// `card CARD`: read now.
pub(super) async fn card(global: &Global, word: &str, clock: Clock) -> Outcome {
    let mut session = Session::open(global, clock.clone()).await?;
    let exit = async {
        let known = find::card(&session, word).await?;
        let card = session
            .engine
            .read_card(&known.key)
            .await
            .map_err(|error| Failure::new(Exit::of_error(&error), error.to_string()))?;
        session.view.now = clock.now();
        print::put(&print::one(&card, &session.view))?;
        Ok(Exit::Done)
    }
    .await;
    session.engine.stop().await;
    exit
}

/// `transactions`: newest first.
pub(super) async fn transactions(global: &Global, card: Option<&str>, limit: Option<usize>, clock: Clock) -> Outcome {
    let mut session = Session::open(global, clock.clone()).await?;
    let card = match card {
        Some(word) => Some(find::card(&session, word).await?),
        None => None,
    };
    let (now, key) = (clock.now(), card.as_ref().map(|card| &card.key));
    let until = now.checked_add(AHEAD).unwrap_or(now);
    let back = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let mut since = session.filter.since().unwrap_or_else(|| back(WINDOW));
    let mut said = session.engine.read_transactions(since, until, key).await;
    if session.filter.since().is_none() && said.iter().all(|(_, rows)| rows.as_ref().is_ok_and(Vec::is_empty)) {
        since = back(WIDE_WINDOW);
        said = session.engine.read_transactions(since, until, key).await;
    }
    let (mut rows, exit) = answers(said);
    session.view.now = clock.now();
    let now = session.view.now;
    rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    let cards = session.known_cards().await;
    let holders = record::holders(&cards);
    let holder = |key: Option<CardKey>| key.and_then(|key| holders.get(&key).copied()).unwrap_or_default();
    let movements: Vec<Movement<'_>> = rows
        .iter()
        .map(|transaction| Movement { transaction, holder: holder(transaction.card()) })
        .filter(|row| session.filter.matches(&TransactionRow { transaction: row.transaction, holder: row.holder, now }))
        .take(limit.unwrap_or(usize::MAX))
        .collect();
    let nothing = format!("no transactions since {}", session.view.time(since));
    let nothing = movements.is_empty().then_some(nothing.as_str());
    finish(&session, &print::list(&movements, &session.view), nothing, exit).await
}

/// `providers`: each is asked now.
pub(super) async fn providers(global: &Global, clock: Clock) -> Outcome {
    let mut session = Session::open(global, clock.clone()).await?;
    let reports = session.engine.read_providers().await;
    session.view.now = clock.now();
    let mut exit = Exit::Done;
    for report in &reports {
        let ended = match (report.health.state, &report.float) {
            (HealthState::Down | HealthState::Auth | HealthState::Waiting, _) => Exit::Unreachable,
            (HealthState::Ok | HealthState::Slow | HealthState::Paused, Some(Err(error))) => match record::trouble(report) {
                Some(_) => Exit::of_error(error),
                None => Exit::Done,
            },
            (HealthState::Ok | HealthState::Slow | HealthState::Paused, Some(Ok(_)) | None) => Exit::Done,
        };
        if ended != Exit::Done {
            let why = record::trouble(report).unwrap_or_else(|| "does not answer".to_owned());
            complain(&format!("{}: {why}", report.info.id));
        }
        exit = exit.and(ended);
    }
    finish(&session, &print::list(&reports, &session.view), reports.is_empty().then_some("no providers"), exit).await
}

/// `ops`: the journal, newest first. Nobody is asked.
pub(super) async fn operations(global: &Global, limit: Option<usize>, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let cards = session.known_cards().await;
    let holders = record::holders(&cards);
    let now = session.view.now;
    let mut operations = journal(&session).await?;
    operations.retain(|operation| {
        let holder = holders.get(&operation.card).copied().unwrap_or_default();
        let asked = global.provider.as_ref().is_none_or(|name| operation.card.provider.name() == name);
        asked && session.filter.matches(&OperationRow { operation, holder, now })
    });
    operations.truncate(limit.unwrap_or(usize::MAX));
    let nothing = operations.is_empty().then_some("no operations");
    finish(&session, &print::list(&operations, &session.view), nothing, Exit::Done).await
}

/// Every operation of the journal, newest first.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn journal(session: &Session) -> Result<Vec<Operation>, Failure> {
    session.engine.operations().await.map_err(|words| Failure::new(Exit::Refused, words))
}

/// The id of the operation that a word means.
///
/// # Errors
/// Usage, when it means none or several.
pub(super) async fn operation_id(session: &Session, word: &str) -> Result<OperationId, Failure> {
    Ok(find::operation(word, &journal(session).await?)?.id)
}

/// `ops show OP`: the operation and its journal, oldest line first.
pub(super) async fn operation(global: &Global, word: &str, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let operations = journal(&session).await?;
    let operation = find::operation(word, &operations)?;
    let steps = session.engine.steps(operation.id).await.map_err(|words| Failure::new(Exit::Refused, words))?;
    let lines: Vec<Line<'_>> = steps.iter().map(Line).collect();
    let text = match session.view.format {
        Format::Json => record::operation_with_steps(operation, &steps) + "\n",
        Format::Csv => print::list(&lines, &session.view),
        Format::Table => format!("{}\n{}", print::one(operation, &session.view), print::list(&lines, &session.view)),
    };
    finish(&session, &text, None, Exit::Done).await
}

/// `ops verify`: whether every line of the journal is as it was written.
pub(super) async fn verify(global: &Global, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let verified = session.engine.verify().await.map_err(|words| Failure::new(Exit::Refused, words))?;
    finish(&session, &intact(&verified, &session.view), None, Exit::Done).await
}

/// `{"intact":true,"lines":N,"last_hash":"…","noted_lines":N}`; a broken journal is exit 1 with a sentence instead.
fn intact(verified: &Verified, view: &View) -> String {
    let Verified { lines, last_hash, noted } = verified;
    match view.format {
        Format::Table => {
            let end = match noted {
                Some(noted) => format!("as far as line {noted} it is the one noted outside the data file"),
                None => "nothing outside the data file notes where it ended: keep the last hash to compare".to_owned(),
            };
            format!("the journal is intact: {lines} lines, each follows from the one before\nlast hash {last_hash}\n{end}\n")
        }
        Format::Json => {
            let noted = noted.map_or_else(|| "null".to_owned(), |noted| noted.to_string());
            format!("{{\"intact\":true,\"lines\":{lines},\"last_hash\":\"{last_hash}\",\"noted_lines\":{noted}}}\n")
        }
        Format::Csv => {
            let noted = noted.map_or_else(String::new, |noted| noted.to_string());
            format!("intact,lines,last_hash,noted_lines\ntrue,{lines},{last_hash},{noted}\n")
        }
    }
}

/// What was read, and how it went: every failure is said at once.
fn answers<T>(said: Said<Vec<T>>) -> (Vec<T>, Exit) {
    let mut rows = Vec::new();
    let mut exit = Exit::Done;
    for (_, answer) in said {
        match answer {
            Ok(read) => rows.extend(read),
            Err(error) => {
                complain(&error.to_string());
                exit = exit.and(Exit::of_error(&error));
            }
        }
    }
    (rows, exit)
}

/// Prints, closes the engine, and says why a table is empty.
async fn finish(session: &Session, text: &str, nothing: Option<&str>, exit: Exit) -> Outcome {
    let printed = print::put(text);
    // Where a provider failed, that was said already and is the reason.
    if let Some(words) = nothing.filter(|_| session.view.format == Format::Table && exit == Exit::Done) {
        complain(words);
    }
    session.engine.stop().await;
    printed?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Card;
    use crate::provider::{Error, Kind};

    #[test]
    fn one_failing_provider_does_not_lose_the_others_rows() {
        let said = vec![
            (ProviderId::new("acme"), Ok(vec![1, 2])),
            (ProviderId::new("bravo"), Err(Error::new(&ProviderId::new("bravo"), Kind::Unreachable, "no answer"))),
            (ProviderId::new("enkash"), Ok(vec![3])),
        ];
        assert_eq!(answers(said), (vec![1, 2, 3], Exit::Unreachable));
    }

    #[test]
    fn a_refused_read_is_not_an_unreachable_one() {
        let refused = Error::new(&ProviderId::new("bravo"), Kind::NotOffered, "no list and no roster");
        assert_eq!(answers::<Card>(vec![(ProviderId::new("bravo"), Err(refused))]), (Vec::new(), Exit::Refused));
    }
}
