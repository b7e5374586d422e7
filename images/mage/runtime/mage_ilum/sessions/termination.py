"""A process that is asked to stop ends its sessions first, then stops as it would have.

Python's own answer to SIGTERM is to be gone at once: no `finally` runs, and the query goes on.
"""

import os
import signal
import threading
from types import FrameType

from mage_ilum.deadline import Deadline
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


def forget(note: Note) -> bool:
    """Leave this session alone; without any, the signal is as it was. Returns whether `end_all` has left it open."""
    known = _open.pop(note.session.session_id, None)
    if not _open and not _always and threading.current_thread() is threading.main_thread():
        _give_back()
    return known is not None


def end_all() -> None:
    """End every session of this process that is still open, in 2 s at most; none is tried twice."""
    deadline = Deadline(_SECONDS)
    # Apart from the calling thread: a signal may have interrupted it while it held a lock of gRPC's.
    notes = [_open.pop(session_id, None) for session_id in list(_open)]  # others may end theirs meanwhile
    ending = [
        threading.Thread(target=note.end, args=(deadline,), daemon=True)
        for note in notes
        if note is not None and note.session.is_ours
    ]
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join(deadline.left)


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
