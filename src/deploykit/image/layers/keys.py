"""What decides what is in each layer: layers of the same key hold the same files, whoever made them."""

import hashlib
import json
from collections.abc import Mapping

from deploykit.image import pyspark_wheel, warm_list
from deploykit.plan import RECORDING, WARM, Plan

SHOWN = 16
"""Characters of a key in a label: enough to tell the layers of one repository apart."""
INSTALL = ("stages/install.sh", "stages/install.py", "stages/bytecode.py")


def keys(plan: Plan) -> dict[str, str]:
    """The SHA-256 of each layer's inputs, by name, rarest change first: the order in which layers lie."""
    inputs: dict[str, object] = {}
    if plan.profile.java:
        inputs["jre"] = _jre(plan)
    dependencies = sorted([file.file, file.sha256] for file in plan.lock.added)
    inputs["dependencies"] = _wheels(plan, dependencies)
    if plan.warm and WARM not in plan.left_out:
        inputs[WARM] = [plan.base.identity, plan.platform, *_warm(plan, dependencies)]
    for extra in plan.extras:
        inputs[f"with-{extra.name}"] = _wheels(plan, extra.inputs)
    bounds = plan.line.bounds if not plan.profile.jars else {}
    pyspark = [plan.spark.release, plan.sdist.sha256, pyspark_wheel.FORMAT, bounds, plan.profile.jars]
    inputs["pyspark"] = _wheels(plan, pyspark)
    inputs["mage-ilum"] = _mage_ilum(plan)
    return {name: _sha256(value) for name, value in inputs.items()}


def label(keys: Mapping[str, str]) -> str:
    """`jre=<16 characters of the key> dependencies=…`, as the label `io.deploykit.layers` has it."""
    return " ".join(f"{name}={key[:SHOWN]}" for name, key in keys.items())


def _jre(plan: Plan) -> list[object]:
    sources = _sources(plan, "stages/jre.sh", "stages/apt.sh")
    return [plan.platform, plan.java_package, plan.java.version, plan.java_modules, sources]


def _warm(plan: Plan, dependencies: object) -> list[object]:
    if RECORDING in plan.left_out:
        return [warm_list.sha256(plan.mage), plan.compiler, _sources(plan, "stages/bytecode.py")]
    return [dependencies, _sources(plan, "stages/warm.py", "stages/imports.py", "stages/bytecode.py")]


def _wheels(plan: Plan, what: object) -> list[object]:
    return [what, plan.base.inventory.site_packages, plan.compiler, _sources(plan, *INSTALL)]


def _mage_ilum(plan: Plan) -> list[object]:
    from deploykit.image import context

    inventory = plan.base.inventory
    sources = _sources(
        plan,
        "stages/mage_ilum.sh",
        "stages/mage_ilum.py",
        "stages/bytecode.py",
        "stages/run_app.sh",
        "runtime/",
        "project/",
    )
    texts = [context.lock_file(plan), plan.lock.constraints(plan.spark)]
    # Of the base it holds a copy of the start script and, with jars, of the users.
    return [
        plan.base.identity,
        plan.platform,
        inventory.site_packages,
        plan.compiler,
        plan.profile.jars,
        texts,
        sources,
    ]


def _sources(plan: Plan, *paths: str) -> dict[str, str]:
    """The hashes of files and folders that travel with deploykit."""
    folders = tuple(path for path in paths if path.endswith("/"))
    known = plan.source_hashes.items()
    return {name: found for name, found in known if name in paths or name.startswith(folders)}


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
