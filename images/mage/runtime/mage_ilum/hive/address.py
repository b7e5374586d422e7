"""Addresses of Ilum SQL: `hive://[user[:password]@]host[:10009][/database][?auth=…&ssl=true&ssl_ca=…]`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from mage_ilum.credentials import meant_for
from mage_ilum.errors import AddressError

DEFAULT_PORT = 10009
SQL_URL_VARIABLE = "ILUM_SQL_URL"
PASSWORD_VARIABLE = "ILUM_SQL_PASSWORD"  # the name of the variable; holds no password itself

Auth = Literal["plain", "nosasl"]
_AUTHS: Mapping[str, Auth] = {"none": "plain", "plain": "plain", "ldap": "plain", "custom": "plain", "nosasl": "nosasl"}
_EXAMPLE = f"Write it as hive://ilum-sql-thrift-binary.ilum.svc.cluster.local:{DEFAULT_PORT}/default"


@dataclass(frozen=True)
class SqlAddress:
    """Where a server listens that speaks HiveServer2's protocol, and as whom to log in.

    `auth` is `plain` (what HiveServer2 calls NONE, LDAP and CUSTOM) or `nosasl`. `ssl_ca` is a file of certificates to
    trust in the place of the system's.
    """

    host: str
    port: int = DEFAULT_PORT
    database: str = "default"
    user: str = "mage"
    password: str = field(default="", repr=False, compare=False)
    auth: Auth = "plain"
    ssl: bool = False
    ssl_ca: str = ""

    @classmethod
    def parse(cls, text: str) -> "SqlAddress":
        """Read an address; raises `AddressError`, which never repeats a password.

        >>> SqlAddress.parse("hive://ana:secret@ilum-sql/sales")
        SqlAddress(host='ilum-sql', port=10009, database='sales', user='ana', auth='plain', ssl=False, ssl_ca='')
        """
        scheme, separator, rest = text.strip().partition("://")
        shown = rest.rpartition("@")[2].partition("?")[0]
        if not separator or scheme != "hive":
            raise _bad("The address of Ilum SQL does not start with hive://")
        try:
            parts = urlsplit(f"//{rest}")
            host, port = parts.hostname, parts.port
        except ValueError:
            raise _bad(f"{shown!r} has a host or a port that cannot be read") from None
        if not host or port == 0:
            raise _bad(f"{shown!r} names no host, or no usable port")
        options = dict(parse_qsl(parts.query))
        if unknown := sorted(set(options) - {"auth", "ssl", "ssl_ca"}):
            raise _bad(f"{shown!r} has the option {unknown[0]!r}, which is not known", _OPTIONS)
        return cls(
            host=host,
            port=port or DEFAULT_PORT,
            database=unquote(parts.path.strip("/")) or "default",
            user=unquote(parts.username or "") or "mage",
            password=unquote(parts.password or ""),
            auth=_auth(options.get("auth", "none"), shown),
            ssl=options.get("ssl", "").lower() == "true",
            ssl_ca=options.get("ssl_ca", ""),
        )

    @property
    def endpoint(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """The address as people may see it."""
        return f"hive://{quote(self.user)}@{self.endpoint}/{quote(self.database)}"


def resolve_sql(url: str | None = None, environment: Mapping[str, str] = os.environ) -> SqlAddress:
    """The address given, or that of `ILUM_SQL_URL`.

    Where it has no password, `ILUM_SQL_PASSWORD` may hold one; it is sent to no other server than `ILUM_SQL_URL` names.
    """
    own = environment.get(SQL_URL_VARIABLE, "")
    text = url if url is not None else own
    if not text:
        raise AddressError(
            f"No address of Ilum SQL: {SQL_URL_VARIABLE} is not set.",
            code="no-address",
            fix=f"Set {SQL_URL_VARIABLE}=hive://ilum-sql-thrift-binary.ilum.svc.cluster.local:{DEFAULT_PORT}/default "
            "for Mage, or pass the address.",
        )
    address = SqlAddress.parse(text)
    if address.password or PASSWORD_VARIABLE not in environment or not meant_for(text, own):
        return address
    return SqlAddress(**{**vars(address), "password": environment[PASSWORD_VARIABLE]})


_OPTIONS = "Known are auth (none, ldap, nosasl), ssl (true) and ssl_ca (a file)"


def _auth(name: str, shown: str) -> Auth:
    if name.lower() not in _AUTHS:
        raise _bad(f"{shown!r} asks for auth={name!r}, which is not known; Kerberos needs jdbc_connect()", _OPTIONS)
    return _AUTHS[name.lower()]


def _bad(sentence: str, fix: str = _EXAMPLE) -> AddressError:
    return AddressError(f"{sentence}.", code="bad-address", fix=f"{fix}.")
