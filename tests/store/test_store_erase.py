"""Erasure and deletion: what is gone is in no file, what is left names nobody, and the others stay as they were."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.core.correction import Who
from desktop.core.errors import Malformed, StoreTrouble
from desktop.core.notice import NoticeKind
from desktop.core.permission import Standing
from desktop.core.status import CopyState, CopyStatus, EvidenceKind, Rung
from desktop.core.thread import name_key
from desktop.core.verdict import Verdict
from desktop.store.change import Change
from desktop.store.corrections import correct_hit, corrections
from desktop.store.database import Store
from desktop.store.do_not_track import entries, remove
from desktop.store.erase import apply_deletion, erase_person, files_naming, has_suppressed, is_suppressed
from desktop.store.export import export_person, is_empty
from desktop.store.hits import record_hits
from desktop.store.ledger import evidence_file, repair_ledger, verify_ledger
from desktop.store.mail import NewCopy, cards, conversation, record_message, record_outcome
from desktop.store.people import all_stop_tags, people, permission_of
from desktop.store.retention import expire_hits
from relay.wire.answer import Answer, AnswerKind
from tests.fakes.samples import SENT_AT, facts, hit, tracked_copy
from tests.store.planted import GONE, GONE_TAG, GONE_TOKEN, MARKS, NOW, STAYS, found_in, plant, planted

MARK = b"key-name" + b"m" * 24


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Lend a store in which a person stands in every table that can name one."""
    with planted(tmp_path) as opened:
        yield opened


def unlist(store: Store) -> None:
    """Take everybody off the do-not-track list, so that what comes of mail to them is kept."""
    for row in entries(store):
        remove(store, row.id)


def test_16_erase_leaves_only_a_keyed_suppression_hash_in_no_file(tmp_path: Path) -> None:
    """Item 16: of a person who was erased no mark is in the file, nor in its log, nor once it is closed."""
    store = Store(tmp_path / "store.sqlite3", clock=lambda: NOW)
    plant(store)
    before = found_in(tmp_path)
    assert all("store.sqlite3-wal" in files for files in before.values()), before
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert found_in(tmp_path) == {mark: set() for mark in MARKS}
    store.close()
    assert found_in(tmp_path) == {mark: set() for mark in MARKS}
    assert (tmp_path / "store.sqlite3").stat().st_size > 0


def test_16_the_twin_what_was_not_erased_is_still_found(store: Store, tmp_path: Path) -> None:
    """Item 16, its twin: without an erasure the same search finds every mark, open, written anew and closed."""
    assert all(found_in(tmp_path).values())
    store.rewrite()
    assert found_in(tmp_path) == {mark: {"store.sqlite3"} for mark in MARKS}
    store.close()
    assert found_in(tmp_path) == {mark: {"store.sqlite3"} for mark in MARKS}


def test_what_is_left_of_them_is_the_hash_and_what_names_nobody(store: Store) -> None:
    """The mark, stopped tags and random ids stay; the export of everything held is empty, and the ledger holds."""
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert is_empty(export_person(store, GONE))
    assert is_suppressed(store, MARK)
    assert {GONE_TAG, b"gone-ask"} <= all_stop_tags(store)
    assert b"stay-tag" not in all_stop_tags(store)
    assert verify_ledger(store) is None
    assert permission_of(store, GONE).standing is Standing.UNKNOWN
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM message WHERE twin IS NOT NULL").fetchone() == (1,)
        named = {key for (key,) in connection.execute("SELECT key FROM named")}
    assert named & {name_key(each) for each in ("<r1@a>", "<r2@a>", "<alone@sender.example>")} == set()
    assert name_key("<both@sender.example>") in named


def test_who_stays_keeps_everything(store: Store) -> None:
    """Of mail to both the other's copy, opening, report and answer stay, and the address goes out of their texts."""
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert [row.address for row in people(store)] == [STAYS]
    assert permission_of(store, STAYS).standing is Standing.GRANTED
    assert sorted(card.subject for card in cards(store)) == ["Bob's", "For … and you"]
    detail = conversation(store, next(card.id for card in cards(store) if card.subject != "Bob's"))
    assert detail is not None
    (message,) = detail.messages
    (copy,) = message.copies
    assert (copy.address, copy.status.rung) == (STAYS, Rung.REPLIED)
    assert {EvidenceKind.HIT, EvidenceKind.REPLY, EvidenceKind.DELAYED} <= {each.kind for each in copy.status.evidence}
    assert [each.detail for each in copy.status.evidence if each.kind is EvidenceKind.DELAYED] == ["451 later"]
    assert {each.from_.address: (each.from_.name, each.subject) for each in detail.arrivals} == {
        "mailer-daemon@x.example": ("", "Undelivered"),
        "docs@x.example": ("… (by Docs)", "Shared"),
        STAYS: ("Bob", "Re: as <…> said"),
    }
    assert [(row.entry.value, row.note) for row in entries(store)] == [("spam.example", "as … said")]


def test_what_altered_is_told(store: Store) -> None:
    """Windows hear of the person, of conversations that are gone and of those that are not as they were."""
    known = {card.id for card in cards(store)}
    change = erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    (bobs,) = (card.id for card in cards(store) if card.subject == "Bob's")
    assert change.people == {GONE}
    assert known - {bobs} <= change.conversations
    assert change.notices == ()


def test_what_the_relay_still_brings_of_them_is_dropped(store: Store) -> None:
    """A hit of theirs that comes home later is kept by nobody, until nothing can come any more; a stranger's is."""
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    record_hits(store, [hit(token_id=GONE_TOKEN), hit(token_id=b"nobody's tok")], now=NOW)
    assert token_ids(store) == {b"nobody's tok"}
    expire_hits(store, NOW + timedelta(days=104))
    record_hits(store, [hit(token_id=GONE_TOKEN, after_s=1)], now=NOW)
    assert GONE_TOKEN not in token_ids(store)
    expire_hits(store, NOW + timedelta(days=106))
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM forgotten_token").fetchone() == (0,)


def token_ids(store: Store) -> set[bytes]:
    with store.read() as connection:
        return {
            token_id for (token_id,) in connection.execute("SELECT token_id FROM hit WHERE copy_id IS NULL").fetchall()
        }


def test_erasing_twice_is_erasing_once(store: Store, tmp_path: Path) -> None:
    """What was interrupted can be done again, also for somebody who is not known at all."""
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    erase_person(store, GONE.upper(), suppression_mark=MARK, now=NOW)
    erase_person(store, "nobody@x.example", suppression_mark=b"key-name" + b"n" * 24, now=NOW)
    assert found_in(tmp_path) == {mark: set() for mark in MARKS}
    assert [row.address for row in people(store)] == [STAYS]


def test_an_address_that_is_none_is_refused_and_nothing_is_erased(store: Store) -> None:
    """A slip in the address erases nobody."""
    with pytest.raises(Malformed):
        erase_person(store, "planted.person", suppression_mark=MARK, now=NOW)
    assert not has_suppressed(store)


def test_a_reader_that_does_not_end_is_told_of(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The rows are gone, and the trouble says that the file still holds them; once more without the reader mends it."""
    monkeypatch.setattr("desktop.store.database._REWRITING_MS", 1)
    reader = sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM person").fetchall()
    with pytest.raises(StoreTrouble, match="They are erased, but"):
        erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert is_empty(export_person(store, GONE))
    assert found_in(tmp_path)[GONE] != set()
    reader.close()
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert found_in(tmp_path)[GONE] == set()


def test_a_broken_ledger_that_was_set_aside_names_them_no_more(store: Store, tmp_path: Path) -> None:
    """What a repair keeps as evidence loses the person's details alone; the other's stand as they did."""
    path = evidence_file(tmp_path, NOW)
    store._writer.submit(store._connection.execute, "UPDATE ledger_head SET rows = 1").result()
    repair_ledger(store, now=NOW, evidence=path)
    before = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    after = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert found_in(tmp_path) == {mark: set() for mark in MARKS}
    theirs = [number for number, line in enumerate(before) if (line.get("detail") or {}).get("address") == GONE]
    assert theirs != []
    assert [line for number, line in enumerate(after) if number not in theirs] == [
        line for number, line in enumerate(before) if number not in theirs
    ]
    assert [after[number]["erased"] for number in theirs] == [True] * len(theirs)


def test_a_file_that_names_them_still_is_found(store: Store, tmp_path: Path) -> None:
    """A backup that somebody put into the folder is named, in whatever way it spells the address; others are not."""
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert files_naming(tmp_path, GONE) == ()
    kept = {"plain.eml": f"x{GONE.title()}y".encode(), "hex.txt": GONE.encode().hex().upper().encode()}
    kept |= {f"base{n}.txt": base64.b64encode(b"z" * n + GONE.encode()) for n in range(3)}
    for name, octets in kept.items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / "other.txt").write_bytes(STAYS.encode())
    assert [path.name for path in files_naming(tmp_path, GONE)] == sorted(kept)


def test_a_mark_under_another_key_lets_everybody_alone(store: Store) -> None:
    """Without the key nobody can be told from those who were erased; with nobody erased nobody is let alone."""
    assert not is_suppressed(store, None)
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert not is_suppressed(store, b"key-name" + b"o" * 24)
    assert is_suppressed(store, b"other-ke" + b"o" * 24)
    assert is_suppressed(store, None)


def delete_answer(tag: bytes = GONE_TAG, *, after_h: float = 2) -> Answer:
    at = SENT_AT + timedelta(hours=after_h)
    return Answer(id=b"a" * 16, kind=AnswerKind.DELETE, token_id=b"t" * 12, tag=tag, at_ms=round(at.timestamp() * 1000))


def delete(store: Store, answer: Answer) -> Change:
    return store.write(lambda connection: (apply_deletion(connection, answer, now=NOW), None))[0]


def status_of(store: Store, address: str = GONE, subject: str = "plantedsubject") -> CopyStatus:
    for card in cards(store):
        detail = conversation(store, card.id)
        assert detail is not None
        for message in detail.messages:
            for copy in message.copies:
                if (copy.address, message.subject) == (address, subject):
                    return copy.status
    raise LookupError(subject)


def test_15_deletion_is_carried_out_by_the_senders_app_as_a_duty(store: Store) -> None:
    """Item 15: hits, what they told and what they proved go; the timeline says that they asked for it, and it rings."""
    assert EvidenceKind.HIT in {each.kind for each in status_of(store).evidence}
    change = delete(store, delete_answer())
    status = status_of(store)
    assert EvidenceKind.HIT not in {each.kind for each in status.evidence}
    assert EvidenceKind.DELETED in {each.kind for each in status.evidence}
    with store.read() as connection:
        assert connection.execute(
            "SELECT count(*) FROM hit JOIN copy ON copy.id = hit.copy_id WHERE address = ?", (GONE,)
        ).fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM correction").fetchone() == (0,)
    (notice,) = change.notices
    assert (notice.kind, notice.address, notice.person) == (NoticeKind.DELETED, GONE, "Plantina Markova")
    assert notice.at == SENT_AT + timedelta(hours=2)


def test_15_the_twin_what_comes_after_the_wish_and_what_is_others_stays(store: Store) -> None:
    """Item 15, its twin: a later opening is recorded again and rings anew; the other person's hits stay throughout."""
    unlist(store)
    record_hits(store, [hit(token_id=GONE_TOKEN, after_s=2 * 3_600 + 60)], now=NOW)
    delete(store, delete_answer())
    assert [each.at for each in status_of(store).evidence if each.hit] == [SENT_AT + timedelta(hours=2, minutes=1)]
    copy = record_later(store)
    picture = copy.tokens[0].random_id
    first = record_hits(store, [hit(token_id=picture, after_s=9_000)], now=NOW)
    delete(store, delete_answer(after_h=3))
    again = record_hits(store, [hit(token_id=picture, after_s=5 * 3_600)], now=NOW)
    assert [notice.kind for change in (first, again) for notice in change.notices] == [NoticeKind.OPENED] * 2
    with store.read() as connection:
        assert connection.execute(
            "SELECT count(*) FROM hit JOIN copy ON copy.id = hit.copy_id WHERE address = ?", (STAYS,)
        ).fetchone() == (1,)


def test_a_hit_from_before_a_deletion_stays_away(store: Store) -> None:
    """A relay restored from a backup may bring it once more; one from after it is kept."""
    unlist(store)
    delete(store, delete_answer())
    record_hits(store, [hit(token_id=GONE_TOKEN, after_s=60), hit(token_id=GONE_TOKEN, after_s=9_000)], now=NOW)
    assert [each.at for each in status_of(store).evidence if each.hit] == [SENT_AT + timedelta(seconds=9_000)]


def test_a_wish_dated_ahead_deletes_nothing_that_is_still_to_come(store: Store) -> None:
    """The relay's clock may be wrong: no wish is later than now."""
    unlist(store)
    delete(store, delete_answer(after_h=9_999))
    later = hit(token_id=GONE_TOKEN, after_s=timedelta(days=3, hours=1).total_seconds())
    record_hits(store, [later], now=NOW + timedelta(hours=2))
    assert [each.hit for each in status_of(store).evidence if each.hit] == [later]


def test_what_expired_hits_proved_is_deleted_too(store: Store) -> None:
    """The rung that outlived its hits was recorded of the person as well."""
    unlist(store)
    copy = record_later(store)
    record_hits(store, [hit(token_id=copy.tokens[0].random_id)], now=NOW)
    expire_hits(store, NOW + timedelta(days=400))
    assert status_of(store, subject="Later").rung is Rung.OPENED
    delete(store, delete_answer())
    assert status_of(store, subject="Later").rung is Rung.SENT


def record_later(store: Store, address: str = GONE, tag: bytes = GONE_TAG) -> NewCopy:
    """Record one more mail, which was sent and not answered."""
    copy = tracked_copy(address, tag=tag)
    about = facts(subject="Later", message_id=f"<{tag.hex()}@s>")
    _, (copy_id,) = record_message(store, account_id=1, facts=about, at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy


def test_a_wish_about_an_unknown_tag_is_kept_and_told_to_nobody(store: Store) -> None:
    """As after a restore: there is nobody to tell of, and hits from before it stay away once the tag is known."""
    assert delete(store, delete_answer(b"new--tag")) == Change()
    copy = record_later(store, tag=b"new--tag")
    record_hits(store, [hit(token_id=copy.tokens[0].random_id)], now=NOW)
    assert not any(each.hit for each in status_of(store, subject="Later").evidence)


def test_only_a_wish_to_delete_deletes(store: Store) -> None:
    """A press of another kind is no such wish."""
    with pytest.raises(ValueError, match="no deletion"):
        delete(store, replace(delete_answer(), kind=AnswerKind.CONFIRM))


def test_the_users_word_on_other_hits_outlives_the_hit_it_was_said_of(store: Store) -> None:
    """What the user said of a deleted hit, that it was themselves, goes on deciding the others like it."""
    unlist(store)
    first, second = record_later(store), record_later(store, STAYS, b"stay-tag")
    mine = hit(token_id=first.tokens[0].random_id, after_s=4_000, same_source=b"\x07" * 8)
    like_it = hit(token_id=second.tokens[0].random_id, after_s=4_100, same_source=b"\x07" * 8)
    record_hits(store, [mine, like_it], now=NOW)
    correct_hit(store, mine.id, Who.ME, now=NOW)
    delete(store, delete_answer())
    assert [each.correction.hit_id for each in corrections(store)] == [like_it.id]
    (line,) = (each for each in status_of(store, STAYS, "Later").evidence if each.judgement)
    assert line.judgement is not None
    assert line.judgement.verdict is Verdict.SELF
    assert line.judgement.reason == "you said so"
    erase_person(store, STAYS, suppression_mark=MARK, now=NOW)
    assert corrections(store) == ()


def test_the_users_word_on_an_erased_persons_hit_outlives_it_too(store: Store) -> None:
    """It decides the other person's hit from then on as a word on that very hit."""
    unlist(store)
    first, second = record_later(store), record_later(store, "carol@x.example", b"carol-tg")
    mine = hit(token_id=first.tokens[0].random_id, after_s=4_000, same_source=b"\x07" * 8)
    like_it = hit(token_id=second.tokens[0].random_id, after_s=4_100, same_source=b"\x07" * 8)
    record_hits(store, [mine, like_it], now=NOW)
    correct_hit(store, mine.id, Who.ME, now=NOW)
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    (line,) = (each for each in status_of(store, "carol@x.example", "Later").evidence if each.judgement)
    assert line.judgement is not None
    assert (line.judgement.verdict, line.judgement.reason) == (Verdict.SELF, "you said so")


def test_a_wish_concerns_mail_of_every_generation(store: Store) -> None:
    """A hit from before it stays away whichever of the person's tags its mail bore."""
    older, newer = record_later(store, tag=b"older-tg"), record_later(store, tag=b"newer-tg")
    delete(store, delete_answer(b"newer-tg"))
    record_hits(store, [hit(token_id=each.tokens[0].random_id) for each in (older, newer)], now=NOW)
    assert not any(each.hit for each in status_of(store, subject="Later").evidence)


def test_what_was_deleted_before_is_gone_with_the_rest(store: Store, tmp_path: Path) -> None:
    """Free pages that an earlier version left, which overwrote nothing, are written anew as well."""
    run = store._writer.submit
    run(store._connection.execute, "PRAGMA secure_delete = OFF").result()
    run(store._connection.execute, _MANY.format("plantedbefore")).result()
    run(store._connection.execute, "DROP TABLE old").result()
    assert found_in(tmp_path, ("plantedbefore",)) != {"plantedbefore": set()}
    erase_person(store, GONE, suppression_mark=MARK, now=NOW)
    assert found_in(tmp_path, ("plantedbefore",)) == {"plantedbefore": set()}


_MANY = (
    "CREATE TABLE old AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    " SELECT '{}' || i AS x FROM n"
)
