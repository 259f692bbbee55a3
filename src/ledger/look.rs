//! Looking for texts: what a filter asks of a text, put to many folded texts at once.

use memchr::memchr;
use memchr::memmem::Finder;

use super::texts::Texts;
use crate::domain::filter::Pattern;

/// Patterns of which a text is to satisfy one.
#[derive(Clone, Debug)]
pub(super) struct Look {
    patterns: Vec<Pattern>,
    /// One for each pattern.
    finders: Vec<Finder<'static>>,
    /// Only letters and digits count.
    spelling: bool,
}

impl PartialEq for Look {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns && self.spelling == other.spelling
    }
}

impl Look {
    pub(super) fn new(patterns: &[Pattern], spelling: bool) -> Self {
        let finder = |pattern: &Pattern| Finder::new(pattern.text.as_bytes()).into_owned();
        Self {
            patterns: patterns.to_vec(),
            finders: patterns.iter().map(finder).collect(),
            spelling,
        }
    }

    /// Whether one of some folded texts may satisfy it, by the bytes that they have.
    pub(super) fn may_be_in(&self, folded: &Texts) -> bool {
        self.spelling || self.patterns.iter().any(|pattern| folded.may_have(&pattern.text))
    }

    /// Whether four digits may satisfy it.
    pub(super) fn may_be_digits(&self) -> bool {
        let may = |pattern: &Pattern| {
            pattern.text.len() <= 4 && pattern.text.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.patterns.iter().any(may)
    }

    /// Whether `one/other` may satisfy it where `other` does not.
    pub(super) fn may_be_joined(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.contains || pattern.text.contains('/'))
    }

    /// Whether a text satisfies it. No text is no answer.
    pub(super) fn accepts(&self, text: &str) -> bool {
        let is = |pattern: &Pattern| {
            if self.spelling { pattern.is_spelling(text) } else { pattern.is_text(text) }
        };
        !text.is_empty() && self.patterns.iter().any(is)
    }

    /// The same for a text that is folded already, as texts in columns are.
    pub(super) fn accepts_folded(&self, folded: &str) -> bool {
        if self.spelling {
            return self.accepts(folded);
        }
        let is = |(pattern, finder): (&Pattern, &Finder<'_>)| {
            if pattern.contains {
                finder.find(folded.as_bytes()).is_some()
            } else {
                pattern.text == folded
            }
        };
        !folded.is_empty() && self.patterns.iter().zip(&self.finders).any(is)
    }

    /// Visits the number of each folded text that satisfies it; one text perhaps more than once.
    pub(super) fn each(&self, folded: &Texts, mut visit: impl FnMut(usize)) {
        if self.spelling {
            let accepted = (0..folded.len()).filter(|index| self.accepts(folded.get(*index)));
            return accepted.for_each(visit);
        }
        for (pattern, finder) in self.patterns.iter().zip(&self.finders) {
            if !folded.may_have(&pattern.text) {
                continue;
            }
            if pattern.contains {
                each_with(folded, finder, &mut visit);
            } else {
                let same = |index: &usize| folded.get(*index) == pattern.text;
                (0..folded.len()).filter(same).for_each(&mut visit);
            }
        }
    }
}

/// Visits the texts that have a part, in their order.
fn each_with(texts: &Texts, finder: &Finder<'_>, visit: &mut impl FnMut(usize)) {
    let all = texts.all().as_bytes();
    let length = finder.needle().len();
    if length == 0 {
        let known = |index: &usize| !texts.get(*index).is_empty();
        return (0..texts.len()).filter(known).for_each(visit);
    }
    // One letter is met so often that beginning to look for it is most of the work.
    let letter = finder.needle().first().filter(|_| length == 1);
    let next = |rest: &[u8]| match letter {
        Some(letter) => memchr(*letter, rest),
        None => finder.find(rest),
    };
    let (mut from, mut index) = (0, 0);
    while let Some(further) = next(all.get(from..).unwrap_or_default()) {
        let at = from + further;
        index = texts.index_at(at, index);
        let (_, end) = texts.span(index);
        // A part that reaches into the next text is in neither.
        if at + length <= end {
            visit(index);
            from = end;
        } else {
            from = at + 1;
        }
    }
}
