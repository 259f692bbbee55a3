//! Bodies of deliveries: bounded, read as one object, and kept without secrets where cardtop does
//! not know the event.

use std::sync::Arc;

use serde_json::Value;

use super::Rejection;
use crate::domain::text;
use crate::provider::json::{JsonObject, without_byte_order_mark};

/// Most levels of lists and objects in a body. The documents' examples have three.
const DEEPEST: usize = 32;

/// Most characters that are kept of an unknown event.
const LONGEST_KEPT: usize = 4_096;

/// Fewest digits of a one-time code or PIN.
const SHORTEST_CODE: usize = 3;

/// What stands in the place of a value that may be secret.
const DROPPED: &str = "(dropped)";

/// Parts of names whose values are never kept.
const SECRET_NAMES: [&str; 13] = [
    "code",
    "otp",
    "pin",
    "cvv",
    "cvc",
    "pan",
    "number",
    "password",
    "secret",
    "token",
    "key",
    "signature",
    "hash",
];

/// Reads a body as one JSON object.
///
/// # Errors
/// When it is not UTF-8, not an object, or nested too deeply.
pub(in crate::provider) fn read_object(body: &[u8]) -> Result<JsonObject<'_>, Rejection> {
    if is_nested_too_deeply(body) {
        return Err(Rejection::malformed("the body is nested too deeply"));
    }
    let text = std::str::from_utf8(without_byte_order_mark(body))
        .map_err(|_| Rejection::malformed("the body is not UTF-8"))?;
    JsonObject::parse(text).map_err(|_| Rejection::malformed("the body is not a JSON object"))
}

/// Whether lists and objects of a JSON text are nested deeper than any event is. Brackets in
/// strings do not count.
fn is_nested_too_deeply(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The body of an event that is not known, for whoever wants to know what it was: text cleaned, the
/// values of names that sound secret dropped, and of longer numbers nothing but that there were
/// some, since any of them may be a code. `None` where it is no JSON.
pub(in crate::provider) fn kept_body(json: &[u8]) -> Option<Arc<str>> {
    let value: Value = serde_json::from_slice(without_byte_order_mark(json)).ok()?;
    let kept: String = without_secrets(value).to_string().chars().take(LONGEST_KEPT).collect();
    Some(kept.into())
}

fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().map(|(name, value)| {
                let lower = name.to_ascii_lowercase();
                let is_secret = SECRET_NAMES.iter().any(|part| lower.contains(part));
                let value = if is_secret { Value::from(DROPPED) } else { without_secrets(value) };
                (text::clean(&name), value)
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        Value::String(text) => Value::from(without_numbers(&text::clean(&text))),
        Value::Number(number) => {
            let digits = number.to_string();
            let kept = without_numbers(&digits);
            if kept == digits { Value::Number(number) } else { Value::from(kept) }
        }
        Value::Bool(_) | Value::Null => value,
    }
}

/// The same text with a `#` for every three or more digits that stand together.
fn without_numbers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().map(Some).chain([None]) {
        if let Some(digit) = c.filter(|c| c.is_numeric()) {
            digits.push(digit);
            continue;
        }
        if digits.chars().count() < SHORTEST_CODE {
            kept.push_str(&digits);
        } else {
            kept.push('#');
        }
        digits.clear();
        kept.extend(c);
    }
    kept
}
