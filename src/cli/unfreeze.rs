//! `unfreeze CARD`.

use clap::Args;

use super::Run;
use super::change::{self, Change, ChangeArguments};
use super::failure::{Failure, Outcome};
use super::global::Global;
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::operation::{Action, ActionKind, Capabilities};

/// Start a frozen card again
#[derive(Debug, Args)]
pub(crate) struct Unfreeze {
    #[command(flatten)]
    change: ChangeArguments,
}

impl Run for Unfreeze {
    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        change::run(&self, global, clock).await
    }
}

impl Change for Unfreeze {
    fn kind(&self) -> ActionKind {
        ActionKind::Unfreeze
    }

    fn arguments(&self) -> &ChangeArguments {
        &self.change
    }

    fn action(&self, _card: &Card, _capabilities: &Capabilities) -> Result<Action, Failure> {
        Ok(Action::Unfreeze)
    }

    fn intention(&self, _action: &Action) -> String {
        "unfreeze".to_owned()
    }
}
