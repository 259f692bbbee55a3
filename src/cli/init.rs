//! `init`: a first configuration, with the accounts that were named, or asked for step by step on a
//! terminal. It opens no data file; only what was asked is read once at its provider.

mod answers;
mod example;
mod interview;
mod person;
mod secret_place;
mod trial;

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::{Run, print};
use crate::clock::Clock;
use crate::config::{self, Environment};
use crate::domain::text;
use crate::files::NewFile;
use crate::provider::kinds::KINDS;
use crate::provider::{Config, ProviderKind};
use interview::{Interview, Said};
use person::Person;

/// Write a commented configuration file to start from, step by step on a terminal
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal and without KIND it asks for each account: provider, name, environment, address, \
where each secret is (never the secret), roster, webhooks. Every answer is checked at once, and \
the account is read once at its provider. The file is written at the end, for your eyes only and \
never over another. Ctrl-C, Ctrl-D or two empty lines stop it: then nothing is written.")]
pub(crate) struct Init {
    /// The kinds of the providers that you have an account at: an account of each is written, to be
    /// filled in; on a terminal it asks where there is none
    #[arg(value_name = "KIND", value_parser = KindNames)]
    kinds: Vec<String>,
    /// Ask step by step for an account of each KIND, too
    #[arg(long)]
    ask: bool,
    /// Whether real money is behind the accounts; asked for each where it is not said
    #[arg(long, value_name = "WORD", value_enum, ignore_case = true)]
    environment: Option<Environment>,
}

impl Run for Init {
    fn prints_records(&self) -> bool {
        false
    }

    /// It may be waiting for an answer: then a signal ends the process at once.
    fn may_be_interrupted(&self) -> bool {
        false
    }

    /// For its owner only, and never over another file.
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let path = global.config.clone().or_else(config::default_path).ok_or_else(|| {
            Failure::usage(
                "this system has no folder for configurations: say where with --config FILE",
            )
        })?;
        let asks = self.asks()?;
        let kinds = match &*self.kinds {
            [] if asks => Vec::new(),
            names => known_kinds(names, global.kinds)?,
        };
        if path.symlink_metadata().is_ok() {
            return Err(exists(&path));
        }
        if asks {
            may_be_written(&path)?;
            let interview = Interview {
                person: Person::new(io::stdin().lock(), io::stdout()),
                file: &path,
                kinds: global.kinds,
                environment: self.environment,
                clock,
            };
            let said = interview.hold(kinds).await?;
            write_checked(&path, &said, global.kinds)?;
            return Ok(Exit::Done);
        }
        let mut accounts = Vec::new();
        for kind in kinds {
            let environment = match self.environment {
                Some(said) => Some(said),
                None => ask_the_person(kind.name)?,
            };
            accounts.push((kind, environment));
        }
        write_new(&path, &configuration(&accounts))?;
        print::put(&what_is_next(&path, &accounts))?;
        Ok(Exit::Done)
    }
}

impl Init {
    /// Whether it asks step by step.
    ///
    /// # Errors
    /// Usage, where it is to ask and there is no terminal.
    fn asks(&self) -> Result<bool, Failure> {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if self.ask && !terminal {
            return Err(Failure::usage("--ask needs a terminal to ask on; nothing was written"));
        }
        Ok(self.ask || self.kinds.is_empty() && terminal)
    }
}

/// Whether a file can be made there, as far as that is known before the first question.
///
/// # Errors
/// Usage, where its folder, or the nearest one that exists above it, is not writable.
fn may_be_written(path: &Path) -> Result<(), Failure> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(folder) = path.ancestors().skip(1).find(|folder| folder.exists()) else {
        return Ok(());
    };
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(folder, access).map_err(|error| {
        Failure::usage(format!(
            "{} cannot be written: its folder {}: {}",
            text::of_path(&path),
            text::of_path(folder),
            io::Error::from(error)
        ))
    })
}

/// Writes what was answered, once more checked as a whole, and says what is next.
fn write_checked(path: &Path, said: &Said, kinds: &[&'static ProviderKind]) -> Result<(), Failure> {
    Config::parse_with(&said.text, path, kinds).map_err(|error| {
        Failure::configuration(format!("the answers make no good file: {error}"))
    })?;
    write_new(path, &said.text)?;
    let (file, named) = (text::of_path(path), named(path));
    let webhooks = if said.has_webhooks {
        "Webhooks: docs/webhooks.md says which address to register at the provider.\n"
    } else {
        ""
    };
    Ok(print::put(&format!(
        "\n{file} is written, for your eyes only.\nNext: cardtop{named} providers\n{webhooks}"
    ))?)
}

/// An account to be written, and whether real money is behind it, where that was said.
type Account = (&'static ProviderKind, Option<Environment>);

/// The kinds of these names, each once.
///
/// # Errors
/// Usage: no name, one that is unknown, or one twice. Each lists the names.
fn known_kinds(
    names: &[String],
    kinds: &[&'static ProviderKind],
) -> Result<Vec<&'static ProviderKind>, Failure> {
    let known: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    let list = known.join(", ");
    if names.is_empty() {
        let first = known.first().unwrap_or(&"KIND");
        return Err(Failure::usage(format!(
            "say which providers you have an account at, such as: cardtop init {first}; known are \
             {list}; nothing was written"
        )));
    }
    let mut found: Vec<&'static ProviderKind> = Vec::new();
    for name in names {
        let Some(kind) = kinds.iter().find(|kind| kind.name.eq_ignore_ascii_case(name)) else {
            let meant = config::nearest(name, &known)
                .map(|near| format!("did you mean {near}? "))
                .unwrap_or_default();
            return Err(Failure::usage(format!(
                "{} is not a kind of provider: {meant}known are {list}; nothing was written",
                text::clean(name)
            )));
        };
        if found.iter().any(|known| known.name == kind.name) {
            return Err(Failure::usage(format!(
                "{name} is named twice: write the second account by hand, with a name of its own; \
                 nothing was written"
            )));
        }
        found.push(kind);
    }
    Ok(found)
}

/// Asks for the environment of an account on the terminal; `None` where there is no terminal.
///
/// # Errors
/// When the person gives no answer, or the terminal cannot be used.
fn ask_the_person(kind: &str) -> Result<Option<Environment>, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    let answer = ask(kind, &mut io::stdin().lock(), &mut io::stderr().lock())?;
    let unsaid =
        || Failure::usage(format!("the environment of {kind} was not said; nothing was written"));
    answer.ok_or_else(unsaid).map(Some)
}

/// Asks until the answer is understood; `None` when there are no more answers.
fn ask(
    kind: &str,
    from: &mut impl BufRead,
    to: &mut impl Write,
) -> io::Result<Option<Environment>> {
    loop {
        write!(to, "environment of {kind} (sandbox/production)? ")?;
        to.flush()?;
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            writeln!(to)?;
            return Ok(None);
        }
        if let Ok(environment) = Environment::from_str(line.trim(), true) {
            return Ok(Some(environment));
        }
        writeln!(
            to,
            "write one of the two words: sandbox for a test account, production where real money \
             is moved"
        )?;
    }
}

/// The whole file.
fn configuration(accounts: &[Account]) -> String {
    let mut text = example::head().to_owned();
    for (kind, environment) in accounts {
        text.push_str(&example::account(kind, *environment));
    }
    text.trim_end().to_owned() + "\n"
}

fn what_is_next(path: &Path, accounts: &[Account]) -> String {
    let open: Vec<&str> = accounts
        .iter()
        .filter(|(_, environment)| environment.is_none())
        .map(|(kind, _)| kind.name)
        .collect();
    let environment = if open.is_empty() {
        String::new()
    } else {
        format!(
            "\nThe environment of {} is not said: write production or sandbox into its line; until \
             then every\ncommand refuses the file.\n",
            open.join(", ")
        )
    };
    let file = text::of_path(path);
    let named = named(path);
    format!(
        "{file} is written, for your eyes only.\n{environment}\nNext: fill in the lines with \
         \"you\" (find them: grep '# you'), and say where the secrets are,\nnever the secrets \
         themselves. Then: cardtop{named} providers\n"
    )
}

/// How the next command names the file: one that was named is not the one that is read without a
/// name.
fn named(path: &Path) -> String {
    if config::default_path().as_deref() == Some(path) {
        return String::new();
    }
    format!(" --config {}", text::of_path(path))
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("{} exists: it is left as it is", text::of_path(path)))
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::usage(format!("{} cannot be written: {error}", text::of_path(path))),
    };
    let folder: Option<PathBuf> = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .map(Path::to_owned);
    if let Some(folder) = folder {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let mut file = NewFile::begin(path, false).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.finish().map(drop).map_err(failed)
}

/// Any text, since the caller of the command line may know more kinds; help and completions offer
/// the kinds of [`KINDS`].
#[derive(Clone)]
struct KindNames;

impl TypedValueParser for KindNames {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(KINDS.iter().map(|kind| PossibleValue::new(kind.name))))
    }
}

/// The words of `--environment`, which are those of the configuration.
impl ValueEnum for Environment {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}

#[cfg(test)]
mod tests;
