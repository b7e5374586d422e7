"""The gRPC channel of a session: as PySpark's own, with tags on each query, limits, and a watch over the server."""

import os
from collections.abc import Callable, Iterator
from typing import Protocol, cast

import grpc

from mage_ilum.sessions.block_run import BlockRun
from mage_ilum.sessions.watch import Watch

_SERVICE = "/spark.connect.SparkConnectService/"
_EXECUTE_PLAN = f"{_SERVICE}ExecutePlan"
_RELEASE_EXECUTE = f"{_SERVICE}ReleaseExecute"
_RELEASE_SESSION = f"{_SERVICE}ReleaseSession"

# What only tidies up must not keep a block waiting, in seconds. All else has no deadline: a query may take hours.
_DEADLINES = {_RELEASE_EXECUTE: 5.0, _RELEASE_SESSION: 5.0, f"{_SERVICE}Interrupt": 10.0}

_Metadata = tuple[tuple[str, str], ...]


class _Tags(Protocol):
    """A repeated field of protobuf."""

    def __contains__(self, tag: str) -> bool: ...
    def append(self, tag: str) -> None: ...


class _Request(Protocol):
    """What matters here of a request; only ExecutePlan has tags."""

    tags: _Tags


class _Future(Protocol):
    """A call that will have one answer."""

    def result(self) -> object: ...
    def cancel(self) -> bool: ...


class _Stream(Protocol):
    """A call with many answers."""

    def __next__(self) -> object: ...
    def cancel(self) -> bool: ...


class _Method(Protocol):
    """A method of the inner channel with one answer."""

    def future(self, request: object, timeout: float | None, metadata: _Metadata) -> _Future: ...


class WatchedChannel:
    """What PySpark needs of a `grpc.Channel`; its calls fail in time when the server goes away.

    Every query is tagged as the block's. `on_close` is called once, at the end, with whether PySpark has ended the
    session on the server.
    """

    def __init__(
        self,
        inner: grpc.Channel,
        watch: Watch,
        *,
        endpoint: str,
        block_run: BlockRun | None,
        on_close: Callable[[bool], None],
    ) -> None:
        self.endpoint = endpoint
        self.block_run = block_run
        self._inner = inner
        self._watch = watch
        self._tags = block_run.tags if block_run is not None else ()
        self._on_close = on_close
        self._ended = False
        self._process: int | None = os.getpid()  # whose it is to close; none once it is closed

    def unary_unary(self, method: str, **options: object) -> "_One":
        """As `grpc.Channel.unary_unary`."""
        make: Callable[..., _Method] = self._inner.unary_unary
        on_answer = self._session_ended if method == _RELEASE_SESSION else None
        return _One(make(method, **options), self._watch, method, on_answer)

    def stream_unary(self, method: str, **options: object) -> "_One":
        """As `grpc.Channel.stream_unary`."""
        make: Callable[..., object] = self._inner.stream_unary
        return _One(cast(_Method, make(method, **options)), self._watch, method)

    def unary_stream(self, method: str, **options: object) -> "_Many":
        """As `grpc.Channel.unary_stream`."""
        make: Callable[..., Callable[..., _Stream]] = self._inner.unary_stream
        return _Many(make(method, **options), self._watch, self._tags if method == _EXECUTE_PLAN else ())

    def close(self) -> None:
        """Close it, and stop to watch; not a second time, and not in a process that was forked from its own."""
        if self._process != os.getpid():
            return
        self._process = None
        self._on_close(self._ended)
        self._watch.close()
        self._inner.close()

    def _session_ended(self) -> None:
        self._ended = True


class _One:
    """A method with one answer."""

    def __init__(self, inner: _Method, watch: Watch, method: str, on_answer: Callable[[], None] | None = None) -> None:
        self._inner = inner
        self._on_answer = on_answer
        self._watch = watch
        self._deadline = _DEADLINES.get(method)
        # That the server may forget a result is told in the background, and nobody can do anything when it fails.
        self._may_fail = method == _RELEASE_EXECUTE

    def __call__(
        self, request: object, timeout: float | None = None, metadata: "_Metadata | list[tuple[str, str]] | None" = None
    ) -> object:
        try:
            return self._wait(request, timeout, tuple(metadata or ()))
        except Exception:
            if self._may_fail:
                return None
            raise

    def _wait(self, request: object, timeout: float | None, metadata: _Metadata) -> object:
        call = self._inner.future(request, timeout or self._deadline, metadata)
        self._watch.begin(call)
        try:
            answer = call.result()
        except grpc.FutureCancelledError as error:
            raise self._watch.problem or error from None
        except grpc.RpcError as error:
            raise self._watch.explain(error) from None
        finally:
            self._watch.end(call)
            call.cancel()
        self._watch.heard()
        if self._on_answer is not None:
            self._on_answer()
        return answer


class _Many:
    """A method with many answers."""

    def __init__(self, inner: Callable[..., _Stream], watch: Watch, tags: tuple[str, ...]) -> None:
        self._inner = inner
        self._watch = watch
        self._tags = tags

    def __call__(
        self,
        request: _Request,
        timeout: float | None = None,
        metadata: "_Metadata | list[tuple[str, str]] | None" = None,
    ) -> "_Answers":
        for tag in self._tags:
            if tag not in request.tags:  # a request that is sent again has it
                request.tags.append(tag)
        return _Answers(self._inner(request, timeout=timeout, metadata=tuple(metadata or ())), self._watch)


class _Answers(Iterator[object]):
    """The answers of one call as they come; cancelled where nobody holds it any more."""

    def __init__(self, call: _Stream, watch: Watch) -> None:
        self._call = call
        self._watch = watch

    def __next__(self) -> object:
        self._watch.begin(self._call)
        try:
            answer = next(self._call)
        except grpc.RpcError as error:
            raise self._watch.explain(error) from None
        finally:
            self._watch.end(self._call)
        self._watch.heard()
        return answer
