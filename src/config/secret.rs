//! Where a secret comes from, and reading it. Secrets are never written in the configuration, and
//! no sentence here holds one.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroize;

use crate::domain::text;
use crate::files;

/// How long a program may take to print a secret: it may ask the operator for a finger or a
/// password.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a named pipe may take to give a secret.
const PIPE_PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether a program that closed its output has ended, and how long that may
/// take.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 300;

/// Runs the program that gives a secret in a process group that ends with cardtop, however that
/// ends: a reader of standard input, which cardtop holds open, kills the group when it is closed.
#[cfg(unix)]
const LEASH: &str = "exec 3<&0 </dev/null; { read -r _ <&3; kill -KILL 0; } >/dev/null & \
                     leash=$!; \"$@\" 3<&-; status=$?; kill -KILL $leash; exit $status";

/// Most bytes of a secret.
const LONGEST: u64 = 64 << 10;

/// Where a secret comes from.
#[derive(Clone)]
pub enum Source {
    /// An environment variable.
    Env(String),
    /// A file that only its owner may read; absolute.
    File(PathBuf),
    /// What a program prints.
    Command(Vec<String>),
    /// The platform's keyring, `service/account`.
    Keyring(String),
    /// Given by the program itself (tests); it has no spelling in the file.
    Given(SecretString),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {}", text::of_path(path)),
            Self::Command(words) => {
                write!(f, "command {}", text::one_line(words.first().map_or("", String::as_str)))
            }
            Self::Keyring(entry) => write!(f, "keyring {}", text::one_line(entry)),
            Self::Given(_) => f.write_str("given"),
        }
    }
}

/// Why a secret could not be had; the sentence names the source, never the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

impl Source {
    /// Reads the secret now. May run a program or read a file, and then blocks this thread, for 30
    /// s at most.
    ///
    /// # Errors
    /// A sentence that names the source and what to do.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        // Its paths and words stand in the configuration, and may be anything.
        self.fetch().map_err(|SecretError(words)| SecretError(text::one_line(&words)))
    }

    fn fetch(&self) -> Result<SecretString, SecretError> {
        let mut secret = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::Env(name) => from_environment(name)?,
            Self::File(path) => {
                files::follow(path).map_err(|refused| {
                    SecretError(format!("the secret file {} {refused}", text::of_path(path)))
                })?;
                from_file(path)?
            }
            Self::Command(words) => from_program(words, PATIENCE)?,
            Self::Keyring(entry) => from_keyring(entry)?,
        };
        // Some editors write a byte order mark.
        if secret.starts_with('\u{feff}') {
            secret.remove(0);
        }
        if secret.is_empty() {
            return Err(SecretError(format!("the secret of {self:?} is empty")));
        }
        Ok(SecretString::from(secret))
    }

    /// What is waited for while it is read, and for how long at most; `None` where nothing is
    /// waited for.
    #[must_use]
    pub fn wait(&self) -> Option<String> {
        let at_most = |limit: Duration| Some(format!("{self:?}, at most {} s", limit.as_secs()));
        match self {
            Self::Given(_) | Self::Env(_) => None,
            Self::File(path) if is_pipe(path) => at_most(PIPE_PATIENCE),
            Self::File(_) => None,
            Self::Command(_) | Self::Keyring(_) => at_most(PATIENCE),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a secret may come from the environment, and this is where"
)]
fn from_environment(name: &str) -> Result<String, SecretError> {
    std::env::var(name).map_err(|_| {
        SecretError(format!(
            "the environment variable {name} is not set: set it before starting cardtop"
        ))
    })
}

/// A regular file or a named pipe. Anything else is refused before it is opened: a terminal or
/// another device could hold us up, or never end.
fn from_file(path: &Path) -> Result<String, SecretError> {
    let wrong = |words: &str| SecretError(format!("the secret file {} {words}", path.display()));
    let unreadable = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    let refuse_special = |metadata: &std::fs::Metadata| match special(metadata) {
        Some(kind) => {
            Err(wrong(&format!("is {kind}: a secret is read from a file or a named pipe")))
        }
        None => Ok(()),
    };
    refuse_special(&std::fs::metadata(path).map_err(unreadable)?)?;
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Opening a pipe would else wait for somebody who writes into it.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    let mut file = options.open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    refuse_special(&metadata)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong(&format!(
                "can be read by others (mode {:o}): run `chmod 600` on it",
                mode & 0o777
            )));
        }
        if metadata.file_type().is_fifo() {
            let mut pipe = Patient { pipe: file, rounds: rounds(PIPE_PATIENCE), begun: false };
            let said = limited(&mut pipe);
            if pipe.rounds == 0 {
                forget(said);
                let limit = PIPE_PATIENCE.as_secs();
                return Err(wrong(&format!(
                    "is a named pipe, and nobody finished writing into it within {limit} s"
                )));
            }
            return said
                .ok_or_else(|| wrong("is not a secret: it is not text, or longer than 64 KiB"));
        }
    }
    limited(&mut file)
        .ok_or_else(|| wrong("is not a secret: it is not text, or longer than 64 KiB"))
}

/// What a file is, in words, if it is neither a regular file nor a named pipe.
fn special(metadata: &std::fs::Metadata) -> Option<&'static str> {
    if metadata.is_dir() {
        return Some("a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    None
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> bool {
    false
}

/// How often a thread looks within this time. Counted, because a paused clock of a test would never
/// reach a deadline.
#[cfg(unix)]
fn rounds(patience: Duration) -> u128 {
    patience.as_millis() / LOOK.as_millis()
}

/// A pipe that does not block, read until its last writer closes it or the patience is over.
#[cfg(unix)]
struct Patient {
    pipe: std::fs::File,
    /// Looks that are left.
    rounds: u128,
    /// Something was written: from now on the end is the end, before it only means that nobody
    /// writes yet.
    begun: bool,
}

#[cfg(unix)]
impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.rounds > 0 {
            match self.pipe.read(buffer) {
                Ok(0) if self.begun || buffer.is_empty() => return Ok(0),
                Ok(0) => {}
                Ok(count) => {
                    self.begun = true;
                    return Ok(count);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.rounds -= 1;
            std::thread::park_timeout(LOOK);
        }
        Ok(0)
    }
}

/// Text of at most 64 KiB, without the one line break at its end.
fn limited(from: &mut dyn Read) -> Option<String> {
    // Large enough at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(LONGEST).unwrap_or(0) + 1);
    from.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
    if u64::try_from(bytes.len()).ok()? > LONGEST {
        bytes.zeroize();
        return None;
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|error| {
            let mut bytes = error.into_bytes();
            bytes.zeroize();
        })
        .ok()?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Some(text)
}

/// Runs a program without input and takes what it prints. Its words are not read by a shell. It is
/// killed with everything that it started when it takes too long, and when cardtop ends meanwhile.
fn from_program(words: &[String], patience: Duration) -> Result<String, SecretError> {
    let Some((program, rest)) = words.split_first() else {
        return Err(SecretError("the secret's command has no words".to_owned()));
    };
    let wrong = |said: &str| SecretError(format!("the secret's command `{program}` {said}"));
    let mut child = leashed(program, rest)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| wrong(&format!("cannot be run: {error}")))?;
    let _leash = child.stdin.take();
    let said = printed(&mut child, patience);
    let Some(status) = ended(&mut child, said.is_some()) else {
        end(&mut child);
        forget(said.flatten());
        return Err(wrong(&format!(
            "took longer than {} s and was ended: run it by hand to see why",
            patience.as_secs()
        )));
    };
    if cfg!(unix) && matches!(status.code(), Some(126 | 127)) {
        forget(said.flatten());
        return Err(wrong("cannot be run: there is no such program, or it may not be executed"));
    }
    if !status.success() {
        forget(said.flatten());
        return Err(wrong(&format!("failed ({status}): run it by hand to see why")));
    }
    said.flatten().ok_or_else(|| {
        wrong("printed something that is not a secret: it is not text, or longer than 64 KiB")
    })
}

#[cfg(unix)]
fn leashed(program: &str, words: &[String]) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("sh");
    command
        .args(["-c", LEASH, "cardtop-secret", program])
        .args(words)
        .stdin(Stdio::piped())
        .process_group(0);
    command
}

#[cfg(not(unix))]
fn leashed(program: &str, words: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    command
}

/// Ends a program and, where there are process groups, all that it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        // Nobody has asked after the child yet, so its number is still its own.
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(child),
            rustix::process::Signal::KILL,
        );
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn forget(secret: Option<String>) {
    if let Some(mut secret) = secret {
        secret.zeroize();
    }
}

/// What a program prints until it closes its output; `None` when that takes too long, `Some(None)`
/// when it is no secret.
///
/// The reader is a thread that can be left behind: a program that the program started may hold the
/// output open for ever.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody can wait for this thread: it ends when the last holder of the output does"
)]
fn printed(child: &mut Child, patience: Duration) -> Option<Option<String>> {
    let mut output = child.stdout.take()?;
    let (here, there) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        if let Err(mpsc::SendError(secret)) = here.send(limited(&mut output)) {
            forget(secret);
        }
    });
    there.recv_timeout(patience).ok()
}

/// How a program ended; `None` when it has not. One that closed its output gets a moment to do so.
fn ended(child: &mut Child, closed: bool) -> Option<ExitStatus> {
    for _ in 0..if closed { LOOKS } else { 1 } {
        if let Ok(Some(status)) = child.try_wait() {
            return closed.then_some(status);
        }
        if closed {
            std::thread::park_timeout(LOOK);
        }
    }
    None
}

/// Asks the platform's own tool, so that no keyring library is linked.
fn from_keyring(entry: &str) -> Result<String, SecretError> {
    let Some((service, account)) = entry.split_once('/') else {
        return Err(SecretError(format!("keyring \"{entry}\" is not \"service/account\"")));
    };
    let words: Vec<&str> = if cfg!(target_os = "macos") {
        vec!["security", "find-generic-password", "-s", service, "-a", account, "-w"]
    } else if cfg!(windows) {
        return Err(SecretError(
            "on Windows the keyring is not read yet: use { command = […] } instead".to_owned(),
        ));
    } else {
        vec!["secret-tool", "lookup", "service", service, "account", account]
    };
    from_program(&words.into_iter().map(str::to_owned).collect::<Vec<_>>(), PATIENCE).map_err(
        |SecretError(words)| {
            SecretError(format!("the keyring entry {entry} cannot be had: {words}"))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(source: &Source) -> Result<String, String> {
        source
            .read()
            .map(|secret| secret.expose_secret().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").expect("writing");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("mode");
        let error = read(&Source::File(path.clone())).expect_err("others can read it");
        assert!(error.contains("chmod 600") && !error.contains("s3cret"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
        assert_eq!(read(&Source::File(path)), Ok("s3cret".into()));
        assert!(
            read(&Source::File(folder.path().join("none")))
                .expect_err("no file")
                .contains("cannot be read")
        );
    }

    #[test]
    fn a_program_prints_a_secret_or_says_why_not() {
        let command =
            |words: &[&str]| Source::Command(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(read(&command(&["printf", "s3cret\\n"])), Ok("s3cret".into()));
        assert!(read(&command(&["false"])).expect_err("it fails").contains("`false` failed"));
        assert!(read(&command(&["/no/such/program"])).expect_err("none").contains("cannot be run"));
        assert!(read(&command(&["true"])).expect_err("nothing printed").contains("is empty"));
        assert!(
            read(&Source::Env("CARDTOP_TEST_NOT_SET".into()))
                .expect_err("not set")
                .contains("CARDTOP_TEST_NOT_SET")
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_given_up_even_when_its_children_hold_the_output() {
        let sh = |script: &str| ["sh", "-c", script].map(str::to_owned);
        let soon = Duration::from_millis(50);
        for script in ["echo s3cret; exec sleep 20", "sleep 20 & echo s3cret"] {
            let SecretError(words) = from_program(&sh(script), soon).expect_err("it does not end");
            assert!(words.contains("took longer than") && !words.contains("s3cret"), "{words}");
        }
        let SecretError(words) =
            from_program(&sh("echo s3cret; exit 3"), PATIENCE).expect_err("it fails");
        assert!(words.contains("failed (exit status: 3)") && !words.contains("s3cret"), "{words}");
        assert!(
            from_program(&sh("yes"), PATIENCE).expect_err("without end").0.contains("command `sh`")
        );
    }

    /// A named pipe for its owner only.
    fn pipe(folder: &Path) -> PathBuf {
        let path = folder.join("pipe");
        let made = Command::new("mkfifo").arg("-m").arg("600").arg(&path).status().expect("mkfifo");
        assert!(made.success());
        path
    }

    #[test]
    fn a_named_pipe_that_nobody_writes_into_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Source::File(pipe(folder.path()));
        assert!(
            source.wait().is_some_and(|words| words.ends_with("pipe, at most 5 s")),
            "{:?}",
            source.wait()
        );
        let error = read(&source).expect_err("nobody writes");
        assert!(error.contains("named pipe") && error.contains("within 5 s"), "{error}");
    }

    #[test]
    fn a_named_pipe_gives_what_is_written_into_it_in_pieces() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = pipe(folder.path());
        let mut writer = Command::new("sh")
            .args(["-c", "{ printf s3; sleep 0.1; echo cret; } > \"$0\""])
            .arg(&path)
            .spawn()
            .expect("a writer");
        assert_eq!(read(&Source::File(path)), Ok("s3cret".into()));
        assert!(writer.wait().expect("the writer").success());
    }

    #[test]
    fn directories_devices_and_sockets_are_no_secrets() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        for (path, kind) in [
            (folder.path(), "a directory"),
            (Path::new("/dev/zero"), "a device"),
            (&socket, "a socket"),
        ] {
            let error = read(&Source::File(path.to_owned())).expect_err(kind);
            assert!(error.contains(kind) && error.contains("named pipe"), "{error}");
        }
    }

    /// Whether a process whose command line has this word still runs.
    #[cfg(target_os = "linux")]
    fn runs(word: &str) -> bool {
        let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
        let is_it = |path: PathBuf| {
            let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).any(|part| part == word.as_bytes())
        };
        entries.map(|entry| entry.path()).any(is_it)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_command_at_its_limit_ends_with_all_that_it_started() {
        let script = "sleep 4711.25 & sleep 4711.25".to_owned();
        let words = ["sh".to_owned(), "-c".to_owned(), script];
        let SecretError(said) =
            from_program(&words, Duration::from_millis(200)).expect_err("it does not end");
        assert!(said.contains("took longer than"), "{said}");
        // Killed is not yet gone for those that somebody else has to ask after.
        for _ in 0..LOOKS {
            if !runs("4711.25") {
                return;
            }
            std::thread::park_timeout(LOOK);
        }
        panic!("a process was left behind");
    }

    #[test]
    fn a_key_in_a_file_is_kept_whole_but_for_one_line_break() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key.pem");
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIB\nAQAB\n-----END PRIVATE KEY-----";
        for (written, kept) in [
            (format!("{pem}\n"), pem.to_owned()),
            (format!("{pem}\r\n"), pem.to_owned()),
            (format!("{pem}\n\n"), format!("{pem}\n")),
        ] {
            std::fs::write(&path, written).expect("writing");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
            assert_eq!(read(&Source::File(path.clone())), Ok(kept));
        }
        std::fs::write(&path, "\n").expect("writing");
        assert!(read(&Source::File(path)).expect_err("nothing in it").contains("is empty"));
    }

    #[test]
    fn no_source_prints_its_secret() {
        assert_eq!(format!("{:?}", Source::Given("s3cret".into())), "given");
    }
}
