//! Words that belong to one file, and those that belong nowhere.

use super::source::{Source, Token};

/// A run of tokens, and the files that alone may say it (none: nobody).
const OWNED: &[(&[&str], &[&str])] = &[
    (&["crossterm"], &["tty.rs", "tty/"]),
    (&[".", "act", "("], &["engine/change.rs", "engine/change/"]),
    (&["Timestamp", ":", ":", "now"], &["clock.rs"]),
    // A file's name may be anything, an escape sequence too: `text::of_path` cleans it. Secrets
    // clean their whole sentence.
    (
        &[".", "display", "("],
        &["domain/text.rs", "domain/text/", "config/secret.rs", "config/secret/"],
    ),
];

/// What a file says that it may not, one sentence each.
pub(super) fn misplaced(source: &Source) -> Vec<String> {
    let tokens = source.tokens();
    let mut wrong = Vec::new();
    for (words, owners) in OWNED {
        let own =
            owners.iter().any(|owner| source.file == *owner || source.file.starts_with(owner));
        if !own {
            for line in found(&tokens, words) {
                wrong.push(format!("{}:{line} says `{}`", source.file, words.concat()));
            }
        }
    }
    if matches!(source.room(), "domain" | "app" | "ui") {
        for line in found(&tokens, &["async", "fn"]) {
            wrong.push(format!("{}:{line} is asynchronous", source.file));
        }
    }
    wrong
}

/// Names of providers outside of their folders, the one list of them and the simulated bank:
/// whoever knows a provider by name has to be changed for the next one.
pub(super) fn provider_names(source: &Source) -> Vec<String> {
    const PROVIDERS: [&str; 4] = ["artha", "banana", "enkash", "ibanera"];
    let at_home = source.room() == "sandbox"
        || source.file == "provider.rs"
        || source.file == "provider/kinds.rs"
        || PROVIDERS.iter().any(|name| source.file.starts_with(&format!("provider/{name}")));
    if at_home {
        return Vec::new();
    }
    let names = |token: &&Token| {
        let word = token.quoted.as_ref().unwrap_or(&token.text).trim_matches('"').to_lowercase();
        PROVIDERS.contains(&word.as_str())
    };
    let found = source.tokens();
    found
        .iter()
        .filter(names)
        .map(|token| format!("{}:{} knows a provider by name", source.file, token.line))
        .collect()
}

/// Floats, and methods that lead to one: money never passes through them.
pub(super) fn floats(source: &Source) -> Vec<String> {
    let is_float = |token: &&Token| {
        let literal = token.text.starts_with(|c: char| c.is_ascii_digit())
            && !token.text.starts_with("0x")
            && (token.text.contains('.')
                || token.text.contains("f32")
                || token.text.contains("f64"));
        let name = ["f64", "f32", "as_f64", "as_f32", "to_f64", "to_f32"].contains(&&*token.text);
        literal || name
    };
    let found = source.tokens();
    found
        .iter()
        .filter(is_float)
        .map(|token| format!("{}:{} says `{}`", source.file, token.line, token.text))
        .collect()
}

fn found(tokens: &[Token], words: &[&str]) -> Vec<usize> {
    tokens
        .windows(words.len())
        .filter(|window| window.iter().map(|token| token.text.as_str()).eq(words.iter().copied()))
        .filter_map(|window| window.first().map(|token| token.line))
        .collect()
}
