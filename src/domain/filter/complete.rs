//! What a half-written word of a filter may become.

use super::schema::Schema;
use super::{FieldKind, Flag};

/// Offered after `since:` and `until:`.
const TIMES: [&str; 7] = ["15m", "1h", "8h", "24h", "2d", "today", "yesterday"];

/// The names, or the words of a field, that begin with what stands before the cursor.
pub(super) fn complete(text: &str, cursor: usize, schema: &Schema) -> Vec<String> {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = text.get(..cursor).unwrap_or(text);
    let word = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
        .next()
        .unwrap_or_default();
    let word = word.trim_start_matches('-').to_ascii_lowercase();
    let Some((name, value)) = word.split_once(':') else {
        return names(schema).filter(|name| name.starts_with(&word)).collect();
    };
    let value = value.rsplit('|').next().unwrap_or_default().trim_start_matches('~');
    words(name, schema).into_iter().filter(|word| word.starts_with(value)).collect()
}

fn names(schema: &Schema) -> impl Iterator<Item = String> {
    let fields = schema.fields().iter().map(|field| format!("{}{}", field.name, field.kind.sign()));
    let language = ["age>", "since:", "until:", "is:"].into_iter().map(str::to_owned);
    let aliases = schema.aliases().iter().map(|(alias, name)| {
        let kind = schema.find(name).map_or(FieldKind::Text, |(_, field)| field.kind);
        format!("{alias}{}", kind.sign())
    });
    fields.chain(language).chain(aliases)
}

fn words(name: &str, schema: &Schema) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match name {
        "is" => owned(&Flag::ALL.map(Flag::name)),
        "since" | "until" => owned(&TIMES),
        name => schema.find(name).map_or_else(Vec::new, |(_, field)| field.words.clone()),
    }
}
