//! Card numbers in the free texts of every wire are cut where a row is read; ids that look like
//! card numbers are not.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardKey};
use cardtop::domain::transaction::Transaction;
use cardtop::provider::Config;
use cardtop::provider::http::{Access, Http, Transport, TransportError};
use cardtop::provider::{PageCursor, Window, build};
use cardtop::sandbox::{Dialect, Options, Sandbox};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::harness::{dialect_of, nowhere, start};

/// Ways to write one card number, and one that hides behind other digits.
const WRITTEN: [&str; 8] = [
    "5299920000000149",
    "5299 9200 0000 0149",
    "5299-9200-0000-0149",
    "5299.9200.0000.0149",
    "5299\u{a0}9200\u{200b}\u{a0}0000\u{a0}0149",
    "shop122 5299  9200  0000  0149",
    "card5299920000000149x",
    "٥٢٩٩٩٢٠٠٠٠٠٠٠١٤٩",
];

/// An id with the form of a card number.
const ID: &str = "4111111111111111";

/// Lets whoever asks in, and answers everything else with one body.
struct Fixed(Value);

#[async_trait]
impl Transport for Fixed {
    async fn call(
        &self,
        _: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path().to_lowercase();
        let body = if path.contains("login") {
            json!({ "status": "1", "details": { "accessToken": "t", "expiresIn": 3600 } })
        } else if path.contains("token") {
            json!({ "access_token": "t", "expires_in": 3600 })
        } else {
            self.0.clone()
        };
        Ok(Response::new(Bytes::from(body.to_string())))
    }
}

/// An answer with one declined row, or one as near to it as the wire has, whose every free text is
/// this.
fn answer(dialect: Dialect, text: &str) -> Value {
    let at = "2026-04-03T10:00:00Z";
    match dialect {
        Dialect::Artha => {
            json!({ "data": [{ "transactionId": ID, "cardId": ID, "amount": "5.00", "currency": "USD", "type": "consume",
            "status": "declined", "date": at, "merchantName": text, "remarks": text, "declineReason": text, "merchantCountry": text }] })
        }
        Dialect::Enkash => {
            json!({ "code": 0, "payload": { "recordsCount": 1, "data": [{ "enKashCardTransactionId": ID, "enKashCardId": ID,
            "principalAmount": 5, "cardTransactionType": "DR", "type": "SALE", "status": "declined", "txnDate": at, "description": text,
            "declineReason": text, "pgReferenceNumber": ID, "txnDetails": { "merchantName": text, "country": text } }] } })
        }
        Dialect::Ibanera => {
            json!({ "status": "1", "details": [{ "id": ID, "cardsId": ID, "amount": -5, "currency": "USD", "dateTime": at,
            "description": text, "bPending": false }] })
        }
        Dialect::Banana => unreachable!("its answers are signed: the adapter's own tests read one"),
    }
}

fn texts(row: &Transaction) -> Vec<&str> {
    let told = [&row.merchant, &row.description, &row.decline_reason, &row.country]
        .into_iter()
        .filter_map(Option::as_deref);
    told.chain([&*row.provider_state]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_full_card_number_in_any_free_text_is_cut_and_ids_stay_whole() {
    let clock = Clock::fixed(start());
    let sandbox =
        Sandbox::new(Options { cards: 1, busy: false, ..Options::default() }, clock.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    sandbox.write_config(&nowhere, &path).expect("a configuration");
    let config = Config::load(Some(&path)).expect("it is good");
    for written in WRITTEN {
        for account in
            config.providers.iter().filter(|account| dialect_of(account) != Dialect::Banana)
        {
            let dialect = dialect_of(account);
            let way = Box::new(Fixed(answer(dialect, written)));
            let provider = build(
                account,
                Http::with_transport(&account.name, way, clock.clone(), Duration::from_secs(9)),
            )
            .expect("an adapter");
            let card = Card::unread(CardKey::new(&account.name, ID));
            let window = Window {
                card: Some(card),
                since: start() - Duration::from_secs(86_400),
                until: start(),
            };
            let page = provider
                .transactions(&window, PageCursor { number: 0, offset: 0, size: 50 })
                .await
                .expect("a page");
            let who = format!("{} {written}: {:?}", dialect.name(), page.skipped);
            let [row] = page.items.as_slice() else { panic!("{who}: one row") };
            assert_eq!((&*row.id, row.card_id.as_deref()), (ID, Some(ID)), "{who}");
            assert!(texts(row).iter().any(|text| text.contains("..0149")), "{who}: {row:?}");
            for text in texts(row) {
                let digits: String = text.chars().filter(|c| c.is_numeric()).collect();
                assert!(!digits.contains("529992") && digits.len() <= 7, "{who}: {text}");
            }
        }
    }
}
