//! What cards, money, transactions and operations are.
//!
//! No I/O, no async and no clock below this line: time is an argument. Everything else in the crate
//! may import this module; it imports nothing of the crate.

pub mod attention;
pub mod card;
pub mod completeness;
pub mod coverage;
pub mod decline;
pub mod filter;
pub mod money;
pub mod operation;
pub mod outage;
pub mod proof;
pub mod push;
pub mod reading;
pub mod text;
pub mod transaction;
pub mod unmapped;
pub mod workload;

/// A text that names no value of the type it was parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known word")]
pub struct UnknownWord;
