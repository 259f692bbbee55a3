//! A ledger beside the plainest thing that does the same.

mod counting;
mod file;
mod fixture;
mod ordering;
mod rows;
mod searching;
