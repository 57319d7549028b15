"""Autoconfig files: what a good one says, and that a bad one is refused in a sentence, whatever it holds."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.accounts.autoconfig import MAX_FILE_BYTES, read_autoconfig
from desktop.accounts.servers import POP_ONLY, Found, Server, Source
from desktop.core.errors import Malformed
from desktop.store.accounts import Auth, Security
from tests.fakes.autoconfig_files import IMAP, SMTP, config, server

ADDRESS = "anna@example.test"


def read(xml: str | bytes, address: str = ADDRESS) -> Found:
    return read_autoconfig(xml.encode() if isinstance(xml, str) else xml, address, Source.AUTOCONFIG)


def found_or_none(xml: bytes) -> Found | None:
    try:
        return read(xml)
    except Malformed:
        return None


def test_a_usual_file_gives_both_servers() -> None:
    """Hosts, ports, security, user names and label are the file's; the address stands in place of the placeholder."""
    expected = Found(
        sources=(Source.AUTOCONFIG,),
        label="Example",
        incoming=Server(host="imap.example.test", port=993, security=Security.TLS, user=ADDRESS),
        outgoing=Server(host="smtp.example.test", port=465, security=Security.TLS, user=ADDRESS),
    )
    assert expected == read(config(IMAP, SMTP))


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (
            [server("imap", "s.example.test", 143, "STARTTLS"), server("imap", "t.example.test", 993, "SSL")],
            ("t.example.test", 993, Security.TLS),
        ),
        (
            [server("imap", "p.example.test", 143, "plain"), server("imap", "s.example.test", 143, "STARTTLS")],
            ("s.example.test", 143, Security.STARTTLS),
        ),
        (
            [server("imap", "first.example.test", 993, "SSL"), server("imap", "second.example.test", 993, "SSL")],
            ("first.example.test", 993, Security.TLS),
        ),
        (
            [server("pop3", "pop.example.test", 995, "SSL"), server("imap", "i.example.test", 993, "SSL")],
            ("i.example.test", 993, Security.TLS),
        ),
    ],
)
def test_the_best_of_several_servers_is_taken(servers: Sequence[str], expected: tuple[str, int, Security]) -> None:
    """TLS goes before STARTTLS, then the file's order counts; plain sockets and POP3 are passed over."""
    incoming = read(config(*servers, SMTP)).incoming
    assert incoming is not None
    assert expected == (incoming.host, incoming.port, incoming.security)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("%EMAILADDRESS%", "anna@example.test"),
        ("%EMAILLOCALPART%", "anna"),
        ("%EMAILDOMAIN%", "example.test"),
        ("%EMAILLOCALPART%+%EMAILDOMAIN%", "anna+example.test"),
        ("", "anna@example.test"),
        ("account-17", "account-17"),
        ("%UNKNOWN%", "%UNKNOWN%"),
    ],
)
def test_placeholders_become_the_address(template: str, expected: str) -> None:
    """Each placeholder of the format is filled; a missing name is the address; all else stays."""
    outgoing = read(config(IMAP, server("smtp", "smtp.example.test", 465, "SSL", user=template))).outgoing
    assert expected == outgoing.user


def test_a_placeholder_in_an_address_is_no_placeholder() -> None:
    """A local part that spells a placeholder is not filled in a second time."""
    address = "%EMAILDOMAIN%@example.test"
    assert address == read(config(IMAP, SMTP), address).outgoing.user


def test_a_host_may_hold_the_domain() -> None:
    """%EMAILDOMAIN% in a host name is filled before the name is checked."""
    file = config(IMAP, server("smtp", "smtp.%EMAILDOMAIN%", 465, "SSL"))
    assert read(file).outgoing.host == "smtp.example.test"


def test_a_host_with_hyphens_in_third_place_is_taken() -> None:
    """What IDNA would refuse is a good name all the same where it is plain ASCII."""
    file = config(IMAP, server("smtp", "r3--mail.example.test", 465, "SSL"))
    assert read(file).outgoing.host == "r3--mail.example.test"


def test_an_international_host_is_kept_in_ascii() -> None:
    """A host name beyond ASCII is kept in the form that DNS and TLS use."""
    file = config(IMAP, server("smtp", "smtp.bücher.example", 465, "SSL"))
    assert read(file).outgoing.host == "smtp.xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["OAuth2", "password-cleartext"], (Auth.OAUTH2, Auth.PASSWORD)),
        (["password-cleartext", "OAuth2"], (Auth.PASSWORD, Auth.OAUTH2)),
        (["password-encrypted"], (Auth.PASSWORD,)),
        (["GSSAPI", "password-cleartext"], (Auth.PASSWORD,)),
        (["plain", "secure"], (Auth.PASSWORD,)),
    ],
)
def test_ways_to_sign_in_keep_their_order(named: Sequence[str], expected: tuple[Auth, ...]) -> None:
    """Known ways are kept in the file's order and once each; unknown ones are ignored."""
    file = config(IMAP, server("smtp", "smtp.example.test", 465, "SSL", auth=named))
    assert expected == read(file).outgoing.auth


@pytest.mark.parametrize("named", [[], ["none"], ["GSSAPI", "NTLM"], ["client-IP-address"]])
def test_a_server_that_takes_no_password_is_passed_over(named: Sequence[str]) -> None:
    """An outgoing server that nobody signs in to, or only by means that are not ours, is no server for us."""
    with pytest.raises(Malformed):
        read(config(IMAP, server("smtp", "smtp.example.test", 465, "SSL", auth=named)))


def test_an_unknown_sign_in_page_is_told() -> None:
    """Where only OAuth 2.0 is offered, the finding says that the page may not be known here."""
    only = server("smtp", "smtp.example.test", 465, "SSL", auth=["OAuth2"])
    assert "sign-in page" in read(config(IMAP, only)).note
    assert read(config(IMAP, SMTP)).note == ""


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        ([server("pop3", "pop.example.test", 995, "SSL")], POP_ONLY),
        ([server("imap", "imap.example.test", 143, "plain")], "without encryption"),
        ([], "No server for incoming mail"),
    ],
)
def test_without_imap_the_finding_says_why(servers: Sequence[str], expected: str) -> None:
    """POP3 alone, IMAP without encryption and no incoming server at all are told apart; sending is still found."""
    found = read(config(*servers, SMTP))
    assert found.incoming is None
    assert expected in found.note


def test_no_outgoing_server_with_encryption_is_told() -> None:
    """A file whose outgoing servers are all plain gives no finding; with one more, it does."""
    plain = server("smtp", "plain.example.test", 25, "plain")
    with pytest.raises(Malformed, match="encryption"):
        read(config(IMAP, plain))
    assert read(config(IMAP, plain, SMTP)).outgoing.host == "smtp.example.test"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "10.0.0.7",
        "smtp example.test",
        "smtp.example.test\nx",
        "user@smtp.example.test",
        "user:pass@smtp.example.test",
        "smtp.example.test:25",
        "smtp.example.test/x",
        "https://smtp.example.test",
        "smtp\\.example.test",
        "\\115mtp.example.test",
        "-smtp.example.test",
        "smtp..example.test",
        "s" * 64 + ".example.test",
        "s." * 127 + "example.test",
        "smtp.example.test&#0;",
        "smtp.example.test&#x202e;",
    ],
)
def test_a_host_that_is_none_is_refused(host: str) -> None:
    """Addresses of the network, bare names, white space, control characters, userinfo, ports and paths are no host."""
    with pytest.raises(Malformed):
        read(config(IMAP, server("smtp", host, 465, "SSL")))


@pytest.mark.parametrize("host", ["smtp.example.test", "SMTP.Example.TEST.", " smtp.example.test\n"])
def test_a_host_that_is_one_is_taken(host: str) -> None:
    """Case, a final dot and surrounding white space do not matter."""
    assert read(config(IMAP, server("smtp", host, 465, "SSL"))).outgoing.host == "smtp.example.test"


@pytest.mark.parametrize("port", ["", "0", "-1", "65536", "99999", "465.0", "4e2", "imap", "٤٦٥", "9" * 5000, "0x1d1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    """Only whole numbers from 1 to 65535 in ASCII digits are ports."""
    with pytest.raises(Malformed):
        read(config(IMAP, server("smtp", "smtp.example.test", port, "SSL")))


@pytest.mark.parametrize("port", ["1", "465", " 587 ", "65535"])
def test_a_port_that_is_one_is_taken(port: str) -> None:
    """The whole range is taken."""
    assert read(config(IMAP, server("smtp", "smtp.example.test", port, "SSL"))).outgoing.port == int(port)


@pytest.mark.parametrize("user", ["a\x85b", "a&#10;b", "a&#x202e;b", "x" * 321])
def test_a_user_name_with_control_characters_is_refused(user: str) -> None:
    """A name that could end a command line, turn the text around or fill the screen is none."""
    with pytest.raises(Malformed):
        read(config(IMAP, server("smtp", "smtp.example.test", 465, "SSL", user=user)))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("  A\n  Provider ", "A Provider"),
        ("x" * 100, "x" * 60),
        ("", "Example Mail"),
        ("a&#x202e;b", "example.test"),
        ("<b>x</b>", "Example Mail"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_a_label_is_one_line_of_plain_text(label: str, expected: str) -> None:
    """White space is folded, length bounded, what cannot be shown is replaced; markup stays text."""
    assert expected == read(config(IMAP, SMTP, label=label)).label


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE c [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n > 1 else "&a;" * 10}">' for n in range(1, 9))
    + "]><clientConfig>&a8;</clientConfig>"
)
EXTERNAL = '<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><clientConfig>&x;</clientConfig>'


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"   ",
        b"<",
        b"\x00" * 100,
        b"\xff\xfe<",
        b"<html><head><title>Sign in to Hotel WiFi</title></head><body><br></body></html>",
        b"<html><body>well formed</body></html>",
        b"<clientConfig/>",
        b"<clientConfig><emailProvider/></clientConfig>",
        b"<other><emailProvider/></other>",
        b'<?xml version="1.0" encoding="no-such"?><clientConfig/>',
        b'<?xml version="1.0" encoding="utf-7"?><clientConfig/>',
        BOMB.encode(),
        EXTERNAL.encode(),
        b'<!DOCTYPE c SYSTEM "http://evil.test/x.dtd"><clientConfig/>',
        b"<a>" * 40_000,
        b"<clientConfig>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</clientConfig>",
        b"<clientConfig>" + b"x" * 5_000_000 + b"</clientConfig>",
    ],
    ids=lambda xml: repr(xml[:40]),
)
def test_hostile_and_broken_files_are_refused(xml: bytes) -> None:
    """Entity bombs, external entities, portals, deep nesting and sheer size end in one sentence, at once."""
    with pytest.raises(Malformed) as caught:
        read(xml)
    assert caught.value.sentence.endswith(".")


def test_a_document_type_makes_a_good_file_a_bad_one() -> None:
    """A DOCTYPE is refused even where it declares nothing: no provider needs one."""
    start = "<clientConfig"
    file = config(IMAP, SMTP)
    assert file.count(start) == 1
    with pytest.raises(Malformed):
        read(file.replace(start, '<!DOCTYPE clientConfig SYSTEM "https://example.test/x.dtd">' + start))


def test_a_file_of_the_largest_size_is_read() -> None:
    """Size alone is no fault up to the bound, and one octet beyond it is."""
    file = config(IMAP, SMTP).encode()
    padded = file + b" " * (MAX_FILE_BYTES - len(file))
    assert read(padded).label == "Example"
    with pytest.raises(Malformed, match="large"):
        read(padded + b" ")


def test_unknown_elements_and_encodings_are_no_hindrance() -> None:
    """Elements, attributes and comments that are not understood are ignored; UTF-16 is XML as well."""
    more = "<!-- x --><pigeon type='imap'><hostname>x</hostname></pigeon><incomingServer type='exchange'/>"
    file = config(more, IMAP, SMTP)
    assert read(file).incoming == read(config(IMAP, SMTP)).incoming
    assert read(file.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")) == read(config(IMAP, SMTP))


TEXTS = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(
    lambda text: re.sub("[<&>\ufffe\uffff]", "", text)
)
SERVERS = st.builds(
    server,
    st.sampled_from(["imap", "smtp", "pop3", "IMAP", ""]) | TEXTS.map(lambda text: text.replace("'", "")),
    st.sampled_from(["mail.example.test", "%EMAILDOMAIN%", "a.b"]) | TEXTS,
    st.integers(-5, 70_000).map(str) | TEXTS,
    st.sampled_from(["SSL", "STARTTLS", "plain"]) | TEXTS,
    user=TEXTS | st.sampled_from(["%EMAILADDRESS%", "%EMAILLOCALPART%"]),
    auth=st.lists(st.sampled_from(["OAuth2", "password-cleartext", "none"]) | TEXTS, max_size=3),
)


@given(st.one_of(st.binary(max_size=300), st.lists(SERVERS, max_size=5).map(lambda all_: config(*all_).encode())))
def test_any_file_gives_a_sound_finding_or_one_sentence(xml: bytes) -> None:
    """Whatever comes in, nothing but Malformed is raised, and what is found can be connected to under TLS."""
    found = found_or_none(xml)
    for each in () if found is None else (found.incoming, found.outgoing):
        if each is not None:
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", each.host)
            assert 0 < each.port < 65_536
            assert each.user.isprintable()
            assert each.auth


@given(st.binary(max_size=60), st.integers(0, 900))
def test_any_damage_to_a_file_is_survived(octets: bytes, at: int) -> None:
    """Octets written over any place of a good file give a finding or Malformed."""
    file = config(IMAP, SMTP).encode()
    found = found_or_none(file[:at] + octets + file[at + len(octets) :])
    assert found is None or found.outgoing.port > 0
