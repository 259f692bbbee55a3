//! The envelope that every answer of enkash comes in, sealed or plain (enkash wire notes, 1.3, 1.5
//! and 1.6), and the rows in it.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::BASE64;
use serde_json::value::RawValue;

use crate::config::spelling::Spelling;
use crate::domain::text;
use crate::provider::http::Answer;
use crate::provider::json::{self, JsonObject, RowError};
use crate::provider::{Error, crypto, listing};

/// Words of a refusal after which the load may have happened all the same (enkash wire notes, 1.5
/// point 9 and 5; the rest is caution).
const DOUBTFUL: [&str; 7] = [
    "encryption failed for response",
    "already exist",
    "duplicate",
    "timeout",
    "timed out",
    "transaction pending",
    "in progress",
];

/// What an answer says, decrypted: the envelope of enkash wire notes, 1.6, in both spellings.
#[derive(Debug)]
pub(super) struct Envelope {
    /// `code` and `response_code`.
    pub(super) code: Code,
    /// The words for a person.
    pub(super) words: Arc<str>,
    /// `payload`; `None` when absent, `null` or empty.
    payload: Option<Bytes>,
}

/// The code of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// 0: it was done.
    Success,
    /// Any other number; 1 is the documented one.
    Failure(i64),
    /// No code, or two that contradict each other.
    Unclear,
}

impl Envelope {
    /// `payload`; `None` when absent, `null` or empty.
    pub(super) fn payload(&self) -> Option<&RawValue> {
        serde_json::from_slice(self.payload.as_deref()?).ok()
    }

    /// Puts the document's names of fields in the place of the account's own.
    pub(super) fn name_fields(&mut self, spelling: &Spelling) {
        if spelling.fields.is_empty() {
            return;
        }
        let named = self.payload().map(|payload| {
            String::from(Box::<str>::from(json::in_document_names(payload, spelling)))
        });
        self.payload = named.map(Bytes::from);
    }

    /// Whether the words leave it open that the change happened.
    pub(super) fn is_doubtful(&self) -> bool {
        let words = self.words.to_lowercase();
        DOUBTFUL.iter().any(|doubtful| words.contains(doubtful))
    }

    /// Whether the words say that a list is empty, which some servers answer as a failure.
    pub(super) fn is_none_found(&self) -> bool {
        let words = self.words.to_lowercase();
        ["no record", "no transaction", "no data"].iter().any(|none| words.contains(none))
    }
}

/// Why an answer cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Not JSON, and not something that could be encrypted.
    NotJson,
    /// Looks encrypted, and our key does not open it.
    Sealed,
}

impl Unreadable {
    /// The error of an answer.
    pub(super) fn error(self, answer: &Answer) -> Error {
        match self {
            Self::NotJson => answer.unreadable(),
            Self::Sealed => answer.bad_reply(CANNOT_DECRYPT),
        }
    }
}

/// What is said of an answer that our key does not open.
pub(super) const CANNOT_DECRYPT: &str = "the answer cannot be decrypted; check encryption_key";

/// Reads a body in the order of enkash wire notes, 1.5: an object with `field`, `request` or
/// `response`, a bare encrypted text, a plain object. Errors may be plain even when encryption is
/// on.
pub(super) fn read(body: &Bytes, key: &[u8], field: &str) -> Result<Envelope, Unreadable> {
    let (plain, why) = match unsealed(body, key, field)? {
        Some(plain) => (plain, Unreadable::Sealed),
        None => (body.clone(), Unreadable::NotJson),
    };
    let text = std::str::from_utf8(&plain).map_err(|_| why)?;
    JsonObject::parse(text.trim()).map(|object| envelope(&object, &plain)).map_err(|_| why)
}

/// What was in a body that is sealed, or is a text; `None` where it is a plain object.
pub(super) fn unsealed(body: &[u8], key: &[u8], field: &str) -> Result<Option<Bytes>, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotJson)?.trim();
    if let Ok(object) = JsonObject::parse(text) {
        return match sealed_names(field).iter().find_map(|name| object.raw_text(name)) {
            Some(sealed) if !has_code(&object) => open(&sealed, key).map(Some),
            _ => Ok(None),
        };
    }
    // No encrypted text begins so; JSON that could not be read as an object is nothing else.
    if text.starts_with(['{', '[']) {
        return Err(Unreadable::NotJson);
    }
    let bare = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
    match JsonObject::parse(&bare) {
        Ok(_) => Ok(Some(Bytes::from(bare))),
        Err(_) => open(&bare, key).map(Some),
    }
}

/// The fields that an encrypted text may come in.
pub(super) const fn sealed_names(field: &str) -> [&str; 3] {
    [field, "request", "response"]
}

/// Whether an object says itself what became of a call, and holds nothing encrypted that would.
pub(super) fn has_code(object: &JsonObject<'_>) -> bool {
    object.first(&["code", "response_code"]).is_some()
}

fn open(sealed: &str, key: &[u8]) -> Result<Bytes, Unreadable> {
    let sealed: String = sealed.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let cipher = BASE64
        .decode(sealed.as_bytes())
        .ok()
        .filter(|cipher| !cipher.is_empty())
        .ok_or(Unreadable::NotJson)?;
    let plain = crypto::aes_ecb_decrypt(key, &cipher).map_err(|_| Unreadable::Sealed)?;
    let plain = std::str::from_utf8(&plain).map_err(|_| Unreadable::Sealed)?;
    let plain = plain.trim_start_matches('\u{feff}');
    Ok(Bytes::from(serde_json::from_str::<String>(plain).unwrap_or_else(|_| plain.to_owned())))
}

/// `body` is what the object is part of.
fn envelope(object: &JsonObject<'_>, body: &Bytes) -> Envelope {
    let codes: Vec<Option<i64>> = ["code", "response_code"]
        .into_iter()
        .filter(|name| object.get(name).is_some())
        .map(|name| object.integer(name))
        .collect();
    let code = match codes.as_slice() {
        [Some(0)] | [Some(0), Some(0)] => Code::Success,
        [Some(code)] => Code::Failure(*code),
        [Some(one), Some(other)] if one == other => Code::Failure(*one),
        _ => Code::Unclear,
    };
    let payload = object.get("payload");
    let words = object
        .first_text(&["message", "response_message", "error_description", "error"])
        .or_else(|| payload.and_then(plain_words))
        .unwrap_or_default();
    Envelope {
        code,
        words,
        payload: payload.map(|payload| body.slice_ref(payload.get().as_bytes())),
    }
}

fn plain_words(raw: &RawValue) -> Option<Arc<str>> {
    let words = text::clean(&json::text_start(raw)?);
    (!words.is_empty()).then(|| words.into())
}

/// The access token of a token answer and its life in seconds, where said; both spellings (enkash
/// wire notes, 1.3).
pub(super) fn token(body: &[u8]) -> Option<(String, Option<i64>)> {
    let object = JsonObject::parse(std::str::from_utf8(body).ok()?).ok()?;
    let token = object.raw_text("access_token").or_else(|| object.raw_text("accessToken"))?;
    Some((token, object.integer("expires_in").or_else(|| object.integer("expiresIn"))))
}

/// Whether a body is an error of OAuth 2 (RFC 6749, 5.2): an object whose `error` is a word.
pub(super) fn is_oauth_error(body: &[u8]) -> bool {
    let object = std::str::from_utf8(body).ok().and_then(|text| JsonObject::parse(text).ok());
    object.is_some_and(|object| object.text("error").is_some_and(|word| !word.contains(' ')))
}

/// The words of a token answer that is not a token.
pub(super) fn token_error(body: &[u8]) -> Option<Arc<str>> {
    let object = JsonObject::parse(std::str::from_utf8(body).ok()?).ok()?;
    object.first_text(&["error_description", "message", "response_message", "error"])
}

/// Rows of a list answer, and how many there are in all.
#[derive(Default)]
pub(super) struct Rows<'a> {
    /// The rows of this answer, or the number of their list where they were read while it came.
    pub(super) rows: Vec<&'a RawValue>,
    /// `recordsCount`, where said.
    pub(super) total: Option<usize>,
    /// Words in the place of a list.
    pub(super) error: Option<RowError>,
}

/// `{recordsCount, data}`, one object, or a bare array (enkash wire notes, 2.13 and 2.14).
pub(super) fn rows(envelope: &Envelope) -> Rows<'_> {
    let Some(payload) = envelope.payload() else { return Rows::default() };
    let Ok(object) = JsonObject::read(payload) else {
        let listed = payload.get().starts_with('[').then(|| json::list(payload)).flatten();
        let error = listed.is_none().then(|| {
            if payload.get().starts_with(['[', '{']) {
                return RowError::new(&listing::unreadable_list());
            }
            let words = plain_words(payload).unwrap_or_default();
            RowError::new(&format!("the answer has text in the place of a list: {words}"))
        });
        return Rows { rows: listed.unwrap_or_default(), total: None, error };
    };
    if object.has_too_long_a_list() {
        return Rows {
            rows: Vec::new(),
            total: None,
            error: Some(RowError::new(&listing::unreadable_list())),
        };
    }
    let total = object.integer("recordsCount").and_then(|total| usize::try_from(total).ok());
    let data = object.get("data").filter(|data| !data.get().starts_with(['[', '{']));
    if let Some(other) = data {
        let words = plain_words(other).unwrap_or_default();
        let error = RowError::new(&format!(
            "the answer has something else in the place of a list: {words}"
        ));
        return Rows { rows: Vec::new(), total, error: Some(error) };
    }
    let rows = match object.list("data").or_else(|| object.any_list().filter(|_| total.is_some())) {
        Some(rows) => rows,
        None if total.is_some()
            || object.get("data").is_some()
            || object.names().next().is_none() =>
        {
            Vec::new()
        }
        None => vec![payload],
    };
    Rows { rows, total, error: None }
}
