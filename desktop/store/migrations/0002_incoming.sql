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

-- How far each folder was read; written in the transaction that keeps what was read.  read_at_ms is when it was last
-- read or looked at, about.
CREATE TABLE folder (
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('inbox', 'sent', 'all', 'junk')),
    uid_validity INTEGER NOT NULL,
    next_uid INTEGER NOT NULL,
    modseq INTEGER,
    backlog_uid INTEGER,
    read_at_ms INTEGER,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

-- How a message of ours is named elsewhere: its own Message-ID, and those that providers gave it instead.
CREATE TABLE message_name (
    name TEXT PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_of_message ON message_name (message_id);
INSERT OR IGNORE INTO message_name (name, message_id) SELECT message_id, id FROM message WHERE message_id <> '';

-- base is the subject without prefixes, folded; refs are keys of the names a message mentions, the nearest first.
-- A key is 63 bits of a name's hash: names are long, and most belong to mail that never matters.
ALTER TABLE message ADD COLUMN base TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN refs TEXT NOT NULL DEFAULT '[]';
-- twin recognises the same mail under another Message-ID, together with the Date field's instant; null: it cannot.
ALTER TABLE message ADD COLUMN twin BLOB;
ALTER TABLE message ADD COLUMN date_ms INTEGER;
ALTER TABLE message ADD COLUMN asks_receipt INTEGER NOT NULL DEFAULT 0;
-- Days to wait for an answer to this message; null: as its conversation or account says.
ALTER TABLE message ADD COLUMN wait_days INTEGER;
UPDATE message SET base = subject_key(subject);
CREATE INDEX message_of_twin ON message (twin) WHERE twin IS NOT NULL;
CREATE INDEX copy_of_address ON copy (address);

-- Which conversation a name belongs to: the names of all its messages and arrivals, and all that they mention.
CREATE TABLE named (
    key INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id)
) STRICT;
INSERT OR IGNORE INTO named (key, conversation_id) SELECT name_key(message_id), conversation_id FROM reference;
-- Which message mentioned a name was not kept until now: the first one of the conversation stands for all, and the
-- others mention one of its names, so that they stay together.
UPDATE message SET refs = coalesce((
    SELECT json_group_array(name_key(reference.message_id)) FROM reference
    WHERE reference.conversation_id = message.conversation_id), '[]')
WHERE id IN (SELECT min(id) FROM message GROUP BY conversation_id);
UPDATE message SET refs = json_array((
    SELECT name_key(min(reference.message_id)) FROM reference
    WHERE reference.conversation_id = message.conversation_id))
WHERE refs = '[]' AND conversation_id IN (SELECT conversation_id FROM reference);
DROP TABLE reference;
CREATE INDEX named_of_conversation ON named (conversation_id);

-- Every mail read in a folder within the history, linked or not: its conversation may become known later.
-- loose is the folded subject of a mail that mentions no other, by which alone it could be joined, to mail
-- that went to one of its parties (its sender, and the addresses in its report); both null for all others.  follows is
-- the message that it is joined to so.
-- answer is what the user said of it: 'no', or 'yes' with the copy it concerns; is_news: it came while we watched.
CREATE TABLE arrival (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    key INTEGER NOT NULL UNIQUE,
    conversation_id INTEGER REFERENCES conversation (id),
    kind TEXT NOT NULL,
    from_name TEXT NOT NULL,
    from_address TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    refs TEXT NOT NULL DEFAULT '[]',
    loose TEXT,
    parties TEXT,
    follows INTEGER REFERENCES message (id),
    is_news INTEGER NOT NULL DEFAULT 0,
    is_away INTEGER NOT NULL DEFAULT 0,
    returns_on TEXT,
    deliveries TEXT NOT NULL DEFAULT '[]',
    receipt TEXT,
    answer TEXT CHECK (answer IN ('yes', 'no')),
    answer_copy_id INTEGER REFERENCES copy (id)
) STRICT;
CREATE INDEX arrival_of_conversation ON arrival (conversation_id, at_ms) WHERE conversation_id IS NOT NULL;
CREATE INDEX arrival_confirmed ON arrival (answer_copy_id) WHERE answer_copy_id IS NOT NULL;
CREATE INDEX arrival_of_sender ON arrival (from_address);

-- The same keys as arrival.refs, to be found by.
CREATE TABLE arrival_mention (
    key INTEGER NOT NULL,
    arrival_id INTEGER NOT NULL REFERENCES arrival (id),
    PRIMARY KEY (key, arrival_id)
) STRICT, WITHOUT ROWID;

-- The same addresses as arrival.parties, to be found by.
CREATE TABLE loose_party (
    address TEXT NOT NULL,
    arrival_id INTEGER NOT NULL REFERENCES arrival (id),
    PRIMARY KEY (address, arrival_id)
) STRICT, WITHOUT ROWID;

-- What an arrival proves of a copy; kind is an EvidenceKind of core.status.  Derived: written anew when more is known.
CREATE TABLE sign (
    copy_id INTEGER NOT NULL REFERENCES copy (id),
    arrival_id INTEGER NOT NULL REFERENCES arrival (id),
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    reason TEXT,
    returns_on TEXT,
    PRIMARY KEY (copy_id, arrival_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_of_arrival ON sign (arrival_id);

-- What the signs add to a copy's rung and asides: the day an absence ends, and why it was not delivered.
ALTER TABLE copy ADD COLUMN returns_on TEXT;
ALTER TABLE copy ADD COLUMN failure TEXT;

-- Since when a person's name is known as it is: the newest mail that names them decides.
ALTER TABLE person ADD COLUMN named_at_ms INTEGER NOT NULL DEFAULT 0;

-- What the user decided about a conversation's follow-up; all null is the same as no row.  mended_at_ms is when they
-- were done with what had not arrived until then, and with that alone.
CREATE TABLE reminder (
    conversation_id INTEGER PRIMARY KEY REFERENCES conversation (id),
    wait_days INTEGER,
    snoozed_until_ms INTEGER,
    done_at_ms INTEGER,
    mended_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- returns_on is the latest day that anybody in it stays away until; last_reply_ms when one of them last wrote.
ALTER TABLE conversation ADD COLUMN returns_on TEXT;
ALTER TABLE conversation ADD COLUMN questions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN last_sent_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN last_reply_ms INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET last_sent_ms = coalesce(
    (SELECT max(at_ms) FROM message WHERE message.conversation_id = conversation.id), 0);
