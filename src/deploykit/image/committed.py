"""The locks that travel with deploykit, in `images/mage/locks`: pins and hashes for both platforms.

They make `plan` answer without a network, and give the same image next year for the same base. `deploykit lock`
writes them; a base that differs in anything the pins depend on is resolved anew, with these pins preferred.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploykit import assets
from deploykit.image.index import File


@dataclass(frozen=True, kw_only=True)
class CommittedLock:
    """`of` says for what: `spark-4.1` or `with-jdbc`, say. `against`: the base's distributions, with versions, that the
    pins were resolved against.
    `files`: for each platform, one wheel per pinned distribution."""

    mage: str
    of: str
    python: str
    against: Mapping[str, str]
    files: Mapping[str, tuple[File, ...]]

    def fits(self, distributions: Mapping[str, str]) -> bool:
        """Whether a base holds just what the pins were resolved against, and none of the pins in another version."""
        pins = {file.name: file.version for files in self.files.values() for file in files}
        return all(distributions.get(name) == version for name, version in self.against.items()) and all(
            distributions.get(name, version) == version for name, version in pins.items()
        )


def path(mage: str, of: str, python: str) -> Path:
    """Where the lock for a Mage release and a Python minor version lies."""
    return assets.image() / "locks" / f"mage-{mage}-{of}-py{python}.toml"


def read(mage: str, of: str, python: str) -> CommittedLock | None:
    """The committed lock, if there is one."""
    try:
        table = tomllib.loads(path(mage, of, python).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    platforms = {platform for package in table["packages"] for platform in package["wheels"]}
    return CommittedLock(
        mage=table["mage"],
        of=table["of"],
        python=table["python"],
        against=table["against"],
        files={
            platform: tuple(
                File(name=package["name"], version=package["version"], **package["wheels"][platform])
                for package in table["packages"]
            )
            for platform in platforms
        },
    )


def to_toml(lock: CommittedLock) -> str:
    """The file's text: byte-stable, one line per wheel."""
    lines = [
        "# Written by `deploykit lock`; do not edit.",
        f'mage = "{lock.mage}"',
        f'of = "{lock.of}"',
        f'python = "{lock.python}"',
        "",
        "[against]",
        *(f'{name} = "{version}"' for name, version in sorted(lock.against.items())),
    ]
    platforms = sorted(lock.files)
    by_platform = {platform: {file.name: file for file in lock.files[platform]} for platform in platforms}
    for name, first in sorted(by_platform[platforms[0]].items()):
        lines += ["", "[[packages]]", f'name = "{name}"', f'version = "{first.version}"', "[packages.wheels]"]
        for platform in platforms:
            file = by_platform[platform][name]
            lines.append(f'"{platform}" = {{ file = "{file.file}", sha256 = "{file.sha256}", size = {file.size} }}')
    return "\n".join(lines) + "\n"
