"""A Python that compiles for a base: only its minor version reads the bytecode; the same release writes the same."""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deploykit import cache

SETTING = "DEPLOYKIT_PYTHON"
"""The variable that names an interpreter to compile with."""
ASK = "import platform; print(platform.python_implementation(), platform.python_version())"
ANSWER_SECONDS = 10
FETCH_SECONDS = 60
AGAIN_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A CPython on this machine; `version` is in full, such as `3.10.13`."""

    path: str
    version: str


def find(version: str, *, fetch: bool = True) -> Interpreter | None:
    """The interpreter of this version, else the newest of the same minor version; None where there is none.

    `fetch`: let `uv` bring it where its source is reached.
    """
    minor = version.rpartition(".")[0]
    fitting: list[Interpreter] = []
    for found in _known(version, minor):
        if found.version == version:
            return found
        if found.version.rpartition(".")[0] == minor:
            fitting.append(found)
    if fetch and (fetched := _fetched(version)) is not None:
        return fetched
    return max(fitting, key=lambda found: int(found.version.rpartition(".")[2].rstrip("+")), default=None)


def _known(version: str, minor: str) -> Iterator[Interpreter]:
    """Those of this machine, the quickest to ask first."""
    if sys.implementation.name == "cpython":
        yield Interpreter(path=sys.executable, version=platform.python_version())
    for path in (os.environ.get(SETTING), shutil.which(f"python{minor}")):
        if path and (found := _ask(path)) is not None:
            yield found
    for settings in ({}, _ours()):
        for asked in (version, minor):
            if (found := _managed(asked, settings=settings)) is not None:
                yield found


def _ask(path: str) -> Interpreter | None:
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", ASK], capture_output=True, errors="replace", timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    implementation, _, version = done.stdout.strip().partition(" ")
    return Interpreter(path=path, version=version) if not done.returncode and implementation == "CPython" else None


def _fetched(version: str) -> Interpreter | None:
    """The one that `uv` brings into our cache, its hash checked; a failure is remembered for an hour."""
    tried = cache.read_json("pythons", version)
    if tried is not None and time.time() - tried["failed"] < AGAIN_SECONDS:
        return None
    _uv("install", "--no-bin", version, settings=_ours(), seconds=FETCH_SECONDS)
    fetched = _managed(version, settings=_ours())
    if fetched is None:
        cache.write_json("pythons", version, {"failed": time.time()})
    return fetched


def _ours() -> Mapping[str, str]:
    """What makes `uv` keep its Pythons in our cache."""
    return {"UV_PYTHON_INSTALL_DIR": str(cache.root() / "pythons")}


def _managed(version: str, *, settings: Mapping[str, str]) -> Interpreter | None:
    """The newest one of a version, or of a minor version, that `uv` has brought; it starts none to find that out."""
    path = _uv("find", "--managed-python", "--no-project", version, settings=settings, seconds=ANSWER_SECONDS).strip()
    return _ask(path) if path else None


def _uv(*arguments: str, settings: Mapping[str, str], seconds: float) -> str:
    """What `uv python` says, or nothing where it cannot help; it brings nothing unless it is told to install."""
    from uv import find_uv_bin

    environment = {
        "UV_HTTP_TIMEOUT": "5",
        "UV_HTTP_CONNECT_TIMEOUT": "3",
        "UV_HTTP_RETRIES": "0",
        "UV_PYTHON_DOWNLOADS": "manual",
        **os.environ,
        **settings,
    }
    try:
        done = subprocess.run(
            [find_uv_bin(), "python", *arguments],
            capture_output=True,
            errors="surrogateescape",
            env=environment,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if not done.returncode else ""
