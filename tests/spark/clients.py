"""PySpark clients: one virtual environment for each version, made once and kept in the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.needs import REPOSITORY, TESTS_CACHE, missing
from tests.pyspark_wheels import wheel

from deploykit.image.wheelhouse import Wheel

CACHE = TESTS_CACHE / "clients"
INSIDE = Path(__file__).parent / "inside"

# The set that fits beside Mage 0.9.80.
_PINS = (
    *("grpcio==1.74.0", "grpcio-status==1.74.0", "googleapis-common-protos==1.76.0", "protobuf==6.33.6"),
    *("numpy==1.26.4", "pandas==2.3.3", "pyarrow==25.0.1", "zstandard==0.25.0"),
    *(
        "py4j==0.10.9.9",
        "pyyaml",
        "python-dateutil",
        "pytz",
        "tzdata",
        "six",
        "typing-extensions",
        "setuptools==70.0.0",
    ),
)


@pytest.fixture(scope="session")
def client() -> Callable[[str], Path]:
    """A factory: `client("4.1.1")` is a Python that has this version of PySpark, and `mage_ilum` beside it."""
    return _python


def _python(version: str) -> Path:
    published = f"pyspark-client=={version}"
    ours = wheel(version, jars=False) if version.startswith("3.") else None  # there is no pyspark-client of that line
    key = hashlib.sha256("\n".join((sys.version, *_PINS, ours.sha256 if ours else published)).encode()).hexdigest()[:8]
    folder = CACHE / f"{version}-{key}"
    if not folder.exists():
        _make(folder, published, ours)
    return folder / "bin" / "python"


def _make(folder: Path, published: str, ours: Wheel | None) -> None:
    from uv import find_uv_bin

    uv = find_uv_bin()
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    name = ours.file if ours else published
    package = half / name if ours else name
    if ours:
        (half / name).symlink_to(ours.path)
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    environment.pop("VIRTUAL_ENV", None)
    for command in (
        (uv, "venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable, half),
        (uv, "pip", "install", "--quiet", "--no-deps", "--python", half / "bin" / "python", *_PINS, package),
    ):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=900
        )
        if done.returncode != 0:
            shutil.rmtree(half, ignore_errors=True)
            missing(f"the client {name}", (done.stderr.strip().splitlines() or ["uv failed"])[-1])
    half.replace(folder)


def run_inside(
    python: Path, script: str, *arguments: str, url: str, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a file of `inside/` with a client, as a Mage pod would: the address is in the environment."""
    return subprocess.run(
        [python, INSIDE / script, *arguments],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "/tmp",
            "PYTHONPATH": str(REPOSITORY / "images" / "mage" / "runtime"),
            "ILUM_SPARK_CONNECT_URL": url,
        },
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
