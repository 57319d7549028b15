"""A store as it stands after an ordinary week, and stand-ins for what the app hands to the windows."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from desktop.core.address import Mailbox
from desktop.core.correction import Who
from desktop.core.errors import NotAuthorised, Refused, Trouble
from desktop.core.keep import Keep
from desktop.core.parse import MessageFacts
from desktop.core.permission import Method
from desktop.core.policy import WhyNot
from desktop.core.where import Place, PlaceDatabase
from desktop.store.accounts import AccountRow, Auth, Security, save_account
from desktop.store.corrections import CorrectionRow, correct_hit, corrections, undo_correction
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.ledger import Repair, evidence_file, repair_ledger
from desktop.store.mail import CopyState, NewCopy, NewToken, record_message, record_outcome
from desktop.store.people import record_grant, record_stops
from desktop.store.policies import grounds
from desktop.ui.actions import (
    AccountDraft,
    Actions,
    CheckLine,
    CheckState,
    Corrections,
    Finding,
    Listener,
    ListenerState,
    MailState,
    MailStation,
    OAuthClient,
    PracticeRecipient,
    RelayState,
    SetUp,
    SourceLine,
    SourceState,
    Stations,
    Step,
    StepState,
)
from desktop.ui.holding import HeldAtRelay, HeldRow, Trust
from relay.wire.answer import Answer, AnswerKind
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import labels_of, parse_address, truncated
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType

T = TypeVar("T")
NOW = datetime(2026, 5, 6, 14, 20, tzinfo=UTC)
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
AT_HOME = "203.0.113.9"
PAGE = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "accept-language": "en-GB,en;q=0.8"}
BOTH = frozenset({Purpose.OPENS, Purpose.CLICKS})
HOSTILE = '<img src="file:///etc/passwd"><b>Ann</b> & <a href="http://x.example">click</a>\u202egnp.exe'


def octets(text: str, size: int) -> bytes:
    """Return `size` octets that are always the same for a text."""
    return hashlib.sha256(text.encode()).digest()[:size]


@dataclass(frozen=True, slots=True)
class To:
    """One recipient of a sample message."""

    address: str
    name: str = ""
    role: str = "to"
    why_not: WhyNot | None = None
    links: tuple[str, ...] = ()
    state: CopyState = CopyState.SENT
    reply: str = "250 2.0.0 Ok: queued as 4Zk2Xq1Tz9"
    purposes: frozenset[Purpose] = BOTH


@dataclass
class Sample:
    """Writes sample mail and hits into a store; ids come from counters, so a store is the same every time."""

    store: Store
    number: int = 0
    hits: list[Hit] = field(default_factory=list)

    def message(self, subject: str, to: Sequence[To], at: datetime) -> tuple[int, ...]:
        """Record a message as the listener would, with its outcomes."""
        self.number += 1
        facts = MessageFacts(
            subject=subject,
            from_=Mailbox("Kim Larsen", "kim@larsen-office.example"),
            to=tuple(Mailbox(each.name, each.address) for each in to),
            cc=(),
            message_id=f"<{self.number}@larsen-office.example>",
            in_reply_to="",
            references=(),
            date=at,
        )
        copies = tuple(self._copy(each) for each in to)
        _, ids = record_message(self.store, account_id=1, facts=facts, at=at, copies=copies)
        for copy_id, each in zip(ids, to, strict=True):
            if each.state is not CopyState.PREPARED:
                record_outcome(self.store, copy_id, each.state, at=at + timedelta(seconds=1), reply=each.reply)
        return ids

    def _copy(self, each: To) -> NewCopy:
        if each.why_not is not None:
            return NewCopy(address=each.address, name=each.name, role=each.role, why_not=each.why_not)
        key = f"{self.number}{each.address}"
        tokens = [NewToken(random_id=octets(f"{key}open", 12), type=TokenType.OPEN)]
        tokens += [
            NewToken(random_id=octets(f"{key}{link}", 12), type=TokenType.CLICK, destination=link)
            for link in each.links
        ]
        return NewCopy(
            address=each.address,
            name=each.name,
            role=each.role,
            purposes=each.purposes,
            tag=octets(f"tag{each.address}", 8),
            tokens=tuple(tokens),
        )

    def hit(self, address: str, at: datetime, *, agent: str, source: str = AT_HOME, link: str = "") -> None:
        """Have a request on the newest message's copy come home."""
        came_from = parse_address(source)
        hit = Hit(
            id=octets(f"{address}{at.isoformat()}{link}{agent}", 16),
            kind=HitKind.CLICK if link else HitKind.OPEN,
            token_id=octets(f"{self.number}{address}{link or 'open'}", 12),
            at_ms=int(at.timestamp() * 1000),
            labels=labels_of(came_from),
            network=truncated(came_from),
            same_source=octets(source, 8),
            agent=agent,
            headers=PAGE if link else {"sec-fetch-dest": "image"},
        )
        record_hits(self.store, [hit], now=at, window_s=40)

    def grant(self, address: str, name: str, purposes: frozenset[Purpose] = BOTH) -> None:
        """Record a permission as the user would."""
        record_grant(
            self.store,
            address=address,
            name=name,
            purposes=purposes,
            method=Method.SPOKEN,
            evidence="On the phone after the demo, 3 May",
            at=NOW - timedelta(days=3),
        )


def fill(store: Store) -> None:
    """Write an ordinary week into an empty store."""
    sample = Sample(store)
    save_account(store, ACCOUNT)
    for address, name in (
        ("anna.berg@fjord.example", "Anna Berg"),
        ("marco.rossi@gmail.example", "Marco Rossi"),
        ("lena@studio-hoch.example", "Lena Hoch"),
        ("yuki.tanaka@umi.example", "Yuki Tanaka"),
        ("p.novak@novak-sons.example", "Petr Novák"),
        ("s.oneill@harbour.example", "Sinéad O'Neill"),
    ):
        sample.grant(address, name)
    _quiet_mail(sample)
    _told_mail(sample)


def _quiet_mail(sample: Sample) -> None:
    sample.message(
        "Minutes of Tuesday and the corrected figures for the third quarter, with the appendix you asked for",
        [
            To(
                "bookkeeping@kontor-nord.example",
                "Dr. Maximiliane von Hohenstein-Weißenberg",
                why_not=WhyNot.NO_PERMISSION,
            )
        ],
        NOW - timedelta(days=9),
    )
    sample.message("Contract, signed", [To("legal@fjord.example", "", why_not=WhyNot.SIGNED)], NOW - timedelta(days=5))
    at = NOW - timedelta(days=4, hours=2)
    sample.message("Workshop in June", [To("p.novak@novak-sons.example", "Petr Novák")], at)
    sample.hit("p.novak@novak-sons.example", at + timedelta(hours=1), agent=THUNDERBIRD)
    record_stops(sample.store, [octets("tagp.novak@novak-sons.example", 8)], at + timedelta(hours=2))
    sample.message(
        "Catalogue",
        [
            To(
                "info@no-such-place.example",
                "",
                state=CopyState.REFUSED,
                reply="550 5.1.1 <info@no-such-place.example>: Recipient address rejected: User unknown",
            )
        ],
        NOW - timedelta(days=2),
    )
    sample.message(
        "Delivery dates",
        [To("s.oneill@harbour.example", "Sinéad O'Neill", state=CopyState.UNCERTAIN, reply="")],
        NOW - timedelta(days=1, hours=1),
    )
    sample.message("Follow-up on our call", [To("yuki.tanaka@umi.example", "Yuki Tanaka")], NOW - timedelta(hours=20))


def _told_mail(sample: Sample) -> None:
    at = NOW - timedelta(hours=6)
    sample.message("Terms for 2027", [To("marco.rossi@gmail.example", "Marco Rossi")], at)
    sample.hit("marco.rossi@gmail.example", at + timedelta(minutes=12), agent=GMAIL, source="66.249.84.1")
    at = NOW - timedelta(hours=3, minutes=38)
    pricing = "https://www.larsen-office.example/pricing"
    links = (pricing, "https://www.larsen-office.example/desks", "https://www.larsen-office.example/visit")
    sample.message(
        "Offer",
        [
            To("anna.berg@fjord.example", "Anna Berg", links=links),
            To("lena@studio-hoch.example", "Lena Hoch", role="cc", links=links),
            To("office@fjord.example", "", role="bcc", why_not=WhyNot.NO_PERMISSION),
        ],
        at,
    )
    for number, link in enumerate(links):
        when = at + timedelta(seconds=2, milliseconds=400 * number)
        sample.hit("anna.berg@fjord.example", when, agent=FIREFOX, source="40.107.4.7", link=link)
    sample.hit("lena@studio-hoch.example", at + timedelta(minutes=2), agent="Mozilla/5.0", source="172.225.18.40")
    sample.hit("anna.berg@fjord.example", at + timedelta(minutes=40), agent=THUNDERBIRD)
    sample.hit("anna.berg@fjord.example", at + timedelta(minutes=42), agent=FIREFOX, link=pricing)


ACCOUNT = AccountRow(
    id=0,
    label="Larsen Office",
    host="smtp.larsen-office.example",
    port=465,
    security=Security.TLS,
    user="kim@larsen-office.example",
    identities=(Mailbox("Kim Larsen", "kim@larsen-office.example"),),
)
WATCHING = MailStation(account_id=1, address="kim@larsen-office.example", state=MailState.WATCHING)
STATIONS = Stations(
    listener=ListenerState.LISTENING,
    port=4190,
    relay=RelayState.CONNECTED,
    relay_host="relay.larsen-office.example",
    mail=(WATCHING,),
)
FOUND = Finding(
    row=replace(ACCOUNT, imap_host="imap.larsen-office.example"), label="Larsen Office", source="Mozilla's list"
)
GOOGLE = Finding(
    row=replace(
        ACCOUNT,
        host="smtp.gmail.com",
        imap_host="imap.gmail.com",
        auth=Auth.OAUTH2,
        oauth_provider="google",
    ),
    label="Gmail",
    source="known provider",
    oauth_provider="google",
    sign_in_with="Google",
    app_password_page="https://myaccount.google.com/apppasswords",
    app_password_note="Google takes an app password here, which needs 2-step verification.",
)


def held_row(number: int, opened: T) -> HeldRow[T]:
    """Return what a relay would have of a hit or an answer, and what it is."""
    return HeldRow(
        key=octets(f"key{number}", 8), day="2026-05-06", sealed=octets(f"seal{number}", 32) * 34, opened=opened
    )


def _waiting(link: str, minute: int) -> Hit:
    source = parse_address(AT_HOME)
    return Hit(
        id=octets(f"waiting{link}", 16),
        kind=HitKind.CLICK if link else HitKind.OPEN,
        token_id=octets(f"8anna.berg@fjord.example{link or 'open'}", 12),
        at_ms=int((NOW - timedelta(minutes=minute)).timestamp() * 1000),
        labels=(),
        network=truncated(source),
        same_source=octets("home", 8),
        agent=FIREFOX,
    )


# After `fill`: two requests on the newest mail and one answer that no question here asked for.
HELD = HeldAtRelay(
    host="relay.larsen-office.example",
    channel_id=octets("channel", 16),
    public_key="9c41f00d11802a6e77310be5",
    hits=(
        held_row(1, _waiting("", 20)),
        held_row(2, _waiting("https://www.larsen-office.example/pricing", 18)),
    ),
    hits_count=1_203,
    answers=(
        held_row(
            3,
            Answer(
                id=octets("answer", 16),
                kind=AnswerKind.DELETE,
                token_id=octets("page", 12),
                tag=octets("taglena@studio-hoch.example", 8),
                at_ms=int(NOW.timestamp() * 1000),
            ),
        ),
    ),
    answers_count=1,
    stops=(octets("tagp.novak@novak-sons.example", 8),),
    questions=3,
)


@dataclass
class FakeApp:
    """What the app would do, noted instead of done."""

    store: Store
    stations: Stations = STATIONS
    has_keyring: bool = True
    holds_passwords: bool = True
    kept_in: Keep = Keep.KEYRING
    refuses: Trouble | None = None
    calls: list[tuple[str, object]] = field(default_factory=list)
    practice: "FakePractice | None" = None
    findings: tuple[Finding, ...] = (FOUND,)
    has_browser: bool = True
    places: dict[str, Place] = field(default_factory=dict)
    client: OAuthClient = field(default_factory=lambda: OAuthClient(client_id="readback.apps.example"))
    # Held by tests that look at what stands there while a search or a sign-in is under way.
    going_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Let nothing wait until a test says so."""
        self.going_on.set()

    def actions(self) -> Actions:
        """Return the callables."""
        return Actions(
            test_account=self.test_account,
            save_account=self.save_account,
            delete_account=lambda account_id: self.note("delete_account", account_id),
            keyring_works=lambda: self.has_keyring,
            kept_in=lambda: self.kept_in,
            keep_in=lambda keep: self.note("keep_in", keep),
            listener=lambda: Listener(host="127.0.0.1", port=4190, user="readback", password="tRq8-Lmx2-9fWd"),
            restart_listener=lambda port: self.note("restart_listener", port),
            stations=lambda: self.stations,
            connect_relay=lambda url, invite: self.note("connect_relay", (url, invite)),
            disconnect_relay=lambda: self.note("disconnect_relay", None),
            quit=lambda: self.note("quit", None),
            has_password=lambda _: self.holds_passwords,
            set_up=SetUp(
                discover=self.discover,
                sign_in=self.sign_in,
                client=lambda _: self.client,
                save_client=self.save_client,
                open_url=self.open_url,
            ),
            cancel_reading=lambda account_id: self.note("cancel_reading", account_id),
            resume_reading=lambda account_id: self.note("resume_reading", account_id),
            check_mail=lambda: self.note("check_mail", None),
            corrections=Corrections(
                say=self.say,
                take_back=self.take_back,
                standing=lambda: corrections(self.store),
            ),
            place_of=lambda network: self.places.get(str(network)),
            examine_places=self.examine_places,
            trust=Trust(held=self.held, delete_channel=lambda: self.note("delete_channel", None)),
            repair_ledger=self.repair_ledger,
            erase_person=lambda address: self.note("erase_person", address),
            grounds_of=lambda address, account_id: grounds(self.store, address, account_id, is_suppressed=False),
            practice=self.practice,
        )

    def note(self, name: str, value: object) -> None:
        """Keep a call, or fail as told."""
        if self.refuses is not None:
            raise self.refuses
        self.calls.append((name, value))

    def say(self, hit_id: bytes, who: Who) -> CorrectionRow | None:
        """Keep it in the store, as the app does."""
        self.note("say", (hit_id, who))
        _, correction_id = correct_hit(self.store, hit_id, who, now=NOW)
        return next((row for row in corrections(self.store) if row.correction.id == correction_id), None)

    def take_back(self, correction_id: int) -> None:
        """Take it back in the store, as the app does."""
        self.note("take_back", correction_id)
        undo_correction(self.store, correction_id)

    def examine_places(self, path: str) -> PlaceDatabase:
        """Take every file for a good one, or fail as told."""
        self.note("examine_places", path)
        return PlaceDatabase(kind="DBIP-City-Lite", built_at=NOW, has_regions=True)

    def held(self) -> HeldAtRelay:
        """Return what a relay would hold, or fail as told."""
        self.note("held", None)
        return HELD

    def repair_ledger(self) -> Repair:
        """Repair the store's, as the app does."""
        self.note("repair_ledger", None)
        return repair_ledger(self.store, now=NOW, evidence=evidence_file(self.store.path.parent, NOW))

    def discover(
        self, address: str, is_further: bool, report: Callable[[SourceLine], None], cancelled: threading.Event
    ) -> tuple[Finding, ...]:
        """Tell of two sources, and find what the test put there."""
        self.note("discover", (address, is_further))
        report(SourceLine(name="Known providers", state=SourceState.NOTHING))
        report(SourceLine(name="Mozilla's list", state=SourceState.LOOKING))
        while not self.going_on.wait(0.01) and not cancelled.is_set():
            pass
        report(SourceLine(name="Mozilla's list", state=SourceState.FOUND))
        return self.findings

    def sign_in(
        self, provider: str, address: str, open_browser: Callable[[str], None], cancelled: threading.Event
    ) -> object:
        """Show a page, wait as long as the test holds, and grant."""
        self.note("sign_in", (provider, address))
        open_browser("https://accounts.google.example/o/oauth2/auth?client_id=readback&state=x")
        while not self.going_on.wait(0.01):
            if cancelled.is_set():
                raise Refused("You stopped signing in.", "")
        return "grant"

    def save_client(self, provider: str, client: OAuthClient) -> None:
        """Keep it; nothing is missing any more."""
        self.note("save_client", (provider, client))
        self.client = client

    def open_url(self, url: str) -> bool:
        """Note it, where there is a browser."""
        self.calls.append(("open_url", url))
        return self.has_browser

    def test_account(self, draft: AccountDraft, report: Callable[[CheckLine], None]) -> None:
        """Report three lines; the last fails where the password is wrong."""
        report(CheckLine(what="Found the server", state=CheckState.PASSED, detail=draft.row.host))
        report(CheckLine(what="Certificate", state=CheckState.PASSED, detail="valid until 3 Feb"))
        if draft.password == "wrong":
            report(CheckLine(what="Signed in", state=CheckState.FAILED, detail="535 5.7.8 authentication failed"))
            raise NotAuthorised("The provider did not accept this user name and password.", "Try an app password.")
        report(CheckLine(what="Signed in", state=CheckState.PASSED, detail=draft.row.user))
        self.note("test_account", draft)

    def save_account(self, draft: AccountDraft) -> int:
        """Save it in the store, as the app does."""
        self.note("save_account", draft)
        self.holds_passwords = self.holds_passwords or bool(draft.password)
        return save_account(self.store, draft.row)[1]


TITLES = (
    "Kim sends an offer to five people",
    "One copy, as a difference",
    "A scanner takes all links",
    "Apple preloads a copy",
    "Gmail's proxy fetches one",
    "Anna opens, and uses a link",
    "Petr stops tracking",
)
MAIL_HTML = """<html><body style="font-family: sans-serif"><p>Dear Anna,</p><p>here is the offer we spoke of. The
<a href="http://relay.example/click/abc/go">prices</a> hold until the end of June.</p><p>Kind regards<br>Kim</p>
<p style="font-size:12px">As agreed on 3 May, I (Kim Larsen) can see when you open this mail or use its links, to time
my follow-up. <a href="http://relay.example/stop/abc/me">See or stop</a>
<img width="1" height="1" alt="" src="http://relay.example/open/abc.gif"></p>
<img src="file:///etc/hostname"><img src="//host/share/x.png"></body></html>"""
STOP_HTML = """<html><body><h1>Stop tracking</h1><p>Kim Larsen's program notes when this mail is opened or its links are
used.</p><form method="post"><button>Stop it, for mail already sent too</button></form></body></html>"""


@dataclass
class FakePractice:
    """A sandbox in which nothing happens but what a test says."""

    done: int = 5
    playing: bool = True
    calls: list[tuple[str, object]] = field(default_factory=list)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    refuses: Trouble | None = None
    people: tuple[PracticeRecipient, ...] = (
        PracticeRecipient(address="anna.berg@fjord.example", name="Anna Berg", client="Thunderbird"),
        PracticeRecipient(address="marco.rossi@gmail.example", name="Marco Rossi", client="Gmail"),
        PracticeRecipient(
            address="office@fjord.example", name="", client="No permission", has_links=False, has_stop=False
        ),
    )

    def steps(self) -> tuple[Step, ...]:
        """Return the steps, `done` of them behind us."""
        states = [StepState.DONE] * self.done + [StepState.RUNNING] + [StepState.WAITING] * len(TITLES)
        return tuple(
            Step(
                title=title,
                state=state,
                detail="3 links in 2 s, not counted" if number == 2 and state is StepState.DONE else "",
            )
            for number, (title, state) in enumerate(zip(TITLES, states, strict=False))
        )

    def is_playing(self) -> bool:
        """Say what was set."""
        return self.playing

    def pause(self) -> None:
        """Hold."""
        self.playing = False
        self._note("pause", None)

    def resume(self) -> None:
        """Go on."""
        self.playing = True
        self._note("resume", None)

    def step(self) -> None:
        """Play one step and say so from another thread."""
        self.done += 1
        self._note("step", None)
        thread = threading.Thread(target=self._tell)
        thread.start()
        thread.join()

    def take_over(self) -> None:
        """End the story; what was not played stays unplayed."""
        self.playing = False
        self._note("take_over", None)

    def recipients(self) -> tuple[PracticeRecipient, ...]:
        """Return the people."""
        return self.people

    def open(self, address: str) -> None:
        """Note it."""
        self._note("open", address)

    def click(self, address: str) -> None:
        """Note it."""
        self._note("click", address)

    def stop(self, address: str) -> None:
        """Note it, and take the stop button away."""
        self.people = tuple(replace(one, has_stop=False) if one.address == address else one for one in self.people)
        self._note("stop", address)

    def reply(self, address: str) -> None:
        """Note it."""
        self._note("reply", address)

    def go_away(self, address: str) -> None:
        """Note it."""
        self._note("go_away", address)

    def bounce(self, address: str) -> None:
        """Note it."""
        self._note("bounce", address)

    def advance(self, by: timedelta) -> None:
        """Note it."""
        self._note("advance", by)

    def now(self) -> datetime:
        """Return the sample's time."""
        return NOW

    def mail_html_of(self, address: str) -> str:
        """Return a mail with a picture of ours and some that must not be loaded."""
        self._note("mail", address)
        return MAIL_HTML

    def stop_page_html(self, address: str) -> str:
        """Return a stop page."""
        self._note("page", address)
        return STOP_HTML

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Keep it."""
        self.listeners.append(changed)

    def _tell(self) -> None:
        for changed in self.listeners:
            changed()

    def _note(self, name: str, value: object) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.calls.append((name, value))


def open_store(folder: Path) -> Store:
    """Return an empty store whose clock stands at NOW."""
    return Store(folder / "store.sqlite3", clock=lambda: NOW)
