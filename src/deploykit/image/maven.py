"""Files of Maven repositories, by coordinates: from a mirror where one is named, else by Maven as it is set up here."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from deploykit import cache
from deploykit.catalog import Artifact
from deploykit.errors import BuildError, UnreachableError, UsageError
from deploykit.image import download
from deploykit.image.index import File
from deploykit.progress import Progress

FETCH_SECONDS = 600


def into_cache(artifact: Artifact, *, mirror: str | None, ca_file: Path | None, progress: Progress) -> Path:
    """The file in the cache, fetched unless it is there; raises `BuildError` when its hash is not the catalog's."""
    if mirror:
        url = f"{mirror.rstrip('/')}/{artifact.path}"
        name, version = artifact.coordinates.split(":")[1:]
        file = File(name=name, version=version, file=artifact.file, sha256=artifact.sha256, size=artifact.size, url=url)
        return download.into_cache(file, ca_file=ca_file, progress=progress)
    blob = cache.blob(artifact.sha256)
    if not blob.is_file():
        with cache.only_one(artifact.sha256, progress=progress), cache.scratch() as folder:
            if not blob.is_file():
                progress.step(f"Asking Maven for {artifact.file}")
                _copy(artifact, folder)
                cache.keep(_checked(artifact, folder / artifact.file), artifact.sha256)
    return blob


def copy_command(maven: str, artifact: Artifact, folder: Path) -> tuple[str, ...]:
    """How Maven puts one file into a folder."""
    return (
        maven, "--batch-mode", "--quiet", "dependency:copy", f"-Dartifact={artifact.coordinates}",
        f"-DoutputDirectory={folder}",
    )  # fmt: skip


def _copy(artifact: Artifact, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise UsageError(
            f"{artifact.file} is in no cache, and no Maven repository is known.",
            why="Maven, which knows the central one, is not on the PATH.",
            fix="--maven-mirror with the address of a repository, or install Maven",
        )
    try:
        finished = subprocess.run(
            copy_command(maven, artifact, folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            errors="replace",
            timeout=FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreachableError(
            f"Maven did not fetch {artifact.coordinates} within {FETCH_SECONDS} s.", fix="--maven-mirror"
        ) from None
    if finished.returncode or not (folder / artifact.file).is_file():
        lines = [line for line in finished.stdout.splitlines() if "ERROR" in line]
        raise UnreachableError(
            f"Maven could not fetch {artifact.coordinates}.",
            why=lines[0] if lines else f"It ended with {finished.returncode}.",
            fix="mvn with the same set-up shows more; --maven-mirror needs no Maven",
        )


def _checked(artifact: Artifact, path: Path) -> Path:
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != artifact.sha256:
        raise BuildError(
            f"{artifact.file} is not the file that the catalog names.",
            why=f"Its SHA-256 is {found}, the catalog says {artifact.sha256}.",
            fix="find out what the repository serves before you build; nothing was kept",
        )
    return path
