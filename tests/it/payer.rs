//! Who pays at ibanera, over the sandbox: the engine, and the real program's words before anything
//! is sent.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::card::Card;
use cardtop::domain::operation::{Action, OnConflict, OperationState, Support};
use cardtop::engine::Engine;
use cardtop::provider::Config;
use cardtop::provider::http::InProcess;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use crate::harness::{STATE, money, nowhere, open_over, start};

const D: Dialect = Dialect::Ibanera;
const MANAGER: &str = "pays = \"manager\"\nmanager_id = \"14380\"\n";

/// The sandbox's configuration with these lines in place of who pays.
fn configured(text: &str, pays: &str) -> String {
    assert!(text.contains(MANAGER), "{text}");
    text.replace(MANAGER, pays)
}

async fn open(pays: &str) -> (Sandbox, Engine, Vec<Card>, tempfile::TempDir) {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(Options { busy: false, ..Options::default() }, clock.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    sandbox.write_config(&nowhere, &path).expect("a configuration");
    let text = configured(&std::fs::read_to_string(&path).expect("the configuration"), pays);
    std::fs::write(&path, text).expect("writing");
    let config = Config::load(Some(&path)).unwrap_or_else(|error| panic!("{error}"));
    let bank = sandbox.clone();
    let way = move |dialect| -> Box<dyn cardtop::provider::http::Transport> {
        Box::new(InProcess(bank.router(dialect)))
    };
    let (engine, _news) = open_over(config, &clock, folder.path(), false, false, way).await;
    let read = engine
        .read_cards()
        .await
        .into_iter()
        .find(|(id, _)| id.name() == "ibanera")
        .expect("ibanera is configured");
    let cards = read.1.unwrap_or_else(|error| panic!("{error}"));
    (sandbox, engine, cards.into_iter().map(Arc::unwrap_or_clone).collect(), folder)
}

async fn top_up(engine: &Engine, card: &Card, sum: &str) -> (OperationState, String) {
    let order = cardtop::engine::ChangeRequest {
        id: engine.new_operation_id(),
        card: card.key.clone(),
        action: Action::TopUp(money(sum, card)),
        reason: None,
        shown: cardtop::engine::Expected::default(),
        on_conflict: OnConflict::Refuse,
        recent_credit: None,
        payer: None,
    };
    let done = engine
        .change(order, Duration::from_secs(60))
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    (done.state, done.detail.map(|detail| detail.to_string()).unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn the_customers_own_account_pays_whatever_its_currency() {
    let (sandbox, engine, cards, _folder) = open("pays = \"customer\"\n").await;
    let float = sandbox.float(D, "USD");
    // One customer has dollars, one digital dollars only, one a second account that is switched
    // off.
    for place in [0, 9, 2] {
        let card = &cards[place];
        let before: Decimal = sandbox
            .customer_accounts(D, &card.key.id)
            .iter()
            .map(|(_, holds)| holds.amount())
            .sum();
        let quote = engine.quote(&card.key, money("20", card)).await.expect("a quote");
        let payer = quote.payer.expect("a payer");
        assert_eq!(payer.trouble, None);
        let owner = card.owner.as_deref().expect("a customer");
        assert!(payer.to_string().contains(&format!("of customer {owner}, ")), "{payer}");
        let (state, detail) = top_up(&engine, card, "20").await;
        assert_eq!(
            (state, sandbox.credits(D, &card.key.id)),
            (OperationState::Done, vec![Decimal::from(20)]),
            "{detail}"
        );
        let after: Decimal = sandbox
            .customer_accounts(D, &card.key.id)
            .iter()
            .map(|(_, holds)| holds.amount())
            .sum();
        assert_eq!(before - after, Decimal::new(2_050, 2));
    }
    assert_eq!(sandbox.float(D, "USD"), float, "the manager paid for a customer");
    assert_eq!(sandbox.discrepancies(D), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_managers_account_pays_and_its_number_is_asked_where_it_is_not_set() {
    for pays in [MANAGER, "pays = \"manager\"\n"] {
        let (sandbox, engine, cards, _folder) = open(pays).await;
        let float = sandbox.float(D, "USD").expect("a float").amount();
        let (state, detail) = top_up(&engine, &cards[0], "20").await;
        assert_eq!(state, OperationState::Done, "{detail}");
        assert_eq!(
            float - sandbox.float(D, "USD").expect("a float").amount(),
            Decimal::new(2_050, 2)
        );
        let quote = engine.quote(&cards[0].key, money("20", &cards[0])).await.expect("a quote");
        assert!(
            quote
                .payer
                .expect("a payer")
                .to_string()
                .starts_with("account 8204 of customer 14380, ")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_other_account_pays_than_the_one_that_was_shown() {
    let (sandbox, engine, cards, _folder) = open("pays = \"customer\"\n").await;
    let card = &cards[0];
    let payer =
        engine.quote(&card.key, money("20", card)).await.expect("a quote").payer.expect("a payer");
    let order = |payer: Option<std::sync::Arc<str>>| cardtop::engine::ChangeRequest {
        id: engine.new_operation_id(),
        card: card.key.clone(),
        action: Action::TopUp(money("20", card)),
        reason: None,
        shown: cardtop::engine::Expected::default(),
        on_conflict: OnConflict::Refuse,
        recent_credit: None,
        payer,
    };
    let gone = engine
        .change(order(Some("999999".into())), Duration::from_secs(60))
        .await
        .expect("it is in the journal");
    let words = gone.detail.as_deref().unwrap_or_default();
    assert_eq!(gone.state, OperationState::Failed, "{words}");
    assert!(
        words.contains("account 999999 is not one of") && words.contains("nothing was sent"),
        "{words}"
    );
    assert_eq!(sandbox.writes(), 0);
    let done = engine
        .change(order(payer.account.clone()), Duration::from_secs(60))
        .await
        .expect("it is sent");
    assert_eq!(done.state, OperationState::Done);
    let steps = engine.steps(done.id).await.expect("the journal");
    let told = format!("paid by account {}", payer.account.expect("an account"));
    assert!(
        steps.iter().any(|step| step.kind.as_str() == "sent" && step.words.contains(&told)),
        "{steps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_pays_everything_but_a_top_up_works() {
    let (sandbox, engine, cards, _folder) = open("").await;
    let can = engine
        .providers()
        .into_iter()
        .find(|info| info.id.name() == "ibanera")
        .and_then(|info| info.capabilities)
        .expect("set up");
    let Support::No(why) = can.top_up else { panic!("offered") };
    assert!(why.contains("pays = \"customer\"") && why.contains("pays = \"manager\""), "{why}");
    let order = |action| cardtop::engine::ChangeRequest {
        id: engine.new_operation_id(),
        card: cards[8].key.clone(),
        action,
        reason: None,
        shown: cardtop::engine::Expected::default(),
        on_conflict: OnConflict::Refuse,
        recent_credit: None,
        payer: None,
    };
    let refused = engine
        .change(order(Action::TopUp(money("20", &cards[8]))), Duration::ZERO)
        .await
        .expect_err("refused");
    assert!(refused.to_string().contains("pays is not set"), "{refused}");
    let frozen = engine
        .change(order(Action::Freeze), Duration::from_secs(60))
        .await
        .expect("a freeze needs no payer");
    assert_eq!(frozen.state, OperationState::Done);
    let since = start().saturating_sub(SignedDuration::from_hours(48)).expect("a time");
    assert!(
        engine.read_transactions(since, start(), None).await.iter().all(|(_, rows)| rows.is_ok())
    );
    assert_eq!(sandbox.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_account_is_said_by_the_quote_and_nothing_is_sent() {
    let (sandbox, engine, cards, _folder) = open("pays = \"customer\"\n").await;
    let (account, _) = sandbox.customer_accounts(D, &cards[0].key.id)[0].clone();
    assert!(sandbox.set_customer_account(D, &account, Decimal::from(5)));
    let quote = engine
        .quote(&cards[0].key, money("20", &cards[0]))
        .await
        .expect("a quote that says why not");
    let trouble = quote.payer.and_then(|payer| payer.trouble).expect("a reason");
    assert_eq!(
        trouble,
        format!("account {account} of customer 14387 holds 5.00 USD, and 20.00 USD are to be paid")
    );
    let (state, detail) = top_up(&engine, &cards[0], "20").await;
    assert_eq!((state, sandbox.writes()), (OperationState::Failed, 0), "{detail}");
    assert!(detail.contains(&trouble) && detail.contains("nothing was sent"), "{detail}");
}

async fn run(config: &Path, data: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
    command.env("CARDTOP_STATE", STATE);
    command.arg("--config").arg(config).arg("--data").arg(data).args(words);
    tokio::task::spawn_blocking(move || command.output().expect("the program"))
        .await
        .expect("the run")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_who_pays_before_anything_is_sent() {
    let sandbox = Sandbox::new(Options { busy: false, ..Options::default() }, Clock::real());
    let serving = sandbox.serve(None).await.expect("four ports on loopback");
    let folder = tempfile::tempdir().expect("a folder");
    let (config, data) = (folder.path().join("c.toml"), folder.path().join("data"));
    sandbox.write_config(&|dialect| serving.base(dialect), &config).expect("a configuration");
    let written = std::fs::read_to_string(&config).expect("the configuration");
    let roster = folder.path().join("us.csv");
    std::fs::write(&roster, "id,account\n1750,8301\n").expect("writing");
    let pays = format!("pays = \"customer\"\nroster = \"{}\"\n", roster.display());
    std::fs::write(&config, configured(&written, &pays)).expect("writing");
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        run(&config, &data, &["--provider", "ibanera", "cards"]).await.status.code(),
        Some(0)
    );

    let (account, holds) = sandbox.customer_accounts(D, "1749")[0].clone();
    let payer = format!("paid by account {account} of customer 14387, {holds}");
    let asked = run(&config, &data, &["topup", "ibanera/1749", "20"]).await;
    assert!(asked.status.code() == Some(2) && said(&asked).contains(&payer), "{}", said(&asked));
    let sent = run(&config, &data, &["topup", "ibanera/1749", "20", "--yes"]).await;
    assert!(sent.status.code() == Some(0) && said(&sent).contains(&payer), "{}", said(&sent));
    assert_eq!(sandbox.credits(D, "1749"), [Decimal::from(20)]);

    // The roster's account of this card is another customer's.
    for yes in [&["topup", "ibanera/1750", "20"][..], &["topup", "ibanera/1750", "20", "--yes"]] {
        let wrong = run(&config, &data, yes).await;
        assert!(
            said(&wrong).contains("account 8301 is not one of customer 14388"),
            "{}",
            said(&wrong)
        );
        assert_ne!(wrong.status.code(), Some(0));
    }
    std::fs::write(&config, configured(&written, "")).expect("writing");
    for yes in [&["topup", "ibanera/1749", "20"][..], &["topup", "ibanera/1749", "20", "--yes"]] {
        let unset = run(&config, &data, yes).await;
        assert!(
            said(&unset).contains("pays = \"manager\"") && unset.status.code() != Some(0),
            "{}",
            said(&unset)
        );
    }
    assert_eq!((sandbox.writes(), sandbox.credits(D, "1750").len()), (1, 0));
    serving.stop().await;
}
