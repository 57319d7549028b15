"""The do-not-track list as it is kept: what names whom, imports with bad lines, and what each change tells."""

import time
from datetime import timedelta

import pytest

from desktop.core.address import normalised
from desktop.core.donottrack import Entry, Kind, parse_line
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.do_not_track import EntryRow, Imported, add, entries, import_lines, is_listed, remove
from tests.fakes.samples import SENT_AT


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
