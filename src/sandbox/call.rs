//! A request, read whole, and what a server answers to it.

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};

/// A request, read whole, with what a fault wants of its answer.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) signing: Signing,
}

/// How the answer is to be signed, where the wire signs answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    Right,
    /// With the key of somebody else.
    Wrong,
}

impl Call {
    /// The token behind `Bearer`; empty without one.
    pub(super) fn bearer(&self) -> &str {
        self.header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A query parameter, its name in any case.
    pub(super) fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What a server answers.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    /// The caller proved who it is.
    pub(super) authenticated: bool,
    /// A top-up was taken.
    pub(super) topped_up: bool,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: impl fmt::Display) -> Self {
        Self::of(status, "application/json", body.to_string())
    }

    pub(super) fn of(status: StatusCode, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            body,
            retry_after: None,
            authenticated: true,
            topped_up: false,
        }
    }

    /// To a caller that did not prove who it is.
    pub(super) fn unauthenticated(self) -> Self {
        Self { authenticated: false, ..self }
    }

    pub(super) fn with_top_up(self) -> Self {
        Self { topped_up: true, ..self }
    }

    /// Lets the body stop in the middle.
    pub(super) fn cut_in_half(&mut self) {
        let half =
            (0..=self.body.len() / 2).rev().find(|&at| self.body.is_char_boundary(at)).unwrap_or(0);
        self.body.truncate(half);
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(self.content_type));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        response
    }
}

pub(super) fn query_pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (unescaped(name), unescaped(value)))
        .collect()
}

/// Undoes the percent and plus signs of a form (WHATWG URL, application/x-www-form-urlencoded).
pub(super) fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, escaped) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                out.push(b' ');
                rest = tail;
            }
            (byte, _) => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
