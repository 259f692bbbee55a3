//! What the screen says: words with their roles, one file per subject or pane.
//!
//! Composes text only. No styles, no positions and no drawing: `ui` draws what it gets from here,
//! and the copy menu takes its text from the same cells.

pub(crate) mod activity;
pub(crate) mod card;
pub(crate) mod cards;
pub(crate) mod decline;
mod extent;
pub(crate) mod feed;
pub(crate) mod finder;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod help;
pub(crate) mod line;
pub(crate) mod operation;
pub(crate) mod provider;
pub(crate) mod providers;
mod role;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod timeline;
pub(crate) mod title;
pub(crate) mod transaction;
mod unmapped;

pub(crate) use line::Line;
pub use role::Role;

use super::Model;
use super::layout::Pane;
use crate::contract::filter::language;

/// The row under the cursor as plain text.
pub(crate) fn row_text(model: &Model) -> Option<String> {
    match model.screen.focus {
        Pane::Cards => cards::row_text(model),
        Pane::Detail => timeline::row_text(model),
        Pane::Feed => feed::row_text(model),
        Pane::Activity => activity::row_text(model),
        Pane::Providers => providers::row_text(model),
    }
}

/// The filter language for the rows of a pane: what is written, and what it means. Empty for a pane
/// without a filter.
pub(crate) fn filter_language(pane: Pane) -> Vec<(String, String)> {
    finder::rows(pane).map(language).unwrap_or_default()
}
