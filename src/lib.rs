//! cardtop: `htop` for payment cards.

pub mod clock;
pub mod domain;
pub mod sandbox;
