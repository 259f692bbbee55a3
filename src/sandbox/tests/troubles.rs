//! What goes wrong with lists and cards, as a client reads it.

use super::rows::{rows_of, told};
use super::*;

async fn ids(desk: &Desk, dialect: Dialect, card: &str) -> Vec<String> {
    rows_of(desk, dialect, card).await.iter().map(|row| told(dialect, row).0).collect()
}

fn truth(desk: &Desk, dialect: Dialect, card: &str) -> Vec<String> {
    desk.sandbox.listed_rows(dialect, Some(card)).into_iter().map(|row| row.id).collect()
}

fn shop() -> Merchant {
    Merchant::new("HOTEL", "7011", "SE")
}

#[tokio::test]
async fn a_released_hold_is_listed_no_more_and_its_money_is_free() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 4);
        assert_eq!(ids(&desk, dialect, &card).await, truth(&desk, dialect, &card), "{dialect:?}");
        let had = desk.sandbox.available(dialect, &card);
        assert!(desk.sandbox.spend(dialect, &card, decimal("2"), shop()));
        let held = truth(&desk, dialect, &card)[0].clone();
        assert_eq!(desk.sandbox.release_hold(dialect, &card), Some(held.clone()), "{dialect:?}");
        assert!(
            !ids(&desk, dialect, &card).await.contains(&held),
            "{dialect:?}: a released hold is listed"
        );
        assert_eq!(desk.sandbox.available(dialect, &card), had, "{dialect:?}");
        assert_eq!(desk.sandbox.release_hold(dialect, &card), None);
        assert_eq!(desk.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_credit_that_is_held_back_is_on_the_card_at_once_and_in_its_list_later() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 4);
        let had = desk.sandbox.available(dialect, &card).unwrap().amount();
        let credit = desk.sandbox.credit_from_elsewhere(dialect, &card, decimal("25")).unwrap();
        assert_eq!(
            desk.sandbox.hold_back_newest_credit(dialect, &card),
            Some(credit.clone()),
            "{dialect:?}"
        );
        assert!(desk.sandbox.available(dialect, &card).unwrap().amount() > had, "{dialect:?}");
        assert!(!ids(&desk, dialect, &card).await.contains(&credit), "{dialect:?}");
        desk.sandbox.list_held_back(dialect);
        assert!(ids(&desk, dialect, &card).await.contains(&credit), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_hold_can_be_booked_under_another_id_and_for_another_sum() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 4);
        desk.pass(7_200);
        let had = desk.sandbox.available(dialect, &card).unwrap().amount();
        desk.sandbox.spend(dialect, &card, decimal("25"), shop());
        let back = SignedDuration::from_secs(600);
        let (hold, booked) =
            desk.sandbox.clear_under_new_id(dialect, &card, decimal("28"), back).unwrap();
        assert_ne!(hold, booked);
        let listed = ids(&desk, dialect, &card).await;
        assert!(!listed.contains(&hold) && listed.contains(&booked), "{dialect:?}: {listed:?}");
        assert_eq!(listed, truth(&desk, dialect, &card), "{dialect:?}");
        assert_eq!(had - desk.sandbox.available(dialect, &card).unwrap().amount(), decimal("28"));
        let row = desk
            .sandbox
            .listed_rows(dialect, Some(&card))
            .into_iter()
            .find(|row| row.id == booked)
            .unwrap();
        assert_eq!((row.at, row.pending), (desk.now() - back, false));
        assert_eq!(desk.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_row_that_is_booked_late_is_listed_where_it_would_have_been() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 4);
        let newest = truth(&desk, dialect, &card)[0].clone();
        let back = SignedDuration::from_hours(30);
        let late = desk.sandbox.book_late(dialect, &card, decimal("3"), shop(), back).unwrap();
        let listed = ids(&desk, dialect, &card).await;
        assert_eq!(listed[0], newest, "{dialect:?}: a late row stands first");
        assert!(listed.contains(&late));
        assert_eq!(desk.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

/// A page of all cards' rows where the wire lists them, else of a card's: rows and the whole that
/// the answer tells.
async fn page(
    desk: &Desk,
    dialect: Dialect,
    card: &str,
    number: usize,
    size: usize,
) -> (Vec<String>, Option<u64>) {
    let (rows, total) = match dialect {
        Dialect::Artha => {
            let fields = [("page", number.to_string()), ("size", size.to_string())];
            let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
            let (_, body) = desk.artha_post("Card/AllTransactions", &fields).await;
            (serde_json::from_str::<Value>(&body.unwrap()).unwrap(), None)
        }
        Dialect::Banana => {
            let ask = format!(r#"{{"skip":{},"limit":{size}}}"#, (number - 1) * size);
            let (_, body) = desk.banana("/card/get_transactions", &ask).await;
            let answer: Value = serde_json::from_str(&body).unwrap();
            (answer["data"].clone(), answer["total"].as_u64())
        }
        Dialect::Enkash => {
            let token = desk.enkash_token().await;
            let (_, body) = desk.enkash(&token, "/transaction/all", "").await;
            let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
            (answer["payload"]["data"].clone(), answer["payload"]["recordsCount"].as_u64())
        }
        Dialect::Ibanera => {
            let token = desk.ibanera_token().await;
            let path =
                format!("cards/transactions?CardsId={card}&PageSize={size}&PageNumber={number}");
            let (_, answer) = desk.ibanera(&token, "GET", &path, "").await;
            (answer["details"].clone(), answer["numberOfPages"].as_u64())
        }
    };
    (rows.as_array().unwrap().iter().map(|row| told(dialect, row).0).collect(), total)
}

#[tokio::test]
async fn pages_are_capped_and_totals_lie_when_told_to() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 9);
        for _ in 0..30 {
            desk.sandbox.book_late(dialect, &card, decimal("1"), shop(), SignedDuration::ZERO);
        }
        desk.sandbox.cap_pages(dialect, Some(20));
        let (rows, total) = page(&desk, dialect, &card, 1, 100).await;
        assert_eq!(rows.len(), 20, "{dialect:?}");
        // ibanera tells the number of pages, artha nothing.
        assert_eq!(
            total.is_some_and(|total| total > 1 && total != 20),
            dialect != Dialect::Artha,
            "{dialect:?}: {total:?}"
        );
        desk.sandbox.let_totals_count_the_page(dialect, true);
        let (rows, total) = page(&desk, dialect, &card, 1, 100).await;
        let lie = match dialect {
            Dialect::Artha => None,
            Dialect::Banana | Dialect::Enkash => Some(20),
            Dialect::Ibanera => Some(1),
        };
        assert_eq!((rows.len(), total), (20, lie), "{dialect:?}");
    }
}

#[tokio::test]
async fn what_happens_between_two_pages_shifts_them() {
    for dialect in Dialect::ALL {
        let desk = Desk::new(Options { transactions: 200, ..Options::default() });
        let card = desk.card(dialect, 9);
        for _ in 0..30 {
            desk.sandbox.book_late(dialect, &card, decimal("1"), shop(), SignedDuration::ZERO);
        }
        let all: Vec<String> =
            desk.sandbox.listed_rows(dialect, Some(&card)).into_iter().map(|row| row.id).collect();
        let wanted = match dialect {
            Dialect::Ibanera => all.clone(),
            _ => desk.sandbox.listed_rows(dialect, None).into_iter().map(|row| row.id).collect(),
        };
        desk.sandbox.between_pages(
            dialect,
            [Between::Insert, Between::Remove, Between::Move, Between::Rename, Between::Repeat],
        );
        if dialect == Dialect::Enkash {
            // Its lists have no pages: what happens is seen by the next reading.
            for _ in 0..5 {
                page(&desk, dialect, &card, 1, 10).await;
            }
        } else {
            let (first, _) = page(&desk, dialect, &card, 1, 10).await;
            assert_eq!(first, wanted[..10], "{dialect:?}");
            let (second, _) = page(&desk, dialect, &card, 2, 10).await;
            assert_eq!(
                second[0], first[9],
                "{dialect:?}: a row that came in moves the next page by one"
            );
            let (third, _) = page(&desk, dialect, &card, 3, 10).await;
            assert_eq!(third[..9], wanted[20..29], "{dialect:?}: and one that left moves it back");
            page(&desk, dialect, &card, 1, 10).await;
            page(&desk, dialect, &card, 1, 10).await;
        }
        let (last, _) = page(&desk, dialect, &card, 1, 100).await;
        assert_eq!(
            last.iter().collect::<std::collections::BTreeSet<_>>().len() + 1,
            last.len(),
            "{dialect:?}: nothing is there twice"
        );
        let now: Vec<String> =
            desk.sandbox.listed_rows(dialect, Some(&card)).into_iter().map(|row| row.id).collect();
        let distinct: std::collections::BTreeSet<&String> = now.iter().collect();
        assert_eq!(distinct.len(), now.len(), "{dialect:?}: the truth has a row twice");
        assert_eq!(desk.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn rows_can_spell_their_card_otherwise_than_the_roster() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 0);
        let name = match dialect {
            Dialect::Artha => "cardId",
            Dialect::Banana => "card_id",
            Dialect::Enkash => "enKashCardId",
            Dialect::Ibanera => "cardsId",
        };
        let spelt =
            |row: &Value| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
        assert_eq!(spelt(&rows_of(&desk, dialect, &card).await[0]), card);
        desk.sandbox.spell_ids_otherwise_in_rows(dialect, true);
        let other = spelt(&rows_of(&desk, dialect, &card).await[0]);
        assert_ne!(other, card, "{dialect:?}");
        assert_eq!(
            desk.sandbox.available(dialect, &other),
            desk.sandbox.available(dialect, &card),
            "{dialect:?}: not the same card"
        );
    }
}

/// Status and text of the call that tells a card's figures.
async fn figures(desk: &Desk, dialect: Dialect, card: &str) -> (StatusCode, String) {
    match dialect {
        Dialect::Artha => {
            let (status, body) =
                desk.artha_with("GET", &format!("CardBalance/{card}"), "", &[], false).await;
            (status, body.unwrap())
        }
        Dialect::Banana => {
            let user = desk.sandbox.room(dialect).bank.card(card).unwrap().user.clone();
            let ask = format!(r#"{{"user_id":{user},"card_id":{card}}}"#);
            let (status, body) =
                desk.banana_raw("/card/get_balance", &ask, banana::SECRET_KEY).await;
            let body = body.unwrap();
            let sealed = serde_json::from_str::<Value>(&body)
                .ok()
                .and_then(|body| Some(body["encrypted_payload"].as_str()?.to_owned()));
            let opened = sealed
                .map(|sealed| seal::cbc_open(banana::SECRET_KEY.as_bytes(), &sealed).unwrap());
            (status, opened.map_or(body, |bytes| String::from_utf8(bytes).unwrap()))
        }
        Dialect::Enkash => {
            let token = desk.enkash_token().await;
            let sealed = format!(
                r#"{{"companyId":"{}","cardAccountId":"{}","enKashCardId":"{card}"}}"#,
                enkash::COMPANY_ID,
                enkash::CARD_ACCOUNT_ID
            );
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str()), ("partnerId", enkash::PARTNER_ID)];
            let (status, body) = desk
                .ask(dialect, "POST", "/api/v0/partner/enKashCard/search", &headers, sealed)
                .await;
            (status, body.unwrap())
        }
        Dialect::Ibanera => {
            let token = desk.ibanera_token().await;
            let (bearer, otp) = (format!("Bearer {token}"), desk.otp());
            let headers = [("Authorization", bearer.as_str()), ("otp", otp.as_str())];
            let path = format!("/api/v1/customer/cards/carddetails?CardId={card}");
            let (status, body) = desk.ask(dialect, "GET", &path, &headers, String::new()).await;
            (status, body.unwrap())
        }
    }
}

#[tokio::test]
async fn one_card_can_have_trouble_while_the_others_are_well() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let (card, other) = (desk.card(dialect, 2), desk.card(dialect, 3));
        let mut cases = vec![
            (CardTrouble::Answer500, 500, "Internal error"),
            (CardTrouble::WebPage403, 403, "<html>"),
            (CardTrouble::EmptyObject, 200, "{}"),
            (CardTrouble::Figures("1,000.00".into()), 200, "\"1,000.00\""),
        ];
        // enkash's cards tell no currency.
        if dialect != Dialect::Enkash {
            cases.push((CardTrouble::Currency("US$".into()), 200, "US$"));
        }
        for (trouble, status, words) in cases {
            assert!(desk.sandbox.set_card_trouble(dialect, &card, Some(trouble.clone())));
            let (was, body) = figures(&desk, dialect, &card).await;
            assert_eq!(was.as_u16(), status, "{dialect:?} {trouble:?}: {body}");
            assert!(body.contains(words), "{dialect:?} {trouble:?}: {body}");
            let (well, body) = figures(&desk, dialect, &other).await;
            assert!(
                well == StatusCode::OK && !body.contains(words),
                "{dialect:?} {trouble:?}: {body}"
            );
        }
        assert!(desk.sandbox.set_card_trouble(dialect, &card, None));
        assert_eq!(figures(&desk, dialect, &card).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_fault_can_wait_for_readings_about_one_card() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let (card, other) = (desk.card(dialect, 2), desk.card(dialect, 3));
        assert!(desk.sandbox.fault_about_card(dialect, &card, Fault::Answer503, 1));
        assert!(desk.sandbox.fault_about_card(
            dialect,
            &card,
            Fault::Refuse429 { retry_after_seconds: 1 },
            1
        ));
        let mut seen = vec![figures(&desk, dialect, &other).await.0.as_u16()];
        for _ in 0..3 {
            seen.push(figures(&desk, dialect, &card).await.0.as_u16());
        }
        assert_eq!(seen, [200, 503, 429, 200], "{dialect:?}");
        assert!(!desk.sandbox.fault_about_card(dialect, "nobody", Fault::Answer500, 1));
    }
}

#[tokio::test]
async fn an_empty_state_is_sent_as_an_empty_word() {
    let desk = desk();
    let card = desk.card(Dialect::Artha, 2);
    desk.sandbox.set_card_trouble(Dialect::Artha, &card, Some(CardTrouble::State(String::new())));
    assert_eq!(desk.artha_get(&format!("CardDetails/{card}")).await["cardStatus"], "");
}

#[tokio::test]
async fn a_row_can_be_written_oddly() {
    for dialect in Dialect::ALL {
        let desk = desk();
        let card = desk.card(dialect, 4);
        let written = Written {
            amount: Some("(12.00)".into()),
            time: Some("20261128070000".into()),
            currency: Some("US$".into()),
            state: Some("Denied".into()),
        };
        let id = desk.sandbox.write_oddly(dialect, &card, written).unwrap();
        let names = match dialect {
            Dialect::Artha => ["transactionId", "amount", "date", "currency", "status"],
            Dialect::Banana => ["id", "amount", "created_at", "currency", "status"],
            Dialect::Enkash => {
                ["enKashCardTransactionId", "principalAmount", "txnDate", "currency", "status"]
            }
            Dialect::Ibanera => ["id", "amount", "dateTime", "currency", "bPending"],
        };
        let rows = rows_of(&desk, dialect, &card).await;
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let row = rows.iter().find(|row| plain(&row[names[0]]) == id).unwrap();
        assert_eq!(
            names[1..].iter().map(|name| plain(&row[*name])).collect::<Vec<_>>(),
            ["(12.00)", "20261128070000", "US$", "Denied"]
        );
    }
}

#[tokio::test]
async fn a_web_page_with_403_comes_for_logins_and_readings_when_asked() {
    let desk = desk();
    desk.sandbox.fault_on(Dialect::Enkash, Hits::Logins, Fault::Forbidden, 1);
    let (status, body) = desk.enkash_login(enkash::PASSWORD).await;
    assert!(status == StatusCode::FORBIDDEN && body.unwrap().starts_with("<html>"));
    assert_eq!(desk.enkash_login(enkash::PASSWORD).await.0, StatusCode::OK);
    desk.sandbox.fault_on(Dialect::Ibanera, Hits::Logins, Fault::Forbidden, 1);
    assert_eq!(desk.ibanera_login(ibanera::PASSWORD, &desk.otp()).await.0, StatusCode::FORBIDDEN);
    desk.sandbox.fault(Dialect::Banana, Fault::Forbidden, 1);
    assert_eq!(
        desk.banana_raw("/merchant/get_account_balance", "{}", banana::SECRET_KEY).await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn purchases_are_refused_for_every_reason() {
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let desk = desk();
        let card = desk.card(dialect, 0);
        assert!(desk.sandbox.decline_for_every_reason(dialect, &card, &shop()));
        desk.pass(1);
        let words = serde_json::to_string(&rows_of(&desk, dialect, &card).await).unwrap();
        for reason in world::Decline::ALL {
            assert!(
                words.contains(&format!("\"{}\"", reason.code())),
                "{dialect:?}: {}",
                reason.code()
            );
        }
    }
}
