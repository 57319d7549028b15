"""What lenient servers would read out of the octets that arrived: the measure of SMTP smuggling.

Servers differ in what they take for the end of a message; the octets that reach any of them must end it once, at the
end, in every reading.
"""

from typing import Final

# Seen in the wild: Postfix before 3.9, Sendmail, Cisco, GMX (smtp smuggling, December 2023) and their variants.
LENIENT_ENDS: Final = (
    b"\r\n.\r\n",
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\r\n\x00.\r\n",
    b"\n\x00.\r\n",
)


def early_ends(wire: bytes) -> list[bytes]:
    """Return each lenient end that is found before the true one; `wire` ends with the true one."""
    body = b"\r\n" + wire.removesuffix(b".\r\n")
    # What stands before the dot's own CRLF; the true end begins with the last CRLF of the body.
    return [end for end in LENIENT_ENDS if end in body]
