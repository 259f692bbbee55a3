//! A desk for tests: a sandbox, an engine on its own data folder, and a clock that only goes when
//! everybody waits.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{
    Action, Before, OnConflict, Operation, OperationId, OperationState, Pin, Proof,
};
use cardtop::engine::{ChangeRequest, Engine, EngineEvent, Expected, Purpose, Refused, Setup};
use cardtop::provider::http::{InProcess, Transport};
use cardtop::provider::{AccountSettings, Config, ProviderConfig};
use cardtop::sandbox::{Dialect, Options, Sandbox};
use cardtop::store::{Intent, Permit, Store};
use jiff::Timestamp;
use tokio::sync::mpsc;

/// Where the programs under test keep the notes that they would keep in the operator's folder for
/// state.
pub(crate) const STATE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/state");

/// When every test begins.
pub(crate) fn start() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

/// A sandbox without sockets, and an engine that only reads when asked.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) folder: tempfile::TempDir,
    /// Kept, so that the engine's news have somewhere to go.
    _news: mpsc::Receiver<EngineEvent>,
}

impl Desk {
    /// A desk whose cardholders do nothing by themselves.
    pub(crate) async fn new() -> Self {
        Self::with(Options { busy: false, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let clock = Clock::from(start());
        let sandbox = Sandbox::new(options, clock.clone());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cardtop.toml");
        sandbox.write_config(&nowhere, &path).expect("a configuration");
        let config = Config::load(Some(&path)).expect("the sandbox writes a good configuration");
        let (engine, news) = open(&sandbox, &config, &clock, folder.path(), false).await;
        Self { sandbox, engine, clock, config, folder, _news: news }
    }

    /// A second cardtop on the same data file.
    pub(crate) async fn second_engine(&self) -> (Engine, mpsc::Receiver<EngineEvent>) {
        open(&self.sandbox, &self.config, &self.clock, self.folder.path(), false).await
    }

    /// The cards of a provider, read now.
    pub(crate) async fn cards(&self, dialect: Dialect) -> Vec<Card> {
        let said = self.engine.read_cards().await;
        let provider = ProviderId::new(dialect.name());
        let (_, cards) =
            said.into_iter().find(|(id, _)| *id == provider).expect("the provider is configured");
        let cards = cards.unwrap_or_else(|error| panic!("{error}"));
        cards.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// One card that can be spent with, read now.
    pub(crate) async fn active(&self, dialect: Dialect) -> Card {
        use cardtop::domain::card::{CardKind, CardState};
        self.cards(dialect)
            .await
            .into_iter()
            .filter(|card| {
                card.state == CardState::Active
                    && card.available().is_some_and(|money| !money.is_negative())
            })
            .max_by_key(|card| {
                (card.kind == Some(CardKind::Physical), card.available().map(Money::amount))
            })
            .unwrap_or_else(|| panic!("{} has no active card", dialect.name()))
    }

    pub(crate) async fn act(&self, card: &Card, action: Action) -> Result<Operation, Refused> {
        self.engine.change(self.order(&card.key, action), Duration::from_secs(60)).await
    }

    pub(crate) fn order(&self, card: &CardKey, action: Action) -> ChangeRequest {
        ChangeRequest {
            id: self.engine.new_operation_id(),
            card: card.clone(),
            action,
            reason: Some("test".into()),
            shown: Expected::default(),
            on_conflict: OnConflict::Refuse,
            recent_credit: None,
            payer: None,
        }
    }
}

/// A cardtop that reads in the background, as the board does.
pub(crate) async fn open_board(desk: &Desk) -> (Engine, mpsc::Receiver<EngineEvent>) {
    open_with(&desk.sandbox, &desk.config, &desk.clock, desk.folder.path(), false, true).await
}

pub(crate) async fn open(
    sandbox: &Sandbox,
    config: &Config,
    clock: &Clock,
    data: &Path,
    read_only: bool,
) -> (Engine, mpsc::Receiver<EngineEvent>) {
    open_with(sandbox, config, clock, data, read_only, false).await
}

async fn open_with(
    sandbox: &Sandbox,
    config: &Config,
    clock: &Clock,
    data: &Path,
    read_only: bool,
    polling: bool,
) -> (Engine, mpsc::Receiver<EngineEvent>) {
    let served = sandbox.clone();
    let config = config.clone();
    open_over(config, clock, data, read_only, polling, move |dialect| {
        Box::new(InProcess(served.router(dialect)))
    })
    .await
}

/// A cardtop whose way to each provider is made here.
pub(crate) async fn open_over(
    config: Config,
    clock: &Clock,
    data: &Path,
    read_only: bool,
    polling: bool,
    way: impl Fn(Dialect) -> Box<dyn Transport> + Send + Sync + 'static,
) -> (Engine, mpsc::Receiver<EngineEvent>) {
    let setup = Setup {
        config,
        data: data.to_owned(),
        notes: None,
        read_only,
        only: None,
        operator: "anay".into(),
        clock: clock.clone(),
        purpose: if polling { Purpose::Board } else { Purpose::Cards },
        transport: Some(Arc::new(move |provider| way(dialect_of(provider)))),
    };
    let (engine, news) = Engine::open(setup).await.expect("a data folder");
    engine.begin();
    (engine, news)
}

/// The wire of a configured account.
pub(crate) fn dialect_of(provider: &ProviderConfig) -> Dialect {
    Dialect::ALL
        .into_iter()
        .find(|dialect| dialect.name() == provider.kind())
        .expect("a known kind")
}

/// Changes an account's own settings, where they are of this type.
pub(crate) fn change_settings<S: AccountSettings + Clone>(
    provider: &mut ProviderConfig,
    change: impl FnOnce(&mut S),
) {
    let Some(mut settings) = provider.settings_as::<S>().cloned() else { return };
    change(&mut settings);
    provider.settings = Arc::new(settings);
}

/// Where nobody listens: every way is made by the test.
pub(crate) fn nowhere(_: Dialect) -> String {
    "http://127.0.0.1:9".to_owned()
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::typed(digits.to_owned()).expect("a PIN of the test")
}

/// An amount that every provider takes for this card.
pub(crate) fn some(card: &Card) -> Money {
    let text = match card.currency.expect("the currency was read").code() {
        "JPY" => "2500",
        "KWD" => "7.500",
        "INR" => "250",
        _ => "25",
    };
    money(text, card)
}

/// An amount in a card's currency.
pub(crate) fn money(text: &str, card: &Card) -> Money {
    Money::parse_input(text, card.currency.expect("the currency was read"))
        .expect("an amount of the test")
}

/// Permission to send a change: what a store gives for an intent that it has saved.
pub(crate) async fn permit(card: &Card, action: Action, id: OperationId) -> Permit {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::in_memory(folder.path(), &BTreeMap::new()).expect("a store");
    let operation = Operation {
        id,
        action_kind: action.action_kind(),
        card: card.key.clone(),
        last4: card.last4,
        amount: action.amount(),
        state: OperationState::Sent,
        reason: None,
        reference: id.reference(),
        provider_reference: None,
        operator: "test".into(),
        created_at: start(),
        updated_at: start(),
        detail: None,
        before: Before::default(),
        proof: Proof::AnswerOnly,
        looks: 0,
        next_look: None,
        baseline: None,
        proven_by: None,
        watched_until: None,
        alarm: None,
    };
    match store.intend(operation, card.clone(), action, OnConflict::Refuse).await {
        Ok(Intent::Saved(permit)) => permit,
        other => panic!("the intent was not saved: {other:?}"),
    }
}
