"""A Spark Connect session for one block: checked before, its own, and always ended."""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mage_ilum.address import ConnectAddress, resolve
from mage_ilum.compatibility import verdict
from mage_ilum.errors import IncompatibleClientError
from mage_ilum.preflight import server_version

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# How long PySpark tries again when the connection is lost: about 11 s in all, where its own settings take 10 minutes.
_RETRIES = {"max_retries": 8, "initial_backoff": 50, "backoff_multiplier": 4.0, "max_backoff": 2000}
_NO_RETRIES = {"max_retries": 0}
# How long one attempt to connect may take, in ms; gRPC's own limit is 20 s.
_CHANNEL_OPTIONS = [("grpc.min_reconnect_backoff_ms", 2000)]

_warned: set[tuple[str, str]] = set()


@contextmanager
def spark_session(
    url: str | None = None, *, timeout: float = 5.0, app_name: str = "mage-ilum"
) -> "Iterator[SparkSession]":
    """Open a session of the block's own on the server at `url`, or at `ILUM_SPARK_CONNECT_URL`; end it afterwards.

    `timeout` is in seconds, for finding out that a server that fits is there; `app_name` is how the server knows us.
    Raises `AddressError`, `ConnectionProblem` or `IncompatibleClientError` before PySpark opens anything.
    """
    address = resolve(url)
    check_client(client_version(), server_version(address, timeout))
    session = _open(address.with_parameters(user_agent=app_name))
    try:
        yield session
    finally:
        _set_retries(session, _NO_RETRIES)  # whoever leaves does not wait for a server that is gone
        session.stop()


def client_version() -> str:
    """The version of the PySpark here."""
    import pyspark

    version: str = pyspark.__version__
    return version


def check_client(client: str, server: str) -> None:
    """Refuse a client newer than the server's line; warn, once, of an older one."""
    answer = verdict(client, server)
    if answer == "newer-client":
        raise IncompatibleClientError(
            f"PySpark {client} is newer than the server's Spark {server}.",
            code="newer-client",
            why="A newer client asks for settings that an older server does not know: createDataFrame fails, for one.",
            fix=f"Use a Mage image for Spark {server}: deploykit image --spark {server}",
        )
    if answer == "older-client" and (client, server) not in _warned:
        _warned.add((client, server))
        warnings.warn(
            f"PySpark {client} talks to the newer Spark {server}: this works, but what is new there is out of reach. "
            f"A Mage image for Spark {server} fits better.",
            stacklevel=4,
        )


def _open(address: ConnectAddress) -> "SparkSession":
    """A new session, never one that somebody else in this process has; asks the server nothing yet."""
    # As PySpark's builder does it: without this, pyspark.sql.functions look for a local JVM.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    from pyspark.sql.connect import client as connect_client
    from pyspark.sql.connect.session import SparkSession

    # Spark 4 has split the class of 3.5 in two.
    builder = getattr(connect_client, "DefaultChannelBuilder", connect_client.ChannelBuilder)
    session = SparkSession(builder(address.url, _CHANNEL_OPTIONS))
    _set_retries(session, _RETRIES)
    # Where nobody is active, we are: some functions ask for the active session, and stop() takes this back.
    SparkSession._set_default_and_active_session(session)
    return session


def _set_retries(session: "SparkSession", settings: Mapping[str, float]) -> None:
    """How often, and after how many ms, PySpark tries again."""
    if hasattr(session.client, "set_retry_policies"):
        from pyspark.sql.connect.client.retries import DefaultPolicy

        session.client.set_retry_policies([DefaultPolicy(**settings)])
    else:  # Spark 3.5
        session.client._retry_policy.update(settings)
