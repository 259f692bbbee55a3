//! Foreign words without what does not matter.

/// A foreign word without case, blanks and signs, to be compared with ours.
#[must_use]
pub fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
