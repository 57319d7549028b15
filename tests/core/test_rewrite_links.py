"""Which links may lead by way of the relay, and which are left alone."""

import pytest

from desktop.core.links import is_own, is_trackable, shows_another
from tests.core.copies import BASE

BASES = frozenset({BASE})


@pytest.mark.parametrize(
    ("destination", "shown"),
    [
        ("https://example.test/offer?a=1&b=2", "our offer"),
        ("http://example.test", ""),
        ("HTTPS://Example.test/Pricing.pdf", "Pricing.pdf"),
        ("https://example.test/preset/keyboard?color=red&keyword=x", "keys"),
        ("https://example.test/authors/logins", "the authors"),
        ("https://calendar.example.test/alice/30min", "book 30 minutes"),
        ("https://example.test/path", "https://example.test/path"),
        ("https://www.example.test/path/", "example.test/path"),
        ("https://example.test/path", "www.EXAMPLE.test/path."),
        ("https://example.test/some/page", "example.test"),
        ("https://example.test/a", "see (https://example.test/a)"),
        ("https://read.example.network/x", "ours begins like it"),
        ("https://example.test/" + "a" * 1479, "1,500 octets"),
    ],
)
def test_ordinary_links_are_tracked(destination: str, shown: str) -> None:
    """A page of the web behind words, a file name or its own address."""
    assert is_trackable(destination.encode(), shown, BASES)


@pytest.mark.parametrize(
    "destination",
    [
        "mailto:bob@example.test",
        "tel:+491234",
        "#below",
        "",
        "/relative",
        "javascript:alert(1)",
        "ftp://example.test/x",
        "cid:a@b",
        "https://exämple.test/",
        "https://example.test/with space",
        "https://example.test/" + "a" * 1480,
    ],
)
def test_other_schemes_and_unusable_addresses_are_left_alone(destination: str) -> None:
    """What a redirect cannot carry, or never should, stays."""
    assert not is_trackable(destination.encode(), "words", BASES)


@pytest.mark.parametrize(
    "destination",
    [
        "https://example.test/unsubscribe/1",
        "https://example.test/opt-out",
        "https://example.test/newsletter/abmelden?x=1",
        "https://example.test/account/reset",
        "https://example.test/reset-password/abc",
        "https://example.test/verify?u=1",
        "https://example.test/verification/1",
        "https://example.test/confirm_email",
        "https://example.test/x?action=confirm",
        "https://example.test/magic-link/abc",
        "https://login.example.test/x",
        "https://example.test/login",
        "https://example.test/oauth2/start",
        "https://example.test/invite/abc",
        "https://example.test/x#passwd",
        "https://example.test/x?token=abc",
        "https://example.test/x?a=1&access_token=abc",
        "https://example.test/x#id_token=abc",
        "https://example.test/x?reset_token=abc",
        "https://example.test/x?code=123",
        "https://example.test/x?api-key=abc",
        "https://example.test/x?X-Amz-Signature=abc",
        "https://example.test/x?sig=abc&se=2026",
        "https://example.test/x?session=1",
        "https://user:secret@example.test/x",
    ],
)
def test_one_time_and_secret_links_are_left_alone(destination: str) -> None:
    """A detour could spend the link or show its secret to the relay."""
    assert not is_trackable(destination.encode(), "words", BASES)


@pytest.mark.parametrize(
    "shown", ["Unsubscribe", "to opt out", "Hier abmelden", "Reset it", "Log in now", "désabonner"]
)
def test_links_whose_words_say_so_are_left_alone(shown: str) -> None:
    """The words of an opt-out or a one-time step count as much as its address."""
    assert not is_trackable(b"https://example.test/x/1", shown, BASES)
    assert is_trackable(b"https://example.test/x/1", f"un{shown}ed", BASES)


@pytest.mark.parametrize("destination", [BASE, f"{BASE}/stop/x/me", f"{BASE}/click/x/y/go"])
def test_own_links_are_left_alone(destination: str) -> None:
    """A tracked or stop link in a quote keeps leading where it led; another host is not ours."""
    assert is_own(destination, BASES)
    assert not is_trackable(destination.encode(), "words", BASES)
    assert is_trackable(destination.replace("read.", "reader.").encode(), "words", BASES)


@pytest.mark.parametrize(
    ("shown", "is_another"),
    [
        ("https://example.test/a", False),
        ("http://www.example.test/a/", False),
        ("example.test", False),
        ("example.test/a", False),
        ("words about example.test and others", False),
        ("report.pdf", False),
        ("a.b", False),
        ("https://example.test/b", True),
        ("https://bank.test/a", True),
        ("see https://bank.test for more", True),
        ("www.bank.test", True),
        ("bank.test", True),
        ("EXAMPLE.test/a/", False),
        ("https://example.test/aX", True),
        ("https://example.test/a?!.", False),
        ("HTTPS://\nexample.test/a", False),
        ("bank.test:8080/x", True),
        ("example.test/b?x", True),
        ("https://bank.test/report.pdf", True),
    ],
)
def test_text_that_reads_as_an_address_must_be_the_links_own(shown: str, is_another: bool) -> None:
    """Scheme, www and a last slash do not count; a host alone stands for its pages; a file name is no address."""
    assert is_another == shows_another("https://example.test/a", f" {shown}\n")
