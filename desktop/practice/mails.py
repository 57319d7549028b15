"""The mails the story sends, as a mail client hands them over: CRLF, 8bit, text and HTML with three links.

One of them is signed: a real S/MIME signature over a fixed body, so that any change to it would be a damage.
"""

from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from html import escape
from typing import Final

from desktop.core.address import Mailbox
from desktop.practice import cast

_SITE: Final = "https://larsen-office.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as the sender wrote it: what it reads and where it leads."""

    reads: str
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMail:
    """A mail before it is sent; `bcc` stands in the envelope only, as clients do it (RFC 5322 3.6.3)."""

    subject: str
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    greeting: str
    paragraphs: tuple[str, ...]
    links: tuple[Link, ...]
    is_signed: bool = False

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope's addresses, in the order a client names them."""
        return tuple(mailbox.address for mailbox in self.to + self.cc + self.bcc)


OFFER: Final = SampleMail(
    subject="Offer: 40 desks for the new floor",
    to=(cast.ANNA.mailbox, cast.PAUL.mailbox),
    cc=(cast.TOMAS.mailbox, cast.ERIK.mailbox),
    bcc=(cast.DAVID.mailbox,),
    greeting="Hello Anna, hello Paul,",
    paragraphs=(
        "thank you for the visit on Tuesday. Here is the offer for the desks,\nwith the oak tops you liked.",
        "Delivery takes three weeks from your order. Shall we keep the\nslot in week 50 for you?",
    ),
    links=(
        Link(reads="The offer", leads_to=f"{_SITE}/offers/4711-desks"),
        Link(reads="Prices per desk", leads_to=f"{_SITE}/pricing/desks?size=160x80&top=oak"),
        Link(reads="Pictures of the oak tops", leads_to=f"{_SITE}/samples/oak"),
    ),
)
SHELVES: Final = SampleMail(
    subject="Shelving for the Rotterdam hall",
    to=(cast.FRANCES.mailbox,),
    greeting="Dear Frances,",
    paragraphs=("as promised: the shelving for the Rotterdam hall,\ncalculated for 900 kg a bay.",),
    links=(
        Link(reads="Plan of the hall", leads_to=f"{_SITE}/plans/rotterdam"),
        Link(reads="Load tables", leads_to=f"{_SITE}/shelving/loads"),
        Link(reads="The offer", leads_to=f"{_SITE}/offers/4718-shelves"),
    ),
)
OAK: Final = SampleMail(
    subject="Oak tops: first delivery date",
    to=(cast.JONAS.mailbox,),
    greeting="Hello Jonas,",
    paragraphs=("could you tell me by Friday when the first 20 oak tops\ncan leave your workshop?",),
    links=(
        Link(reads="The order", leads_to=f"{_SITE}/orders/2231"),
        Link(reads="Drawing", leads_to=f"{_SITE}/drawings/top-160x80"),
        Link(reads="Where to deliver", leads_to=f"{_SITE}/contact/warehouse"),
    ),
)
PRICES: Final = SampleMail(
    subject="Price list, signed",
    to=(cast.ANNA.mailbox,),
    greeting="Hello Anna,",
    paragraphs=("here is the price list for the second half of the year.",),
    links=(Link(reads="The price list", leads_to=f"{_SITE}/prices/2026-2"),),
    is_signed=True,
)
SAMPLES: Final = SampleMail(
    subject="Oak samples for your showroom",
    to=(cast.MARA.mailbox,),
    greeting="Hello Mara,",
    paragraphs=("the six samples of oak leave today; they are yours to keep.\nWhich of them suits the showroom?",),
    links=(Link(reads="The six samples", leads_to=f"{_SITE}/samples/showroom"),),
)
# Sent from a phone, past the listener: Readback knows of it by the copy in Sent alone.
VISIT: Final = SampleMail(
    subject="A visit in your new office",
    to=(cast.LENA.mailbox,),
    greeting="Hello Lena,",
    paragraphs=("may I come by next Thursday at ten, to measure the rooms?",),
    links=(Link(reads="Who we are", leads_to=f"{_SITE}/contact"),),
)
# What leaves through the listener at first.
ALL: Final = (OFFER, SHELVES, OAK, PRICES, SAMPLES)
PLAN: Final = SampleMail(
    subject="The floor plan, with your desks in it",
    to=(cast.ERIK.mailbox,),
    greeting="Hello Erik,",
    paragraphs=(
        "thank you for your answer. This is the plan of the new floor,\nwith the desks where you wanted them.",
    ),
    links=(Link(reads="The floor plan", leads_to=f"{_SITE}/plans/lund-floor"),),
)
DATES: Final = SampleMail(
    subject="Two dates for the delivery",
    to=(cast.ERIK.mailbox,),
    greeting="Hello Erik,",
    paragraphs=("we can deliver in the first week of the month or in the third.\nWhich one is better for you?",),
    links=(Link(reads="Where to deliver", leads_to=f"{_SITE}/contact/warehouse"),),
)
MEASURES: Final = SampleMail(
    subject="The measures of your rooms",
    to=(cast.LENA.mailbox,),
    greeting="Hello Lena,",
    paragraphs=("here are the measures that we took with us on Thursday, for your files.", "[got it]"),
    links=(Link(reads="The measures", leads_to=f"{_SITE}/plans/hofmann"),),
)
# What leaves through it later: the first to who has answered, the second to who has agreed, the last to be confirmed.
LATER: Final = (PLAN, DATES, MEASURES)
EVERY: Final = (*ALL, VISIT, *LATER)


def compose(mail: SampleMail, *, sent_at: datetime, message_id: str) -> bytes:
    """Return the whole message with CRLF ends; `message_id` is without angle brackets."""
    headers = [
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(sent_at)}",
        "MIME-Version: 1.0",
        "User-Agent: Mozilla Thunderbird",
        f"Subject: {mail.subject}",
        "Content-Language: en-GB",
        f"To: {spelled(mail.to)}",
        *([f"Cc: {spelled(mail.cc)}"] if mail.cc else []),
        f"From: {spelled((cast.SENDER,))}",
    ]
    rest = _signed_body() if mail.is_signed else _alternative_body(mail)
    return "\n".join([*headers, rest]).replace("\n", "\r\n").encode()


def spelled(mailboxes: tuple[Mailbox, ...]) -> str:
    """Return an address list, folded, names outside ASCII as RFC 2047 encoded words."""
    names = [m.name if m.name.isascii() else Header(m.name, "utf-8").encode() for m in mailboxes]
    return ",\n ".join(f"{name} <{m.address}>" for name, m in zip(names, mailboxes, strict=True))


def _alternative_body(mail: SampleMail) -> str:
    boundary = "------------vT9cQ0x7mLw2RkEo4YbH1sJd"
    return "\n".join(
        [
            "Content-Type: multipart/alternative;",
            f' boundary="{boundary}"',
            "",
            "This is a multi-part message in MIME format.",
            f"--{boundary}",
            "Content-Type: text/plain; charset=UTF-8; format=flowed",
            "Content-Transfer-Encoding: 8bit",
            "",
            _text_of(mail),
            "",
            f"--{boundary}",
            "Content-Type: text/html; charset=UTF-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            _html_of(mail),
            "",
            f"--{boundary}--",
            "",
        ],
    )


def _text_of(mail: SampleMail) -> str:
    links = [f"{link.reads} <{link.leads_to}>" for link in mail.links]
    return "\n".join(
        [mail.greeting, "", "\n\n".join(mail.paragraphs), "", *links, "", "Best regards", "Kim", "", _SIGNATURE]
    )


def _html_of(mail: SampleMail) -> str:
    paragraphs = [f"    <p>{escape(text)}</p>" for text in mail.paragraphs]
    links = [f'      <li><a href="{escape(link.leads_to)}">{escape(link.reads)}</a></li>' for link in mail.links]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            "<html>",
            "  <head>",
            '    <meta http-equiv="content-type" content="text/html; charset=UTF-8">',
            "  </head>",
            "  <body>",
            f"    <p>{escape(mail.greeting)}</p>",
            *paragraphs,
            "    <ul>",
            *links,
            "    </ul>",
            "    <p>Best regards<br>",
            "      Kim</p>",
            '    <div class="moz-signature">-- <br>',
            "      Kim Larsen · Larsen Office<br>",
            "      Hafenstraße 12, Kiel</div>",
            "  </body>",
            "</html>",
        ],
    )


_SIGNATURE: Final = "-- \nKim Larsen · Larsen Office\nHafenstraße 12, Kiel"


def _signed_body() -> str:
    boundary = "------------ms030201090807060504030201"
    return "\n".join(
        [
            'Content-Type: multipart/signed; protocol="application/pkcs7-signature";',
            f' micalg=sha-256; boundary="{boundary}"',
            "",
            "This is a cryptographically signed message in MIME format.",
            "",
            f"--{boundary}",
            SIGNED_PART,
            f"--{boundary}",
            'Content-Type: application/pkcs7-signature; name="smime.p7s"',
            "Content-Transfer-Encoding: base64",
            'Content-Disposition: attachment; filename="smime.p7s"',
            "Content-Description: S/MIME Cryptographic Signature",
            "",
            PKCS7_SIGNATURE,
            f"--{boundary}--",
            "",
        ],
    )


# What the signature covers, without the line end before the boundary (RFC 8551 3.1.1: CRLF ends when it is verified).
SIGNED_PART: Final = """\
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Language: en-GB
Content-Transfer-Encoding: 7bit

Hello Anna,

here is the price list for the second half of the year. Prices hold until
31 December; my signature on this mail stands for them.

https://larsen-office.example/prices/2026-2

-- 
Kim Larsen
Larsen Office
"""  # noqa: W291 - the signature separator ends in a space (RFC 3676 4.3)
# Made once with OpenSSL and a throw-away P-256 key whose certificate it bears.
PKCS7_SIGNATURE: Final = """\
MIIDbgYJKoZIhvcNAQcCoIIDXzCCA1sCAQExDTALBglghkgBZQMEAgEwCwYJKoZI
hvcNAQcBoIIBtjCCAbIwggFaoAMCAQICFC1+t97n9mxp3gEnXY3i/XpDfrYkMAoG
CCqGSM49BAMCMBUxEzARBgNVBAMMCktpbSBMYXJzZW4wHhcNMjYxMTIxMjM1MjQ5
WhcNMzYxMTE4MjM1MjQ5WjAVMRMwEQYDVQQDDApLaW0gTGFyc2VuMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEyiZ/tvR6IUThYZfTCxu6Skzt7A/aJ5pzG2zPTm0P
weEVN/FHK3uTS8Zm8+fBb9VFe44VSIQuYX0/Lm2qe6sUFKOBhzCBhDAdBgNVHQ4E
FgQU0RxF67eliGxCCI0OrFqjW56tSBswHwYDVR0jBBgwFoAU0RxF67eliGxCCI0O
rFqjW56tSBswDwYDVR0TAQH/BAUwAwEB/zAkBgNVHREEHTAbgRlraW1AbGFyc2Vu
LW9mZmljZS5leGFtcGxlMAsGA1UdDwQEAwIHgDAKBggqhkjOPQQDAgNGADBDAh9d
DQwUfrfrZxAn3xiBB1FlkW65UQ912XkrVetXtSTRAiBp+rmfCEx5RvPZy03XgRIG
1d7C73SRWI7oWO6LEqC1QTGCAX4wggF6AgEBMC0wFTETMBEGA1UEAwwKS2ltIExh
cnNlbgIULX633uf2bGneASddjeL9ekN+tiQwCwYJYIZIAWUDBAIBoIHkMBgGCSqG
SIb3DQEJAzELBgkqhkiG9w0BBwEwHAYJKoZIhvcNAQkFMQ8XDTI2MTEyMTIzNTI0
OVowLwYJKoZIhvcNAQkEMSIEIGN6GqY2QPJV7tSo4cHHIPpf5Iv+1ocZcOtYFitw
pKVzMHkGCSqGSIb3DQEJDzFsMGowCwYJYIZIAWUDBAEqMAsGCWCGSAFlAwQBFjAL
BglghkgBZQMEAQIwCgYIKoZIhvcNAwcwDgYIKoZIhvcNAwICAgCAMA0GCCqGSIb3
DQMCAgFAMAcGBSsOAwIHMA0GCCqGSIb3DQMCAgEoMAoGCCqGSM49BAMCBEYwRAIg
CVhzTqaZL9Y5gJ13Z0pM34X2xu3X2RbNXm5GjlsNzMsCIAnzPe8MODKcUttgmb9p
22oIxJZMlAiNYaJXX1kK2fCu"""
