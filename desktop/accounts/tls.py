"""TLS towards providers and the relay: always verified, name and chain; there is no switch that turns it off.

A provider with a certificate authority of its own (a company's, the sandbox's) is named by that authority's file.
"""

import ipaddress
import ssl
from pathlib import Path
from typing import Final

from desktop.core.errors import StoreTrouble

_WRONG_NAME: Final = "Check the server's name; the provider's help page has the right one."
_UNKNOWN_AUTHORITY: Final = (
    "Check the server's name. If it is a company's own or Proton Mail Bridge, export its certificate authority's file "
    "there and choose it as “Certificate authority”."
)
# OpenSSL's verify codes (x509_vfy.h): what is wrong, and what helps.
_CERTIFICATE_FAULTS: Final = {
    10: ("it has expired", "Check this computer's clock; if it is right, the provider has to renew the certificate."),
    18: ("it is signed by nobody but itself", _UNKNOWN_AUTHORITY),
    19: ("its authority is not known here", _UNKNOWN_AUTHORITY),
    20: ("its authority is not known here", _UNKNOWN_AUTHORITY),
    62: ("it is for another name", _WRONG_NAME),
    64: ("it is for another address", _WRONG_NAME),
}
BRIDGE_CURE: Final = (
    "Start Proton Mail Bridge, or whatever mail server runs on this computer, and compare the port with the one it "
    "shows."
)


def certificate_fault(error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    """Return what is wrong with a certificate, as the end of a sentence, and what helps."""
    return _CERTIFICATE_FAULTS.get(error.verify_code, ("it cannot be verified", _WRONG_NAME))


def is_on_this_computer(host: str) -> bool:
    """Say whether a server runs on this very computer, as Proton Mail Bridge does."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def client_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, and besides them those in `ca_file`; raise StoreTrouble.

    TLS 1.2 is the least (RFC 8997 deprecates what is older for mail).
    """
    try:
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise StoreTrouble(
            "The file with the provider's certificate authority cannot be read.",
            "Choose a PEM file that exists, or leave the field empty.",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
