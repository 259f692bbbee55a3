//! Holds that a provider does not list any more: released, or cleared under another id. Neither is said in so many words by any of the
//! wires, so it is told from complete readings alone, and taken back when the hold is listed again.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::feed::{COLUMNS, exact, read};
use super::{millis, moment};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::transaction::{Listed, Transaction};

/// A posting may be this much of its hold at most: tips are added.
const TIPPED: (i64, i64) = (13, 10);

/// How long after its hold a posting may come, and how long one is looked for.
const LATEST_POSTING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A complete reading of the transactions of an account, or of one card.
#[derive(Clone, Debug)]
pub struct CompleteReading {
    /// The account.
    pub provider: ProviderId,
    /// The card, where it was one card's list.
    pub card: Option<CardKey>,
    /// From when on rows were asked for.
    pub since: Timestamp,
    /// When it began.
    pub at: Timestamp,
    /// How far apart two readings are that agree.
    pub apart: SignedDuration,
    /// The rows it had, by card and id.
    pub listed: HashSet<(Option<Arc<str>>, Arc<str>)>,
    /// When the oldest of them happened: only holds after it should have been there, too.
    pub oldest: Timestamp,
}

/// Compares the holds that are known with a complete reading and returns those of which something else is known now.
///
/// A hold is gone since the first reading without it, once a second one that is at least `apart` later agrees. A posting is linked to a
/// hold that is gone (card, merchant, order in time, amount), each to one at most; the two are never made one.
///
/// # Errors
/// What SQLite said; then nothing is changed.
pub fn follow(db: &mut Connection, reading: &CompleteReading) -> rusqlite::Result<Vec<Transaction>> {
    let tx = super::begin(db)?;
    let mut changed = Vec::new();
    for (hold, missed) in holds(&tx, reading)? {
        let is_listed =
            [hold.card_id.clone(), None].into_iter().any(|card| reading.listed.contains(&(card, Arc::clone(&hold.id))));
        match (is_listed, missed) {
            (true, None) => {}
            (true, Some(_)) => set(&tx, &hold, "missed_at = NULL", None)?,
            (false, None) => set(&tx, &hold, "missed_at = ?4", Some(reading.at))?,
            (false, Some(first)) if reading.at.duration_since(first) >= reading.apart => {
                set(&tx, &hold, "gone_at = ?4", Some(first))?;
                changed.push(hold);
            }
            (false, Some(_)) => {}
        }
    }
    changed.extend(link(&tx, reading)?);
    let mut told = Vec::new();
    for hold in changed {
        if told.iter().all(|known: &Transaction| !known.is_same_row(&hold)) {
            told.extend(exact(&tx, &hold.provider, hold.card_id.as_deref(), &hold.id)?);
        }
    }
    tx.commit()?;
    Ok(told)
}

/// Holds that the reading should have had, and when each was first missed.
fn holds(db: &Connection, reading: &CompleteReading) -> rusqlite::Result<Vec<(Transaction, Option<Timestamp>)>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, missed_at FROM card_transaction
         WHERE provider = ?1 AND state = 'HOLD' AND gone_at IS NULL AND at > ?2 AND at >= ?3 AND at <= ?4
           AND (?5 IS NULL OR card_id = ?5)"
    ))?;
    let row = |row: &rusqlite::Row<'_>| Ok((read(row)?, row.get::<_, Option<i64>>("missed_at")?.map(moment)));
    let card = reading.card.as_ref().map(|card| &*card.id);
    let (oldest, since, at) = (millis(reading.oldest), millis(reading.since), millis(reading.at));
    query.query_map(params![reading.provider.name(), oldest, since, at, card], row)?.collect()
}

fn set(db: &Connection, hold: &Transaction, what: &str, at: Option<Timestamp>) -> rusqlite::Result<()> {
    let sql = format!("UPDATE card_transaction SET {what} WHERE provider = ?1 AND card_id = ?2 AND id = ?3");
    let (provider, card) = (hold.provider.name(), hold.card_id.as_deref().unwrap_or_default());
    match at {
        Some(at) => db.prepare_cached(&sql)?.execute(params![provider, card, &*hold.id, millis(at)])?,
        None => db.prepare_cached(&sql)?.execute(params![provider, card, &*hold.id])?,
    };
    Ok(())
}

/// Links holds that are gone with the postings they became. Equal sums first, so that a tip takes no other hold's posting.
fn link(db: &Connection, reading: &CompleteReading) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction
         WHERE provider = ?1 AND state = 'HOLD' AND gone_at >= ?2 AND cleared_as IS NULL AND card_id <> ''
           AND (?3 IS NULL OR card_id = ?3) ORDER BY at, id"
    ))?;
    let from = reading.at.saturating_sub(LATEST_POSTING).unwrap_or(Timestamp::MIN);
    let card = reading.card.as_ref().map(|card| &*card.id);
    let mut gone: Vec<Transaction> =
        query.query_map(params![reading.provider.name(), millis(from), card], read)?.collect::<rusqlite::Result<_>>()?;
    let mut linked = Vec::new();
    for exactly in [true, false] {
        let mut left = Vec::new();
        for hold in gone {
            let fits = |posting: &Transaction| if exactly { posting.amount == hold.amount } else { may_clear(&hold, posting) };
            let mut postings: Vec<Transaction> = postings(db, &hold)?.into_iter().filter(fits).collect();
            postings.sort_by_key(|posting| {
                let difference = posting.amount.amount() - hold.amount.amount();
                (difference.abs(), posting.at.duration_since(hold.at).abs(), Arc::clone(&posting.id))
            });
            match postings.first() {
                Some(posting) => {
                    db.prepare_cached(
                        "UPDATE card_transaction SET cleared_as = ?4 WHERE provider = ?1 AND card_id = ?2 AND id = ?3",
                    )?
                    .execute(params![
                        hold.provider.name(),
                        hold.card_id.as_deref(),
                        &*hold.id,
                        &*posting.id
                    ])?;
                    linked.push(hold);
                }
                None => left.push(hold),
            }
        }
        gone = left;
    }
    Ok(linked)
}

/// Postings that may be what a hold became: on its card, at its merchant, not from before it, seen after it, never a hold themselves,
/// and no other hold's.
fn postings(db: &Connection, hold: &Transaction) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction AS posting
         WHERE provider = ?1 AND card_id = ?2 AND state = 'CLEARED' AND was_hold = 0 AND kind = ?3 AND currency = ?4
           AND at BETWEEN ?5 AND ?6 AND seen_at > ?7
           AND NOT EXISTS (SELECT 1 FROM card_transaction AS other WHERE other.provider = posting.provider
                           AND other.card_id = posting.card_id AND other.cleared_as = posting.id)"
    ))?;
    let latest = hold.at.saturating_add(LATEST_POSTING).unwrap_or(Timestamp::MAX);
    let currency = hold.amount.currency();
    let values = params![
        hold.provider.name(),
        hold.card_id.as_deref(),
        hold.kind.word(),
        currency.code(),
        millis(hold.at),
        millis(latest),
        millis(hold.seen_at)
    ];
    let all: Vec<Transaction> = query.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(all.into_iter().filter(|posting| same_merchant(hold, posting)).collect())
}

fn may_clear(hold: &Transaction, posting: &Transaction) -> bool {
    let (of, over) = (rust_decimal::Decimal::from(TIPPED.0), rust_decimal::Decimal::from(TIPPED.1));
    let most = hold.amount.size().amount().checked_mul(of).and_then(|sum| sum.checked_div(over));
    most.is_some_and(|most| posting.amount.size().amount() <= most)
}

fn same_merchant(hold: &Transaction, posting: &Transaction) -> bool {
    let plain = |name: &Option<Arc<str>>| -> Option<String> {
        let name = name.as_deref()?.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        (!name.is_empty()).then_some(name)
    };
    matches!((plain(&hold.merchant), plain(&posting.merchant)), (Some(one), Some(other)) if one == other)
}

/// A row as it stands in the file: a hold that is gone is kept as the hold it was.
pub(super) const fn gone(row: &Transaction) -> (Option<Timestamp>, Option<&Arc<str>>) {
    match &row.listed {
        Listed::Still => (None, None),
        Listed::GoneSince { at, cleared_as } => (Some(*at), cleared_as.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use crate::domain::transaction::{TransactionKind, TransactionState};
    use crate::store::{Store, feed};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).expect("a time of the test")
    }

    fn row(id: &str, state: TransactionState, merchant: &str, amount: &str, minute: i64) -> Transaction {
        Transaction {
            provider: ProviderId::new("acme"),
            id: id.into(),
            task: None,
            card_id: Some("c1".into()),
            last4: None,
            kind: TransactionKind::Purchase,
            state,
            provider_state: if state == TransactionState::Hold { "PENDING".into() } else { "SETTLED".into() },
            amount: Money::read(amount, "USD".parse().expect("USD")).expect("an amount"),
            fee: None,
            merchant: Some(merchant.into()),
            mcc: None,
            country: None,
            decline_reason: None,
            description: None,
            at: at(minute),
            seen_at: at(minute),
            operation: None,
            listed: Listed::Still,
        }
    }

    fn hold(id: &str, merchant: &str, amount: &str, minute: i64) -> Transaction {
        row(id, TransactionState::Hold, merchant, amount, minute)
    }

    fn posting(id: &str, merchant: &str, amount: &str, minute: i64, seen: i64) -> Transaction {
        Transaction { seen_at: at(seen), ..row(id, TransactionState::Cleared, merchant, amount, minute) }
    }

    struct Desk(Store, Transaction, tempfile::TempDir);

    impl Desk {
        /// A data file whose bank has had this row for long.
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let old = row("old", TransactionState::Cleared, "RENT", "500", -10_000);
            Self(Store::open(folder.path()).expect("a data file"), old, folder)
        }

        /// A complete reading at a minute that lists these.
        async fn reads(&self, minute: i64, rows: &[Transaction]) -> Vec<(String, String)> {
            let rows: Vec<Transaction> = std::iter::once(&self.1).chain(rows).cloned().collect();
            let reading = CompleteReading {
                provider: ProviderId::new("acme"),
                card: None,
                since: at(-20_000),
                at: at(minute),
                apart: SignedDuration::from_mins(10),
                listed: rows.iter().map(|row| (row.card_id.clone(), Arc::clone(&row.id))).collect(),
                oldest: rows.iter().map(|row| row.at).min().expect("one"),
            };
            let told = self.0.known(move |db| {
                feed::keep(db, &rows)?;
                follow(db, &reading)
            });
            told.await.expect("keeping").iter().map(|row| (row.id.to_string(), said(row))).collect()
        }

        async fn says(&self, id: &str) -> String {
            let id = id.to_owned();
            let row = self.0.known(move |db| exact(db, &ProviderId::new("acme"), Some("c1"), &id)).await.expect("the file");
            said(&row.expect("a row"))
        }
    }

    fn said(row: &Transaction) -> String {
        let listed = match &row.listed {
            Listed::Still => String::new(),
            Listed::GoneSince { at: since, cleared_as } => {
                format!(" since {} as {:?}", since.duration_since(at(0)).as_mins(), cleared_as.as_deref())
            }
        };
        format!("{} {}{listed}", row.state.word(), row.provider_state)
    }

    #[tokio::test]
    async fn a_hold_is_gone_after_two_complete_readings_that_are_far_enough_apart() {
        let desk = Desk::new();
        let fuel = hold("h", "FUEL", "40", 0);
        desk.reads(1, std::slice::from_ref(&fuel)).await;
        assert!(desk.reads(5, &[]).await.is_empty());
        assert!(desk.reads(14, &[]).await.is_empty(), "nine minutes later is too soon");
        assert_eq!(desk.says("h").await, "HOLD PENDING");
        assert_eq!(desk.reads(15, &[]).await, [("h".to_owned(), "REVERSED PENDING since 5 as None".to_owned())]);
        assert!(desk.reads(30, &[]).await.is_empty(), "told once");
        // It returns if it is seen again.
        desk.reads(31, std::slice::from_ref(&fuel)).await;
        assert_eq!(desk.says("h").await, "HOLD PENDING");
        desk.reads(32, &[]).await;
        assert!(desk.reads(33, &[]).await.is_empty(), "and is followed from the beginning");
    }

    #[tokio::test]
    async fn a_hold_that_was_missed_once_and_listed_again_is_not_gone() {
        let desk = Desk::new();
        let fuel = hold("h", "FUEL", "40", 0);
        desk.reads(1, std::slice::from_ref(&fuel)).await;
        desk.reads(2, &[]).await;
        desk.reads(3, std::slice::from_ref(&fuel)).await;
        assert!(desk.reads(20, &[]).await.is_empty());
        assert_eq!(desk.says("h").await, "HOLD PENDING");
    }

    #[tokio::test]
    async fn a_hold_that_is_older_than_all_that_is_listed_is_left_alone() {
        let desk = Desk::new();
        let ancient = hold("h", "FUEL", "40", -15_000);
        desk.reads(1, std::slice::from_ref(&ancient)).await;
        desk.reads(2, &[]).await;
        assert!(desk.reads(60, &[]).await.is_empty());
    }

    #[tokio::test]
    async fn a_hold_that_clears_under_a_new_id_is_linked_once_it_is_gone_and_never_merged() {
        let desk = Desk::new();
        let hotel = hold("h", "Hotel Nord", "25", 0);
        desk.reads(1, std::slice::from_ref(&hotel)).await;
        let cleared = posting("p", "HOTEL NORD", "25", 0, 5);
        assert!(desk.reads(5, &[hotel.clone(), cleared.clone()]).await.is_empty(), "both are listed");
        desk.reads(6, std::slice::from_ref(&cleared)).await;
        let told = desk.reads(20, std::slice::from_ref(&cleared)).await;
        assert_eq!(told, [("h".to_owned(), "REVERSED PENDING since 6 as Some(\"p\")".to_owned())]);
        assert_eq!(desk.says("p").await, "CLEARED SETTLED");
    }

    #[tokio::test]
    async fn two_holds_at_one_merchant_share_no_posting_and_a_tip_takes_nobody_elses() {
        let desk = Desk::new();
        let both = [hold("h1", "BISTRO", "20", 0), hold("h2", "BISTRO", "24", 1)];
        desk.reads(2, &both).await;
        let cleared = [posting("p1", "BISTRO", "24", 1, 6), posting("p2", "BISTRO", "22", 3, 6)];
        desk.reads(6, &cleared).await;
        desk.reads(20, &cleared).await;
        assert_eq!(desk.says("h2").await, "REVERSED PENDING since 6 as Some(\"p1\")", "the equal sum");
        assert_eq!(desk.says("h1").await, "REVERSED PENDING since 6 as Some(\"p2\")", "with a tip");
    }

    #[tokio::test]
    async fn what_was_a_hold_itself_or_is_elsewhere_or_much_more_is_no_holds_posting() {
        let desk = Desk::new();
        let (one, two) = (hold("h1", "BISTRO", "20", 0), hold("h2", "BISTRO", "20", 1));
        desk.reads(2, &[one, two]).await;
        let own = posting("h2", "BISTRO", "20", 1, 1);
        let others = [own, posting("x", "CAFE", "20", 2, 6), posting("y", "BISTRO", "60", 2, 6)];
        desk.reads(6, &others).await;
        desk.reads(20, &others).await;
        assert_eq!(desk.says("h1").await, "REVERSED PENDING since 6 as None");
        // Its posting comes later.
        let late = posting("z", "BISTRO", "20", 2, 21);
        desk.reads(21, &[others.as_slice(), &[late]].concat()).await;
        assert_eq!(desk.says("h1").await, "REVERSED PENDING since 6 as Some(\"z\")");
    }

    #[tokio::test]
    async fn what_is_known_of_a_hold_survives_a_restart() {
        let desk = Desk::new();
        desk.reads(1, &[hold("h", "FUEL", "40", 0)]).await;
        desk.reads(5, &[]).await;
        let Desk(store, old, folder) = desk;
        drop(store);
        let desk = Desk(Store::open(folder.path()).expect("the data file"), old, folder);
        assert_eq!(desk.reads(15, &[]).await, [("h".to_owned(), "REVERSED PENDING since 5 as None".to_owned())]);
        let newest = desk.0.known(|db| feed::newest(db, 1)).await.expect("the rows");
        assert_eq!(newest.first().map(|row| row.state), Some(TransactionState::Reversed));
    }
}
