//! cardtop: `htop` for payment cards.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod provider;
pub mod run;
pub mod sandbox;
pub mod store;
pub mod tty;
pub mod ui;
