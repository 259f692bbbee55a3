-- What providers pushed, each event once: it is on the disk before it is acknowledged, and known again when it is delivered again.
CREATE TABLE push (
    number      INTEGER PRIMARY KEY,
    provider    TEXT    NOT NULL,
    repeat_key  BLOB    NOT NULL,
    event       TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    event_id    TEXT,
    card_id     TEXT,
    reference   TEXT,
    outcome     TEXT,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    is_signed   INTEGER NOT NULL,
    -- Of events that are not known, without what may be secret.
    body        TEXT
) STRICT;
CREATE UNIQUE INDEX push_once ON push (provider, repeat_key);
CREATE INDEX push_codes ON push (received_at, provider, card_id) WHERE topic = 'code';
CREATE INDEX push_of_reference ON push (provider, reference) WHERE reference IS NOT NULL AND is_signed = 1 AND outcome IS NOT NULL;
CREATE INDEX operation_without_proof ON operation (provider, provider_reference) WHERE state = 'ACCEPTED' AND proof = 'answer';
