//! `init`: a first configuration. It opens no data file and talks to no provider.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use clap::Args;

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::{Run, print};
use crate::clock::Clock;
use crate::config;
use crate::domain::text;

/// The configuration that it writes: every key, with one account of each kind.
const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Write a commented configuration file to start from
#[derive(Debug, Args)]
pub(crate) struct Init {}

impl Run for Init {
    fn prints_records(&self) -> bool {
        false
    }

    /// For its owner only, and never over another file.
    async fn run(self, global: &Global, _clock: Clock) -> Outcome {
        let path = global.config.clone().or_else(config::default_path).ok_or_else(|| {
            Failure::usage(
                "this system has no folder for configurations: say where with --config FILE",
            )
        })?;
        write_example(&path)?;
        let shown = text::of_path(&path);
        print::put(&format!(
            "{shown} is written, for your eyes only.\n\nNext: remove the accounts that you do not \
             have, fill in the others, and say where their secrets are\n(never the secrets \
             themselves). Then: cardtop providers\n"
        ))?;
        Ok(Exit::Done)
    }
}

fn write_example(path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} exists: it is left as it is", text::of_path(path)))
        }
        _ => Failure::usage(format!("{} cannot be written: {error}", text::of_path(path))),
    };
    if let Some(folder) =
        path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(EXAMPLE.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_first_configuration_is_for_its_owner_only_and_never_overwrites() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("new").join("config.toml");
        write_example(&path).expect("a new file");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).expect("readable"), EXAMPLE);
        fs::write(&path, "mine").expect("writing");
        let failure = write_example(&path).expect_err("it exists");
        assert_eq!(
            (failure.exit, fs::read_to_string(&path).expect("readable")),
            (Exit::Usage, "mine".to_owned())
        );
    }
}
