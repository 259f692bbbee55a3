//! The pane of the providers: the cursor among them, and how far what is said of one is scrolled.

use super::list::{List, Motion};
use super::portfolio::Portfolio;
use crate::domain::card::ProviderId;
use crate::engine::{Health, HealthState};

/// The pane of providers.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    pub(crate) list: List<ProviderId>,
    /// Lines about the provider under the cursor that are scrolled away.
    pub(crate) top: usize,
}

impl Providers {
    /// The accounts, in the order of the configuration. Until the operator moves it the cursor is
    /// on the one that is worst off.
    pub(crate) fn refresh_rows(&mut self, portfolio: &Portfolio) {
        let known = &portfolio.accounts.providers;
        if self.list.len() != known.len() {
            self.list.set(known.iter().map(|info| info.id.clone()).collect());
        }
        let how_bad = |id: &ProviderId| portfolio.accounts.health.get(id).map_or(0, severity);
        let worst = known.iter().map(|info| how_bad(&info.id)).max().unwrap_or(0);
        // Of several that are as bad the cursor keeps the one that it is on.
        let stays = self.list.selected().is_some_and(|id| how_bad(id) == worst);
        if let Some(info) = known.iter().find(|info| !stays && how_bad(&info.id) == worst) {
            let before = self.list.at();
            self.list.rest_on(&info.id);
            self.top = if self.list.at() == before { self.top } else { 0 };
        }
    }

    /// Moves the cursor; half pages scroll what is said of the provider under it, of which so many
    /// `lines` are shown in `height` rows.
    pub(crate) fn go(&mut self, motion: Motion, lines: usize, height: usize) {
        let step = (height / 2).max(1);
        self.top = match motion {
            Motion::HalfDown => (self.top + step).min(lines.saturating_sub(height)),
            Motion::HalfUp => self.top.saturating_sub(step),
            Motion::Down
            | Motion::Up
            | Motion::First
            | Motion::Last
            | Motion::PageDown
            | Motion::PageUp => {
                self.list.go(motion);
                0
            }
        };
    }
}

/// How much a provider needs the operator: 0 not at all.
const fn severity(health: &Health) -> u8 {
    match health.state {
        HealthState::Down | HealthState::Auth => 2,
        HealthState::Slow | HealthState::Paused | HealthState::Waiting => 1,
        HealthState::Ok => 0,
    }
}
