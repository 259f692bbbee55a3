//! Other programs of the terminal that are installed here.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use vt100::Screen;

use super::board::until_idle;
use super::terminal::{Command, Terminal};

/// How long a peer may take until its rows are there.
const START: Duration = Duration::from_secs(90);

/// The programs that are looked for.
pub(crate) const NAMES: [&str; 7] = ["htop", "btop", "btm", "less", "csvlens", "fzf", "lnav"];

/// Where a program is on PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A peer: how it is started, and how its screen looks when it is ready.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    command: Command,
    ready: Box<dyn Fn(&Screen) -> bool>,
    pub(crate) quit: &'static str,
}

impl Peer {
    /// A program that is not installed is left out.
    fn new(
        name: &'static str,
        home: &Path,
        arguments: impl FnOnce(Command) -> Command,
        quit: &'static str,
        ready: impl Fn(&Screen) -> bool + 'static,
    ) -> Option<Self> {
        let command = arguments(Command::new(find(name)?)).env("HOME", home);
        Some(Self { name, command, ready: Box::new(ready), quit })
    }

    /// Monitors of the machine, which draw a table that changes, as the board does.
    pub(crate) fn monitors(home: &Path) -> Vec<Self> {
        let has = |words: &'static str| move |screen: &Screen| screen.contents().contains(words);
        [
            Self::new("htop", home, |htop| htop, "q", has("PID")),
            Self::new("btop", home, |btop| btop.arg("--utf-force"), "q", has("Pid:")),
            Self::new("btm", home, |btm| btm, "q", has("PID")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// A pager on the rows.
    pub(crate) fn less(home: &Path, rows: &Path) -> Option<Self> {
        Self::new("less", home, |less| less.arg("-S").arg(rows), "q", first_rows)
    }

    /// A log viewer on the rows.
    pub(crate) fn lnav(home: &Path, rows: &Path) -> Option<Self> {
        Self::new("lnav", home, |lnav| lnav.arg("-N").arg(rows), "q", first_rows)
    }

    /// A viewer of tables on the rows, once it has counted them.
    pub(crate) fn csvlens(home: &Path, rows: &Path, count: usize) -> Option<Self> {
        let counted = format!("/{count}");
        // Its last line begins with the path, and ends where the window does.
        let (folder, file) = (rows.parent()?, rows.file_name()?);
        let start = |csvlens: Command| csvlens.arg("-i").arg(file).below(folder);
        Self::new("csvlens", home, start, "q", move |screen| {
            first_rows(screen) && screen.contents().contains(&counted)
        })
    }

    /// A filter on the rows, once it has read them.
    pub(crate) fn fzf(home: &Path, rows: &Path, count: usize) -> Option<Self> {
        let program = find("fzf")?;
        let read = format!("{count}/{count}");
        let shell = Command::new("/bin/sh")
            .args(["-c", "exec \"$0\" -e -i --no-sort --header-lines=1 < \"$1\""])
            .arg(program)
            .arg(rows)
            .env("HOME", home)
            .env("FZF_DEFAULT_OPTS", "");
        let ready = move |screen: &Screen| screen.contents().contains(&read);
        Some(Self { name: "fzf", command: shell, ready: Box::new(ready), quit: "\x1b" })
    }

    /// The peer, ready; the time until then.
    pub(crate) fn open(&self) -> anyhow::Result<(Terminal, Duration)> {
        let mut terminal = Terminal::start(&self.command)?;
        let took = terminal
            .wait("its rows", START, |screen| (self.ready)(screen))
            .with_context(|| format!("{} did not start as it usually does", self.name))?;
        Ok((terminal, took))
    }

    /// The peer when it has done all that it does at its start.
    pub(crate) fn idle(&self) -> anyhow::Result<Terminal> {
        let (mut terminal, _) = self.open()?;
        until_idle(&mut terminal, START)?;
        Ok(terminal)
    }
}

fn first_rows(screen: &Screen) -> bool {
    screen.contents().contains("txn_")
}

/// A home for peers, so that none reads or writes the operator's settings.
pub(crate) fn home(root: &Path) -> anyhow::Result<PathBuf> {
    let home = root.join("home");
    fs::create_dir_all(home.join(".config")).context("a home for peers")?;
    Ok(home)
}
