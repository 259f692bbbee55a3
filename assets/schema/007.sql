-- The number of the column file that was made of this file: a column file with another one is of another data file, or of another history of this
-- one (a copy that was put in its place).
CREATE TABLE column_file (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    number INTEGER NOT NULL
) STRICT;
