//! cardtop: `htop` for payment cards.

pub mod clock;
pub mod config;
pub mod domain;
pub mod provider;
pub mod sandbox;
