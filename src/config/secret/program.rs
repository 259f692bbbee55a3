//! Running the program that prints a secret.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{SecretError, forget, read_limited};

/// A program that closed its output is polled for its exit status at this interval, this many
/// times.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
const POLLS: u32 = 300;

/// Runs the program that gives a secret in a process group that ends with cardtop, however that
/// ends: a reader of standard input, which cardtop holds open, kills the group when it is closed.
#[cfg(unix)]
const LEASH: &str = "exec 3<&0 </dev/null; { read -r _ <&3; kill -KILL 0; } >/dev/null & \
                     leash=$!; \"$@\" 3<&-; status=$?; kill -KILL $leash; exit $status";

/// Runs a program without input and takes what it prints. Its words are not read by a shell. It is
/// killed with everything that it started when it takes too long, and when cardtop ends meanwhile.
pub(super) fn read(words: &[String], patience: Duration) -> Result<String, SecretError> {
    let Some((program, rest)) = words.split_first() else {
        return Err(SecretError("the secret's command has no words".to_owned()));
    };
    let wrong = |words: &str| SecretError(format!("the secret's command `{program}` {words}"));
    let mut child = on_leash(program, rest)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| wrong(&format!("cannot be run: {error}")))?;
    let _leash = child.stdin.take();
    let printed = output(&mut child, patience);
    let Some(status) = exit_status(&mut child, printed.is_some()) else {
        kill(&mut child);
        forget(printed.flatten());
        return Err(wrong(&format!(
            "took longer than {} s and was ended: run it by hand to see why",
            patience.as_secs()
        )));
    };
    if cfg!(unix) && matches!(status.code(), Some(126 | 127)) {
        forget(printed.flatten());
        return Err(wrong("cannot be run: there is no such program, or it may not be executed"));
    }
    if !status.success() {
        forget(printed.flatten());
        return Err(wrong(&format!("failed ({status}): run it by hand to see why")));
    }
    printed.flatten().ok_or_else(|| {
        wrong("printed something that is not a secret: it is not text, or longer than 64 KiB")
    })
}

#[cfg(unix)]
fn on_leash(program: &str, words: &[String]) -> Command {
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
fn on_leash(program: &str, words: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    command
}

/// Kills a program and, where there are process groups, all that it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        // The child was not waited for yet, so its process id cannot belong to another process.
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(child),
            rustix::process::Signal::KILL,
        );
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// What a program prints until it closes its output; `None` when that takes too long, `Some(None)`
/// when what it prints is not a secret.
///
/// The reader is a thread that can be left behind: a program that the program started may hold the
/// output open for ever.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody can wait for this thread: it ends when the last holder of the output does"
)]
fn output(child: &mut Child, patience: Duration) -> Option<Option<String>> {
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        if let Err(mpsc::SendError(secret)) = sender.send(read_limited(&mut stdout)) {
            forget(secret);
        }
    });
    receiver.recv_timeout(patience).ok()
}

/// The exit status of a program; `None` when it still runs. One that closed its output gets three
/// seconds to exit.
fn exit_status(child: &mut Child, closed: bool) -> Option<ExitStatus> {
    for _ in 0..if closed { POLLS } else { 1 } {
        if let Ok(Some(status)) = child.try_wait() {
            return closed.then_some(status);
        }
        if closed {
            std::thread::park_timeout(POLL_INTERVAL);
        }
    }
    None
}
