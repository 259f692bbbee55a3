-- When accounts did not answer, as a cardtop that ran saw it, and when one ran that would have seen it.
CREATE TABLE outage (
    number       INTEGER PRIMARY KEY,
    provider     TEXT    NOT NULL,
    began_at     INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    -- The first good answer after it.
    ended_at     INTEGER,
    kind         TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX outage_that_lasts ON outage (provider) WHERE ended_at IS NULL;
CREATE TABLE outage_watch (
    number   INTEGER PRIMARY KEY,
    provider TEXT    NOT NULL,
    from_at  INTEGER NOT NULL,
    until_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outage_watch_of_account ON outage_watch (provider, number);
