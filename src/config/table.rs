//! A table of the file, read key by key. Every mistake is one sentence that names the file, the
//! line and what to write.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::address;
use super::duration::read_duration;
use super::error::ConfigError;
use super::page::Page;
use super::plain::plain;
use super::suggestion::meant;

/// A list of texts, and its span in the file.
type Texts = (Vec<String>, Range<usize>);

/// A key, its span in the file, and its value.
type Entry<'a> = (String, Range<usize>, &'a DeValue<'a>);

/// One table of the file. A key that is read is taken out.
pub struct Table<'a> {
    page: &'a Page<'a>,
    name: String,
    span: Range<usize>,
    entries: Vec<Entry<'a>>,
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

    pub(super) fn into_entries(self) -> Vec<Entry<'a>> {
        self.entries
    }

    pub(super) const fn page(&self) -> &'a Page<'a> {
        self.page
    }

    /// Its name in the file: `providers.acme.credentials`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands in the file, in bytes.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, ..)| name == key)
    }

    /// A path in the file, relative to the file's folder; `~/` is the home folder.
    #[must_use]
    pub fn file(&self, text: &str) -> PathBuf {
        self.page.file(text)
    }

    /// A mistake at a place of the file, in one sentence that says what to write instead.
    #[must_use]
    pub fn error(&self, at: Range<usize>, words: &str) -> ConfigError {
        self.page.error(at, words)
    }

    /// The whole name of one of its keys: `providers.acme.base_url`.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<(Range<usize>, &'a DeValue<'a>)> {
        let index = self.entries.iter().position(|(name, ..)| name == key)?;
        let (_, span, value) = self.entries.remove(index);
        Some((span, value))
    }

    /// The mistake that a key is missing; `hint` is the rest of the sentence.
    #[must_use]
    pub fn missing(&self, key: &str, hint: &str) -> ConfigError {
        self.page.error(self.span.clone(), &format!("{} is missing{hint}", self.key(key)))
    }

    pub(super) fn misplaced(&self, key: &str, why: &str) -> ConfigError {
        let span = self
            .entries
            .iter()
            .find(|(name, ..)| name == key)
            .map_or_else(|| self.span.clone(), |(_, span, _)| span.clone());
        self.page.error(span, &format!("{}{why}", self.key(key)))
    }

    /// A text, with its span in the file. A whole number is taken for its digits.
    ///
    /// # Errors
    /// One sentence, when it is neither.
    pub fn text(&mut self, key: &str) -> Result<Option<(String, Range<usize>)>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((span, DeValue::String(text))) => Ok(Some((text.to_string(), span))),
            Some((span, DeValue::Integer(number))) => Ok(Some((number.to_string(), span))),
            Some((span, _)) => Err(self
                .page
                .error(span, &format!("{} is not text: write it in quotes", self.key(key)))),
        }
    }

    /// A text that, where it is given, is not empty.
    ///
    /// # Errors
    /// One sentence, when it is empty or no text.
    pub fn some_text(&mut self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.text(key)? {
            Some((text, span)) if text.trim().is_empty() => Err(self.page.error(
                span,
                &format!("{} is empty: fill it in or leave the line out", self.key(key)),
            )),
            given => Ok(given.map(|(text, _)| text)),
        }
    }

    /// A text that the account cannot do without.
    ///
    /// # Errors
    /// One sentence, when the key is missing, empty or no text.
    pub fn need_text(&mut self, key: &str) -> Result<String, ConfigError> {
        self.some_text(key)?
            .ok_or_else(|| self.missing(key, ": write it as the provider gave it to you"))
    }

    /// A text that `read` understands; `wanted` says what to write instead.
    ///
    /// # Errors
    /// One sentence, when `read` does not.
    pub fn read<T>(
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
                .error(span, &format!("{} is \"{text}\": write {wanted}", self.key(key)))),
        }
    }

    /// One of these words, as the value beside it.
    ///
    /// # Errors
    /// One sentence with all of the words, when it is none of them.
    pub fn word<T: Copy>(
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
        let mut given = table.into_entries();
        given.sort_by_key(|(_, span, _)| span.start);
        for (theirs, span, value) in given {
            let DeValue::String(ours) = value else {
                return Err(page
                    .error(span, &format!("{name}.\"{theirs}\" is not text: write it in quotes")));
            };
            let Some((_, value)) = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(ours))
            else {
                let wanted = known.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                return Err(page.error(
                    span,
                    &format!("{name}.\"{theirs}\" is \"{ours}\": write one of {wanted}"),
                ));
            };
            let plain = plain(&theirs);
            if plain.is_empty() || words.insert(plain, *value).is_some() {
                return Err(page.error(
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
            return Err(self.page.error(span, &words));
        }
        Ok(Some(text))
    }

    /// A list of texts, with its span in the file.
    ///
    /// # Errors
    /// One sentence, when it is none.
    pub fn list(&mut self, key: &str) -> Result<Option<Texts>, ConfigError> {
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
            None => Err(self.page.error(
                span,
                &format!("{} is not a list of texts: write [\"one\", \"two\"]", self.key(key)),
            )),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// One sentence, when it is neither.
    pub fn flag(&mut self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((_, DeValue::Boolean(flag))) => Ok(Some(*flag)),
            Some((span, _)) => Err(self.page.error(
                span,
                &format!(
                    "{} is neither true nor false: write one of them without quotes",
                    self.key(key)
                ),
            )),
        }
    }

    /// A duration: more than nothing, so that nothing spins, and at most a year, so that no sum
    /// with a time overflows.
    ///
    /// # Errors
    /// One sentence, when it is none.
    pub fn duration(&mut self, key: &str) -> Result<Option<Duration>, ConfigError> {
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        self.read(
            key,
            "a duration of more than nothing and at most 365d, such as \"500ms\", \"20s\" or \
             \"2m\"",
            |text| read_duration(text).filter(|duration| !duration.is_zero() && *duration <= YEAR),
        )
    }

    /// An address without a slash at its end: https, or http on this machine.
    ///
    /// # Errors
    /// One sentence, when the key is missing or its text is no such address.
    pub fn need_address(&mut self, key: &str) -> Result<String, ConfigError> {
        let Some((text, span)) = self.text(key)? else {
            return Err(self.missing(key, ": write the address that the provider gave you"));
        };
        address::parse(&text)
            .map_err(|words| self.page.error(span, &format!("{} {words}", self.key(key))))
    }

    /// A table in this table.
    ///
    /// # Errors
    /// One sentence, when it is none.
    pub fn table(&mut self, key: &str) -> Result<Option<Self>, ConfigError> {
        match self.take(key) {
            None => Ok(None),
            Some((span, DeValue::Table(entries))) => {
                Ok(Some(Table::new(self.page, self.key(key), span, entries)))
            }
            Some((span, _)) => Err(self.page.error(
                span,
                &format!("{} is not a table: write [{}]", self.key(key), self.key(key)),
            )),
        }
    }

    /// The same, empty where the file has none: mistakes then name the line of this table.
    pub(super) fn table_or_empty(&mut self, key: &str) -> Result<Self, ConfigError> {
        Ok(match self.table(key)? {
            Some(table) => table,
            None => Self {
                page: self.page,
                name: self.key(key),
                span: self.span.clone(),
                entries: Vec::new(),
            },
        })
    }

    /// Refuses the first key that is not one of these.
    ///
    /// # Errors
    /// One sentence with the key that was probably meant.
    pub fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let unknown = self.entries.iter().filter(|(key, ..)| !known.contains(&key.as_str()));
        let Some((key, span, _)) = unknown.min_by_key(|(_, span, _)| span.start) else {
            return Ok(());
        };
        let place = if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) };
        Err(self
            .page
            .error(span.clone(), &format!("{place}unknown key `{key}`; {}", meant(key, known))))
    }
}
