//! Who pays for a top-up, and what is said before anything is sent.

use super::*;

fn rows(rows: &str) -> String {
    format!(r#"{{"id":0,"details":[{rows}],"status":"1","errors":[]}}"#)
}

fn account_row(id: u32, asset: &str, holds: &str, off: bool) -> String {
    format!(
        r#"{{"id":{id},"asset":"{asset}","totalBalance":{holds},"availableBalance":{holds},
            "pendingBalance":0,"bSuppressed":{off}}}"#
    )
}

fn usd_account() -> String {
    account_row(8204, "USD", "512.00", false)
}

const QUOTED: &str = r#"{"id":0,"details":{"fee":0.50,"totalDue":10.50},"status":"1","errors":[]}"#;

async fn logged_in(wire: &Wire, change: impl FnOnce(&mut Settings)) -> Ibanera {
    let account = build(wire, change).expect("a configured account");
    wire.answer(200, LOGGED_IN);
    account.bearer(None).await.expect("a token");
    account
}

async fn send(account: &Ibanera, card: &Card) -> Result<Ack> {
    Provider::act(account, Permit::for_test(card, Action::TopUp(dollars(1_000)), id())).await
}

#[tokio::test]
async fn who_pays_fits_who_is_paid_for() {
    // ibanera wire notes, 2.13 and 2.16
    let wire = Wire::new();
    let account = logged_in(&wire, |account| account.asset_account_id = None).await;
    let coins = account_row(1, "USDC", "100.00", false);
    let off = account_row(8205, "USD", "5", true);
    wire.answer(200, &rows(&format!("{coins},{},{off}", usd_account())));
    wire.answer(200, TRANSFERRED);
    send(&account, &card()).await.expect("accepted");
    wire.sent(|all| {
        assert_eq!(
            all[1].what(),
            "GET /api/v1/customer/accounts/list-accounts?CustomersId=16221&PageSize=50&\
             PageNumber=1"
        );
        assert_eq!(all[1].access, Access::Read);
    });
    let body = wire.last().1;
    assert_eq!(
        (&body["CustomersId"], &body["CustomerAssetAccountId"]),
        (&json!("16221"), &json!(8204))
    );
    assert_eq!((wire.count("accounts/balances"), wire.count("transferfunds")), (0, 1));
}

#[tokio::test]
async fn the_manager_pays_from_its_own_account_and_as_itself() {
    // ibanera wire notes, 2.15 and 2.16
    let wire = Wire::new();
    let account = logged_in(&wire, |account| {
        account.pays = Some(Pays::Manager);
        account.asset_account_id = None;
    })
    .await;
    let whose = r#"{"id":0,"details":{"Id":8204,"CustomersId":14380,"Asset":"USD"},"status":"1",
        "errors":[]}"#;
    for known in [false, true] {
        wire.answer(200, &rows(&usd_account()));
        if !known {
            wire.answer(200, whose);
        }
        wire.answer(200, TRANSFERRED);
        send(&account, &card()).await.expect("accepted");
        let body = wire.last().1;
        assert_eq!(
            (&body["CustomersId"], &body["CustomerAssetAccountId"]),
            (&json!("14380"), &json!(8204))
        );
    }
    assert_eq!((wire.count("accounts/account?id=8204"), wire.count("list-accounts")), (1, 0));

    let wire = Wire::new();
    let account = logged_in(&wire, |account| {
        account.pays = Some(Pays::Manager);
        account.manager_id = Some("00014380".into());
    })
    .await;
    wire.answer(200, &rows(&usd_account()));
    wire.answer(200, TRANSFERRED);
    send(&account, &card()).await.expect("accepted");
    assert_eq!(
        (wire.last().1["CustomersId"].as_str(), wire.count("accounts/account?")),
        (Some("00014380"), 0)
    );
}

#[tokio::test]
async fn a_manager_whose_number_nobody_tells_is_asked_for_before_anything_is_sent() {
    for (status, answer) in
        [(404, ""), (200, r#"{"id":0,"details":{"Id":8204},"status":"1","errors":[]}"#)]
    {
        let wire = Wire::new();
        let account = logged_in(&wire, |account| account.pays = Some(Pays::Manager)).await;
        for _ in 0..2 {
            wire.answer(200, &rows(&usd_account()));
            wire.answer(status, answer);
        }
        let quote =
            account.quote(&card(), dollars(1_000)).await.expect("a quote that says why not");
        let trouble = quote.payer.and_then(|payer| payer.trouble).expect("a reason");
        assert!(trouble.contains("manager_id"), "{trouble}");
        let error = send(&account, &card()).await.expect_err("not sent");
        assert!(
            error.reason().contains("manager_id") && error.reason().ends_with("nothing was sent"),
            "{error}"
        );
        assert_eq!(wire.count("transferfunds"), 0);
    }
}

#[tokio::test]
async fn without_pays_a_top_up_is_refused_with_both_choices_named() {
    let wire = Wire::new();
    let account = logged_in(&wire, |account| account.pays = None).await;
    let capabilities = account.capabilities();
    let Support::No(why) = capabilities.top_up else {
        panic!("offered although nobody said who pays")
    };
    assert!(why.contains("pays = \"customer\"") && why.contains("pays = \"manager\""), "{why}");
    assert_eq!(capabilities.quote, Support::No(why));
    assert!(
        capabilities.freeze.is_yes()
            && capabilities.unfreeze.is_yes()
            && capabilities.list_cards.is_yes()
            && capabilities.float.is_yes()
            && capabilities.pin.is_ok()
    );
    let error = send(&account, &card()).await.expect_err("not sent");
    assert_eq!((error.kind, error.outcome), (ErrorKind::NotOffered, Outcome::NotDone));
    assert_eq!(wire.sent(<[Sent]>::len), 1, "more than the login was asked");
}

#[tokio::test]
async fn the_quote_tells_which_account_of_whom_pays_and_what_it_holds() {
    let wire = Wire::new();
    let account = logged_in(&wire, |_| ()).await;
    wire.answer(200, OWN);
    wire.answer(200, QUOTED);
    let quote = account.quote(&card(), dollars(1_000)).await.expect("a quote");
    let payer = quote.payer.expect("a payer");
    assert_eq!(
        (payer.to_string().as_str(), payer.trouble),
        ("account 8204 of customer 16221, 512.00 USD", None)
    );
    assert_eq!((quote.fee, quote.debited), (Some(dollars(50)), Some(dollars(1_050))));
    assert_eq!(wire.count("transferfunds"), 1, "only the review");
}

#[tokio::test]
async fn an_account_that_is_missing_or_holds_too_little_is_said_before_anything_is_sent() {
    let other = r#"{"id":8204,"customersId":14380,"asset":"USD","availableBalance":900}"#;
    for (listed, named, words) in [
        (rows(""), None, "customer 16221 has no USD or dUSD account"),
        (rows(&account_row(8204, "USD", "512", true)), Some("8204"), "switched off"),
        (rows(&account_row(8204, "USDC", "512", false)), Some("8204"), "in USDC"),
        (
            rows(&account_row(8300, "USD", "512", false)),
            Some("8204"),
            "account 8204 is not one of customer 16221",
        ),
        (rows(other), Some("8204"), "account 8204 is not one of customer 16221"),
        (
            rows(&account_row(8204, "USD", "9.99", false)),
            None,
            "holds 9.99 USD, and 10.00 USD are to be paid",
        ),
        (
            rows(&format!("{},{}", usd_account(), account_row(8206, "dUSD", "7", false))),
            None,
            "8204 USD, 8206 dUSD",
        ),
    ] {
        let wire = Wire::new();
        let account =
            logged_in(&wire, |account| account.asset_account_id = named.map(str::to_owned)).await;
        wire.answer(200, &listed);
        let quote =
            account.quote(&card(), dollars(1_000)).await.expect("a quote that says why not");
        let trouble = quote.payer.and_then(|payer| payer.trouble).unwrap_or_default();
        assert!(trouble.contains(words), "{listed}: {trouble}");
        wire.answer(200, &listed);
        let error = send(&account, &card()).await.expect_err("not sent");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
        assert!(
            error.reason().contains(words) && error.reason().ends_with("; nothing was sent"),
            "{error}"
        );
        assert_eq!(wire.count("transferfunds"), 0);
    }
}

#[tokio::test]
async fn the_fee_counts_when_an_account_holds_just_the_amount() {
    let wire = Wire::new();
    let account = logged_in(&wire, |_| ()).await;
    wire.answer(200, &rows(&account_row(8204, "USD", "10.20", false)));
    wire.answer(200, QUOTED);
    let payer =
        account.quote(&card(), dollars(1_000)).await.expect("a quote").payer.expect("a payer");
    assert_eq!(
        payer.trouble.as_deref(),
        Some("account 8204 of customer 16221 holds 10.20 USD, and 10.50 USD are to be paid")
    );
}

#[tokio::test]
async fn the_currency_of_the_call_is_that_of_the_paying_account() {
    let wire = Wire::new();
    let account = logged_in(&wire, |account| account.asset_account_id = None).await;
    wire.answer(200, &rows(&account_row(8301, "dUSD", "40.00", false)));
    wire.answer(200, TRANSFERRED);
    send(&account, &card()).await.expect("accepted");
    let body = wire.last().1;
    assert_eq!(
        (&body["currencyType"], &body["CustomerAssetAccountId"]),
        (&json!("dUSD"), &json!(8301))
    );
}

#[tokio::test]
async fn the_rosters_account_of_a_card_goes_before_the_setting() {
    let wire = Wire::new();
    let account = logged_in(&wire, |_| ()).await;
    let two = rows(&format!("{},{}", usd_account(), account_row(8301, "dUSD", "40.00", false)));
    let own = Card { account: Some("08301".into()), ..card() };
    wire.answer(200, &two);
    wire.answer(200, TRANSFERRED);
    send(&account, &own).await.expect("accepted");
    assert_eq!(wire.last().1["CustomerAssetAccountId"], 8301);
    wire.answer(200, &two);
    let error = send(&account, &Card { account: Some("main".into()), ..card() })
        .await
        .expect_err("not sent");
    assert!(error.reason().contains("the roster names account \"main\""), "{error}");
    assert_eq!(wire.count("transferfunds"), 1);
}

#[tokio::test]
async fn a_named_account_is_read_by_itself_where_accounts_cannot_be_listed() {
    // ibanera wire notes, 2.16
    let wire = Wire::new();
    let account = logged_in(&wire, |_| ()).await;
    let one = |owner: u32| {
        format!(
            r#"{{"id":0,"details":{{"Id":8204,"CustomersId":{owner},"Asset":"USD",
                "AvailableBalance":512.00}},"status":"1"}}"#
        )
    };
    wire.answer(404, "");
    wire.answer(200, &one(16_221));
    wire.answer(200, QUOTED);
    let payer =
        account.quote(&card(), dollars(1_000)).await.expect("a quote").payer.expect("a payer");
    assert_eq!(payer.to_string(), "account 8204 of customer 16221, 512.00 USD");
    wire.answer(404, "");
    wire.answer(200, &one(14_380));
    let error = send(&account, &card()).await.expect_err("not sent: it is another customer's");
    assert!(error.reason().contains("could not be listed"), "{error}");
}

#[tokio::test]
async fn accounts_that_cannot_be_listed_are_named_with_the_path_that_may_be_wrong() {
    let wire = Wire::new();
    let account = logged_in(&wire, |account| account.asset_account_id = None).await;
    wire.answer(404, "");
    let error = send(&account, &card()).await.expect_err("not sent");
    assert!(
        error.reason().contains("customer 16221 could not be listed")
            && error.reason().contains("list-accounts"),
        "{error}"
    );
    wire.answer(503, "");
    let error = send(&account, &card()).await.expect_err("not sent");
    assert_eq!(
        (error.kind, error.outcome, wire.count("transferfunds")),
        (ErrorKind::Unreachable, Outcome::NotDone, 0)
    );
}

#[tokio::test]
async fn a_machine_that_slept_while_the_account_was_read_sends_nothing() {
    for (slept, sent) in [(30, 1), (31, 0)] {
        let wire = Wire::new();
        let account = logged_in(&wire, |_| ()).await;
        wire.answer(200, OWN);
        wire.answer(200, TRANSFERRED);
        let one = card();
        // The scripted provider lets others go on before it answers.
        let (receipt, ()) = tokio::join!(send(&account, &one), async { wire.pass(slept) });
        assert_eq!(
            (receipt.is_ok(), wire.count("transferfunds")),
            (sent == 1, sent),
            "{slept} s: {receipt:?}"
        );
    }
}

#[tokio::test]
async fn every_page_of_a_customers_accounts_is_read() {
    let wire = Wire::new();
    let account = logged_in(&wire, |_| ()).await;
    let page = |rows: &str| format!(r#"{{"details":[{rows}],"numberOfPages":2,"status":"1"}}"#);
    wire.answer(200, &page(&account_row(1, "USDC", "1", false)));
    wire.answer(200, &page(&usd_account()));
    wire.answer(200, TRANSFERRED);
    send(&account, &card()).await.expect("accepted");
    assert_eq!(
        (wire.count("PageNumber=2"), wire.last().1["CustomerAssetAccountId"].as_i64()),
        (1, Some(8204))
    );
}
