//! Folders that hold what a demonstration or the sandbox writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::domain::text;

/// A folder that is empty at the start, and only its owner may look into.
pub(crate) struct Scratch {
    pub(crate) path: PathBuf,
    remove: bool,
}

impl Scratch {
    /// A new folder among the system's temporary files, removed at the end.
    pub(crate) fn fresh(name: &str) -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        for number in 0..1_000 {
            let path = parent.join(format!("{name}-{}-{number}", std::process::id()));
            match create_private(&path) {
                Ok(()) => return Ok(Self { path, remove: true }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(&path, &error)),
            }
        }
        Err(Failure::usage(format!("{} is full of old folders of cardtop", text::of_path(&parent))))
    }

    /// A folder that stays at the end; what an earlier demonstration left there is removed at the
    /// start, and nothing else.
    pub(crate) fn kept(path: &Path) -> Result<Self, Failure> {
        const MARK: &str = ".cardtop-demo";
        let failed = |error: io::Error| unusable(path, &error);
        if path.exists() {
            let empty = fs::read_dir(path).map_err(failed)?.next().is_none();
            if !empty && !path.join(MARK).exists() {
                return Err(Failure::usage(format!(
                    "{} was not made by cardtop demo: it is left as it is",
                    text::of_path(path)
                )));
            }
            fs::remove_dir_all(path).map_err(failed)?;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        create_private(path).map_err(failed)?;
        fs::write(
            path.join(MARK),
            "Made by cardtop demo, which empties this folder at its start.\n",
        )
        .map_err(failed)?;
        Ok(Self { path: path.to_owned(), remove: false })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.remove {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

/// A path that cannot be read or written.
pub(crate) fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{} cannot be used: {error}", text::of_path(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_demonstration_leaves_nothing_behind_and_nobody_else_looks_in() {
        let scratch = Scratch::fresh("cardtop-test").expect("a folder");
        let path = scratch.path.clone();
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o700);
        fs::write(path.join("data"), "x").expect("writing");
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn only_a_folder_of_an_earlier_demonstration_is_emptied() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("demo");
        let first = Scratch::kept(&path).expect("a new one");
        fs::write(path.join("old"), "x").expect("writing");
        drop(first);
        Scratch::kept(&path).expect("its own");
        assert!(path.exists() && !path.join("old").exists());
        let other = home.path().join("photos");
        fs::create_dir(&other).expect("a folder");
        fs::write(other.join("one"), "x").expect("writing");
        assert_eq!(Scratch::kept(&other).map(|_| ()).expect_err("not ours").exit, Exit::Usage);
        assert!(other.join("one").exists());
    }
}
