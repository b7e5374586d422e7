"""A Spark Connect session for one block: checked before, its own, watched, and always ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from mage_ilum.connect.address import ConnectAddress, resolve
from mage_ilum.connect.compatibility import unusable
from mage_ilum.errors import NoSessionError
from mage_ilum.sessions.connection import channel_builder, check_server, own_address
from mage_ilum.sessions.newer_client import supply_settings
from mage_ilum.sessions.retries import bound_retries, stop_retries

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client import ChannelBuilder

_current: "ContextVar[SparkSession | None]" = ContextVar("mage_ilum_session", default=None)


@contextmanager
def spark_session(
    url: str | None = None, *, timeout: float = 5.0, app_name: str = "mage-ilum", allow_newer_client: bool = False
) -> "Iterator[SparkSession]":
    """Open a session of the block's own on the server at `url`, or at `ILUM_SPARK_CONNECT_URL`; end it afterwards.

    `timeout` is in seconds, for finding out that a server that fits is there, and for ending what an earlier try of the
    block left there; `app_name` is how the server knows us.
    Raises `AddressError`, `UsageError`, `ConnectionProblem` or `IncompatibleClientError` before PySpark opens anything.
    With `allow_newer_client`, or `ILUM_SPARK_ALLOW_NEWER_CLIENT=1`, a PySpark newer than the server is given what
    settings it misses there.

    A server that goes away later makes whatever waits for it raise `ConnectionProblem`: a lost connection within
    15 s, a server that is silent within 30 s (`ILUM_SPARK_SILENCE_SECONDS`).

    >>> with spark_session() as spark:
    ...     spark.range(1000).count()
    1000
    """
    address = resolve(url).with_parameters(user_agent=app_name)
    session = open_checked(address, timeout, _new, allow_newer=allow_newer_client)
    before = _make_active(session)
    outer = _current.get()
    _current.set(session)
    try:
        yield session
    finally:
        _current.set(outer)
        _end(session, before)


def current_session() -> "SparkSession":
    """The session of the innermost `with spark_session()` around the caller, in this thread or task.

    Raises `NoSessionError` where there is none.

    >>> with spark_session() as spark:
    ...     current_session() is spark
    True
    """
    session = _current.get()
    if session is None:
        raise NoSessionError(
            "No Spark session is open here.",
            code="no-session",
            why="This must run inside `with spark_session() as spark:`, in the same thread.",
            fix="Open one around it: with spark_session() as spark: ...",
        )
    return session


def client_version() -> str:
    """The version of the PySpark here; raises `IncompatibleClientError` where there is none that works."""
    try:
        import pyspark
    except ImportError as error:
        raise unusable(error) from None
    version: str = pyspark.__version__
    return version


def open_checked(
    address: ConnectAddress,
    timeout: float,
    make: "Callable[[ChannelBuilder], SparkSession]",
    *,
    allow_newer: bool = False,
) -> "SparkSession":
    """A new session on a server that fits, as `check_server` finds and raises; `make` makes it of what it is given."""
    address = own_address(address)
    answer = check_server(address, client_version(), timeout, allow_newer=allow_newer)
    session = make(channel_builder(address))
    bound_retries(session)
    if answer == "newer-client":
        try:
            supply_settings(session)
        except BaseException:
            _stop(session)
            raise
    return session


def _new(builder: "ChannelBuilder") -> "SparkSession":
    """Never one that somebody else in this process has; asks the server nothing yet."""
    from pyspark.sql.connect.session import SparkSession

    return SparkSession(builder)


def _stop(session: "SparkSession") -> None:
    stop_retries(session)
    session.stop()


def _make_active(session: "SparkSession") -> "SparkSession | None":
    """Some functions ask for the thread's active session: let it be this one. Returns who was it before."""
    from pyspark.sql.connect.session import SparkSession

    before: SparkSession | None = SparkSession.getActiveSession()
    SparkSession._active_session.session = session
    with SparkSession._lock:
        # The default is what threads without an active session get, such as those that a block starts.
        if SparkSession._default_session is None or SparkSession._default_session.is_stopped:
            SparkSession._default_session = session
    return before


def _end(session: "SparkSession", before: "SparkSession | None") -> None:
    from pyspark.sql.connect.session import SparkSession

    _stop(session)
    if before is not None and not before.is_stopped:
        SparkSession._active_session.session = before
        with SparkSession._lock:
            if SparkSession._default_session is None:
                SparkSession._default_session = before
