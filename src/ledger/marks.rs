//! Which codes of a dictionary, and which cards, satisfy what a filter asks of a text.

use std::sync::Arc;

use super::cards::{CardEntry, CardSegment, Cards};
use super::dictionary::{Dictionary, SEGMENT, Segment};
use super::holders::Holders;
use super::look::Look;
use super::texts::Texts;
use crate::domain::card::ProviderId;

/// One bit for each number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn with_room(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    pub(super) fn add(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(super) fn has(&self, index: u32) -> bool {
        self.0.get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// The marked entries of each segment of a dictionary, and of all. What was found out about a
/// segment is used again as long as that is the same.
#[derive(Clone, Debug)]
pub(super) struct Marks<S> {
    segments: Vec<(Arc<S>, Bits)>,
    /// By code.
    all: Bits,
}

impl<S> Marks<S> {
    /// `first` is the code of the first entry.
    fn new(
        current: &[Arc<S>],
        before: Option<&Self>,
        first: usize,
        of_segment: impl Fn(usize, &S) -> Bits,
    ) -> Self {
        let known = |index: usize, segment: &Arc<S>| {
            let (known, bits) = before?.segments.get(index)?;
            Arc::ptr_eq(known, segment).then(|| bits.clone())
        };
        let marked = current.iter().enumerate().map(|(index, segment)| {
            let bits = known(index, segment).unwrap_or_else(|| of_segment(index, segment));
            (Arc::clone(segment), bits)
        });
        let segments: Vec<(Arc<S>, Bits)> = marked.collect();
        let mut all = Bits::with_room(first + segments.len() * SEGMENT);
        for (at, (_, bits)) in segments.iter().enumerate() {
            for (word_index, word) in bits.0.iter().enumerate() {
                let mut word = *word;
                while word != 0 {
                    let bit = word.trailing_zeros() as usize;
                    all.add(first + at * SEGMENT + word_index * 64 + bit);
                    word &= word - 1;
                }
            }
        }
        Self { segments, all }
    }

    pub(super) const fn all(&self) -> &Bits {
        &self.all
    }
}

/// The texts of a dictionary that satisfy a look.
pub(super) fn texts(
    dictionary: &Dictionary,
    look: &Look,
    before: Option<&Marks<Segment>>,
) -> Marks<Segment> {
    Marks::new(dictionary.segments(), before, 1, |_, segment| found(segment.folded(), look))
}

/// The codes whose texts, as they came, pass a test. That of no text is not among them.
pub(super) fn tested(dictionary: &Dictionary, test: impl Fn(&str) -> bool) -> Bits {
    let mut bits = Bits::with_room(dictionary.len() + 1);
    let mut code = 0;
    for segment in dictionary.segments() {
        for index in 0..segment.len() {
            code += 1;
            if test(segment.original(index)) {
                bits.add(code);
            }
        }
    }
    bits
}

fn found(folded: &Texts, look: &Look) -> Bits {
    let mut bits = Bits::with_room(folded.len());
    look.each(folded, |index| bits.add(index));
    bits
}

/// By which of its texts a card is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CardTexts {
    pub(super) provider: bool,
    pub(super) id: bool,
    pub(super) last4: bool,
    /// `provider/id`
    pub(super) joined: bool,
    pub(super) holder: bool,
}

/// The cards that satisfy a look by one of these texts.
pub(super) fn cards(
    cards: &Cards,
    look: &Look,
    by: CardTexts,
    holders: &Holders,
    before: Option<&Marks<CardSegment>>,
) -> Marks<CardSegment> {
    Marks::new(cards.segments(), before, 0, |index, segment| {
        let mut bits = Bits::with_room(segment.entries().len());
        if by.id {
            look.each(segment.folded_ids(), |index| bits.add(index));
        }
        if let Some(names) = holders.of_segment(index).filter(|_| by.holder) {
            look.each(names, |index| bits.add(index));
        }
        let by = CardTexts {
            last4: by.last4 && look.may_be_digits(),
            joined: by.joined && look.may_be_joined(),
            ..by
        };
        let mut providers: Vec<(&ProviderId, bool)> = Vec::new();
        for (index, entry) in segment.entries().iter().enumerate() {
            let known = providers.iter().find(|(known, _)| *known == &entry.provider);
            let of_provider = known.map(|(_, accepted)| *accepted).unwrap_or_else(|| {
                let accepted = by.provider && look.accepts(entry.provider.name());
                providers.push((&entry.provider, accepted));
                accepted
            });
            if of_provider || is_found(entry, look, by) {
                bits.add(index);
            }
        }
        bits
    })
}

/// By the texts that are made for each entry.
fn is_found(entry: &CardEntry, look: &Look, by: CardTexts) -> bool {
    let joined = || {
        let id = entry.id.as_deref()?;
        Some(look.accepts(&format!("{}/{id}", entry.provider)))
    };
    by.last4 && entry.last4.is_some_and(|last4| look.accepts_folded(&last4.to_string()))
        || by.joined && joined() == Some(true)
}
