//! What is wrong with the arguments, before there is a command.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use super::Cli;
use super::exit::Exit;
use super::failure::{Failure, print_document};
use super::global::Format;
use super::print;
use crate::contract::FailureKind;
use crate::domain::text;

/// Prints what the parser has to say, and what to end with. Help and the version come this way too,
/// on standard output and with code 0.
pub(super) fn end(error: &clap::Error, arguments: Vec<OsString>) -> ExitCode {
    if !error.use_stderr() {
        return match print::forgiving(error.print()) {
            Ok(()) => ExitCode::from(Exit::Done.code()),
            Err(_) => ExitCode::from(Exit::Refused.code()),
        };
    }
    let words = words(error, &arguments);
    // That it cannot be written is no reason to fail.
    let _ = write!(io::stderr().lock(), "{words}");
    if asks_for_json(&arguments) {
        print_document(&Failure::usage(sentence(&words)).document(), FailureKind::Usage);
    }
    ExitCode::from(Exit::Usage.code())
}

/// What is wrong with the arguments, for a person. The parser takes escape sequences out of what it
/// quotes without a trace; the same arguments cleaned leave marks.
fn words(error: &clap::Error, arguments: &[OsString]) -> String {
    let cleaned = arguments.iter().map(|argument| text::one_line(&argument.to_string_lossy()));
    let again = Cli::try_parse_from(cleaned).err().filter(clap::Error::use_stderr);
    text::printable(&again.as_ref().unwrap_or(error).render().to_string())
}

/// Its first paragraph as one sentence: the others are tips and the usage.
fn sentence(words: &str) -> String {
    let first = words.split("\n\n").next().unwrap_or(words);
    let first = first.strip_prefix("error: ").unwrap_or(first);
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How to print, by arguments that the parser did not see.
pub(super) fn format(arguments: &[OsString]) -> Format {
    if asks_for_json(arguments) { Format::Json } else { Format::Table }
}

/// Whether JSON was asked for, in arguments that the parser does not understand as a whole.
fn asks_for_json(arguments: &[OsString]) -> bool {
    let flags = || arguments.iter().skip(1).take_while(|argument| *argument != "--");
    let formats = flags().zip(flags().skip(1)).any(|(a, b)| a == "--format" && b == "json");
    formats || flags().any(|argument| argument == "--json" || argument == "--format=json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_quoted_steers_no_terminal_and_shows_what_was_taken_out() {
        let arguments = ["cardtop", "\u{1b}]0;PWN\u{7}x\u{202e}"].map(OsString::from);
        let error = Cli::try_parse_from(&arguments).expect_err("no such command");
        let message = words(&error, &arguments);
        assert!(message.contains("unrecognized subcommand '?x?'"), "{message}");
    }

    #[test]
    fn json_is_recognised_in_arguments_that_are_wrong() {
        let asks = |line: &str| {
            let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            asks_for_json(&arguments)
        };
        for line in ["c cards --json --x", "c --format json x", "c --format=json", "c --json"] {
            assert!(asks(line), "{line}");
        }
        for line in ["c cards", "c --format csv json", "c -- --json", "c --format", "--json x"] {
            assert!(!asks(line), "{line}");
        }
    }

    #[test]
    fn what_the_parser_says_is_one_sentence_for_a_script() {
        let error = Cli::try_parse_from(["cardtop", "topup"]).expect_err("no card, no amount");
        let sentence = sentence(&words(&error, &["cardtop", "topup"].map(OsString::from)));
        assert_eq!(sentence, "the following required arguments were not provided: <CARD> <AMOUNT>");
    }
}
