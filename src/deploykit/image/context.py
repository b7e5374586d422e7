"""The build context: Dockerfile, stages, wheels, library and project, byte-stable for the same plan."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from deploykit import assets
from deploykit.image.wheelhouse import Wheel
from deploykit.plan import Plan, source_files


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
        site_packages=plan.base.inventory.site_packages,
        labels=plan.labels,
    )


def lock_file(plan: Plan) -> str:
    """`lock.json` in the image: what has to be in it, for `verify` and for a reader."""
    versions = {file.name: file.version for file in plan.lock.added}
    value = {
        "spark": plan.spark.release,
        "mage": plan.mage,
        "profile": plan.profile,
        "added": dict(sorted(versions.items())),
        "reused": dict(sorted(plan.lock.reused.items())),
        "sha256": {file.file: file.sha256 for file in sorted(plan.lock.added, key=lambda file: file.file)},
        "pyspark_sdist_sha256": plan.sdist.sha256,
    }
    return json.dumps(value, indent=2) + "\n"


def write(plan: Plan, folder: Path, *, dependencies: Sequence[Wheel], pyspark: Wheel | None) -> None:
    """Write the context into an empty folder. Without wheels it is for reading only."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile(plan), encoding="utf-8")
    (folder / "lock.json").write_text(lock_file(plan), encoding="utf-8")
    (folder / "constraints.txt").write_text("\n".join(plan.lock.constraints(plan.spark)) + "\n", encoding="utf-8")
    for name in ("stages", "runtime", "project"):
        _copy(assets.image() / name, folder / name)
    if plan.ca_file is not None:
        shutil.copyfile(plan.ca_file, folder / "stages" / "ca.pem")
    if plan.apt_mirror is not None:
        (folder / "stages" / "apt.mirror").write_text(plan.apt_mirror, encoding="utf-8")
    for group, wheels in (("dependencies", dependencies), ("pyspark", [pyspark] if pyspark else [])):
        target = folder / "wheels" / group
        target.mkdir(parents=True)
        for wheel in wheels:
            _link(wheel.path, target / wheel.file)


def _copy(source: Path, target: Path) -> None:
    for path in source_files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _link(source: Path, target: Path) -> None:
    """A hard link where the file system allows it: a wheel can have 450 MB."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
