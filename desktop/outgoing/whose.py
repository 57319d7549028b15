"""Whose listener it is that answers on a port of this machine: only our own knows the password that is kept for it."""

import smtplib
from enum import StrEnum
from typing import Final

from desktop.outgoing.listener import LISTENER_USER

_ANSWER_WAIT_S: Final = 5.0


class Whose(StrEnum):
    """Who answers; READBACK where it is one and no password is at hand that would tell which."""

    NOBODY = "nobody"
    STRANGER = "stranger"
    READBACK = "readback"
    OTHER_READBACK = "other readback"
    OURS = "ours"


def whose(port: int, password: str | None) -> Whose:
    """Return who listens on the port; `password` is that of our own listener."""
    talk = smtplib.SMTP(timeout=_ANSWER_WAIT_S)
    try:
        _, greeting = talk.connect("127.0.0.1", port)
        if b"Readback" not in greeting:
            return Whose.STRANGER
        if password is None:
            return Whose.READBACK
        talk.login(LISTENER_USER, password)
    except smtplib.SMTPAuthenticationError:
        return Whose.OTHER_READBACK
    except smtplib.SMTPException:
        return Whose.STRANGER
    except OSError:
        return Whose.NOBODY
    finally:
        talk.close()
    return Whose.OURS
