//! Which fields a filter may name, for each list of rows: made from the field lists of the records.

use std::sync::LazyLock;

use super::Rows;
use crate::contract::{Field, Kind, Record};
use crate::domain::card::Card;
use crate::domain::filter::{FieldId, FieldKind, FilterField, Flag, Of, Schema};
use crate::domain::operation::Operation;
use crate::domain::transaction::Transaction;

/// The schema of these rows.
pub(super) fn schema(rows: Rows) -> &'static Schema {
    static CARDS: LazyLock<Schema> = LazyLock::new(|| cards(&Flag::ALL));
    static READ_CARDS: LazyLock<Schema> = LazyLock::new(|| cards(&FLAGS_OF_READ_CARDS));
    static TRANSACTIONS: LazyLock<Schema> = LazyLock::new(transactions);
    static OPERATIONS: LazyLock<Schema> = LazyLock::new(operations);
    static FEED: LazyLock<Schema> = LazyLock::new(feed);
    match rows {
        Rows::Cards => &CARDS,
        Rows::ReadCards => &READ_CARDS,
        Rows::Transactions => &TRANSACTIONS,
        Rows::Operations => &OPERATIONS,
        Rows::Feed => &FEED,
    }
}

/// Every name by which filters know a field of any record; its position is the [`FieldId`].
pub(super) static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut all: Vec<&'static str> = Vec::new();
    let of_cards = Card::FIELDS.iter().flat_map(names);
    let of_transactions = Transaction::FIELDS.iter().flat_map(names);
    let of_operations = Operation::FIELDS.iter().flat_map(names);
    for name in of_cards.chain(of_transactions).chain(of_operations) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
});

/// The names by which filters know a field.
pub(in crate::contract) fn names<T>(field: &Field<T>) -> impl Iterator<Item = &'static str> {
    field.filter.by_name.then_some(field.name).into_iter().chain(field.filter.also.iter().copied())
}

/// How filters compare a field.
pub(in crate::contract) fn field_kind<T>(field: &Field<T>) -> FieldKind {
    match field.kind {
        Kind::Money | Kind::Count => FieldKind::Number,
        Kind::Time => FieldKind::Time,
        _ if field.filter.any_spelling => FieldKind::Spelling,
        Kind::Text
        | Kind::Word(_)
        | Kind::Flag
        | Kind::Texts
        | Kind::Counts
        | Kind::Object(_)
        | Kind::Objects(_) => FieldKind::Text,
    }
}

/// Without what only the board keeps of a card.
const FLAGS_OF_READ_CARDS: [Flag; 4] = [Flag::Stale, Flag::Unknown, Flag::Negative, Flag::Low];

/// Short names of fields.
pub(in crate::contract) const ALIASES: &[(&str, &str)] = &[
    ("status", "state"),
    ("type", "kind"),
    ("ccy", "currency"),
    ("op", "operation"),
    ("who", "operator"),
    ("labels", "label"),
];

/// The order in which completion offers names. A field that is not named here comes after these, in
/// the order of its record.
const OFFERED_FIRST: [&str; 30] = [
    "state",
    "kind",
    "amount",
    "balance",
    "available",
    "current",
    "pending",
    "fee",
    "currency",
    "merchant",
    "mcc",
    "country",
    "provider",
    "card",
    "card_id",
    "id",
    "last4",
    "holder",
    "label",
    "provider_state",
    "decline_reason",
    "description",
    "action",
    "operator",
    "operation",
    "reference",
    "provider_reference",
    "reason",
    "detail",
    "expires",
];

/// The fields of a card. Where only its transactions have a field, or a word of one, a filter asks
/// for cards with such a transaction.
fn cards(flags: &'static [Flag]) -> Schema {
    let own = fields_of::<Card>(Of::Row);
    let mut fields = own.clone();
    for field in fields_of::<Transaction>(Of::Related) {
        let of_card = own.iter().find(|known| known.name == field.name);
        if of_card.is_none_or(|known| !known.words.is_empty() && !field.words.is_empty()) {
            fields.push(field);
        }
    }
    let schema = new("cards", fields, flags, &[("operations", fields_of::<Operation>(Of::Row))]);
    Schema { related: Some("transactions"), ..schema }
}

fn transactions() -> Schema {
    let others =
        [("cards", fields_of::<Card>(Of::Row)), ("operations", fields_of::<Operation>(Of::Row))];
    new("transactions", fields_of::<Transaction>(Of::Row), &[Flag::Negative], &others)
}

fn operations() -> Schema {
    let others = [
        ("transactions", fields_of::<Transaction>(Of::Row)),
        ("cards", fields_of::<Card>(Of::Row)),
    ];
    new("operations", fields_of::<Operation>(Of::Row), &[Flag::Unknown], &others)
}

fn feed() -> Schema {
    let mut fields = fields_of::<Transaction>(Of::Row);
    for field in fields_of::<Operation>(Of::Row) {
        match fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.words = merged(known, &field),
            None => fields.push(field),
        }
    }
    let others = [("cards", fields_of::<Card>(Of::Row))];
    new("transactions and operations", fields, &[Flag::Unknown, Flag::Negative], &others)
}

fn new(
    rows: &'static str,
    mut fields: Vec<FilterField>,
    flags: &'static [Flag],
    others: &[(&'static str, Vec<FilterField>)],
) -> Schema {
    let rank = |name: &str| {
        OFFERED_FIRST.iter().position(|first| *first == name).unwrap_or(OFFERED_FIRST.len())
    };
    fields.sort_by_key(|field| rank(field.name));
    let mut elsewhere: Vec<(&'static str, &'static str)> = Vec::new();
    for (others, of_others) in others {
        for field in of_others {
            if fields.iter().all(|known| known.name != field.name) {
                elsewhere.push((field.name, others));
            }
        }
    }
    Schema { rows, related: None, fields, aliases: ALIASES, flags, elsewhere }
}

/// The fields of one record.
fn fields_of<T: Record>(of: Of) -> Vec<FilterField> {
    let mut fields: Vec<FilterField> = Vec::new();
    for field in T::FIELDS {
        let words: Vec<String> = match field.kind {
            Kind::Word(words) => words().into_iter().map(str::to_lowercase).collect(),
            Kind::Text
            | Kind::Money
            | Kind::Time
            | Kind::Count
            | Kind::Flag
            | Kind::Texts
            | Kind::Counts
            | Kind::Object(_)
            | Kind::Objects(_) => Vec::new(),
        };
        for name in names(field) {
            let id = NAMES.iter().position(|known| *known == name).map(FieldId);
            fields.extend(id.map(|id| FilterField {
                id,
                name,
                kind: field_kind(field),
                words: words.clone(),
                of,
                searched: field.filter.searched,
                dates_row: field.filter.dates_row,
            }));
        }
    }
    fields
}

/// The words of both, where both have fixed words; a spelling that is known already is left out.
fn merged(one: &FilterField, other: &FilterField) -> Vec<String> {
    if one.words.is_empty() || other.words.is_empty() {
        return Vec::new();
    }
    let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut words = one.words.clone();
    for word in &other.words {
        if words.iter().all(|known| letters(known) != letters(word)) {
            words.push(word.clone());
        }
    }
    words
}
