-- The cards that a board shows first, in its order: the first frame of the next start has them before all others are loaded.
CREATE TABLE first_card (
    place    INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    id       TEXT NOT NULL
) STRICT;
