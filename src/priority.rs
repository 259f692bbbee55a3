//! Which threads of the process go first when there is more to do than processors.

/// Puts this thread behind those that do not call it: what reads from providers and from disk
/// behind what answers keys and draws. Without that, a key would wait for a time slice of theirs. A
/// refusal is no reason not to go on.
pub fn go_behind() {
    // Elsewhere a thread has no priority of its own by these means.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        use rustix::thread::gettid;
        let thread = Some(gettid());
        let _ = getpriority_process(thread)
            .and_then(|nice| setpriority_process(thread, (nice + BEHIND).min(LEAST)));
    }
}

/// How much nicer such a thread is: it has about a third of the time of one that goes first, while
/// both have something to do.
#[cfg(target_os = "linux")]
const BEHIND: i32 = 5;

/// The nicest that a thread can be.
#[cfg(target_os = "linux")]
const LEAST: i32 = 19;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;
    use rustix::thread::gettid;

    #[test]
    fn a_thread_that_goes_behind_is_nicer_and_the_others_are_as_they_were() {
        let nice = || getpriority_process(Some(gettid())).expect("a thread has a priority");
        let before = nice();
        let of_other = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                go_behind();
                nice()
            });
            other.join().expect("it ends")
        });
        assert_eq!(of_other, (before + BEHIND).min(LEAST));
        assert_eq!(nice(), before);
    }
}
