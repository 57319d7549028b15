"""What leaves for whom: nothing without a yes, exactly what was allowed with one, and a question where one is due."""

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.accounts.suppression import SUPPRESSION_SECRET, mark_of
from desktop.core.arrival import ArrivalKind
from desktop.core.donottrack import parse_line
from desktop.core.errors import StoreTrouble
from desktop.core.grounds import AskWhen, Policy
from desktop.core.permission import Standing
from desktop.core.policy import WhyNot
from desktop.core.trackingheader import NAME
from desktop.outgoing import means
from desktop.outgoing.journal import Journal
from desktop.store import settings
from desktop.store.accounts import save_account
from desktop.store.asks import apply_consent, want_asking
from desktop.store.change import Change
from desktop.store.do_not_track import add
from desktop.store.erase import erase_person
from desktop.store.people import permission_of, withdraw
from desktop.store.policies import set_person_policy
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import Claims, read_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import SECONDS_PER_DAY, Token, TokenType, minting_key, read, recipient_tag, verify
from relay.wire.urls import read_consent_url
from relay.wire.wording import asked_text, wording_hash
from tests.outgoing.conftest import Bench, make_channel

PERSON = "bob@x.test"
MAIL = (
    b"From: Alice Example <alice@example.test>\r\nTo: Bob <bob@x.test>\r\nSubject: Offer\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<html><body><p>Hello, see <a href="https://example.com/a">this</a>.</p></body></html>\r\n'
)
FLOWED = (
    b"From: Alice Example <alice@example.test>\r\nTo: Bob <bob@x.test>\r\nSubject: Offer\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nHello Bob\r\n"
)
QUESTION = re.compile(rb"https://link\.test/consent/[\w-]{72}/me\?by=[\w-]+\.me")


@pytest.fixture
def asking(bench: Bench) -> Bench:
    """Return a bench with a channel whose user asks in the first mail; Bob is a stranger."""
    bench.channel = make_channel()
    choose(bench, ask_when=AskWhen.FIRST)
    return bench.start()


def choose(
    bench: Bench,
    *,
    policy: Policy = Policy.ASK,
    ask_when: AskWhen = AskWhen.NEVER,
    language: Language = Language.ENGLISH,
    country: str = "",
    sunset_days: int = 90,
) -> None:
    """Have the user answer the question of the first run."""
    bench.account = replace(
        bench.account,
        policy=policy,
        ask_when=ask_when,
        is_policy_chosen=True,
        language=language,
        country=country,
        sunset_days=sunset_days,
    )
    save_account(bench.store, bench.account)


def mail(number: int, raw: bytes = MAIL) -> bytes:
    """Return one of several mails that differ."""
    return raw.replace(b"Subject: Offer", b"Subject: Offer %d" % number)


def send(bench: Bench, raw: bytes = MAIL, *recipients: str) -> bytes:
    """Send a mail and return what arrived last."""
    assert bench.send(raw + b".\r\n", *(recipients or (PERSON,))).startswith("250")
    return bench.provider.messages[-1].content


def question_in(content: bytes) -> tuple[str, Token, Claims]:
    """Return the one question in a mail, its token verified as the relay does it."""
    (url,) = set(QUESTION.findall(content.replace(b"&amp;", b"&")))
    path, _, query = url.decode().removeprefix("https://link.test").partition("?")
    text, octets = read_consent_url(path, query)
    token = verify(
        text, TokenType.CONSENT, lambda each: minting_key(b"m" * 32, each.channel_id, each.type), bound=octets
    )
    return url.decode(), token, read_claims(octets)


def answer(bench: Bench, content: bytes, *purposes: Purpose, number: int = 1) -> None:
    """Have the person answer the question in a mail: yes to `purposes`, or no."""
    _, token, claims = question_in(content)
    given = Answer(
        id=bytes([number]) * 16,
        kind=AnswerKind.CONSENT,
        token_id=token.random_id,
        tag=token.recipient_tag,
        at_ms=int(bench.clock().timestamp() * 1000),
        purposes=frozenset(purposes),
        language=claims.language,
        wording=wording_hash(asked_text(claims)),
    )
    bench.store.write(lambda connection: (apply_consent(connection, given, now=bench.clock()), None))


def why(bench: Bench) -> list[WhyNot | None]:
    """Return why each copy is untracked, in the order in which they left."""
    return [copy.status.why_not for copy in sorted(bench.copies(), key=lambda copy: copy.id)]


def standing_of(bench: Bench) -> Standing:
    """Return where Bob stands."""
    return permission_of(bench.store, PERSON).standing


def unknown(_bench: Bench) -> None:
    """Leave Bob a stranger."""


def asked(bench: Bench) -> None:
    """Ask Bob, who does not answer."""
    send(bench, mail(0))
    bench.provider.messages.clear()


def denied(bench: Bench) -> None:
    """Ask Bob, who says no on the page."""
    answer(bench, send(bench, mail(0)))
    bench.provider.messages.clear()


def withdrawn(bench: Bench) -> None:
    """Record Bob's yes, and that he took it back."""
    bench.permit(PERSON)
    withdraw(bench.store, PERSON, bench.clock())


def ledger_unreadable(bench: Bench) -> None:
    """Record Bob's yes, and flip a byte of it behind the store's back."""
    bench.permit(PERSON)

    def spoil(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("DROP TRIGGER ledger_is_not_changed")
        connection.execute("UPDATE ledger SET at_ms = at_ms + 1")
        return Change(), None

    bench.store.write(spoil)


def erased(bench: Bench) -> None:
    """Record Bob's yes, and erase him."""
    bench.permit(PERSON)
    bench.vault.put(SUPPRESSION_SECRET, "5e" * 32)
    mark = mark_of(bench.vault, PERSON)
    assert mark is not None
    erase_person(bench.store, PERSON, suppression_mark=mark, now=bench.clock())


def listed(bench: Bench) -> None:
    """Record Bob's yes, and put his company on a do-not-track list."""
    bench.permit(PERSON)
    add(bench.store, parse_line("x.test"), "", bench.clock())


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (unknown, WhyNot.NO_PERMISSION),
        (asked, WhyNot.ASKED),
        (denied, WhyNot.DENIED),
        (withdrawn, WhyNot.WITHDRAWN),
        (ledger_unreadable, WhyNot.LEDGER_BROKEN),
        (erased, WhyNot.LISTED),
        (listed, WhyNot.LISTED),
    ],
)
def test_without_permission_bytes_in_are_bytes_out(
    asking: Bench, before: Callable[[Bench], None], reason: WhyNot
) -> None:
    """Item 1, "Without permission a copy carries no picture and no click link": the mail arrives byte for byte."""
    before(asking)
    choose(asking, ask_when=AskWhen.NEVER)
    assert send(asking, mail(1)) == mail(1)
    assert why(asking)[-1] is reason


def test_with_permission_the_same_mail_carries_both(asking: Bench) -> None:
    """Item 1, twin: with a standing yes the copy carries a picture and a tracked link."""
    asking.permit(PERSON)
    content = send(asking)
    assert (b"/open/" in content, b"/click/" in content, b"/consent/" in content) == (True, True, False)
    assert why(asking) == [None]


def test_grounds_that_cannot_be_read_leave_the_mail_alone(asking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 1, "ledger unreadable", the store as a whole: a locked or damaged one asks and tracks nobody."""
    asking.permit(PERSON)

    def fail(*_args: object, **_options: object) -> None:
        raise StoreTrouble("The disk failed.")

    with monkeypatch.context() as patched:
        patched.setattr(means, "grounds", fail)
        assert send(asking, mail(1)) == mail(1)
    assert [trouble.sentence for trouble in asking.troubles] == ["The disk failed."]
    assert b"/open/" in send(asking, mail(2))


@pytest.mark.parametrize("opens", [False, True])
@pytest.mark.parametrize("clicks", [False, True])
def test_opens_and_clicks_are_allowed_separately(asking: Bench, opens: bool, clicks: bool) -> None:
    """Item 2, "four-cell matrix": what the person ticked on the page is what the next mail carries."""
    ticked = [purpose for purpose, is_on in ((Purpose.OPENS, opens), (Purpose.CLICKS, clicks)) if is_on]
    answer(asking, send(asking, mail(1)), *ticked)
    content = send(asking, mail(2))
    assert (b"/open/" in content, b"/click/" in content) == (opens, clicks)
    assert (b"open this mail" in content, b"links" in content) == (opens, clicks)
    assert (content == mail(2)) is (not ticked)
    assert standing_of(asking) is (Standing.GRANTED if ticked else Standing.DENIED)


@pytest.mark.parametrize("extra", [Purpose.PLACE, Purpose.READING])
def test_place_and_reading_time_are_kept_where_they_were_ticked(asking: Bench, extra: Purpose) -> None:
    """Item 2, "boxes and words of their own": the copy's row and line have it exactly where the person ticked it."""
    answer(asking, send(asking, mail(1)), Purpose.OPENS, extra)
    content = send(asking, mail(2))
    assert ((b"roughly where" in content), (b"how long" in content)) == (
        extra is Purpose.PLACE,
        extra is Purpose.READING,
    )
    assert {Purpose.OPENS, extra} in [copy.purposes for copy in asking.copies()]


@pytest.mark.parametrize("raw", [MAIL, FLOWED], ids=["html", "flowed"])
def test_a_question_carries_no_picture_and_no_tracked_link(asking: Bench, raw: bytes) -> None:
    """Item 3: one link of its own kind, in the words that say so, and nothing that could be hit."""
    content = send(asking, raw)
    assert (b"/open/" in content, b"/click/" in content, b"/stop/" in content) == (False, False, False)
    assert (b"<img" in content, NAME.encode() in content) == (False, False)
    assert b"Nothing is recorded unless you say" in content.replace(b"\r\n", b" ")
    assert (b"text/html" in content) is (raw is MAIL)
    _, token, claims = question_in(content)
    assert claims == Claims(sender="Alice Example", language=Language.ENGLISH, purposes=frozenset(Purpose))
    assert token.recipient_tag == recipient_tag(make_channel().tag_key, PERSON, 0)
    assert token.issue_day == int(asking.clock().timestamp()) // SECONDS_PER_DAY
    assert (why(asking), standing_of(asking)) == ([WhyNot.ASKED], Standing.ASKED)


def test_a_question_is_put_once(asking: Bench) -> None:
    """Item 5: the second mail, and one after 180 days, arrives byte for byte; then the user may ask by hand, once."""
    question_in(send(asking, mail(1)))
    assert send(asking, mail(2)) == mail(2)
    asking.clock.advance(timedelta(days=200))
    assert send(asking, mail(3)) == mail(3)
    want_asking(asking.store, PERSON, asking.clock())
    question_in(send(asking, mail(4)))
    assert send(asking, mail(5)) == mail(5)


def test_a_question_after_a_no_stands_for_a_new_generation(asking: Bench) -> None:
    """After a no on the page the user's own word asks once more, under a tag that nobody stopped; a yes then counts."""
    answer(asking, send(asking, mail(1)))
    asking.clock.advance(timedelta(days=200))
    want_asking(asking.store, PERSON, asking.clock())
    content = send(asking, mail(2))
    _, token, _ = question_in(content)
    assert token.recipient_tag == recipient_tag(make_channel().tag_key, PERSON, 1)
    answer(asking, content, Purpose.OPENS, number=2)
    tracked = send(asking, mail(3))
    (stop,) = set(re.findall(rb"/stop/([\w-]{72})/me", tracked))
    assert read(stop.decode()).recipient_tag == token.recipient_tag


def test_by_default_people_are_asked_once_they_have_answered(asking: Bench) -> None:
    """A cold mail asks nothing; the first one after a mail of theirs does."""
    choose(asking, ask_when=AskWhen.ANSWERED)
    assert send(asking, mail(1)) == mail(1)

    def arrive(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute(
            "INSERT INTO arrival (account_id, key, kind, from_name, from_address, subject, at_ms)"
            " VALUES (?, 1, ?, '', ?, '', 0)",
            (asking.account.id, ArrivalKind.MAIL, PERSON),
        )
        return Change(), None

    asking.store.write(arrive)
    question_in(send(asking, mail(2)))


def test_a_shared_copy_asks_nobody(asking: Bench) -> None:
    """Six recipients get one copy, and it is the mail as it came."""
    people = [f"p{number}@x.test" for number in range(6)]
    assert send(asking, MAIL, *people) == MAIL
    assert {WhyNot.SHARED} == set(why(asking))


def test_a_person_is_one_person_in_whatever_case(asking: Bench) -> None:
    """The tag is that of the normalised address, so that a stop and an answer are theirs."""
    _, token, _ = question_in(send(asking, mail(1), "Bob@X.test"))
    assert token.recipient_tag == recipient_tag(make_channel().tag_key, PERSON, 0)
    assert standing_of(asking) is Standing.ASKED


def test_several_recipients_are_asked_each_by_themselves(asking: Bench) -> None:
    """Two strangers get a question with a tag of their own; one who allowed it gets the picture instead."""
    asking.permit("carol@x.test")
    send(asking, MAIL, PERSON, "dave@x.test", "carol@x.test")
    contents = [each.content for each in asking.provider.messages]
    assert [bool(QUESTION.search(each)) for each in contents] == [True, True, False]
    assert question_in(contents[0])[1].recipient_tag != question_in(contents[1])[1].recipient_tag
    assert b"/open/" in contents[2]


def test_a_question_that_cannot_be_put_is_not_recorded(asking: Bench) -> None:
    """A signed mail arrives byte for byte and Bob was not asked; the next one asks."""
    signed = b"DKIM-Signature: v=1; a=b\r\n" + mail(1)
    assert send(asking, signed) == signed
    assert (why(asking), standing_of(asking)) == ([WhyNot.NO_PERMISSION], Standing.UNKNOWN)
    question_in(send(asking, mail(2)))


def test_a_question_that_does_not_fit_waits(asking: Bench) -> None:
    """Where the provider takes no larger mail it arrives byte for byte, and Bob was not asked."""
    asking.provider.extensions = (f"SIZE {len(MAIL) + 10}", "8BITMIME")
    assert send(asking) == MAIL
    assert standing_of(asking) is Standing.UNKNOWN


def test_the_question_is_on_disk_before_the_dot(asking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question whose rows cannot be kept does not leave: the mail goes out as it came."""
    send(asking, MAIL, "stranger@x.test")
    asking.copies()
    other = sqlite3.connect(asking.folder / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert send(asking, mail(1)) == mail(1)
    other.execute("ROLLBACK")
    other.close()
    assert standing_of(asking) is Standing.UNKNOWN


@pytest.mark.parametrize(("country", "is_told"), [("US", True), ("DE", False), ("", False)])
def test_who_is_told_has_a_line_that_says_so(asking: Bench, country: str, is_told: bool) -> None:
    """Telling: a picture, links, and the line with its stop link, in a country where that is offered; else nothing."""
    choose(asking, policy=Policy.TELL, country="US")
    set_person_policy(asking.store, PERSON, None, None, country)
    content = send(asking)
    assert (b"/open/" in content, b"/stop/" in content, NAME.encode() in content) == (is_told,) * 3
    assert (b"I (Alice Example) can see when this mail is opened or" in content.replace(b"\r\n", b" ")) is is_told
    assert (content == MAIL) is not is_told


def test_lists_are_consulted_before_minting(asking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 11: for whoever a list names no token of any kind is made; for others the same minting is used."""
    minted: list[object] = []

    def mint(*_args: object, **_options: object) -> str:
        minted.append(None)
        return "t" * 72

    monkeypatch.setattr("desktop.outgoing.minting.mint", mint)
    listed(asking)
    assert send(asking, mail(1)) == mail(1)
    assert minted == []
    asking.permit("bob@other.test")
    send(asking, mail(2), "bob@other.test")
    assert len(minted) == 3


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Ohne Ihr Ja wird nichts aufgezeichnet."), ("", "Nothing is recorded unless you")]
)
def test_a_question_speaks_the_mails_language(asking: Bench, language: str, words: str) -> None:
    """Where the mail's own language is clear the question and its page have it, else the account's."""
    german = "Guten Tag Herr Müller, vielen Dank für das Gespräch. Anbei das Angebot, über das wir gesprochen haben."
    raw = FLOWED.replace(b"Hello Bob", german.encode() if language else b"12:30?")
    content = send(asking, raw)
    assert words in content.decode().replace("\r\n", "")
    assert question_in(content)[2].language == (language or "en")


def test_the_accounts_language_is_used_where_the_mails_is_not_clear(asking: Bench) -> None:
    """A mail of few words asks in the language that the account was given."""
    choose(asking, ask_when=AskWhen.FIRST, language=Language.SPANISH)
    assert question_in(send(asking))[2].language is Language.SPANISH


def test_the_users_own_words_are_used(asking: Bench) -> None:
    """A wording that the user saved stands in the next mail; one that is damaged gives way to the product's."""
    settings.put(asking.store, "wording.agreed.en", "{sender} sees {purposes}, as said on {date}: [no more]")
    asking.permit(PERSON)
    content = send(asking, mail(1)).replace(b"\r\n", b" ")
    assert b"Alice Example sees when you open this mail or use its links, as said on 21 November:" in content
    assert b">no more</a>" in content
    settings.put(asking.store, "wording.agreed.en", "{sender} sees all")
    assert b">See or stop</a>" in send(asking, mail(2))


@pytest.mark.parametrize("sunset_days", [90, 30])
def test_a_sunset_is_in_the_day_of_pictures_and_links(asking: Bench, sunset_days: int) -> None:
    """The relay counts 90 days from the day in them, so theirs lies 90 - N days back; a stop link's is true."""
    choose(asking, sunset_days=sunset_days)
    asking.permit(PERSON)
    content = send(asking)
    today = int(asking.clock().timestamp()) // SECONDS_PER_DAY
    days = {
        kind: {read(text.decode()).issue_day for text in re.findall(rb"/%s/([\w-]{72})" % kind, content)}
        for kind in (b"open", b"click", b"stop")
    }
    early = {today - 90 + sunset_days}
    assert days == {b"open": early, b"click": early, b"stop": {today}}
    with asking.store.read() as connection:
        assert connection.execute("SELECT sunset_days FROM copy").fetchall() == [(sunset_days,)]


def test_a_tracked_copy_says_so_in_its_header(asking: Bench) -> None:
    """Item 18: the header names what is on and the very stop link of the line."""
    asking.permit(PERSON, Purpose.OPENS)
    content = send(asking)
    header = re.match(rb"Readback-Tracking: opens;\r\n stop=<(https://link\.test/stop/[\w-]{72}/me)>\r\n", content)
    assert header is not None
    assert header[1] in content[header.end() :]
    assert content[header.end() :].partition(b"\r\n\r\n")[0] == MAIL.partition(b"\r\n\r\n")[0]


def test_no_list_unsubscribe_header_is_added(asking: Bench) -> None:
    """Item 8, "No List-Unsubscribe header on one-to-one mail": neither tracked mail nor a question has one."""
    asking.permit("carol@x.test")
    assert b"list-unsubscribe" not in send(asking, mail(1)).lower()
    assert b"list-unsubscribe" not in send(asking, mail(2), "carol@x.test").lower()


def test_without_its_line_a_copy_is_not_tracked(asking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 7, "If the line is removed, tracking is off for that copy": without a line it is the mail as it came."""
    asking.permit(PERSON)
    with monkeypatch.context() as patched:
        patched.setattr("desktop.outgoing.copies.tracked_line", lambda *_args, **_options: None)
        assert send(asking, mail(1)) == mail(1)
    assert why(asking) == [WhyNot.LINE_NOT_WRITABLE]
    assert b"/open/" in send(asking, mail(2))


def test_a_question_that_the_provider_refused_was_not_put(asking: Bench) -> None:
    """Refused at the final dot nobody was asked, so the next mail asks; one that was taken counts."""
    asking.provider.faults.replies["dot"] = "554 5.7.1 spam"
    assert asking.send(mail(1) + b".\r\n", PERSON).startswith("554")
    asking.copies()
    assert standing_of(asking) is Standing.UNKNOWN
    asking.provider.faults.clear()
    question_in(send(asking, mail(2)))
    asking.copies()
    assert standing_of(asking) is Standing.ASKED


def test_a_question_by_hand_that_was_refused_is_still_wanted(asking: Bench) -> None:
    """What the user asked for is not lost with the mail that would have asked."""
    withdrawn(asking)
    want_asking(asking.store, PERSON, asking.clock())
    asking.provider.faults.replies["dot"] = "554 5.7.1 spam"
    asking.send(mail(1) + b".\r\n", PERSON)
    asking.copies()
    asking.provider.faults.clear()
    question_in(send(asking, mail(2)))


@pytest.mark.parametrize("is_permitted", [True, False], ids=["tracked", "asking"])
def test_a_mail_that_left_untouched_after_all_says_so(
    asking: Bench, monkeypatch: pytest.MonkeyPatch, is_permitted: bool
) -> None:
    """The journal fails at the last moment: the mail goes out as it came, its rows say that, and nobody was asked."""
    if is_permitted:
        asking.permit(PERSON)
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "sync", fail_to_sync)
        assert send(asking, mail(1)) == mail(1)
    assert why(asking) == [WhyNot.STORE_TROUBLE]
    assert [copy.purposes for copy in asking.copies()] == [frozenset()]
    assert standing_of(asking) is (Standing.GRANTED if is_permitted else Standing.UNKNOWN)


def fail_to_sync(_journal: Journal) -> None:
    """Fail as a full disk does."""
    raise StoreTrouble("The journal of outgoing mail cannot be written.")
