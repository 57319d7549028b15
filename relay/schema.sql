-- All that the relay keeps in SQLite. A hit's row has no time, only the day that retention needs.
CREATE TABLE IF NOT EXISTS channels (
    channel_id  BLOB PRIMARY KEY,
    public_key  BLOB NOT NULL,
    bearer_hash BLOB NOT NULL UNIQUE
) WITHOUT ROWID;
-- Channels that were deleted: their bearers go on being good for the exchange of stops, and for nothing else.
CREATE TABLE IF NOT EXISTS retired (
    channel_id  BLOB PRIMARY KEY,
    bearer_hash BLOB NOT NULL UNIQUE
) WITHOUT ROWID;
-- Wishes to delete of recipients of a retired channel, until its desktop has carried them out.
CREATE TABLE IF NOT EXISTS wishes (
    channel_id BLOB NOT NULL,
    tag        BLOB NOT NULL,
    row_key    BLOB NOT NULL,
    PRIMARY KEY (channel_id, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invites (
    invite_hash BLOB PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hits (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    row_key    BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    day        INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    mark       BLOB
);
DROP INDEX IF EXISTS hits_of_channel;  -- Made by versions before 2026-11-22; memory does its work now.
CREATE TABLE IF NOT EXISTS gaps (
    channel_id BLOB NOT NULL,
    day        INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (channel_id, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stops (
    channel_id BLOB NOT NULL,
    tag        BLOB NOT NULL,
    PRIMARY KEY (channel_id, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    row_key    BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    day        INTEGER NOT NULL,
    duty       BLOB,
    sealed     BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_of_channel ON answers (channel_id);
CREATE TABLE IF NOT EXISTS used (
    channel_id BLOB NOT NULL,
    mark       BLOB NOT NULL,
    last_day   INTEGER NOT NULL,
    PRIMARY KEY (channel_id, mark)
) WITHOUT ROWID;
