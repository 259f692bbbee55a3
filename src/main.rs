//! The program: a private memory, a runtime around the command line, and its exit code.

use std::process::ExitCode;

use cardtop::memory::{WIPED_WHEN_FREED, WipedWhenFreed};

#[global_allocator]
static MEMORY: WipedWhenFreed = WIPED_WHEN_FREED;

fn main() -> ExitCode {
    cardtop::memory::keep_private();
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let exit = runtime.block_on(cardtop::cli::main());
    // A program that gives a secret, or a slow disk, must not keep the shell waiting once all is said.
    runtime.shutdown_background();
    exit
}
