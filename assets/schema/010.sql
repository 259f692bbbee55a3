-- Holds that are gone and that no posting was linked with: they are looked for after every complete reading, and are few among all holds.
CREATE INDEX card_transaction_gone ON card_transaction (provider, gone_at) WHERE state = 'HOLD' AND gone_at IS NOT NULL AND cleared_as IS NULL;
