"""A process that is asked to stop ends its sessions first, then stops as it would have.

Python's own answer to SIGTERM is to be gone at once: no `finally` runs, and the query goes on.
"""

import os
import signal
import threading
from types import FrameType

from mage_ilum.sessions.open_sessions import Note

_SECONDS = 2.0  # for all of it; Kubernetes waits 30 s, Mage not at all

_open: dict[str, Note] = {}
_always: list[bool] = []


def be_ready() -> None:
    """Handle the signal from now on: Mage runs blocks in threads, and only the main thread can ask for a signal."""
    _always.append(True)
    _take()


def end_on_termination(note: Note) -> None:
    """End this session when the process is asked to stop, unless somebody else handles that signal already."""
    _open[note.session.session_id] = note
    _take()


def forget(note: Note) -> None:
    """The session is ended; with the last one, the signal is as it was."""
    _open.pop(note.session.session_id, None)
    if not _open and not _always and threading.current_thread() is threading.main_thread():
        _give_back()


def end_all() -> None:
    """End every session of this process that is still open, in 2 s at most."""
    # Apart from the calling thread: a signal may have interrupted it while it held a lock of gRPC's.
    ending = [
        threading.Thread(target=note.end, args=(_SECONDS,), daemon=True)
        for note in list(_open.values())
        if note.session.is_ours
    ]
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join(_SECONDS)


def _stop(number: int, frame: FrameType | None) -> None:
    end_all()
    _give_back()
    os.kill(os.getpid(), number)


def _take() -> None:
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop)


def _give_back() -> None:
    if signal.getsignal(signal.SIGTERM) is _stop:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
