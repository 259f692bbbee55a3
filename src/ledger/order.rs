//! By which column rows are sorted, and in which direction.

/// A column that rows can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderBy {
    /// When they happened.
    #[default]
    Time,
    /// The provider account.
    Provider,
    /// The last four digits of the card.
    Card,
    /// The name of the cardholder.
    Holder,
    /// [`crate::domain::transaction::Transaction::what`].
    What,
    /// The amount within its currency: currencies from A to Z in either direction.
    Amount,
    /// The currency.
    Currency,
    /// Where it happened.
    Merchant,
    /// [`crate::domain::transaction::Transaction::in_plain_words`].
    Words,
}

/// In which order rows are shown. Rows that are alike in the column are shown by time, the newest
/// first; rows without a value come last in either direction. Texts are compared without regard to
/// case and accents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The column.
    pub by: OrderBy,
    /// The greatest first: the newest, the largest amount, Z before A.
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { by: OrderBy::Time, descending: true }
    }
}
