"""Clean-up that happens even when Mage kills a block with SIGKILL: a small process that outlives ours.

Mage ends a cancelled block's process without a chance to run anything. So whoever starts something on a cluster hands
the way to end it to a child process first; when ours is gone, or has let go without saying that it is done, the child
does it.
"""

import os
import pickle
import select
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ParamSpec

_Parameters = ParamSpec("_Parameters")
_LOOK_SECONDS = 0.5
_END_SECONDS = 5.0


class Guard:
    """Runs the function last given to `on_death` when the `with` block, or this process, ends before `release`.

    The function and its arguments are pickled; they go through a pipe, because they may hold a token.

    >>> with Guard() as guard:
    ...     guard.on_death(print, "never printed: the clean-up is done")
    ...     guard.release()
    """

    def __enter__(self) -> "Guard":
        self._released = False
        # In a session of its own, so that a signal to the block's process group passes it by; isolated, so that no
        # module of the project is taken for one of Python's.
        self._child = subprocess.Popen(
            [sys.executable, "-I", __file__, str(os.getpid())],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pipe = self._child.stdin
        if pipe is not None:
            pipe.close()  # the child reads the end of it, and does what it was given last
        if self._released:
            self._end()
        else:  # it may take its time; somebody has to take note of its end
            threading.Thread(target=self._child.wait, daemon=True).start()

    def on_death(
        self, function: Callable[_Parameters, object], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> None:
        """Call this, in the place of what was given before, when the block or this process ends before `release`."""
        self._tell(partial(function, *args, **kwargs))

    def release(self) -> None:
        """There is nothing to do any more: it is done, or was never needed."""
        self._tell(None)
        self._released = True

    def _end(self) -> None:
        """Wait for a child that has nothing to do; a machine that is too busy to end it shall not hold the block."""
        try:
            self._child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _tell(self, message: object) -> None:
        pipe = self._child.stdin
        if pipe is not None:
            with suppress(BrokenPipeError):  # somebody has ended the child: then we go on without it
                pipe.write(b64encode(pickle.dumps(message)) + b"\n")


def _wait(parent: int) -> object:
    """The last message of a parent that is gone; `None` where the parent has said so, or nothing at all."""
    received = b""
    while True:
        if select.select([0], [], [], _LOOK_SECONDS)[0]:
            piece = os.read(0, 1 << 16)
            if not piece:
                break
            received += piece
        elif os.getppid() != parent:  # a process that the parent forked may keep the pipe open
            break
    last = received.rpartition(b"\n")[0].rpartition(b"\n")[2]
    message: object = pickle.loads(b64decode(last)) if last else None
    return message


def main(arguments: list[str]) -> None:
    """The child process: wait for the end of the parent, whose process id is the argument, and clean up."""
    clean_up = _wait(int(arguments[0]))
    if callable(clean_up):
        clean_up()


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))  # where the functions that it is given come from
    main(sys.argv[1:])
