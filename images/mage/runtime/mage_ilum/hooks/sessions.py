"""What is added to PySpark's own way to a session: it is checked in seconds, watched, tagged, and the thread's own."""

import functools
import os
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from mage_ilum.connect.address import ConnectAddress, resolve
from mage_ilum.errors import AddressError
from mage_ilum.sessions.block_run import current_block_run
from mage_ilum.sessions.retries import bound_retries, stop_retries
from mage_ilum.sessions.session import open_checked

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SECONDS = 5.0  # in which a server must be found


def apply(module: ModuleType) -> None:
    """Change `SparkSession` and its builder of `pyspark.sql.connect.session`."""
    session = module.SparkSession
    session.__init__ = _checked(session.__init__)
    session.Builder.getOrCreate = _of_this_thread(session.Builder.getOrCreate, session)


def _checked(init: Callable[..., None]) -> Callable[..., None]:
    """A session that is made of an address is checked before, and watched after."""

    @functools.wraps(init)
    def checked(self: "SparkSession", connection: object, *arguments: object, **options: object) -> None:
        address = _address(connection)
        if address is None:
            init(self, connection, *arguments, **options)
            return

        def make(builder: object) -> "SparkSession":
            init(self, builder, *arguments, **options)
            return self

        open_checked(address, _SECONDS, make)

    return checked


def _of_this_thread(get: "Callable[..., SparkSession]", session: "type[SparkSession]") -> "Callable[..., SparkSession]":
    """`getOrCreate` shares what the same thread opened before and still works, never what another block opened."""

    @functools.wraps(get)
    def getOrCreate(self: "SparkSession.Builder") -> "SparkSession":  # noqa: N802  PySpark's name
        with session._lock:
            active, default = session.getActiveSession(), session._default_session
            if active is not None and _is_meant(active, self._options.get("spark.remote")) and _works(active):
                return get(self)
            session._active_session.session = None
            session._default_session = None
            try:
                return get(self)
            finally:
                if default is not None and default is not active and not default.is_stopped:
                    session._default_session = default

    return getOrCreate


def _is_meant(session: "SparkSession", url: object) -> bool:
    """Whether a session is this block's, on the server at `url` if one is named; tags and notes stay the opener's."""
    from mage_ilum.sessions.channel import WatchedChannel

    channel = session.client._channel
    if not isinstance(channel, WatchedChannel):
        return True
    address = _address(url)
    same_server = address is None or address.endpoint == channel.endpoint
    return same_server and channel.block_run == current_block_run()


def _works(session: "SparkSession") -> bool:
    """Whether an old session is still good: servers restart, and forget what is idle for an hour."""
    if session.is_stopped:
        return False
    stop_retries(session)
    try:
        session.conf.get("spark.sql.session.timeZone")
    except Exception:
        session.stop()
        return False
    bound_retries(session)
    return True


def _address(connection: object) -> ConnectAddress | None:
    """The address, where it is one; PySpark itself says what is wrong with any other."""
    if not isinstance(connection, str) or "SPARK_LOCAL_REMOTE" in os.environ:
        return None
    try:
        return resolve(connection)
    except AddressError:
        return None
