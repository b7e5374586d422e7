"""The sessions that this process holds open, noted where the next try of a block finds them.

A killed process cannot end its session, and its query would keep the cluster busy: Spark notices after minutes.
So each session of a block is noted in a file, and the next try of the same block, in the same run, ends what it finds.
"""

import hashlib
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.deadline import Deadline
from mage_ilum.sessions.block_run import BlockRun

_FORGOTTEN_SECONDS = 30 * 86_400.0  # a block that still runs after that long loses its note


@dataclass(frozen=True)
class OpenSession:
    """A session on a server, and the process that opened it."""

    endpoint: str
    session_id: str
    user_id: str
    host: str
    process: int
    started: str

    @property
    def is_ours(self) -> bool:
        """Whether this process opened it, not the one that it was forked from."""
        return self.process == os.getpid() and self.host == socket.gethostname()

    def may_be_ended(self, block_run: BlockRun) -> bool:
        """Whether its process is gone: seen here, or known because Mage tries a block of a run in one place only."""
        if self.host != socket.gethostname():
            return bool(block_run.run)
        return _started(self.process) != self.started


def note(address: ConnectAddress, session_id: str, user_id: str, block_run: BlockRun | None) -> "Note":
    """Note a session that is about to be opened."""
    host, process = socket.gethostname(), os.getpid()
    session = OpenSession(address.endpoint, session_id, user_id, host, process, _started(process))
    path = None
    if block_run is not None:
        path = _folder() / f"{_key(block_run)}-{session_id}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(session)), encoding="utf-8")
        except OSError:  # a read-only project: then nobody finds it
            path = None
    return Note(session, address, path)


@dataclass(frozen=True)
class Note:
    """A session of this process, and the file that tells of it."""

    session: OpenSession
    address: ConnectAddress
    path: Path | None

    def remove(self) -> None:
        """The session is ended."""
        if self.path is not None and self.session.is_ours:
            with suppress(OSError):
                self.path.unlink()

    def end(self, deadline: Deadline) -> bool:
        """Interrupt and end the session on the server; where the server does not hear it, the note stays."""
        from mage_ilum.connect.rpc import end_session

        heard = end_session(self.address, self.session.session_id, self.session.user_id, deadline)
        if heard:
            self.remove()
        return heard


def end_leftovers(address: ConnectAddress, block_run: BlockRun | None, deadline: Deadline) -> int:
    """End the sessions that earlier tries of this block left on this server; returns how many it could end in time."""
    if block_run is None:
        return 0
    ended = 0
    now = time.time()
    for path in sorted(_folder().glob("*.json")):
        with suppress(OSError, ValueError, TypeError):  # another process was faster, or wrote half of it
            if path.name.startswith(_key(block_run)):
                session = OpenSession(**json.loads(path.read_text(encoding="utf-8")))
                ours = session.endpoint == address.endpoint and session.may_be_ended(block_run)
                if ours and Note(session, address, None).end(deadline):
                    ended += 1
                    path.unlink()
            elif now - path.stat().st_mtime > _FORGOTTEN_SECONDS:
                path.unlink()
    return ended


def _folder() -> Path:
    data = os.environ.get("MAGE_DATA_DIR")
    return (Path(data) if data else Path.home() / ".mage_data") / ".mage_ilum" / "sessions"


def _key(block_run: BlockRun) -> str:
    return hashlib.sha256("\0".join((block_run.pipeline, block_run.block, block_run.run)).encode()).hexdigest()[:16]


def _started(process: int) -> str:
    """When a process of this machine began, in the kernel's ticks; empty where there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
