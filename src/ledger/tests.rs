//! A ledger beside the plainest thing that does the same.

mod file;
mod fixture;
mod rows;
mod searching;
