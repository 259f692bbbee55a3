//! What every pane and dialog may look at: cards, transactions, operations and providers as last
//! told, and now.
//!
//! Panes keep what only they show. Nothing here is drawn, and nothing here asks the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::transactions::Transactions;
use crate::config::Environment;
use crate::domain::card::{Card, CardKey, ProviderId, Reading};
use crate::domain::money::Money;
use crate::domain::operation::{
    ActionKind, Capabilities, Operation, OperationId, Refusal, check_action,
};
use crate::domain::transaction::{Transaction, TransactionState};
use crate::engine::{EngineEvent, Health, HealthState, ProviderInfo, Step};

/// What is known, and the time.
#[derive(Debug)]
pub struct Portfolio {
    /// Now, as of the last tick or news.
    pub now: Timestamp,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// Who operates: the system user.
    pub operator: Arc<str>,
    /// Changes are refused.
    pub read_only: bool,
    /// The accounts, in the order of the configuration.
    pub providers: Vec<ProviderInfo>,
    /// How each is doing.
    pub health: BTreeMap<ProviderId, Health>,
    /// The merchant's money at each.
    pub floats: BTreeMap<ProviderId, Reading<Vec<Money>>>,
    /// Every card by identity.
    pub cards: BTreeMap<CardKey, Card>,
    /// Newest first by time and id.
    pub transactions: Transactions,
    /// Newest first.
    pub operations: Vec<Operation>,
    /// Journal lines of operations that were asked for.
    pub steps: BTreeMap<OperationId, Vec<Step>>,
    /// Cards the operator watches.
    pub watched: BTreeSet<CardKey>,
    /// Grows with every change of cards, transactions or operations: what was computed from an
    /// older one is stale.
    pub revision: u64,
    /// Grows with every change of transactions or operations, and with no other: most news is
    /// about balances.
    pub history_revision: u64,
    session: u64,
    made: u16,
}

impl Portfolio {
    /// Nothing known yet. `session` is 64 random bits, drawn once at the start.
    #[must_use]
    pub fn new(
        now: Timestamp,
        zone: TimeZone,
        operator: Arc<str>,
        session: u64,
        providers: Vec<ProviderInfo>,
    ) -> Self {
        Self {
            now,
            zone,
            operator,
            read_only: false,
            providers,
            health: BTreeMap::new(),
            floats: BTreeMap::new(),
            cards: BTreeMap::new(),
            transactions: Transactions::default(),
            operations: Vec::new(),
            steps: BTreeMap::new(),
            watched: BTreeSet::new(),
            revision: 0,
            history_revision: 0,
            session,
            made: 0,
        }
    }

    /// Takes in what the engine told.
    pub fn apply(&mut self, news: &EngineEvent) {
        match news {
            EngineEvent::Transactions(_) | EngineEvent::Operation(_) => {
                (self.revision, self.history_revision) =
                    (self.revision + 1, self.history_revision + 1)
            }
            EngineEvent::Cards(_) | EngineEvent::Stale { .. } => self.revision += 1,
            EngineEvent::Steps { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_)
            | EngineEvent::ReadOnly(_)
            | EngineEvent::Refused { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Broken(_) => {}
        }
        match news {
            EngineEvent::Cards(cards) => {
                for card in cards {
                    self.cards.insert(card.key.clone(), card.clone());
                }
            }
            EngineEvent::Stale { provider, why } => {
                for card in self.cards.values_mut().filter(|card| card.key.provider == *provider) {
                    card.balance = std::mem::take(&mut card.balance).stale(why);
                }
                if let Some(float) = self.floats.get_mut(provider) {
                    *float = std::mem::take(float).stale(why);
                }
            }
            EngineEvent::Transactions(rows) => self.transactions.apply(rows),
            EngineEvent::Operation(operation) => {
                match self.operations.iter_mut().find(|known| known.id == operation.id) {
                    Some(known) => *known = operation.clone(),
                    None => {
                        let at = self.operations.partition_point(|known| known.id > operation.id);
                        self.operations.insert(at, operation.clone());
                    }
                }
            }
            EngineEvent::Steps { id, steps } => {
                self.steps.insert(*id, steps.clone());
            }
            EngineEvent::Float { provider, float, at } => {
                self.floats.insert(provider.clone(), Reading::At { value: float.clone(), at: *at });
            }
            EngineEvent::Health(health) => {
                // A provider without cards has a float all the same.
                if matches!(health.state, HealthState::Down | HealthState::Auth)
                    && let Some(float) = self.floats.get_mut(&health.provider)
                {
                    let why = health.why.clone().unwrap_or_else(|| health.state.as_str().into());
                    *float = std::mem::take(float).stale(&why);
                }
                self.health.insert(health.provider.clone(), (**health).clone());
            }
            EngineEvent::Provider(info) => {
                if let Some(known) = self.providers.iter_mut().find(|known| known.id == info.id) {
                    *known = (**info).clone();
                }
            }
            EngineEvent::ReadOnly(read_only) => self.read_only = *read_only,
            EngineEvent::Refused { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Broken(_) => {}
        }
    }

    /// A new operation's id.
    pub fn new_operation_id(&mut self) -> OperationId {
        self.made = self.made.wrapping_add(1);
        OperationId::new(self.now, self.session, self.made)
    }

    /// The account of this name.
    #[must_use]
    pub fn provider(&self, id: &ProviderId) -> Option<&ProviderInfo> {
        self.providers.iter().find(|info| info.id == *id)
    }

    /// What a provider can do; `None` when it could not be set up.
    #[must_use]
    pub fn capabilities(&self, id: &ProviderId) -> Option<&Capabilities> {
        self.provider(id)?.capabilities.as_ref()
    }

    /// Whether any account has real money behind it.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.providers.iter().any(|info| info.environment == Environment::Production)
    }

    /// Whether a change may be asked now.
    ///
    /// # Errors
    /// Why not. An unsettled operation is [`Refusal::Open`], so that a dialog can show it.
    pub fn check(&self, action_kind: ActionKind, key: &CardKey) -> Result<(), Refusal> {
        let card = self.cards.get(key).ok_or(Refusal::UnknownCard)?;
        let info = self.provider(&key.provider).ok_or(Refusal::UnknownAccount)?;
        if self.read_only {
            return Err(Refusal::ReadOnly);
        }
        if info.read_only {
            return Err(Refusal::ReadOnlyAccount(info.id.clone()));
        }
        let Some(capabilities) = &info.capabilities else {
            let health = self
                .health
                .get(&key.provider)
                .filter(|health| health.state == HealthState::Waiting);
            return Err(match health.and_then(|health| health.why.clone()) {
                Some(why) => Refusal::Pending(info.id.clone(), why),
                None => Refusal::NotSetUp(info.id.clone()),
            });
        };
        check_action(action_kind, card, capabilities, &self.operations)
    }

    /// Transactions of one card, newest first.
    pub fn transactions_of<'a>(
        &'a self,
        key: &'a CardKey,
    ) -> impl Iterator<Item = &'a Transaction> {
        self.transactions.of_card(key)
    }

    /// The newest decline of a card.
    #[must_use]
    pub fn last_decline<'a>(&'a self, key: &'a CardKey) -> Option<&'a Transaction> {
        self.transactions_of(key).find(|row| row.state == TransactionState::Declined)
    }

    /// The operation of this id.
    #[must_use]
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        let from = self.operations.partition_point(|operation| operation.id > id);
        self.operations.get(from).filter(|operation| operation.id == id)
    }

    /// Operations of one card, newest first.
    pub fn operations_of<'a>(&'a self, key: &'a CardKey) -> impl Iterator<Item = &'a Operation> {
        self.operations.iter().filter(move |operation| operation.card == *key)
    }

    /// The holder of a card by its id, empty where not known.
    #[must_use]
    pub fn holder(&self, key: &CardKey) -> &str {
        self.cards.get(key).map_or("", |card| &card.holder)
    }
}
