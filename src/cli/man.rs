//! `man`: the manual page.

use clap::{Args, CommandFactory};

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::{Cli, Run, print};
use crate::clock::Clock;

/// Print the manual page, of cardtop or of one command
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Of this command
    command: Option<String>,
}

impl Run for Man {
    fn prints_records(&self) -> bool {
        false
    }

    async fn run(self, _global: &Global, _clock: Clock) -> Outcome {
        print::put(&page(self.command.as_deref())?)?;
        Ok(Exit::Done)
    }
}

fn page(command: Option<&str>) -> Result<String, Failure> {
    let mut whole = Cli::command();
    whole.build();
    let wanted = match command {
        None => whole,
        Some(name) => whole
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::usage(format!("there is no command {name}")))?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(wanted).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_manual_page_of_the_whole_and_of_each_command() {
        let whole = page(None).expect("a page");
        for word in ["cardtop", "EXIT", "topup", "exit codes"] {
            assert!(whole.to_lowercase().contains(&word.to_lowercase()), "{word}");
        }
        assert!(page(Some("topup")).expect("a page").contains("AMOUNT"));
        assert_eq!(page(Some("doctors")).expect_err("no command").exit, Exit::Usage);
    }
}
