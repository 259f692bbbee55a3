-- What cardtop knows: cards, figures with their time, transactions. Amounts are decimal text, times are milliseconds since 1970 UTC.
-- There is no column for a card number, a CVV, a PIN or a one-time code.

CREATE TABLE card (
    provider       TEXT NOT NULL,
    id             TEXT NOT NULL,
    owner          TEXT,
    holder         TEXT NOT NULL,
    last4          TEXT,
    state          TEXT NOT NULL,
    provider_state TEXT NOT NULL,
    kind           TEXT,
    currency       TEXT,
    expires        TEXT,
    labels         TEXT NOT NULL,
    available      TEXT,
    current        TEXT,
    pending        TEXT,
    balance_at     INTEGER,
    PRIMARY KEY (provider, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE movement (
    provider       TEXT NOT NULL,
    id             TEXT NOT NULL,
    card_id        TEXT,
    last4          TEXT,
    kind           TEXT NOT NULL,
    state          TEXT NOT NULL,
    provider_state TEXT NOT NULL,
    amount         TEXT NOT NULL,
    currency       TEXT NOT NULL,
    fee            TEXT,
    fee_currency   TEXT,
    merchant       TEXT,
    mcc            TEXT,
    country        TEXT,
    decline_reason TEXT,
    description    TEXT,
    at             INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    operation      TEXT,
    PRIMARY KEY (provider, id)
) STRICT;
CREATE INDEX movement_newest ON movement (at DESC);
CREATE INDEX movement_of_card ON movement (provider, card_id, at DESC);

-- The journal: what was asked of providers. `operation` is the latest state of each, `line` the write-ahead log it follows from.
-- Lines are only ever added; each holds the hash of the one before.

CREATE TABLE operation (
    id                 TEXT PRIMARY KEY,
    deed               TEXT NOT NULL,
    provider           TEXT NOT NULL,
    card_id            TEXT NOT NULL,
    last4              TEXT,
    amount             TEXT,
    currency           TEXT,
    state              TEXT NOT NULL,
    reason             TEXT,
    reference          TEXT NOT NULL UNIQUE,
    provider_reference TEXT,
    operator           TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    detail             TEXT,
    before_owner       TEXT,
    before_state       TEXT,
    before_available   TEXT,
    before_current     TEXT,
    before_currency    TEXT,
    proof              TEXT NOT NULL,
    looks              INTEGER NOT NULL,
    next_look          INTEGER,
    credit             TEXT,
    process            INTEGER NOT NULL
) STRICT;
-- A transaction proves at most one operation.
CREATE UNIQUE INDEX operation_credit ON operation (provider, credit) WHERE credit IS NOT NULL;
CREATE INDEX operation_of_card ON operation (provider, card_id);
CREATE INDEX operation_updated ON operation (updated_at);

CREATE TABLE line (
    number    INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    operation TEXT NOT NULL,
    what      TEXT NOT NULL,
    words     TEXT NOT NULL,
    state     TEXT NOT NULL,
    previous  TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE INDEX line_of_operation ON line (operation, number);
CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER line_is_never_removed BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
