//! One timer for the loop, set again for every wait.
//!
//! The runtime's own timer wakes up early and sleeps again, to sort its wheel: twice for each
//! second of the clock. The system's wakes up once.

use std::io;

use tokio::time::Instant;

/// Rings at an instant; where the machine slept over it, when it wakes up.
pub(super) struct Alarm(Inner);

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        Inner::new().map(Self)
    }

    /// Waits until then; without an instant, for ever.
    pub(super) async fn wait(&mut self, until: Option<Instant>) {
        match until {
            Some(until) => self.0.wait(until).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(target_os = "linux")]
struct Inner(tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>);

#[cfg(target_os = "linux")]
impl Inner {
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for types that may replace their descriptor: an \
                  OwnedFd does not"
    )]
    fn new() -> io::Result<Self> {
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

        let timer = timerfd_create(
            TimerfdClockId::Boottime,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        tokio::io::unix::AsyncFd::new(timer).map(Self)
    }

    async fn wait(&mut self, until: Instant) {
        if self.set(until).is_err() {
            return tokio::time::sleep_until(until).await;
        }
        loop {
            let Ok(mut ready) = self.0.readable().await else {
                return tokio::time::sleep_until(until).await;
            };
            // Setting the timer again discards an expiry that an earlier wait did not take.
            if ready.try_io(|timer| Ok(rustix::io::read(timer, &mut [0; 8])?)).is_ok() {
                return;
            }
        }
    }

    fn set(&self, until: Instant) -> io::Result<()> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};

        // Zero would stop the timer.
        let left =
            until.saturating_duration_since(Instant::now()).max(std::time::Duration::from_nanos(1));
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let left = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
        timerfd_settime(
            &self.0,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: never, it_value: left },
        )?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
struct Inner;

#[cfg(not(target_os = "linux"))]
impl Inner {
    #[expect(clippy::unnecessary_wraps, reason = "the other system's timer may be refused")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self, until: Instant) {
        tokio::time::sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn it_rings_when_it_is_time_and_not_before() {
        let mut alarm = Alarm::new().expect("a timer");
        let began = Instant::now();
        alarm.wait(Some(began)).await;
        // It expires without being waited for, and is set again for later.
        let early = tokio::time::timeout(
            Duration::from_millis(1),
            alarm.wait(Some(began + Duration::from_secs(3_600))),
        )
        .await;
        assert!(early.is_err());
        alarm.wait(Some(began + Duration::from_millis(20))).await;
        assert!(began.elapsed() >= Duration::from_millis(20));
    }
}
