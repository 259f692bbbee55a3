//! The data file and its folder.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::{FileError, create, follow, is_foreign, quoted, this_user, unusable};
use crate::domain::text;

/// Makes the folder and the data file where they are missing, for their owner only, and refuses
/// those that others can write. A data file that is there is not opened: closing it again would end
/// the locks that SQLite has on it for this process.
///
/// # Errors
/// When one of them cannot be written or trusted.
pub fn private_data(folder: &Path, file: &Path) -> Result<(), FileError> {
    private_folder(folder)?;
    for beside in ["-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        follow(Path::new(&name))?;
    }
    let real = follow(file)?;
    let found = match fs::symlink_metadata(&real) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match create(&real) {
                // Another process was just making it, too.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                made => {
                    made.map(drop).map_err(|error| unusable(format!("cannot be written: {error}")))
                }
            };
        }
        Err(error) => return Err(error.into()),
    };
    if !found.is_file() {
        return Err(unusable("is not a file: choose another folder with --data"));
    }
    // What its owner made read-only stays so, even for somebody who could write it all the same.
    if found.mode() & 0o200 == 0 {
        return Err(unusable("cannot be written: it is read-only"));
    }
    if found.mode() & 0o077 != 0 {
        if real != file {
            let mode = found.mode() & 0o777;
            let words = format!(
                "is a link to a file of mode {mode:o}, which others can use: run `chmod 600 {}`",
                quoted(&real)
            );
            return Err(unusable(words));
        }
        fs::set_permissions(&real, fs::Permissions::from_mode(found.mode() & 0o700))?;
    }
    Ok(())
}

fn private_folder(folder: &Path) -> Result<(), FileError> {
    let shown = text::of_path(folder);
    let refused = |words: String| unusable(format!("is not used: its folder {shown} {words}"));
    let real = follow(folder).map_err(|why| refused(why.to_string()))?;
    let failed = |error: io::Error| {
        unusable(format!("cannot be written: its folder {shown} cannot be used: {error}"))
    };
    let found = match fs::metadata(&real) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&real).map_err(failed)?;
            return fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).map_err(failed);
        }
        Err(error) => return Err(failed(error)),
    };
    if !found.is_dir() {
        return Err(refused("is not a folder: choose another one with --data".to_owned()));
    }
    if is_foreign(found.uid()) {
        return Err(refused(format!(
            "belongs to another user (id {}): choose another one with --data",
            found.uid()
        )));
    }
    if found.mode() & 0o022 != 0 {
        let mode = found.mode() & 0o1777;
        // A folder that is meant for everybody, such as /tmp, stays so.
        let mend = if found.uid() == this_user() && mode & 0o1000 == 0 {
            format!("run `chmod go-w {}`, or choose another one with --data", quoted(&real))
        } else {
            "choose one of your own with --data".to_owned()
        };
        return Err(refused(format!("can be written by others (mode {mode:o}): {mend}")));
    }
    let empty = || real.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    if found.mode() & 0o077 != 0 && found.uid() == this_user() && real == folder && empty() {
        fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}
