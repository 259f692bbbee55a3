//! Hours of readings in moments.
