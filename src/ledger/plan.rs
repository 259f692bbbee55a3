//! A filter, compiled to conditions on columns.
//!
//! Texts are looked for in the dictionaries, once for all rows that share them; what is left for a
//! row is one bit. Conditions that no column answers stay open: the row filter is asked about the
//! rows that everything else leaves.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::cards::CardSegment;
use super::dictionary::Segment;
use super::fields::Source;
use super::holders::Holders;
use super::look::Look;
use super::marks::{self, Bits, CardTexts, Marks};
use super::ranges::{Numbers, Ranges};
use super::vocabulary::{TextColumn, Vocabulary, WHATS};
use crate::domain::decline::DeclineCause;
use crate::domain::filter::{Comparison, FieldId, Flag, Of, Pattern, Schema, Term};
use crate::domain::operation::OperationId;
use crate::domain::transaction::{TransactionKind, TransactionState, is_decline};

/// A condition on a row.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Known(bool),
    /// The cheapest first.
    All(Vec<Self>),
    /// The cheapest first.
    Any(Vec<Self>),
    Not(Box<Self>),
    /// Kind and state are among these codes.
    What(Bits),
    /// Currency and decimals are among these codes.
    Unit(Bits),
    /// The text of a column is among these.
    Text(TextColumn, Look, Marks<Segment>),
    /// The code of a column is among these.
    Code(TextColumn, Bits),
    /// The card is among these.
    Card(Look, CardTexts, Marks<CardSegment>),
    Id(Look),
    Operation(Look),
    Amount(Ranges),
    Fee(Numbers),
    At(Comparison, Timestamp),
    SeenAt(Comparison, Timestamp),
    /// No column answers it.
    Row,
}

impl Node {
    /// How much it costs to ask a row.
    fn cost(&self) -> u32 {
        match self {
            Self::Known(_) | Self::At(..) => 0,
            Self::What(_) | Self::Unit(_) | Self::Operation(_) | Self::Fee(_) => 1,
            Self::Text(..) | Self::Code(..) | Self::SeenAt(..) => 2,
            Self::Card(..) | Self::Amount(_) => 3,
            Self::Id(_) => 40,
            Self::Row => 4_000,
            Self::Not(node) => node.cost(),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().map(Self::cost).sum(),
        }
    }

    /// Whether it asks for what no column answers.
    pub(super) fn asks_row(&self) -> bool {
        match self {
            Self::Row => true,
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::asks_row),
            Self::Not(node) => node.asks_row(),
            Self::Known(_)
            | Self::What(_)
            | Self::Unit(_)
            | Self::Text(..)
            | Self::Code(..)
            | Self::Card(..)
            | Self::Id(_)
            | Self::Operation(_)
            | Self::Amount(_)
            | Self::Fee(_)
            | Self::At(..)
            | Self::SeenAt(..) => false,
        }
    }

    /// Visits the conditions that have no others inside.
    fn each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().for_each(|node| node.each_leaf(visit));
            }
            Self::Not(node) => node.each_leaf(visit),
            Self::Known(_)
            | Self::What(_)
            | Self::Unit(_)
            | Self::Text(..)
            | Self::Code(..)
            | Self::Card(..)
            | Self::Id(_)
            | Self::Operation(_)
            | Self::Amount(_)
            | Self::Fee(_)
            | Self::At(..)
            | Self::SeenAt(..)
            | Self::Row => visit(self),
        }
    }
}

/// Compiles filters for one state of the dictionaries.
pub(super) struct Compiler<'a> {
    pub(super) schema: &'a Schema,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) holders: &'a Holders,
    /// What was compiled before with the same names of holders.
    pub(super) before: Option<&'a Node>,
    /// The time that ages are counted from.
    pub(super) now: Timestamp,
}

impl Compiler<'_> {
    /// The condition that a term stands for.
    pub(super) fn compile(&self, term: &Term) -> Node {
        match term {
            Term::All(terms) => Node::All(self.cheapest_first(terms)),
            Term::Any(terms) => Node::Any(self.cheapest_first(terms)),
            Term::Not(term) => Node::Not(Box::new(self.compile(term))),
            Term::Words(words) => {
                let pattern = Pattern { contains: true, text: words.clone() };
                let searched = self.schema.fields.iter().filter(|field| field.searched);
                let searched = searched.filter(|field| field.of == Of::Row);
                let mut sources: Vec<Source> = Vec::new();
                for source in searched.map(|field| Source::of(field.name)) {
                    if !sources.contains(&source) {
                        sources.push(source);
                    }
                }
                self.text(&sources, &[pattern], false)
            }
            Term::Text(field, patterns) => self.text_of(*field, patterns, false),
            Term::Spelling(field, patterns) => self.text_of(*field, patterns, true),
            Term::Number(field, numbers) => {
                let is = |number: &Decimal| self.number(*field, Numbers::Is(*number));
                Node::Any(numbers.iter().map(is).collect())
            }
            Term::Compare(field, comparison, number) => {
                self.number(*field, Numbers::Compare(*comparison, *number))
            }
            Term::Time { field, comparison, at, .. } => match self.source(*field) {
                Some(Source::At) => Node::At(*comparison, *at),
                Some(Source::SeenAt) => Node::SeenAt(*comparison, *at),
                Some(Source::Row) => Node::Row,
                Some(_) | None => Node::Known(false),
            },
            Term::Since(at) => Node::At(Comparison::AtLeast, *at),
            Term::Until(at) => Node::At(Comparison::AtMost, *at),
            Term::Is(Flag::Negative) => {
                self.amount(Numbers::Compare(Comparison::Less, Decimal::ZERO))
            }
            Term::Is(Flag::Stale | Flag::Unknown | Flag::Watched | Flag::Marked | Flag::Low) => {
                Node::Known(false)
            }
            Term::Age(comparison, age) => self.age(*comparison, *age),
            Term::Related(_) => Node::Row,
        }
    }

    /// What is older happened earlier.
    fn age(&self, comparison: Comparison, age: SignedDuration) -> Node {
        let comparison = match comparison {
            Comparison::More => Comparison::Less,
            Comparison::AtLeast => Comparison::AtMost,
            Comparison::Less => Comparison::More,
            Comparison::AtMost => Comparison::AtLeast,
        };
        Node::At(comparison, self.now.checked_sub(age).unwrap_or(Timestamp::MIN))
    }

    fn cheapest_first(&self, terms: &[Term]) -> Vec<Node> {
        let mut nodes: Vec<Node> = terms.iter().map(|term| self.compile(term)).collect();
        nodes.sort_by_key(Node::cost);
        nodes
    }

    /// Where the values of a field are; `None` for a field that transactions do not have.
    fn source(&self, field: FieldId) -> Option<Source> {
        let known = self.schema.fields.iter().find(|known| known.id == field)?;
        Some(Source::of(known.name))
    }

    fn text_of(&self, field: FieldId, patterns: &[Pattern], spelling: bool) -> Node {
        let source = self.source(field);
        source.map_or(Node::Known(false), |source| self.text(&[source], patterns, spelling))
    }

    /// One of the texts of these sources is one of the patterns.
    fn text(&self, sources: &[Source], patterns: &[Pattern], spelling: bool) -> Node {
        if patterns.iter().any(|pattern| pattern.text.is_empty()) {
            return Node::Row;
        }
        let look = Look::new(patterns, spelling);
        let mut by = CardTexts::default();
        let mut nodes = Vec::new();
        for source in sources {
            match source {
                Source::Provider => by.provider = true,
                Source::CardId => by.id = true,
                Source::Last4 => by.last4 = true,
                Source::Holder => by.holder = true,
                Source::Card => by = CardTexts { id: true, last4: true, joined: true, ..by },
                Source::Text(column) => nodes.push(self.column(*column, &look)),
                Source::Id => nodes.push(Node::Id(look.clone())),
                Source::Operation => nodes.push(Node::Operation(look.clone())),
                Source::Kind => nodes.push(whats(|kind, _| look.accepts(kind.as_str()))),
                Source::State => nodes.push(whats(|_, state| look.accepts(state.as_str()))),
                Source::Currency => nodes.push(self.currency(&look)),
                Source::Decline => nodes.push(self.decline(|cause| {
                    cause.reason().is_some_and(|reason| look.accepts(reason.as_str()))
                })),
                Source::DeclineWords => {
                    nodes.push(self.decline(|cause| look.accepts(&cause.words())));
                }
                Source::Amount | Source::Fee | Source::At | Source::SeenAt => {}
                Source::Row => nodes.push(Node::Row),
            }
        }
        if by != CardTexts::default() {
            nodes.push(self.cards(&look, by));
        }
        nodes.sort_by_key(Node::cost);
        if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) }
    }

    fn column(&self, column: TextColumn, look: &Look) -> Node {
        let mut known = None;
        if let Some(before) = self.before {
            before.each_leaf(&mut |leaf| {
                if let Node::Text(of, same, marks) = leaf
                    && (*of, same) == (column, look)
                {
                    known = Some(marks);
                }
            });
        }
        let marks = marks::texts(self.vocabulary.texts(column), look, known);
        Node::Text(column, look.clone(), marks)
    }

    fn cards(&self, look: &Look, by: CardTexts) -> Node {
        let mut known = None;
        if let Some(before) = self.before {
            before.each_leaf(&mut |leaf| {
                if let Node::Card(same, as_before, marks) = leaf
                    && (same, *as_before) == (look, by)
                {
                    known = Some(marks);
                }
            });
        }
        let marks = marks::cards(&self.vocabulary.cards, look, by, self.holders, known);
        Node::Card(look.clone(), by, marks)
    }

    fn currency(&self, look: &Look) -> Node {
        let mut bits = Bits::with_room(self.vocabulary.units().len());
        for (code, (currency, _)) in self.vocabulary.units().iter().enumerate() {
            if look.accepts(currency.code()) {
                bits.add(code);
            }
        }
        Node::Unit(bits)
    }

    /// It was declined for a cause that passes a test.
    fn decline(&self, test: impl Fn(DeclineCause<'_>) -> bool) -> Node {
        let column = TextColumn::DeclineReason;
        let reasons = self.vocabulary.texts(column);
        let test = |code: Option<&str>| test(DeclineCause::of_code(code));
        let mut bits = marks::tested(reasons, |code| test(Some(code)));
        if test(None) {
            bits.add(0);
        }
        Node::All(vec![whats(is_decline), Node::Code(column, bits)])
    }

    fn number(&self, field: FieldId, numbers: Numbers) -> Node {
        match self.source(field) {
            Some(Source::Amount) => self.amount(numbers),
            Some(Source::Fee) => Node::Fee(numbers),
            Some(Source::Row) => Node::Row,
            Some(_) | None => Node::Known(false),
        }
    }

    fn amount(&self, numbers: Numbers) -> Node {
        Node::Amount(Ranges::new(self.vocabulary.units(), numbers))
    }
}

/// Kind and state pass a test.
fn whats(test: impl Fn(TransactionKind, TransactionState) -> bool) -> Node {
    let mut bits = Bits::with_room(WHATS.len());
    for (code, (kind, state)) in WHATS.iter().enumerate() {
        if test(*kind, *state) {
            bits.add(code);
        }
    }
    Node::What(bits)
}

/// Whether an operation is found by a look: by its id, or the short form of it.
pub(super) fn finds_operation(look: &Look, operation: OperationId) -> bool {
    look.accepts(&operation.to_string()) || look.accepts(&operation.short())
}
