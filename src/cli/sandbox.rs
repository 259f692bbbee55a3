//! `sandbox`: the built-in providers alone, until Ctrl-C.

use std::fs;
use std::io;
use std::net::SocketAddr;
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
use crate::contract::FailureKind;
use crate::domain::text;
use crate::sandbox::{Dialect, Serving, WebhookOptions};

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
    /// Push what happens to URL/NAME, one NAME for each provider, as its document says: a program
    /// on this machine alone, such as http://127.0.0.1:8787
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, value_parser = receiver)]
    webhooks: Option<SocketAddr>,
    /// No signature where the document asks for none (artha): a secret at the end of the path
    #[arg(long, requires = "webhooks")]
    unsigned_webhooks: bool,
}

/// The address of a program on this machine, from `http://HOST:PORT`.
fn receiver(url: &str) -> Result<SocketAddr, String> {
    let place = url.strip_prefix("http://").map(|place| place.strip_suffix('/').unwrap_or(place));
    let local = place.map(|place| place.replacen("localhost:", "127.0.0.1:", 1));
    local
        .and_then(|place| place.parse::<SocketAddr>().ok())
        .filter(|addr| addr.ip().is_loopback() && addr.port() != 0)
        .ok_or_else(|| "it must be http on this machine, such as http://127.0.0.1:8787".to_owned())
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
        let webhooks = self.webhooks.map(|to| WebhookOptions {
            to: Some(to),
            signed: !self.unsigned_webhooks,
            ..WebhookOptions::default()
        });
        let (sandbox, serving) = bank::open(&self.bank, webhooks, self.port, &file, &clock).await?;
        let _sender = match self.webhooks {
            Some(to) => Some(sandbox.send_webhooks(to).map_err(|error| unsendable(&error))?),
            None => None,
        };
        print::put(&greeting(&serving, self.webhooks, &file))?;
        shutdown.requested().await;
        Ok(Exit::Done)
    }
}

fn unsendable(error: &io::Error) -> Failure {
    let message = format!("webhooks cannot be sent: {error}");
    Failure::new(Exit::Usage, FailureKind::System, message)
}

fn greeting(serving: &Serving, webhooks: Option<SocketAddr>, file: &Path) -> String {
    let mut greeting = String::new();
    for dialect in Dialect::ALL {
        greeting.push_str(&format!("{:8} {}\n", dialect.name(), bank::base(serving, dialect)));
    }
    if let Some(to) = webhooks {
        greeting.push_str(&format!("webhooks go to http://{to}/NAME, one NAME for each of them\n"));
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
    fn webhooks_go_to_a_program_on_this_machine_alone() {
        for (url, to) in [
            ("http://127.0.0.1:8787", "127.0.0.1:8787"),
            ("http://localhost:8787/", "127.0.0.1:8787"),
            ("http://[::1]:9", "[::1]:9"),
        ] {
            assert_eq!(receiver(url).expect(url).to_string(), to);
        }
        for url in [
            "https://127.0.0.1:8787",
            "127.0.0.1:8787",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://10.0.0.1:8787",
            "http://127.0.0.1:8787/hooks",
            "http://user@127.0.0.1:8787",
            "http://example.com:8787",
        ] {
            assert!(receiver(url).is_err(), "{url}");
        }
    }

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
