-- Duties towards the people written to: whom not to track, whom to forget, how long what is known of them is kept.

-- value is spelled as core.donottrack spells it.
CREATE TABLE do_not_track (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('address', 'domain', 'pattern')),
    value TEXT NOT NULL,
    note TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;

-- All that is left of a person who was erased: a hash of the address under a key that stands in the vault.
CREATE TABLE suppression (
    mark BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Random ids of tokens in mail to people who were erased: what the relay still brings of them is dropped.  Each is
-- forgotten once nothing can come any more.
CREATE TABLE forgotten_token (
    random_id BLOB PRIMARY KEY,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tags whose person asked for deletion, and when: hits from before are gone and stay away.
CREATE TABLE deletion (
    tag BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Days after which nothing is recorded of a mail any more.
ALTER TABLE copy ADD COLUMN sunset_days INTEGER NOT NULL DEFAULT 90;
-- What is left of hits that were kept as long as the user wishes: which kinds with which verdicts there were, as
-- [["open", "person"]], and the first day of the highest rung among them.
ALTER TABLE copy ADD COLUMN earlier_hits TEXT NOT NULL DEFAULT '[]';
ALTER TABLE copy ADD COLUMN earlier_day TEXT;

-- Where the user keeps only the day of a hit: those cut to it already.
ALTER TABLE hit ADD COLUMN to_the_day INTEGER NOT NULL DEFAULT 0;
CREATE INDEX hit_by_time ON hit (at_ms);
