//! A process of cardtop from outside: it is told, heard, and killed by SIGKILL.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A worker that says nothing for so long has hung.
const SILENCE: Duration = Duration::from_secs(60);

/// A worker's process. It dies with this.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// Starts this very program again, with what is to be told it from the start.
    pub(crate) fn start(with: impl FnOnce(&mut Command)) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("this program's own file")?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        with(&mut command);
        let mut child = command.spawn().context("the worker")?;
        let input = child.stdin.take().ok_or_else(|| anyhow!("the worker has no input"))?;
        let output = child.stdout.take().ok_or_else(|| anyhow!("the worker has no output"))?;
        Ok(Self { child, input, output: BufReader::new(output).lines() })
    }

    pub(crate) async fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        self.input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .context("the worker does not listen")
    }

    /// The next line. May be given up while it waits.
    pub(crate) async fn apply(&mut self) -> anyhow::Result<String> {
        let line = tokio::time::timeout(SILENCE, self.output.next_line())
            .await
            .context("the worker is silent")??;
        line.ok_or_else(|| anyhow!("the worker died by itself"))
    }

    /// SIGKILL, and waits until the system has forgotten the process.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing the worker")
    }

    /// Ends its input and waits until it has ended by itself.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        drop(self.input);
        let ended = tokio::time::timeout(SILENCE, self.child.wait())
            .await
            .context("the worker does not end")??;
        if ended.success() { Ok(()) } else { Err(anyhow!("the worker ended badly: {ended}")) }
    }
}
