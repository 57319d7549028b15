"""Charsets into which ASCII can be spliced, and sentences spelled in them."""

import pytest

from desktop.core.charsets import codec_of, read, spelled

KNOWN = [
    *["US-ASCII", "ansi_x3.4-1968", "utf-8", "UTF8", "iso-8859-1", "ISO_8859-1", "latin1", "iso-8859-15", "cp1250"],
    *["windows-1252", "koi8-r", "gb2312", "GBK", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "tis-620"],
    *["ks_c_5601-1987", "macintosh"],
]


@pytest.mark.parametrize("charset", KNOWN)
def test_ascii_means_itself_in_every_known_charset(charset: str) -> None:
    """What we splice in as ASCII is read as ASCII."""
    codec = codec_of(f" {charset} ")
    assert codec is not None
    ascii_text = "".join(map(chr, range(32, 127))) + "\r\n\t"
    assert ascii_text == read(ascii_text.encode("ascii"), codec)
    assert ascii_text.encode("ascii") == spelled(ascii_text, codec)


@pytest.mark.parametrize(
    "charset",
    ["utf-16", "utf-7", "iso-2022-jp", "hz", "hex", "unicode_escape", "x-none", "iso-8859-12", "8859-2"],
)
def test_other_charsets_are_not_known(charset: str) -> None:
    """Charsets that shift, codecs that are none, and names that do not exist are refused."""
    assert codec_of(charset) is None


def test_no_charset_is_ascii() -> None:
    """RFC 2045 5.2."""
    assert codec_of("") == "ascii"


def test_octets_without_a_meaning_are_not_read() -> None:
    """8-bit octets in US-ASCII and broken UTF-8 are refused; their twins are read."""
    assert read(b"\xe2\x98\x83", "ascii") is None
    assert read(b"\xe2\x98", "utf-8") is None
    assert read(b"\xe2\x98\x83", "utf-8") == "\u2603"


def test_programs_name_a_charset_and_mean_its_superset() -> None:
    """GB2312 is read as GB18030, as browsers do."""
    assert read("镕".encode("gb18030"), "gb2312") == "镕"


@pytest.mark.parametrize(
    ("text", "codec", "result"),
    [
        ("Grüße, Łódź", "utf-8", "Grüße, Łódź".encode()),
        ("Grüße", "iso8859-1", b"Gr\xfc\xdfe"),
        ("Grüße – Łódź", "ascii", b"Grusse - Lodz"),
        ("Łódź ü", "iso8859-1", b"Lodz u"),
        ("it’s “Ærø”", "ascii", b'it\'s "Aero"'),
        ("日本", "gb2312", "日本".encode("gb2312")),
        ("日本", "iso8859-1", None),
        ("日本", "ascii", None),
    ],
)
def test_signs_that_a_charset_lacks_become_plain_letters(text: str, codec: str, result: bytes | None) -> None:
    """Latin letters lose their marks; other writings cannot be spelled."""
    assert result == spelled(text, codec)
