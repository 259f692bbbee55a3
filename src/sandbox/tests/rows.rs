//! A card's rows and a top-up, over each of the four wires.

use super::*;

/// Rows of a card as the wire lists them, newest first.
pub(super) async fn rows_of(fixture: &Fixture, dialect: Dialect, card: &str) -> Vec<Value> {
    let list = match dialect {
        Dialect::Artha => {
            let (_, body) = fixture.artha_post("Card/Transactions", &[("cardId", card)]).await;
            serde_json::from_str::<Value>(&body.unwrap()).unwrap()
        }
        Dialect::Banana => {
            let (_, body) = fixture
                .banana("/card/get_transactions", &format!(r#"{{"card_id":{card},"limit":200}}"#))
                .await;
            serde_json::from_str::<Value>(&body).unwrap()["data"].clone()
        }
        Dialect::Enkash => {
            let token = fixture.enkash_token().await;
            let (_, body) = fixture
                .enkash(&token, "/transaction/all", &format!(r#","enKashCardId":"{card}""#))
                .await;
            serde_json::from_str::<Value>(&body.unwrap()).unwrap()["payload"]["data"].clone()
        }
        Dialect::Ibanera => {
            let token = fixture.ibanera_token().await;
            let path = format!("cards/transactions?CardsId={card}&PageSize=100&PageNumber=1");
            fixture.ibanera(&token, "GET", &path, "").await.1["details"].clone()
        }
    };
    list.as_array().unwrap().clone()
}

/// Id, time, what tells the kind, and the caller's task or reference of a row.
pub(super) fn row_facts(dialect: Dialect, row: &Value) -> (String, Timestamp, String, String) {
    let (id, at, kind, reference) = match dialect {
        Dialect::Artha => ("transactionId", "date", "type", "taskId"),
        Dialect::Banana => ("id", "created_at", "type", "reference"),
        Dialect::Enkash => ("enKashCardTransactionId", "txnDate", "type", "pgReferenceNumber"),
        Dialect::Ibanera => ("id", "dateTime", "bPending", "description"),
    };
    let plain =
        |name: &str| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
    (plain(id), plain(at).parse().unwrap(), plain(kind), plain(reference))
}

/// A top-up of 50 in major units, asked over the wire.
pub(super) async fn top_up(fixture: &Fixture, dialect: Dialect, card: &str) {
    match dialect {
        Dialect::Artha => {
            fixture.artha_post("CardTopUp", &[("cardId", card), ("amount", "5000")]).await;
        }
        Dialect::Banana => {
            fixture
                .banana(
                    "/card/recharge",
                    &format!(r#"{{"user_id":12345,"card_id":{card},"amount":5000}}"#),
                )
                .await;
        }
        Dialect::Enkash => {
            let token = fixture.enkash_token().await;
            let load = enkash_load(card, "5000", "Ref1");
            fixture.enkash(&token, "/balance", &load).await;
        }
        Dialect::Ibanera => {
            let token = fixture.ibanera_token().await;
            let body = Transfer::by_manager(card, "5000", "op 1").json();
            fixture.ibanera(&token, "POST", "cards/transferfunds", &body).await;
        }
    }
    fixture.advance(3);
}
