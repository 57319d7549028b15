"""TLS towards providers and the relay: always verified, name and chain; there is no switch that turns it off.

A provider with a certificate authority of its own (a company's, the sandbox's) is named by that authority's file.
"""

import ssl
from pathlib import Path

from desktop.core.errors import StoreTrouble


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
