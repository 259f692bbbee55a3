//! The body of an answer, taken while it comes.

use bytes::Bytes;
use http::StatusCode;

use super::access::Access;

/// Most bytes of an answer that is kept as it came: about one card, or a short list.
const LARGEST_ANSWER: usize = 32 << 20;

/// Most bytes of an answer to a change, which is about one card.
const LARGEST_RECEIPT: usize = 8 << 20;

/// By how many bytes the room for an answer grows at least.
const GROWTH: usize = 256 << 10;

/// Takes the body of an answer while it comes, and says what is kept of it.
pub trait AnswerBody: Send {
    /// An answer begins, with this status. What came before was of another answer.
    fn begin(&mut self, status: StatusCode);

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When no more bytes are wanted.
    fn take(&mut self, bytes: Bytes) -> Result<(), Stop>;

    /// The answer has come to its end: what is kept of its body.
    ///
    /// # Errors
    /// Why it cannot be used, as a sentence of a bad reply.
    fn end(&mut self) -> Result<Bytes, String>;
}

/// Why the rest of a body is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It has more bytes than this.
    TooLarge(usize),
    /// What came is enough to refuse it; [`AnswerBody::end`] says why.
    Refused,
}

/// Keeps a body as it came.
pub(in crate::provider) struct WholeBody {
    /// The first bytes, which often are all.
    first: Bytes,
    /// All bytes, where there are more.
    all: Vec<u8>,
    limit: usize,
}

impl WholeBody {
    pub(in crate::provider) const fn new(access: Access) -> Self {
        let limit = match access {
            Access::Read => LARGEST_ANSWER,
            Access::Write => LARGEST_RECEIPT,
        };
        Self { first: Bytes::new(), all: Vec::new(), limit }
    }

    /// The bytes.
    pub(super) fn into_bytes(self) -> Bytes {
        if self.all.is_empty() { self.first } else { Bytes::from(self.all) }
    }
}

impl AnswerBody for WholeBody {
    fn begin(&mut self, _: StatusCode) {
        self.first = Bytes::new();
        self.all = Vec::new();
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), Stop> {
        let known = self.all.len().max(self.first.len());
        if known + bytes.len() > self.limit {
            return Err(Stop::TooLarge(self.limit));
        }
        if known == 0 {
            self.first = bytes;
            return Ok(());
        }
        // Not doubled, as it would be by itself: the whole may be large.
        if self.all.capacity() - self.all.len() < known.max(bytes.len()) {
            self.all.reserve_exact(bytes.len().max(GROWTH).max(known / 4));
        }
        self.all.extend_from_slice(&std::mem::take(&mut self.first));
        self.all.extend_from_slice(&bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<Bytes, String> {
        Ok(std::mem::replace(self, Self { limit: self.limit, ..Self::new(Access::Read) })
            .into_bytes())
    }
}
