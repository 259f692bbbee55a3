//! Whose files are used: owner, mode and links are checked before a file is trusted, and new files
//! are for their owner only.
//!
//! A symbolic link is followed only when the link and what it leads to belong to this user or to
//! root, and the mode of what a link leads to is never changed. Sentences here stand behind the
//! name of a file and say what mends it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

use crate::domain::text;

/// Most links that are followed one after the other, as in Linux.
const MOST_LINKS: usize = 40;

/// How long a pipe may take until its writer has written all: `--config <(program)`.
const PIPE_PATIENCE: Duration = Duration::from_secs(5);

/// How often a pipe is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(10);

/// Why a file is not used, in words behind its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such file.
    #[error("does not exist")]
    Missing,
    /// What is wrong, and what mends it.
    #[error("{0}")]
    Because(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Because(format!("cannot be used: {error}")),
        }
    }
}

fn because(words: impl Into<String>) -> Refused {
    Refused::Because(words.into())
}

/// Reads a configuration. It may name programs to run and addresses to send credentials to, so only
/// one that nobody but this user or root can have written is read. Its folder is not looked at: who
/// can only exchange the file makes it theirs, and that is refused.
///
/// # Errors
/// When it cannot be read or trusted, or is longer than `longest` bytes.
pub fn read_configuration(path: &Path, longest: u64) -> Result<Vec<u8>, Refused> {
    read(path, longest, |found| {
        let name = quoted(path);
        if is_foreign(found.uid()) {
            return Err(because(format!(
                "belongs to another user (id {}) and may name programs to run: make it yours, \
                 `sudo chown $(id -u) {name}`",
                found.uid()
            )));
        }
        if found.mode() & 0o022 != 0 {
            return Err(because(format!(
                "can be written by others (mode {:o}) and may name programs to run: run `chmod \
                 go-w {name}`",
                found.mode() & 0o777
            )));
        }
        Ok(())
    })
}

/// Reads a roster. It says which card is whose, so one that everybody can write is refused; a group
/// may share it.
///
/// # Errors
/// When it cannot be read or trusted, or is longer than `longest` bytes.
pub fn read_roster(path: &Path, longest: u64) -> Result<Vec<u8>, Refused> {
    read(path, longest, |found| {
        if found.mode() & 0o002 != 0 {
            let mode = found.mode() & 0o777;
            let words = format!(
                "can be written by everybody (mode {mode:o}): run `chmod o-w {}`",
                quoted(path)
            );
            return Err(because(words));
        }
        Ok(())
    })
}

/// Opens a log to append to, making it where it is missing, for its owner only. Pipes and devices
/// may be logs, too.
///
/// # Errors
/// When it cannot be written, or belongs to another user.
pub fn open_log(path: &Path) -> Result<File, Refused> {
    let real = follow(path)?;
    // Without waiting for a reader, where it is a pipe.
    let file = match OpenOptions::new()
        .append(true)
        .custom_flags(flags(OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(&real)
    {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&real)?,
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(because(
                "is a pipe that nobody reads: start its reader first, or name a file",
            ));
        }
        opened => opened.map_err(|error| because(format!("cannot be written: {error}")))?,
    };
    let found = file.metadata()?;
    if found.is_file() && is_foreign(found.uid()) {
        return Err(because(format!(
            "belongs to another user (id {}): choose another file",
            found.uid()
        )));
    }
    if found.is_file() && real == path && found.mode() & 0o077 != 0 && found.uid() == this_user() {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Makes the folder and the data file where they are missing, for their owner only, and refuses
/// those that others can write. A data file that is there is not opened: closing it again would end
/// the locks that SQLite has on it for this process.
///
/// # Errors
/// When one of them cannot be written or trusted.
pub fn private_data(folder: &Path, file: &Path) -> Result<(), Refused> {
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
                    made.map(drop).map_err(|error| because(format!("cannot be written: {error}")))
                }
            };
        }
        Err(error) => return Err(error.into()),
    };
    if !found.is_file() {
        return Err(because("is not a file: choose another folder with --data"));
    }
    // What its owner made read-only stays so, even for somebody who could write it all the same.
    if found.mode() & 0o200 == 0 {
        return Err(because("cannot be written: it is read-only"));
    }
    if found.mode() & 0o077 != 0 {
        if real != file {
            let mode = found.mode() & 0o777;
            let words = format!(
                "is a link to a file of mode {mode:o}, which others can use: run `chmod 600 {}`",
                quoted(&real)
            );
            return Err(because(words));
        }
        fs::set_permissions(&real, fs::Permissions::from_mode(found.mode() & 0o700))?;
    }
    Ok(())
}

/// Checks that a symbolic link, and what it leads to, belong to this user or root. What is no link
/// passes, and so does what does not exist. Gives the path behind the links.
///
/// # Errors
/// The link of another user, or the file of another user that it leads to.
pub fn follow(path: &Path) -> Result<PathBuf, Refused> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(found) = fs::symlink_metadata(&at) else { return Ok(at) };
        if !found.is_symlink() {
            if at != path && is_foreign(found.uid()) {
                let (shown, owner) = (text::of_path(&at), found.uid());
                return Err(because(format!(
                    "is a link to {shown}, which belongs to another user (id {owner}): name \
                     another file"
                )));
            }
            return Ok(at);
        }
        if is_foreign(found.uid()) {
            let words = format!(
                "is a link that belongs to another user (id {}): name what it leads to, or \
                 another file",
                found.uid()
            );
            return Err(because(words));
        }
        let target = fs::read_link(&at)?;
        let next = at.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
        // What /proc/self/fd leads to need not have a path.
        if fs::symlink_metadata(&next).is_err()
            && fs::metadata(&at).is_ok_and(|found| !is_foreign(found.uid()))
        {
            return Ok(at);
        }
        at = next;
    }
    Err(because("leads through too many links"))
}

fn private_folder(folder: &Path) -> Result<(), Refused> {
    let shown = text::of_path(folder);
    let refused = |words: String| because(format!("is not used: its folder {shown} {words}"));
    let real = follow(folder).map_err(|why| refused(why.to_string()))?;
    let failed = |error: io::Error| {
        because(format!("cannot be written: its folder {shown} cannot be used: {error}"))
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

/// A new file that only its owner may use, whatever the umask.
fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Reads a file or a pipe whose owner and mode pass the check.
fn read(
    path: &Path,
    longest: u64,
    check: impl FnOnce(&Metadata) -> Result<(), Refused>,
) -> Result<Vec<u8>, Refused> {
    let real = follow(path)?;
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Refused::Missing,
        _ => because(format!("cannot be read: {error}")),
    };
    // Devices are refused before they are opened: that alone may have an effect, or wait.
    refuse_special(&fs::metadata(&real).map_err(unreadable)?)?;
    let flags = flags(OFlags::NONBLOCK | OFlags::NOCTTY);
    let mut file =
        OpenOptions::new().read(true).custom_flags(flags).open(&real).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    refuse_special(&found)?;
    check(&found)?;
    let mut bytes = Vec::new();
    if found.file_type().is_fifo() {
        let mut pipe =
            Pipe { file, looks: PIPE_PATIENCE.as_millis() / LOOK.as_millis(), begun: false };
        let whole = Read::by_ref(&mut pipe).take(longest + 1).read_to_end(&mut bytes);
        whole.map_err(unreadable)?;
        if pipe.looks == 0 {
            let limit = PIPE_PATIENCE.as_secs();
            return Err(because(format!(
                "is a pipe, and nobody finished writing into it within {limit} s"
            )));
        }
    } else {
        Read::by_ref(&mut file).take(longest + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > longest) {
        return Err(because(format!(
            "is longer than {} MiB: is it the right file?",
            longest >> 20
        )));
    }
    Ok(bytes)
}

fn refuse_special(found: &Metadata) -> Result<(), Refused> {
    let kind = found.file_type();
    match (kind.is_file() || kind.is_fifo(), kind.is_dir()) {
        (true, _) => Ok(()),
        (false, true) => Err(because("is a folder, not a file")),
        (false, false) => Err(because("is a device or socket, not a file")),
    }
}

/// A pipe that does not block, read until its last writer closes it or the patience is over.
struct Pipe {
    file: File,
    /// Looks that are left. Counted, because a test may have stopped the clock.
    looks: u128,
    /// Something was written: from now on the end is the end, before it only means that nobody
    /// writes yet.
    begun: bool,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.looks > 0 {
            match self.file.read(buffer) {
                Ok(0) if self.begun || buffer.is_empty() => return Ok(0),
                Ok(0) => {}
                Ok(count) => {
                    self.begun = true;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.looks -= 1;
            std::thread::park_timeout(LOOK);
        }
        Ok(0)
    }
}

fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or(0)
}

fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether an owner is neither this user nor root.
fn is_foreign(owner: u32) -> bool {
    is_foreign_to(this_user(), owner)
}

const fn is_foreign_to(user: u32, owner: u32) -> bool {
    owner != user && owner != 0
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let shown = text::of_path(path);
    let plain = shown.chars().all(|c| {
        c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@' | '%')
    });
    if plain { shown } else { format!("'{}'", shown.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{chown, lchown, symlink};

    const LONGEST: u64 = 1 << 20;
    const OTHER: u32 = 65_534;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "text").expect("writing");
        set_mode(&path, mode);
        path
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the mode");
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o777
    }

    /// Only root can give a file away; without root, the owner's rule is tested by itself.
    fn is_root() -> bool {
        this_user() == 0
    }

    #[test]
    fn a_configuration_that_others_can_write_is_refused_with_the_command_that_mends_it() {
        let folder = folder();
        for (wrong, name) in
            [(0o666, "a.toml"), (0o622, "b.toml"), (0o660, "c.toml"), (0o602, "with blank.toml")]
        {
            let path = file(folder.path(), name, wrong);
            let words =
                read_configuration(&path, LONGEST).expect_err("others can write it").to_string();
            assert!(
                words.contains(&format!("mode {wrong:o}")) && words.contains("`chmod go-w "),
                "{words}"
            );
            assert!(words.contains(&quoted(&path)), "{words}");
            set_mode(&path, wrong & !0o022);
            assert_eq!(read_configuration(&path, LONGEST), Ok(b"text".to_vec()));
        }
    }

    #[test]
    fn what_belongs_to_another_user_but_root_is_not_trusted() {
        assert!(is_foreign_to(1_000, 1_001) && is_foreign_to(0, 1_000));
        assert!(!is_foreign_to(1_000, 1_000) && !is_foreign_to(1_000, 0));
        if !is_root() {
            return;
        }
        let folder = folder();
        let path = file(folder.path(), "theirs", 0o600);
        chown(&path, Some(OTHER), None).expect("to another user");
        let words = read_configuration(&path, LONGEST).expect_err("theirs").to_string();
        assert!(words.contains("another user (id 65534)") && words.contains("chown"), "{words}");
        assert!(open_log(&path).expect_err("theirs").to_string().contains("another user"));
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder");
        chown(&data, Some(OTHER), None).expect("to another user");
        assert!(
            private_data(&data, &data.join("db"))
                .expect_err("theirs")
                .to_string()
                .contains("another user")
        );
    }

    #[test]
    fn a_link_is_followed_only_when_it_and_its_target_are_ours_or_roots() {
        let folder = folder();
        let target = file(folder.path(), "target", 0o600);
        let (link, chain) = (folder.path().join("link"), folder.path().join("chain"));
        symlink(&target, &link).expect("a link");
        symlink("link", &chain).expect("a link to it");
        for path in [&link, &chain] {
            assert_eq!(read_configuration(path, LONGEST), Ok(b"text".to_vec()));
            assert_eq!(follow(path), Ok(target.clone()));
        }
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        symlink(&other, &one).expect("a circle");
        symlink(&one, &other).expect("a circle");
        assert!(follow(&one).expect_err("a circle").to_string().contains("too many links"));
        if !is_root() {
            return;
        }
        lchown(&link, Some(OTHER), None).expect("to another user");
        for path in [&link, &chain] {
            for words in [
                read_configuration(path, LONGEST).expect_err("their link").to_string(),
                read_roster(path, LONGEST).expect_err("their link").to_string(),
                open_log(path).expect_err("their link").to_string(),
                private_data(folder.path(), path).expect_err("their link").to_string(),
            ] {
                assert!(
                    words.contains("is a link that belongs to another user (id 65534)"),
                    "{words}"
                );
            }
        }
        lchown(&link, Some(0), None).expect("back");
        chown(&target, Some(OTHER), None).expect("to another user");
        assert!(
            read_roster(&chain, LONGEST)
                .expect_err("their file")
                .to_string()
                .contains("is a link to")
        );
    }

    #[test]
    fn no_mode_of_what_a_link_leads_to_is_changed() {
        let folder = folder();
        set_mode(folder.path(), 0o755);
        let target = file(folder.path(), "target", 0o644);
        let link = folder.path().join("link");
        symlink(&target, &link).expect("a link");
        open_log(&link).expect("our own file");
        let words = private_data(folder.path(), &link).expect_err("others can read it").to_string();
        assert!(words.contains("run `chmod 600 "), "{words}");
        assert_eq!(mode(&target), 0o644);
        let (shared, to_shared) = (folder.path().join("shared"), folder.path().join("to-shared"));
        fs::create_dir(&shared).expect("a folder");
        set_mode(&shared, 0o755);
        symlink(&shared, &to_shared).expect("a link");
        private_data(&to_shared, &to_shared.join("db")).expect("our own folder");
        assert_eq!((mode(&shared), mode(&shared.join("db"))), (0o755, 0o600));
    }

    #[test]
    fn a_data_folder_that_others_can_write_is_refused_with_the_command_that_mends_it() {
        let folder = folder();
        for wrong in [0o777, 0o1777, 0o770, 0o702] {
            let data = folder.path().join(format!("data-{wrong:o}"));
            fs::create_dir(&data).expect("a folder");
            set_mode(&data, wrong);
            let words =
                private_data(&data, &data.join("db")).expect_err("others can write it").to_string();
            let shared = wrong & 0o1000 != 0;
            assert_eq!(
                words.contains(&format!("`chmod go-w {}`", data.display())),
                !shared,
                "{words}"
            );
            assert!(!shared || words.contains("choose one of your own"), "{words}");
            assert!(!data.join("db").exists() && mode(&data) == wrong & 0o777, "nothing was done");
            set_mode(&data, 0o700);
            private_data(&data, &data.join("db")).expect("mended");
        }
    }

    #[test]
    fn new_files_are_for_their_owner_only_and_old_logs_become_so() {
        let folder = folder();
        let data = folder.path().join("new").join("data");
        private_data(&data, &data.join("db")).expect("new");
        assert_eq!((mode(&data), mode(&data.join("db"))), (0o700, 0o600));
        let log = folder.path().join("log");
        open_log(&log).expect("new");
        assert_eq!(mode(&log), 0o600);
        set_mode(&log, 0o664);
        open_log(&log).expect("old");
        assert_eq!(mode(&log), 0o600);
        let (dangling, target) = (folder.path().join("dangling"), folder.path().join("not-yet"));
        symlink(&target, &dangling).expect("a link");
        open_log(&dangling).expect("made where the link leads");
        assert_eq!(mode(&target), 0o600);
    }

    #[test]
    fn what_is_no_file_or_has_no_end_is_said() {
        let folder = folder();
        for (path, words) in [
            (folder.path(), "is a folder"),
            (Path::new("/dev/zero"), "is a device"),
            (Path::new("/dev/null"), "is a device"),
        ] {
            assert!(
                read_configuration(path, LONGEST).expect_err(words).to_string().contains(words)
            );
        }
        let long = file(folder.path(), "long", 0o600);
        fs::write(&long, vec![b'#'; (2 << 20) + 1]).expect("writing");
        assert!(
            read_roster(&long, 2 << 20)
                .expect_err("too long")
                .to_string()
                .contains("longer than 2 MiB")
        );
        assert_eq!(read_roster(&folder.path().join("none"), LONGEST), Err(Refused::Missing));
        open_log(Path::new("/dev/null")).expect("a device may be a log");
        let everybodys = file(folder.path(), "everybodys", 0o666);
        assert!(
            read_roster(&everybodys, LONGEST)
                .expect_err("everybody")
                .to_string()
                .contains("`chmod o-w ")
        );
    }
}
