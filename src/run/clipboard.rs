//! Copied text on its way to the clipboard: by a program of this machine, or through the terminal.
//!
//! A program has two seconds and is waited for beside the loop. Only what it confirmed is said to
//! be copied: nobody can tell what a terminal does with the text.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::app::{CopyOutcome, CopyRequest};
use crate::config;
use crate::tty::{ClipboardProgram, ClipboardWays};

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(2);

/// What a program is given of the environment: it may go on in the background to serve the text,
/// and the rest may hold secrets.
const ENVIRONMENT: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "DISPLAY",
    "XAUTHORITY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "WSL_INTEROP",
    "WSL_DISTRO_NAME",
];

/// The way that copied text takes.
pub(super) struct Clipboard {
    way: Way,
    send: mpsc::UnboundedSender<Finished>,
    finished: mpsc::UnboundedReceiver<Finished>,
}

/// What became of a request that a program was given.
pub(super) struct Finished {
    request: CopyRequest,
    failure: Option<String>,
}

/// Which way text takes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Off,
    Terminal,
    /// The first of these that there is, and the terminal where there is none or it fails.
    ProgramsThenTerminal(Vec<ClipboardProgram>),
    Programs(Vec<ClipboardProgram>),
}

/// What is to be done about a request now.
pub(super) enum Step {
    /// It has ended.
    End(CopyOutcome),
    /// The terminal is to be given the text.
    Terminal(CopyRequest),
    /// A program has it.
    Wait,
}

impl Way {
    fn new(choice: config::Clipboard, ways: ClipboardWays) -> Self {
        match choice {
            config::Clipboard::Off => Self::Off,
            config::Clipboard::Osc52 => Self::Terminal,
            config::Clipboard::Native => Self::Programs(ways.programs),
            config::Clipboard::Auto if ways.is_remote || ways.programs.is_empty() => Self::Terminal,
            config::Clipboard::Auto => Self::ProgramsThenTerminal(ways.programs),
        }
    }
}

impl Clipboard {
    pub(super) fn new(choice: config::Clipboard, ways: ClipboardWays) -> Self {
        let (send, finished) = mpsc::unbounded_channel();
        Self { way: Way::new(choice, ways), send, finished }
    }

    /// Begins to copy.
    pub(super) fn copy(&self, request: CopyRequest) -> Step {
        let programs = match &self.way {
            Way::Off => {
                let why = "the clipboard is off: [board] clipboard in the configuration".to_owned();
                return Step::End(CopyOutcome::Failed(why));
            }
            Way::Terminal => return Step::Terminal(request),
            Way::Programs(programs) | Way::ProgramsThenTerminal(programs) => programs.clone(),
        };
        let send = self.send.clone();
        tokio::spawn(async move {
            let failure = copy_by(&programs, &request.text, LIMIT).await.err();
            // The board may have ended meanwhile.
            let _ = send.send(Finished { request, failure });
        });
        Step::Wait
    }

    /// The next request with which a program is done. Nothing is lost when this is not waited for.
    pub(super) async fn finished(&mut self) -> Finished {
        match self.finished.recv().await {
            Some(finished) => finished,
            // It cannot be closed: this holds a sender.
            None => std::future::pending().await,
        }
    }

    /// What follows from what a program did.
    pub(super) fn after(&self, finished: Finished) -> Step {
        let Finished { request, failure } = finished;
        match (failure, &self.way) {
            (None, _) => Step::End(CopyOutcome::Copied(request.what)),
            (Some(_), Way::ProgramsThenTerminal(_)) => Step::Terminal(request),
            (Some(why), Way::Off | Way::Terminal | Way::Programs(_)) => {
                Step::End(CopyOutcome::Failed(why))
            }
        }
    }
}

/// Gives text to the first of these programs that there is; why not, in one sentence.
async fn copy_by(programs: &[ClipboardProgram], text: &str, limit: Duration) -> Result<(), String> {
    for program in programs {
        let bytes = if program.utf16 {
            // Without the mark it takes the text for the console's own encoding.
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect()
        } else {
            text.as_bytes().to_vec()
        };
        match start(program) {
            Ok(child) => return run(program.name, child, &bytes, limit).await,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{} cannot be started: {error}", program.name)),
        }
    }
    let names: Vec<&str> = programs.iter().map(|program| program.name).collect();
    let wanted = match names.as_slice() {
        [] => "wl-copy, xclip or xsel and a display".to_owned(),
        names => names.join(" or "),
    };
    Err(format!("there is no {wanted}; [board] clipboard = \"osc52\" uses the terminal"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the part of the environment that is handed on to the program"
)]
fn start(program: &ClipboardProgram) -> io::Result<Child> {
    let mut command = Command::new(program.name);
    command.args(program.arguments).env_clear();
    for name in ENVIRONMENT {
        if let Ok(value) = std::env::var(name) {
            command.env(name, value);
        }
    }
    // Away from the terminal's signals, and with nothing to write to.
    #[cfg(unix)]
    command.process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true).spawn()
}

/// Gives a program its text, and waits until it has taken it.
async fn run(name: &str, mut child: Child, text: &[u8], limit: Duration) -> Result<(), String> {
    let taken = async {
        if let Some(mut input) = child.stdin.take() {
            // One that ends without reading says why by its exit code.
            let _ = input.write_all(text).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(limit, taken).await {
        Ok(Ok(status)) => judged(name, status),
        Ok(Err(error)) => Err(format!("{name} cannot be waited for: {error}")),
        Err(_) => {
            let _ = child.kill().await;
            Err(format!("{name} did not take the text within {} s", limit.as_secs()))
        }
    }
}

fn judged(name: &str, status: ExitStatus) -> Result<(), String> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(format!("{name} ended with code {code}")),
        None => Err(format!("{name} was ended by a signal")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SH: ClipboardProgram = program("sh", &["-c", "exit 0"]);

    const fn program(name: &'static str, arguments: &'static [&'static str]) -> ClipboardProgram {
        ClipboardProgram { name, arguments, utf16: false }
    }

    fn ways(programs: &[ClipboardProgram], is_remote: bool) -> ClipboardWays {
        ClipboardWays { programs: programs.to_vec(), is_remote }
    }

    #[test]
    fn a_remote_session_uses_the_terminal_and_the_setting_decides() {
        use config::Clipboard::{Auto, Native, Off, Osc52};
        let local = || ways(&[SH], false);
        assert_eq!(Way::new(Auto, local()), Way::ProgramsThenTerminal(vec![SH]));
        assert_eq!(Way::new(Auto, ways(&[SH], true)), Way::Terminal);
        assert_eq!(Way::new(Auto, ways(&[], false)), Way::Terminal);
        assert_eq!(Way::new(Native, ways(&[SH], true)), Way::Programs(vec![SH]));
        assert_eq!(Way::new(Osc52, local()), Way::Terminal);
        assert_eq!(Way::new(Off, local()), Way::Off);
    }

    #[tokio::test]
    async fn a_program_gets_the_text_and_the_first_that_there_is_is_used() {
        let missing = program("cardtop-no-such-program", &[]);
        let exact = program("sh", &["-c", r#"[ "$(cat)" = "Chloé ..4242" ]"#]);
        assert_eq!(copy_by(&[missing, exact], "Chloé ..4242", LIMIT).await, Ok(()));
        assert_eq!(
            copy_by(&[exact], "another", LIMIT).await,
            Err("sh ended with code 1".to_owned())
        );
        let utf16 = r#"[ "$(od -An -tx1 | tr -d ' \n')" = fffee9003400 ]"#;
        let windows = ClipboardProgram { utf16: true, ..program("sh", &["-c", "exit 9"]) };
        let arguments: &'static [&'static str] =
            &["-c", r#"[ "$(od -An -tx1 | tr -d ' \n')" = fffee9003400 ]"#];
        assert_eq!(utf16, arguments[1]);
        assert_eq!(
            copy_by(&[ClipboardProgram { arguments, ..windows }], "é4", LIMIT).await,
            Ok(())
        );
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_ended_and_leaves_nothing_behind() {
        let stuck = program("sleep", &["3600"]);
        let child = start(&stuck).expect("it starts");
        let pid = child.id().expect("it runs");
        let said = run("sleep", child, b"text", Duration::from_millis(1)).await;
        assert_eq!(said, Err("sleep did not take the text within 0 s".to_owned()));
        let process = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid"));
        let process = process.expect("not zero");
        assert!(rustix::process::test_kill_process(process).is_err(), "it still runs");
    }

    #[tokio::test]
    async fn a_program_sees_no_secret_of_the_environment() {
        let bare = program("sh", &["-c", r#"[ -n "$PATH" ] && [ -z "$CARGO_MANIFEST_DIR" ]"#]);
        assert_eq!(copy_by(&[bare], "text", LIMIT).await, Ok(()));
    }

    #[tokio::test]
    async fn only_what_a_program_confirmed_is_copied() {
        let request = || CopyRequest { what: "id".to_owned(), text: "c-4242".to_owned() };
        let failed = || Finished { request: request(), failure: Some("xclip failed".to_owned()) };
        let auto = Clipboard::new(config::Clipboard::Auto, ways(&[SH], false));
        assert!(matches!(auto.after(failed()), Step::Terminal(again) if again == request()));
        let native = Clipboard::new(config::Clipboard::Native, ways(&[SH], false));
        assert!(matches!(
            native.after(failed()),
            Step::End(CopyOutcome::Failed(why)) if why == "xclip failed"
        ));
        let mut native = native;
        assert!(matches!(native.copy(request()), Step::Wait));
        let finished = native.finished().await;
        assert!(matches!(
            native.after(finished),
            Step::End(CopyOutcome::Copied(what)) if what == "id"
        ));
        let none = Clipboard::new(config::Clipboard::Off, ways(&[SH], false));
        assert!(matches!(none.copy(request()), Step::End(CopyOutcome::Failed(_))));
    }
}
