//! Where a secret comes from, as the file says it: `{ env = "NAME" }` and its kin.

use toml::de::DeValue;

use super::Source;
use crate::config::error::ConfigError;
use crate::config::table::Table;

const HOW: &str = "{ env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \
                   \"word\"] } or { keyring = \"service/account\" }";

impl Table<'_> {
    /// Where a secret that the account cannot do without comes from.
    ///
    /// # Errors
    /// One sentence, when the key is missing or names no single source.
    pub fn need_secret(&mut self, key: &str) -> Result<Source, ConfigError> {
        let hint = ": say where the secret is, such as { env = \"NAME\" } or { file = \"path\" }";
        self.secret(key)?.ok_or_else(|| self.missing(key, hint))
    }

    /// Where a secret comes from, where the file says so.
    ///
    /// # Errors
    /// One sentence, when it names no single source. It never repeats what stands in the file: that
    /// may be the secret itself, put in the wrong place.
    pub fn secret(&mut self, key: &str) -> Result<Option<Source>, ConfigError> {
        let name = self.key(key);
        let Some((span, value)) = self.take(key) else { return Ok(None) };
        let DeValue::Table(entries) = value else {
            let words =
                format!("{name}: a secret is never written in this file; say where it is: {HOW}");
            return Err(self.error(span, &words));
        };
        let mut table = Table::new(self.page(), name.clone(), span.clone(), entries);
        table.only(&["env", "file", "command", "keyring"])?;
        let mut found = Vec::new();
        found.extend(variable(&mut table)?);
        found.extend(table.some_text("file")?.map(|file| Source::File(table.file(&file))));
        found.extend(keyring_entry(&mut table)?);
        found.extend(command(&mut table)?);
        match (found.pop(), found.pop()) {
            (Some(source), None) => Ok(Some(source)),
            _ => {
                Err(self.error(span, &format!("{name} names no single source: write one of {HOW}")))
            }
        }
    }
}

fn variable(table: &mut Table<'_>) -> Result<Option<Source>, ConfigError> {
    let Some((variable, span)) = table.text("env")? else { return Ok(None) };
    if let Some(source) = Source::variable(&variable) {
        return Ok(Some(source));
    }
    let words = format!(
        "{}.env is not the name of a variable: write one such as \"ACME_TOKEN\"",
        table.name()
    );
    Err(table.error(span, &words))
}

fn keyring_entry(table: &mut Table<'_>) -> Result<Option<Source>, ConfigError> {
    let Some((entry, span)) = table.text("keyring")? else { return Ok(None) };
    if let Some(source) = Source::keyring_entry(&entry) {
        return Ok(Some(source));
    }
    let words = format!("{}.keyring is not \"service/account\"", table.name());
    Err(table.error(span, &words))
}

fn command(table: &mut Table<'_>) -> Result<Option<Source>, ConfigError> {
    let Some((span, value)) = table.take("command") else { return Ok(None) };
    let words = match value {
        DeValue::Array(words) => words
            .iter()
            .map(|word| word.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>(),
        _ => None,
    };
    match words.filter(|words| words.first().is_some_and(|program| !program.is_empty())) {
        Some(words) => Ok(Some(Source::Command(words))),
        None => {
            let name = table.name();
            Err(table.error(
                span,
                &format!("{name}.command is not a list of words: write [\"program\", \"word\"]"),
            ))
        }
    }
}
