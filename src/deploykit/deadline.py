"""A limit in seconds for something that knows none, or only limits for its parts."""

import threading
from collections.abc import Callable
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
