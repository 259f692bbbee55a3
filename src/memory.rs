//! What keeps secrets from leaving this process's memory: no core files, nobody attached.
//!
//! [`keep_private`] is called by `main` before anything else exists that could hold a secret.
//! Memory is wiped when it is freed by the program's allocator, in `main.rs`: a library leaves that
//! choice to the program.

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
