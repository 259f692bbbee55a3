//! The file's text and path, for sentences that name a line.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use crate::domain::text;

pub(super) struct Page<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
}

impl Page<'_> {
    /// A mistake at a span of the file's bytes.
    pub(super) fn error(&self, at: Range<usize>, words: &str) -> ConfigError {
        // What stands in the file may be anything: an escape sequence, a card number.
        let words = text::mask_card_numbers(&text::one_line(words));
        ConfigError(format!("{}: {words}", self.place(at)))
    }

    /// File and line of a span.
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
