//! The end of the board: changes that are still being sent are waited for, in plain sight.

use std::io::{self, Write};

use super::signals::{Sign, Signals};
use crate::domain::operation::{Operation, OperationState};
use crate::engine::{self, Engine};

/// Waits for changes that are being sent, and says so on the terminal, which was given back. A
/// signal ends the wait.
pub(super) async fn wait_for_changes(engine: &Engine) {
    for freeze in engine.drop_queued() {
        let card = &freeze.card;
        say(&format!("the freeze of {card} that was queued is dropped: nothing was sent"));
    }
    let sent = engine.being_sent();
    let unsent = engine.changes_under_way().saturating_sub(sent.len());
    if sent.is_empty() && unsent == 0 {
        return engine.stop().await;
    }
    let mut names: Vec<String> = sent.iter().map(name_of).collect();
    if unsent > 0 {
        names.push(format!("what is read before {unsent} more"));
    }
    say(&format!(
        "waiting at most {} s for the answer to {}; ctrl-c ends the wait, and what was sent is in \
         the journal",
        engine::LAST_WORDS.as_secs(),
        names.join(", ")
    ));
    let signals = Signals::new();
    let ended = async {
        match signals {
            Ok(mut signals) => while signals.any().await != Sign::End {},
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = engine.stop() => {}
        () = ended => {}
    }
    for was in &sent {
        let found = engine.find_operation(was.id).await.ok().flatten();
        let is = found.as_ref().unwrap_or(was);
        let known = match is.state {
            OperationState::Done | OperationState::Failed => String::new(),
            OperationState::Sent | OperationState::Accepted | OperationState::Unknown => {
                format!(
                    ": cardtop looks for it at the next start, or now: cardtop ops check {}",
                    is.id.short()
                )
            }
        };
        let state =
            if is.state == OperationState::Sent { "not answered yet" } else { is.state.as_str() };
        say(&format!("{} is {state}{known}", name_of(is)));
    }
}

fn name_of(operation: &Operation) -> String {
    format!("{} of {} (op {})", operation.phrase(), operation.card, operation.id.short())
}

/// Writes a line to the terminal after the board. A failure changes nothing any more.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "cardtop: {line}");
}
