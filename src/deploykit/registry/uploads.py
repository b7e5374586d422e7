"""A blob of any size into a repository: in one piece where that works, else in small ones; resumed where it broke off.

One `PUT` is what every registry takes. Pieces are for what is in between: a gateway that limits bodies (413), or a
connection that ends in the middle, after which the registry says how much it has.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from deploykit.errors import BuildError
from deploykit.progress import Progress
from deploykit.registry.answer import Answer
from deploykit.registry.backoff import Backoff
from deploykit.registry.contents import Content, Part
from deploykit.registry.errors import BrokenOffError, pushing, throttled
from deploykit.registry.location import Location
from deploykit.registry.transfers import Transfers

TRIES = 8
SECONDS = 60.0
"""For what begins or ends an upload: an object store takes its time, and a large blob has to be summed up."""
PIECE = 1 << 19
"""Bytes of a piece where whole blobs are refused: half of nginx's own limit."""


@dataclass
class _Session:
    """An upload that a registry has begun: where it goes on, and how many bytes are there."""

    url: str
    offset: int = 0


class Uploads:
    """Puts blobs into one repository."""

    def __init__(self, location: Location, repository: str, transfers: Transfers) -> None:
        self._location = location
        self._repository = repository
        self._transfers = transfers

    def put(self, content: Content, *, progress: Progress, session: str = "") -> None:
        """Put a blob there, whatever it takes; `session`: the address of an upload that was begun already."""
        with pushing(self._repository):
            self._put(content, progress, _Session(session) if session else None)

    def _put(self, content: Content, progress: Progress, session: _Session | None) -> None:
        whole = True
        backoff = Backoff(self._repository, tries=TRIES, progress=progress)
        while True:
            begun_now, before = session is None, 0 if session is None else session.offset
            try:
                session = session or self._begin()
                answer = self._send(session, content, whole, progress)
            except BrokenOffError as broken:
                said, asked, throttles = f"The connection broke off: {broken}.", broken.asked, False
                session = self._where(session)
            else:
                if answer.status == 201:
                    progress.advance(content.digest[:19], content.size, content.size)
                    return
                said, asked, throttles = answer.says, answer.retry_after, answer.status == 429
                if answer.status == 413 and whole:
                    whole = False
                elif answer.status == 404 or (
                    answer.status == 400 and (not begun_now or "BLOB_UPLOAD_" in answer.problems)
                ):
                    session = None  # it is forgotten, or what came before is not what was sent
                elif answer.status == 416 or answer.status >= 500:
                    session = self._where(session)
                elif not throttles:
                    raise self._refused(content, said)
            if session is not None and session.offset > before:
                backoff.reset()
            if not backoff.again(asked):
                raise throttled(self._repository, asked) if throttles else self._refused(content, said)

    def _begin(self) -> _Session:
        answer = self._ask("POST", self._location.url("blobs/uploads/"), b"")
        if answer.status != 202:
            raise BuildError(
                f"{self._repository} could not be pushed to.",
                why=answer.says,
                fix="some registries want the repository made first",
            )
        return _Session(answer.location)

    def _where(self, session: _Session | None) -> _Session | None:
        """How far an upload came; None where the registry has forgotten it."""
        if session is None:
            return None
        answer = self._ask("GET", session.url)
        if answer.status not in (200, 202, 204):
            return None
        there = _received(answer)
        return _Session(answer.location if "location" in answer.headers else session.url, there)

    def _send(self, session: _Session, content: Content, whole: bool, progress: Progress) -> Answer:
        end = f"{session.url}{'&' if urlsplit(session.url).query else '?'}digest={quote(content.digest)}"
        if whole and session.offset == 0:
            return self._transfers.send("PUT", end, body=lambda: Part(content, 0, content.size), headers={})
        piece = content.size if whole else PIECE
        while session.offset < content.size:
            first, length = session.offset, min(piece, content.size - session.offset)
            answer = self._transfers.send(
                "PATCH",
                session.url,
                body=lambda first=first, length=length: Part(content, first, length),  # type: ignore[misc] # bound now
                headers={"Content-Range": f"{first}-{first + length - 1}"},
            )
            if answer.status != 202:
                return answer
            session.url, session.offset = answer.location, first + length
            progress.advance(content.digest[:19], session.offset, content.size)
            end = f"{session.url}{'&' if urlsplit(session.url).query else '?'}digest={quote(content.digest)}"
        return self._ask("PUT", end, b"")

    def _ask(self, method: str, url: str, body: bytes | None = None) -> Answer:
        return self._transfers.ask(method, url, body=body, write=True, seconds=SECONDS)

    def _refused(self, content: Content, why: str) -> BuildError:
        return BuildError(
            f"{content.digest[:19]}… ({content.size / 1e6:.1f} MB) could not be pushed to {self._repository}.",
            why=why,
            fix="run it again: what is there stays there",
        )


def _received(answer: Answer) -> int:
    """`Range: 0-99` says that 100 bytes are there, `0-0` that none is: registries write that for a new upload."""
    last = answer.headers.get("range", "").rpartition("-")[2]
    return int(last) + 1 if last.isdigit() and int(last) else 0
