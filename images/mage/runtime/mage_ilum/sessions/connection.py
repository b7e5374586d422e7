"""The connection of one session: checked first, with an identity of its own, watched, and noted until it is closed."""

import atexit
import functools
import os
import sys
import uuid
from typing import TYPE_CHECKING, cast
from weakref import WeakSet

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.connect.compatibility import ALLOW_VARIABLE, Verdict, check_client
from mage_ilum.connect.preflight import server_version
from mage_ilum.connect.problems import problem
from mage_ilum.connect.rpc import end_session, headers
from mage_ilum.connect.version_request import ANALYZE_PLAN, version_request
from mage_ilum.deadline import Deadline
from mage_ilum.errors import IncompatibleClientError
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

_SECONDS_TO_END = 2.0  # for a session that PySpark has not ended

_open: "WeakSet[WatchedChannel]" = WeakSet()


def own_address(address: ConnectAddress) -> ConnectAddress:
    """The address with a session of its own, and with the user whom PySpark would name."""
    return address.with_parameters(session_id=str(uuid.uuid4()), user_id=os.environ.get("USER") or "mage")


def check_server(address: ConnectAddress, client: str, timeout: float, *, allow_newer: bool = False) -> Verdict:
    """Whether the server fits this PySpark, asked in the session to be opened; what an earlier try left is ended.

    `timeout` is in seconds, for all of it. `ILUM_SPARK_ALLOW_NEWER_CLIENT=1` is as good as `allow_newer`.
    Raises `UsageError`, `ConnectionProblem` or `IncompatibleClientError`.
    """
    silence_limit()  # whoever set it wrong is told before anything is asked
    deadline = Deadline(timeout)
    version = server_version(address, timeout)
    try:
        allowed = allow_newer or os.environ.get(ALLOW_VARIABLE) == "1"
        verdict = check_client(client, version, allow_newer=allowed)
    except IncompatibleClientError:
        end_session(address, address.parameters["session_id"], address.parameters["user_id"], deadline)
        raise
    end_leftovers(address, current_block_run(), deadline)
    return verdict


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
    builder.toChannel = lambda: watched(plain(), address, current_block_run())
    return builder


def watched(inner: "grpc.Channel", address: ConnectAddress, block_run: BlockRun | None) -> "grpc.Channel":
    """The channel for PySpark, of a session that is noted; `own_address` has named the session."""
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

    def closed(ended: bool) -> None:
        still_open = forget(noted)
        if ended:
            noted.remove()
        elif still_open and watch.problem is None:  # Spark 3.5 has no request for it, and another may have failed
            noted.end(Deadline(_SECONDS_TO_END))

    channel = WatchedChannel(inner, watch, endpoint=address.endpoint, block_run=block_run, on_close=closed)
    _open.add(channel)
    close_at_exit(os.getpid())
    return cast("grpc.Channel", channel)


@functools.cache
def close_at_exit(process: int) -> None:
    """Have this process close its channels when it ends; a fork of it, another process, asks for itself."""
    atexit.register(_close_all)
    if "multiprocessing.util" in sys.modules:  # one of its children, as Mage's scheduler has them, runs no atexit
        from multiprocessing.util import Finalize

        Finalize(None, _close_all, exitpriority=-100)  # after what the block has registered


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
