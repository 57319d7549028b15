-- What recipients pressed, as it comes home: choices go to the ledger, wishes to delete are carried out at once.

-- Answers that were taken in, so that each counts once; forgotten when the relay cannot bring them any more.
CREATE TABLE answer (
    id BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_by_time ON answer (at_ms);

-- Copies whose "I have read it" was pressed, and when first.
CREATE TABLE confirmation (
    copy_id INTEGER PRIMARY KEY REFERENCES copy (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL
) STRICT;
