"""Grounds: what is decided from, read in one go, the person's own before the account's."""

from dataclasses import replace

import pytest

from desktop.core.address import Mailbox
from desktop.core.arrival import ArrivalKind
from desktop.core.donottrack import parse_line
from desktop.core.errors import Malformed, StoreTrouble
from desktop.core.grounds import AskWhen, Grounds, Policy
from desktop.core.permission import Permission, Standing
from desktop.store.accounts import AccountRow, Security, accounts, save_account
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.do_not_track import add
from desktop.store.people import people
from desktop.store.policies import grounds, set_person_policy
from relay.wire.language import Language
from tests.fakes.mailbox_world import arrival, record
from tests.fakes.samples import SENT_AT

ANNA = "anna@becker.example"
ACCOUNT = AccountRow(
    id=0,
    label="Work",
    host="smtp.example.com",
    port=465,
    security=Security.TLS,
    user="kim",
    identities=(Mailbox("Kim", "kim@example.com"),),
)


def of(store: Store, address: str = ANNA, account_id: int = 1, *, is_suppressed: bool = False) -> Grounds:
    return grounds(store, address, account_id, is_suppressed=is_suppressed)


def test_an_unanswered_question_means_ask_first_and_asks_nobody(store: Store) -> None:
    """Until the user has said what they would like to know nothing is put into mail, nor for an unknown account."""
    save_account(store, replace(ACCOUNT, policy=Policy.TELL, ask_when=AskWhen.FIRST))
    nothing = Grounds(permission=Permission(address=ANNA, standing=Standing.UNKNOWN), ask_when=AskWhen.NEVER)
    assert (of(store), of(store, account_id=9)) == (nothing, nothing)


@pytest.mark.parametrize("when", list(AskWhen))
def test_once_it_is_answered_the_account_says_when_to_ask(store: Store, when: AskWhen) -> None:
    """What the user chose is in force, with their language and country."""
    chosen = replace(
        ACCOUNT,
        policy=Policy.TELL,
        ask_when=when,
        language=Language.FRENCH,
        country="CA",
        adds_confirm=True,
        sunset_days=30,
        is_policy_chosen=True,
    )
    save_account(store, chosen)
    assert accounts(store) == (replace(chosen, id=1),)
    found = of(store)
    assert (found.policy, found.ask_when) == (Policy.TELL, when)
    assert (found.language, found.own_country) == (Language.FRENCH, "CA")


def test_what_was_chosen_for_a_person_goes_before_the_account(store: Store) -> None:
    """Policy, time of asking and country, each for itself; None leaves the account's, and nobody else is touched."""
    save_account(store, replace(ACCOUNT, ask_when=AskWhen.FIRST, is_policy_chosen=True))
    change = set_person_policy(store, "Anna@becker.example", Policy.OFF, AskWhen.NEVER, "US")
    assert change == Change(people=frozenset({ANNA}))
    found = of(store)
    assert (found.policy, found.ask_when, found.country) == (Policy.OFF, AskWhen.NEVER, "US")
    (row,) = people(store)
    assert (row.policy, row.ask_when, row.country) == (Policy.OFF, AskWhen.NEVER, "US")
    assert of(store, "ben@becker.example").policy is Policy.ASK
    set_person_policy(store, ANNA, None, None, "")
    found = of(store)
    assert (found.policy, found.ask_when, found.country) == (Policy.ASK, AskWhen.FIRST, "")


def test_what_was_chosen_for_a_person_counts_before_the_first_run(store: Store) -> None:
    """The user's own word on one person switches the question on for them."""
    save_account(store, ACCOUNT)
    set_person_policy(store, ANNA, None, AskWhen.FIRST, "")
    assert of(store).ask_when is AskWhen.FIRST


@pytest.mark.parametrize("country", ["DEU", "D", "D1", "DE\n", "XX", "EU", "SU"])
def test_a_country_is_two_letters(store: Store, country: str) -> None:
    """What names no country is refused and kept nowhere; the two letters of one are taken."""
    with pytest.raises(Malformed, match="no country"):
        set_person_policy(store, ANNA, None, None, country)
    assert people(store) == ()
    set_person_policy(store, ANNA, None, None, "DE")
    assert of(store).country == "DE"


@pytest.mark.parametrize(("written", "country"), [("UK", "GB"), ("EL", "GR"), ("us", "US")])
def test_a_country_is_kept_as_iso_3166_spells_it(store: Store, written: str, country: str) -> None:
    """How the EU and domains spell one, and small letters, are taken for the same."""
    set_person_policy(store, ANNA, None, None, written)
    assert of(store).country == country


@pytest.mark.parametrize(
    ("address", "can"),
    [
        (ANNA, True),
        ("no-reply@becker.example", False),
        (ACCOUNT.identities[0].address.upper(), False),
        (ACCOUNT.identities[0].address.replace("@", "+me@"), False),
    ],
)
def test_a_machine_and_the_user_themselves_cannot_answer(store: Store, address: str, can: bool) -> None:
    """Nobody reads there whom a question or a line would tell anything; everybody else may."""
    save_account(store, ACCOUNT)
    assert can is of(store, address).can_answer


@pytest.mark.parametrize(
    ("address", "country"), [("a@becker.de", "DE"), ("a@becker.com", ""), ("a@becker.co.uk", "GB")]
)
def test_a_country_domain_speaks_where_none_was_entered(store: Store, address: str, country: str) -> None:
    """What the user entered goes before it."""
    assert of(store, address).country == country
    set_person_policy(store, address, None, None, "NZ")
    assert of(store, address).country == "NZ"


def test_11_do_not_track_lists_are_consulted(store: Store) -> None:
    """By address, domain and pattern; who was erased counts as listed; others do not."""
    assert not of(store).is_listed
    assert of(store, is_suppressed=True).is_listed
    add(store, parse_line("becker.example"), "", SENT_AT)
    set_person_policy(store, ANNA, None, None, "")
    assert (of(store).is_listed, people(store)[0].is_listed) == (True, True)
    assert not of(store, "ben@other.example").is_listed


def test_a_person_has_answered_once_a_mail_of_theirs_came(store: Store) -> None:
    """Any mail a person wrote; an automatic answer is none."""
    record(store, arrival("<a@a>", "<1@s>", kind=ArrivalKind.AUTO_REPLY))
    assert not of(store).has_answered
    record(store, arrival("<r@a>", "<1@s>"))
    assert of(store).has_answered
    assert not of(store, "ben@other.example").has_answered


def test_an_address_that_is_none_has_no_grounds(store: Store) -> None:
    """It is said so, and nothing is looked up."""
    with pytest.raises(Malformed):
        of(store, "nobody")


def test_1_a_store_that_cannot_be_read_gives_no_grounds(store: Store) -> None:
    """Whoever decides is told, and does not track."""
    store.close()
    with pytest.raises(StoreTrouble):
        of(store)
