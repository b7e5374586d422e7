"""Fetch a published file into the cache: checked by its hash, once for all builds."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploykit import cache
from deploykit.errors import BuildError, UnreachableError, first_line
from deploykit.image import index_settings
from deploykit.image.index import File
from deploykit.progress import Progress

if TYPE_CHECKING:
    from requests import Response

CONNECT_SECONDS = 3
SILENCE_SECONDS = 60  # a mirror may have to fetch a large file itself before the first byte comes


@contextmanager
def streamed(file: File, *, ca_file: Path | None, progress: Progress) -> Iterator[Path]:
    """The file on disk for as long as the block runs; raises `BuildError` when its hash is not the locked one."""
    with cache.scratch() as folder:
        target = folder / file.file
        _fetch(file, target, ca_file=ca_file, progress=progress)
        yield target


def into_cache(file: File, *, ca_file: Path | None, progress: Progress) -> Path:
    """The file's content in the cache; fetched unless it is there."""
    if there := cache.intact(file.sha256):
        return there
    blob = cache.blob(file.sha256)
    with cache.only_one(file.sha256, progress=progress):
        if not blob.is_file():
            with streamed(file, ca_file=ca_file, progress=progress) as path:
                cache.keep(path, file.sha256)
    return blob


def small(url: str, *, limit: int, what: str, fix: str, ca_file: Path | None) -> bytes:
    """A published text that nothing vouches for yet: no more than `limit` bytes of it are read.

    `what` and `fix` say of the `UnreachableError` what is missing, and what to type.
    """
    content = b""
    with _answer(url, what=what, fix=fix, ca_file=ca_file) as answer:
        for chunk in answer.iter_content(1 << 16):
            content += chunk
            if len(content) >= limit:
                break
    return content[:limit]


def _fetch(file: File, target: Path, *, ca_file: Path | None, progress: Progress) -> None:
    digest = hashlib.sha256()
    done = 0
    fix = "run it again; behind a company network, see --ca-file, UV_DEFAULT_INDEX and --maven-mirror"
    with (
        _answer(file.url, what=f"{file.file} could not be fetched.", fix=fix, ca_file=ca_file) as answer,
        target.open("wb") as output,
    ):
        total = int(answer.headers.get("Content-Length") or file.size)
        for chunk in answer.iter_content(1 << 20):
            output.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            progress.advance(file.file, done, total)
    if digest.hexdigest() != file.sha256:
        raise BuildError(
            f"{file.file} is not the file that was locked.",
            why=f"Its SHA-256 is {digest.hexdigest()}, the lock says {file.sha256}.",
            fix="find out what the server serves before you build; nothing was kept",
        )


@contextmanager
def _answer(url: str, *, what: str, fix: str, ca_file: Path | None) -> "Iterator[Response]":
    """An answer whose body was not read yet; what goes wrong while it is read is an `UnreachableError` too."""
    import requests

    try:
        with requests.get(
            url,
            stream=True,
            timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
            verify=str(index_settings.certificates(ca_file)),
            auth=index_settings.credentials(url),
        ) as answer:
            answer.raise_for_status()
            yield answer
    except requests.RequestException as error:
        raise UnreachableError(what, why=_reason(error), fix=fix) from None


def _reason(error: Exception) -> str:
    """The kind of failure; a request's own text may repeat an address with credentials in it."""
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        return f"The server answered {response.status_code} {response.reason}."
    if isinstance(error, requests.exceptions.SSLError):
        return f"{first_line(error)}."
    return f"{type(error).__name__}: the server did not answer."
