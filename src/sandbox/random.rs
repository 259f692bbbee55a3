//! A tiny seeded generator (splitmix64), so that the same seed always gives the same bank.
//! Never a source of secrets.

/// Numbers that look random and follow from the seed.
#[derive(Clone, Debug)]
pub(super) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// From 0 up to, but without, `end`; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// From `low` up to and with `high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True `percent` times in a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    ///
    /// # Panics
    /// When there is none; the sandbox only asks its own tables.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.index(from.len());
        from.get(at).expect("the sandbox picks from tables that are not empty")
    }

    /// A position in something that long.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Sixteen bytes, for the initialization vector of a ciphertext.
    pub(super) fn iv(&mut self) -> [u8; 16] {
        let mut out = [0; 16];
        for (to, from) in out
            .iter_mut()
            .zip(self.next().to_le_bytes().into_iter().chain(self.next().to_le_bytes()))
        {
            *to = from;
        }
        out
    }

    /// An id in the shape of a UUID, always the same for the same seed and number, whatever was
    /// drawn before.
    pub(super) fn uuid(&self, number: u64) -> String {
        let high = mix(self.seed ^ mix(number));
        let low = mix(high ^ 0x5bd1_e995);
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// That many characters of an alphabet.
    pub(super) fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }
}

/// The output function of splitmix64: neighbouring numbers give unrelated ones.
pub(super) const fn mix(number: u64) -> u64 {
    let mut z = number;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
