//! The program: a private memory, a runtime around the command line, and its exit code.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed. Libraries put secrets into buffers of their own (requests on their way out,
/// answers, buffers that grow), and none of those outlives its use with this.
#[global_allocator]
static WIPED_WHEN_FREED: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    cardtop::memory::keep_private();
    // The board's loop is on this thread, and the runtime's own threads go behind it.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).on_thread_start(cardtop::priority::go_behind).enable_all();
    let Ok(runtime) = builder.build() else { return ExitCode::FAILURE };
    let exit = runtime.block_on(cardtop::cli::main());
    // A program that gives a secret, or a slow disk, must not keep the shell waiting once all is
    // said.
    runtime.shutdown_background();
    exit
}
