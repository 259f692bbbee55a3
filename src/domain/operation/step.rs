//! The lines of an operation's journal, as they are shown.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// One line of an operation's journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: StepKind,
    /// What was sent, answered or seen, without secrets.
    pub words: Arc<str>,
    /// Number of the line in the journal's chain.
    pub line: u64,
    /// First characters of the line's hash.
    pub hash: Arc<str>,
}

/// What a line of the journal reports. Its word is in the data file and under its hash: no word
/// ever changes, and a word of another cardtop is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// The intent was saved: the first line of every operation.
    Intent,
    /// The operator overrode an unsettled operation of the same card.
    Second,
    /// The request is about to leave: without this line nothing was sent.
    Sent,
    /// The provider answered.
    Answer,
    /// No answer that says what became of it.
    NoAnswer,
    /// It was given up before anything left.
    NotSent,
    /// It was looked up, by reading only.
    Look,
    /// The provider pushed an event that may be about it.
    Push,
    /// The process that was sending it ended.
    Crash,
    /// A person settled it.
    Person,
    /// It is not looked up any more after a person settled it as failed.
    Watch,
    /// Something was seen that contradicts a person's word.
    Alarm,
    /// The data file was brought up to date.
    Snapshot,
    /// The data file was brought up to date and its earlier lines did not verify.
    Broken,
    /// The word of a cardtop that knows other kinds.
    Other(Arc<str>),
}

impl StepKind {
    const ALL: [Self; 14] = [
        Self::Intent,
        Self::Second,
        Self::Sent,
        Self::Answer,
        Self::NoAnswer,
        Self::NotSent,
        Self::Look,
        Self::Push,
        Self::Crash,
        Self::Person,
        Self::Watch,
        Self::Alarm,
        Self::Snapshot,
        Self::Broken,
    ];

    /// The word in the data file, on screen and in JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Intent => "intent",
            Self::Second => "second",
            Self::Sent => "sent",
            Self::Answer => "answer",
            Self::NoAnswer => "no answer",
            Self::NotSent => "not sent",
            Self::Look => "look",
            Self::Push => "push",
            Self::Crash => "crash",
            Self::Person => "person",
            Self::Watch => "watch",
            Self::Alarm => "alarm",
            Self::Snapshot => "snapshot",
            Self::Broken => "broken",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for StepKind {
    fn from(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .unwrap_or_else(|| Self::Other(word.into()))
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_a_foreign_one_stays_as_it_is() {
        for kind in StepKind::ALL {
            assert_eq!(StepKind::from(kind.as_str()), kind);
        }
        assert_eq!(StepKind::from("verdict").as_str(), "verdict");
        assert_eq!(format!("{:9}|", StepKind::Sent), "sent     |");
    }
}
