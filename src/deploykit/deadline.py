"""A limit in seconds for something that knows none, or only limits for its parts."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

_Result = TypeVar("_Result")


def within(seconds: float, function: Callable[[], _Result]) -> _Result:
    """What `function` returns or raises; `TimeoutError` when it takes longer, and it is then left to itself.

    The look-up of a name takes no limit, a server that sends a byte each second keeps within every limit on silence,
    and a program that logs in may wait for somebody to unlock a key ring. A daemon thread can be left behind.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]


def each_within(seconds: float, items: Iterable[_Result]) -> Iterator[_Result]:
    """One item after the other, as they come; `TimeoutError` where none does for so long.

    What they come from is then left to itself. It is asked in a daemon thread, so that it may begin with a wait.
    """
    came: queue.SimpleQueue[list[_Result]] = queue.SimpleQueue()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            for item in items:
                came.put([item])
        except BaseException as error:  # raised again where they are waited for
            errors.append(error)
        came.put([])

    threading.Thread(target=run, daemon=True).start()
    while True:
        found = None
        with suppress(queue.Empty):
            found = came.get(timeout=seconds)
        if found is None:
            raise TimeoutError(f"There was no sign of life for {seconds:g} s.")
        if not found:
            break
        yield found[0]
    if errors:
        raise errors[0]
