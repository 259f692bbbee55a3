//! Comparing texts without regard to case, accents and, for some words, spelling.
//!
//! Nearly every text is ASCII, and is compared where it lies: a list has many rows.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Without case and accents: `Müller` and `muller` are one, `Søren` and `soren` too.
///
/// Only marks that a reader may leave out are dropped: the vowels of Hindi or Thai are marks too,
/// and stay.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare = text
        .nfkd()
        .filter(|c| !is_accent(*c))
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_accent(*c));
    let mut folded = String::with_capacity(text.len());
    for c in bare {
        match c {
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ς' => folded.push('σ'),
            c => folded.push(c),
        }
    }
    folded
}

/// Marks of Latin, Greek and Cyrillic letters, and the points of Hebrew and Arabic.
fn is_accent(c: char) -> bool {
    is_combining_mark(c)
        && matches!(
            c,
            '\u{300}'..='\u{36f}'
                | '\u{483}'..='\u{487}'
                | '\u{591}'..='\u{5c7}'
                | '\u{64b}'..='\u{65f}'
                | '\u{670}'
                | '\u{1ab0}'..='\u{1aff}'
                | '\u{1dc0}'..='\u{1dff}'
                | '\u{20d0}'..='\u{20ff}'
                | '\u{fe20}'..='\u{fe2f}'
        )
}

/// Whether a text contains a folded part.
#[must_use]
pub fn contains(text: &str, part: &str) -> bool {
    if !text.is_ascii() {
        return fold(text).contains(part);
    }
    part.is_empty()
        || text
            .as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether a text is a folded one.
pub(super) fn equals(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { fold(text) == folded }
}

/// Only the letters and digits of a folded text: `top-up`, `topup` and `top up` are one word.
pub(super) fn letters(folded: &str) -> String {
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether the letters and digits of a text are these.
pub(super) fn letters_equal(text: &str, wanted: &str) -> bool {
    if text.is_ascii() {
        ascii_letters(text).eq(wanted.bytes())
    } else {
        letters(&fold(text)) == wanted
    }
}

/// Whether these letters and digits stand in a text one after the other, whatever is between them.
pub(super) fn letters_contain(text: &str, part: &str) -> bool {
    if !text.is_ascii() {
        return letters(&fold(text)).contains(part);
    }
    let mut rest = ascii_letters(text);
    loop {
        let mut from_here = rest.clone();
        if part.bytes().all(|byte| from_here.next() == Some(byte)) {
            return true;
        }
        if rest.next().is_none() {
            return false;
        }
    }
}

fn ascii_letters(text: &str) -> impl Iterator<Item = u8> + Clone {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}
