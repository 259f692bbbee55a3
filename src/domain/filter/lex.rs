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
        FilterError { at: self.at, message: message.into() }
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
                    return Err(FilterError { at, message });
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
            Err(FilterError { at, message })
        }
        None if quoted => Ok(TokenKind::Quoted(word)),
        None => Ok(TokenKind::Word(word)),
    }
}
