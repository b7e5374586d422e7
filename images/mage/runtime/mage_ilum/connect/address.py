"""Spark Connect addresses: `sc://host[:15002][/;key=value;...]`, read as PySpark reads them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit

from mage_ilum.errors import AddressError

DEFAULT_PORT = 15002
URL_VARIABLE = "ILUM_SPARK_CONNECT_URL"
TOKEN_VARIABLE = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # the name that Spark gave it; holds no token itself

_EXAMPLE = f"Write it as sc://host:{DEFAULT_PORT}, with parameters as sc://host:{DEFAULT_PORT}/;use_ssl=true"
# Any other parameter may be a secret: PySpark sends it as a header.
_SHOWN = frozenset({"use_ssl", "user_id", "user_agent", "session_id"})


@dataclass(frozen=True)
class ConnectAddress:
    """Where a Spark Connect server listens, and what to send along.

    >>> ConnectAddress.parse("sc://spark-connect-server/;token=s3cr3t")
    ConnectAddress('sc://spark-connect-server:15002/;token=***')
    """

    host: str
    port: int = DEFAULT_PORT
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> "ConnectAddress":
        """Read an address; raises `AddressError`, which never repeats a parameter's value."""
        location, _, rest = text.strip().partition(";")
        shown = _shown(text.strip())
        if not location.startswith("sc://"):
            raise _bad(f"{shown} is no Spark Connect address: it does not start with sc://", code="no-scheme")
        if "@" in location:
            raise _bad(f"{shown} has a user name before the host, which Spark Connect ignores", _USE_TOKEN)
        if any(mark in text for mark in "?#") or any(mark.isspace() for mark in text.strip()):
            raise _bad(f"{shown} goes on with a ?, a # or a blank", "Percent-encode it: %3F, %23, %20")
        host, port, path = _location(location, shown)
        if path not in ("", "/"):
            sentence = f"{shown} goes on with a path, and Spark Connect knows no path prefix"
            raise _bad(sentence, _NO_PREFIX, "path-prefix")
        if rest and path != "/":
            raise _bad(f"{shown} has parameters without the slash that must come before them")
        return cls(host, port, MappingProxyType(_parameters(rest)))

    @property
    def token(self) -> str | None:
        """The bearer token, a secret."""
        return self.parameters.get("token")

    @property
    def use_ssl(self) -> bool:
        """Whether TLS was asked for."""
        return self.parameters.get("use_ssl", "").lower() == "true"

    @property
    def local_token(self) -> bool:
        """Whether PySpark 4 sends a token without TLS: only to the name `localhost`."""
        return self.token is not None and not self.use_ssl and self.host == "localhost"

    @property
    def tls(self) -> bool:
        """Whether PySpark uses TLS: when asked to, and whenever there is a token for another host than `localhost`."""
        return self.use_ssl or (self.token is not None and not self.local_token)

    @property
    def endpoint(self) -> str:
        """`host:port`, as gRPC wants it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address for PySpark. It may hold a token: never print it."""
        return self._format(self.parameters)

    def with_parameters(self, **parameters: str) -> "ConnectAddress":
        """The same address with these parameters, where it does not have them already."""
        return ConnectAddress(self.host, self.port, MappingProxyType({**parameters, **self.parameters}))

    def __str__(self) -> str:
        """The address as people may see it."""
        return self._format({key: value if key in _SHOWN else "***" for key, value in self.parameters.items()})

    def __repr__(self) -> str:
        return f"ConnectAddress({str(self)!r})"

    def _format(self, parameters: Mapping[str, str]) -> str:
        pairs = ";".join(f"{key}={quote(value, safe='*')}" for key, value in parameters.items())
        return f"sc://{self.endpoint}/;{pairs}" if pairs else f"sc://{self.endpoint}"


def resolve(url: str | None = None, environment: Mapping[str, str] = os.environ) -> ConnectAddress:
    """The address given, or that of `ILUM_SPARK_CONNECT_URL`; where it names no token, Spark's own variable may.

    Raises `AddressError` where there is none, or where it cannot be read.

    >>> resolve("sc://spark-connect-server").endpoint
    'spark-connect-server:15002'
    """
    text = url if url is not None else environment.get(URL_VARIABLE, "")
    if not text:
        raise AddressError(
            f"No Spark Connect address: {URL_VARIABLE} is not set.",
            code="no-address",
            fix=f"Set {URL_VARIABLE}=sc://spark-connect-server.ilum.svc.cluster.local:{DEFAULT_PORT} for Mage, "
            "or pass the address.",
        )
    address = ConnectAddress.parse(text)
    token = environment.get(TOKEN_VARIABLE)
    return address.with_parameters(token=token) if token else address


_USE_TOKEN = f"Leave the user name out; a token goes into {TOKEN_VARIABLE}"
_NO_PREFIX = "Give the server a host name or a port of its own, and leave the path out"


def _bad(sentence: str, fix: str = _EXAMPLE, code: str = "bad-address") -> AddressError:
    return AddressError(sentence[0].upper() + sentence[1:] + ".", code=code, fix=fix + ".")


def _shown(text: str) -> str:
    """What an error may show of an address: host and port. After a typing error, anything behind may be a secret."""
    if "@" in text:  # then what comes first may be a password
        return "the address"
    found = re.match(r"([a-zA-Z]+://)?[\w.:\[\]-]*", text)
    return repr(found[0]) if found else "the address"


def _location(location: str, shown: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit("http" + location[2:])
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unreadable(shown) from None
    if not host:
        raise _bad(f"{shown} names no host")
    if not re.fullmatch(r"[\w.:%-]+", host):
        raise _unreadable(shown)
    if port == 0 or parts.netloc.endswith(":"):
        raise _bad(f"{shown} has no usable port; ports are 1 to 65535")
    return host, port or DEFAULT_PORT, parts.path


def _unreadable(shown: str) -> AddressError:
    return _bad(f"{shown} has a host or a port that cannot be read; an IPv6 address goes in brackets")


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for pair in filter(None, text.split(";")):
        key, equals, value = pair.partition("=")
        if not key or not equals or "=" in value:
            raise _bad("a parameter is not of the form key=value", "Percent-encode an = in a value as %3D")
        if key in parameters:
            raise _bad(f"the parameter {key!r} is given twice", "Give it once")
        parameters[key] = unquote(value)
    return parameters
