"""The do-not-track list as it is kept: what names whom, imports with bad lines, and what each change tells."""

import time
from datetime import timedelta

import pytest

from desktop.core.address import normalised
from desktop.core.donottrack import Entry, Kind, parse_line
from desktop.core.permission import Standing
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.do_not_track import EntryRow, Imported, add, entries, import_lines, is_listed, remove
from desktop.store.hits import record_hits
from desktop.store.ledger import history
from desktop.store.mail import record_message
from desktop.store.people import all_stop_tags, permission_of
from tests.fakes.samples import SENT_AT, facts, hit, tracked_copy


def listed(store: Store, address: str) -> bool:
    with store.read() as connection:
        return is_listed(connection, normalised(address))


def test_11_lists_are_consulted_by_address_domain_and_pattern(store: Store) -> None:
    """Item 11: an address, a domain with all below it, and a pattern each name whom they name."""
    import_lines(store, "anna@becker.example\nlund.example\n*@*.gov.example\n", SENT_AT)
    named = ("anna@becker.example", "x@lund.example", "x@mail.lund.example", "x@tax.gov.example")
    assert [each for each in named if not listed(store, each)] == []


def test_11_the_twin_who_is_on_no_list_is_not_named(store: Store) -> None:
    """Item 11, its twin: neighbours of what is listed are not."""
    import_lines(store, "anna@becker.example\nlund.example\n*@*.gov.example\n", SENT_AT)
    free = ("bob@becker.example", "joanna@becker.example", "x@notlund.example", "x@lund.example.org", "x@gov.example")
    assert [each for each in free if listed(store, each)] == []


def test_11_an_import_with_bad_lines_imports_the_good_and_lists_the_bad(store: Store, told: list[Change]) -> None:
    """Item 11, import: each bad line is told with its number, its text and what is wrong; the good ones are kept."""
    text = (
        "\ufeff# our list\r\nanna@becker.example # asked by phone\r\n\r\nno one\r\n*\r\na@b@c.example\r\nlund.example"
    )
    found = import_lines(store, text, SENT_AT)
    assert (found.added, found.known) == (2, 0)
    assert found.bad == (
        (4, "no one", "This is no address and no domain."),
        (5, "*", "This pattern names everybody."),
        (6, "a@b@c.example", "This is not a mail address."),
    )
    assert [(row.entry.value, row.note) for row in entries(store)] == [
        ("anna@becker.example", "asked by phone"),
        ("lund.example", ""),
    ]
    assert told == [Change(settings=True)]


def test_what_is_known_is_counted_and_kept_as_it_was(store: Store, told: list[Change]) -> None:
    """The same file again adds nothing, tells nothing and leaves notes alone."""
    import_lines(store, "lund.example # first", SENT_AT)
    told.clear()
    again = import_lines(store, "@LUND.example # second\nlund.example", SENT_AT + timedelta(days=1))
    assert again == Imported(added=0, known=2)
    assert [(row.note, row.at) for row in entries(store)] == [("first", SENT_AT)]
    assert told == []


def test_an_entry_is_added_and_removed(store: Store) -> None:
    """Adding tells the entry's id, the same for one that is known; removing it again is the undo."""
    entry = parse_line("lund.example")
    change, id_ = add(store, entry, "by hand", SENT_AT)
    assert (change, add(store, entry, "", SENT_AT)) == (Change(settings=True), (Change(), id_))
    assert entries(store) == (
        EntryRow(id=id_, entry=Entry(kind=Kind.DOMAIN, value="lund.example"), note="by hand", at=SENT_AT),
    )
    assert remove(store, id_) == Change(settings=True)
    assert (remove(store, id_), entries(store), listed(store, "x@lund.example")) == (Change(), (), False)


@pytest.mark.parametrize("written", ["x@m\u00fcller.example", "x@xn--mller-kva.example"])
def test_an_international_domain_is_found_in_either_spelling(store: Store, written: str) -> None:
    """The list may hold one spelling and the mail another."""
    import_lines(store, "m\u00fcller.example", SENT_AT)
    assert listed(store, written)
    assert not listed(store, "x@muller.example")


def test_ten_thousand_entries_delay_no_mail(store: Store) -> None:
    """A look at a long list, patterns among it, takes a few milliseconds."""
    lines = [f"p{number}@x.example\nd{number}.example\n*{number}@*.pattern.example" for number in range(3_400)]
    assert import_lines(store, "\n".join(lines), SENT_AT).added == 10_200
    began = time.process_time()
    assert not listed(store, "anna@becker.example")
    assert listed(store, "a3399@b.pattern.example")
    assert time.process_time() - began < 0.2


COPY = tracked_copy("anna@becker.example", tag=b"anna-tag")
OTHER = tracked_copy("ben@other.example", tag=b"ben-tag")


def had_mail(store: Store) -> None:
    """Let two people have tracked mail without ever having agreed, as they were told of it."""
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(COPY, OTHER))


def kept(store: Store, *, after_s: float = 3_600) -> list[str]:
    """Return of whom an opening of that mail is kept."""
    hits = [hit(after_s=after_s, token_id=copy.tokens[0].random_id) for copy in (COPY, OTHER)]
    record_hits(store, hits, now=SENT_AT + timedelta(days=1))
    with store.read() as connection:
        sql = "SELECT copy.address FROM hit JOIN copy ON copy.id = hit.copy_id ORDER BY 1"
        return [address for (address,) in connection.execute(sql)]


@pytest.mark.parametrize("line", ["anna@becker.example", "becker.example", "*@becker.*"])
def test_11_nothing_is_kept_of_mail_that_whoever_is_listed_has_already(store: Store, line: str) -> None:
    """Item 11, for mail from before: whatever kind of entry names them; what comes of others' mail is kept."""
    had_mail(store)
    add(store, parse_line(line), "", SENT_AT)
    assert kept(store) == ["ben@other.example"]


@pytest.mark.parametrize("is_imported", [False, True])
def test_11_an_address_on_the_list_is_a_no(store: Store, is_imported: bool) -> None:
    """Their tags are stopped, so that the relay stores nothing more; taking the entry off gives no permission back."""
    had_mail(store)
    if is_imported:
        import_lines(store, "anna@becker.example # asked me to\nnobody@known.example", SENT_AT)
    else:
        change, _ = add(store, parse_line("anna@becker.example"), "", SENT_AT)
        assert change.people == {"anna@becker.example"}
    for row in entries(store):
        remove(store, row.id)
    assert all_stop_tags(store) == frozenset({b"anna-tag"})
    assert permission_of(store, "anna@becker.example").standing is Standing.WITHDRAWN
    (row_,) = history(store, "anna@becker.example")
    assert row_.evidence == "put on the do-not-track list"
    assert permission_of(store, "ben@other.example").standing is Standing.UNKNOWN


def test_11_an_address_that_nothing_stands_for_is_only_listed(store: Store) -> None:
    """There is nothing to stop, so that taking the entry off leaves them as they were."""
    _, id_ = add(store, parse_line("anna@becker.example"), "", SENT_AT)
    assert history(store, "anna@becker.example") == ()
    remove(store, id_)
    had_mail(store)
    assert kept(store) == ["anna@becker.example", "ben@other.example"]


def test_11_an_entry_holds_for_an_address_with_a_detail(store: Store) -> None:
    """Who is listed as anna@ is listed as anna+offer@, and one listed with a detail with that one alone."""
    add(store, parse_line("anna@becker.example"), "", SENT_AT)
    add(store, parse_line("ben+offer@other.example"), "", SENT_AT)
    assert listed(store, "anna+offer@becker.example")
    assert listed(store, "ben+offer@other.example")
    assert not listed(store, "ben@other.example")
    assert not listed(store, "ben+news@other.example")
