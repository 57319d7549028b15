"""Permissions as rows that are only ever added, and stops that hold."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.address import Mailbox
from desktop.core.errors import Malformed, Refused
from desktop.core.ledger import Event
from desktop.core.notice import NoticeKind
from desktop.core.permission import Method, Permission, Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyState, Rung
from desktop.store import people
from desktop.store.accounts import AccountRow, Security, accounts, delete_account, save_account
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.ledger import history
from desktop.store.ledger_rows import append
from desktop.store.mail import NewCopy, cards, record_message, record_outcome
from relay.wire.purpose import Purpose
from tests.fakes.samples import SENT_AT, facts, hit, tracked_copy

ANNA = "anna@becker.example"
OPENS = frozenset({Purpose.OPENS})
LATER = SENT_AT + timedelta(days=1)


def grant(store: Store, address: str = "Anna@Becker.example", *, purposes: frozenset[Purpose] = OPENS) -> Change:
    return people.record_grant(
        store,
        address=address,
        name="Anna Becker",
        purposes=purposes,
        method=Method.SPOKEN,
        evidence="on the phone",
        at=SENT_AT,
    )


def test_nobody_has_permission_to_begin_with(store: Store) -> None:
    """Nothing recorded is nothing allowed."""
    assert people.permission_of(store, ANNA) == Permission(address=ANNA, standing=Standing.UNKNOWN)
    assert people.people(store) == ()


def test_a_grant_stands_with_its_method_evidence_and_date(store: Store) -> None:
    """What the user recorded is what is read back, under one spelling of the address."""
    change = grant(store)
    expected = Permission(
        address=ANNA,
        standing=Standing.GRANTED,
        purposes=OPENS,
        method=Method.SPOKEN,
        evidence="on the phone",
        granted_at=SENT_AT,
    )
    assert change == Change(people=frozenset({ANNA}))
    assert people.permission_of(store, " ANNA@becker.example") == expected
    row = people.PersonRow(address=ANNA, name="Anna Becker", permission=expected, messages=0)
    assert people.people(store) == (row,)


def test_a_second_grant_replaces_the_first(store: Store) -> None:
    """The last row decides, also where it allows less."""
    grant(store, purposes=frozenset(Purpose))
    grant(store, purposes=frozenset({Purpose.CLICKS}))
    assert people.permission_of(store, ANNA).purposes == frozenset({Purpose.CLICKS})


@pytest.mark.parametrize("seen", [Purpose.OPENS, Purpose.CLICKS])
def test_place_is_kept_beside_what_is_seen(store: Store, seen: Purpose) -> None:
    """A grant with place is read back with it, and one without it never holds it."""
    grant(store, purposes=frozenset({seen, Purpose.PLACE}))
    assert people.permission_of(store, ANNA).purposes == frozenset({seen, Purpose.PLACE})
    grant(store, purposes=frozenset({seen}))
    assert people.permission_of(store, ANNA).purposes == frozenset({seen})


def test_a_grant_for_nothing_or_nobody_is_refused(store: Store) -> None:
    """An empty permission is a bug, an address that is none a trouble; neither leaves a row."""
    for purposes in (frozenset(), frozenset({Purpose.PLACE})):
        with pytest.raises(ValueError, match="nothing"):
            grant(store, purposes=purposes)
    with pytest.raises(Malformed):
        grant(store, address="nobody")
    assert people.people(store) == ()


def test_6_ledger_rows_are_append_only(store: Store) -> None:
    """The file itself refuses to change or lose a row."""
    grant(store)
    for statement in (
        "UPDATE ledger SET purposes = '[]'",
        "DELETE FROM ledger",
        "UPDATE ledger_detail SET evidence = ''",
        "DELETE FROM ledger_detail",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|erased by another"):
            store.write(lambda connection, statement=statement: (Change(), connection.execute(statement)))  # type: ignore[misc]
    assert people.permission_of(store, ANNA).standing is Standing.GRANTED


def test_a_withdrawal_holds_against_the_users_own_grants(store: Store) -> None:
    """After a person said no the user cannot say yes for them."""
    grant(store)
    assert people.withdraw(store, ANNA, LATER) == Change(people=frozenset({ANNA}))
    assert people.permission_of(store, ANNA) == Permission(address=ANNA, standing=Standing.WITHDRAWN)
    with pytest.raises(Refused, match="said no"):
        grant(store)


@pytest.mark.parametrize(("after", "rung"), [("nothing", Rung.OPENED), ("a no", Rung.SENT)])
def test_a_no_told_to_the_user_holds_for_mail_they_already_have(store: Store, after: str, rung: Rung) -> None:
    """Nothing that comes later is kept, and the relay is to learn of it; without the no the same opening counts."""
    grant(store)
    copy = tracked_copy(tag=b"anna-tag")
    _, (first,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, first, CopyState.SENT, at=SENT_AT)
    change = people.withdraw(store, ANNA, LATER) if after == "a no" else Change()
    opened = hit(after_s=timedelta(days=1).total_seconds() + 60, token_id=copy.tokens[0].random_id)
    record_hits(store, [opened], now=LATER)
    assert cards(store)[0].rung is rung
    assert people.all_stop_tags(store) == (frozenset({b"anna-tag"}) if after == "a no" else frozenset())
    assert (change.copies, change.notices) == (frozenset({first}) if after == "a no" else frozenset(), ())
    assert people.permission_of(store, ANNA).standing is (Standing.WITHDRAWN if after == "a no" else Standing.GRANTED)


@pytest.mark.parametrize(
    ("allowed", "after_s", "rung"),
    [
        ({Purpose.CLICKS}, 60, Rung.SENT),
        ({Purpose.OPENS}, 60, Rung.OPENED),
        ({Purpose.CLICKS}, -60, Rung.OPENED),
    ],
    ids=["opens no more", "opens still", "before"],
)
def test_a_narrower_permission_holds_for_mail_they_already_have(
    store: Store, allowed: set[Purpose], after_s: float, rung: Rung
) -> None:
    """What it does not allow any more is not kept from then on; what it allows, and what came before it, is."""
    grant(store, purposes=frozenset({Purpose.OPENS, Purpose.CLICKS}))
    copy = tracked_copy(tag=b"anna-tag")
    _, (first,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, first, CopyState.SENT, at=SENT_AT)
    people.record_grant(
        store,
        address=ANNA,
        name="",
        purposes=frozenset(allowed),
        method=Method.SPOKEN,
        evidence="on the phone",
        at=LATER,
    )
    opened = hit(after_s=timedelta(days=1).total_seconds() + after_s, token_id=copy.tokens[0].random_id)
    record_hits(store, [opened], now=LATER)
    assert cards(store)[0].rung is rung


def test_a_no_told_to_the_user_is_recorded_of_anybody(store: Store) -> None:
    """Whoever was told, or never heard of it, can say no: it stands, and no grant of the user's is taken any more."""
    assert people.withdraw(store, "Anna@Becker.example", LATER).people == {ANNA}
    assert people.permission_of(store, ANNA).standing is Standing.WITHDRAWN
    assert [row.address for row in people.people(store)] == [ANNA]
    with pytest.raises(Refused):
        grant(store)
    grant(store, "ben@becker.example")


def test_withdrawing_what_is_refused_changes_nothing(store: Store) -> None:
    """One no is enough: a second one adds no row."""
    grant(store)
    people.withdraw(store, ANNA, LATER)
    assert people.withdraw(store, ANNA, LATER) == Change()
    assert len(history(store, ANNA)) == 2


def test_a_no_after_they_were_told_stops_mail_they_have(store: Store) -> None:
    """Without ever having agreed: the tag is stopped, and what comes of that mail is not kept."""
    copy = tracked_copy(ANNA, tag=b"anna-tag")
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    people.withdraw(store, ANNA, LATER)
    assert people.all_stop_tags(store) == frozenset({b"anna-tag"})
    late = hit(after_s=timedelta(days=2).total_seconds(), token_id=copy.tokens[0].random_id)
    assert record_hits(store, [late], now=LATER + timedelta(days=2)) == Change()


DETAILED = "anna+offer@becker.example"


@pytest.mark.parametrize("no", ["withdrawn", "stopped"])
def test_a_no_holds_for_addresses_with_a_detail(store: Store, no: str) -> None:
    """What anna@ refuses is refused for anna+offer@: its tags are stopped, and no grant is taken; ben+offer@ may."""
    copies = (tracked_copy(ANNA, tag=b"anna-tag"), tracked_copy(DETAILED, tag=b"more-tag"))
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=copies)
    grant(store, DETAILED)
    if no == "withdrawn":
        people.withdraw(store, ANNA, LATER)
    else:
        people.record_stops(store, [b"anna-tag"], LATER)
    assert people.all_stop_tags(store) == frozenset({b"anna-tag", b"more-tag"})
    assert people.permission_of(store, DETAILED).standing is Standing(no)
    assert {row.permission.standing for row in people.people(store)} == {Standing(no)}
    for address in (DETAILED, "anna+new@becker.example"):
        with pytest.raises(Refused):
            grant(store, address)
    grant(store, "ben+offer@becker.example")


def test_a_permission_is_of_the_exact_address(store: Store) -> None:
    """A yes of anna@ is none of anna+offer@, and a no of the latter none of the former."""
    grant(store)
    assert people.permission_of(store, DETAILED).standing is Standing.UNKNOWN
    people.withdraw(store, DETAILED, LATER)
    assert people.permission_of(store, ANNA).standing is Standing.GRANTED


def test_a_stop_with_a_detail_stands_by_itself(store: Store) -> None:
    """It is recorded also while anna@ refuses, so that it outlives a new yes of theirs."""
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(DETAILED, tag=b"more-tag"),))
    people.withdraw(store, ANNA, LATER)
    people.withdraw(store, DETAILED, LATER)
    assert [entry.event for entry in history(store, DETAILED)] == [Event.WITHDRAWN]


def test_a_stop_reaches_the_person_the_copies_and_the_user(store: Store) -> None:
    """A stop by tag ends the permission, stands beside every copy of that tag, and notifies once."""
    grant(store)
    copy = tracked_copy(tag=b"anna-tag")
    _, (first,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, first, CopyState.SENT, at=SENT_AT)
    change = people.record_stops(store, [b"anna-tag", b"anna-tag"], LATER)
    assert (change.people, change.copies) == (frozenset({ANNA}), frozenset({first}))
    (notice,) = change.notices
    assert (notice.kind, notice.person, notice.copy_id) == (NoticeKind.STOPPED, "Anna Becker", first)
    assert people.permission_of(store, ANNA).standing is Standing.STOPPED
    (card,) = cards(store)
    assert (card.asides, card.at) == ((Aside.STOPPED,), LATER)
    with pytest.raises(Refused, match="said no"):
        grant(store)


def test_a_stop_is_recorded_once(store: Store, told: list[Change]) -> None:
    """Exchanging the same tags again changes nothing and rings nobody."""
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(tag=b"anna-tag"),))
    people.record_stops(store, [b"anna-tag"], LATER)
    told.clear()
    assert people.record_stops(store, [b"anna-tag"], LATER) == Change()
    assert people.record_stops(store, [], LATER) == Change()
    assert told == []
    assert people.all_stop_tags(store) == frozenset({b"anna-tag"})


def test_a_stop_of_an_unknown_tag_takes_hold_when_its_mail_is_recorded(store: Store) -> None:
    """After restoring an older store, the relay's stops are kept until they can be matched."""
    assert people.record_stops(store, [b"anna-tag"], SENT_AT) == Change()
    assert people.is_stopped(store, b"anna-tag")
    assert not people.is_stopped(store, b"other-tag")
    grant(store)
    change, _ = record_message(store, account_id=1, facts=facts(), at=LATER, copies=(tracked_copy(tag=b"anna-tag"),))
    assert people.permission_of(store, ANNA).standing is Standing.STOPPED
    assert [notice.kind for notice in change.notices] == [NoticeKind.STOPPED]
    assert cards(store)[0].asides == (Aside.STOPPED,)


def test_a_stop_of_a_stopped_person_is_told_once(store: Store) -> None:
    """Two tags of one person, both stopped, are one stop to the user."""
    for tag in (b"tag-one", b"tag-two"):
        record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(tag=tag),))
    change = people.record_stops(store, [b"tag-one", b"tag-two"], LATER)
    assert len(change.notices) == 1
    assert len(change.copies) == 2


def test_an_older_generations_stop_leaves_a_newer_grant(store: Store) -> None:
    """A stop link in old mail stops the old mail; what the person granted anew stands."""
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(tag=b"old-tag1"),))

    def grant_anew(connection: sqlite3.Connection) -> tuple[Change, None]:
        append(connection, address=ANNA, event=Event.GRANTED, purposes=OPENS, generation=1, at=SENT_AT)
        return Change(), None

    store.write(grant_anew)
    change = people.record_stops(store, [b"old-tag1"], LATER)
    assert (len(change.copies), change.notices) == (1, ())
    assert people.permission_of(store, ANNA).standing is Standing.GRANTED


def test_an_unnamed_person_is_called_by_their_address(store: Store) -> None:
    """Without a name the notice has the address."""
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(name="", tag=b"anna-tag"),))
    (notice,) = people.record_stops(store, [b"anna-tag"], LATER).notices
    assert notice.person == ANNA


def account(**other: object) -> AccountRow:
    fields: dict[str, object] = {
        "id": 0,
        "label": "Work",
        "host": "smtp.example.com",
        "port": 465,
        "security": Security.TLS,
        "user": "kim",
        "identities": (Mailbox("Kim", "kim@example.com"), Mailbox("", "sales@example.com")),
        **other,
    }
    return AccountRow(**fields)  # type: ignore[arg-type]


def test_accounts_are_kept_changed_and_forgotten(store: Store) -> None:
    """An id of 0 makes a new account, another id replaces that one, deleting twice changes nothing."""
    change, first = save_account(store, account())
    assert change == Change(accounts=True)
    _, second = save_account(store, account(label="Home", ca_file="/tmp/ca.pem", shared_copy_only=True))
    save_account(store, account(id=first, security=Security.STARTTLS, convert_flowed=False))
    assert accounts(store) == (
        account(id=first, security=Security.STARTTLS, convert_flowed=False),
        account(id=second, label="Home", ca_file="/tmp/ca.pem", shared_copy_only=True),
    )
    assert delete_account(store, first) == Change(accounts=True)
    assert delete_account(store, first) == Change()
    assert [each.id for each in accounts(store)] == [second]


def test_a_grant_recorded_by_mistake_can_be_taken_back(store: Store) -> None:
    """What stood before stands again, an earlier grant included, and a new grant is still possible."""
    assert people.retract_grant(store, ANNA, LATER) == Change()
    grant(store)
    assert people.retract_grant(store, ANNA, LATER) == Change(people=frozenset({ANNA}))
    assert people.permission_of(store, ANNA) == Permission(address=ANNA, standing=Standing.UNKNOWN)
    grant(store)
    grant(store, purposes=frozenset(Purpose))
    people.retract_grant(store, ANNA, LATER)
    assert people.permission_of(store, ANNA).purposes == OPENS


def test_a_grant_that_mail_was_tracked_under_cannot_be_taken_back(store: Store) -> None:
    """It can be withdrawn, which the record shows; twin: an untracked mail is no hindrance."""
    grant(store)
    record_message(
        store, account_id=1, facts=facts(), at=SENT_AT, copies=(replace(tracked_copy(ANNA), purposes=OPENS),)
    )
    with pytest.raises(Refused, match="already tracked"):
        people.retract_grant(store, ANNA, LATER)
    assert people.permission_of(store, ANNA).standing is Standing.GRANTED
    ben = "ben@becker.example"
    grant(store, address=ben)
    untracked = NewCopy(address=ben, why_not=WhyNot.SIGNED)
    record_message(store, account_id=1, facts=facts(message_id="<2@x>"), at=SENT_AT, copies=(untracked,))
    people.retract_grant(store, ben, LATER)
    assert people.permission_of(store, ben).standing is Standing.UNKNOWN


@pytest.mark.parametrize("no", ["withdraw", "stop"])
def test_taking_back_undoes_no_no(store: Store, no: str) -> None:
    """After a withdrawal or a stop there is no grant to take back, and the no stands."""
    grant(store)
    copy = tracked_copy(ANNA)
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    if no == "withdraw":
        people.withdraw(store, ANNA, LATER)
    else:
        people.record_stops(store, [copy.tag or b""], LATER)
    before = people.permission_of(store, ANNA)
    assert people.retract_grant(store, ANNA, LATER) == Change()
    assert people.permission_of(store, ANNA) == before
