"""Which service, and who we are there: from an argument or the environment, by one rule for all services."""

import os
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from mage_ilum.credentials import meant_for
from mage_ilum.errors import AddressError, UsageError
from mage_ilum.http.client import HttpService


def find_service(
    name: str,
    variables: str,
    url: str | None = None,
    environment: Mapping[str, str] = os.environ,
    *,
    example: str = "http://host:port",
) -> HttpService:
    """The service at `url`, or at the address in `<variables>_URL`.

    Credentials that the address has are the ones that are used. Else they come from `<variables>_TOKEN` (sent as a
    bearer token), or from `<variables>_USER` and `<variables>_PASSWORD`, which are sent to no other server than
    `<variables>_URL` names. Raises `AddressError`, and `UsageError` for a token that cannot be sent; neither repeats
    them.

    >>> find_service("Livy", "ILUM_LIVY", environment={"ILUM_LIVY_URL": "http://me:secret@livy:8998/"}).url
    'http://livy:8998'
    """
    own = environment.get(f"{variables}_URL", "")
    text = (url or own).strip()
    if not text:
        raise AddressError(
            f"No address of {name}: {variables}_URL is not set.",
            code="no-address",
            fix=f"Set {variables}_URL={example} for Mage, or pass the address.",
        )
    address, user, password = _split(text, name, f"Write {variables}_URL={example}")
    token = ""
    if not (user or password) and meant_for(
        text, own
    ):  # one place's name never goes with another's password, nor a token to a stranger
        user, password = (environment.get(f"{variables}_{part}", "") for part in ("USER", "PASSWORD"))
        token = environment.get(f"{variables}_TOKEN", "").strip()  # a Secret made from a file ends with a new line
    authorization = None
    if token:
        authorization = f"Bearer {token}"
    elif user:
        authorization = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    if authorization and not (authorization.isascii() and authorization.isprintable()):
        raise UsageError(
            f"{variables}_TOKEN holds a character that no HTTP header may hold.",
            code="bad-token",
            fix="Copy the token again, in one line.",
        )
    secrets = tuple(part for part in (token, password, (authorization or "").partition(" ")[2]) if part)
    return HttpService(name, variables, address, authorization, secrets, example=example)


def _split(text: str, name: str, fix: str) -> tuple[str, str, str]:
    """The address without credentials, the user and the password."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise AddressError(f"The address of {name} cannot be read.", code="bad-address", fix=fix)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None else f"{host}:{port}"
    url = f"{parts.scheme}://{place}{parts.path.rstrip('/')}"
    return url, unquote(parts.username or ""), unquote(parts.password or "")
