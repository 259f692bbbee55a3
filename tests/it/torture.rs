//! The torture: top-ups over the four wires while the network lies about every third exchange and
//! processes are killed, with two processes of cardtop at each wire and one journal for all. One
//! seed is one run: nothing in it waits for a clock or for chance.
//!
//! - The common clock goes between two rounds, by steps from moments to hours, and only then; the
//!   timers of the processes stand still until they are told that nobody waits any longer.
//! - In a round each wire gives one command to one of its two processes and carries it through,
//!   alone at its wire; the four wires go side by side. A process may be left waiting (its request
//!   or its answer is held back, its clock stands still) for some rounds, in which the other one
//!   goes on: so each meets the other in the middle of a change.
//! - Late is counted in exchanges. A kill is a SIGKILL at a reading of the process's clock, or in
//!   an exchange: before the request has left, after it has arrived, in the middle of the answer.
//!   Who is dead is started again between two rounds.
//! - Everything is drawn from dice that belong to the seed, those of a wire apart from the others'.
//!
//! What is left of the wall clock only shows on a machine that stands still: SQLite waits 5 s for
//! another process, the driver 60 s for a silent one.
//!
//! At the end the network is well, both processes look until nothing more is found, and the journal
//! is compared with the bank. `examples/torture.rs` runs it by the thousand; the test here runs it
//! short, twice.

// Named, because `examples/torture.rs` has this file, too.
#[path = "torture/bank.rs"]
pub(crate) mod bank;
#[path = "torture/course.rs"]
mod course;
#[path = "torture/gate.rs"]
mod gate;
#[path = "torture/judge.rs"]
pub(crate) mod judge;
#[path = "torture/lane.rs"]
mod lane;
#[path = "torture/orders.rs"]
mod orders;
#[path = "torture/process.rs"]
pub(crate) mod process;
#[path = "torture/table.rs"]
pub(crate) mod table;
#[path = "torture/worker.rs"]
pub(crate) mod worker;

use std::path::PathBuf;

pub(crate) use course::run;

/// What is wanted of a torture.
pub(crate) struct Wish {
    /// Top-ups that have to be in the journal at the end, at least.
    pub(crate) operations: u64,
    /// Decides everything.
    pub(crate) seed: u64,
    /// Cards at each provider.
    pub(crate) cards: usize,
    /// A SIGKILL after so many top-ups, on average.
    pub(crate) kill_every: u64,
    /// Other systems top up the same cards with the same sums, the providers' clocks are wrong,
    /// each of a wire's processes has a data file of its own, pages are capped, and answers are
    /// about another card now and then.
    pub(crate) hostile: bool,
    /// The words with which this very program is a worker.
    pub(crate) words: &'static [&'static str],
    /// Where the folder for the data is made; the system's own place when there is none.
    pub(crate) beside: Option<PathBuf>,
}

/// What came of it.
pub(crate) struct Report {
    /// The table.
    pub(crate) text: String,
    /// Equal for equal runs.
    pub(crate) fingerprint: String,
    /// Whether the money is where it should be.
    pub(crate) good: bool,
    /// Every operation that stays UNKNOWN, and why. Their names are drawn by lot.
    pub(crate) unknown: Vec<String>,
    /// Where the journal is kept when it is not.
    pub(crate) kept: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not a test: the process that is killed is this program again, and this is what it runs.
    #[test]
    #[ignore = "the worker's part, started by the torture"]
    fn worker() {
        worker::work().expect("its folder and its input");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_seed_is_one_run_and_every_top_up_is_paid_once() {
        let memory = std::path::Path::new("/dev/shm");
        let wish = |hostile| Wish {
            operations: 160,
            seed: 7,
            cards: 16,
            kill_every: 10,
            hostile,
            words: &[
                "torture::tests::worker",
                "--exact",
                "--ignored",
                "--nocapture",
                "--test-threads=2",
            ],
            beside: memory.is_dir().then(|| memory.to_owned()),
        };
        for hostile in [false, true] {
            let first = run(&wish(hostile)).await.expect("the first run");
            assert!(first.good, "{}kept in {:?}", first.text, first.kept);
            let again = run(&wish(hostile)).await.expect("the second run");
            assert_eq!(first.text, again.text);
            assert_eq!(first.unknown.len(), again.unknown.len());
            assert_eq!(
                first.fingerprint, again.fingerprint,
                "the tables are equal, and the runs are not:\n{}",
                first.text
            );
        }
    }
}
