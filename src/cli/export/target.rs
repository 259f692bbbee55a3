//! Where an export goes: a new file, or standard output.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::contract::FailureKind;
use crate::domain::text;
use crate::files::NewFile;

/// Where an export goes.
pub(super) enum Target {
    /// A file that gets its name when it is whole.
    File(PathBuf, NewFile),
    /// Standard output.
    Printed(BufWriter<io::Stdout>),
}

impl Target {
    /// # Errors
    /// Usage, where the file exists and may not be replaced; else why it cannot be written.
    pub(super) fn begin(out: Option<&Path>, replaces: bool) -> Result<Self, Failure> {
        let Some(path) = out else { return Ok(Self::Printed(BufWriter::new(io::stdout()))) };
        match NewFile::begin(path, replaces) {
            Ok(file) => Ok(Self::File(path.to_owned(), file)),
            Err(error) => Err(not_written(path, &error)),
        }
    }

    /// Puts a file on the disk and gives it its name: how many bytes it has.
    ///
    /// # Errors
    /// Why it cannot be written: then there is no such file, or the earlier one.
    pub(super) fn finish(self) -> io::Result<Option<u64>> {
        match self {
            Self::File(_, file) => file.finish().map(Some),
            Self::Printed(mut to) => print::forgiving(to.flush()).map(|()| None),
        }
    }

    /// The name of the file.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::File(path, _) => Some(text::of_path(path)),
            Self::Printed(_) => None,
        }
    }

    /// Whether somebody looks at standard error who does not see the rows themselves.
    pub(super) fn is_watched(&self) -> bool {
        let rows_are_seen = matches!(self, Self::Printed(_)) && io::stdout().is_terminal();
        !rows_are_seen && io::stderr().is_terminal()
    }

    /// Why it could not be written.
    pub(super) fn failed(&self, error: &io::Error) -> Failure {
        self.failing()(error)
    }

    /// The same for later, when it is gone.
    pub(super) fn failing(&self) -> impl Fn(&io::Error) -> Failure + use<> {
        let path = match self {
            Self::File(path, _) => Some(path.clone()),
            Self::Printed(_) => None,
        };
        move |error| match &path {
            Some(path) => not_written(path, error),
            None => Failure::from(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(_, file) => file.write(bytes),
            Self::Printed(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(_, file) => file.flush(),
            Self::Printed(to) => to.flush(),
        }
    }
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let name = text::of_path(path);
    if error.kind() == io::ErrorKind::AlreadyExists {
        let replace = match error.to_string().as_str() {
            "exists" => ": name another one, or add --force to replace it",
            _ => "",
        };
        let message = format!("{name} {error}{replace}; it is left as it is");
        return Failure::usage(message).now("nothing was written");
    }
    let message = format!("{name} cannot be written: {error}; no part of it is left");
    Failure::new(Exit::Refused, FailureKind::System, message).now("nothing was written")
}
