//! A webhook on its way: what it says, how it is sealed for one sending, and by which rules a
//! provider sends it again. What each wire makes of them is in its own folder.

use std::fmt;
use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};

use super::json::Body;
use super::random::Random;

/// How webhooks are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookOptions {
    /// Where the receiver listens; for the written configuration and the sender. `None` when they
    /// are only taken in the same process.
    pub to: Option<SocketAddr>,
    /// artha signs; else its secret is the end of the path. Its document allows both.
    pub signed: bool,
    /// enkash's secret is the end of the path instead of a header.
    pub secret_in_path: bool,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self { to: None, signed: true, secret_in_path: false }
    }
}

/// What a webhook says, before it is sealed. The same for every sending.
#[derive(Clone)]
pub(super) struct Message {
    /// The wire's own word for the event.
    pub(super) kind: &'static str,
    pub(super) body: String,
}

/// Without what it says: that may be a code of a cardholder's.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message {{ kind: {:?} }}", self.kind)
    }
}

/// A message sealed for one sending.
pub(super) struct Letter {
    /// Behind the provider's address: empty, or `/` and a secret.
    pub(super) path: String,
    /// Beside the content type, which is JSON.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// What a message is sealed with.
pub(super) struct Sealing<'a> {
    pub(super) options: &'a WebhookOptions,
    /// Of this sending alone.
    pub(super) random: Random,
    pub(super) now: Timestamp,
}

/// What a provider takes for an acknowledgement, and what it does without one.
pub(super) struct Rules {
    pub(super) acknowledgement: Acknowledgement,
    /// Without an answer for so long it is taken for refused.
    pub(super) patience: SignedDuration,
    /// `None` where nothing is sent again.
    pub(super) again: Option<Repetition>,
}

/// The answer that ends the repetitions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledgement {
    /// HTTP 200, whatever the body.
    Status200,
    /// HTTP 200, and JSON whose `code` is 0.
    Code0,
}

/// How often an unacknowledged message is sent again: each wait twice as long as the one before.
#[derive(Clone, Copy)]
pub(super) struct Repetition {
    pub(super) first_wait: SignedDuration,
    /// Nothing is sent later than so long after the first sending.
    pub(super) given_up_after: SignedDuration,
}

impl Acknowledgement {
    /// Whether this answer is one.
    pub(super) fn is_given_by(self, status: u16, body: &[u8]) -> bool {
        status == 200
            && match self {
                Self::Status200 => true,
                Self::Code0 => Body::read(body).and_then(|body| body.count("code")) == Some(0),
            }
    }
}

impl Repetition {
    /// When the sending number `attempt` (from 1 on), refused now, is repeated.
    pub(super) fn next(
        self,
        attempt: u32,
        first_sent: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let factor = 1_i32.checked_shl(attempt.saturating_sub(1)).filter(|factor| *factor > 0)?;
        let at = now.checked_add(self.first_wait.checked_mul(factor)?).ok()?;
        (at.duration_since(first_sent) <= self.given_up_after).then_some(at)
    }
}
