//! Puts the names of fields that the wire's document uses in the place of an account's own.

use serde_json::value::RawValue;

use super::raw::{pairs, values};
use crate::config::spelling::Spelling;

/// An answer with the document's names of fields, where the account has names of its own for some
/// (`fields` in its configuration). Where the answer also has a field that already bears the
/// document's name, that one is left out: the configured one is meant.
#[must_use]
pub fn in_document_names(raw: &RawValue, spelling: &Spelling) -> Box<RawValue> {
    if spelling.fields.is_empty() {
        return raw.to_owned();
    }
    let mut json = String::with_capacity(raw.get().len());
    rename(raw.get(), spelling, DEEPEST, &mut json);
    RawValue::from_string(json).unwrap_or_else(|_| raw.to_owned())
}

/// Levels of an answer in which names are looked for. No wire has a quarter of them, and each level
/// parses everything below it once more.
const DEEPEST: usize = 16;

fn rename(json: &str, spelling: &Spelling, levels: usize, out: &mut String) {
    let Some(below) = levels.checked_sub(1) else {
        out.push_str(json);
        return;
    };
    if let Some(pairs) = pairs(json).filter(|_| json.starts_with('{')) {
        let configured: Vec<&str> =
            pairs.iter().filter_map(|(name, _)| spelling.ours(&name.0)).collect();
        let is_kept = |name: &str| {
            spelling.ours(name).is_some()
                || !configured.iter().any(|ours| ours.eq_ignore_ascii_case(name))
        };
        out.push('{');
        for (index, (name, value)) in pairs.iter().filter(|(name, _)| is_kept(&name.0)).enumerate()
        {
            out.push_str(if index == 0 { "" } else { "," });
            out.push_str(
                &serde_json::Value::from(spelling.ours(&name.0).unwrap_or(&name.0)).to_string(),
            );
            out.push(':');
            rename(value.get(), spelling, below, out);
        }
        out.push('}');
    } else if let Some(rows) = values(json).filter(|_| json.starts_with('[')) {
        out.push('[');
        for (index, row) in rows.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            rename(row.get(), spelling, below, out);
        }
        out.push(']');
    } else {
        out.push_str(json);
    }
}
