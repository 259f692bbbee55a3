//! `transactions`: newest first.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::exit::warn;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::incomplete::Missing;
use super::kept::{self, AsOf, Refresh, Refreshing};
use super::listing::{finish_list, holders, joined};
use super::print::Stream;
use super::session::Session;
use super::{Run, find, print};
use crate::clock::Clock;
use crate::contract::{Row, Rows, TransactionRow};
use crate::domain::card::{Card, CardKey};
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
        say_cut(accepted.len(), all);
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
        let since = kept_since(session, card).await?;
        let most = self.limit.unwrap_or(usize::MAX);
        let mut as_of = AsOf::of(
            session
                .providers
                .iter()
                .map(|info| &info.id)
                .filter(|id| card.is_none_or(|card| card.provider == **id)),
        );
        let mut stream = Stream::new(session.format);
        let (mut table, mut all) = (Vec::new(), 0_usize);
        kept::each_row(session, card, since, |row| {
            as_of.add(&row);
            let Some(accepted) = chosen.accept(&row) else { return Ok(true) };
            all += 1;
            if all > most {
                return Ok(true);
            }
            match &mut stream {
                Some(stream) => Ok(stream.add(accepted)?),
                None => {
                    table.push(row);
                    Ok(true)
                }
            }
        })
        .await?;
        let missing = Missing::of(Completeness::default());
        let missing = missing.with_data_file(as_of.told(session, card).await);
        say_cut(all.min(most), all);
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
struct Chosen<'a> {
    session: &'a Session,
    holders: BTreeMap<&'a CardKey, &'a str>,
}

impl<'a> Chosen<'a> {
    fn of(session: &'a Session, cards: &'a [Arc<Card>]) -> Self {
        Self { session, holders: holders(cards) }
    }

    /// The row as it is printed; `None` where the filter does not accept it.
    fn accept<'r>(&self, transaction: &'r Transaction) -> Option<Row<'r, Transaction>>
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

/// Says that `--limit` left rows out: nothing is cut off in silence.
fn say_cut(printed: usize, all: usize) {
    if printed < all {
        warn(&format!("{printed} of {all} transactions are printed: --limit leaves the rest out"));
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

/// From when on the data file's rows are printed, by the same rules as rows that are read.
async fn kept_since(session: &Session, card: Option<&CardKey>) -> Result<Timestamp, Failure> {
    let back = |span| session.view.now.checked_sub(span).unwrap_or(Timestamp::MIN);
    if let Some(since) = session.filter.since() {
        return Ok(since);
    }
    let mut any = session.filter.names_time();
    if !any {
        kept::each_row(session, card, back(WINDOW), |_| {
            any = true;
            Ok(false)
        })
        .await?;
        return Ok(back(if any { WINDOW } else { WIDE_WINDOW }));
    }
    Ok(back(WIDE_WINDOW))
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
        let since = kept_since(session, key).await?;
        let mut as_of = AsOf::of(session.providers.iter().map(|info| &info.id));
        let mut rows = Vec::new();
        kept::each_row(session, key, since, |row| {
            as_of.add(&row);
            rows.push(row);
            Ok(true)
        })
        .await?;
        let missing = Missing::of(Completeness::default());
        let missing = missing.with_data_file(as_of.told(session, key).await);
        return Ok(Read { rows, missing, since });
    }
    let (mut rows, completeness, since) = ask(session, card, now).await;
    let from_data_file = if refresh == Refresh::Auto {
        kept::fill_in(session, &mut rows, &completeness, since).await?
    } else {
        Vec::new()
    };
    let missing = Missing::of(completeness).with_data_file(from_data_file);
    Ok(Read { rows, missing, since })
}

/// The transactions from the filter's `since:`; else of [`WIDE_WINDOW`] where it names a time in
/// another way; else of [`WINDOW`], and where that has none, of [`WIDE_WINDOW`]. Also what is
/// missing of them, and the time from which they were read.
async fn ask(
    session: &Session,
    card: Option<&Card>,
    now: Timestamp,
) -> (Vec<Transaction>, Completeness, Timestamp) {
    let key = card.map(|card| &card.key);
    let until = now.checked_add(AHEAD).unwrap_or(now);
    let back = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let window = if session.filter.names_time() { WIDE_WINDOW } else { WINDOW };
    let since = session.filter.since().unwrap_or_else(|| back(window));
    let (rows, completeness) = joined(session.engine.list_transactions(since, until, key).await);
    if session.filter.names_time() || !rows.is_empty() || !completeness.is_complete() {
        return (rows, completeness, since);
    }
    let since = back(WIDE_WINDOW);
    let (rows, completeness) = joined(session.engine.list_transactions(since, until, key).await);
    (rows, completeness, since)
}
