"""SRV and MX records, asked of a real DNS server on loopback."""

import pytest

from desktop.accounts.dns_records import found_by_srv, mx_hosts
from desktop.accounts.servers import Found, Server, Source
from desktop.core.errors import Malformed, Unreachable
from desktop.store.accounts import Security
from tests.fakes.nameserver import Fault, NameServer, Zone

DOMAIN = "example.test"
ADDRESS = "anna@example.test"
SHORT_S = 0.3


def srv(zone: Zone, *, truncate: bool = False, timeout_s: float = 5.0) -> Found | None:
    with NameServer(zone, truncate=truncate) as server:
        return found_by_srv(DOMAIN, ADDRESS, server.resolver, timeout_s=timeout_s)


def mx(zone: Zone, timeout_s: float = 5.0) -> tuple[str, ...]:
    with NameServer(zone) as server:
        return mx_hosts(DOMAIN, server.resolver, timeout_s=timeout_s)


def records(**services: list[str] | Fault) -> Zone:
    return {(f"_{service}._tcp.{DOMAIN}", "SRV"): record for service, record in services.items()}


IMAPS = ["0 1 993 imap.example.test."]
SUBMISSIONS = ["0 1 465 smtp.example.test."]


def test_both_services_over_tls_are_found() -> None:
    """_imaps and _submissions give TLS servers, the address as the name, and nothing to confirm below the domain."""
    expected = Found(
        sources=(Source.SRV,),
        label=DOMAIN,
        incoming=Server(host="imap.example.test", port=993, security=Security.TLS, user=ADDRESS),
        outgoing=Server(host="smtp.example.test", port=465, security=Security.TLS, user=ADDRESS),
    )
    assert expected == srv(records(imaps=IMAPS, submissions=SUBMISSIONS))


def test_an_answer_too_long_for_udp_is_fetched_over_tcp() -> None:
    """A truncated answer is asked for again over TCP."""
    found = srv(records(imaps=IMAPS, submissions=SUBMISSIONS), truncate=True)
    assert found is not None
    assert found.outgoing.host == "smtp.example.test"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (
            records(submissions=SUBMISSIONS, submission=["0 1 587 s.example.test."]),
            ("smtp.example.test", 465, Security.TLS),
        ),
        (records(submission=["0 1 587 s.example.test."]), ("s.example.test", 587, Security.STARTTLS)),
        (
            records(submissions=["0 0 0 ."], submission=["0 1 587 s.example.test."]),
            ("s.example.test", 587, Security.STARTTLS),
        ),
        (
            records(submissions=["20 9 465 later.example.test.", "10 1 465 sooner.example.test."]),
            ("sooner.example.test", 465, Security.TLS),
        ),
        (
            records(submissions=["10 1 465 light.example.test.", "10 9 465 heavy.example.test."]),
            ("heavy.example.test", 465, Security.TLS),
        ),
        (
            records(submissions=["10 1 465 bad_host.example.test.", "20 1 465 good.example.test."]),
            ("good.example.test", 465, Security.TLS),
        ),
        (
            records(submissions=["10 1 0 none.example.test.", "20 1 465 good.example.test."]),
            ("good.example.test", 465, Security.TLS),
        ),
    ],
)
def test_the_record_that_counts(zone: Zone, expected: tuple[str, int, Security]) -> None:
    """TLS before STARTTLS, then priority, then weight; "." and what cannot be a server are passed over."""
    found = srv(zone)
    assert found is not None
    assert expected == (found.outgoing.host, found.outgoing.port, found.outgoing.security)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("smtp.example.test.", False),
        ("example.test.", False),
        ("smtp.elsewhere.test.", True),
        ("notexample.test.", True),
        ("example.test.evil.test.", True),
    ],
)
def test_a_target_outside_the_domain_must_be_confirmed(target: str, expected: bool) -> None:
    """Whatever does not lie below the address's own domain carries the mark (RFC 6186 6)."""
    found = srv(records(imaps=IMAPS, submissions=[f"0 1 465 {target}"]))
    assert found is not None
    assert expected == found.must_confirm


def test_an_incoming_target_outside_the_domain_must_be_confirmed_too() -> None:
    """One server elsewhere is enough for the mark."""
    found = srv(records(imaps=["0 1 993 imap.elsewhere.test."], submissions=SUBMISSIONS))
    assert found is not None
    assert found.must_confirm


@pytest.mark.parametrize(
    "zone", [{}, records(submissions=["0 0 0 ."], submission=["0 0 0 ."]), {(DOMAIN, "MX"): ["1 a."]}]
)
def test_no_records_are_nothing(zone: Zone) -> None:
    """A domain without the records, or that says "not here", gives nothing."""
    assert srv(zone) is None


def test_only_outgoing_records_give_a_finding_that_says_so() -> None:
    """Without an incoming server, sending is found and the note tells."""
    found = srv(records(imaps=["0 0 0 ."], submissions=SUBMISSIONS))
    assert found is not None
    assert found.incoming is None
    assert "only sends" in found.note


def test_only_incoming_records_are_told() -> None:
    """Incoming servers alone are no settings, and the sentence says what is missing."""
    with pytest.raises(Malformed, match="outgoing"):
        srv(records(imaps=IMAPS))


def test_an_alias_is_followed_and_a_loop_is_not() -> None:
    """A CNAME leads to the records; one that leads back to itself ends in a sentence instead of a hang."""
    alias: Zone = {
        (f"_submissions._tcp.{DOMAIN}", "CNAME"): ["real.example.test."],
        ("real.example.test", "SRV"): SUBMISSIONS,
    }
    found = srv(alias)
    assert found is not None
    assert found.outgoing.host == "smtp.example.test"
    names = [f"_{each}._tcp.{DOMAIN}" for each in ("imaps", "imap", "submissions", "submission")]
    loop: Zone = {(name, "CNAME"): ["loop.example.test."] for name in names}
    back: Zone = {("loop.example.test", "CNAME"): [f"{names[0]}."], **loop}
    with pytest.raises(Unreachable):
        srv(back, timeout_s=SHORT_S)


@pytest.mark.parametrize("fault", list(Fault))
def test_name_servers_that_fail_are_told(fault: Fault) -> None:
    """SERVFAIL, silence and garbage for every question end in Unreachable, within the time given."""
    zone = records(imaps=fault, imap=fault, submissions=fault, submission=fault)
    with pytest.raises(Unreachable) as caught:
        srv(zone, timeout_s=SHORT_S)
    assert "name servers" in caught.value.sentence
    with pytest.raises(Unreachable):
        mx({(DOMAIN, "MX"): fault}, timeout_s=SHORT_S)


@pytest.mark.parametrize("fault", list(Fault))
def test_one_question_without_an_answer_is_no_hindrance(fault: Fault) -> None:
    """Where other questions are answered, what they say counts."""
    found = srv(records(imap=fault, imaps=IMAPS, submissions=SUBMISSIONS), timeout_s=SHORT_S)
    assert found is not None
    assert found.incoming is not None


def test_a_machine_without_name_servers_is_told() -> None:
    """No resolver is Unreachable for SRV and MX alike."""
    with pytest.raises(Unreachable):
        found_by_srv(DOMAIN, ADDRESS, None, timeout_s=1)
    with pytest.raises(Unreachable):
        mx_hosts(DOMAIN, None, timeout_s=1)


def test_mx_hosts_stand_in_order() -> None:
    """The preferred comes first, in lower case; names that no host has are left out."""
    zone: Zone = {(DOMAIN, "MX"): ["20 B.example.test.", "10 a.example.test.", "5 under_score.example.test."]}
    assert mx(zone) == ("a.example.test", "b.example.test")
    assert mx({}) == ()


def test_a_domain_that_takes_no_mail_is_told() -> None:
    """A null MX (RFC 7505) is told; next to another MX it is only left out."""
    with pytest.raises(Malformed, match="takes no mail"):
        mx({(DOMAIN, "MX"): ["0 ."]})
    assert mx({(DOMAIN, "MX"): ["0 .", "10 a.example.test."]}) == ("a.example.test",)
