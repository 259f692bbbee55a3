//! Secrets from every source, and why one cannot be had.

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;

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
        let SecretError(words) = program::read(&sh(script), soon).expect_err("it does not end");
        assert!(words.contains("took longer than") && !words.contains("s3cret"), "{words}");
    }
    let SecretError(words) =
        program::read(&sh("echo s3cret; exit 3"), PATIENCE).expect_err("it fails");
    assert!(words.contains("failed (exit status: 3)") && !words.contains("s3cret"), "{words}");
    assert!(
        program::read(&sh("yes"), PATIENCE).expect_err("without end").0.contains("command `sh`")
    );
}

/// A named pipe for its owner only.
fn pipe(folder: &Path) -> PathBuf {
    let path = folder.join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg("-m")
        .arg("600")
        .arg(&path)
        .status()
        .expect("mkfifo");
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
    let mut writer = std::process::Command::new("sh")
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
        program::read(&words, Duration::from_millis(200)).expect_err("it does not end");
    assert!(said.contains("took longer than"), "{said}");
    // Killed is not yet gone for those that somebody else has to ask after.
    for _ in 0..300 {
        if !runs("4711.25") {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
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
