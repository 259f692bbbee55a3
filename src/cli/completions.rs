//! `completions`: the script by which a shell completes commands and options.

use clap::{Args, CommandFactory};

use super::exit::Exit;
use super::failure::Outcome;
use super::global::Global;
use super::{Cli, Run, print};
use crate::clock::Clock;

/// Print the completions of a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    shell: clap_complete::Shell,
}

impl Run for Completions {
    fn prints_records(&self) -> bool {
        false
    }

    async fn run(self, _global: &Global, _clock: Clock) -> Outcome {
        print::put(&script(self.shell))?;
        Ok(Exit::Done)
    }
}

fn script(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cardtop", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_know_the_commands() {
        let script = script(clap_complete::Shell::Bash);
        for word in ["topup", "--pin-stdin", "transactions"] {
            assert!(script.contains(word), "{word}");
        }
    }
}
