"""The files at fixed places."""

import datetime as dt
from pathlib import Path

from tests.relay.desk import START_MS, Clock, Desk, served


def test_gpc_json_security_txt_and_robots_txt_are_served(tmp_path: Path) -> None:
    """Item 12: the signal is honoured, a finder knows whom to tell for half a year more, and no robot is invited."""
    with served(tmp_path, Clock(), contact="mailto:security@example.com") as base:
        desk = Desk(base)
        gpc = desk.get(f"{base}/.well-known/gpc.json")
        security = desk.get(f"{base}/.well-known/security.txt")
        robots = desk.get(f"{base}/robots.txt")
        desk.close()
    assert (gpc.headers["content-type"], gpc.json()["gpc"]) == ("application/json", True)
    assert dt.date.fromisoformat(gpc.json()["lastUpdate"]) <= dt.datetime.now(dt.UTC).date()
    fields = dict(line.split(": ", 1) for line in security.text.splitlines())
    assert security.headers["content-type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == "mailto:security@example.com"
    assert fields["Canonical"] == f"{base}/.well-known/security.txt"
    begun = dt.datetime.fromtimestamp(START_MS / 1_000, dt.UTC)
    assert dt.timedelta(days=150) < dt.datetime.fromisoformat(fields["Expires"]) - begun < dt.timedelta(days=365)
    assert robots.text == "User-agent: *\nDisallow: /\n"


def test_without_a_contact_there_is_no_security_txt(desk: Desk) -> None:
    """RFC 9116 2.5.3: a contact must be in it, so a relay whose operator gave none has none; the others are there."""
    assert desk.get(f"{desk.base}/.well-known/security.txt").status_code == 404
    assert desk.get(f"{desk.base}/.well-known/gpc.json").status_code == 200
