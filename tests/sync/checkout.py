"""A Git checkout as a pipeline has it: `deploykit.toml`, a values file, and `deploykit sync` run in it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deploykit import cache

TOML = """\
repository = "{repository}"
base = "{base}"
server = "{server}"
values = "values.yaml"
profile = "slim"
warm = false
network = "host"
engine = "docker"
"""

# In place, with comments and an order of its own: sync may touch three keys of it.
VALUES = """\
# Ours. The image is set by CI.
mageai:
  replicas: 1   # one
  image: {{repository: "{repository}", tag: {tag}, digest: "{digest}"}}
ilum:
  server:
    host: spark-connect
"""

FAST = ("--no-verify",)


@dataclass(frozen=True)
class Finished:
    """How a sync ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """What it says of its one environment."""
        [environment] = json.loads(self.out)
        return dict(environment)


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """`environment` is added to this process's own."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> Path:
        return self.folder / "values.yaml"

    @property
    def record(self) -> Path:
        return self.folder / "values.yaml.sync.json"

    def write(self, *, repository: str, base: str, server: str, tag: str = "", digest: str = "") -> None:
        """The files as a person commits them; without a tag no values file."""
        text = TOML.format(repository=repository, base=base, server=server)
        (self.folder / "deploykit.toml").write_text(text, encoding="utf-8")
        if tag:
            text = VALUES.format(repository=repository, tag=tag, digest=digest)
            self.values.write_text(text, encoding="utf-8")

    def image(self) -> dict[str, str]:
        """What the values file deploys."""
        found = yaml.safe_load(self.values.read_text(encoding="utf-8"))["mageai"]["image"]
        return dict(found)

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """`deploykit sync` in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env={**os.environ, **self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def sync(self, *arguments: str, environment: Mapping[str, str] | None = None, seconds: float = 120) -> Finished:
        """Run `deploykit sync` to its end."""
        with self.start(*arguments, environment=environment) as process:
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                kill(process)
                out, err = process.communicate()
                raise AssertionError(f"sync did not end within {seconds} s: {err}") from None
            return Finished(process.returncode, out, err)

    def command(self, *arguments: str) -> Sequence[str]:
        return (sys.executable, "-m", "deploykit", "sync", *FAST, "-o", "json", *arguments)


def own_cache(folder: Path, *kinds: str) -> dict[str, str]:
    """The environment of another machine's cache, in which only these kinds of things are what they are here."""
    for kind in kinds:
        (folder / kind).symlink_to(cache.root() / kind)
    return {"DEPLOYKIT_CACHE": str(folder)}


def kill(process: "subprocess.Popen[str]") -> None:
    """As the kernel's out-of-memory killer does it."""
    process.send_signal(signal.SIGKILL)
