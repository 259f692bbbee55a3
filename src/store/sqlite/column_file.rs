//! Which column file was made of the data file.

use rusqlite::{Connection, OptionalExtension};

/// The number of the column file; `None` where none was made.
pub(in crate::store) fn number(db: &Connection) -> rusqlite::Result<Option<i64>> {
    let mut query = db.prepare_cached("SELECT number FROM column_file")?;
    query.query_row([], |row| row.get(0)).optional()
}

/// Notes the number of the column file.
pub(in crate::store) fn set_number(db: &mut Connection, number: i64) -> rusqlite::Result<()> {
    let tx = super::begin(db)?;
    tx.prepare_cached(
        "INSERT INTO column_file (only, number) VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET \
         number = ?1",
    )?
    .execute([number])?;
    tx.commit()
}
