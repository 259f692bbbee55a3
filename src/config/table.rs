//! A table of the file, read key by key. Every mistake is one sentence that names the file, the
//! line and what to write.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::ConfigError;
use super::secret::Source;
use super::wires;
use crate::domain::text;

/// The file's text, for lines in sentences.
pub(super) struct Page<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
}

impl Page<'_> {
    pub(super) fn wrong(&self, at: Range<usize>, words: &str) -> ConfigError {
        // What stands in the file may be anything: an escape sequence, a card number.
        let words = text::mask_card_numbers(&text::one_line(words));
        ConfigError(format!("{}: {words}", self.place(at)))
    }

    /// File and line.
    pub(super) fn place(&self, at: Range<usize>) -> String {
        let before = self.text.get(..at.start.min(self.text.len())).unwrap_or_default();
        format!("{} line {}", text::of_path(self.path), before.matches('\n').count() + 1)
    }

    /// A path of the file, relative to its folder; `~/` is the home folder.
    pub(super) fn file(&self, text: &str) -> PathBuf {
        let home = text
            .strip_prefix("~/")
            .and_then(|rest| Some(directories::BaseDirs::new()?.home_dir().join(rest)));
        if let Some(path) = home {
            return path;
        }
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        folder.join(text)
    }
}

/// A list of texts, and where it stands.
type Texts = (Vec<String>, Range<usize>);

/// One table of the file; every key that is read is taken out.
pub(super) struct Table<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) entries: Vec<(String, Range<usize>, &'a DeValue<'a>)>,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        page: &'a Page<'a>,
        name: String,
        span: Range<usize>,
        table: &'a DeTable<'a>,
    ) -> Self {
        let entries = table
            .iter()
            .map(|(key, value): (&Spanned<_>, &Spanned<_>)| {
                (key.get_ref().to_string(), key.span(), value.get_ref())
            })
            .collect();
        Self { page, name, span, entries }
    }

    pub(super) fn rest(self) -> Vec<(String, Range<usize>, &'a DeValue<'a>)> {
        self.entries
    }

    pub(super) fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<(Range<usize>, &'a DeValue<'a>)> {
        let index = self.entries.iter().position(|(name, ..)| name == key)?;
        let (_, span, value) = self.entries.remove(index);
        Some((span, value))
    }

    pub(super) fn missing(&self, key: &str, hint: &str) -> ConfigError {
        self.page.wrong(self.span.clone(), &format!("{} is missing{hint}", self.key(key)))
    }

    pub(super) fn misplaced(&self, key: &str, why: &str) -> ConfigError {
        let span = self
            .entries
            .iter()
            .find(|(name, ..)| name == key)
            .map_or_else(|| self.span.clone(), |(_, span, _)| span.clone());
        self.page.wrong(span, &format!("{}{why}", self.key(key)))
    }

    pub(super) fn text(
        &mut self,
        key: &str,
    ) -> Result<Option<(String, Range<usize>)>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((span, DeValue::String(text))) => Ok(Some((text.to_string(), span))),
            Some((span, DeValue::Integer(number))) => Ok(Some((number.to_string(), span))),
            Some((span, _)) => Err(self
                .page
                .wrong(span, &format!("{} is not text: write it in quotes", self.key(key)))),
        }
    }

    /// A text that, where it is given, is not empty.
    pub(super) fn some_text(&mut self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.text(key)? {
            Some((text, span)) if text.trim().is_empty() => Err(self.page.wrong(
                span,
                &format!("{} is empty: fill it in or leave the line out", self.key(key)),
            )),
            given => Ok(given.map(|(text, _)| text)),
        }
    }

    pub(super) fn need_text(&mut self, key: &str) -> Result<String, ConfigError> {
        self.some_text(key)?
            .ok_or_else(|| self.missing(key, ": write it as the provider gave it to you"))
    }

    pub(super) fn read<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, span)) = self.text(key)? else { return Ok(None) };
        match read(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(self
                .page
                .wrong(span, &format!("{} is \"{text}\": write {wanted}", self.key(key)))),
        }
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, ConfigError> {
        let wanted =
            words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        self.read(key, &format!("one of {wanted}"), |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
        })
    }

    /// A table of any words, each with one of ours.
    pub(super) fn words<T: Copy>(
        &mut self,
        key: &str,
        known: &[(&str, T)],
    ) -> Result<BTreeMap<String, T>, ConfigError> {
        let Some(table) = self.table(key)? else { return Ok(BTreeMap::new()) };
        let (page, name) = (table.page, table.name.clone());
        let mut words = BTreeMap::new();
        let mut given = table.rest();
        given.sort_by_key(|(_, span, _)| span.start);
        for (theirs, span, value) in given {
            let DeValue::String(ours) = value else {
                return Err(page
                    .wrong(span, &format!("{name}.\"{theirs}\" is not text: write it in quotes")));
            };
            let Some((_, value)) = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(ours))
            else {
                let wanted = known.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                return Err(page.wrong(
                    span,
                    &format!("{name}.\"{theirs}\" is \"{ours}\": write one of {wanted}"),
                ));
            };
            let plain = wires::plain(&theirs);
            if plain.is_empty() || words.insert(plain, *value).is_some() {
                return Err(page.wrong(
                    span,
                    &format!("{name}.\"{theirs}\" is no word, or the same as another one there"),
                ));
            }
        }
        Ok(words)
    }

    /// A path below an address: nothing that leads anywhere else, and nothing that a server reads
    /// as something else.
    pub(super) fn path(&mut self, key: &str, example: &str) -> Result<Option<String>, ConfigError> {
        let Some((text, span)) = self.text(key)? else { return Ok(None) };
        let plain = text.bytes().all(|b| b.is_ascii_graphic())
            && !text.contains([':', '?', '#', '%', '\\']);
        if text.trim_matches('/').is_empty() || !plain || text.split('/').any(|part| part == "..") {
            let words = format!(
                "{} is \"{text}\": write a path below base_url, such as \"{example}\"",
                self.key(key)
            );
            return Err(self.page.wrong(span, &words));
        }
        Ok(Some(text))
    }

    /// A list of texts, and where it stands.
    pub(super) fn list(&mut self, key: &str) -> Result<Option<Texts>, ConfigError> {
        let Some((span, value)) = self.take(key) else { return Ok(None) };
        let texts = match value {
            DeValue::Array(texts) => texts
                .iter()
                .map(|text| text.get_ref().as_str().map(str::to_owned))
                .collect::<Option<_>>(),
            _ => None,
        };
        match texts {
            Some(texts) => Ok(Some((texts, span))),
            None => Err(self.page.wrong(
                span,
                &format!("{} is not a list of texts: write [\"one\", \"two\"]", self.key(key)),
            )),
        }
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((_, DeValue::Boolean(flag))) => Ok(Some(*flag)),
            Some((span, _)) => Err(self.page.wrong(
                span,
                &format!(
                    "{} is neither true nor false: write one of them without quotes",
                    self.key(key)
                ),
            )),
        }
    }

    /// More than nothing, so that nothing spins, and at most a year, so that no sum with a time
    /// overflows.
    pub(super) fn duration(&mut self, key: &str) -> Result<Option<Duration>, ConfigError> {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        self.read(
            key,
            "a duration of more than nothing and at most 365d, such as \"500ms\", \"20s\" or \
             \"2m\"",
            |text| {
                super::read_duration(text)
                    .filter(|duration| !duration.is_zero() && *duration <= YEAR)
            },
        )
    }

    /// An address without a slash at its end: https, or http on this machine.
    pub(super) fn need_address(&mut self, key: &str) -> Result<String, ConfigError> {
        let Some((text, span)) = self.text(key)? else {
            return Err(self.missing(key, ": write the address that the provider gave you"));
        };
        let wrong =
            |words: &str| Err(self.page.wrong(span.clone(), &format!("{} {words}", self.key(key))));
        let Ok(url) = text.parse::<http::Uri>() else {
            return wrong("is not an address: write one such as \"https://api.example.com\"");
        };
        let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else {
            return wrong("is not a whole address: write one such as \"https://api.example.com\"");
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let local = bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let authority = url.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return wrong("has a user name or password in it: credentials have their own table");
        }
        let port = authority.get(host.len()..).unwrap_or_default();
        if !port.is_empty() && url.port_u16().is_none_or(|port| port == 0) {
            return wrong(
                "has a port that is none: write a number from 1 to 65535 behind the colon, or \
                 leave both out",
            );
        }
        if text.contains(['?', '#']) {
            return wrong("has a ? or # in it: write the address up to its path");
        }
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" if local => {}
            "http" => {
                return wrong(
                    "is http://, which anybody on the way can read: write https:// (http is for \
                     this machine only)",
                );
            }
            _ => return wrong("is not https://"),
        }
        // Scheme and host are the same in any case; the path need not be.
        let path = text.get(scheme.len() + "://".len() + authority.len()..).unwrap_or_default();
        Ok(format!(
            "{}://{}{}",
            scheme.to_ascii_lowercase(),
            authority.to_ascii_lowercase(),
            path.trim_end_matches('/')
        ))
    }

    pub(super) fn table(&mut self, key: &str) -> Result<Option<Self>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((span, DeValue::Table(entries))) => {
                Ok(Some(Table::new(self.page, self.key(key), span, entries)))
            }
            Some((span, _)) => Err(self.page.wrong(
                span,
                &format!("{} is not a table: write [{}]", self.key(key), self.key(key)),
            )),
        }
    }

    pub(super) fn need_secret(&mut self, key: &str) -> Result<Source, ConfigError> {
        let hint = ": say where the secret is, such as { env = \"NAME\" } or { file = \"path\" }";
        self.secret(key)?.ok_or_else(|| self.missing(key, hint))
    }

    pub(super) fn secret(&mut self, key: &str) -> Result<Option<Source>, ConfigError> {
        const HOW: &str = "{ env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \
                           \"word\"] } or { keyring = \"service/account\" }";
        let name = self.key(key);
        let Some((span, value)) = self.take(key) else { return Ok(None) };
        let DeValue::Table(entries) = value else {
            let words =
                format!("{name}: a secret is never written in this file; say where it is: {HOW}");
            return Err(self.page.wrong(span, &words));
        };
        let mut source = Table::new(self.page, name.clone(), span.clone(), entries);
        source.only(&["env", "file", "command", "keyring"])?;
        let mut found = Vec::new();
        // What stands there may be the secret itself, put in the wrong place: no sentence repeats
        // it.
        if let Some((variable, at)) = source.text("env")? {
            let plain = variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && variable.bytes().next().is_some_and(|b| !b.is_ascii_digit());
            if !plain {
                let words = format!(
                    "{name}.env is not the name of a variable: write one such as \"ACME_TOKEN\""
                );
                return Err(self.page.wrong(at, &words));
            }
            found.push(Source::Env(variable));
        }
        if let Some(file) = source.some_text("file")? {
            found.push(Source::File(self.page.file(&file)));
        }
        if let Some((entry, at)) = source.text("keyring")? {
            if !entry
                .split_once('/')
                .is_some_and(|(service, account)| !service.is_empty() && !account.is_empty())
            {
                return Err(self
                    .page
                    .wrong(at, &format!("{name}.keyring is not \"service/account\"")));
            }
            found.push(Source::Keyring(entry));
        }
        if let Some((at, words)) = source.take("command") {
            let words = match words {
                DeValue::Array(words) => words
                    .iter()
                    .map(|word| word.get_ref().as_str().map(str::to_owned))
                    .collect::<Option<Vec<_>>>(),
                _ => None,
            };
            match words.filter(|words| words.first().is_some_and(|program| !program.is_empty())) {
                Some(words) => found.push(Source::Command(words)),
                None => {
                    return Err(self.page.wrong(
                        at,
                        &format!(
                            "{name}.command is not a list of words: write [\"program\", \"word\"]"
                        ),
                    ));
                }
            }
        }
        match (found.pop(), found.pop()) {
            (Some(source), None) => Ok(Some(source)),
            _ => Err(self
                .page
                .wrong(span, &format!("{name} names no single source: write one of {HOW}"))),
        }
    }

    /// Complains of the first key that is not one of these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let unknown = self.entries.iter().filter(|(key, ..)| !known.contains(&key.as_str()));
        let Some((key, span, _)) = unknown.min_by_key(|(_, span, _)| span.start) else {
            return Ok(());
        };
        let place = if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) };
        Err(self
            .page
            .wrong(span.clone(), &format!("{place}unknown key `{key}`; {}", meant(key, known))))
    }
}

/// What somebody probably meant who wrote a word that is not known.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    let near =
        known.iter().map(|known| (distance(word, known), known)).min().filter(|(far, _)| *far <= 3);
    near.map_or_else(
        || format!("known are {}", known.join(", ")),
        |(_, known)| format!("did you mean `{known}`?"),
    )
}

/// Edits that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, y) in row.iter().skip(1).zip(&b) {
            left = (corner + usize::from(x != *y)).min(left + 1).min(above + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
