//! An answer while it comes: when it began, and whether it comes fast enough.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;

use super::body::{AnswerBody, Stop};
use super::transport::TransportError;
use crate::clock::Clock;

/// Bytes that have to come within each time limit, where an answer takes longer than one: at the
/// usual limit of 20 s a tenth of what a slow line carries.
const LEAST_AT_ONCE: usize = 1 << 20;

/// Time limits after which even an answer that keeps coming is left.
const MOST_LIMITS: u32 = 15;

/// How much of an answer has come in which time.
pub(super) struct Pace {
    limit: Duration,
    received: AtomicUsize,
}

impl Pace {
    pub(super) const fn new(limit: Duration) -> Self {
        Self { limit, received: AtomicUsize::new(0) }
    }

    /// Waits for a call for one time limit, and for another one as long as much of its answer came
    /// in the last.
    pub(super) async fn limit<T>(
        &self,
        call: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let mut call = pin!(call);
        let mut before = 0;
        for limits in 1..=MOST_LIMITS {
            if let Ok(ended) = tokio::time::timeout(self.limit, call.as_mut()).await {
                return ended;
            }
            let received = self.received.load(Ordering::Relaxed);
            if received - before < LEAST_AT_ONCE {
                return Err(TransportError::TimedOut { limit: self.limit * limits });
            }
            before = received;
        }
        Err(TransportError::TimedOut { limit: self.limit * MOST_LIMITS })
    }
}

/// Passes a body on, and notes when it began and how much of it has come.
pub(super) struct Arriving<'a> {
    pub(super) body: &'a mut dyn AnswerBody,
    pub(super) clock: &'a Clock,
    pub(super) pace: &'a Pace,
    /// When the answer began.
    pub(super) began: Option<Timestamp>,
}

impl AnswerBody for Arriving<'_> {
    fn begin(&mut self, status: StatusCode) {
        self.began = Some(self.clock.now());
        self.body.begin(status);
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), Stop> {
        self.pace.received.fetch_add(bytes.len(), Ordering::Relaxed);
        self.body.take(bytes)
    }

    fn end(&mut self) -> Result<Bytes, String> {
        self.body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    /// An answer of this many pieces of this size, each this long after the one before.
    async fn answer(pieces: usize, size: usize, gap: Duration) -> Result<(), TransportError> {
        let pace = Pace::new(LIMIT);
        let call = async {
            for _ in 0..pieces {
                tokio::time::sleep(gap).await;
                pace.received.fetch_add(size, Ordering::Relaxed);
            }
            Ok(())
        };
        pace.limit(call).await
    }

    /// After how many seconds an answer is left; `None` where it came to its end.
    async fn left_after(pieces: usize, size: usize, gap: Duration) -> Option<u64> {
        match answer(pieces, size, gap).await {
            Err(TransportError::TimedOut { limit }) => Some(limit.as_secs()),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_sender_is_left_and_a_long_answer_that_keeps_coming_is_not() {
        let second = Duration::from_secs(1);
        assert_eq!(left_after(1, 1, LIMIT * 2).await, Some(20), "no byte in time");
        assert_eq!(left_after(usize::MAX, 1, second).await, Some(20), "a byte a second");
        assert_eq!(left_after(19, 1, second).await, None, "a short answer in time");
        assert_eq!(left_after(100, 1 << 20, second).await, None, "100 MiB in 100 s");
        assert_eq!(left_after(usize::MAX, 1 << 20, second).await, Some(300), "without an end");
        assert_eq!(left_after(25, 1 << 20, LIMIT * 2).await, Some(20), "too long a pause");
    }
}
