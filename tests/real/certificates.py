"""The provider's certificates: a good one, an expired one and one for another host, all from one authority."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

HOST = "localhost"
# The expired certificate is for this address too, so that its end is the only thing wrong with it.
EXPIRED_IMAP_HOST: Final = "127.0.0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Files of one certificate chain and its key."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """All of the provider's certificates; only `good` may be accepted by a client that trusts `ca_file`."""

    ca_file: Path
    good: Pair
    expired: Pair
    wrong_host: Pair


def make_certificates(folder: Path) -> Certificates:
    """Write a new authority and its three certificates below `folder`."""
    folder.mkdir(parents=True)
    authority = trustme.CA(organization_name="Readback test provider")
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    names = (HOST, "127.0.0.1", "mail.example.test")
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    over = authority.issue_cert(
        *names, EXPIRED_IMAP_HOST, not_before=long_ago, not_after=long_ago + dt.timedelta(days=365)
    )
    return Certificates(
        ca_file=ca_file,
        good=_write(folder, "good", authority.issue_cert(*names)),
        expired=_write(folder, "expired", over),
        wrong_host=_write(folder, "wrong-host", authority.issue_cert("other.invalid")),
    )


def _write(folder: Path, name: str, leaf: trustme.LeafCert) -> Pair:
    pair = Pair(chain=folder / f"{name}.pem", key=folder / f"{name}.key")
    pair.chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(pair.key)
    pair.key.chmod(0o600)
    return pair
