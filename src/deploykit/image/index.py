"""The package index, through `uv`: it resolves, and it says where a file lies, by uv's and pip's own settings."""

import re
import subprocess
import tempfile
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploykit.errors import BuildError, IncompatibleError, UnreachableError, without_credentials
from deploykit.files import read_text
from deploykit.image.index_settings import environment

_UNREACHABLE = (
    "error sending request", "failed to fetch", "request failed", "dns error", "timed out", "connection", "certificate",
    "status server error", "401", "403", "407",
)  # fmt: skip
# uv goes on without an index that did not answer, and then finds no solution: that says nothing about the versions.
_LOCK = "pylock.toml"
_SECONDS = 120
"""For one run of uv, whose own limits are on silence alone."""
_YANKED = re.compile(r"`(?P<name>[\w.-]+)==\S+` is yanked(?: \(reason: \"(?P<reason>.*)\"\))?")
_NOT_ANSWERED = ("failed to fetch", "could not be queried", "forbidden error")


@dataclass(frozen=True, kw_only=True)
class File:
    """A published file: its name, hash and size, and where this machine's index serves it."""

    name: str
    version: str
    file: str
    sha256: str
    size: int
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What wheels have to fit: a Python minor version, a machine and its glibc."""

    python: str
    machine: str
    glibc: str

    @property
    def uv_platform(self) -> str:
        """As `uv --python-platform` names it."""
        return f"{self.machine}-manylinux_{self.glibc.replace('.', '_')}"

    def tags(self) -> list[str]:
        """All wheel tags that fit, best first."""
        from packaging.tags import compatible_tags, cpython_tags

        major, minor = map(int, self.python.split("."))
        glibc_minor = int(self.glibc.split(".")[1])
        legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
        platforms = []
        for number in range(glibc_minor, 4, -1):
            platforms.append(f"manylinux_2_{number}_{self.machine}")
            if number in legacy:
                platforms.append(f"{legacy[number]}_{self.machine}")
        platforms.append(f"linux_{self.machine}")
        version = (major, minor)
        abi = f"cp{major}{minor}"
        return [
            *map(str, cpython_tags(version, abis=[abi], platforms=platforms)),
            *map(str, compatible_tags(version, interpreter=abi, platforms=platforms)),
        ]


class NoSolutionError(IncompatibleError):
    """No set of versions satisfies the requirements; `why` is uv's derivation."""


def resolve(
    requirements: Sequence[str],
    target: Target,
    *,
    held: Mapping[str, str],
    preferred: Mapping[str, str],
    avoid: Collection[str] = (),
    ca_file: Path | None,
) -> list[File]:
    """The newest versions that satisfy everything, one wheel for each; raises `NoSolutionError`.

    `held` are there and stay as they are: whether they fit each other is not asked, only what is added has to fit them.
    `avoid` are `name==version` pins that are not to be taken.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        constraints = [f"{name}=={version}" for name, version in {**preferred, **held}.items()]
        constraints += [pin.replace("==", "!=") for pin in avoid]
        (folder / "constraints.txt").write_text("\n".join(constraints), encoding="utf-8")
        _without_requirements(held, folder)
        return _compile(requirements, target, folder, ("--constraints", "constraints.txt"), ca_file)


def locate(
    pins: Mapping[str, str], target: Target, *, locked: Mapping[str, str] | None = None, ca_file: Path | None
) -> list[File]:
    """The files of exact versions, with the addresses under which this machine's index serves them.

    `locked` maps names to the SHA-256 of the one wheel that is wanted; `BuildError` where the index serves others only.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Without this, uv would fetch all 450 MB of a PySpark sdist to read its requirements, which nobody asked for.
        _without_requirements({name: version for name, version in pins.items() if name == "pyspark"}, Path(folder))
        exact = [f"{name}=={version}" for name, version in pins.items()]
        return _compile(exact, target, Path(folder), ("--no-deps", "--no-binary", "pyspark"), ca_file, locked=locked)


def yanked(pins: Mapping[str, str], target: Target, *, ca_file: Path | None) -> dict[str, str]:
    """Those of exact versions that their authors took back, with the reason; as far as this machine's index says so."""
    with tempfile.TemporaryDirectory() as folder:
        _without_requirements(pins, Path(folder))
        exact = [f"{name}=={version}" for name, version in pins.items()]
        told = _uv(exact, target, Path(folder), ("--no-deps", "--no-binary", "pyspark"), ca_file)
    return {match["name"]: match["reason"] or "no reason given" for match in _YANKED.finditer(told)}


def newest(name: str, versions: str, target: Target, *, ca_file: Path | None) -> str:
    """The newest published version of a distribution within `versions`, such as `==4.1.*`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "uv.toml").write_text(
            f'dependency-metadata = [{{ name = "{name}", requires-dist = [] }}]\n', encoding="utf-8"
        )
        (file,) = _compile([f"{name}{versions}"], target, Path(folder), ("--no-deps", "--no-binary", name), ca_file)
    return file.version


def _without_requirements(versions: Mapping[str, str], folder: Path) -> None:
    """Tell uv, in the folder where it will run, that these distributions require nothing."""
    entries = [
        f'{{ name = "{name}", version = "{version}", requires-dist = [] }}' for name, version in versions.items()
    ]
    (folder / "uv.toml").write_text(f"dependency-metadata = [{', '.join(entries)}]\n", encoding="utf-8")


def _compile(
    requirements: Sequence[str],
    target: Target,
    folder: Path,
    options: Sequence[str],
    ca_file: Path | None,
    *,
    locked: Mapping[str, str] | None = None,
) -> list[File]:
    _uv(requirements, target, folder, ("--quiet", *options), ca_file)
    lock = tomllib.loads((folder / _LOCK).read_text(encoding="utf-8"))
    tags = {tag: rank for rank, tag in enumerate(target.tags())}
    return [_best_file(package, tags, (locked or {}).get(package["name"])) for package in lock.get("packages", ())]


def _uv(requirements: Sequence[str], target: Target, folder: Path, options: Sequence[str], ca_file: Path | None) -> str:
    """Have uv write its lock to the folder; returns what it says beside."""
    import uv

    command = (
        uv.find_uv_bin(), "pip", "compile", "-", "--no-header", "--format", "pylock.toml",
        "--output-file", str(folder / _LOCK), "--no-python-downloads", "--python-version", target.python,
        "--python-platform", target.uv_platform, "--only-binary", ":all:", *options,
    )  # fmt: skip
    settings = {**environment(ca_file), "NO_COLOR": "1"}
    if chosen := settings.get("UV_CONFIG_FILE"):  # takes the place of all others, and of the one in the folder
        ours = folder / "uv.toml"
        ours.write_text(ours.read_text(encoding="utf-8") + read_text(Path(chosen)), encoding="utf-8")
        settings["UV_CONFIG_FILE"] = str(ours)
    try:
        finished = subprocess.run(
            command,
            input="\n".join(requirements),
            cwd=folder,
            env=settings,
            capture_output=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _unreachable(f"uv had no answer within {_SECONDS:g} s.") from None
    if finished.returncode:
        raise _problem(finished.stderr)
    return finished.stderr


def _best_file(package: Mapping[str, Any], tags: Mapping[str, int], locked: str | None) -> File:
    """The wheel that is locked, else the one whose tag fits best, or the sdist where only that was allowed."""
    from packaging.utils import parse_wheel_filename

    def rank(wheel: Mapping[str, Any]) -> int:
        return min(tags.get(str(tag), len(tags)) for tag in parse_wheel_filename(_file_name(wheel))[3])

    wheels = package.get("wheels")
    if locked and not (wheels := [wheel for wheel in wheels or () if wheel["hashes"].get("sha256") == locked]):
        raise BuildError(
            f"The package index does not serve {package['name']} {package['version']} as it was locked.",
            why=f"No wheel that it has for this platform has the SHA-256 {locked}.",
            fix="an index that mirrors PyPI's own files, in UV_DEFAULT_INDEX or PIP_INDEX_URL",
        )
    chosen = min(wheels, key=rank) if wheels else package["sdist"]
    if wheels and rank(chosen) == len(tags):
        raise IncompatibleError(f"{package['name']} {package['version']} has no wheel for this image's platform.")
    return File(
        name=package["name"],
        version=package["version"],
        file=_file_name(chosen),
        sha256=chosen["hashes"]["sha256"],
        size=chosen.get("size", 0),
        url=chosen["url"],
    )


def _file_name(file: Mapping[str, Any]) -> str:
    from urllib.parse import unquote, urlsplit

    name: str = file.get("name") or unquote(urlsplit(file["url"]).path.rsplit("/", 1)[1])
    return name


def _problem(stderr: str) -> IncompatibleError | UnreachableError:
    text = without_credentials(stderr.strip())
    if "No solution found" in text and not any(word in text.lower() for word in _NOT_ANSWERED):
        return NoSolutionError("No set of versions fits.", why=text)
    if any(word in text.lower() for word in _UNREACHABLE):
        return _unreachable(text.splitlines()[-1].strip())
    return NoSolutionError("No set of versions fits.", why=text)


def _unreachable(why: str) -> UnreachableError:
    return UnreachableError(
        "The Python package index could not be asked.",
        why=why,
        fix="set UV_DEFAULT_INDEX or PIP_INDEX_URL to a mirror, and --ca-file or SSL_CERT_FILE to its CA; "
        "UV_HTTP_TIMEOUT gives it more time",
    )
