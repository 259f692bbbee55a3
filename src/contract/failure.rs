//! The fields of a failure: what is printed as `{"error": …}` by a command that prints no other
//! document.

use super::{Field, Kind, Record, Value};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;

/// Why a command ends without the document that it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// The provider account that it is about.
    pub provider: Option<ProviderId>,
    /// The card that it is about.
    pub card: Option<CardKey>,
    /// The operation that it is about: the one in the way, or the one in doubt.
    pub operation: Option<OperationId>,
    /// What happened and what to do about it, in one sentence without a full stop.
    pub message: String,
    /// What is true now, in one sentence without a full stop.
    pub true_now: String,
    /// What the word that was typed may mean, each as it can be typed instead.
    pub candidates: Vec<String>,
}

/// What kind of failure. The words are a contract with scripts; the exit code says how much is
/// known of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// An argument, a flag, an amount or a filter is wrong, or a confirmation is missing.
    Usage,
    /// The configuration is missing or wrong.
    Configuration,
    /// Nothing has this name.
    NotFound,
    /// Several things have this name.
    Ambiguous,
    /// It is not allowed, or not offered.
    Refused,
    /// The provider refused the credentials, or they could not be read.
    Credentials,
    /// The provider takes no more requests for now.
    RateLimited,
    /// The provider gave no answer that can be used.
    Unreachable,
    /// A change may have happened, and no record of it can be shown.
    UnknownOutcome,
    /// The data file or its journal.
    DataFile,
    /// Standard output.
    Output,
    /// A signal came.
    Interrupted,
    /// This machine.
    System,
}

impl FailureKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Usage,
        Self::Configuration,
        Self::NotFound,
        Self::Ambiguous,
        Self::Refused,
        Self::Credentials,
        Self::RateLimited,
        Self::Unreachable,
        Self::UnknownOutcome,
        Self::DataFile,
        Self::Output,
        Self::Interrupted,
        Self::System,
    ];

    /// The word of JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::NotFound => "not-found",
            Self::Ambiguous => "ambiguous",
            Self::Refused => "refused",
            Self::Credentials => "credentials",
            Self::RateLimited => "rate-limited",
            Self::Unreachable => "unreachable",
            Self::UnknownOutcome => "unknown-outcome",
            Self::DataFile => "data-file",
            Self::Output => "output",
            Self::Interrupted => "interrupted",
            Self::System => "system",
        }
    }

    /// What the word says, for the documentation.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Usage => {
                "an argument, a flag, an amount, a PIN or a filter is wrong, or a confirmation is \
                 missing"
            }
            Self::Configuration => "the configuration is missing or wrong",
            Self::NotFound => "no card, account or operation has this name",
            Self::Ambiguous => "several have this name: see `candidates`",
            Self::Refused => {
                "the card's state, an unsettled operation, read-only mode or the provider does \
                 not allow it, or the provider does not offer it"
            }
            Self::Credentials => "the provider refused the credentials, or they cannot be read",
            Self::RateLimited => "the provider takes no more requests for now: ask again later",
            Self::Unreachable => "the provider gave no answer, or none that can be used",
            Self::UnknownOutcome => {
                "a change may have happened, and its operation could not be printed: look for it \
                 with `cardtop ops`, do not send it again"
            }
            Self::DataFile => {
                "the data file cannot be opened, read or written, or its journal is not intact"
            }
            Self::Output => {
                "standard output cannot be written; this document is then the last line of \
                 standard error"
            }
            Self::Interrupted => "a signal ended cardtop before it was done",
            Self::System => "this machine refused something that cardtop needs",
        }
    }
}

impl Record for Failure {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("kind", Kind::Word(kinds), "what kind of failure", |row| {
            row.record.kind.as_str().into()
        })
        .only_json(),
        Field::<Self>::new(
            "provider",
            Kind::Text,
            "the provider account that it is about",
            |row| row.record.provider.as_ref().map(ProviderId::name).into(),
        )
        .null("it is about none")
        .only_json(),
        Field::<Self>::new("card", Kind::Text, "the card that it is about: provider/id", |row| {
            row.record.card.as_ref().map_or(Value::Null, |card| Value::Made(card.to_string()))
        })
        .null("it is about none")
        .only_json(),
        Field::<Self>::new("message", Kind::Text, MESSAGE, |row| {
            row.record.message.as_str().into()
        })
        .only_json(),
        Field::<Self>::new("true_now", Kind::Text, TRUE_NOW, |row| {
            row.record.true_now.as_str().into()
        })
        .only_json(),
        Field::<Self>::new("operation", Kind::Text, OPERATION, |row| row.record.operation.into())
            .null("it is about none")
            .only_json(),
        Field::<Self>::new("candidates", Kind::Texts, CANDIDATES, |row| {
            Value::List(row.record.candidates.iter().map(|name| name.as_str().into()).collect())
        })
        .only_json(),
    ];
}

const MESSAGE: &str = "what happened and what to do about it, in one sentence for a person: its \
                       words may change";

const TRUE_NOW: &str = "what is true now, in one sentence: whether something was sent or changed, \
                        and what is known of the card";

const OPERATION: &str = "id of the operation that is in the way, or whose outcome is in doubt";

const CANDIDATES: &str = "of an ambiguous name, what may be typed instead; else empty";

fn kinds() -> Vec<&'static str> {
    FailureKind::ALL.map(FailureKind::as_str).to_vec()
}
