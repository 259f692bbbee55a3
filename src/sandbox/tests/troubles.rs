//! What goes wrong with lists and cards, as a client reads it.

use super::fixture::RowNames;
use super::*;

async fn ids(fixture: &Fixture, dialect: Dialect, card: &str) -> Vec<String> {
    let client = client(dialect);
    client.rows(fixture, card).await.iter().map(|row| client.names().id(row)).collect()
}

fn truth(fixture: &Fixture, dialect: Dialect, card: &str) -> Vec<String> {
    fixture.sandbox.listed_rows(dialect, Some(card)).into_iter().map(|row| row.id).collect()
}

fn shop() -> Merchant {
    Merchant::new("HOTEL", "7011", "SE")
}

#[tokio::test]
async fn a_released_hold_is_listed_no_more_and_its_money_is_free() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 4);
        assert_eq!(
            ids(&fixture, dialect, &card).await,
            truth(&fixture, dialect, &card),
            "{dialect:?}"
        );
        let had = fixture.sandbox.available(dialect, &card);
        assert!(fixture.sandbox.spend(dialect, &card, decimal("2"), shop()));
        let held = truth(&fixture, dialect, &card)[0].clone();
        assert_eq!(fixture.sandbox.release_hold(dialect, &card), Some(held.clone()), "{dialect:?}");
        assert!(
            !ids(&fixture, dialect, &card).await.contains(&held),
            "{dialect:?}: a released hold is listed"
        );
        assert_eq!(fixture.sandbox.available(dialect, &card), had, "{dialect:?}");
        assert_eq!(fixture.sandbox.release_hold(dialect, &card), None);
        assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_credit_that_is_held_back_is_on_the_card_at_once_and_in_its_list_later() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 4);
        let had = fixture.sandbox.available(dialect, &card).unwrap().amount();
        let credit = fixture.sandbox.add_foreign_credit(dialect, &card, decimal("25")).unwrap();
        assert_eq!(
            fixture.sandbox.withhold_newest_credit(dialect, &card),
            Some(credit.clone()),
            "{dialect:?}"
        );
        assert!(fixture.sandbox.available(dialect, &card).unwrap().amount() > had, "{dialect:?}");
        assert!(!ids(&fixture, dialect, &card).await.contains(&credit), "{dialect:?}");
        fixture.sandbox.list_withheld(dialect);
        assert!(ids(&fixture, dialect, &card).await.contains(&credit), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_hold_can_be_booked_under_another_id_and_for_another_sum() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 4);
        fixture.advance(7_200);
        let had = fixture.sandbox.available(dialect, &card).unwrap().amount();
        fixture.sandbox.spend(dialect, &card, decimal("25"), shop());
        let back = SignedDuration::from_secs(600);
        let (hold, booked) =
            fixture.sandbox.clear_under_new_id(dialect, &card, decimal("28"), back).unwrap();
        assert_ne!(hold, booked);
        let listed = ids(&fixture, dialect, &card).await;
        assert!(!listed.contains(&hold) && listed.contains(&booked), "{dialect:?}: {listed:?}");
        assert_eq!(listed, truth(&fixture, dialect, &card), "{dialect:?}");
        assert_eq!(
            had - fixture.sandbox.available(dialect, &card).unwrap().amount(),
            decimal("28")
        );
        let row = fixture
            .sandbox
            .listed_rows(dialect, Some(&card))
            .into_iter()
            .find(|row| row.id == booked)
            .unwrap();
        assert_eq!((row.at, row.pending), (fixture.now() - back, false));
        assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_row_that_is_booked_late_is_listed_where_it_would_have_been() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 4);
        let newest = truth(&fixture, dialect, &card)[0].clone();
        let back = SignedDuration::from_hours(30);
        let late = fixture.sandbox.book_late(dialect, &card, decimal("3"), shop(), back).unwrap();
        let listed = ids(&fixture, dialect, &card).await;
        assert_eq!(listed[0], newest, "{dialect:?}: a late row stands first");
        assert!(listed.contains(&late));
        assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

/// The ids of a page, and what the answer gives as the whole.
async fn page(
    fixture: &Fixture,
    dialect: Dialect,
    card: &str,
    number: usize,
    size: usize,
) -> (Vec<String>, Option<u64>) {
    let client = client(dialect);
    let page = client.page(fixture, card, number, size).await;
    (page.rows.iter().map(|row| client.names().id(row)).collect(), page.total)
}

#[tokio::test]
async fn pages_are_capped_and_totals_lie_when_told_to() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 9);
        for _ in 0..30 {
            fixture.sandbox.book_late(dialect, &card, decimal("1"), shop(), SignedDuration::ZERO);
        }
        fixture.sandbox.cap_pages(dialect, Some(20));
        let (rows, total) = page(&fixture, dialect, &card, 1, 100).await;
        assert_eq!(rows.len(), 20, "{dialect:?}");
        // ibanera tells the number of pages, artha nothing.
        assert_eq!(
            total.is_some_and(|total| total > 1 && total != 20),
            dialect != Dialect::Artha,
            "{dialect:?}: {total:?}"
        );
        fixture.sandbox.set_totals_count_page(dialect, true);
        let (rows, total) = page(&fixture, dialect, &card, 1, 100).await;
        // In rows, or in pages (ibanera).
        assert!(rows.len() == 20 && matches!(total, None | Some(20 | 1)), "{dialect:?}: {total:?}");
    }
}

#[tokio::test]
async fn what_happens_between_two_pages_shifts_them() {
    for dialect in Dialect::ALL {
        let fixture = Fixture::new(Options { transactions: 200, ..Options::default() });
        let card = fixture.card(dialect, 9);
        for _ in 0..30 {
            fixture.sandbox.book_late(dialect, &card, decimal("1"), shop(), SignedDuration::ZERO);
        }
        // ibanera lists the rows of one card.
        let listed = Some(card.as_str()).filter(|_| dialect == Dialect::Ibanera);
        let wanted: Vec<String> =
            fixture.sandbox.listed_rows(dialect, listed).into_iter().map(|row| row.id).collect();
        fixture.sandbox.change_between_pages(
            dialect,
            [
                ListChange::Insert,
                ListChange::Remove,
                ListChange::Move,
                ListChange::Rename,
                ListChange::Repeat,
            ],
        );
        if dialect == Dialect::Enkash {
            // Its lists have no pages: what happens is seen by the next reading.
            for _ in 0..5 {
                page(&fixture, dialect, &card, 1, 10).await;
            }
        } else {
            let (first, _) = page(&fixture, dialect, &card, 1, 10).await;
            assert_eq!(first, wanted[..10], "{dialect:?}");
            let (second, _) = page(&fixture, dialect, &card, 2, 10).await;
            assert_eq!(
                second[0], first[9],
                "{dialect:?}: a row that came in moves the next page by one"
            );
            let (third, _) = page(&fixture, dialect, &card, 3, 10).await;
            assert_eq!(third[..9], wanted[20..29], "{dialect:?}: and one that left moves it back");
            page(&fixture, dialect, &card, 1, 10).await;
            page(&fixture, dialect, &card, 1, 10).await;
        }
        let (last, _) = page(&fixture, dialect, &card, 1, 100).await;
        assert_eq!(
            last.iter().collect::<std::collections::BTreeSet<_>>().len() + 1,
            last.len(),
            "{dialect:?}: nothing is there twice"
        );
        let now: Vec<String> = fixture
            .sandbox
            .listed_rows(dialect, Some(&card))
            .into_iter()
            .map(|row| row.id)
            .collect();
        let distinct: std::collections::BTreeSet<&String> = now.iter().collect();
        assert_eq!(distinct.len(), now.len(), "{dialect:?}: the truth has a row twice");
        assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn rows_can_spell_their_card_otherwise_than_the_roster() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 0);
        let name = client(dialect).names().card;
        let spelt = |row: &Value| RowNames::text(row, name);
        assert_eq!(spelt(&client(dialect).rows(&fixture, &card).await[0]), card);
        fixture.sandbox.set_alternate_ids_in_rows(dialect, true);
        let other = spelt(&client(dialect).rows(&fixture, &card).await[0]);
        assert_ne!(other, card, "{dialect:?}");
        assert_eq!(
            fixture.sandbox.available(dialect, &other),
            fixture.sandbox.available(dialect, &card),
            "{dialect:?}: not the same card"
        );
    }
}

#[tokio::test]
async fn one_card_can_have_trouble_while_the_others_are_well() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let (card, other) = (fixture.card(dialect, 2), fixture.card(dialect, 3));
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
            assert!(fixture.sandbox.set_card_trouble(dialect, &card, Some(trouble.clone())));
            let (was, body) = client(dialect).figures(&fixture, &card).await;
            assert_eq!(was.as_u16(), status, "{dialect:?} {trouble:?}: {body}");
            assert!(body.contains(words), "{dialect:?} {trouble:?}: {body}");
            let (well, body) = client(dialect).figures(&fixture, &other).await;
            assert!(
                well == StatusCode::OK && !body.contains(words),
                "{dialect:?} {trouble:?}: {body}"
            );
        }
        assert!(fixture.sandbox.set_card_trouble(dialect, &card, None));
        assert_eq!(client(dialect).figures(&fixture, &card).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_fault_can_wait_for_readings_about_one_card() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let (card, other) = (fixture.card(dialect, 2), fixture.card(dialect, 3));
        assert!(fixture.sandbox.fault_for_card(dialect, &card, Fault::Answer503, 1));
        assert!(fixture.sandbox.fault_for_card(
            dialect,
            &card,
            Fault::Refuse429 { retry_after_seconds: 1 },
            1
        ));
        let mut seen = vec![client(dialect).figures(&fixture, &other).await.0.as_u16()];
        for _ in 0..3 {
            seen.push(client(dialect).figures(&fixture, &card).await.0.as_u16());
        }
        assert_eq!(seen, [200, 503, 429, 200], "{dialect:?}");
        assert!(!fixture.sandbox.fault_for_card(dialect, "nobody", Fault::Answer500, 1));
    }
}

#[tokio::test]
async fn an_empty_state_is_sent_as_an_empty_word() {
    let fixture = fixture();
    let card = fixture.card(Dialect::Artha, 2);
    fixture.sandbox.set_card_trouble(
        Dialect::Artha,
        &card,
        Some(CardTrouble::State(String::new())),
    );
    assert_eq!(fixture.artha_get(&format!("CardDetails/{card}")).await["cardStatus"], "");
}

#[tokio::test]
async fn a_row_can_be_written_oddly() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 4);
        let written = RowOverrides {
            amount: Some("(12.00)".into()),
            time: Some("20261128070000".into()),
            currency: Some("US$".into()),
            state: Some("Denied".into()),
        };
        let id = fixture.sandbox.add_malformed_row(dialect, &card, written).unwrap();
        let names = client(dialect).names();
        let rows = client(dialect).rows(&fixture, &card).await;
        let row = rows.iter().find(|row| names.id(row) == id).unwrap();
        let written = [names.amount, names.time, names.currency, names.state];
        assert_eq!(
            written.map(|name| RowNames::text(row, name)),
            ["(12.00)", "20261128070000", "US$", "Denied"]
        );
    }
}

#[tokio::test]
async fn a_web_page_with_403_comes_for_logins_and_readings_when_asked() {
    let fixture = fixture();
    fixture.sandbox.fault_on(Dialect::Enkash, FaultTarget::Logins, Fault::Forbidden, 1);
    let (status, body) = fixture.enkash_login(dialect::enkash::PASSWORD).await;
    assert!(status == StatusCode::FORBIDDEN && body.unwrap().starts_with("<html>"));
    assert_eq!(fixture.enkash_login(dialect::enkash::PASSWORD).await.0, StatusCode::OK);
    fixture.sandbox.fault_on(Dialect::Ibanera, FaultTarget::Logins, Fault::Forbidden, 1);
    assert_eq!(
        fixture.ibanera_login(dialect::ibanera::PASSWORD, &fixture.otp()).await.0,
        StatusCode::FORBIDDEN
    );
    fixture.sandbox.fault(Dialect::Banana, Fault::Forbidden, 1);
    assert_eq!(
        fixture
            .banana_raw("/merchant/get_account_balance", "{}", dialect::banana::SECRET_KEY)
            .await
            .0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn purchases_are_refused_for_every_reason() {
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let fixture = fixture();
        let card = fixture.card(dialect, 0);
        assert!(fixture.sandbox.decline_for_every_reason(dialect, &card, &shop()));
        fixture.advance(1);
        let words = serde_json::to_string(&client(dialect).rows(&fixture, &card).await).unwrap();
        for reason in Decline::ALL {
            assert!(
                words.contains(&format!("\"{}\"", reason.code())),
                "{dialect:?}: {}",
                reason.code()
            );
        }
    }
}
