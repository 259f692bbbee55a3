//! Requests of enkash.

use async_trait::async_trait;

use super::{Claimed, Cursor, Page, Provider, Quote, Receipt, Result, Seen, Window};
use crate::config::{self, ProviderConfig};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Action, Capabilities, Operation, OperationId};
use crate::domain::transaction::Transaction;
use crate::provider::http::Http;

/// The adapter.
pub struct Enkash;

impl Enkash {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or a setting is wrong.
    pub fn new(_config: &ProviderConfig, _account: &config::Enkash, _http: Http) -> std::result::Result<Self, String> {
        todo!()
    }
}

#[async_trait]
impl Provider for Enkash {
    fn can(&self) -> Capabilities {
        todo!()
    }

    async fn cards(&self, _after: Option<Cursor>) -> Result<Page<Card>> {
        todo!()
    }

    async fn card(&self, _card: &Card) -> Result<Card> {
        todo!()
    }

    async fn transactions(&self, _window: &Window, _after: Option<Cursor>) -> Result<Page<Transaction>> {
        todo!()
    }

    async fn float(&self) -> Result<Vec<Money>> {
        todo!()
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        todo!()
    }

    async fn act(&self, _card: &Card, _action: &Action, _id: OperationId) -> Result<Receipt> {
        todo!()
    }

    async fn look(&self, _card: &Card, _operation: &Operation, _claimed: &Claimed) -> Result<Seen> {
        todo!()
    }
}
