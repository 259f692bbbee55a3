//! What is read can be believed: what cannot be read is named and loses nothing else, late rows
//! appear, and holds that are gone are said to be gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::domain::card::{Card, CardKey, CardState};
use cardtop::domain::transaction::{Listed, RowNews, Transaction, TransactionState};
use cardtop::engine::{Engine, EngineEvent, Job, Listing};
use cardtop::provider::http::{Access, InProcess, Transport, TransportError};
use cardtop::sandbox::{
    CardTrouble, Dialect, Fault, FaultTarget, ListChange, Merchant, Options, RowOverrides,
};
use cardtop::store::Store;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use tokio::sync::mpsc;

use crate::harness::{Desk, open, open_board, open_over};

async fn few() -> Desk {
    Desk::with(Options { cards: 4, transactions: 24, busy: false, ..Options::default() }).await
}

fn of<T>(listings: Vec<Listing<T>>, dialect: Dialect) -> Listing<T> {
    listings
        .into_iter()
        .find(|listing| listing.provider.name() == dialect.name())
        .expect("it is configured")
}

async fn transactions(desk: &Desk, dialect: Dialect) -> Listing<Transaction> {
    let now = desk.clock.now();
    let since = now.saturating_sub(SignedDuration::from_hours(30 * 24)).expect("a time");
    of(
        desk.engine
            .list_transactions(
                since,
                now.saturating_add(SignedDuration::from_mins(10)).expect("a time"),
                None,
            )
            .await,
        dialect,
    )
}

fn ten() -> Decimal {
    Decimal::new(1_000, 2)
}

#[tokio::test(start_paused = true)]
async fn a_card_that_cannot_be_read_does_not_lose_the_others() {
    for dialect in [Dialect::Artha, Dialect::Banana] {
        for trouble in [
            CardTrouble::Answer500,
            CardTrouble::WebPage403,
            CardTrouble::EmptyObject,
            CardTrouble::Figures("x".into()),
            CardTrouble::Currency("US$".into()),
        ] {
            let desk = few().await;
            let odd = desk.sandbox.card_ids(dialect).remove(1);
            assert!(desk.sandbox.set_card_trouble(dialect, &odd, Some(trouble.clone())));
            let listing = of(desk.engine.list_cards().await, dialect);
            let said = format!("{}, {trouble:?}: {:?}", dialect.name(), listing.completeness);
            let unread: Vec<&Arc<Card>> =
                listing.rows.iter().filter(|card| card.balance.at().is_none()).collect();
            assert_eq!((listing.rows.len(), unread.len()), (4, 1), "{said}");
            let [part] = listing.completeness.parts.as_slice() else {
                panic!("one card is named: {said}")
            };
            assert_eq!(part.card.as_ref(), unread.first().map(|card| &card.key), "{said}");
            assert!(
                !part.why.is_empty()
                    && listing.completeness.complete_to.is_none()
                    && listing.failed.is_none(),
                "{said}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_whose_transactions_cannot_be_read_does_not_lose_the_others() {
    let desk = few().await;
    let whole = transactions(&desk, Dialect::Ibanera).await;
    assert!(whole.completeness.is_complete() && !whole.rows.is_empty());
    let odd = desk.sandbox.card_ids(Dialect::Ibanera).remove(1);
    let others = whole.rows.iter().filter(|row| row.card_id.as_deref() != Some(&odd)).count();
    for trouble in [CardTrouble::Answer500, CardTrouble::WebPage403] {
        desk.sandbox.set_card_trouble(Dialect::Ibanera, &odd, Some(trouble));
        let listing = transactions(&desk, Dialect::Ibanera).await;
        assert_eq!(listing.rows.len(), others);
        let named: Vec<String> = listing
            .completeness
            .parts
            .iter()
            .filter_map(|part| Some(part.card.as_ref()?.to_string()))
            .collect();
        assert_eq!(named, [format!("ibanera/{odd}")], "{:?}", listing.completeness);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_is_tried_again_and_loses_nothing() {
    for dialect in Dialect::ALL {
        for fault in [Fault::Answer500, Fault::Refuse429 { retry_after_seconds: 1 }] {
            let desk = few().await;
            // The login of some wires is not what is tried here.
            let _ = desk.engine.list_cards().await;
            desk.sandbox.fault_on(dialect, FaultTarget::Reads, fault, 1);
            let listing = of(desk.engine.list_cards().await, dialect);
            assert!(
                listing.completeness.is_complete(),
                "{}, {fault:?}: {:?}",
                dialect.name(),
                listing.completeness
            );
            desk.sandbox.fault_on(dialect, FaultTarget::Reads, fault, 1);
            let listing = transactions(&desk, dialect).await;
            assert!(
                listing.completeness.is_complete(),
                "{}, {fault:?}: {:?}",
                dialect.name(),
                listing.completeness
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_cannot_be_read_are_counted_with_their_card_and_reason_and_clear_ones_are_read() {
    for dialect in Dialect::ALL {
        let desk = few().await;
        let card = desk.sandbox.card_ids(dialect).remove(0);
        let before = transactions(&desk, dialect).await.rows.len();
        let amount =
            |text: &str| RowOverrides { amount: Some(text.into()), ..RowOverrides::default() };
        let time = |text: &str| RowOverrides { time: Some(text.into()), ..RowOverrides::default() };
        let day = desk.clock.now().strftime("%Y-%m-%d").to_string();
        let readable = [
            amount("1,234.56"),
            time(&format!("{day} 09:00:00 +0530")),
            time(&day.replace('-', "")),
        ];
        let odd = [
            amount("(12.00)"),
            amount("1234567890123456789012345678901.5"),
            time("20991231"),
            time("soon"),
        ];
        for written in readable.iter().chain(&odd) {
            desk.sandbox
                .add_malformed_row(dialect, &card, written.clone())
                .expect("a card of the bank");
        }
        let listing = transactions(&desk, dialect).await;
        let said = format!("{}: {:#?}", dialect.name(), listing.completeness);
        assert_eq!(
            (listing.rows.len(), listing.completeness.rows.len()),
            (before + readable.len(), odd.len()),
            "{said}"
        );
        assert!(
            listing.completeness.parts.is_empty() && listing.completeness.complete_to.is_some(),
            "{said}"
        );
        assert!(
            listing
                .completeness
                .rows
                .iter()
                .all(|row| row.card.as_deref() == Some(&card) && row.id.is_some()),
            "{said}"
        );
        assert!(
            listing.completeness.rows.iter().any(|row| row.why.contains("more than a day ahead")),
            "{said}"
        );
        assert!(
            listing.completeness.rows.iter().any(|row| row.why.contains("more than 28 digits")),
            "{said}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_come_go_and_move_between_pages_are_there_once() {
    for dialect in Dialect::ALL {
        let desk =
            Desk::with(Options { cards: 2, transactions: 170, busy: false, ..Options::default() })
                .await;
        desk.sandbox.cap_pages(dialect, Some(20));
        let twice = |what| [what, what];
        for what in [
            ListChange::Insert,
            ListChange::Remove,
            ListChange::Move,
            ListChange::Rename,
            ListChange::Repeat,
        ] {
            desk.sandbox.change_between_pages(dialect, twice(what));
            let now =
                desk.clock.now().saturating_add(SignedDuration::from_mins(10)).expect("a time");
            let since = now.saturating_sub(SignedDuration::from_hours(400 * 24)).expect("a time");
            let during = of(desk.engine.list_transactions(since, now, None).await, dialect).rows;
            let mut names: Vec<_> =
                during.iter().map(|row| (row.card_id.clone(), row.id.clone())).collect();
            names.sort();
            names.dedup();
            assert_eq!(
                names.len(),
                during.len(),
                "{}, {what:?}: a row is there twice",
                dialect.name()
            );
            desk.sandbox.cancel_list_changes(dialect);
            let after = of(desk.engine.list_transactions(since, now, None).await, dialect);
            let bank = desk.sandbox.listed_rows(dialect, None);
            assert!(
                after.completeness.is_complete(),
                "{}, {what:?}: {:?}",
                dialect.name(),
                after.completeness
            );
            assert_eq!(after.rows.len(), bank.len(), "{}, {what:?}", dialect.name());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_for_a_state_that_is_not_mapped_claims_nothing_and_is_counted() {
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let desk = few().await;
        let card = desk.sandbox.card_ids(dialect).remove(0);
        let word =
            |word: &str| RowOverrides { state: Some(word.into()), ..RowOverrides::default() };
        desk.sandbox.add_malformed_row(dialect, &card, word("Denied"));
        desk.sandbox.add_malformed_row(dialect, &card, word("Zurückgestellt"));
        let listing = transactions(&desk, dialect).await;
        let state = |word: &str| {
            listing
                .rows
                .iter()
                .find(|row| row.provider_state.contains(word))
                .map(|row| (row.state, row.in_plain_words()))
        };
        assert_eq!(
            state("Denied").map(|(state, _)| state),
            Some(TransactionState::Declined),
            "{}",
            dialect.name()
        );
        let unknown = (TransactionState::Unknown, "not mapped: Zurückgestellt".to_owned());
        assert_eq!(state("Zurückgestellt"), Some(unknown), "{}", dialect.name());
        let reports = desk.engine.read_providers().await;
        let report = reports
            .iter()
            .find(|report| report.info.id == listing.provider)
            .expect("it is configured");
        assert_eq!(
            report
                .health
                .unmapped
                .states
                .iter()
                .map(|(word, count)| (&**word, *count))
                .collect::<Vec<_>>(),
            [("Zurückgestellt", 1)]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_decline_code_that_is_not_mapped_is_shown_as_it_is_and_counted_at_each_provider() {
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let options = Options { cards: 4, transactions: 400, busy: false, ..Options::default() };
        let desk = Desk::with(options).await;
        let listing = transactions(&desk, dialect).await;
        let of_code = |row: &&Transaction| row.decline_reason.as_deref() == Some("R77");
        let rows: Vec<&Transaction> = listing.rows.iter().filter(of_code).collect();
        assert!(
            !rows.is_empty(),
            "{}: the bank declines for reasons without a word",
            dialect.name()
        );
        for row in &rows {
            assert_eq!(row.in_plain_words(), "not mapped: R77");
        }
        let reports = desk.engine.read_providers().await;
        let report = reports
            .iter()
            .find(|report| report.info.id == listing.provider)
            .expect("it is configured");
        let count = u64::try_from(rows.len()).expect("a small number");
        let counted: Vec<_> = report.health.unmapped.decline_codes.iter().collect();
        assert_eq!(counted, [(&Arc::from("R77"), &count)], "{}", dialect.name());
    }
}

/// What the board knows: every row as it was told last.
#[derive(Clone, Default)]
struct Feed(Arc<Mutex<Vec<Transaction>>>);

impl Feed {
    fn apply(mut news: mpsc::Receiver<EngineEvent>) -> (Self, tokio::task::JoinHandle<()>) {
        let feed = Self::default();
        let heard = feed.clone();
        let task = tokio::spawn(async move {
            while let Some(news) = news.recv().await {
                if let EngineEvent::Transactions(RowNews { rows, .. }) = news {
                    let mut known = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
                    for row in rows {
                        known.retain(|old| !old.is_same_row(&row));
                        known.push(row);
                    }
                }
            }
        });
        (feed, task)
    }

    fn row(&self, dialect: Dialect, id: &str) -> Option<Transaction> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        let id = if is_number { id.trim_start_matches('0') } else { id };
        known
            .iter()
            .find(|row| row.provider.name() == dialect.name() && row.id.eq_ignore_ascii_case(id))
            .cloned()
    }
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(60 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_dated_back_appears_on_a_running_board() {
    let desk = few().await;
    let (board, news) = open_board(&desk).await;
    let (feed, listening) = Feed::apply(news);
    minutes(2).await;
    let late = |dialect: Dialect, hours: i64| {
        let card = desk.sandbox.card_ids(dialect).remove(0);
        let shop = Merchant::new("LATE SHOP", "5411", "SE");
        desk.sandbox
            .book_late(dialect, &card, ten(), shop, SignedDuration::from_hours(hours))
            .expect("a card of the bank")
    };
    let first: Vec<(Dialect, String)> =
        Dialect::ALL.into_iter().map(|dialect| (dialect, late(dialect, 72))).collect();
    board.ask(Job::Refresh(None));
    minutes(2).await;
    for (dialect, id) in &first {
        assert!(feed.row(*dialect, id).is_some(), "{}: the operator asked for all", dialect.name());
    }
    // The lag is known now: the next one is seen by the next readings, without asking.
    let second: Vec<(Dialect, String)> =
        Dialect::ALL.into_iter().map(|dialect| (dialect, late(dialect, 71))).collect();
    minutes(4).await;
    for (dialect, id) in &second {
        assert!(
            feed.row(*dialect, id).is_some(),
            "{}: as late as the one before: {id}",
            dialect.name()
        );
    }
    // Later than ever: the whole window is read now and then.
    let third: Vec<(Dialect, String)> =
        Dialect::ALL.into_iter().map(|dialect| (dialect, late(dialect, 24 * 20))).collect();
    minutes(16).await;
    for (dialect, id) in &third {
        assert!(feed.row(*dialect, id).is_some(), "{}: in the whole window", dialect.name());
    }
    board.stop().await;
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_was_released_or_cleared_under_a_new_id_is_said_to_be_gone_also_after_a_restart()
 {
    let desk = few().await;
    let mut stories = Vec::new();
    let shop = |name: &str| Merchant::new(name, "5541", "SE");
    let held = |dialect: Dialect, name: &str| {
        let ids = desk.sandbox.card_ids(dialect);
        ids.into_iter().find(|card| {
            while desk.sandbox.release_hold(dialect, card).is_some() {}
            desk.sandbox.spend(dialect, card, ten(), shop(name))
        })
    };
    for dialect in Dialect::ALL {
        let card = held(dialect, "HOTEL NORD").expect("a card with money");
        stories.push((dialect, card));
    }
    let (board, news) = open_board(&desk).await;
    let (feed, listening) = Feed::apply(news);
    minutes(3).await;
    let mut gone = Vec::new();
    for (dialect, card) in &stories {
        // Dated a moment after the hold.
        let dated = SignedDuration::from_mins(2);
        let (hold, posting) =
            desk.sandbox.clear_under_new_id(*dialect, card, ten(), dated).expect("it is held");
        assert!(desk.sandbox.spend(*dialect, card, ten(), shop("FUEL")), "{}", dialect.name());
        gone.push((*dialect, card.clone(), hold, posting));
    }
    minutes(3).await;
    let mut released = Vec::new();
    for (dialect, card, hold, posting) in &gone {
        let known = feed.row(*dialect, hold).map(|row| row.state);
        assert_eq!(
            known,
            Some(TransactionState::Hold),
            "{}: one reading is no proof",
            dialect.name()
        );
        assert!(feed.row(*dialect, posting).is_some(), "{}: the posting is there", dialect.name());
        released.push((*dialect, desk.sandbox.release_hold(*dialect, card).expect("fuel is held")));
    }
    minutes(45).await;
    let same = |dialect: Dialect, of: Option<Transaction>, link: Option<&str>, said: &str| {
        let row = of.unwrap_or_else(|| panic!("{}: {said} is known", dialect.name()));
        assert_eq!(row.state, TransactionState::Reversed, "{}: {said}: {row:?}", dialect.name());
        assert!(!row.provider_state.is_empty(), "the provider's word is kept");
        let Listed::GoneSince { cleared_as, .. } = &row.listed else { panic!("{said}: {row:?}") };
        let linked = cleared_as.as_deref().map(str::to_lowercase);
        assert_eq!(linked, link.map(str::to_lowercase), "{}: {said}", dialect.name());
    };
    for (dialect, _, hold, posting) in &gone {
        // ibanera says no merchant of its own: its text names it.
        same(*dialect, feed.row(*dialect, hold), Some(posting), "the hotel's hold");
        assert_eq!(
            feed.row(*dialect, posting).map(|row| row.state),
            Some(TransactionState::Cleared),
            "{}",
            dialect.name()
        );
    }
    for (dialect, hold) in &released {
        same(*dialect, feed.row(*dialect, hold), None, "the fuel's hold");
    }
    board.stop().await;
    listening.abort();
    let (again, news) = open_board(&desk).await;
    let (feed, listening) = Feed::apply(news);
    minutes(1).await;
    for (dialect, _, hold, posting) in &gone {
        same(*dialect, feed.row(*dialect, hold), Some(posting), "the hotel's hold after a restart");
    }
    for (dialect, hold) in &released {
        same(*dialect, feed.row(*dialect, hold), None, "the fuel's hold after a restart");
    }
    again.stop().await;
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn a_board_whose_disk_takes_nothing_shows_what_it_reads_all_the_same() {
    let desk = few().await;
    let (board, news) = open_board(&desk).await;
    let (feed, listening) = Feed::apply(news);
    minutes(1).await;
    let db = rusqlite::Connection::open(desk.folder.path().join(cardtop::store::FILE))
        .expect("the data file");
    db.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON card_transaction BEGIN SELECT RAISE(ABORT, 'no \
         room'); END",
    )
    .expect("a trigger");
    let card = desk.sandbox.card_ids(Dialect::Banana).remove(0);
    let shop = Merchant::new("NEW SHOP", "5411", "SE");
    let id = desk
        .sandbox
        .book_late(Dialect::Banana, &card, ten(), shop, SignedDuration::ZERO)
        .expect("a card of the bank");
    minutes(2).await;
    assert!(feed.row(Dialect::Banana, &id).is_some(), "the new row is shown from memory");
    db.execute_batch("DROP TRIGGER full").expect("room again");
    minutes(2).await;
    let kept: i64 = db
        .query_row("SELECT count(*) FROM card_transaction WHERE id = ?1", [&id], |row| row.get(0))
        .expect("the rows");
    assert_eq!(kept, 1, "and kept once there is room");
    board.stop().await;
    listening.abort();
}

/// Answers of one call that are a server's failure, while the rest is well.
struct Without(InProcess, &'static str);

#[async_trait]
impl Transport for Without {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        if request.uri().path().contains(self.1) {
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            return Ok(answer);
        }
        self.0.call(does, request).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_state_is_not_given_as_todays() {
    let desk = few().await;
    let cards = desk.cards(Dialect::Artha).await;
    assert!(cards.iter().all(|card| card.state_lags().is_none() && card.state_at.is_some()));
    desk.engine.stop().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let bank = desk.sandbox.clone();
    let way = move |dialect| -> Box<dyn Transport> {
        Box::new(Without(InProcess(bank.router(dialect)), "CardDetails"))
    };
    let (engine, _news): (Engine, _) =
        open_over(desk.config.clone(), &desk.clock, desk.folder.path(), false, false, way).await;
    let listing = of(engine.list_cards().await, Dialect::Artha);
    for card in &listing.rows {
        let figures: Timestamp = card.balance.at().expect("the balance was read");
        assert_eq!(card.state_lags(), card.state_at, "{card:?}");
        assert!(
            card.state_at
                .is_some_and(|at| figures.duration_since(at) >= SignedDuration::from_secs(30)),
            "{card:?}"
        );
        assert_ne!(card.state, CardState::Unknown, "the last known state stays");
    }
    engine.stop().await;
}

/// An ibanera whose list of cards has no figures, and that does not answer about one card.
struct NoFigures(InProcess, String, Arc<AtomicU64>);

#[async_trait]
impl Transport for NoFigures {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let (path, query) =
            (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        if path.contains("/carddetails") {
            self.2.fetch_add(1, Ordering::Relaxed);
            if query.ends_with(&format!("CardId={}", self.1)) {
                std::future::pending::<()>().await;
            }
        }
        let answer = self.0.call(does, request).await?;
        if !path.ends_with("/cards/balances") {
            return Ok(answer);
        }
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8_lossy(&body);
        let bare = ["availableBalance", "totalBalance", "pendingBalance"]
            .iter()
            .fold(text.into_owned(), |text, name| {
                text.replace(&format!("\"{name}\":"), &format!("\"not_{name}\":"))
            });
        Ok(Response::from_parts(parts, bare.into()))
    }
}

#[tokio::test(start_paused = true)]
async fn one_card_that_does_not_answer_does_not_keep_the_others_of_a_list_without_figures_from_being_read()
 {
    let desk = few().await;
    let silent = desk.sandbox.card_ids(Dialect::Ibanera).remove(0);
    let (bank, card, asked) = (desk.sandbox.clone(), silent.clone(), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&asked);
    let way = move |dialect| -> Box<dyn Transport> {
        let served = InProcess(bank.router(dialect));
        if dialect == Dialect::Ibanera {
            Box::new(NoFigures(served, card.clone(), Arc::clone(&count)))
        } else {
            Box::new(served)
        }
    };
    let data = tempfile::tempdir().expect("a folder");
    let (engine, _news): (Engine, _) =
        open_over(desk.config.clone(), &desk.clock, data.path(), false, false, way).await;
    let listing = of(engine.list_cards().await, Dialect::Ibanera);
    let said = format!("{:?}", listing.completeness);
    assert!(asked.load(Ordering::Relaxed) >= 4, "each card is asked for");
    let unread: Vec<&str> = listing
        .rows
        .iter()
        .filter(|card| card.balance.at().is_none())
        .map(|card| &*card.key.id)
        .collect();
    assert_eq!((listing.rows.len(), unread), (4, vec![silent.as_str()]), "{said}");
    assert_eq!(listing.completeness.parts.len(), 1, "{said}");
    engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_card_whose_row_of_the_list_cannot_be_read_keeps_its_transactions() {
    let desk = few().await;
    let whole = transactions(&desk, Dialect::Ibanera).await.rows.len();
    let odd = desk
        .sandbox
        .card_ids(Dialect::Ibanera)
        .into_iter()
        .find(|id| !desk.sandbox.listed_rows(Dialect::Ibanera, Some(id)).is_empty())
        .expect("a card with transactions");
    assert!(desk.sandbox.set_card_trouble(
        Dialect::Ibanera,
        &odd,
        Some(CardTrouble::Currency("US$".into()))
    ));
    // A new data file: nothing is known of the card but its odd row.
    let data = tempfile::tempdir().expect("a folder");
    let (engine, _news) = open(&desk.sandbox, &desk.config, &desk.clock, data.path(), false).await;
    let (now, month) = (desk.clock.now(), SignedDuration::from_hours(30 * 24));
    let listings =
        engine.list_transactions(now.saturating_sub(month).expect("a time"), now, None).await;
    let listing = of(listings, Dialect::Ibanera);
    let of_it = listing.rows.iter().filter(|row| row.card_id.as_deref() == Some(&odd)).count();
    assert!(
        of_it > 0 && listing.rows.len() == whole,
        "{of_it} of {whole}: {:?}",
        listing.completeness
    );
    engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_card_that_the_account_does_not_have_any_more_is_no_longer_listed_and_not_unread() {
    for dialect in [Dialect::Ibanera, Dialect::Enkash] {
        let desk = few().await;
        let card = desk.cards(dialect).await.remove(0);
        let gone = Card {
            wire_id: "987654".into(),
            key: CardKey::new(&card.key.provider, "987654"),
            ..card
        };
        let never_read = Card::unread(CardKey::new(&gone.key.provider, "987655"));
        let now = desk.clock.now();
        let store = Store::open(desk.folder.path()).expect("the data file");
        store.keep_cards(vec![gone.clone().into()], now).await.expect("keeping");
        let (engine, _news) = desk.second_engine().await;
        let listing = of(engine.list_cards().await, dialect);
        assert!(
            listing.completeness.is_complete(),
            "{}: {:?}",
            dialect.name(),
            listing.completeness
        );
        let known =
            listing.rows.iter().find(|card| card.key == gone.key).expect("it is still shown");
        assert!(
            known.balance.why_stale().is_some_and(|why| why.contains("no longer listed")),
            "{known:?}"
        );
        assert_eq!(known.balance.at(), gone.balance.at(), "with its age");
        let since = now.saturating_sub(SignedDuration::from_hours(24)).expect("a time");
        let rows = of(engine.list_transactions(since, now, None).await, dialect);
        assert!(rows.completeness.is_complete(), "{}: {:?}", dialect.name(), rows.completeness);
        engine.stop().await;
        // One that was never read is only an id that nobody knows.
        store.keep_cards(vec![never_read.into()], now).await.expect("keeping");
        let (engine, _news) = desk.second_engine().await;
        assert_eq!(of(engine.list_cards().await, dialect).completeness.parts.len(), 1);
        engine.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_board_is_told_how_many_cards_their_provider_refuses() {
    let desk = few().await;
    let store = Store::open(desk.folder.path()).expect("the data file");
    let mut gone = Vec::new();
    for dialect in Dialect::ALL {
        let known = desk.cards(dialect).await.remove(0);
        let key = CardKey::new(&known.key.provider, "987654");
        gone.push(Card { wire_id: "987654".into(), key, ..known }.into());
    }
    store.keep_cards(gone, desk.clock.now()).await.expect("keeping");
    let (_engine, mut news) = open_board(&desk).await;
    let mut waited_for: Vec<_> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
    let listening = async {
        while !waited_for.is_empty() {
            if let EngineEvent::Health(health) = news.recv().await.expect("the engine runs") {
                assert!(health.refused_cards <= 1, "{health:?}");
                let is_said = health.refused_cards == 1;
                waited_for.retain(|name| !is_said || health.provider.name() != *name);
            }
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(600), listening).await;
    assert!(heard.is_ok(), "nothing was said of {waited_for:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_looked_before_an_adapter_arrived_is_told_what_its_account_can_do() {
    let desk = few().await;
    // Its adapters are there before it begins.
    let (engine, mut news) = open_board(&desk).await;
    assert!(engine.providers().iter().all(|info| info.capabilities.is_some()));
    let mut able = Vec::new();
    let listening = async {
        while able.len() < Dialect::ALL.len() {
            if let EngineEvent::Provider(info) = news.recv().await.expect("the engine runs") {
                assert!(info.capabilities.is_some(), "{}", info.id);
                able.push(info.id);
            }
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(60), listening).await;
    assert!(heard.is_ok(), "only of these was told what they can do: {able:?}");
}
