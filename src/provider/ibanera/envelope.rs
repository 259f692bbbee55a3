//! The envelope that every answer of ibanera comes in (ibanera wire notes, 1.5 and 1.6).

use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::domain::text;
use crate::provider::json::{self, JsonObject, RowError};

/// Codes after which a change may have happened (ibanera wire notes, 1.6).
const DOUBTFUL: [&str; 3] = ["Card_Provider_Error", "ShareFunds_Failed", "InternalServerError"];

/// The common envelope (ibanera wire notes, 1.5).
#[derive(Debug)]
pub(super) struct Envelope {
    /// `status`: `"1"` is true, `"0"` is false; anything else, or none, is nothing.
    pub(super) success: Option<bool>,
    /// `errors[].messageCode`.
    codes: Vec<Arc<str>>,
    /// `errors` in one sentence; empty when there are none.
    pub(super) words: Arc<str>,
    body: Bytes,
}

impl Envelope {
    /// Reads a body; `None` when it is not a JSON object.
    pub(super) fn read(body: &Bytes) -> Option<Self> {
        let envelope = JsonObject::parse(std::str::from_utf8(body).ok()?).ok()?;
        let success = match envelope.raw_text("status").as_deref().map(str::trim) {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => None,
        };
        let (mut codes, mut words) = (Vec::new(), Vec::new());
        for error in envelope.list("errors").unwrap_or_default() {
            let Ok(error) = JsonObject::read(error) else {
                words.extend(json::text_start(error).map(|words| text::clean(&words)));
                continue;
            };
            let (field, code) =
                (error.text("fieldName"), error.first_text(&["messageCode", "message"]));
            match (field, &code) {
                (Some(field), Some(code)) => words.push(format!("{field}: {code}")),
                (None, Some(code)) => words.push(code.to_string()),
                // ASP.NET's own validation answers `errors` as an object of lists.
                (_, None) => words
                    .extend(error.names().map(|name| format!("{}: Invalid", text::clean(name)))),
            }
            codes.extend(code);
        }
        if words.is_empty() {
            words.extend(
                envelope
                    .first_text(&["message", "title", "detail", "error"])
                    .map(|words| words.to_string()),
            );
        }
        Some(Self { success, codes, words: words.join(", ").into(), body: body.clone() })
    }

    /// Whether its rows are more than are read.
    pub(super) fn has_too_long_a_list(&self) -> bool {
        self.envelope().has_too_long_a_list()
    }

    /// The object itself. It was read once, so it reads again.
    fn envelope(&self) -> JsonObject<'_> {
        std::str::from_utf8(&self.body)
            .ok()
            .and_then(|text| JsonObject::parse(text).ok())
            .unwrap_or_default()
    }

    /// Whether the body is the common envelope, and not some other JSON object.
    pub(super) fn is_envelope(&self) -> bool {
        self.success.is_some() || self.envelope().list("errors").is_some()
    }

    /// Whether one of the errors has this code, in any case.
    pub(super) fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|own| own.eq_ignore_ascii_case(code))
    }

    /// Whether the errors leave it open that a change happened.
    pub(super) fn is_doubtful(&self) -> bool {
        DOUBTFUL.iter().any(|code| self.has_code(code))
    }

    /// Whether there are errors.
    pub(super) fn has_errors(&self) -> bool {
        !self.codes.is_empty()
    }

    /// `details`, where it is an object (or a list of one).
    pub(super) fn details(&self) -> Option<JsonObject<'_>> {
        let rows = self.envelope().list("details")?;
        JsonObject::read(rows.first()?).ok()
    }

    /// The rows of `details`, where it is a list, one object, or absent, which is an empty list.
    ///
    /// # Errors
    /// When something else, such as a text, is in the list's place: that is no empty list.
    pub(super) fn listed(&self) -> Result<Vec<&RawValue>, RowError> {
        let envelope = self.envelope();
        match (envelope.list("details"), envelope.get("details")) {
            (Some(rows), _) => Ok(rows),
            (None, None) => Ok(Vec::new()),
            (None, Some(other)) => {
                let words = json::text_start(other).unwrap_or_default();
                Err(RowError::new(&format!(
                    "the answer has something else in the place of a list: {words}"
                )))
            }
        }
    }

    /// The rows of `details`; none when it is absent.
    pub(super) fn rows(&self) -> Vec<&RawValue> {
        self.envelope().list("details").unwrap_or_default()
    }

    /// `id` of the entity that was changed; 0 means unused.
    pub(super) fn id(&self) -> Option<Arc<str>> {
        self.envelope().id("id").filter(|id| &**id != "0")
    }

    /// `numberOfPages`, which is 0 or absent in some answers (ibanera wire notes, 1.5).
    pub(super) fn pages(&self) -> Option<u32> {
        self.envelope()
            .integer("numberOfPages")
            .and_then(|pages| u32::try_from(pages).ok())
            .filter(|pages| *pages > 0)
    }
}

/// `accessToken` of a login and its life in seconds, where said (ibanera wire notes, 1.2).
pub(super) fn token(envelope: &Envelope) -> Option<(String, Option<i64>)> {
    let details = envelope.details()?;
    Some((details.raw_text("accessToken")?, details.integer("expiresIn")))
}
