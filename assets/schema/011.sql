-- Holds of a card: they are looked for after every reading of it, and are few among its own rows.
CREATE INDEX card_transaction_holds_of_card ON card_transaction (provider, card_id, at) WHERE state = 'HOLD';
