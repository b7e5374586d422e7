"""Fetch a published file into the cache: checked by its hash, once for all builds."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deploykit import cache
from deploykit.deadline import within
from deploykit.errors import BuildError, UnreachableError, first_line
from deploykit.image import index_settings
from deploykit.image.index import File
from deploykit.progress import Progress

if TYPE_CHECKING:
    from requests import Response

CONNECT_SECONDS = 3
SILENCE_SECONDS = 60
"""Of a large file, unless UV_HTTP_TIMEOUT says another: a mirror may have to fetch it before the first byte comes."""


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


def small(url: str, *, limit: int, what: str, fix: str, ca_file: Path | None, timeout: float) -> bytes:
    """A published text that nothing vouches for yet: no more than `limit` bytes of it are read.

    `what` and `fix` say of the `UnreachableError` what is missing, and what to type. `timeout`: seconds until the
    answer begins, and between any two signs of life after that.
    """
    content = b""
    with _answer(url, what=what, fix=fix, ca_file=ca_file, limits=(timeout, timeout)) as answer:
        for chunk in answer.iter_content(1 << 16):
            content += chunk
            if len(content) >= limit:
                break
    return content[:limit]


def _fetch(file: File, target: Path, *, ca_file: Path | None, progress: Progress) -> None:
    digest = hashlib.sha256()
    done = 0
    said = os.environ.get("UV_HTTP_TIMEOUT", "")
    limits = (CONNECT_SECONDS, int(said) if said.isdigit() else SILENCE_SECONDS)
    fix = "run it again; behind a company network, see --ca-file, UV_DEFAULT_INDEX and --maven-mirror"
    with (
        _answer(file.url, what=f"{file.file} could not be fetched.", fix=fix, ca_file=ca_file, limits=limits) as answer,
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
def _answer(
    url: str, *, what: str, fix: str, ca_file: Path | None, limits: tuple[float, float]
) -> "Iterator[Response]":
    """An answer whose body was not read yet; what goes wrong while it is read is an `UnreachableError` too.

    `limits`: seconds to connect, and of silence after that.
    """
    import requests

    ask = partial(
        requests.get,
        url,
        stream=True,
        timeout=limits,
        verify=str(index_settings.certificates(ca_file)),
        auth=index_settings.credentials(url),
    )
    try:
        with within(max(limits), ask) as answer:  # the look-up of a name has no limit of its own
            answer.raise_for_status()
            yield answer
    except (requests.RequestException, TimeoutError) as error:
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
