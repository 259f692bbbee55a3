-- One card and one row under one name, and a journal whose lines carry the whole record of their operation.

-- A card is keyed by the canonical form of its id; wire_id is the spelling that requests carry.
ALTER TABLE card ADD COLUMN wire_id TEXT;
UPDATE card SET wire_id = id;

-- A row of a card's list is the same as long as provider, card and id are; a card_id of '' is a row that names no card yet.
CREATE TABLE card_transaction (
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
    PRIMARY KEY (provider, card_id, id)
) STRICT;
INSERT INTO card_transaction (provider, card_id, id, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant,
                              mcc, country, decline_reason, description, at, seen_at, operation)
    SELECT provider, ifnull(card_id, ''), id, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant,
           mcc, country, decline_reason, description, at, seen_at, operation
    FROM movement;
CREATE INDEX card_transaction_newest ON card_transaction (at DESC);
CREATE INDEX card_transaction_of_card ON card_transaction (provider, card_id, at DESC);
CREATE INDEX card_transaction_by_id ON card_transaction (provider, id);

-- What a top-up's list showed just before it was sent (JSON), who says how it ended (seen, answer or person), until when an operation
-- that a person settled as failed is looked for all the same, and what was found then.
ALTER TABLE operation ADD COLUMN baseline TEXT;
ALTER TABLE operation ADD COLUMN proven_by TEXT;
ALTER TABLE operation ADD COLUMN watched_until INTEGER;
ALTER TABLE operation ADD COLUMN alarm TEXT;
DROP INDEX operation_credit;
CREATE UNIQUE INDEX operation_credit ON operation (provider, card_id, credit) WHERE credit IS NOT NULL;

-- The operation as it is after the line (JSON); lines of earlier cardtops have none.
ALTER TABLE line ADD COLUMN record TEXT;

-- The form of a provider's ids in this file, once all of them have it.
CREATE TABLE id_form (
    provider TEXT PRIMARY KEY,
    form     TEXT NOT NULL
) STRICT;

-- A cardtop of the earlier schema that still runs must not write what this one would not find.
DELETE FROM movement;
DROP INDEX movement_newest;
DROP INDEX movement_of_card;
CREATE TRIGGER movement_has_moved BEFORE INSERT ON movement
BEGIN SELECT RAISE(ABORT, 'a newer cardtop has brought it up to date: end this one and start the newer one'); END;
CREATE TRIGGER card_needs_its_spelling BEFORE INSERT ON card WHEN NEW.wire_id IS NULL
BEGIN SELECT RAISE(ABORT, 'a newer cardtop has brought it up to date: end this one and start the newer one'); END;
CREATE TRIGGER line_needs_its_record BEFORE INSERT ON line WHEN NEW.record IS NULL
BEGIN SELECT RAISE(ABORT, 'a newer cardtop has brought it up to date: end this one and start the newer one'); END;
