"""The build context: Dockerfile, stages, wheels, library and project, byte-stable for the same plan."""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploykit import assets
from deploykit.image.source_hashes import is_executable, published
from deploykit.image.wheelhouse import Wheel
from deploykit.plan import Plan


def dockerfile(plan: Plan) -> str:
    """The rendered Dockerfile."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(assets.image()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        autoescape=False,
    )
    java = {"package": plan.java_package, "version": plan.java.version, "modules": plan.java_modules}
    return environment.get_template("Dockerfile.j2").render(
        spark=plan.spark.release,
        mage=plan.mage,
        profile=plan.profile,
        base=plan.base.pinned,
        java=java if plan.profile.java else None,
        warm=plan.warm,
        extras=[extra.name for extra in plan.extras],
        site_packages=plan.base.inventory.site_packages,
        labels=plan.labels,
        assumed=plan.base.inventory.assumed,
    )


def lock_file(plan: Plan) -> str:
    """`lock.json` in the image: what has to be in it, for `verify` and for a reader."""
    locks = (plan.lock, *(extra.lock for extra in plan.extras))
    versions = {file.name: file.version for lock in locks for file in lock.added}
    value: dict[str, object] = {
        "spark": plan.spark.release,
        "mage": plan.mage,
        "profile": plan.profile,
        "added": dict(sorted(versions.items())),
        "reused": dict(sorted(plan.lock.reused.items())),
        "sha256": {file.file: file.sha256 for file in sorted(plan.lock.added, key=lambda file: file.file)},
        "pyspark_sdist_sha256": plan.sdist.sha256,
    }
    if plan.extras:
        value["with"] = {extra.name: extra.hashes for extra in plan.extras}
    return json.dumps(value, indent=2) + "\n"


def sources(plan: Plan, folder: Path) -> None:
    """Write what is ours into an empty folder: the stages, the runtime library, the project, and what pins them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lock.json").write_text(lock_file(plan), encoding="utf-8")
    (folder / "constraints.txt").write_text("\n".join(plan.lock.constraints(plan.spark)) + "\n", encoding="utf-8")
    for name in ("stages", "runtime", "project"):
        _copy(assets.image() / name, folder / name)


def write(
    plan: Plan,
    folder: Path,
    *,
    dependencies: Sequence[Wheel],
    pyspark: Wheel | None,
    extras: Mapping[str, Sequence[Wheel]],
    link: bool,
) -> None:
    """Write the context into an empty folder. Without wheels it is for reading only.

    `link` shares the wheels with the cache: for a folder that nobody edits.
    """
    sources(plan, folder)
    (folder / "Dockerfile").write_text(dockerfile(plan), encoding="utf-8")
    if plan.ca_file is not None:
        shutil.copyfile(plan.ca_file, folder / "stages" / "ca.pem")
    if plan.apt_sources is not None:
        (folder / "stages" / "apt.sources").write_text(plan.apt_sources, encoding="utf-8")
    if plan.apt_mirror is not None:
        (folder / "stages" / "apt.mirror").write_text(plan.apt_mirror, encoding="utf-8")
    for group, wheels in (("dependencies", dependencies), ("pyspark", [pyspark] if pyspark else [])):
        target = folder / "wheels" / group
        target.mkdir(parents=True)
        for wheel in wheels:
            _place(wheel, target / wheel.file, link=link)
    for extra in plan.extras:
        target = folder / "extras" / extra.name
        for kind in ("wheels", "files"):
            (target / kind).mkdir(parents=True)
            (target / kind).chmod(0o755)  # as its files: COPY keeps modes
        for file in extras.get(extra.name, ()):
            _place(file, target / ("wheels" if file.file.endswith(".whl") else "files") / file.file, link=link)


def _copy(source: Path, target: Path) -> None:
    for path in published(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o755 if is_executable(path) else 0o644)


def _place(wheel: Wheel, target: Path, *, link: bool) -> None:
    """A wheel from the cache, checked once more.

    The image's user may read it, whatever the umask here: COPY keeps the mode.
    """
    if link:
        with suppress(OSError):  # another file system, or another person's file
            wheel.path.chmod(0o644)
            target.hardlink_to(wheel.path)
    if not target.exists():
        shutil.copyfile(wheel.path, target)
        target.chmod(0o644)
    wheel.check(target)
