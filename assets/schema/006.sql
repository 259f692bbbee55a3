-- Which stretches of time of a list of transactions were read completely, both ends included: of all cards of an account (`card_id` empty), or
-- of one card where the account has no list of all. Stretches of one list neither overlap nor touch. Where `lost` has words, the stretch was
-- asked for and cannot be had.
CREATE TABLE coverage (
    provider TEXT NOT NULL,
    card_id TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    lost TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (provider, card_id, lost, since)
) STRICT, WITHOUT ROWID;
