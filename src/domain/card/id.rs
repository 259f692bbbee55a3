//! Which card of which provider, and which spellings of an id name the same thing.

use std::fmt;
use std::sync::Arc;

/// Which card of which provider: what a dialog, an operation and a cursor hold instead of a row
/// number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardKey {
    /// The provider account.
    pub provider: ProviderId,
    /// The card's id in its canonical form ([`IdForm::canonical`]): one card has one key, however
    /// its id is spelled.
    pub id: Arc<str>,
}

impl CardKey {
    /// The card of this canonical id.
    #[must_use]
    pub fn new(provider: &ProviderId, id: &str) -> Self {
        Self { provider: provider.clone(), id: id.into() }
    }
}

impl fmt::Display for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.id)
    }
}

/// The name that the configuration gives to a provider account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(Arc<str>);

impl ProviderId {
    /// A provider of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a provider forms the ids of its cards or transactions: decides which spellings name the same
/// thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdForm {
    /// UUIDs, whose hexadecimal digits mean the same in either case.
    Guid,
    /// Whole numbers, which leading zeros and a plus sign do not change.
    Number,
    /// Any text; every character counts.
    Opaque,
}

impl IdForm {
    /// The one text that stands for every spelling of an id. What does not have the expected form
    /// is kept as it is, without blanks around it.
    #[must_use]
    pub fn canonical(self, spelling: &str) -> Arc<str> {
        let text = spelling.trim();
        match self {
            Self::Guid => {
                let digits = text
                    .strip_prefix('{')
                    .and_then(|inner| inner.strip_suffix('}'))
                    .unwrap_or(text);
                if is_guid(digits) { digits.to_ascii_lowercase().into() } else { text.into() }
            }
            Self::Number => {
                let digits = text.strip_prefix('+').unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return text.into();
                }
                match digits.trim_start_matches('0') {
                    "" => "0".into(),
                    number => number.into(),
                }
            }
            Self::Opaque => text.into(),
        }
    }

    /// Whether two spellings name the same thing.
    #[must_use]
    pub fn same(self, one: &str, other: &str) -> bool {
        self.canonical(one) == self.canonical(other)
    }
}

/// The forms of a provider's ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Of cards.
    pub cards: IdForm,
    /// Of transactions, tasks and transfers.
    pub transactions: IdForm,
}

impl Ids {
    /// Both forms in one word, as the data file keeps it.
    #[must_use]
    pub fn as_str(self) -> String {
        format!("{:?} {:?}", self.cards, self.transactions).to_ascii_lowercase()
    }
}

/// Whether a text is 8, 4, 4, 4 and 12 hexadecimal digits between dashes.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
