"""Strangers' messages read as far as they go: cut off, nested, wrongly said."""

from desktop.core.reportfields import MAX_GROUPS, groups
from desktop.core.skim import MAX_DEPTH, MAX_LEAVES, Leaf, leaves, read_head


def parts(raw: bytes) -> list[tuple[str, bytes]]:
    head, start = read_head(raw)
    return [(leaf.media_type, leaf.content) for leaf in leaves(raw, head, start)]


def test_a_message_cut_off_has_its_first_parts() -> None:
    """A multipart that does not end gives the parts before the cut and what there is of the last."""
    raw = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\none\n--b\nContent-Type: text/html\n\n<p>tw'
    assert parts(raw) == [("text/plain", b"one\n"), ("text/html", b"<p>tw")]


def test_what_follows_the_last_delimiter_is_no_part() -> None:
    """Preamble and epilogue are left out, and an outer delimiter ends the inner multipart too."""
    raw = (
        b"Content-Type: multipart/mixed; boundary=a\n\npreamble\n--a\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\none\n--a\n\ntwo\n--a--\nepilogue\n--b\n"
    )
    assert [content for _, content in parts(raw)] == [b"one\n", b"two\n"]


def test_a_boundary_that_is_not_said_is_the_first_line() -> None:
    """Without a boundary the first delimiter line names it; where there is none the body is one part."""
    assert [content for _, content in parts(b"Content-Type: multipart/mixed\n\n--b\n\none\n--b--\n")] == [b"one\n"]
    assert [content for _, content in parts(b"Content-Type: multipart/mixed\n\none\n")] == [b"one\n"]


def test_depth_and_number_of_parts_have_an_end() -> None:
    """Deeper multiparts are leaves, and parts past the limit are not read."""
    nested = b"Content-Type: multipart/mixed; boundary=b0\n\n" + b"".join(
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (depth, depth + 1) for depth in range(MAX_DEPTH + 5)
    )
    assert [media_type for media_type, _ in parts(nested)] == ["multipart/mixed"]
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (MAX_LEAVES + 5)
    assert len(parts(many)) == MAX_LEAVES


def test_encodings_are_taken_off_as_far_as_they_hold() -> None:
    """Base64 with other signs or an odd end, and quoted-printable with a lone sign, give what can be read."""
    head = b"Content-Transfer-Encoding: %s\n\n"
    assert [content for _, content in parts(head % b"base64" + b"YW!Jj=\n")] == [b"abc"]
    assert [content for _, content in parts(head % b"base64" + b"YWJjZA\n")] == [b"abcd"]
    assert [content for _, content in parts(head % b"BASE64" + b"YWJjZ\n")] == [b"abc"]
    assert ["a=b ü".encode()] == [content for _, content in parts(head % b"quoted-printable" + b"a=3Db =C3=BC")]
    assert [content for _, content in parts(head % b"x-odd" + b"a=3D")] == [b"a=3D"]


def test_text_is_read_in_its_charset_or_the_likelier_one() -> None:
    """A wrong or unknown charset gives UTF-8 where the octets are that, also when cut in a sign, else Windows Latin."""
    spelled = "zurück".encode()
    said = [("iso-8859-1", "zurück".encode("latin-1")), ("us-ascii", spelled), ("x-odd", spelled), ("", spelled)]
    for charset, content in [*said, ("utf-8", "zurück".encode("latin-1"))]:
        leaf = Leaf(media_type="text/plain", parameters={"charset": charset}, content=content)
        assert leaf.text == "zurück"
    assert Leaf(media_type="text/plain", parameters={}, content="zü".encode()[:-1]).text.startswith("z")
    assert Leaf(media_type="text/plain", parameters={}, content="zü".encode()[:-1]).text == "z\ufffd"


def test_a_type_said_badly_is_read_by_its_first_words() -> None:
    """A parameter said twice leaves the type; a type that is none is text."""
    assert read_head(b"Content-Type: text/html; charset=a; charset=b\n\n")[0].content_type()[0] == "text/html"
    assert read_head(b"Content-Type: ???\n\n")[0].content_type()[0] == "text/plain"


def test_lines_that_are_no_fields_are_passed_over() -> None:
    """An mbox line and broken lines hide no field behind them, and folded fields are one."""
    head, start = read_head(b"From a@b Mon\nSubject: one\n two\nbroken\nTo: x\n\nbody")
    assert ("one two", "x", b"body"[:1]) == (
        head.first("subject"),
        head.first("to"),
        b"From a@b Mon\nSubject: one\n two\nbroken\nTo: x\n\nbody"[start : start + 1],
    )


def test_an_address_list_of_comments_is_read_flat() -> None:
    """Comments inside comments without end do not stop the reading of the fields beside them."""
    raw = b"From: " + b"(" * 3_000 + b" <ada@firm.example>\nSubject: Offer\n\n"
    assert read_head(raw)[0].facts().subject == "Offer"


def test_groups_of_fields_have_an_end() -> None:
    """Blank lines part groups; past the limit none is read."""
    leaf = Leaf(media_type="message/delivery-status", parameters={}, content=b"A: b\n\n" * (MAX_GROUPS + 5))
    assert len(list(groups(leaf))) == MAX_GROUPS
    assert [
        head.first("a") for head in groups(Leaf(media_type="x/y", parameters={}, content=b"\nA: b\n\n\nA: d\n"))
    ] == ["b", "d"]
