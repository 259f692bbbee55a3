//! The filter language: parse, complete, match. One evaluator for the board, the command line and
//! exports.
//!
//! ```text
//! word  "two words"     free text, whatever its case and accents
//! field:value           equal        field:~part    contains      field:a|b     either
//! field>n >= < <=       compare      -term          not           a b           and
//! a or b   ( )          or, groups   since: until:  15m 8h 2d today 2026-04-01 2026-04-01T13:00
//! is:                   stale unknown watched marked negative low
//! ```

mod rows;

use std::borrow::Cow;
use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::card::as_digits;
use super::money::read_decimal;
pub use rows::{CardRow, OperationRow, Row, TransactionRow};

/// A filter that was understood. The default matches everything.
#[derive(Clone, Debug, Default)]
pub struct Filter(Option<Term>);

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Byte of the text where the trouble begins, on a character's boundary.
    pub at: usize,
    /// One sentence: what is wrong and what to write.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FilterError {}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Words(String),
    Equal(Field, Vec<Pattern>),
    Number(Field, Vec<Decimal>),
    Compare(Field, Comparison, Decimal),
    Age(Comparison, SignedDuration),
    Since(Timestamp),
    Until(Timestamp),
    Is(Flag),
}

/// One alternative of `field:a|~b`, folded.
#[derive(Clone, Debug, PartialEq)]
struct Pattern {
    contains: bool,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    More,
    AtLeast,
    Less,
    AtMost,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Less => a < b,
            Self::AtMost => a <= b,
        }
    }
}

impl Filter {
    /// Understands a filter. `now` and `zone` give `since:` and `until:` their meaning.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, FilterError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Self(None));
        }
        let mut parser = Parser { tokens, next: 0, now, zone, end: text.len(), depth: 0 };
        let term = parser.any()?;
        match parser.tokens.get(parser.next) {
            None => Ok(Self(Some(term))),
            Some(token) => Err(token.wrong("there is a ) without its (")),
        }
    }

    /// Whether a row is wanted.
    #[must_use]
    pub fn matches(&self, row: &dyn Row) -> bool {
        self.0.as_ref().is_none_or(|term| matches(term, row))
    }

    /// Whether it wants everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The `since:` that every match satisfies, so that no more is read than needed.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        fn since(term: &Term) -> Option<Timestamp> {
            match term {
                Term::Since(at) => Some(*at),
                Term::All(terms) => terms.iter().filter_map(since).max(),
                Term::Any(terms) => {
                    terms.iter().map(since).collect::<Option<Vec<_>>>()?.into_iter().min()
                }
                Term::Not(_)
                | Term::Words(_)
                | Term::Equal(..)
                | Term::Number(..)
                | Term::Compare(..)
                | Term::Age(..)
                | Term::Until(_)
                | Term::Is(_) => None,
            }
        }
        since(self.0.as_ref()?)
    }

    /// What the word that ends at byte `cursor` may become: field names with their sign, or the
    /// words of a field. Each stands for what is behind the last blank, bracket, `-`, `:`, `|` or
    /// `~` before the cursor.
    #[must_use]
    pub fn complete(text: &str, cursor: usize) -> Vec<String> {
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
            let sign =
                |field: &Field| if field.is_number() || *field == Field::Age { '>' } else { ':' };
            let fields = Field::ALL.iter().map(|field| format!("{}{}", field.name(), sign(field)));
            let others = ["since:", "until:", "is:"].into_iter().map(str::to_owned);
            let aliases = ALIASES.iter().map(|(alias, _)| format!("{alias}:"));
            return fields
                .chain(others)
                .chain(aliases)
                .filter(|name| name.starts_with(&word))
                .collect();
        };
        let value = value.rsplit('|').next().unwrap_or_default().trim_start_matches('~');
        let words: Vec<&str> = match name {
            "state" | "status" => vec![
                "active", "frozen", "blocked", "pending", "closed", "expired", "unknown", "hold",
                "cleared", "declined", "reversed", "failed", "sent", "accepted", "done",
            ],
            "kind" | "type" => {
                vec![
                    "purchase",
                    "refund",
                    "reversal",
                    "fee",
                    "top-up",
                    "withdrawal",
                    "adjustment",
                    "other",
                    "virtual",
                    "physical",
                ]
            }
            "action" => vec!["freeze", "unfreeze", "topup", "pin", "close"],
            "is" => Flag::ALL.iter().map(|flag| flag.name()).collect(),
            "since" | "until" => vec!["15m", "1h", "8h", "24h", "2d", "today", "yesterday"],
            _ => Vec::new(),
        };
        words.into_iter().filter(|word| word.starts_with(value)).map(str::to_owned).collect()
    }
}

fn matches(term: &Term, row: &dyn Row) -> bool {
    match term {
        Term::All(terms) => terms.iter().all(|term| matches(term, row)),
        Term::Any(terms) => terms.iter().any(|term| matches(term, row)),
        Term::Not(term) => !matches(term, row),
        Term::Words(words) => row.words().iter().any(|text| holds(text, words)),
        Term::Equal(field @ (Field::Kind | Field::Action), patterns) => {
            row.texts(*field).iter().any(|text| {
                let text = plain(&fold(text));
                patterns.iter().any(|pattern| {
                    let wanted = plain(&pattern.text);
                    text == wanted || (pattern.contains && text.contains(&wanted))
                })
            })
        }
        Term::Equal(field, patterns) => row.texts(*field).iter().any(|text| {
            patterns.iter().any(|pattern| {
                if pattern.contains {
                    holds(text, &pattern.text)
                } else {
                    same(text, &pattern.text)
                }
            })
        }),
        Term::Number(field, numbers) => {
            row.number(*field).is_some_and(|value| numbers.contains(&value))
        }
        Term::Compare(field, comparison, number) => {
            row.number(*field).is_some_and(|value| comparison.holds(&value, number))
        }
        Term::Age(comparison, age) => row.age().is_some_and(|value| comparison.holds(&value, age)),
        Term::Since(at) => row.time().is_some_and(|time| time >= *at),
        Term::Until(at) => row.time().is_some_and(|time| time <= *at),
        Term::Is(flag) => row.is(*flag),
    }
}

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
        && matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}'
            | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether a text contains a folded part. Nearly every text is ASCII, and is compared where it
/// lies: a list has many rows.
fn holds(text: &str, part: &str) -> bool {
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
fn same(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { fold(text) == folded }
}

/// `top-up`, `topup` and `TOP UP` are one word.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What a filter can ask of a row, by its name in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the JSON field of its name")]
pub enum Field {
    State,
    Kind,
    Amount,
    Balance,
    Available,
    Current,
    Pending,
    Fee,
    Currency,
    Merchant,
    Mcc,
    Country,
    Provider,
    Card,
    CardId,
    Id,
    Last4,
    Holder,
    Label,
    ProviderState,
    DeclineReason,
    Description,
    Action,
    Operator,
    Operation,
    Reference,
    ProviderReference,
    Reason,
    Detail,
    Expires,
    Age,
}

/// Short words for names of JSON.
const ALIASES: [(&str, &str); 6] = [
    ("status", "state"),
    ("type", "kind"),
    ("ccy", "currency"),
    ("op", "operation"),
    ("who", "operator"),
    ("labels", "label"),
];

impl Field {
    /// Every field.
    pub const ALL: [Self; 31] = [
        Self::State,
        Self::Kind,
        Self::Amount,
        Self::Balance,
        Self::Available,
        Self::Current,
        Self::Pending,
        Self::Fee,
        Self::Currency,
        Self::Merchant,
        Self::Mcc,
        Self::Country,
        Self::Provider,
        Self::Card,
        Self::CardId,
        Self::Id,
        Self::Last4,
        Self::Holder,
        Self::Label,
        Self::ProviderState,
        Self::DeclineReason,
        Self::Description,
        Self::Action,
        Self::Operator,
        Self::Operation,
        Self::Reference,
        Self::ProviderReference,
        Self::Reason,
        Self::Detail,
        Self::Expires,
        Self::Age,
    ];

    /// The name in a filter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Kind => "kind",
            Self::Amount => "amount",
            Self::Balance => "balance",
            Self::Available => "available",
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Fee => "fee",
            Self::Currency => "currency",
            Self::Merchant => "merchant",
            Self::Mcc => "mcc",
            Self::Country => "country",
            Self::Provider => "provider",
            Self::Card => "card",
            Self::CardId => "card_id",
            Self::Id => "id",
            Self::Last4 => "last4",
            Self::Holder => "holder",
            Self::Label => "label",
            Self::ProviderState => "provider_state",
            Self::DeclineReason => "decline_reason",
            Self::Description => "description",
            Self::Action => "action",
            Self::Operator => "operator",
            Self::Operation => "operation",
            Self::Reference => "reference",
            Self::ProviderReference => "provider_reference",
            Self::Reason => "reason",
            Self::Detail => "detail",
            Self::Expires => "expires",
            Self::Age => "age",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Amount
                | Self::Balance
                | Self::Available
                | Self::Current
                | Self::Pending
                | Self::Fee
        )
    }
}

/// What `is:` can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Its figures may be old.
    Stale,
    /// Its state, or an operation on it, is UNKNOWN.
    Unknown,
    /// The operator watches it.
    Watched,
    /// The operator marked it.
    Marked,
    /// Its balance is below zero.
    Negative,
    /// Its balance is low.
    Low,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 6] =
        [Self::Stale, Self::Unknown, Self::Watched, Self::Marked, Self::Negative, Self::Low];

    /// The word behind `is:`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Watched => "watched",
            Self::Marked => "marked",
            Self::Negative => "negative",
            Self::Low => "low",
        }
    }
}

#[derive(Clone, Debug)]
struct Token<'a> {
    at: usize,
    kind: TokenKind<'a>,
}

#[derive(Clone, Debug)]
enum TokenKind<'a> {
    Open,
    Close,
    Minus,
    /// A word, and whether it was quoted from its first character.
    Word(Cow<'a, str>, bool),
}

impl Token<'_> {
    fn wrong(&self, message: &str) -> FilterError {
        FilterError { at: self.at, message: message.to_owned() }
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, FilterError> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' => tokens.push(Token { at, kind: TokenKind::Open }),
            ')' => tokens.push(Token { at, kind: TokenKind::Close }),
            '-' => {
                if chars.peek().is_none_or(|(_, next)| next.is_whitespace() || *next == ')') {
                    let message = "something is missing behind the -: write it without a blank, \
                                   such as -uber"
                        .to_owned();
                    return Err(FilterError { at, message });
                }
                tokens.push(Token { at, kind: TokenKind::Minus });
            }
            first => {
                let quoted = first == '"';
                let mut word = String::new();
                let mut open = quoted.then_some(at);
                if !quoted {
                    word.push(first);
                }
                while let Some((place, c)) = chars.peek().copied() {
                    if open.is_none() && (c.is_whitespace() || matches!(c, '(' | ')')) {
                        break;
                    }
                    chars.next();
                    match c {
                        '"' if open.is_some() => open = None,
                        '"' => open = Some(place),
                        c => word.push(c),
                    }
                }
                if let Some(at) = open {
                    return Err(FilterError {
                        at,
                        message: "a quote is not closed: write \" at its end".to_owned(),
                    });
                }
                tokens.push(Token { at, kind: TokenKind::Word(word.into(), quoted) });
            }
        }
    }
    Ok(tokens)
}

/// Deepest nesting of brackets: far beyond what anybody writes, far below the stack.
const DEEPEST: usize = 50;

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    now: Timestamp,
    zone: &'a TimeZone,
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.next)
    }

    fn is_or(&self) -> bool {
        matches!(self.peek().map(|token| &token.kind), Some(TokenKind::Word(word, false)) if word.eq_ignore_ascii_case("or"))
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
            terms.push(self.one()?);
        }
        match terms.len() {
            0 => {
                let at = self.peek().map_or(self.end, |token| token.at);
                Err(FilterError {
                    at,
                    message: "something is missing here: a word, or a field such as state:active"
                        .to_owned(),
                })
            }
            1 => Ok(terms.remove(0)),
            _ => Ok(Term::All(terms)),
        }
    }

    fn one(&mut self) -> Result<Term, FilterError> {
        let Some(token) = self.tokens.get(self.next).cloned() else {
            return Err(FilterError {
                at: self.end,
                message: "something is missing behind the -".to_owned(),
            });
        };
        self.next += 1;
        match &token.kind {
            TokenKind::Minus => Ok(Term::Not(Box::new(self.deeper(&token, Self::one)?))),
            TokenKind::Open => {
                let term = self.deeper(&token, Self::any)?;
                match self.peek().map(|token| &token.kind) {
                    Some(TokenKind::Close) => {
                        self.next += 1;
                        Ok(term)
                    }
                    _ => Err(token.wrong("this ( is not closed: write ) at its end")),
                }
            }
            TokenKind::Close => Err(token.wrong("there is a ) without its (")),
            TokenKind::Word(word, true) if word.trim().is_empty() => {
                Err(token.wrong("there is nothing between the quotes"))
            }
            TokenKind::Word(word, true) => Ok(Term::Words(fold(word))),
            TokenKind::Word(word, false) => self.word(&token, word),
        }
    }

    fn deeper(
        &mut self,
        token: &Token<'_>,
        parse: fn(&mut Self) -> Result<Term, FilterError>,
    ) -> Result<Term, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(token.wrong("this is nested too deep"));
        }
        let term = parse(self);
        self.depth -= 1;
        term
    }

    fn word(&self, token: &Token<'_>, word: &str) -> Result<Term, FilterError> {
        let Some(split) = word.find([':', '>', '<']) else {
            if let Some((name, value)) = word.split_once('=')
                && Field::named(&name.to_ascii_lowercase()).is_some()
            {
                return Err(
                    token.wrong(&format!("`=` is not a sign of filters: write {name}:{value}"))
                );
            }
            return Ok(Term::Words(fold(as_digits(word))));
        };
        let (name, rest) = word.split_at(split);
        let name = name.to_ascii_lowercase();
        if name.is_empty() {
            return Err(token.wrong(
                "a field's name is missing before the sign, such as state:active or amount>20",
            ));
        }
        let (comparison, value) = match rest.split_at(1) {
            (">", rest) => rest
                .strip_prefix('=')
                .map_or((Some(Comparison::More), rest), |rest| (Some(Comparison::AtLeast), rest)),
            ("<", rest) => rest
                .strip_prefix('=')
                .map_or((Some(Comparison::Less), rest), |rest| (Some(Comparison::AtMost), rest)),
            (_, rest) => (None, rest),
        };
        if value.is_empty() {
            return Err(token.wrong(&format!("a value is missing behind `{name}`")));
        }
        match (name.as_str(), comparison) {
            ("since", None) => Ok(Term::Since(self.moment(token, value)?)),
            ("until", None) => Ok(Term::Until(self.moment(token, value)?)),
            ("is", None) => {
                let flag = Flag::ALL
                    .into_iter()
                    .find(|flag| flag.name().eq_ignore_ascii_case(value))
                    .ok_or_else(|| {
                        let words: Vec<&str> = Flag::ALL.iter().map(|flag| flag.name()).collect();
                        token.wrong(&format!(
                            "is:{value} is not known: write is: with one of {}",
                            words.join(" ")
                        ))
                    })?;
                Ok(Term::Is(flag))
            }
            ("since" | "until" | "is", Some(_)) => {
                Err(token.wrong(&format!("`{name}` is not compared: write {name}:value")))
            }
            (name, comparison) => {
                let Some(field) = Field::named(name) else {
                    return Err(token.wrong(&format!(
                        "there is no field `{name}`: known are state kind amount currency \
                         merchant mcc country provider card last4 holder balance age since until \
                         is, and every other name of the JSON output; text with a sign in it goes \
                         in quotes"
                    )));
                };
                match comparison {
                    None if field == Field::Age => {
                        Err(token.wrong("compare ages with > or <, such as age>30s"))
                    }
                    None if field.is_number() => {
                        let read = |text: &str| {
                            let what =
                                format!("`{text}` is not a number: write {name}:20, or {name}>20");
                            read_decimal(text).map_err(|_| token.wrong(&what))
                        };
                        Ok(Term::Number(
                            field,
                            value.split('|').map(read).collect::<Result<_, _>>()?,
                        ))
                    }
                    None => {
                        let patterns = patterns(value);
                        if patterns.iter().any(|pattern| pattern.text.is_empty()) {
                            return Err(token.wrong(&format!("a value is missing behind `{name}`")));
                        }
                        Ok(Term::Equal(field, patterns))
                    }
                    Some(comparison) if field == Field::Age => {
                        let age = span(value).ok_or_else(|| {
                            token.wrong("that is not an age: write one such as age>30s, 5m, 2h, 1d")
                        })?;
                        Ok(Term::Age(comparison, age))
                    }
                    Some(comparison) if field.is_number() => {
                        let number = read_decimal(value).map_err(|_| {
                            token.wrong(&format!("`{value}` is not a number: write {name}>20"))
                        })?;
                        Ok(Term::Compare(field, comparison, number))
                    }
                    Some(_) => {
                        Err(token
                            .wrong(&format!("{name} is text: write {name}:value or {name}:~part")))
                    }
                }
            }
        }
    }

    fn moment(&self, token: &Token<'_>, text: &str) -> Result<Timestamp, FilterError> {
        let wrong = || {
            token.wrong(
                "that is not a time: write 15m, 8h, 2d, today, yesterday, 2026-04-01 or \
                 2026-04-01T13:00",
            )
        };
        if let Some(ago) = span(text) {
            return self.now.checked_sub(ago).map_err(|_| wrong());
        }
        let today = self.now.to_zoned(self.zone.clone()).date();
        let civil = match text.to_ascii_lowercase().as_str() {
            "today" => today.to_datetime(jiff::civil::Time::midnight()),
            "yesterday" => {
                today.yesterday().map_err(|_| wrong())?.to_datetime(jiff::civil::Time::midnight())
            }
            text => match (
                text.to_ascii_uppercase().parse::<Timestamp>(),
                text.parse::<Date>(),
                text.to_ascii_uppercase().parse::<DateTime>(),
            ) {
                (Ok(at), ..) => return Ok(at),
                (_, _, Ok(civil)) => civil,
                (_, Ok(date), _) => date.to_datetime(jiff::civil::Time::midnight()),
                _ => return Err(wrong()),
            },
        };
        civil.to_zoned(self.zone.clone()).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
    }
}

fn patterns(value: &str) -> Vec<Pattern> {
    let everywhere = value.starts_with('~');
    let one = |text: &str| {
        let part = text.strip_prefix('~');
        Pattern { contains: everywhere || part.is_some(), text: fold(part.unwrap_or(text)) }
    };
    value.split('|').map(one).collect()
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

#[cfg(test)]
mod tests;
