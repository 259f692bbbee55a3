//! Wrong clocks, and top-ups that another system of the merchant makes.

use super::*;

#[tokio::test]
async fn a_credit_from_elsewhere_looks_like_ours_and_is_not_counted_as_asked() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 0);
        client(dialect).top_up(&fixture, &card).await;
        let asked = fixture.sandbox.credits(dialect, &card);
        assert_eq!(asked.len(), 1, "{dialect:?}");
        let had = fixture.sandbox.available(dialect, &card).unwrap().amount();
        fixture.advance(30);
        let id = fixture.sandbox.add_foreign_credit(dialect, &card, decimal("5000")).unwrap();
        let rows = client(dialect).rows(&fixture, &card).await;
        let (theirs, ours) = (&rows[0], &rows[1]);
        let names = client(dialect).names();
        assert_eq!(
            (names.id(theirs), names.time(theirs)),
            (id.clone(), fixture.now()),
            "{dialect:?}"
        );
        assert_eq!(theirs[names.kind], ours[names.kind]);
        assert_ne!(id, names.id(ours));
        // Only banana's rows have no reference.
        assert_eq!(
            theirs[names.reference] == ours[names.reference],
            dialect == Dialect::Banana,
            "{dialect:?}: {theirs}"
        );
        let same = [
            "amount",
            "principalAmount",
            "currency",
            "status",
            "bPending",
            "cardTransactionType",
            "fee",
        ];
        assert!(
            same.iter().all(|name| theirs[*name] == ours[*name]),
            "{dialect:?}: {theirs} {ours}"
        );
        assert_eq!(
            fixture.sandbox.credits(dialect, &card),
            asked,
            "{dialect:?}: a foreign credit was counted as ours"
        );
        let foreign = fixture.sandbox.foreign_credits(dialect, &card);
        assert_eq!(foreign.len(), 1);
        assert_eq!(
            (&foreign[0].id, foreign[0].received, foreign[0].failed),
            (&id, asked[0], false)
        );
        assert_eq!(fixture.sandbox.available(dialect, &card).unwrap().amount() - had, asked[0]);
        assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_credit_from_elsewhere_can_be_dated_back_or_have_failed() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let card = fixture.card(dialect, 0);
        let dated_back = SignedDuration::from_mins(90);
        let back = ForeignTopUp { sum: decimal("500"), dated_back, failed: false };
        let id = fixture.sandbox.add_foreign_top_up(dialect, &card, back).unwrap();
        let had = fixture.sandbox.available(dialect, &card).unwrap();
        let failed =
            fixture.sandbox.add_failed_foreign_top_up(dialect, &card, decimal("500")).unwrap();
        assert_eq!(
            fixture.sandbox.available(dialect, &card),
            Some(had),
            "{dialect:?}: a failed top-up moved money"
        );
        let names = client(dialect).names();
        let rows = client(dialect).rows(&fixture, &card).await;
        let index = rows.iter().position(|row| names.id(row) == id).unwrap();
        assert_eq!(names.time(&rows[index]), fixture.now() - dated_back);
        assert!(index > 0, "{dialect:?}: a back-dated row stands first");
        assert!(
            rows.windows(2).all(|two| names.time(&two[0]) >= names.time(&two[1])),
            "{dialect:?}: {rows:?}"
        );
        // ibanera has no word for a transfer that failed, so it lists none.
        assert_eq!(
            rows.iter().any(|row| names.id(row) == failed),
            dialect != Dialect::Ibanera,
            "{dialect:?}"
        );
        let foreign = fixture.sandbox.foreign_credits(dialect, &card);
        assert_eq!(foreign.iter().map(|credit| credit.failed).collect::<Vec<_>>(), [false, true]);
        assert_eq!(foreign[1].received, Decimal::ZERO);
        assert_eq!(fixture.sandbox.add_foreign_credit(dialect, "nobody", decimal("5")), None);
        assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
    }
}

#[tokio::test]
async fn every_answer_tells_the_time_of_the_banks_clock_right_or_wrong() {
    for dialect in Dialect::ALL {
        let fixture = fixture();
        let date = async || {
            let request =
                http::Request::builder().method("GET").uri("/").body(HttpBody::empty()).unwrap();
            let answer = fixture.sandbox.router(dialect).oneshot(request).await.unwrap();
            answer.headers()["date"].to_str().unwrap().to_owned()
        };
        assert_eq!(date().await, "Mon, 02 Mar 2026 09:00:00 GMT");
        fixture.sandbox.set_clock_offset(dialect, SignedDuration::from_secs(200));
        assert_eq!(date().await, "Mon, 02 Mar 2026 09:03:20 GMT");
        let card = fixture.card(dialect, 0);
        client(dialect).top_up(&fixture, &card).await;
        assert_eq!(
            fixture.sandbox.credits(dialect, &card).len(),
            1,
            "{dialect:?}: a wrong clock kept the client out"
        );
        let newest = client(dialect).rows(&fixture, &card).await.swap_remove(0);
        let at = client(dialect).names().time(&newest);
        assert_eq!(at, fixture.now() + SignedDuration::from_secs(197), "{dialect:?}");
        fixture.sandbox.set_clock_offset(dialect, SignedDuration::from_secs(-200));
        assert_eq!(date().await, "Mon, 02 Mar 2026 08:56:43 GMT");
        fixture.sandbox.fault(dialect, Fault::Answer500, 1);
        assert_eq!(date().await, "Mon, 02 Mar 2026 08:56:43 GMT", "an error has no date");
    }
}

#[tokio::test]
async fn a_wrong_clock_does_not_change_what_cardholders_do() {
    for dialect in Dialect::ALL {
        let quiet = Fixture::new(Options { busy: true, ..Options::default() });
        let wrong = Fixture::new(Options { busy: true, ..Options::default() });
        wrong.sandbox.set_clock_offset(dialect, SignedDuration::from_secs(-250));
        for fixture in [&quiet, &wrong] {
            fixture.advance(600);
        }
        let sums = |fixture: &Fixture| {
            fixture
                .sandbox
                .endpoint(dialect)
                .bank
                .rows
                .iter()
                .map(|row| row.amount)
                .collect::<Vec<_>>()
        };
        assert_eq!(sums(&quiet), sums(&wrong), "{dialect:?}");
    }
}
