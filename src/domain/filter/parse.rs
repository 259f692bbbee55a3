//! From tokens to a tree of terms.
//!
//! ```text
//! any  = all { "or" all }
//! all  = term { term }
//! term = "-" term | "(" any ")" | word
//! ```

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::fold::{fold, letters};
use super::lex::{Token, TokenKind, tokens};
use super::schema::{FieldId, FieldKind, FilterField, Of, Schema};
use super::times::{Times, span};
use super::{FilterError, Flag};
use crate::domain::card::as_digits;
use crate::domain::money::read_decimal;

/// A condition on a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// Each of them holds.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// The complement.
    Not(Box<Self>),
    /// A condition on a related row; a leaf.
    Related(Box<Self>),
    /// Free text, folded.
    Words(String),
    /// One of the texts of a field is one of these.
    Text(FieldId, Vec<Pattern>),
    /// The same by letters and digits alone.
    Spelling(FieldId, Vec<Pattern>),
    /// The number of a field is one of these.
    Number(FieldId, Vec<Decimal>),
    /// The number of a field compares so.
    Compare(FieldId, Comparison, Decimal),
    /// The time of a field compares so.
    Time {
        /// The field.
        field: FieldId,
        /// How it compares.
        comparison: Comparison,
        /// With what.
        at: Timestamp,
        /// The field is the time of the row.
        dates_row: bool,
    },
    /// How long ago the row happened.
    Age(Comparison, SignedDuration),
    /// It happened then or later.
    Since(Timestamp),
    /// It happened then or earlier.
    Until(Timestamp),
    /// The flag is set.
    Is(Flag),
}

/// One alternative of `field:a|~b`. The text is folded; for [`Term::Spelling`] it has only letters
/// and digits.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The text may be a part.
    pub contains: bool,
    /// What is looked for.
    pub text: String,
}

/// How a number or a time is compared with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
}

impl Comparison {
    /// Whether `a` compares so with `b`.
    pub fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Less => a < b,
            Self::AtMost => a <= b,
        }
    }
}

/// The term of a whole filter; `None` when it is empty.
///
/// # Errors
/// The first mistake, with its position.
pub(super) fn parse(
    text: &str,
    schema: &Schema,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Option<Term>, FilterError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let times = Times { now, zone };
    let mut parser = Parser { tokens, next: 0, schema, times, end: text.len(), depth: 0 };
    let term = parser.any()?;
    match parser.peek() {
        None => Ok(Some(term)),
        Some(token) => Err(token.error("there is a ) without its (")),
    }
}

/// Deepest nesting of brackets: far beyond what anybody writes, far below the stack.
const DEEPEST: usize = 50;

struct Parser<'a> {
    tokens: Vec<Token>,
    next: usize,
    schema: &'a Schema,
    times: Times<'a>,
    /// Length of the text: where something is missing at its end.
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn is_or(&self) -> bool {
        self.peek().is_some_and(
            |token| matches!(&token.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case("or")),
        )
    }

    fn any(&mut self) -> Result<Term, FilterError> {
        let mut terms = vec![self.all()?];
        while self.is_or() {
            self.next += 1;
            terms.push(self.all()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
    }

    fn all(&mut self) -> Result<Term, FilterError> {
        let mut terms = Vec::new();
        while let Some(token) = self.peek() {
            if matches!(token.kind, TokenKind::Close) || self.is_or() {
                break;
            }
            terms.push(self.term()?);
        }
        match terms.len() {
            0 => {
                let at = self.peek().map_or(self.end, |token| token.at);
                let message = "something is missing here: a word, or a field such as state:active";
                Err(FilterError { at, message: message.to_owned(), advice: None })
            }
            1 => Ok(terms.remove(0)),
            _ => Ok(Term::All(terms)),
        }
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let Some(token) = self.peek().cloned() else {
            let message = "something is missing behind the -".to_owned();
            return Err(FilterError { at: self.end, message, advice: None });
        };
        self.next += 1;
        match &token.kind {
            TokenKind::Minus => Ok(Term::Not(Box::new(self.nested(&token, Self::term)?))),
            TokenKind::Open => {
                let term = self.nested(&token, Self::any)?;
                if self.peek().is_some_and(|token| matches!(token.kind, TokenKind::Close)) {
                    self.next += 1;
                    Ok(term)
                } else {
                    Err(token.error("this ( is not closed: write ) at its end"))
                }
            }
            TokenKind::Close => Err(token.error("there is a ) without its (")),
            TokenKind::Quoted(words) if words.trim().is_empty() => {
                Err(token.error("there is nothing between the quotes"))
            }
            TokenKind::Quoted(words) => Ok(Term::Words(fold(words))),
            TokenKind::Word(word) => self.word(&token, word),
        }
    }

    fn nested(
        &mut self,
        token: &Token,
        parse: fn(&mut Self) -> Result<Term, FilterError>,
    ) -> Result<Term, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(token.error("this is nested too deep"));
        }
        let term = parse(self);
        self.depth -= 1;
        term
    }

    /// `name:value`, `name>value`, or free text.
    fn word(&self, token: &Token, word: &str) -> Result<Term, FilterError> {
        let Some(split) = word.find([':', '>', '<']) else {
            return self.free_text(token, word);
        };
        let (name, rest) = word.split_at(split);
        let name = name.to_ascii_lowercase();
        if name.is_empty() {
            return Err(token.error(
                "a field's name is missing before the sign, such as state:active or amount>20",
            ));
        }
        let (comparison, value) = sign(rest);
        if value.is_empty() {
            return Err(missing_value(token, &name));
        }
        let of_times = if self.schema.dates_related() { Of::Related } else { Of::Row };
        match (name.as_str(), comparison) {
            ("since", None) => Ok(of_times.term(Term::Since(self.times.parse(token, value)?))),
            ("until", None) => Ok(of_times.term(Term::Until(self.times.parse(token, value)?))),
            ("is", None) => self.flag(token, value),
            ("since" | "until" | "is", Some(_)) => {
                Err(token.error(format!("`{name}` is not compared: write {name}:value")))
            }
            ("age", comparison) => age(token, comparison, value),
            (name, comparison) => self.condition(token, name, comparison, value),
        }
    }

    fn free_text(&self, token: &Token, word: &str) -> Result<Term, FilterError> {
        if let Some((name, value)) = word.split_once('=') {
            let lower = name.to_ascii_lowercase();
            if lower == "age" || self.schema.find(&lower).next().is_some() {
                return Err(
                    token.error(format!("`=` is not a sign of filters: write {name}:{value}"))
                );
            }
        }
        Ok(Term::Words(fold(as_digits(word))))
    }

    fn flag(&self, token: &Token, value: &str) -> Result<Term, FilterError> {
        let known = |flags: &[Flag]| {
            flags.iter().copied().find(|flag| flag.name().eq_ignore_ascii_case(value))
        };
        if let Some(flag) = known(self.schema.flags) {
            return Ok(Term::Is(flag));
        }
        let words: Vec<&str> = self.schema.flags.iter().map(|flag| flag.name()).collect();
        let (rows, words) = (self.schema.rows, words.join(" "));
        Err(token.error(match known(&Flag::ALL) {
            Some(flag) => format!(
                "is:{} has no meaning for {rows} here: write is: with one of {words}",
                flag.name()
            ),
            None => format!("is:{value} is not known: write is: with one of {words}"),
        }))
    }

    /// A condition on a field of the schema. `name` is what was typed, which may be an alias.
    fn condition(
        &self,
        token: &Token,
        name: &str,
        comparison: Option<Comparison>,
        value: &str,
    ) -> Result<Term, FilterError> {
        let fields: Vec<&FilterField> = self.schema.find(name).collect();
        match fields.as_slice() {
            [] => Err(self.unknown_field(token, name)),
            [field] if field.words.is_empty() => {
                let term = self.of_field(token, (name, field), comparison, value)?;
                Ok(field.of.term(term))
            }
            fields => word_condition(token, (name, fields), comparison, value),
        }
    }

    fn unknown_field(&self, token: &Token, name: &str) -> FilterError {
        let rows = self.schema.rows;
        let problem = match self.schema.elsewhere(name) {
            Some(others) => format!("{rows} have no {name}, {others} have"),
            None => format!("there is no field `{name}`"),
        };
        let advice = format!(
            "known are {}; text with a sign in it goes in quotes",
            self.schema.names().join(" ")
        );
        FilterError { at: token.at, message: problem, advice: Some(advice) }
    }

    fn of_field(
        &self,
        token: &Token,
        (name, field): (&str, &FilterField),
        comparison: Option<Comparison>,
        value: &str,
    ) -> Result<Term, FilterError> {
        match (field.kind, comparison) {
            (FieldKind::Text, None) => Ok(Term::Text(field.id, patterns(token, name, value)?)),
            (FieldKind::Spelling, None) => {
                Ok(Term::Spelling(field.id, spellings(patterns(token, name, value)?)))
            }
            (FieldKind::Text | FieldKind::Spelling, Some(_)) => Err(is_text(token, name)),
            (FieldKind::Number, None) => {
                let number = |text: &str| {
                    read_decimal(text).map_err(|_| {
                        token.error(format!(
                            "`{text}` is not a number: write {name}:20, or {name}>20"
                        ))
                    })
                };
                let numbers = value.split('|').map(number).collect::<Result<_, _>>()?;
                Ok(Term::Number(field.id, numbers))
            }
            (FieldKind::Number, Some(comparison)) => {
                let number = read_decimal(value).map_err(|_| {
                    token.error(format!("`{value}` is not a number: write {name}>20"))
                })?;
                Ok(Term::Compare(field.id, comparison, number))
            }
            (FieldKind::Time, None) => Err(token.error(format!(
                "compare times with > or <, such as {name}>2h or {name}<2026-04-01"
            ))),
            (FieldKind::Time, Some(comparison)) => {
                let at = self.times.parse(token, value)?;
                Ok(Term::Time { field: field.id, comparison, at, dates_row: field.dates_row })
            }
        }
    }
}

impl Of {
    /// A condition on a field of these rows.
    fn term(self, term: Term) -> Term {
        match self {
            Self::Row => term,
            Self::Related => Term::Related(Box::new(term)),
        }
    }
}

/// A condition on a field of fixed words. Where the row and its related rows both have the field,
/// a word is about the one that can have it, and about the row where both can.
fn word_condition(
    token: &Token,
    (name, fields): (&str, &[&FilterField]),
    comparison: Option<Comparison>,
    value: &str,
) -> Result<Term, FilterError> {
    if comparison.is_some() {
        return Err(is_text(token, name));
    }
    let mut of_fields: Vec<Vec<Pattern>> = vec![Vec::new(); fields.len()];
    for pattern in patterns(token, name, value)? {
        let spelling = spelling(&pattern);
        let may_have = |field: &&FilterField| match field.kind {
            FieldKind::Spelling => field.words.iter().any(|word| spelling.is_spelling(word)),
            FieldKind::Text | FieldKind::Number | FieldKind::Time => {
                field.words.is_empty() || field.words.iter().any(|word| pattern.is_text(word))
            }
        };
        let Some(index) = fields.iter().position(may_have) else {
            let mut words: Vec<&str> = Vec::new();
            for word in fields.iter().flat_map(|field| &field.words) {
                if !words.contains(&word.as_str()) {
                    words.push(word);
                }
            }
            return Err(FilterError {
                at: token.at,
                message: format!("{name}:{} is not known", pattern.text),
                advice: Some(format!("write {name}: with one of {}", words.join(" "))),
            });
        };
        if let Some(patterns) = of_fields.get_mut(index) {
            patterns.push(pattern);
        }
    }
    let of_field = |(field, patterns): (&&FilterField, Vec<Pattern>)| {
        let term = match field.kind {
            FieldKind::Spelling => Term::Spelling(field.id, spellings(patterns)),
            FieldKind::Text | FieldKind::Number | FieldKind::Time => Term::Text(field.id, patterns),
        };
        field.of.term(term)
    };
    let wanted = fields.iter().zip(of_fields).filter(|(_, patterns)| !patterns.is_empty());
    let mut terms: Vec<Term> = wanted.map(of_field).collect();
    Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
}

fn is_text(token: &Token, name: &str) -> FilterError {
    token.error(format!("{name} is text: write {name}:value or {name}:~part"))
}

fn spelling(pattern: &Pattern) -> Pattern {
    Pattern { text: letters(&pattern.text), ..pattern.clone() }
}

fn spellings(patterns: Vec<Pattern>) -> Vec<Pattern> {
    patterns.iter().map(spelling).collect()
}

/// The comparison that a sign stands for, `None` for `:`, and what follows it.
fn sign(text: &str) -> (Option<Comparison>, &str) {
    const SIGNS: [(&str, Option<Comparison>); 5] = [
        (">=", Some(Comparison::AtLeast)),
        ("<=", Some(Comparison::AtMost)),
        (">", Some(Comparison::More)),
        ("<", Some(Comparison::Less)),
        (":", None),
    ];
    SIGNS
        .into_iter()
        .find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?)))
        .unwrap_or((None, text))
}

fn missing_value(token: &Token, name: &str) -> FilterError {
    token.error(format!("a value is missing behind `{name}`"))
}

fn age(token: &Token, comparison: Option<Comparison>, value: &str) -> Result<Term, FilterError> {
    let comparison =
        comparison.ok_or_else(|| token.error("compare ages with > or <, such as age>30s"))?;
    let age = span(value)
        .ok_or_else(|| token.error("that is not an age: write one such as age>30s, 5m, 2h, 1d"))?;
    Ok(Term::Age(comparison, age))
}

fn patterns(token: &Token, name: &str, value: &str) -> Result<Vec<Pattern>, FilterError> {
    let everywhere = value.starts_with('~');
    let pattern = |text: &str| {
        let part = text.strip_prefix('~');
        let text = fold(part.unwrap_or(text));
        if text.is_empty() {
            return Err(missing_value(token, name));
        }
        Ok(Pattern { contains: everywhere || part.is_some(), text })
    };
    value.split('|').map(pattern).collect()
}
