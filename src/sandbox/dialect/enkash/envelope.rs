//! How enkash wraps requests and answers: encrypted or not (enkash wire notes, 1.5), in one of two
//! envelopes (1.6).

use http::StatusCode;

use super::ENCRYPTION_KEY;
use crate::sandbox::call::Reply;
use crate::sandbox::crypto;
use crate::sandbox::json::{Body, Json, number, object, text};

/// How the request came, which is how the answer goes (1.5).
#[derive(Clone, Copy)]
pub(super) enum Wrapping {
    /// `{"request": "…"}`.
    Envelope,
    /// The sealed text by itself, with or without quotes.
    Bare,
    /// Not encrypted.
    Plain,
}

impl Wrapping {
    pub(super) fn wrap(self, status: StatusCode, body: &Json) -> Reply {
        let sealed = || {
            crypto::ecb_encrypt(ENCRYPTION_KEY, body.to_string().as_bytes())
                .expect("half a digest is always a key")
        };
        match self {
            Self::Envelope => Reply::json(status, object([("request", text(sealed()))])),
            Self::Bare => Reply::json(status, text(sealed())),
            Self::Plain => Reply::json(status, body),
        }
    }
}

/// The request's object and how it was wrapped; `None` when it cannot be decrypted.
pub(super) fn open(bytes: &[u8]) -> Option<(Wrapping, Body)> {
    let unseal = |sealed: &str| Body::read(&crypto::ecb_decrypt(ENCRYPTION_KEY, sealed)?);
    if let Ok(sealed) = serde_json::from_slice::<String>(bytes) {
        return Some((Wrapping::Bare, unseal(&sealed)?));
    }
    match Body::read(bytes) {
        Some(body) => match body.string("request") {
            Some(sealed) => Some((Wrapping::Envelope, unseal(&sealed)?)),
            None => Some((Wrapping::Plain, body)),
        },
        None => Some((Wrapping::Bare, unseal(std::str::from_utf8(bytes).ok()?)?)),
    }
}

/// HTTP status and body of a card call.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Json,
    pub(super) topped_up: bool,
}

/// `code`, `message`, `payload`: one of the two spellings (1.6).
pub(super) fn success(payload: Json) -> Answer {
    let body = object([("code", number(0)), ("message", text("Success")), ("payload", payload)]);
    Answer { status: StatusCode::OK, body, topped_up: false }
}

/// `response_code`, `response_message`, `payload`: the other one.
pub(super) fn response_success(payload: Json) -> Answer {
    let body = object([
        ("response_code", number(0)),
        ("response_message", text("Success")),
        ("payload", payload),
    ]);
    Answer { status: StatusCode::OK, body, topped_up: false }
}

/// A refusal inside HTTP 200 (1.6).
pub(super) fn business_failure(why: &str) -> Answer {
    let body = object([
        ("response_code", number(1)),
        ("response_message", text(why)),
        ("payload", text(why)),
    ]);
    Answer { status: StatusCode::OK, body, topped_up: false }
}

/// Another HTTP status (1.7).
pub(super) fn failure(status: StatusCode, why: &str) -> Answer {
    Answer {
        status,
        body: object([("code", number(1)), ("message", text(why)), ("payload", text(why))]),
        topped_up: false,
    }
}

/// A field is missing.
pub(super) fn bad_request(why: &str) -> Answer {
    failure(StatusCode::BAD_REQUEST, why)
}

/// A field has a value that is not allowed.
pub(super) fn invalid(why: &str) -> Answer {
    failure(StatusCode::UNPROCESSABLE_ENTITY, why)
}
