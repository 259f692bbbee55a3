//! `demo`: the board, a data folder of its own, and four providers on loopback in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use clap::Args;

use super::Run;
use super::bank::{self, BankArguments};
use super::board::{self, Shown};
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::scratch::Scratch;
use super::session::keymap;
use crate::clock::Clock;
use crate::config::Board;
use crate::contract::FailureKind;
use crate::listen::Receiver;
use crate::sandbox::{Scenario, WebhookOptions};

/// The board on made-up data: four built-in providers whose cardholders spend while you watch
#[derive(Debug, Args)]
#[command(after_help = "\
With --config FILE the board takes [board] of FILE: keys, glyphs, time zone and the rest of it. \
Nothing else of FILE is read: its accounts are not used, and mistakes in them do not matter. \
CARDTOP_CONFIG and the platform's configuration are not read at all.")]
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
        // Before anything is written, so that a mistake leaves nothing behind.
        let board = global.config.as_deref().map(own_board).transpose()?;
        let folder = match &global.data {
            Some(data) => Scratch::kept(&data.join("demo"))?,
            None => Scratch::fresh("cardtop-demo")?,
        };
        let file = folder.path.join("cardtop.toml");
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let receiver = Receiver::bind(loopback).await.map_err(|error| {
            let words = format!("webhooks of the demo cannot be received on loopback: {error}");
            Failure::new(Exit::Refused, FailureKind::System, words)
        })?;
        let webhooks = WebhookOptions { to: Some(receiver.addr()), ..WebhookOptions::default() };
        let (sandbox, _serving) =
            bank::open(&self.bank, Some(webhooks), None, &file, &clock).await?;
        let _sender = sandbox.send_webhooks(receiver.addr()).map_err(|error| {
            let words = format!("webhooks of the demo cannot be sent: {error}");
            Failure::new(Exit::Refused, FailureKind::System, words)
        })?;
        let mut config = bank::configuration(&file)?;
        config.board = board.unwrap_or(config.board);
        let greeting = greeting(&self.bank.scenario);
        let data = folder.path.join("data");
        let shown = Shown { config, data, notes: None, greeting, receiver: Some(receiver) };
        board::show(global, shown, clock).await
    }
}

/// `[board]` of the operator's file.
fn own_board(path: &Path) -> Result<Board, Failure> {
    let board = Board::load(path).map_err(|error| Failure::configuration(error.to_string()))?;
    keymap(&board)?;
    Ok(board)
}

/// Which scenarios run and when each begins: of one what it does as well; several are named by the
/// time they begin.
fn greeting(scenarios: &[Scenario]) -> Option<String> {
    let [first, others @ ..] = scenarios else { return None };
    if others.iter().all(|other| other == first) {
        return Some(format!("{first} {}", first.description()));
    }
    let mut parts: Vec<(&str, Vec<&str>)> = Vec::new();
    for scenario in scenarios {
        let (begins, word) = (scenario.begins(), scenario.as_str());
        match parts.iter_mut().find(|(known, _)| *known == begins) {
            Some((_, words)) if words.contains(&word) => {}
            Some((_, words)) => words.push(word),
            None => parts.push((begins, vec![word])),
        }
    }
    let parts: Vec<String> =
        parts.iter().map(|(begins, words)| format!("{} {begins}", words.join(", "))).collect();
    Some(format!("scenarios: {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_says_at_its_start_when_each_scenario_begins() {
        assert_eq!(greeting(&[]), None);
        assert_eq!(
            greeting(&[Scenario::Outage]).as_deref(),
            Some("outage after 10 s: enkash answers 503 for 90 s, again every 5 min")
        );
        let several = [Scenario::Slow, Scenario::Outage, Scenario::Declines, Scenario::Slow];
        assert_eq!(
            greeting(&several).as_deref(),
            Some("scenarios: slow, declines at once; outage after 10 s")
        );
        let longest = Scenario::ALL.map(|scenario| greeting(&[scenario]).map_or(0, |it| it.len()));
        assert!(longest.iter().all(|length| (20..=80).contains(length)), "{longest:?}");
    }

    #[test]
    fn a_demo_takes_the_board_of_a_file_and_nothing_else() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("c.toml");
        let read = |text: &str| {
            std::fs::write(&file, text).expect("writing");
            own_board(&file).map_err(|failure| failure.words())
        };
        let board = read(
            "[board]\nglyphs = \"ascii\"\ntimezone = \"Asia/Kolkata\"\n\
             [board.keys]\nfreeze = \"B\"\n[providers.acme]\nkind = \"nonsense\"\n",
        );
        let board = board.expect("mistakes elsewhere do not matter");
        assert_eq!(board.timezone, "Asia/Kolkata");
        assert_eq!(board.keys.first().map(|keys| keys.command.as_str()), Some("freeze"));
        for (text, line) in [
            ("[board]\nglyphs = \"braille\"\n", "c.toml line 2: "),
            ("[board]\n[board.keys]\nfreeeze = \"B\"\n", "c.toml line 3: "),
            ("[board\n", "c.toml line 1: "),
        ] {
            let words = read(text).expect_err(text);
            assert!(words.contains(line), "{words}");
        }
        assert_eq!(read("").expect("nothing in it").timezone, "local");
    }
}
