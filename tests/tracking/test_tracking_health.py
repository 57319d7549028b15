"""Whether a relay's addresses are well, as the doctor asks: each that a mail carries, certificates, clocks."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from desktop.accounts.channel import Channel
from desktop.core.errors import Trouble, Unreachable
from desktop.relay_finding import seen_of
from desktop.tracking.health import Health, health
from desktop.tracking.requesting import check_health, new_session
from relay.wire.token import TokenType
from tests.fakes.http_answers import HttpAnswers

WELL = (200, b'{"healthy": true}')


def channel_at(relay: str, *, links: str = "", pictures: str = "") -> Channel:
    return Channel(
        picture_base=pictures or relay,
        link_base=links or relay,
        relay_url=relay,
        channel_id=b"c" * 12,
        bearer="b",
        private_key=b"p" * 32,
        tag_key=b"t" * 32,
        key_id=1,
        minting_keys=dict.fromkeys(TokenType, b"k" * 32),
    )


def now() -> datetime:
    return datetime.now(UTC)


def test_every_address_that_a_mail_carries_is_asked_once() -> None:
    """Links' and pictures' hosts are asked beside the relay's; one that is the same is not asked again."""
    with HttpAnswers(WELL) as relay, HttpAnswers(WELL) as pictures:
        found = health(channel_at(relay.url, pictures=pictures.url), clock=now)
        assert [each.address for each in found] == [relay.url, pictures.url]
        assert (len(relay.requests), len(pictures.requests)) == (1, 1)


def test_a_picture_host_that_does_not_answer_is_named() -> None:
    """The relay itself being well does not hide that pictures in sent mail cannot load."""
    with (
        HttpAnswers(WELL) as relay,
        HttpAnswers((503, b"")) as pictures,
        pytest.raises(Trouble, match=f"{pictures.url}, which pictures come from"),
    ):
        health(channel_at(relay.url, pictures=pictures.url), clock=now)


@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_clock_that_differs_is_measured(minutes: int) -> None:
    """The answer's date is compared with this computer's clock, either way; a right one differs by seconds at most."""
    with HttpAnswers(WELL) as relay:
        [right] = health(channel_at(relay.url), clock=now)
        [wrong] = health(channel_at(relay.url), clock=lambda: now() - timedelta(minutes=minutes))
    assert abs(right.ahead) < timedelta(seconds=3)
    assert abs(wrong.ahead - timedelta(minutes=minutes)) < timedelta(seconds=3)


def test_the_doctor_points_at_a_wrong_clock_and_an_old_certificate() -> None:
    """More than five minutes, or fewer than fourteen days, is not well; less and more are."""
    well = Health(address="https://t.example.com", certificate_days=80, ahead=timedelta(seconds=40))
    picture = replace(well, address="https://p.example.com", certificate_days=60)
    both = "https://t.example.com and https://p.example.com answer, certificate valid for 60 days"
    assert seen_of((well, picture)) == both
    assert seen_of((replace(well, certificate_days=None),)) == "https://t.example.com answers (no TLS)"
    with pytest.raises(Unreachable, match="differ by 7 minutes"):
        seen_of((replace(well, ahead=timedelta(minutes=-7)),))
    with pytest.raises(Unreachable, match="ends in 3 days"):
        seen_of((well, replace(picture, certificate_days=3)))


def test_a_relay_is_trusted_by_the_computers_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A company's authority that the computer knows is enough; one that it does not know is refused."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with HttpAnswers(WELL, context=context) as relay:
        with pytest.raises(Unreachable, match="certificate does not hold"):
            check_health(relay.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert parse_is_dated(check_health(relay.url))
        with new_session(relay.url, None) as session:
            assert session.verify is True


def parse_is_dated(text: str) -> bool:
    return text.endswith("GMT")
