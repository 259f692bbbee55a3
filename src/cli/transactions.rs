//! `transactions`: newest first.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::failure::{Failure, Outcome};
use super::global::Global;
use super::incomplete::Missing;
use super::kept::{self, Kept, Refresh, Refreshing, Seen};
use super::listing::{finish_list, holders, joined, say_cut};
use super::print::Stream;
use super::session::Session;
use super::{Run, find, print};
use crate::clock::Clock;
use crate::contract::{Row, Rows, TransactionRow};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::completeness::Completeness;
use crate::domain::transaction::Transaction;

/// How far back transactions are read when the filter does not say.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How far back they are looked for where there were none in [`WINDOW`].
const WIDE_WINDOW: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A provider's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// List transactions, newest first: of the last 30 days, or from `since:` of the filter. They are
/// read now; see --refresh
#[derive(Debug, Args)]
#[command(visible_alias = "tx")]
pub(crate) struct Transactions {
    /// Only of this card
    #[arg(long, value_name = "CARD")]
    card: Option<String>,
    /// At most this many rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    refreshing: Refreshing,
}

impl Run for Transactions {
    fn filtered(&self) -> Option<Rows> {
        Some(Rows::Transactions)
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open_to_read(global, clock.clone()).await?;
        let refresh = self.refreshing.refresh;
        let card = match &self.card {
            Some(word) if refresh == Refresh::Never => Some(find::known(&session, word).await?),
            Some(word) => Some(find::card(&session, word).await?),
            None => None,
        };
        let card = card.as_deref();
        if refresh == Refresh::Never {
            session.view.now = clock.now();
            return self.print_kept(&session, card.map(|card| &card.key)).await;
        }
        let Read { mut rows, missing, since } = read(&session, card, clock.now(), refresh).await?;
        session.view.now = clock.now();
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let cards = session.known_cards().await;
        let chosen = Chosen::of(&session, &cards);
        let mut accepted: Vec<Row<'_, Transaction>> =
            rows.iter().filter_map(|row| chosen.accept(row)).collect();
        let all = accepted.len();
        accepted.truncate(self.limit.unwrap_or(usize::MAX));
        say_cut(accepted.len(), all, "transactions");
        let nothing = format!("no transactions since {}", session.view.time(since));
        let nothing = accepted.is_empty().then_some(nothing.as_str());
        let text = print::list(accepted, session.format, &session.view);
        finish_list(&session, &text, nothing, &missing).await
    }
}

impl Transactions {
    /// Prints what the data file has. Only a table is held in memory.
    async fn print_kept(&self, session: &Session, card: Option<&CardKey>) -> Outcome {
        let cards = session.known_cards().await;
        let chosen = Chosen::of(session, &cards);
        let kept = Kept::of(session).await?;
        let Reach { since, asked_from } = reach_of_kept(session, &kept, card).await?;
        let most = self.limit.unwrap_or(usize::MAX);
        let mut seen = Seen::of(accounts_of(session, card));
        let mut stream = Stream::new(session.format);
        let (mut table, mut all) = (Vec::new(), 0_usize);
        kept.each_row(card, since, |row| {
            seen.add(&row);
            let Some(accepted) = chosen.accept(&row) else { return Ok(true) };
            all += 1;
            if all > most {
                return Ok(true);
            }
            match &mut stream {
                Some(stream) => Ok(stream.add(accepted, &session.view)?),
                None => {
                    table.push(row);
                    Ok(true)
                }
            }
        })
        .await?;
        let missing = Missing::of(Completeness::default());
        let missing = missing.with_data_file(seen.told(&kept, card, asked_from));
        say_cut(all.min(most), all, "transactions");
        let text = match stream {
            Some(stream) => {
                stream.end::<Transaction>()?;
                String::new()
            }
            None => {
                let rows = table.iter().filter_map(|row| chosen.accept(row));
                print::list(rows, session.format, &session.view)
            }
        };
        let nothing = format!("no transactions since {}", session.view.time(since));
        let nothing = (all == 0).then_some(nothing.as_str());
        finish_list(session, &text, nothing, &missing).await
    }
}

/// Chooses rows by the filter, and knows their cards' holders.
pub(super) struct Chosen<'a> {
    session: &'a Session,
    holders: BTreeMap<&'a CardKey, &'a str>,
}

impl<'a> Chosen<'a> {
    pub(super) fn of(session: &'a Session, cards: &'a [Arc<Card>]) -> Self {
        Self { session, holders: holders(cards) }
    }

    /// The row as it is printed; `None` where the filter does not accept it.
    pub(super) fn accept<'r>(&self, transaction: &'r Transaction) -> Option<Row<'r, Transaction>>
    where
        'a: 'r,
    {
        let key = transaction.card();
        let holder = key.and_then(|key| self.holders.get(&key).copied()).unwrap_or_default();
        let row = TransactionRow { transaction, holder, now: self.session.view.now };
        let accepted = self.session.filter.matches(&row);
        accepted.then_some(Row { record: transaction, holder })
    }
}

/// What was read of transactions.
pub(super) struct Read {
    /// In no order.
    pub(super) rows: Vec<Transaction>,
    /// What is missing of them, and what is from the data file.
    pub(super) missing: Missing,
    /// From when on they were read.
    pub(super) since: Timestamp,
}

/// The accounts that are asked for transactions of all cards, or of one.
pub(super) fn accounts_of<'a>(
    session: &'a Session,
    card: Option<&'a CardKey>,
) -> impl Iterator<Item = &'a ProviderId> {
    let all = session.providers.iter().map(|info| &info.id);
    all.filter(move |id| card.is_none_or(|card| card.provider == **id))
}

/// How far back transactions go.
#[derive(Clone, Copy)]
struct Reach {
    /// From when on they are printed.
    since: Timestamp,
    /// From when on all of them are wanted; `None` where the filter has other words for time than
    /// `since:`.
    asked_from: Option<Timestamp>,
}

impl Reach {
    /// As the filter says, before any row is seen.
    fn of(session: &Session, now: Timestamp) -> Self {
        let back = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
        match session.filter.since() {
            Some(since) => Self { since, asked_from: Some(since) },
            None if session.filter.names_time() => {
                Self { since: back(WIDE_WINDOW), asked_from: None }
            }
            None => Self { since: back(WINDOW), asked_from: Some(back(WINDOW)) },
        }
    }

    /// The same, where there was no row.
    fn further(self, session: &Session, now: Timestamp) -> Self {
        if session.filter.names_time() {
            return self;
        }
        Self { since: now.checked_sub(WIDE_WINDOW).unwrap_or(Timestamp::MIN), ..self }
    }
}

/// How far back the data file's rows are printed, by the same rules as rows that are read.
async fn reach_of_kept(
    session: &Session,
    kept: &Kept<'_>,
    card: Option<&CardKey>,
) -> Result<Reach, Failure> {
    let now = session.view.now;
    let reach = Reach::of(session, now);
    let mut any = false;
    kept.each_row(card, reach.since, |_| {
        any = true;
        Ok(false)
    })
    .await?;
    Ok(if any { reach } else { reach.further(session, now) })
}

/// The transactions that a command which may ask goes by: those that were read, and by `refresh`
/// those of the data file beside or instead of them.
///
/// # Errors
/// When the data file cannot be read.
pub(super) async fn read(
    session: &Session,
    card: Option<&Card>,
    now: Timestamp,
    refresh: Refresh,
) -> Result<Read, Failure> {
    let key = card.map(|card| &card.key);
    if refresh == Refresh::Never {
        let kept = Kept::of(session).await?;
        let Reach { since, asked_from } = reach_of_kept(session, &kept, key).await?;
        let mut seen = Seen::of(accounts_of(session, key));
        let mut rows = Vec::new();
        kept.each_row(key, since, |row| {
            seen.add(&row);
            rows.push(row);
            Ok(true)
        })
        .await?;
        let missing = Missing::of(Completeness::default());
        let missing = missing.with_data_file(seen.told(&kept, key, asked_from));
        return Ok(Read { rows, missing, since });
    }
    let (mut rows, completeness, Reach { since, asked_from }) = ask(session, card, now).await;
    let from_data_file = if refresh == Refresh::Auto {
        kept::fill_in(session, &mut rows, &completeness, since, asked_from).await?
    } else {
        Vec::new()
    };
    let missing = Missing::of(completeness).with_data_file(from_data_file);
    Ok(Read { rows, missing, since })
}

/// The transactions from the filter's `since:`; else of [`WIDE_WINDOW`] where it names a time in
/// another way; else of [`WINDOW`], and where that has none, of [`WIDE_WINDOW`]. Also what is
/// missing of them, and how far back they were read.
async fn ask(
    session: &Session,
    card: Option<&Card>,
    now: Timestamp,
) -> (Vec<Transaction>, Completeness, Reach) {
    let key = card.map(|card| &card.key);
    let until = now.checked_add(AHEAD).unwrap_or(now);
    let list = async |reach: Reach| {
        joined(session.engine.list_transactions(reach.since, until, key).await)
    };
    let reach = Reach::of(session, now);
    let (rows, completeness) = list(reach).await;
    if session.filter.names_time() || !rows.is_empty() || !completeness.is_complete() {
        return (rows, completeness, reach);
    }
    let reach = reach.further(session, now);
    let (rows, completeness) = list(reach).await;
    (rows, completeness, reach)
}
