-- Instants are milliseconds since 1970-01-01 UTC; sets and tuples are JSON; ids of the wire are blobs.

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    security TEXT NOT NULL,
    user TEXT NOT NULL,
    identities TEXT NOT NULL,
    shared_copy_only INTEGER NOT NULL,
    convert_flowed INTEGER NOT NULL,
    ca_file TEXT
) STRICT;

CREATE TABLE person (
    address TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Who allowed what, when, how: rows are added, never changed and never taken away.
CREATE TABLE permission (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('grant', 'retract', 'withdraw', 'stop')),
    purposes TEXT NOT NULL,
    generation INTEGER NOT NULL,
    method TEXT,
    evidence TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX permission_of_person ON permission (address, id);
CREATE TRIGGER permission_is_not_changed BEFORE UPDATE ON permission
BEGIN
    SELECT RAISE(ABORT, 'permission rows are append-only');
END;
CREATE TRIGGER permission_is_not_deleted BEFORE DELETE ON permission
BEGIN
    SELECT RAISE(ABORT, 'permission rows are append-only');
END;

-- Whose tag a stop names; tags are recorded with the first mail that carries them.
CREATE TABLE tag (
    tag BLOB PRIMARY KEY,
    address TEXT NOT NULL,
    generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every stop ever learnt, of known and of unknown tags; stops never expire.
CREATE TABLE stop (
    tag BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- names, rung, asides and at_ms are kept by each writing transaction, so that the list is one indexed query.
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    names TEXT NOT NULL DEFAULT '[]',
    search TEXT NOT NULL DEFAULT '',
    at_ms INTEGER NOT NULL,
    rung INTEGER NOT NULL DEFAULT 0,
    asides TEXT NOT NULL DEFAULT '[]',
    copies INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX conversation_newest ON conversation (at_ms DESC, id DESC);

-- Which conversation a Message-ID belongs to: our own messages and all they refer to.
CREATE TABLE reference (
    message_id TEXT PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    account_id INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    from_name TEXT NOT NULL,
    from_address TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX message_of_conversation ON message (conversation_id, id);

CREATE TABLE copy (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES message (id),
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    purposes TEXT NOT NULL,
    why_not TEXT,
    tag BLOB,
    shared INTEGER NOT NULL,
    links INTEGER NOT NULL,
    state TEXT NOT NULL,
    prepared_at_ms INTEGER NOT NULL,
    state_at_ms INTEGER NOT NULL,
    reply TEXT NOT NULL DEFAULT '',
    rung INTEGER NOT NULL DEFAULT 0,
    asides TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX copy_of_message ON copy (message_id, id);
CREATE INDEX copy_of_conversation ON copy (conversation_id, id);
CREATE INDEX copy_of_tag ON copy (tag) WHERE tag IS NOT NULL;

CREATE TABLE token (
    random_id BLOB PRIMARY KEY,
    copy_id INTEGER NOT NULL REFERENCES copy (id),
    type INTEGER NOT NULL,
    destination TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX token_of_copy ON token (copy_id);

-- copy_id is null for a token this store has no record of, as after restoring an older backup.
CREATE TABLE hit (
    id BLOB PRIMARY KEY,
    copy_id INTEGER REFERENCES copy (id),
    kind TEXT NOT NULL,
    token_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    to_the_minute INTEGER NOT NULL DEFAULT 0,
    labels TEXT NOT NULL,
    network TEXT NOT NULL,
    same_source BLOB NOT NULL,
    agent TEXT NOT NULL,
    headers TEXT NOT NULL,
    verdict TEXT NOT NULL,
    rule TEXT NOT NULL,
    confidence TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hit_of_copy ON hit (copy_id, at_ms);
CREATE INDEX hit_to_age ON hit (at_ms) WHERE to_the_minute = 0;

-- What the user was told, so that each copy's first sign is told once.
CREATE TABLE told (
    copy_id INTEGER NOT NULL REFERENCES copy (id),
    sign TEXT NOT NULL,
    PRIMARY KEY (copy_id, sign)
) STRICT, WITHOUT ROWID;

-- Same-source marks this desktop's own polls had: the mark's key changes daily, so each is kept with its time.
CREATE TABLE own_source (
    mark BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Hits that the relay dropped unread, by day.
CREATE TABLE gap (
    day TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
