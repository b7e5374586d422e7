"""What is inside a base image: its Python, its platform, its distributions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from deploykit import assets
from deploykit.catalog import MageRelease
from deploykit.errors import IncompatibleError
from deploykit.image.platform import MACHINES


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Read from the image itself, or assumed from the catalog.

    `distributions` maps normalised names to versions, `requires` names to what these declare.
    """

    python: str
    machine: str
    glibc: str
    site_packages: str
    distributions: Mapping[str, str]
    requires: Mapping[str, tuple[str, ...]]
    assumed: bool = False

    @property
    def python_minor(self) -> str:
        """Such as `3.10`."""
        return ".".join(self.python.split(".")[:2])

    @property
    def platform(self) -> str:
        """As container engines call it: `linux/amd64` or `linux/arm64`."""
        return MACHINES[self.machine]

    @property
    def mage(self) -> str:
        """The Mage release in the image."""
        return self.distributions["mage-ai"]

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Inventory":
        """The inventory that `to_json` wrote."""
        requires = {name: tuple(texts) for name, texts in value["requires"].items()}
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        return cls(**{**known, "requires": requires})

    @classmethod
    def from_report(cls, report: Mapping[str, Any], *, reference: str) -> "Inventory":
        """The inventory that `inventory.py` reported from inside `reference`; refuses what cannot be built on."""

        def refuse(why: str) -> IncompatibleError:
            return IncompatibleError(
                f"{reference} is not a base that deploykit can build on.",
                why=why,
                fix="--base with a Mage image such as mageai/mageai:0.9.80",
            )

        if report["implementation"] != "CPython":
            raise refuse(f"Its Python is {report['implementation']}; PySpark needs CPython.")
        if report["machine"] not in MACHINES:
            raise refuse(f"It is for {report['machine']}; the wheels are for x86_64 and aarch64.")
        if not report["glibc"]:
            raise refuse("It has no glibc (Alpine?); the wheels need one.")
        if report["site_packages"] != report["platform_packages"]:
            raise refuse(
                f"Its Python installs to {report['site_packages']} and {report['platform_packages']}; one is expected."
            )
        if "mage-ai" not in report["distributions"]:
            raise refuse("There is no Mage in it.")
        if not report["run_app"]:
            raise refuse("It has no /app/run_app.sh, which Mage names as the command of executor pods.")
        return cls(
            python=report["python"],
            machine=report["machine"],
            glibc=report["glibc"],
            site_packages=report["site_packages"],
            distributions=report["distributions"],
            requires={name: tuple(texts) for name, texts in report["requires"].items()},
        )

    @classmethod
    def from_catalog(cls, release: MageRelease, *, platform: str) -> "Inventory":
        """What the published image of a release is assumed to hold: good for `plan` and `render`, not for `image`."""
        assumed = release.assumed
        machine = next(name for name, known in MACHINES.items() if known == platform)
        return cls(
            python=assumed.python,
            machine=machine,
            glibc=assumed.glibc,
            site_packages=assumed.site_packages,
            distributions=dict(assumed.distributions),
            requires={},
            assumed=True,
        )


def script() -> str:
    """The program that reports an inventory from inside an image."""
    return (assets.image() / "inventory.py").read_text(encoding="utf-8")
