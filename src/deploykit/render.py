"""Everything that `image` and `helm install` would use, as files to review: byte-stable for the same inputs."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploykit.deploy import chart, describe
from deploykit.deploy.reference import ImageReference
from deploykit.deploy.values import Deployment, to_yaml
from deploykit.errors import DeploykitError, UsageError
from deploykit.image import context, lock, wheelhouse
from deploykit.plan import Plan
from deploykit.progress import Progress
from deploykit.request import Request

IMAGE, VALUES, POLICIES = "image", "values.yaml", "network-policies.yaml"


def render(plan: Plan, request: Request, folder: Path, *, wheels: bool, progress: Progress) -> list[Path]:
    """Write the build context, the values and the NetworkPolicies; returns their paths.

    The folder is replaced as a whole when everything is ready. One that holds anything else is refused.
    """
    if folder.exists() and (strange := sorted({path.name for path in folder.iterdir()} - {IMAGE, VALUES, POLICIES})):
        raise UsageError(
            f"{folder} holds other files: {', '.join(strange[:3])}.",
            why="It would be replaced as a whole.",
            fix="an empty or a new folder",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        target = Path(scratch) / "rendered"
        _write_context(plan, target / IMAGE, wheels=wheels, progress=progress)
        values = to_yaml(_deployment(plan, request))
        (target / VALUES).write_text(values, encoding="utf-8")
        written = [folder / IMAGE, folder / VALUES]
        try:
            (target / POLICIES).write_text(chart.network_policies(values), encoding="utf-8")
            written.append(folder / POLICIES)
        except DeploykitError as error:
            progress.step(f"{POLICIES} is left out: {error.what}. Try: {error.fix}")
        if folder.exists():
            shutil.rmtree(folder)
        target.rename(folder)
    return written


def _write_context(plan: Plan, folder: Path, *, wheels: bool, progress: Progress) -> None:
    if not wheels:
        context.write(plan, folder, dependencies=(), pyspark=None)
        return
    fits = lock.target(plan.base.inventory)
    context.write(
        plan,
        folder,
        dependencies=wheelhouse.dependencies(plan.lock.added, fits, ca_file=plan.ca_file, progress=progress),
        pyspark=wheelhouse.pyspark(
            plan.spark, plan.line, fits, jars=plan.profile.jars, ca_file=plan.ca_file, progress=progress
        ),
    )


def _deployment(plan: Plan, request: Request) -> Deployment:
    """The deployment as far as the request says where Spark is; else a Service that the chart makes in `ilum`."""
    deployment = Deployment(image=ImageReference(plan.repository, plan.tag))
    labels: Mapping[str, str] = {}
    if request.namespace:
        from deploykit.deploy.discover import Cluster

        return describe.from_cluster(deployment, Cluster(request.context), request.namespace, None, labels)
    if request.server:
        from mage_ilum.address import ConnectAddress

        return describe.from_address(deployment, ConnectAddress.parse(request.server), labels)
    return Deployment(image=deployment.image, create_service=True)
