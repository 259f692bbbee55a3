//! The form of values in the column file: numbers with the least byte first, lists behind their
//! length. What is read is never believed: a length is compared with what is left of the file
//! before anything is made room for.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::domain::card::Last4;
use crate::domain::money::{Currency, Money};
use crate::domain::operation::OperationId;
use crate::domain::transaction::Listed;

/// A file that is being written, and the hash over it.
pub(super) struct Output<'a> {
    to: &'a mut dyn Write,
    hash: Context,
    length: u64,
}

/// Bytes behind the content: its length and its hash.
pub(super) const TRAILER: u64 = 8 + 32;

impl<'a> Output<'a> {
    pub(super) fn new(to: &'a mut dyn Write) -> Self {
        Self { to, hash: Context::new(&SHA256), length: 0 }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.to.write_all(bytes)
    }

    /// Ends the file with its length and its hash.
    pub(super) fn finish(self) -> io::Result<()> {
        self.to.write_all(&self.length.to_le_bytes())?;
        self.to.write_all(self.hash.finish().as_ref())
    }
}

/// A file that is being read, and the hash over it.
pub(super) struct Input {
    from: BufReader<File>,
    hash: Context,
    length: u64,
    left: u64,
}

impl Input {
    /// `None` where the file is shorter than any.
    pub(super) fn new(file: File) -> Option<Self> {
        let length = file.metadata().ok()?.len().checked_sub(TRAILER)?;
        let from = BufReader::with_capacity(1 << 18, file);
        Some(Self { from, hash: Context::new(&SHA256), length, left: length })
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(u64::try_from(count).ok()?)?;
        let mut bytes = vec![0; count];
        self.from.read_exact(&mut bytes).ok()?;
        self.hash.update(&bytes);
        Some(bytes)
    }

    /// A length that what is left of the file can have, each with this many bytes at least.
    pub(super) fn count(&mut self, of_bytes: usize) -> Option<usize> {
        let count = usize::try_from(u64::read(self)?).ok()?;
        let bytes = u64::try_from(count.checked_mul(of_bytes)?).ok()?;
        (bytes <= self.left).then_some(count)
    }

    /// Whether everything was read, and length and hash are those that were written.
    pub(super) fn ends_whole(mut self) -> bool {
        let (mut length, mut hash, mut more) = ([0; 8], [0; 32], [0]);
        let trailer = self
            .from
            .read_exact(&mut length)
            .and_then(|()| self.from.read_exact(&mut hash))
            .and_then(|()| self.from.read(&mut more));
        matches!(trailer, Ok(0))
            && self.left == 0
            && u64::from_le_bytes(length) == self.length
            && self.hash.finish().as_ref() == hash
    }
}

/// What has a form in the column file.
pub(super) trait Stored: Sized {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()>;
    /// `None` where there is something else.
    fn read(from: &mut Input) -> Option<Self>;
}

/// Numbers of a fixed size, also many of them.
pub(super) trait Plain: Sized + Copy {
    const BYTES: usize;
    fn extend(self, to: &mut Vec<u8>);
    fn of(bytes: &[u8]) -> Option<Self>;
}

macro_rules! plain {
    ($($number:ty),+) => {
        $(impl Plain for $number {
            const BYTES: usize = size_of::<$number>();

            fn extend(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn of(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }

        impl Stored for $number {
            fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
                to.bytes(&self.to_le_bytes())
            }

            fn read(from: &mut Input) -> Option<Self> {
                Self::of(&from.bytes(size_of::<$number>())?)
            }
        })+
    };
}

plain!(u8, u16, u32, u64, i64);

impl<T: Plain> Stored for Vec<T> {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        (self.len() as u64).write(to)?;
        let mut bytes = Vec::with_capacity(self.len() * T::BYTES);
        self.iter().for_each(|number| number.extend(&mut bytes));
        to.bytes(&bytes)
    }

    fn read(from: &mut Input) -> Option<Self> {
        let count = from.count(T::BYTES)?;
        let bytes = from.bytes(count * T::BYTES)?;
        bytes.chunks_exact(T::BYTES).map(T::of).collect()
    }
}

impl Stored for String {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        (self.len() as u64).write(to)?;
        to.bytes(self.as_bytes())
    }

    fn read(from: &mut Input) -> Option<Self> {
        let count = from.count(1)?;
        Self::from_utf8(from.bytes(count)?).ok()
    }
}

impl Stored for Arc<str> {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        self.to_string().write(to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        String::read(from).map(Into::into)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        match self {
            None => 0_u8.write(to),
            Some(value) => {
                1_u8.write(to)?;
                value.write(to)
            }
        }
    }

    fn read(from: &mut Input) -> Option<Self> {
        match u8::read(from)? {
            0 => Some(None),
            1 => T::read(from).map(Some),
            _ => None,
        }
    }
}

/// Writes several values behind their number.
pub(super) fn write_all<'a, T: Stored + 'a>(
    values: impl ExactSizeIterator<Item = &'a T>,
    to: &mut Output<'_>,
) -> io::Result<()> {
    (values.len() as u64).write(to)?;
    for value in values {
        value.write(to)?;
    }
    Ok(())
}

pub(super) fn read_all<T: Stored>(from: &mut Input) -> Option<Vec<T>> {
    let count = from.count(1)?;
    let mut values = Vec::new();
    for _ in 0..count {
        values.push(T::read(from)?);
    }
    Some(values)
}

/// In the form in which it is printed, from which it is read again.
macro_rules! printed {
    ($($kind:ty),+) => {
        $(impl Stored for $kind {
            fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
                self.to_string().write(to)
            }

            fn read(from: &mut Input) -> Option<Self> {
                Self::from_str(&String::read(from)?).ok()
            }
        })+
    };
}

printed!(OperationId, Last4, Currency, Timestamp);

impl Stored for Decimal {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        to.bytes(&self.serialize())
    }

    fn read(from: &mut Input) -> Option<Self> {
        let decimal = Self::deserialize(from.bytes(16)?.try_into().ok()?);
        (decimal.scale() <= Self::MAX_SCALE).then_some(decimal)
    }
}

impl Stored for Money {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        self.amount().write(to)?;
        self.currency().write(to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        Some(Self::new(Stored::read(from)?, Stored::read(from)?))
    }
}

impl Stored for Listed {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        match self {
            Self::Still => 0_u8.write(to),
            Self::GoneSince { at, cleared_as } => {
                1_u8.write(to)?;
                at.write(to)?;
                cleared_as.write(to)
            }
        }
    }

    fn read(from: &mut Input) -> Option<Self> {
        match u8::read(from)? {
            0 => Some(Self::Still),
            1 => Some(Self::GoneSince { at: Stored::read(from)?, cleared_as: Stored::read(from)? }),
            _ => None,
        }
    }
}
