"""The mailbox: who may sign in and how, what is asked, and what lies and faults become."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from desktop.accounts.credentials import Credential, Password
from desktop.accounts.tls import client_context
from desktop.core.errors import NotAuthorised, Refused, Trouble, Unreachable
from desktop.incoming.mailbox import Look, Mailbox, Step, connect
from desktop.incoming.probe import probe
from desktop.incoming.troubles import Broken, NoFolder, NoSense
from desktop.incoming.wire import Bell, Plug, Timeouts
from desktop.store.accounts import AccountRow, Security
from desktop.store.folders import FolderRole
from tests.fakes.imap_server import USER, Box, ImapServer, Talk
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import BEFORE, GOOD, TOKEN, account_at, mail

QUICK = Timeouts(connect_s=5.0, command_s=5.0)
LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[ImapServer]:
    """Lend a good server."""
    with ImapServer(context) as running:
        yield running


def open_mailbox(account: AccountRow, credential: Credential = GOOD, timeouts: Timeouts = QUICK) -> Mailbox:
    assert account.ca_file is not None
    return connect(account, credential, client_context(Path(account.ca_file)), timeouts=timeouts)


@pytest.fixture
def mailbox(server: ImapServer, certificates: Certificates) -> Iterator[Mailbox]:
    """Lend a mailbox that is signed in at the good server."""
    opened = open_mailbox(account_at(server, certificates))
    yield opened
    opened.drop()


def answering(*lines: bytes) -> Callable[[Talk, str, str], bool]:
    """Return a plot that says these lines in place of the good answer; TAG stands for the command's."""

    def plot(talk: Talk, _verb: str, _rest: str) -> bool:
        for line in lines:
            talk.say(line.replace(b"TAG", talk.tag.encode()))
        return True

    return plot


def news_first(talk: Talk, _verb: str, _rest: str) -> bool:
    talk.say("* 2 EXISTS")
    return False


# Signing in.


@pytest.mark.parametrize(
    ("capabilities", "credential", "first"),
    [
        ("SASL-IR AUTH=PLAIN", GOOD, "AUTHENTICATE PLAIN "),
        ("AUTH=PLAIN", GOOD, "AUTHENTICATE PLAIN"),
        ("", GOOD, "LOGIN"),
        ("SASL-IR AUTH=XOAUTH2", TOKEN, "AUTHENTICATE XOAUTH2 "),
        ("AUTH=XOAUTH2", TOKEN, "AUTHENTICATE XOAUTH2"),
        ("AUTH=OAUTHBEARER AUTH=XOAUTH2 SASL-IR", TOKEN, "AUTHENTICATE OAUTHBEARER "),
    ],
)
def test_each_way_in_is_taken(
    server: ImapServer, certificates: Certificates, capabilities: str, credential: Credential, first: str
) -> None:
    """A password with letters beyond ASCII and a token go in by the mechanisms that servers offer."""
    server.capabilities = capabilities
    open_mailbox(account_at(server, certificates), credential).drop()
    assert server.count(first) == 1


@pytest.mark.parametrize(
    "capabilities", ["AUTH=PLAIN", "SASL-IR AUTH=PLAIN", "AUTH=XOAUTH2", "SASL-IR AUTH=OAUTHBEARER"]
)
def test_a_wrong_secret_is_not_authorised(server: ImapServer, certificates: Certificates, capabilities: str) -> None:
    """A refused password or token is told as such; a bearer's challenge is answered, so that the NO comes."""
    server.capabilities = capabilities
    server.tokens.clear()
    wrong = Password(user=USER, secret="wrong") if "PLAIN" in capabilities else TOKEN
    with pytest.raises(NotAuthorised, match="accept"):
        open_mailbox(account_at(server, certificates), wrong)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (b"TAG NO [UNAVAILABLE] later", Refused, "at the moment"),
        (b"TAG NO [ALERT] Your account is not enabled for IMAP use", Refused, "switched off"),
        (b"TAG NO [ALERT] Application-specific password required", NotAuthorised, "app password"),
        (b"TAG BAD what", NotAuthorised, "user name and password"),
        (b"* BYE too many", Unreachable, "closed"),
        (b"nonsense", Unreachable, "closed"),
    ],
)
def test_a_refused_sign_in_says_why(
    server: ImapServer, certificates: Certificates, said: bytes, kind: type[Trouble], words: str
) -> None:
    """What the server says beside its NO chooses the sentence; nothing of its text is shown."""
    server.plots["AUTHENTICATE"] = answering(said)
    with pytest.raises(kind, match=words) as caught:
        open_mailbox(account_at(server, certificates))
    assert caught.value.cure != ""
    assert isinstance(caught.value, NotAuthorised) == (kind is NotAuthorised)


@pytest.mark.parametrize(("capabilities", "credential"), [("AUTH=PLAIN", TOKEN), ("LOGINDISABLED AUTH=GSSAPI", GOOD)])
def test_no_way_in_is_refused(
    server: ImapServer, certificates: Certificates, capabilities: str, credential: Credential
) -> None:
    """Where no mechanism fits, no secret is sent."""
    server.capabilities = capabilities
    with pytest.raises(Refused, match="sign"):
        open_mailbox(account_at(server, certificates), credential)
    assert server.count("AUTHENTICATE") + server.count("LOGIN") == 0


# Encryption.


def test_starttls_encrypts_before_the_secret(context: ssl.SSLContext, certificates: Certificates) -> None:
    """Over STARTTLS the secret goes only after the handshake, and the mailbox works."""
    with ImapServer(context, implicit_tls=False) as server:
        opened = open_mailbox(account_at(server, certificates))
        assert [each.name for each in opened.folders()] == ["INBOX", "Sent"]
        opened.drop()
        words = [command.split(" ")[0] for command in server.commands]
        assert words.index("STARTTLS") < words.index("AUTHENTICATE")


@pytest.mark.parametrize("before_tls", ["AUTH=PLAIN", "STARTTLS"])
def test_without_starttls_nothing_is_said(context: ssl.SSLContext, certificates: Certificates, before_tls: str) -> None:
    """A server without STARTTLS, or already signed in before it, never gets a secret."""
    greeting = b"* PREAUTH come in\r\n" if before_tls == "STARTTLS" else b"* OK\r\n"
    with ImapServer(context, implicit_tls=False, before_tls=before_tls, greeting=greeting) as server:
        with pytest.raises(Unreachable, match="no encryption"):
            open_mailbox(account_at(server, certificates))
        assert server.count("AUTHENTICATE") + server.count("LOGIN") == 0


@pytest.mark.parametrize("said", [b"TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"TAG NO not now"])
def test_a_spoilt_starttls_ends_the_connection(
    context: ssl.SSLContext, certificates: Certificates, said: bytes
) -> None:
    """Octets slipped in behind the answer, or a refusal, end it before any secret."""
    with ImapServer(context, implicit_tls=False) as server:
        server.plots["STARTTLS"] = answering(said)
        with pytest.raises(Unreachable):
            open_mailbox(account_at(server, certificates))
        assert server.count("AUTHENTICATE") == 0


@pytest.mark.parametrize(
    ("names", "expired", "words"), [(("other.example",), False, "another name"), (("localhost",), True, "expired")]
)
def test_a_bad_certificate_is_named(
    certificates: Certificates, names: tuple[str, ...], expired: bool, words: str
) -> None:
    """A certificate for another name or out of date ends the connection with the reason."""
    with ImapServer(certificates.context(*names, expired=expired)) as server:
        with pytest.raises(Unreachable, match=words):
            open_mailbox(account_at(server, certificates))
        assert server.commands == []


def test_an_unknown_authority_is_named(server: ImapServer, certificates: Certificates) -> None:
    """Without the authority's file its certificate is not good."""
    account = replace(account_at(server, certificates), ca_file=None)
    with pytest.raises(Unreachable, match="authority"):
        connect(account, GOOD, client_context(None), timeouts=QUICK)


# No mailbox there.


def test_troubles_of_the_way_there_have_their_own_words(server: ImapServer, certificates: Certificates) -> None:
    """No such name, nothing at the port, TLS where there is none: each has its sentence and its cure."""
    good = account_at(server, certificates)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        free = unused.getsockname()[1]
    for account, words in (
        (replace(good, imap_host="nowhere.invalid"), "no server named"),
        (replace(good, imap_port=free), "Nothing answers"),
        (replace(good, imap_host="x" * 70 + ".example"), "cannot be a server's name|no server named"),
    ):
        with pytest.raises(Unreachable, match=words) as caught:
            open_mailbox(account)
        assert caught.value.cure != ""


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"* BYE full\r\n", "turned the connection away"),
        (b"220 mail.example ESMTP\r\n", "server for sending .SMTP., not for reading"),
        (b"* NO who are you\r\n", "no mailbox server"),
    ],
)
def test_a_greeting_that_is_none(context: ssl.SSLContext, certificates: Certificates, said: bytes, words: str) -> None:
    """A server that greets with BYE, or as another kind of server, is told as what it is."""
    with ImapServer(context, greeting=said) as server, pytest.raises(Trouble, match=words):
        open_mailbox(account_at(server, certificates))


def test_tls_where_there_is_none(context: ssl.SSLContext, certificates: Certificates) -> None:
    """TLS towards a port that begins in plain text names the other choice."""
    with ImapServer(context, implicit_tls=False) as server:
        account = replace(account_at(server, certificates), imap_security=Security.TLS)
        with pytest.raises(Unreachable, match="does not speak TLS") as caught:
            open_mailbox(account)
    assert "STARTTLS" in caught.value.cure


@pytest.mark.parametrize("verb", ["CONNECT", "CAPABILITY", "AUTHENTICATE"])
def test_a_server_that_never_answers_times_out(context: ssl.SSLContext, certificates: Certificates, verb: str) -> None:
    """Silence in the handshake or after a command is a time-out in words."""
    over = threading.Event()
    with ImapServer(context) as server:
        server.plots[verb] = lambda _talk, _verb, _rest: over.wait(10)
        with pytest.raises(Unreachable, match="in time"):
            open_mailbox(account_at(server, certificates), timeouts=Timeouts(connect_s=0.2, command_s=0.2))
        over.set()


def test_a_pulled_plug_ends_a_handshake_at_once(context: ssl.SSLContext, certificates: Certificates) -> None:
    """Another thread ends a handshake that never would, and a plug that was pulled before connects nothing."""
    reached, over = threading.Event(), threading.Event()

    def silence(_talk: Talk, _verb: str, _rest: str) -> bool:
        reached.set()
        return over.wait(10)

    with ImapServer(context) as server:
        server.plots["CONNECT"] = silence
        account = account_at(server, certificates)
        plug = Plug()
        trouble: list[Trouble] = []

        def attempt() -> None:
            try:
                connect(account, GOOD, client_context(certificates.ca_file), plug=plug)
            except Trouble as caught:
                trouble.append(caught)

        thread = threading.Thread(target=attempt)
        thread.start()
        assert reached.wait(5)
        begun_s = monotonic()
        plug.pull()
        thread.join(5)
        assert (len(trouble), monotonic() - begun_s < 1) == (1, True)
        with pytest.raises(Unreachable):
            connect(account, GOOD, client_context(certificates.ca_file), plug=plug)
        over.set()


# Folders.


def test_folders_have_names_and_marks(server: ImapServer, mailbox: Mailbox) -> None:
    """Names come decoded from UTF-7, marks in lower case; what cannot be opened is left out."""
    server.boxes["Entw&APw-rfe"] = Box(attributes=("\\Drafts", "\\HasNoChildren"))
    server.boxes["Top"] = Box(attributes=("\\Noselect",))
    assert {(each.name, each.attributes) for each in mailbox.folders()} == {
        ("INBOX", frozenset()),
        ("Sent", frozenset({"\\sent"})),
        ("Entwürfe", frozenset({"\\drafts", "\\hasnochildren"})),
    }


def test_marks_are_asked_for_where_a_plain_list_has_none(server: ImapServer, certificates: Certificates) -> None:
    """RFC 6154 lets a server keep its marks until it is asked for them."""
    server.capabilities += " LIST-EXTENDED"
    server.boxes["Sent"].attributes = ()

    def marked(talk: Talk, _verb: str, rest: str) -> bool:
        if "RETURN (SPECIAL-USE)" in rest:
            server.boxes["Sent"].attributes = ("\\Sent",)
        return not talk.tag

    server.plots["LIST"] = marked
    mailbox = open_mailbox(account_at(server, certificates))
    assert "\\sent" in next(each for each in mailbox.folders() if each.name == "Sent").attributes
    mailbox.drop()


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [('(("" "/")) NIL NIL', ("",)), ('(("INBOX." ".")) NIL NIL', ("", "INBOX.")), ("NIL NIL NIL", ("",))],
)
def test_prefixes_are_those_of_the_users_own_namespace(
    server: ImapServer, mailbox: Mailbox, namespace: str, expected: tuple[str, ...]
) -> None:
    """The prefix of the personal namespace is told."""
    server.namespace = namespace
    assert expected == mailbox.prefixes()


def test_without_namespace_the_usual_prefix_is_tried(server: ImapServer, certificates: Certificates) -> None:
    """A server that knows no NAMESPACE may still keep everything below INBOX."""
    server.capabilities = "AUTH=PLAIN"
    mailbox = open_mailbox(account_at(server, certificates))
    assert mailbox.prefixes() == ("", "INBOX.", "INBOX/")
    mailbox.drop()


def test_a_folder_is_looked_at_by_examine_and_status(server: ImapServer, mailbox: Mailbox) -> None:
    """Both say the same of a folder, and a folder that is refused has a trouble of its own."""
    server.deliver("INBOX", mail("a"), BEFORE)
    expected = Look(uid_validity=7, next_uid=2, modseq=2, mails=1)
    assert (mailbox.examine("INBOX"), mailbox.status("INBOX")) == (expected, expected)
    with pytest.raises(NoFolder):
        mailbox.examine("Gone")
    assert mailbox.examine("INBOX") == expected
    assert server.count("SELECT") == 0


# Searching and fetching.


def fill(server: ImapServer, count: int) -> None:
    for number in range(1, count + 1):
        server.boxes["INBOX"].add(mail(f"m{number}"), BEFORE)


def test_a_search_keeps_to_what_was_asked(server: ImapServer, mailbox: Mailbox) -> None:
    """UIDs within the bounds and since the day come, each once and in order, whatever else the server says."""
    fill(server, 5)
    server.boxes["INBOX"].mails[2].received_at = datetime(2019, 1, 1, tzinfo=UTC)
    server.boxes["INBOX"].mails[4].flags = ("\\Draft",)
    mailbox.examine("INBOX")
    assert mailbox.search(1, 4, LONG_AGO) == [1, 3, 4]
    assert mailbox.search(1, None, LONG_AGO, without_drafts=True) == [1, 3, 5]
    # RFC 3501 6.4.8: "9:*" names the last mail though its UID is lower.
    assert mailbox.search(9, None, LONG_AGO) == []
    server.plots["UID SEARCH"] = answering(
        b"* SEARCH 9 3 3 0", b"* SEARCH 4294967299 5 (MODSEQ 917)", b"* SEARCH", b"TAG OK done"
    )
    assert mailbox.search(3, None, LONG_AGO) == [3, 5, 9]


def test_heads_and_bodies_come_whole_and_bounded(server: ImapServer, mailbox: Mailbox) -> None:
    """Only the fields asked for come of a header, and of a body no more than its first octets."""
    fill(server, 3)
    mailbox.examine("INBOX")
    (head,) = mailbox.heads([2], ["Message-ID", "Subject"], 65_536)
    assert (head.uid, head.received_at) == (2, BEFORE)
    assert head.octets == b"Subject: About m2\r\nMessage-ID: <m2@example.test>\r\n\r\n"
    assert [each.octets for each in mailbox.bodies([1, 3], 9)] == [b"Received:", b"Received:"]
    assert mailbox.heads([], ["Subject"], 1) == []
    assert mailbox.highest_uid() == 3
    assert "BODY.PEEK[" in server.commands[-2]
    assert server.count("UID FETCH 1,3") == 1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b'* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)]<0> "Subject: \\"x\\"" UID 1)'], [(1, b'Subject: "x"')]),
        ([b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)]<0> NIL)"], [(1, b"")]),
        ([b"* 1 FETCH (FLAGS (\\Seen) UID 1)", b"* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)"], [(1, b"a")]),
        ([b"* 1 FETCH (UID 1 BODY[]<0> {1}\r\na FLAGS (\\Seen))"], [(1, b"a")]),
        ([b"* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)", b"* 2 FETCH (UID 1 BODY[]<0> {1}\r\nb)"], [(1, b"a")]),
        ([b"* 9 FETCH (UID 99 BODY[]<0> {1}\r\na)", b"* 1 FETCH (FLAGS ())"], []),
        ([b"* 1 FETCH (UID 0 BODY[]<0> {1}\r\na)", b"* 1 FETCH (UID 99999999999 X)"], []),
        ([b"* 1 FETCH (UID 1 BODY[]<0> {3}\r\na\0b)", b"* 7 EXPUNGE"], [(1, b"a\0b")]),
    ],
)
def test_answers_to_fetch_in_any_order_and_of_any_kind(
    server: ImapServer, mailbox: Mailbox, lines: list[bytes], expected: list[tuple[int, bytes]]
) -> None:
    """What was asked for is found in whatever order it comes; what nobody asked for is passed over."""
    mailbox.examine("INBOX")
    server.plots["UID FETCH"] = answering(*lines, b"TAG OK done")
    assert [(each.uid, each.octets) for each in mailbox.heads([1], ["Subject"], 100)] == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b'"17-Jul-1996 02:44:25 -0730"', datetime(1996, 7, 17, 10, 14, 25, tzinfo=UTC)),
        (b'" 1-jan-2099 00:00:00 +0000"', datetime(2099, 1, 1, tzinfo=UTC)),
        (b'"31-Feb-2026 00:00:00 +0000"', None),
        (b'"01-Xxx-2026 00:00:00 +0000"', None),
        (b"NIL", None),
    ],
)
def test_the_day_of_receipt(server: ImapServer, mailbox: Mailbox, said: bytes, expected: datetime | None) -> None:
    """A date is read with its zone, and one that makes no sense is none."""
    mailbox.examine("INBOX")
    answer = b"* 1 FETCH (UID 1 INTERNALDATE " + said + b" BODY[]<0> {1}\r\na)"
    server.plots["UID FETCH"] = answering(answer, b"TAG OK done")
    assert [each.received_at for each in mailbox.heads([1], ["Subject"], 100)] == [expected]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"* 1 FETCH (UID 1 BODY[]<0> {31457280}\r\n", Broken),
        (b"* 1 FETCH (UID 1 BODY[]<0> {99999999999999999999}\r\n", Broken),
        (b"* BYE shutting down", Broken),
        (b"what is this", Broken),
        (b"TAG NO [SERVERBUG] no", Refused),
        (b"TAG BAD no", Refused),
        (b"X999 OK not yours", Broken),
    ],
)
def test_a_spoilt_answer_is_a_trouble(server: ImapServer, mailbox: Mailbox, said: bytes, kind: type[Trouble]) -> None:
    """A literal of absurd size, a BYE, a refusal or nonsense ends the question with a sentence."""
    mailbox.examine("INBOX")
    server.plots["UID FETCH"] = answering(said)
    with pytest.raises(kind) as caught:
        mailbox.heads([1], ["Subject"], 100)
    assert caught.value.sentence.startswith("localhost") or "localhost" in caught.value.sentence


def test_what_came_with_a_refusal_is_kept(server: ImapServer, mailbox: Mailbox) -> None:
    """A NO that follows some of the mails asked for leaves these readable."""
    mailbox.examine("INBOX")
    server.plots["UID FETCH"] = answering(b"* 1 FETCH (UID 1 BODY[]<0> {1}\r\na)", b"TAG NO some failed")
    assert [each.uid for each in mailbox.heads([1, 2], ["Subject"], 100)] == [1]


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("UID SEARCH", [b"* SEARCH 1 x 2", b"TAG OK done"]),
        ("LIST", [b"* LIST (((((", b"TAG OK done"]),
        ("LIST", [b"* LIST " + b"(" * 5000, b"TAG OK done"]),
        ("LIST", [b'* LIST () "/"', b"TAG OK done"]),
        ("STATUS", [b"* STATUS", b"TAG OK done"]),
        ("STATUS", [b'* STATUS "INBOX" (UIDNEXT x)', b"TAG OK done"]),
        ("NAMESPACE", [b"* NAMESPACE 7 8 9", b"TAG OK done"]),
        ("EXAMINE", [b"* OK [UIDVALIDITY abc]", b"TAG OK done"]),
    ],
)
def test_an_answer_that_makes_no_sense_is_told(
    server: ImapServer, mailbox: Mailbox, verb: str, said: list[bytes]
) -> None:
    """Whatever a server invents for an answer ends in a known trouble, never in a bug."""
    mailbox.examine("INBOX")
    server.plots[verb] = answering(*said)
    asks: dict[str, Callable[[], object]] = {
        "UID SEARCH": lambda: mailbox.search(1, None, LONG_AGO),
        "LIST": mailbox.folders,
        "STATUS": lambda: mailbox.status("INBOX"),
        "NAMESPACE": mailbox.prefixes,
        "EXAMINE": lambda: mailbox.examine("INBOX"),
    }
    with pytest.raises((NoSense, Broken, Refused)):
        asks[verb]()


def test_an_answer_without_end_is_cut_off(
    server: ImapServer, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a line nor an answer may grow without bound, nor go on for ever octet by octet."""
    mailbox.examine("INBOX")
    monkeypatch.setattr("desktop.incoming.wire.MAX_ANSWER_BYTES", 100_000)
    server.plots["UID FETCH"] = answering(*[b"* 1 FETCH (UID 7 FLAGS ())"] * 5000)
    with pytest.raises(Broken):
        mailbox.heads([1], ["Subject"], 100)


@pytest.mark.parametrize("bound", ["MAX_LINE_BYTES", "answer_s"])
def test_a_line_without_end_is_cut_off(
    server: ImapServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """A line that never ends is given up by its length, or by the time the answer takes."""
    timeouts = Timeouts(command_s=5.0, answer_s=0.05 if bound == "answer_s" else 60.0)
    mailbox = open_mailbox(account_at(server, certificates), timeouts=replace(timeouts, answer_s=60.0))
    mailbox._wire._timeouts = timeouts
    mailbox.examine("INBOX")
    if bound == "MAX_LINE_BYTES":
        monkeypatch.setattr("desktop.incoming.wire.MAX_LINE_BYTES", 1000)

    def drip(talk: Talk, _verb: str, _rest: str) -> bool:
        while True:
            talk.socket.sendall(b"* 1 FETCH (" * 10)

    server.plots["UID FETCH"] = drip
    with pytest.raises(Broken):
        mailbox.heads([1], ["Subject"], 100)
    mailbox.drop()


# Waiting.


def test_idle_ends_with_news_the_bell_or_time(server: ImapServer, mailbox: Mailbox) -> None:
    """New mail, a ring and the end of time each end it, and the mailbox answers after each."""
    bell = Bell()
    mailbox.examine("INBOX")
    waiting = threading.Thread(target=mailbox.idle, args=(bell, 30))
    waiting.start()
    server.await_idling()
    server.deliver("INBOX", mail("new"), BEFORE)
    waiting.join(5)
    assert (waiting.is_alive(), mailbox.search(1, None, LONG_AGO)) == (False, [1])
    bell.ring()
    mailbox.idle(bell, 30)
    mailbox.idle(bell, 0)
    assert mailbox.search(1, None, LONG_AGO) == [1]
    assert server.count("IDLE") == 3
    bell.close()
    bell.ring()


def test_news_that_came_with_another_answer_is_not_slept_over(server: ImapServer, mailbox: Mailbox) -> None:
    """EXISTS in the answer to a search, or before IDLE begins, makes IDLE end at once."""
    bell = Bell()
    mailbox.examine("INBOX")
    server.plots["UID SEARCH"] = answering(b"* SEARCH", b"* 1 EXISTS", b"TAG OK done")
    mailbox.search(1, None, LONG_AGO)
    mailbox.idle(bell, 30)
    assert server.count("IDLE") == 0
    server.plots.clear()
    mailbox.search(1, None, LONG_AGO)
    server.plots["IDLE"] = news_first
    mailbox.idle(bell, 30)
    assert server.count("IDLE") == 1
    bell.close()


@pytest.mark.parametrize(
    ("lines", "kind"),
    [([b"TAG NO not here"], Refused), ([b"+ idling", b"* BYE going down"], Broken), ([b"+ idling", b""], Broken)],
)
def test_an_idle_that_fails_is_a_trouble(
    server: ImapServer, mailbox: Mailbox, lines: list[bytes], kind: type[Trouble]
) -> None:
    """A refusal, a BYE and an end in the midst of waiting are told."""
    bell = Bell()
    mailbox.examine("INBOX")

    def plot(talk: Talk, _verb: str, _rest: str) -> bool:
        for line in lines:
            if line:
                talk.say(line.replace(b"TAG", talk.tag.encode()))
            else:
                talk.reset()
        return True

    server.plots["IDLE"] = plot
    with pytest.raises(kind):
        mailbox.idle(bell, 30)
    bell.close()


# The live test of an account.


def test_a_probe_tells_its_steps_and_what_the_mailbox_has(server: ImapServer, certificates: Certificates) -> None:
    """Each step is told as it begins, and the folders come with their roles."""
    steps: list[Step] = []
    found = probe(account_at(server, certificates), GOOD, on_step=steps.append)
    assert steps == [Step.CONNECT, Step.ENCRYPT, Step.SIGN_IN, Step.FOLDERS]
    assert found.folders == (("Sent", FolderRole.SENT), ("INBOX", FolderRole.INBOX))
    assert found.can_idle


def test_a_mailbox_without_an_inbox_fails_the_probe(server: ImapServer, certificates: Certificates) -> None:
    """A mailbox without an inbox is told, and a wrong password as everywhere."""
    account = account_at(server, certificates)
    with pytest.raises(NotAuthorised):
        probe(account, Password(user=USER, secret="wrong"))
    del server.boxes["INBOX"]
    with pytest.raises(Refused, match="no inbox"):
        probe(account, GOOD)


def test_a_day_in_the_future_is_no_trouble(server: ImapServer, mailbox: Mailbox) -> None:
    """A search from a day to come finds nothing and is no error."""
    fill(server, 1)
    mailbox.examine("INBOX")
    assert mailbox.search(1, None, (BEFORE + timedelta(days=365)).date()) == []
