//! enkash's cards and lists.

use super::*;

#[tokio::test]
async fn the_card_list_is_read_in_every_documented_form() {
    // enkash wire notes, 2.13 and 2.2
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, include_str!("../../../../tests/fixtures/enkash/cards.json"));
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!((page.items.len(), page.skipped.len()), (1, 0));
    let one = &page.items[0];
    assert_eq!(
        (&*one.key.id, &*one.holder, one.state, one.expires.as_deref()),
        ("EKC9MKS5RM", "Mr Test", CardState::Unknown, None)
    );
    assert_eq!(one.balance, Reading::Never);

    wire.answer(200, include_str!("../../../../tests/fixtures/enkash/card.json"));
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!(page.items[0].last4.map(|last4| last4.to_string()).as_deref(), Some("2209"));

    wire.answer(
        200,
        r#"{"code":0,"payload":[{"enkashCardId":"A","otbBalance":11,
        "cardStatus":{"label":"ACTIVE"},"physicalCard":true,"expiryMonth":"08","expiryYear":"28"},
        {"enKashCardId":"B","otbBalance":"x"},{"otbBalance":1},7,{"enKashCardId":"C",
        "otbBalance":"12.345","cardStatus":"Blocked","physicalCard":"false"}]}"#,
    );
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!((page.items.len(), page.skipped.len()), (2, 3));
    let (a, c) = (&page.items[0], &page.items[1]);
    assert_eq!(
        (a.state, a.kind, a.expires.as_deref()),
        (CardState::Active, Some(CardKind::Physical), Some("2028-08"))
    );
    assert_eq!(a.available(), Some(rupees(1_100)));
    assert_eq!(a.balance.at(), Some(at("2025-08-04T10:00:00Z")));
    assert_eq!(
        (c.state, &*c.provider_state, c.kind),
        (CardState::Blocked, "Blocked", Some(CardKind::Virtual))
    );
    assert_eq!(c.available().map(Money::digits).as_deref(), Some("12.345"));

    wire.answer(200, r#"{"code":0,"payload":{"recordsCount":250,"data":[{"enKashCardId":"A"}]}}"#);
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!(page.items.len(), 1);
    assert!(page.gap.as_deref().is_some_and(|gap| gap.contains("1 of 250")), "{:?}", page.gap);

    for empty in [
        r#"{"code":0,"payload":{"recordsCount":0,"data":[]}}"#,
        r#"{"code":0,"payload":null}"#,
        r#"{"code":0,"payload":[]}"#,
    ] {
        wire.answer(200, empty);
        let page = account.cards(FIRST).await.expect("no cards");
        assert_eq!((page.items.len(), page.skipped.len()), (0, 0), "{empty}");
    }
    assert!(
        asked(&wire)
            .iter()
            .all(|(path, body)| path == "/search" && body.get("enKashCardId").is_none())
    );
}

#[tokio::test]
async fn a_reading_of_one_card_is_of_that_card() {
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(
        200,
        r#"{"code":0,"payload":{"recordsCount":1,"data":[{"enKashCardId":"EKCMB7KAEW",
        "cardStatus":"L"}]}}"#,
    );
    let read = account.card(&card()).await.expect("the card");
    assert_eq!((read.state, &*read.provider_state), (CardState::Frozen, "L"));
    wire.answer(200, r#"{"code":0,"payload":{"enKashCardId":"EKCOTHER"}}"#);
    assert_eq!(account.card(&card()).await.expect_err("another").kind, ErrorKind::BadReply);
    wire.answer(200, r#"{"code":0,"payload":{"recordsCount":0,"data":[]}}"#);
    assert_eq!(account.card(&card()).await.expect_err("none").kind, ErrorKind::NotFound);
    assert!(asked(&wire).iter().all(|(_, body)| body["enKashCardId"] == "EKCMB7KAEW"));
}

#[tokio::test]
async fn transactions_are_read_with_every_key_optional() {
    // enkash wire notes, 2.14 and 3.2
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(
        200,
        &load(
            r#"{"enKashCardTransactionId":"ECT1","enkashCardId":"EKC1",
                "maskedCard":"XXXX XXXX XXXX 8867","principalAmount":125.50,"currency":"INR",
                "cardTransactionType":"DR","type":"SALE","status":"SUCCESS",
                "txnDate":"Jan 23, 2025 4:38:36 PM","description":"card 4111111111111111",
                "txnDetails":{"merchantName":"Chai\u202e","mcc":5814,"transactionFees":1.5}},
            {"enKashTransactionId":"ECT2","principalAmount":"30","cardTransactionType":"CR",
                "type":"ALLOCATE_FUND","status":"CREATED","createdOn":"2025-01-23T16:38:36+05:30"},
            {"principalAmount":5,"cardTransactionType":"DR","type":"MYSTERY","status":"FAILED",
                "txnDate":"2025-01-23T11:08:36.000Z"},
            {"enKashTransactionId":"ECT4","principalAmount":"five",
                "txnDate":"2025-01-23T11:08:36.000Z"},
            "rubbish",
            {"enKashTransactionId":"ECT6","principalAmount":6}"#,
        ),
    );
    let window = Window {
        card: Some(card()),
        since: at("2025-01-01T00:00:00Z"),
        until: at("2025-02-01T00:00:00.505Z"),
    };
    let page = account.transactions(&window, FIRST).await.expect("a page");
    assert_eq!((page.items.len(), page.skipped.len()), (3, 3));
    assert!(
        page.skipped.iter().all(|row| row.card.as_deref() == Some("EKCMB7KAEW")),
        "an odd row names its card"
    );
    assert_eq!(
        page.skipped[0].sentence(),
        "enkash/EKCMB7KAEW, row ECT4: principalAmount is not a number: five"
    );
    let [sale, top_up, mystery] = page.items.as_slice() else { panic!("three rows") };
    assert_eq!(
        (sale.kind, sale.state, &*sale.provider_state),
        (TransactionKind::Purchase, TransactionState::Cleared, "SUCCESS")
    );
    assert_eq!(
        (sale.amount, sale.fee, sale.merchant.as_deref(), sale.mcc.as_deref()),
        (rupees(12_550), Some(rupees(150)), Some("Chai?"), Some("5814"))
    );
    assert_eq!(
        (sale.at, sale.description.as_deref()),
        (at("2025-01-23T11:08:36Z"), Some("card ..1111"))
    );
    assert_eq!(sale.last4.map(|last4| last4.to_string()).as_deref(), Some("8867"));
    assert_eq!(
        (top_up.kind, top_up.state, top_up.at),
        (TransactionKind::TopUp, TransactionState::Hold, sale.at)
    );
    assert_eq!(top_up.card_id.as_deref(), Some("EKCMB7KAEW"));
    assert_eq!(
        (mystery.kind, mystery.state, mystery.amount),
        (TransactionKind::Other, TransactionState::Failed, rupees(-500))
    );
    assert!(mystery.id.starts_with("made-"), "{}", mystery.id);
    let (_, body) = asked(&wire).remove(0);
    assert_eq!(
        body,
        json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "enKashCardId": "EKCMB7KAEW",
            "txnDateFrom": "2025-01-01T00:00:00.000Z", "txnDateTo": "2025-02-01T00:00:00.505Z"})
    );
}

#[tokio::test]
async fn a_text_in_the_place_of_a_list_is_no_empty_list() {
    for (data, good) in [(r#""maintenance""#, false), ("7", false), ("[]", true), ("null", true)] {
        let wire = Wire::default();
        let account = ready(&wire).await;
        let answer = format!(r#"{{"code":0,"payload":{{"recordsCount":0,"data":{data}}}}}"#);
        wire.answer(200, &answer);
        let cards = script::all_cards(&account).await;
        assert_eq!((cards.rows.len(), cards.is_complete()), (0, good), "{data}");
        wire.answer(200, &answer);
        let window = Window {
            card: None,
            since: at("2025-01-01T00:00:00Z"),
            until: at("2025-01-09T00:00:00Z"),
        };
        let list = all_transactions(&account, &window).await;
        assert_eq!((list.rows.len(), list.is_complete()), (0, good), "{data}");
    }
}

#[tokio::test]
async fn a_count_that_says_more_is_followed_back_in_time_until_nothing_new_comes() {
    // enkash wire notes, 5
    let wire = Wire::default();
    let account = ready(&wire).await;
    let window =
        Window { card: None, since: at("2025-01-01T00:00:00Z"), until: at("2025-01-09T00:00:00Z") };
    let rows = |count: usize, days: &[u32]| {
        let row = |day: &u32| {
            format!(
                r#"{{"enKashCardTransactionId":"T{day}","principalAmount":1,
                    "txnDate":"2025-01-0{day}T00:00:00Z"}}"#
            )
        };
        let rows: Vec<String> = days.iter().map(row).collect();
        format!(r#"{{"code":0,"payload":{{"recordsCount":{count},"data":[{}]}}}}"#, rows.join(","))
    };
    for answer in [rows(4, &[8, 6]), rows(1, &[8]), rows(3, &[6, 4]), rows(2, &[4, 2])] {
        wire.answer(200, &answer);
    }
    wire.answer(200, r#"{"code":1,"message":"No records found"}"#);
    let list = all_transactions(&account, &window).await;
    assert!(list.is_complete(), "{:?} {:?}", list.error, list.gap);
    let ids: Vec<&str> = list.rows.iter().map(|row| &*row.id).collect();
    assert_eq!(ids, ["T8", "T6", "T4", "T2"]);
}
