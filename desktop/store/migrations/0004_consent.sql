-- The ledger of who consented to what, questions that were put, and how the user goes about tracking.

-- Rows are added, never changed and never taken away; `core.ledger` says what each hash covers.  Whom a row concerns
-- stands apart, under a salted hash, so that a person can be erased and the chain still holds.
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    event TEXT NOT NULL CHECK (event IN (
        'asked', 'granted', 'denied', 'withdrawn', 'stopped', 'retracted', 'erased', 'carried')),
    purposes TEXT NOT NULL,
    generation INTEGER NOT NULL,
    method TEXT,
    language TEXT,
    wording BLOB NOT NULL DEFAULT x'',
    at_ms INTEGER NOT NULL,
    detail_hash BLOB NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE ledger_detail (
    row_id INTEGER PRIMARY KEY REFERENCES ledger (id) DEFERRABLE INITIALLY DEFERRED,
    address TEXT NOT NULL,
    evidence TEXT NOT NULL,
    salt BLOB NOT NULL
) STRICT;
CREATE INDEX ledger_of_person ON ledger_detail (address, row_id);
-- How many rows there are, and the last one's hash: rows that were cut off at the end are missed.
CREATE TABLE ledger_head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    rows INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- What was recorded before the ledger begins it.  row_number and not the old id: rows are numbered without a gap.
CREATE TABLE ledger_before AS
SELECT row_number() OVER (ORDER BY id) AS id, address, evidence, purposes, generation, method, at_ms,
    CASE event WHEN 'grant' THEN 'granted' WHEN 'retract' THEN 'retracted' WHEN 'withdraw' THEN 'withdrawn'
        ELSE 'stopped' END AS event
FROM permission;
CREATE UNIQUE INDEX ledger_before_id ON ledger_before (id);
INSERT INTO ledger_detail (row_id, address, evidence, salt)
SELECT id, address, evidence, randomblob(32) FROM ledger_before ORDER BY id;
INSERT INTO ledger (id, event, purposes, generation, method, at_ms, detail_hash, previous, hash)
WITH RECURSIVE
    told AS MATERIALIZED (
        SELECT ledger_before.id, event, purposes, generation, method, at_ms,
            ledger_detail_hash(salt, ledger_detail.address, ledger_detail.evidence) AS detail_hash
        FROM ledger_before JOIN ledger_detail ON ledger_detail.row_id = ledger_before.id
    ),
    chained (id, previous, hash) AS (
        SELECT 0, zeroblob(32), zeroblob(32)
        UNION ALL
        SELECT told.id, chained.hash, ledger_row_hash(
            told.id, event, purposes, generation, method, at_ms, detail_hash, chained.hash)
        FROM chained JOIN told ON told.id = chained.id + 1
    )
SELECT told.id, event, purposes, generation, method, at_ms, detail_hash, previous, hash
FROM chained JOIN told ON told.id = chained.id;
INSERT INTO ledger_head (one, rows, hash)
SELECT 1, count(*), coalesce((SELECT hash FROM ledger ORDER BY id DESC LIMIT 1), zeroblob(32)) FROM ledger;
DROP TABLE ledger_before;
DROP TABLE permission;

CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'ledger rows are append-only');
END;
CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'ledger rows are append-only');
END;
CREATE TRIGGER ledger_detail_is_not_changed BEFORE UPDATE ON ledger_detail
BEGIN
    SELECT RAISE(ABORT, 'ledger rows are append-only');
END;
-- A detail goes once a row says so: its own detail is the list of the rows that were erased.
CREATE TRIGGER ledger_detail_is_erased_by_a_row BEFORE DELETE ON ledger_detail
WHEN NOT EXISTS (
    SELECT 1 FROM ledger JOIN ledger_detail AS naming ON naming.row_id = ledger.id
    JOIN json_each(naming.evidence) AS named ON named.value = OLD.row_id
    WHERE ledger.event = 'erased' AND ledger.id > OLD.row_id)
BEGIN
    SELECT RAISE(ABORT, 'a ledger row is erased by another');
END;

-- The texts that people were shown, under their SHA-256; a text names the user, and nobody else.
CREATE TABLE wording (
    hash BLOB PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Each question put into a mail: its link's token, the tag of what a yes would begin, and what was offered.
-- answer_id is the answer that counted; a link works once.
CREATE TABLE ask (
    token_id BLOB PRIMARY KEY,
    copy_id INTEGER NOT NULL REFERENCES copy (id),
    address TEXT NOT NULL,
    tag BLOB NOT NULL,
    generation INTEGER NOT NULL,
    purposes TEXT NOT NULL,
    language TEXT NOT NULL,
    wording BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    answer_id BLOB,
    answered_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX ask_of_person ON ask (address, at_ms);
CREATE INDEX ask_of_copy ON ask (copy_id);

-- Answers that granted nothing, and why.
CREATE TABLE refused_answer (
    id BLOB PRIMARY KEY,
    token_id BLOB NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('foreign', 'replayed', 'wording', 'purposes', 'generation')),
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How the user goes about tracking: is_policy_chosen says that they answered the question of the first run.
ALTER TABLE account ADD COLUMN policy TEXT NOT NULL DEFAULT 'ask';
ALTER TABLE account ADD COLUMN ask_when TEXT NOT NULL DEFAULT 'answered';
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE account ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN adds_confirm INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN sunset_days INTEGER NOT NULL DEFAULT 90;
ALTER TABLE account ADD COLUMN is_policy_chosen INTEGER NOT NULL DEFAULT 0;

-- What holds for one person instead, null: as the account says.  asking_wanted_at_ms: since when the user wants the
-- question in the next mail to them, whatever else would wait.
ALTER TABLE person ADD COLUMN policy TEXT;
ALTER TABLE person ADD COLUMN ask_when TEXT;
ALTER TABLE person ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN asking_wanted_at_ms INTEGER;
