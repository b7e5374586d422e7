"""From the facts of a base to its inventory: the same as `inventory.py` reports from inside the image."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploykit.errors import IncompatibleError
from deploykit.image.append.facts import Distribution, Facts
from deploykit.image.inventory import Inventory
from deploykit.image.platform import MACHINES

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def inventory(facts: Facts, config: Mapping[str, Any], *, reference: str) -> Inventory:
    """The inventory of an image with this configuration; raises `IncompatibleError` where the files do not tell it."""
    return Inventory.from_report(report(facts, config, reference=reference), reference=reference)


def report(facts: Facts, config: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
    """What `inventory.py` would print."""
    from packaging.utils import canonicalize_name

    settings = dict(text.partition("=")[::2] for text in (config.get("config") or {}).get("Env") or ())
    platform = f"{config.get('os')}/{config.get('architecture')}"
    prefix, minor = _python(facts, settings.get("PATH") or DEFAULT_PATH, reference)
    site = f"{prefix}/lib/python{minor}/site-packages"
    distributions: dict[str, Distribution] = {}
    for distribution in _distributions(facts, [*_path_of(settings), *_with_pth(facts, site)]):
        distributions.setdefault(canonicalize_name(distribution.name), distribution)
    return {
        "python": _full_version(facts, prefix, minor, settings, reference),
        "implementation": "CPython",
        "machine": next((machine for machine, known in MACHINES.items() if known == platform), platform),
        "glibc": _glibc(facts),
        "site_packages": site,
        "platform_packages": site,
        "run_app": facts.is_program("/app/run_app.sh"),
        "distributions": {name: found.version for name, found in distributions.items()},
        "requires": {
            name: [text for text in found.requires if "extra ==" not in text] for name, found in distributions.items()
        },
    }


def _python(facts: Facts, path: str, reference: str) -> tuple[str, str]:
    """Prefix and minor version of the `python3` on the PATH."""
    folder = next((folder for folder in path.split(":") if facts.exists(f"{folder}/python3")), None)
    if folder is None:
        raise _unreadable(reference, "There is no python3 on its PATH.")
    program = facts.real(f"{folder}/python3")
    prefix = f"/{posixpath.dirname(posixpath.dirname(program))}"
    named = re.search(r"python(3\.\d+)$", program)
    library = re.compile(rf"{re.escape(prefix[1:])}/lib/python(3\.\d+)/os\.py")
    minors = {named[1]} if named else {match[1] for name in facts.names if (match := library.fullmatch(name))}
    if len(minors) != 1 or prefix == "/usr":
        raise _unreadable(reference, f"Its python3 is /{program}, and where that looks for packages is not known here.")
    return prefix, minors.pop()


def _full_version(facts: Facts, prefix: str, minor: str, settings: Mapping[str, str], reference: str) -> str:
    header = facts.versions.get(f"{prefix}/include/python{minor}/patchlevel.h".lstrip("/"), "")
    named = settings.get("PYTHON_VERSION", "")
    found = header.rstrip("+") or (named if named.startswith(f"{minor}.") else "")
    if not found:
        raise _unreadable(reference, f"Nothing in it says which Python {minor} it has.")
    return found


def _glibc(facts: Facts) -> str:
    found = [version for path, version in facts.versions.items() if "/libc" in f"/{path}"]
    return max(found, key=lambda version: [int(number) for number in version.split(".")], default="")


def _path_of(settings: Mapping[str, str]) -> list[str]:
    return [folder for folder in settings.get("PYTHONPATH", "").split(":") if folder.startswith("/")]


def _with_pth(facts: Facts, site: str) -> Iterator[str]:
    """A site folder, and those that its `.pth` files name."""
    yield site
    inside = site.lstrip("/") + "/"
    for path in sorted(path for path in facts.texts if path.startswith(inside) and path.endswith(".pth")):
        for line in facts.texts[path].splitlines():
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                yield posixpath.normpath(posixpath.join(site, line.strip()))


def _distributions(facts: Facts, folders: list[str]) -> Iterator[Distribution]:
    for folder in dict.fromkeys(facts.real(folder) for folder in folders):
        for path in sorted(facts.distributions):
            if posixpath.dirname(path) == folder:
                yield facts.distributions[path]


def _unreadable(reference: str, why: str) -> IncompatibleError:
    return IncompatibleError(
        f"What is in {reference} cannot be told from its files alone.",
        why=why,
        fix="--engine docker, which asks its Python",
    )
