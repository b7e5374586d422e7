"""The connection of one session: checked first, with an identity of its own, watched, and noted until it is closed."""

import atexit
import functools
import os
import uuid
from typing import TYPE_CHECKING, cast
from weakref import WeakSet

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.preflight import server_version
from mage_ilum.connect.problems import problem
from mage_ilum.connect.rpc import headers
from mage_ilum.connect.version_request import ANALYZE_PLAN, version_request
from mage_ilum.sessions.block_run import BlockRun, current_block_run
from mage_ilum.sessions.open_sessions import end_leftovers, note
from mage_ilum.sessions.termination import end_all, end_on_termination, forget
from mage_ilum.sessions.watch import Watch, silence_limit

if TYPE_CHECKING:
    import grpc
    from pyspark.sql.connect.client import ChannelBuilder

    from mage_ilum.sessions.channel import WatchedChannel

# How long one attempt to connect may take, in ms; gRPC's own limit is 20 s.
_CHANNEL_OPTIONS = [("grpc.min_reconnect_backoff_ms", 2000), ("grpc.max_reconnect_backoff_ms", 2000)]

_open: "WeakSet[WatchedChannel]" = WeakSet()


def own_address(address: ConnectAddress) -> ConnectAddress:
    """The address with a session of its own, and with the user whom PySpark would name."""
    return address.with_parameters(session_id=str(uuid.uuid4()), user_id=os.environ.get("USER") or "mage")


def check_server(address: ConnectAddress, timeout: float) -> str:
    """`spark.version`, asked in the session that will be opened; before that, what an earlier try left is ended.

    Raises `ConnectionProblem`.
    """
    version = server_version(address, timeout)
    end_leftovers(address, current_block_run())
    return version


def channel_builder(address: ConnectAddress) -> "ChannelBuilder":
    """What PySpark makes its channel with: its own, and the watch over it."""
    # As PySpark's builder does it: without this, pyspark.sql.functions look for a local JVM.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    from pyspark.sql.connect import client as connect_client

    _keep_release_threads()
    # Spark 4 has split the class of 3.5 in two.
    make = getattr(connect_client, "DefaultChannelBuilder", connect_client.ChannelBuilder)
    builder = make(address.url, _CHANNEL_OPTIONS)
    plain = builder.toChannel
    builder.toChannel = lambda: _watched(plain(), address, current_block_run())
    return builder


def _watched(inner: "grpc.Channel", address: ConnectAddress, block_run: BlockRun | None) -> "grpc.Channel":
    import grpc

    from mage_ilum.sessions.channel import WatchedChannel

    session_id, user_id = address.parameters["session_id"], address.parameters["user_id"]
    ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = inner.unary_unary(ANALYZE_PLAN)
    request, metadata = version_request(session_id, user_id), headers(address)
    watch = Watch(
        ask=lambda seconds: ask(request, timeout=seconds, metadata=metadata),
        describe=lambda code, seconds: problem(code, address, seconds=seconds),
        silence=silence_limit(),
    )
    noted = note(address, session_id, user_id, block_run)
    end_on_termination(noted)

    def closed() -> None:
        forget(noted)
        noted.remove()

    tags = block_run.tags if block_run is not None else ()
    channel = WatchedChannel(inner, watch, tags=tags, on_close=closed)
    _open.add(channel)
    _close_at_exit()
    return cast("grpc.Channel", channel)


@functools.cache
def _close_at_exit() -> None:
    atexit.register(_close_all)


def _close_all() -> None:
    """End what nobody stopped, while threads still run: a gRPC channel that Python itself takes down waits for ever."""
    end_all()
    for channel in list(_open):
        channel.close()


def _keep_release_threads() -> None:
    """Let no session that ends close the threads that tell the server what it may forget: all sessions share them."""
    from pyspark.sql.connect.client import reattach

    iterator = reattach.ExecutePlanResponseReattachableIterator
    if hasattr(iterator, "shutdown"):  # Spark 4.2 looks whether they are idle
        iterator.shutdown = staticmethod(lambda: None)
