"""No proxy and no address of this machine reaches a test."""

import pytest
import trustme

from mage_ilum.connect.address import TOKEN_VARIABLE, URL_VARIABLE


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    for name in ("grpc_proxy", "https_proxy", "http_proxy", TOKEN_VARIABLE, URL_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def authority():
    """An authority that nobody trusts unless told to."""
    return trustme.CA()
