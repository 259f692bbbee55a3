//! How the accounts are that are watched: how far each was read, and whether that is as it should
//! be.

use jiff::{SignedDuration, Timestamp};

use crate::contract::{AccountPulse, HealthNews, Heartbeat};
use crate::domain::card::ProviderId;
use crate::domain::coverage::Stretch;
use crate::engine::{Health, HealthState, ProviderInfo};

/// What a reading may take beyond its time before the account counts as stale.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// The accounts, in the order of the configuration.
#[derive(Debug)]
pub(super) struct Accounts(Vec<Account>);

/// One of them.
#[derive(Debug)]
struct Account {
    info: ProviderInfo,
    health: Option<Health>,
    /// The state that was told last.
    told: Option<HealthState>,
}

impl Accounts {
    pub(super) fn new(infos: Vec<ProviderInfo>) -> Self {
        let account = |info| Account { info, health: None, told: None };
        Self(infos.into_iter().map(account).collect())
    }

    /// Takes in what an account can do.
    pub(super) fn note_info(&mut self, info: ProviderInfo) {
        if let Some(account) = self.get_mut(&info.id) {
            account.info = info;
        }
    }

    /// Takes in how an account is; what is news of that, and the state before. That it is well, or
    /// waits for its secrets, is none at the start.
    pub(super) fn note_health(
        &mut self,
        health: Health,
    ) -> Option<(HealthNews, Option<HealthState>)> {
        let account = self.get_mut(&health.provider)?;
        let (state, before) = (health.state, account.told);
        let is_start = before.is_none() && state == HealthState::Waiting;
        let news = (before != Some(state) && !is_start).then(|| news_of(&health));
        if !is_start {
            account.told = Some(state);
        }
        account.health = Some(health);
        let is_well_at_start = before.is_none() && state == HealthState::Ok;
        news.filter(|_| !is_well_at_start).map(|news| (news, before))
    }

    /// The stretch of time of which all transactions of an account were read, up to the newest
    /// reading.
    pub(super) fn read(&self, provider: &ProviderId) -> Option<Stretch> {
        self.get(provider)?.health.as_ref()?.covered.complete
    }

    /// A time of a provider's clock by ours, as far as it is known.
    pub(super) fn by_our_clock(&self, provider: &ProviderId, at: Timestamp) -> Timestamp {
        let health = self.get(provider).and_then(|account| account.health.as_ref());
        let ahead = health.and_then(|health| health.skew).unwrap_or(0);
        at.checked_sub(SignedDuration::from_secs(ahead)).unwrap_or(at)
    }

    /// What can be said of the feed now.
    pub(super) fn heartbeat(&self, at: Timestamp, receiving: bool) -> Heartbeat {
        let accounts: Vec<AccountPulse> = self.0.iter().map(|account| account.pulse(at)).collect();
        let ends: Option<Vec<Timestamp>> = accounts.iter().map(|account| account.as_of).collect();
        let as_of = ends.and_then(|ends| ends.into_iter().min());
        Heartbeat { at, as_of, receiving, accounts }
    }

    fn get(&self, provider: &ProviderId) -> Option<&Account> {
        self.0.iter().find(|account| account.info.id == *provider)
    }

    fn get_mut(&mut self, provider: &ProviderId) -> Option<&mut Account> {
        self.0.iter_mut().find(|account| account.info.id == *provider)
    }
}

impl Account {
    fn pulse(&self, now: Timestamp) -> AccountPulse {
        let health = self.health.as_ref();
        let state = health.map_or(HealthState::Waiting, |health| health.state);
        let as_of = health.and_then(|health| health.covered.complete).map(|read| read.to);
        let is_late = as_of.is_none_or(|as_of| now.duration_since(as_of) > self.longest());
        let is_read = matches!(state, HealthState::Ok | HealthState::Slow);
        let why = health.and_then(|health| health.why.clone());
        AccountPulse {
            provider: self.info.id.clone(),
            state: state.as_str(),
            as_of,
            stale: is_late || !is_read,
            error: why.filter(|_| state != HealthState::Ok),
        }
    }

    /// How long ago its transactions were read at most while all is well: some readings of the
    /// newest ones, or of an account that is read card by card a round through its cards.
    fn longest(&self) -> SignedDuration {
        let poll = SignedDuration::try_from(self.info.poll.transactions).unwrap_or_default() * 3;
        let cards = self.health.as_ref().and_then(|health| health.cards).unwrap_or(0);
        let latency = self.health.as_ref().and_then(|health| health.latency_ms);
        let workload = self.info.workload(cards, latency, true);
        let round = workload.and_then(|workload| workload.every_feed()).unwrap_or_default();
        poll.max(round * 2) + GRACE
    }
}

fn news_of(health: &Health) -> HealthNews {
    HealthNews {
        provider: health.provider.clone(),
        state: health.state.as_str(),
        since: health.since,
        last_good: health.last_good,
        next_try: health.next_try,
        error: health.why.clone().filter(|_| health.state != HealthState::Ok),
    }
}
