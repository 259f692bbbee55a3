//! banana's cards, lists and float.

use super::*;

#[tokio::test]
async fn a_card_is_its_balance_its_information_and_its_template_s_kind() {
    let templates = r#"{"data":[{"id":1,"description":"x","type":"Virtual","payment_system":"Visa",
        "recharge_fee":1.5}]}"#;
    let fixture = Fixture::new(vec![
        ok(BALANCE),
        ok(INFORMATION),
        ok(templates),
        ok(BALANCE),
        ok(INFORMATION),
    ]);
    let read = fixture.banana.card(&card()).await.expect("a card");
    let Reading::At { value, at } = read.balance else { panic!("no balance") };
    assert_eq!(
        (value.available, value.current, value.pending, at),
        (Some(usd("150.5")), None, None, now())
    );
    assert_eq!((read.state, &*read.provider_state), (CardState::Active, "ACTIVE"));
    assert_eq!(
        (read.last4.map(|last4| last4.to_string()), read.expires.as_deref()),
        (Some("3456".into()), Some("2025-12"))
    );
    assert_eq!(read.kind, Some(CardKind::Virtual));
    assert!(!format!("{read:?}").contains("123456789"), "the card number was kept");
    assert_eq!(
        fixture.banana.card(&card()).await.expect("a card").kind,
        Some(CardKind::Virtual),
        "templates are read once"
    );
    let whose = json!({ "user_id": 12345, "card_id": 67890 });
    let asked = fixture.asked();
    assert_eq!(asked[0], (Access::Read, "/v9/card/get_balance".into(), whose.clone()));
    assert_eq!(asked[1], (Access::Read, "/v9/card/get_information".into(), whose));
    assert_eq!(asked[2], (Access::Read, "/v9/merchant/get_card_templates".into(), json!({})));
    assert_eq!(asked.len(), 5);
}

#[tokio::test]
async fn a_balance_is_kept_when_the_rest_fails_and_failing_templates_are_not_asked_for_again() {
    let fixture = Fixture::new(vec![
        ok(BALANCE),
        Ok((500, String::new())),
        ok(BALANCE),
        ok(INFORMATION),
        Ok((404, String::new())),
        ok(BALANCE),
        ok(INFORMATION),
    ]);
    let read = fixture.banana.card(&card()).await.expect("a card");
    assert_eq!((read.available(), read.state), (Some(usd("150.5")), CardState::Unknown));
    for _ in 0..2 {
        let read = fixture.banana.card(&card()).await.expect("a card");
        assert_eq!((read.state, read.kind), (CardState::Active, None));
    }
    assert_eq!(fixture.asked().len(), 7);
}

#[tokio::test]
async fn without_its_user_a_card_is_an_error_that_says_what_to_do() {
    let fixture = Fixture::new(vec![]);
    let lone = Card { owner: None, ..card() };
    let error = fixture.banana.card(&lone).await.expect_err("no user");
    assert!(
        error.reason().contains("user_id") && error.reason().contains("roster"),
        "{}",
        error.reason()
    );
    let error = Provider::act(&fixture.banana, Permit::for_test(&lone, Action::Freeze, id()))
        .await
        .expect_err("no user");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    assert!(fixture.asked().is_empty());
}

#[test]
fn card_states_and_expiries_are_read_and_unknown_words_kept() {
    for (word, state) in [
        ("ACTIVE", CardState::Active),
        ("locked", CardState::Frozen),
        ("TBA", CardState::Pending),
        ("CLOSED", CardState::Closed),
        ("HIBERNATING", CardState::Unknown),
    ] {
        let (read, _) = wire::information(
            fields(&format!(r#"{{"data":{{"Status":"{word}"}}}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("about this card")
        .expect("information");
        assert_eq!((read.state, &*read.provider_state), (state, word));
    }
    for (date, expires) in
        [("01/30", Some("2030-01")), ("7/2029", Some("2029-07")), ("13/25", None), ("never", None)]
    {
        let (read, _) = wire::information(
            fields(&format!(r#"{{"expiry_date":"{date}"}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("about this card")
        .expect("information");
        assert_eq!(read.expires.as_deref(), expires, "{date}");
    }
    let said =
        wire::information(fields(r#"{"message":"hi"}"#), &card(), &Spelling::default(), now());
    assert!(said.is_ok_and(|said| said.is_none()));
}

#[test]
fn a_balance_that_is_not_said_is_not_zero() {
    let read = |json: &str| wire::balance(fields(json), &Card::unread(card().key), now());
    assert_eq!(
        read(r#"{"balance":null,"currency":"USD"}"#).map(|card| card.balance),
        Ok(Reading::Never)
    );
    assert!(read(r#"{"balance":1}"#).is_err(), "a figure without a currency");
    assert!(read(r#"{"balance":"x","currency":"USD"}"#).is_err());
    assert_eq!(
        read(r#"{"balance":"12345678901234.567","currency":"usd"}"#)
            .expect("a balance")
            .available(),
        Some(usd("12345678901234.567"))
    );
}

#[test]
fn a_balance_in_another_currency_is_another_cards() {
    let card = Card { currency: "KWD".parse().ok(), ..Card::unread(card().key) };
    let odd = wire::balance(fields(r#"{"balance":60100,"currency":"JPY"}"#), &card, now())
        .expect_err("another card's");
    assert!(odd.0.contains("in JPY and the card in KWD"), "{}", odd.0);
}

#[test]
fn the_float_is_read_from_every_likely_shape() {
    for json in [
        r#"{"balance":1000.25,"currency":"USD"}"#,
        r#"{"data":{"balance":"1000.25","currency":"USD"}}"#,
        r#"{"data":[{"available_balance":1000,"currency":"USD"},{"balance":0.25,
            "currency":"usd"}]}"#,
        r#"[{"balance":1000.25,"currency":"USD"}]"#,
        r#"{"balance":1000.25,"currency":"USD","balances":[{"balance":1000.25,"currency":"USD"}]}"#,
    ] {
        assert_eq!(wire::float(&raw(json)), Ok(vec![usd("1000.25")]), "{json}");
    }
    let beside = r#"{"balance":1,"currency":"USD","balances":[{"balance":1,"currency":"USD"},
        {"balance":2.5,"currency":"EUR"}]}"#;
    let sums: Vec<String> =
        wire::float(&raw(beside)).expect("sums").iter().map(ToString::to_string).collect();
    assert_eq!(sums, ["2.50 EUR", "1.00 USD"]);
    for json in [r#"{"balance":1}"#, "{}", "[]", "7", r#"{"balance":"x","currency":"USD"}"#] {
        assert!(wire::float(&raw(json)).is_err(), "{json}");
    }
}

#[tokio::test]
async fn the_documented_list_is_read() {
    // banana wire notes, 2.12
    let fixture =
        Fixture::new(vec![ok(include_str!("../../../../tests/fixtures/banana/transactions.json"))]);
    let page = fixture
        .banana
        .transactions(&last_day(None), PageCursor { size: 100, ..FIRST })
        .await
        .expect("a page");
    assert_eq!((page.items.len(), page.skipped.len()), (1, 0));
    let row = &page.items[0];
    assert_eq!(
        (&*row.id, row.card_id.as_deref(), row.amount),
        ("12345", Some("67890"), usd("100.0"))
    );
    assert_eq!(
        (row.kind, row.state, &*row.provider_state),
        (TransactionKind::TopUp, TransactionState::Cleared, "SUCCESS")
    );
    assert_eq!((row.at, row.seen_at, row.merchant.as_deref()), (now(), now(), Some("RECHARGE")));
    let body = json!({ "start_date": "2024-01-14T10:30:00Z", "end_date": "2024-01-15T10:30:01Z",
        "skip": 0, "limit": 100, "desc": true });
    assert_eq!(fixture.asked(), [(Access::Read, "/v9/card/get_transactions".into(), body)]);
}

#[tokio::test]
async fn pages_overlap_by_a_row_and_no_total_ends_them() {
    let page = |ids: std::ops::Range<u64>| {
        let rows: Vec<Value> = ids.map(|id| row(id, "1", "SUCCESS", -1)).collect();
        ok(&json!({ "data": rows, "total": 2 }).to_string())
    };
    let fixture = Fixture::new(vec![page(1..3), page(2..4), page(3..4)]);
    let list = all_transactions(&fixture.banana, &last_day(Some(card()))).await;
    let ids: Vec<&str> = list.rows.iter().map(|row| &*row.id).collect();
    assert_eq!((ids, list.is_complete()), (vec!["1", "2", "3"], true));
    let skips: Vec<Value> =
        fixture.asked().iter().map(|(_, _, body)| body["skip"].clone()).collect();
    assert_eq!(skips, [0, 1, 2]);
    assert_eq!(fixture.asked()[1].2["card_id"], json!(67890));
}

#[tokio::test]
async fn a_row_that_leaves_the_page_before_is_noticed_and_nothing_is_lost() {
    let page = |ids: &[u64]| {
        let rows: Vec<Value> = ids.iter().map(|id| row(*id, "1", "SUCCESS", -1)).collect();
        ok(&json!({ "data": rows, "total": 9 }).to_string())
    };
    // Row 1 goes away after the first page: row 4 moves up between the two, and the overlap does
    // not come.
    let fixture = Fixture::new(vec![
        page(&[1, 2, 3]),
        page(&[5]),
        page(&[2, 3, 4]),
        page(&[4, 5]),
        page(&[5]),
        page(&[2, 3, 4]),
    ]);
    let list = all_transactions(&fixture.banana, &last_day(Some(card()))).await;
    let mut ids: Vec<&str> = list.rows.iter().map(|row| &*row.id).collect();
    ids.sort_unstable();
    assert_eq!((ids, list.is_complete()), (vec!["1", "2", "3", "4", "5"], true));
}

#[tokio::test]
async fn a_list_that_ignores_dates_is_left_once_it_is_older_than_the_window() {
    let rows = [row(3, "1", "SUCCESS", -10), row(2, "1", "SUCCESS", -60 * 25)];
    let fixture = Fixture::new(vec![ok(&json!({ "data": rows, "total": 90_000 }).to_string())]);
    let list = all_transactions(&fixture.banana, &last_day(None)).await;
    assert_eq!((list.rows.len(), list.is_complete(), fixture.asked().len()), (2, true, 1));
}

#[test]
fn one_odd_row_does_not_lose_the_page_and_hostile_text_is_cleaned() {
    let (provider, spelling) = (ProviderId::new("peel"), Spelling::default());
    let reader =
        listing::RowReader::new(&provider, &spelling, &Lists::default(), settings::IDS, now());
    let read = |row: Value| wire::transaction(&raw(&row.to_string()), &reader, None);
    let good = read(json!({ "ID": "9", "card_id": "67890", "amount": -18.25, "currency": "usd",
            "type": "purchase", "status": "PENDING",
        "created_at": 1_691_249_025_085_i64,
            "merchant_name": "ICA\u{202e}\u{1b}[2J 4111111111111111" }))
    .expect("a row");
    assert_eq!(
        (good.kind, good.state, good.amount),
        (TransactionKind::Purchase, TransactionState::Hold, usd("18.25"))
    );
    assert_eq!(good.merchant.as_deref(), Some("ICA? ..1111"));
    for odd in [
        json!(null),
        json!([]),
        json!({ "id": 1 }),
        json!({ "id": 1, "amount": "x", "currency": "USD", "created_at": "2024-01-15" }),
    ] {
        assert!(read(odd.clone()).is_err(), "{odd}");
    }
    let other = read(json!({ "amount": -3, "currency": "USD", "type": "SWAP", "status": "ODD",
        "created_at": "2024-01-15" }))
    .expect("a row");
    assert_eq!(
        (other.kind, other.state, &*other.provider_state),
        (TransactionKind::Other, TransactionState::Unknown, "SWAP ODD")
    );
    assert!(other.amount.is_negative() && other.id.starts_with("made-"));
}
