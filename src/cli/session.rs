//! What every command that reads or changes something needs: the configuration, the engine and how
//! to print.
//!
//! It opens and closes; it asks the engine nothing.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::exit::{Exit, warn};
use super::failure::Failure;
use super::global::{Format, Global};
use crate::app::keymap::Keymap;
use crate::clock::Clock;
use crate::config::{self, Board};
use crate::contract::{self, FailureKind, Rows, View};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::filter::Filter;
use crate::domain::operation::{Operation, OperationId};
use crate::domain::text;
use crate::engine::{self, Engine, EngineEvent, OpenError, ProviderInfo, Purpose, Setup};
use crate::provider::Config;
use crate::tty::Color;

/// An engine that reads only when it is asked, and how its answers are printed.
pub(crate) struct Session {
    /// The engine.
    pub(crate) engine: Engine,
    /// What to print.
    pub(crate) format: Format,
    /// How tables are printed.
    pub(crate) view: View,
    /// The accounts that are asked, in the order of the configuration.
    pub(crate) providers: Vec<ProviderInfo>,
    /// The filter of the command line, or one that matches everything.
    pub(crate) filter: Filter,
}

impl Session {
    /// Opens the data file and the accounts that the flags name.
    ///
    /// # Errors
    /// A usage failure, when the configuration, a flag or the data file is wrong.
    pub(crate) async fn open(global: &Global, clock: Clock) -> Result<Self, Failure> {
        let session = Self::begin(global, clock, Purpose::Cards, false).await?;
        for sentence in session.engine.roster_troubles() {
            warn(&sentence);
        }
        Ok(session)
    }

    /// The same for commands that only read: they go on without a data file that is held by another
    /// process or cannot grow. What is wrong with rosters is part of what a reading lacks.
    ///
    /// # Errors
    /// A usage failure, when the configuration, a flag or the data file is wrong.
    pub(crate) async fn open_to_read(global: &Global, clock: Clock) -> Result<Self, Failure> {
        Self::begin(global, clock, Purpose::Cards, true).await
    }

    /// The same for commands about the journal alone: no card is loaded, and no roster.
    ///
    /// # Errors
    /// A usage failure, when the configuration, a flag or the data file is wrong.
    pub(crate) async fn open_journal(global: &Global, clock: Clock) -> Result<Self, Failure> {
        Self::begin(global, clock, Purpose::Journal, false).await
    }

    async fn begin(
        global: &Global,
        clock: Clock,
        purpose: Purpose,
        only_reads: bool,
    ) -> Result<Self, Failure> {
        let config = configuration(global)?;
        let view = view(global, &config.board.timezone, clock.now())?;
        // A mistake in the filter is reported before any secret is read.
        let filter = filter(global, &view)?;
        let data = data_folder(global.data.as_deref())?;
        say_what_takes_long(&data);
        let setup = Setup {
            only: only(global, &config)?,
            data,
            notes: config::state_dir(),
            read_only: global.read_only,
            operator: operator(),
            clock,
            purpose,
            transport: None,
            config,
        };
        let opened = if only_reads {
            Engine::open_to_read(setup, warn).await
        } else {
            Engine::open(setup).await
        };
        let (engine, mut events) = opened.map_err(|error| not_opened(&error))?;
        // The events are not needed here, but must not pile up, and a part that broke is reported.
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let EngineEvent::Trouble(message) = event {
                    warn(&message);
                }
            }
        });
        let waiting = if purpose == Purpose::Journal { Vec::new() } else { engine.waiting() };
        for (account, why) in waiting {
            warn(&format!("{account}: {why}"));
        }
        let providers = engine.providers();
        Ok(Self { engine, format: global.format(), view, providers, filter })
    }

    /// The cards that the data file knows, of the accounts that are asked.
    pub(crate) async fn known_cards(&self) -> Vec<Arc<Card>> {
        let mut cards = self.engine.known_cards().await;
        cards.retain(|card| self.is_asked(&card.key.provider));
        cards
    }

    /// A card as it is known by now.
    pub(crate) async fn known_card(&self, key: &CardKey) -> Option<Arc<Card>> {
        let cards = self.engine.known_records().await;
        let known = cards.iter().find(|card| card.has_key(key) && self.is_asked(&key.provider));
        known.map(|card| Arc::new(card.card()))
    }

    /// Whether an account is one of those that are asked.
    pub(crate) fn is_asked(&self, provider: &ProviderId) -> bool {
        self.rank(provider) < self.providers.len()
    }

    /// Every operation of the journal, newest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn journal(&self) -> Result<Vec<Operation>, Failure> {
        let operations = self.engine.operations().await;
        operations.map_err(Failure::data_file)
    }

    /// An operation as the journal has it.
    pub(crate) async fn operation(&self, id: OperationId) -> Option<Operation> {
        self.engine.find_operation(id).await.ok()?
    }

    /// Position of an account in the configuration; beyond the last for one that is not asked.
    pub(crate) fn rank(&self, id: &ProviderId) -> usize {
        self.providers.iter().position(|info| info.id == *id).unwrap_or(self.providers.len())
    }
}

/// The configuration that `--config`, the environment or the platform's folder leads to.
///
/// # Errors
/// A usage failure; where there is no file at all, it says how to start.
pub(crate) fn configuration(global: &Global) -> Result<Config, Failure> {
    if global.config.is_none() {
        let place = config::default_path();
        if !place.as_ref().is_some_and(|path| path.exists()) {
            return Err(how_to_start(place.as_deref()));
        }
    }
    let config = Config::load_with(global.config.as_deref(), global.kinds)
        .map_err(|error| Failure::configuration(error.to_string()))?;
    // Only the board has keys, but every command that reads the file reports a mistake in it.
    keymap(&config.board)?;
    Ok(config)
}

/// The board's keys, with the operator's own.
///
/// # Errors
/// A usage failure: one sentence with file and line.
pub(crate) fn keymap(board: &Board) -> Result<Keymap, Failure> {
    let keymap = Keymap::default().with(&board.keys);
    keymap.map_err(|error| Failure::configuration(error.to_string()))
}

/// Why there is no engine; nothing was sent and nothing in the data file was changed.
pub(crate) fn not_opened(error: &OpenError) -> Failure {
    let kind = match error {
        OpenError::DataFile(_) => FailureKind::DataFile,
        OpenError::System(_) => FailureKind::System,
    };
    Failure::new(Exit::Usage, kind, error.to_string()).now("nothing was sent and nothing changed")
}

fn how_to_start(place: Option<&Path>) -> Failure {
    let place =
        place.map_or_else(String::new, |path| format!(" ({} does not exist)", text::of_path(path)));
    Failure::configuration(format!("there is no configuration yet{place}"))
        .line("cardtop demo            look around, on made-up cards; needs no set-up")
        .line("cardtop init            answer some questions, and have a configuration written")
        .line("cardtop init KIND       write a commented configuration for what you have")
        .line("cardtop --config FILE   use the configuration in FILE")
        .line("cardtop --help          everything else")
}

/// The filter that `--filter` gives.
///
/// # Errors
/// A usage failure: what is wrong with it, or which field these rows do not have.
pub(super) fn filter(global: &Global, view: &View) -> Result<Filter, Failure> {
    match (&global.filter, global.filtered) {
        (Some(text), Some(rows)) => parsed_filter("--filter", rows, text, view),
        _ => Ok(Filter::default()),
    }
}

/// The filter that a flag gives.
///
/// # Errors
/// A usage failure: what is wrong with it, or which field these rows do not have.
pub(super) fn parsed_filter(
    flag: &str,
    rows: Rows,
    text: &str,
    view: &View,
) -> Result<Filter, Failure> {
    contract::filter::parse(rows, text, view.now, &view.zone)
        .map_err(|error| Failure::usage(text::mask_card_numbers(&format!("{flag}: {error}"))))
}

/// The account that `--provider` names, if it is given.
///
/// # Errors
/// A usage failure that lists the accounts, when there is none of this name.
pub(crate) fn only(global: &Global, config: &Config) -> Result<Option<ProviderId>, Failure> {
    let Some(name) = &global.provider else { return Ok(None) };
    let names: Vec<&str> = config.providers.iter().map(|provider| provider.name.name()).collect();
    if names.contains(&name.as_str()) {
        return Ok(Some(ProviderId::new(name)));
    }
    let message = format!(
        "--provider: there is no {} in the configuration; it has {}",
        text::clean(name),
        names.join(", ")
    );
    Err(Failure::new(Exit::Usage, FailureKind::NotFound, message))
}

/// Says so, where opening the data file takes more than a moment.
pub(crate) fn say_what_takes_long(data: &Path) {
    /// Transactions that are written anew in about a second.
    const A_MOMENT: u64 = 50_000;
    if let Some(rows) = engine::rows_to_rewrite(data).filter(|rows| *rows >= A_MOMENT) {
        warn(&format!(
            "the data file is of an earlier cardtop and is brought up to date now: {rows} \
             transactions, about {} s",
            rows.div_ceil(A_MOMENT)
        ));
    }
}

/// The folder of the data file.
///
/// # Errors
/// A usage failure, when the platform has no such folder and none was given.
pub(crate) fn data_folder(given: Option<&Path>) -> Result<std::path::PathBuf, Failure> {
    config::data_dir(given).map_err(|error| Failure::configuration(error.to_string()))
}

/// How the flags and the terminal want tables printed.
pub(super) fn view(global: &Global, timezone: &str, now: Timestamp) -> Result<View, Failure> {
    let terminal = io::stdout().is_terminal();
    let color = Color::from(global.color);
    let color = (terminal || color != Color::Auto) && color.is_on(environment);
    Ok(View { color, terminal, now, zone: zone(timezone)? })
}

/// The time zone of this name; `local` is the machine's.
///
/// # Errors
/// A usage failure, when the time zone database does not know it.
pub(crate) fn zone(name: &str) -> Result<TimeZone, Failure> {
    match name {
        "local" => Ok(TimeZone::system()),
        name => TimeZone::get(name).map_err(|_| {
            Failure::configuration(format!("board.timezone: there is no time zone {name}"))
        }),
    }
}

/// Who operates, as the system knows them: written into the journal beside every change.
pub(crate) fn operator() -> Arc<str> {
    let named = ["USER", "LOGNAME"].into_iter().find_map(environment);
    let asked = || {
        let output = std::process::Command::new("whoami")
            .stdin(std::process::Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let name = named.or_else(asked).map(|name| text::clean(&name)).unwrap_or_default();
    if name.is_empty() { "unknown".into() } else { name.into() }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the terminal wants and who operates is only in the environment"
)]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_configuration_the_first_steps_are_named() {
        let words = how_to_start(Some(Path::new("/home/anay/.config/cardtop/config.toml"))).words();
        for wanted in [
            "cardtop demo",
            "cardtop init",
            "/home/anay/.config/cardtop/config.toml does not exist",
        ] {
            assert!(words.contains(wanted), "{words}");
        }
    }

    #[test]
    fn somebody_always_operates() {
        assert!(!operator().is_empty());
    }

    #[test]
    fn a_time_zone_is_known_or_named_as_unknown() {
        assert!(zone("UTC").is_ok());
        let failure = zone("Europe/Atlantis").expect_err("no such zone");
        assert!(failure.words().contains("Europe/Atlantis"), "{}", failure.words());
    }
}
