//! Columns of numbers that take as little room as their values need.

mod interleaved;

use std::io;

use super::mask::{BITS, Mask};
use super::stored::{Input, Output, Stored, read_all, write_all};

/// Codes of a dictionary, one for each row, in as many bytes as the largest needs. A column whose
/// rows all have the same code takes no room at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Codes {
    Same { code: u32, len: usize },
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Words(Vec<u32>),
}

impl Default for Codes {
    fn default() -> Self {
        Self::Same { code: 0, len: 0 }
    }
}

impl Codes {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Same { len, .. } => *len,
            Self::Bytes(codes) => codes.len(),
            Self::Shorts(codes) => codes.len(),
            Self::Words(codes) => codes.len(),
        }
    }

    /// Whether all are less than this.
    pub(super) fn is_below(&self, end: usize) -> bool {
        match self {
            Self::Same { code, len } => *len == 0 || (*code as usize) < end,
            Self::Bytes(codes) => codes.iter().all(|code| usize::from(*code) < end),
            Self::Shorts(codes) => codes.iter().all(|code| usize::from(*code) < end),
            Self::Words(codes) => codes.iter().all(|code| (*code as usize) < end),
        }
    }

    /// The code of a row; 0 where there is none.
    pub(super) fn get(&self, row: usize) -> u32 {
        match self {
            Self::Same { code, .. } => *code,
            Self::Bytes(codes) => codes.get(row).map_or(0, |code| u32::from(*code)),
            Self::Shorts(codes) => codes.get(row).map_or(0, |code| u32::from(*code)),
            Self::Words(codes) => codes.get(row).copied().unwrap_or_default(),
        }
    }

    /// Visits the code of each row.
    pub(super) fn each(&self, mut visit: impl FnMut(usize, u32)) {
        match self {
            Self::Same { code, len } => (0..*len).for_each(|row| visit(row, *code)),
            Self::Bytes(codes) => each(codes, |row, code| visit(row, u32::from(*code))),
            Self::Shorts(codes) => each(codes, |row, code| visit(row, u32::from(*code))),
            Self::Words(codes) => each(codes, |row, code| visit(row, *code)),
        }
    }

    /// Copies the codes of the rows of one word of a [`Mask`].
    pub(super) fn copy_word(&self, word: usize, to: &mut [u32; BITS]) {
        match self {
            Self::Same { code, .. } => to.fill(*code),
            Self::Bytes(codes) => copy_word(codes, word, to, |code| u32::from(*code)),
            Self::Shorts(codes) => copy_word(codes, word, to, |code| u32::from(*code)),
            Self::Words(codes) => copy_word(codes, word, to, |code| *code),
        }
    }

    pub(super) fn insert(&mut self, row: usize, code: u32) {
        if let Self::Same { code: same, len } = self
            && (*len == 0 || *same == code)
        {
            *self = Self::Same { code, len: *len + 1 };
            return;
        }
        self.make_room(code);
        match self {
            Self::Same { .. } => {}
            Self::Bytes(codes) => codes.insert(row, u8::try_from(code).unwrap_or_default()),
            Self::Shorts(codes) => codes.insert(row, u16::try_from(code).unwrap_or_default()),
            Self::Words(codes) => codes.insert(row, code),
        }
    }

    pub(super) fn set(&mut self, row: usize, code: u32) {
        if self.get(row) == code {
            return;
        }
        self.make_room(code);
        match self {
            Self::Same { .. } => {}
            Self::Bytes(codes) => put(codes, row, u8::try_from(code).unwrap_or_default()),
            Self::Shorts(codes) => put(codes, row, u16::try_from(code).unwrap_or_default()),
            Self::Words(codes) => put(codes, row, code),
        }
    }

    pub(super) fn remove(&mut self, row: usize) {
        match self {
            Self::Same { len, .. } => *len -= 1,
            Self::Bytes(codes) => _ = codes.remove(row),
            Self::Shorts(codes) => _ = codes.remove(row),
            Self::Words(codes) => _ = codes.remove(row),
        }
    }

    /// A form in which each row can have a code of its own, and `code` is one of them.
    fn make_room(&mut self, code: u32) {
        let fits_bytes = u8::try_from(code).is_ok();
        let fits_shorts = u16::try_from(code).is_ok();
        match self {
            Self::Same { code: same, len } => {
                let (same, len) = (*same, *len);
                *self = match (u8::try_from(same), u16::try_from(same)) {
                    (Ok(same), _) if fits_bytes => Self::Bytes(vec![same; len]),
                    (_, Ok(same)) if fits_shorts => Self::Shorts(vec![same; len]),
                    (Ok(_) | Err(_), _) => Self::Words(vec![same; len]),
                };
            }
            Self::Bytes(codes) if !fits_bytes => {
                *self = if fits_shorts {
                    Self::Shorts(codes.iter().map(|code| u16::from(*code)).collect())
                } else {
                    Self::Words(codes.iter().map(|code| u32::from(*code)).collect())
                };
            }
            Self::Shorts(codes) if !fits_shorts => {
                *self = Self::Words(codes.iter().map(|code| u32::from(*code)).collect());
            }
            Self::Bytes(_) | Self::Shorts(_) | Self::Words(_) => {}
        }
    }

    /// Those of the rows whose code passes a test.
    pub(super) fn select(&self, among: &Mask, test: impl Fn(u32) -> bool) -> Mask {
        match self {
            Self::Same { code, .. } => {
                if test(*code) {
                    among.clone()
                } else {
                    among.none()
                }
            }
            Self::Bytes(codes) => among.filter(codes, |code| test(u32::from(*code))),
            Self::Shorts(codes) => among.filter(codes, |code| test(u32::from(*code))),
            Self::Words(codes) => among.filter(codes, |code| test(*code)),
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Same { .. } => 0,
            Self::Bytes(codes) => codes.capacity(),
            Self::Shorts(codes) => codes.capacity() * 2,
            Self::Words(codes) => codes.capacity() * 4,
        }
    }

    pub(super) fn shrink(&mut self) {
        match self {
            Self::Same { .. } => {}
            Self::Bytes(codes) => codes.shrink_to_fit(),
            Self::Shorts(codes) => codes.shrink_to_fit(),
            Self::Words(codes) => codes.shrink_to_fit(),
        }
    }
}

fn each<T>(column: &[T], mut visit: impl FnMut(usize, &T)) {
    column.iter().enumerate().for_each(|(row, value)| visit(row, value));
}

fn copy_word<T, V>(column: &[T], word: usize, to: &mut [V; BITS], value: impl Fn(&T) -> V) {
    let values = column.get(word * BITS..).unwrap_or_default();
    to.iter_mut().zip(values).for_each(|(to, from)| *to = value(from));
}

fn put<T>(column: &mut [T], row: usize, value: T) {
    if let Some(place) = column.get_mut(row) {
        *place = value;
    }
}

/// Whole numbers, one for each row: as distances from the least one where those fit 32 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    Near { base: i64, distances: Vec<u32> },
    Far(Vec<i64>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Near { base: 0, distances: Vec::new() }
    }
}

impl Numbers {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Near { distances, .. } => distances.len(),
            Self::Far(numbers) => numbers.len(),
        }
    }

    pub(super) fn get(&self, row: usize) -> i64 {
        match self {
            Self::Near { base, distances } => {
                let distance = distances.get(row).map_or(0, |distance| i64::from(*distance));
                base.saturating_add(distance)
            }
            Self::Far(numbers) => numbers.get(row).copied().unwrap_or_default(),
        }
    }

    /// Copies the numbers of the rows of one word of a [`Mask`].
    pub(super) fn copy_word(&self, word: usize, to: &mut [i64; BITS]) {
        match self {
            Self::Near { base, distances } => {
                copy_word(distances, word, to, |distance| {
                    base.saturating_add(i64::from(*distance))
                });
            }
            Self::Far(numbers) => copy_word(numbers, word, to, |number| *number),
        }
    }

    pub(super) fn insert(&mut self, row: usize, number: i64) {
        self.make_room(number);
        match self {
            Self::Near { base, distances } => {
                distances.insert(row, distance(*base, number).unwrap_or_default());
            }
            Self::Far(numbers) => numbers.insert(row, number),
        }
    }

    pub(super) fn set(&mut self, row: usize, number: i64) {
        self.make_room(number);
        match self {
            Self::Near { base, distances } => {
                put(distances, row, distance(*base, number).unwrap_or_default());
            }
            Self::Far(numbers) => put(numbers, row, number),
        }
    }

    pub(super) fn remove(&mut self, row: usize) {
        match self {
            Self::Near { distances, .. } => _ = distances.remove(row),
            Self::Far(numbers) => _ = numbers.remove(row),
        }
    }

    /// A form in which `number` can be kept, and most that follow in either direction: rows may
    /// come with the newest first, and each is not to write the column anew.
    fn make_room(&mut self, number: i64) {
        let Self::Near { base, distances } = self else { return };
        if distances.is_empty() {
            *base = number.saturating_sub(i64::from(u32::MAX / 2));
        }
        if distance(*base, number).is_some() {
            return;
        }
        let numbers: Vec<i64> =
            distances.iter().map(|distance| base.saturating_add(i64::from(*distance))).collect();
        let least = numbers.iter().copied().fold(number, i64::min);
        let most = numbers.iter().copied().fold(number, i64::max);
        *self = match distance(least, most) {
            Some(span) => {
                let base = least.saturating_sub(i64::from((u32::MAX - span) / 2));
                let distance = |number: &i64| distance(base, *number).unwrap_or_default();
                Self::Near { base, distances: numbers.iter().map(distance).collect() }
            }
            None => Self::Far(numbers),
        };
    }

    /// Those of the rows whose number passes a test, which is told the row too.
    pub(super) fn select(&self, among: &Mask, test: impl Fn(usize, i64) -> bool) -> Mask {
        match self {
            Self::Near { base, distances } => among.filter_rows(|row| {
                distances.get(row).is_some_and(|distance| test(row, base + i64::from(*distance)))
            }),
            Self::Far(numbers) => {
                among.filter_rows(|row| numbers.get(row).is_some_and(|number| test(row, *number)))
            }
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Near { distances, .. } => distances.capacity() * 4,
            Self::Far(numbers) => numbers.capacity() * 8,
        }
    }

    pub(super) fn shrink(&mut self) {
        match self {
            Self::Near { distances, .. } => distances.shrink_to_fit(),
            Self::Far(numbers) => numbers.shrink_to_fit(),
        }
    }
}

fn distance(base: i64, number: i64) -> Option<u32> {
    number.checked_sub(base).and_then(|distance| u32::try_from(distance).ok())
}

/// What only some rows have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sparse<T> {
    /// The rows that have it, in ascending order.
    rows: Vec<u16>,
    values: Vec<T>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), values: Vec::new() }
    }
}

impl<T> Sparse<T> {
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        let row = u16::try_from(row).ok()?;
        self.values.get(self.rows.binary_search(&row).ok()?)
    }

    pub(super) fn set(&mut self, row: usize, value: Option<T>) {
        let Ok(row) = u16::try_from(row) else { return };
        match (self.rows.binary_search(&row), value) {
            (Ok(index), Some(value)) => put(&mut self.values, index, value),
            (Ok(index), None) => {
                self.rows.remove(index);
                self.values.remove(index);
            }
            (Err(index), Some(value)) => {
                self.rows.insert(index, row);
                self.values.insert(index, value);
            }
            (Err(_), None) => {}
        }
    }

    /// Makes place for a row: those from `row` on are one further.
    pub(super) fn insert(&mut self, row: usize, value: Option<T>) {
        let from = self.rows.partition_point(|known| usize::from(*known) < row);
        self.rows.iter_mut().skip(from).for_each(|known| *known += 1);
        self.set(row, value);
    }

    pub(super) fn remove(&mut self, row: usize) {
        self.set(row, None);
        let from = self.rows.partition_point(|known| usize::from(*known) < row);
        self.rows.iter_mut().skip(from).for_each(|known| *known -= 1);
    }

    pub(super) fn last_row(&self) -> Option<usize> {
        self.rows.last().map(|row| usize::from(*row))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.rows.iter().map(|row| usize::from(*row)).zip(&self.values)
    }

    pub(super) const fn bytes(&self) -> usize {
        self.rows.capacity() * 2 + self.values.capacity() * size_of::<T>()
    }
}

impl Stored for Codes {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        match self {
            Self::Same { code, len } => {
                0_u8.write(to)?;
                code.write(to)?;
                (*len as u64).write(to)
            }
            Self::Bytes(codes) => {
                1_u8.write(to)?;
                codes.write(to)
            }
            Self::Shorts(codes) => {
                2_u8.write(to)?;
                codes.write(to)
            }
            Self::Words(codes) => {
                4_u8.write(to)?;
                codes.write(to)
            }
        }
    }

    fn read(from: &mut Input) -> Option<Self> {
        Some(match u8::read(from)? {
            0 => Self::Same {
                code: Stored::read(from)?,
                len: usize::try_from(u64::read(from)?).ok()?,
            },
            1 => Self::Bytes(Stored::read(from)?),
            2 => Self::Shorts(Stored::read(from)?),
            4 => Self::Words(Stored::read(from)?),
            _ => return None,
        })
    }
}

impl Stored for Numbers {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        match self {
            Self::Near { base, distances } => {
                0_u8.write(to)?;
                base.write(to)?;
                distances.write(to)
            }
            Self::Far(numbers) => {
                1_u8.write(to)?;
                numbers.write(to)
            }
        }
    }

    fn read(from: &mut Input) -> Option<Self> {
        Some(match u8::read(from)? {
            0 => Self::Near { base: Stored::read(from)?, distances: Stored::read(from)? },
            1 => Self::Far(Stored::read(from)?),
            _ => return None,
        })
    }
}

impl<T: Stored> Stored for Sparse<T> {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        self.rows.write(to)?;
        write_all(self.values.iter(), to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        let sparse = Self { rows: Stored::read(from)?, values: read_all(from)? };
        let is_sorted = sparse.rows.is_sorted_by(|one, other| one < other);
        (is_sorted && sparse.rows.len() == sparse.values.len()).then_some(sparse)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers near each other, far apart, and the outermost ones.
    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![
            6 => 1_700_000_000_000_i64..1_700_010_000_000,
            2 => 1_690_000_000_000_i64..1_710_000_000_000,
            1 => any::<i64>(),
            1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)],
        ]
    }

    proptest! {
        #[test]
        fn a_column_has_the_numbers_that_were_put_in_wherever_and_in_whatever_order(
            numbers in proptest::collection::vec((number(), 0_usize..60), 0..60),
        ) {
            let (mut column, mut expected) = (Numbers::default(), Vec::new());
            for (number, place) in numbers {
                let row = place.min(expected.len());
                column.insert(row, number);
                expected.insert(row, number);
            }
            let kept: Vec<i64> = (0..expected.len()).map(|row| column.get(row)).collect();
            prop_assert_eq!(kept, expected);
        }
    }

    #[test]
    fn a_column_of_times_takes_the_newest_first_without_being_written_anew_for_each() {
        let mut column = Numbers::default();
        let (mut bases, mut last) = (0, None);
        for row in 0..10_000 {
            column.insert(row, -400_000 * i64::try_from(row).expect("a small number"));
            let Numbers::Near { base, .. } = column else { panic!("46 days fit") };
            bases += usize::from(last.replace(base) != Some(base));
        }
        assert!(bases <= 32, "{bases}");
    }
}
