"""Blocks in a process of their own, to be killed in the middle."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping


def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.02)


@contextlib.contextmanager
def block(code: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A Python process that runs this code in a process group of its own; ended afterwards, if it still runs."""
    process = subprocess.Popen(
        # A shell that starts the tests in the background has SIGINT ignored, and so would this process.
        [sys.executable, "-c", f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{code}"],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def kill(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to the process and to its group, as the init of a container does, and wait for its end."""
    for _ in range(10):
        os.killpg(process.pid, number)
        try:
            assert process.wait(timeout=1) != 0
        except subprocess.TimeoutExpired:
            continue  # Python drops a KeyboardInterrupt that comes in a finalizer; a person presses the keys again
        return
    raise AssertionError(f"the process goes on in spite of {number}")


SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
