//! What reading commands share: rows of several accounts, and how they are printed with what is
//! missing of them.
//!
//! A provider that fails is named on standard error and decides the exit code; the rows of the
//! others are printed all the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exit::{Exit, warn};
use super::failure::Outcome;
use super::global::Format;
use super::incomplete::Missing;
use super::print;
use super::session::Session;
use crate::domain::card::{Card, CardKey};
use crate::domain::completeness::Completeness;
use crate::engine::Listing;

/// The rows of all accounts, and what is missing of them.
pub(crate) fn joined<T>(listings: Vec<Listing<T>>) -> (Vec<T>, Completeness) {
    let (mut rows, mut all): (_, Option<Completeness>) = (Vec::new(), None);
    for listing in listings {
        rows.extend(listing.rows);
        match &mut all {
            Some(all) => all.join(listing.completeness),
            None => all = Some(listing.completeness),
        }
    }
    (rows, all.unwrap_or_default())
}

/// Names of holders by card, for rows that only carry the card's id.
pub(crate) fn holders(cards: &[Arc<Card>]) -> BTreeMap<&CardKey, &str> {
    cards.iter().map(|card| (&card.key, &*card.holder)).collect()
}

/// Says that `--limit` left rows out: nothing is cut off in silence.
pub(crate) fn say_cut(printed: usize, all: usize, rows: &str) {
    if printed < all {
        warn(&format!("{printed} of {all} {rows} are printed: --limit leaves the rest out"));
    }
}

/// Prints a list, closes the engine, and prints what is missing of the list. `nothing` is printed
/// on standard error when a table is empty.
pub(crate) async fn finish_list(
    session: &Session,
    text: &str,
    nothing: Option<&str>,
    missing: &Missing,
) -> Outcome {
    let ended = finish(session, text, nothing, missing.exit()).await;
    missing.print(session.format, &session.view);
    ended
}

/// Prints, closes the engine, and explains an empty table with `nothing`.
pub(crate) async fn finish(
    session: &Session,
    text: &str,
    nothing: Option<&str>,
    exit: Exit,
) -> Outcome {
    let printed = print::put(text);
    // Where a provider failed, that is the reason, and was printed already.
    if let Some(nothing) = nothing.filter(|_| session.format == Format::Table && exit == Exit::Done)
    {
        warn(nothing);
    }
    session.engine.stop().await;
    printed?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ProviderId;
    use crate::domain::completeness::UnreadPart;
    use jiff::Timestamp;

    #[test]
    fn one_failing_provider_does_not_lose_the_others_rows() {
        let listing = |name: &str, rows: Vec<u8>, why: Option<&str>| {
            let provider = ProviderId::new(name);
            let mut completeness = Completeness::complete(Timestamp::UNIX_EPOCH);
            if let Some(why) = why {
                completeness.add_unread_part(UnreadPart {
                    provider: provider.clone(),
                    card: None,
                    why: why.into(),
                });
            }
            Listing { provider, rows, completeness, failed: None }
        };
        let listings = vec![
            listing("acme", vec![1, 2], None),
            listing("bravo", vec![], Some("no answer")),
            listing("enkash", vec![3], None),
        ];
        let (rows, completeness) = joined(listings);
        assert_eq!(
            (rows, completeness.missing()),
            (vec![1, 2, 3], "1 account could not be read".to_owned())
        );
        assert_eq!(Missing::of(completeness).exit(), Exit::Unreachable);
    }
}
