//! One suite over every adapter and its sandbox dialect: two readings of one document have to
//! agree.

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::domain::card::{CardState, ProviderId, Reading};
use cardtop::domain::operation::{Action, ActionKind, OperationState, Proof};
use cardtop::domain::transaction::TransactionState;
use cardtop::provider::http::{Access, InProcess, Transport, TransportError};
use cardtop::sandbox::Dialect;
use http::{Request, Response};
use jiff::SignedDuration;

use crate::harness::{Desk, open_over, pin, some, start};

#[tokio::test(start_paused = true)]
async fn every_card_of_the_bank_is_read_with_its_balance_and_age() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let cards = desk.cards(dialect).await;
        let mut ids: Vec<String> = cards.iter().map(|card| card.key.id.to_string()).collect();
        let mut expected = desk.sandbox.card_ids(dialect);
        ids.sort();
        expected.sort();
        assert_eq!(ids, expected, "{}", dialect.name());
        for card in &cards {
            let who = format!("{} {}", card.key, card.state.as_str());
            assert!(card.last4.is_some(), "{who} has no last four digits");
            assert!(card.currency.is_some(), "{who} has no currency");
            assert!(!card.holder.is_empty(), "{who} has no holder");
            assert!(!card.provider_state.is_empty(), "{who} lost the provider's word");
            assert!(
                matches!(card.balance, Reading::At { at, .. } if at >= start()),
                "{who} has no fresh balance: {:?}",
                card.balance
            );
            assert_eq!(card.available(), desk.sandbox.available(dialect, &card.key.id), "{who}");
        }
        assert!(cards.iter().any(|card| card.state == CardState::Active), "{}", dialect.name());
        assert!(cards.iter().any(|card| card.state != CardState::Active), "{}", dialect.name());
    }
}

/// A provider whose answers begin with a byte order mark.
struct Marked(InProcess);

#[async_trait]
impl Transport for Marked {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = self.0.call(does, request).await?;
        Ok(answer.map(|body| Bytes::from([b"\xef\xbb\xbf", &body[..]].concat())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_order_mark_before_an_answer_loses_nothing() {
    let desk = Desk::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = desk.sandbox.clone();
    let way =
        move |dialect| Box::new(Marked(InProcess(sandbox.router(dialect)))) as Box<dyn Transport>;
    let (engine, _news) =
        open_over(desk.config.clone(), &desk.clock, folder.path(), false, false, way).await;
    for (provider, cards) in engine.read_cards().await {
        let cards = cards.unwrap_or_else(|error| panic!("{error}"));
        assert!(!cards.is_empty(), "{provider}");
    }
    let now = desk.clock.now();
    for (provider, rows) in
        engine.read_transactions(now - SignedDuration::from_hours(24 * 60), now, None).await
    {
        assert!(rows.unwrap_or_else(|error| panic!("{error}")).len() > 60, "{provider}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_transactions_of_every_provider_are_read_to_the_end() {
    let desk = Desk::new().await;
    desk.engine.read_cards().await;
    let now = desk.clock.now();
    let since = now.saturating_sub(SignedDuration::from_hours(24 * 60)).expect("a time");
    for (provider, rows) in desk.engine.read_transactions(since, now, None).await {
        let rows = rows.unwrap_or_else(|error| panic!("{error}"));
        assert!(rows.len() > 60, "{provider} has only {} transactions", rows.len());
        let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), rows.len(), "{provider} repeats transactions");
        assert!(
            rows.iter().all(|row| row.card_id.is_some() && row.at <= now && row.at >= since),
            "{provider}"
        );
        if provider.name() != "ibanera" {
            // Ibanera documents no decline rows.
            let declined: Vec<_> =
                rows.iter().filter(|row| row.state == TransactionState::Declined).collect();
            assert!(!declined.is_empty(), "{provider} shows no decline");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_provider_tells_its_float() {
    let desk = Desk::new().await;
    for report in desk.engine.read_providers().await {
        let float =
            report.float.expect("all four offer it").unwrap_or_else(|error| panic!("{error}"));
        assert!(!float.0.is_empty(), "{}", report.info.id);
    }
}

#[tokio::test(start_paused = true)]
async fn freezing_and_unfreezing_is_seen() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let card = desk.active(dialect).await;
        let frozen =
            desk.act(&card, Action::Freeze).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(frozen.state, OperationState::Done, "{}: {:?}", dialect.name(), frozen.detail);
        let read = desk.engine.read_card(&card.key).await.expect("the card");
        assert_eq!(read.state, CardState::Frozen, "{}", dialect.name());
        let thawed =
            desk.act(&card, Action::Unfreeze).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(thawed.state, OperationState::Done, "{}: {:?}", dialect.name(), thawed.detail);
        assert_eq!(
            desk.engine.read_card(&card.key).await.expect("the card").state,
            CardState::Active,
            "{}",
            dialect.name()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_top_up_arrives_once_and_is_seen() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let card = desk.active(dialect).await;
        let before = desk.sandbox.credits(dialect, &card.key.id).len();
        let done = desk
            .act(&card, Action::TopUp(some(&card)))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(done.state, OperationState::Done, "{}: {:?}", dialect.name(), done.detail);
        assert_eq!(
            desk.sandbox.credits(dialect, &card.key.id).len(),
            before + 1,
            "{}",
            dialect.name()
        );
        let read = desk.engine.read_card(&card.key).await.expect("the card");
        assert!(
            read.available().map(|money| money.amount())
                > card.available().map(|money| money.amount()),
            "{}",
            dialect.name()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn quotes_and_refusals_are_what_the_capabilities_say() {
    let desk = Desk::new().await;
    for info in desk.engine.providers() {
        let can = info.capabilities.expect("it is set up");
        let dialect = Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == info.kind)
            .expect("a known kind");
        let card = desk.active(dialect).await;
        let quote = desk.engine.quote(&card.key, some(&card)).await;
        assert_eq!(quote.is_ok(), can.quote.is_yes(), "{}: {quote:?}", info.id);
        let writes = desk.sandbox.writes();
        if !can.close.is_yes() {
            let refused = desk.act(&card, Action::Close).await.expect_err("it is not offered");
            assert!(refused.to_string().len() > 20, "{refused}");
            assert_eq!(desk.sandbox.writes(), writes, "{}", info.id);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pin_is_set_where_the_provider_lets_it() {
    let desk = Desk::new().await;
    for info in desk.engine.providers() {
        let can = info.capabilities.expect("it is set up");
        let Ok(rule) = can.pin else { continue };
        let dialect = Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == info.kind)
            .expect("a known kind");
        let card = desk.active(dialect).await;
        let old = desk.sandbox.pin_of(dialect, &card.key.id);
        let action = Action::SetPin {
            new: rule.digits.map(|_| pin("8264")),
            old: rule.needs_old.then(|| pin(old.as_deref().expect("the bank knows it"))),
        };
        let set = desk
            .act(&card, action)
            .await
            .unwrap_or_else(|refused| panic!("{}: {refused}", info.id));
        let expected = if can.proof(ActionKind::SetPin) == Proof::AnswerOnly {
            OperationState::Accepted
        } else {
            OperationState::Done
        };
        assert!(
            set.state == expected || set.state == OperationState::Done,
            "{}: {:?} {:?}",
            info.id,
            set.state,
            set.detail
        );
        if rule.digits.is_some() {
            assert_eq!(
                desk.sandbox.pin_of(dialect, &card.key.id).as_deref(),
                Some("8264"),
                "{}",
                info.id
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn closing_is_seen_where_it_is_offered() {
    let desk = Desk::new().await;
    for info in desk
        .engine
        .providers()
        .into_iter()
        .filter(|info| info.capabilities.is_some_and(|can| can.close.is_yes()))
    {
        let dialect = Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == info.kind)
            .expect("a known kind");
        let card = desk.active(dialect).await;
        let closed = desk
            .act(&card, Action::Close)
            .await
            .unwrap_or_else(|refused| panic!("{}: {refused}", info.id));
        assert_eq!(closed.state, OperationState::Done, "{}: {:?}", info.id, closed.detail);
        let again = desk
            .act(&card, Action::TopUp(some(&card)))
            .await
            .expect_err("nothing may be sent to a closed card");
        assert!(
            again.to_string().contains("closed") || again.to_string().contains("blocked"),
            "{again}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_wrong_secret_leaves_the_other_providers_working() {
    use cardtop::config::secret::Source;
    use cardtop::provider::{artha, enkash};

    use crate::harness::change_settings;
    let desk = Desk::new().await;
    let mut config = desk.config.clone();
    for provider in &mut config.providers {
        change_settings(provider, |artha: &mut artha::settings::Settings| {
            artha.token = Source::Given("wrong".into());
        });
        change_settings(provider, |enkash: &mut enkash::settings::Settings| {
            enkash.password = Source::File("/nowhere/at/all".into());
        });
    }
    let data = tempfile::tempdir().expect("a folder");
    let (engine, _news) =
        crate::harness::open(&desk.sandbox, &config, &desk.clock, data.path(), false).await;
    for (provider, cards) in engine.read_cards().await {
        let wrong = [ProviderId::new("artha"), ProviderId::new("enkash")].contains(&provider);
        assert_eq!(cards.is_err(), wrong, "{provider}: {cards:?}");
        if let Err(error) = cards {
            assert_eq!(error.kind, cardtop::provider::ErrorKind::Auth, "{error}");
            assert!(error.to_string().contains(provider.name()), "{error}");
        }
    }
}
