"""What a probe of a running pod's image and project found, as steps. Pure."""

import json
from collections.abc import Mapping

from deploykit.check.cluster.steps import warned
from deploykit.check.image import running
from deploykit.check.image.labels import Registered
from deploykit.check.inside.kinds import Kind, mage_container
from deploykit.check.inside.said import Said
from deploykit.check.model import Step
from deploykit.check.project import checks
from deploykit.image.label_names import SPARK
from deploykit.kubernetes_api import Item


def image_and_project(
    kind: Kind, said: Said, *, wanted: Mapping[str, str], registered: Registered | None
) -> tuple[Step, ...]:
    """`said` is what `project.facts` printed in the pod; `wanted` the image of each workload now, by its name.

    `registered` is the pod's image as its registry has it, where that says.
    """
    try:
        facts = dict(json.loads(said.out))
    except (TypeError, ValueError):
        because = said.reason or (said.error.strip().splitlines() or ["it said nothing"])[-1]
        return (warned(checks.NAME, "project-unread", {"pod": kind.running, "because": because}, where=kind.name),)
    constraints = checks.parse_constraints(str(facts.get("constraints") or ""))
    pyspark = {"pyspark": {str(facts["pyspark"])}} if facts.get("pyspark") else {}
    found = checks.Project(
        path=str(facts["project"]),
        metadata=str(facts.get("metadata") or ""),
        requirements=str(facts.get("requirements") or ""),
        python=str(facts.get("python") or ""),
        held=constraints or pyspark,
        constrained=bool(constraints),
        local_spark=bool(facts.get("java")) and bool(facts.get("jars")),
        spark_remote=bool(facts.get("spark_remote")),
    )
    return (
        *running.steps(_image(kind, facts, wanted, registered), where=kind.name),
        *checks.steps(found, where=kind.name),
    )


def _image(kind: Kind, facts: Item, wanted: Mapping[str, str], registered: Registered | None) -> running.RunningImage:
    reference = str(kind.container["image"])
    workload, digest = workload_of(kind.model), _digest(kind.model)
    return running.RunningImage(
        pod=kind.running,
        namespace=kind.namespace,
        workload=workload,
        reference=reference,
        wanted=wanted.get(workload, ""),
        digest=digest,
        tag_digest=digest if registered and digest in registered.platforms else registered.digest if registered else "",
        label=registered.labels.get(SPARK, "") if registered else "",
        locked=_locked(facts),
        pyspark=str(facts.get("pyspark") or ""),
        pyspark_changed=float(facts.get("pyspark_changed") or 0),
        started=float(facts.get("started") or 0),
    )


def workload_of(pod: Item) -> str:
    """What makes a pod, as kubectl names it: a Deployment by the name of its ReplicaSet."""
    owner = next(iter(pod["metadata"].get("ownerReferences") or ()), None)
    if owner is None:
        return ""
    generated = (pod["metadata"].get("labels") or {}).get("pod-template-hash")
    if owner["kind"] == "ReplicaSet" and generated:
        return f"deployment/{owner['name'].removesuffix(f'-{generated}')}"
    return f"{owner['kind'].lower()}/{owner['name']}"


def _digest(pod: Item) -> str:
    name = mage_container(pod)["name"]
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    image_id = next((str(one.get("imageID", "")) for one in statuses if one["name"] == name), "")
    return image_id.rpartition("@")[2] if "@" in image_id else ""


def _locked(facts: Item) -> str:
    try:
        return str(json.loads(str(facts.get("locked") or "{}")).get("spark", ""))
    except ValueError:
        return ""
