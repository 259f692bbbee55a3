-- What becomes of a hold that its provider does not list any more. `missed_at` is the first complete reading without it, `gone_at` the time
-- since when it counts as gone (a second complete reading agreed), `cleared_as` the id of the posting on the same card that it became.
-- A row that was a hold itself and cleared under its own id (`was_hold`) is nobody else's posting.
ALTER TABLE card_transaction ADD COLUMN missed_at INTEGER;
ALTER TABLE card_transaction ADD COLUMN gone_at INTEGER;
ALTER TABLE card_transaction ADD COLUMN cleared_as TEXT;
ALTER TABLE card_transaction ADD COLUMN was_hold INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX card_transaction_cleared_as ON card_transaction (provider, card_id, cleared_as) WHERE cleared_as IS NOT NULL;
CREATE INDEX card_transaction_holds ON card_transaction (provider, at) WHERE state = 'HOLD';
