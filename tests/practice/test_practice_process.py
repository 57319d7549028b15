"""The practice process: controlled by lines, acting on what its provider holds, gone when its owner is."""

import os
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from desktop.core.errors import Malformed, Refused, Unreachable
from desktop.practice import cast
from desktop.practice.mails import OFFER, compose
from desktop.practice.provider import HOST
from desktop.practice.session import Session

TOKEN = "A" * 72


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Session(tmp_path_factory.mktemp("round")) as opened:
        yield opened


def submit(session: Session, address: str, raw: bytes) -> None:
    at = session.provider
    context = ssl.create_default_context(cafile=at.ca_file)
    with smtplib.SMTP_SSL(at.host, at.tls_port, context=context) as client:
        client.login(at.user, at.password)
        client.sendmail(cast.SENDER.address, [address], raw)


def tracked(session: Session) -> bytes:
    html = (
        f'<img src="{session.relay_url}/open/{TOKEN}.gif"><a href="{session.relay_url}/stop/{TOKEN}/me">See or stop</a>'
    )
    return b"Content-Type: text/html\r\n\r\n" + html.encode() + b"\r\n"


def test_a_mailbox_holds_what_was_sent(session: Session) -> None:
    """Octets and recipients come back through the control line as the provider got them."""
    raw = compose(OFFER, sent_at=datetime(2026, 5, 3, tzinfo=UTC), message_id="a@b.example")
    submit(session, cast.ERIK.address, raw)
    held = session.control.mailbox(cast.ERIK.address)
    assert [(raw, (cast.ERIK.address,))] == [(delivery.raw, delivery.recipients) for delivery in held]


def test_a_mail_arrives_on_the_practice_clock(session: Session) -> None:
    """A delivery bears the time the round's clock was moved on to."""
    session.clock.advance(86_400)
    before = session.now()
    submit(session, cast.PAUL.address.replace("paul", "paula"), b"Subject: x\r\n\r\n")
    arrived_at = session.control.mailbox(cast.PAUL.address.replace("paul", "paula"))[0].arrived_at
    assert before <= arrived_at.astimezone(UTC) <= session.now()


def test_a_recipient_loads_the_picture_of_a_copy(session: Session) -> None:
    """The relay's picture reaches the recipient's mail program."""
    submit(session, cast.ANNA.address, tracked(session))
    answers = session.control.load_pictures(cast.ANNA.address)
    assert [(answer.status, answer.body[:6]) for answer in answers] == [(200, b"GIF89a")]


def test_no_recipient_asks_anybody_but_the_relay(session: Session) -> None:
    """Pictures and links that lead elsewhere are not followed, though they look like the relay's."""
    elsewhere = tracked(session).replace(session.relay_url.encode(), b"http://127.0.0.1:1")
    submit(session, cast.FRANCES.address, elsewhere)
    assert session.control.load_pictures(cast.FRANCES.address) == ()
    assert session.control.scan(cast.FRANCES.address) == ()


def test_the_slip_of_the_pen_is_refused(session: Session) -> None:
    """The one wrong address of the cast is refused, and the list of refusals names it."""
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        submit(session, cast.PAUL.address, b"Subject: x\r\n\r\n")
    assert (cast.PAUL.address,) == session.control.refusals()


def test_an_empty_mailbox_has_nothing_to_act_on(session: Session) -> None:
    """Acting before any mail came is a known failure with a cure, and the process lives on."""
    with pytest.raises(Malformed) as told:
        session.control.load_pictures(cast.JONAS.address)
    assert told.value.cure == "Let the story send its mails first."
    assert session.control.mailbox(cast.JONAS.address) == ()


def test_a_copy_without_links_has_none_to_follow(session: Session) -> None:
    """Following a link that a copy does not have is a known failure."""
    submit(session, cast.DAVID.address, tracked(session))
    with pytest.raises(Malformed):
        session.control.follow_link(cast.DAVID.address)


def test_a_forged_stop_page_has_no_button(session: Session) -> None:
    """Pressing stop where the relay shows no button is refused, not passed over."""
    submit(session, cast.DAVID.address, tracked(session))
    with pytest.raises(Refused):
        session.control.press_stop(cast.DAVID.address)


def test_a_killed_relay_is_unreachable_for_recipients(tmp_path: Path) -> None:
    """Once the relay is gone, a recipient's request is a known failure."""
    with Session(tmp_path) as opened:
        submit(opened, cast.ANNA.address, tracked(opened))
        opened.control.kill_relay()
        with pytest.raises(Unreachable):
            opened.control.load_pictures(cast.ANNA.address)


def test_a_relay_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The relay's last words are the cure, and nothing is left running."""
    mute = (sys.executable, "-c", "import sys; sys.exit('no room at the inn')")
    with pytest.raises(Unreachable) as told:
        Session(tmp_path, relay_command=mute)
    assert told.value.cure == "no room at the inn"


def test_a_closed_session_is_unreachable_and_leaves_no_folder() -> None:
    """After closing, its folder is gone and a further request is a known failure, not a hang."""
    session = Session()
    session.close()
    assert not session.root.exists()
    with pytest.raises(Unreachable):
        session.control.refusals()


def test_the_round_ends_with_its_owner(tmp_path: Path) -> None:
    """When the owner is killed, the practice process ends by itself, and the relay with it."""
    read_end, write_end = os.pipe()
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path), str(write_end)],
        stdout=subprocess.PIPE,
        pass_fds=(write_end,),
        text=True,
    )
    os.close(write_end)
    assert owner.stdout is not None
    with owner, os.fdopen(read_end, "rb") as held:
        relay = urlsplit(owner.stdout.readline().strip())
        assert relay.port is not None
        socket.create_connection((HOST, relay.port)).close()
        owner.kill()
        # The practice process inherits the pipe's other end, so that the pipe ends when the process does.
        assert held.read() == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, relay.port))


_OWNER = """
import functools, subprocess, sys, threading
from pathlib import Path
from desktop.practice.provider import HOST
from desktop.practice.session import Session

subprocess.Popen = functools.partial(subprocess.Popen, pass_fds=(int(sys.argv[2]),))
print(Session(Path(sys.argv[1])).relay_url, flush=True)
threading.Event().wait()
"""
