//! A ledger beside the plainest thing that does the same.

mod fixture;
mod rows;
mod searching;
