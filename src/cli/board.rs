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
use crate::config::{self, Listen};
use crate::contract::FailureKind;
use crate::engine::{Engine, Purpose, Setup};
use crate::listen::Receiver;
use crate::provider::Config;
use crate::run::{self, Start};
use crate::tty;

/// Shows the board of the configured accounts.
pub(super) async fn run(global: &Global, clock: Clock) -> Outcome {
    let config = configuration(global)?;
    let data = data_folder(global.data.as_deref())?;
    let notes = config::state_dir();
    let shown = Shown { config, data, notes, greeting: None, receiver: None };
    show(global, shown, clock).await
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
    /// Where webhooks are received, instead of what the configuration says.
    pub(super) receiver: Option<Receiver>,
}

/// Shows a board until the operator quits.
pub(super) async fn show(global: &Global, shown: Shown, clock: Clock) -> Outcome {
    needs_terminal()?;
    tty::prepare();
    let Shown { config, data, notes, greeting, receiver } = shown;
    let only = only(global, &config)?;
    let (board, listen) = (config.board.clone(), config.listen);
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
    let receiver = match receiver {
        Some(receiver) => Some(receiver),
        None => bind(&engine, listen).await,
    };
    let _receiving = receiver.map(|receiver| receiver.start(engine.clone(), None));
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

/// Where webhooks are received, if the configuration says so. A board without pushes is a board all
/// the same: it says that it has none.
async fn bind(engine: &Engine, listen: Listen) -> Option<Receiver> {
    if !listen.enabled {
        return None;
    }
    match Receiver::bind(listen.addr).await {
        Ok(receiver) => Some(receiver),
        Err(error) => {
            engine.say(format!(
                "pushes are not received, everything is polled: {} cannot be listened on: {error}; \
                 another cardtop may have it, or set [listen] addr",
                listen.addr
            ));
            None
        }
    }
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
