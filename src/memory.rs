//! What keeps secrets from leaving this process's memory, and from staying in it: no core files, nobody
//! attached, and memory that is wiped when it is freed.
//!
//! [`keep_private`] is called by `main` before anything else exists that could hold a secret.

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

/// The allocator of the program: the system's, but what is freed is wiped. Libraries put secrets into buffers of
/// their own (requests on their way out, answers, buffers that grow), and none of those outlives its use with this.
pub type WipedWhenFreed = ZeroAlloc<System>;

/// The one that each program sets as its `#[global_allocator]`; a library cannot choose for all programs.
pub const WIPED_WHEN_FREED: WipedWhenFreed = ZeroAlloc(System);

/// Asks the system to write no core file of this process and to let no other process of the same
/// user read its memory. A refusal is no reason not to start: everything else still holds.
pub fn keep_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // Where a program takes the core (`|` in core_pattern), Linux asks this and not the limit.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
