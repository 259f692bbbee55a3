//! The commands that only read: cards, transactions, providers and the journal.
//!
//! A provider that fails is named on standard error; what the others said is still printed, and the
//! exit code tells.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::incomplete::Missing;
use super::print;
use super::provider_facts::{facts, trouble};
use super::session::Session;
use super::{Exit, Failure, Format, Global, Outcome, complain, find};
use crate::clock::Clock;
use crate::contract::{
    CardRow, JournalCheck, OperationRow, ProviderFacts, Row, TransactionRow, csv, json, table,
};
use crate::domain::card::{Card, CardKey};
use crate::domain::completeness::Completeness;
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::transaction::Transaction;
use crate::engine::{HealthState, Listing, Verified};

/// How far back transactions are read when the filter does not say.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How far back they are looked for where there were none in [`WINDOW`].
const WIDE_WINDOW: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A provider's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// `cards`: by provider in the order of the configuration, then by id.
pub(super) async fn cards(global: &Global, clock: Clock) -> Outcome {
    let mut session = Session::open_to_read(global, clock.clone()).await?;
    let (mut cards, completeness) = whole(session.engine.list_cards().await);
    session.view.now = clock.now();
    let doubted = doubted(&session).await;
    let now = session.view.now;
    cards.retain(|card| {
        let unknown = doubted.contains(&card.key);
        // What the board keeps of an operator (watched, marked, a low mark) is not known here.
        session.filter.matches(&CardRow {
            card,
            now,
            watched: false,
            marked: false,
            low: false,
            unknown,
        })
    });
    cards.sort_by(|a, b| {
        (session.rank(&a.key.provider), &a.key.id).cmp(&(session.rank(&b.key.provider), &b.key.id))
    });
    let missing = Missing::of(completeness).with_states_of(&cards);
    finish_list(
        &session,
        &print::list(cards.iter().map(Row::from), session.format, &session.view),
        cards.is_empty().then_some("no cards"),
        &missing,
    )
    .await
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
    let mut session = Session::open_to_read(global, clock.clone()).await?;
    let exit = async {
        let known = find::card(&session, word).await?;
        let mut completeness = Completeness::whole(clock.now());
        let read = session.engine.read_card(&known.key).await;
        let card = match read {
            Ok(card) => card,
            Err(error) => {
                completeness.miss(crate::engine::unread_part(
                    &known.key.provider,
                    Some(&known.key),
                    &error,
                ));
                let cards = session.known_cards().await;
                cards.into_iter().find(|card| card.key == known.key).unwrap_or(known)
            }
        };
        session.view.now = clock.now();
        let missing = Missing::of(completeness).with_states_of([&card]);
        print::put(&print::one(&card, session.format))?;
        missing.say(session.format, &session.view);
        Ok(missing.exit())
    }
    .await;
    session.engine.stop().await;
    exit
}

/// `transactions`: newest first.
pub(super) async fn transactions(
    global: &Global,
    card: Option<&str>,
    limit: Option<usize>,
    clock: Clock,
) -> Outcome {
    let mut session = Session::open_to_read(global, clock.clone()).await?;
    let card = match card {
        Some(word) => Some(find::card(&session, word).await?),
        None => None,
    };
    let (now, key) = (clock.now(), card.as_ref().map(|card| &card.key));
    let until = now.checked_add(AHEAD).unwrap_or(now);
    let back = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let mut since = session.filter.since().unwrap_or_else(|| back(WINDOW));
    let (mut rows, mut completeness) =
        whole(session.engine.list_transactions(since, until, key).await);
    if session.filter.since().is_none() && rows.is_empty() && completeness.is_whole() {
        since = back(WIDE_WINDOW);
        (rows, completeness) = whole(session.engine.list_transactions(since, until, key).await);
    }
    session.view.now = clock.now();
    let now = session.view.now;
    rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    let cards = session.known_cards().await;
    let holders = holders(&cards);
    let holder =
        |key: Option<CardKey>| key.and_then(|key| holders.get(&key).copied()).unwrap_or_default();
    let rows: Vec<Row<'_, Transaction>> = rows
        .iter()
        .map(|record| Row { record, holder: holder(record.card()) })
        .filter(|row| {
            session.filter.matches(&TransactionRow {
                transaction: row.record,
                holder: row.holder,
                now,
            })
        })
        .take(limit.unwrap_or(usize::MAX))
        .collect();
    let nothing = format!("no transactions since {}", session.view.time(since));
    let nothing = rows.is_empty().then_some(nothing.as_str());
    finish_list(
        &session,
        &print::list(rows, session.format, &session.view),
        nothing,
        &Missing::of(completeness),
    )
    .await
}

/// `providers`: each is asked now.
pub(super) async fn providers(global: &Global, clock: Clock) -> Outcome {
    let mut session = Session::open_to_read(global, clock.clone()).await?;
    let reports = session.engine.read_providers().await;
    session.view.now = clock.now();
    let mut exit = Exit::Done;
    for report in &reports {
        let ended = match (report.health.state, &report.float) {
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
        };
        if ended != Exit::Done {
            let why = trouble(report).unwrap_or_else(|| "does not answer".to_owned());
            complain(&format!("{}: {why}", report.info.id));
        }
        exit = exit.and(ended);
    }
    for sentence in session.engine.roster_troubles() {
        complain(&sentence);
        exit = exit.and(Exit::Refused);
    }
    let facts: Vec<ProviderFacts> = reports.into_iter().map(facts).collect();
    finish(
        &session,
        &print::list(facts.iter().map(Row::from), session.format, &session.view),
        facts.is_empty().then_some("no providers"),
        exit,
    )
    .await
}

/// `ops`: the journal, newest first. Nobody is asked.
pub(super) async fn operations(global: &Global, limit: Option<usize>, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let cards = session.known_cards().await;
    let holders = holders(&cards);
    let now = session.view.now;
    let mut operations = journal(&session).await?;
    operations.retain(|operation| {
        let holder = holders.get(&operation.card).copied().unwrap_or_default();
        let asked =
            global.provider.as_ref().is_none_or(|name| operation.card.provider.name() == name);
        asked && session.filter.matches(&OperationRow { operation, holder, now })
    });
    operations.truncate(limit.unwrap_or(usize::MAX));
    let nothing = operations.is_empty().then_some("no operations");
    finish(
        &session,
        &print::list(operations.iter().map(Row::from), session.format, &session.view),
        nothing,
        Exit::Done,
    )
    .await
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
    let steps = session
        .engine
        .steps(operation.id)
        .await
        .map_err(|words| Failure::new(Exit::Refused, words))?;
    let lines = steps.iter().map(Row::from);
    let text = match session.format {
        Format::Json => json::object_with_list(operation, "steps", &steps) + "\n",
        Format::Csv => csv::document(lines),
        Format::Table => {
            format!("{}\n{}", csv::sheet(operation), table::table(lines, &session.view))
        }
    };
    finish(&session, &text, None, Exit::Done).await
}

/// `ops verify`: whether every line of the journal is as it was written.
pub(super) async fn verify(global: &Global, clock: Clock) -> Outcome {
    let session = Session::open(global, clock).await?;
    let verified =
        session.engine.verify().await.map_err(|words| Failure::new(Exit::Refused, words))?;
    finish(&session, &intact(verified, session.format), None, Exit::Done).await
}

fn intact(verified: Verified, format: Format) -> String {
    let Verified { lines, last_hash, noted } = verified;
    let check = JournalCheck { lines, last_hash, noted };
    if format != Format::Table {
        return print::one(&check, format);
    }
    let JournalCheck { last_hash, .. } = check;
    let end = match noted {
        Some(noted) => {
            format!("as far as line {noted} it is the one noted outside the data file")
        }
        None => "nothing outside the data file notes where it ended: keep the last hash to compare"
            .to_owned(),
    };
    format!(
        "the journal is intact: {lines} lines, each follows from the one before\nlast hash \
         {last_hash}\n{end}\n"
    )
}

/// Names of holders by card, for rows that only carry the card's id.
fn holders(cards: &[Card]) -> BTreeMap<&CardKey, &str> {
    cards.iter().map(|card| (&card.key, &*card.holder)).collect()
}

/// What all accounts have, and what is missing of it.
fn whole<T>(listings: Vec<Listing<T>>) -> (Vec<T>, Completeness) {
    let (mut rows, mut all): (_, Option<Completeness>) = (Vec::new(), None);
    for listing in listings {
        rows.extend(listing.rows);
        match &mut all {
            Some(all) => all.join(listing.completeness),
            None => all = Some(listing.completeness),
        }
    }
    (rows, all.unwrap_or_default())
}

/// Prints a list and says what is missing of it.
async fn finish_list(
    session: &Session,
    text: &str,
    nothing: Option<&str>,
    missing: &Missing,
) -> Outcome {
    let ended = finish(session, text, nothing, missing.exit()).await;
    missing.say(session.format, &session.view);
    ended
}

/// Prints, closes the engine, and says why a table is empty.
async fn finish(session: &Session, text: &str, nothing: Option<&str>, exit: Exit) -> Outcome {
    let printed = print::put(text);
    // Where a provider failed, that was said already and is the reason.
    if let Some(words) = nothing.filter(|_| session.format == Format::Table && exit == Exit::Done) {
        complain(words);
    }
    session.engine.stop().await;
    printed?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ProviderId;
    use crate::domain::completeness::UnreadPart;

    #[test]
    fn one_failing_provider_does_not_lose_the_others_rows() {
        let listing = |name: &str, rows: Vec<u8>, why: Option<&str>| {
            let provider = ProviderId::new(name);
            let mut completeness = Completeness::whole(Timestamp::UNIX_EPOCH);
            if let Some(why) = why {
                completeness.miss(UnreadPart {
                    provider: provider.clone(),
                    card: None,
                    why: why.into(),
                });
            }
            Listing { provider, rows, completeness, failed: None }
        };
        let listings = vec![
            listing("acme", vec![1, 2], None),
            listing("bravo", vec![], Some("no answer")),
            listing("enkash", vec![3], None),
        ];
        let (rows, completeness) = whole(listings);
        assert_eq!(
            (rows, completeness.missing()),
            (vec![1, 2, 3], "1 account could not be read".to_owned())
        );
        assert_eq!(Missing::of(completeness).exit(), Exit::Unreachable);
    }
}
