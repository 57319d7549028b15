"""One certificate authority for all of these tests."""

import ssl

import pytest

from tests.fakes.provider import Certificates, make_certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return an authority that the accounts of these tests trust."""
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def context(certificates: Certificates) -> ssl.SSLContext:
    """Return a good server context."""
    return certificates.context()
