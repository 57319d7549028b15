"""TLS is verified, always."""

import ssl
from pathlib import Path

import pytest
import trustme

from desktop.accounts.tls import client_context
from desktop.core.errors import StoreTrouble


def test_every_context_verifies(tmp_path: Path) -> None:
    """With and without a file of its own authority, chain and name are checked and old TLS is refused."""
    ca_file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    for context in (client_context(), client_context(ca_file)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_file_that_is_no_authority_is_told(tmp_path: Path) -> None:
    """A missing file and one without a certificate are StoreTrouble."""
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        with pytest.raises(StoreTrouble):
            client_context(path)
