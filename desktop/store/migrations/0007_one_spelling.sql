-- One spelling for an international domain: whoever was known under the other one is one person with themselves.
-- The ledger's rows stand as they were written; they are read under both.

UPDATE copy SET address = one_spelling(address) WHERE address <> one_spelling(address);
UPDATE tag SET address = one_spelling(address) WHERE address <> one_spelling(address);
UPDATE ask SET address = one_spelling(address) WHERE address <> one_spelling(address);
UPDATE correction SET address = one_spelling(address) WHERE address <> one_spelling(address);
UPDATE arrival SET from_address = one_spelling(from_address) WHERE from_address <> one_spelling(from_address);
UPDATE arrival SET parties = (SELECT json_group_array(one_spelling(value)) FROM json_each(arrival.parties))
WHERE parties IS NOT NULL;
UPDATE arrival SET receipt = json_set(receipt, '$[0]', one_spelling(receipt ->> '$[0]')) WHERE receipt IS NOT NULL;
UPDATE arrival SET deliveries = (
    SELECT json_group_array(json_set(
        each.value, '$[0]', one_spelling(each.value ->> '$[0]'), '$[2]', one_spelling(each.value ->> '$[2]')))
    FROM json_each(arrival.deliveries) AS each)
WHERE deliveries <> '[]';
INSERT OR IGNORE INTO loose_party (address, arrival_id)
SELECT one_spelling(address), arrival_id FROM loose_party WHERE address <> one_spelling(address);
DELETE FROM loose_party WHERE address <> one_spelling(address);
UPDATE OR IGNORE do_not_track SET value = one_spelling(value) WHERE kind = 'address' AND value <> one_spelling(value);

-- What the user chose for either stands; where they chose for both, what they chose for the one that stays.
INSERT INTO person (address, name, messages, named_at_ms, policy, ask_when, country, asking_wanted_at_ms)
SELECT one_spelling(address), name, messages, named_at_ms, policy, ask_when, country, asking_wanted_at_ms
FROM person WHERE address <> one_spelling(address)
ON CONFLICT (address) DO UPDATE SET
    name = iif(name = '', excluded.name, name),
    messages = messages + excluded.messages,
    policy = coalesce(policy, excluded.policy),
    ask_when = coalesce(ask_when, excluded.ask_when),
    country = iif(country = '', excluded.country, country),
    asking_wanted_at_ms = coalesce(asking_wanted_at_ms, excluded.asking_wanted_at_ms);
DELETE FROM person WHERE address <> one_spelling(address);

-- A random name that a person's ledger rows share, in the rows themselves: an erasing that leaves one of them out, and
-- a detail that was moved to somebody else, are found.  Rows of before have none.
ALTER TABLE ledger ADD COLUMN whose BLOB NOT NULL DEFAULT x'';
CREATE INDEX ledger_of_whom ON ledger (whose, id) WHERE whose <> x'';
-- Every no is gone through with each mail.
CREATE INDEX ledger_refusal ON ledger (id, hash) WHERE event IN ('denied', 'withdrawn', 'stopped');
