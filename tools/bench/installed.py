"""The chart on a cluster: from `helm install` to a green `helm test`, what an idle pod holds, how long one takes to go.

Spark has to run in that cluster: `make bench BASE=… REPOSITORY=… NAMESPACE=ilum`. Scheduler and web server apart need
an image of PostgreSQL too, whose user, password and database are `mage`: BENCH_POSTGRES=… before `make`.
"""

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine import NotHereError, build_ours, deploykit, place
from row import Row, megabytes, not_measured, seconds
from tests.cluster.kubectl import kubectl
from tests.cluster.release import DATABASE_FLAGS, DATABASE_URL, RELEASE, Release, database, until
from tests.needs import Cluster

from deploykit.deploy.chart_defaults import default_values
from deploykit.deploy.mage_pods import is_ready

GREEN = "`helm install` to a green `helm test`"
RUNS = 3
IDLE_SECONDS = 60
"""After which a pod that nobody calls has given back what its start took."""
NAMES = {"server": "everything in one pod", "scheduler": "scheduler", "web": "web server"}


def numbers() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            release = _release(Path(folder))
        except NotHereError as error:
            return [not_measured(GREEN, "-", str(error))]
        try:
            return [*_in_one_pod(release), *_in_two_halves(release)]
        finally:
            release.delete_namespace()


def _release(folder: Path) -> Release:
    """With values by `deploykit values`; nothing is installed yet."""
    namespace = os.environ.get("DEPLOYKIT_NAMESPACE", "")
    if not namespace:
        raise NotHereError("say NAMESPACE=ilum, where Spark runs in the cluster of this kubeconfig")
    helm, found = shutil.which("helm"), shutil.which("kubectl")
    if helm is None or found is None:
        raise NotHereError("kubectl and helm have to be on the PATH")
    try:
        kubectl("version", seconds=20)
    except AssertionError:
        raise NotHereError("no Kubernetes cluster answers") from None
    where = place()
    spark: str = json.loads(deploykit("detect", "--namespace", namespace, "-o", "json"))["version"]
    values = folder / "values.yaml"
    deploykit("values", "--image", build_ours(spark, where), "--namespace", namespace, "--file", str(values))
    cluster = Cluster(kubeconfig=Path(os.environ.get("KUBECONFIG", "")), kubectl=found, helm=helm)
    return Release(cluster=cluster, values=values, namespace="bench-mage")


def _in_one_pod(release: Release) -> list[Row]:
    first, *others = [_green(release) for _ in range(RUNS + 1)]
    return [
        Row(f"{GREEN}, image on the node", f"{_of_several(others)}", bar="-"),
        Row("  the first time, with whatever of the image is pulled", f"{first:.1f} s", bar="-"),
        *_idle(release, ["server"]),
        *_gone(release, ["server"]),
    ]


def _in_two_halves(release: Release) -> list[Row]:
    image = os.environ.get("BENCH_POSTGRES", "")
    if not image:
        return [not_measured("idle pods of scheduler and web server", "-", "say BENCH_POSTGRES=image before make")]
    release.create_namespace()
    release.kubectl("apply", "--filename=-", text=database(image) + PROJECTS)
    release.kubectl("create", "secret", "generic", "database", f"--from-literal={DATABASE_URL}")
    apart = "mageai.standaloneScheduler=true,mageai.persistence.existingClaim=projects"
    release.install(*DATABASE_FLAGS, "--set", apart)
    halves = ["scheduler", "web"]
    return [*_idle(release, halves), *_gone(release, halves)]


# Of any access mode: on one node, both pods mount it.
PROJECTS = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: projects}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def _green(release: Release) -> float:
    """Install into a new namespace, and test; in seconds."""
    release.create_namespace()

    def install() -> None:
        release.install()
        release.helm("test", RELEASE)

    return seconds(install)[1]


def _idle(release: Release, components: Sequence[str]) -> list[Row]:
    """What the kubelet says that their pods hold: what it evicts by, and what is of no file."""
    time.sleep(IDLE_SECONDS)
    requested = default_values()["mageai"]["resources"]["requests"]["memory"]
    rows = []
    for component in components:
        [pod] = release.items("pods", f"--selector=app.kubernetes.io/component={component}")
        summary = kubectl("get", "--raw", f"/api/v1/nodes/{pod['spec']['nodeName']}/proxy/stats/summary")
        [memory] = [
            found["memory"] for found in json.loads(summary)["pods"] if found["podRef"]["uid"] == pod["metadata"]["uid"]
        ]
        held = memory["workingSetBytes"]
        rows.append(
            Row(
                f"memory after {IDLE_SECONDS} s without a request: {NAMES[component]}",
                f"{megabytes(held)} working set, {megabytes(memory['rssBytes'])} resident",
                bar=f"≤ {requested}, as it requests",
                holds=held <= _bytes(requested),
            )
        )
    return rows


def _bytes(quantity: str) -> int:
    """Of a quantity such as `2Gi`."""
    return int(quantity.removesuffix("Gi")) * 2**30


def _ready(release: Release, component: str) -> str:
    """The pod of a component once it is ready; until then nothing."""
    pods = release.items("pods", f"--selector=app.kubernetes.io/component={component}")
    return next((pod["metadata"]["name"] for pod in pods if is_ready(pod)), "")


def _gone(release: Release, components: Sequence[str]) -> list[Row]:
    grace = default_values()["mageai"]["terminationGracePeriodSeconds"]
    rows = []
    for component in components:
        taken = []
        for _ in range(RUNS):
            pod = until(180, partial(_ready, release, component), f"a {component} pod that is ready", why=release.state)
            taken.append(seconds(partial(release.kubectl, "delete", "pod", str(pod)))[1])
        rows.append(
            Row(
                f"`kubectl delete pod` until it is gone: {NAMES[component]}",
                _of_several(taken),
                bar=f"< {grace} s, its grace period",
                holds=max(taken) < grace,
            )
        )
    return rows


def _of_several(taken: Sequence[float]) -> str:
    return f"{min(taken):.1f} s, median {statistics.median(taken):.1f} s of {len(taken)}"
