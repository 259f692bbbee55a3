//! `cardtop` without a command: the board of the configured accounts.
//!
//! It starts and stops; what is drawn and what is read is decided elsewhere.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::session::{
    configuration, data_folder, environment, keymap, not_opened, only, operator,
    say_what_takes_long, zone,
};
use crate::clock::Clock;
use crate::config;
use crate::contract::FailureKind;
use crate::engine::{Engine, Purpose, Setup};
use crate::provider::Config;
use crate::run::{self, Start};
use crate::tty;

/// Shows the board of the configured accounts.
pub(super) async fn run(global: &Global, clock: Clock) -> Outcome {
    let config = configuration(global)?;
    let data = data_folder(global.data.as_deref())?;
    show(global, Shown { config, data, notes: config::state_dir(), greeting: None }, clock).await
}

/// What a board shows.
pub(super) struct Shown {
    pub(super) config: Config,
    /// Folder of the data file.
    pub(super) data: PathBuf,
    /// Folder where the end of the journal is noted outside the data file.
    pub(super) notes: Option<PathBuf>,
    /// What the last line says until the first key.
    pub(super) greeting: Option<String>,
}

/// Shows a board until the operator quits.
pub(super) async fn show(global: &Global, shown: Shown, clock: Clock) -> Outcome {
    needs_terminal()?;
    tty::prepare();
    let Shown { config, data, notes, greeting } = shown;
    let only = only(global, &config)?;
    let board = config.board.clone();
    let zone = zone(&board.timezone)?;
    let keymap = keymap(&board)?;
    let operator = operator();
    say_what_takes_long(&data);
    let setup = Setup {
        config,
        data,
        notes,
        read_only: global.read_only,
        only,
        operator: operator.clone(),
        clock: clock.clone(),
        purpose: Purpose::Board,
        transport: None,
    };
    let (engine, events) = Engine::open(setup).await.map_err(|error| not_opened(&error))?;
    let start = Start {
        engine,
        events,
        board,
        zone,
        keymap,
        read_only: global.read_only,
        operator,
        clock,
        color: global.color.into(),
        greeting,
    };
    run::board(start)
        .await
        .map_err(|error| Failure::new(Exit::Refused, FailureKind::System, format!("{error:#}")))?;
    Ok(Exit::Done)
}

/// The board draws, and reads keys.
pub(super) fn needs_terminal() -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "the board needs a terminal; for scripts there are: cardtop cards --json, and cardtop \
             --help",
        ));
    }
    if environment("TERM").as_deref() == Some("dumb") {
        return Err(Failure::usage(
            "the board needs a terminal that can move its cursor, and TERM is dumb: use cardtop \
             cards and the other commands (cardtop --help), or set TERM, such as \
             TERM=xterm-256color",
        ));
    }
    Ok(())
}
