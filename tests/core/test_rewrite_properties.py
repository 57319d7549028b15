"""Whatever the message: nothing raises, only two bodies change, and a second pass adds no second picture."""

import base64
import email
import email.policy
import quopri
from email.message import Message

from hypothesis import given
from hypothesis import strategies as st

from desktop.core.ownmarks import without_own_marks
from desktop.core.rewrite import Refusal, Survey, splice, survey
from tests.core.copies import BASE, OWN, PICTURE, client_message, everything, expected, own_pictures, seen_in

BASES = frozenset({BASE})
# All but the one with a large attachment.
MESSAGES = [client_message(row["message"]) for row in expected() if not row["message"].startswith("055")]
WORDS = st.text(alphabet="ab <>&=.-\n\u00fc\u65e5", max_size=60)
HTML = st.lists(
    st.sampled_from(
        [
            *[
                "<p>",
                "</p>",
                "<br>",
                "words",
                " ",
                "\n",
                "<b>x</b>",
                "gr\u00fc\u00dfe",
                "<!-- c -->",
                "<style>a{}</style>",
            ],
            *[
                "<blockquote type=cite>",
                "</blockquote>",
                "<div class=gmail_quote>",
                "</div>",
                "wrote:",
                "<body>",
                "</body>",
            ],
            *[
                "<a href='https://a.test/1'>one</a>",
                '<a href="https://a.test/2?x=1&amp;y=2">',
                "</a>",
                "<img src=cid:x>",
            ],
            *[
                "<a href=mailto:b@a.test>m</a>",
                f"<img src='{BASE}/open/{'Z' * 72}.gif'>",
                "<a href=https://a.test/3>3</a>",
            ],
        ]
    ),
    max_size=14,
).map("".join)
KINDS = ["text/plain", "text/plain; format=flowed", "text/html", "image/png", "message/rfc822"]
ENCODINGS = st.sampled_from(["8bit", "base64", "quoted-printable"])


def encoded(words: str, encoding: str) -> bytes:
    """Return the words in UTF-8 in a transfer encoding."""
    content = words.encode().replace(b"\n", b"\r\n")
    if encoding == "base64":
        return base64.encodebytes(content).replace(b"\n", b"\r\n")
    return content if encoding == "8bit" else quopri.encodestring(words.encode()).replace(b"\n", b"\r\n")


@st.composite
def leaf(draw: st.DrawFn) -> bytes:
    """Draw a text, an HTML part or a file, with its headers."""
    encoding = draw(ENCODINGS)
    kind = draw(st.sampled_from(KINDS))
    fields = [f"Content-Type: {kind}; charset=utf-8", f"Content-Transfer-Encoding: {encoding}"]
    if draw(st.integers(0, 4)) == 0:
        fields.append("Content-Disposition: attachment; filename=f")
    body = draw(HTML if kind == "text/html" else WORDS)
    return "\r\n".join(draw(st.permutations(fields))).encode() + b"\r\n\r\n" + encoded(body, encoding)


@st.composite
def wrapped(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    """Draw a multipart around some parts."""
    boundary = draw(st.sampled_from(["b", "=-=-=", "=_x", "----y", "0", "'z z'"]))
    kind = draw(st.sampled_from(["mixed", "alternative", "related"]))
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}{draw(st.integers(0, 999))}"'
    delimiter = b"--" + head.split('"')[1].encode()
    parts = draw(st.lists(children, min_size=1, max_size=3))
    body = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts)
    return head.encode() + b"\r\n\r\n" + body + delimiter + b"--\r\n"


TREES = st.recursive(leaf(), wrapped, max_leaves=5).map(
    lambda part: b"From: a@example.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n" + part
)


def parsed(raw: bytes) -> Message:
    """Read a message with the standard library's oldest, plainest reader."""
    return email.message_from_bytes(raw, policy=email.policy.compat32)


def content_of(part: Message) -> bytes:
    """Return a leaf's content, decoded."""
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def untouched(raw: bytes) -> list[tuple[str, bytes]]:
    """Return type and content of every leaf that is no inline text."""
    leaves = [part for part in parsed(raw).walk() if not part.is_multipart()]
    return [
        (part.get_content_type(), content_of(part))
        for part in leaves
        if part.get_content_type() not in {"text/plain", "text/html"} or part.get_filename()
    ]


def pictures_in(raw: bytes) -> list[str]:
    """Return our pictures in the inline HTML of a message."""
    html = [part for part in parsed(raw).walk() if part.get_content_type() == "text/html" and not part.get_filename()]
    return [picture for part in html for picture in own_pictures(seen_in(content_of(part).decode()))]


def check_copy(raw: bytes, found: Survey) -> None:
    """Check all that holds for a copy with everything added."""
    assert raw == splice(found, everything(found, picture=False, links=False))
    result = splice(found, everything(found))
    assert untouched(raw) == untouched(result)
    assert pictures_in(result).count(PICTURE) == 1
    again = survey(without_own_marks(result, OWN), own_bases=BASES)
    assert isinstance(again, Survey)
    assert again.links == found.links
    assert pictures_in(splice(again, everything(again))) == pictures_in(result)


@given(TREES)
def test_any_tree_is_refused_or_changed_in_its_two_bodies_alone(raw: bytes) -> None:
    """Files, other parts and structure are as before; there is one picture, also after a second pass."""
    found = survey(raw, own_bases=BASES)
    if isinstance(found, Survey):
        check_copy(raw, found)


@given(TREES)
def test_most_trees_with_html_are_tracked(raw: bytes) -> None:
    """A refusal of a well-formed tree has one of the few reasons that its material allows."""
    found = survey(raw, own_bases=BASES)
    if isinstance(found, Refusal):
        assert found.why in {"fixed_layout", "no_body", "malformed"}


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    """Random bytes never raise."""
    assert isinstance(survey(raw, own_bases=BASES), Survey | Refusal)


@given(st.sampled_from(MESSAGES), st.data())
def test_damaged_client_messages_never_raise(raw: bytes, data: st.DataObject) -> None:
    """A real message with a piece cut out, doubled or replaced is refused or read, and a copy can be made of it."""
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 300)))
    piece = data.draw(st.binary(max_size=8) | st.just(raw[start:end] * 2))
    damaged = raw[:start] + piece + raw[end:]
    found = survey(damaged, own_bases=BASES)
    if isinstance(found, Survey):
        assert damaged == splice(found, everything(found, picture=False, links=False))
        assert damaged != splice(found, everything(found))
