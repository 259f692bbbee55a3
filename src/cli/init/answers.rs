//! What was answered about an account, filled into the example of its kind.

use super::example;
use crate::config::{Environment, Question, Wants};
use crate::provider::ProviderKind;

/// An account as it was answered.
pub(super) struct Account {
    pub(super) kind: &'static ProviderKind,
    /// Its name, which stands before its cards.
    pub(super) name: String,
    pub(super) environment: Environment,
    /// Whether what the provider pushes is to be received.
    pub(super) has_webhooks: bool,
    /// Each key with its value in TOML.
    pub(super) answers: Vec<(Question, String)>,
}

impl Account {
    /// Takes an answer in, in the place of an earlier one.
    pub(super) fn answer(&mut self, question: Question, toml: String) {
        match self.answers.iter_mut().find(|(known, _)| known.key == question.key) {
            Some((_, value)) => *value = toml,
            None => self.answers.push((question, toml)),
        }
    }

    /// Its tables, with the example's comments.
    pub(super) fn text(&self) -> String {
        let example = example::account(self.kind, Some(self.environment));
        let mut filled = Filled { account: self, text: String::new(), table: None, left: vec![] };
        for line in example.trim_end().lines() {
            filled.take(line);
        }
        filled.end_table();
        filled.text + "\n"
    }

    /// The answers of one of its tables.
    fn of_table(&self, table: &str) -> Vec<(&'static str, &str)> {
        let is_in = |wants: Wants| match wants {
            Wants::Secret | Wants::WebhookSecret => table == CREDENTIALS,
            Wants::Text | Wants::Address | Wants::Roster => table.is_empty(),
        };
        let own = self.answers.iter().filter(|(question, _)| is_in(question.wants));
        own.map(|(question, toml)| (question.key, toml.as_str())).collect()
    }
}

const CREDENTIALS: &str = "credentials";

/// An example that is filled in line by line.
struct Filled<'a> {
    account: &'a Account,
    text: String,
    /// The table that the next line is in, below the account's own.
    table: Option<String>,
    /// Answers of this table whose line has not come.
    left: Vec<(&'static str, &'a str)>,
}

impl Filled<'_> {
    fn take(&mut self, line: &str) {
        if let Some(table) = table_of(line) {
            self.end_table();
            let rest = line.split_once(']').map_or("", |(_, rest)| rest);
            let dotted = if table.is_empty() { String::new() } else { format!(".{table}") };
            self.text.push_str(&format!("[providers.{}{dotted}]{rest}\n", self.account.name));
            self.left = self.account.of_table(&table);
            self.table = Some(table);
            return;
        }
        let key = key_of(line);
        let answered = self.left.iter().position(|(known, _)| Some(*known) == key);
        if let Some((key, toml)) = answered.map(|index| self.left.remove(index)) {
            self.text.push_str(&filled_line(line, key, toml));
        } else {
            // Of a credential that nobody answered nothing may be wanted.
            let is_credential = self.table.as_deref() == Some(CREDENTIALS) && key.is_some();
            let mark = if is_credential && !line.starts_with('#') { "#" } else { "" };
            self.text.push_str(&format!("{mark}{line}\n"));
        }
    }

    /// Writes what the example has no line for.
    fn end_table(&mut self) {
        for (key, toml) in std::mem::take(&mut self.left) {
            self.text.push_str(&format!("{key} = {toml}\n"));
        }
    }
}

/// The table that a line begins, below the account's own, which is the empty one.
fn table_of(line: &str) -> Option<String> {
    let name = line.strip_prefix("[providers.")?.split(']').next()?;
    Some(name.split_once('.').map_or_else(String::new, |(_, table)| table.to_owned()))
}

/// The key that a line sets, also where the line is off.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.strip_prefix('#').unwrap_or(line).split_once(" = ")?;
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    plain.then_some(key)
}

/// A line with its answer, and with its comment where the example has it. The word that asks for
/// an answer is gone.
fn filled_line(line: &str, key: &str, toml: &str) -> String {
    let old = line.split_once(" = ").map_or("", |(_, old)| old);
    let Some(at) = comment_of(old) else { return format!("{key} = {toml}\n") };
    let (before, comment) = old.split_at(at);
    let comment = comment.trim_start_matches(['#', ' ']);
    let comment = comment.strip_prefix("you").unwrap_or(comment).trim_start_matches([':', ' ']);
    if comment.is_empty() {
        return format!("{key} = {toml}\n");
    }
    let width = before.trim_end().len().max(toml.len());
    format!("{key} = {toml:width$}   # {comment}\n")
}

/// Where the comment behind a value begins: a `#` that is not in quotes.
fn comment_of(value: &str) -> Option<usize> {
    let mut quote = None;
    let mut letters = value.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (letter, quote) {
            ('\\', Some('"')) => drop(letters.next()),
            (_, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => quote = Some(letter),
            ('#', None) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::secret::Source;
    use crate::provider::Config;
    use crate::provider::kinds::KINDS;

    /// The answers to every question of a kind that `asked` lets through.
    fn account(kind: &'static ProviderKind, asked: impl Fn(&Question) -> bool) -> Account {
        let mut account = Account {
            kind,
            name: "my-own".to_owned(),
            environment: Environment::Sandbox,
            has_webhooks: false,
            answers: vec![],
        };
        let base_url = Question::address("base_url", "");
        for question in [base_url].iter().chain(kind.questions).filter(|it| asked(it)) {
            let toml = match question.wants {
                Wants::Text => "\"a # in it\"",
                Wants::Address => "\"https://own.example.com\"",
                Wants::Secret | Wants::WebhookSecret => "{ env = \"OWN\" }",
                Wants::Roster => "\"own.csv\"",
            };
            account.answer(*question, toml.to_owned());
        }
        account
    }

    fn parsed(account: &Account) -> Result<Config, String> {
        Config::parse(&account.text(), Path::new("/h/c.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_answered_stands_in_the_file_with_the_comments_of_the_example() {
        for kind in KINDS {
            let answered = account(kind, |_| true);
            let text = answered.text();
            let config = parsed(&answered).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let [one] = config.providers.as_slice() else { panic!("one account: {text}") };
            assert_eq!((one.name.name(), one.kind()), ("my-own", kind.name));
            assert_eq!(one.environment, Environment::Sandbox);
            assert_eq!(one.base_url, "https://own.example.com");
            let of_us = |source: &&Source| matches!(source, Source::Env(name) if name == "OWN");
            assert!(one.settings.secrets().iter().all(of_us), "{text}");
            let is_open = |line: &str| line.contains("# you:") || line.ends_with("# you");
            assert!(!text.lines().any(is_open), "nothing is left to be filled in: {text}");
            assert!(text.matches(" # ").count() > 3, "its comments stay: {text}");
            assert!(text.lines().filter(|line| line.starts_with('[')).count() > 1, "{text}");
        }
    }

    #[test]
    fn what_is_asked_of_a_kind_is_what_it_cannot_do_without() {
        for kind in KINDS {
            let needed = |question: &Question| question.wants != Wants::WebhookSecret;
            let enough = account(kind, needed);
            let config = parsed(&enough).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            let count = kind.questions.iter().filter(|it| it.wants == Wants::Secret).count();
            let secrets = config.providers[0].settings.secrets();
            assert_eq!(secrets.len(), count, "nothing of webhooks is wanted: {}", kind.name);
            for question in kind.questions {
                let known = match question.wants {
                    Wants::Roster => true,
                    Wants::Text | Wants::Address => kind.settings.contains(&question.key),
                    _ => kind.credentials.contains(&question.key),
                };
                assert!(known && !question.help.is_empty(), "{}", question.key);
            }
            let asked: Vec<&str> = kind.questions.iter().map(|question| question.key).collect();
            for key in kind.credentials {
                assert!(asked.contains(key), "{} of {} is never asked", key, kind.name);
            }
        }
    }

    #[test]
    fn an_answer_keeps_the_comment_of_its_line_and_is_not_asked_for_any_more() {
        for (line, filled) in [
            ("a = \"x\"   # you: as it is", "a = \"new\"   # as it is\n"),
            ("#a = { env = \"#\" } # you", "a = \"new\"\n"),
            ("a = \"long enough\" # what", "a = \"new\"           # what\n"),
            ("a = 'it''s # x'", "a = \"new\"\n"),
        ] {
            assert_eq!(filled_line(line, "a", "\"new\""), filled, "{line}");
        }
    }
}
