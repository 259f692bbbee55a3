-- How often a stretch that is lost was asked for again in vain, and when it is asked for again; where `again_at` is NULL, at once.
ALTER TABLE coverage ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE coverage ADD COLUMN again_at INTEGER;

-- How late each provider was seen to list a transaction: milliseconds from the time that it has until it was listed, at most.
CREATE TABLE listed_late (
    provider TEXT PRIMARY KEY,
    lag      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
