"""Every list, end to end: `python -m relay serve` behind a proxy, asked from each list, the seal opened."""

import base64
import ipaddress
import time
from pathlib import Path

from relay.wire.clock import PracticeClock
from relay.wire.labels import Address, Label, built_in, truncated
from tests.relay.desk import Desk
from tests.relay.test_relay_process import RealClock, process

BUILT_IN = built_in()
FRESH = "list: trend-micro\ndate: 2026-11-20\nsource: a test\n212.77.4.0/24\n"


def addresses() -> dict[str, list[Address]]:
    """Return for each list an address inside its longest IPv4 and, if there is one, its longest IPv6 range."""
    found: dict[str, list[Address]] = {}
    for each in BUILT_IN:
        longest = [max(ranges, key=lambda pair: pair[1] - pair[0]) for ranges in (each.ipv4, each.ipv6) if ranges]
        number = [(first + last) // 2 | 0x4D for first, last in longest]
        found[each.label.name] = [ipaddress.IPv4Address(number[0]), *map(ipaddress.IPv6Address, number[1:])]
    return found


def expected_labels(address: Address) -> tuple[Label, ...]:
    """Look through every range, slowly."""
    return tuple(
        each.label
        for each in BUILT_IN
        if any(first <= int(address) <= last for first, last in each.ranges(address.version))
    )


def test_hits_from_every_list_bear_its_label_and_date_and_no_file_holds_an_address(tmp_path: Path) -> None:
    """Opened at home, each hit has the lists' names and days and a truncated network; full addresses are nowhere.

    A list put into the folder meanwhile labels the next hits.
    """
    data = tmp_path / "relay"
    practice = PracticeClock(tmp_path / "clock")
    asked = [(name, address) for name, those in addresses().items() for address in those]
    with process(data, "--open-registration", "--trusted-proxy", "127.0.0.0/8") as relay:
        desk = Desk(relay.base, RealClock(practice))
        for _name, address in asked:
            desk.get(desk.open_url(), X_Forwarded_For=str(address))
        desk.get(desk.click_url(), X_Forwarded_For="198.51.100.177")
        rows = desk.poll()["rows"]
        *hits, person = desk.opened(rows)
        desk.acknowledge(rows)
        (data / "lists").mkdir()
        (data / "lists" / "trend-micro.txt").write_text(FRESH)
        until_s = time.monotonic() + 10
        labels: tuple[Label, ...] = ()
        while not labels and time.monotonic() < until_s:
            desk.get(desk.open_url(), X_Forwarded_For="212.77.4.177")
            rows = desk.poll(wait_s=0.3)["rows"]
            labels = desk.opened(rows)[-1].labels
            desk.acknowledge(rows)
        relay.end()
        desk.close()
    practice.close()
    assert [(hit.labels, hit.network) for hit in hits] == [
        (expected_labels(address), truncated(address)) for _, address in asked
    ]
    for (name, _), hit in zip(asked, hits, strict=True):
        [date] = [each.label.date for each in BUILT_IN if each.label.name == name]
        assert Label(name, date) in hit.labels
    assert person.labels == ()
    assert labels == (Label("trend-micro", "2026-11-20"),)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert desk.channel_id in kept  # The search looks where things are.
    planted = [*(address for _, address in asked), *map(ipaddress.ip_address, ("198.51.100.177", "212.77.4.177"))]
    for address in planted:
        text = str(address).encode()
        for form in (text, text.hex().encode(), base64.b64encode(text)[:-4], address.exploded.encode()):
            assert form not in kept
        assert address.version == 4 or address.packed not in kept
