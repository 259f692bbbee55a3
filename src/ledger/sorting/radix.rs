//! Sorting rows by numbers, digit by digit from the last one on, in steps of bounded work.

use super::spot::Spot;

/// Bits of a digit.
const BITS: u32 = 11;
const DIGITS: usize = 1 << BITS;

/// Rows on their way into the order of their keys. Those of one key stay in the order in which
/// they came.
#[derive(Clone, Debug)]
pub(super) struct Radix {
    keys: Vec<u64>,
    spots: Vec<Spot>,
    /// How many keys have each digit, or where the next row of it goes: by place, the last first.
    digits: Vec<Vec<u32>>,
    /// The place by which rows are being moved, and how many were.
    place: usize,
    moved: usize,
    /// Where rows are moved to.
    to_keys: Vec<u64>,
    to_spots: Vec<Spot>,
}

const fn digit(key: u64, place: usize) -> usize {
    (key >> (BITS as usize * place)) as usize & (DIGITS - 1)
}

impl Radix {
    /// For keys of at most this many bits.
    pub(super) fn new(bits: u32, rows: usize) -> Self {
        let places = bits.div_ceil(BITS) as usize;
        Self {
            keys: Vec::with_capacity(rows),
            spots: Vec::with_capacity(rows),
            digits: vec![vec![0; DIGITS]; places],
            place: 0,
            moved: 0,
            to_keys: Vec::new(),
            to_spots: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, key: u64, spot: Spot) {
        self.keys.push(key);
        self.spots.push(spot);
        for (place, counts) in self.digits.iter_mut().enumerate() {
            counts[digit(key, place)] += 1;
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.spots.len()
    }

    /// Moves at most this many rows to their place by one digit, and tells how many it were; `None`
    /// once all are sorted.
    pub(super) fn step(&mut self, most_rows: usize) -> Option<usize> {
        if self.moved == 0 {
            let all = u32::try_from(self.len()).unwrap_or(u32::MAX);
            let is_shared = |counts: &Vec<u32>| counts.contains(&all);
            while self.digits.get(self.place).is_some_and(is_shared) {
                self.place += 1;
            }
        }
        let Some(next) = self.digits.get_mut(self.place).filter(|_| !self.spots.is_empty()) else {
            self.to_keys = Vec::new();
            self.to_spots = Vec::new();
            return None;
        };
        if self.moved == 0 {
            let mut before = 0;
            for count in next.iter_mut() {
                before += std::mem::replace(count, before);
            }
            self.to_keys.resize(self.keys.len(), 0);
            self.to_spots.resize(self.keys.len(), Spot::new((0, 0)));
        }
        let end = self.keys.len().min(self.moved + most_rows.max(1));
        for (key, spot) in self.keys[self.moved..end].iter().zip(&self.spots[self.moved..end]) {
            let next = &mut next[digit(*key, self.place)];
            self.to_keys[*next as usize] = *key;
            self.to_spots[*next as usize] = *spot;
            *next += 1;
        }
        let moved = end - self.moved;
        self.moved = end;
        if end == self.keys.len() {
            std::mem::swap(&mut self.keys, &mut self.to_keys);
            std::mem::swap(&mut self.spots, &mut self.to_spots);
            (self.place, self.moved) = (self.place + 1, 0);
        }
        Some(moved)
    }

    /// The sorted rows, those of one key together.
    pub(super) fn sorted(&mut self) -> (&[u64], &mut Vec<Spot>) {
        (&self.keys, &mut self.spots)
    }
}
