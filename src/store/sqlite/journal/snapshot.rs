//! Lines that are added while a data file is brought up to date.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::Transaction;

use super::chain::append;
use super::verify;
use crate::domain::operation::{OperationState, StepKind};

/// Gives every operation a line with its record: the first that it has in this form of the file.
/// Where the lines of the earlier form do not verify, the new lines say so and the journal stays
/// broken.
pub(in crate::store::sqlite) fn snapshot(
    tx: &Transaction<'_>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let broken = verify::earlier_lines(tx)?;
    let ids: Vec<(String, String)> = tx
        .prepare("SELECT id, state FROM operation ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, state) in ids {
        let (Ok(id), Some(state)) = (id.parse(), state.parse::<OperationState>().ok()) else {
            continue;
        };
        match &broken {
            None => append(
                tx,
                at,
                id,
                &StepKind::Snapshot,
                "the data file was brought up to date",
                state,
            )?,
            Some(words) => append(
                tx,
                at,
                id,
                &StepKind::Broken,
                &format!("the data file was brought up to date; before that, {words}"),
                state,
            )?,
        }
    }
    Ok(())
}

/// Gives operations whose card has another name now a line that says so.
pub(in crate::store::sqlite) fn note_renamed(
    tx: &Transaction<'_>,
    renamed: &BTreeSet<String>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    for id in renamed {
        let state: String =
            tx.query_row("SELECT state FROM operation WHERE id = ?1", [id], |row| row.get(0))?;
        let (Ok(id), Some(state)) = (id.parse(), state.parse::<OperationState>().ok()) else {
            continue;
        };
        append(
            tx,
            at,
            id,
            &StepKind::Snapshot,
            "the card's id was brought into its canonical form",
            state,
        )?;
    }
    Ok(())
}
