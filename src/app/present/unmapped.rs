//! Words of a provider that cardtop has no meaning for, in words.

use crate::domain::unmapped::UnmappedWords;

/// A sentence for each word, with a label before the first.
pub(super) fn sentences(words: &UnmappedWords) -> Vec<(&'static str, String)> {
    let times = |count: &u64| match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let states = words.states.iter().map(|(word, count)| {
        let times = times(count);
        format!(
            "{word}: a state that cardtop does not know, {times}; its meaning can be set in words"
        )
    });
    let codes = words.decline_codes.iter().map(|(code, count)| {
        format!("{code}: a code of declines that cardtop does not know, {}", times(count))
    });
    let labels = std::iter::once("not mapped").chain(std::iter::repeat(""));
    labels.zip(states.chain(codes)).collect()
}
