//! Who pays at ibanera: an account belongs to one customer, and only that customer's top-ups are
//! paid from it.

use super::ibanera::Transfer;
use super::*;

const IBANERA: Dialect = Dialect::Ibanera;

fn transfer(card: &str, customer: &str, account: &str, currency: &str, amount: &str) -> String {
    Transfer { card, amount, reference: "op 1", customer, account, currency }.json()
}

/// The first account of a card's customer.
fn account_of(fixture: &Fixture, card: &str) -> String {
    fixture.sandbox.customer_accounts(IBANERA, card)[0].0.clone()
}

/// Cards of the customers 14387; 14388, who has digital dollars only; and 14389, whose first
/// account is suppressed.
fn cards(fixture: &Fixture) -> (String, String, String) {
    (fixture.card(IBANERA, 0), fixture.card(IBANERA, 9), fixture.card(IBANERA, 2))
}

#[tokio::test]
async fn an_account_does_not_pay_for_a_customer_it_does_not_belong_to() {
    let fixture = fixture();
    let token = fixture.ibanera_token().await;
    let (card, digital, suppressed) = cards(&fixture);
    let own = account_of(&fixture, &card);
    let other = account_of(&fixture, &digital);
    let old = account_of(&fixture, &suppressed);
    for (body, field) in [
        (transfer(&card, "14387", "8204", "USD", "5"), "CustomerAssetAccountId"),
        (transfer(&card, "14380", &own, "USD", "5"), "CustomerAssetAccountId"),
        (transfer(&card, "14387", &other, "dUSD", "5"), "CustomerAssetAccountId"),
        (transfer(&card, "14388", &other, "dUSD", "5"), "CustomersId"),
        (transfer(&digital, "14388", &other, "USD", "5"), "currencyType"),
        (transfer(&suppressed, "14389", &old, "USD", "5"), "CustomerAssetAccountId"),
        (transfer(&card, "14387", "9999", "USD", "5"), "CustomerAssetAccountId"),
        (transfer(&card, "14387", &own, "USD", "100000"), "amount"),
    ] {
        let (status, answer) = fixture.ibanera(&token, "POST", "cards/transferfunds", &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer["errors"][0]["fieldName"], field, "{body}");
    }
    fixture.advance(3);
    for card in fixture.sandbox.card_ids(IBANERA) {
        assert_eq!(fixture.sandbox.credits(IBANERA, &card), []);
    }
}

#[tokio::test]
async fn an_account_pays_for_the_customer_it_belongs_to() {
    let fixture = fixture();
    let token = fixture.ibanera_token().await;
    let (card, digital, _) = cards(&fixture);
    for (card, customer, currency) in [(&card, "14387", "USD"), (&digital, "14388", "dUSD")] {
        let before = fixture.sandbox.customer_accounts(IBANERA, card)[0].1;
        let float = fixture.sandbox.float(IBANERA, "USD");
        let body = transfer(card, customer, &account_of(&fixture, card), currency, "20");
        let (status, _) = fixture.ibanera(&token, "POST", "cards/transferfunds", &body).await;
        assert_eq!(status, StatusCode::OK);
        fixture.advance(3);
        assert_eq!(fixture.sandbox.credits(IBANERA, card), [decimal("20")]);
        let after = fixture.sandbox.customer_accounts(IBANERA, card)[0].1;
        assert_eq!(before.amount() - after.amount(), decimal("20.50"));
        let float_after = fixture.sandbox.float(IBANERA, "USD");
        assert_eq!(float_after, float, "the manager paid for the customer");
    }
    assert_eq!(fixture.sandbox.discrepancies(IBANERA), Vec::<String>::new());
}

#[tokio::test]
async fn accounts_are_listed_for_their_customer_and_tell_whose_they_are() {
    let fixture = fixture();
    let token = fixture.ibanera_token().await;
    let list = |customer: &str| {
        format!("accounts/list-accounts?CustomersId={customer}&PageSize=50&PageNumber=1")
    };
    let (_, own) = fixture.ibanera(&token, "GET", &list("14389"), "").await;
    let rows = own["details"].as_array().unwrap();
    assert_eq!(
        rows.iter().map(|row| row["asset"].as_str().unwrap()).collect::<Vec<_>>(),
        ["USD", "USD", "USDC"]
    );
    assert!(rows.iter().all(|row| row["customersId"] == 14_389));
    assert_eq!(
        (rows[0]["bSuppressed"].as_bool(), rows[1]["bSuppressed"].as_bool()),
        (Some(true), Some(false))
    );
    let (_, manager) = fixture.ibanera(&token, "GET", &list("14380"), "").await;
    assert_eq!(
        (manager["details"][0]["id"].as_u64(), manager["details"].as_array().unwrap().len()),
        (Some(8204), 1)
    );
    assert_eq!(fixture.ibanera(&token, "GET", &list("1"), "").await.0, StatusCode::BAD_REQUEST);
    let (_, one) = fixture.ibanera(&token, "GET", "accounts/account?id=8204", "").await;
    assert_eq!(one["details"]["customersId"], 14_380);
    assert_eq!(
        fixture.ibanera(&token, "GET", "accounts/account?id=1", "").await.0,
        StatusCode::NOT_FOUND
    );
    assert!(fixture.sandbox.set_customer_account(IBANERA, "8301", decimal("512")));
    let (_, own) = fixture.ibanera(&token, "GET", &list("14387"), "").await;
    assert_eq!(own["details"][0]["availableBalance"].to_string(), "512");
    assert_eq!(fixture.sandbox.discrepancies(IBANERA), Vec::<String>::new());
}
