"""Blobs that another repository has: mounted where the registry does that, else copied, never through a disk."""

from urllib.parse import quote

from deploykit.progress import Progress
from deploykit.registry.client import Registry
from deploykit.registry.contents import Content, RemoteContent
from deploykit.registry.errors import pushing
from deploykit.registry.transfers import Transfers
from deploykit.registry.uploads import SECONDS, Uploads


class Blobs:
    """The blobs of one repository, whatever their size."""

    def __init__(self, registry: Registry, *, reads: tuple[Registry, ...] = ()) -> None:
        """`reads`: repositories of the same registry to mount from; a login is asked for them too."""
        self.registry = registry
        self._transfers = Transfers(
            registry.location,
            registry.repository,
            timeout=registry.timeout,
            ca_file=registry.ca_file,
            progress=registry.progress,
        )
        self._transfers.may_read(
            other.location.path for other in reads if other.location.host == registry.location.host
        )
        self._uploads = Uploads(registry.location, registry.repository, self._transfers)

    def has(self, digest: str) -> bool:
        """Whether the blob is there, asked with the login to write: what is not there is put next."""
        with pushing(self.registry.repository):
            answer = self._transfers.ask("HEAD", self.registry.location.url(f"blobs/{digest}"), write=True)
        return answer.status == 200

    def put(self, content: Content, *, progress: Progress) -> bool:
        """Make sure that a blob is there; whether it had to be sent."""
        if self.has(content.digest):
            return False
        self._uploads.put(content, progress=progress)
        return True

    def content(self, digest: str, size: int) -> RemoteContent:
        """A blob of this repository, to be read or copied elsewhere."""
        url = self.registry.location.url(f"blobs/{digest}")
        return RemoteContent(digest=digest, size=size, source=self._transfers, url=url)

    def take(self, digest: str, size: int, *, source: "Blobs", progress: Progress) -> str:
        """Make sure that a blob of another repository is here; returns how: `there`, `mounted` or `copied`."""
        if source.registry.location == self.registry.location or self.has(digest):
            return "there"
        session = ""
        if source.registry.location.host == self.registry.location.host:
            mount = f"blobs/uploads/?mount={quote(digest)}&from={quote(source.registry.location.path)}"
            with pushing(self.registry.repository):
                answer = self._transfers.ask(
                    "POST", self.registry.location.url(mount), body=b"", write=True, seconds=SECONDS
                )
            if answer.status == 201:
                return "mounted"
            session = answer.location if answer.status == 202 else ""
        progress.step(f"Copying {digest[:19]}… ({size / 1e6:.0f} MB) from {source.registry.repository}")
        self._uploads.put(source.content(digest, size), progress=progress, session=session)
        return "copied"
