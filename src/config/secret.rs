//! Where a secret comes from, and reading it. Secrets are never written in the configuration, and no sentence here holds one.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroize;

/// How long a program may take to print a secret: it may ask the operator for a finger or a password.
const PATIENCE: Duration = Duration::from_secs(60);

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
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(words) => write!(f, "command {}", words.first().map_or("", String::as_str)),
            Self::Keyring(entry) => write!(f, "keyring {entry}"),
            Self::Given(_) => f.write_str("given"),
        }
    }
}

/// Why a secret could not be had; the sentence names the source, never the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoSecret(pub String);

impl Source {
    /// Reads the secret now. May run a program or read a file: call it off the drawing task.
    ///
    /// # Errors
    /// A sentence that names the source and what to do.
    pub fn read(&self) -> Result<SecretString, NoSecret> {
        let secret = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::Env(name) => from_environment(name)?,
            Self::File(path) => from_file(path)?,
            Self::Command(words) => from_program(words)?,
            Self::Keyring(entry) => from_keyring(entry)?,
        };
        if secret.is_empty() {
            return Err(NoSecret(format!("the secret of {self:?} is empty")));
        }
        Ok(SecretString::from(secret))
    }
}

#[expect(clippy::disallowed_methods, reason = "a secret may come from the environment, and this is where")]
fn from_environment(name: &str) -> Result<String, NoSecret> {
    std::env::var(name)
        .map_err(|_| NoSecret(format!("the environment variable {name} is not set: set it before starting cardtop")))
}

fn from_file(path: &Path) -> Result<String, NoSecret> {
    let wrong = |words: &str| NoSecret(format!("the secret file {} {words}", path.display()));
    let mut file = std::fs::File::open(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(|error| wrong(&format!("cannot be read: {error}")))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong(&format!("can be read by others (mode {:o}): run `chmod 600` on it", mode & 0o777)));
        }
    }
    limited(&mut file).ok_or_else(|| wrong("is not a secret: it is not text, or longer than 64 KiB"))
}

/// Text of at most 64 KiB, without the one line break at its end.
fn limited(from: &mut dyn Read) -> Option<String> {
    let mut bytes = Vec::new();
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

/// Runs a program without a shell and without input, and takes what it prints.
fn from_program(words: &[String]) -> Result<String, NoSecret> {
    let Some((program, rest)) = words.split_first() else { return Err(NoSecret("the secret's command has no words".to_owned())) };
    let wrong = |said: &str| NoSecret(format!("the secret's command `{program}` {said}"));
    let mut child = Command::new(program)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| wrong(&format!("cannot be run: {error}")))?;
    let Some(mut output) = child.stdout.take() else { return Err(wrong("has no output")) };
    // Reading ends when the program closes its output; a watcher ends a program that never does.
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let said = std::thread::scope(|scope| {
        let child = &mut child;
        scope.spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = child.kill();
            }
        });
        let said = limited(&mut output);
        drop(done);
        said
    });
    let status = child.wait().map_err(|error| wrong(&format!("cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(wrong(&format!("failed or took longer than {} s ({status}): run it by hand to see why", PATIENCE.as_secs())));
    }
    said.ok_or_else(|| wrong("printed something that is not a secret"))
}

/// Asks the platform's own tool, so that no keyring library is linked.
fn from_keyring(entry: &str) -> Result<String, NoSecret> {
    let Some((service, account)) = entry.split_once('/') else {
        return Err(NoSecret(format!("keyring \"{entry}\" is not \"service/account\"")));
    };
    let words: Vec<&str> = if cfg!(target_os = "macos") {
        vec!["security", "find-generic-password", "-s", service, "-a", account, "-w"]
    } else if cfg!(windows) {
        return Err(NoSecret("on Windows the keyring is not read yet: use { command = […] } instead".to_owned()));
    } else {
        vec!["secret-tool", "lookup", "service", service, "account", account]
    };
    from_program(&words.into_iter().map(str::to_owned).collect::<Vec<_>>())
        .map_err(|NoSecret(words)| NoSecret(format!("the keyring entry {entry} cannot be had: {words}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(source: &Source) -> Result<String, String> {
        source.read().map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
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
        assert!(read(&Source::File(folder.path().join("none"))).expect_err("no file").contains("cannot be read"));
    }

    #[test]
    fn a_program_prints_a_secret_or_says_why_not() {
        let command = |words: &[&str]| Source::Command(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(read(&command(&["printf", "s3cret\\n"])), Ok("s3cret".into()));
        assert!(read(&command(&["false"])).expect_err("it fails").contains("`false` failed"));
        assert!(read(&command(&["/no/such/program"])).expect_err("none").contains("cannot be run"));
        assert!(read(&command(&["true"])).expect_err("nothing printed").contains("is empty"));
        assert!(read(&Source::Env("CARDTOP_TEST_NOT_SET".into())).expect_err("not set").contains("CARDTOP_TEST_NOT_SET"));
    }

    #[test]
    fn no_source_prints_its_secret() {
        assert_eq!(format!("{:?}", Source::Given("s3cret".into())), "given");
    }
}
