"""Who takes part in a practice round, from where and with what: made-up people on networks the published lists name.

Each recipient is an ordinary case of its kind, so that one round shows every verdict; none is special to the program.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from desktop.core.address import Mailbox

SENDER: Final = Mailbox("Kim Larsen", "kim@larsen-office.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What a request shows of whoever makes it: the address it comes from, the agent, further headers.

    Without a `network` it comes from this machine itself, as the sender's own requests do.
    """

    network: str
    agent: str
    headers: Mapping[str, str] = field(default_factory=dict)


_FIREFOX: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
_EDGE: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0"
)
_AS_PICTURE: Final = {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}
_AS_PAGE: Final = {
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "Accept-Language": "en-GB,en;q=0.8",
}


# Thunderbird 153 sends Sec-Fetch-Dest with a picture, and neither Referer nor Cookie.
_THUNDERBIRD: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
# The sender's own mail program, whose name stands in what it hands to the listener.
SENDERS_READER: Final = Visitor(network="", agent=_THUNDERBIRD, headers=_AS_PICTURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One sample recipient: `reader` loads pictures, `browser` opens links; `client` is what they read mail with.

    `writes` is what they write when they reply.
    """

    mailbox: Mailbox
    client: str
    reader: Visitor
    browser: Visitor
    writes: str

    @property
    def address(self) -> str:
        """The recipient's address as the sender writes it."""
        return self.mailbox.address


def _person(
    name: str,
    address: str,
    client: str,
    network: str,
    *,
    reader: Visitor | None = None,
    writes: str = "thank you. Give us until the end of the week, then you have our answer.",
) -> Recipient:
    """Return somebody at a desk with Thunderbird and Firefox, unless another `reader` loads their pictures."""
    return Recipient(
        mailbox=Mailbox(name, address),
        client=client,
        reader=reader or Visitor(network=network, agent=_THUNDERBIRD, headers=_AS_PICTURE),
        browser=Visitor(network=network, agent=_FIREFOX, headers=_AS_PAGE),
        writes=writes,
    )


# 198.51.100.0/24 and 203.0.113.0/24 (RFC 5737) stand for ordinary access networks, on no published list.
ANNA: Final = _person("Anna Becker", "anna.becker@becker-architekten.example", "Thunderbird", "198.51.100.23")
ERIK: Final = _person("Erik Lund", "erik.lund@lund-bygg.example", "Thunderbird; never asked at first", "203.0.113.40")
PAUL: Final = _person("Paul Mayer", "paul.mayer@becker-architekten.example", "no such mailbox", "198.51.100.24")
TOMAS: Final = _person(
    "Tomás Vidal",
    "tomas@vidal-estudio.example",
    "Apple Mail",
    "203.0.113.87",
    # Apple Mail Privacy Protection loads pictures from Apple's egress networks with exactly this agent.
    reader=Visitor(network="172.226.8.17", agent="Mozilla/5.0"),
)
DAVID: Final = _person(
    "David Okoro",
    "david@okoro-partners.example",
    "Gmail",
    "203.0.113.130",
    reader=Visitor(
        network="66.249.84.1",
        agent="Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    ),
)
JONAS: Final = _person(
    "Jonas Weber",
    "jonas@weber-holz.example",
    "Outlook",
    "198.51.100.201",
    reader=Visitor(
        network="198.51.100.201",
        agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    ),
)
FRANCES: Final = _person(
    "Frances Hill",
    "f.hill@hill-logistics.example",
    "Thunderbird, scanned",
    "203.0.113.61",
    writes="the plan fits, and 900 kg a bay is enough. Please send the contract.",
)
LENA: Final = _person("Lena Hofmann", "lena.hofmann@hofmann-planung.example", "Outlook, away", "203.0.113.75")
MARA: Final = _person("Mara Novak", "m.novak@novak-interiors.example", "left the company", "198.51.100.90")
# What stands before Frances's mailbox and follows every link of a mail; it looks like an ordinary browser.
SCANNER: Final = Visitor(network="40.107.22.81", agent=_EDGE, headers={"Accept-Language": "en-US"})

EVERYBODY: Final = (ANNA, TOMAS, DAVID, FRANCES, JONAS, ERIK, LENA, MARA, PAUL)
# ERIK, LENA and MARA were never asked; PAUL's address is a slip of the pen that the provider refuses, MARA's one that
# her company's server takes and bounces later.
WITH_PERMISSION: Final = (ANNA, TOMAS, DAVID, FRANCES, JONAS)


def recipient_of(address: str) -> Recipient:
    """Return the sample recipient with this address; raise KeyError when there is none."""
    for recipient in EVERYBODY:
        if recipient.address == address:
            return recipient
    raise KeyError(address)
