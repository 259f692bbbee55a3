//! A small process beside the board that gives the terminal back when the board cannot: after
//! SIGKILL, an abort or a fault.
//!
//! It is a shell that reads a pipe whose other end the board holds. When the board ends in whatever
//! way, the system closes that end; the shell restores the terminal if the board had not, and ends
//! as well. It does nothing else, so it cannot outlive the board.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Descriptor 3 is the terminal. Signals of the terminal are ignored, which `stty` inherits: a
/// process in the background may then set the terminal's modes. They are set only while they are
/// still the board's: the shell that started the board may already have set its own.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM TSTP TTIN TTOU
exec 3>&2 2>/dev/null
saved=$(stty -g <&3) || exit 1
echo ready
exec >/dev/null
ours=
while read -r word; do
  if [ "$word" = taken ]; then ours=$(stty -g <&3); else ours=; fi
done
[ -n "$ours" ] || exit 0
printf '\033[?2026l\033[?1006l\033[?1015l\033[?1003l\033[?1002l\033[?1000l' >&3
printf '\033[?1004l\033[?2004l\033[?1049l\033[?25h\r' >&3
[ "$(stty -g <&3)" = "$ours" ] && stty "$saved" <&3
exit 0
"#;

/// How long the shell may take to say that it is ready.
const PATIENCE: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// The process of this board. [`taken`] and [`left`] write to it; a panic calls `left`, too.
static RESCUE: Mutex<Option<Rescue>> = Mutex::new(None);

struct Rescue {
    shell: Child,
    input: ChildStdin,
    /// What it says once it knows the terminal's modes.
    output: ChildStdout,
}

/// Starts it, where it does not run yet, and does not wait for it.
pub(super) fn start() {
    let mut rescue = RESCUE.lock().unwrap_or_else(PoisonError::into_inner);
    if rescue.is_none() {
        match begin() {
            Ok(begun) => *rescue = Some(begun),
            Err(error) => complain(&error),
        }
    }
}

/// Waits until it knows the terminal's modes, which it must before they are changed. Where there is
/// no shell the board works all the same.
pub(super) fn wait_until_ready() {
    let mut rescue = RESCUE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mut begun) = rescue.take() {
        match begun.is_ready() {
            Ok(()) => *rescue = Some(begun),
            Err(error) => {
                let _ = begun.shell.kill();
                let _ = begun.shell.wait();
                complain(&error);
            }
        }
    }
}

fn complain(error: &io::Error) {
    tracing::warn!("nothing would repair the terminal after SIGKILL: {error}");
}

impl Rescue {
    fn is_ready(&mut self) -> io::Result<()> {
        let mut ready = [PollFd::new(&self.output, PollFlags::IN)];
        if poll(&mut ready, Some(&PATIENCE))? == 1
            && rustix::io::read(&self.output, &mut [0; 16])? > 0
        {
            return Ok(());
        }
        Err(io::Error::other("sh or stty did not answer"))
    }
}

fn begin() -> io::Result<Rescue> {
    use std::os::unix::process::CommandExt;
    let terminal = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    let mut command = Command::new("sh");
    // A group of its own: what ends the board's group must not end this.
    command.args(["-c", SCRIPT, "cardtop-rescue"]).process_group(0);
    let mut shell =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(terminal).spawn()?;
    let (Some(input), Some(output)) = (shell.stdin.take(), shell.stdout.take()) else {
        return Err(io::Error::other("a pipe is missing"));
    };
    Ok(Rescue { shell, input, output })
}

/// The terminal is the board's from now on.
pub(super) fn taken() {
    send("taken\n");
}

/// The terminal was given back.
pub(super) fn left() {
    send("left\n");
}

fn send(word: &str) {
    // A panic during another send must not wait for the lock that its own thread holds.
    if let Ok(mut rescue) = RESCUE.try_lock()
        && let Some(rescue) = rescue.as_mut()
    {
        let _ = rescue.input.write_all(word.as_bytes());
    }
}

/// Ends it, after the terminal was given back for good.
pub(super) fn end() {
    let rescue = RESCUE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Rescue { mut shell, input, .. }) = rescue {
        drop(input);
        let _ = shell.kill();
        let _ = shell.wait();
    }
}
