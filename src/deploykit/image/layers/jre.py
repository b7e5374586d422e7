"""The Java runtime, made on this machine: Debian's modules for the target, linked by Debian's `jlink` for here."""

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploykit.errors import BuildError
from deploykit.image import java
from deploykit.image.layers.debian import Package, newest, suites
from deploykit.image.layers.debian.deb import unpack
from deploykit.image.layers.debian.release import can_verify
from deploykit.image.platform import MACHINES
from deploykit.plan import Plan
from deploykit.progress import Progress

HEAP = "192m"
"""What `jlink` needs, and no more than a pod of a CI job has."""
OPTIONS = (
    "--strip-java-debug-attributes", "--no-header-files", "--no-man-pages", "--compress=2",
    "--disable-plugin", "generate-jli-classes", "--disable-plugin", "system-modules",
)  # fmt: skip
"""As in `stages/jre.sh`: the classes that these plug-ins make up differ from run to run."""
ZLIB = "zlib1g"
"""What `jlink` compresses with: other systems have another library by that name, which writes other bytes."""


def cannot() -> str:
    """Why the runtime cannot be made on this machine; empty where it can."""
    if sys.platform != "linux" or _here() is None:
        return "Debian's jlink runs on Linux for amd64 and arm64 alone."
    return can_verify()


def make(root: Path, work: Path, progress: Progress, *, plan: Plan, base: Callable[[str], str | None]) -> None:
    """Lay out `opt/java` under a root; `base` gives a text file of the base."""
    here, target = _here(), plan.platform.partition("/")[2]
    assert here is not None
    for package in _offered(plan, here, base, progress).values():
        unpack(package.fetch(ca_file=plan.ca_file, progress=progress), work / here, below=("usr/lib", "lib", "etc"))
    if target != here:
        modules = _offered(plan, target, base, progress)[plan.java_package]
        unpack(modules.fetch(ca_file=plan.ca_file, progress=progress), work / target, below=("usr/lib/jvm",))
    progress.step("Linking the Java runtime")
    _link(work / here, _home(work / target) / "jmods", plan.java_modules, root / "opt" / "java")
    (root / "opt").chmod(0o755)


def _offered(
    plan: Plan, architecture: str, base: Callable[[str], str | None], progress: Progress
) -> dict[str, Package]:
    """The JDK and the JRE below it, both of the plan's version, and the library that compresses."""
    asked = suites(base, mirror=plan.apt_mirror, sources=plan.apt_sources)
    version = plan.java.version
    names = {plan.java_package: version, plan.java_package.replace("-jdk-", "-jre-"): version, ZLIB: None}
    offered = newest(names, asked, architecture, ca_file=plan.ca_file, timeout=plan.timeout, progress=progress)
    if missing := names.keys() - offered.keys():
        java.forget(plan)
        raise BuildError(
            f"Debian does not offer {', '.join(sorted(missing))} {version} for {architecture}.",
            why="A security fix takes the version before it out of the archive.",
            fix="run it again",
        )
    return offered


def _home(root: Path) -> Path:
    return next(jmods.parent for jmods in (root / "usr/lib/jvm").glob("*/jmods") if not jmods.parent.is_symlink())


def _link(here: Path, jmods: Path, modules: tuple[str, ...], target: Path) -> None:
    target.parent.mkdir(parents=True)
    command = [
        str(_home(here) / "bin" / "jlink"), f"-J-Xmx{HEAP}", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1",
        "--module-path", str(jmods), "--add-modules", ",".join(modules), "--output", str(target), *OPTIONS,
    ]  # fmt: skip
    libraries = ":".join(sorted(str(path.parent) for path in here.rglob("libz.so.1")))
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        errors="replace",
        env={"LD_LIBRARY_PATH": libraries},
        umask=0o022,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines()
        raise BuildError(
            "jlink could not make the Java runtime.",
            why=lines[0] if lines else f"exit {done.returncode}",
            fix="--engine docker, or an image of ours with this Java in the repository",
        )


def _here() -> str | None:
    """Debian's name of this machine's architecture."""
    known = MACHINES.get(platform.machine())
    return None if known is None else known.partition("/")[2]
