//! A fifth kind of provider, made up here: what adding one takes, and that configuration, engine
//! and command line work with a kind that cardtop does not know.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cardtop::cli;
use cardtop::clock::Clock;
use cardtop::config::endpoint::Endpoint;
use cardtop::config::lists::Lists;
use cardtop::config::secret::Source;
use cardtop::domain::card::{Card, CardState, IdForm, Ids, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{
    Action, Capabilities, OnConflict, Operation, OperationState, Proof, Support, TopUpSafety,
};
use cardtop::domain::transaction::Transaction;
use cardtop::engine::{ChangeRequest, Engine, Expected, Setup};
use cardtop::provider::http::Http;
use cardtop::provider::kinds::KINDS;
use cardtop::provider::{
    AccountSettings, Ack, Config, Credits, Error, ErrorKind, Lookup, MatchedCredits, Page,
    PageCursor, Pager, Pagers, Paging, Provider, ProviderConfig, ProviderKind, Quote, Result,
    Window, artha, banana, enkash, ibanera,
};
use cardtop::store::Permit;
use jiff::Timestamp;

/// `kind = "tiny"`: one card, which can be frozen.
static TINY: ProviderKind = ProviderKind {
    name: "tiny",
    ids: Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque },
    settings: &["holder"],
    credentials: &[],
    endpoints: &[Endpoint::reads("card", "/card"), Endpoint::changes("freeze", "/freeze")],
    fields: &[],
    words: &[],
    list_settings: &[],
    lists: Lists::default,
    read: |account| Ok(Arc::new(Settings { holder: account.settings.need_text("holder")? })),
};

static FIVE: &[&ProviderKind] =
    &[&artha::KIND, &banana::KIND, &enkash::KIND, &ibanera::KIND, &TINY];

const TABLE: &str = "[providers.mine]\nkind = \"tiny\"\nbase_url = \"http://127.0.0.1:9\"\n\
                     holder = \"Ada\"\n";

#[derive(Debug)]
struct Settings {
    holder: String,
}

impl AccountSettings for Settings {
    fn secrets(&self) -> Vec<&Source> {
        Vec::new()
    }

    fn build(
        &self,
        config: &ProviderConfig,
        _http: Http,
    ) -> std::result::Result<Box<dyn Provider>, String> {
        Ok(Box::new(Tiny {
            name: config.name.clone(),
            holder: self.holder.as_str().into(),
            frozen: AtomicBool::new(false),
            pagers: Pagers {
                cards: Pager::new(Paging::ByTime, None),
                transactions: Pager::new(Paging::ByTime, None),
            },
        }))
    }
}

/// The adapter, which asks nobody.
struct Tiny {
    name: ProviderId,
    holder: Arc<str>,
    frozen: AtomicBool,
    pagers: Pagers,
}

impl Tiny {
    fn not_offered<T>(&self) -> Result<T> {
        Err(Error::new(&self.name, ErrorKind::NotOffered, NO))
    }
}

const NO: &str = "tiny has one card and nothing else";

#[async_trait]
impl Provider for Tiny {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            list_cards: Support::Yes,
            list_all_transactions: Support::No(NO),
            float: Support::No(NO),
            quote: Support::No(NO),
            freeze: Support::Yes,
            unfreeze: Support::No(NO),
            top_up: Support::No(NO),
            names_payer: false,
            close: Support::No(NO),
            pin: Err(NO),
            top_up_proof: Proof::ByState,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: TopUpSafety::Neither,
            top_up_min: None,
            top_up_decimals: None,
            page_max: 1,
        }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    async fn cards(&self, _page: PageCursor) -> Result<Page<Card>> {
        let card = Card::spelled(&self.name, TINY.ids.cards, "1");
        Ok(Page { is_all: true, ..Page::of([Ok(self.card(&card).await?)]) })
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let frozen = self.frozen.load(Ordering::SeqCst);
        let state = if frozen { CardState::Frozen } else { CardState::Active };
        Ok(Card { state, holder: Arc::clone(&self.holder), ..card.clone() })
    }

    async fn transactions(&self, _window: &Window, _page: PageCursor) -> Result<Page<Transaction>> {
        Ok(Page::of([]))
    }

    async fn credits(&self, _card: &Card, _since: Timestamp) -> Result<Credits> {
        self.not_offered()
    }

    async fn float(&self) -> Result<Vec<Money>> {
        self.not_offered()
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        self.not_offered()
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let Action::Freeze = permit.action() else { return self.not_offered() };
        self.frozen.store(true, Ordering::SeqCst);
        Ok(Ack::Accepted { reference: None })
    }

    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        _claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        Ok(Lookup::by_state(operation.action_kind, &self.card(card).await?))
    }
}

#[tokio::test]
async fn an_account_of_a_made_up_kind_is_read_and_changed_like_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    std::fs::write(&path, TABLE).expect("writing");
    let config = Config::load_with(Some(&path), FIVE).expect("it is good");
    let setup = Setup {
        config,
        data: folder.path().join("data"),
        notes: None,
        read_only: false,
        only: None,
        operator: "anay".into(),
        clock: Clock::real(),
        polling: false,
        transport: None,
    };
    let (engine, _news) = Engine::open(setup).await.expect("a data folder");
    let mut cards = engine.read_cards().await;
    let (_, cards) = cards.pop().expect("one account");
    let [card] = &*cards.expect("its list") else { panic!("one card") };
    assert_eq!((&*card.holder, card.state), ("Ada", CardState::Active));
    let order = ChangeRequest {
        id: engine.new_operation_id(),
        card: card.key.clone(),
        action: Action::Freeze,
        reason: None,
        shown: Expected::default(),
        on_conflict: OnConflict::Refuse,
        recent_credit: None,
        payer: None,
    };
    let operation = engine.change(order, Duration::from_secs(60)).await.expect("it is done");
    assert_eq!(operation.state, OperationState::Done);
}

#[tokio::test]
async fn the_command_line_reads_an_account_of_a_made_up_kind_where_it_is_given_the_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cardtop.toml");
    std::fs::write(&path, TABLE).expect("writing");
    let arguments = || -> Vec<OsString> {
        let data = folder.path().join("data");
        vec![
            "cardtop".into(),
            "--config".into(),
            path.clone().into(),
            "--data".into(),
            data.into(),
            "cards".into(),
        ]
    };
    let exit = |code| format!("{:?}", std::process::ExitCode::from(code));
    assert_eq!(format!("{:?}", cli::main_with(arguments(), FIVE).await), exit(0));
    assert_eq!(format!("{:?}", cli::main_with(arguments(), KINDS).await), exit(2), "unknown kind");
}
