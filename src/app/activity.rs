//! The activity: every operation of the journal, and the journal's lines of the one under the
//! cursor.

use super::Effect;
use super::list::List;
use super::memo::{DataVersion, Memo, Movement};
use super::portfolio::Portfolio;
use super::search::Search;
use super::work::{Work, count};
use crate::contract::{OperationRow, Rows};
use crate::domain::filter::Filter;
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::engine::Job;
use jiff::Timestamp;

/// Which operations are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    All,
    /// Those of this operator.
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

/// The pane of operations.
#[derive(Debug)]
pub(crate) struct Activity {
    pub(crate) list: List<OperationId>,
    pub(crate) search: Search,
    pub(crate) tab: Tab,
    /// Operations that tab and filter hide.
    pub(crate) hidden: usize,
    /// The rows were made of every operation of the journal, down to the oldest.
    pub(crate) is_whole: bool,
    /// Revision of the filter, and the tab.
    memo: Memo<(u64, Tab)>,
    /// The operation whose journal was last requested, and when it had changed last.
    steps_asked: Option<(OperationId, Timestamp)>,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            list: List::default(),
            search: Search::new(Rows::Operations),
            tab: Tab::default(),
            hidden: 0,
            is_whole: false,
            memo: Memo::default(),
            steps_asked: None,
        }
    }
}

impl Activity {
    /// Makes the rows again where something they depend on has changed.
    pub(crate) fn refresh_rows(&mut self, portfolio: &Portfolio, movement: Movement) {
        let data = DataVersion::of_feed(portfolio);
        // What is paused stays as it was; what the line is opened over may act again.
        let moves = self.search.depends_on_time() || self.search.is_typing();
        if movement == Movement::Live && moves && self.memo.is_of_another_minute(data) {
            self.search.reread(portfolio.now, &portfolio.zone);
        }
        if !self.memo.renew(data, (self.search.revision, self.tab), movement) {
            return;
        }
        let (tab, now) = (self.tab, portfolio.now);
        let rows = |filter: &Filter| -> Vec<OperationId> {
            let wanted = |operation: &&Operation| {
                count(Work::HistoryVisited);
                let holder = portfolio.holder(&operation.card);
                tab.shows(operation, portfolio)
                    && filter.matches(&OperationRow { operation, holder, now })
            };
            portfolio.operations.iter().filter(wanted).map(|row| row.id).collect()
        };
        let (rows, set_aside) = self.search.choose(rows, Vec::is_empty);
        self.search.set_aside(set_aside);
        self.hidden = portfolio.operations.len() - rows.len();
        self.is_whole = portfolio.operations.is_whole();
        self.list.change_for(self.search.take_cause(), |keys| *keys = rows);
    }

    /// Asks for the journal of the operation under the cursor, once for each of its changes.
    pub(crate) fn ask_for_steps(&mut self, portfolio: &Portfolio) -> Option<Effect> {
        let selected = portfolio.operation(*self.list.selected()?)?;
        let version = (selected.id, selected.updated_at);
        if self.steps_asked == Some(version) {
            return None;
        }
        self.steps_asked = Some(version);
        Some(Effect::Ask(Job::Steps(selected.id)))
    }
}
