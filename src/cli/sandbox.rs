//! `sandbox`: the built-in providers alone, until Ctrl-C.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::bank::{self, BankArguments};
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::scratch::{Scratch, unusable};
use super::shutdown::Shutdown;
use super::{Run, print};
use crate::clock::Clock;
use crate::domain::text;
use crate::sandbox::{Dialect, Serving};

/// Only the built-in providers, with a configuration file to use them from outside
#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    #[command(flatten)]
    bank: BankArguments,
    /// Write the configuration here (secrets and rosters beside it), instead of into a temporary
    /// folder
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    write_config: Option<PathBuf>,
    /// First of the four ports; free ones when absent
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

impl Run for Sandbox {
    fn prints_records(&self) -> bool {
        false
    }

    fn may_be_interrupted(&self) -> bool {
        false
    }

    /// Prints `ready` once the providers answer.
    async fn run(self, _global: &Global, clock: Clock) -> Outcome {
        let mut shutdown = Shutdown::listen()?;
        let (_folder, file) = match &self.write_config {
            Some(file) => {
                let file = std::path::absolute(file).map_err(|error| unusable(file, &error))?;
                may_be_replaced(&file)?;
                (None, file)
            }
            None => {
                let folder = Scratch::fresh("cardtop-sandbox")?;
                let file = folder.path.join("cardtop.toml");
                (Some(folder), file)
            }
        };
        let (serving, _) = bank::serve(&self.bank, self.port, &file, &clock).await?;
        print::put(&greeting(&serving, &file))?;
        shutdown.requested().await;
        Ok(Exit::Done)
    }
}

fn greeting(serving: &Serving, file: &Path) -> String {
    let mut greeting = String::new();
    for dialect in Dialect::ALL {
        greeting.push_str(&format!("{:8} {}\n", dialect.name(), bank::base(serving, dialect)));
    }
    let quoted = |path: &Path| format!("'{}'", text::of_path(path).replace('\'', "'\\''"));
    let call = format!(
        "cardtop --config {} --data {}",
        quoted(file),
        quoted(&file.with_extension("data"))
    );
    greeting.push_str(&format!(
        "\nconfiguration: {}\n\nTry, in another terminal:\n\n",
        text::of_path(file)
    ));
    for (command, what) in [
        ("", "the board"),
        (" cards", "every card with its balance"),
        (" transactions --filter status:declined", "declines of the last 30 days"),
        (" providers --json", "how the providers are"),
        (" ops", "what was changed"),
    ] {
        greeting.push_str(&format!("  {call}{command}    # {what}\n"));
    }
    greeting + "\nCtrl-C stops them.\nready\n"
}

/// A file that leads to real money is not replaced by one for the sandbox.
fn may_be_replaced(file: &Path) -> Result<(), Failure> {
    let refused = || {
        Failure::usage(format!(
            "{} exists and was not written by cardtop sandbox: it is left as it is",
            text::of_path(file)
        ))
    };
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unusable(file, &error)),
        Ok(text) if text.contains("http://127.0.0.1:") && !text.contains("\"production\"") => {
            Ok(())
        }
        Ok(_) => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_with_real_accounts_is_never_replaced() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("config.toml");
        assert!(may_be_replaced(&file).is_ok());
        fs::write(
            &file,
            "base_url = \"http://127.0.0.1:4000/api/v1\"\nenvironment = \"sandbox\"\n",
        )
        .expect("writing");
        assert!(may_be_replaced(&file).is_ok());
        for text in [
            "base_url = \"https://api.example.com\"",
            "a = \"http://127.0.0.1:1\"\nenvironment = \"production\"",
        ] {
            fs::write(&file, text).expect("writing");
            assert_eq!(may_be_replaced(&file).expect_err(text).exit, Exit::Usage);
        }
    }
}
