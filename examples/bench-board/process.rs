//! What a process and its children use, as the kernel counts it below /proc.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a process and its living descendants use from now on. The kernel forgets what a thread used
/// when it ends, so it is looked at now and then.
pub(crate) struct Meter {
    pid: u32,
    /// By process and thread, what was counted when it was last looked at.
    threads: BTreeMap<(u32, u32), Usage>,
    used: Usage,
}

/// What was used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Time on a processor, in nanoseconds.
    pub(crate) cpu: u64,
    /// How often a thread waited and was woken (voluntary context switches).
    pub(crate) wakeups: u64,
}

impl Meter {
    pub(crate) fn of(pid: u32) -> Self {
        Self { pid, threads: threads(pid), used: Usage::default() }
    }

    /// What was used since the meter was made.
    pub(crate) fn look(&mut self) -> Usage {
        let now = threads(self.pid);
        for (thread, usage) in &now {
            let before = self.threads.get(thread).copied().unwrap_or_default();
            self.used.cpu += usage.cpu.saturating_sub(before.cpu);
            self.used.wakeups += usage.wakeups.saturating_sub(before.wakeups);
        }
        self.threads = now;
        self.used
    }
}

/// What is held now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Resident memory in bytes.
    pub(crate) memory: u64,
    pub(crate) threads: u64,
    pub(crate) open_files: u64,
}

/// What the threads of a process and of its living descendants used since each began.
fn threads(pid: u32) -> BTreeMap<(u32, u32), Usage> {
    let mut all = BTreeMap::new();
    for process in tree(pid) {
        for thread in entries(&format!("/proc/{process}/task")) {
            let folder = format!("/proc/{process}/task/{thread}");
            let read = |file: &str| fs::read_to_string(format!("{folder}/{file}"));
            // One that has ended meanwhile has no files any more.
            let (Ok(schedstat), Ok(status)) = (read("schedstat"), read("status")) else { continue };
            let cpu = schedstat.split_ascii_whitespace().next().and_then(|cpu| cpu.parse().ok());
            let wakeups = field(&status, "voluntary_ctxt_switches:");
            all.insert((process, thread), Usage { cpu: cpu.unwrap_or(0), wakeups });
        }
    }
    all
}

/// What a process and all its living descendants hold.
pub(crate) fn held(pid: u32) -> Held {
    let mut held = Held::default();
    for process in tree(pid) {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        held.memory += field(&status, "VmRSS:") * 1024;
        held.threads += field(&status, "Threads:");
        held.open_files += entries(&format!("/proc/{process}/fd")).len() as u64;
    }
    held
}

/// The number behind a name in a `status` file, 0 where it is missing: the process has ended.
fn field(status: &str, name: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|value| value.split_ascii_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// The process and its living descendants.
fn tree(pid: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for process in entries("/proc") {
        if let Some(parent) = parent(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(process) = found.get(next) {
        let below = children.remove(process).unwrap_or_default();
        found.extend(below);
        next += 1;
    }
    found
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Names in a folder that are numbers.
fn entries(folder: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(Path::new(folder)) else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}
