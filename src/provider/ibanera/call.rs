//! One call of ibanera, before it is a request.

use crate::provider::http::Access;

/// One call of the customer API.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) access: Access,
    /// Path and query.
    pub(super) path: &'a str,
    /// JSON; a call with a body is a POST.
    pub(super) body: Option<&'a [u8]>,
    /// Documented for other transfers only, harmless here (ibanera wire notes, 5.3).
    pub(super) idempotency_key: Option<&'a str>,
}

impl<'a> Call<'a> {
    pub(super) const fn read(path: &'a str) -> Self {
        Self { access: Access::Read, path, body: None, idempotency_key: None }
    }

    pub(super) const fn write(path: &'a str, body: &'a [u8]) -> Self {
        Self { access: Access::Write, path, body: Some(body), idempotency_key: None }
    }
}
