-- Own views, corrections, and the Sent folder kept clean.

-- Off until the user allows it: tracked copies that the provider filed in Sent are replaced by the untouched message.
ALTER TABLE account ADD COLUMN keeps_sent_clean INTEGER NOT NULL DEFAULT 0;

-- To which server a message was handed, empty where another program did that: a provider may file it, and the provider's
-- image proxy then fetches for the user too.  sent_clean_at_ms: since when its copies in Sent hold nothing tracked.
ALTER TABLE message ADD COLUMN handed_to TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN sent_clean_at_ms INTEGER;
UPDATE message SET handed_to = coalesce((SELECT host FROM account WHERE account.id = message.account_id), '')
WHERE EXISTS (SELECT 1 FROM copy JOIN token ON token.copy_id = copy.id WHERE copy.message_id = message.id);

-- From which network (/24 or /48) this desktop asked when it had the mark; empty where that was not kept.
ALTER TABLE own_source ADD COLUMN network TEXT NOT NULL DEFAULT '';

-- The user's own programs, as `core.agents.program_shape` spells a user agent, or by a mail client's name alone.
-- how: 'submitted' a mail through the listener, 'browser' signed in with it.
CREATE TABLE own_program (
    program TEXT PRIMARY KEY,
    how TEXT NOT NULL CHECK (how IN ('submitted', 'browser')),
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the user said of a hit.  program, network and address are the shape that later hits are recognised by, address
-- empty for everybody's; program null: it holds for that hit alone.  Of several for one hit the newest stands, and the
-- one before it again once that is undone; an id is never used twice, so that an undo cannot meet another correction.
CREATE TABLE correction (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hit_id BLOB NOT NULL REFERENCES hit (id),
    who TEXT NOT NULL CHECK (who IN ('me', 'colleague', 'machine', 'recipient')),
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    program TEXT,
    network TEXT,
    address TEXT
) STRICT;
CREATE INDEX correction_of_hit ON correction (hit_id, id);
CREATE VIEW standing_correction AS SELECT * FROM correction WHERE id IN (SELECT max(id) FROM correction GROUP BY hit_id);

-- Reasons told of seconds, which are cut from a hit's time when it is two days old.
UPDATE hit SET reason = rtrim(substr(reason, 1, instr(reason, ' s after sending') - 1), '0123456789')
    || 'soon after sending' || substr(reason, instr(reason, ' s after sending') + length(' s after sending'))
WHERE instr(reason, ' s after sending') > 0;

-- Where a correction decides: which one, and what the rules say, as [verdict, rule, confidence, reason]; else null.
ALTER TABLE hit ADD COLUMN correction_id INTEGER REFERENCES correction (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE hit ADD COLUMN ruled TEXT;
CREATE INDEX hit_corrected ON hit (correction_id) WHERE correction_id IS NOT NULL;
-- Hits of one shape are found by their network.
CREATE INDEX hit_of_network ON hit (network, kind);

-- Copies whose opening did not ring, for a used link or a reply had told more: it rings where that link's use turns out
-- to prove nobody.
CREATE TABLE silent_opening (
    copy_id INTEGER PRIMARY KEY REFERENCES copy (id)
) STRICT;

-- The message as the mail program handed it in, until Sent was found clean; kept only where the user allowed that.
CREATE TABLE original (
    message_id INTEGER PRIMARY KEY REFERENCES message (id),
    octets BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
