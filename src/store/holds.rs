//! Holds that a provider does not list any more: released, or cleared under another id. Neither is
//! said in so many words by any of the wires, so it is told from complete readings alone, and taken
//! back when the hold is listed again.

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

/// Compares the holds that are known with a complete reading and returns those of which something
/// else is known now.
///
/// A hold is gone since the first reading without it, once a second one that is at least `apart`
/// later agrees. A posting is linked to a hold that is gone (card, merchant, order in time,
/// amount), each to one at most; the two are never made one.
///
/// # Errors
/// What SQLite said; then nothing is changed.
pub fn follow(
    db: &mut Connection,
    reading: &CompleteReading,
) -> rusqlite::Result<Vec<Transaction>> {
    // Nothing to write is the rule, and other processes may want to write meanwhile.
    if holds(db, reading)?.iter().all(|(hold, missed)| step(reading, hold, *missed).is_none())
        && pairs(db, reading)?.is_empty()
    {
        return Ok(Vec::new());
    }
    let tx = super::begin(db)?;
    let mut changed = Vec::new();
    for (hold, missed) in holds(&tx, reading)? {
        match step(reading, &hold, missed) {
            None => {}
            Some(Step::Back) => set(&tx, &hold, "missed_at = NULL", None)?,
            Some(Step::Missed) => set(&tx, &hold, "missed_at = ?4", Some(reading.at))?,
            Some(Step::Gone(first)) => {
                set(&tx, &hold, "gone_at = ?4", Some(first))?;
                changed.push(hold);
            }
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

/// What a complete reading says of a hold that is news.
enum Step {
    /// It is listed again.
    Back,
    /// It is missing for the first time.
    Missed,
    /// It has been missing since then, and a second reading agrees.
    Gone(Timestamp),
}

fn step(reading: &CompleteReading, hold: &Transaction, missed: Option<Timestamp>) -> Option<Step> {
    let is_listed = [hold.card_id.clone(), None]
        .into_iter()
        .any(|card| reading.listed.contains(&(card, Arc::clone(&hold.id))));
    match (is_listed, missed) {
        (true, None) => None,
        (true, Some(_)) => Some(Step::Back),
        (false, None) => Some(Step::Missed),
        (false, Some(first)) => {
            (reading.at.duration_since(first) >= reading.apart).then_some(Step::Gone(first))
        }
    }
}

/// Holds that the reading should have had, and when each was first missed.
fn holds(
    db: &Connection,
    reading: &CompleteReading,
) -> rusqlite::Result<Vec<(Transaction, Option<Timestamp>)>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, missed_at FROM card_transaction
         WHERE provider = ?1 AND state = 'HOLD' AND gone_at IS NULL AND at > ?2 AND at >= ?3 AND \
         at <= ?4
           AND (?5 IS NULL OR card_id = ?5)"
    ))?;
    let row = |row: &rusqlite::Row<'_>| {
        Ok((read(row)?, row.get::<_, Option<i64>>("missed_at")?.map(moment)))
    };
    let card = reading.card.as_ref().map(|card| &*card.id);
    let (oldest, since, at) = (millis(reading.oldest), millis(reading.since), millis(reading.at));
    query.query_map(params![reading.provider.name(), oldest, since, at, card], row)?.collect()
}

fn set(
    db: &Connection,
    hold: &Transaction,
    what: &str,
    at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE card_transaction SET {what} WHERE provider = ?1 AND card_id = ?2 AND id = ?3"
    );
    let (provider, card) = (hold.provider.name(), hold.card_id.as_deref().unwrap_or_default());
    match at {
        Some(at) => {
            db.prepare_cached(&sql)?.execute(params![provider, card, &*hold.id, millis(at)])?
        }
        None => db.prepare_cached(&sql)?.execute(params![provider, card, &*hold.id])?,
    };
    Ok(())
}

/// Links holds that are gone with the postings they became.
fn link(db: &Connection, reading: &CompleteReading) -> rusqlite::Result<Vec<Transaction>> {
    let mut linked: Vec<Transaction> = Vec::new();
    let mut taken: HashSet<(Option<Arc<str>>, Arc<str>)> = HashSet::new();
    for (hold, posting) in pairs(db, reading)? {
        let name = (posting.card_id.clone(), Arc::clone(&posting.id));
        if linked.iter().any(|known| known.is_same_row(&hold)) || !taken.insert(name) {
            continue;
        }
        let sql = "UPDATE card_transaction SET cleared_as = ?4 WHERE provider = ?1 AND card_id = \
                   ?2 AND id = ?3";
        let key = params![hold.provider.name(), hold.card_id.as_deref(), &*hold.id, &*posting.id];
        db.prepare_cached(sql)?.execute(key)?;
        linked.push(hold);
    }
    Ok(linked)
}

/// Holds that are gone, each with every posting that it may have become: the least difference
/// first, so that a tip takes no other hold's posting.
fn pairs(
    db: &Connection,
    reading: &CompleteReading,
) -> rusqlite::Result<Vec<(Transaction, Transaction)>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction
         WHERE provider = ?1 AND at >= ?2 AND state = 'HOLD' AND gone_at >= ?3 AND cleared_as IS \
         NULL AND card_id <> ''
           AND (?4 IS NULL OR card_id = ?4)"
    ))?;
    // A posting that this reading may have brought is not older than `since`.
    let oldest = reading.since.saturating_sub(LATEST_POSTING).unwrap_or(Timestamp::MIN);
    let from = reading.at.saturating_sub(LATEST_POSTING).unwrap_or(Timestamp::MIN);
    let card = reading.card.as_ref().map(|card| &*card.id);
    let values = params![reading.provider.name(), millis(oldest), millis(from), card];
    let gone: Vec<Transaction> = query.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    let mut pairs = Vec::new();
    for hold in gone {
        let postings = postings(db, &hold)?;
        let others = if postings.is_empty() { Vec::new() } else { pending(db, &hold)? };
        for posting in postings {
            // The sum of a hold that may be about to clear: it is that one's before it is another's
            // with a tip.
            let awaited = || {
                others.iter().any(|other| other.amount == posting.amount && other.at <= posting.at)
            };
            if posting.amount == hold.amount || may_clear(&hold, &posting) && !awaited() {
                pairs.push((hold.clone(), posting));
            }
        }
    }
    pairs.sort_by_key(|(hold, posting)| {
        let difference = posting.amount.amount() - hold.amount.amount();
        let apart = posting.at.duration_since(hold.at).abs();
        (difference.abs(), apart, hold.at, Arc::clone(&hold.id), Arc::clone(&posting.id))
    });
    Ok(pairs)
}

/// Holds on the card and at the merchant of this one that are not gone.
fn pending(db: &Connection, hold: &Transaction) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction
         WHERE provider = ?1 AND card_id = ?2 AND state = 'HOLD' AND gone_at IS NULL AND kind = ?3 \
         AND currency = ?4"
    ))?;
    let currency = hold.amount.currency();
    let values =
        params![hold.provider.name(), hold.card_id.as_deref(), hold.kind.as_str(), currency.code()];
    let all: Vec<Transaction> = query.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(all.into_iter().filter(|other| same_merchant(hold, other)).collect())
}

/// Postings that may be what a hold became: on its card, at its merchant, not from before it, seen
/// after it, never a hold themselves, and no other hold's.
fn postings(db: &Connection, hold: &Transaction) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction AS posting
         WHERE provider = ?1 AND card_id = ?2 AND state = 'CLEARED' AND was_hold = 0 AND kind = ?3 \
         AND currency = ?4
           AND at BETWEEN ?5 AND ?6 AND seen_at > ?7
           AND NOT EXISTS (SELECT 1 FROM card_transaction AS other WHERE other.provider = \
         posting.provider
                           AND other.card_id = posting.card_id AND other.cleared_as = posting.id)"
    ))?;
    let latest = hold.at.saturating_add(LATEST_POSTING).unwrap_or(Timestamp::MAX);
    let currency = hold.amount.currency();
    let values = params![
        hold.provider.name(),
        hold.card_id.as_deref(),
        hold.kind.as_str(),
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
    let most = hold.amount.abs().amount().checked_mul(of).and_then(|sum| sum.checked_div(over));
    most.is_some_and(|most| posting.amount.abs().amount() <= most)
}

fn same_merchant(hold: &Transaction, posting: &Transaction) -> bool {
    let plain = |name: &Option<Arc<str>>| -> Option<String> {
        let name = name
            .as_deref()?
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>();
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

    fn row(
        id: &str,
        state: TransactionState,
        merchant: &str,
        amount: &str,
        minute: i64,
    ) -> Transaction {
        Transaction {
            provider: ProviderId::new("acme"),
            id: id.into(),
            task: None,
            card_id: Some("c1".into()),
            last4: None,
            kind: TransactionKind::Purchase,
            state,
            provider_state: if state == TransactionState::Hold {
                "PENDING".into()
            } else {
                "SETTLED".into()
            },
            amount: Money::parse_wire(amount, "USD".parse().expect("USD")).expect("an amount"),
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
        Transaction {
            seen_at: at(seen),
            ..row(id, TransactionState::Cleared, merchant, amount, minute)
        }
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
            let row = self
                .0
                .known(move |db| exact(db, &ProviderId::new("acme"), Some("c1"), &id))
                .await
                .expect("the file");
            said(&row.expect("a row"))
        }
    }

    fn said(row: &Transaction) -> String {
        let listed = match &row.listed {
            Listed::Still => String::new(),
            Listed::GoneSince { at: since, cleared_as } => {
                format!(
                    " since {} as {:?}",
                    since.duration_since(at(0)).as_mins(),
                    cleared_as.as_deref()
                )
            }
        };
        format!("{} {}{listed}", row.state.as_str(), row.provider_state)
    }

    #[tokio::test]
    async fn a_hold_is_gone_after_two_complete_readings_that_are_far_enough_apart() {
        let desk = Desk::new();
        let fuel = hold("h", "FUEL", "40", 0);
        desk.reads(1, std::slice::from_ref(&fuel)).await;
        assert!(desk.reads(5, &[]).await.is_empty());
        assert!(desk.reads(14, &[]).await.is_empty(), "nine minutes later is too soon");
        assert_eq!(desk.says("h").await, "HOLD PENDING");
        assert_eq!(
            desk.reads(15, &[]).await,
            [("h".to_owned(), "REVERSED PENDING since 5 as None".to_owned())]
        );
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
        assert!(
            desk.reads(5, &[hotel.clone(), cleared.clone()]).await.is_empty(),
            "both are listed"
        );
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
        assert_eq!(
            desk.says("h2").await,
            "REVERSED PENDING since 6 as Some(\"p1\")",
            "the equal sum"
        );
        assert_eq!(desk.says("h1").await, "REVERSED PENDING since 6 as Some(\"p2\")", "with a tip");
    }

    #[tokio::test]
    async fn the_posting_of_a_hold_that_is_about_to_be_gone_is_no_other_holds_with_a_tip() {
        let desk = Desk::new();
        let (h1, h2) = (hold("h1", "BISTRO", "20", -30), hold("h2", "BISTRO", "22", -20));
        desk.reads(-10, &[h1, h2.clone()]).await;
        desk.reads(0, std::slice::from_ref(&h2)).await;
        let cleared = posting("p", "BISTRO", "22", -20, 6);
        desk.reads(6, std::slice::from_ref(&cleared)).await;
        let told = desk.reads(10, std::slice::from_ref(&cleared)).await;
        assert_eq!(told, [("h1".to_owned(), "REVERSED PENDING since 0 as None".to_owned())]);
        assert_eq!(desk.says("h2").await, "HOLD PENDING");
        let told = desk.reads(16, std::slice::from_ref(&cleared)).await;
        assert_eq!(told, [("h2".to_owned(), "REVERSED PENDING since 6 as Some(\"p\")".to_owned())]);
        assert_eq!(desk.says("h1").await, "REVERSED PENDING since 0 as None");
    }

    #[tokio::test]
    async fn of_several_postings_with_tips_each_hold_takes_the_nearest() {
        let desk = Desk::new();
        desk.reads(2, &[hold("h1", "BISTRO", "20", 0), hold("h2", "BISTRO", "24", 1)]).await;
        // The older hold alone could be either.
        let cleared = [posting("p1", "BISTRO", "25", 3, 6), posting("p2", "BISTRO", "21", 4, 6)];
        desk.reads(6, &cleared).await;
        desk.reads(20, &cleared).await;
        assert_eq!(desk.says("h1").await, "REVERSED PENDING since 6 as Some(\"p2\")");
        assert_eq!(desk.says("h2").await, "REVERSED PENDING since 6 as Some(\"p1\")");
    }

    #[tokio::test]
    async fn a_reading_that_says_nothing_new_of_holds_does_not_wait_for_another_writer() {
        let desk = Desk::new();
        let fuel = hold("h", "FUEL", "40", 0);
        desk.reads(1, std::slice::from_ref(&fuel)).await;
        let path = desk.0.path().to_owned();
        let other = rusqlite::Connection::open(path).expect("the data file");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock of another process");
        let reading = CompleteReading {
            provider: ProviderId::new("acme"),
            card: None,
            since: at(-20_000),
            at: at(5),
            apart: SignedDuration::from_mins(10),
            listed: [(fuel.card_id.clone(), Arc::clone(&fuel.id))].into(),
            oldest: at(-10_000),
        };
        let told = desk.0.known(move |db| {
            db.busy_timeout(std::time::Duration::ZERO)?;
            follow(db, &reading)
        });
        assert!(told.await.is_ok_and(|told| told.is_empty()));
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
        assert_eq!(
            desk.reads(15, &[]).await,
            [("h".to_owned(), "REVERSED PENDING since 5 as None".to_owned())]
        );
        let newest = desk.0.known(|db| feed::newest(db, 1)).await.expect("the rows");
        assert_eq!(newest.first().map(|row| row.state), Some(TransactionState::Reversed));
    }
}
