//! A program on a pseudo-terminal: keys go in, and each piece of its output has the time at which
//! it came. A thread of its own reads, so that what is done with the output costs no sample
//! anything.
//!
//! The program ends with its terminal: when this process dies, however it does, the kernel hangs
//! up.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::time::Instant;
use vt100::Screen;

use super::queries;

/// Columns and rows in which everything is measured.
pub(crate) const SIZE: (u16, u16) = (120, 40);

/// What is started.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// Where it is started, if not here.
    pub(crate) folder: Option<PathBuf>,
}

impl Command {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, all: I) -> Self {
        self.arguments.extend(all.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn below(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    fn builder(&self) -> CommandBuilder {
        let mut builder = CommandBuilder::new(&self.program);
        builder.args(&self.arguments);
        if let Some(folder) = &self.folder {
            builder.cwd(folder);
        }
        for name in ["COLUMNS", "LINES", "TMUX", "STY", "NO_COLOR", "CI", "CARDTOP_CONFIG"] {
            builder.env_remove(name);
        }
        builder.env("TERM", "xterm-256color");
        builder.env("COLORTERM", "truecolor");
        builder.env("LC_ALL", "C.UTF-8");
        // As after every login.
        builder.env("USER", "operator");
        for (name, value) in &self.environment {
            builder.env(name, value);
        }
        builder
    }
}

/// Output that was read at once.
struct Piece {
    at: Instant,
    bytes: Vec<u8>,
}

/// How a program answered a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repaint {
    /// From the key to the last byte before silence.
    pub(crate) done: Duration,
    pub(crate) bytes: usize,
}

/// The keyboard, shared with the thread that answers the program's questions to the terminal.
type Keyboard = Arc<Mutex<Box<dyn Write + Send>>>;

/// A running program. Dropping it ends the program.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Keyboard,
    output: Receiver<Piece>,
    parser: vt100::Parser,
    /// Bytes written until now.
    written: usize,
    /// When the program was started, or the newest keys were sent.
    clock: Instant,
}

impl Terminal {
    pub(crate) fn start(command: &Command) -> anyhow::Result<Self> {
        let (columns, rows) = SIZE;
        let pair = native_pty_system().openpty(pty_size(SIZE)).context("a pseudo-terminal")?;
        let builder = command.builder();
        let clock = Instant::now();
        let child = pair
            .slave
            .spawn_command(builder)
            .with_context(|| format!("{} cannot be started", command.program.display()))?;
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().context("the program's output")?;
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().context("its input")?));
        let (send, output) = channel();
        let answers = Arc::clone(&keyboard);
        #[expect(
            clippy::disallowed_methods,
            reason = "a pseudo-terminal can only be read by blocking"
        )]
        std::thread::spawn(move || read(reader, &send, &answers));
        let parser = vt100::Parser::new(nonzero(rows), nonzero(columns), 0);
        Ok(Self { child, master: pair.master, keyboard, output, parser, written: 0, clock })
    }

    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    pub(crate) fn text(&self) -> String {
        self.screen().contents()
    }

    pub(crate) const fn written(&self) -> usize {
        self.written
    }

    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.process_id().context("the program has ended")
    }

    /// Sends keys and starts the clock.
    pub(crate) fn send(&mut self, keys: &[u8]) -> anyhow::Result<()> {
        let mut keyboard = self.keyboard.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock = Instant::now();
        keyboard.write_all(keys).and_then(|()| keyboard.flush()).context("keys")
    }

    /// Waits until the screen is as wanted; the time since the clock was started, or an error that
    /// shows the screen.
    pub(crate) fn wait(
        &mut self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Screen) -> bool,
    ) -> anyhow::Result<Duration> {
        let end = self.clock + limit;
        while let Some(piece) = self.next(end) {
            self.parser.process(&piece.bytes);
            if wanted(self.parser.screen()) {
                return Ok(piece.at.duration_since(self.clock));
            }
        }
        bail!("{what} was not seen within {} s:\n{}", limit.as_secs(), self.text())
    }

    /// Takes what is written until nothing came for `quiet`. `None` where nothing came at all
    /// within `limit`.
    pub(crate) fn repaint(&mut self, quiet: Duration, limit: Duration) -> Option<Repaint> {
        let end = self.clock + limit;
        let mut pieces: Vec<Piece> = Vec::new();
        let before = self.written;
        loop {
            let until = pieces.last().map_or(end, |piece| end.min(piece.at + quiet));
            match self.next(until) {
                Some(piece) => pieces.push(piece),
                None => break,
            }
        }
        for piece in &pieces {
            self.parser.process(&piece.bytes);
        }
        let last = pieces.last()?.at;
        Some(Repaint {
            done: last.saturating_duration_since(self.clock),
            bytes: self.written - before,
        })
    }

    /// Takes what is written for so long.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(piece) = self.next(end) {
            self.parser.process(&piece.bytes);
        }
    }

    /// Waits for silence, at most three seconds: some programs never stop drawing.
    pub(crate) fn settle(&mut self, quiet: Duration) {
        self.clock = Instant::now();
        let _silent = self.repaint(quiet, Duration::from_secs(3));
    }

    /// Another size; the clock starts.
    pub(crate) fn resize(&mut self, size: (u16, u16)) -> anyhow::Result<()> {
        self.parser.screen_mut().set_size(nonzero(size.1), nonzero(size.0));
        self.clock = Instant::now();
        self.master.resize(pty_size(size)).context("another size")
    }

    /// Waits until the program is gone; the time since the clock was started.
    pub(crate) fn gone(&mut self, limit: Duration) -> anyhow::Result<Duration> {
        let end = self.clock + limit;
        while Instant::now() < end {
            if self.child.try_wait().context("the program's end")?.is_some() {
                return Ok(self.clock.elapsed());
            }
            self.pass(Duration::from_micros(100));
        }
        bail!("the program did not end within {} s:\n{}", limit.as_secs(), self.text())
    }

    /// The next output before a moment.
    fn next(&mut self, end: Instant) -> Option<Piece> {
        let left = end.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(left) {
            Ok(piece) => {
                self.written += piece.bytes.len();
                Some(piece)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // The output has ended; whoever waits for time still gets it.
                let (_open, silence) = channel::<()>();
                let _ended = silence.recv_timeout(left.min(Duration::from_millis(1)));
                None
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _may_be_gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Reads until the terminal closes, and answers what programs ask a terminal at their start.
fn read(mut from: Box<dyn Read + Send>, to: &Sender<Piece>, keyboard: &Keyboard) {
    let mut bytes = vec![0; 65_536];
    let mut tail = Vec::new();
    while let Ok(count) = from.read(&mut bytes) {
        let at = Instant::now();
        let Some(read) = bytes.get(..count).filter(|read| !read.is_empty()) else { break };
        let answer = queries::answers(&mut tail, read);
        if !answer.is_empty() {
            let mut keyboard = keyboard.lock().unwrap_or_else(PoisonError::into_inner);
            let _program_may_be_gone = keyboard.write_all(&answer).and_then(|()| keyboard.flush());
        }
        if to.send(Piece { at, bytes: read.to_vec() }).is_err() {
            break;
        }
    }
}

fn nonzero(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).unwrap_or(NonZeroU16::MIN)
}

const fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}
