"""The files of each layer in a folder on this machine, laid out by the programs that a build stage runs too."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from deploykit import assets
from deploykit.errors import BuildError, IncompatibleError
from deploykit.image import context, warm_list
from deploykit.image.inventory import Inventory
from deploykit.image.layers.interpreter import Interpreter
from deploykit.image.wheelhouse import Wheel
from deploykit.plan import Plan
from deploykit.progress import Progress

KEPT = ("/app/run_app.sh", "/etc/passwd")
"""The base's files that ours are made from."""


class BaseFiles(Protocol):
    """What a base's files say."""

    def text(self, path: str) -> str | None:
        """The content of one of `KEPT`; None where the base has no such file."""

    def uncompiled(self, library: str, names: Iterable[str], *, progress: Progress) -> Iterator[tuple[str, bytes]]:
        """Path and content of each module of a `lib/pythonX.Y` that is named, is there and has no bytecode."""


def wheels(
    root: Path, files: Sequence[Wheel], inventory: Inventory, *, compiler: Interpreter | None, scratch: Path
) -> None:
    """Install wheels under a root, each checked once more, and compile what is there."""
    links = scratch / "wheels"
    links.mkdir()
    for wheel in files:
        wheel.check()
        (links / wheel.file).symlink_to(wheel.path)
    root.mkdir(exist_ok=True)
    python = _python(inventory)
    _run(sys.executable, "install.py", str(root), inventory.site_packages, python, str(links))
    if compiler is not None:
        _run(compiler.path, "bytecode.py", str(root))


def extra(root: Path, name: str, files: Sequence[Wheel]) -> None:
    """The files of an extra that are no wheels."""
    target = root / "opt" / name
    _folder(target, root)
    for file in files:
        file.check()
        shutil.copyfile(file.path, target / file.file)
        (target / file.file).chmod(0o644)


def mage_ilum(root: Path, plan: Plan, base: BaseFiles, *, compiler: Interpreter | None, scratch: Path) -> None:
    """The runtime library, the default project and what is beside them."""
    context.sources(plan, scratch / "context")
    for path in KEPT:
        if (text := base.text(path)) is not None:
            copy = scratch / "base" / path.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(text.encode(errors="surrogateescape"))
    root.mkdir()
    program = scratch / "context" / "stages" / "mage_ilum.py"
    _run(sys.executable, program, str(root), plan.base.inventory.site_packages, str(scratch / "base"))
    if compiler is not None:
        _run(compiler.path, "bytecode.py", str(root), "opt/mage-ilum/lib")


def warm(root: Path, plan: Plan, base: BaseFiles, *, compiler: Interpreter, progress: Progress) -> None:
    """Bytecode of what a worker imports of the base, by the list of its Mage release."""
    root.mkdir()
    library = plan.base.inventory.site_packages.removesuffix("/site-packages")
    for path, text in base.uncompiled(library, warm_list.names(plan.mage), progress=progress):
        source = root / path
        _folder(source.parent, root)
        source.write_bytes(text)
    _run(compiler.path, "bytecode.py", str(root))
    for source in root.rglob("*.py"):
        source.unlink()


def _python(inventory: Inventory) -> str:
    """The interpreter that programs of wheels start with, as the base's own installer would name it."""
    prefix = inventory.site_packages.removesuffix(f"/lib/python{inventory.python_minor}/site-packages")
    if prefix == inventory.site_packages:
        raise IncompatibleError(
            f"Its Python installs to {inventory.site_packages}; which one it is cannot be told from that.",
            fix="--engine docker",
        )
    return f"{prefix}/bin/python3"


def _folder(target: Path, root: Path) -> None:
    """Make a folder and those above it, open to read whatever the umask is."""
    target.mkdir(parents=True, exist_ok=True)
    while target != root:
        target.chmod(0o755)
        target = target.parent


def _run(python: str, program: str | Path, *arguments: str) -> None:
    path = assets.image() / "stages" / program
    command = [python, "-I", "-S", "-B", "-W", "ignore", str(path), *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, errors="replace", umask=0o022, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BuildError(
            f"{path.name} could not lay out a layer.", why=lines[-1] if lines else f"exit {done.returncode}"
        )
