//! Where this runs: the machine, the peers that are installed, and the cardtop that is measured.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use cardtop::clock::Clock;

use super::{peers, project};

/// The folder that cargo builds into: this program lies in `PROFILE/examples` below it.
pub(crate) fn target_folder() -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("this program's own file")?;
    let folder = program.ancestors().nth(3).context("the folder that cargo builds into")?;
    Ok(folder.to_owned())
}

/// The cardtop that is measured: this one, or the one that cargo builds with the profile of this
/// program.
pub(crate) fn cardtop(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(file) = asked {
        return fs::canonicalize(file).with_context(|| format!("--cardtop {}", file.display()));
    }
    let program = env::current_exe().context("this program's own file")?;
    let folder = program.ancestors().nth(2).context("the folder of built programs")?;
    // Set by `cargo run`; a program that was started by itself measures what lies beside it.
    if let Some(cargo) = env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--bin", "cardtop"]).current_dir(project());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        if !build.status().context("cargo build")?.success() {
            bail!("cardtop could not be built: nothing was measured");
        }
    }
    let binary = folder.join("cardtop");
    if !binary.is_file() {
        bail!(
            "{} is not there: build it with `cargo build --release`, or name one with --cardtop",
            binary.display()
        );
    }
    Ok(binary)
}

/// What was asked for, the date with the machine, and the build, one line each.
pub(crate) fn about(binary: &Path, root: &Path) -> String {
    let now = Clock::real().now();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: Option<u64> = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_ascii_whitespace().next())
        .and_then(|number| number.parse().ok());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let commit = Command::new("git")
        .args(["rev-parse", "--short", "HEAD"])
        .current_dir(project())
        .output()
        .ok()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let bytes = fs::metadata(binary).map_or(0, |file| file.len());
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let below = root.parent().is_some_and(|target| binary.starts_with(target));
    let build =
        if below { format!("{profile} build") } else { "build named by --cardtop".to_owned() };
    let words: Vec<String> = env::args().skip(1).collect();
    format!(
        "bench-board {}\n{}; {cores} cores of {}, {} GB; load {}\n{build} of commit {}, {}.{} MB\n",
        words.join(" "),
        now.strftime("%Y-%m-%d %H:%M UTC"),
        model.map_or("an unknown processor", |(_, model)| model),
        kilobytes.unwrap_or(0) / 1_000_000,
        load.split_ascii_whitespace().next().unwrap_or("unknown"),
        commit.filter(|commit| !commit.is_empty()).as_deref().unwrap_or("unknown"),
        bytes / 1_000_000,
        bytes / 100_000 % 10,
    )
}

/// Which peers are measured, and which are missing.
pub(crate) fn peers() -> String {
    let (here, missing): (Vec<&str>, Vec<&str>) =
        peers::NAMES.into_iter().partition(|name| peers::find(name).is_some());
    let mut words = format!("peers: {}\n", here.join(", "));
    if !missing.is_empty() {
        words.push_str(&format!("not installed, so left out: {}\n", missing.join(", ")));
    }
    words
}
