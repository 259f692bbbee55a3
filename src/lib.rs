//! cardtop: `htop` for payment cards.
//!
//! From the bottom up: [`domain`] (no I/O, no async, no clock), [`clock`] and [`files`];
//! [`contract`], what is printed of a record; [`ledger`], the transactions in memory, by column;
//! [`config`]; [`store`] with the journal; [`provider`] with its four adapters; [`engine`], which
//! alone talks to both; [`app`] and [`ui`], which are pure; [`tty`], [`run`] and [`cli`] at the
//! rim. Beside them stands [`sandbox`], a simulated bank that speaks the same four wires and
//! borrows nothing from the adapters.
//!
//! What always holds: a change is in the journal before it leaves, and leaves once; what is in
//! doubt is looked up, never sent again; DONE was read; read-only sends nothing; no card number,
//! CVV, PIN or key is kept; foreign text is cleaned where it enters; money is never a float.
//! ARCHITECTURE.md says where each is kept and which test holds it.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod domain;
pub mod engine;
pub mod files;
pub mod ledger;
pub mod listen;
pub mod memory;
pub mod priority;
pub mod provider;
pub mod run;
pub mod sandbox;
pub mod store;
pub mod tty;
pub mod ui;
