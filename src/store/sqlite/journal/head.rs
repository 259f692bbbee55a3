//! The note of the journal's last line outside the data file.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::text;

/// The note of the journal's last line that is kept outside the data file, so that a journal whose
/// end was cut off is noticed.
#[derive(Clone, Debug)]
pub(in crate::store) struct Head {
    path: PathBuf,
}

/// What the note says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) lines: u64,
    pub(super) hash: String,
}

impl Head {
    /// The note of this data file, in this folder.
    pub(in crate::store::sqlite) fn of(data_file: &Path, folder: &Path) -> Self {
        let place = data_file.canonicalize().unwrap_or_else(|_| data_file.to_owned());
        let hash = digest::digest(&digest::SHA256, place.as_os_str().as_encoded_bytes());
        let name = data_encoding::HEXLOWER.encode(hash.as_ref().get(..8).unwrap_or_default());
        Self { path: folder.join(format!("journal-{name}")) }
    }

    pub(super) fn read(&self) -> Option<Note> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (lines, hash) = text.trim().split_once(' ')?;
        Some(Note { lines: lines.parse().ok()?, hash: hash.to_owned() })
    }

    /// Notes the last line, unless a later one is noted. A note that cannot be written is no reason
    /// to stop: `verify` says that there is none.
    pub(in crate::store::sqlite) fn note(&self, db: &Connection) -> rusqlite::Result<()> {
        let last: Option<(i64, String)> = db
            .prepare_cached("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, hash)) = last else { return Ok(()) };
        let lines = number.unsigned_abs();
        if let Some(note) = self.read() {
            if note.lines >= lines {
                return Ok(());
            }
            // A note that the file contradicts is evidence: `verify` reports it until a person has
            // looked.
            let noted: Option<String> = db
                .prepare_cached("SELECT hash FROM line WHERE number = ?1")?
                .query_row([i64::try_from(note.lines).unwrap_or(i64::MAX)], |row| row.get(0))
                .optional()?;
            if noted.is_none_or(|hash| hash != note.hash) {
                return Ok(());
            }
        }
        if let Err(error) = self.write(lines, &hash) {
            tracing::warn!(
                "the note of the journal's last line cannot be written to {}: {error}",
                text::of_path(&self.path)
            );
        }
        Ok(())
    }

    fn write(&self, lines: u64, hash: &str) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options.open(&draft)?.write_all(format!("{lines} {hash}\n").as_bytes())?;
        fs::rename(&draft, &self.path)
    }
}
