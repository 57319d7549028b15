"""The story taken over: the recipients are told what to do."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from desktop import rounds
from desktop.core.arrival import FailureReason
from desktop.core.errors import Malformed, Refused
from desktop.core.status import Aside, Rung
from desktop.practice import cast
from desktop.practice.desk import CopyView
from desktop.practice.mails import OFFER, SAMPLES
from desktop.practice.playground import Playground
from desktop.practice.reading import anchors_in, forms_in, is_stop
from desktop.practice.story import STORY, StepState, tell

SENDING = tuple(step for step in STORY if step.name in ("permissions", "send"))


@pytest.fixture(scope="module")
def round_() -> Iterator[rounds.Round]:
    """Open a round in which the mails are sent and nobody has acted."""
    with rounds.open_round() as opened:
        assert not Playground(opened.session).recipients()
        assert [said.state for said in tell(opened.stage, SENDING) if not said.line][1::2] == [StepState.DONE] * 2
        yield opened


def awaited(round_: rounds.Round, address: str, rung: Rung) -> CopyView:
    return round_.stage.await_copy(address, OFFER, rung.name, lambda view: view.status.rung >= rung)


def test_recipients_are_those_who_hold_a_copy(round_: rounds.Round) -> None:
    """Whoever got a mail is there; only tracked copies have something to act on."""
    held = {
        view.address: (view.has_picture, view.has_links, view.has_stop)
        for view in Playground(round_.session).recipients()
    }
    assert cast.PAUL.address not in held
    assert held[cast.ERIK.address] == (False, False, False)
    assert held[cast.ANNA.address] == (True, True, True)


def test_a_recipient_opens_and_clicks_as_told(round_: rounds.Round) -> None:
    """An hour later a person's open and click climb the ladder, one right after the other."""
    playground = Playground(round_.session)
    playground.advance(timedelta(hours=1))
    playground.open(cast.ANNA.address)
    assert Rung.OPENED is awaited(round_, cast.ANNA.address, Rung.OPENED).status.rung
    playground.click(cast.ANNA.address)
    assert Rung.CLICKED is awaited(round_, cast.ANNA.address, Rung.CLICKED).status.rung


def test_a_recipient_stops_as_told(round_: rounds.Round) -> None:
    """The button beside a recipient stops; the desktop hears of it."""
    Playground(round_.session).stop(cast.DAVID.address)
    view = round_.stage.await_copy(
        cast.DAVID.address, OFFER, "stopped", lambda copy: Aside.STOPPED in copy.status.asides
    )
    assert Aside.STOPPED in view.status.asides


def test_what_a_recipient_sees_is_shown(round_: rounds.Round) -> None:
    """The mail bears the stop link, the stop page one button; looking at either stops nothing."""
    playground = Playground(round_.session)
    html = playground.mail_html_of(cast.TOMAS.address)
    assert [anchor.reads for anchor in anchors_in(html) if is_stop(anchor.leads_to)] == ["See or stop"]
    assert len(forms_in(playground.stop_page_html(cast.TOMAS.address), "http://relay.example/stop")) == 1
    view = awaited(round_, cast.TOMAS.address, Rung.SENT)
    assert Aside.STOPPED not in view.status.asides


def test_an_untracked_copy_has_nothing_to_press(round_: rounds.Round) -> None:
    """Opening, clicking and stopping an untracked copy is refused in words."""
    playground = Playground(round_.session)
    for act, kind in ((playground.open, Refused), (playground.click, Malformed), (playground.stop, Malformed)):
        with pytest.raises(kind):
            act(cast.ERIK.address)


def test_a_recipient_replies_and_goes_away_as_told(round_: rounds.Round) -> None:
    """The buttons beside a recipient write real mails, which are read in the user's mailbox."""
    playground = Playground(round_.session)
    playground.go_away(cast.ERIK.address)
    away = round_.stage.await_copy(
        cast.ERIK.address, OFFER, "away", lambda copy: Aside.AWAY in copy.status.asides
    ).status.returns_on
    assert away is not None
    assert away > playground.now().date()
    playground.reply(cast.ERIK.address)
    assert Aside.AWAY not in awaited(round_, cast.ERIK.address, Rung.REPLIED).status.asides


def test_a_recipient_bounces_as_told(round_: rounds.Round) -> None:
    """The button beside a recipient lets their mail server send the mail back."""
    Playground(round_.session).bounce(cast.MARA.address)
    view = round_.stage.await_copy(
        cast.MARA.address, SAMPLES, "not delivered", lambda copy: Aside.NOT_DELIVERED in copy.status.asides
    )
    assert view.status.failure is FailureReason.UNKNOWN_USER


def test_nobody_writes_about_a_mail_they_never_got(round_: rounds.Round) -> None:
    """Whoever holds no copy cannot reply, be away or bounce."""
    playground = Playground(round_.session)
    for act in (playground.reply, playground.go_away, playground.bounce):
        with pytest.raises(Malformed):
            act(cast.PAUL.address)
