//! Asking a person on a terminal, line by line: a question until its answer is understood. Nothing
//! is drawn and nothing is coloured; the terminal keeps its own line editor.

use std::io::{self, BufRead, Write};

use crate::cli::failure::Failure;
use crate::domain::text;

/// The widest line: a terminal of 80 columns shows it whole.
const COLUMNS: usize = 78;

/// Who answers, and where the questions go.
pub(super) struct Person<R, W> {
    from: R,
    to: W,
}

impl<R: BufRead, W: Write> Person<R, W> {
    pub(super) const fn new(from: R, to: W) -> Self {
        Self { from, to }
    }

    /// A sentence, wrapped between its words.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub(super) fn say(&mut self, words: &str) -> Result<(), Failure> {
        for line in text::wrap(&text::printable(words), COLUMNS) {
            writeln!(self.to, "{line}")?;
        }
        Ok(self.to.flush()?)
    }

    /// An empty line before what follows.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub(super) fn gap(&mut self) -> Result<(), Failure> {
        Ok(writeln!(self.to)?)
    }

    /// Asks until `read` understands the answer; what it says of a wrong one is said to the person.
    /// An empty line is taken for a slip of the finger once, and stops when it comes again.
    ///
    /// # Errors
    /// That the person stopped: Ctrl-D, or a second empty line.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let mut was_empty = false;
        loop {
            self.put(question)?;
            let Some(line) = self.line()? else { return Err(stopped()) };
            let answer = match line.as_deref().map(str::trim) {
                Some("") if was_empty => return Err(stopped()),
                Some("") => {
                    was_empty = true;
                    self.say(
                        "Nothing was typed. Answer, or press Enter once more to stop: then nothing \
                         is written.",
                    )?;
                    continue;
                }
                Some(answer) => read(answer),
                None => Err("that is not text: type it in UTF-8".to_owned()),
            };
            was_empty = false;
            match answer {
                Ok(value) => return Ok(value),
                Err(why) => self.say(&sentence(&why))?,
            }
        }
    }

    /// Lets one of several be chosen by its number, its word or the beginning of its word: which.
    /// Each is a word, and what it means where the word does not say it.
    ///
    /// # Errors
    /// That the person stopped.
    pub(super) fn choose(
        &mut self,
        question: &str,
        choices: &[(&str, &str)],
    ) -> Result<usize, Failure> {
        self.say(question)?;
        let widest = choices.iter().map(|(word, _)| text::width(word)).max().unwrap_or_default();
        for (index, (word, meaning)) in choices.iter().enumerate() {
            let line = format!("{:>3} {}  {meaning}", index + 1, text::pad_right(word, widest));
            writeln!(self.to, "{}", line.trim_end())?;
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.ask(&format!("1 to {}, or the word", choices.len()), |answer| {
            chosen(answer, &words).ok_or_else(|| {
                format!(
                    "write a number from 1 to {}, or one of the words {}",
                    words.len(),
                    words.join(", ")
                )
            })
        })
    }

    /// Whether it is so.
    ///
    /// # Errors
    /// That the person stopped.
    pub(super) fn is_so(&mut self, question: &str) -> Result<bool, Failure> {
        self.ask(&format!("{question} (yes/no)"), |answer| {
            let chosen = chosen(answer, &["yes", "no"]).filter(|_| !answer.starts_with(['1', '2']));
            chosen.map(|index| index == 0).ok_or_else(|| "write yes or no".to_owned())
        })
    }

    /// The question, with the place for the answer behind it.
    fn put(&mut self, question: &str) -> io::Result<()> {
        let lines = text::wrap(&format!("{}:", text::printable(question)), COLUMNS);
        write!(self.to, "{} ", lines.join("\n"))?;
        self.to.flush()
    }

    /// What was typed, where it is text; `None` when there are no more lines.
    fn line(&mut self) -> Result<Option<Option<String>>, Failure> {
        let mut bytes = Vec::new();
        let read = self.from.read_until(b'\n', &mut bytes).map_err(|error| {
            Failure::usage(format!("the terminal cannot be read: {error}; nothing was written"))
        })?;
        if read == 0 {
            self.gap()?;
            return Ok(None);
        }
        Ok(Some(String::from_utf8(bytes).ok()))
    }
}

/// That the person gave up, which leaves nothing behind.
pub(super) fn stopped() -> Failure {
    Failure::usage("stopped before everything was answered; nothing was written")
}

/// Words that begin in lower case as a sentence of their own.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Which of the words an answer names.
fn chosen(answer: &str, words: &[&str]) -> Option<usize> {
    if let Ok(number) = answer.parse::<usize>() {
        return number.checked_sub(1).filter(|index| *index < words.len());
    }
    let answer = answer.to_lowercase();
    if let Some(index) = words.iter().position(|word| word.eq_ignore_ascii_case(&answer)) {
        return Some(index);
    }
    let mut begun = words.iter().enumerate().filter(|(_, word)| word.starts_with(&answer));
    match (begun.next(), begun.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    type Asked<T> = (Result<T, Failure>, String);

    fn with<T>(
        typed: &[u8],
        talk: impl FnOnce(&mut Person<&[u8], Vec<u8>>) -> Result<T, Failure>,
    ) -> Asked<T> {
        let mut person = Person::new(typed, Vec::new());
        let result = talk(&mut person);
        (result, String::from_utf8(person.to).expect("text"))
    }

    #[test]
    fn a_wrong_answer_gets_a_sentence_and_the_question_again() {
        let (name, said) = with(b"x y\n\xff\n plain \n", |person| {
            person.ask("name", |answer| {
                let plain = !answer.contains(' ');
                plain.then(|| answer.to_owned()).ok_or_else(|| "no blanks".to_owned())
            })
        });
        assert_eq!(name.expect("an answer"), "plain");
        assert_eq!(said, "name: No blanks.\nname: That is not text: type it in UTF-8.\nname: ");
    }

    #[test]
    fn one_empty_line_is_a_slip_and_two_stop_as_the_end_of_the_input_does() {
        let ask = |person: &mut Person<&[u8], Vec<u8>>| person.is_so("Is it?");
        assert!(with(b"\nyes\n", ask).0.expect("an answer"));
        assert!(!with(b"\nwhat\n\nNO\n", ask).0.expect("an answer"));
        for typed in [&b"\n\n"[..], b"", b"\n", b"what\n"] {
            let (result, _) = with(typed, ask);
            let failure = result.expect_err("stopped");
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.words().contains("nothing was written"));
        }
    }

    #[test]
    fn a_choice_is_a_number_a_word_or_its_beginning() {
        let words = ["again", "change", "keep", "stop"];
        for (answer, which) in [
            ("1", Some(0)),
            ("4", Some(3)),
            ("KEEP", Some(2)),
            ("ch", Some(1)),
            ("0", None),
            ("5", None),
            ("x", None),
            ("-1", None),
        ] {
            assert_eq!(chosen(answer, &words), which, "{answer}");
        }
        assert_eq!(chosen("s", &["sandbox", "stone"]), None, "it may be either");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_of_eighty_columns() {
        let long = "a sentence that goes on and on about what is wrong with an answer ".repeat(5);
        let (_, said) = with(b"no\n", |person| {
            person.say(&long)?;
            person.is_so(&long)
        });
        assert!(said.lines().all(|line| text::width(line) <= 80), "{said}");
    }
}
