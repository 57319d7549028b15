"""From an address to its servers, over real web and name servers on loopback."""

import threading
import time
from collections.abc import Mapping
from typing import Final

import dns.asyncresolver
import dns.resolver
import pytest

from desktop.accounts.discover import Limits, discover, guess
from desktop.accounts.reach import Reach, system_reach
from desktop.accounts.servers import Found, Look, LookState, Source
from desktop.core.errors import Malformed
from desktop.store.accounts import Auth, Security
from tests.fakes.autoconfig_files import IMAP, SMTP, config, file_for, server
from tests.fakes.nameserver import Fault, NameServer, Zone
from tests.fakes.webhosts import Answer, WebHosts

ADDRESS: Final = "anna@example.test"
OWN: Final = "https://autoconfig.example.test/mail/config-v1.1.xml"
WELL_KNOWN: Final = "https://example.test/.well-known/autoconfig/mail/config-v1.1.xml"
PLAIN_OWN: Final = "http://autoconfig.example.test/mail/config-v1.1.xml"
PLAIN_WELL_KNOWN: Final = "http://example.test/.well-known/autoconfig/mail/config-v1.1.xml"
ISPDB: Final = "https://autoconfig.thunderbird.net/v1.1/example.test"
SRV: Final[Zone] = {
    ("_imaps._tcp.example.test", "SRV"): ["0 1 993 imap.example.test."],
    ("_submissions._tcp.example.test", "SRV"): ["0 1 465 smtp.example.test."],
}
# Everything here answers, be the machine ever so busy; where something does not, QUICK is enough for what does.
PATIENT: Final = Limits(step_s=20, whole_s=40, grace_s=20)
QUICK: Final = Limits(step_s=1, whole_s=2, grace_s=1)


class Ground:
    """What a search is run against, and what it told."""

    def __init__(self, hosts: WebHosts, names: NameServer, limits: Limits = PATIENT) -> None:
        """Keep both servers."""
        self._limits = limits
        self.hosts = hosts
        self.names = names
        self.looks: list[Look] = []
        self.reach = Reach(resolver=names.resolver, open_socket=hosts.open_socket, context=hosts.context)

    def search(self, address: str = ADDRESS, *, beyond_table: bool = False) -> tuple[Found, ...]:
        """Search with short limits."""
        return discover(
            address,
            on_progress=self.looks.append,
            cancelled=threading.Event(),
            beyond_table=beyond_table,
            reach=self.reach,
            limits=self._limits,
        )

    def ended(self) -> dict[Source, LookState]:
        """Return the last that each source told."""
        return {look.source: look.state for look in self.looks}

    def detail(self, source: Source) -> str:
        """Return the last sentence on a source."""
        return [look.detail for look in self.looks if look.source is source][-1]


def searched(
    files: Mapping[str, Answer], zone: Zone, address: str = ADDRESS, *, limits: Limits = PATIENT
) -> tuple[Ground, tuple[Found, ...]]:
    with WebHosts(files) as hosts, NameServer(zone) as names:
        ground = Ground(hosts, names, limits)
        return ground, ground.search(address)


def good(domain: str = "example.test") -> Answer:
    return Answer(body=file_for(domain))


@pytest.mark.parametrize(
    ("files", "zone", "expected"),
    [
        ({OWN: good()}, {}, Source.AUTOCONFIG),
        ({WELL_KNOWN: good()}, {}, Source.AUTOCONFIG),
        ({ISPDB: good()}, {}, Source.ISPDB),
        ({}, SRV, Source.SRV),
        ({PLAIN_OWN: good()}, {}, Source.AUTOCONFIG_HTTP),
        ({PLAIN_WELL_KNOWN: good()}, {}, Source.AUTOCONFIG_HTTP),
    ],
)
def test_each_source_alone_is_enough(files: Mapping[str, Answer], zone: Zone, expected: Source) -> None:
    """Whichever source knows the domain, its servers are found, and only it says so."""
    ground, found = searched(files, zone)
    assert [each.sources for each in found] == [(expected,)]
    assert (found[0].outgoing.host, found[0].outgoing.user) == ("smtp.example.test", ADDRESS)
    assert found[0].incoming is not None
    assert not found[0].must_confirm
    ended = ground.ended()
    assert ended.pop(expected) is LookState.FOUND
    assert set(ended.values()) == {LookState.NOTHING}


def test_every_source_tells_that_it_runs_and_how_it_ends() -> None:
    """Progress names each source of the network as running and then, once, as ended; the table ends at once."""
    ground, _found = searched({OWN: good(), WELL_KNOWN: good()}, SRV)
    for source in set(Source) - {Source.TABLE, Source.GUESS}:
        states = [look.state for look in ground.looks if look.source is source]
        assert states[0] is LookState.RUNNING
        assert len(states) == 2
    assert ground.looks[0] == Look(source=Source.TABLE, state=LookState.NOTHING)


def test_findings_stand_by_rank() -> None:
    """Different servers are all given, the most trustworthy source first."""
    files = {
        OWN: Answer(body=file_for("one.test")),
        ISPDB: Answer(body=file_for("two.test")),
        PLAIN_OWN: Answer(body=file_for("mail.example.test")),
        "https://autoconfig.thunderbird.net/v1.1/hoster.test": Answer(body=file_for("three.test")),
    }
    _ground, found = searched(files, {**SRV, ("example.test", "MX"): ["1 mx.hoster.test."]})
    assert [(each.source, each.outgoing.host) for each in found] == [
        (Source.AUTOCONFIG, "smtp.one.test"),
        (Source.ISPDB, "smtp.two.test"),
        (Source.SRV, "smtp.example.test"),
        (Source.MX, "smtp.three.test"),
        (Source.AUTOCONFIG_HTTP, "smtp.mail.example.test"),
    ]


def test_the_same_servers_are_one_finding_with_all_its_sources() -> None:
    """What several sources name is given once, with the best one's label and all their names."""
    files = {OWN: Answer(body=file_for("example.test", label="Own")), WELL_KNOWN: good(), ISPDB: good()}
    _ground, found = searched(files, SRV)
    assert [each.sources for each in found] == [(Source.AUTOCONFIG, Source.ISPDB, Source.SRV)]
    assert found[0].label == "Own"


def test_a_finding_confirmed_by_a_safe_source_needs_no_confirming() -> None:
    """SRV naming another domain carries the mark; the ISPDB saying the same takes it away."""
    zone: Zone = {
        ("_imaps._tcp.example.test", "SRV"): ["0 1 993 imap.hoster.test."],
        ("_submissions._tcp.example.test", "SRV"): ["0 1 465 smtp.hoster.test."],
    }
    _ground, alone = searched({}, zone)
    assert [each.must_confirm for each in alone] == [True]
    _ground, both = searched({ISPDB: Answer(body=file_for("hoster.test"))}, zone)
    assert [(each.sources, each.must_confirm) for each in both] == [((Source.ISPDB, Source.SRV), False)]


def test_only_the_domains_own_server_learns_the_address_and_only_over_https() -> None:
    """The local part is in no DNS question, in no request to the ISPDB and in none over http."""
    files = {
        **{url: Answer(status=404) for url in (OWN, WELL_KNOWN, ISPDB, PLAIN_OWN, PLAIN_WELL_KNOWN)},
        "https://autoconfig.thunderbird.net/v1.1/hoster.test": Answer(status=404),
    }
    ground, _found = searched(files, {("example.test", "MX"): ["1 mx.hoster.test."]})
    query = "?emailaddress=anna@example.test"
    assert {url for url in ground.hosts.urls if "anna" in url} == {OWN + query, WELL_KNOWN + query}
    assert {url for url in ground.hosts.urls if "anna" not in url} == {
        ISPDB,
        "https://autoconfig.thunderbird.net/v1.1/hoster.test",
        PLAIN_OWN,
        PLAIN_WELL_KNOWN,
    }
    assert not any("anna" in name for name, _kind in ground.names.questions)


def test_the_address_is_escaped_where_it_is_sent() -> None:
    """A local part with signs that mean something in a URL arrives as it is."""
    ground, _found = searched({OWN: good()}, {}, "a+b&c=d/e@example.test")
    assert OWN + "?emailaddress=a%2Bb%26c%3Dd%2Fe@example.test" in ground.hosts.urls


@pytest.mark.parametrize(
    ("hosts_of", "is_taken"), [("example.test", True), ("evil.test", False), ("notexample.test", False)]
)
def test_plain_http_may_name_only_the_own_domain(hosts_of: str, is_taken: bool) -> None:
    """A file that anyone on the way could have written is used only where certificates protect the password."""
    ground, found = searched({PLAIN_OWN: Answer(body=file_for(hosts_of))}, {})
    assert bool(found) is is_taken
    assert ("another domain" in ground.detail(Source.AUTOCONFIG_HTTP)) is not is_taken


def test_plain_http_with_one_foreign_server_is_refused() -> None:
    """A foreign incoming server is as bad as a foreign outgoing one; over https both are the domain's own word."""
    mixed = Answer(body=config(server("imap", "imap.evil.test", 993, "SSL"), SMTP).encode())
    assert searched({PLAIN_OWN: mixed}, {})[1] == ()
    assert len(searched({OWN: mixed}, {})[1]) == 1


def test_plain_http_stays_so_where_it_leads_to_https() -> None:
    """A redirection from http to https makes nothing more trustworthy."""
    files = {
        PLAIN_OWN: Answer(status=302, headers={"Location": "https://evil.test/x"}),
        "https://evil.test/x": Answer(body=file_for("evil.test")),
    }
    assert searched(files, {})[1] == ()


@pytest.mark.parametrize(
    ("exchange", "label", "host", "provider"),
    [
        ("aspmx.l.google.com.", "Google Workspace", "imap.gmail.com", "google"),
        ("example-test.mail.protection.outlook.com.", "Microsoft 365", "outlook.office365.com", "microsoft"),
        ("in1-smtp.messagingengine.com.", "Fastmail", "imap.fastmail.com", ""),
        ("mx.zoho.eu.", "Zoho Mail", "imappro.zoho.eu", ""),
        ("mx00.ionos.de.", "IONOS", "imap.ionos.de", ""),
        ("mx1.mail.ovh.net.", "OVHcloud", "ssl0.ovh.net", ""),
    ],
)
def test_mx_leads_to_a_provider_of_the_table(exchange: str, label: str, host: str, provider: str) -> None:
    """A domain at a known hoster gets that hoster's servers, to be confirmed, and no other server is asked."""
    ground, found = searched({ISPDB: Answer(status=404)}, {("example.test", "MX"): [f"1 {exchange}"]})
    assert [(each.sources, each.label, each.must_confirm) for each in found] == [((Source.MX,), label, True)]
    assert found[0].incoming is not None
    assert (found[0].incoming.host, found[0].incoming.user, found[0].oauth_provider) == (host, ADDRESS, provider)
    assert [url for url in ground.hosts.urls if "thunderbird" in url] == [ISPDB]


def test_mx_below_a_provider_is_asked_of_the_ispdb_from_the_longest_name() -> None:
    """An unknown MX host's domains are looked up without its first label, the longest first, never the last alone."""
    base = "https://autoconfig.thunderbird.net/v1.1/"
    ground, found = searched(
        {base + "mail.hoster.test": Answer(status=404), base + "hoster.test": Answer(body=file_for("hoster.test"))},
        {("example.test", "MX"): ["10 mx1.mail.hoster.test.", "20 mx2.other.test."]},
    )
    assert [(each.sources, each.outgoing.host, each.must_confirm) for each in found] == [
        ((Source.MX,), "smtp.hoster.test", True)
    ]
    assert [url for url in ground.hosts.urls if url.endswith("hoster.test")] == [
        base + "mail.hoster.test",
        base + "hoster.test",
    ]


def test_mx_in_the_own_domain_asks_nothing_twice() -> None:
    """A domain that takes its mail itself is not looked up again."""
    ground, found = searched({ISPDB: Answer(status=404)}, {("example.test", "MX"): ["1 mail.example.test."]})
    assert found == ()
    assert [url for url in ground.hosts.urls if "thunderbird" in url] == [ISPDB]


def test_a_domain_without_anything_gives_nothing() -> None:
    """No source knows it: the result is empty and nothing is called a failure."""
    ground, found = searched({}, {})
    assert found == ()
    assert set(ground.ended().values()) == {LookState.NOTHING}


def test_servers_of_a_known_provider_bring_its_ways() -> None:
    """A file that names Microsoft's servers leads to its sign-in page and to one shared copy for each mail."""
    servers = (
        server("imap", "outlook.office365.com", 993, "SSL"),
        server("smtp", "smtp.office365.com", 587, "STARTTLS"),
    )
    _ground, found = searched({OWN: Answer(body=config(*servers).encode())}, {})
    assert (found[0].oauth_provider, found[0].auth, found[0].shared_copy_only) == ("microsoft", Auth.OAUTH2, True)
    _ground, other = searched({OWN: good()}, {})
    assert (other[0].oauth_provider, other[0].auth, other[0].shared_copy_only) == ("", Auth.PASSWORD, False)


PORTAL: Final = Answer(body=b"<!DOCTYPE html><html><body>Welcome to the hotel's <br> network</body></html>")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (PORTAL, LookState.NOTHING),
        (Answer(body=b"x" * 5_000_000), LookState.NOTHING),
        (Answer(body=config(IMAP).encode()), LookState.NOTHING),
        (Answer(status=403), LookState.NOTHING),
        (Answer(status=503), LookState.FAILED),
        (Answer(is_silent=True), LookState.FAILED),
        (Answer(trickles="head"), LookState.FAILED),
        (Answer(trickles="body"), LookState.FAILED),
        (Answer(status=302, headers={"Location": ISPDB}), LookState.FAILED),
    ],
)
def test_a_bad_answer_is_told_and_hinders_nobody(answer: Answer, state: LookState) -> None:
    """Portals, huge files, faults and servers that never end cost their source, in time, and no other."""
    started = time.monotonic()
    ground, found = searched({ISPDB: answer}, SRV, limits=QUICK)
    assert time.monotonic() - started < 8
    assert [each.sources for each in found] == [(Source.SRV,)]
    assert ground.ended()[Source.ISPDB] is state
    assert ground.ended()[Source.SRV] is LookState.FOUND


def test_a_portal_in_front_of_everything_gives_nothing() -> None:
    """Where every request gets the portal's page and DNS is dead, the result is empty, in time and in words."""
    files = dict.fromkeys((OWN, WELL_KNOWN, ISPDB, PLAIN_OWN, PLAIN_WELL_KNOWN), PORTAL)
    dead = {
        (f"_{each}._tcp.example.test", "SRV"): Fault.SILENCE for each in ("imaps", "imap", "submissions", "submission")
    }
    started = time.monotonic()
    ground, found = searched(files, {**dead, ("example.test", "MX"): Fault.SERVFAIL}, limits=QUICK)
    assert time.monotonic() - started < 8
    assert found == ()
    assert ground.detail(Source.AUTOCONFIG) == "The answer is no autoconfig file."
    assert "name servers" in ground.detail(Source.MX)
    assert ground.ended()[Source.SRV] is LookState.FAILED


def test_once_the_best_has_answered_the_rest_gets_a_moment_only() -> None:
    """A silent lesser source is not waited for to the end where the domain's own file is there."""
    limits = Limits(step_s=30, whole_s=60, grace_s=0.1)
    looks: list[Look] = []
    with WebHosts({OWN: good(), ISPDB: Answer(is_silent=True)}) as hosts, NameServer({}) as names:
        ground = Ground(hosts, names)
        started = time.monotonic()
        found = discover(
            ADDRESS, on_progress=looks.append, cancelled=threading.Event(), reach=ground.reach, limits=limits
        )
        took_s = time.monotonic() - started
    assert len(found) == 1
    assert took_s < 10
    late = [look for look in looks if look.source is Source.ISPDB][-1]
    assert (late.state, "not waited for" in late.detail) == (LookState.FAILED, True)


def test_half_a_source_that_found_something_has_found_it() -> None:
    """A source with two places is told of once, as found, though the other place never answers."""
    ground, found = searched({OWN: good(), WELL_KNOWN: Answer(is_silent=True)}, {}, limits=QUICK)
    assert [each.sources for each in found] == [(Source.AUTOCONFIG,)]
    states = [look.state for look in ground.looks if look.source is Source.AUTOCONFIG]
    assert states == [LookState.RUNNING, LookState.FOUND]


def test_a_better_source_is_waited_for() -> None:
    """While the domain's own server has not answered, an ISPDB finding alone does not end the search."""
    limits = Limits(step_s=1, whole_s=30, grace_s=0.05)
    files = {OWN: Answer(is_silent=True), ISPDB: good()}
    ground, found = searched(files, {}, limits=limits)
    assert [each.sources for each in found] == [(Source.ISPDB,)]
    assert ground.ended()[Source.AUTOCONFIG] is LookState.FAILED
    assert ground.detail(Source.AUTOCONFIG).endswith("did not answer in time.")


def test_mx_has_two_steps_and_the_whole_ends_both() -> None:
    """A silent second step of MX is ended with the whole search."""
    base = "https://autoconfig.thunderbird.net/v1.1/hoster.test"
    ground, found = searched(
        {base: Answer(trickles="body")}, {("example.test", "MX"): ["1 mx.hoster.test."]}, limits=QUICK
    )
    assert found == ()
    assert ground.ended()[Source.MX] is LookState.FAILED


def test_cancelling_ends_the_search_at_once_and_leaves_no_thread() -> None:
    """A cancelled search returns nothing without waiting for silent servers, and its threads end soon after."""
    cancelled = threading.Event()
    running = threading.Event()

    def on_progress(look: Look) -> None:
        if look.state is LookState.RUNNING:
            running.set()

    results: list[tuple[Found, ...]] = []
    limits = Limits(step_s=30, whole_s=60)
    with WebHosts({OWN: Answer(trickles="head"), ISPDB: good()}) as hosts, NameServer(SRV) as names:
        reach = Ground(hosts, names).reach

        def run() -> None:
            results.append(discover(ADDRESS, on_progress=on_progress, cancelled=cancelled, reach=reach, limits=limits))

        searching = threading.Thread(target=run)
        searching.start()
        assert running.wait(5)
        cancelled.set()
        searching.join(timeout=5)
        assert results == [()]
        for thread in [each for each in threading.enumerate() if each.name.startswith("discover")]:
            thread.join(timeout=5)
            assert not thread.is_alive()


def test_the_table_answers_without_the_network() -> None:
    """A known domain, in any case, is found at once and no server of any kind is asked."""
    ground, found = searched({ISPDB: good()}, SRV, "Anna@GMail.com")
    assert [(each.sources, each.label) for each in found] == [((Source.TABLE,), "Gmail")]
    assert found[0].outgoing.user == "Anna@GMail.com"
    assert (ground.hosts.urls, ground.names.questions) == ([], [])
    assert ground.looks == [Look(source=Source.TABLE, state=LookState.FOUND, detail="Gmail is known.")]


def test_the_network_is_asked_beyond_the_table_on_request() -> None:
    """`beyond_table` asks the domain as well; what only repeats the table is one finding with both sources."""
    with (
        WebHosts(
            {f"https://autoconfig.{each}/mail/config-v1.1.xml": good(each) for each in ("gmail.com", "gmx.net")}
        ) as hosts,
        NameServer({}) as names,
    ):
        found = Ground(hosts, names).search("anna@gmail.com", beyond_table=True)
        other = Ground(hosts, names).search("anna@gmx.net", beyond_table=True)
    assert [each.sources for each in found] == [(Source.TABLE, Source.AUTOCONFIG)]
    assert [each.sources for each in other] == [(Source.TABLE,), (Source.AUTOCONFIG,)]


def test_a_provider_without_imap_is_told_and_nobody_is_asked() -> None:
    """For Tuta the table says why there is nothing to find."""
    ground, found = searched({}, {}, "anna@tuta.com")
    assert found == ()
    assert "neither IMAP nor SMTP" in ground.detail(Source.TABLE)
    assert ground.names.questions == []


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@example.test", "a b@example.test", "a@b@", "a@127.0.0.1", "a@x..test", "a@☃.test"],
)
def test_no_address_is_told(address: str) -> None:
    """What is no address, or has an address of the network for a domain, is Malformed, and nobody is asked."""
    with WebHosts({}) as hosts, NameServer({}) as names:
        ground = Ground(hosts, names)
        with pytest.raises(Malformed) as caught:
            ground.search(address)
        with pytest.raises(Malformed):
            guess(address)
    assert caught.value.sentence
    assert (ground.looks, names.questions) == ([], [])


def test_a_bare_name_is_not_looked_up() -> None:
    """A domain of one label has no provider on the network; white space around an address does not matter."""
    ground, found = searched({}, {}, " anna@intranet ")
    assert found == ()
    assert ground.names.questions == []


def test_an_international_domain_is_asked_for_in_ascii() -> None:
    """Requests and DNS questions use IDNA 2008; the user name keeps what the user typed."""
    domain = "xn--strae-oqa.test"
    own = f"https://autoconfig.{domain}/mail/config-v1.1.xml"
    ground, found = searched({own: Answer(body=file_for(domain))}, {}, "änna@straße.test")
    assert [each.outgoing.host for each in found] == [f"smtp.{domain}"]
    assert found[0].outgoing.user == "änna@straße.test"
    assert own + f"?emailaddress=%C3%A4nna@{domain}" in ground.hosts.urls
    assert (domain, "MX") in ground.names.questions


def test_without_a_network_a_search_ends_in_words() -> None:
    """No resolver and no route: every source has failed, and the result is empty."""

    def open_socket(_host: str, _port: int, _timeout_s: float) -> object:
        raise OSError("Network is unreachable")

    looks: list[Look] = []
    reach = Reach(resolver=None, open_socket=open_socket, context=system_reach().context)  # type: ignore[arg-type]
    found = discover(ADDRESS, on_progress=looks.append, cancelled=threading.Event(), reach=reach, limits=QUICK)
    assert found == ()
    assert {look.source for look in looks if look.state is LookState.FAILED} == set(Source) - {
        Source.TABLE,
        Source.GUESS,
    }


def test_a_machine_without_a_resolver_can_be_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no name server is set up, the reach says so instead of raising."""

    def without() -> object:
        raise dns.resolver.NoResolverConfiguration

    assert system_reach().resolver is not None
    monkeypatch.setattr(dns.asyncresolver, "Resolver", without)
    assert system_reach().resolver is None


def test_a_guess_is_marked_and_encrypted() -> None:
    """The prefill names imap. and smtp. of the domain under TLS, and that it must be confirmed."""
    found = guess(" anna@example.test ")
    assert found.incoming is not None
    assert (found.sources, found.must_confirm) == ((Source.GUESS,), True)
    assert (found.incoming.host, found.outgoing.host) == ("imap.example.test", "smtp.example.test")
    assert {found.incoming.security, found.outgoing.security} == {Security.TLS}
    assert found.outgoing.user == ADDRESS


def test_this_machines_own_network_is_usable() -> None:
    """The reach of the system verifies certificates, and opens a socket to a server that listens."""
    reach = system_reach()
    assert reach.context.check_hostname
    with WebHosts({}) as hosts, reach.open_socket("127.0.0.1", hosts.port, 5) as connected:
        assert connected.getpeername()[1] == hosts.port
