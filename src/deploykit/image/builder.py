"""How a build runs and is followed: through `docker buildx` where the client has it, else as events of the SDK."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from deploykit.deadline import each_within
from deploykit.errors import BuildError
from deploykit.progress import Progress

END_SECONDS = 10
"""How long a build that is told to end may tidy up."""


def has_buildx() -> bool:
    """Whether a Docker client with the buildx plug-in is installed."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        return (
            subprocess.run([docker, "buildx", "version"], capture_output=True, timeout=10, check=False).returncode == 0
        )
    except subprocess.TimeoutExpired:
        return False


def buildx_command(
    context: Path,
    *,
    tag: str,
    platform: str,
    build_args: Mapping[str, str],
    network: str | None,
    builder: str | None = None,
) -> tuple[str, ...]:
    """The `docker buildx build` call for a context. Build arguments are passed by name: values stay out of the list."""
    return (
        "docker",
        "buildx",
        "build",
        *((f"--builder={builder}",) if builder else ()),
        "--load",
        "--progress=plain",
        "--provenance=false",
        f"--platform={platform}",
        f"--tag={tag}",
        *((f"--network={network}",) if network else ()),
        *(f"--build-arg={name}" for name in sorted(build_args)),
        str(context),
    )


def proxy_settings() -> dict[str, str]:
    """The proxy variables of this process, in both spellings, as builds and containers take them over."""
    names = ("http_proxy", "https_proxy", "no_proxy", "ftp_proxy", "all_proxy")
    return {name: value for base in names for name in (base, base.upper()) if (value := os.environ.get(name))}


def run_logged(command: Sequence[str], progress: Progress, *, silence: float) -> None:
    """Run a build command and log what it prints; raises `BuildError` with its last lines.

    One that gives no sign of life for `silence` seconds is ended, with all that it started.
    """
    progress.log("$ " + " ".join(command))
    tail: list[str] = []
    silent = False
    # A session of its own is what all of it can be ended by; Ctrl-C no longer reaches it by itself.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", start_new_session=True
    )
    try:
        for line in each_within(silence, _lines(process)):
            progress.log(line)
            tail = [*tail[-15:], line]
        process.wait(silence)
    except (TimeoutError, subprocess.TimeoutExpired):
        silent = True
        _end(process)
        tail.append(f"It gave no sign of life for {silence:g} s.")
    except BaseException:
        _end(process)
        raise
    if silent or process.returncode:
        raise BuildError("The image could not be built.", why="\n".join(tail))


def _end(process: "subprocess.Popen[str]") -> None:
    """Tell a process and all that it started to end, and see to it: a plug-in may not listen, or outlive its client."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    """What a process prints, as it comes. Closed by who reads: anybody else would wait for the next line."""
    assert process.stdout is not None
    with process.stdout as lines:
        yield from map(str.rstrip, lines)


def follow(events: Iterable[Mapping[str, Any]], progress: Progress) -> None:
    """Log the events of a build through the SDK; raises `BuildError` with its last lines."""

    def lines() -> Iterator[str]:
        for event in events:
            if error := event.get("error"):
                raise BuildError("The image could not be built.", why="\n".join([*seen[-15:], str(error)]))
            yield from str(event.get("stream", "")).splitlines()

    seen: list[str] = []
    for line in lines():
        if line.strip():
            seen.append(line)
            progress.log(line)
