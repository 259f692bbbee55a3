-- Every write of a row of card_transaction gives it a new and higher `change`, so that what was written since a number is a range of the
-- primary key. Numbers are never used again (AUTOINCREMENT).
ALTER TABLE card_transaction RENAME TO card_transaction_before;
CREATE TABLE card_transaction (
    change         INTEGER PRIMARY KEY AUTOINCREMENT,
    provider       TEXT NOT NULL,
    card_id        TEXT NOT NULL,
    id             TEXT NOT NULL,
    task           TEXT,
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
    missed_at      INTEGER,
    gone_at        INTEGER,
    cleared_as     TEXT,
    was_hold       INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO card_transaction (provider, card_id, id, task, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant,
                              mcc, country, decline_reason, description, at, seen_at, operation, missed_at, gone_at, cleared_as, was_hold)
    SELECT provider, card_id, id, task, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant,
           mcc, country, decline_reason, description, at, seen_at, operation, missed_at, gone_at, cleared_as, was_hold
    FROM card_transaction_before ORDER BY at;
DROP TABLE card_transaction_before;

-- A row is the same as long as provider, card and id are. The id comes before the card: rows that name no card are looked for by their id.
CREATE UNIQUE INDEX card_transaction_name ON card_transaction (provider, id, card_id);
-- Both end with `change`, as every index does: pages go backwards by time and change.
CREATE INDEX card_transaction_at ON card_transaction (at);
CREATE INDEX card_transaction_of_card ON card_transaction (provider, card_id, at);
CREATE INDEX card_transaction_holds ON card_transaction (provider, at) WHERE state = 'HOLD';
-- Words that are not mapped are counted after every reading that has one.
CREATE INDEX card_transaction_unknown ON card_transaction (provider, provider_state) WHERE state = 'UNKNOWN';
CREATE INDEX card_transaction_declined ON card_transaction (provider, decline_reason) WHERE state = 'DECLINED';
CREATE INDEX card_unknown ON card (provider, provider_state) WHERE state = 'UNKNOWN';
CREATE UNIQUE INDEX card_transaction_cleared_as ON card_transaction (provider, card_id, cleared_as) WHERE cleared_as IS NOT NULL;

-- Names that rows had before: whoever follows the changes takes these rows out. `change` is that of the row that took its place.
CREATE TABLE card_transaction_renamed (
    change   INTEGER NOT NULL,
    provider TEXT NOT NULL,
    card_id  TEXT NOT NULL,
    id       TEXT NOT NULL,
    PRIMARY KEY (change, provider, card_id, id)
) STRICT, WITHOUT ROWID;

-- Nothing that is read back changes without a new number. `missed_at` and `was_hold` are not read back.
CREATE TRIGGER card_transaction_needs_its_change
BEFORE UPDATE OF provider, card_id, id, task, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant, mcc, country,
                 decline_reason, description, at, seen_at, operation, gone_at, cleared_as ON card_transaction
WHEN NEW.change <= OLD.change
BEGIN SELECT RAISE(ABORT, 'a newer cardtop has brought it up to date: end this one and start the newer one'); END;
