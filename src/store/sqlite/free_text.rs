//! Free texts that earlier cardtops kept, cleaned by today's rules: they may hold card numbers that
//! were not recognised then.
//!
//! The journal is left as it is: its lines are hashed.

use rusqlite::{Connection, params};

use crate::domain::text;

/// Columns of free text, by table. Ids and references are not among them.
const COLUMNS: [(&str, &str); 7] = [
    ("card", "holder"),
    ("card", "labels"),
    ("card", "provider_state"),
    ("card_transaction", "merchant"),
    ("card_transaction", "description"),
    ("card_transaction", "decline_reason"),
    ("card_transaction", "provider_state"),
];

/// Cleans every free text that is kept.
pub(super) fn clean(db: &Connection) -> rusqlite::Result<()> {
    for (table, column) in COLUMNS {
        let mut changed: Vec<(String, String)> = Vec::new();
        let mut query = db.prepare(&format!(
            "SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
        ))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let kept: String = row.get(0)?;
            let cleaned = match column {
                // Several in one column.
                "labels" => kept.split(';').map(text::clean).collect::<Vec<_>>().join(";"),
                _ => text::clean(&kept),
            };
            if cleaned != kept {
                changed.push((kept, cleaned));
            }
        }
        let mut update =
            db.prepare(&format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1"))?;
        for (kept, cleaned) in changed {
            update.execute(params![kept, cleaned])?;
        }
    }
    Ok(())
}
