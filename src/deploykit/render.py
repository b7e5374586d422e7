"""Everything that `image` and `helm install` would use, as files to review: byte-stable for the same inputs."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploykit.deploy import chart, describe, helm, values_file
from deploykit.deploy.values import SIGNATURE, Deployment, to_yaml
from deploykit.errors import UsageError
from deploykit.image import context, extras, lock, wheelhouse
from deploykit.image_reference import ImageReference
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.request import Request
from deploykit.supply_chain.sbom import sbom

IMAGE, VALUES, POLICIES, MATERIALS = "image", "values.yaml", "network-policies.yaml", "sbom.cdx.json"
WRITTEN = (IMAGE, VALUES, POLICIES, MATERIALS)


def render(plan: Plan, request: Request, folder: Path, *, wheels: bool, progress: Progress) -> list[Path]:
    """Write the build context, values, NetworkPolicies and the bill of materials; returns their paths.

    They are put into the folder when all are ready. Raises `UsageError` for a folder that holds anything else, or
    values that were changed since.
    """
    _refuse_foreign(folder)
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if plan.base.inventory.assumed:
        progress.step(f"What is in {plan.base.reference} is only assumed: these files are for review, not to build")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        target = Path(scratch)
        _write_context(plan, target / IMAGE, wheels=wheels, progress=progress)
        values = to_yaml(_deployment(plan, request))
        (target / VALUES).write_text(values, encoding="utf-8")
        if _has_helm(progress):
            (target / POLICIES).write_text(chart.network_policies(values), encoding="utf-8")
        (target / MATERIALS).write_bytes(sbom(plan, labels=plan.labels))
        folder.mkdir(exist_ok=True)
        for name in WRITTEN:
            _replace(target / name, folder / name, aside=target / f"old-{name}")
    return [folder / name for name in WRITTEN if (folder / name).exists()]


def _has_helm(progress: Progress) -> bool:
    try:
        helm.find()
    except UsageError as error:
        progress.step(f"{POLICIES} is left out: {error.what}. Try: {error.fix}")
        return False
    return True


def _refuse_foreign(folder: Path) -> None:
    """Raise `UsageError` for what an earlier `render` did not leave as it is there."""
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if not there:
        return
    strange = sorted(there - {*WRITTEN}) if {IMAGE, VALUES, MATERIALS} <= there else sorted(there)
    fate, elsewhere = "What it holds would be replaced.", "an empty or a new folder"
    if strange:
        raise UsageError(f"{folder} holds other files: {', '.join(strange[:3])}.", why=fate, fix=elsewhere)
    try:
        values_file.refuse_foreign(folder / VALUES, SIGNATURE)
    except UsageError as error:
        raise UsageError(f"{error.what}.", why=fate, fix=elsewhere) from None


def _replace(new: Path, old: Path, *, aside: Path) -> None:
    if old.is_dir():
        old.rename(aside)
    if new.exists():
        new.replace(old)
    else:
        old.unlink(missing_ok=True)


def _write_context(plan: Plan, folder: Path, *, wheels: bool, progress: Progress) -> None:
    if not wheels:
        context.write(plan, folder, dependencies=(), pyspark=None, extras={}, link=False)
        return
    fits = lock.target(plan.base.inventory)
    context.write(
        plan,
        folder,
        dependencies=wheelhouse.dependencies(plan.lock.added, fits, ca_file=plan.ca_file, progress=progress),
        pyspark=wheelhouse.pyspark(
            plan.spark, plan.line, fits, jars=plan.profile.jars, ca_file=plan.ca_file, progress=progress
        ),
        extras=extras.fetch(plan.extras, fits, mirror=plan.maven_mirror, ca_file=plan.ca_file, progress=progress),
        link=False,
    )


def _deployment(plan: Plan, request: Request) -> Deployment:
    """The deployment as far as the request says where Spark is; else a Service that the chart makes in `ilum`."""
    deployment = Deployment(image=ImageReference(plan.repository, plan.tag))
    labels: Mapping[str, str] = {}
    if request.namespace:
        from deploykit.deploy.discover import Cluster

        cluster = Cluster(request.context, timeout=request.timeout)
        return describe.from_cluster(deployment, cluster, request.namespace, None, labels)
    if request.server:
        return describe.from_address(deployment, describe.address_for_values(request.server), labels)
    return Deployment(image=deployment.image, create_service=True)
