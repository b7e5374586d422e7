"""SQL on Ilum by SQLAlchemy: for metadata, dashboards' tables and SQL, where PySpark is not wanted."""

# mypy: disable-error-code="import-not-found"
# SQLAlchemy is in the image, not where this is checked.

from typing import TYPE_CHECKING

from mage_ilum.hive.address import resolve_sql
from mage_ilum.hive.transport import Transport

if TYPE_CHECKING:
    from sqlalchemy import Engine


def sql_engine(url: str | None = None, *, timeout: float = 5.0, query_timeout: float | None = None) -> "Engine":
    """A SQLAlchemy engine on the server at `url`, or at `ILUM_SQL_URL`: `hive://[user[:password]@]host[:10009][/database]`.

    It is asked first: `timeout` is in seconds, for finding a HiveServer2 that lets us in, now and at each new
    connection. `query_timeout` is in seconds, for opening a session, and for each query, which is cancelled then;
    without it a session has 300 s, and a query may wait for its executors for ever. Each connection is a session on the
    server, ended when the connection is closed.

    Raises `AddressError` and `ConnectionProblem`; a query raises SQLAlchemy's `OperationalError`.

    >>> import pandas as pd
    >>> from sqlalchemy import text
    >>> with sql_engine(query_timeout=60).connect() as connection:
    ...     query = text("SELECT id, id * 2 AS twice FROM range(5) WHERE id > :least")
    ...     frame = pd.read_sql(query, connection, params={"least": 2})
    >>> frame.values.tolist()
    [[3, 6], [4, 8]]
    """
    address = resolve_sql(url)
    Transport(address, timeout=timeout).close()

    from sqlalchemy import URL, create_engine
    from sqlalchemy.dialects import registry
    from sqlalchemy.pool import NullPool

    registry.register("hive.ilum", "mage_ilum.hive.dialect", "HiveDialect")
    return create_engine(
        URL.create("hive+ilum", address.user, None, address.host, address.port, address.database),
        connect_args={"address": address, "timeout": timeout, "query_timeout": query_timeout},
        poolclass=NullPool,
    )
