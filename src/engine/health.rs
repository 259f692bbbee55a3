//! How the provider accounts are doing, for the screen and for JSON.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Error, schedule};
use crate::config::{Environment, Poll};
use crate::domain::card::{Ids, ProviderId};
use crate::domain::completeness::Completeness;
use crate::domain::coverage::Covered;
use crate::domain::money::Money;
use crate::domain::operation::Capabilities;
use crate::domain::unmapped::UnmappedWords;
use crate::domain::workload::Workload;

/// What is fixed of a provider account while cardtop runs.
#[derive(Clone, Debug)]
pub struct ProviderInfo {
    /// Its name.
    pub id: ProviderId,
    /// The word after `kind =` in the configuration.
    pub kind: &'static str,
    /// The forms of its ids.
    pub ids: Ids,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// Refuses every change, by configuration.
    pub read_only: bool,
    /// What it can do; `None` when it could not be set up, or not yet (its health says why).
    pub capabilities: Option<Capabilities>,
    /// Requests a minute at most.
    pub rate_limit: u32,
    /// How often figures are wanted.
    pub poll: Poll,
    /// The proxy on the way to it, by host, port and the variable that names it.
    pub proxy: Option<Arc<str>>,
}

impl ProviderInfo {
    /// What is to be read of so many cards, where answers take so many milliseconds, and with older
    /// transactions to read or not; `None` before it is known what the provider can do.
    #[must_use]
    pub fn workload(
        &self,
        cards: usize,
        latency_ms: Option<u64>,
        reads_history: bool,
    ) -> Option<Workload> {
        let capabilities = self.capabilities?;
        // One request at a time.
        let answered = latency_ms.map_or(u64::MAX, |millis| 60_000 / millis.max(1)).max(1);
        let answered = u32::try_from(answered).unwrap_or(u32::MAX);
        let (balances_every, transactions_every) =
            (schedule::signed(self.poll.balances), schedule::signed(self.poll.transactions));
        Some(Workload {
            cards: u64::try_from(cards).unwrap_or(u64::MAX),
            page: capabilities.list_cards.is_yes().then_some(capabilities.page_max),
            common_feed: capabilities.list_all_transactions.is_yes(),
            calls_per_card: capabilities.calls_per_card,
            per_minute: self.rate_limit.min(answered),
            balances_every,
            transactions_every,
            unseen_every: (
                balances_every * schedule::UNSEEN,
                transactions_every * schedule::UNSEEN_FEED,
            ),
            reads_history,
        })
    }
}

/// How a provider is doing.
///
/// More than twelve fields: it is one row of the providers view, and nothing decides by it.
#[derive(Clone, Debug)]
pub struct Health {
    /// The provider.
    pub provider: ProviderId,
    /// In one word.
    pub state: HealthState,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Last answer that could be used.
    pub last_good: Option<Timestamp>,
    /// When it will be tried again, while it is DOWN or waits.
    pub next_try: Option<Timestamp>,
    /// Until when the provider asked not to be called (`Retry-After`), while that is to come.
    pub asked_to_wait: Option<Timestamp>,
    /// What was wrong the last time and what to do about it, without the account's name.
    pub why: Option<Arc<str>>,
    /// Requests in the last minute.
    pub calls_last_minute: u32,
    /// Failed requests in the last five minutes.
    pub errors_5m: u32,
    /// How many cards it has; `None` while its list was never read and none is known from
    /// elsewhere.
    pub cards: Option<usize>,
    /// How many of them it refused, or did not know, when it was asked last. Each is asked for less
    /// and less often, while nobody looks at it.
    pub refused_cards: usize,
    /// What the newest readings of its lists lacked.
    pub completeness: Completeness,
    /// How much of its transactions is known, however long ago it was read.
    pub covered: Covered,
    /// Words for states, and codes of declines, that are not mapped.
    pub unmapped: UnmappedWords,
    /// What is wrong with its roster, one sentence each.
    pub roster: Vec<String>,
    /// Provider's clock minus ours, in seconds.
    pub skew: Option<i64>,
    /// Milliseconds that the last answers took, median.
    pub latency_ms: Option<u64>,
    /// What it pushed; `None` where no pushes are received.
    pub pushes: Option<PushFigures>,
}

/// What a provider pushed to an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushFigures {
    /// Events of the last hour.
    pub last_hour: u64,
    /// Those of them that are not in the provider's document.
    pub unknown_last_hour: u64,
    /// When the last one was received.
    pub last: Option<Timestamp>,
    /// Milliseconds from an event's own time until it was received, median of the last ones.
    pub lag_median_ms: Option<i64>,
    /// The same, which 95 of 100 do not exceed.
    pub lag_p95_ms: Option<i64>,
    /// Why nothing that is pushed can be verified, and so nothing is believed.
    pub unverified: Option<Arc<str>>,
    /// Deliveries of the last hour that were refused.
    pub refused_last_hour: u64,
    /// Why the last of them was.
    pub refused_why: Option<Arc<str>>,
    /// The last stretch in which something was read that was not pushed.
    pub gap: Option<PushGap>,
}

/// A stretch in which pushes are missing. What happened in it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushGap {
    /// From when on.
    pub from: Timestamp,
    /// When the next push came; `None` while none did.
    pub until: Option<Timestamp>,
}

/// A provider's health in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Answers.
    Ok,
    /// Answers late, or some reads fail.
    Slow,
    /// Does not answer.
    Down,
    /// Not read, because the operator paused it.
    Paused,
    /// Refuses the credentials, or has none.
    Auth,
    /// Not read yet: its secrets are waited for.
    Waiting,
}

impl Health {
    /// Whether nothing is said against the provider only because nothing was read yet.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.state == HealthState::Ok && self.last_good.is_none()
    }
}

impl HealthState {
    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Slow => "SLOW",
            Self::Down => "DOWN",
            Self::Paused => "PAUSED",
            Self::Auth => "AUTH",
            Self::Waiting => "WAIT",
        }
    }
}

/// A provider as `cardtop providers` shows it.
#[derive(Debug)]
pub struct ProviderReport {
    /// What is fixed.
    pub info: ProviderInfo,
    /// How it is doing.
    pub health: Health,
    /// The float, where offered, and when it was read.
    pub float: Option<Result<(Vec<Money>, Timestamp), Error>>,
}
