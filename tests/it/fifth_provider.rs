//! A fifth provider, made up and tiny, added by the recipe of ARCHITECTURE.md: its folder and its
//! line in a list of kinds. Nothing else of cardtop was changed for it.

mod requests;
mod settings;
mod wire;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::app::keymap::Keymap;
use cardtop::app::portfolio::Portfolio;
use cardtop::app::{Model, Msg, Start, update};
use cardtop::clock::Clock;
use cardtop::contract::json;
use cardtop::domain::card::{CardKey, CardState, ProviderId};
use cardtop::domain::operation::{Action, OnConflict, OperationState};
use cardtop::engine::{ChangeRequest, Engine, EngineEvent, Expected, Purpose, Refused, Setup};
use cardtop::provider::http::{Access, Transport, TransportError};
use cardtop::provider::kinds::KINDS;
use cardtop::provider::{Config, ProviderKind};
use cardtop::ui::{self, theme::Theme};
use http::{Request, Response};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::harness::start;

const CONFIG: &str = "[providers.quarry]\nkind = \"pebble\"\nenvironment = \"sandbox\"\n\
                      base_url = \"http://127.0.0.1:9\"\n\
                      [providers.quarry.paths]\ncards = \"/v2/cards\"\n\
                      [providers.quarry.fields]\nleft = \"remaining\"\n\
                      [providers.quarry.words]\ncard_states = { \"lost\" = \"BLOCKED\" }\n\
                      [providers.quarry.credentials]\ntoken = { env = \"PATH\" }\n";

/// The made-up wire: one page of cards, and one call that stops or starts a card.
#[derive(Clone)]
struct Quarry(Arc<Mutex<Vec<CardRow>>>);

/// Id, name and status of a card.
type CardRow = (u32, &'static str, String);

impl Quarry {
    fn new() -> Self {
        let card = |id, name, status: &str| (id, name, status.to_owned());
        let cards = vec![card(7, "Mara Lindqvist", "on"), card(8, "Ivo Novak", "lost")];
        Self(Arc::new(Mutex::new(cards)))
    }

    fn answer(&self, request: &Request<Bytes>) -> String {
        let mut cards = self.0.lock().expect("no test panics while it holds the cards");
        if request.uri().path() == "/set-status" {
            let body: serde_json::Value =
                serde_json::from_slice(request.body()).expect("the adapter sends JSON");
            for card in cards.iter_mut().filter(|card| body["id"] == card.0) {
                card.2 = body["status"].as_str().expect("a status").to_owned();
            }
            return "{}".to_owned();
        }
        assert_eq!(request.uri().path(), "/v2/cards", "the account spells the path otherwise");
        let rows = cards.iter().map(|(id, name, status)| {
            serde_json::json!({
                "id": id, "name": name, "digits": format!("411111111111424{id}"),
                "status": status, "remaining": "12.50", "currency": "EUR",
            })
        });
        serde_json::json!({ "cards": rows.collect::<Vec<_>>() }).to_string()
    }
}

#[async_trait]
impl Transport for Quarry {
    async fn call(
        &self,
        _: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = Response::builder().header("content-type", "application/json");
        Ok(answer.body(self.answer(&request).into()).expect("an answer"))
    }
}

fn kinds() -> Vec<&'static ProviderKind> {
    KINDS.iter().copied().chain([&settings::KIND]).collect()
}

async fn open(folder: &Path) -> (Engine, tokio::sync::mpsc::Receiver<EngineEvent>) {
    let path = folder.join("cardtop.toml");
    let quarry = Quarry::new();
    let setup = Setup {
        config: Config::parse_with(CONFIG, &path, &kinds()).expect("a good configuration"),
        data: folder.to_owned(),
        notes: None,
        read_only: false,
        only: None,
        operator: "anay".into(),
        clock: Clock::from(start()),
        purpose: Purpose::Cards,
        transport: Some(Arc::new(move |_| Box::new(quarry.clone()))),
    };
    Engine::open(setup).await.expect("a data folder")
}

fn request(engine: &Engine, action: Action) -> ChangeRequest {
    ChangeRequest {
        id: engine.new_operation_id(),
        card: CardKey::new(&ProviderId::new("quarry"), "7"),
        action,
        reason: Some("lost".into()),
        shown: Expected::default(),
        on_conflict: OnConflict::Refuse,
        recent_credit: None,
        payer: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_fifth_provider_is_read_changed_and_printed_like_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, _events) = open(folder.path()).await;
    let (_, cards) = engine.read_cards().await.pop().expect("one account");
    let cards = cards.unwrap_or_else(|error| panic!("{error}"));
    let shown: Vec<_> = cards.iter().map(|card| (&*card.key.id, card.state)).collect();
    assert_eq!(shown, [("7", CardState::Active), ("8", CardState::Blocked)]);

    let wait = Duration::from_secs(60);
    let frozen = engine.change(request(&engine, Action::Freeze), wait).await.expect("it is sent");
    assert_eq!(frozen.state, OperationState::Done, "{frozen:?}");
    let card = engine.read_card(&frozen.card).await.expect("the card");
    let printed = json::object(&card);
    for part in [r#""provider":"quarry""#, r#""last4":"4247""#, r#""state":"FROZEN""#, "12.50"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let amount =
        cardtop::domain::money::Money::parse_input("5", "EUR".parse().expect("a currency"))
            .expect("an amount");
    match engine.change(request(&engine, Action::TopUp(amount)), wait).await {
        Err(Refused::Denied(why)) => assert!(why.to_string().contains("pebble moves no money")),
        other => panic!("it was not refused: {other:?}"),
    }
    assert_eq!(engine.verify().await.expect("an intact journal").lines, 4);
}

#[tokio::test(start_paused = true)]
async fn a_fifth_provider_is_on_the_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, mut events) = open(folder.path()).await;
    let portfolio = Portfolio::new(start(), TimeZone::UTC, "anay".into(), 7, engine.providers());
    let mut model = Model::new(Start { portfolio, size: (80, 24), keymap: Keymap::default() });
    let _read = engine.read_cards().await;
    while let Ok(event) = events.try_recv() {
        update(&mut model, Msg::EngineEvent(event));
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    ui::view(&model, &Theme { mono: true, ascii: true, ..Theme::default() }, &mut buffer);
    let screen: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    for part in ["Mara Lindqvist", "..4247", "12.50", "BLOCKED", "quarry"] {
        assert!(screen.contains(part), "{part} is not on the board: {screen}");
    }
}

#[test]
fn what_the_fifth_provider_does_not_know_is_refused_with_the_line() {
    let text = CONFIG.replace("token =", "tokne =");
    let error = Config::parse_with(&text, Path::new("c.toml"), &kinds()).expect_err("a mistake");
    assert!(error.to_string().starts_with("c.toml line 12"), "{error}");
    assert!(error.to_string().contains("token"), "{error}");
    let unknown = Config::parse(CONFIG, Path::new("c.toml")).expect_err("four kinds only");
    assert!(unknown.to_string().contains("pebble"), "{unknown}");
}

#[tokio::test]
async fn the_command_line_knows_a_fifth_provider_where_it_is_given_its_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    std::fs::write(&path, CONFIG).expect("writing");
    let run = async |kinds| {
        let (config, data) = (path.clone().into(), folder.path().join("data").into());
        let words = ["cardtop", "cards", "--config"].map(OsString::from).into_iter();
        let arguments = words.chain([config, "--data".into(), data]).collect();
        format!("{:?}", cardtop::cli::main_with(arguments, kinds).await)
    };
    let exit = |code| format!("{:?}", ExitCode::from(code));
    assert_eq!(run(kinds().leak()).await, exit(3), "nobody listens at its address");
    assert_eq!(run(KINDS).await, exit(2), "the configuration names a kind that is not known");
}

#[tokio::test]
async fn init_writes_an_account_of_a_fifth_provider_where_it_is_given_its_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    let run = async |kinds| {
        let words = ["cardtop", "init", "pebble", "--environment", "sandbox", "--config"];
        let arguments = words.map(OsString::from).into_iter().chain([path.clone().into()]);
        format!("{:?}", cardtop::cli::main_with(arguments.collect(), kinds).await)
    };
    let exit = |code| format!("{:?}", ExitCode::from(code));
    assert_eq!(run(KINDS).await, exit(2), "no such kind");
    assert!(!path.exists(), "nothing is written");
    assert_eq!(run(kinds().leak()).await, exit(0));
    let text = std::fs::read_to_string(&path).expect("it is written");
    let config = Config::parse_with(&text, &path, &kinds()).expect("it is good");
    let accounts: Vec<_> = config.providers.iter().map(|it| (it.name.name(), it.kind())).collect();
    assert_eq!(accounts, [("pebble", "pebble")]);
}
