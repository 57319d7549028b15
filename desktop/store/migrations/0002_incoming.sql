-- Incoming mail, what is known of an account beyond handing mail in, and follow-ups.

-- imap_host is empty where no incoming mail is read; the password or the OAuth grant stands in the vault.
ALTER TABLE account ADD COLUMN imap_host TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN imap_port INTEGER NOT NULL DEFAULT 993;
ALTER TABLE account ADD COLUMN imap_security TEXT NOT NULL DEFAULT 'tls';
ALTER TABLE account ADD COLUMN imap_user TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN auth TEXT NOT NULL DEFAULT 'password';
ALTER TABLE account ADD COLUMN oauth_provider TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN wait_days INTEGER NOT NULL DEFAULT 3;
ALTER TABLE account ADD COLUMN history_days INTEGER NOT NULL DEFAULT 90;

-- How far each folder was read; written in the transaction that keeps what was read.
CREATE TABLE folder (
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('inbox', 'sent', 'all', 'junk')),
    uid_validity INTEGER NOT NULL,
    next_uid INTEGER NOT NULL,
    modseq INTEGER,
    backlog_uid INTEGER,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

-- How a message of ours is named elsewhere: its own Message-ID, and those that providers gave it instead.
CREATE TABLE message_name (
    name TEXT PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO message_name (name, message_id) SELECT message_id, id FROM message WHERE message_id <> '';

ALTER TABLE message ADD COLUMN asks_receipt INTEGER NOT NULL DEFAULT 0;
-- Days to wait for an answer to this message; null: as its conversation or account says.
ALTER TABLE message ADD COLUMN wait_days INTEGER;

-- Every mail read in a folder within the history, linked or not: its conversation may become known later.
CREATE TABLE arrival (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    conversation_id INTEGER REFERENCES conversation (id),
    kind TEXT NOT NULL,
    from_name TEXT NOT NULL,
    from_address TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    clues TEXT NOT NULL DEFAULT '[]',
    is_away INTEGER NOT NULL DEFAULT 0,
    returns_on TEXT,
    answer TEXT,
    deliveries TEXT NOT NULL DEFAULT '[]',
    receipt TEXT
) STRICT;
CREATE INDEX arrival_of_conversation ON arrival (conversation_id, at_ms) WHERE conversation_id IS NOT NULL;
CREATE INDEX arrival_of_sender ON arrival (from_address, at_ms);

-- What an arrival names: its parents and ancestors, or the mail a report is about.
CREATE TABLE arrival_reference (
    name TEXT NOT NULL,
    arrival_id INTEGER NOT NULL REFERENCES arrival (id),
    PRIMARY KEY (name, arrival_id)
) STRICT, WITHOUT ROWID;

-- What an arrival proves of a copy; kind is an EvidenceKind of core.status.
CREATE TABLE sign (
    copy_id INTEGER NOT NULL REFERENCES copy (id),
    arrival_id INTEGER NOT NULL REFERENCES arrival (id),
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    reason TEXT,
    PRIMARY KEY (copy_id, arrival_id, kind)
) STRICT, WITHOUT ROWID;

-- Another address of a person, as the user confirmed.
CREATE TABLE alias (
    address TEXT PRIMARY KEY,
    person TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the user decided about a conversation's follow-up; all null is the same as no row.
CREATE TABLE reminder (
    conversation_id INTEGER PRIMARY KEY REFERENCES conversation (id),
    wait_days INTEGER,
    snoozed_until_ms INTEGER,
    done_at_ms INTEGER
) STRICT, WITHOUT ROWID;

ALTER TABLE conversation ADD COLUMN returns_on TEXT;
ALTER TABLE conversation ADD COLUMN last_sent_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN last_reply_ms INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET last_sent_ms = coalesce(
    (SELECT max(at_ms) FROM message WHERE message.conversation_id = conversation.id), 0);
