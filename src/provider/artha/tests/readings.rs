//! artha's cards, lists, float and quotes.

use super::*;

#[tokio::test]
async fn a_card_is_its_balance_and_its_details() {
    // artha wire notes, 2.7 and 2.5
    let fixture = Fixture::new(vec![
        ok(r#"{ "availableBalance": "100.00", "cardCurrency": "USD", "cardNumber": "12134523",
                "cardType": "OT", "currentBalance": "50.00" }"#),
        ok(r#"{ "cardNumber": "6200000000000047", "cvv": "234", "expirationDate": "2025-10-01",
                "cardStatus": "FROZEN" }"#),
    ]);
    let read = fixture.artha.card(&card()).await.expect("a card");
    let Reading::At { value, at } = read.balance else { panic!("no balance") };
    assert_eq!(
        (value.available, value.current, value.pending),
        (Some(usd("100.00")), Some(usd("50.00")), None)
    );
    assert_eq!(at, now());
    assert_eq!(read.last4.map(|last4| last4.to_string()).as_deref(), Some("0047"));
    assert_eq!((read.state, &*read.provider_state), (CardState::Frozen, "FROZEN"));
    assert_eq!((read.expires.as_deref(), read.kind), (Some("2025-10"), None));
    assert!(!format!("{read:?}").contains("620000"), "the card number was kept");
    let asked: Vec<_> = fixture.asked().into_iter().map(|(does, what, _)| (does, what)).collect();
    assert_eq!(
        asked,
        [
            (Access::Read, format!("GET /api/v1/CardBalance/{CARD}")),
            (Access::Read, format!("GET /api/v1/CardDetails/{CARD}")),
        ]
    );
}

#[test]
fn the_documented_details_without_a_state_leave_it_open() {
    // artha wire notes, 2.5
    let documented =
        r#"{ "cardNumber": "6200000000000047", "cvv": "234", "expirationDate": "2025-10-01" }"#;
    let read =
        wire::details(fields(documented), &card(), &Spelling::default(), now()).expect("details");
    assert_eq!(
        (read.state, &*read.provider_state, read.expires.as_deref()),
        (CardState::Unknown, "", Some("2025-10"))
    );
    assert_eq!(read.digits(), "..0047");
}

#[tokio::test]
async fn a_balance_is_kept_when_the_details_fail() {
    let balance =
        r#"{"availablebalance":"7.5","cardcurrency":"usd","cardnumber":null,"currentbalance":""}"#;
    let fixture = Fixture::new(vec![ok(balance), Ok((500, "<html>".into()))]);
    let read = fixture.artha.card(&card()).await.expect("a card");
    assert_eq!(read.available(), Some(usd("7.5")));
    assert_eq!((read.state, read.last4), (CardState::Unknown, None));
}

#[test]
fn a_balance_that_is_not_said_is_not_zero() {
    let read = |json: &str| wire::balance(fields(json), &Card::unread(card().key), now());
    assert_eq!(
        read(r#"{"availableBalance":null,"currentBalance":null}"#).map(|card| card.balance),
        Ok(Reading::Never)
    );
    assert!(read(r#"{"availableBalance":"1.00"}"#).is_err(), "a figure without a currency");
    assert!(read(r#"{"availableBalance":"much","cardCurrency":"USD"}"#).is_err());
    assert!(read(r#"{"message":"hello"}"#).is_err(), "something else than a balance");
    let read = wire::balance(
        fields(r#"{"availableBalance":"-1.2345","cardType":"Virtual"}"#),
        &card(),
        now(),
    )
    .expect("a balance");
    assert_eq!((read.available(), read.kind), (Some(usd("-1.2345")), Some(CardKind::Virtual)));
}

#[test]
fn card_states_are_read_in_any_case_and_unknown_words_are_kept() {
    for (word, state) in [
        ("Active", CardState::Active),
        ("FROZEN", CardState::Frozen),
        ("cancelled", CardState::Closed),
        ("Canceled", CardState::Closed),
        ("inactive", CardState::Pending),
        ("Sleeping", CardState::Unknown),
    ] {
        let read = wire::details(
            fields(&format!(r#"{{"cardStatus":"{word}"}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("details");
        assert_eq!((read.state, &*read.provider_state), (state, word));
    }
    for (date, expires) in [
        ("2025-10-01", Some("2025-10")),
        ("2027-03-31T00:00:00", Some("2027-03")),
        ("09/28", Some("2028-09")),
        ("soon", None),
        ("2025-13-01", None),
    ] {
        let read = wire::details(
            fields(&format!(r#"{{"expirationDate":"{date}"}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("details");
        assert_eq!(read.expires.as_deref(), expires, "{date}");
    }
}

#[test]
fn the_float_is_one_sum_a_currency_from_an_object_or_a_list() {
    // artha wire notes, 2.1
    let documented = include_str!("../../../../tests/fixtures/artha/merchant.json");
    assert_eq!(wire::float(fields(documented)), Ok(vec![usd("100")]));
    let list = r#"{"Balances":[{"currencyCode":"USD","network":"TRC-20","amount":"100"},
        {"currencyCode":"USD","network":"ERC-20","amount":0.25},
        {"currency":"USDT","amount":"3"},{"currency":"EUR","amount":null}]}"#;
    let sums: Vec<String> =
        wire::float(fields(list)).expect("sums").iter().map(ToString::to_string).collect();
    assert_eq!(sums, ["100.25 USD", "3.000000 USDT"]);
    assert!(wire::float(fields(r#"{"name":"Jhon"}"#)).is_err());
    assert!(
        wire::float(fields(r#"{"balances":[{"currency":"USD","amount":"lots"}]}"#)).is_err(),
        "no sum with a part missing"
    );
}

#[tokio::test]
async fn a_quote_is_asked_as_a_reading_and_shown_as_answered() {
    // artha wire notes, 2.8
    let answer = r#"{ "cardId": "d54f5e69-107d-49d2-bafe-7f837eb85da8", "amount": "100",
        "fee": "10", "receiveAmount": "90" }"#;
    let fixture = Fixture::new(vec![ok(answer)]);
    let quote = fixture.artha.quote(&card(), usd("100")).await.expect("a quote");
    assert_eq!(
        (quote.fee, quote.receives, quote.debited),
        (Some(usd("10")), Some(usd("90")), Some(usd("100")))
    );
    let body = json!({ "cardId": CARD, "amount": "100.00" });
    assert_eq!(fixture.asked(), [(Access::Read, "POST /api/v1/EstimateCardTopUpFee".into(), body)]);
}

#[tokio::test]
async fn a_card_s_transactions_are_asked_in_pages_from_one_until_one_is_empty() {
    let page =
        json!((0..50).map(|i| row(&format!("t{i}"), "1.00", "Success", -i)).collect::<Vec<_>>())
            .to_string();
    let fixture = Fixture::new(vec![ok(&page), ok("[]"), ok(&page)]);
    let list = all_transactions(&fixture.artha, &last_day(Some(card()))).await;
    assert_eq!((list.rows.len(), list.is_complete()), (50, true));
    let body = |page| {
        json!({ "cardId": CARD, "page": page, "size": 50,
        "startTime": "2025-02-16T13:46:40Z", "endTime": "2025-02-17T13:46:40Z" })
    };
    let path = "POST /api/v1/Card/Transactions".to_owned();
    // The first page is read again: a row that moved onto it would be missing.
    let asked = [1, 2, 1].map(|page| (Access::Read, path.clone(), body(page)));
    assert_eq!(fixture.asked(), asked);
}

#[tokio::test]
async fn a_list_that_repeats_itself_ends_and_says_that_the_rest_cannot_be_asked_for() {
    let page =
        json!((0..50).map(|i| row(&format!("t{i}"), "1.00", "Success", -i)).collect::<Vec<_>>())
            .to_string();
    let fixture = Fixture::new(vec![ok(&page), ok(&page), ok(&page)]);
    let list = all_transactions(&fixture.artha, &last_day(Some(card()))).await;
    assert_eq!((list.rows.len(), list.error.is_none(), fixture.asked().len()), (50, true, 3));
    assert!(
        list.gap.as_deref().is_some_and(|gap| gap.contains("the same page came again")),
        "{:?}",
        list.gap
    );
}

#[tokio::test]
async fn a_long_window_is_read_in_spans_of_sixty_days_that_meet() {
    let since =
        now().saturating_sub(SignedDuration::from_hours(24 * 100)).expect("a time of the test");
    let window = Window { card: Some(card()), since, until: now() };
    let fixture = Fixture::new(vec![ok("[]"), ok("[]")]);
    assert!(all_transactions(&fixture.artha, &window).await.is_complete());
    let times: Vec<_> = fixture
        .asked()
        .iter()
        .map(|(_, _, body)| (body["startTime"].clone(), body["endTime"].clone()))
        .collect();
    assert_eq!((times.len(), &times[0].0), (2, &times[1].1), "spans meet");
    assert_eq!(times[1].0, json!("2024-11-09T13:46:40Z"));
    // A row on the second where they meet is one row, also where the provider counts both ends in.
    let seam = json!([row("seam", "1.00", "Success", -60 * 24 * 60)]).to_string();
    let fixture = Fixture::new(vec![ok(&seam), ok("[]"), ok(&seam), ok("[]")]);
    let list = all_transactions(&fixture.artha, &window).await;
    assert_eq!((list.rows.len(), list.is_complete()), (1, true));
}

#[tokio::test]
async fn all_cards_are_listed_when_the_operator_knows_the_path() {
    let fixture = Fixture::with(vec![ok(r#"{"data":{"total":1,"records":[]}}"#)], |account| {
        account.all_transactions_path = Some("/Card/AllTransactions".into());
    });
    assert!(fixture.artha.capabilities().list_all_transactions.is_yes());
    let page = fixture.artha.transactions(&last_day(None), FIRST).await.expect("a page");
    assert!(page.items.is_empty());
    let asked = fixture.asked();
    assert_eq!(asked[0].1, "POST /api/v1/Card/AllTransactions");
    assert!(asked[0].2.get("cardId").is_none());
}

#[test]
fn one_odd_row_does_not_lose_the_page_and_hostile_text_is_cleaned() {
    let read = |row: &Value| {
        let raw = serde_json::value::to_raw_value(row).expect("JSON");
        let (provider, spelling) = (ProviderId::new("acme"), Spelling::default());
        wire::transaction(
            &raw,
            &listing::RowReader::new(&provider, &spelling, &Lists::default(), settings::IDS, now()),
            Some(&card()),
        )
    };
    let good = read(&json!({ "TransactionId": "x1", "Amount": "-207.5700", "Currency": "usd",
        "Fees": 0.5, "Type": "consume",
        "Status": "SUCCESS", "Remarks": "\u{1b}[31mICA\u{202e} 4111 1111 1111 1111",
            "date": "2025-02-18T00:00:00Z", "mcc": 5411 }))
    .expect("a row");
    assert_eq!((good.kind, good.state), (TransactionKind::Purchase, TransactionState::Cleared));
    assert_eq!((good.amount, good.fee), (usd("207.57"), Some(usd("0.5"))));
    assert_eq!(
        (good.description.as_deref(), good.mcc.as_deref()),
        (Some("?ICA? ..1111"), Some("5411"))
    );
    assert_eq!((&*good.id, good.card_id.as_deref()), ("x1", Some(CARD)));
    for odd in [
        json!(7),
        json!({}),
        json!({ "amount": "1", "currency": "USD" }),
        json!({ "amount": "x", "date": "2025-02-18T00:00:00Z" }),
    ] {
        assert!(read(&odd).is_err(), "{odd}");
    }
    let other =
        read(&json!({ "amount": "-3", "type": "Mystery", "status": "Odd", "date": 1_739_800_000 }))
            .expect("a row");
    assert_eq!(
        (other.kind, other.state, &*other.provider_state),
        (TransactionKind::Other, TransactionState::Unknown, "Mystery Odd")
    );
    assert!(other.amount.is_negative());
    assert!(
        other.id.starts_with("made-")
            && other.id
                == read(&json!({ "amount": "-3.0", "type": "Mystery", "date": 1_739_800_000 }))
                    .expect("a row")
                    .id
    );
}
