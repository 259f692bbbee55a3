//! What is asked of pebble.

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::config::endpoint::Endpoint;
use cardtop::config::spelling::Spelling;
use cardtop::domain::card::{Card, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{
    Action, Capabilities, MatchedCredits, Operation, Proof, Support, TopUpSafety,
};
use cardtop::domain::transaction::Transaction;
use cardtop::provider::http::{Access, Answer, AnsweredBy, Http};
use cardtop::provider::{
    Ack, Credits, Error, ErrorKind, Lookup, Page, PageCursor, Pagers, Paging, Provider,
    ProviderConfig, Quote, Result, Window,
};
use cardtop::store::Permit;
use http::Request;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::settings::{CARDS, SET_STATUS};
use super::wire;

const NO_TOP_UP: &str = "pebble moves no money";

pub(super) struct Pebble {
    name: ProviderId,
    base_url: String,
    spelling: Spelling,
    http: Http,
    token: SecretString,
    pagers: Pagers,
}

impl Pebble {
    pub(super) fn new(config: &ProviderConfig, http: Http, token: SecretString) -> Self {
        Self {
            name: config.name.clone(),
            base_url: config.base_url.clone(),
            spelling: config.spelling.clone(),
            http,
            token,
            pagers: Pagers::both(Paging::Numbered { size: 100 }, None),
        }
    }

    async fn ask(&self, access: Access, endpoint: Endpoint, body: String) -> Result<Answer> {
        let path = self.spelling.path(endpoint);
        let method = match access {
            Access::Read => "GET",
            Access::Write => "POST",
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base_url))
            .header("authorization", self.token.expose_secret())
            .body(Bytes::from(body))
            .map_err(|_| {
                Error::new(&self.name, ErrorKind::Refused, "the address cannot be formed")
            })?;
        let mut answer = self.http.send(access, request).await?;
        if !answer.is_success() {
            return Err(answer.refusal("pebble refused", AnsweredBy::Provider));
        }
        answer.name_fields(&self.spelling);
        Ok(answer)
    }

    async fn read_cards(&self) -> Result<Page<Card>> {
        let answer = self.ask(Access::Read, CARDS, String::new()).await?;
        let rows = wire::cards(&answer.object()?, &self.name, &self.spelling, answer.at);
        Ok(Page { is_all: true, ..Page::of(rows.map_err(|why| answer.bad_reply(&why.0))?) })
    }

    fn not_offered(&self, why: &str) -> Error {
        Error::new(&self.name, ErrorKind::NotOffered, why)
    }
}

#[async_trait]
impl Provider for Pebble {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            list_cards: Support::Yes,
            list_all_transactions: Support::Yes,
            float: Support::No("pebble tells no float"),
            quote: Support::No(NO_TOP_UP),
            freeze: Support::Yes,
            unfreeze: Support::Yes,
            top_up: Support::No(NO_TOP_UP),
            names_payer: false,
            close: Support::No("a pebble stays"),
            pin: Err("a pebble has no PIN"),
            top_up_proof: Proof::AnswerOnly,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: TopUpSafety::Neither,
            top_up_min: None,
            top_up_decimals: None,
            page_max: 100,
            calls_per_card: 1,
        }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    async fn cards(&self, _: PageCursor) -> Result<Page<Card>> {
        self.read_cards().await
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let page = self.read_cards().await?;
        page.items
            .into_iter()
            .find(|row| row.key == card.key)
            .ok_or_else(|| Error::new(&self.name, ErrorKind::NotFound, "no such card"))
    }

    async fn transactions(&self, _: &Window, _: PageCursor) -> Result<Page<Transaction>> {
        Ok(Page { is_all: true, ..Page::of([]) })
    }

    async fn credits(&self, _: &Card, _: Timestamp) -> Result<Credits> {
        Err(self.not_offered(NO_TOP_UP))
    }

    async fn float(&self) -> Result<Vec<Money>> {
        Err(self.not_offered("pebble tells no float"))
    }

    async fn quote(&self, _: &Card, _: Money) -> Result<Quote> {
        Err(self.not_offered(NO_TOP_UP))
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let status = match permit.action() {
            Action::Freeze => "off",
            Action::Unfreeze => "on",
            Action::TopUp(_) | Action::SetPin { .. } | Action::Close => {
                return Err(self.not_offered(NO_TOP_UP));
            }
        };
        let body = format!(r#"{{"id":{},"status":"{status}"}}"#, permit.card().wire_id);
        self.ask(Access::Write, SET_STATUS, body).await?;
        Ok(Ack::Accepted { reference: None })
    }

    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        _: &MatchedCredits,
    ) -> Result<Lookup> {
        Ok(Lookup::by_state(operation.action_kind, &self.card(card).await?))
    }
}
