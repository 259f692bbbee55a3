//! The activity: every operation of the journal, and the journal's lines of the one under the
//! cursor.

use super::Effect;
use super::list::List;
use super::portfolio::Portfolio;
use super::search::Search;
use crate::contract::OperationRow;
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::engine::Job;
use jiff::Timestamp;

/// Which operations are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// All.
    #[default]
    All,
    /// Mine.
    Mine,
    /// Those that are not settled.
    Open,
    /// Those that failed.
    Failed,
}

impl Tab {
    /// Every tab, from left to right.
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::Mine, Self::Open, Self::Failed];

    /// The word on screen.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mine => "me",
            Self::Open => "open",
            Self::Failed => "failed",
        }
    }

    fn shows(self, operation: &Operation, portfolio: &Portfolio) -> bool {
        match self {
            Self::All => true,
            Self::Mine => operation.operator == portfolio.operator,
            Self::Open => operation.is_open(),
            Self::Failed => operation.state == OperationState::Failed,
        }
    }
}

/// The tab to the left or right of one, without going round.
pub(crate) fn beside<T: Copy + PartialEq>(all: &[T], tab: T, right: bool) -> T {
    let place = all.iter().position(|known| *known == tab).unwrap_or(0);
    let next = if right { place + 1 } else { place.saturating_sub(1) };
    all.get(next).copied().unwrap_or(tab)
}

/// The pane of operations.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    pub(crate) list: List<OperationId>,
    pub(crate) search: Search,
    pub(crate) tab: Tab,
    /// Operations that tab and filter hide.
    pub(crate) hidden: usize,
    made: Option<(u64, u64, Tab, i64)>,
    asked: Option<(OperationId, Timestamp)>,
}

impl Activity {
    /// Makes the rows anew where something they depend on changed, and asks for the journal's lines
    /// of the selected one while they can be seen.
    pub(crate) fn settle(&mut self, portfolio: &Portfolio, still: bool, seen: bool) -> Vec<Effect> {
        let minute = portfolio.now.as_second().div_euclid(60);
        if self.search.is_on() && self.made.is_some_and(|(.., made)| made != minute) {
            self.search.reread(portfolio.now, &portfolio.zone);
        }
        let mut made = (portfolio.revision, self.search.revision, self.tab, minute);
        if let (true, Some(old)) = (still, self.made) {
            (made.0, made.3) = (old.0, old.3);
        }
        if self.made != Some(made) {
            self.made = Some(made);
            let wanted = |row: &&Operation| {
                let holder = portfolio.holder(&row.card);
                self.tab.shows(row, portfolio)
                    && self.search.filter.matches(&OperationRow {
                        operation: row,
                        holder,
                        now: portfolio.now,
                    })
            };
            let rows: Vec<OperationId> =
                portfolio.operations.iter().filter(wanted).map(|row| row.id).collect();
            self.hidden = portfolio.operations.len() - rows.len();
            self.list.set(rows);
        }
        let selected = self
            .list
            .selected()
            .and_then(|id| portfolio.operation(*id))
            .map(|row| (row.id, row.updated_at));
        match selected {
            Some(asked) if seen && self.asked != selected => {
                self.asked = selected;
                vec![Effect::Ask(Job::Steps(asked.0))]
            }
            Some(_) | None => Vec::new(),
        }
    }
}
