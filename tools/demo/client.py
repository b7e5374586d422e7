"""The locked client in an environment of its own, for this machine's Python."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import uv

from deploykit import catalog
from deploykit.image import base, index_settings, lock
from deploykit.image.inventory import Inventory

SERVER = Path(__file__).parent / "server.txt"
OTHERS = ("3.12", "3.11", "3.10")
"""Pythons to look for where the one that runs this cannot carry the locked versions."""


def pins(spark: str) -> list[str]:
    """`name==version` of the client and what it needs, as locked for the default Mage image."""
    _, locked = _locked(spark)
    in_image_only = {"dumb-init"}  # the image's init; nothing here is a container
    versions = {**locked.reused, **{file.name: file.version for file in locked.added}}
    # The same Python code as the image's jar-free wheel, in a package of 1.6 MB that needs no 450 MB to be made from.
    versions["pyspark-client"] = spark
    return [f"{name}=={number}" for name, number in sorted(versions.items()) if name not in in_image_only]


def _locked(spark: str) -> tuple[Inventory, lock.Lock]:
    known = catalog.load()
    version = known.spark(spark)
    release = known.mage[known.defaults.mage]
    mage = base.remembered(release.reference, platform="linux/amd64", catalog=known)
    assert mage is not None, "the catalog knows the default Mage release"
    return mage.inventory, lock.resolve(version, known.line(version), mage.inventory, known, base=release.reference)


def _overrides(spark: str) -> list[str]:
    """Versions that hold whatever a distribution declares: the lock's, and those of the Mage image for all else."""
    mage, _ = _locked(spark)
    locked = {pin.split("==")[0]: pin for pin in pins(spark)}
    return list({**{name: f"{name}=={version}" for name, version in mage.distributions.items()}, **locked}.values())


def install(spark: str, folder: Path) -> Path:
    """Make the environment unless it is there; returns its Python. Ends the demo where no Python here fits."""
    wanted = "\n".join(_overrides(spark)) + "\n" + SERVER.read_text(encoding="utf-8")
    stamp, python = folder / "installed.txt", folder / "bin" / "python"
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted and python.exists()):
        _first_that_fits(spark, folder)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _first_that_fits(spark: str, folder: Path) -> None:
    overrides = folder.with_name("overrides.txt")
    overrides.write_text("\n".join(_overrides(spark)) + "\n", encoding="utf-8")
    environment = index_settings.environment(None)
    found = uv.find_uv_bin()
    reasons = []
    for candidate in (sys.executable, *OTHERS):
        made = subprocess.run(
            [found, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", candidate, str(folder)],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            continue
        install = [found, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
        wheels = ["--only-binary", ":all:", "--no-binary", "pyspark-client", "--overrides", str(overrides)]
        result = subprocess.run(
            [*install, *wheels, *pins(spark)], env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode == 0:
            subprocess.run([*install, "--no-deps", "--require-hashes", "-r", str(SERVER)], env=environment, check=True)
            return
        if "No solution found" not in result.stderr:
            sys.exit(f"The client could not be installed.\n{result.stderr.strip()}")
        reasons.append(result.stderr.strip())
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(
        f"Python {platform.python_version()} cannot carry the locked client, and of Python {', '.join(OTHERS)} there "
        f"is none here that can. Install one and run `make demo` again.\n{reasons[0] if reasons else ''}"
    )
