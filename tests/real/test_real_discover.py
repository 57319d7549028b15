"""Settings found by address over real programs: NSD and Unbound for DNS, nginx for the files."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.accounts.discover import discover
from desktop.accounts.servers import Found, Look, LookState, Source
from desktop.store.accounts import Security
from tests.fakes.autoconfig_files import file_for
from tests.real.discovery import DiscoveryServers

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def servers(ground: Path) -> Iterator[DiscoveryServers]:
    """Give the running servers."""
    root = ground / "discovery"
    root.mkdir()
    running = DiscoveryServers(root)
    try:
        yield running
    finally:
        running.close()


def searched(servers: DiscoveryServers, domain: str) -> tuple[tuple[Found, ...], dict[Source, Look]]:
    looks: list[Look] = []
    found = discover(f"anna@{domain}", on_progress=looks.append, cancelled=threading.Event(), reach=servers.reach)
    return found, {look.source: look for look in looks}


def test_srv_records_are_found(servers: DiscoveryServers) -> None:
    """A domain's SRV records give its servers, with nothing to confirm, and "." is no server."""
    found, _looks = searched(servers, "srv.test")
    assert [(each.sources, each.must_confirm) for each in found] == [((Source.SRV,), False)]
    assert found[0].incoming is not None
    assert (found[0].incoming.host, found[0].incoming.port) == ("imap.srv.test", 993)
    assert (found[0].outgoing.host, found[0].outgoing.security) == ("smtp.srv.test", Security.TLS)


def test_foreign_srv_targets_must_be_confirmed(servers: DiscoveryServers) -> None:
    """Targets elsewhere carry the mark, and the lower priority counts."""
    found, _looks = searched(servers, "foreign.test")
    assert [(each.outgoing.host, each.must_confirm) for each in found] == [("first.hoster.test", True)]


def test_mx_leads_to_a_known_provider(servers: DiscoveryServers) -> None:
    """MX at Google gives Google's servers and sign-in page."""
    found, _looks = searched(servers, "workspace.test")
    assert [(each.sources, each.label, each.oauth_provider) for each in found] == [
        ((Source.MX,), "Google Workspace", "google")
    ]


def test_an_answer_too_long_for_udp_is_read_over_tcp(servers: DiscoveryServers) -> None:
    """The preferred of ninety MX hosts is found."""
    found, _looks = searched(servers, "manymx.test")
    assert [each.label for each in found] == ["Fastmail"]


def test_the_domains_own_file_is_found_over_tls(servers: DiscoveryServers) -> None:
    """Nginx's file is one finding: at its own name, behind a redirection from the domain and from plain http."""
    servers.serve(file_for("file.test"))
    found, looks = searched(servers, "file.test")
    assert [each.sources for each in found] == [(Source.AUTOCONFIG, Source.AUTOCONFIG_HTTP)]
    assert found[0].outgoing.host == "smtp.file.test"
    assert looks[Source.AUTOCONFIG].state is LookState.FOUND
    asked = [line for line in servers.requests().splitlines() if "GET" in line]
    assert [line for line in asked if "emailaddress=anna@file.test" in line]
    assert not [line for line in asked if "anna" in line and " 301 " in line and "well-known" not in line]


@pytest.mark.parametrize(
    ("domain", "source", "state", "word"),
    [
        ("nothing.test", Source.MX, LookState.NOTHING, ""),
        ("nullmx.test", Source.MX, LookState.NOTHING, "takes no mail"),
        ("broken.test", Source.SRV, LookState.FAILED, "name servers"),
        ("broken.test", Source.MX, LookState.FAILED, "name servers"),
        ("loop.test", Source.SRV, LookState.NOTHING, ""),
    ],
)
def test_bad_domains_end_in_words(
    servers: DiscoveryServers, *, domain: str, source: Source, state: LookState, word: str
) -> None:
    """Nothing, no mail, dead name servers and a loop of aliases each end empty, told as what they are."""
    found, looks = searched(servers, domain)
    assert found == ()
    assert looks[source].state is state
    assert word in looks[source].detail
