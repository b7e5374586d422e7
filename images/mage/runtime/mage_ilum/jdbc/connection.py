"""True JDBC to Ilum SQL: Kyuubi's Hive driver in a Java virtual machine inside this process.

For what HiveServer2's protocol alone does not give: Kerberos, HTTP transport, service discovery, all by the driver's
own address. In images that were built `--with jdbc`.
"""

import re

from mage_ilum.deadline import Deadline
from mage_ilum.errors import AddressError, ConnectionProblem
from mage_ilum.hive.address import SqlAddress, resolve_sql
from mage_ilum.hive.dbapi import Connection
from mage_ilum.hive.transport import Transport, reach
from mage_ilum.jdbc.machine import driver_manager
from mage_ilum.jdbc.session import JdbcSession, message_of

_JDBC_URL = re.compile(r"jdbc:(?:hive2|kyuubi)://([^/:;,]+|\[[^\]]+\]):(\d+)[^/;]*(?:/([^;?#]*))?.*", re.DOTALL)


def jdbc_connect(url: str | None = None, *, timeout: float = 5.0, query_timeout: float | None = None) -> Connection:
    """A DB-API connection by JDBC to the server at `url`, or at `ILUM_SQL_URL`; to be used with `with`.

    `url` is `hive://…` as for `sql_engine`, or the driver's own `jdbc:hive2://host:port/database;…`. The server is
    asked first, for `timeout` seconds at most. `query_timeout` is in seconds, for each query, which is cancelled then.
    `%(name)s` in a statement stands for a parameter.

    Raises `NoJdbcDriverError` in an image without the driver, `AddressError` and `ConnectionProblem`; a query raises
    `mage_ilum.hive.dbapi.OperationalError`.

    >>> with jdbc_connect(query_timeout=60) as connection:
    ...     cursor = connection.cursor()
    ...     cursor.execute("SELECT id, id * 2 FROM range(5) WHERE id > %(least)s", {"least": 2})
    ...     cursor.fetchall()
    [(3, 6), (4, 8)]
    """
    manager = driver_manager()
    if url is not None and url.startswith("jdbc:"):
        address = _reached(url, timeout)
        target = url
    else:
        address = resolve_sql(url)
        Transport(address, timeout=timeout).close()
        target = _jdbc_url(address)
    try:
        connection = manager.connect(_limited(target, timeout, query_timeout), address.user, address.password or "none")
    except manager.exception as error:
        raise ConnectionProblem(
            f"The JDBC driver could not open a session on {address.endpoint}.",
            code="session",
            why=message_of(error),
            fix="Look at the server's log; compare the address with the server's settings.",
        ) from None
    return Connection(JdbcSession(connection, manager, address.database, query_timeout))


def _reached(url: str, timeout: float) -> SqlAddress:
    """Where a JDBC address leads, if a TCP connection can be made: what is spoken there is the driver's business."""
    found = _JDBC_URL.fullmatch(url)
    if found is None:
        raise AddressError(
            "The JDBC address cannot be read.",
            code="bad-address",
            fix="Write it as jdbc:hive2://host:10009/default;…, with a port.",
        )
    user = re.search(r";user=([^;?#]*)", url)
    address = SqlAddress(
        found[1].strip("[]"), int(found[2]), found[3] or "default", user=user[1] if user else SqlAddress.user
    )
    reach(address, Deadline(timeout)).close()
    return address


def _jdbc_url(address: SqlAddress) -> str:
    if address.ssl_ca:
        raise AddressError(
            "The JDBC driver does not read the certificates of ssl_ca.",
            code="bad-address",
            fix="Pass the driver's own address: jdbc:hive2://…;ssl=true;sslTrustStore=/path/trust.jks.",
        )
    options = (";auth=noSasl" if address.auth == "nosasl" else "") + (";ssl=true" if address.ssl else "")
    return f"jdbc:hive2://{address.endpoint}/{address.database}{options}?spark.sql.thriftServer.interruptOnCancel=true"


def _limited(url: str, timeout: float, query_timeout: float | None) -> str:
    """The driver's limits, in ms; it takes them before `?` and `#`. One that the address sets stays."""
    limits = {"connectTimeout": timeout, "socketTimeout": query_timeout and query_timeout + timeout}
    head = re.match(r"[^?#]*", url)
    before = head[0] if head else url
    added = "".join(
        f";{name}={int(seconds * 1000)}" for name, seconds in limits.items() if seconds and f";{name}=" not in before
    )
    return before + added + url[len(before) :]
