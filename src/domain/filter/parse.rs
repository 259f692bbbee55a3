//! From tokens to a tree of terms.
//!
//! ```text
//! any  = all { "or" all }
//! all  = term { term }
//! term = "-" term | "(" any ")" | word
//! ```

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::fold::{fold, letters};
use super::lex::{Token, TokenKind, tokens};
use super::schema::{FieldId, FieldKind, FilterField, Schema};
use super::{FilterError, Flag};
use crate::domain::card::as_digits;
use crate::domain::money::read_decimal;

/// A condition on a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// Free text, folded.
    Words(String),
    Text(FieldId, Vec<Pattern>),
    Spelling(FieldId, Vec<Pattern>),
    Number(FieldId, Vec<Decimal>),
    Compare(FieldId, Comparison, Decimal),
    Time(FieldId, Comparison, Timestamp),
    Age(Comparison, SignedDuration),
    Since(Timestamp),
    Until(Timestamp),
    Is(Flag),
}

/// One alternative of `field:a|~b`. The text is folded; for [`Term::Spelling`] it has only letters
/// and digits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    pub(super) contains: bool,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    More,
    AtLeast,
    Less,
    AtMost,
}

impl Comparison {
    pub(super) fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
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
                Err(FilterError { at, message: message.to_owned() })
            }
            1 => Ok(terms.remove(0)),
            _ => Ok(Term::All(terms)),
        }
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let Some(token) = self.peek().cloned() else {
            let message = "something is missing behind the -".to_owned();
            return Err(FilterError { at: self.end, message });
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
        match (name.as_str(), comparison) {
            ("since", None) => Ok(Term::Since(self.times.parse(token, value)?)),
            ("until", None) => Ok(Term::Until(self.times.parse(token, value)?)),
            ("is", None) => flag(token, value),
            ("since" | "until" | "is", Some(_)) => {
                Err(token.error(format!("`{name}` is not compared: write {name}:value")))
            }
            ("age", comparison) => age(token, comparison, value),
            (name, comparison) => match self.schema.find(name) {
                Some(field) => self.condition(token, (name, field), comparison, value),
                None => Err(token.error(format!(
                    "there is no field `{name}`: known are {}, and every other name of the JSON \
                     output; text with a sign in it goes in quotes",
                    self.schema.common()
                ))),
            },
        }
    }

    fn free_text(&self, token: &Token, word: &str) -> Result<Term, FilterError> {
        if let Some((name, value)) = word.split_once('=') {
            let lower = name.to_ascii_lowercase();
            if lower == "age" || self.schema.find(&lower).is_some() {
                return Err(
                    token.error(format!("`=` is not a sign of filters: write {name}:{value}"))
                );
            }
        }
        Ok(Term::Words(fold(as_digits(word))))
    }

    /// A condition on a field of the schema. `name` is what was typed, which may be an alias.
    fn condition(
        &self,
        token: &Token,
        (name, (id, field)): (&str, (FieldId, &FilterField)),
        comparison: Option<Comparison>,
        value: &str,
    ) -> Result<Term, FilterError> {
        match (field.kind, comparison) {
            (FieldKind::Text, None) => Ok(Term::Text(id, patterns(token, name, value)?)),
            (FieldKind::Spelling, None) => {
                let mut patterns = patterns(token, name, value)?;
                for pattern in &mut patterns {
                    pattern.text = letters(&pattern.text);
                }
                Ok(Term::Spelling(id, patterns))
            }
            (FieldKind::Text | FieldKind::Spelling, Some(_)) => {
                Err(token.error(format!("{name} is text: write {name}:value or {name}:~part")))
            }
            (FieldKind::Number, None) => {
                let number = |text: &str| {
                    read_decimal(text).map_err(|_| {
                        token.error(format!(
                            "`{text}` is not a number: write {name}:20, or {name}>20"
                        ))
                    })
                };
                Ok(Term::Number(id, value.split('|').map(number).collect::<Result<_, _>>()?))
            }
            (FieldKind::Number, Some(comparison)) => {
                let number = read_decimal(value).map_err(|_| {
                    token.error(format!("`{value}` is not a number: write {name}>20"))
                })?;
                Ok(Term::Compare(id, comparison, number))
            }
            (FieldKind::Time, None) => Err(token.error(format!(
                "compare times with > or <, such as {name}>2h or {name}<2026-04-01"
            ))),
            (FieldKind::Time, Some(comparison)) => {
                Ok(Term::Time(id, comparison, self.times.parse(token, value)?))
            }
        }
    }
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

fn flag(token: &Token, value: &str) -> Result<Term, FilterError> {
    Flag::ALL
        .into_iter()
        .find(|flag| flag.name().eq_ignore_ascii_case(value))
        .map(Term::Is)
        .ok_or_else(|| {
            let words = Flag::ALL.map(Flag::name).join(" ");
            token.error(format!("is:{value} is not known: write is: with one of {words}"))
        })
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

/// What times of a filter are relative to.
struct Times<'a> {
    now: Timestamp,
    zone: &'a TimeZone,
}

impl Times<'_> {
    fn parse(&self, token: &Token, text: &str) -> Result<Timestamp, FilterError> {
        self.read(text).ok_or_else(|| {
            token.error(
                "that is not a time: write 15m, 8h, 2d, today, yesterday, 2026-04-01 or \
                 2026-04-01T13:00",
            )
        })
    }

    /// A time ago, the beginning of a day, or a time of the zone where it names none itself.
    fn read(&self, text: &str) -> Option<Timestamp> {
        if let Some(ago) = span(text) {
            return self.now.checked_sub(ago).ok();
        }
        let today = self.now.to_zoned(self.zone.clone()).date();
        let civil = match text.to_ascii_lowercase().as_str() {
            "today" => today.to_datetime(Time::midnight()),
            "yesterday" => today.yesterday().ok()?.to_datetime(Time::midnight()),
            _ => {
                let upper = text.to_ascii_uppercase();
                if let Ok(at) = upper.parse::<Timestamp>() {
                    return Some(at);
                }
                upper
                    .parse::<DateTime>()
                    .ok()
                    .or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())))?
            }
        };
        Some(civil.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

/// `30s`, `15m`, `8h`, `2d`, `1w`.
fn span(text: &str) -> Option<SignedDuration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let count: i64 = text.get(..split)?.parse().ok().filter(|count| *count <= 1_000_000)?;
    let seconds = match text.get(split..)?.to_ascii_lowercase().as_str() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(SignedDuration::from_secs(count * seconds))
}
