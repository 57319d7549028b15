"""What a mailbox holds, taken apart for comparison: headers without the trace, pictures, links of every kind."""

import email
import email.policy
import re
from dataclasses import dataclass
from typing import Final

# RFC 5321 4.4 and what Postfix's virtual(8) puts in front of each mail.
_TRACE: Final = (b"return-path:", b"x-original-to:", b"delivered-to:", b"received:")
_TRACKING: Final = b"Readback-Tracking:"
_PICTURE: Final = re.compile(r"http://[0-9.:]+/open/[A-Za-z0-9_-]{72}\.gif")
_LINK: Final = re.compile(r"http://[0-9.:]+/click/[A-Za-z0-9_-]{72}/[A-Za-z0-9_-]+/go")
_QUESTION: Final = re.compile(r"http://[0-9.:]+/consent/[A-Za-z0-9_-]{72}/me\?by=[A-Za-z0-9_-]+\.me")
_STOP: Final = re.compile(r"http://[0-9.:]+/stop/[A-Za-z0-9_-]{72}/me")
_CONFIRM: Final = re.compile(r"http://[0-9.:]+/confirm/[A-Za-z0-9_-]{72}/read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail as a mailbox gave it; `headers` are the sender's own header lines, in order and unfolded by nobody.

    The one that Readback adds is apart, in `tracking`, empty where there is none.  `texts` are the decoded bodies, and
    of the links to the relay's pages each stands once, whichever body has it.
    """

    raw: bytes
    headers: bytes
    tracking: bytes
    body: bytes
    message_id: str
    pictures: tuple[str, ...]
    links: tuple[str, ...]
    texts: str
    questions: tuple[str, ...]
    stops: tuple[str, ...]
    confirms: tuple[str, ...]


def taken_apart(raw: bytes) -> Received:
    """Return the parts of a mail; pictures and links are those of its decoded bodies."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    sent = [field for field in fields if not field.lower().startswith(_TRACE)]
    own = [field for field in sent if not field.startswith(_TRACKING)]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = "\n".join(str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text")
    return Received(
        raw=raw,
        headers=b"\r\n".join(own),
        tracking=b"\r\n".join(field for field in sent if field.startswith(_TRACKING)),
        body=body,
        message_id=str(message["Message-ID"]),
        pictures=tuple(_PICTURE.findall(text)),
        links=tuple(_LINK.findall(text)),
        texts=text,
        questions=_different(_QUESTION, text),
        stops=_different(_STOP, text),
        confirms=_different(_CONFIRM, text),
    )


def _different(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pattern.findall(text)))
