"""Which pods serve Mage's page: of a release of our chart, or of Ilum's own `mageai` module."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploykit.deploy.policies.mage import MODULE, OURS
from deploykit.errors import UnreachableError, UsageError
from deploykit.kubernetes_api import Item, KubernetesApi

PORT = 6789
"""Where Mage listens, in every pod. In Mage's own chart the container's declared port may be another."""
_SELECTOR = "app.kubernetes.io/name in (mage-ilum, mageai)"
_COMPONENTS = (None, "server", "web")
_STATUS = "/api/status"


@dataclass(frozen=True, kw_only=True)
class MagePod:
    """A pod that serves Mage's page, or will."""

    name: str
    release: str
    ready: bool
    base_path: str = ""
    """What the paths of the page begin with, such as `/external/mageai`; empty, or without a slash at the end."""


def serving(api: KubernetesApi, namespace: str) -> list[MagePod]:
    """The pods of a namespace that serve Mage's page, by name; those that are about to end are left out."""
    items = api.list_objects("pods", namespace, label_selector=_SELECTOR)
    pods = [_read(item) for item in items if _serves(item)]
    return sorted(pods, key=lambda pod: pod.name)


def choose(pods: Iterable[MagePod], *, namespace: str, release: str | None, before: MagePod | None = None) -> MagePod:
    """A ready pod of the release, or of the only one; the one of before where it still is.

    Raises `UsageError` where there are several releases, `UnreachableError` where there is none, or no ready pod of it.
    """
    every = list(pods)
    release = the_release((pod.release for pod in every), namespace=namespace, named=release)
    wanted = [pod for pod in every if pod.release == release]
    ready = [pod for pod in wanted if pod.ready]
    if ready:
        return before if before in ready else ready[0]
    raise UnreachableError(
        f"Mage is not ready: no pod of release {release} in namespace {namespace} answers yet.",
        why=f"Its pods are {', '.join(pod.name for pod in wanted)}.",
        fix=f"kubectl --namespace {namespace} describe pod {wanted[0].name}",
    )


def the_release(releases: Iterable[str], *, namespace: str, named: str | None) -> str:
    """Of the releases that pods of Mage are of: the one that was named, or the only one.

    Raises `UsageError` where there are several, `UnreachableError` where there is none, or none of that name.
    """
    found = sorted({release for release in releases if named in (None, release)})
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} releases of Mage run in namespace {namespace}: {', '.join(found)}.",
            fix=f"--release {found[0]}",
        )
    if not found:
        called = f" called {named}" if named else ""
        labels = ", ".join(f"app.kubernetes.io/name={name}" for name in (OURS, *MODULE))
        raise UnreachableError(
            f"There is no release of Mage{called} in namespace {namespace}.",
            why=f"No pod there {'is of it, with' if named else 'has'} one of the labels {labels}.",
            fix="--namespace NAMESPACE, where `helm list --all-namespaces` shows Mage",
        )
    return found[0]


def is_ready(pod: Item) -> bool:
    """Whether Kubernetes holds a pod ready for connections."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _serves(item: Item) -> bool:
    metadata = item["metadata"]
    return (
        "deletionTimestamp" not in metadata
        and metadata["labels"].get("app.kubernetes.io/component") in _COMPONENTS
        and _environment(item).get("INSTANCE_TYPE") != "scheduler"
        and item["status"].get("phase") not in ("Succeeded", "Failed")
    )


def _read(item: Item) -> MagePod:
    return MagePod(
        name=item["metadata"]["name"],
        release=item["metadata"]["labels"].get("app.kubernetes.io/instance", item["metadata"]["name"]),
        ready=is_ready(item),
        base_path=_base_path(item),
    )


def _base_path(item: Item) -> str:
    """By the environment; where that comes from a ConfigMap, by the probes, which have to know it too."""
    named = _environment(item).get("MAGE_BASE_PATH", "").strip("/")
    if named:
        return f"/{named}"
    for container in item["spec"]["containers"]:
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            path = str((container.get(probe) or {}).get("httpGet", {}).get("path", ""))
            if path.endswith(_STATUS):
                return path.removesuffix(_STATUS)
    return ""


def _environment(item: Item) -> Mapping[str, str]:
    entries = (entry for container in item["spec"]["containers"] for entry in container.get("env") or ())
    return {entry["name"]: entry.get("value", "") for entry in entries}
