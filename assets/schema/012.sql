-- The names of holds and when each was first missed are in the indexes: a complete reading compares all of them without a look at their rows.
DROP INDEX card_transaction_holds;
CREATE INDEX card_transaction_holds ON card_transaction (provider, at, card_id, id, missed_at, gone_at, state) WHERE state = 'HOLD' AND gone_at IS NULL;
DROP INDEX card_transaction_holds_of_card;
CREATE INDEX card_transaction_holds_of_card ON card_transaction (provider, card_id, at, gone_at, id, missed_at, state) WHERE state = 'HOLD';
