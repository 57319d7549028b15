"""The table of providers: every row is sound, and addresses, MX hosts and servers lead to the right one."""

import dataclasses
import re
from urllib.parse import urlsplit

import pytest

from desktop.accounts.hostnames import ascii_domain, checked_host, is_under
from desktop.accounts.provider_table import PROVIDERS
from desktop.accounts.providers import completed, found_by_mx, found_in_table, without_imap
from desktop.accounts.servers import POP_ONLY, Found, Server, Source, filled, row_of
from desktop.core.address import Mailbox
from desktop.store.accounts import AccountRow, Auth, Security

BRIDGE = "127.0.0.1"


def test_every_row_is_sound() -> None:
    """Hosts can be connected to, ports fit the security, pages are https, sign-in by page names a known provider."""
    for provider in PROVIDERS:
        found = provider.found
        assert provider.domains or provider.mx
        assert found.sources == (Source.TABLE,)
        assert found.oauth_provider in {"", "google", "microsoft"}
        assert bool(found.oauth_provider) is (Auth.OAUTH2 in found.outgoing.auth)
        assert not found.app_password_page or urlsplit(found.app_password_page).scheme == "https"
        assert bool(found.app_password_page) is bool(found.app_password_note)
        for text in (found.app_password_note, found.note):
            assert not text or text.endswith(".")
        for server in (found.incoming, found.outgoing):
            if server is not None:
                assert server.host in {checked_host(server.host), BRIDGE}
                assert (server.security is Security.TLS) is (server.port in {993, 465})
                assert re.fullmatch("%EMAIL(ADDRESS|LOCALPART)%", server.user)
                assert server.auth


def test_no_domain_and_no_mx_stands_twice() -> None:
    """Each domain and each end of an MX host leads to one provider only, and is spelled as it is looked up."""
    for names in ([d for each in PROVIDERS for d in each.domains], [m for each in PROVIDERS for m in each.mx]):
        assert len(names) == len(set(names))
        assert names == [ascii_domain(each) for each in names]
    assert len(PROVIDERS) > 40


@pytest.mark.parametrize(
    ("address", "label", "imap", "imap_user", "smtp", "smtp_user"),
    [
        ("a@gmail.com", "Gmail", "imap.gmail.com:993", "a@gmail.com", "smtp.gmail.com:465", "a@gmail.com"),
        ("a@hotmail.co.uk", "Outlook.com", "outlook.office365.com:993", "", "smtp.office365.com:587", ""),
        ("a@firm.onmicrosoft.com", "Microsoft 365", "outlook.office365.com:993", "", "smtp.office365.com:587", ""),
        ("a@icloud.com", "iCloud", "imap.mail.me.com:993", "a", "smtp.mail.me.com:587", "a@icloud.com"),
        ("a@web.de", "WEB.DE", "imap.web.de:993", "a", "smtp.web.de:465", "a"),
        ("a@t-online.de", "T-Online", "secureimap.t-online.de:993", "", "securesmtp.t-online.de:465", ""),
        ("a@gmx.ch", "GMX", "imap.gmx.net:993", "", "mail.gmx.net:465", ""),
        ("a@gmx.fr", "GMX", "imap.gmx.com:993", "", "mail.gmx.com:465", ""),
        ("a@proton.me", "Proton Mail", "127.0.0.1:1143", "", "127.0.0.1:1025", ""),
        ("A@YAHOO.DE", "Yahoo", "imap.mail.yahoo.com:993", "A@YAHOO.DE", "smtp.mail.yahoo.com:465", ""),
    ],
)
def test_an_address_leads_to_its_provider(
    address: str, *, label: str, imap: str, imap_user: str, smtp: str, smtp_user: str
) -> None:
    """Hosts, ports and the form of the user name are the provider's; an empty expectation is the whole address."""
    found = found_in_table(address)
    assert found is not None
    assert found.incoming is not None
    assert found.label == label
    assert f"{found.incoming.host}:{found.incoming.port}" == imap
    assert f"{found.outgoing.host}:{found.outgoing.port}" == smtp
    assert (found.incoming.user, found.outgoing.user) == (imap_user or address, smtp_user or address)


@pytest.mark.parametrize("address", ["a@example.test", "a@notgmail.com", "a@mail.gmail.com", "a@onmicrosoft.com.test"])
def test_an_unknown_domain_is_not_in_the_table(address: str) -> None:
    """Domains that only look alike are not taken for a provider's."""
    assert found_in_table(address) is None


def test_providers_say_what_must_be_done_first() -> None:
    """App passwords, the bridge, POP3 alone and sign-in pages are told in words."""
    notes = {
        each: (found.app_password_note + found.note)
        for each in ("yahoo.com", "proton.me", "rediffmail.com", "outlook.com", "orange.fr")
        if (found := found_in_table(f"a@{each}"))
    }
    assert "app password" in notes["yahoo.com"]
    assert "Bridge" in notes["proton.me"]
    assert notes["rediffmail.com"] == POP_ONLY
    assert "own page" in notes["outlook.com"]
    assert notes["orange.fr"] == ""


def test_a_provider_without_imap_is_known_as_such() -> None:
    """Tuta lets no program in; others are not said to be like it."""
    assert without_imap("Tutanota.com").startswith("Tuta ")
    assert without_imap("gmail.com") == ""


@pytest.mark.parametrize(
    ("host", "label"),
    [
        ("ASPMX.L.Google.com.", "Google Workspace"),
        ("x.olc.protection.outlook.com", "Outlook.com"),
        ("x.mail.protection.outlook.com", "Microsoft 365"),
        ("smtpin.rzone.de", "STRATO"),
        ("mta-gw.infomaniak.ch", "Infomaniak"),
        ("ex4.mail.ovh.net", None),
        ("google.com.evil.test", None),
        ("notgoogle.com", None),
        ("", None),
    ],
)
def test_an_mx_host_leads_to_its_provider(host: str, label: str | None) -> None:
    """The longest end counts, whole labels only; every finding by MX must be confirmed."""
    found = found_by_mx(host, "a@example.test")
    assert (found and found.label) == label
    assert found is None or (found.must_confirm and found.sources == (Source.MX,))


def plain(imap: str, smtp: str) -> Found:
    return Found(
        sources=(Source.ISPDB,),
        label="x",
        incoming=Server(host=imap, port=993, security=Security.TLS, user="%EMAILLOCALPART%"),
        outgoing=Server(host=smtp, port=465, security=Security.TLS, user="%EMAILADDRESS%"),
    )


def test_known_servers_complete_a_finding_and_others_do_not() -> None:
    """Both hosts have to be the provider's; label, user names and sources stay those of the finding."""
    known = completed(plain("imap.gmail.com", "smtp.gmail.com"))
    assert (known.oauth_provider, known.label, known.sources) == ("google", "x", (Source.ISPDB,))
    assert "app password" in known.app_password_note
    assert known.outgoing.user == "%EMAILADDRESS%"
    mixed = plain("imap.gmail.com", "smtp.example.test")
    assert completed(mixed) == mixed


def test_a_finding_becomes_an_account() -> None:
    """Servers, names, the way to sign in and the identity are carried over; nothing is saved yet."""
    found = filled(plain("imap.example.test", "smtp.example.test"), "a@example.test")
    expected = AccountRow(
        id=0,
        label="a@example.test",
        host="smtp.example.test",
        port=465,
        security=Security.TLS,
        user="a@example.test",
        identities=(Mailbox("Anna", "a@example.test"),),
        imap_host="imap.example.test",
        imap_user="a",
    )
    assert expected == row_of(found, "a@example.test", "Anna")


def test_a_finding_says_whether_a_password_is_taken() -> None:
    """Microsoft takes none, Gmail an app password, and one server that takes none is enough for a no."""
    taken = {
        each: found.takes_password for each in ("outlook.com", "gmail.com") if (found := found_in_table(f"a@{each}"))
    }
    assert taken == {"outlook.com": False, "gmail.com": True}
    found = plain("imap.example.test", "smtp.example.test")
    assert found.takes_password
    by_page = dataclasses.replace(found.outgoing, auth=(Auth.OAUTH2,))
    assert not dataclasses.replace(found, outgoing=by_page).takes_password


def test_an_account_signs_in_by_page_where_that_works_for_both_servers() -> None:
    """Gmail and Microsoft 365 sign in by page, Yahoo by password; only Microsoft gets one shared copy per mail."""
    rows = {
        domain: row_of(found, f"a@{domain}", "")
        for domain in ("gmail.com", "outlook.com", "yahoo.com", "rediffmail.com")
        if (found := found_in_table(f"a@{domain}"))
    }
    assert [(row.auth, row.oauth_provider, row.shared_copy_only) for row in rows.values()] == [
        (Auth.OAUTH2, "google", False),
        (Auth.OAUTH2, "microsoft", True),
        (Auth.PASSWORD, "", False),
        (Auth.PASSWORD, "", False),
    ]
    assert [row.imap_host == "" for row in rows.values()] == [False, False, False, True]


@pytest.mark.parametrize(
    ("host", "expected"), [("a.example.test", True), ("example.test", True), ("xexample.test", False), ("test", False)]
)
def test_a_host_lies_under_a_domain_or_not(host: str, expected: bool) -> None:
    """Whole labels count."""
    assert is_under(host, "example.test") is expected


def test_a_finding_without_incoming_mail_is_not_completed() -> None:
    """Only both servers together tell a provider."""
    alone = dataclasses.replace(plain("imap.gmail.com", "smtp.gmail.com"), incoming=None)
    assert completed(alone) == alone
