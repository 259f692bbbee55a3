//! Why a command ends without doing what it was asked: a record for scripts, and words for people.

use std::io::{self, Write};

use super::exit::{Exit, warn};
use super::global::Format;
use super::print;
use crate::contract::{self, FailureKind, json};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::text;
use crate::provider::{Error, ErrorKind};

/// A command's result.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Why a command ends without doing what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    report: Box<contract::Failure>,
    /// What can be done about it, one sentence each.
    hints: Vec<String>,
    /// A list for a person below the sentence: candidates, or commands to begin with.
    listing: Vec<String>,
}

impl Failure {
    /// A failure after which nothing is changed, of no provider.
    pub(crate) fn new(exit: Exit, kind: FailureKind, message: impl Into<String>) -> Self {
        let report = contract::Failure {
            kind,
            provider: None,
            card: None,
            operation: None,
            // It may quote arguments, names of files and what stands in them.
            message: text::printable(&message.into()),
            true_now: "nothing was changed".to_owned(),
            candidates: Vec::new(),
        };
        Self { exit, report: Box::new(report), hints: Vec::new(), listing: Vec::new() }
    }

    /// Wrong arguments.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, FailureKind::Usage, message)
    }

    /// No configuration, or a wrong one.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, FailureKind::Configuration, message)
    }

    /// It is not allowed.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, FailureKind::Refused, message)
    }

    /// The data file, or the journal in it, cannot be read or written.
    pub(crate) fn data_file(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, FailureKind::DataFile, message)
    }

    /// A provider that could not be read.
    pub(crate) fn unread(error: &Error) -> Self {
        Self::new(Exit::of_error(error), kind_of(error.kind), error.to_string())
            .of_provider(&error.provider)
    }

    /// The same failure of a change: nothing was sent.
    pub(crate) fn not_sent(mut self) -> Self {
        self.report.message.push_str("; nothing was sent");
        self.now("nothing was sent")
    }

    /// The same failure of a person's verdict: it is not in the journal.
    pub(crate) fn not_changed(mut self) -> Self {
        self.report.message.push_str("; nothing was changed");
        self
    }

    /// What is true now, in place of "nothing was changed".
    pub(crate) fn now(mut self, sentence: impl Into<String>) -> Self {
        self.report.true_now = text::printable(&sentence.into());
        self
    }

    /// What is true now as well.
    pub(crate) fn and_now(mut self, sentence: &str) -> Self {
        self.report.true_now.push_str("; ");
        self.report.true_now.push_str(&text::printable(sentence));
        self
    }

    pub(crate) fn of_provider(mut self, provider: &ProviderId) -> Self {
        self.report.provider = Some(provider.clone());
        self
    }

    /// About a card, and so about its provider.
    pub(crate) fn of_card(mut self, card: &CardKey) -> Self {
        self.report.card = Some(card.clone());
        self.of_provider(&card.provider)
    }

    pub(crate) fn of_operation(mut self, operation: OperationId) -> Self {
        self.report.operation = Some(operation);
        self
    }

    /// What can be done about it.
    pub(crate) fn hint(mut self, sentence: impl Into<String>) -> Self {
        self.hints.push(text::printable(&sentence.into()));
        self
    }

    /// A line of a list for a person, which is no part of the sentence.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.listing.push(text::printable(line));
        self
    }

    /// What may be typed instead, and how a person tells them apart.
    pub(crate) fn candidates(mut self, names: Vec<String>, listing: Vec<String>) -> Self {
        self.report.candidates = names;
        self.listing = listing.iter().map(|line| text::printable(line)).collect();
        self
    }

    /// Prints it: a sentence on standard error, and the document of `--json` on standard output,
    /// where nothing else was printed.
    pub(crate) fn print(&self, format: Format) {
        warn(&self.words());
        match format {
            Format::Json => print_document(&self.document(), self.report.kind),
            Format::Table | Format::Csv => {}
        }
    }

    /// What happened, without what can be done about it.
    pub(crate) fn sentence(&self) -> String {
        let candidates = self.report.candidates.join(", ");
        let message = &self.report.message;
        if candidates.is_empty() { message.clone() } else { format!("{message}: {candidates}") }
    }

    /// For a person: a sentence, and under it what can be done.
    pub(crate) fn words(&self) -> String {
        let mut words = self.report.message.clone();
        for line in self.listing.iter().chain(&self.hints) {
            words.push_str("\n  ");
            words.push_str(line);
        }
        words
    }

    /// For a script: `{"error": …}`.
    pub(super) fn document(&self) -> String {
        let mut report = (*self.report).clone();
        for hint in &self.hints {
            report.message.push_str("; ");
            report.message.push_str(hint);
        }
        // Lines and columns are for people.
        report.message = report.message.split_whitespace().collect::<Vec<_>>().join(" ");
        json::named("error", &report) + "\n"
    }
}

/// Where standard output cannot be written the document goes to standard error.
pub(super) fn print_document(document: &str, kind: FailureKind) {
    if kind == FailureKind::Output || print::put(document).is_err() {
        // That it cannot be written there either is no reason to fail once more.
        let _ = write!(io::stderr().lock(), "{document}");
    }
}

/// What a provider's error is in the words of the contract.
pub(super) const fn kind_of(kind: ErrorKind) -> FailureKind {
    match kind {
        ErrorKind::Auth | ErrorKind::Forbidden => FailureKind::Credentials,
        ErrorKind::RateLimited => FailureKind::RateLimited,
        ErrorKind::Unreachable | ErrorKind::BadReply => FailureKind::Unreachable,
        ErrorKind::Refused | ErrorKind::NotOffered => FailureKind::Refused,
        ErrorKind::NotFound => FailureKind::NotFound,
    }
}

impl From<io::Error> for Failure {
    /// Standard output could not be written.
    fn from(error: io::Error) -> Self {
        let message = format!("the output could not be written: {error}");
        Self::new(Exit::Refused, FailureKind::Output, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_lines_for_a_person_and_one_sentence_for_a_script() {
        let key = CardKey::new(&ProviderId::new("acme"), "c-1");
        let failure = Failure::refused("top-up of ..4242 was not sent: one is still SENT")
            .now("nothing was sent")
            .of_card(&key)
            .hint("look again for its fate: cardtop ops check 01K")
            .hint("to send one more: add --second");
        assert_eq!(
            failure.words(),
            "top-up of ..4242 was not sent: one is still SENT\n  look again for its fate: cardtop \
             ops check 01K\n  to send one more: add --second"
        );
        assert_eq!(
            failure.document(),
            concat!(
                r#"{"error":{"kind":"refused","provider":"acme","card":"acme/c-1","#,
                r#""message":"top-up of ..4242 was not sent: one is still SENT; look again for "#,
                r#"its fate: cardtop ops check 01K; to send one more: add --second","#,
                r#""true_now":"nothing was sent","operation":null,"candidates":[]}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn the_kind_of_a_providers_error_agrees_with_its_exit_code() {
        for (kind, word, exit) in [
            (ErrorKind::Auth, "credentials", Exit::Unreachable),
            (ErrorKind::Forbidden, "credentials", Exit::Unreachable),
            (ErrorKind::RateLimited, "rate-limited", Exit::Unreachable),
            (ErrorKind::Unreachable, "unreachable", Exit::Unreachable),
            (ErrorKind::BadReply, "unreachable", Exit::Unreachable),
            (ErrorKind::Refused, "refused", Exit::Refused),
            (ErrorKind::NotOffered, "refused", Exit::Refused),
            (ErrorKind::NotFound, "not-found", Exit::Refused),
        ] {
            let failure = Failure::unread(&Error::new(&ProviderId::new("acme"), kind, "no"));
            assert_eq!((failure.report.kind.as_str(), failure.exit), (word, exit), "{kind:?}");
            assert_eq!(failure.report.provider, Some(ProviderId::new("acme")));
        }
    }
}
