//! From text to tokens: brackets, minus signs and words.

use super::FilterError;

/// A token, and the byte at which it begins.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug)]
pub(super) enum TokenKind {
    Open,
    Close,
    Minus,
    /// A word without its quotes: blanks, and quotes inside a word, may have been quoted.
    Word(String),
    /// A word that was quoted from its first character: free text, whatever signs are in it.
    Quoted(String),
}

impl Token {
    pub(super) fn error(&self, message: impl Into<String>) -> FilterError {
        FilterError { at: self.at, message: message.into(), advice: None }
    }
}

/// The tokens of a filter.
///
/// # Errors
/// A quote that is not closed, or a minus sign with nothing after it.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let kind = match c {
            c if c.is_whitespace() => continue,
            '(' => TokenKind::Open,
            ')' => TokenKind::Close,
            '-' => {
                if chars.peek().is_none_or(|(_, next)| next.is_whitespace() || *next == ')') {
                    let message = "something is missing behind the -: write it without a blank, \
                                   such as -uber"
                        .to_owned();
                    return Err(FilterError { at, message, advice: None });
                }
                TokenKind::Minus
            }
            first => word(at, first, &mut chars)?,
        };
        tokens.push(Token { at, kind });
    }
    Ok(tokens)
}

/// A word up to the next blank or bracket that is not in quotes.
fn word(
    at: usize,
    first: char,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
) -> Result<TokenKind, FilterError> {
    let quoted = first == '"';
    let mut word = String::new();
    // Where the quote begins that the next character stands in.
    let mut open = quoted.then_some(at);
    if !quoted {
        word.push(first);
    }
    while let Some((at, c)) = chars.peek().copied() {
        if open.is_none() && (c.is_whitespace() || matches!(c, '(' | ')')) {
            break;
        }
        chars.next();
        match c {
            '"' if open.is_some() => open = None,
            '"' => open = Some(at),
            c => word.push(c),
        }
    }
    match open {
        Some(at) => {
            let message = "a quote is not closed: write \" at its end".to_owned();
            Err(FilterError { at, message, advice: None })
        }
        None if quoted => Ok(TokenKind::Quoted(word)),
        None => Ok(TokenKind::Word(word)),
    }
}

/// The byte at which the word begins that ends with the text: behind the last blank or bracket that
/// is not in quotes.
pub(super) fn word_start(text: &str) -> usize {
    let (mut start, mut in_quotes) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => in_quotes = !in_quotes,
            c if !in_quotes && (c.is_whitespace() || matches!(c, '(' | ')')) => {
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    start
}

/// The text without the word, the bracket or the sign that stands at this byte; at the end of the
/// text, without its last word. It is always shorter, unless it is blank.
pub(super) fn without_word(text: &str, at: usize) -> String {
    let trimmed = text.trim_end();
    let last = trimmed.char_indices().next_back().map_or(0, |(at, _)| at);
    let at = if at < trimmed.len() { at } else { word_start(trimmed).min(last) };
    let (Some(before), Some(from)) = (text.get(..at), text.get(at..)) else {
        return String::new();
    };
    let mut in_quotes = false;
    let end = from
        .char_indices()
        .find(|(offset, c)| {
            if *c == '"' {
                in_quotes = !in_quotes;
            }
            *offset > 0 && !in_quotes && (c.is_whitespace() || matches!(c, '(' | ')'))
        })
        .map_or(from.len(), |(offset, _)| offset);
    let end = match from.chars().next() {
        Some(c @ ('(' | ')' | '-')) => c.len_utf8(),
        Some(_) | None => end,
    };
    format!("{before}{}", from.get(end..).unwrap_or_default())
}
