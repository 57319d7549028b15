"""A database of places: what it knows of a truncated network, and that no file can bring the program down."""

import ipaddress
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.core.errors import Malformed, StoreTrouble, Trouble
from desktop.core.where import Place
from desktop.settings import PLACE_DATABASE_SETTING, place_database_of
from desktop.store import settings
from desktop.store.database import Store
from desktop.where import GeoDatabase, PlaceLookup, examined
from relay.wire.labels import Network
from tests.fakes.mmdb import COUNTRIES, city, write_mmdb
from tests.ui.sample_data import open_store

V4, OTHER_V4 = ipaddress.ip_network("203.0.113.0/24"), ipaddress.ip_network("198.51.100.0/24")
V6 = ipaddress.ip_network("2001:db8:1::/48")
BAVARIA = Place(country="Germany", region="Bavaria")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a database that knows a network of each family."""
    records = {"203.0.113.0/24": city("Germany", "Bavaria", "Munich"), "2001:db8:1::/48": city("Japan", "Tokyo")}
    return write_mmdb(tmp_path / "city.mmdb", records)


def write_countries(path: Path) -> Path:
    return write_mmdb(path, {network: city(name) for network, name in COUNTRIES.items()}, kind="Test-Country")


def test_country_and_region_of_both_families(file: Path) -> None:
    """A city database gives country and region, never the town; what it does not hold is not known."""
    with GeoDatabase(file) as database:
        assert database.place_of(V4) == BAVARIA
        assert Place(country="Japan", region="Tokyo") == database.place_of(V6)
        assert database.place_of(OTHER_V4) is None


def test_a_country_database_gives_countries(tmp_path: Path) -> None:
    """Without regions in the file there are none; it says of itself which kind it is."""
    path = write_countries(tmp_path / "country.mmdb")
    with GeoDatabase(path) as database:
        assert [Place(country="Germany"), Place(country="Norway"), Place(country="Japan")] == [
            database.place_of(network) for network in (V4, OTHER_V4, V6)
        ]
        assert (
            database.facts.kind,
            database.facts.built_at.year,
            database.facts.has_regions,
        ) == ("Test-Country", 2026, False)


def test_a_tree_for_ipv4_alone_knows_nothing_of_ipv6(tmp_path: Path) -> None:
    """An IPv6 network in a database without any is not known; IPv4 beside it is."""
    path = write_mmdb(tmp_path / "v4.mmdb", {"203.0.113.0/24": city("Germany")}, ip_version=4)
    with GeoDatabase(path) as database:
        assert (database.place_of(V6), database.place_of(V4)) == (None, Place(country="Germany"))


@pytest.mark.parametrize(
    ("halves", "place"),
    [
        ((city("Germany", "Bavaria"), city("Germany", "Bavaria")), BAVARIA),
        ((city("Germany", "Bavaria"), city("Germany", "Hesse")), Place(country="Germany")),
        ((city("Germany", "Bavaria"), city("Germany")), Place(country="Germany")),
        ((city("Germany", "Bavaria"), city("Austria", "Tyrol")), None),
        ((city("Germany", "Bavaria"), {"continent": {}}), BAVARIA),
    ],
)
def test_only_what_all_of_a_network_shares_is_said(
    tmp_path: Path, halves: tuple[dict[str, object], ...], place: Place | None
) -> None:
    """A network that the database splits is as fine as its parts agree."""
    first, second = halves
    path = write_mmdb(tmp_path / "split.mmdb", {"203.0.113.0/25": first, "203.0.113.128/25": second})
    with GeoDatabase(path) as database:
        assert place == database.place_of(V4)


def test_a_network_cut_too_fine_is_not_known(tmp_path: Path) -> None:
    """More parts than 256 are not walked through; the same parts in a /24 are."""
    fine = {f"2001:db8:1:{number:x}::/64": city("Japan") for number in range(0, 600, 2)}
    full = {f"203.0.113.{number}/32": city("Germany") for number in range(256)}
    with GeoDatabase(write_mmdb(tmp_path / "fine.mmdb", fine | full)) as database:
        assert (database.place_of(V6), database.place_of(V4)) == (None, Place(country="Germany"))


@pytest.mark.parametrize(
    "record",
    [
        "Germany",
        {"country": "Germany"},
        {"country": {"names": ["Germany"]}},
        {"country": {"names": {"en": 49}}},
        {"autonomous_system_number": 64_496},
    ],
)
def test_a_database_without_countries_is_refused(tmp_path: Path, record: object) -> None:
    """A file of another kind, as of providers' numbers, is no database of places, and the cure names some."""
    with pytest.raises(Malformed, match="names no countries") as caught:
        examined(str(write_mmdb(tmp_path / "asn.mmdb", {"203.0.113.0/24": record})))
    assert "DB-IP Lite" in caught.value.cure


@pytest.mark.parametrize("parts", ["Bavaria", [], ["Bavaria"], [{"names": {"de": "Bayern"}}]])
def test_a_region_of_another_form_is_none(tmp_path: Path, parts: object) -> None:
    """Whatever stands where regions stand, the country is still known."""
    record = city("Germany") | {"subdivisions": parts}
    with GeoDatabase(write_mmdb(tmp_path / "odd.mmdb", {"203.0.113.0/24": record})) as database:
        assert Place(country="Germany") == database.place_of(V4)


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda _: None, StoreTrouble, "There is no database"),
        (lambda path: path.mkdir(), StoreTrouble, "There is no database"),
        (os.mkfifo, StoreTrouble, "There is no database"),
        (lambda path: path.write_bytes(b""), Malformed, "is empty"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(9_000)), Malformed, "no database of places"),
        (lambda path: path.write_bytes(b"\xab\xcd\xefMaxMind.com"), Malformed, "no database of places"),
    ],
    ids=["missing", "folder", "pipe", "empty", "zip", "marker alone"],
)
def test_what_is_no_database_is_a_trouble_with_a_cure(
    tmp_path: Path, make: Callable[[Path], object], kind: type[Trouble], said: str
) -> None:
    """A missing file, a folder, a pipe and files of other kinds are told in words."""
    path = tmp_path / "places.mmdb"
    make(path)
    with pytest.raises(kind, match=said) as caught:
        examined(str(path))
    assert "none" in caught.value.cure


def test_a_file_that_may_not_be_read_is_a_trouble(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own words say why; the twin that may be read is examined."""
    assert examined(str(file)).has_regions
    monkeypatch.setattr("maxminddb.open_database", _forbidden)
    with pytest.raises(StoreTrouble, match="cannot be read: Permission denied"):
        examined(str(file))


def _forbidden(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_file_that_stops_answering_is_a_trouble(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that went away while the file is open is told in words."""
    with GeoDatabase(file) as database:
        monkeypatch.setattr(database._reader, "get_with_prefix_len", _forbidden)
        with pytest.raises(StoreTrouble, match="can no longer be read"):
            database.place_of(V4)


def test_any_damage_ends_as_a_trouble_or_an_answer(file: Path, tmp_path: Path) -> None:
    """Files cut short or with octets changed: each is refused, or answers; nothing else happens."""
    chance, whole, refused = random.Random(7), file.read_bytes(), 0
    for number in range(300):
        damaged = bytearray(whole)
        if number % 3 == 0:
            del damaged[chance.randrange(len(damaged)) :]
        for _ in range(number % 5 + 1):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path = tmp_path / "damaged.mmdb"
        path.write_bytes(damaged)
        try:
            with GeoDatabase(path) as database:
                for network in (V4, OTHER_V4, V6):
                    database.place_of(network)
        except Trouble:
            refused += 1
    assert 100 < refused < 300


def answer_of(database: GeoDatabase) -> Place | type[Trouble] | None:
    """Return a place, or the kind of trouble that there was instead."""
    try:
        return database.place_of(V4)
    except Trouble as trouble:
        return type(trouble)


@pytest.mark.parametrize("size", [0, 40, 700])
def test_a_file_cut_short_while_it_is_open_is_a_trouble_or_unknown(file: Path, size: int) -> None:
    """What is no longer there cannot be looked up, and does not end the program."""
    with GeoDatabase(file) as database:
        assert database.place_of(V4) == BAVARIA
        os.truncate(file, size)
        assert answer_of(database) in (None, Malformed, StoreTrouble)


class Chosen:
    """A path that can be changed, as the setting can."""

    def __init__(self, path: object = "") -> None:
        self.path = str(path)

    def __call__(self) -> str:
        """Return what is chosen now."""
        return self.path


def test_nothing_chosen_is_no_trouble() -> None:
    """Without a database no place is known, and nothing is wrong."""
    lookup = PlaceLookup(Chosen())
    assert (lookup.place_of(V4), lookup.trouble()) == (None, None)


def test_the_file_is_opened_when_first_asked_and_closed_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the lookup opens nothing; each network is looked up once; after closing the next question opens anew."""
    opened: list[Path] = []
    asked: list[Network] = []

    class Counted(GeoDatabase):
        def __init__(self, path: Path) -> None:
            opened.append(path)
            super().__init__(path)

        def place_of(self, network: Network) -> Place | None:
            asked.append(network)
            return super().place_of(network)

    monkeypatch.setattr("desktop.where.GeoDatabase", Counted)
    lookup = PlaceLookup(Chosen(file))
    assert opened == []
    assert [lookup.place_of(V4), lookup.place_of(V4)] == [BAVARIA, BAVARIA]
    assert ([file], [V4]) == (opened, asked)
    lookup.close()
    lookup.close()
    assert lookup.place_of(V4) == BAVARIA
    assert [file, file] == opened
    lookup.close()


def test_another_file_is_taken_up_at_once(file: Path, tmp_path: Path) -> None:
    """A newly chosen path and a replaced file answer without a restart, and none again knows nothing."""
    chosen = Chosen(file)
    lookup = PlaceLookup(chosen)
    assert lookup.place_of(V4) == BAVARIA
    chosen.path = str(write_countries(tmp_path / "country.mmdb"))
    assert Place(country="Germany") == lookup.place_of(V4)
    write_mmdb(tmp_path / "newer.mmdb", {"203.0.113.0/24": city("Austria")}).replace(chosen.path)
    assert Place(country="Austria") == lookup.place_of(V4)
    chosen.path = ""
    assert (lookup.place_of(V4), lookup.trouble()) == (None, None)


def test_a_vanished_file_is_told_and_a_new_one_mends_it(file: Path) -> None:
    """While the file is gone no place is known and the trouble says so; once it is back, both are as before."""
    lookup, octets = PlaceLookup(Chosen(file)), file.read_bytes()
    assert (lookup.place_of(V4), lookup.trouble()) == (BAVARIA, None)
    file.unlink()
    assert lookup.place_of(V4) is None
    trouble = lookup.trouble()
    assert trouble is not None
    assert "There is no database of places" in trouble.sentence
    file.write_bytes(octets)
    assert (lookup.place_of(V4), lookup.trouble()) == (BAVARIA, None)
    os.truncate(file, 40)
    assert lookup.place_of(V4) is None
    assert isinstance(lookup.trouble(), Malformed)
    lookup.close()


def test_damage_found_while_looking_up_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that cannot be read leaves its place unknown, and the trouble is there for the settings to show."""
    lookup = PlaceLookup(Chosen(file))
    assert lookup.trouble() is None
    assert lookup._database is not None
    monkeypatch.setattr(lookup._database._reader, "get_with_prefix_len", _forbidden)
    assert lookup.place_of(V4) is None
    assert isinstance(lookup.trouble(), StoreTrouble)
    lookup.close()


def test_many_networks_do_not_pile_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is forgotten where it becomes too much, and answers stay right."""
    monkeypatch.setattr("desktop.where._MOST_KEPT", 2)
    lookup = PlaceLookup(Chosen(file))
    assert [BAVARIA, None, Place(country="Japan", region="Tokyo"), BAVARIA] == [
        lookup.place_of(network) for network in (V4, OTHER_V4, V6, V4)
    ]
    assert len(lookup._kept) <= 2
    lookup.close()


def test_the_setting_holds_the_path(tmp_path: Path) -> None:
    """Nothing is chosen to begin with; what was put is read back."""
    store: Store = open_store(tmp_path)
    assert place_database_of(store) == ""
    settings.put(store, PLACE_DATABASE_SETTING, "/places/city.mmdb")
    assert place_database_of(store) == "/places/city.mmdb"
    store.close()
