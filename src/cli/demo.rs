//! `demo`: the board, a data folder of its own, and four providers on loopback in this process.

use clap::Args;

use super::bank::{self, BankArguments};
use super::failure::Outcome;
use super::global::Global;
use super::scratch::Scratch;
use super::{Run, board};
use crate::clock::Clock;

/// The board on made-up data: four built-in providers whose cardholders spend while you watch
#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    bank: BankArguments,
}

impl Run for Demo {
    fn prints_records(&self) -> bool {
        false
    }

    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        board::needs_terminal()?;
        let folder = match &global.data {
            Some(data) => Scratch::kept(&data.join("demo"))?,
            None => Scratch::fresh("cardtop-demo")?,
        };
        let file = folder.path.join("cardtop.toml");
        let (_serving, config) = bank::serve(&self.bank, None, &file, &clock).await?;
        board::show(global, config, folder.path.join("data"), None, clock).await
    }
}
