-- When a card's state was read: at some providers by another call than its figures.
ALTER TABLE card ADD COLUMN state_at INTEGER;
UPDATE card SET state_at = balance_at;
