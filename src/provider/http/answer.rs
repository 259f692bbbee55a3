//! A whole answer of a provider: its body read as JSON, and the error that it stands for where it
//! refuses.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::response::Parts;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::access::Access;
use super::body_form::BodyForm;
use super::dates;
use super::meaning::{self, AnsweredBy};
use crate::config::spelling::Spelling;
use crate::domain::card::ProviderId;
use crate::domain::text;
use crate::provider::error::{Cause, Error, ErrorKind, Result};
use crate::provider::json::{JsonObject, in_document_names, without_byte_order_mark};

/// Bytes of a body that are looked at to say what it is.
const INSPECTED: usize = 2_000;

/// A whole answer of a provider.
#[derive(Clone, Debug)]
pub struct Answer {
    provider: ProviderId,
    access: Access,
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// What was kept of its body: all of it, or what stands around the rows of its lists.
    pub body: Bytes,
    /// When it arrived, by our clock: the as-of time of what it says.
    pub at: Timestamp,
}

impl Answer {
    pub(super) fn new(
        provider: &ProviderId,
        access: Access,
        parts: Parts,
        body: &Bytes,
        at: Timestamp,
    ) -> Self {
        Self {
            provider: provider.clone(),
            access,
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.slice_ref(without_byte_order_mark(body)),
            at,
        }
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Puts the document's names of fields in the place of the account's own.
    pub fn name_fields(&mut self, spelling: &Spelling) {
        if let Some(json) = Some(&self.body)
            .filter(|_| !spelling.fields.is_empty())
            .and_then(|body| serde_json::from_slice(body).ok())
        {
            let json: &RawValue = json;
            let named = in_document_names(json, spelling);
            self.body = Bytes::from(String::from(Box::<str>::from(named)));
        }
    }

    /// The body as JSON, whatever its content type says.
    ///
    /// # Errors
    /// `BadReply`, in doubt for a write, when it is not JSON.
    pub fn json(&self) -> Result<&RawValue> {
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable())
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// `BadReply`, in doubt for a write, when it is not one.
    pub fn object(&self) -> Result<JsonObject<'_>> {
        JsonObject::read(self.json()?)
            .map_err(|_| self.bad_reply("answered JSON of an unexpected shape"))
    }

    /// The error of an answer that cannot be trusted or understood: a write may have happened.
    #[must_use]
    pub fn bad_reply(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::BadReply, why)
            .with_outcome(meaning::of_unreadable(self.access, self.status))
    }

    /// The error of an answer whose body is not of the provider's wire: as [`Self::bad_reply`], and
    /// says what the body is.
    #[must_use]
    pub fn unreadable(&self) -> Error {
        let cause = Cause::Body { status: self.status, form: self.body_form() };
        Error::caused(&self.provider, ErrorKind::BadReply, cause)
            .with_outcome(meaning::of_unreadable(self.access, self.status))
    }

    /// The error that a status other than 2xx stands for, with the provider's words; without any,
    /// it says what the body is. An adapter whose 4xx may come after the effect adds its doubt with
    /// [`Error::with_outcome`].
    #[must_use]
    pub fn refusal(&self, words: &str, by: AnsweredBy) -> Error {
        let status = self.status;
        let cause = if words.trim().is_empty() {
            Cause::Body { status, form: self.body_form() }
        } else {
            Cause::Status { status, reason: text::clean(words).into() }
        };
        let (kind, outcome) = meaning::of_status(status, self.access, by, self.is_web_page());
        Error {
            retry_after: self.retry_after().filter(|_| meaning::may_ask_to_wait(status)),
            ..Error::caused(&self.provider, kind, cause)
        }
        .with_outcome(outcome)
    }

    /// A refusal that the provider stated in words, inside any status: nothing was changed.
    #[must_use]
    pub fn stated_refusal(&self, words: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Refused, words)
    }

    /// Whether the body is a JSON object, which a proxy's page is not.
    #[must_use]
    pub fn is_object(&self) -> bool {
        serde_json::from_slice::<&RawValue>(&self.body)
            .is_ok_and(|json| json.get().starts_with('{'))
    }

    /// Whether the body is a web page.
    #[must_use]
    pub fn is_web_page(&self) -> bool {
        is_web_page(&self.start_of_body())
    }

    /// What the body is, when it is not the JSON that was expected.
    #[must_use]
    pub fn body_form(&self) -> BodyForm {
        let body = self.start_of_body();
        let start = body.trim_start();
        if start.is_empty() {
            BodyForm::Empty
        } else if is_web_page(start) {
            BodyForm::WebPage
        } else if start.starts_with(['{', '[']) {
            BodyForm::BrokenJson
        } else {
            BodyForm::Text(text::fit(&text::clean(start), 80).into())
        }
    }

    /// As [`Self::body_form`], as a sentence part with the status.
    #[must_use]
    pub fn describe_body(&self) -> String {
        Cause::Body { status: self.status, form: self.body_form() }.to_string()
    }

    fn start_of_body(&self) -> std::borrow::Cow<'_, str> {
        let start = self.body.get(..self.body.len().min(INSPECTED)).unwrap_or_default();
        String::from_utf8_lossy(start)
    }

    /// `Retry-After`: seconds, or a date against our clock; a day at most.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        dates::retry_after(self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?, self.at)
    }

    /// The provider's clock when it answered, in whole seconds.
    pub(super) fn date(&self) -> Option<Timestamp> {
        dates::http_date(self.headers.get(http::header::DATE)?.to_str().ok()?)
    }

    /// The provider's clock minus ours, in seconds.
    pub(super) fn skew(&self) -> Option<i64> {
        Some(self.date()?.as_second() - self.at.as_second())
    }
}

fn is_web_page(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| start.starts_with(tag))
}
