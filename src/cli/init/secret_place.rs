//! Asking where a secret is, never what it is, and reading it there at once.

use std::io::{BufRead, Write};
use std::path::Path;

use tokio::time::Instant;

use super::person::{Person, stopped};
use crate::cli::failure::Failure;
use crate::config::secret::Source;
use crate::config::{self, Question};
use crate::domain::text;

/// Where a secret can be, in the words of the configuration.
const PLACES: [(&str, &str); 4] = [
    ("env", "an environment variable"),
    ("file", "a file that only you can read (chmod 600)"),
    ("command", "what a program prints, such as op or pass"),
    ("keyring", "the platform's keyring"),
];

/// Asks for the place of a secret of the account whose configuration is to be `file`, until one can
/// be read there or the person keeps one that cannot: the place, in TOML.
///
/// # Errors
/// That the person stopped.
pub(super) async fn ask<R: BufRead, W: Write>(
    person: &mut Person<R, W>,
    question: &Question,
    file: &Path,
) -> Result<String, Failure> {
    loop {
        let (toml, source) = place(person, question, file)?;
        if let Some(wait) = source.wait() {
            person.say(&format!("Waiting for {wait}."))?;
        }
        let began = Instant::now();
        let read = tokio::task::spawn_blocking(move || source.read().map(drop)).await;
        let took = began.elapsed().as_millis();
        let why = match read {
            Ok(Ok(())) => {
                person.say(&format!("{} was read in {took} ms; it is not shown.", question.key))?;
                return Ok(toml);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it could not be read".to_owned(),
        };
        person.say(&format!("{} was not read, {took} ms: {why}.", question.key))?;
        let choices = [
            ("again", "say where it is once more"),
            ("keep", "write this place all the same"),
            ("stop", "write nothing"),
        ];
        match person.choose("What now?", &choices)? {
            0 => {}
            1 => return Ok(toml),
            _ => return Err(stopped()),
        }
    }
}

/// A place: as it is written into the file, and to be read.
fn place<R: BufRead, W: Write>(
    person: &mut Person<R, W>,
    question: &Question,
    file: &Path,
) -> Result<(String, Source), Failure> {
    let Question { key, help, .. } = question;
    let what = format!("{key}: {help}. Where is it? It is never typed here.");
    match person.choose(&what, &PLACES)? {
        0 => person.ask("name of the variable", |name| {
            // What was typed is not repeated: it may be the secret itself.
            let source = Source::variable(name).ok_or(
                "the name of a variable has only letters, digits and _, such as ACME_TOKEN",
            )?;
            Ok((format!("{{ env = {} }}", quoted(name)), source))
        }),
        1 => {
            person.say(&relative_to(file))?;
            person.ask("path of the file", |path| {
                let source = Source::File(config::path_in(file, path));
                Ok((format!("{{ file = {} }}", quoted(path)), source))
            })
        }
        2 => person.ask("the program and its words, with quotes as in a shell", |line| {
            let words = words(line).ok_or("a quote is not closed, or the program has no name")?;
            let toml: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            Ok((format!("{{ command = [{}] }}", toml.join(", ")), Source::Command(words)))
        }),
        _ => person.ask("its entry, as service/account", |entry| {
            let source =
                Source::keyring_entry(entry).ok_or("write two words with / between them")?;
            Ok((format!("{{ keyring = {} }}", quoted(entry)), source))
        }),
    }
}

/// Where relative paths begin, to be said before a question for a path.
pub(super) fn relative_to(file: &Path) -> String {
    let folder = text::of_path(&config::path_in(file, ""));
    format!("A path that does not begin with / or ~/ begins in {folder}.")
}

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// The words of a line: blanks part them but within quotes. No shell reads them.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote): (Option<String>, Option<char>) = (None, None);
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, None) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    let has_program = words.first().is_some_and(|program| !program.is_empty());
    (quote.is_none() && has_program).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Question = Question::secret("token", "the token");

    async fn asked(typed: &str) -> (Result<String, Failure>, String) {
        let mut said = Vec::new();
        let mut person = Person::new(typed.as_bytes(), &mut said);
        let result = ask(&mut person, &TOKEN, Path::new("/nowhere/c.toml")).await;
        (result, String::from_utf8(said).expect("text"))
    }

    #[tokio::test]
    async fn a_place_is_read_at_once_and_the_secret_is_not_shown() {
        let (place, said) = asked("command\nprintf 'very secret'\n").await;
        assert_eq!(place.expect("a place"), r#"{ command = ["printf", "very secret"] }"#);
        assert!(said.contains("token was read in "), "{said}");
        assert!(!said.contains("very secret"), "{said}");
        let (place, said) = asked("env\nPATH\n").await;
        assert_eq!(place.expect("a place"), r#"{ env = "PATH" }"#);
        assert!(!said.contains("/bin"), "{said}");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_said_and_asked_again_kept_or_stopped_at() {
        let (place, said) =
            asked("file\nnone.pem\nagain\nenv\nCARDTOP_NOT_SET\nagain\n3\nprintf ''\nkeep\n").await;
        assert_eq!(place.expect("a place"), r#"{ command = ["printf", ""] }"#);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "the secret file /nowhere/none.pem cannot be read",
            "variable CARDTOP_NOT_SET is not set",
            "the secret of command printf is empty",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(asked("env\nCARDTOP_NOT_SET\nstop\n").await.0.is_err());
    }

    #[tokio::test]
    async fn a_secret_that_is_typed_in_place_of_a_name_is_not_repeated() {
        let (place, said) = asked("env\nsk-live+42/secret\nPATH\n").await;
        assert!(place.is_ok() && !said.contains("sk-live"), "{said}");
        let (place, said) = asked("keyring\nsk-live\n\n\n").await;
        assert!(place.is_err() && !said.contains("sk-live"), "{said}");
    }

    #[test]
    fn words_are_parted_by_blanks_but_within_quotes() {
        let of = |line: &str| words(line).map(|words| words.join("|"));
        assert_eq!(of("op read  op://a/b").as_deref(), Some("op|read|op://a/b"));
        assert_eq!(of("sh -c 'echo \"x y\"' \"\"").as_deref(), Some("sh|-c|echo \"x y\"|"));
        for wrong in ["", "echo 'x", "'' x"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
