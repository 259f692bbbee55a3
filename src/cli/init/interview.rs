//! The questions of `init` on a terminal, in their order: account after account, each tried out
//! with a real read. Nothing is written here.

use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::path::Path;

use super::answers::Account;
use super::person::{Person, sentence, stopped};
use super::secret_place::{self, quoted, relative_to};
use super::{example, trial};
use crate::cli::failure::Failure;
use crate::cli::roster;
use crate::clock::Clock;
use crate::config::{self, Environment, Question, Wants};
use crate::contract::RosterCheck;
use crate::domain::card::ProviderId;
use crate::domain::text;
use crate::provider::{Config, ProviderKind};

/// Lines of a roster that are named one by one.
const BAD_LINES: usize = 10;

const BASE_URL: Question = Question::address("base_url", "the address of its API");

/// One person, and what is known before the first question.
pub(super) struct Interview<'a, R, W> {
    pub(super) person: Person<R, W>,
    /// The file that is to be written: relative paths begin in its folder.
    pub(super) file: &'a Path,
    pub(super) kinds: &'static [&'static ProviderKind],
    /// The environment of all accounts, where the command line says it.
    pub(super) environment: Option<Environment>,
    pub(super) clock: Clock,
}

/// What came of it.
pub(super) struct Said {
    /// The whole file.
    pub(super) text: String,
    /// Whether webhooks are to be received.
    pub(super) has_webhooks: bool,
}

impl<R: BufRead, W: Write> Interview<'_, R, W> {
    /// Asks for an account of each of these kinds, then for others.
    ///
    /// # Errors
    /// That the person stopped.
    pub(super) async fn hold(mut self, kinds: Vec<&'static ProviderKind>) -> Result<Said, Failure> {
        let file = text::of_path(self.file);
        self.person.say(&format!(
            "This asks for your provider accounts and writes {file}. It asks where each secret is, \
             never for the secret. Ctrl-C or Ctrl-D stops it at any question: then nothing is \
             written."
        ))?;
        let mut kinds = VecDeque::from(kinds);
        let mut accounts: Vec<Account> = Vec::new();
        loop {
            self.person.gap()?;
            let kind = match kinds.pop_front() {
                Some(kind) => kind,
                None => self.kind()?,
            };
            let account = self.account(kind, &accounts).await?;
            accounts.push(account);
            self.person.gap()?;
            if kinds.is_empty() && !self.person.is_so("Another account?")? {
                break;
            }
        }
        let has_webhooks = accounts.iter().any(|account| account.has_webhooks);
        let texts: Vec<String> = accounts.iter().map(Account::text).collect();
        let listen = if has_webhooks { example::listen() } else { String::new() };
        let text = [example::head().to_owned(), texts.concat(), listen].concat();
        Ok(Said { text: text.trim_end().to_owned() + "\n", has_webhooks })
    }

    fn kind(&mut self) -> Result<&'static ProviderKind, Failure> {
        let names: Vec<(&str, &str)> = self.kinds.iter().map(|kind| (kind.name, "")).collect();
        let index = self.person.choose("Which provider?", &names)?;
        self.kinds.get(index).copied().ok_or_else(stopped)
    }

    async fn account(
        &mut self,
        kind: &'static ProviderKind,
        others: &[Account],
    ) -> Result<Account, Failure> {
        let name = self.name(kind, others)?;
        let environment = match self.environment {
            Some(said) => said,
            None => self.ask_environment()?,
        };
        let mut account =
            Account { kind, name, environment, has_webhooks: false, answers: Vec::new() };
        let of_webhooks = |it: &Question| it.wants == Wants::WebhookSecret;
        let always = kind.questions.iter().filter(|it| !of_webhooks(it));
        for question in [&BASE_URL].into_iter().chain(always) {
            self.ask_again(&mut account, question).await?;
        }
        self.person.gap()?;
        let name = &account.name;
        self.person.say("Webhooks are what a provider pushes; docs/webhooks.md is about them.")?;
        account.has_webhooks = self.person.is_so(&format!("Receive webhooks of {name}?"))?;
        if account.has_webhooks {
            let secrets: Vec<&Question> =
                kind.questions.iter().filter(|it| of_webhooks(it)).collect();
            if let Some(question) = self.one_of(&secrets)? {
                self.ask_again(&mut account, question).await?;
            }
        }
        self.try_out(&mut account).await?;
        Ok(account)
    }

    /// Which of several secrets of webhooks there is.
    fn one_of<'q>(&mut self, secrets: &[&'q Question]) -> Result<Option<&'q Question>, Failure> {
        if secrets.len() < 2 {
            return Ok(secrets.first().copied());
        }
        let choices: Vec<(&str, &str)> = secrets.iter().map(|it| (it.key, it.help)).collect();
        let index = self.person.choose("By what are its webhooks known?", &choices)?;
        Ok(secrets.get(index).copied())
    }

    fn name(&mut self, kind: &ProviderKind, others: &[Account]) -> Result<String, Failure> {
        let kind = kind.name;
        self.person.say(&format!(
            "The account's name stands before each of its cards: {kind}-eu/CARD, where it is \
             {kind}-eu."
        ))?;
        self.person.ask(&format!("name of the {kind} account"), |name| {
            if !config::is_account_name(name) {
                return Err("a name has only letters, digits, - and _".to_owned());
            }
            if others.iter().any(|other| other.name == name) {
                return Err(format!("there is a {name} already: take another name"));
            }
            Ok(name.to_owned())
        })
    }

    fn ask_environment(&mut self) -> Result<Environment, Failure> {
        let choices = Environment::ALL.map(|environment| match environment {
            Environment::Sandbox => (environment.word(), "a test account"),
            Environment::Production => (environment.word(), "real money is moved"),
        });
        let index = self.person.choose("Is real money behind it?", &choices)?;
        Environment::ALL.get(index).copied().ok_or_else(stopped)
    }

    /// Asks for one key, and takes the answer in.
    async fn ask_again(
        &mut self,
        account: &mut Account,
        question: &Question,
    ) -> Result<(), Failure> {
        let Question { key, help, .. } = question;
        let toml = match question.wants {
            Wants::Text => self.person.ask(&format!("{key}: {help}"), |said| Ok(quoted(said)))?,
            Wants::Address => self.person.ask(&format!("{key}: {help}"), |said| {
                let read = config::read_address(said);
                read.map(|address| quoted(&address)).map_err(|why| format!("the address {why}"))
            })?,
            Wants::Secret | Wants::WebhookSecret => {
                self.person.gap()?;
                secret_place::ask(&mut self.person, question, self.file).await?
            }
            Wants::Roster => self.roster(account, question)?,
        };
        account.answer(*question, toml);
        Ok(())
    }

    /// Asks for a roster that has a card, and names its lines that would be skipped.
    fn roster(&mut self, account: &Account, question: &Question) -> Result<String, Failure> {
        let of = ProviderId::new(&account.name);
        self.person.gap()?;
        let Question { key, help, .. } = question;
        self.person.say(&format!("{key}: {help}. {}", relative_to(self.file)))?;
        loop {
            let path = self.person.ask("path of the CSV file", |path| Ok(path.to_owned()))?;
            let file = config::path_in(self.file, &path);
            match roster::look(&of, account.kind.ids.cards, &file) {
                Err(failure) => self.person.say(&sentence(&failure.sentence()))?,
                Ok(found) => {
                    self.say_what_was_found(&found)?;
                    let is_used = found.cards > 0
                        && (found.bad.is_empty()
                            || self.person.is_so("Use it, with the bad lines skipped?")?);
                    if is_used {
                        return Ok(quoted(&path));
                    }
                }
            }
        }
    }

    fn say_what_was_found(&mut self, found: &RosterCheck) -> Result<(), Failure> {
        let words = roster::words(found);
        let (named, bad) = (BAD_LINES.min(found.bad.len()), found.bad.len());
        for line in words.lines().take(named) {
            self.person.say(line)?;
        }
        if bad > named {
            let file = &found.file;
            let more = text::thousands(bad - named);
            self.person.say(&format!("{more} more: `cardtop roster check {file}` names all"))?;
        }
        for line in words.lines().skip(bad) {
            self.person.say(line)?;
        }
        Ok(())
    }

    /// Reads the account until it answers, or the person keeps it as it is.
    async fn try_out(&mut self, account: &mut Account) -> Result<(), Failure> {
        loop {
            self.person.gap()?;
            self.person.say(&format!("Reading {} once …", account.name))?;
            let config = Config::parse_with(&account.text(), self.file, self.kinds);
            let read = match config.as_ref().map(|config| config.providers.first()) {
                Ok(Some(provider)) => trial::read(provider, &self.clock).await,
                Ok(None) => return Err(stopped()),
                Err(error) => Err(error.to_string()),
            };
            let why = match read {
                Ok(words) => return self.person.say(&words),
                Err(why) => why,
            };
            self.person.say(&why)?;
            let choices = [
                ("again", "read once more, with what is at the same places now"),
                ("change", "answer one of the questions anew"),
                ("keep", "write it all the same"),
                ("stop", "write nothing"),
            ];
            match self.person.choose("What now?", &choices)? {
                0 => {}
                1 => self.change(account).await?,
                2 => return Ok(()),
                _ => return Err(stopped()),
            }
        }
    }

    async fn change(&mut self, account: &mut Account) -> Result<(), Failure> {
        let questions: Vec<Question> = account.answers.iter().map(|(it, _)| *it).collect();
        let mut choices: Vec<(&str, &str)> = questions.iter().map(|it| (it.key, it.help)).collect();
        choices.push(("environment", "sandbox or production"));
        let index = self.person.choose("Which one?", &choices)?;
        match questions.get(index) {
            Some(question) => self.ask_again(account, question).await,
            None => {
                account.environment = self.ask_environment()?;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::provider::kinds::KINDS;

    /// What comes of these lines, and all that was said.
    async fn talk(lines: &str, kinds: &[&'static ProviderKind]) -> (Result<Said, Failure>, String) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("cards.csv"), "id,user_id\nc1,7\n").expect("writing");
        let mut said = Vec::new();
        let interview = Interview {
            person: Person::new(lines.as_bytes(), &mut said),
            file: &folder.path().join("c.toml"),
            kinds: KINDS,
            environment: None,
            clock: Clock::real(),
        };
        let result = interview.hold(kinds.to_vec()).await;
        assert!(!folder.path().join("c.toml").exists(), "it only asks");
        (result, String::from_utf8(said).expect("text"))
    }

    /// An answer to every question about an account at which nobody answers, with the last webhook
    /// secret that its kind has.
    fn answers(kind: &ProviderKind, name: &str) -> String {
        let mut lines = format!("{name}\nproduction\nhttp://127.0.0.1:9\n");
        let of_webhooks = kind.questions.iter().filter(|it| it.wants == Wants::WebhookSecret);
        for question in kind.questions {
            lines.push_str(match question.wants {
                Wants::Text => "any\n",
                Wants::Address => "http://[::1]:9/token\n",
                Wants::Secret => "env\nPATH\n",
                Wants::Roster => "cards.csv\n",
                Wants::WebhookSecret => "",
            });
        }
        lines.push_str("yes\n");
        match of_webhooks.count() {
            0 => {}
            1 => lines.push_str("env\nPATH\n"),
            count => lines.push_str(&format!("{count}\nenv\nPATH\n")),
        }
        lines + "keep\n"
    }

    #[tokio::test]
    async fn every_kind_is_asked_for_what_it_needs_and_the_file_is_a_good_one() {
        for kind in KINDS {
            let lines = answers(kind, "one") + "yes\n" + kind.name + "\none\n";
            let lines = lines + &answers(kind, "two") + "no\n";
            let (result, said) = talk(&lines, &[kind]).await;
            let text = result.unwrap_or_else(|failure| panic!("{}\n{said}", failure.words())).text;
            let config = Config::parse(&text, Path::new("c.toml"));
            let config = config.unwrap_or_else(|error| panic!("{error}\n{text}"));
            let names: Vec<&str> = config.providers.iter().map(|it| it.name.name()).collect();
            assert_eq!((names, config.listen.enabled), (vec!["one", "two"], true), "{text}");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains("There is a one already: take another name."), "{said}");
            for question in kind.questions.iter().filter(|it| it.wants != Wants::WebhookSecret) {
                assert!(said.contains(&format!("{}: {}", question.key, question.help)), "{said}");
            }
        }
    }

    #[tokio::test]
    async fn wherever_the_answers_end_nothing_comes_of_it() {
        for kind in KINDS {
            let whole = answers(kind, "one") + "no\n";
            let lines: Vec<&str> = whole.split_inclusive('\n').collect();
            for count in 0..lines.len() {
                for end in ["", "\n\n"] {
                    let begun = lines.get(..count).unwrap_or_default().concat() + end;
                    let (result, said) = talk(&begun, &[kind]).await;
                    let failure = result.map(|said| said.text).expect_err("stopped");
                    assert_eq!(failure.exit, Exit::Usage, "{said}");
                }
            }
        }
    }
}
