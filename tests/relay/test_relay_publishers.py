"""What each publisher sends, read, and what none of them would send, refused."""

import datetime as dt
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.publishers import PUBLISHERS, BadAnswerError, request_of
from relay.wire.labels import LIST_NAMES

TODAY = dt.date(2026, 11, 22)
# As the publishers' documentation shows them, shortened.
APPLE = (
    b"172.224.226.0/27,GB,GB-EN,London,\n172.224.226.32/31,GB,GB-SC,\xc3\x89dimbourg,\n2a02:26f7:b0c0:4000::/64,AT,,,\n"
)
GOOGLE = json.dumps(
    {
        "syncToken": "1676563455387",
        "creationTime": "2026-11-16T08:04:15.387826",
        "prefixes": [{"ipv4Prefix": "8.8.4.0/24"}, {"ipv6Prefix": "2001:4860::/32", "service": "Google"}],
    }
).encode()
OLDER = GOOGLE.replace(b"11-16", b"11-09").replace(b"8.8.4.0", b"34.64.0.0")
AMAZON = json.dumps(
    {
        "syncToken": "1730131989",
        "createDate": "2026-10-28-16-13-09",
        "prefixes": [
            {
                "ip_prefix": "3.4.12.4/32",
                "region": "eu-west-1",
                "service": "AMAZON",
                "network_border_group": "eu-west-1",
            }
        ],
        "ipv6_prefixes": [{"ipv6_prefix": "2600:1f00::/40", "region": "us-east-1", "service": "EC2"}],
    }
).encode()
VERSION = b'{"instance": "Worldwide", "latest": "2026103000"}'
SETS = json.dumps(
    [
        {"id": 1, "serviceArea": "Exchange", "urls": ["outlook.office365.com"], "ips": ["13.107.6.152/31"]},
        {"id": 9, "urls": ["*.protection.outlook.com"], "ips": ["40.92.0.0/15", "2a01:111:f400::/48"]},
        {"id": 10, "urls": ["*.mail.protection.outlook.com", "*.mx.microsoft"], "ips": ["104.47.0.0/17"]},
        {"id": 46, "serviceArea": "Common", "urls": ["*.officeapps.live.com"]},
        {"id": 53, "ips": ["20.20.32.0/19"]},
    ]
).encode()
ANSWERS = {
    "apple-egress": (APPLE,),
    "google-fetchers": (GOOGLE,),
    "exchange-protection": (VERSION, SETS),
    "google-cloud": (GOOGLE, OLDER),
    "amazon-cloud": (AMAZON,),
}


@pytest.mark.parametrize(
    ("name", "date", "networks"),
    [
        ("apple-egress", "2026-11-22", ["172.224.226.0/27", "172.224.226.32/31", "2a02:26f7:b0c0:4000::/64"]),
        ("google-fetchers", "2026-11-16", ["8.8.4.0/24", "2001:4860::/32"]),
        ("exchange-protection", "2026-10-30", ["40.92.0.0/15", "104.47.0.0/17", "2a01:111:f400::/48"]),
        ("google-cloud", "2026-11-09", ["8.8.4.0/24", "34.64.0.0/24", "2001:4860::/32"]),
        ("amazon-cloud", "2026-10-28", ["3.4.12.4/32", "2600:1f00::/40"]),
    ],
)
def test_a_publishers_own_form_is_read(name: str, date: str, networks: list[str]) -> None:
    """Networks and the list's own day come out; Apple's file has none, so it is of the day it was fetched."""
    read = PUBLISHERS[name].list_of(ANSWERS[name], TODAY)
    assert (read.label.name, read.label.date) == (name, date)
    assert [str(network) for network in read.networks] == networks
    assert len(PUBLISHERS[name].urls) == len(ANSWERS[name])


@pytest.mark.parametrize("name", PUBLISHERS)
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<!doctype html><title>Sign in</title>",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"[7]",
        b'{"prefixes": [], "creationTime": 7}',
        b'{"prefixes": 7, "creationTime": "2026-11-16"}',
        b'{"prefixes": [7], "creationTime": "2026-11-16"}',
        b'{"prefixes": [{}], "creationTime": "2026-11-16"}',
        b'{"prefixes": [{"ipv4Prefix": "8.8.4.1/24"}], "creationTime": "2026-11-16"}',
        b'{"prefixes": [{"ipv4Prefix": "8.8.4.0/24"}], "creationTime": "yesterday"}',
        b'{"prefixes": [{"ip_prefix": 7}], "ipv6_prefixes": [], "createDate": "2026-10-28-16-13-09"}',
        b'{"prefixes": [], "ipv6_prefixes": [], "createDate": "2026-13-28-16-13-09"}',
        b'[{"urls": ["*.protection.outlook.com"], "ips": "40.92.0.0/15"}]',
        b'[{"urls": ["*.protection.outlook.com"], "ips": ["40.92.0.0"]}]',
        b'[{"urls": 7}]',
        b'{"latest": "soon"}',
        b"[" * 100_000,
        b"\xff\xfe",
        b"172.224.226.0/27,GB",
        b"172.224.226.1/27,GB\n",
        b"172.224.226.0/27,GB\nnonsense\n",
    ],
)
def test_what_is_not_of_a_publishers_form_is_refused(name: str, answer: bytes) -> None:
    """Sign-in pages, other forms, halves and nonsense end in a sentence, never in another error."""
    with pytest.raises(BadAnswerError, match=r"\.$"):
        PUBLISHERS[name].list_of((answer,) * len(PUBLISHERS[name].urls), TODAY)


@given(st.sampled_from(sorted(PUBLISHERS)), st.data())
def test_a_cut_answer_is_no_list_or_names_fewer_networks(name: str, data: st.DataObject) -> None:
    """Wherever an answer is cut off, it is refused; only Apple's lines can end early and be lines."""
    answers = list(ANSWERS[name])
    at = data.draw(st.integers(0, len(answers) - 1))
    answers[at] = answers[at][: data.draw(st.integers(0, len(answers[at]) - 1))]
    try:
        read = PUBLISHERS[name].list_of(answers, TODAY)
    except BadAnswerError:
        return
    assert name == "apple-egress"
    assert answers[0].count(b"\n") == len(read.networks) < 3


def test_microsoft_is_asked_with_another_guid_each_time() -> None:
    """No two requests share a number that they could be told by; other publishers get none."""
    url = PUBLISHERS["exchange-protection"].urls[0]
    first, second = (request_of(url).removeprefix(f"{url}?clientrequestid=") for _ in range(2))
    assert uuid.UUID(first) != uuid.UUID(second)
    assert request_of("https://lists.example/x") == "https://lists.example/x"


def test_every_publisher_has_a_list_and_is_reached_over_tls() -> None:
    """The names are lists' names, the URLs https."""
    assert set(PUBLISHERS) <= set(LIST_NAMES)
    assert all(url.startswith("https://") for each in PUBLISHERS.values() for url in each.urls)
