//! ibanera's cards, lists and float.

use super::*;

#[tokio::test]
async fn details_that_carry_number_and_code_leave_only_four_digits_and_the_expiry() {
    // ibanera wire notes, 2.9 and 2.10
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, include_str!("../../../../tests/fixtures/ibanera/sensitive-details.json"));
    let read = account.card(&card()).await.expect("the card");
    assert_eq!(
        (read.digits(), read.expires.as_deref(), read.state),
        ("..6007".into(), Some("2028-06"), CardState::Active)
    );
    let kept = format!("{read:?}");
    assert!(
        !kept.contains("400120034005") && !kept.contains("123,") && !kept.contains("336674726730"),
        "{kept}"
    );
}

#[tokio::test]
async fn the_card_list_goes_page_by_page_to_its_end() {
    // ibanera wire notes, 2.11 and 5.1
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(
        200,
        r#"{"id":0,"details":[
        {"id":1749,"customersReference":"r","cardHolderName":"Test User","cardLast4":"3566",
            "customersID":"16221","currency":"usd","totalBalance":12.50,"availableBalance":"10.00",
            "pendingBalance":2.5,"status":"Active"},
        {"id":"1750","CustomersID":1234,"currency":"usd","totalBalance":0,"availableBalance":0,
            "pendingBalance":0,"bSuppressed":true,"cardNumber":"4001200340056007","cvc":123},
        {"id":1751,"status":"Lost"},{"cardLast4":"1"},{"id":1752,"currency":"usd",
            "availableBalance":"ten"},null
    ],"pageSize":50,"pageNumber":1,"numberOfPages":2,"status":"1","errors":[]}"#,
    );
    let page = account.cards(FIRST).await.expect("a page");
    assert_eq!(wire.last().0, "GET /api/v1/customer/cards/balances?PageSize=50&PageNumber=1");
    assert_eq!((page.items.len(), page.skipped.len()), (3, 3));
    let [one, two, three] = page.items.as_slice() else { panic!("three cards") };
    let balance = one.balance.value().expect("a balance");
    assert_eq!(
        (balance.available, balance.current, balance.pending),
        (Some(dollars(1_000)), Some(dollars(1_250)), Some(dollars(250)))
    );
    assert_eq!(
        (&*one.key.id, one.owner.as_deref(), one.state),
        ("1749", Some("16221"), CardState::Active)
    );
    assert_eq!(
        (two.owner.as_deref(), two.state, &*two.provider_state),
        (Some("1234"), CardState::Frozen, "bSuppressed true")
    );
    assert_eq!(two.last4.map(|last4| last4.to_string()).as_deref(), Some("6007"));
    assert!(!format!("{two:?}").contains("400120034005"));
    assert_eq!(
        (three.state, &*three.provider_state, &three.balance),
        (CardState::Unknown, "Lost", &Reading::Never)
    );
    wire.answer(200, r#"{"details":[{"id":1760}],"numberOfPages":2,"status":1}"#);
    let last =
        account.cards(PageCursor { number: 1, offset: 50, size: 50 }).await.expect("the last page");
    assert_eq!(last.items.len(), 1);
    assert_eq!(wire.last().0, "GET /api/v1/customer/cards/balances?PageSize=50&PageNumber=2");
}

#[tokio::test]
async fn a_page_count_that_lies_does_not_end_the_list_and_smaller_pages_are_asked_for_as_they_come()
{
    let wire = Wire::new();
    let account = ready(&wire).await;
    let page = |from: usize, until: usize| {
        let rows: Vec<String> = (from..until).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        format!(
            r#"{{"details":[{}],"pageSize":50,"numberOfPages":1,"status":"1"}}"#,
            rows.join(",")
        )
    };
    // Ten come of the fifty that are asked for; then ten are asked for. Each page is read again
    // once the next one is there.
    for (from, until) in [
        (1, 11),
        (11, 21),
        (1, 11),
        (1, 11),
        (11, 21),
        (1, 11),
        (21, 24),
        (11, 21),
        (24, 24),
        (21, 24),
    ] {
        wire.answer(200, &page(from, until));
    }
    let list = all_cards(&account).await;
    assert!(list.is_complete(), "{:?} {:?}", list.error, list.gap);
    assert_eq!(list.rows.len(), 23);
    let asked: Vec<String> = wire.sent(|all| {
        let query = |sent: &Sent| {
            sent.url().split_once("PageSize=").map(|(_, rest)| rest.replace("&PageNumber=", "/"))
        };
        all.iter().filter_map(query).collect()
    });
    assert_eq!(
        asked,
        ["50/1", "10/2", "50/1", "10/1", "10/2", "10/1", "10/3", "10/2", "10/4", "10/3"]
    );
}

#[tokio::test]
async fn what_errors_of_reads_mean() {
    // ibanera wire notes, 1.6 and 2.9
    for (status, body, kind, words) in [
        (404, "", ErrorKind::NotFound, "404"),
        (
            400,
            r#"{"id":0,"details":null,"status":"0","errors":[{"fieldName":"CardId",
                "messageCode":"Required"}]}"#,
            ErrorKind::Refused,
            "CardId: Required",
        ),
        (
            200,
            r#"{"id":0,"details":null,"status":"0","errors":[{"fieldName":"CardId",
                "messageCode":"Invalid"}]}"#,
            ErrorKind::Refused,
            "CardId: Invalid",
        ),
        (200, r#"{"status":"1","details":null}"#, ErrorKind::BadReply, "missing"),
        (200, r#"{"details":{}}"#, ErrorKind::BadReply, "status"),
        (200, "<html>", ErrorKind::BadReply, "web page"),
        (
            200,
            r#"{"status":"1","details":{"id":7,"status":"Active"}}"#,
            ErrorKind::BadReply,
            "another card",
        ),
        (
            400,
            r#"{"title":"One or more validation errors occurred.","status":400,
                "errors":{"CardId":["The value is not valid."]}}"#,
            ErrorKind::Refused,
            "CardId",
        ),
        (429, "", ErrorKind::RateLimited, "429"),
        (500, "", ErrorKind::Unreachable, "500"),
    ] {
        let wire = Wire::new();
        let account = ready(&wire).await;
        wire.answer(status, body);
        let error = account.card(&card()).await.expect_err("an error");
        assert_eq!(
            (error.kind, error.outcome),
            (kind, Outcome::NotDone),
            "{status} {body}: {error}"
        );
        assert!(error.reason().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_text_in_the_place_of_a_list_is_no_empty_list() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    for (details, good) in [(r#""maintenance""#, false), ("7", false), ("[]", true), ("null", true)]
    {
        wire.answer(200, &format!(r#"{{"details":{details},"status":"1","errors":[]}}"#));
        let list = all_cards(&account).await;
        assert_eq!((list.rows.len(), list.is_complete()), (0, good), "{details}: {:?}", list.error);
        let window = Window {
            card: Some(card()),
            since: at("2024-01-01T00:00:00Z"),
            until: at("2024-02-01T00:00:00Z"),
        };
        wire.answer(200, &format!(r#"{{"details":{details},"status":"1","errors":[]}}"#));
        let page = account.transactions(&window, FIRST).await;
        assert_eq!(page.is_ok(), good, "{details}");
    }
}

#[tokio::test]
async fn the_float_is_one_sum_a_currency_over_all_pages_without_counting_twice() {
    // ibanera wire notes, 2.15 and 5.1
    let wire = Wire::new();
    let account = ready(&wire).await;
    let page = |pages: u32, rows: &str| {
        format!(r#"{{"details":[{rows}],"numberOfPages":{pages},"status":"1"}}"#)
    };
    let (a, b) = (
        r#"{"id":1,"asset":"usd","availableBalance":100.10}"#,
        r#"{"id":2,"asset":"USD","availableBalance":"0.20"}"#,
    );
    let (c, d) = (
        r#"{"id":3,"asset":"USDC","availableBalance":7}"#,
        r#"{"id":4,"asset":"A-1","availableBalance":7}"#,
    );
    wire.answer(200, &page(0, &format!("{a},{b},{c},{d}")));
    let coins = Money::new(Decimal::from(7), "USDC".parse().expect("a coin"));
    assert_eq!(account.float().await.expect("the float"), [dollars(10_030), coins]);
    assert_eq!(wire.last().0, "GET /api/v1/customer/accounts/balances");
    wire.answer(200, &page(3, a));
    wire.answer(200, &page(3, a));
    wire.answer(200, &page(3, b));
    assert_eq!(account.float().await.expect("the float"), [dollars(10_030)]);
    assert_eq!(wire.last().0, "GET /api/v1/customer/accounts/balances?pageNumber=3&pageSize=1");
    wire.answer(200, &page(1, r#"{"id":1,"asset":"USD","availableBalance":"much"}"#));
    assert_eq!(account.float().await.expect_err("odd").kind, ErrorKind::BadReply);
}

#[tokio::test]
async fn transactions_are_read_and_named_by_sign_and_words() {
    // ibanera wire notes, 2.12
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(
        200,
        r#"{ "id": 0,
      "details": [ { "id": 0, "cardsId": 0, "amount": 0, "currency": "string",
          "description": "string",
                     "dateTime": "2025-07-10T16:43:50.359Z", "bPending": true,
                         "RefundTransactionsID": null },
        {"id":1,"cardsId":1749,"amount":-12.40,"currency":"usd",
            "description":"COFFEE HOUSE 4111111111111111","dateTime":"2025-07-10T16:43:50",
            "bPending":true},
        {"id":2,"amount":"10","description":"Card transfer - Top Up Funds",
            "dateTime":"2025-07-10T16:43:50+00:00","bPending":false},
        {"id":3,"cardsId":1749,"amount":-1,"currency":"USD","description":"Monthly fee",
            "dateTime":"2025-07-10T16:43:50Z","bPending":false},
        {"id":4,"cardsId":1749,"amount":3,"currency":"USD","description":"SHOP",
            "dateTime":"2025-07-10T16:43:50Z","bPending":false,"RefundTransactionsID":1},
        {"id":5,"cardsId":1749,"amount":3,"currency":"USD","description":"Adjusted",
            "dateTime":"2025-07-10T16:43:50Z"},
        {"id":6,"cardsId":1749,"amount":-5,"currency":"USD","description":"Card transfer - back",
            "dateTime":"2025-07-10T16:43:50Z"},
        {"id":7,"amount":1,"dateTime":"yesterday"} ],
      "pageSize": 10, "pageNumber": 1, "numberOfPages": 1, "status": "1" }"#,
    );
    let window = Window {
        card: Some(card()),
        since: at("2025-07-01T00:00:00.5Z"),
        until: at("2025-08-01T00:00:00Z"),
    };
    let page = account.transactions(&window, FIRST).await.expect("a page");
    assert_eq!(
        wire.last().0,
        "GET /api/v1/customer/cards/transactions?CardsId=1749&fromDate=2025-07-01T00:00:00Z&\
         toDate=2025-08-01T00:00:01Z&PageNumber=1&PageSize=50"
    );
    assert_eq!(page.skipped.len(), 2);
    let odd =
        page.skipped.iter().map(|row| (row.card.as_deref(), row.id.as_deref())).collect::<Vec<_>>();
    assert_eq!(
        odd,
        [(Some("0"), Some("0")), (Some("1749"), Some("7"))],
        "an odd row names its card"
    );
    let kinds: Vec<(&str, TransactionKind, &str)> =
        page.items.iter().map(|row| (&*row.id, row.kind, row.state.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("1", TransactionKind::Purchase, "HOLD"),
            ("2", TransactionKind::TopUp, "CLEARED"),
            ("3", TransactionKind::Fee, "CLEARED"),
            ("4", TransactionKind::Refund, "CLEARED"),
            ("5", TransactionKind::Other, "CLEARED"),
            ("6", TransactionKind::Withdrawal, "CLEARED"),
        ]
    );
    let coffee = &page.items[0];
    assert_eq!(
        (coffee.amount, coffee.description.as_deref()),
        (dollars(1_240), Some("COFFEE HOUSE ..1111"))
    );
    assert_eq!(
        (coffee.at, page.items[1].card_id.as_deref()),
        (at("2025-07-10T16:43:50Z"), Some("1749"))
    );
    assert_eq!(coffee.state, TransactionState::Hold);
    let all = Window { card: None, ..window };
    assert_eq!(
        account.transactions(&all, FIRST).await.expect_err("card by card").kind,
        ErrorKind::NotOffered
    );
}
