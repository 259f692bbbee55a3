//! What a half-written word of a filter may become.

use super::schema::{FilterField, Schema};
use super::{FieldKind, Flag, lex};

/// Offered after `since:` and `until:`, and for times that are compared.
const TIMES: [&str; 7] = ["15m", "1h", "8h", "24h", "2d", "today", "yesterday"];

/// Offered after `age>`.
const AGES: [&str; 5] = ["30s", "5m", "1h", "8h", "1d"];

/// What a part of the text may become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Byte at which the word begins that the part is in.
    pub word: usize,
    /// Byte at which the part begins that is replaced; it ends at the cursor.
    pub start: usize,
    /// What it may become.
    pub offers: Vec<String>,
    /// The part is a value, not the name of a field.
    pub is_value: bool,
}

/// The names, or the values of a field, that begin with what stands before the cursor.
pub(super) fn complete(
    text: &str,
    cursor: usize,
    schema: &Schema,
    values: &dyn Fn(&FilterField) -> Vec<String>,
) -> Completion {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = text.get(..cursor).unwrap_or(text);
    let word_start = lex::word_start(before);
    let word = before.get(word_start..).unwrap_or_default();
    let signed = word.trim_start_matches('-');
    let name_start = word_start + (word.len() - signed.len());
    let Some(sign) = signed.find([':', '>', '<']) else {
        let begun = signed.to_ascii_lowercase();
        let offers = names(schema).filter(|name| name.starts_with(&begun)).collect();
        return Completion { word: word_start, start: name_start, offers, is_value: false };
    };
    let (name, value) = signed.split_at(sign);
    let start = name_start + sign + value.len() - last_value(value).len();
    let begun = before.get(start..).unwrap_or_default().trim_matches('"').to_lowercase();
    let of_field = words(&name.to_ascii_lowercase(), schema, values);
    let offers = of_field.into_iter().filter(|word| word.to_lowercase().starts_with(&begun));
    let offers = offers.filter_map(|word| quoted(&word)).collect();
    Completion { word: word_start, start, offers, is_value: true }
}

/// Behind the sign, and of several values the last: `~"ic` of `:fuel|~"ic` is `"ic`.
fn last_value(value: &str) -> &str {
    let value = value.trim_start_matches([':', '>', '<', '=']);
    value.rsplit('|').next().unwrap_or_default().trim_start_matches('~')
}

/// As it is written in a filter; `None` for what the language cannot write.
fn quoted(value: &str) -> Option<String> {
    if value.contains(['"', '|']) || value.starts_with('~') || value.is_empty() {
        return None;
    }
    let plain = !value.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
    Some(if plain { value.to_owned() } else { format!("\"{value}\"") })
}

fn names(schema: &Schema) -> impl Iterator<Item = String> {
    let kind = |name: &str| schema.find(name).next().map(|field| field.kind);
    let signed = move |name: &str| Some(format!("{name}{}", kind(name)?.sign()));
    let fields = schema.names().into_iter().filter_map(signed);
    let language = ["age>", "since:", "until:", "is:"].into_iter().map(str::to_owned);
    let aliases = schema.aliases.iter().filter_map(move |(alias, _)| signed(alias));
    fields.chain(language).chain(aliases)
}

fn words(name: &str, schema: &Schema, values: &dyn Fn(&FilterField) -> Vec<String>) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match name {
        "is" => schema.flags.iter().copied().map(Flag::name).map(str::to_owned).collect(),
        "since" | "until" => owned(&TIMES),
        "age" => owned(&AGES),
        name => {
            let mut words: Vec<String> = Vec::new();
            for field in schema.find(name) {
                let of_field = match field.kind {
                    FieldKind::Text | FieldKind::Spelling if field.words.is_empty() => {
                        values(field)
                    }
                    FieldKind::Text | FieldKind::Spelling => field.words.clone(),
                    FieldKind::Time => owned(&TIMES),
                    FieldKind::Number => Vec::new(),
                };
                for word in of_field {
                    if !words.contains(&word) {
                        words.push(word);
                    }
                }
            }
            words
        }
    }
}
