//! Where a row is, in 32 bits.

use crate::ledger::Place;
use crate::ledger::chunk::CHUNK;

/// The index of a chunk, and a row of it. Of two rows the newer one has the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct Spot(u32);

/// Bits of the row: a chunk has no more rows than they can tell, and 2^18 chunks can be told.
const ROW_BITS: u32 = 14;
const _: () = assert!(CHUNK <= 1 << ROW_BITS);

impl Spot {
    pub(super) fn new((chunk, row): Place) -> Self {
        let chunk = u32::try_from(chunk).unwrap_or_default();
        Self(chunk << ROW_BITS | u32::try_from(row).unwrap_or_default())
    }

    pub(super) const fn place(self) -> Place {
        ((self.0 >> ROW_BITS) as usize, (self.0 & ((1 << ROW_BITS) - 1)) as usize)
    }
}
