"""What an image gets by `--with NAME`: pinned with the plan, fetched with the wheels, a layer of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploykit import cache
from deploykit.catalog import Artifact
from deploykit.image import maven, wheelhouse
from deploykit.image.index import File, Target
from deploykit.image.lock import Lock
from deploykit.image.wheelhouse import Wheel
from deploykit.progress import Progress


@dataclass(frozen=True, kw_only=True)
class PlannedExtra:
    """One extra: its distributions beside the client's, and its files of Maven repositories."""

    name: str
    lock: Lock
    artifacts: tuple[Artifact, ...]

    @property
    def inputs(self) -> list[object]:
        """What decides what is in its layer."""
        wheels = sorted([file.file, file.sha256] for file in self.lock.added)
        return [self.name, wheels, sorted([artifact.file, artifact.sha256] for artifact in self.artifacts)]

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each of its files."""
        files = {file.file: file.sha256 for file in self.lock.added}
        return {**files, **{artifact.file: artifact.sha256 for artifact in self.artifacts}}

    @property
    def to_fetch(self) -> int:
        """How many bytes the cache does not hold."""
        files: tuple[File | Artifact, ...] = (*self.lock.added, *self.artifacts)
        return sum(file.size for file in files if not cache.blob(file.sha256).is_file())


def fetch(
    extras: Sequence[PlannedExtra], target: Target, *, mirror: str | None, ca_file: Path | None, progress: Progress
) -> Mapping[str, Sequence[Wheel]]:
    """The files of each extra, from the cache, the package index and Maven."""
    return {
        extra.name: [
            *wheelhouse.dependencies(extra.lock.added, target, ca_file=ca_file, progress=progress),
            *(
                Wheel(
                    file=artifact.file,
                    path=maven.into_cache(artifact, mirror=mirror, ca_file=ca_file, progress=progress),
                    sha256=artifact.sha256,
                )
                for artifact in extra.artifacts
            ),
        ]
        for extra in extras
    }
