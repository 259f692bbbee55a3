//! A file that is made for somebody else to read: it gets its name when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Special, create, special};

/// A new file for its owner only, which is written beside its place. Where it is dropped before
/// [`NewFile::finish`] nothing of it stays; where the process is killed, only what stands beside.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    beside: PathBuf,
    to: BufWriter<File>,
    replaces: bool,
    has_its_name: bool,
}

impl NewFile {
    /// Begins it. `replaces` says whether a file that has the name gives way in the end.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where the name is taken and may not be replaced, or is that
    /// of something else than a file; else why nothing can be written there.
    pub fn begin(path: &Path, replaces: bool) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) => refuse(&found, replaces)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(name);
        // Left by a process of the same number that was killed.
        fs::remove_file(&beside).ok();
        let to = BufWriter::with_capacity(1 << 16, create(&beside)?);
        Ok(Self { path: path.to_owned(), beside, to, replaces, has_its_name: false })
    }

    /// Puts it on the disk and gives it its name: all of it, or nothing.
    ///
    /// # Errors
    /// Why it cannot be written; [`io::ErrorKind::AlreadyExists`] where the name was taken
    /// meanwhile.
    pub fn finish(mut self) -> io::Result<u64> {
        self.to.flush()?;
        let file = self.to.get_ref();
        file.sync_all()?;
        let bytes = file.metadata()?.size();
        if self.replaces {
            fs::rename(&self.beside, &self.path)?;
        } else {
            name_once(&self.beside, &self.path)?;
        }
        self.has_its_name = true;
        match self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder)?.sync_all()?,
            None => File::open(".")?.sync_all()?,
        }
        Ok(bytes)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.has_its_name {
            fs::remove_file(&self.beside).ok();
        }
    }
}

fn refuse(found: &fs::Metadata, replaces: bool) -> io::Result<()> {
    let words = match special(found) {
        _ if found.is_symlink() => "is a symbolic link: name the file that it leads to",
        Some(Special::Folder) => "is a folder, not a file",
        Some(Special::Socket | Special::Device) => "is a device or socket, not a file",
        None if !found.is_file() => "is a pipe, not a file",
        None if replaces => return Ok(()),
        None => "exists",
    };
    Err(io::Error::new(io::ErrorKind::AlreadyExists, words))
}

/// Gives a file a name that no other file has. A second link is made, since a rename would replace
/// whatever got the name meanwhile.
fn name_once(beside: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(beside, path) {
        Ok(()) => fs::remove_file(beside),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(io::Error::new(error.kind(), "exists"))
        }
        // A file system without links: the moment between the look and the name is left.
        Err(_) if fs::symlink_metadata(path).is_err() => fs::rename(beside, path),
        Err(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "exists")),
    }
}
