//! `reconcile`: our top-ups against the credits in the providers' lists. It reads, and settles
//! nothing.

mod compare;

pub(in crate::cli) use compare::compare;

use clap::Args;
use jiff::SignedDuration;

use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::global::Global;
use super::incomplete::Missing;
use super::listing::{finish, joined};
use super::session::Session;
use super::since::since;
use super::{Run, print};
use crate::clock::Clock;
use crate::contract::{Matching, Reconciled, Row};
use crate::domain::operation::ActionKind;
use crate::domain::text::thousands;

/// A provider's clock may be this far from ours, and a credit of a list of days is dated midnight.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);

/// Compare our top-ups with the credits in the providers' lists, read now: matched, ours only,
/// theirs only. Exit code 0 where they are equal, 1 where they differ, 3 where not all could be
/// read
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// From when on: 24h, 7d, today, 2026-04-01
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: String,
    /// Only what differs
    #[arg(long)]
    differences: bool,
}

impl Run for Reconcile {
    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut session = Session::open(global, clock.clone()).await?;
        session.view.now = clock.now();
        let since = since(&self.since, &session.view)?;
        // Before the lists are read: what is asked meanwhile has no credit in them yet.
        let mut operations = session.journal().await?;
        operations.retain(|operation| {
            operation.action_kind == ActionKind::TopUp && session.is_asked(&operation.card.provider)
        });
        let claims = session.engine.claims().await.map_err(Failure::data_file)?;
        let from = since.checked_sub(CLOCKS_APART).unwrap_or(since);
        let until = session.view.now.checked_add(CLOCKS_APART).unwrap_or(session.view.now);
        let lists = session.engine.list_transactions(from, until, None).await;
        let (rows, completeness) = joined(lists);
        session.view.now = clock.now();
        let missing = Missing::of(completeness);
        let mut found = compare(operations, rows, &claims, since);
        let summary = summary(&found, &session.view.time(since));
        let is_equal = found.iter().all(|row| row.matching.is_equal());
        if self.differences {
            found.retain(|row| !row.matching.is_equal());
        }
        let exit = match (missing.exit(), is_equal) {
            (Exit::Done, true) => Exit::Done,
            (Exit::Done, false) => Exit::Refused,
            // What was not read may have what seems to be missing.
            (_, _) => Exit::Unreachable,
        };
        let text = print::list(found.iter().map(Row::from), session.format, &session.view);
        let ended = finish(&session, &text, None, exit).await;
        missing.print(session.format, &session.view);
        warn(&summary);
        ended
    }
}

/// `12 matched, 1 ours only, 0 theirs only since …`.
fn summary(found: &[Reconciled], since: &str) -> String {
    let count = |wanted: &[Matching]| {
        thousands(found.iter().filter(|row| wanted.contains(&row.matching)).count())
    };
    let mut words = format!("{} matched", count(&[Matching::Named, Matching::BySum]));
    if found.iter().any(|row| row.matching == Matching::BySum) {
        words.push_str(&format!(" ({} of them by sum alone)", count(&[Matching::BySum])));
    }
    if found.iter().any(|row| row.matching == Matching::DifferentSums) {
        words.push_str(&format!(", {} of different sums", count(&[Matching::DifferentSums])));
    }
    let (ours, theirs) = (count(&[Matching::OursOnly]), count(&[Matching::TheirsOnly]));
    format!("{words}, {ours} ours only, {theirs} theirs only, since {since}")
}
